/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/mustache.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *partial_in(void *arg, const char *name)
{
	return json_string_value(json_object_get(arg, name));
}

static const char context_json[] =
	"{\"machine\": {\"name\": \"web01\", \"fqdn\": \"web01.lab\"}, \"nasty\": "
	"\"a'b\\\"c$d\\\\e`f\", \"lines\": \"one\\ntwo\", \"tail\": \"end\\\\\", \"empty\": \"\", \"none\": null, \"n\": "
	"3, \"blank\": \"a b\", \"keys\": [\"k1\", \"k2\"], \"no\": false, \"x\": \"<a href='q'>&\"}";

/* Renders with the context above; the heap text, or NULL and the message in `why`. */
static char *render(const char *text, enum mustache_format format, char why[256])
{
	json_t *context = json_loads(context_json, 0, NULL);
	struct mustache_options o = {.file = "t", .format = format};
	char *out = NULL;

	ck_assert_ptr_nonnull(context);
	why[0] = '\0';
	if (mustache_render(text, context, &o, &out, why, 256) < 0)
		ck_assert_ptr_null(out);
	json_decref(context);
	return out;
}

static void expect(const char *text, enum mustache_format format, const char *want)
{
	char why[256], *out = render(text, format, why);

	ck_assert_msg(out, "%s: %s", text, why);
	ck_assert_str_eq(out, want);
	free(out);
}

static void expect_error(const char *text, enum mustache_format format, const char *want)
{
	char why[256], *out = render(text, format, why);

	ck_assert_ptr_null(out);
	ck_assert_str_eq(why, want);
}

/* One case of the specification. */
static void run_case(const char *file, const json_t *c)
{
	struct mustache_options o = {.file = file,
		.format = MUSTACHE_XML,
		.lenient = true,
		.partial = partial_in,
		.arg = json_object_get(c, "partials")};
	const char *name = json_string_value(json_object_get(c, "name"));
	char why[256], *out = NULL;
	int rc = mustache_render(json_string_value(json_object_get(c, "template")),
		json_object_get(c, "data"), &o, &out, why, sizeof(why));

	ck_assert_msg(rc == 0, "%s: %s: %s", file, name, why);
	ck_assert_msg(strcmp(out, json_string_value(json_object_get(c, "expected"))) == 0,
		"%s: %s:\n[%s]\nnot\n[%s]", file, name, out,
		json_string_value(json_object_get(c, "expected")));
	free(out);
}

/* All cases of the required modules, from the first of these places that has them: they are not ours to keep here. The
 * older ones of a Debian package are unpacked by contrib/deps. */
static struct {
	const char *module;
	json_t *c;
} cases[512];
static int n_cases;

static bool load_module(const char *dir, const char *module)
{
	char path[4096];
	json_t *all, *c;
	int before = n_cases;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s.json", dir, module);
	all = json_load_file(path, 0, NULL);
	json_array_foreach(json_object_get(all, "tests"), n, c)
	{
		cases[n_cases].module = module;
		cases[n_cases++].c = json_incref(c);
	}
	json_decref(all);
	return n_cases > before;
}

static void load_specification(void)
{
	static const char *const modules[] = {
		"comments", "delimiters", "interpolation", "inverted", "partials", "sections"};
	const char *const dirs[] = {getenv("MUSTACHE_SPEC"), "../shared/data/mustache-spec",
		"build/peers/r-cran-whisker/usr/lib/R/site-library/whisker/specs"};

	for (size_t d = 0; d < sizeof(dirs) / sizeof(dirs[0]) && n_cases == 0; d++)
		for (size_t i = 0; dirs[d] && i < sizeof(modules) / sizeof(modules[0]); i++)
			if (!load_module(dirs[d], modules[i]))
				break;
	if (n_cases == 0)
		fprintf(stderr,
			"skipped: the specification is nowhere (MUSTACHE_SPEC=FOLDER, or "
			"contrib/deps lab)\n");
}

START_TEST(specification)
{
	run_case(cases[_i].module, cases[_i].c);
}
END_TEST

