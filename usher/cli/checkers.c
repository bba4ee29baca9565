/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/checkers.h"

#include "core/clock.h"
#include "kickstart/lint/scripts.h"
#include "usher/cli/scratch.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	CHECKER_MS = 20000,      /* cloud-init takes 2 s to start on a slow host */
	CHECKER_SAYS = 64 << 10, /* bytes of what it says */
	SCRIPTS_MAX = 64,        /* of one file and what it includes: each is a process */
	FILES_MAX = 64,          /* that it includes, one often or many once */
	CHECKER_FINDINGS = 20,   /* of one checker: the rest comes of these, mostly */
};

struct checker {
	enum answers format;
	const char *name; /* of the program, and in brackets */
	const char
		*argv[6]; /* what follows it; "" stands for the file, "VERSION" for the version */
};

static const struct checker checkers[] = {
	{ANSWERS_KICKSTART, "ksvalidator", {"-v", "VERSION", ""}},
	{ANSWERS_PRESEED, "debconf-set-selections", {"-c", ""}},
	{ANSWERS_AUTOINSTALL, "cloud-init", {"schema", "--config-file", ""}},
	{ANSWERS_CLOUD_CONFIG, "cloud-init", {"schema", "--config-file", ""}},
	{ANSWERS_AUTOYAST, "xmllint", {"--noout", "--nonet", ""}},
	{ANSWERS_XML, "xmllint", {"--noout", "--nonet", ""}},
	{ANSWERS_IGNITION, "jq", {"empty", ""}},
	{ANSWERS_IGNITION, "ignition-validate", {""}},
	{ANSWERS_JSON, "jq", {"empty", ""}},
};

/* What reads a script of this language without running it. */
static const struct checker readers[] = {
	[SCRIPT_SHELL] = {.name = "sh", .argv = {"-n", ""}},
	/* a script that sets extglob itself is read before it does */
	[SCRIPT_BASH] = {.name = "bash", .argv = {"-O", "extglob", "-n", ""}},
	[SCRIPT_PYTHON] = {.name = "python3",
		.argv = {"-I", "-c",
			"import ast, sys\n"
			"try: ast.parse(open(sys.argv[1], 'rb').read())\n"
			"except SyntaxError as e: sys.exit('%s: %d: %s' % (sys.argv[1], e.lineno "
			"or 1, e.msg))\n",
			""}},
};

/* Running one. */

/* The signal that is to end us: what runs is killed then, and its folder removed before we go. */
static volatile sig_atomic_t ended_by;
static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { ENDS = sizeof ends / sizeof *ends };

static void on_end(int number)
{
	ended_by = number;
}

static void hold_ends(struct sigaction before[ENDS])
{
	const struct sigaction ours = {.sa_handler = on_end};

	for (size_t i = 0; i < ENDS; i++) {
		sigaction(ends[i], NULL, &before[i]);
		if (before[i].sa_handler != SIG_IGN)
			sigaction(ends[i], &ours, NULL);
	}
}

static void release_ends(const struct sigaction before[ENDS])
{
	int number = ended_by;

	for (size_t i = 0; i < ENDS; i++)
		sigaction(ends[i], &before[i], NULL);
	ended_by = 0;
	if (number)
		raise(number);
}

static const char answers_file[] = "answers", script_file[] = "script",
		  debconf_file[] = "debconf.conf";

/* debconf has databases of its own beside the file. This host's is locked while a package is installed, and of a question whose
 * template the host has, but not the question, it says that it is none. What debconf.conf(5) has, for empty ones; debconf runs
 * what code it finds there. */
static int write_debconf(const struct scratch *s)
{
	char text[128 + 2 * SCRATCH_PATH];

	snprintf(text, sizeof text,
		"Config: config\nTemplates: templates\n\n"
		"Name: config\nDriver: File\nFilename: %s/config\n\n"
		"Name: templates\nDriver: File\nFilename: %s/templates\n",
		s->dir, s->dir);
	return scratch_write(s, debconf_file, text);
}

