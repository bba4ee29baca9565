/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/disk_image.h"

#include "usher/cli/cli.h"
#include "usher/cli/qcow2_head.h"
#include "usher/client/progress.h"

#include "kickstart/media/image_file.h"
#include "kickstart/media/image_head.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

enum {
	LEVEL = 6,       /* zstd's: made once, read by each machine */
	PIECE = 1 << 20, /* bytes packed at a time */
};

#define DISK_MAX (1ULL << 43) /* bytes: 8 TiB, more than any image's */

extern char **environ;

int disk_image_scratch(void)
{
	const char *dir = getenv("TMPDIR");
	int fd = open(dir && *dir ? dir : "/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		cli_fail("no room for the image in %s: %s", dir && *dir ? dir : "/var/tmp",
			strerror(errno));
	return fd;
}

/* Its exit status; -1: it did not come to one, and the user has been told. */
static int qemu_img(const char *const argv[])
{
	pid_t pid;
	int status,
		rc = posix_spawnp(
			&pid, "qemu-img", NULL, NULL, (char *const *)(uintptr_t)argv, environ);

	if (rc) {
		cli_fail("qemu-img: %s%s", strerror(rc),
			rc == ENOENT ? ": apt install qemu-utils" : "");
		return -1;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

enum { OWN = 32 }; /* bytes of such a name */

/* The name that a process has for a descriptor, which those that it starts are to have, too. */
static const char *own_name(int fd, char buf[OWN])
{
	snprintf(buf, OWN, "/proc/self/fd/%d", fd);
	(void)fcntl(fd, F_SETFD, 0);
	return buf;
}

/* Clusters behind the file's end are zeros to QEMU. So are those of a file that was cut off: its check notices. */
static int check_qcow2(const char *called, int from)
{
	enum { LEAKS = 3 }; /* room that nothing needs */
	char own[OWN];
	const char *const argv[] = {
		"qemu-img", "check", "-q", "-f", "qcow2", own_name(from, own), NULL};
	int rc = qemu_img(argv);

	if (rc < 0)
		return EXIT_FAILED;
	return rc && rc != LEAKS
		? cli_fail("%s: the qcow2 is damaged or cut off (qemu-img check): fetch it again",
			  called)
		: EXIT_DONE;
}

static int unpack_qcow2(const char *called, int from, uint64_t size, int to)
{
	char own[OWN], target[OWN];
	const char *const argv[] = {"qemu-img", "convert", "-n", "--target-is-zero", "-f", "qcow2",
		"-O", "raw", own_name(from, own), own_name(to, target), NULL};

	if (ftruncate(to, (off_t)size))
		return cli_fail("no room for the %llu MB of %s: %s",
			(unsigned long long)size / 1000000, called, strerror(errno));
	return qemu_img(argv) ? cli_fail("%s cannot be converted", called) : EXIT_DONE;
}

/* The disk as it is, in `*raw`, which is `from` itself where nothing has to be converted. */
static int unpack(const char *called, int from, const unsigned char *head, size_t n, int *raw)
{
	const char *format = image_head_format(head, n), *fault;
	uint64_t size;
	int rc;

	*raw = from;
	if (!format)
		return EXIT_DONE;
	fault = qcow2_head_fault(head, n, &size);
	if (!fault && (size > DISK_MAX || size % IMAGE_SECTOR))
		fault = "its size is impossible";
	if (fault)
		return cli_fail("%s: %s", called, fault);
	rc = check_qcow2(called, from);
	if (rc)
		return rc;
	*raw = disk_image_scratch();
	return *raw < 0 ? EXIT_FAILED : unpack_qcow2(called, from, size, *raw);
}

static int write_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t some = write(fd, bytes, n);

		if (some < 0 && errno == EINTR)
			continue;
		if (some < 0)
			return -errno;
		bytes += some;
		n -= (size_t)some;
	}
	return 0;
}

/* What zstd makes of one piece; of the last one all that is left. */
static int pack_piece(ZSTD_CCtx *z, const char *piece, size_t n, bool last, char *packed, int to)
{
	ZSTD_inBuffer in = {piece, n, 0};
	size_t left;
	int rc;

	do {
		ZSTD_outBuffer out = {packed, PIECE, 0};

		left = ZSTD_compressStream2(z, &out, &in, last ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return -EIO;
		rc = write_all(to, packed, out.pos);
	} while (!rc && (last ? left != 0 : in.pos < in.size));
	return rc;
}

static int pack_bytes(ZSTD_CCtx *z, int raw, uint64_t size, int to, char *piece, char *packed)
{
	struct progress p;
	int rc = 0;

	progress_start(&p, "compressing");
	for (uint64_t at = 0; !rc && at < size;) {
		ssize_t n = pread(raw, piece, PIECE, (off_t)at);

		if (n <= 0) {
			rc = n ? -errno : -EIO;
			break;
		}
		at += (uint64_t)n;
		rc = pack_piece(z, piece, (size_t)n, at >= size, packed, to);
		progress_show(&p, at, size);
	}
	progress_end(&p);
	return rc;
}

/* With the disk's size in its header, and a sum of its own at the end. */
static int pack(int raw, uint64_t size, int to)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();
	char *buffers = malloc(2 * PIECE);
	int rc = z && buffers ? 0 : -ENOMEM;

	if (!rc) {
		ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, LEVEL);
		ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
		ZSTD_CCtx_setParameter(z, ZSTD_c_nbWorkers, (int)sysconf(_SC_NPROCESSORS_ONLN));
		ZSTD_CCtx_setPledgedSrcSize(z, size);
		rc = pack_bytes(z, raw, size, to, buffers, buffers + PIECE);
	}
	ZSTD_freeCCtx(z);
	free(buffers);
	return rc;
}

