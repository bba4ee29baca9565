/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Awkward values for every setting of every shipped profile, with all else set: a value is refused with the reason, or it stands in
 * its place in all that is served, and nowhere else, as other parsers than ours read it (places.py). And each setting left empty.
 */
#include "kickstart/lint/lint.h"
#include "kickstart/profiles.h"
#include "kickstart/render_lint.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define HASH "$6$salt$0123456789abcdef"

/* What a value that nobody else has looks like, by type: it is looked for in what comes of it. */
static const char *const markers[SETTING_TYPES] = {
	[SETTING_TEXT] = "Marker",
	[SETTING_PASSWORD] = HASH "Marker",
	[SETTING_LIST] = "Marker",
	[SETTING_HOSTNAME] = "Marker.example",
	[SETTING_ADDRESS] = "192.0.2.77",
	[SETTING_URL] = "http://Marker.example/x",
	[SETTING_TIMEZONE] = "Marker/City",
	[SETTING_USER] = "Marker",
	[SETTING_DISK] = "Marker",
	[SETTING_DISKS] = "Marker",
};

/* What is set besides, so that every section of the templates is there. */
static const char *const others[][2] = {{"user", "ann"}, {"user_password", HASH},
	{"root_password", HASH}, {"packages", "vim"}, {"proxy", "http://10.0.0.1:3128/"},
	{"disk", "vda"}, {"disks", "vda"}, {"pre", "true"}, {"post", "true"}, {"partitions", "lvm"},
	{"network", "static"}, {"user_groups", "wheel"}, {"services", "cron"},
	{"appstream", "http://10.0.0.1/a"}};

static const char *const values[] = {"'", "\"", "\\", "a'b", "a\"b", "a\\", "\\n", "'\\''", "`id`",
	"$(id)", "${x}", "$HOME", "a b", " a", "a ", "\t", "a\tb", "\n", "a\nb", "a\r\nb", "a\\\nb",
	"#", "a#b", "a # b", "%", "%end", "a\n%end\nb", "a\n  %end", "%packages", "a\n%post\nb",
	"%include /x", "a\n\n%pre", "]", "]]", ">", "]>", "]]>", "a]]>b]]>", "]]]]>", "<b>", "<",
	"</source>", "]]></source></script><script><source>", "&", "&amp;", "&#10;", "<!--", "-->",
	"--", "<![CDATA[", "a: b", "a:", ": b", "- a", "a\n  b: c", "{{x}}", "{{{x}}}", "{a: b}",
	"[a]", "*a", "&a", "!a", "|", "?", "@", "yes", "null", "1", "0x1", "~", "\x01", "\x1b[0m",
	"\x7f", "\xc3\xa4", "\xe2\x80\xa8", "\xc2\x85", "\xef\xbf\xbe",
	"\xef\xbb\xbf"
	"a",
	";reboot", "&& reboot", "| sh", "a\n\nd-i x/y string z", "d-i x/y string z", "EOF\nreboot",
	"END", "-x", "--lock", "a --lock", "${net0/mac}", "%00", "%0a", "%22", "http://h/'",
	"http://h/$(id)", "http://h/a#b", "http://h/;id", "http://h/&&id", "http://h/|id",
	"http://h/\x01", "http://h/${x}", "http://h/`id`", "/dev/vda", "../x", "a/../b", "a,b",
	"a=b", "root:x", "Bob Smith", "vda\"\n        wipe: \"x", "a\",\"b\":\"c", "a'}\n", "\"}]}",
	"\n}", "\n---\n", "\n...\n", "\ttrue\n", "if", "done", ")", "(", "a)b", "}", "{"};

static struct profiles shelf;
static char **names;
static struct machine machine;
static struct segment segment;
static FILE *out;
/* Of the values each profile is tried with one in `step`, from `first` on. */
static size_t first, step;

static const char *top(void)
{
	return getenv("USHER_TOP") ? getenv("USHER_TOP") : ".";
}

