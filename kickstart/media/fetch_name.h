/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a fetched file is called in the cache: KEY/FILE. The key comes from the whole URL, so that what two mirrors
 * call alike is two files; the file's name is there for people and logs. Pure: whoever renders a boot
 * script and whoever fetches come to the same name.
 */
#ifndef USHER_KICKSTART_MEDIA_FETCH_NAME_H
#define USHER_KICKSTART_MEDIA_FETCH_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum {
	FETCH_URL_MAX = 1024, /* bytes with the NUL: longer than any mirror's */
	FETCH_KEY = 33,       /* 128 bits of the URL's SHA-256 in hex, and a NUL */
	FETCH_FILE = 65,
};

#define FETCH_MEDIUM "cache" /* the medium that the cache is served as */

struct fetch_name {
	char key[FETCH_KEY];
	char file[FETCH_FILE]; /* letters, digits, '.', '_', '-'; no dot first */
};

/* -EINVAL: not http:// or https:// with a host, too long, or with blanks or control characters. */
int fetch_name(const char *url, struct fetch_name *ret);
/* The URL for people's eyes: USER:PASSWORD@ comes to ***@ in it. Returns `buf`; what is longer is cut. */
const char *fetch_name_shown(const char *url, char *buf, size_t size);
/* Is it the key of some URL? */
bool fetch_is_key(const char *text);

#endif