/* As the file is called, without what its formats are called. */
static void name_of(const char *path, char ret[RECOGNISE_NAME])
{
	static const char *const tails[] = {".qcow2", ".img", ".raw", ".qcow"};
	const char *base = strrchr(path, '/');
	size_t n;

	recognise_name(base ? base + 1 : path, ret);
	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		n = strlen(ret);
		if (n > strlen(tails[i]) && !strcmp(ret + n - strlen(tails[i]), tails[i]))
			ret[n - strlen(tails[i])] = '\0';
	}
}

/* Another content is another file: the one that machines are being installed from stays. */
static int describe(const char *path, const char *name, struct disk_image *ret)
{
	char sum[SHA256_HEX];
	struct stat st;

	if (fstat(ret->fd, &st) || image_file_sum(ret->fd, NULL, NULL, sum))
		return cli_fail("reading back the image: %s", strerror(errno));
	ret->size = (uint64_t)st.st_size;
	name_of(path, ret->name);
	snprintf(ret->file, sizeof ret->file, "%s-%.12s.img.zst", name ? name : ret->name, sum);
	return EXIT_DONE;
}

static int pack_raw(const char *path, int raw, struct disk_image *ret)
{
	char fault[160];
	struct stat st;
	uint64_t size;
	int rc = fstat(raw, &st)
		? -errno
		: image_file_look(raw, (uint64_t)st.st_size, &size, fault, sizeof fault);

	if (rc)
		return cli_fail("%s: no disk image: %s", path, fault);
	ret->fd = disk_image_scratch();
	if (ret->fd < 0)
		return EXIT_FAILED;
	rc = pack(raw, size, ret->fd);
	return rc ? cli_fail("%s cannot be compressed: %s", path, strerror(-rc)) : EXIT_DONE;
}

/* ISO images, folders, and what is packed as it should be are imported as they are. */
static bool is_to_pack(const unsigned char *head, size_t n)
{
	const char *format = image_head_format(head, n);

	return format ? !strcmp(format, "qcow2")
		      : n >= IMAGE_SECTOR && !image_head_fault(head, n, IMAGE_SECTOR, NULL);
}

/* 0, or the user has been told. What can be unpacked by one command is not taken for granted. */
static int refuse_format(const char *path, const unsigned char *head, size_t n)
{
	const char *format = image_head_format(head, n);

	if (!format || !strcmp(format, "qcow2") || !strcmp(format, "zstd") ||
		!strcmp(format, "ISO 9660"))
		return EXIT_DONE;
	if (!strcmp(format, "gzip") || !strcmp(format, "xz") || !strcmp(format, "bzip2"))
		return cli_fail("%s: is %s: unpack it, and import what is inside", path, format);
	return cli_fail(
		"%s: is %s: images may be raw, qcow2 or zstd; 'qemu-img convert -O qcow2' makes that of many",
		path, format);
}

static int pack_file(const char *path, const char *name, int from, struct disk_image *ret)
{
	unsigned char head[IMAGE_HEAD];
	ssize_t n = pread(from, head, sizeof head, 0);
	int rc, raw = -1;

	if (n < 0)
		return cli_fail("%s: %s", path, strerror(errno));
	rc = refuse_format(path, head, (size_t)n);
	if (rc || !is_to_pack(head, (size_t)n))
		return rc;
	rc = unpack(path, from, head, (size_t)n, &raw);
	if (!rc)
		rc = pack_raw(path, raw, ret);
	if (!rc)
		rc = describe(path, name, ret);
	if (raw >= 0 && raw != from)
		close(raw);
	return rc;
}

int disk_image_pack(int from, const char *called, const char *name, struct disk_image *ret)
{
	int rc;

	*ret = (struct disk_image){.fd = -1};
	rc = pack_file(called, name, from, ret);
	if (rc && ret->fd >= 0) {
		close(ret->fd);
		ret->fd = -1;
	}
	return rc;
}