static void set_up(void)
{
	char path[256];

	snprintf(path, sizeof path, "%s/kickstart/profiles", top());
	profiles_init(&shelf);
	ck_assert_int_eq(profiles_add_path(&shelf, path), 0);
	ck_assert_int_eq(profiles_names(&shelf, &names), 0);
	machine = (struct machine){.name = "web01",
		.uuid = "7a6b1f3e-0d5c-4f0e-9d59-0c8a5ef6a001",
		.n_nics = 1,
		.guest = true,
		.settings = json_object(),
		.ssh_keys = json_pack("[s]", "ssh-ed25519 AAAA me@host")};
	ck_assert_int_eq(mac_parse("52:54:c0:a8:7a:03", &machine.nics[0].mac), 0);
	ck_assert_int_eq(ip_parse("192.168.122.3", &machine.nics[0].addrs[0]), 0);
	machine.nics[0].n_addrs = 1;
	segment = (struct segment){.prefix_len = 24, .n_dns = 1, .domain = "lab"};
	ck_assert_int_eq(ip_parse("192.168.122.1", &segment.server), 0);
	segment.router = segment.dns[0] = segment.server;
}

static void tear_down(void)
{
	profiles_names_free(names);
	profiles_fini(&shelf);
	json_decref(machine.settings);
	json_decref(machine.ssh_keys);
}

/* All that is served: {"FILE": {"format", "text"}, "cmdline": {…}}; NULL with `why`: it is refused. *ret_value (may be NULL): the
 * setting `where` as templates get it, of a password its hash. */
static json_t *served(
	const struct profile *p, const char *where, json_t **ret_value, char *why, size_t size)
{
	struct render_input in = {.machine = &machine,
		.segment = &segment,
		.base_url = "http://192.168.122.1:8067",
		.token = "cafe",
		.up_token = "beef"};
	json_t *snapshot = NULL, *all = NULL;
	struct rendering *r = NULL;
	char *text = NULL;
	int rc = render_validate(p, &in, 0, 0, &snapshot, why, size);

	if (rc == 0)
		rc = rendering_new(&in, snapshot, &r, why, size);
	if (rc == 0)
		rc = render_cmdline(r, &text, why, size);
	if (rc == 0)
		all = json_pack("{s:{s:s, s:s}}", "cmdline", "format", "cmdline", "text", text);
	free(text);
	for (size_t i = 0; rc == 0 && i < p->n_answers; i++) {
		text = NULL;
		rc = render_answers_file(r, p->answers[i].name, &text, NULL, why, size);
		if (rc == 0)
			json_object_set_new(all, p->answers[i].name,
				json_pack("{s:s, s:s}", "format",
					answers_name(p->answers[i].format), "text", text));
		free(text);
	}
	if (rc == 0 && ret_value)
		*ret_value = json_incref(
			json_object_get(json_object_get(rendering_context(r), "set"), where));
	rendering_free(r);
	json_decref(snapshot);
	if (rc < 0) {
		json_decref(all);
		return NULL;
	}
	ck_assert_ptr_nonnull(all);
	return all;
}

static void set_others(const struct profile *p)
{
	json_object_clear(machine.settings);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (profile_setting(p, others[i][0]))
			json_object_set_new(
				machine.settings, others[i][0], json_string(others[i][1]));
}

/* A list is divided at blanks: its words are what is awkward. */
static json_t *awkward(const struct profile_setting *s, const char *value)
{
	char text[256], *c = text;

	snprintf(text, sizeof text, "%s%s", s->type == SETTING_PASSWORD ? HASH : "", value);
	for (; (s->type == SETTING_LIST || s->type == SETTING_DISKS) && *c; c++)
		*c = strchr(" \t\r\n", *c) ? '_' : *c;
	return json_string(text);
}

/* What did not change is not looked at again. */
static json_t *changed(const json_t *base, json_t *all)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(all, next, key,
		value) if (json_equal(value, json_object_get(base, key))) json_object_del(all, key);
	return all;
}

static json_t *try_value(
	const struct profile *p, const char *where, json_t *value, const json_t *base)
{
	json_t *all, *one = json_pack("{s:O}", "value", value), *got = NULL;
	char why[1024] = "";

	if (strcmp(where, "ssh_keys") == 0)
		json_array_set_new(machine.ssh_keys, 0,
			json_sprintf("ssh-ed25519 AAAA %s", json_string_value(value)));
	else
		json_object_set(machine.settings, where, value);
	json_decref(value);
	all = served(p, where, &got, why, sizeof why);
	if (json_is_string(got))
		json_object_set(one, "value", got);
	json_decref(got);
	if (all)
		json_object_set_new(one, "files", changed(base, all));
	else {
		ck_assert_msg(*why && !strchr(why, '\n'), "%s: %s: '%s'", p->name, where, why);
		json_object_set_new(one, "refused", json_string(why));
	}
	return one;
}