START_TEST(values_and_sections)
{
	expect("{{machine.name}} {{n}}", MUSTACHE_NONE, "web01 3");
	expect("{{#machine}}{{name}}{{/machine}}", MUSTACHE_NONE, "web01");
	expect("{{#keys}}[{{.}}]{{/keys}}", MUSTACHE_NONE, "[k1][k2]");
	expect("{{#empty}}x{{/empty}}{{^empty}}y{{/empty}}", MUSTACHE_NONE, "y");
	expect("{{#none}}x{{/none}}{{^no}}y{{/no}}{{none}}", MUSTACHE_NONE, "y");
	expect("a\n{{! gone\n   too }}\nb\n", MUSTACHE_NONE, "a\nb\n");
	expect("$HOME ${x} $(y)", MUSTACHE_SHELL, "$HOME ${x} $(y)");
}
END_TEST

START_TEST(escapes)
{
	expect("{{nasty}}", MUSTACHE_SHELL, "'a'\\''b\"c$d\\e`f'");
	expect("{{lines}}", MUSTACHE_SHELL, "'one\ntwo'");
	expect("{{empty}}", MUSTACHE_SHELL, "''");
	expect("{{{nasty}}}{{&empty}}", MUSTACHE_SHELL, "a'b\"c$d\\e`f");
	expect("{{nasty}}", MUSTACHE_JSON, "\"a'b\\\"c$d\\\\e`f\"");
	expect("{{lines}} {{n}} {{no}} {{none}}", MUSTACHE_YAML, "\"one\\ntwo\" 3 false null");
	expect("{{x}}", MUSTACHE_XML, "&lt;a href=&#39;q&#39;&gt;&amp;");
	expect("{{nasty}}", MUSTACHE_PRESEED, "a'b\"c$d\\e`f");
	expect("{{shell:nasty}}", MUSTACHE_PRESEED, "'a'\\''b\"c$d\\e`f'");
	expect("{{machine.fqdn}}", MUSTACHE_CMDLINE, "web01.lab");
}
END_TEST

START_TEST(refused_values)
{
	expect_error("{{lines}}", MUSTACHE_KICKSTART,
		"t:1:1: the value of 'lines' has a line break, which cannot stand here");
	expect_error("\n  {{lines}}", MUSTACHE_PRESEED,
		"t:2:3: the value of 'lines' has a line break, which cannot stand here");
	expect_error("{{shell:lines}}", MUSTACHE_PRESEED,
		"t:1:1: the value of 'lines' has a line break, which cannot stand here");
	expect_error("{{tail}}", MUSTACHE_PRESEED,
		"t:1:1: the value of 'tail' has a backslash at its end, which cannot stand here");
	expect_error("{{blank}}", MUSTACHE_CMDLINE,
		"t:1:1: the value of 'blank' has a blank, which cannot stand here");
	expect_error("{{keys}}", MUSTACHE_NONE,
		"t:1:1: 'keys' is a list: open it with {{#…}} and show {{.}}, not a single value");
}
END_TEST

START_TEST(faults)
{
	expect_error("x\n {{machine.nmae}}", MUSTACHE_NONE,
		"t:2:2: undefined name 'machine.nmae' (did you mean 'machine.name'?)");
	expect_error("{{#machine}}{{nmae}}{{/machine}}", MUSTACHE_NONE,
		"t:1:13: undefined name 'nmae' (did you mean 'name'?)");
	expect_error("{{zzzzzzzz}}", MUSTACHE_NONE, "t:1:1: undefined name 'zzzzzzzz'");
	expect_error("{{.Names}}", MUSTACHE_NONE,
		"t:1:1: undefined name '.Names': for text that itself contains {{, change the "
		"delimiters before it, {{=<% %>=}}");
	expect_error("{{#nothere}}{{/nothere}}", MUSTACHE_NONE, "t:1:1: undefined name 'nothere'");
	expect_error("{{#keys}}\n", MUSTACHE_NONE,
		"t:1:1: this section is not closed, expected '{{/keys}}'");
	expect_error("{{#keys}}\n{{/n}}", MUSTACHE_NONE,
		"t:2:1: expected '/keys' for the section of line 1, not '/n'");
	expect_error("{{/n}}", MUSTACHE_NONE, "t:1:1: '/n' closes nothing");
	expect_error("a {{n", MUSTACHE_NONE, "t:1:3: this tag is not closed, expected '}}'");
	expect_error("{{}}", MUSTACHE_NONE, "t:1:1: a tag without a name");
	expect_error("{{a b}}", MUSTACHE_NONE, "t:1:1: a blank in the name 'a b'");
	expect_error("{{>p}}", MUSTACHE_NONE, "t:1:1: no partial 'p'");
	expect_error(
		"{{=<%=}}", MUSTACHE_NONE, "t:1:1: expected two delimiters, as in {{=<% %>=}}");
}
END_TEST