static void become(const struct checker *c, const struct scratch *s, const char *path,
	const char *version, int out)
{
	const char *argv[8] = {c->name};
	char debconf[SCRATCH_PATH];
	size_t n = 1;

	for (size_t i = 0; i < 6 && c->argv[i]; i++)
		argv[n++] = !*c->argv[i]                     ? path
			: strcmp(c->argv[i], "VERSION") == 0 ? version
							     : c->argv[i];
	setpgid(0, 0);
	setenv("LC_ALL", "C", 1);
	unsetenv("ENV"); /* a shell would run them */
	unsetenv("BASH_ENV");
	setenv("DEBCONF_SYSTEMRC", scratch_path(s, debconf_file, debconf), 1);
	unsetenv("DEBCONF_DB_REPLACE");
	unsetenv("DEBCONF_DB_OVERRIDE");
	unsetenv("DEBCONF_DB_FALLBACK");
	dup2(out, STDOUT_FILENO);
	dup2(out, STDERR_FILENO);
	close(STDIN_FILENO);
	open("/dev/null", O_RDONLY);
	execvp(argv[0], (char *const *)argv);
	_exit(127);
}

/* All that comes before the end, the deadline, the limit or a signal that ends us. */
static void listen_to(int fd, char *said)
{
	int64_t deadline = clock_mono_ms() + CHECKER_MS;
	size_t n = 0;

	while (n < CHECKER_SAYS) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = deadline - clock_mono_ms();
		ssize_t got;

		if (ended_by || left <= 0 || poll(&p, 1, (int)left) <= 0)
			break;
		got = read(fd, said + n, CHECKER_SAYS - n);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	said[n] = '\0';
}

/* Its exit status; -1: it is not installed, or did not end. */
static int run(const struct checker *c, const struct scratch *s, const char *path,
	const char *version, char *said)
{
	int pipes[2], status = 0;
	pid_t pid;

	if (ended_by || pipe2(pipes, O_CLOEXEC))
		return -1;
	pid = fork();
	if (pid == 0)
		become(c, s, path, version, pipes[1]);
	close(pipes[1]);
	if (pid > 0) {
		listen_to(pipes[0], said);
		if (waitpid(pid, &status, WNOHANG) == 0) {
			usleep(100000); /* it closed its output and is about to end */
			if (waitpid(pid, &status, WNOHANG) == 0) {
				kill(-pid, SIGKILL);
				waitpid(pid, &status, 0);
			}
		}
	}
	close(pipes[0]);
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) != 127 ? WEXITSTATUS(status)
									  : -1;
}

/* What it said. */

/* "FILE:3: x", "FILE: 3: x", "… line 3, column 4": takes the numbers, and the file's name away. */
static const char *take_place(
	const char *line, const char *path, unsigned *ret_line, unsigned *ret_column)
{
	const char *at = strstr(line, path), *word;

	if (at) {
		char *end;
		unsigned long n;

		line = at + strlen(path);
		n = strtoul(line + strspn(line, ": "), &end, 10);
		if (n && *end == ':') {
			*ret_line = (unsigned)n;
			line = end;
		}
		line += strspn(line, ": ");
	}
	word = strstr(line, "line ");
	if (!*ret_line && word && isdigit((unsigned char)word[5]))
		*ret_line = (unsigned)strtoul(word + 5, NULL, 10);
	if (*ret_line && word == line) { /* "line 3: x" */
		line += 5 + strspn(line + 5, "0123456789");
		line += strspn(line, ": ");
	}
	word = strstr(line, "column ");
	if (word && isdigit((unsigned char)word[7]))
		*ret_column = (unsigned)strtoul(word + 7, NULL, 10);
	return line;
}

/* A line that only says where, or that something comes, is the opening of the next one. */
static bool is_opening(const char *line)
{
	size_t n = strlen(line);

	while (n && line[n - 1] == ' ')
		n--;
	return n == 0 || line[n - 1] == ':';
}

/* Its own word for how bad that is, which ours then says. */
static enum finding_level take_level(const char **line)
{
	bool warning = strncmp(*line, "warning: ", 9) == 0;

	if (warning || strncmp(*line, "error: ", 7) == 0)
		*line += warning ? 9 : 7;
	return warning ? FINDING_WARNING : FINDING_ERROR;
}

/* xmllint shows the line, and a mark below it. */
static bool is_quote(const char *line)
{
	return line[strspn(line, " \t^")] == '\0';
}

/* ignition-validate names the member, and warns of what it takes: "error at $.storage.files.0.path, line 3 col 9: TEXT". NULL:
 * it is older than the configuration, which is no fault of that. */
