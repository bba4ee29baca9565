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
#define MACHINE "q35,accel=kvm" /* RHEL 10 has no pc */
#define CONSOLE "ttyS0"
#endif

extern char **environ;

enum {
	TAIL = 256, /* bytes kept of what was printed, to find a word that two reads may split */
	LINE = 512, /* of the cache: boot id, kernel release and emulator; the reason */
};

#define DEVICE "/dev/kvm"

bool accel_is_kvm(enum accel accel)
{
	return accel == ACCEL_UNTRIED || accel == ACCEL_WORKS;
}

bool accel_lasts(enum accel accel)
{
	return accel == ACCEL_BROKEN || accel == ACCEL_WORKS;
}

bool accel_is_there(void)
{
	return !access(DEVICE, F_OK);
}

void accel_warn(const char *why, char *buf, size_t size)
{
	snprintf(buf, size,
		"%s: the guest will be slow, although this host has " DEVICE
		" ('usher check' says more; <guest accel='kvm'/> in usher.xml takes KVM untested)",
		why);
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

static int spawn(const char *emulator, const char *kernel, struct boot *b)
{
	char *argv[] = {(char *)emulator, (char[]){"-machine"}, (char[]){MACHINE}, (char[]){"-cpu"},
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
	rc = -posix_spawnp(&b->pid, emulator, &fa, &attr, argv, environ);
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

static enum accel judge(const struct boot *b, int rc, int64_t took, char *why, size_t why_size)
{
	if (!rc && b->proved) {
		snprintf(why, why_size, "KVM works: a test boot took %.1f s", (double)took / 1000);
		return ACCEL_WORKS;
	}
	if (rc) {
		snprintf(why, why_size, "emulation: a test boot with KVM hung for %d s",
			ACCEL_LIMIT_MS / 1000);
		return ACCEL_HUNG;
	}
	snprintf(why, why_size, "emulation: a test boot with KVM failed: %s", b->last);
	return ACCEL_BROKEN;
}

static enum accel test_boot(const char *emulator, const char *kernel, char *why, size_t why_size)
{
	struct boot b = {.fd = -1};
	int64_t start = clock_mono_ms();
	int rc = spawn(emulator, kernel, &b);

	if (rc) {
		snprintf(why, why_size, "KVM is there, but was not tested: cannot run %s: %s",
			emulator, strerror(-rc));
		return ACCEL_UNTRIED;
	}
	rc = watch(&b, start + ACCEL_LIMIT_MS);
	kill(b.pid, SIGKILL);
	while (waitpid(b.pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(b.fd);
	note_line(&b, b.tail, b.tail_len);
	return judge(&b, rc, clock_mono_ms() - start, why, why_size);
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

/* What a verdict holds for: this emulator, in this boot of this kernel. */
static void host_text(const char *emulator, char buf[LINE])
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
	snprintf(buf, LINE, "%s %s %.256s", id, u.release, emulator);
}

/* Three lines: the host, the verdict, the reason. */
static int cache_read(
	const char *path, const char *emulator, enum accel *ret, char *why, size_t why_size)
{
	char host[LINE], line[3][LINE] = {"", "", ""};
	FILE *f = path ? fopen(path, "re") : NULL;
	int n = 0;

	if (!f)
		return -ENOENT;
	for (; n < 3 && fgets(line[n], sizeof line[n], f); n++)
		line[n][strcspn(line[n], "\n")] = '\0';
	fclose(f);
	host_text(emulator, host);
	if (n < 3 || strcmp(line[0], host))
		return -ESTALE;
	snprintf(why, why_size, "%s", line[2]);
	*ret = !strcmp(line[1], "kvm") ? ACCEL_WORKS : ACCEL_BROKEN;
	return 0;
}

/* A verdict that cannot be kept is found again next time. */
static void cache_write(const char *path, const char *emulator, enum accel verdict, const char *why)
{
	char host[LINE], part[512];
	FILE *f;

	if (!path || (size_t)snprintf(part, sizeof part, "%s.new", path) >= sizeof part)
		return;
	if (!(f = fopen(part, "we")))
		return;
	host_text(emulator, host);
	fprintf(f, "%s\n%s\n%s\n", host, verdict == ACCEL_WORKS ? "kvm" : "qemu", why);
	if (fclose(f) || rename(part, path))
		unlink(part);
}

static bool can_open(const char *device, char *why, size_t why_size)
{
	int fd = open(device, O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		snprintf(why, why_size, "emulation: %s: %s%s", device, strerror(errno),
			errno == EACCES ? " (is this user in group kvm?)" : "");
		return false;
	}
	close(fd);
	return true;
}

enum accel accel_probe(const struct accel_means *means, char *why, size_t why_size)
{
	const char *emulator = means->emulator && *means->emulator ? means->emulator : QEMU;
	const char *kernel = means->kernel;
	enum accel verdict;
	char found[512];

	if (!can_open(means->device ? means->device : DEVICE, why, why_size))
		return ACCEL_NONE;
	if (!cache_read(means->cache_path, emulator, &verdict, why, why_size))
		return verdict;
	if (!kernel || !*kernel || access(kernel, R_OK)) {
		host_kernel(found, sizeof found);
		kernel = found;
	}
	if (!*kernel) {
		snprintf(why, why_size,
			"KVM is there, but was not tested: no kernel to test it with (none "
			"readable in /boot)");
		return ACCEL_UNTRIED;
	}
	verdict = test_boot(emulator, kernel, why, why_size);
	if (accel_lasts(verdict))
		cache_write(means->cache_path, emulator, verdict, why);
	return verdict;
}
