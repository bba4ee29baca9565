/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dropping root. */
#include "core/privilege.h"

#include "core/log.h"

#include <cap-ng.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct passwd *find_user(const char *user, char *why, size_t size)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(user);
	if (!pw)
		snprintf(why, size,
			"there is no user '%s': systemd-sysusers usher.conf (or useradd --system "
			"-G libvirt %s), or name another with --user",
			user, user);
	return pw;
}

static int told(int rc, char *why, size_t size, const char *what, const char *path)
{
	snprintf(why, size, "cannot %s the folder %.500s: %s", what, path, strerror(-rc));
	return rc;
}

/* Somebody else's folder is not taken, whoever we are. */
static int judge_owner(const char *path, const struct stat *st, uid_t owner, const char *user,
	char *why, size_t size)
{
	if (st->st_uid == owner || st->st_uid == 0)
		return 0;
	snprintf(why, size,
		"%.500s belongs to user %u, and not to '%s': chown -R %s %.500s, if you trust what is in it",
		path, (unsigned)st->st_uid, user, user, path);
	return -EPERM;
}

/* What others could write may be theirs; what they could only read is mended. */
static int judge_mode(
	int fd, const char *path, const struct stat *st, mode_t mode, char *why, size_t size)
{
	mode_t more = st->st_mode & 0777 & ~mode;

	if (more & (S_IWGRP | S_IWOTH)) {
		snprintf(why, size,
			"others may write to %.500s (mode %03o), and may have laid anything in it: look at "
			"what is there, then chmod %03o %.500s",
			path, (unsigned)st->st_mode & 0777, (unsigned)mode, path);
		return -EPERM;
	}
	if (!more)
		return 0;
	if (fchmod(fd, mode))
		return told(-errno, why, size, "close", path);
	log_warn("others could look into %s (mode %03o): it has mode %03o now", path,
		(unsigned)st->st_mode & 0777, (unsigned)mode);
	return 0;
}

/* By its descriptor: what lies at the path by then is not asked again. */
static int settle_folder(int fd, const char *path, bool made, mode_t mode, const struct passwd *pw,
	const char *user, char *why, size_t size)
{
	uid_t owner = pw ? pw->pw_uid : geteuid();
	struct stat st;
	int rc;

	/* the umask has taken what the socket's group needs to come in */
	if (made && fchmod(fd, mode))
		return told(-errno, why, size, "open", path);
	if (fstat(fd, &st))
		return told(-errno, why, size, "look at", path);
	rc = judge_owner(path, &st, owner, user, why, size);
	if (!rc)
		rc = judge_mode(fd, path, &st, mode, why, size);
	if (!rc && pw && st.st_uid != owner && fchown(fd, pw->pw_uid, pw->pw_gid))
		rc = told(-errno, why, size, "give", path);
	return rc;
}

int privilege_folder(const char *path, mode_t mode, const char *user, char *why, size_t why_size)
{
	const struct passwd *pw = NULL;
	bool made = !mkdir(path, mode);
	char real[PATH_MAX];
	int fd, rc;

	if (!made && errno != EEXIST)
		return told(-errno, why, why_size, "make", path);
	if (!geteuid() && strcmp(user, "root") != 0) {
		pw = find_user(user, why, why_size);
		if (!pw)
			return -ENOENT;
	}
	fd = realpath(path, real) ? open(real, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
				  : -1;
	if (fd < 0)
		return told(-errno, why, why_size, "open", path);
	rc = settle_folder(fd, path, made, mode, pw, user, why, why_size);
	close(fd);
	return rc;
}

void privilege_hide_memory(void)
{
	/* A program that we start (ipmitool) is given a password, and the kernel lets it dump core again. */
	struct rlimit l;

	if (!getrlimit(RLIMIT_CORE, &l)) {
		l.rlim_cur = 0;
		setrlimit(RLIMIT_CORE, &l);
	}
	/* The leak detector of AddressSanitizer looks into its own process as a debugger does. */
#ifndef __SANITIZE_ADDRESS__
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

int privilege_drop(const char *user, char *why, size_t why_size)
{
	const struct passwd *pw;
	int rc;

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (geteuid() || !strcmp(user, "root"))
		return 0;
	pw = find_user(user, why, why_size);
	if (!pw)
		return -ENOENT;
	capng_clear(CAPNG_SELECT_CAPS);
	capng_updatev(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_BIND_SERVICE,
		CAP_NET_RAW, -1);
	rc = capng_change_id((int)pw->pw_uid, (int)pw->pw_gid, CAPNG_INIT_SUPP_GRP);
	if (rc) {
		snprintf(why, why_size, "cannot become user '%s' (libcap-ng says %d)", user, rc);
		return -EPERM;
	}
	/* ssh, which libvirt runs for a far host, looks there for its key */
	(void)setenv("HOME", pw->pw_dir, 1);
#ifdef __SANITIZE_ADDRESS__
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
#endif
	return 0;
}