START_TEST(partials)
{
	json_t *set = json_pack("{s:s, s:s, s:s, s:s}", "p", "{{n}}\n {{>q}}\n", "q",
		"x\n\ny{{lines}}\n", "self", "{{>self}}", "bad", "ok\n{{gone}}\n");
	json_t *context = json_pack("{s:i, s:s}", "n", 7, "lines", "1\n2");
	struct mustache_options o = {.file = "t", .partial = partial_in, .arg = set};
	char why[256], *out = NULL;

	ck_assert_int_eq(mustache_render("a\n  {{>p}}\nb", context, &o, &out, why, sizeof(why)), 0);
	ck_assert_str_eq(out, "a\n  7\n   x\n   \n   y1\n2\nb");
	free(out);
	ck_assert_int_eq(mustache_render("{{>self}}", context, &o, &out, why, sizeof(why)), -EFBIG);
	ck_assert_str_eq(why, "self:1:1: more than 64 partials inside each other");
	ck_assert_int_eq(mustache_render("{{>bad}}", context, &o, &out, why, sizeof(why)), -EINVAL);
	ck_assert_str_eq(why, "bad:2:1: undefined name 'gone'");
	json_decref(set);
	json_decref(context);
}
END_TEST

/* What was rendered, each line with its place before it. */
static void expect_map(const char *text, const char *want)
{
	json_t *set = json_pack("{s:s, s:s, s:s}", "p", "{{n}}\n {{>q}}\n", "q",
		"x\n{{! gone }}\ny{{lines}}\n", "empty", "");
	json_t *context = json_pack("{s:i, s:s, s:[i,i]}", "n", 7, "lines", "1\n2", "two", 1, 2);
	struct mustache_map map = {0};
	struct mustache_options o = {
		.file = "dir/t", .partial = partial_in, .arg = set, .map = &map};
	char why[256] = "", *out = NULL, *rest, *line, got[512] = "";
	size_t n = 0;

	ck_assert_msg(mustache_render(text, context, &o, &out, why, sizeof(why)) == 0, "%s", why);
	for (rest = out; (line = strsep(&rest, "\n")) && (*line || rest);) {
		unsigned at;
		const char *file = mustache_map_find(&map, ++n, &at);

		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s:%u %s|", file, at, line);
	}
	ck_assert_str_eq(got, want);
	ck_assert_uint_eq(map.n, n);
	free(out);
	mustache_map_fini(&map);
	json_decref(set);
	json_decref(context);
}

START_TEST(line_map)
{
	struct mustache_map map = {0};
	unsigned line = 7;

	ck_assert_ptr_null(mustache_map_find(&map, 1, &line));
	ck_assert_uint_eq(line, 0);
	expect_map("", "");
	expect_map("a\n\nb", "dir/t:1 a|dir/t:2 |dir/t:3 b|");
	expect_map("{{! a\ncomment }}\nb {{lines}} c\nd\n", "dir/t:3 b 1|dir/t:3 2 c|dir/t:4 d|");
	expect_map("{{#two}}\n{{.}}\n-\n{{/two}}\ne",
		"dir/t:2 1|dir/t:3 -|dir/t:2 2|dir/t:3 -|dir/t:5 e|");
	expect_map("{{>empty}}\n{{#two}}{{.}}{{/two}}\nz", "dir/t:2 12|dir/t:3 z|");
	expect_map("a\n  {{>p}}\nb\n",
		"dir/t:1 a|dir/p:1   7|dir/q:1    x|dir/q:3    y1|dir/q:3 2|dir/t:3 b|");
}
END_TEST

