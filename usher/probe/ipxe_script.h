/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a script of iPXE loads: its kernel, its initrds and the kernel's words, read as far as it goes straight on (ipxe.org/cmd).
 * Menus, jumps and conditions are not followed. Pure.
 */
#ifndef USHER_USHER_PROBE_IPXE_SCRIPT_H
#define USHER_USHER_PROBE_IPXE_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

enum {
	IPXE_SCRIPT_MAX = 64 << 10, /* bytes of a script that are read */
	IPXE_URL = 512,
	IPXE_WORDS = 2048, /* the longest kernel command line is of that order */
	IPXE_INITRDS = 8,
	IPXE_SETTINGS = 16, /* that a script sets; more are not known */
};

/* What iPXE would know by itself. NULL is "". */
struct ipxe_known {
	const char *next_server, *ip, *mac, *url; /* `url`: of the script */
};

struct ipxe_script {
	bool is_script; /* begins with #!ipxe or #!gpxe */
	char kernel[IPXE_URL], words[IPXE_WORDS];
	char initrd[IPXE_INITRDS][IPXE_URL];
	size_t n_initrds;
	char chain[IPXE_URL]; /* it goes on with another, before any kernel */
	bool branches;        /* a jump, a menu or a condition stood before what was found */
	unsigned line;        /* of what cannot be read, from 1; 0: nothing */
};

/* `text` need not end in a NUL. Always fills `ret`; what does not fit is left out, with its `line`. */
void ipxe_script_read(
	const char *text, size_t len, const struct ipxe_known *known, struct ipxe_script *ret);

/* The URL of an installer's answers among a kernel's words (the installers' manuals): false, and "", where there is none.
 * `base` (may be NULL): a URL's beginning that marks one, whatever its word is called. */
bool ipxe_script_answers(const char *words, const char *base, char ret[IPXE_URL]);

#endif
