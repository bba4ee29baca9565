/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Below /api/v1/machines/NAME/console. */
#ifndef USHER_SERVICE_CONSOLE_CONSOLE_API_H
#define USHER_SERVICE_CONSOLE_CONSOLE_API_H

struct asker;
struct http_request;
struct machine;
struct consoles;

void console_handle(struct consoles *consoles, struct http_request *r, const struct machine *m,
	const struct asker *who);

#endif