START_TEST(limits)
{
	json_t *set = json_pack("{s:s}", "two", "{{>two}}{{>two}}");
	json_t *wide = json_object(), *list = json_array();
	struct mustache_options o = {.file = "t", .partial = partial_in, .arg = set};
	char why[256], *out = NULL, *deep = malloc(200 * 8 + 1);
	int i;

	ck_assert_int_eq(mustache_render("{{>two}}", wide, &o, &out, why, sizeof(why)), -EFBIG);
	for (i = 0; i < 2000; i++)
		json_array_append_new(list, json_string("0123456789"));
	json_object_set_new(wide, "l", list);
	ck_assert_int_eq(
		mustache_render("{{#l}}{{#l}}{{.}}{{/l}}{{/l}}", wide, &o, &out, why, sizeof(why)),
		-EFBIG);
	ck_assert_str_eq(why, "t:1:1: the result has more than 1048576 bytes");
	*deep = '\0';
	for (i = 0; i < 200; i++)
		strcat(deep, "{{#l}}");
	ck_assert_int_eq(mustache_render(deep, wide, &o, &out, why, sizeof(why)), -EFBIG);
	ck_assert_ptr_null(out);
	free(deep);
	json_decref(set);
	json_decref(wide);
}
END_TEST

static int count_name(void *arg, const char *name, unsigned line, unsigned col)
{
	sprintf((char *)arg + strlen(arg), "%u:%u %s;", line, col, name);
	return 0;
}

START_TEST(names_of_partials)
{
	struct mustache_options o = {.file = "t"};
	char names[64] = "", why[256];

	ck_assert_int_eq(mustache_partials("{{>a}}\n{{#n}}{{> b.sh }}{{/n}}", &o, count_name, names,
				 why, 256),
		0);
	ck_assert_str_eq(names, "1:1 a;2:7 b.sh;");
}
END_TEST

/* Values that would end the place where they stand. */

static char *render_with(const char *text, enum mustache_format format, const char *value,
	struct mustache_map *map, char why[256])
{
	json_t *context = json_pack("{s:s, s:[s]}", "v", value, "l", value);
	struct mustache_options o = {.file = "t", .format = format, .map = map};
	char *out = NULL;

	why[0] = '\0';
	mustache_render(text, context, &o, &out, why, 256);
	json_decref(context);
	return out;
}

