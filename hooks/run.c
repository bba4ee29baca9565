/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/run.h"

#include "hooks/trust.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	DRAIN_READS = 32, /* of what a pipe may hold at the end (64 KiB); whoever left the group may
			     write on */
	CANCEL_WAIT_MS = 1000, /* for a killed child to be gone */
};

/* What came out of one pipe. */
struct stream {
	struct loop_fd watch;
	int fd; /* -1: closed */
	char text[RUN_OUTPUT + 1];
	size_t len;
};

struct run {
	struct loop *loop;
	pid_t pid;
	int pidfd;
	struct loop_fd exit_watch;
	struct loop_timer timer;
	struct stream out, err;
	bool timed_out;
	int typed; /* the pipe to its stdin; -1: it is not talked with */
	void (*heard)(void *arg, const char *bytes, size_t n);
	void (*done)(void *arg, const struct run_result *r);
	void *arg;
};

/* Streams. */

static void stream_close(struct loop *l, struct stream *s)
{
	if (s->watch.watched)
		loop_unwatch(l, &s->watch);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static void stream_append(struct stream *s, const char *bytes, size_t n)
{
	if (s->len + n > RUN_OUTPUT) {
		size_t gone = s->len + n - RUN_OUTPUT;

		memmove(s->text, s->text + gone, s->len - gone);
		s->len -= gone;
	}
	memcpy(s->text + s->len, bytes, n);
	s->len += n;
	s->text[s->len] = '\0';
}

/* One read. False: there is nothing now, or there never will be. */
static bool stream_read(struct stream *s, bool *ret_ended)
{
	char bytes[RUN_OUTPUT];
	ssize_t n = s->fd >= 0 ? read(s->fd, bytes, sizeof bytes) : 0;

	*ret_ended = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	for (ssize_t i = 0; i < n; i++)
		if (!bytes[i])
			bytes[i] = '?';
	if (n > 0)
		stream_append(s, bytes, (size_t)n);
	return n > 0;
}

static void on_output(struct run *r, struct stream *s)
{
	bool ended;

	stream_read(s, &ended);
	if (ended)
		stream_close(r->loop, s);
}

static void hear(struct run *r)
{
	char bytes[RUN_OUTPUT];
	ssize_t n = read(r->out.fd, bytes, sizeof bytes);

	if (n > 0)
		r->heard(r->arg, bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		stream_close(r->loop, &r->out);
}

static void on_out(struct loop_fd *w, uint32_t events)
{
	struct run *r = w->arg;

	(void)events;
	if (r->heard)
		hear(r);
	else
		on_output(r, &r->out);
}

static void on_err(struct loop_fd *w, uint32_t events)
{
	struct run *r = w->arg;

	(void)events;
	on_output(r, &r->err);
}

static void stream_drain(struct stream *s)
{
	bool ended;

	for (int i = 0; i < DRAIN_READS && stream_read(s, &ended); i++)
		;
}

/* Life. */

static void run_free(struct run *r)
{
	loop_timer_clear(r->loop, &r->timer);
	stream_close(r->loop, &r->out);
	stream_close(r->loop, &r->err);
	if (r->typed >= 0)
		close(r->typed);
	if (r->exit_watch.watched)
		loop_unwatch(r->loop, &r->exit_watch);
	if (r->pidfd >= 0)
		close(r->pidfd);
	free(r);
}

/* It has ended and is not waited for yet: so its number is still its own, and its group's. */
static void on_exit_ready(struct loop_fd *w, uint32_t events)
{
	struct run *r = w->arg;
	struct run_result result = {.exit_status = -1, .timed_out = r->timed_out};
	int status = 0;
	pid_t pid;

	(void)events;
	kill(-r->pid, SIGKILL);
	pid = waitpid(r->pid, &status, WNOHANG);
	if (pid == 0)
		return;
	if (pid == r->pid && WIFEXITED(status))
		result.exit_status = WEXITSTATUS(status);
	if (pid == r->pid && WIFSIGNALED(status))
		result.signal = WTERMSIG(status);
	stream_drain(&r->out);
	stream_drain(&r->err);
	result.out = r->out.text;
	result.err = r->err.text;
	r->done(r->arg, &result);
	run_free(r);
}

static void on_time_over(struct loop_timer *t)
{
	struct run *r = t->arg;

	r->timed_out = true;
	kill(-r->pid, SIGKILL);
}

void run_signal(struct run *r, int signal)
{
	kill(r->pid, signal);
}

void run_cancel(struct run *r)
{
	struct pollfd p;

	if (!r)
		return;
	kill(-r->pid, SIGKILL);
	p = (struct pollfd){.fd = r->pidfd, .events = POLLIN};
	poll(&p, 1, CANCEL_WAIT_MS);
	waitpid(r->pid, NULL, WNOHANG);
	run_free(r);
}

/* Starting. */

/* Not a pipe: nobody has to feed it, nothing waits when it is not read, and a script may read it
 * twice. */
static int make_input(const char *input, size_t len, int *ret)
{
	int fd = memfd_create("usher-input", MFD_CLOEXEC);
	size_t at = 0;

	if (fd < 0)
		return -errno;
	while (at < len) {
		ssize_t n = write(fd, input + at, len - at);

		if (n < 0) {
			int rc = -errno;

			close(fd);
			return rc;
		}
		at += (size_t)n;
	}
	lseek(fd, 0, SEEK_SET);
	*ret = fd;
	return 0;
}

/* Only our end does not block: the child's is what every program expects. */
static int make_pipe(int *ret_ours, int *ret_childs)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	*ret_ours = fds[0];
	*ret_childs = fds[1];
	return 0;
}

static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strcspn(b, "=") == n && strncmp(a, b, n) == 0;
}

