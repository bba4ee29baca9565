/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/volumes.h"

#include "guest/domain/domain_disk.h"
#include "guest/virt.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((format(printf, 3, 4))) static int refuse(struct op *op, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(op->why, GUEST_WHY, fmt, ap);
	va_end(ap);
	return rc;
}

/* Opening */

int volume_pool(
	struct op *op, const char *name, virStoragePoolPtr *ret, const struct pool_kind **ret_kind)
{
	virStoragePoolPtr p = virStoragePoolLookupByName(op->conn, name);
	char *xml;
	int rc;

	if (!p) {
		rc = virt_error(op->why, GUEST_WHY, "storage pool %s", name);
		if (rc == -ENOENT)
			virt_no_pool(op->why, GUEST_WHY, name);
		return rc;
	}
	if (virStoragePoolIsActive(p) != 1)
		rc = refuse(op, -ENOENT, "storage pool %s is not active: virsh pool-start %s", name,
			name);
	else if (!(xml = virStoragePoolGetXMLDesc(p, 0)))
		rc = virt_error(op->why, GUEST_WHY, "storage pool %s", name);
	else {
		rc = pool_kind_read(xml, name, ret_kind, op->why, GUEST_WHY);
		free(xml);
	}
	if (rc)
		virStoragePoolFree(p);
	else
		*ret = p;
	return rc;
}

int volume_look(struct op *op, virStorageVolPtr v, const char *name, struct volume_facts *ret)
{
	char *xml = virStorageVolGetXMLDesc(v, 0);
	int rc;

	if (!xml)
		return virt_error(op->why, GUEST_WHY, "volume %s", name);
	rc = volume_parse(xml, ret);
	free(xml);
	return rc ? refuse(op, rc, "volume %s: libvirt's XML of it cannot be read", name) : 0;
}

/* A file made behind libvirt's back is not known to it yet. */
static bool is_new_file(virStoragePoolPtr pool, const char *name)
{
	char *xml = virStoragePoolGetXMLDesc(pool, 0), path[2 * VOLUME_PATH];
	struct volume_facts f = {0};
	bool found = false;

	/* A pool has its path where a volume has it. */
	if (xml && !volume_parse(xml, &f) && f.path[0]) {
		snprintf(path, sizeof path, "%s/%s", f.path, name);
		found = !access(path, F_OK);
	}
	free(xml);
	return found;
}

static int look(struct op *op, struct volume *v)
{
	virStorageVolPtr p = virStorageVolLookupByName(v->pool, v->name);
	int rc;

	if (!p && !v->kind->block && is_new_file(v->pool, v->name) &&
		!virStoragePoolRefresh(v->pool, 0))
		p = virStorageVolLookupByName(v->pool, v->name);
	v->exists = p;
	if (!p)
		return 0;
	rc = volume_look(op, p, v->name, &v->facts);
	virStorageVolFree(p);
	return rc;
}

static int open_base(struct volumes *vs, const struct guest_spec *spec)
{
	const struct pool_kind *kind;
	virStoragePoolPtr pool;
	int rc;

	snprintf(vs->base_pool, sizeof vs->base_pool, "%s",
		*spec->base_pool ? spec->base_pool : vs->all[0].pool_name);
	snprintf(vs->base_name, sizeof vs->base_name, "%s", spec->base_volume);
	if ((rc = volume_pool(vs->op, vs->base_pool, &pool, &kind)))
		return rc;
	vs->base = virStorageVolLookupByName(pool, vs->base_name);
	virStoragePoolFree(pool);
	if (!vs->base)
		return refuse(vs->op, -ENOENT, "there is no volume %s in pool %s to clone",
			vs->base_name, vs->base_pool);
	if ((rc = volume_look(vs->op, vs->base, vs->base_name, &vs->base_facts)))
		return rc;
	vs->linked = spec->linked && !vs->all[0].kind->block;
	vs->copied_instead = spec->linked && !vs->linked;
	if (vs->all[0].capacity < vs->base_facts.capacity)
		vs->all[0].capacity = vs->base_facts.capacity;
	return 0;
}

