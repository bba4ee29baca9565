/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher lint: answer files, and what comes of profiles, looked at here, without a service. */
#include "usher/cli/checkers.h"
#include "usher/cli/cli.h"
#include "usher/cli/setting_option.h"
#include "usher/client/client.h"
#include "config/config.h"
#include "config/paths.h"

#include "kickstart/lint/lint.h"
#include "kickstart/profiles.h"
#include "kickstart/render_lint.h"
#include "core/text.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPT_VERSION = 1, OPT_FORMAT, OPT_SET, OPT_OWN };

struct linting {
	const struct command *command;
	struct cli_common common;
	struct profiles profiles;
	struct findings findings;
	json_t *settings;    /* of --set */
	const char *version; /* of --version, or NULL */
	enum answers format; /* of --format */
	bool format_given, own;
};

/* Findings from an error's line: "FILE:LINE:COL: TEXT". */
static void take_why(struct linting *l, const char *name, const char *why)
{
	const char *at = why, *colon;
	unsigned line = 0, column = 0;
	char file[512], *end;

	for (; (colon = strchr(at, ':')); at = colon + 1)
		if (isdigit((unsigned char)colon[1]) && colon > why) {
			line = (unsigned)strtoul(colon + 1, &end, 10);
			if (*end == ':' && isdigit((unsigned char)end[1]))
				column = (unsigned)strtoul(end + 1, &end, 10);
			if (*end == ':')
				break;
		}
	if (!colon && *why == '/' && (colon = strstr(why, ": "))) { /* FILE: TEXT */
		end = (char *)colon;
		line = 0;
	}
	if (!colon) {
		findings_add(&l->findings, FINDING_ERROR, name, 0, 0, "%s", why);
		return;
	}
	snprintf(file, sizeof file, "%.*s", (int)(colon - why), why);
	findings_add(&l->findings, FINDING_ERROR, file, line, column, "%s",
		end + 1 + strspn(end + 1, " "));
}

/* A file. */

static int read_beside(void *arg, const char *name, char **ret_text)
{
	return strstr(name, "://") ? -EREMOTE
				   : text_read_file(*(int *)arg, name, LINT_TEXT_MAX, ret_text);
}

static int open_dir_of(const char *file)
{
	const char *slash = strrchr(file, '/');
	char *dir = slash ? strndup(file, (size_t)(slash - file) + 1) : strdup(".");
	int fd = dir ? open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

	free(dir);
	return fd;
}

static void lint_file_text(struct linting *l, const char *file, const char *text, int dir)
{
	enum answers format = l->format_given ? l->format : answers_guess(file, text);
	struct lint_input in = {.file = file,
		.text = text,
		.version = l->version,
		.include = read_beside,
		.arg = &dir};

	if (format == ANSWERS_NONE && !l->format_given) {
		findings_add(&l->findings, FINDING_ERROR, file, 0, 0,
			"what kind of file it is does not show: say --format");
		return;
	}
	if (strstr(text, "{{") && faccessat(dir, "profile.xml", F_OK, 0) == 0) {
		findings_add(&l->findings, FINDING_ERROR, file, 0, 0,
			"it is a template: give its profile, and what comes of it is looked at");
		return;
	}
	lint_text(format, &in, &l->findings);
	if (!l->own)
		checkers_ask(format, &in, &l->findings);
}

static int lint_file(struct linting *l, const char *file)
{
	char *text = NULL;
	int dir = open_dir_of(file);
	int rc = text_read_file(AT_FDCWD, file, LINT_TEXT_MAX, &text);

	if (rc)
		findings_add(&l->findings, FINDING_ERROR, file, 0, 0, "%s",
			rc == -EFBIG            ? "it has more than 1 MiB"
				: rc == -EINVAL ? "it is no text file"
						: strerror(-rc));
	else
		lint_file_text(l, file, text, dir);
	free(text);
	if (dir >= 0)
		close(dir);
	return 0;
}

/* A profile: rendered for machines that do not exist, once for each value that a setting may have. */

static const char sample_hash[] = "$6$sample$sample"; /* nobody's: of no password */

static const char *sample_value(const struct profile_setting *s)
{
	switch (s->type) {
	case SETTING_PASSWORD:
		return "*";
	case SETTING_NUMBER:
		return "1";
	case SETTING_HOSTNAME:
		return "host.example.net";
	case SETTING_ADDRESS:
		return "192.0.2.9";
	case SETTING_URL:
		return "http://192.0.2.9/";
	case SETTING_SIZE:
		return "1G";
	case SETTING_TIMEZONE:
		return "Etc/UTC";
	case SETTING_DISK:
		return "vda";
	case SETTING_DISKS:
	case SETTING_CARDS:
		return "all";
	case SETTING_PAIRS:
		return "sample=https://192.0.2.9/";
	default:
		return "sample";
	}
}

