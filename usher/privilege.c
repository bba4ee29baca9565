/* Dropping root. */
#include "usher/privilege.h"

#include <cap-ng.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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
			"-G libvirt %s), or name "
			"another with --user",
			user, user);
	return pw;
}

int privilege_folder(const char *path, mode_t mode, const char *user, char *why, size_t why_size)
{
	const struct passwd *pw;

	int made = mkdir(path, mode);

	/* the umask has taken what the socket's group needs to come in */
	if (!made)
		made = chmod(path, mode);
	if (made && errno != EEXIST) {
		int rc = -errno;

		snprintf(why, why_size, "cannot make the folder %s: %s", path, strerror(-rc));
		return rc;
	}
	if (geteuid() || !strcmp(user, "root"))
		return 0;
	pw = find_user(user, why, why_size);
	if (!pw)
		return -ENOENT;
	if (chown(path, pw->pw_uid, pw->pw_gid)) {
		int rc = -errno;

		snprintf(why, why_size, "cannot give the folder %s to %s: %s", path, user,
			strerror(-rc));
		return rc;
	}
	return 0;
}

void privilege_hide_memory(void)
{
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
