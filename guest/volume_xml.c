/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/volume_xml.h"

#include "guest/xml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ELSEWHERE "its volumes are made on the storage server or by the device, not by libvirt"
#define NO_PATH "a disk there has no path on this host"

static const struct pool_kind kinds[] = {
	{.type = "dir", .format = "qcow2", .thin = true},
	{.type = "fs", .format = "qcow2", .thin = true},
	{.type = "netfs", .format = "qcow2", .thin = true},
	{.type = "vstorage", .format = "qcow2", .thin = true},
	{.type = "logical", .format = "raw", .block = true},
	{.type = "zfs", .format = "raw", .block = true, .thin = true},
	{.type = "disk", .why_not = "its volumes are partitions, and not named for guests"},
	{.type = "iscsi", .why_not = ELSEWHERE},
	{.type = "iscsi-direct", .why_not = ELSEWHERE},
	{.type = "scsi", .why_not = ELSEWHERE},
	{.type = "mpath", .why_not = ELSEWHERE},
	{.type = "rbd", .why_not = NO_PATH},
	{.type = "sheepdog", .why_not = NO_PATH},
	{.type = "gluster", .why_not = NO_PATH},
};

const struct pool_kind *pool_kind(const char *type)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(kinds[i].type, type))
			return &kinds[i];
	return NULL;
}

int pool_kind_read(
	const char *xml, const char *pool, const struct pool_kind **ret, char *why, size_t why_size)
{
	char type[32] = "", line[128];
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, line, sizeof line);
	const struct pool_kind *kind;

	if (!doc) {
		snprintf(why, why_size, "storage pool %s, its XML: %s", pool, line);
		return -EINVAL;
	}
	xml_attr(xmlDocGetRootElement(doc), "type", type, sizeof type);
	xmlFreeDoc(doc);
	kind = pool_kind(type);
	if (kind && kind->format) {
		*ret = kind;
		return 0;
	}
	snprintf(why, why_size,
		"storage pool %s is of type %s, where no guest's disk can be made (%s): take one "
		"of type dir, fs, netfs, logical or zfs",
		pool, type, kind ? kind->why_not : "not known here");
	return -EINVAL;
}

void volume_name(const char *guest, size_t i, const struct pool_kind *kind, char name[VOLUME_NAME])
{
	const char *suffix = kind->block ? "" : ".qcow2";

	if (i)
		snprintf(name, VOLUME_NAME, "%.90s_%zu%s", guest, i + 1, suffix);
	else
		snprintf(name, VOLUME_NAME, "%.90s%s", guest, suffix);
}

bool volume_is_further(const char *name, const char *guest)
{
	size_t n = strlen(guest), digits;

	if (strncmp(name, guest, n) || name[n] != '_')
		return false;
	name += n + 1;
	digits = strspn(name, "0123456789");
	return digits && (!name[digits] || !strcmp(name + digits, ".qcow2"));
}

static xmlNode *add_bytes(xmlNode *parent, const char *name, uint64_t bytes)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)bytes);
	return xml_set(xml_set_text(xml_add(parent, name), text), "unit", "bytes");
}

static bool add_format(xmlNode *parent, const char *format)
{
	return xml_set(xml_add(parent, "format"), "type", format);
}

/* Not qcow2's first version, libvirt's default: what a guest discards of it can be told from what
 * is still its backing file's. */
static bool add_target(xmlNode *root, const struct pool_kind *kind)
{
	xmlNode *target = xml_add(root, "target");

	return add_format(target, kind->format) &&
		(kind->block || xml_set_text(xml_add(target, "compat"), "1.1"));
}

char *volume_xml(const struct volume_order *order)
{
	char why[128], *text = NULL;
	xmlDoc *doc = xml_read("<volume/>", 9, 1, why, sizeof why);
	xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL, *backing;
	bool ok;

	ok = xml_set_text(xml_add(root, "name"), order->name) &&
		add_bytes(root, "capacity", order->capacity) &&
		/* None beyond the metadata: left out, libvirt takes it for all of the capacity. */
		add_bytes(root, "allocation", order->kind->thin ? 0 : order->capacity) &&
		add_target(root, order->kind);
	if (ok && order->backing) {
		backing = xml_add(root, "backingStore");
		ok = xml_set_text(xml_add(backing, "path"), order->backing) &&
			add_format(backing, order->backing_format);
	}
	if (ok)
		text = xml_write(doc);
	xmlFreeDoc(doc);
	return text;
}

static uint64_t bytes(const xmlNode *n)
{
	char text[32] = "";

	xml_text(n, text, sizeof text); /* libvirt says bytes, always */
	return strtoull(text, NULL, 10);
}

int volume_parse(const char *xml, struct volume_facts *ret)
{
	char why[128];
	xmlDoc *doc = xml_read(xml, strlen(xml), 1, why, sizeof why);
	xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL, *target, *backing;
	struct volume_facts f = {0};

	if (!doc)
		return -EINVAL;
	target = xml_child(root, "target");
	backing = xml_child(root, "backingStore");
	f.capacity = bytes(xml_child(root, "capacity"));
	f.allocation = bytes(xml_child(root, "allocation"));
	xml_text(xml_child(target, "path"), f.path, sizeof f.path);
	if (!xml_attr(xml_child(target, "format"), "type", f.format, sizeof f.format) || !*f.format)
		snprintf(f.format, sizeof f.format, "raw");
	xml_text(xml_child(backing, "path"), f.backing, sizeof f.backing);
	xmlFreeDoc(doc);
	*ret = f;
	return 0;
}

/* qcow2's tables: 8 bytes of L2 and 2 of reference count per 64 KiB cluster, and a little. */
static uint64_t metadata_size(uint64_t disk)
{
	return disk / 65536 * 10 + (1 << 20);
}

void volume_need_add(
	struct volume_need *n, const struct pool_kind *kind, uint64_t capacity, uint64_t copied)
{
	if (!kind->thin) /* in whole extents */
		capacity = (capacity + VOLUME_EXTENT - 1) / VOLUME_EXTENT * VOLUME_EXTENT;
	n->volumes++;
	n->capacity += capacity;
	n->least += !kind->thin ? capacity
		: kind->block   ? copied
				: metadata_size(capacity) + copied;
}

int volume_room(const struct volume_need *n, const struct pool_kind *kind, const char *pool,
	uint64_t available, char *why, size_t why_size)
{
	const uint64_t mib = 1 << 20;
	unsigned long long left = available / mib, asked = n->capacity / mib,
			   least = (n->least + mib - 1) / mib;
	char disks[64];

	snprintf(disks, sizeof disks, n->volumes == 1 ? "disk" : "%u disks", n->volumes);
	if (n->least > available && !kind->thin)
		snprintf(why, why_size,
			"%s of %llu MiB, but storage pool %s has %llu MiB left, and its volumes "
			"are fully allocated: make room, or take another with --pool",
			disks, asked, pool, left);
	else if (n->least > available)
		snprintf(why, why_size,
			"storage pool %s is full: %llu MiB left, %llu needed to begin with: make "
			"room, or take another with --pool",
			pool, left, least);
	else if (n->capacity > available)
		snprintf(why, why_size, "%s of %llu MiB, but storage pool %s has %llu MiB left",
			disks, asked, pool, left);
	return n->least > available ? -ENOSPC : 0;
}