/* What --set gave, and for what is required and was not given a sample. */
static json_t *sample_settings(const struct linting *l, const struct profile *p)
{
	json_t *all = json_copy(l->settings);

	for (size_t i = 0; i < p->n_settings; i++) {
		const struct profile_setting *s = &p->settings[i];
		char first[PROFILE_NAME];

		if (!s->required || *s->def || json_object_get(all, s->name))
			continue;
		snprintf(first, sizeof first, "%.*s", s->values ? (int)strcspn(s->values, "|") : 0,
			s->values ? s->values : "");
		json_object_set_new(all, s->name, json_string(*first ? first : sample_value(s)));
	}
	return all;
}

static struct machine *sample_machine(bool guest, struct segment *seg)
{
	struct machine *m = machine_new();

	*seg = (struct segment){.id = 1, .prefix_len = 24, .lease_s = SEGMENT_LEASE_S};
	seg->server = seg->router = seg->dns[0] = ip_from_v4(0xc0000201); /* 192.0.2.1, RFC 5737 */
	seg->n_dns = 1;
	snprintf(seg->domain, sizeof seg->domain, "example.net");
	if (!m)
		return NULL;
	snprintf(m->name, sizeof m->name, "sample");
	snprintf(m->uuid, sizeof m->uuid, "00000000-0000-4000-8000-000000000000");
	m->guest = guest;
	m->n_nics = 2; /* so that what is for a second card is seen */
	for (size_t i = 0; i < m->n_nics; i++) {
		struct nic *nic = &m->nics[i];

		nic->segment_id = 1;
		nic->n_addrs = 1;
		nic->addrs[0] = ip_from_v4(0xc0000207 + (uint32_t)i);
		mac_from_ip(&nic->addrs[0], &nic->mac);
	}
	json_array_append_new(m->ssh_keys, json_string("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 sample"));
	return m;
}

static const struct segment *sample_segment(const void *segment, const char *name)
{
	(void)name;
	return segment;
}

static uint64_t disk_of(const struct profile *p)
{
	return p->disk ? p->disk : p->requires_disk ? p->requires_disk : 10ULL << 30;
}

/* The formats' own checkers look at the text, and their lines are the templates' then. */
static void ask_checkers(struct linting *l, const struct rendering *r)
{
	const struct profile *p = rendering_profile(r);
	const struct profile_answers *about;
	char why[512];

	for (size_t n = 0; n < p->n_answers; n++) {
		struct mustache_map map = {0};
		struct findings said = {0};
		char *text = NULL;

		if (render_answers_mapped(r, n, &about, &map, &text, why, sizeof why) == 0) {
			struct lint_input in = {.file = "answers",
				.text = text,
				.version = l->version ? l->version : about->version};

			checkers_ask(about->format, &in, &said);
			render_lint_place(p, in.file, text, &map, &said, &l->findings);
		}
		free(text);
		findings_fini(&said);
		mustache_map_fini(&map);
	}
}

static int lint_rendering(struct linting *l, const struct profile *p, const struct render_input *in,
	bool first, char *why, size_t size)
{
	json_t *snapshot = NULL;
	struct rendering *r = NULL;
	int rc = render_validate(p, in, 0, 0, &snapshot, why, size);

	if (!rc)
		rc = rendering_new(in, snapshot, &r, why, size);
	if (!rc)
		rc = render_lint(r, in->machine->guest ? disk_of(p) : 0, &l->findings, why, size);
	if (!rc && first && !l->own)
		ask_checkers(l, r);
	rendering_free(r);
	json_decref(snapshot);
	return rc;
}

/* A guest and a bare machine with these settings. False: it does not render. */
static bool lint_machines(struct linting *l, const struct profile *p, json_t *settings, bool first)
{
	char why[1024];
	int rc = 0;

	for (int guest = 1; guest >= 0 && !rc; guest--) {
		struct segment seg;
		struct machine *m = sample_machine(guest, &seg);
		struct render_input in = {.machine = m,
			.segment = &seg,
			.base_url = "http://192.0.2.1:8067",
			.find_segment = sample_segment,
			.arg = &seg};

		if (!m)
			return false;
		json_object_update(m->settings, settings);
		rc = lint_rendering(l, p, &in, first && guest, why, sizeof why);
		machine_free(m);
	}
	if (rc)
		take_why(l, p->file, why);
	return !rc;
}