static const char *take_member(char *said, unsigned *ret_line, unsigned *ret_column,
	enum finding_level *ret_level, char *buf, size_t size)
{
	const char *member = strstr(said, " at $."), *text;
	char *at = strstr(said, "line ");

	if (strstr(said, "unsupported config version"))
		return NULL;
	*ret_level = strncmp(said, "warning at ", 11) == 0 ? FINDING_WARNING : FINDING_ERROR;
	if (!at || sscanf(at, "line %u col %u", ret_line, ret_column) != 2 ||
		!(text = strstr(at, ": ")))
		return said;
	if (!member || member > at)
		return text + 2;
	member += strlen(" at $.");
	snprintf(buf, size, "%.*s: %s", (int)strcspn(member, ","), member, text + 2);
	return buf;
}

static void take_members(const struct checker *c, const struct lint_input *in, bool refused,
	char *said, struct findings *f)
{
	char *one, *rest = said, buf[FINDING_TEXT];

	if (refused && !*said)
		findings_add(f, FINDING_ERROR, in->file, 0, 0, "it is refused without a word [%s]",
			c->name);
	for (unsigned n = 0; (one = strsep(&rest, "\n")) && n < CHECKER_FINDINGS; n++) {
		enum finding_level level;
		unsigned line = 0, column = 0;
		const char *text =
			*one ? take_member(one, &line, &column, &level, buf, sizeof(buf)) : NULL;

		if (text)
			findings_add(f, level, in->file, line, column, "%s [%s]", text, c->name);
	}
}

static void take_words(const struct checker *c, const struct lint_input *in, const char *path,
	char *said, struct findings *f)
{
	unsigned line = 0, column = 0, n = 0;
	char *one, *rest = said;
	bool placed = false;

	while ((one = strsep(&rest, "\n")) && n < CHECKER_FINDINGS) {
		enum finding_level level;
		const char *text;
		unsigned here = 0;

		if (is_quote(one))
			continue;
		text = take_place(one, path, &here, &column);
		if (placed && !here && strcmp(c->name, "xmllint") == 0)
			continue; /* the line that it shows */
		line = here ? here : line;
		placed = here;
		if (is_opening(text))
			continue;
		level = take_level(&text);
		findings_add(f, level, in->file, line, column, "%s [%s]", text, c->name);
		line = column = 0;
		n++;
	}
	if (n == 0)
		findings_add(f, FINDING_ERROR, in->file, 0, 0, "it is refused without a word [%s]",
			c->name);
}

static bool is_for(const struct checker *c, const struct lint_input *in)
{
	return strcmp(c->name, "ksvalidator") != 0 || in->version;
}

struct asking {
	const struct lint_input *in;
	const char *file; /* that is read: the input's, or one that it includes */
	struct findings *f;
	struct scratch scratch;
	unsigned scripts, files, depth;
	bool stopped; /* a file could not be written, and that was said */
};

static void cannot_write(struct asking *a, int rc)
{
	if (!a->stopped)
		findings_add(a->f, FINDING_ERROR, a->in->file, 0, 0,
			"it was not checked by this host's programs: they need a file in %s: %s "
			"(--own goes without them)",
			a->scratch.dir, strerror(-rc));
	a->stopped = true;
}

static void ask(const struct checker *c, const struct asking *a)
{
	char *said = malloc(CHECKER_SAYS + 1), path[SCRATCH_PATH];
	int status;

	scratch_path(&a->scratch, answers_file, path);
	status = said ? run(c, &a->scratch, path, a->in->version, said) : -1;
	if (status >= 0 && strcmp(c->name, "ignition-validate") == 0)
		take_members(c, a->in, status > 0, said, a->f);
	else if (status > 0)
		take_words(c, a->in, path, said, a->f);
	free(said);
}

/* "PATH: line 3: TEXT" or "PATH: 3: TEXT": the text; NULL for what is not like that. */
static const char *script_place(const char *said, const char *path, unsigned *ret_line)
{
	const char *at = strstr(said, path);
	char *end;

	if (!at)
		return NULL;
	at += strlen(path);
	at += strspn(at, ": ");
	if (strncmp(at, "line ", 5) == 0)
		at += 5;
	*ret_line = (unsigned)strtoul(at, &end, 10);
	return *ret_line && *end == ':' ? end + strspn(end, ": ") : NULL;
}

