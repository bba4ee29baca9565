/* Checking and creating. */
#include "guest/domain_xml.h"
#include "guest/netfilter.h"
#include "guest/ops.h"
#include "guest/osinfo.h"
#include "guest/virt.h"
#include "guest/xml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_TEXT = 1024 };

struct create {
	struct op *op;
	const struct guest_spec *spec;
	const char *type;
	const char *pool_name;
	char volume[GUEST_NAME + 64];
	virStoragePoolPtr pool;
	char pool_path[PATH_TEXT];
	char os_id[256]; /* "": not asked for */
	bool filter;
};

__attribute__((format(printf, 3, 4))) static int refuse(
	struct create *c, int rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(c->op->why, GUEST_WHY, fmt, ap);
	va_end(ap);
	return rc;
}

static int check_numbers(struct create *c)
{
	const struct guest_spec *s = c->spec;
	virNodeInfo node;

	if (!s->name[0] || !s->memory_mib || !s->vcpus || !s->disk || !s->n_nics ||
		s->n_nics > GUEST_NICS)
		return refuse(c, -EINVAL, "a guest needs a name, memory, a CPU, a disk and a NIC");
	if (s->n_more || s->base_volume[0])
		return refuse(c, -EINVAL, "a guest has one disk, which is made empty");
	if (virNodeGetInfo(c->op->conn, &node) < 0)
		return virt_error(c->op->why, GUEST_WHY, "host");
	if (s->memory_mib > node.memory / 1024)
		return refuse(c, -EINVAL, "memory: %u MiB asked, the host has %lu MiB",
			s->memory_mib, node.memory / 1024);
	return 0;
}

static bool is_ours(virDomainPtr d)
{
	char *xml = virDomainGetXMLDesc(d, VIR_DOMAIN_XML_INACTIVE);
	struct domain_mark mark = {0};

	if (xml)
		domain_xml_mark(xml, &mark);
	free(xml);
	return mark.ours;
}

static int check_name(struct create *c)
{
	virDomainPtr d;
	int rc = ops_find(c->op, c->spec->name, NULL, &d);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	if (!is_ours(d))
		rc = refuse(c, -EEXIST,
			"a domain %s exists already and is not usher's: take another name",
			c->spec->name);
	else if (!c->spec->replace)
		rc = refuse(c, -EEXIST, "a domain %s exists already (--replace removes it)",
			c->spec->name);
	virDomainFree(d);
	return rc;
}

static int check_uuid(struct create *c)
{
	virDomainPtr d =
		c->spec->uuid[0] ? virDomainLookupByUUIDString(c->op->conn, c->spec->uuid) : NULL;
	int rc = 0;

	if (!d)
		return 0;
	if (strcmp(virDomainGetName(d), c->spec->name))
		rc = refuse(
			c, -EEXIST, "UUID %s is domain %s's", c->spec->uuid, virDomainGetName(d));
	virDomainFree(d);
	return rc;
}

/* One definition of a domain: live or, with the flag, persistent. */
static int check_domain_macs(struct create *c, virDomainPtr d, unsigned flags)
{
	char *xml = virDomainGetXMLDesc(d, flags), mac[MAC_TEXT];
	int rc = 0;

	for (size_t i = 0; xml && !rc && i < c->spec->n_nics; i++)
		if (domain_xml_has_mac(xml, &c->spec->nics[i].mac))
			rc = refuse(c, -EEXIST, "MAC %s is domain %s's",
				mac_format(&c->spec->nics[i].mac, mac), virDomainGetName(d));
	free(xml); /* NULL: gone since it was listed */
	return rc;
}

static void volume_path(const struct create *c, char path[PATH_TEXT + sizeof c->volume])
{
	snprintf(path, PATH_TEXT + sizeof c->volume, "%s/%s", c->pool_path, c->volume);
}

/* Only a volume that is left over may be replaced, not another domain's disk. */
static int check_domain_disks(struct create *c, virDomainPtr d, unsigned flags)
{
	char *xml = virDomainGetXMLDesc(d, flags), path[PATH_TEXT + sizeof c->volume];
	int rc = 0;

	volume_path(c, path);
	if (xml && domain_xml_has_disk(xml, path, c->pool_name, c->volume))
		rc = refuse(c, -EEXIST, "volume %s is domain %s's", c->volume, virDomainGetName(d));
	free(xml);
	return rc;
}

typedef int check_domain(struct create *c, virDomainPtr d, unsigned flags);

/* All domains but the one of our name, in both their definitions. */
static int check_others(struct create *c, check_domain *check)
{
	virDomainPtr *all;
	int n = virConnectListAllDomains(c->op->conn, &all, 0), rc = 0;

	if (n < 0)
		return virt_error(c->op->why, GUEST_WHY, "domains");
	for (int i = 0; i < n; i++) {
		if (!rc && strcmp(virDomainGetName(all[i]), c->spec->name)) {
			rc = check(c, all[i], VIR_DOMAIN_XML_INACTIVE);
			if (!rc && virDomainIsActive(all[i]) == 1)
				rc = check(c, all[i], 0);
		}
		virDomainFree(all[i]);
	}
	free(all);
	return rc;
}