static void add(struct volumes *vs, const char *pool, const char *name, uint64_t capacity)
{
	struct volume *v = &vs->all[vs->n++];

	snprintf(v->pool_name, sizeof v->pool_name, "%s", ops_pool_name(pool));
	snprintf(v->name, sizeof v->name, "%s", name);
	v->capacity = capacity;
}

static void volumes_init(struct volumes *vs, struct op *op, const struct guest_spec *spec)
{
	*vs = (struct volumes){.op = op,
		.guest = spec->name,
		.named = *spec->made_as ? spec->made_as : spec->name,
		.taken = spec->taken,
		.n_taken = spec->n_taken < GUEST_DISKS ? spec->n_taken : GUEST_DISKS};
	add(vs, spec->pool, spec->volume, spec->disk);
	for (size_t i = 0; i < spec->n_more && i < GUEST_DISKS; i++)
		add(vs, *spec->more[i].pool ? spec->more[i].pool : spec->pool, spec->more[i].volume,
			spec->more[i].size);
}

static int open_one(struct volumes *vs, size_t i)
{
	struct volume *v = &vs->all[i];
	int rc = volume_pool(vs->op, v->pool_name, &v->pool, &v->kind);

	if (rc)
		return rc;
	if (!*v->name)
		volume_name(vs->named, i, v->kind, v->name);
	return look(vs->op, v);
}

int volumes_open(struct volumes *vs, struct op *op, const struct guest_spec *spec)
{
	int rc = 0;

	volumes_init(vs, op, spec);
	for (size_t i = 0; !rc && i < vs->n; i++)
		rc = open_one(vs, i);
	return rc || !*spec->base_volume ? rc : open_base(vs, spec);
}

static bool pool_is_gone(struct op *op, const char *name)
{
	virStoragePoolPtr p = virStoragePoolLookupByName(op->conn, name);

	if (p)
		virStoragePoolFree(p);
	return !p && virt_errno() == -ENOENT;
}

int volumes_open_left(struct volumes *vs, struct op *op, const struct guest_spec *spec)
{
	int rc = 0;

	volumes_init(vs, op, spec);
	for (size_t i = 0; !rc && i < vs->n; i++)
		if (!pool_is_gone(op, vs->all[i].pool_name))
			rc = open_one(vs, i);
	return rc;
}

bool volumes_have(const struct volumes *vs, const char *path)
{
	bool found = false;

	for (size_t i = 0; i < vs->n; i++)
		found |= vs->all[i].exists && !strcmp(vs->all[i].facts.path, path);
	return found;
}

/* A snapshot's file was made behind the pool's back. NULL: it is in none. */
static virStorageVolPtr find_path(const struct volumes *vs, const char *path)
{
	virStorageVolPtr p = *path ? virStorageVolLookupByPath(vs->op->conn, path) : NULL;

	for (size_t i = 0; !p && *path && i < vs->n; i++)
		if (vs->all[i].pool && !virStoragePoolRefresh(vs->all[i].pool, 0))
			p = virStorageVolLookupByPath(vs->op->conn, path);
	return p;
}

static bool look_at_path(struct volumes *vs, const char *path, struct volume *ret)
{
	virStorageVolPtr p = find_path(vs, path);
	virStoragePoolPtr pool = p ? virStoragePoolLookupByVolume(p) : NULL;
	bool found = false;

	*ret = (struct volume){.exists = true};
	if (pool) {
		snprintf(ret->pool_name, sizeof ret->pool_name, "%s", virStoragePoolGetName(pool));
		snprintf(ret->name, sizeof ret->name, "%s", virStorageVolGetName(p));
		found = !volume_look(vs->op, p, ret->name, &ret->facts);
		virStoragePoolFree(pool);
	}
	if (p)
		virStorageVolFree(p);
	return found;
}

