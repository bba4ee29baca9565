/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The house, read from its #include lines: arrows point down, services do not know each other, each library has one
 * home, each header is implemented in its own folder, and no room of the service is large.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH = 512, TEXT = 1 << 20, FAULTS = 4096 };

/*
 * Folders by floor. A folder may include those of lower floors, and itself; of its own floor it may include only those
 * of the same group (a folder and its subfolders that are one part).
 */
struct room {
	const char *folder, *group;
	int floor;
};

static const struct room rooms[] = {
	{"core", "core", 0},
	{"machine", "machine", 1},
	/* services: none includes another */
	{"dhcpd", "dhcpd", 2},
	{"tftpd", "tftpd", 2},
	{"httpd", "httpd", 2},
	{"syslogd", "syslogd", 2},
	{"kickstart", "kickstart", 2},
	{"kickstart/lint", "kickstart", 2},
	{"kickstart/media", "kickstart", 2},
	{"guest", "guest", 2},
	{"guest/domain", "guest", 2},
	{"hooks", "hooks", 2},
	{"hooks/power", "hooks", 2},
	{"config", "config", 3},
	{"service/base", "base", 4},
	{"service/access", "access", 5},
	{"service/guests", "guests", 5},
	{"service/files", "files", 5},
	{"service/packages", "packages", 5},
	{"service/console", "console", 6},
	{"service/logs", "logs", 6},
	{"service/network", "network", 6},
	{"service/media", "media", 6},
	{"service/discovery", "discovery", 6},
	{"service/boot", "boot", 7},
	{"service/operations", "operations", 7},
	{"service/metal", "metal", 8},
	{"service/follow", "follow", 9},
	{"service/api", "api", 9},
	{"service", "service", 10},
	{"usher/client", "client", 11},
	{"usher/lab", "lab", 12},
	{"usher/probe", "probe", 12},
	{"usher/cli", "cli", 13},
	{"usher", "usher", 14},
};
enum { ROOMS = sizeof rooms / sizeof *rooms };

struct home {
	const char *header;     /* how the system's header begins */
	const char *folders[4]; /* that may include it, with what is below them */
};

static const struct home homes[] = {
	{"microhttpd", {"httpd"}},
	{"gnutls/", {"httpd"}}, /* the certificate of its TLS */
	{"libvirt/", {"guest"}},
	{"netlink/", {"core"}},
	{"pcap", {"dhcpd"}},
	{"sqlite3", {"core"}},
	{"libxml/", {"core", "guest"}},             /* what people write; libvirt's */
	{"zstd", {"kickstart/media", "usher/cli"}}, /* images of disks */
	/* the fetcher; the client of our own API; Redfish controllers and webhooks */
	{"curl/", {"kickstart/media", "usher/client", "hooks"}},
};

static char text[TEXT];
static char faults[FAULTS];

/* "PATH VERB WHAT, WHY" */
static void fault(const char *path, const char *verb, const char *what, const char *why)
{
	size_t n = strlen(faults);

	snprintf(faults + n, sizeof faults - n, "%s %s %s, %s\n", path, verb, what, why);
}

static const char *top(void)
{
	const char *dir = getenv("USHER_TOP");

	return dir ? dir : ".";
}

static const struct room *room_of(const char *folder)
{
	for (size_t i = 0; i < ROOMS; i++)
		if (!strcmp(rooms[i].folder, folder))
			return &rooms[i];
	return NULL;
}

static bool may_include(const struct room *from, const struct room *to)
{
	return from == to || to->floor < from->floor || !strcmp(from->group, to->group);
}

/* The folder of "a/b/c.h"; "" when there is none. */
static const char *folder_of(const char *path, char buf[PATH])
{
	const char *slash = strrchr(path, '/');

	snprintf(buf, PATH, "%.*s", slash ? (int)(slash - path) : 0, path);
	return buf;
}

