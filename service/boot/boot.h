/* Requests below /m/. */
#ifndef USHER_SERVICE_BOOT_BOOT_H
#define USHER_SERVICE_BOOT_BOOT_H

#include "kickstart/script.h"

#include <stddef.h>
#include <stdint.h>

struct http_request;
struct machine;
struct service;

void boot_handle(struct service *s, struct http_request *r);
/* The script of the boot that is under way, for this boot loader; a failure is on the timeline. */
int boot_render(struct service *s, struct machine *m, uint32_t segment, enum script_kind kind,
	char **ret, char *why, size_t size);
/* In what state it is, and how to install it. 0 or -ENOMEM. */
int boot_refusal(const struct machine *m, enum script_kind kind, char **ret);
/* Its boot waits to be confirmed: shows the code, and asks again. 0 or -ENOMEM. */
int boot_wait(struct service *s, const struct machine *m, uint32_t segment, enum script_kind kind,
	char **ret);

#endif
