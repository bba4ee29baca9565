/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The volumes of one guest, each in its pool: looked for, checked, made, removed. For workers: all
 * of it blocks. Functions return 0 or negative errno with a line in `op->why`.
 */
#ifndef USHER_GUEST_VOLUMES_H
#define USHER_GUEST_VOLUMES_H

#include "guest/domain/domain_xml.h"
#include "guest/ops.h"
#include "guest/volume_xml.h"

enum { VOLUME_OVERLAYS = 16 }; /* files that snapshots have put on a guest's disks */

struct volume {
	char pool_name[VOLUME_NAME], name[VOLUME_NAME];
	uint64_t capacity;
	const struct pool_kind *kind;
	virStoragePoolPtr pool; /* NULL: there is none, or none that could have it */
	bool exists, made;
	bool former;               /* it is the older guest's that is to be replaced */
	struct volume_facts facts; /* when it exists */
};

struct volumes {
	struct op *op;
	const char *guest, *named; /* for which its volumes are named */
	struct volume
		all[1 + GUEST_DISKS + VOLUME_OVERLAYS]; /* [0] is the guest's own first disk */
	size_t n;
	const struct guest_taken *taken; /* the spec's */
	size_t n_taken;

	/* What the first is made of, when the guest is a clone. */
	virStorageVolPtr base;
	struct volume_facts base_facts;
	char base_pool[VOLUME_NAME], base_name[VOLUME_NAME];
	bool linked;         /* by a backing file: else a copy */
	bool copied_instead; /* a link was asked for, where there are none */
};

/* Opens the pools, which must be there, be active and be of a kind that holds volumes, and looks
 * for the volumes and the base in them. volumes_fini() in any case. */
int volumes_open(struct volumes *vs, struct op *op, const struct guest_spec *spec);
/* The same to remove them: a pool that is gone has none. */
int volumes_open_left(struct volumes *vs, struct op *op, const struct guest_spec *spec);
/* After that, those that external snapshots have put on them: by its definition what the guest writes to now. */
void volumes_open_overlays(struct volumes *vs, const char *xml);
void volumes_fini(struct volumes *vs);

/* Those are the older guest's, and go first, that its record has, or a definition of its domain. */
void volumes_former(struct volumes *vs, const struct guest_spec *record);
void volumes_former_in(struct volumes *vs, const char *xml);

/* Could they be made? Those that exist are in the way, but for the older guest's. A warning may be left. */
int volumes_check(struct volumes *vs);
/* Makes all that do not exist, or none. */
int volumes_make(struct volumes *vs);
/* Takes back what was made; `op->why` stays. */
void volumes_unmake(struct volumes *vs);
/* -EBUSY when one of those that exist is another domain's disk or beneath another volume. */
int volumes_unused(struct volumes *vs);
/* Deletes all that exist; not before volumes_unused(). */
int volumes_delete(struct volumes *vs);
/* Deletes disks of an older guest of this name, by its definition, which this one does not have: further ones, and those of
 * its record. What cannot go stays: it is in nobody's way. */
void volumes_delete_former(struct op *op, const struct guest_spec *spec, const char *xml);
/* What is written behind libvirt's back counts: it looks at the files again. */
void volumes_refresh(struct op *op, const struct guest_spec *spec);
/* "PATH, …" of those that exist. */
void volumes_list(const struct volumes *vs, char *text, size_t size);
/* For the domain's definition; paths live as long as `vs`, /dev/null stands for those that are not
 * made yet. */
size_t volumes_disks(const struct volumes *vs, struct domain_disk ret[1 + GUEST_DISKS]);

/* Is this volume a disk of a domain but `guest`, or beneath another volume but those of `with` (NULL: none)? -EBUSY with
 * who. */
int volume_unused(struct op *op, const struct volume_facts *facts, const char *pool,
	const char *name, const char *guest, const struct volumes *with);
/* Is the volume with this path among them? */
bool volumes_have(const struct volumes *vs, const char *path);
/* Does a domain that runs write to this volume? -EBUSY with which. */
int volume_at_rest(
	struct op *op, const struct volume_facts *facts, const char *pool, const char *name);

/* One pool: there, active, of a kind that holds volumes. */
int volume_pool(
	struct op *op, const char *name, virStoragePoolPtr *ret, const struct pool_kind **ret_kind);
/* What libvirt says of a volume. */
int volume_look(struct op *op, virStorageVolPtr v, const char *name, struct volume_facts *ret);
/* Why it was not made: that the pool filled up is said plainly, as -ENOSPC. To be called first
 * after the failure. */
int volume_making_failed(struct op *op, const char *pool, const char *name);

#endif