/* What stands on a volume of the guest's, from the top of the chain down to that; else nothing of the chain is its. */
static void add_chain(struct volumes *vs, const char *top)
{
	size_t n = vs->n;

	for (const char *path = top; !volumes_have(vs, path); path = vs->all[n++].facts.backing)
		if (n == sizeof vs->all / sizeof *vs->all || !look_at_path(vs, path, &vs->all[n]))
			return;
	vs->n = n;
}

void volumes_open_overlays(struct volumes *vs, const char *xml)
{
	char path[VOLUME_PATH];
	int rc;

	for (size_t i = 0; (rc = domain_disk_path(xml, i, path, sizeof path)) != -ENOENT; i++)
		if (!rc)
			add_chain(vs, path);
	vs->op->why[0] = '\0';
}

void volumes_fini(struct volumes *vs)
{
	for (size_t i = 0; i < vs->n; i++)
		if (vs->all[i].pool)
			virStoragePoolFree(vs->all[i].pool);
	if (vs->base)
		virStorageVolFree(vs->base);
}

/* An older guest's */

static bool is_recorded(const struct guest_spec *record, const char *pool, const char *name,
	const struct pool_kind *kind)
{
	struct volumes had;
	bool found = false;

	volumes_init(&had, NULL, record);
	for (size_t i = 0; i < had.n; i++) {
		struct volume *v = &had.all[i];

		if (!*v->name)
			volume_name(had.named, i, kind, v->name);
		found |= !strcmp(v->pool_name, pool) && !strcmp(v->name, name);
	}
	return found;
}

void volumes_former(struct volumes *vs, const struct guest_spec *record)
{
	for (size_t i = 0; i < vs->n; i++) {
		struct volume *v = &vs->all[i];

		v->former |= is_recorded(record, v->pool_name, v->name, v->kind);
	}
}

void volumes_former_in(struct volumes *vs, const char *xml)
{
	char path[VOLUME_PATH];
	int rc;

	for (size_t k = 0; (rc = domain_disk_path(xml, k, path, sizeof path)) != -ENOENT; k++)
		for (size_t i = 0; !rc && i < vs->n; i++)
			vs->all[i].former |=
				vs->all[i].exists && !strcmp(vs->all[i].facts.path, path);
}

/* Checking */

/* Two disks of one name would be one volume. */
static int check_twins(struct volumes *vs)
{
	for (size_t i = 0; i < vs->n; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(vs->all[i].name, vs->all[k].name) &&
				!strcmp(vs->all[i].pool_name, vs->all[k].pool_name))
				return refuse(vs->op, -EINVAL,
					"two disks name the same volume %s in pool %s",
					vs->all[i].name, vs->all[i].pool_name);
	return 0;
}

static int check_existing(struct volumes *vs)
{
	int rc = volumes_unused(vs);

	for (size_t i = 0; !rc && i < vs->n; i++)
		if (vs->all[i].exists && !vs->all[i].former)
			rc = refuse(vs->op, -EEXIST,
				"a volume %s exists already in pool %s: take another name, or "
				"delete it: virsh vol-delete %s --pool %s",
				vs->all[i].name, vs->all[i].pool_name, vs->all[i].name,
				vs->all[i].pool_name);
	return rc;
}

/* What is made before it, in the same pool. */
static void add_taken(const struct volumes *vs, const struct volume *at, struct volume_need *need)
{
	for (size_t i = 0; i < vs->n_taken; i++) {
		const struct guest_taken *t = &vs->taken[i];

		if (strcmp(ops_pool_name(t->pool), at->pool_name) || !t->disks)
			continue;
		volume_need_add(need, at->kind, t->size, 0);
		need->volumes += t->disks - 1;
	}
}

