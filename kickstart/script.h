/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot scripts, for the boot loaders that ask for one: what loads a machine's kernel and initrds,
 * and what refuses. Pure; from texts that render.c has made.
 *
 * All show on the machine's screen what happens. When kernel or initrd do not load they say so, wait
 * and restart: the boot counter ends it.
 */
#ifndef USHER_KICKSTART_SCRIPT_H
#define USHER_KICKSTART_SCRIPT_H

#include "kickstart/profile.h"

enum script_kind {
	SCRIPT_IPXE,
	SCRIPT_GRUB,      /* grub.cfg, asked for by TFTP */
	SCRIPT_GRUB_HTTP, /* the same by HTTP: GRUB loads the rest so too, or else by TFTP */
	SCRIPT_PXELINUX,  /* speaks TFTP only */
	SCRIPT_KINDS
};

/* "ipxe", "grub", "grub-http", "pxelinux"; -EINVAL. */
int script_kind_parse(const char *name, enum script_kind *ret);

enum { SCRIPT_FILES = 1 + PROFILE_INITRDS };

/* All texts are borrowed. */
struct script {
	const char *machine, *profile;
	const char *server;       /* address of ours there, for TFTP; "" when not known */
	const char *progress_url; /* where iPXE reports that it could not load */
	const char *cmdline;
	struct {
		const char *url;
		const char
			*path; /* "NAME/path" below /boot/ and on TFTP; NULL: only the URL has it */
	} files[SCRIPT_FILES]; /* kernel, initrds */
	size_t n_files;
};

/* 0 and heap text; -EINVAL with one line in `why`: this boot loader cannot do that; -ENOMEM. */
int script_make(
	enum script_kind kind, const struct script *s, char **ret, char *why, size_t why_size);
/* What a sealed machine shows and does until its boot is confirmed: it asks again, every few seconds. */
struct script_wait {
	const char *machine, *code;
	const char *token;    /* under which it asks again */
	const char *base_url; /* iPXE asks there */
	const char *server;   /* as above */
};
/* 0 or -ENOMEM. */
int script_wait(enum script_kind kind, const struct script_wait *w, char **ret);
/* What starts the system that discovers a machine. Of iPXE alone. */
struct script_discover {
	const char *base_url, *token;
	const char *medium;    /* below /boot/: vmlinuz and initrd.img */
	const char *mac;       /* of the card that it boots by */
	const char *address6;  /* "2001:db8::5/64", its own, where it boots by IPv6; or NULL */
	const char *resembles; /* the machine whose UUID it says, without being it; NULL: none */
	unsigned wait_min;     /* how long it is to wait there */
};
/* When it does not load, the machine goes on to its disk. 0 or -ENOMEM. */
int script_discover(const struct script_discover *d, char **ret);
/* Shows "usher: WHAT" and the line `fix`, then goes on to the disk. They may hold an installer's
 * words. 0 or -ENOMEM. */
int script_refuse(enum script_kind kind, const char *what, const char *fix, char **ret);

#endif