/* "line 3" in a text counts from the script's first line, which is behind so many of the file's. */
static void move_lines(const char *text, unsigned behind, char *buf, size_t size)
{
	size_t used = 0;
	const char *at;

	*buf = '\0';
	while (used < size && (at = strstr(text, "line "))) {
		char *end;
		unsigned long n = strtoul(at + 5, &end, 10);

		used += (size_t)snprintf(
			buf + used, size - used, "%.*s", (int)(at + 5 - text), text);
		if (used < size && isdigit((unsigned char)at[5]))
			used += (size_t)snprintf(buf + used, size - used, "%lu", n + behind);
		text = isdigit((unsigned char)at[5]) ? end : at + 5;
	}
	if (used < size)
		snprintf(buf + used, size - used, "%s", text);
}

/* Its warnings and the first error, of which the next lines only say more. A script that it only warns of is read to its end. */
static void take_script(const struct checker *c, const struct asking *a,
	const struct lint_script *s, const char *path, char *said)
{
	enum finding_level level = FINDING_WARNING;
	char *one, *rest = said, moved[FINDING_TEXT];

	for (unsigned n = 0; (one = strsep(&rest, "\n")) && n < CHECKER_FINDINGS; n++) {
		unsigned line = 0;
		const char *text = script_place(one, path, &line);

		if (!text || level == FINDING_ERROR)
			continue;
		level = take_level(&text);
		move_lines(text, s->line - 1, moved, sizeof moved);
		findings_add(
			a->f, level, a->file, s->line + line - 1, 0, "%s [%s]", moved, c->name);
	}
}

static void ask_reader(void *arg, const struct lint_script *s)
{
	struct asking *a = arg;
	const struct checker *c = &readers[s->language];
	char path[SCRATCH_PATH], *said;
	int rc;

	if (s->language == SCRIPT_OTHER || a->scripts == SCRIPTS_MAX || a->stopped || ended_by)
		return;
	rc = scratch_write(&a->scratch, script_file, s->text);
	if (rc) {
		cannot_write(a, rc);
		return;
	}
	scratch_path(&a->scratch, script_file, path);
	a->scripts++;
	said = malloc(CHECKER_SAYS + 1);
	if (said && run(c, &a->scratch, path, NULL, said) >= 0)
		take_script(c, a, s, path, said);
	free(said);
}

static void ask_included(void *arg, const char *name);

static void ask_readers(struct asking *a, enum answers format, const char *text)
{
	lint_scripts(format, text, ask_reader, a);
	if (format != ANSWERS_KICKSTART || !a->in->include || a->depth == LINT_INCLUDE_DEPTH)
		return;
	a->depth++;
	lint_includes(text, ask_included, a);
	a->depth--;
}

/* What is not there is told by others. */
static void ask_included(void *arg, const char *name)
{
	struct asking *a = arg;
	const char *file = a->file;
	char *text = NULL;

	if (*name == '/' || a->files == FILES_MAX)
		return;
	a->files++;
	if (a->in->include(a->in->arg, name, &text) == 0) {
		a->file = name;
		ask_readers(a, ANSWERS_KICKSTART, text);
		a->file = file;
	}
	free(text);
}

static void ask_all(struct asking *a, enum answers format)
{
	int rc = scratch_write(&a->scratch, answers_file, a->in->text);

	if (!rc && format == ANSWERS_PRESEED)
		rc = write_debconf(&a->scratch);
	if (rc) {
		cannot_write(a, rc);
		return;
	}
	for (size_t i = 0; i < sizeof checkers / sizeof *checkers; i++)
		if (checkers[i].format == format && is_for(&checkers[i], a->in))
			ask(&checkers[i], a);
	ask_readers(a, format, a->in->text);
}

void checkers_ask(enum answers format, const struct lint_input *in, struct findings *f)
{
	struct asking asking = {.in = in, .file = in->file, .f = f};
	struct sigaction before[ENDS];
	int rc;

	hold_ends(before);
	rc = scratch_init(&asking.scratch);
	if (rc) {
		cannot_write(&asking, rc);
	} else {
		ask_all(&asking, format);
		scratch_fini(&asking.scratch);
	}
	release_ends(before);
}
