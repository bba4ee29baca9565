/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Single volumes: what one is like, and a guest's disk made small. */
#include "guest/domain/domain_disk.h"
#include "guest/ops.h"
#include "guest/virt.h"
#include "guest/volumes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void tell(
	const struct volume_facts *f, const char *pool, const char *name, struct guest_volume *ret)
{
	*ret = (struct guest_volume){.capacity = f->capacity, .allocation = f->allocation};
	snprintf(ret->pool, sizeof ret->pool, "%s", pool);
	snprintf(ret->volume, sizeof ret->volume, "%s", name);
	snprintf(ret->path, sizeof ret->path, "%s", f->path);
	snprintf(ret->format, sizeof ret->format, "%s", f->format);
	snprintf(ret->backing, sizeof ret->backing, "%s", f->backing);
}

int ops_volume(struct op *op, const char *pool, const char *volume, struct guest_volume *ret)
{
	const char *name = ops_pool_name(pool);
	const struct pool_kind *kind;
	struct volume_facts facts;
	virStoragePoolPtr p;
	virStorageVolPtr v;
	int rc = volume_pool(op, name, &p, &kind);

	if (rc)
		return rc;
	if ((v = virStorageVolLookupByName(p, volume))) {
		rc = volume_look(op, v, volume, &facts);
		virStorageVolFree(v);
	} else {
		rc = virt_error(op->why, GUEST_WHY, "volume %s in pool %s", volume, name);
	}
	virStoragePoolFree(p);
	if (!rc)
		tell(&facts, name, volume, ret);
	return rc;
}

struct shrink {
	struct op *op;
	const char *guest;
	char *xml; /* the persistent definition */
	virStorageVolPtr old;
	virStoragePoolPtr pool;
	const struct pool_kind *kind;
	char pool_name[VOLUME_NAME], old_name[VOLUME_NAME], name[VOLUME_NAME];
	struct volume_facts old_facts, facts;
};

static int find_definition(struct shrink *s, const char *uuid)
{
	virDomainPtr d;
	int rc = ops_find(s->op, s->guest, uuid, &d);

	if (rc) {
		if (rc == -ENOENT)
			snprintf(s->op->why, GUEST_WHY, "there is no domain %s", s->guest);
		return rc;
	}
	if (virDomainIsActive(d) == 1) {
		snprintf(s->op->why, GUEST_WHY, "domain %s runs: shut it down first", s->guest);
		rc = -EBUSY;
	} else if (!(s->xml = virDomainGetXMLDesc(
			     d, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE))) {
		rc = virt_error(s->op->why, GUEST_WHY, "definition of %s", s->guest);
	}
	virDomainFree(d);
	return rc;
}

/* The volume beneath the domain's first disk, and its pool. */
static int find_old(struct shrink *s)
{
	char path[VOLUME_PATH];
	virStoragePoolPtr p;

	if (domain_disk_path(s->xml, 0, path, sizeof path)) {
		snprintf(s->op->why, GUEST_WHY, "domain %s has no disk with a path", s->guest);
		return -ENOENT;
	}
	if (!(s->old = virStorageVolLookupByPath(s->op->conn, path)) ||
		!(p = virStoragePoolLookupByVolume(s->old)))
		return virt_error(s->op->why, GUEST_WHY, "disk %s of domain %s", path, s->guest);
	snprintf(s->pool_name, sizeof s->pool_name, "%s", virStoragePoolGetName(p));
	snprintf(s->old_name, sizeof s->old_name, "%s", virStorageVolGetName(s->old));
	virStoragePoolFree(p);
	return volume_look(s->op, s->old, s->old_name, &s->old_facts);
}

/* No guest's volume is called so by itself. One that is left of an interrupted try goes. */
static int clear_place(struct shrink *s)
{
	virStorageVolPtr v;
	int rc;

	snprintf(s->name, sizeof s->name, "%.100s.base", s->guest);
	if (!strcmp(s->name, s->old_name))
		volume_name(s->guest, 0, s->kind, s->name);
	if (!(v = virStorageVolLookupByName(s->pool, s->name)))
		return 0;
	rc = volume_look(s->op, v, s->name, &s->facts);
	virStorageVolFree(v);
	if (!rc)
		rc = volume_unused(s->op, &s->facts, s->pool_name, s->name, NULL, NULL);
	return rc ? rc : ops_delete_volume(s->op, s->pool_name, s->name);
}

static int copy_compact(struct shrink *s)
{
	struct volume_order order = {
		.name = s->name, .kind = s->kind, .capacity = s->old_facts.capacity};
	char *xml = volume_xml(&order);
	virStorageVolPtr v;
	int rc;

	if (!xml)
		return -ENOMEM;
	v = virStorageVolCreateXMLFrom(s->pool, xml, s->old, 0);
	rc = v ? volume_look(s->op, v, s->name, &s->facts)
	       : volume_making_failed(s->op, s->pool_name, s->name);
	free(xml);
	if (v)
		virStorageVolFree(v);
	return rc;
}

static int redefine(struct shrink *s)
{
	char *xml = domain_disk_swap(s->xml, s->facts.path);
	virDomainPtr d = xml ? virDomainDefineXML(s->op->conn, xml) : NULL;
	int rc = d    ? 0
		: xml ? virt_error(s->op->why, GUEST_WHY, "defining %s with its new disk", s->guest)
		      : -ENOMEM;

	free(xml);
	if (d)
		virDomainFree(d);
	return rc;
}

static void delete_quietly(struct shrink *s)
{
	char why[GUEST_WHY];

	memcpy(why, s->op->why, sizeof why);
	ops_delete_volume(s->op, s->pool_name, s->name);
	memcpy(s->op->why, why, sizeof why);
}

static int shrink_file(struct shrink *s)
{
	int rc = clear_place(s);

	if (!rc && (rc = copy_compact(s)))
		return rc; /* libvirt removes what it could not finish */
	if (!rc && (rc = redefine(s)))
		delete_quietly(s);
	/* All is well without it gone, too: then `why` warns. */
	if (!rc)
		(void)ops_delete_volume(s->op, s->pool_name, s->old_name);
	return rc;
}

int ops_shrink(struct op *op, const char *name, const char *uuid, struct guest_volume *ret)
{
	struct shrink s = {.op = op, .guest = name};
	int rc = find_definition(&s, uuid);

	if (!rc)
		rc = find_old(&s);
	if (!rc)
		rc = volume_pool(op, s.pool_name, &s.pool, &s.kind);
	if (!rc) /* what stands on it would see other bytes */
		rc = volume_unused(op, &s.old_facts, s.pool_name, s.old_name, name, NULL);
	if (!rc && s.kind->block) {
		s.facts = s.old_facts;
		memcpy(s.name, s.old_name, sizeof s.name);
		rc = redefine(&s);
	} else if (!rc) {
		rc = shrink_file(&s);
	}
	if (!rc) {
		tell(&s.facts, s.pool_name, s.name, ret);
		ret->before = s.old_facts.allocation;
	}
	free(s.xml);
	if (s.old)
		virStorageVolFree(s.old);
	if (s.pool)
		virStoragePoolFree(s.pool);
	return rc;
}
