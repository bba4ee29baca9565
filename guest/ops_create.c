/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Checking and creating. */
#include "core/clock.h"
#include "guest/domain/domain_xml.h"
#include "guest/ops.h"
#include "guest/domain/osinfo.h"
#include "guest/virt.h"
#include "guest/volumes.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct create {
	struct op *op;
	const struct guest_spec *spec;
	const char *type;
	struct volumes volumes;
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
		s->n_nics > GUEST_NICS || s->n_more > GUEST_DISKS)
		return refuse(c, -EINVAL, "a guest needs a name, memory, a CPU, a disk and a NIC");
	for (size_t i = 0; i < s->n_more; i++)
		if (!s->more[i].size)
			return refuse(c, -EINVAL, "disk %zu has no size", i + 2);
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
		rc = refuse(c, -EEXIST, "UUID %s belongs to domain %s", c->spec->uuid,
			virDomainGetName(d));
	virDomainFree(d);
	return rc;
}

/* Of one definition: live or, with the flag, persistent. How many there are, none when it is gone since. */
static size_t read_macs(virDomainPtr d, unsigned flags, struct mac *ret, size_t size)
{
	char *xml = virDomainGetXMLDesc(d, flags);
	size_t n = xml ? domain_xml_macs(xml, ret, size) : 0;

	free(xml);
	return n;
}

/* In both its definitions. */
static bool reads_as_one_of(
	struct create *c, virDomainPtr d, const char *uuid, const struct mac *ours, size_t n)
{
	struct mac all[2 * MAC_CACHE_DOMAIN] = {{{0}}};
	size_t found;
	bool clash = false;

	mac_cache_begin(c->op->macs, uuid);
	found = read_macs(d, VIR_DOMAIN_XML_INACTIVE, all, 2 * MAC_CACHE_DOMAIN);
	if (found < 2 * MAC_CACHE_DOMAIN && virDomainIsActive(d) == 1)
		found += read_macs(d, 0, all + found, 2 * MAC_CACHE_DOMAIN - found);
	mac_cache_put(c->op->macs, uuid, all, found, clock_mono_ms());
	for (size_t i = 0; i < found && i < 2 * MAC_CACHE_DOMAIN; i++)
		for (size_t j = 0; j < n; j++)
			clash = clash || mac_eq(&all[i], &ours[j]);
	return clash;
}

static int check_domain_macs(struct create *c, virDomainPtr d, const struct mac *ours, size_t n)
{
	char uuid[UUID_TEXT] = "", mac[MAC_TEXT];
	enum mac_cache_answer answer;

	virDomainGetUUIDString(d, uuid);
	answer = mac_cache_ask(c->op->macs, uuid, ours, n, clock_mono_ms());
	if (answer == MAC_CACHE_NO ||
		(answer == MAC_CACHE_UNKNOWN && !reads_as_one_of(c, d, uuid, ours, n)))
		return 0;
	while (n > 1 &&
		mac_cache_ask(c->op->macs, uuid, &ours[n - 1], 1, clock_mono_ms()) != MAC_CACHE_YES)
		n--; /* which one it is */
	return refuse(c, -EEXIST, "MAC %s belongs to domain %s", mac_format(&ours[n - 1], mac),
		virDomainGetName(d));
}

/* Removed before this one is made. */
static bool is_going(const struct guest_spec *s, const char *name)
{
	char line[GUEST_NAME + 2];

	if (!s->going)
		return false;
	snprintf(line, sizeof line, "\n%s\n", name);
	return strstr(s->going, line);
}

