/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a storage pool can hold for a guest, and the XML of its volumes. */
#include "guest/volume_xml.h"

#include "guest/domain/domain_disk.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)

static char why[GUEST_WHY];

static const struct pool_kind *read_kind(const char *type)
{
	const struct pool_kind *kind = NULL;
	char xml[128];

	snprintf(xml, sizeof xml, "<pool type='%s'><name>p</name></pool>", type);
	why[0] = '\0';
	ck_assert_int_eq(pool_kind_read(xml, "p", &kind, why, sizeof why), kind ? 0 : -EINVAL);
	return kind;
}

START_TEST(kinds)
{
	static const char *const files[] = {"dir", "fs", "netfs", "vstorage"},
				 *const none[] = {"disk", "iscsi", "iscsi-direct", "scsi", "mpath",
					 "rbd", "sheepdog", "gluster"};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const struct pool_kind *k = read_kind(files[i]);

		ck_assert(k && !k->block && k->thin);
		ck_assert_str_eq(k->format, "qcow2");
	}
	ck_assert(read_kind("logical")->block && !read_kind("logical")->thin);
	ck_assert(read_kind("zfs")->block && read_kind("zfs")->thin);
	ck_assert_str_eq(read_kind("zfs")->format, "raw");
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		ck_assert_ptr_null(read_kind(none[i]));
	read_kind("iscsi");
	ck_assert_str_eq(why,
		"storage pool p is of type iscsi, where no guest's disk can be made (its volumes "
		"are made on the storage server or by the device, not by libvirt): take one of "
		"type dir, fs, netfs, logical or zfs");
	read_kind("tape");
	ck_assert_ptr_nonnull(strstr(why,
		"of type tape, where no guest's disk can be made (not "
		"known here)"));
	ck_assert_int_eq(
		pool_kind_read("<pool", "p", &(const struct pool_kind *){NULL}, why, sizeof why),
		-EINVAL);
}
END_TEST

static const char *named(size_t i, const char *type)
{
	static char name[VOLUME_NAME];

	volume_name("web01", i, pool_kind(type), name);
	return name;
}

START_TEST(names)
{
	ck_assert_str_eq(named(0, "dir"), "web01.qcow2");
	ck_assert_str_eq(named(1, "dir"), "web01_2.qcow2");
	ck_assert_str_eq(named(7, "netfs"), "web01_8.qcow2");
	ck_assert_str_eq(named(0, "logical"), "web01");
	ck_assert_str_eq(named(1, "zfs"), "web01_2");
	ck_assert(volume_is_further("web01_2.qcow2", "web01"));
	ck_assert(volume_is_further("web01_9", "web01"));
	ck_assert(!volume_is_further("web01.qcow2", "web01"));
	ck_assert(!volume_is_further("web01_2.qcow2", "web0"));
	ck_assert(!volume_is_further("web01_2x.qcow2", "web01"));
	ck_assert(!volume_is_further("web01_2.img", "web01"));
	ck_assert(!volume_is_further("web01_.qcow2", "web01"));
}
END_TEST

/* Without the layout. */
static char *squeeze(char *xml)
{
	char *to = xml;

	ck_assert_ptr_nonnull(xml);
	for (const char *from = xml; *from; from++)
		if (*from == '\n')
			from += strspn(from, "\n ") - 1;
		else
			*to++ = *from;
	*to = '\0';
	return xml;
}

static void is_xml(struct volume_order order, const char *type, const char *want)
{
	char *xml;

	order.name = "web01&co";
	order.kind = pool_kind(type);
	order.capacity = 5 * MIB;
	xml = squeeze(volume_xml(&order));
	ck_assert_ptr_nonnull(strstr(xml, "<name>web01&amp;co</name>"));
	ck_assert_ptr_nonnull(strstr(xml, "<capacity unit=\"bytes\">5242880</capacity>"));
	ck_assert_msg(strstr(xml, want) != NULL, "%s is not in %s", want, xml);
	free(xml);
}

START_TEST(orders)
{
	const struct volume_order plain = {0},
				  link = {.backing = "/p/a<b", .backing_format = "raw"};

	is_xml(plain, "dir",
		"<allocation unit=\"bytes\">0</allocation><target><format "
		"type=\"qcow2\"/><compat>1.1</compat></target></volume>");
	is_xml(plain, "zfs",
		"<allocation unit=\"bytes\">0</allocation><target><format "
		"type=\"raw\"/></target></volume>");
	is_xml(plain, "logical", "<allocation unit=\"bytes\">5242880</allocation>");
	is_xml(link, "dir",
		"<backingStore><path>/p/a&lt;b</path><format type=\"raw\"/></backingStore>");
}
END_TEST

START_TEST(parse)
{
	struct volume_facts f;

	ck_assert_int_eq(
		volume_parse("<volume type='file'><name>a</name>"
			     "<capacity unit='bytes'>10737418240</capacity>"
			     "<allocation unit='bytes'>200704</allocation>"
			     "<target><path>/p/a</path><format type='qcow2'/></target>"
			     "<backingStore><path>/p/base</path><format type='raw'/></backingStore>"
			     "</volume>",
			&f),
		0);
	ck_assert_uint_eq(f.capacity, 10240 * MIB);
	ck_assert_uint_eq(f.allocation, 200704);
	ck_assert_str_eq(f.path, "/p/a");
	ck_assert_str_eq(f.format, "qcow2");
	ck_assert_str_eq(f.backing, "/p/base");
	ck_assert_int_eq(
		volume_parse("<volume><target><path>/dev/vg/a</path></target></volume>", &f), 0);
	ck_assert_str_eq(f.format, "raw");
	ck_assert_str_eq(f.backing, "");
	ck_assert_uint_eq(f.capacity, 0);
	ck_assert_int_eq(volume_parse("<volume>", &f), -EINVAL);
}
END_TEST

