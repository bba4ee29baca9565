/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/signed_sums.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLEAR_SIGNED "-----BEGIN PGP SIGNED MESSAGE-----"

enum { STATUS_FD = 3, DATA_FD = 4, STATUS_MAX = 16 << 10 };

const char *signed_sums_keyring(const char *distribution)
{
	static const struct {
		const char *distribution, *file;
	} known[] = {
		{"debian", "/usr/share/keyrings/debian-role-keys.gpg"},       /* debian-keyring */
		{"ubuntu", "/usr/share/keyrings/ubuntu-archive-keyring.gpg"}, /* ubuntu-keyring */
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (!strcmp(known[i].distribution, distribution))
			return known[i].file;
	return NULL;
}

/* All of it, with a NUL behind it. NULL: errno says. */
static char *read_all(int fd, size_t max)
{
	struct stat st;
	char *text;
	size_t n = 0;
	ssize_t got = 1;

	if (fstat(fd, &st))
		return NULL;
	if ((uintmax_t)st.st_size > max) {
		errno = EFBIG;
		return NULL;
	}
	text = malloc((size_t)st.st_size + 1);
	while (text && n < (size_t)st.st_size && got > 0) {
		got = pread(fd, text + n, (size_t)st.st_size - n, (off_t)n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (text)
		text[n] = '\0';
	return text;
}

static char *read_file(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	char *text = fd < 0 ? NULL : read_all(fd, SIGNED_SUMS_MAX);

	if (fd >= 0)
		close(fd);
	return text;
}

/* The signature's file beside `file`. False: there is none. */
static bool find_signature(const char *file, char *ret, size_t size)
{
	static const char *const endings[] = {".gpg", ".sign", ".asc", ".sig"};

	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		int n = snprintf(ret, size, "%s%s", file, endings[i]);

		if (n > 0 && (size_t)n < size && !access(ret, R_OK))
			return true;
	}
	return false;
}

/* gpgv's own files while it runs: what it is to look at, what was signed, and its status lines. */
struct gpgv {
	int data, out, status;
};

static void gpgv_fini(struct gpgv *g)
{
	if (g->data >= 0)
		close(g->data);
	if (g->out >= 0)
		close(g->out);
	if (g->status >= 0)
		close(g->status);
}

/* The text as it was read: what is checked is what is used. */
static int gpgv_init(struct gpgv *g, const char *text)
{
	size_t n = strlen(text);

	*g = (struct gpgv){
		memfd_create("sums", 0), memfd_create("signed", 0), memfd_create("status", 0)};
	if (g->data < 0 || g->out < 0 || g->status < 0 || write(g->data, text, n) != (ssize_t)n) {
		gpgv_fini(g);
		*g = (struct gpgv){-1, -1, -1};
		return -EIO;
	}
	return 0;
}

/* The child. `signature` NULL: the text is signed in clear. */
static void become_gpgv(const struct gpgv *g, const char *keyring, const char *signature)
{
	const char *argv[] = {"gpgv", "--status-fd", "3", "--keyring", keyring, "--output", "-",
		"/proc/self/fd/4", NULL};
	const char *detached[] = {"gpgv", "--status-fd", "3", "--keyring", keyring, "--", signature,
		"/proc/self/fd/4", NULL};
	int null = open("/dev/null", O_RDWR), high[2];

	setenv("LC_ALL", "C", 1);
	/* out of the way of the numbers that are to come */
	high[0] = fcntl(g->status, F_DUPFD, 10);
	high[1] = fcntl(g->data, F_DUPFD, 10);
	dup2(g->out, STDOUT_FILENO);
	dup2(null, STDIN_FILENO);
	dup2(null, STDERR_FILENO);
	dup2(high[0], STATUS_FD);
	dup2(high[1], DATA_FD);
	lseek(DATA_FD, 0, SEEK_SET);
	execvp("gpgv", (char *const *)(signature ? detached : argv));
	_exit(127);
}

/* "[GNUPG:] GOODSIG KEYID WHO" (GnuPG's doc/DETAILS) */
static void take_who(const struct gpgv *g, char *who)
{
	char *status = read_all(g->status, STATUS_MAX);
	const char *good = status ? strstr(status, "[GNUPG:] GOODSIG ") : NULL;

	if (good) {
		good += strlen("[GNUPG:] GOODSIG ");
		good += strcspn(good, " \n");
		good += *good == ' ';
		snprintf(who, SIGNED_SUMS_WHO, "%.*s", (int)strcspn(good, "\n"), good);
	}
	free(status);
}

/* 0 when gpgv calls it good: no other signature is. */
static int run_gpgv(const struct gpgv *g, const char *keyring, const char *signature)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		become_gpgv(g, keyring, signature);
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	if (!WIFEXITED(status))
		return -EIO;
	return WEXITSTATUS(status) == 127 ? -ENOPKG : WEXITSTATUS(status) ? -EBADMSG : 0;
}

static int check(
	struct signed_sums *s, const char *file, const char *keyring, char *why, size_t why_size)
{
	bool clear = strstr(s->text, CLEAR_SIGNED) != NULL;
	char signature[PATH_MAX] = "", *text = NULL;
	struct gpgv g;
	int rc;

	if (!clear && !find_signature(file, signature, sizeof signature)) {
		snprintf(why, why_size, "%s is not signed: no %s.gpg, .sign, .asc or .sig", file,
			file);
		return -ENOENT;
	}
	rc = gpgv_init(&g, s->text);
	if (!rc)
		rc = run_gpgv(&g, keyring, clear ? NULL : signature);
	if (!rc) {
		take_who(&g, s->who);
		text = clear ? read_all(g.out, SIGNED_SUMS_MAX) : s->text;
		rc = text && *s->who ? 0 : -EBADMSG;
	}
	if (text != s->text && text) {
		free(s->text);
		s->text = text;
	}
	gpgv_fini(&g);
	if (rc == -ENOPKG)
		snprintf(why, why_size, "gpgv is not installed: apt-get install gpgv");
	else if (rc)
		snprintf(why, why_size, "%s: no good signature by a key of %s%s",
			clear ? file : signature, keyring,
			access(keyring, R_OK) ? ", which cannot be read" : "");
	return rc;
}

int signed_sums_read(
	const char *file, const char *keyring, struct signed_sums *ret, char *why, size_t why_size)
{
	int rc = 0;

	*ret = (struct signed_sums){.text = read_file(file)};
	if (!ret->text) {
		rc = -errno;
		snprintf(why, why_size, "%s cannot be read: %s", file, strerror(-rc));
		return rc;
	}
	if (keyring)
		rc = check(ret, file, keyring, why, why_size);
	if (rc)
		signed_sums_fini(ret);
	return rc;
}

void signed_sums_fini(struct signed_sums *s)
{
	free(s->text);
	*s = (struct signed_sums){0};
}