/* All domains but the one of our name. */
static int check_macs(struct create *c)
{
	struct mac ours[GUEST_NICS];
	virDomainPtr *all;
	int n = virConnectListAllDomains(c->op->conn, &all, 0), rc = 0;

	if (n < 0)
		return virt_error(c->op->why, GUEST_WHY, "domains");
	for (size_t i = 0; i < c->spec->n_nics; i++)
		ours[i] = c->spec->nics[i].mac;
	for (int i = 0; i < n; i++) {
		if (!rc && strcmp(virDomainGetName(all[i]), c->spec->name) &&
			!is_going(c->spec, virDomainGetName(all[i])))
			rc = check_domain_macs(c, all[i], ours, c->spec->n_nics);
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

static int make_xml(struct create *c, char **ret)
{
	struct domain_facts facts = {
		.type = c->type, .os_id = c->os_id[0] ? c->os_id : NULL, .filter = c->filter};

	volumes_disks(&c->volumes, facts.disks);
	return domain_xml_final(c->spec, &facts, ret, c->op->why, GUEST_WHY);
}

/* libvirt itself would say so at the first start only. */
static int check_cpu(struct create *c)
{
	const char *cpu = c->spec->cpu;
	char **names = NULL;
	int n;
	bool found;

	if (!*cpu || !strcmp(cpu, "host-passthrough") || !strcmp(cpu, "host-model") ||
		!strcmp(cpu, "maximum"))
		return 0;
	n = virConnectGetCPUModelNames(c->op->conn, DOMAIN_ARCH, &names, 0);
	found = n <= 0; /* a driver that does not say */
	for (int i = 0; i < n; i++) {
		found = found || !strcmp(names[i], cpu);
		free(names[i]);
	}
	free(names);
	return found ? 0
		     : refuse(c, -EINVAL,
			       "cpu '%s': libvirt knows no such model ('virsh cpu-models %s' lists "
			       "them)",
			       cpu, DOMAIN_ARCH);
}

static int check_fragment(struct create *c)
{
	const char *os = c->spec->os_variant;
	char *xml = NULL;
	int rc = 0;

	if (*os)
		rc = osinfo_id(NULL, os, c->os_id, sizeof c->os_id, c->op->why, GUEST_WHY);
	if (!rc)
		rc = make_xml(c, &xml);

	free(xml);
	return rc;
}

/* A libvirt without any is lived with, and said (warn_unfiltered). */
static int check_filters(struct create *c)
{
	int rc = c->spec->filter ? ops_need_filters(c->op) : -ENOENT;

	c->filter = !rc;
	if (rc == -ENOENT) {
		c->op->why[0] = '\0';
		rc = 0;
	}
	return rc;
}

/* After another warning, if there is one. */
static void warn_unfiltered(struct create *c)
{
	size_t len = strlen(c->op->why);

	if (c->spec->filter && !c->filter && strcasecmp(virConnectGetType(c->op->conn), "test"))
		snprintf(c->op->why + len, GUEST_WHY - len,
			"%sno packet filter: libvirt has no nwfilter, so neighbours can answer the "
			"guest's DHCP in usher's name (apt-get install "
			"libvirt-daemon-config-nwfilter)",
			len ? "; " : "");
}

static void find_former_in(struct create *c, virDomainPtr d, unsigned flags)
{
	char *xml = virDomainGetXMLDesc(d, flags);

	if (xml)
		volumes_former_in(&c->volumes, xml);
	free(xml);
}

/* Whose are the volumes that are there? */
static int find_former(struct create *c)
{
	virDomainPtr d;
	int rc;

	if (!c->spec->replace)
		return 0;
	if (c->spec->former)
		volumes_former(&c->volumes, c->spec->former);
	if ((rc = ops_find(c->op, c->spec->name, NULL, &d)))
		return rc == -ENOENT ? 0 : rc;
	find_former_in(c, d, VIR_DOMAIN_XML_INACTIVE);
	find_former_in(c, d, 0);
	virDomainFree(d);
	return 0;
}

static void create_init(
	struct create *c, struct op *op, const struct guest_spec *spec, const char *type)
{
	*c = (struct create){.op = op, .spec = spec, .type = type};
}

/* Opens the volumes, which stay open. */
static int check_all(struct create *c)
{
	int rc = check_numbers(c);

	if (!rc)
		rc = check_cpu(c);
	for (size_t i = 0; !rc && i < c->spec->n_nics; i++)
		if (!c->spec->nics[i].coming)
			rc = check_network(c, c->spec->nics[i].network);
	if (!rc)
		rc = check_macs(c);
	if (!rc)
		rc = volumes_open(&c->volumes, c->op, c->spec);
	if (!rc)
		rc = check_filters(c);
	if (!rc)
		rc = check_fragment(c);
	if (!rc) /* who has the name hides nothing else that is wrong */
		rc = check_name(c);
	if (!rc)
		rc = check_uuid(c);
	if (!rc)
		rc = find_former(c);
	if (!rc)
		rc = volumes_check(&c->volumes);
	if (!rc)
		warn_unfiltered(c);
	return rc;
}

int ops_check(struct op *op, const struct guest_spec *spec, const char *type)
{
	struct create c;
	int rc;

	if (!spec->fresh) /* here, not for each creation: it takes longer the more there are */
		volumes_refresh(op, spec);
	create_init(&c, op, spec, type);
	rc = check_all(&c);
	volumes_fini(&c.volumes);
	return rc;
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

static int define(struct create *c)
{
	virDomainPtr d;
	char *xml = NULL;
	int rc = make_xml(c, &xml);
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
	char *xml = NULL;
	int rc = ops_find(c->op, c->spec->name, NULL, &d);

	if (rc && rc != -ENOENT)
		return rc;
	if (!rc) {
		xml = virDomainGetXMLDesc(d, VIR_DOMAIN_XML_INACTIVE);
		rc = ops_remove(c->op, d);
		virDomainFree(d);
	} else {
		rc = 0;
	}
	if (!rc)
		rc = volumes_delete(&c->volumes);
	if (!rc && xml)
		volumes_delete_former(c->op, c->spec, xml);
	free(xml);
	return rc;
}

int ops_create(struct op *op, const struct guest_spec *spec, const char *type, bool *ret_made)
{
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
	if ((rc = volumes_make(&c.volumes)))
		goto out;
	if ((rc = define(&c)))
		volumes_unmake(&c.volumes);
	else
		memcpy(op->why, warning, sizeof warning);
out:
	volumes_fini(&c.volumes);
	return rc;
}