/* What concerns us only, for instance how systemd talks with its service. */
static bool is_ours_alone(const char *var)
{
	static const char *const prefixes[] = {
		"NOTIFY_SOCKET=", "LISTEN_", "WATCHDOG_", "CREDENTIALS_"};

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (strncmp(var, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

static void make_env(const char *const *own, char *to[RUN_ENV_MAX + 1])
{
	size_t n = 0, n_own;

	for (; own && own[n] && n < RUN_ENV_MAX; n++)
		to[n] = (char *)(uintptr_t)own[n];
	n_own = n;
	for (char **e = environ; *e && n < RUN_ENV_MAX; e++) {
		bool skip = is_ours_alone(*e);

		for (size_t i = 0; i < n_own && !skip; i++)
			skip = same_name(to[i], *e);
		if (!skip)
			to[n++] = *e;
	}
	to[n] = NULL;
}

int run_type(struct run *r, const void *bytes, size_t n)
{
	ssize_t done = r->typed < 0 ? -1 : write(r->typed, bytes, n);

	if (r->typed < 0 || (done < 0 && errno != EAGAIN))
		return -EPIPE;
	return done < 0 || (size_t)done < n ? -EAGAIN : 0;
}

void run_hang_up(struct run *r, int64_t ms)
{
	if (r->typed >= 0)
		close(r->typed);
	r->typed = -1;
	if (loop_timer_set(r->loop, &r->timer, ms))
		kill(-r->pid, SIGKILL);
}

/* The child's ends. */
struct ends {
	int in, out, err;
	int file; /* its descriptor 3; -1: it has none */
};

/* The service keeps 0, 1 and 2 open, so none of these descriptors is one of them. */
static int add_actions(posix_spawn_file_actions_t *fa, const struct ends *e)
{
	int rc = posix_spawn_file_actions_adddup2(fa, e->in, 0);

	if (!rc)
		rc = posix_spawn_file_actions_adddup2(fa, e->out, 1);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(fa, e->err, 2);
	if (!rc && e->file >= 0)
		rc = posix_spawn_file_actions_adddup2(fa, e->file, 3);
	if (!rc)
		rc = posix_spawn_file_actions_addclosefrom_np(fa, e->file >= 0 ? 4 : 3);
	if (!rc)
		rc = posix_spawn_file_actions_addchdir_np(fa, "/");
	return rc;
}

static int spawn(const struct run_spec *spec, const struct ends *e, pid_t *ret)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none, all;
	char *env[RUN_ENV_MAX + 1];
	int rc;

	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&attr);
	sigemptyset(&none);
	sigfillset(&all);
	make_env(spec->env, env);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(
		&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = add_actions(&fa, e);
	if (!rc)
		rc = posix_spawn(ret, spec->path, &fa, &attr, spec->argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	return -rc;
}

static void close_end(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Whoever is talked with has a pipe as stdin: ours does not block. */
static int make_typed(struct run *r, struct ends *e)
{
	int fds[2];

	e->file = e->in;
	e->in = -1;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	r->typed = fds[1];
	e->in = fds[0];
	return 0;
}

static int start_child(struct run *r, const struct run_spec *spec)
{
	struct ends e = {-1, -1, -1, -1};
	int rc = make_input(spec->input, spec->input_len, &e.in);

	if (rc == 0 && spec->heard)
		rc = make_typed(r, &e);
	if (rc == 0)
		rc = make_pipe(&r->err.fd, &e.err);
	if (rc == 0 && !spec->join)
		rc = make_pipe(&r->out.fd, &e.out);
	if (rc == 0 && spec->join)
		e.out = fcntl(e.err, F_DUPFD_CLOEXEC, 3);
	if (rc == 0)
		rc = spawn(spec, &e, &r->pid);
	close_end(e.in);
	close_end(e.out);
	close_end(e.err);
	close_end(e.file);
	return rc;
}

static int watch_child(struct run *r, int64_t limit_ms)
{
	int rc = 0;

	r->pidfd = pidfd_open(r->pid, 0);
	if (r->pidfd < 0)
		return -errno;
	rc = loop_watch(r->loop, &r->exit_watch, r->pidfd, EPOLLIN, on_exit_ready, r);
	if (rc == 0)
		rc = loop_watch(r->loop, &r->err.watch, r->err.fd, EPOLLIN, on_err, r);
	if (rc == 0 && r->out.fd >= 0)
		rc = loop_watch(r->loop, &r->out.watch, r->out.fd, EPOLLIN, on_out, r);
	if (rc == 0 && limit_ms)
		rc = loop_timer_set(r->loop, &r->timer, limit_ms);
	return rc;
}

int run_start(struct loop *l, const struct run_spec *spec,
	void (*done)(void *arg, const struct run_result *r), void *arg, struct run **ret)
{
	struct run *r;
	int rc;

	if (spec->input_len > RUN_INPUT_MAX)
		return -EMSGSIZE;
	r = calloc(1, sizeof *r);
	if (!r)
		return -ENOMEM;
	r->loop = l;
	r->done = done;
	r->arg = arg;
	r->heard = spec->heard;
	r->pidfd = r->out.fd = r->err.fd = r->typed = -1;
	loop_timer_init(&r->timer, on_time_over, r);
	rc = start_child(r, spec);
	if (rc < 0) {
		run_free(r);
		return rc;
	}
	rc = watch_child(r, spec->limit_ms);
	if (rc < 0) {
		run_cancel(r);
		return rc;
	}
	*ret = r;
	return 0;
}

/* Words. */

const char *run_file_error(const char *path)
{
	const char *error;
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? "there is no such file" : "it cannot be examined";
	if (!S_ISREG(st.st_mode))
		return "it is not a regular file";
	error = trust_error(path, NULL);
	if (error)
		return error;
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return "it is not executable";
	return NULL;
}

const char *run_result_text(const struct run_result *r, char *buf, size_t size)
{
	if (r->timed_out)
		snprintf(buf, size, "timed out");
	else if (r->signal)
		snprintf(buf, size, "killed by signal %d", r->signal);
	else
		snprintf(buf, size, "exit %d", r->exit_status);
	return buf;
}

const char *run_last_line(const char *text, char *buf, size_t size)
{
	size_t end = strlen(text), start;

	while (end && isspace((unsigned char)text[end - 1]))
		end--;
	for (start = end; start && text[start - 1] != '\n' && text[start - 1] != '\r';)
		start--;
	if (end - start >= size)
		end = start + size - 1;
	memcpy(buf, text + start, end - start);
	buf[end - start] = '\0';
	return buf;
}