/* All that is to come from the pool of volume `first`, which is the first of them. */
static int check_room(struct volumes *vs, size_t first)
{
	const struct volume *at = &vs->all[first];
	struct volume_need need = {0};
	virStoragePoolInfo info;
	uint64_t freed = 0;
	char why[GUEST_WHY] = "";
	int rc;

	for (size_t i = first; i < vs->n; i++) {
		const struct volume *v = &vs->all[i];
		bool copy = !i && vs->base && !vs->linked;

		if (strcmp(v->pool_name, at->pool_name))
			continue;
		volume_need_add(&need, v->kind, v->capacity, copy ? vs->base_facts.allocation : 0);
		freed += v->exists ? v->facts.allocation : 0;
	}
	add_taken(vs, at, &need);
	if (virStoragePoolGetInfo(at->pool, &info) < 0)
		return virt_error(vs->op->why, GUEST_WHY, "storage pool %s", at->pool_name);
	rc = volume_room(&need, at->kind, at->pool_name, info.available + freed, why, sizeof why);
	if (*why)
		memcpy(vs->op->why, why, sizeof why);
	return rc;
}

static int check_rooms(struct volumes *vs)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < vs->n; i++) {
		size_t first = 0;

		while (strcmp(vs->all[first].pool_name, vs->all[i].pool_name))
			first++;
		if (first == i)
			rc = check_room(vs, i);
	}
	return rc;
}

int volumes_check(struct volumes *vs)
{
	int rc = check_twins(vs);

	if (!rc && vs->base)
		rc = volume_at_rest(vs->op, &vs->base_facts, vs->base_pool, vs->base_name);
	if (!rc)
		rc = check_existing(vs);
	if (!rc)
		rc = check_rooms(vs);
	if (!rc && vs->copied_instead && !*vs->op->why)
		refuse(vs->op, 0, "storage pool %s does not support backing files: copied",
			vs->all[0].pool_name);
	return rc;
}

/* Making */

int volume_making_failed(struct op *op, const char *pool, const char *name)
{
	/* The system's, LVM's and ZFS's words. */
	static const char *const full[] = {
		"No space left", "nsufficient free space", "out of space"};
	int rc = virt_error(op->why, GUEST_WHY, "making volume %s", name);

	for (size_t i = 0; i < sizeof full / sizeof *full; i++)
		if (strstr(op->why, full[i]))
			return refuse(op, -ENOSPC,
				"storage pool %s filled up while volume %s was made: make room, or "
				"take another with --pool",
				pool, name);
	return rc;
}

static virStorageVolPtr make_empty(struct volume *v, const char *xml, bool preallocate)
{
	virStorageVolPtr p = virStorageVolCreateXML(
		v->pool, xml, preallocate ? VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA : 0);

	/* Preallocation is for speed only; a driver may not know it. */
	if (!p && preallocate && virt_errno() == -EINVAL)
		p = virStorageVolCreateXML(v->pool, xml, 0);
	return p;
}

/* A copy has its base's capacity, where a driver takes no other. */
static int grow(struct volumes *vs, struct volume *v, virStorageVolPtr p)
{
	if (v->facts.capacity >= v->capacity || !virStorageVolResize(p, v->capacity, 0))
		return 0;
	return volume_making_failed(vs->op, v->pool_name, v->name);
}

static int make_one(struct volumes *vs, size_t i)
{
	struct volume *v = &vs->all[i];
	bool copy = !i && vs->base && !vs->linked, link = !i && vs->linked;
	struct volume_order order = {.name = v->name,
		.kind = v->kind,
		.capacity = v->capacity,
		.backing = link ? vs->base_facts.path : NULL,
		.backing_format = vs->base_facts.format};
	char *xml = volume_xml(&order);
	virStorageVolPtr p;
	int rc;

	if (!xml)
		return refuse(vs->op, -ENOMEM, "out of memory");
	p = copy ? virStorageVolCreateXMLFrom(v->pool, xml, vs->base, 0)
		 : make_empty(v, xml, !link && !v->kind->block);
	rc = p ? 0 : volume_making_failed(vs->op, v->pool_name, v->name);
	free(xml);
	if (!p)
		return rc;
	v->made = true;
	rc = volume_look(vs->op, p, v->name, &v->facts);
	if (!rc && copy)
		rc = grow(vs, v, p);
	virStorageVolFree(p);
	return rc;
}

int volumes_make(struct volumes *vs)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < vs->n; i++)
		rc = make_one(vs, i);
	if (rc)
		volumes_unmake(vs);
	return rc;
}