/* What is empty is as what was never set; the linter has nothing to say of it, as quotes that run together. */
static void try_empty(const struct profile *p, const char *where)
{
	struct render_input in = {
		.machine = &machine, .segment = &segment, .base_url = "http://192.168.122.1:8067"};
	struct findings f = {0};
	struct rendering *r = NULL;
	json_t *snapshot = NULL;
	char why[1024] = "", said[512] = "";

	json_object_set_new(machine.settings, where, json_string(""));
	if (render_validate(p, &in, 0, 0, &snapshot, why, sizeof why) == 0) {
		ck_assert_int_eq(rendering_new(&in, snapshot, &r, why, sizeof why), 0);
		ck_assert_int_eq(render_lint(r, 0, &f, why, sizeof why), 0);
		if (f.n)
			finding_text(&f, 0, said, sizeof said);
		ck_assert_msg(f.n_errors == 0, "%s without '%s': %s", p->name, where, said);
	}
	findings_fini(&f);
	rendering_free(r);
	json_decref(snapshot);
}

static void try_setting(const struct profile *p, const struct profile_setting *s)
{
	const char *marker = s->values ? NULL : markers[s->type];
	json_t *line, *base = NULL, *tries = json_array();
	char why[1024] = "";

	set_others(p);
	if (marker) {
		json_object_set_new(machine.settings, s->name, json_string(marker));
		base = served(p, NULL, NULL, why, sizeof why);
		ck_assert_msg(base != NULL, "%s: %s: %s", p->name, s->name, why);
	}
	/* Hashing takes its time. */
	for (size_t i = first; i < sizeof values / sizeof *values;
		i += s->type == SETTING_PASSWORD ? 16 : step)
		json_array_append_new(tries, try_value(p, s->name, awkward(s, values[i]), base));
	if (!*s->def)
		try_empty(p, s->name);
	line = json_pack("{s:s, s:s, s:s*, s:o*, s:o}", "profile", p->name, "setting", s->name,
		"marker", marker, "base", base, "tries", tries);
	ck_assert_int_eq(json_dumpf(line, out, JSON_COMPACT), 0);
	fputc('\n', out);
	json_decref(line);
}

/* What a key's comment may be. */
static void try_keys(const struct profile *p)
{
	json_t *line, *base, *tries = json_array();
	char why[1024] = "";

	set_others(p);
	json_array_set_new(machine.ssh_keys, 0, json_string("ssh-ed25519 AAAA Marker"));
	base = served(p, NULL, NULL, why, sizeof why);
	ck_assert_msg(base != NULL, "%s: %s", p->name, why);
	for (size_t i = first; i < sizeof values / sizeof *values; i += step)
		json_array_append_new(
			tries, try_value(p, "ssh_keys", json_string(values[i]), base));
	json_array_set_new(machine.ssh_keys, 0, json_string("ssh-ed25519 AAAA me@host"));
	line = json_pack("{s:s, s:s, s:s, s:o, s:o}", "profile", p->name, "setting", "ssh_keys",
		"marker", "Marker", "base", base, "tries", tries);
	ck_assert_int_eq(json_dumpf(line, out, JSON_COMPACT), 0);
	fputc('\n', out);
	json_decref(line);
}

/* The first of a format with a quarter, those after it, which have mostly the same parts, with a twelfth; all of them where
 * PLACES=all is in the environment, as in `make check-long`. */
static void choose_values(const struct profile *p)
{
	static unsigned seen[ANSWERS_KINDS];
	unsigned n = seen[p->answers[0].format]++;

	step = getenv("PLACES") ? 1 : n ? 12 : 4;
	first = n % step;
}

START_TEST(none_leaves_its_place)
{
	char command[512], why[512];

	if (system("python3 -c 'import yaml' 2>/dev/null") != 0) {
		fprintf(stderr,
			"skipped: python3 or its yaml is not installed (contrib/deps lab)\n");
		return;
	}
	snprintf(command, sizeof command, "python3 %s/tests/unit/places.py", top());
	out = popen(command, "w");
	ck_assert_ptr_nonnull(out);
	for (size_t n = 0; names[n]; n++) {
		struct profile *p = NULL;

		ck_assert_msg(profiles_find(&shelf, names[n], &p, why, sizeof why) == 0, "%s", why);
		choose_values(p);
		for (size_t i = 0; i < p->n_settings; i++)
			try_setting(p, &p->settings[i]);
		try_keys(p);
		profile_free(p);
	}
	ck_assert_msg(pclose(out) == 0, "see above");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("places");
	TCase *t = tcase_create("places");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 600);
	tcase_add_test(t, none_leaves_its_place);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
