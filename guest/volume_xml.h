/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Storage volumes: what a pool can hold for a guest, what its volumes are called, how much room
 * they need, and their XML. Pure.
 *
 * Pools of files (dir, fs, netfs, vstorage) get qcow2 files that grow as they are written to.
 * Pools of block devices get raw volumes: LVM's take all of their room at once, those of ZFS as
 * they are written to. Other kinds make no volumes, or none that a domain can be given by a path.
 */
#ifndef USHER_GUEST_VOLUME_XML_H
#define USHER_GUEST_VOLUME_XML_H

#include "guest/guest.h"

enum {
	VOLUME_NAME = 128,
	VOLUME_PATH = 1024,
	VOLUME_FORMAT = 16,
	/* LVM rounds up to whole extents, whose usual size this is. */
	VOLUME_EXTENT = 4 << 20,
};

struct pool_kind {
	const char *type;   /* libvirt's */
	const char *format; /* of the volumes: "qcow2" or "raw"; NULL: none are made here */
	bool block;         /* the volumes are block devices */
	bool thin;          /* room is taken as it is written to */
	const char *why_not;
};

/* By <pool type=''>; NULL: a kind that nobody has met. */
const struct pool_kind *pool_kind(const char *type);
/* The kind of a pool by its XML; when no volume can be made there -EINVAL with the reason. */
int pool_kind_read(const char *xml, const char *pool, const struct pool_kind **ret, char *why,
	size_t why_size);

/* Disk `i` of a guest, 0 the first, when the spec gives no name: NAME.qcow2, NAME_2.qcow2 …; block
 * volumes without the suffix. No machine's name has a '_': a second disk is never taken for the
 * first of another machine, web-2 say. */
void volume_name(const char *guest, size_t i, const struct pool_kind *kind, char name[VOLUME_NAME]);

/* Has volume_name() called a disk so, not the first, of this guest? */
bool volume_is_further(const char *name, const char *guest);

/* A volume to be made. */
struct volume_order {
	const char *name;
	const struct pool_kind *kind;
	uint64_t capacity;          /* bytes */
	const char *backing;        /* path of the volume beneath it; NULL: none */
	const char *backing_format; /* always given with it: a format that is guessed can be
				       written by the guest */
};
/* For free(); NULL when out of memory. */
char *volume_xml(const struct volume_order *order);

/* What a pool has to say of a volume of its own. */
struct volume_facts {
	char path[VOLUME_PATH];
	char format[VOLUME_FORMAT];
	char backing[VOLUME_PATH]; /* "": none */
	uint64_t capacity, allocation;
};
int volume_parse(const char *xml, struct volume_facts *ret);

/* What several volumes need of one pool. */
struct volume_need {
	unsigned volumes;
	uint64_t capacity; /* of all, bytes */
	uint64_t least;    /* bytes that are taken at once */
};
/* `copied`: bytes of a volume that is copied into it, 0 for an empty one. */
void volume_need_add(
	struct volume_need *n, const struct pool_kind *kind, uint64_t capacity, uint64_t copied);
/* Does that fit into `available` bytes? 0, with a warning in `why` when it may not once it is
 * written full; -ENOSPC with the line. */
int volume_room(const struct volume_need *n, const struct pool_kind *kind, const char *pool,
	uint64_t available, char *why, size_t why_size);

#endif
