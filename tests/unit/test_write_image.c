/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images written to a file in place of a disk: raw and packed, and 20 that are wrong. */
#include "gpt_make.h"
#include "contrib/write-image/label.h"
#include "contrib/write-image/twin.h"
#include "contrib/write-image/write_image.h"
#include "kickstart/media/image_file.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <zstd.h>

enum { SIZE = 20 << 20, DISK = 32 << 20, SECTOR = 512 };

static char dir[64], disk[96], why[512];
static unsigned char *image, *now;
static unsigned seen[128], n_seen;

static void fill(unsigned char *to, size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		to[i] = (unsigned char)(seed >> 24);
	}
}

/* A table, 3 MiB of data, a long hole, some more data at the end. */
static void set_up(void)
{
	strcpy(dir, "/tmp/usher-write-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(disk, sizeof disk, "%s/disk", dir);
	image = calloc(1, SIZE);
	now = calloc(1, DISK);
	gpt_make(image, SECTOR, SIZE / SECTOR, 2048, SIZE / SECTOR - 40);
	fill(image + (1 << 20), 3 << 20, 1);
	fill(image + SIZE - (1 << 20), (1 << 20) - 40 * SECTOR, 2);
	n_seen = 0;
}

static void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
	free(image);
	free(now);
}

static int file_of(const void *bytes, size_t n)
{
	char path[96];
	int fd;

	snprintf(path, sizeof path, "%s/stream", dir);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* A disk full of something. */
static void make_disk(size_t n)
{
	int fd = open(disk, O_RDWR | O_CREAT | O_TRUNC, 0600);

	memset(now, 0x5a, n);
	ck_assert_int_eq(write(fd, now, n), (ssize_t)n);
	close(fd);
}

static void read_disk(void)
{
	int fd = open(disk, O_RDONLY);

	ck_assert_int_gt(read(fd, now, DISK), 0);
	close(fd);
}

static bool untouched(size_t n)
{
	read_disk();
	return now[0] == 0x5a && !memcmp(now, now + 1, n - 1);
}

static void see(unsigned percent)
{
	ck_assert_uint_lt(n_seen, 128);
	seen[n_seen++] = percent;
}

static int run(
	const void *stream, size_t n, uint64_t size, const char *sum, struct write_image_done *done)
{
	struct write_image w = {.disk = disk, .size = size, .sum = sum, .progress = see};
	int fd = file_of(stream, n);
	char own[SHA256_HEX];
	int rc;

	ck_assert_int_eq(image_file_sum(fd, NULL, NULL, own), 0);
	if (!*sum)
		w.sum = own;
	rc = write_image(&w, fd, done, why, sizeof why);
	close(fd);
	return rc;
}

static size_t pack(const void *from, size_t n, void **ret)
{
	size_t room = ZSTD_compressBound(n), packed;

	*ret = malloc(room);
	packed = ZSTD_compress(*ret, room, from, n, 1);
	ck_assert(!ZSTD_isError(packed));
	return packed;
}

static void is_written(const struct write_image_done *done)
{
	read_disk();
	ck_assert(done->moved && done->touched);
	/* all but both headers and the size in the MBR */
	ck_assert_mem_eq(now + 2 * SECTOR, image + 2 * SECTOR, SIZE - 2 * SECTOR);
	ck_assert_uint_eq(gpt_make_get(now + SECTOR + 32, 8), DISK / SECTOR - 1);
	ck_assert_mem_eq(now + DISK - SECTOR, "EFI PART", 8);
	ck_assert_uint_gt(done->skipped, 10 << 20);
	ck_assert_uint_lt(done->written, 10 << 20);
	ck_assert_uint_eq(seen[n_seen - 1], 100);
}

START_TEST(test_raw)
{
	struct write_image_done done;

	make_disk(DISK);
	ck_assert_msg(!run(image, SIZE, SIZE, "", &done), "%s", why);
	is_written(&done);
	ck_assert_uint_eq(done.in, SIZE);
}
END_TEST

START_TEST(test_packed)
{
	struct write_image_done done;
	void *packed;
	size_t n = pack(image, SIZE, &packed);

	make_disk(DISK);
	ck_assert_msg(!run(packed, n, SIZE, "", &done), "%s", why);
	is_written(&done);
	ck_assert_uint_eq(done.in, n);
	free(packed);
}
END_TEST

/* As parallel compressors write them, and with a frame that says nothing at the end. */
START_TEST(test_frames)
{
	struct write_image_done done;
	void *one, *two;
	size_t n = pack(image, SIZE / 2, &one), m = pack(image + SIZE / 2, SIZE / 2, &two);
	unsigned char *both = malloc(n + m + 12);

	memcpy(both, one, n);
	memcpy(both + n, two, m);
	memcpy(both + n + m, "\x50\x2a\x4d\x18\4\0\0\0more", 12);
	make_disk(DISK);
	ck_assert_msg(!run(both, n + m + 12, SIZE, "", &done), "%s", why);
	is_written(&done);
	free(both);
	free(one);
	free(two);
}
END_TEST

START_TEST(test_mbr)
{
	struct write_image_done done;

	memset(image, 0, 64 << 10);
	image[446 + 4] = 0x83;
	gpt_make_put(image + 446 + 8, 2048, 4);
	gpt_make_put(image + 446 + 12, 4096, 4);
	gpt_make_put(image + 510, 0xaa55, 2);
	memset(image + SIZE - (2 << 20), 0, 2 << 20); /* it ends in a hole */
	make_disk(DISK);
	ck_assert_msg(!run(image, SIZE, SIZE, "", &done), "%s", why);
	ck_assert(!done.moved);
	read_disk();
	ck_assert_mem_eq(now, image, SIZE);
	ck_assert_uint_eq(now[DISK - SECTOR], 0); /* what may have been the copy of an old table */
}
END_TEST

/* What becomes of the image before it is sent. */
enum wrong {
	AS_IS,
	NO_TABLE,
	ZEROS,
	TWICE,
	QCOW2,
	ISO,
	BAD_HEADER,
	BAD_ENTRIES,
	PAST_END,
	SECTORS
};

static const struct {
	const char *name;
	enum wrong wrong;
	bool packed;
	uint64_t size, disk; /* 0: the right ones */
	int cut;             /* bytes that are missing at the end; below 0: that are too many */
	const char *sum;
	int rc;
	bool touched;
	const char *why;
} faults[] = {
	{"empty", AS_IS, false, 0, 0, SIZE, "", -EPIPE, false, "nothing came"},
	{"cut off, raw", AS_IS, false, 0, 0, 1000, "0", -EPIPE, true, "broke off"},
	{"cut off in its first part", AS_IS, false, 0, 0, SIZE - 100000, "0", -EPIPE, false,
		"broke off"},
	{"cut off, packed", AS_IS, true, 0, 0, 1000, "0", -EPIPE, true, "broke off"},
	{"packed, cut off at once", AS_IS, true, 0, 0, 4000000, "0", -EPIPE, false, "broke off"},
	{"another sum", AS_IS, true, 0, 0, 0, "0", -EBADMSG, true, "expected 0"},
	{"another sum, raw", AS_IS, false, 0, 0, 0, "0", -EBADMSG, true, "expected 0"},
	{"larger than the disk", AS_IS, true, 0, 16 << 20, 0, "", -ENOSPC, false,
		"nothing was written"},
	{"larger than was said", AS_IS, true, 10 << 20, 0, 0, "", -EFBIG, true, "larger than"},
	{"larger by a bit", AS_IS, false, 0, 0, -512, "", -EFBIG, true, "larger than"},
	{"smaller than was said", AS_IS, true, 30 << 20, 0, 0, "", -EINVAL, true, "has only"},
	{"no whole sectors", AS_IS, true, SIZE - 5, 0, 0, "", -EINVAL, false, "whole number"},
	{"no size", AS_IS, true, 1, 0, 0, "", -EINVAL, false, "whole number"},
	{"no table", NO_TABLE, true, 0, 0, 0, "", -EMEDIUMTYPE, false, "no partition table"},
	{"only zeros", ZEROS, true, 0, 0, 0, "", -EMEDIUMTYPE, false, "begins with zeros"},
	{"packed twice", TWICE, true, 0, 0, 0, "", -EMEDIUMTYPE, false, "compressed twice"},
	{"a qcow2", QCOW2, true, 0, 0, 0, "", -EMEDIUMTYPE, false, "qcow2 inside"},
	{"a DVD", ISO, false, 0, 0, 0, "", -EMEDIUMTYPE, false, "ISO image"},
	{"a damaged header", BAD_HEADER, true, 0, 0, 0, "", -EINVAL, false, "header is damaged"},
	{"damaged entries", BAD_ENTRIES, true, 0, 0, 0, "", -EINVAL, false, "entries are damaged"},
	{"a partition behind the end", PAST_END, true, 0, 0, 0, "", -EINVAL, false, "past the end"},
	{"for other sectors", SECTORS, true, 0, 0, 0, "", -EMEDIUMTYPE, false, "sectors of 4096"},
};
enum { FAULTS = sizeof faults / sizeof *faults };

static void spoil(enum wrong wrong)
{
	if (wrong == NO_TABLE)
		fill(image, 64 << 10, 3);
	else if (wrong == ZEROS)
		memset(image, 0, SIZE);
	else if (wrong == TWICE)
		memcpy(image, "\x28\xb5\x2f\xfd", 4);
	else if (wrong == QCOW2)
		memcpy(image, "QFI\xfb", 4);
	else if (wrong == ISO)
		memcpy(image + 32769, "CD001", 5);
	else if (wrong == BAD_HEADER)
		image[SECTOR + 60] ^= 1;
	else if (wrong == BAD_ENTRIES)
		image[2 * SECTOR + 60] ^= 1;
	else if (wrong == PAST_END)
		gpt_make(image, SECTOR, SIZE / SECTOR, 2048, DISK / SECTOR);
	else if (wrong == SECTORS) {
		memset(image, 0, 64 << 10);
		gpt_make(image, 4096, SIZE / 4096, 256, 1000);
	}
}

START_TEST(test_faults)
{
	size_t on_disk = faults[_i].disk ? faults[_i].disk : DISK, n;
	struct write_image_done done;
	void *packed = NULL, *sent;
	int rc;

	spoil(faults[_i].wrong);
	n = faults[_i].packed ? pack(image, SIZE, &packed) : SIZE;
	sent = calloc(1, SIZE + 4096);
	memcpy(sent, packed ? packed : image, n);
	make_disk(on_disk);
	rc = run(sent, n - (size_t)faults[_i].cut, faults[_i].size ? faults[_i].size : SIZE,
		faults[_i].sum, &done);
	ck_assert_msg(rc == faults[_i].rc && strstr(why, faults[_i].why), "%s: %d: %s",
		faults[_i].name, rc, why);
	ck_assert_msg(done.touched == faults[_i].touched, "%s", faults[_i].name);
	ck_assert_msg(faults[_i].touched || untouched(on_disk), "%s", faults[_i].name);
	/* half an image boots nothing, and neither does what was there */
	read_disk();
	ck_assert_msg(!faults[_i].touched || (!now[510] && !now[SECTOR]), "%s", faults[_i].name);
	free(sent);
	free(packed);
}
END_TEST

/* Anywhere in the packed stream: noticed at the latest by the sum. */
START_TEST(test_damaged)
{
	struct write_image_done done;
	void *packed;
	size_t n = pack(image, SIZE, &packed);
	char sum[SHA256_HEX];
	int fd = file_of(packed, n);

	ck_assert_int_eq(image_file_sum(fd, NULL, NULL, sum), 0);
	close(fd);
	make_disk(DISK);
	for (size_t at = 5; at < n; at += n / 7) {
		((unsigned char *)packed)[at] ^= 0x10;
		ck_assert_int_lt(run(packed, n, SIZE, sum, &done), 0);
		((unsigned char *)packed)[at] ^= 0x10;
	}
	free(packed);
}
END_TEST

START_TEST(test_no_disk)
{
	struct write_image_done done;

	ck_assert_int_eq(run(image, SIZE, SIZE, "", &done), -ENOENT);
	ck_assert_msg(strstr(why, disk) && strstr(why, "cannot be opened"), "%s", why);
}
END_TEST

/* Where this host lets us, which is no SELinux of its own. */
START_TEST(test_label)
{
	static const char name[] = "security.selinux", label[] = "system_u:object_r:etc_t:s0";
	char got[64] = "", sub[96], file[112];

	snprintf(sub, sizeof sub, "%s/etc", dir);
	snprintf(file, sizeof file, "%s/etc/file", dir);
	ck_assert_int_eq(mkdir(sub, 0700), 0);
	close(open(file, O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(label_as_folder(file), 0);
	ck_assert_int_lt(getxattr(file, name, got, sizeof got), 0);
	if (setxattr(sub, name, label, sizeof label, 0))
		return;
	ck_assert_int_eq(label_as_folder(file), 0);
	ck_assert_int_eq(getxattr(file, name, got, sizeof got), sizeof label);
	ck_assert_str_eq(got, label);
}
END_TEST

/* What the service says of a file, which is to be what the machine says later. */
START_TEST(test_look)
{
	char fault[160];
	uint64_t size = 0;
	void *packed;
	size_t n = pack(image, SIZE, &packed);
	int fd = file_of(packed, n);

	ck_assert_int_eq(image_file_look(fd, n, &size, fault, sizeof fault), 0);
	ck_assert_uint_eq(size, SIZE);
	close(fd);
	fd = file_of(image, SIZE);
	ck_assert_int_eq(image_file_look(fd, SIZE, &size, fault, sizeof fault), 0);
	ck_assert_uint_eq(size, SIZE);
	ck_assert_int_eq(image_file_look(fd, SIZE - 1, &size, fault, sizeof fault), -EMEDIUMTYPE);
	ck_assert_int_eq(image_file_look(fd, SIZE / 2, &size, fault, sizeof fault), -EMEDIUMTYPE);
	ck_assert_str_eq(fault, "it is cut off: a partition reaches past its end");
	close(fd);
	free(packed);
	n = pack(image, SIZE / 2, &packed);
	fd = file_of(packed, n);
	ck_assert_int_eq(image_file_look(fd, n, &size, fault, sizeof fault), -EMEDIUMTYPE);
	ck_assert_str_eq(fault, "it is cut off: a partition reaches past its end");
	close(fd);
	spoil(NO_TABLE);
	free(packed);
	n = pack(image, SIZE, &packed);
	fd = file_of(packed, n);
	ck_assert_int_eq(image_file_look(fd, n, &size, fault, sizeof fault), -EMEDIUMTYPE);
	ck_assert_str_eq(fault, "it has no partition table");
	close(fd);
	fd = file_of(packed, 3);
	ck_assert_int_eq(image_file_look(fd, 3, &size, fault, sizeof fault), -EMEDIUMTYPE);
	close(fd);
	fd = file_of(packed, 5);
	ck_assert_int_eq(image_file_look(fd, 5, &size, fault, sizeof fault), -EMEDIUMTYPE);
	close(fd);
	free(packed);
}
END_TEST

/* A disk of a machine: a folder in "blocks", and its first bytes in "dev". */
static void add_disk(const char *name, const char *wwid, const unsigned char *head, size_t n)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof path, "mkdir -p %s/dev %s/blocks/%s/device", dir, dir, name);
	ck_assert_int_eq(system(path), 0);
	snprintf(path, sizeof path, "%s/dev/%s", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(head, 1, n, f), n);
	fclose(f);
	if (!*wwid)
		return;
	snprintf(path, sizeof path, "%s/blocks/%s/device/wwid", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(wwid, f);
	fclose(f);
}

static const char *twin_of(const char *name)
{
	static char ret[128];
	char of[128], blocks[96], dev[96];
	struct twin t = {image, SECTOR, of, blocks, dev};

	snprintf(of, sizeof of, "%s/dev/%s", dir, name);
	snprintf(blocks, sizeof blocks, "%s/blocks", dir);
	snprintf(dev, sizeof dev, "%s/dev", dir);
	return twin_find(&t, ret, sizeof ret) ? strrchr(ret, '/') + 1 : "";
}

/* A disk that has the image already, by its GPT or MBR; itself, and a second path to itself, are none. */
START_TEST(test_twin)
{
	unsigned char other[TWIN_HEAD];
	enum { GUID = SECTOR + 56, SIGNATURE = 440 };

	fill(image + GUID, 16, 3);
	memcpy(other, image, sizeof other);
	other[GUID + 15] ^= 1;
	add_disk("vda", "", image, TWIN_HEAD);
	add_disk("vdb", "", other, sizeof other);
	add_disk("sr0", "", image, 100);
	ck_assert_str_eq(twin_of("vda"), "");
	ck_assert_str_eq(twin_of("none"), "");
	ck_assert_str_eq(twin_of("vdb"), "vda");
	add_disk("sda", "naa.5000\n", image, TWIN_HEAD);
	ck_assert_str_eq(twin_of("vda"), "sda");
	add_disk("vda", "naa.5000\n", image, TWIN_HEAD);
	ck_assert_str_eq(twin_of("vda"), "");
	memset(image + GUID, 0, 16); /* as a tool leaves it that sets none */
	add_disk("sda", "naa.5001\n", image, TWIN_HEAD);
	ck_assert_str_eq(twin_of("vda"), "");

	memset(image + SECTOR, 0, SECTOR);
	memcpy(image + SIGNATURE, "\1\2\3\4", 4);
	add_disk("sda", "naa.5001\n", image, TWIN_HEAD);
	ck_assert_str_eq(twin_of("vda"), "sda");
	image[SIGNATURE]++;
	ck_assert_str_eq(twin_of("vda"), "");
	memset(image + SIGNATURE, 0, 4);
	add_disk("sda", "naa.5001\n", image, TWIN_HEAD);
	ck_assert_str_eq(twin_of("vda"), "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("write_image");
	TCase *t = tcase_create("write_image");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, test_raw);
	tcase_add_test(t, test_packed);
	tcase_add_test(t, test_frames);
	tcase_add_test(t, test_mbr);
	tcase_add_loop_test(t, test_faults, 0, FAULTS);
	tcase_add_test(t, test_damaged);
	tcase_add_test(t, test_no_disk);
	tcase_add_test(t, test_label);
	tcase_add_test(t, test_look);
	tcase_add_test(t, test_twin);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