/* Once with each value that a setting may have, so that what stands in a section is seen. */
static void lint_values(struct linting *l, const struct profile *p, json_t *settings,
	const struct profile_setting *s)
{
	const char *all = s->values           ? s->values
		: s->type == SETTING_BOOLEAN  ? "yes|no"
		: s->type == SETTING_PASSWORD ? sample_hash
		: s->type == SETTING_DISK     ? "vda|smallest-ssd"
		: s->type == SETTING_DISKS    ? "all|vda serial=S1XY"
		: *s->def || s->required || s->type == SETTING_TEXT
		? "" /* what a free text may be only --set knows */
		: sample_value(s);

	while (*all && !json_object_get(l->settings, s->name)) {
		size_t n = strcspn(all, "|");
		json_t *with = json_copy(settings);

		json_object_set_new(with, s->name, json_stringn(all, n));
		lint_machines(l, p, with, false);
		json_decref(with);
		all += n + (all[n] == '|');
	}
}

static void lint_read_profile(struct linting *l, struct profile *p)
{
	json_t *files = json_pack("{s:s, s:s, s:s, s:s}", "kernel", "vmlinuz", "initrd",
		"initrd.img", "shim", "shim.efi", "grub", "grub.efi");
	json_t *settings = sample_settings(l, p);

	if (!p->media.path && !p->media.url.text) /* as if it were imported */
		profile_set_media(p, "/nonexistent", NULL, files);
	for (size_t i = 0; l->version && i < p->n_answers; i++) {
		free(p->answers[i].version);
		p->answers[i].version = strdup(l->version);
	}
	if (lint_machines(l, p, settings, true))
		for (size_t i = 0; i < p->n_settings; i++)
			lint_values(l, p, settings, &p->settings[i]);
	json_decref(settings);
	json_decref(files);
}

/* A folder elsewhere brings the partials beside its own folder, behind the site's. */
static int read_folder(
	struct linting *l, const char *dir, struct profile **ret, char *why, size_t size)
{
	char *real = realpath(dir, NULL), *slash = real ? strrchr(real, '/') : NULL;
	int rc;

	if (slash) {
		*slash = '\0';
		profiles_add_path(&l->profiles, real);
		*slash = '/';
	}
	rc = profiles_read(&l->profiles, real ? real : dir, ret, why, size);
	free(real);
	return rc;
}

/* A service may look in other folders than this command: it is asked where it has it. False: it has not, or there is none. */
static bool find_served(struct linting *l, const char *name)
{
	struct client *c = client_new(l->common.socket);
	char path[300], escaped[256], why[CLIENT_WHY], folder[PATH_MAX];
	const char *file;
	json_t *reply = NULL;
	bool found = false;
	long status;

	snprintf(path, sizeof path, "/profiles/%s", client_escape(name, escaped, sizeof escaped));
	if (c && !client_try(c, "GET", path, NULL, &reply, &status, why, sizeof why)) {
		file = json_string_value(json_object_get(reply, "file"));
		snprintf(folder, sizeof folder, "%s", file ? file : "");
		for (int up = 0; up < 2; up++) /* …/NAME/profile.xml */
			folder[strrchr(folder, '/') ? strrchr(folder, '/') - folder : 0] = '\0';
		found = *folder && !profiles_add_path(&l->profiles, folder);
	}
	json_decref(reply);
	client_free(c);
	return found;
}

static void lint_profile(struct linting *l, const char *name)
{
	struct profile *p = NULL;
	char why[1024], path[512];
	struct stat st;
	bool folder;
	int rc;

	snprintf(path, sizeof path, "%s/profile.xml", name);
	folder = stat(path, &st) == 0;
	if (folder)
		rc = read_folder(l, name, &p, why, sizeof why);
	else
		rc = profiles_find(&l->profiles, name, &p, why, sizeof why);
	if (rc == -ENOENT && !strchr(name, '/') && find_served(l, name))
		rc = profiles_find(&l->profiles, name, &p, why, sizeof why);
	if (rc == -ENOENT && !folder && strchr(name, '/'))
		findings_add(&l->findings, FINDING_ERROR, name, 0, 0,
			"a folder without a profile.xml: name a profile's folder, or a file");
	else if (rc == -ENOENT && access(name, F_OK))
		findings_add(&l->findings, FINDING_ERROR, name, 0, 0, "no such file, and %s", why);
	else if (rc)
		take_why(l, name, why);
	else
		lint_read_profile(l, p);
	profile_free(p);
}

/* What is said. */

/* How many of which file are not among the findings. */
static json_t *left_out(const struct findings *f)
{
	json_t *all = json_object();

	for (size_t i = 0; i < f->n_files; i++)
		if (f->files[i].left_out)
			json_object_set_new(all, f->files[i].name,
				json_integer((json_int_t)f->files[i].left_out));
	return all;
}

