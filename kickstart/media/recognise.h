/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a medium is: distribution, version, where kernel, initrd, shim and GRUB lie, told by the
 * files that distributions put on theirs (.treeinfo, .discinfo, .disk/info, media.1/media,
 * version.info). Pure: reads by functions that are handed in. What those files say comes from
 * outside: it is cut to printable ASCII and to the sizes here, and a path in them counts only when
 * it leads to a file of the medium.
 */
#ifndef USHER_KICKSTART_MEDIA_RECOGNISE_H
#define USHER_KICKSTART_MEDIA_RECOGNISE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	RECOGNISE_FILE_MAX =
		64 << 10,    /* bytes read of one: a .treeinfo with sums has some 10 KiB */
	RECOGNISE_NAME = 64, /* of a medium, as PROFILE_NAME */
	RECOGNISE_PATH = 192,
};

struct recognise_reader {
	void *arg;
	/* At most size - 1 bytes and a NUL; what follows is left out. 0 or -errno. */
	int (*read)(void *arg, const char *path, char *buf, size_t size);
	bool (*has)(void *arg, const char *path); /* a regular file */
};

/* "": not known. */
struct recognised {
	char by[32];               /* the file that told it; "": nothing did */
	char distribution[32];     /* "rocky", "debian", "opensuse-leap" … */
	char version[32];          /* "9.3", "12.5.0", "24.04.1" */
	char arch[16];             /* as Linux says it: x86_64, aarch64 … */
	char title[96];            /* "Rocky Linux 9.3" */
	char name[RECOGNISE_NAME]; /* as the profile for it is called: "rocky-9", "ubuntu-24.04" */
	char kernel[RECOGNISE_PATH], initrd[RECOGNISE_PATH]; /* from the medium's root on */
	char shim[RECOGNISE_PATH], grub[RECOGNISE_PATH];
};

void recognise(const struct recognise_reader *r, struct recognised *ret);
/* A medium's name made of any text (a file's name): small letters, digits, '.', '_' and '-'. */
void recognise_name(const char *text, char ret[RECOGNISE_NAME]);

#endif