static bool read_text(const char *path)
{
	char full[2 * PATH];
	FILE *f;
	size_t n;

	snprintf(full, sizeof full, "%s/%s", top(), path);
	f = fopen(full, "r");
	n = f ? fread(text, 1, sizeof text - 1, f) : 0;
	text[n] = '\0';
	if (f)
		fclose(f);
	return f;
}

typedef void each_file(const struct room *r, const char *path);

static bool is_source(const char *name)
{
	size_t n = strlen(name);

	return n > 2 && name[n - 2] == '.' && (name[n - 1] == 'c' || name[n - 1] == 'h');
}

static size_t walk(each_file *each)
{
	size_t n = 0;

	for (size_t i = 0; i < ROOMS; i++) {
		char dir[PATH], path[2 * PATH];
		struct dirent *e;
		DIR *d;

		snprintf(dir, sizeof dir, "%s/%s", top(), rooms[i].folder);
		d = opendir(dir);
		ck_assert_msg(d, "%s: %s", dir, strerror(errno));
		while ((e = readdir(d))) {
			if (!is_source(e->d_name))
				continue;
			snprintf(path, sizeof path, "%s/%s", rooms[i].folder, e->d_name);
			ck_assert(read_text(path));
			each(&rooms[i], path);
			n++;
		}
		closedir(d);
	}
	return n;
}

/* Calls `each` with what stands between `open` and `close` on each #include line. */
static void includes(const char *open, char close,
	void (*each)(const struct room *, const char *, const char *), const struct room *r,
	const char *path)
{
	for (const char *at = strstr(text, open); at; at = strstr(at + 1, open)) {
		const char *from = at + strlen(open), *end = strchr(from, close);
		char what[PATH];

		if (!end || (at != text && at[-1] != '\n'))
			continue;
		snprintf(what, sizeof what, "%.*s", (int)(end - from), from);
		each(r, path, what);
	}
}

/* Arrows */

static void arrow(const struct room *r, const char *path, const char *what)
{
	char folder[PATH];
	const struct room *to = room_of(folder_of(what, folder));

	if (*folder && !to)
		fault(path, "includes", what, "which is in no folder of the list");
	else if (to && !may_include(r, to))
		fault(path, "includes", what, "which is not below it");
}

static void arrows_of(const struct room *r, const char *path)
{
	includes("#include \"", '"', arrow, r, path);
}

START_TEST(arrows_point_down)
{
	ck_assert_uint_gt(walk(arrows_of), 400);
	ck_assert_msg(!*faults, "%s", faults);
}
END_TEST

/* The whole service */

static void whole(const struct room *r, const char *path, const char *what)
{
	if (!strcmp(what, "service/service.h") && strcmp(r->folder, "service"))
		fault(path, "includes", what, "which is serve.c's");
}

static void wholes_of(const struct room *r, const char *path)
{
	includes("#include \"", '"', whole, r, path);
}

START_TEST(no_room_knows_the_whole_service)
{
	walk(wholes_of);
	ck_assert_msg(!*faults, "%s", faults);
}
END_TEST

/* Rooms of the service that one reader can hold in mind */

enum { ROOM_LINES = 4500 };
static size_t lines[ROOMS];

static void count(const struct room *r, const char *path)
{
	(void)path;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines[r - rooms]++;
}

START_TEST(no_room_of_the_service_is_large)
{
	walk(count);
	for (size_t i = 0; i < ROOMS; i++) {
		char what[PATH];

		if (strncmp(rooms[i].folder, "service", 7) || lines[i] <= ROOM_LINES)
			continue;
		snprintf(what, sizeof what, "%zu lines", lines[i]);
		fault(rooms[i].folder, "has", what, "which is enough for two rooms");
	}
	ck_assert_msg(!*faults, "%s", faults);
}
END_TEST

/* Libraries */

static bool is_in(const char *folder, const struct home *h)
{
	for (size_t i = 0; i < 4 && h->folders[i]; i++) {
		size_t n = strlen(h->folders[i]);

		if (!strncmp(folder, h->folders[i], n) && (!folder[n] || folder[n] == '/'))
			return true;
	}
	return false;
}

