/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "contrib/write-image/twin.h"

#include "contrib/write-image/target.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	WWID = 256,
	MBR_DISK = 440, /* its signature, and then the partitions */
	MBR_END = 510,
	GPT_DISK = 56, /* its GUID, in the header */
	GPT_GUID = 16,
};

static size_t read_file(const char *path, void *to, size_t n)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t some = fd < 0 ? -1 : read(fd, to, n);

	if (fd >= 0)
		close(fd);
	return some < 0 ? 0 : (size_t)some;
}

/* "" where it has none. SCSI has it below the device, NVMe beside the disk. */
static void read_wwid(const struct twin *t, const char *name, char ret[WWID])
{
	static const char *const files[] = {"device/wwid", "wwid"};
	char path[PATH_MAX];
	size_t n = 0;

	for (size_t i = 0; i < sizeof files / sizeof *files && !n; i++) {
		snprintf(path, sizeof path, "%s/%s/%s", t->blocks, name, files[i]);
		n = read_file(path, ret, WWID - 1);
	}
	ret[n] = '\0';
}

/* `other` has TWIN_HEAD bytes, too. */
static bool is_same_image(const struct twin *t, const unsigned char *other)
{
	const unsigned char *mine = t->head + t->sector, *its = other + t->sector;

	if (!memcmp(mine, "EFI PART", 8))
		return !memcmp(its, "EFI PART", 8) &&
			!memcmp(mine + GPT_DISK, its + GPT_DISK, GPT_GUID) &&
			!target_is_zero(mine + GPT_DISK, GPT_GUID);
	return !memcmp(t->head + MBR_DISK, other + MBR_DISK, MBR_END + 2 - MBR_DISK) &&
		!target_is_zero(other + MBR_DISK, 4);
}

static bool is_twin(const struct twin *t, const char *name, const char *wwid)
{
	unsigned char head[TWIN_HEAD];
	char path[PATH_MAX], its[WWID];

	snprintf(path, sizeof path, "%s/%s/device", t->blocks, name);
	if (access(path, F_OK)) /* a device made of others, of which this one may be a part */
		return false;
	snprintf(path, sizeof path, "%s/%s", t->dev, name);
	read_wwid(t, name, its);
	return !(*wwid && !strcmp(wwid, its)) &&
		read_file(path, head, sizeof head) == sizeof head && is_same_image(t, head);
}

bool twin_find(const struct twin *t, char *ret, size_t size)
{
	char real[PATH_MAX], wwid[WWID];
	DIR *dir = realpath(t->disk, real) ? opendir(t->blocks) : NULL;
	const char *own = dir ? strrchr(real, '/') + 1 : "";
	struct dirent *e;
	bool found = false;

	if (!dir)
		return false;
	read_wwid(t, own, wwid);
	while (!found && (e = readdir(dir)))
		if (*e->d_name != '.' && strcmp(e->d_name, own) != 0 &&
			is_twin(t, e->d_name, wwid)) {
			snprintf(ret, size, "%s/%s", t->dev, e->d_name);
			found = true;
		}
	closedir(dir);
	return found;
}
