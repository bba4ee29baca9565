/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/profile.h"
#include "kickstart/render_lint.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char parent[64], dir[96];

static void put(const char *name, const char *text)
{
	char path[160];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void set_up(void)
{
	strcpy(parent, "/tmp/usher-lint-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(parent));
	snprintf(dir, sizeof(dir), "%s/p", parent);
	ck_assert_int_eq(mkdir(dir, 0700), 0);
}

static void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", parent);
	ck_assert_int_eq(system(command), 0);
}

/* All findings of the profile for a guest with these settings, a line each, without the folder. */
static void look(const char *key, const char *value, struct findings *f)
{
	struct machine *m = machine_new();
	struct render_input in = {.machine = m, .base_url = "http://192.0.2.1"};
	struct rendering *r = NULL;
	struct profile *p = NULL;
	json_t *snapshot = NULL;
	char why[512] = "";

	m->guest = true;
	snprintf(m->name, sizeof(m->name), "web01");
	if (key)
		json_object_set_new(m->settings, key, json_string(value));
	ck_assert_msg(profile_read(dir, &p, why, sizeof(why)) == 0, "%s", why);
	ck_assert_msg(
		rendering_validated(p, &in, 0, 0, &r, &snapshot, why, sizeof(why)) == 0, "%s", why);
	ck_assert_msg(render_lint(r, 0, f, why, sizeof(why)) == 0, "%s", why);
	rendering_free(r);
	json_decref(snapshot);
	profile_free(p);
	machine_free(m);
}

static void expect(const char *key, const char *value, const char *want)
{
	struct findings f = {0};
	char got[2048] = "", line[512];
	json_t *all;

	look(key, value, &f);
	for (size_t i = 0; i < f.n; i++) {
		finding_text(&f, i, line, sizeof(line));
		ck_assert_int_eq(strncmp(line, dir, strlen(dir)), 0);
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%s", i ? "\n" : "",
			line + strlen(dir) + 1);
	}
	ck_assert_str_eq(got, want);
	all = findings_json(&f);
	ck_assert_uint_eq(json_array_size(all), f.n);
	for (size_t i = 0; i < f.n; i++)
		ck_assert_str_eq(json_string_value(json_object_get(json_array_get(all, i), "file")),
			f.files[f.v[i].file].name);
	json_decref(all);
	findings_fini(&f);
}

static const char xml[] = "<profile name='p'><title>t</title><media name='m' path='/'/>"
			  "<boot><kernel>k</kernel><initrd>i</initrd><cmdline>c</cmdline></boot>"
			  "<answers format='autoinstall' template='user-data'>"
			  "<file name='meta-data' format='yaml' template='meta-data'/></answers>"
			  "<setting name='open' default='all'>o</setting>"
			  "<setting name='hidden' default='all' secret='yes'>s</setting></profile>";

static const char user_data[] =
	"#cloud-config\nautoinstall:\n  version: 1\n  user-data: {}\n{{>more}}\n";

/* By file and line of partials and of files beside the answers; by column only where no value is before it. */
START_TEST(places)
{
	put("profile.xml", xml);
	put("user-data", user_data);
	put("more", "{{! gone }}\n  updates: {{set.open}}\n  shutdwon: x\n");
	put("meta-data", "a: 1\na: {{machine.name}}\n");
	expect(NULL, NULL,
		"more:3:3: error: unknown key 'shutdwon' in autoinstall (did you mean "
		"'shutdown'?)\n"
		"meta-data:2:1: error: 'a' is there already in line 1, which is lost: keep one of "
		"them");
	put("meta-data", "");
	put("more", "  updates: {{set.open}}\n");
	expect("open", "none", "more:1: error: 'updates' is 'none', expected security or all");
}
END_TEST

START_TEST(secrets)
{
	put("profile.xml", xml);
	put("user-data", user_data);
	put("meta-data", "");
	put("more", "  updates: {{set.hidden}}\n");
	expect(NULL, NULL, "");
	expect("hidden", "hush-hush",
		"more:1: error: something is wrong with the value of the setting 'hidden', which "
		"is secret");
}
END_TEST

static const char fetched_xml[] =
	"<profile name='p'><title>t</title><media name='m' url='{{set.mirror}}/os'/>"
	"<boot>\n<kernel>k</kernel>\n<initrd "
	"sha256='{{set.sum}}'>i</initrd><cmdline>c</cmdline></boot>"
	"<answers format='script' template='answers'/>"
	"<setting name='mirror' type='url' unsigned='yes' default='https://m.example'>m</setting>"
	"<setting name='proxy' type='url' default='http://10.0.0.1:3128/'>p</setting>"
	"<setting name='sum'>s</setting></profile>";

/* The kernel has no sum. */
static const char summed_xml[] =
	"<profile name='p'><title>t</title><media name='m' url='http://a:b@m.example/os'/>"
	"<boot>\n<kernel>k</kernel>\n<initrd "
	"sha256='{{set.sum}}'>i</initrd><cmdline>c</cmdline></boot>"
	"<answers format='script' template='answers'/>"
	"<setting name='sum'>s</setting></profile>";

#define SUM "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define KERNEL(n, file)                                             \
	"profile.xml:" n ": warning: http://***@m.example/os/" file \
	" is not checked: give an https:// mirror, its sha256, or 'usher import'"
#define INSTALLER                                                             \
	"profile.xml: warning: the installer does not check what comes from " \
	"http://***@m.example: "                                              \
	"give an https:// URL for 'mirror', or 'usher import'"

