/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose is a volume? Asked before one is removed, replaced or copied. */
#include "guest/volumes.h"

#include "guest/virt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct asked {
	struct op *op;
	const struct volume_facts *facts;
	const char *pool, *name;
	const char *guest;          /* whose it may be; NULL: nobody's */
	const struct volumes *with; /* what may stand on it; NULL: nothing */
};

typedef int ask_domain(const struct asked *a, virDomainPtr d, const char *name);

static int each_domain(const struct asked *a, unsigned flags, ask_domain *ask)
{
	virDomainPtr *all;
	int n = virConnectListAllDomains(a->op->conn, &all, flags), rc = 0;

	if (n < 0)
		return virt_error(a->op->why, GUEST_WHY, "domains");
	for (int i = 0; i < n; i++) {
		const char *name = virDomainGetName(all[i]);

		if (!rc && (!a->guest || strcmp(name, a->guest)))
			rc = ask(a, all[i], name);
		virDomainFree(all[i]);
	}
	free(all);
	return rc;
}

/* One definition of a domain: live or, with the flag, persistent. */
static int has_disk(const struct asked *a, virDomainPtr d, const char *name, unsigned flags)
{
	char *xml = virDomainGetXMLDesc(d, flags);
	int rc = 0;

	/* NULL: gone since it was listed */
	if (xml && domain_xml_has_disk(xml, a->facts->path, a->pool, a->name)) {
		snprintf(a->op->why, GUEST_WHY, "volume %s belongs to domain %s", a->name, name);
		rc = -EBUSY;
	}
	free(xml);
	return rc;
}

static int ask_disks(const struct asked *a, virDomainPtr d, const char *name)
{
	int rc = has_disk(a, d, name, VIR_DOMAIN_XML_INACTIVE);

	return rc || virDomainIsActive(d) != 1 ? rc : has_disk(a, d, name, 0);
}

static int ask_writes(const struct asked *a, virDomainPtr d, const char *name)
{
	char *xml = virDomainGetXMLDesc(d, 0);
	int rc = 0;

	if (xml && domain_xml_writes_disk(xml, a->facts->path, a->pool, a->name)) {
		snprintf(a->op->why, GUEST_WHY,
			"volume %s is a disk of domain %s, which runs: shut it down first", a->name,
			name);
		rc = -EBUSY;
	}
	free(xml);
	return rc;
}

static int ask_volume(const struct asked *a, virStorageVolPtr v, const char *pool)
{
	char *xml = virStorageVolGetXMLDesc(v, 0);
	const char *name = virStorageVolGetName(v);
	struct volume_facts f;
	int rc = 0;

	if (xml && !volume_parse(xml, &f) && !strcmp(f.backing, a->facts->path) &&
		!(a->with && volumes_have(a->with, f.path))) {
		snprintf(a->op->why, GUEST_WHY,
			"volume %s is the backing file of volume %s in pool %s: delete that first",
			a->name, name, pool);
		rc = -EBUSY;
	}
	free(xml);
	return rc;
}

static int ask_pool(const struct asked *a, virStoragePoolPtr p)
{
	virStorageVolPtr *all;
	int n = virStoragePoolListAllVolumes(p, &all, 0), rc = 0;

	for (int i = 0; i < n; i++) {
		if (!rc)
			rc = ask_volume(a, all[i], virStoragePoolGetName(p));
		virStorageVolFree(all[i]);
	}
	if (n >= 0)
		free(all);
	return rc;
}

static int ask_pools(const struct asked *a)
{
	virStoragePoolPtr *all;
	int n = virConnectListAllStoragePools(
		    a->op->conn, &all, VIR_CONNECT_LIST_STORAGE_POOLS_ACTIVE),
	    rc = 0;

	if (n < 0)
		return virt_error(a->op->why, GUEST_WHY, "storage pools");
	for (int i = 0; i < n; i++) {
		if (!rc)
			rc = ask_pool(a, all[i]);
		virStoragePoolFree(all[i]);
	}
	free(all);
	return rc;
}

int volume_unused(struct op *op, const struct volume_facts *facts, const char *pool,
	const char *name, const char *guest, const struct volumes *with)
{
	const struct asked a = {op, facts, pool, name, guest, with};
	int rc = each_domain(&a, 0, ask_disks);

	return rc ? rc : ask_pools(&a);
}

int volume_at_rest(
	struct op *op, const struct volume_facts *facts, const char *pool, const char *name)
{
	const struct asked a = {op, facts, pool, name, NULL, NULL};

	return each_domain(&a, VIR_CONNECT_LIST_DOMAINS_ACTIVE, ask_writes);
}
