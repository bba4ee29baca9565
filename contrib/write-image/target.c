/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "contrib/write-image/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int measure(struct target *t)
{
	struct stat st;
	int sector = 512;

	if (fstat(t->fd, &st))
		return -errno;
	t->disk = S_ISBLK(st.st_mode);
	t->size = (uint64_t)st.st_size;
	if (t->disk && (ioctl(t->fd, BLKGETSIZE64, &t->size) || ioctl(t->fd, BLKSSZGET, &sector)))
		return -errno;
	t->sector = (unsigned)sector;
	return 0;
}

/* On a block device O_EXCL is refused while it is in use. Not all files are written past the cache. */
int target_open(struct target *t, const char *path)
{
	int rc;

	*t = (struct target){.fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC | O_DIRECT)};
	if (t->fd < 0 && errno == EINVAL)
		t->fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	if (t->fd < 0)
		return -errno;
	rc = measure(t);
	if (rc)
		target_close(t);
	return rc;
}

void target_close(struct target *t)
{
	close(t->fd);
	t->fd = -1;
}

int target_put(struct target *t, const unsigned char *bytes, size_t n, uint64_t at)
{
	for (size_t done = 0; done < n;) {
		ssize_t some = pwrite(t->fd, bytes + done, n - done, (off_t)(at + done));

		if (some < 0 && errno == EINTR)
			continue;
		if (some <= 0)
			return some ? -errno : -EIO;
		done += (size_t)some;
	}
	t->written += n;
	return 0;
}

static int put_zeros(struct target *t, uint64_t at, uint64_t n)
{
	static unsigned char zeros[TARGET_PIECE] __attribute__((aligned(TARGET_ALIGN)));
	int rc = 0;

	for (uint64_t done = 0; !rc && done < n; done += sizeof zeros)
		rc = target_put(t, zeros,
			n - done < sizeof zeros ? (size_t)(n - done) : sizeof zeros, at + done);
	return rc;
}

/* By a word to the disk where it knows one, else by the kernel, else by hand. All three read back as zeros. */
int target_zero(struct target *t, uint64_t at, uint64_t n)
{
	static const int ways[] = {FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE};

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
		if (!fallocate(t->fd, ways[i], (off_t)at, (off_t)n)) {
			t->skipped += n;
			return 0;
		}
	return put_zeros(t, at, n);
}

static int flush_hole(struct target *t)
{
	uint64_t n = t->hole_n;

	t->hole_n = 0;
	return n ? target_zero(t, t->hole_at, n) : 0;
}

bool target_is_zero(const unsigned char *bytes, size_t n)
{
	return !*bytes && !memcmp(bytes, bytes + 1, n - 1);
}

/* The length of the run of pieces at `bytes` that are all zero, or all not. */
static size_t run_of(const unsigned char *bytes, size_t n, bool *ret_zero)
{
	size_t at = 0;

	*ret_zero = target_is_zero(bytes, n < TARGET_PIECE ? n : TARGET_PIECE);
	while (at < n) {
		size_t some = n - at < TARGET_PIECE ? n - at : TARGET_PIECE;

		if (target_is_zero(bytes + at, some) != *ret_zero)
			break;
		at += some;
	}
	return at;
}

static int add_hole(struct target *t, uint64_t at, size_t n)
{
	int rc = t->hole_n && t->hole_at + t->hole_n != at ? flush_hole(t) : 0;

	if (!t->hole_n)
		t->hole_at = at;
	t->hole_n += n;
	return rc;
}

int target_write(struct target *t, const unsigned char *bytes, size_t n, uint64_t at)
{
	int rc = 0;

	for (size_t done = 0; !rc && done < n;) {
		bool zero;
		size_t run = run_of(bytes + done, n - done, &zero);

		if (zero) {
			rc = add_hole(t, at + done, run);
		} else {
			rc = flush_hole(t);
			if (!rc)
				rc = target_put(t, bytes + done, run, at + done);
		}
		done += run;
	}
	return rc;
}

int target_flush(struct target *t)
{
	int rc = flush_hole(t);

	return rc ? rc : fsync(t->fd) ? -errno : 0;
}

void target_discard(struct target *t, uint64_t at, uint64_t n)
{
	uint64_t range[] = {at, n};

	if (t->disk && n)
		(void)!ioctl(t->fd, BLKDISCARD, range);
}

int target_reread(struct target *t)
{
	return t->disk && ioctl(t->fd, BLKRRPART) ? -errno : 0;
}