static int check_network(struct create *c, const char *name)
{
	virNetworkPtr n = virNetworkLookupByName(c->op->conn, name);
	int active, rc;

	if (!n) {
		rc = virt_error(c->op->why, GUEST_WHY, "network %s", name);
		return rc == -ENOENT ? refuse(c, rc, "there is no libvirt network %s", name) : rc;
	}
	active = virNetworkIsActive(n);
	virNetworkFree(n);
	return active == 1
		? 0
		: refuse(c, -ENOENT, "network %s is not active: virsh net-start %s", name, name);
}

/* Only where a volume is a file can a guest's disk be ours to make and delete. */
static int read_pool_path(struct create *c)
{
	static const char *const kinds[] = {"dir", "fs", "netfs"};
	char *xml = virStoragePoolGetXMLDesc(c->pool, 0), why[128];
	xmlDoc *doc = xml ? xml_read(xml, strlen(xml), 1, why, sizeof why) : NULL;
	xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
	bool fits = false;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		fits = fits || xml_attr_is(root, "type", kinds[i]);
	xml_text(xml_child(xml_child(root, "target"), "path"), c->pool_path, sizeof c->pool_path);
	xmlFreeDoc(doc);
	free(xml);
	return fits && c->pool_path[0]
		? 0
		: refuse(c, -EINVAL, "storage pool %s is not a directory", c->pool_name);
}

static int open_pool(struct create *c)
{
	const char *p = c->pool_name;
	int rc;

	if (!(c->pool = virStoragePoolLookupByName(c->op->conn, p))) {
		rc = virt_error(c->op->why, GUEST_WHY, "storage pool %s", p);
		if (rc == -ENOENT)
			virt_no_pool(c->op->why, GUEST_WHY, p);
		return rc;
	}
	if (virStoragePoolIsActive(c->pool) != 1)
		return refuse(
			c, -ENOENT, "storage pool %s is not active: virsh pool-start %s", p, p);
	return read_pool_path(c);
}

static bool volume_exists(struct create *c)
{
	virStorageVolPtr v = virStorageVolLookupByName(c->pool, c->volume);
	char path[PATH_TEXT + sizeof c->volume];

	if (!v) {
		/* A file made behind libvirt's back is not known to it yet. */
		volume_path(c, path);
		if (!access(path, F_OK) && !virStoragePoolRefresh(c->pool, 0))
			v = virStorageVolLookupByName(c->pool, c->volume);
	}
	if (v)
		virStorageVolFree(v);
	return v;
}

/* qcow2's tables: 8 bytes of L2 and 2 of reference count per 64 KiB cluster, and a little. */
static uint64_t metadata_size(uint64_t disk)
{
	return disk / 65536 * 10 + (1 << 20);
}

static int check_room(struct create *c)
{
	virStoragePoolInfo info;
	const uint64_t mib = 1 << 20;

	if (virStoragePoolGetInfo(c->pool, &info) < 0)
		return virt_error(c->op->why, GUEST_WHY, "storage pool %s", c->pool_name);
	if (metadata_size(c->spec->disk) > info.available)
		return refuse(c, -ENOSPC, "storage pool %s is full: %llu MiB left", c->pool_name,
			info.available / mib);
	if (c->spec->disk > info.available)
		refuse(c, 0, "disk of %llu MiB, but storage pool %s has %llu MiB left",
			(unsigned long long)(c->spec->disk / mib), c->pool_name,
			info.available / mib);
	return 0;
}

static int check_volume(struct create *c)
{
	if (volume_exists(c)) {
		int rc = check_others(c, check_domain_disks);

		if (rc)
			return rc;
		if (!c->spec->replace)
			return refuse(c, -EEXIST,
				"a volume %s exists already in pool %s (--replace removes it)",
				c->volume, c->pool_name);
	}
	return check_room(c);
}

static int make_xml(struct create *c, const char *disk_path, char **ret)
{
	struct domain_facts facts = {.type = c->type,
		.disks[0].path = disk_path,
		.os_id = c->os_id[0] ? c->os_id : NULL,
		.filter = c->filter};

	return domain_xml_final(c->spec, &facts, ret, c->op->why, GUEST_WHY);
}

static int check_fragment(struct create *c)
{
	const char *os = c->spec->os_variant;
	char *xml = NULL;
	int rc = 0;

	if (*os)
		rc = osinfo_id(NULL, os, c->os_id, sizeof c->os_id, c->op->why, GUEST_WHY);
	if (!rc)
		rc = make_xml(c, "/dev/null", &xml);

	free(xml);
	return rc;
}

static void create_init(
	struct create *c, struct op *op, const struct guest_spec *spec, const char *type)
{
	*c = (struct create){
		.op = op, .spec = spec, .type = type, .pool_name = ops_pool_name(spec->pool)};
	if (spec->volume[0])
		snprintf(c->volume, sizeof c->volume, "%s", spec->volume);
	else
		snprintf(c->volume, sizeof c->volume, "%s.qcow2", spec->name);
	c->filter = spec->filter && netfilter_exists(op->conn, NETFILTER_GUEST);
}

