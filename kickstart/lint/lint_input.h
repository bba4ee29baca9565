/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a linter is given. All of it is borrowed for the call. */
#ifndef USHER_KICKSTART_LINT_LINT_INPUT_H
#define USHER_KICKSTART_LINT_LINT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LINT_DISKS = 8,
	LINT_INCLUDE_DEPTH = 8,  /* files included inside each other: one may include itself */
	LINT_TEXT_MAX = 1 << 20, /* bytes of a text, as of what a template may come to */
};

/* What is known of the machine that an answer file is for, to find what contradicts it. */
struct lint_machine {
	const char *disks[LINT_DISKS];           /* "vda", "sda": without /dev/ */
	uint64_t disk_sizes[LINT_DISKS];         /* bytes; 0: not known */
	size_t n_disks;                          /* 0: not known */
	bool disks_empty;                        /* new: nothing is on them yet */
	const char *address, *netmask, *gateway; /* dotted; "": not known */
	unsigned prefix;                         /* bits of the netmask; 0: not known */
	const char *address6;                    /* of the card that boots; NULL, "": not known */
	unsigned prefix6;
	const char *hostname; /* "": not known */
	bool firmware_known, firmware_efi;
};

struct lint_input {
	const char *file;                   /* what findings call the text */
	const char *text;                   /* UTF-8 or not, without NULs */
	const char *version;                /* of the format: "RHEL9", "F43"; NULL: not known */
	const struct lint_machine *machine; /* NULL: nothing is known */
	/* The heap text of a file that this one includes, or of a URL; -errno, -EREMOTE for what others serve. NULL: none can
	 * be read. */
	int (*include)(void *arg, const char *name, char **ret_text);
	void *arg;
};

#endif