static int fits(
	const char *type, unsigned volumes, uint64_t capacity, uint64_t copied, uint64_t room)
{
	struct volume_need n = {0};

	for (unsigned i = 0; i < volumes; i++)
		volume_need_add(&n, pool_kind(type), capacity, copied);
	why[0] = '\0';
	return volume_room(&n, pool_kind(type), "p", room, why, sizeof why);
}

START_TEST(room)
{
	ck_assert_int_eq(fits("dir", 1, 1000 * MIB, 0, 2000 * MIB), 0);
	ck_assert_str_eq(why, "");
	ck_assert_int_eq(fits("dir", 1, 1000 * MIB, 0, 50 * MIB), 0);
	ck_assert_str_eq(why, "disk of 1000 MiB, but storage pool p has 50 MiB left");
	ck_assert_int_eq(fits("zfs", 3, 1000 * MIB, 0, 50 * MIB), 0);
	ck_assert_str_eq(why, "3 disks of 3000 MiB, but storage pool p has 50 MiB left");
	ck_assert_int_eq(fits("dir", 1, 1000 * MIB, 0, MIB), -ENOSPC);
	ck_assert_str_eq(why,
		"storage pool p is full: 1 MiB left, 2 needed to begin with: make room, or take "
		"another with --pool");
	ck_assert_int_eq(fits("dir", 1, 1000 * MIB, 100 * MIB, 101 * MIB), -ENOSPC);
	ck_assert_int_eq(fits("dir", 1, 1000 * MIB, 100 * MIB, 102 * MIB), 0);
	ck_assert_int_eq(fits("logical", 2, 1000 * MIB, 0, 2000 * MIB), 0);
	ck_assert_str_eq(why, "");
	ck_assert_int_eq(fits("logical", 2, 1000 * MIB, 0, 1999 * MIB), -ENOSPC);
	ck_assert_str_eq(why,
		"2 disks of 2000 MiB, but storage pool p has 1999 MiB left, and its volumes are "
		"fully allocated: make room, or take another with --pool");
	/* whole extents */
	ck_assert_int_eq(fits("logical", 1, 1001 * MIB, 0, 1003 * MIB), -ENOSPC);
	ck_assert_int_eq(fits("logical", 1, 1001 * MIB, 0, 1004 * MIB), 0);
}
END_TEST

START_TEST(first_disk)
{
	static const char domain[] =
		"<domain><devices>"
		"<disk type='file' device='cdrom'><source file='/iso'/></disk>"
		"<disk type='file' device='disk'><source file='/p/old'/>"
		"<backingStore type='file'><source file='/p/x'/></backingStore>"
		"<target dev='vda'/></disk>"
		"<disk type='file'><source file='/p/other'/></disk></devices></domain>";
	char path[64], *xml;

	ck_assert_int_eq(domain_disk_path(domain, 0, path, sizeof path), 0);
	ck_assert_str_eq(path, "/p/old");
	xml = squeeze(domain_disk_swap(domain, "/p/new"));
	ck_assert_ptr_nonnull(strstr(xml,
		"<disk type=\"file\" device=\"disk\"><source file=\"/p/new\"/>"
		"<target dev=\"vda\"/><readonly/></disk>"));
	ck_assert_ptr_nonnull(strstr(xml, "/iso"));
	ck_assert_ptr_nonnull(strstr(xml, "/p/other"));
	ck_assert_ptr_null(strstr(xml, "/p/old"));
	free(xml);
	ck_assert_int_eq(domain_disk_path("<domain><devices><disk type='block'>"
					  "<source dev='/dev/vg/a'/></disk></devices></domain>",
				 0, path, sizeof path),
		0);
	ck_assert_str_eq(path, "/dev/vg/a");
	ck_assert_int_eq(
		domain_disk_path("<domain><devices/></domain>", 0, path, sizeof path), -ENOENT);
	ck_assert_ptr_null(domain_disk_swap("<domain/>", "/p/new"));
	ck_assert_int_eq(domain_disk_path(domain, 1, path, sizeof path), 0);
	ck_assert_str_eq(path, "/p/other");
	ck_assert_int_eq(domain_disk_path(domain, 2, path, sizeof path), -ENOENT);
	ck_assert_int_eq(
		domain_disk_path("<domain><devices><disk type='network'/></devices></domain>", 0,
			path, sizeof path),
		-EINVAL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("volume_xml");
	TCase *t = tcase_create("volume_xml");
	SRunner *r;
	int failed;

	suite_add_tcase(s, t);
	tcase_add_test(t, kinds);
	tcase_add_test(t, names);
	tcase_add_test(t, orders);
	tcase_add_test(t, parse);
	tcase_add_test(t, room);
	tcase_add_test(t, first_disk);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
