/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot scripts by fixed names. */
#ifndef USHER_SERVICE_BOOT_BOOT_NAME_H
#define USHER_SERVICE_BOOT_BOOT_NAME_H

#include <stdbool.h>

struct http_request;
struct boot;
struct tftp_request;

bool boot_is_script(const char *name);
bool boot_tftp_asks(void *arg, const char *name); /* TFTP thread */
void boot_tftp_asked(struct boot *boot, struct tftp_request *r);
/* libmicrohttpd's threads; `agent` is the client's User-Agent, or NULL. */
bool boot_http_asks(void *arg, const char *path, const char *agent);
void boot_http_asked(struct boot *boot, struct http_request *r);

#endif
