/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service, from its start to its end. */
#ifndef USHER_SERVICE_SERVE_H
#define USHER_SERVICE_SERVE_H

struct config;

/* Blocks until a signal ends it; the program's exit status. `config` is complete. */
int serve(const struct config *config);

#endif
