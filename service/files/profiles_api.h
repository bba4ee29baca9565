/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /profiles and /profiles/NAME. */
#ifndef USHER_SERVICE_FILES_PROFILES_API_H
#define USHER_SERVICE_FILES_PROFILES_API_H

struct http_request;
struct content;

/* All profiles, or the one of that name. */
void profiles_handle(struct content *content, struct http_request *r, const char *name);

#endif
