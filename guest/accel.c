/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/accel.h"

#include "core/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__aarch64__)
#define QEMU "qemu-system-aarch64"
#define MACHINE "virt,accel=kvm"
#define CONSOLE "ttyAMA0"
#else
#define QEMU "qemu-system-x86_64"
#define MACHINE "pc,accel=kvm"
#define CONSOLE "ttyS0"
#endif

extern char **environ;

enum {
	TAIL = 256, /* bytes kept of what was printed, to find a word that two reads may split */
	HOST_TEXT = 160, /* boot id, kernel release */
};

const char *accel_name(int accel)
{
	return accel == ACCEL_KVM ? "kvm" : "qemu";
}

/* A boot that got as far as the kernel's panic proves it; QEMU's exit alone does not. */
static const char proof[] = "Kernel panic";

struct boot {
	pid_t pid;
	int fd; /* its serial console and its complaints */
	bool proved;
	char tail[TAIL];
	size_t tail_len;
	char last[ACCEL_WHY / 2]; /* last whole line, for the reason */
};

static int spawn(const char *kernel, struct boot *b)
{
	char *argv[] = {(char[]){QEMU}, (char[]){"-machine"}, (char[]){MACHINE}, (char[]){"-cpu"},
		(char[]){"host"}, (char[]){"-m"}, (char[]){"256"}, (char[]){"-nodefaults"},
		(char[]){"-no-user-config"}, (char[]){"-display"}, (char[]){"none"},
		(char[]){"-serial"}, (char[]){"stdio"}, (char[]){"-no-reboot"}, (char[]){"-kernel"},
		(char *)kernel, (char[]){"-append"}, (char[]){"console=" CONSOLE " panic=-1"},
		NULL};
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none;
	int p[2], rc;

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&fa, p[1], 1);
	posix_spawn_file_actions_adddup2(&fa, p[1], 2);
	posix_spawn_file_actions_addclosefrom_np(&fa, 3);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	rc = -posix_spawnp(&b->pid, QEMU, &fa, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	close(p[1]);
	if (rc)
		close(p[0]);
	else
		b->fd = p[0];
	return rc;
}

/* Keeps the last line that says something. */
static void note_line(struct boot *b, const char *line, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n < sizeof b->last - 1; i++)
		if (line[i] >= ' ' && line[i] < 127)
			b->last[n++] = line[i];
	if (n)
		b->last[n] = '\0';
}

static void take(struct boot *b, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (b->tail_len == TAIL || bytes[i] == '\n') {
			note_line(b, b->tail, b->tail_len);
			b->tail_len = 0;
		}
		b->tail[b->tail_len++] = bytes[i];
		if (b->tail_len >= sizeof proof - 1 &&
			!memcmp(b->tail + b->tail_len - (sizeof proof - 1), proof,
				sizeof proof - 1))
			b->proved = true;
	}
}

/* Reads until QEMU closes its output (0) or the time is over (-ETIMEDOUT). */
static int watch(struct boot *b, int64_t until)
{
	struct pollfd p = {.fd = b->fd, .events = POLLIN};
	char bytes[1024];
	int64_t left;
	ssize_t n;

	while ((left = until - clock_mono_ms()) > 0) {
		if (poll(&p, 1, (int)left) <= 0)
			continue;
		n = read(b->fd, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		take(b, bytes, (size_t)n);
	}
	return -ETIMEDOUT;
}

static int test_boot(const char *kernel, char *why, size_t why_size)
{
	struct boot b = {.fd = -1};
	int64_t start = clock_mono_ms();
	int rc = spawn(kernel, &b);

	if (rc) {
		snprintf(why, why_size, "emulation: cannot run " QEMU ": %s", strerror(-rc));
		return ACCEL_QEMU;
	}
	rc = watch(&b, start + ACCEL_LIMIT_MS);
	kill(b.pid, SIGKILL);
	while (waitpid(b.pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(b.fd);
	note_line(&b, b.tail, b.tail_len);
	if (!rc && b.proved) {
		snprintf(why, why_size, "KVM works: a test boot took %.1f s",
			(double)(clock_mono_ms() - start) / 1000);
		return ACCEL_KVM;
	}
	if (rc)
		snprintf(why, why_size, "emulation: a test boot with KVM hung for %d s",
			ACCEL_LIMIT_MS / 1000);
	else
		snprintf(why, why_size, "emulation: a test boot with KVM failed: %s", b.last);
	return ACCEL_QEMU;
}

/* The newest readable kernel of the host; "" when there is none. */
static void host_kernel(char *buf, size_t size)
{
	struct utsname u;
	glob_t g;

	uname(&u);
	snprintf(buf, size, "/boot/vmlinuz-%s", u.release);
	if (!access(buf, R_OK))
		return;
	buf[0] = '\0';
	if (glob("/boot/vmlinuz*", 0, NULL, &g))
		return;
	for (size_t i = 0; i < g.gl_pathc; i++)
		if (!access(g.gl_pathv[i], R_OK))
			snprintf(buf, size, "%s", g.gl_pathv[i]);
	globfree(&g);
}

/* What a verdict holds for: this boot of this kernel. */
static void host_text(char buf[HOST_TEXT])
{
	char id[64] = "?";
	struct utsname u;
	FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (f) {
		if (fscanf(f, "%63s", id) != 1)
			snprintf(id, sizeof id, "?");
		fclose(f);
	}
	uname(&u);
	snprintf(buf, HOST_TEXT, "%s %s", id, u.release);
}

/* Three lines: the host, the verdict, the reason. */
static int cache_read(const char *path, char *why, size_t why_size)
{
	char host[HOST_TEXT], line[3][ACCEL_WHY] = {"", "", ""};
	FILE *f = path ? fopen(path, "re") : NULL;
	int n = 0;

	if (!f)
		return -ENOENT;
	for (; n < 3 && fgets(line[n], sizeof line[n], f); n++)
		line[n][strcspn(line[n], "\n")] = '\0';
	fclose(f);
	host_text(host);
	if (n < 3 || strcmp(line[0], host))
		return -ESTALE;
	snprintf(why, why_size, "%s", line[2]);
	return !strcmp(line[1], "kvm") ? ACCEL_KVM : ACCEL_QEMU;
}

/* A verdict that cannot be kept is found again next time. */
static void cache_write(const char *path, int verdict, const char *why)
{
	char host[HOST_TEXT], part[512];
	FILE *f;

	if (!path || (size_t)snprintf(part, sizeof part, "%s.new", path) >= sizeof part)
		return;
	if (!(f = fopen(part, "we")))
		return;
	host_text(host);
	fprintf(f, "%s\n%s\n%s\n", host, accel_name(verdict), why);
	if (fclose(f) || rename(part, path))
		unlink(part);
}

int accel_probe(const char *kernel, const char *cache_path, char *why, size_t why_size)
{
	int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC), verdict;
	char found[512];

	if (fd < 0) {
		snprintf(why, why_size, "emulation: /dev/kvm: %s%s", strerror(errno),
			errno == EACCES ? " (is this user in group kvm?)" : "");
		return ACCEL_QEMU;
	}
	close(fd);
	if ((verdict = cache_read(cache_path, why, why_size)) >= 0)
		return verdict;
	if (!kernel || !*kernel || access(kernel, R_OK)) {
		host_kernel(found, sizeof found);
		kernel = found;
	}
	if (!*kernel) {
		snprintf(why, why_size,
			"emulation: no kernel to test KVM with (none readable in /boot)");
		return ACCEL_QEMU;
	}
	verdict = test_boot(kernel, why, why_size);
	cache_write(cache_path, verdict, why);
	return verdict;
}
