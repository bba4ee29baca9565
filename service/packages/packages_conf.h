/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nginx's configuration for the package cache. Pure. All paths in it are relative to the cache's folder (nginx -p). */
#ifndef USHER_SERVICE_PACKAGES_PACKAGES_CONF_H
#define USHER_SERVICE_PACKAGES_PACKAGES_CONF_H

#include "kickstart/mirror.h"
#include "machine/segment.h"

struct packages_conf {
	uint16_t port;
	uint32_t mib; /* of files, at most */
	bool ipv6;    /* the kernel has it */
	bool root;    /* usher runs as root: so do nginx's workers, the folder is root's */
	const char *
		authorities; /* file of the certificates that https mirrors are checked by; NULL: none, they are not fetched */
	const struct segments *segments; /* whose machines may fetch */
	const struct mirrors *mirrors;   /* those that have addresses are fetched from */
};

/* Can it stand in the configuration? A path of a file. */
bool packages_conf_path(const char *path);
/* Is this mirror in it? */
bool packages_conf_has(const struct packages_conf *c, const struct mirror *m);
/* 0 and heap text, or -ENOMEM, -EFBIG. */
int packages_conf(const struct packages_conf *c, char **ret);

#endif