/* What comes by http and nobody checks. */
START_TEST(sources)
{
	put("profile.xml", fetched_xml);
	put("answers", "true\n");
	expect(NULL, NULL, "");
	expect("mirror", "http://a:b@m.example",
		INSTALLER "\n" KERNEL("2", "k") "\n" KERNEL("3", "i"));
	/* of pairs each, also where the medium is ours */
	put("profile.xml",
		"<profile name='p'><title>t</title><media name='m' path='/'/><boot><kernel>k"
		"</kernel></boot><answers format='script' template='answers'/><setting "
		"name='repos' type='pairs' unsigned='yes'/></profile>");
	expect("repos", "a=https://a.example b=http://b.example/x",
		"profile.xml: warning: the installer does not check what comes from "
		"http://b.example/x: give an https:// URL for 'repos', or 'usher import'");
	/* a sum is a check, of its file alone */
	put("profile.xml", summed_xml);
	expect("sum", SUM, KERNEL("2", "k"));
	expect("sum", "", KERNEL("2", "k") "\n" KERNEL("3", "i"));
}
END_TEST

static const char live_xml[] =
	"<profile name='p' boots='always'><title>t</title><media name='m' path='/'/><boot>"
	"<kernel>k</kernel></boot><answers format='script' template='answers'/></profile>";

/* A live system reports that it is up, and never that it is done. */
START_TEST(live_systems)
{
	put("profile.xml", live_xml);
	put("answers", "curl {{attempt.up_url}}\n");
	expect(NULL, NULL, "");
	put("answers", "curl {{attempt.done_url}}\n");
	expect(NULL, NULL,
		"profile.xml: warning: a live system is never done: give it {{attempt.up_url}} in "
		"place of {{attempt.done_url}}, where the report is refused\n"
		"profile.xml: warning: nothing names {{attempt.up_url}}, where the live system "
		"reports that it is up: each boot counts as up when its last file was loaded");
}
END_TEST

static const char ks_xml[] =
	"<profile name='p'><title>t</title><media name='m' path='/'/>"
	"<boot><kernel>k</kernel><initrd>i</initrd><cmdline>c</cmdline></boot>"
	"<answers format='kickstart' template='ks.cfg'>"
	"<file name='disk.ks' format='kickstart' template='disk.cfg'/>"
	"<file name='more/end.ks' format='kickstart' template='end.cfg'/>"
	"<file name='other.ks' format='kickstart' template='other.cfg'/></answers>"
	"<setting name='words' default='reqpart'>w</setting></profile>";

#define KS                                                                                       \
	"lang C\nkeyboard us\ntimezone UTC\nrootpw x\nbootloader\nurl --url=http://192.0.2.1/\n" \
	"reboot\nzerombr\n%packages\n@core\n%end\n"

/* An answer file may include others of the profile by their URLs: these are no whole files then. */
START_TEST(included)
{
	put("profile.xml", ks_xml);
	put("ks.cfg", KS "%include {{attempt.url}}/disk.ks\n");
	put("disk.cfg", "autopart\n%include {{attempt.url}}/more/end.ks\n");
	put("end.cfg", "firewall --enabled\n");
	put("other.cfg", KS "autopart\n");
	expect(NULL, NULL, "");
	put("disk.cfg",
		"{{! gone }}\n\n{{{set.words}}}\nautopart --tpye=lvm\n"
		"%include {{attempt.url}}/more/end.ks\n");
	put("end.cfg", "nosuch\n");
	expect("words", "frobnicate\ngrobnicate\n",
		"disk.cfg:3: error: unknown command 'frobnicate'\n"
		"disk.cfg:3: error: unknown command 'grobnicate'\n"
		"disk.cfg:4:10: error: 'autopart' has no option '--tpye': did you mean '--type'?\n"
		"end.cfg:1:1: error: unknown command 'nosuch'");
	put("ks.cfg",
		KS "autopart\n%include http://192.0.2.9/x.ks\n%include "
		   "{{attempt.url}}/none.ks\n");
	put("disk.cfg", KS "autopart\n");
	put("end.cfg", KS "autopart\n");
	expect(NULL, NULL,
		"ks.cfg:14: error: cannot read 'http://192.0.2.1/m/TOKEN/none.ks': No such file or "
		"directory");
}
END_TEST

/* What is not kept of a text counts: an error among it refuses the machine. */
START_TEST(left_out)
{
	char text[8192] = KS "autopart\n";
	struct findings f = {0};

	put("profile.xml", ks_xml);
	for (int i = 0; i < FINDINGS_MAX; i++)
		strcat(text, "reboot\n"); /* a warning each */
	strcat(text, "reboot --nosuch\n");
	put("ks.cfg", text);
	put("disk.cfg", KS "autopart\n");
	put("end.cfg", KS "autopart\n");
	put("other.cfg", KS "autopart\n");
	look(NULL, NULL, &f);
	ck_assert_uint_eq(f.n_errors, 1);
	ck_assert_uint_eq(f.n_files, 1);
	ck_assert_uint_gt(f.files[0].left_out, 0);
	findings_fini(&f);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("render_lint");
	TCase *t = tcase_create("render_lint");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, places);
	tcase_add_test(t, secrets);
	tcase_add_test(t, sources);
	tcase_add_test(t, live_systems);
	tcase_add_test(t, included);
	tcase_add_test(t, left_out);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