START_TEST(places)
{
	static const struct {
		enum mustache_format format;
		const char *text, *value, *want; /* NULL: refused */
	} rows[] = {
		{MUSTACHE_XML, "<a><![CDATA[{{{v}}}]]></a>", "x]]>y]",
			"<a><![CDATA[x]]]]><![CDATA[>y]]]><![CDATA[]]></a>"},
		{MUSTACHE_XML, "<a><![CDATA[{{v}}]]></a>", "<&'", "<a><![CDATA[<&']]></a>"},
		{MUSTACHE_XML, "<a><![CDATA[{{shell:v}}]]></a>", "]]>",
			"<a><![CDATA[']]]]><![CDATA[>']]></a>"},
		{MUSTACHE_XML, "<![CDATA[]{{v}}]]>", "]>", "<![CDATA[]]]><![CDATA[]>]]>"},
		{MUSTACHE_XML, "<![CDATA[ ]]> {{v}}", "]]>", "<![CDATA[ ]]> ]]&gt;"},
		{MUSTACHE_XML, "<!-- <![CDATA[ --> {{v}}", "<", "<!-- <![CDATA[ --> &lt;"},
		{MUSTACHE_XML, "<![CDATA[ <!-- ]]> {{v}}", "--", "<![CDATA[ <!-- ]]> --"},
		{MUSTACHE_XML, "{{v}}<!-- {{v}} -->", "a-b", "a-b<!-- a-b -->"},
		{MUSTACHE_XML, "{{v}}<!-- {{v}} -->", "a--b", NULL},
		{MUSTACHE_XML, "<!DOCTYPE a><a>{{v}}<![CDATA[{{v}}]]></a>", "\"",
			"<!DOCTYPE a><a>&quot;<![CDATA[\"]]></a>"},
		{MUSTACHE_XML, "{{v}}", "a\rb\nc\td", "a&#13;b\nc\td"},
		{MUSTACHE_XML, "<![CDATA[{{v}}]]>", "a\rb", NULL},
		{MUSTACHE_XML, "{{v}}", "a\001b", NULL},
		{MUSTACHE_XML, "{{v}}", "a\xef\xbf\xbe", NULL},

		{MUSTACHE_KICKSTART, "%post\n{{{v}}}\n%end\n", "echo %end\n%d\n",
			"%post\necho %end\n%d\n\n%end\n"},
		{MUSTACHE_KICKSTART, "%post\n{{{v}}}\n%end\n", "a\n%end\nreboot", NULL},
		{MUSTACHE_KICKSTART, "%post\n{{{v}}}\n%end\n", "%end", NULL},
		{MUSTACHE_KICKSTART, "%post\n{{{v}}}\n%end\n", "a\n\t %end # b", NULL},
		{MUSTACHE_KICKSTART, "%post\n{{{v}}}\n%end\n", "a\n%pre\nb", NULL},
		{MUSTACHE_KICKSTART, "%post\n{{{v}}}\n%end\n", "a\n%include /x", NULL},
		{MUSTACHE_KICKSTART, "%post\necho {{{v}}}\n%end\n", "%end",
			"%post\necho %end\n%end\n"},
		{MUSTACHE_KICKSTART, "%pre\n%end\n{{{v}}}\n", "%post\na\n%end",
			"%pre\n%end\n%post\na\n%end\n"},
		{MUSTACHE_KICKSTART, "%packages\n{{{v}}}\n%end\n", "a\nb",
			"%packages\na\nb\n%end\n"},
		{MUSTACHE_KICKSTART, "%packages\n{{{v}}}\n%end\n", "%x", NULL},
		{MUSTACHE_KICKSTART, "%packages\n{{packages:v}}\n%end\n", "@A b-c",
			"%packages\n@A b-c\n%end\n"},
		{MUSTACHE_KICKSTART, "{{packages:v}}", "a#b", NULL},
		{MUSTACHE_KICKSTART, "{{packages:v}}", "a\nb", NULL},
		{MUSTACHE_KICKSTART, "{{packages:v}}", " a", NULL},
		{MUSTACHE_KICKSTART, "{{packages:v}}", "%end", NULL},

		{MUSTACHE_XML, "<a>{{shell:v}}</a>", "a<b", "<a>&#39;a&lt;b&#39;</a>"},
		{MUSTACHE_XML, "<a>{{{v}}}</a>", "<b/>", "<a><b/></a>"},
		{MUSTACHE_XML, "<![CDATA[{{shell:v}}]]>", "a\001b", NULL},

		{MUSTACHE_YAML, "- sh -c {{shell:v}}", "a: b", NULL},
		{MUSTACHE_YAML, "- sh -c {{shell:v}}", "a #b", NULL},
		{MUSTACHE_YAML, "- sh -c {{shell:v}}", "a\nb", NULL},
		{MUSTACHE_YAML, "- sh -c {{shell:v}}", "a:b#c", "- sh -c 'a:b#c'"},
		{MUSTACHE_YAML, "- |\n  sh -c {{shell:v}}", "a: b # c", "- |\n  sh -c 'a: b # c'"},
		{MUSTACHE_YAML, "- |\n  sh -c {{shell:v}}", "a\nb", NULL},
		{MUSTACHE_YAML, "- \"sh -c {{shell:v}}\"", "a'b", NULL},
		{MUSTACHE_YAML, "- \"sh -c {{shell:v}}\"", "a: b", "- \"sh -c 'a: b'\""},
		{MUSTACHE_JSON, "[\"sh -c {{shell:v}}\"]", "a\\b", NULL},
		{MUSTACHE_JSON, "[\"sh -c {{shell:v}}\"]", "a b", "[\"sh -c 'a b'\"]"},

		{MUSTACHE_PRESEED, "d-i a/b string {{v}}", " a", NULL},
		{MUSTACHE_PRESEED, "d-i a/b string {{v}}", "a\t", NULL},
		{MUSTACHE_JSON, "\"data:,{{url:v}}\"", "a b\"%\n\xc3\xa4-._~",
			"\"data:,a%20b%22%25%0A%C3%A4-._~\""},
	};
	char why[256], *out;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		out = render_with(rows[i].text, rows[i].format, rows[i].value, NULL, why);
		if (rows[i].want)
			ck_assert_msg(out && strcmp(out, rows[i].want) == 0, "%zu: '%s', not '%s'",
				i, out ? out : why, rows[i].want);
		else
			ck_assert_msg(!out && strstr(why, "which cannot stand here"), "%zu: %s", i,
				out ? out : why);
		free(out);
	}
	ck_assert_ptr_null(render_with("%post\n {{{v}}}", MUSTACHE_KICKSTART, "%end", NULL, why));
	ck_assert_str_eq(why,
		"t:2:2: the value of 'v' has a line that begins with %end, or with a section's "
		"name, which cannot stand here");
}
END_TEST