static void create_fini(struct create *c)
{
	if (c->pool)
		virStoragePoolFree(c->pool);
}

/* Opens the pool, which stays open. */
static int check_all(struct create *c)
{
	int rc = check_numbers(c);

	if (!rc)
		rc = check_fragment(c);
	if (!rc)
		rc = check_name(c);
	if (!rc)
		rc = check_uuid(c);
	for (size_t i = 0; !rc && i < c->spec->n_nics; i++)
		rc = check_network(c, c->spec->nics[i].network);
	if (!rc)
		rc = check_others(c, check_domain_macs);
	if (!rc)
		rc = open_pool(c);
	return rc ? rc : check_volume(c);
}

int ops_check(struct op *op, const struct guest_spec *spec, const char *type)
{
	struct create c;
	int rc;

	create_init(&c, op, spec, type);
	rc = check_all(&c);
	create_fini(&c);
	return rc;
}

static int make_volume(struct create *c, virStorageVolPtr *ret)
{
	char why[128], text[32];
	xmlDoc *doc = xml_read("<volume/>", 9, 1, why, sizeof why);
	xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
	char *xml;

	snprintf(text, sizeof text, "%llu", (unsigned long long)c->spec->disk);
	xml_set_text(xml_add(root, "name"), c->volume);
	xml_set(xml_set_text(xml_add(root, "capacity"), text), "unit", "bytes");
	/* None beyond the metadata: left out, libvirt takes it for all of the capacity. */
	xml_set_text(xml_add(root, "allocation"), "0");
	xml_set(xml_add(xml_add(root, "target"), "format"), "type", "qcow2");
	xml = doc ? xml_write(doc) : NULL;
	xmlFreeDoc(doc);
	if (!xml)
		return refuse(c, -ENOMEM, "out of memory");
	*ret = virStorageVolCreateXML(c->pool, xml, VIR_STORAGE_VOL_CREATE_PREALLOC_METADATA);
	/* Preallocation is for speed only; a driver may not know it. */
	if (!*ret && virt_errno() == -EINVAL)
		*ret = virStorageVolCreateXML(c->pool, xml, 0);
	free(xml);
	return *ret ? 0 : virt_error(c->op->why, GUEST_WHY, "making volume %s", c->volume);
}

/* Whatever state it is in: its definition boots the disk. */
static int set_autostart(struct create *c, virDomainPtr d)
{
	int rc;

	if (!c->spec->autostart || !virDomainSetAutostart(d, 1))
		return 0;
	rc = virt_error(c->op->why, GUEST_WHY, "autostart of %s", c->spec->name);
	virDomainUndefineFlags(d, VIR_DOMAIN_UNDEFINE_NVRAM);
	return rc;
}

static int define(struct create *c, virStorageVolPtr volume)
{
	char *path = virStorageVolGetPath(volume), *xml = NULL;
	virDomainPtr d = NULL;
	int rc;

	if (!path)
		return virt_error(c->op->why, GUEST_WHY, "volume %s", c->volume);
	rc = make_xml(c, path, &xml);
	free(path);
	if (rc)
		return rc;
	if (!(d = virDomainDefineXMLFlags(c->op->conn, xml, VIR_DOMAIN_DEFINE_VALIDATE)))
		rc = virt_error(c->op->why, GUEST_WHY, "defining %s%s", c->spec->name,
			virt_errno() != -EINVAL         ? ""
				: c->spec->fragment_own ? ", with its <domain>"
							: ", with the profile's <domain>");
	else
		rc = set_autostart(c, d);
	if (d)
		virDomainFree(d);
	free(xml);
	return rc;
}

static int remove_remnants(struct create *c)
{
	virDomainPtr d;
	int rc = ops_find(c->op, c->spec->name, NULL, &d);

	if (rc && rc != -ENOENT)
		return rc;
	if (!rc) {
		rc = ops_destroy(c->op, d);
		if (!rc)
			rc = ops_undefine(c->op, d);
		virDomainFree(d);
		if (rc)
			return rc;
	}
	return ops_delete_volume(c->op, c->pool_name, c->volume);
}

int ops_create(struct op *op, const struct guest_spec *spec, const char *type, bool *ret_made)
{
	virStorageVolPtr volume = NULL;
	char warning[GUEST_WHY];
	struct create c;
	int rc;

	create_init(&c, op, spec, type);
	if ((rc = check_all(&c)))
		goto out;
	memcpy(warning, op->why, sizeof warning);
	if (spec->replace && (rc = remove_remnants(&c)))
		goto out;
	*ret_made = true;
	if ((rc = make_volume(&c, &volume)))
		goto out;
	if ((rc = define(&c, volume)))
		virStorageVolDelete(volume, 0);
	else
		memcpy(op->why, warning, sizeof warning);
out:
	if (volume)
		virStorageVolFree(volume);
	create_fini(&c);
	return rc;
}