void volumes_unmake(struct volumes *vs)
{
	char why[GUEST_WHY];

	memcpy(why, vs->op->why, sizeof why);
	for (size_t i = vs->n; i--;)
		if (vs->all[i].made)
			ops_delete_volume(vs->op, vs->all[i].pool_name, vs->all[i].name);
	memcpy(vs->op->why, why, sizeof why);
}

/* Removing */

int volumes_unused(struct volumes *vs)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < vs->n; i++)
		if (vs->all[i].exists)
			rc = volume_unused(vs->op, &vs->all[i].facts, vs->all[i].pool_name,
				vs->all[i].name, vs->guest, vs);
	return rc;
}

int volumes_delete(struct volumes *vs)
{
	int rc = 0;

	for (size_t i = vs->n; !rc && i--;) {
		if (!vs->all[i].exists)
			continue;
		rc = ops_delete_volume(vs->op, vs->all[i].pool_name, vs->all[i].name);
		vs->all[i].exists = rc;
	}
	return rc;
}

/* By its name or the older guest's record. */
static bool is_former(
	struct op *op, const struct guest_spec *spec, const char *pool, const char *name)
{
	const struct pool_kind *kind;
	virStoragePoolPtr p;

	if (volume_is_further(name, spec->name))
		return true;
	if (!spec->former || volume_pool(op, pool, &p, &kind))
		return false;
	virStoragePoolFree(p);
	return is_recorded(spec->former, pool, name, kind);
}

static void delete_former(struct op *op, const struct guest_spec *spec, virStorageVolPtr v)
{
	const char *name = virStorageVolGetName(v), *pool;
	virStoragePoolPtr p = virStoragePoolLookupByVolume(v);
	struct volume_facts facts;

	if (!p)
		return;
	pool = virStoragePoolGetName(p);
	if (is_former(op, spec, pool, name) && !volume_look(op, v, name, &facts) &&
		!volume_unused(op, &facts, pool, name, spec->name, NULL))
		virStorageVolDelete(v, 0);
	virStoragePoolFree(p);
}

void volumes_delete_former(struct op *op, const struct guest_spec *spec, const char *xml)
{
	char path[VOLUME_PATH];
	virStorageVolPtr v;
	int rc;

	for (size_t i = 0; (rc = domain_disk_path(xml, i, path, sizeof path)) != -ENOENT; i++) {
		if (rc || !(v = virStorageVolLookupByPath(op->conn, path)))
			continue;
		delete_former(op, spec, v);
		virStorageVolFree(v);
	}
	op->why[0] = '\0';
}

static void refresh(struct op *op, const char *pool)
{
	virStoragePoolPtr p = virStoragePoolLookupByName(op->conn, ops_pool_name(pool));

	/* Not while it is copying: then the last count will do. */
	if (p && virStoragePoolIsActive(p) == 1)
		virStoragePoolRefresh(p, 0);
	if (p)
		virStoragePoolFree(p);
}

void volumes_refresh(struct op *op, const struct guest_spec *spec)
{
	refresh(op, spec->pool);
	for (size_t i = 0; i < spec->n_more && i < GUEST_DISKS; i++)
		if (*spec->more[i].pool && strcmp(spec->more[i].pool, spec->pool) != 0)
			refresh(op, spec->more[i].pool);
}

void volumes_list(const struct volumes *vs, char *text, size_t size)
{
	size_t at = 0;

	*text = '\0';
	for (size_t i = 0; i < vs->n && at < size; i++)
		if (vs->all[i].exists)
			at += (size_t)snprintf(text + at, size - at, "%s%s", at ? ", " : "",
				vs->all[i].facts.path);
}

size_t volumes_disks(const struct volumes *vs, struct domain_disk ret[1 + GUEST_DISKS])
{
	for (size_t i = 0; i < vs->n; i++)
		ret[i] = (struct domain_disk){
			.path = *vs->all[i].facts.path ? vs->all[i].facts.path : "/dev/null",
			.format = vs->all[i].kind->format,
			.block = vs->all[i].kind->block};
	return vs->n;
}
