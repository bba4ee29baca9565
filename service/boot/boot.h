/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What machines ask for: requests below /m/, and boot scripts by name. */
#ifndef USHER_SERVICE_BOOT_BOOT_H
#define USHER_SERVICE_BOOT_BOOT_H

#include "kickstart/script.h"
#include "service/network/network.h"

struct discovery;
struct place_wait;

/* Files, that machines and others fetched. */
struct transferred {
	uint64_t done, failed,
		refused; /* transfers: whole; broken off; that there was nothing for */
	uint64_t bytes;  /* of the first two */
};

struct boot {
	struct base *base;
	struct hosts *hosts;
	struct network *network;
	struct discovery *discovery;
	struct dhcpd *dhcpd;
	struct place_wait
		*place_waits;  /* requests not yet known to come from the machine: place_look.c */
	int64_t guesses_until; /* mono ms: boot.c */
	unsigned guesses;
	struct transferred tftp, http;
	uint64_t http_dropped; /* connections */
};

void boot_handle(struct boot *boot, struct http_request *r);
/* Who asks for a script: by which segment and family, and for which boot loader. */
struct boot_asker {
	uint32_t segment;
	enum ip_family family;
	enum script_kind kind;
};

/* The script of the current boot. Puts a failure on the timeline. */
int boot_render(struct boot *boot, struct machine *m, const struct boot_asker *by, char **ret,
	char *why, size_t size);
/* A whole file was fetched: a tool that takes no answers, so that nothing more comes of it, is done with its last one; a live
 * system whose profile has it report nothing is up then. `path`
 * is as it was asked for. */
void boot_loaded(struct boot *boot, struct machine *m, const char *path);
/* A script that shows the machine's state and how to install it. 0 or -ENOMEM. */
int boot_refusal(const struct machine *m, enum script_kind kind, char **ret);
/* A script for a boot that waits to be confirmed: it shows the code, and fetches the boot script again. 0 or
 * -ENOMEM. */
int boot_wait(struct boot *boot, const struct machine *m, const struct boot_asker *by, char **ret);

#endif