/* Quotes that escaping adds where the template has them, or where they are no quotes. */
START_TEST(quotes)
{
	static const struct {
		enum mustache_format format;
		const char *text;
		unsigned column; /* of the remark; 0: there is none */
	} rows[] = {
		{MUSTACHE_KICKSTART, "bootloader --append=\"a {{v}}\"", 24},
		{MUSTACHE_KICKSTART, "bootloader --append='{{v}}'", 22},
		{MUSTACHE_KICKSTART, "bootloader --append=\"a \"{{v}}", 0},
		{MUSTACHE_KICKSTART, "bootloader --append={{v}}", 0},
		{MUSTACHE_KICKSTART, "# it's {{v}}", 0},
		{MUSTACHE_KICKSTART, "lang x # it's {{v}}", 0},
		{MUSTACHE_KICKSTART, "%packages\n{{v}}\n%end", 1},
		{MUSTACHE_KICKSTART, "%packages\n{{#l}}\n{{.}}\n{{.}}\n{{/l}}\n%end", 1},
		{MUSTACHE_KICKSTART, "%packages\n{{{v}}}{{packages:v}}\n%end", 0},
		{MUSTACHE_KICKSTART, "%packages\n%end\n%post\necho {{v}}\n%end", 0},
		{MUSTACHE_KICKSTART, "%post\necho \"{{v}}\"\n%end", 7},
		{MUSTACHE_SHELL, "echo \"a $(cat {{v}}) b\" {{v}}", 0},
		{MUSTACHE_SHELL, "echo \"a $(cat \"{{v}}\") b\"", 16},
		{MUSTACHE_SHELL, "echo \\\"{{v}}", 0},
		{MUSTACHE_PRESEED, "d-i a/b string echo \"{{shell:v}}\"", 22},
		{MUSTACHE_PRESEED, "d-i a/b string echo \"{{v}}\"", 0},
		{MUSTACHE_XML, "<![CDATA[\necho \"{{shell:v}}\"\n]]>", 7},
		{MUSTACHE_XML, "<a b='{{v}}'/>", 0},
		{MUSTACHE_YAML, "a: {{v}}\n- {{v}}\nb: [{{v}}, {{v}}]\n{{v}}: {c: {{v}}}", 0},
		{MUSTACHE_YAML, "a: \"{{v}}\"", 5},
		{MUSTACHE_YAML, "a: console={{v}}", 12},
		{MUSTACHE_YAML, "a: x {{v}}", 6},
		{MUSTACHE_YAML, "a: |-\n  echo {{v}}", 8},
		{MUSTACHE_YAML, "- >\n  a\n\n  {{v}}", 3},
		{MUSTACHE_YAML, "- |2\n  a {{shell:v}}\nb: {{v}}", 0},
		{MUSTACHE_YAML, "- {{shell:v}}", 3},
		{MUSTACHE_YAML, "- sh -c {{shell:v}}", 0},
		{MUSTACHE_JSON, "{\"a\": {{v}}, \"it's\": {{v}}}", 0},
		{MUSTACHE_JSON, "{\"a\": \"b {{v}}\"}", 10},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mustache_map map = {0};
		char why[256], *out = render_with(rows[i].text, rows[i].format, "v", &map, why);

		ck_assert_msg(out != NULL, "%zu: %s", i, why);
		ck_assert_msg(map.n_remarks >= (rows[i].column != 0), "%zu: none", i);
		ck_assert_msg(rows[i].column || map.n_remarks == 0, "%zu: %s", i,
			map.n_remarks ? map.remarks[0].text : "");
		if (rows[i].column)
			ck_assert_uint_eq(map.remarks[0].column, rows[i].column);
		mustache_map_fini(&map);
		free(out);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mustache");
	TCase *t = tcase_create("mustache");
	SRunner *r;
	int failed;

	load_specification();
	tcase_add_loop_test(t, specification, 0, n_cases);
	tcase_add_test(t, values_and_sections);
	tcase_add_test(t, escapes);
	tcase_add_test(t, refused_values);
	tcase_add_test(t, faults);
	tcase_add_test(t, partials);
	tcase_add_test(t, line_map);
	tcase_add_test(t, limits);
	tcase_add_test(t, names_of_partials);
	tcase_add_test(t, places);
	tcase_add_test(t, quotes);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