static void say(struct linting *l, int argc)
{
	size_t errors, warnings;
	json_t *all;
	char line[1024];

	findings_sort(&l->findings);
	errors = l->findings.n_errors;
	warnings = l->findings.n_warnings;
	if (l->common.json) {
		all = json_pack("{s:o, s:I, s:I, s:o}", "findings", findings_json(&l->findings),
			"errors", (json_int_t)errors, "warnings", (json_int_t)warnings, "left_out",
			left_out(&l->findings));
		json_dumpf(all, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(all);
		return;
	}
	for (size_t i = 0; i < l->findings.n; i++) {
		finding_text(&l->findings, i, line, sizeof line);
		puts(line);
	}
	for (size_t i = 0; i < l->findings.n_files; i++)
		if (l->findings.files[i].left_out)
			printf("%s: %zu more are left out: the first %zu of a file are shown\n",
				l->findings.files[i].name, l->findings.files[i].left_out,
				l->findings.files[i].n);
	fflush(stdout);
	fprintf(stderr, "usher: %d looked at: %zu error%s, %zu warning%s\n", argc, errors,
		errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
}

static int take_option(struct linting *l, int opt, const char **config)
{
	switch (opt) {
	case 'c':
		*config = optarg;
		return 0;
	case OPT_VERSION:
		l->version = optarg;
		return 0;
	case OPT_SET:
		return setting_option(l->command, l->settings, optarg);
	case OPT_OWN:
		l->own = true;
		return 0;
	}
	l->format_given = true;
	if (answers_parse(optarg, &l->format))
		return cli_usage(l->command,
			"--format takes kickstart, preseed, autoinstall, cloud-config, autoyast, "
			"ignition, script, yaml, xml or json, not '%s'",
			optarg);
	return 0;
}

/* The folders that the service would look in. */
static int find_profiles(struct linting *l, const char *config)
{
	static struct config c;
	char why[1024];

	config_init(&c);
	if (!config && access(PATH_CONFIG, R_OK) == 0)
		config = PATH_CONFIG;
	if (config && config_read(&c, config, why, sizeof why))
		return cli_fail("%s", why);
	profiles_init(&l->profiles);
	for (size_t i = 0; i < c.n_profiles; i++)
		profiles_add_path(&l->profiles, c.profiles[i]);
	return 0;
}

static bool is_file(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 ? !S_ISDIR(st.st_mode) : strchr(name, '/') != NULL;
}

static int lint_all(struct linting *l, int argc, char **argv, const char *config)
{
	int rc = find_profiles(l, config);

	for (int i = optind; !rc && i < argc; i++) {
		if (is_file(argv[i]))
			lint_file(l, argv[i]);
		else
			lint_profile(l, argv[i]);
	}
	if (!rc) {
		say(l, argc - optind);
		rc = l->findings.n_errors ? EXIT_FAILED : EXIT_DONE;
	}
	profiles_fini(&l->profiles);
	return rc;
}

static int run_lint(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"config", required_argument, NULL, 'c'},
		{"version", required_argument, NULL, OPT_VERSION},
		{"format", required_argument, NULL, OPT_FORMAT},
		{"set", required_argument, NULL, OPT_SET}, {"own", no_argument, NULL, OPT_OWN},
		CLI_COMMON_OPTIONS, {0}};
	struct linting l = {.command = c, .settings = json_object()};
	const char *config = NULL;
	int opt, rc = 0;

	cli_common_init(&l.common);
	while (!rc && (opt = cli_getopt(c, &l.common, argc, argv, options)) != -1)
		rc = take_option(&l, opt, &config);
	if (!rc && optind == argc)
		rc = cli_usage(c, "takes at least one file or profile");
	if (!rc)
		rc = lint_all(&l, argc, argv, config);
	findings_fini(&l.findings);
	json_decref(l.settings);
	return rc;
}

const struct command cmd_lint = {
	.name = "lint",
	.arguments = "FILE|PROFILE... [OPTION...]",
	.summary = "check answer files and profiles",
	.help = "  --version V          the installer's version: RHEL7 to RHEL10, F39 to F45 (the "
		"profile's)\n"
		"  --format F           kickstart, preseed, autoinstall, cloud-config, autoyast,\n"
		"                       ignition, script, yaml, xml, json (by name and content)\n" SETTING_OPTION_HELP
		"  --own                do not run the checkers installed on this host\n"
		"  -c, --config FILE    the configuration that names the folders of profiles (" PATH_CONFIG
		")\n"
		"  --json               machine-readable output\n"
		"  --help               this text\n"
		"\nExit status: 0 no errors, 1 errors, 2 usage.\n",
	.run = run_lint,
};
