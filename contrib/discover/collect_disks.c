/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The disks, and what is on each. A device is opened for reading only. */
#include "contrib/discover/collect.h"
#include "contrib/discover/facts.h"
#include "contrib/discover/holds.h"
#include "contrib/discover/kernel_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_MS = 15 * 1000 }; /* at one disk: a broken one lets its reader hang */

static int read_at(void *arg, uint64_t offset, void *to, size_t len)
{
	const int *fd = arg;
	ssize_t n = pread(*fd, to, len, (off_t)offset);

	return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

/* In a process of its own: writes to `to` what it found, a NUL behind it. */
static void look(const char *name, uint64_t size, int to)
{
	int64_t sector = kernel_number("/sys/block/%s/queue/logical_block_size", name);
	char path[KERNEL_PATH], text[HOLDS_TEXT];
	struct holds_disk d = {
		.size = size, .sector = sector < 0 ? 512 : (uint32_t)sector, .read = read_at};
	int fd;

	snprintf(path, sizeof path, "%s/dev/%s", kernel_root, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	d.arg = &fd;
	if (fd < 0 || holds_look(&d, text) || write(to, text, strlen(text) + 1) < 0)
		_exit(1);
	_exit(0);
}

/* False: it did not say in time. */
static bool hear(int from, char ret[HOLDS_TEXT])
{
	struct pollfd p = {.fd = from, .events = POLLIN};
	ssize_t n = 0;

	if (poll(&p, 1, LOOK_MS) == 1)
		n = read(from, ret, HOLDS_TEXT);
	return n > 0 && !ret[n - 1];
}

/* One that hangs in its disk cannot be waited for, nor killed. */
static bool holds(const char *name, uint64_t size, char ret[HOLDS_TEXT])
{
	bool said = false;
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		return false;
	pid = fork();
	if (!pid)
		look(name, size, fds[1]);
	close(fds[1]);
	if (pid > 0) {
		said = hear(fds[0], ret);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, WNOHANG);
	}
	close(fds[0]);
	return said;
}

static void serial(struct say *s, const char *name)
{
	char buf[KERNEL_TEXT];
	uint8_t page[260];
	long n = kernel_bytes(page, sizeof page, "/sys/block/%s/device/vpd_pg80", name);

	*buf = '\0';
	if (n > 0)
		facts_serial_page(page, (size_t)n, buf, sizeof buf);
	if (!*buf)
		kernel_text(buf, "/sys/block/%s/device/serial", name);
	if (!*buf)
		kernel_text(buf, "/sys/block/%s/serial", name);
	say_text(s, "serial", buf);
}

static void wwn(struct say *s, const char *name)
{
	char wwid[KERNEL_TEXT], buf[KERNEL_TEXT];

	if (!*kernel_text(wwid, "/sys/block/%s/wwid", name))
		kernel_text(wwid, "/sys/block/%s/device/wwid", name);
	facts_wwn(wwid, buf, sizeof buf);
	say_text(s, "wwn", buf);
}

/* An eMMC's boot areas, which are disks of their own to the kernel: mmcblk0boot0. */
static bool is_boot_area(const char *name)
{
	return !strncmp(name, "mmcblk", 6) && (strstr(name, "boot") || strstr(name, "rpmb"));
}

/* Drives that are not disks have a device too; and of NVMe drives with more than one port each path, which is hidden
 * (nvme0c0n1 beside nvme0n1). As in kickstart/partials/find-disk.sh. */
static bool is_disk(const char *name)
{
	static const char *const others[] = {"sr", "fd", "mtd", "nbd", "loop", "ram", "zram"};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (!strncmp(name, others[i], strlen(others[i])))
			return false;
	return !is_boot_area(name) && kernel_exists("/sys/block/%s/device", name) &&
		kernel_number("/sys/block/%s/hidden", name) != 1 &&
		kernel_number("/sys/block/%s/size", name) > 0;
}

/* What is said of an empty one: that nothing is on it. */
static void say_holds(struct say *s, const char *text)
{
	if (*text)
		say_long_text(s, "holds", text);
	else
		say_empty(s, "holds");
}

static bool disk(void *arg, const char *name)
{
	char buf[KERNEL_TEXT], path[KERNEL_PATH], text[HOLDS_TEXT];
	struct say *s = arg;
	int64_t sectors = kernel_number("/sys/block/%s/size", name);

	if (!is_disk(name))
		return false;
	say_open(s, NULL, '{');
	say_text(s, "name", name);
	say_text(s, "model", kernel_text(buf, "/sys/block/%s/device/model", name));
	serial(s, name);
	wwn(s, name);
	say_number(s, "size_bytes", sectors * 512);
	say_flag(s, "rotational", (int)kernel_number("/sys/block/%s/queue/rotational", name));
	say_flag(s, "removable", (int)kernel_number("/sys/block/%s/removable", name));
	say_text(s, "bus", facts_bus(name, kernel_real(path, "/sys/block/%s", name)));
	if (holds(name, (uint64_t)sectors * 512, text))
		say_holds(s, text);
	say_close(s, '}');
	return true;
}

void collect_disks(struct say *s)
{
	say_open(s, "disks", '[');
	kernel_each("/sys/block", disk, s, COLLECT_DISKS);
	say_close(s, ']');
}