static void library(const struct room *r, const char *path, const char *what)
{
	for (size_t i = 0; i < sizeof homes / sizeof *homes; i++)
		if (!strncmp(what, homes[i].header, strlen(homes[i].header)) &&
			!is_in(r->folder, &homes[i]))
			fault(path, "includes", what, "a library whose home is elsewhere");
}

static void libraries_of(const struct room *r, const char *path)
{
	includes("#include <", '>', library, r, path);
}

START_TEST(each_library_has_one_home)
{
	walk(libraries_of);
	ck_assert_msg(!*faults, "%s", faults);
}
END_TEST

/* Headers and who implements them */

/* Everything of a folder's .c files, one after another, on the heap. */
static char *sources_of(const char *folder)
{
	char dir[PATH], path[2 * PATH], *all = calloc(1, 1);
	size_t len = 0;
	struct dirent *e;
	DIR *d;

	snprintf(dir, sizeof dir, "%s/%s", top(), folder);
	d = opendir(dir);
	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d))) {
		if (!is_source(e->d_name) || e->d_name[strlen(e->d_name) - 1] != 'c')
			continue;
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		ck_assert(read_text(path));
		all = realloc(all, len + strlen(text) + 2);
		ck_assert_ptr_nonnull(all);
		len += (size_t)sprintf(all + len, "\n%s", text);
	}
	closedir(d);
	return all;
}

/* Is there a line of code that begins with a type and has `name(` in it, and does not end in ';'? */
static bool is_defined(const char *sources, const char *name)
{
	char call[PATH + 2];

	snprintf(call, sizeof call, "%s(", name);
	for (const char *at = strstr(sources, call); at; at = strstr(at + 1, call)) {
		const char *line = at, *end = at + strcspn(at, "{;");

		while (line > sources && line[-1] != '\n')
			line--;
		if (*end == '{' && *line != '\t' && *line != '#' && *line != ' ' &&
			(at == line || !strchr("abcdefghijklmnopqrstuvwxyz_", at[-1])))
			return true;
	}
	return false;
}

static void implemented(const struct room *r, const char *path)
{
	regmatch_t m[2];
	regex_t re;
	char *sources, *header;

	if (path[strlen(path) - 1] != 'h')
		return;
	header = strdup(text);
	sources = sources_of(r->folder);
	ck_assert_int_eq(regcomp(&re, "^[a-z][a-z0-9_ *]* \\**([a-z0-9_]+)\\([^;{]*;",
				 REG_EXTENDED | REG_NEWLINE),
		0);
	for (const char *at = header; !regexec(&re, at, 2, m, 0); at += m[0].rm_eo) {
		char name[PATH];

		snprintf(
			name, sizeof name, "%.*s", (int)(m[1].rm_eo - m[1].rm_so), at + m[1].rm_so);
		if (strncmp(at + m[0].rm_so, "typedef", 7) &&
			strncmp(at + m[0].rm_so, "static", 6) && !is_defined(sources, name))
			fault(path, "declares", name, "which no file of its folder defines");
	}
	regfree(&re);
	free(sources);
	free(header);
}

START_TEST(headers_are_implemented_at_home)
{
	walk(implemented);
	ck_assert_msg(!*faults, "%s", faults);
}
END_TEST

static void reset(void)
{
	*faults = '\0';
}

int main(void)
{
	Suite *suite = suite_create("layout");
	TCase *t = tcase_create("layout");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, reset, NULL);
	tcase_add_test(t, arrows_point_down);
	tcase_add_test(t, no_room_knows_the_whole_service);
	tcase_add_test(t, no_room_of_the_service_is_large);
	tcase_add_test(t, each_library_has_one_home);
	tcase_add_test(t, headers_are_implemented_at_home);
	tcase_set_timeout(t, 60);
	suite_add_tcase(suite, t);
	r = srunner_create(suite);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
