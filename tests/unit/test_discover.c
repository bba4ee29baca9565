/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The collector's pure parts: what it makes of firmware's texts, switches' frames, disks' first sectors. */
#include "contrib/discover/collect.h"
#include "contrib/discover/facts.h"
#include "contrib/discover/holds.h"
#include "contrib/discover/kernel_file.h"
#include "contrib/discover/lldp.h"
#include "contrib/discover/say.h"

#include "core/json.h"
#include "machine/inventory.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* JSON */

static json_t *loaded(struct say *s)
{
	json_error_t err;
	char *text;
	json_t *j;

	ck_assert_int_eq(text_take(&s->text, &text), 0);
	j = json_loads(text, 0, &err);
	ck_assert_msg(j, "%s: %s", text, err.text);
	free(text);
	return j;
}

static json_t *said(const char *text)
{
	struct say s;

	say_init(&s, 4096);
	say_open(&s, NULL, '{');
	say_text(&s, "x", text);
	say_number(&s, "n", 7);
	say_close(&s, '}');
	return loaded(&s);
}

START_TEST(json_hostile)
{
	static const struct {
		const char *in, *out;
	} all[] = {{"a\"b\\c", "a\"b\\c"}, {"\",\"schema\":9,\"", "\",\"schema\":9,\""},
		{"a\x01\x1b[2J\x7f\nb", "a  [2J  b"}, {"\xff\xfe", "\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xc3\xa9\xe2\x82", "\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd"},
		{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		json_t *j = said(all[i].in);

		ck_assert_str_eq(json_text(j, "x"), all[i].out);
		ck_assert_uint_eq(json_object_size(j), 2);
		json_decref(j);
	}
}
END_TEST

START_TEST(json_cut)
{
	char text[400];
	json_t *j;

	memset(text, '"', sizeof text);
	text[sizeof text - 1] = '\0';
	j = said(text);
	ck_assert_uint_eq(strlen(json_text(j, "x")), SAY_TEXT);
	json_decref(j);
	memset(text, 'a', sizeof text);
	memcpy(text + SAY_TEXT - 1, "\xe2\x82\xac", 4);
	j = said(text); /* the whole character, or nothing of it */
	ck_assert_uint_eq(strlen(json_text(j, "x")), SAY_TEXT + 2);
	json_decref(j);
}
END_TEST

START_TEST(json_nested)
{
	struct say s;
	json_t *j;

	say_init(&s, 4096);
	say_open(&s, NULL, '{');
	say_text(&s, "none", "");
	say_number(&s, "none", -1);
	say_flag(&s, "none", -1);
	say_open(&s, "a", '[');
	say_open(&s, NULL, '{');
	say_close(&s, '}');
	say_open(&s, NULL, '{');
	say_flag(&s, "f", 1);
	say_empty(&s, "e");
	say_close(&s, '}');
	say_close(&s, ']');
	say_number(&s, "n", 1);
	say_close(&s, '}');
	j = loaded(&s);
	ck_assert_uint_eq(json_object_size(j), 2);
	ck_assert_uint_eq(json_array_size(json_object_get(j, "a")), 2);
	json_decref(j);
}
END_TEST

/* Facts */

static const char *text_of(const char *bytes, size_t len)
{
	static char buf[16];

	facts_text(bytes, len, buf, sizeof buf);
	return buf;
}

START_TEST(texts)
{
	ck_assert_str_eq(text_of("  A  b\n", 7), "A b");
	ck_assert_str_eq(text_of("\0\0x\0", 4), "x");
	ck_assert_str_eq(text_of("", 0), "");
	ck_assert_str_eq(text_of("   ", 3), "");
	ck_assert_str_eq(text_of("0123456789abcdefgh", 18), "0123456789abcde");
	ck_assert_str_eq(facts_chassis(23), "rack mount chassis");
	ck_assert_str_eq(facts_chassis(0x80 | 28), "blade");
	ck_assert_str_eq(facts_chassis(2), "");
	ck_assert_str_eq(facts_chassis(127), "");
}
END_TEST

START_TEST(cpus)
{
	struct facts_cpu cpu;

	facts_cpu("processor\t: 0\nmodel name\t: Some  CPU\nphysical id\t: 0\ncore id\t\t: 0\n\n"
		  "processor\t: 1\nmodel name\t: Some CPU\nphysical id\t: 0\ncore id\t\t: 0\n\n"
		  "processor\t: 2\nphysical id\t: 1\ncore id\t\t: 0\n\nprocessor\t: 3\n"
		  "physical id\t: 1\ncore id\t\t: 1",
		&cpu);
	ck_assert_str_eq(cpu.model, "Some CPU");
	ck_assert_int_eq(cpu.sockets, 2);
	ck_assert_int_eq(cpu.cores, 3);
	ck_assert_int_eq(cpu.threads, 4);
	facts_cpu("", &cpu);
	ck_assert_int_eq(cpu.threads, 0);
	facts_cpu("processor", &cpu);
	ck_assert_int_eq(cpu.threads, 0);
}
END_TEST

START_TEST(drives)
{
	char buf[64];

	facts_serial_page((const uint8_t *)"\0\x80\0\x06 WD-42x", 11, buf, sizeof buf);
	ck_assert_str_eq(buf, "WD-42");
	facts_serial_page((const uint8_t *)"\0\x80\xff\xff"
					   "A",
		5, buf, sizeof buf);
	ck_assert_str_eq(buf, "A");
	facts_serial_page((const uint8_t *)"\0\x83\0\1A", 5, buf, sizeof buf);
	ck_assert_str_eq(buf, "");
	facts_serial_page((const uint8_t *)"\0\x80", 2, buf, sizeof buf);
	ck_assert_str_eq(buf, "");
	facts_wwn("naa.5000c500a1b2c3d4", buf, sizeof buf);
	ck_assert_str_eq(buf, "naa.5000c500a1b2c3d4");
	facts_wwn("t10.ATA     QEMU HARDDISK", buf, sizeof buf);
	ck_assert_str_eq(buf, "");
	facts_pci_of("/sys/devices/pci0000:00/0000:00:1c.0/0000:03:00.1/virtio1", buf);
	ck_assert_str_eq(buf, "0000:03:00.1");
	facts_pci_of("/sys/devices/platform/x", buf);
	ck_assert_str_eq(buf, "");
	ck_assert_str_eq(facts_bus("sda", "/sys/devices/pci/ata1/host0/block/sda"), "ata");
	ck_assert_str_eq(facts_bus("sda", "/sys/devices/pci/usb1/1-1/host0/block/sda"), "usb");
	ck_assert_str_eq(facts_bus("sda", "/sys/devices/pci/host0/block/sda"), "scsi");
	ck_assert_str_eq(facts_bus("vda", "/sys/devices/pci/virtio1/block/vda"), "virtio");
	ck_assert_str_eq(facts_bus("nvme0n1", "/sys/devices/pci/nvme/nvme0/nvme0n1"), "nvme");
	ck_assert_str_eq(facts_bus("mmcblk0", "/sys/devices/mmc0"), "other");
}
END_TEST

START_TEST(controllers)
{
	char buf[FACTS_LAN_TEXT];
	uint8_t six[20] = {0, 0x11, 0, 0x80, 0x20, 0x01, 0x0d, 0xb8};

	facts_lan(FACTS_LAN_IP, (const uint8_t *)"\0\x11\x0a\0\0\x09", 6, buf);
	ck_assert_str_eq(buf, "10.0.0.9");
	facts_lan(FACTS_LAN_IP, (const uint8_t *)"\0\x11\x0a\0\0", 5, buf);
	ck_assert_str_eq(buf, "");
	facts_lan(
		FACTS_LAN_IP, (const uint8_t *)"\x80\x11\x0a\0\0\x09", 6, buf); /* not supported */
	ck_assert_str_eq(buf, "");
	facts_lan(FACTS_LAN_IP, (const uint8_t *)"\0\x11\0\0\0\0", 6, buf);
	ck_assert_str_eq(buf, "");
	facts_lan(FACTS_LAN_MAC, (const uint8_t *)"\0\x11\x02\0\0\0\0\x09", 8, buf);
	ck_assert_str_eq(buf, "02:00:00:00:00:09");
	six[19] = 9;
	facts_lan(FACTS_LAN_STATIC6, six, 20, buf);
	ck_assert_str_eq(buf, "2001:db8::9");
	six[4] = 0xfe;
	six[5] = 0x80; /* of the link alone */
	facts_lan(FACTS_LAN_STATIC6, six, 20, buf);
	ck_assert_str_eq(buf, "");
	facts_lan(FACTS_LAN_IP, six, 0, buf);
	ck_assert_str_eq(buf, "");
}
END_TEST

/* LLDP */

struct frame {
	uint8_t b[600];
	size_t n;
};

static struct frame frame(void)
{
	struct frame f = {{1, 0x80, 0xc2, 0, 0, 0x0e, 2, 0, 0, 0, 0, 1, 0x88, 0xcc}, 14};

	return f;
}

static void tlv(struct frame *f, unsigned type, const void *value, size_t n)
{
	f->b[f->n++] = (uint8_t)(type << 1 | n >> 8);
	f->b[f->n++] = (uint8_t)n;
	memcpy(f->b + f->n, value, n);
	f->n += n;
}

static struct frame three(void)
{
	struct frame f = frame();

	tlv(&f, 1, "\4\2\0\0\0\0\x5a", 7);
	tlv(&f, 2, "\5ge-0/0/1\0\0", 11);
	tlv(&f, 3, "\0\x78", 2);
	return f;
}

static int parse(const struct frame *f, struct lldp *l)
{
	uint8_t *exact = malloc(f->n ? f->n : 1); /* a read beyond it shows */
	int rc;

	memcpy(exact, f->b, f->n);
	rc = lldp_parse(exact, f->n, l);
	free(exact);
	return rc;
}

START_TEST(lldp_whole)
{
	struct frame f = three();
	struct lldp l;

	tlv(&f, 4, "uplink \"7\"", 10);
	tlv(&f, 5, "sw1", 3);
	tlv(&f, 6, "what it is", 10);
	tlv(&f, 127, "\0\x80\xc2\1\0\x64", 6);
	tlv(&f, 127, "\0\x12\x0f\1\0\x65\0\0\0", 9);
	tlv(&f, 0, "", 0);
	tlv(&f, 5, "beyond the end", 14);
	ck_assert_int_eq(parse(&f, &l), 0);
	ck_assert_str_eq(l.chassis_id, "02:00:00:00:00:5a");
	ck_assert_str_eq(l.port_id, "ge-0/0/1");
	ck_assert_str_eq(l.port_description, "uplink \"7\"");
	ck_assert_str_eq(l.system_name, "sw1");
	ck_assert_int_eq(l.vlan, 100);
}
END_TEST

START_TEST(lldp_least)
{
	struct frame f = three();
	struct lldp l;

	ck_assert_int_eq(parse(&f, &l), 0); /* without an end: some leave it out */
	ck_assert_str_eq(l.system_name, "");
	ck_assert_int_eq(l.vlan, -1);
	f.n = 14;
	tlv(&f, 1, "\5\1\x0a\0\0\1", 6);
	tlv(&f, 2, "\4\2\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 18);
	tlv(&f, 3, "\0\1", 2);
	ck_assert_int_eq(parse(&f, &l), 0);
	ck_assert_str_eq(l.chassis_id, "10.0.0.1");
	ck_assert_str_eq(l.port_id, "2001:db8::1");
}
END_TEST

START_TEST(lldp_broken)
{
	struct lldp l = {.system_name = "as it was"};
	struct frame f = three();

	for (size_t n = 0; n < f.n; n++) {
		struct frame cut = f;

		cut.n = n;
		ck_assert_int_ne(parse(&cut, &l), 0);
	}
	f = three();
	f.b[12] = 8; /* IPv4 */
	ck_assert_int_eq(parse(&f, &l), -EINVAL);
	f = frame();
	tlv(&f, 2, "\5x", 2);
	tlv(&f, 1, "\4x", 2);
	tlv(&f, 3, "\0\1", 2);
	ck_assert_int_eq(parse(&f, &l), -EINVAL);
	f = frame();
	tlv(&f, 1, "\4", 1);
	tlv(&f, 2, "\5x", 2);
	tlv(&f, 3, "\0\1", 2);
	ck_assert_int_eq(parse(&f, &l), -EINVAL);
	f = three();
	f.b[f.n - 1] = 0; /* it is going */
	ck_assert_int_eq(parse(&f, &l), -ENOENT);
	f = three();
	tlv(&f, 5, "x", 1);
	f.b[f.n - 2] = 200; /* more than there is */
	ck_assert_int_eq(parse(&f, &l), -EINVAL);
	ck_assert_str_eq(l.system_name, "as it was");
}
END_TEST

START_TEST(lldp_odd)
{
	struct frame f = three();
	struct lldp l;
	char text[511];

	memset(text, 'a', sizeof text);
	tlv(&f, 5, text, sizeof text);
	tlv(&f, 4, "a\0b", 3);
	tlv(&f, 127, "\0\x80\xc2\1\0", 5); /* half a VLAN */
	ck_assert_int_eq(parse(&f, &l), 0);
	ck_assert_uint_eq(strlen(l.system_name), LLDP_TEXT - 1);
	ck_assert_str_eq(l.port_description, "a");
	ck_assert_int_eq(l.vlan, -1);
}
END_TEST

/* Disks */

enum { DISK = 4 << 20 };
static uint8_t disk[DISK];

static int disk_read(void *arg, uint64_t offset, void *to, size_t len)
{
	(void)arg;
	if (offset > DISK || len > DISK - offset)
		return -EIO;
	memcpy(to, disk + offset, len);
	return 0;
}

static const char *looked(void)
{
	const struct holds_disk d = {.size = DISK, .sector = 512, .read = disk_read};
	static char text[HOLDS_TEXT];

	ck_assert_int_eq(holds_look(&d, text), 0);
	return text;
}

static void blank(void)
{
	memset(disk, 0, sizeof disk);
}

static void put(size_t at, const char *bytes, size_t n)
{
	memcpy(disk + at, bytes, n);
}

static void put_le(size_t at, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		disk[at + i] = (uint8_t)(v >> (8 * i));
}

static void put_ext4(size_t at)
{
	put_le(at + 1024 + 56, 0xef53, 2);
	put_le(at + 1024 + 96, 0x40, 4);
}

static void put_mbr(size_t at, unsigned n, uint8_t type, uint32_t first, uint32_t count)
{
	disk[at + 446 + 16 * n + 4] = type;
	put_le(at + 446 + 16 * n + 8, first, 4);
	put_le(at + 446 + 16 * n + 12, count, 4);
	put(at + 510, "\x55\xaa", 2);
}

START_TEST(disk_plain)
{
	ck_assert_str_eq(looked(), "");
	put(70000, "x", 1);
	ck_assert_str_eq(looked(), "");
	put(5000, "x", 1);
	ck_assert_str_eq(looked(), "unknown data");
	put_ext4(0);
	ck_assert_str_eq(looked(), "ext4");
	put_le(1024 + 96, 0, 4);
	ck_assert_str_eq(looked(), "ext2");
	put_le(1024 + 92, 4, 4);
	ck_assert_str_eq(looked(), "ext3");
	put(0x10040, "_BHRfS_M", 8);
	ck_assert_str_eq(looked(), "btrfs");
	put(DISK - 1024, "Intel Raid ISM Cfg Sig. ", 24);
	blank();
	put(512, "LABELONE", 8);
	put(512 + 24, "LVM2 001", 8);
	ck_assert_str_eq(looked(), "lvm");
	blank();
	put(DISK - 1024, "Intel Raid ISM Cfg Sig. ", 24);
	ck_assert_str_eq(looked(), "intel raid");
	blank();
	put_le(130 * 1024, 0x00bab10c, 8);
	ck_assert_str_eq(looked(), "zfs");
}
END_TEST

START_TEST(disk_mbr)
{
	put_mbr(0, 0, 0x83, 2048, 2048);
	put_ext4(1 << 20);
	put_mbr(0, 1, 0x05, 4096, 2048);
	put_mbr(4096 * 512, 0, 0x82, 8, 100);
	put(4104 * 512 + 4086, "SWAPSPACE2", 10);
	put_mbr(4096 * 512, 1, 0x05, 200, 100);
	put_mbr(4296 * 512, 0, 0x83, 8, 20);
	ck_assert_str_eq(looked(), "mbr; 1: ext4, 1024 KiB; 5: swap, 50 KiB; 6: unknown, 10 KiB");
	put_mbr(4296 * 512, 1, 0x05, 200, 100); /* a ring */
	ck_assert_uint_lt(strlen(looked()), HOLDS_TEXT);
	put_mbr(0, 0, 0x83, 0xffffffff, 0xffffffff);
	ck_assert_uint_lt(strlen(looked()), HOLDS_TEXT);
	blank();
	put(0x52, "FAT32   ", 8);
	put_mbr(0, 0, 0x0c, 1, 1);
	ck_assert_str_eq(looked(), "vfat");
}
END_TEST

static void put_gpt(uint64_t entries, uint32_t count, uint32_t size)
{
	put(512, "EFI PART", 8);
	put_le(512 + 72, entries, 8);
	put_le(512 + 80, count, 4);
	put_le(512 + 84, size, 4);
}

static void put_entry(unsigned i, uint64_t first, uint64_t last)
{
	size_t at = 1024 + 128 * i;

	put(at, "type", 4);
	put_le(at + 32, first, 8);
	put_le(at + 40, last, 8);
}

START_TEST(disk_gpt)
{
	put_mbr(0, 0, 0xee, 1, 8191);
	put_gpt(2, 128, 128);
	put_entry(0, 2048, 4095);
	put_ext4(1 << 20);
	put_entry(3, 4096, 1ull << 40);
	ck_assert_str_eq(looked(), "gpt; 1: ext4, 1024 KiB; 4: unknown, 511 TiB");
	put_entry(4, 10, 9);
	put_entry(5, 10, UINT64_MAX);
	ck_assert_str_eq(looked(), "gpt; 1: ext4, 1024 KiB; 4: unknown, 511 TiB");
	put_gpt(UINT64_MAX, 128, 128);
	ck_assert_str_eq(looked(), "gpt");
	put_gpt(2, UINT32_MAX, UINT32_MAX);
	ck_assert_str_eq(looked(), "gpt");
}
END_TEST

static int no_read(void *arg, uint64_t offset, void *to, size_t len)
{
	(void)arg;
	(void)offset;
	(void)to;
	(void)len;
	return -EIO;
}

START_TEST(disk_broken)
{
	struct holds_disk d = {.size = DISK, .sector = 512, .read = no_read};
	char text[HOLDS_TEXT];

	ck_assert_int_eq(holds_look(&d, text), -EIO);
	d.sector = 0;
	ck_assert_int_eq(holds_look(&d, text), -EIO);
}
END_TEST

/* A machine made of files */

static char root[64];

static void file(const char *path, const void *bytes, size_t n)
{
	char full[256], command[300];
	FILE *f;

	snprintf(full, sizeof full, "%s/%s", root, path);
	snprintf(command, sizeof command, "mkdir -p $(dirname %s)", full);
	ck_assert_int_eq(system(command), 0);
	f = fopen(full, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

static void text_file(const char *path, const char *text)
{
	file(path, text, strlen(text));
}

static void link_file(const char *path, const char *to)
{
	char command[400];

	snprintf(command, sizeof command, "mkdir -p $(dirname %s/%s) && ln -s %s %s/%s", root, path,
		to, root, path);
	ck_assert_int_eq(system(command), 0);
}

static void files(void)
{
	text_file("sys/class/dmi/id/sys_vendor", "AC\"ME \n");
	text_file("sys/class/dmi/id/product_serial", "Default string\n");
	text_file("sys/class/dmi/id/product_uuid", "4C4C4544-0035-4410-8057-B7C04F4E4432\n");
	text_file("sys/class/dmi/id/chassis_type", "23\n");
	text_file("sys/class/dmi/id/chassis_asset_tag", "A17\x1b\n");
	file("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c",
		"\6\0\0\0\1", 5);
	text_file("sys/devices/system/memory/block_size_bytes", "8000000\n");
	for (int i = 0; i < 4; i++) {
		char path[64];

		snprintf(path, sizeof path, "sys/devices/system/memory/memory%d/state", i);
		text_file(path, "online\n");
	}
	text_file("proc/cpuinfo",
		"processor\t: 0\nmodel name\t: CPU\nphysical id\t: 0\ncore id\t\t: 0\n");
	text_file("sys/bus/pci/devices/0000:00:03.0/class", "0x020000\n");
	text_file("sys/bus/pci/devices/0000:00:03.0/vendor", "0x8086\n");
	text_file("sys/bus/pci/devices/0000:00:03.0/device", "0x100e\n");
	link_file("sys/bus/pci/devices/0000:00:03.0/driver", "../../drivers/e1000");
}

static void disk_files(const char *name, const char *sectors)
{
	char path[128];

	snprintf(path, sizeof path, "sys/block/%s/size", name);
	text_file(path, sectors);
	snprintf(path, sizeof path, "sys/block/%s/queue/rotational", name);
	text_file(path, "0\n");
	snprintf(path, sizeof path, "sys/block/%s/device/model", name);
	text_file(path, "MODEL  X\n");
}

static json_t *collected(void)
{
	char why[256] = "", *text;
	json_t *ret = NULL;
	struct say s;

	say_init(&s, 1 << 18);
	say_open(&s, NULL, '{');
	say_number(&s, "schema", 1);
	collect_firmware(&s);
	collect_computer(&s);
	collect_disks(&s);
	say_close(&s, '}');
	ck_assert_int_eq(text_take(&s.text, &text), 0);
	ck_assert_msg(
		!inventory_parse(text, strlen(text), &ret, why, sizeof why), "%s: %s", why, text);
	free(text);
	return ret;
}

static void is(const json_t *j, const char *expected)
{
	char *text = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);

	ck_assert_str_eq(text, expected);
	free(text);
}

START_TEST(whole_machine)
{
	static const uint8_t page[] = "\0\x80\0\5WD-42";
	char command[80];
	json_t *j;

	strcpy(root, "/tmp/test_discover.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
	kernel_root = root;
	files();
	disk_files("sda", "8192\n");
	file("sys/block/sda/device/vpd_pg80", page, 9);
	text_file("sys/block/sda/device/wwid", "naa.5000c500a1b2c3d4\n");
	put_ext4(0);
	file("dev/sda", disk, DISK);
	disk_files("nvme0n1", "8192\n"); /* without a device file: nobody can look */
	text_file("sys/block/nvme0n1/device/serial", "NV1 \n");
	text_file("sys/block/nvme0n1/hidden", "0\n");
	disk_files("nvme0c0n1", "8192\n"); /* a path to it */
	text_file("sys/block/nvme0c0n1/hidden", "1\n");
	disk_files("mmcblk0boot0", "8192\n");
	disk_files("sr0", "8192\n");
	disk_files("sdb", "0\n"); /* a reader without a card */
	text_file("sys/block/loop0/size", "8192\n");
	j = collected();
	is(json_object_get(j, "system"),
		"{\"serial\":\"Default string\",\"uuid\":\"4c4c4544-0035-4410-8057-b7c04f4e4432\","
		"\"vendor\":\"AC\\\"ME\"}");
	is(json_object_get(j, "chassis"),
		"{\"asset_tag\":\"A17\",\"type\":\"rack mount chassis\"}");
	is(json_object_get(j, "firmware"), "{\"mode\":\"uefi\",\"secure_boot\":true}");
	ck_assert_int_eq(json_integer_value(json_object_get(j, "memory_mib")), 512);
	is(json_object_get(j, "pci"),
		"[{\"address\":\"0000:00:03.0\",\"class\":\"0200\",\"device\":\"100e\","
		"\"driver\":\"e1000\",\"vendor\":\"8086\"}]");
	is(json_object_get(j, "disks"),
		"[{\"bus\":\"nvme\",\"model\":\"MODEL X\",\"name\":\"nvme0n1\",\"rotational\":false,"
		"\"serial\":\"NV1\",\"size_bytes\":4194304},"
		"{\"bus\":\"scsi\",\"holds\":\"ext4\",\"model\":\"MODEL X\",\"name\":\"sda\","
		"\"rotational\":false,\"serial\":\"WD-42\",\"size_bytes\":4194304,"
		"\"wwn\":\"naa.5000c500a1b2c3d4\"}]");
	json_decref(j);
	kernel_root = "";
	snprintf(command, sizeof command, "rm -r %s", root);
	ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(no_machine)
{
	json_t *j;

	kernel_root = "/nowhere";
	j = collected();
	ck_assert_ptr_null(json_object_get(j, "memory_mib"));
	is(json_object_get(j, "disks"), "[]");
	is(json_object_get(j, "firmware"), "{\"mode\":\"bios\"}");
	json_decref(j);
	kernel_root = "";
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("discover");
	TCase *t = tcase_create("discover");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, blank, NULL);
	tcase_add_test(t, json_hostile);
	tcase_add_test(t, json_cut);
	tcase_add_test(t, json_nested);
	tcase_add_test(t, texts);
	tcase_add_test(t, cpus);
	tcase_add_test(t, drives);
	tcase_add_test(t, controllers);
	tcase_add_test(t, lldp_whole);
	tcase_add_test(t, lldp_least);
	tcase_add_test(t, lldp_broken);
	tcase_add_test(t, lldp_odd);
	tcase_add_test(t, disk_plain);
	tcase_add_test(t, disk_mbr);
	tcase_add_test(t, disk_gpt);
	tcase_add_test(t, disk_broken);
	tcase_add_test(t, whole_machine);
	tcase_add_test(t, no_machine);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
