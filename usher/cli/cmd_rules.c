/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher rules: is a rules file right, and what does it make of a machine? Needs no service, but for --apply. */
#include "usher/cli/cli.h"
#include "core/json.h"
#include "machine/inventory.h"
#include "machine/rules.h"
#include "usher/client/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_CHECK = 1, OPT_TEST, OPT_INVENTORY, OPT_SEGMENT, OPT_APPLY };
enum {
	INVENTORY_FILE_MAX = 1 << 20
}; /* bytes: four times of what the service takes, for white space */

struct asked {
	const struct command *command;
	struct cli_common common;
	const char *check, *test, *inventory, *segment;
	bool apply;
};

static int load(const char *path, struct rules **ret)
{
	char why[RULES_WHY];

	if (!rules_load(path, ret, why, sizeof why))
		return 0;
	fprintf(stderr, "%s\n", why);
	return EXIT_FAILED;
}

/* NULL: it has said why. */
static json_t *load_json(const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	char *text = f ? malloc(INVENTORY_FILE_MAX + 1) : NULL;
	size_t n = text ? fread(text, 1, INVENTORY_FILE_MAX + 1, f) : 0;
	json_error_t error;
	json_t *j = NULL;

	if (!text || ferror(f))
		cli_fail("%s: %s", path, strerror(errno));
	else if (n > INVENTORY_FILE_MAX)
		cli_fail("%s: an inventory has at most %d bytes", path, INVENTORY_FILE_MAX);
	else if (!(j = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error)))
		cli_fail("%s:%d: %s", path, error.line, error.text);
	free(text);
	if (f && f != stdin)
		fclose(f);
	return j;
}

/* An inventory; or what has one in it, as a discovered machine's record does. */
static int load_inventory(const char *path, json_t **ret)
{
	json_t *whole = load_json(path), *inner = json_object_get(whole, "inventory");
	char *text, why[256] = "";
	int rc;

	if (!whole)
		return EXIT_FAILED;
	text = json_dumps(json_is_object(inner) ? inner : whole, JSON_COMPACT);
	json_decref(whole);
	rc = text ? inventory_parse(text, strlen(text), ret, why, sizeof why) : -ENOMEM;
	free(text);
	return rc ? cli_fail("%s: %s", path, rc == -ENOMEM ? "out of memory" : why) : 0;
}

/* What nobody may see is not shown. */
static void hide(struct rules_decision *d)
{
	json_t *settings = json_object_get(d->body, "settings"), *name;
	size_t i;

	json_array_foreach(d->secrets, i, name)
	{
		json_object_set_new(
			settings, json_string_value(name), json_string("(from its file)"));
	}
	if (json_object_get(d->body, "power_password"))
		json_object_set_new(d->body, "power_password", json_string("(from its file)"));
}

static void print_conditions(const json_t *conditions, int indent)
{
	json_t *c;
	size_t i;

	json_array_foreach(conditions, i, c)
	{
		const json_t *parts = json_object_get(c, "parts");
		const char *found = json_text(c, "found");

		printf("%*s%-3s line %-4lld %s", indent, "",
			json_is_true(json_object_get(c, "holds")) ? "yes" : "no",
			(long long)json_integer_value(json_object_get(c, "line")),
			json_text(c, "condition"));
		if (!parts)
			printf(" (%s%s)", *found ? "found: " : "not known", found);
		putchar('\n');
		print_conditions(parts, indent + 4);
	}
}

static void print_trace(const json_t *trace)
{
	json_t *rule;
	size_t i;

	json_array_foreach(trace, i, rule)
	{
		printf("%s, line %lld: %s\n", json_text(rule, "rule"),
			(long long)json_integer_value(json_object_get(rule, "line")),
			json_is_true(json_object_get(rule, "matches")) ? "matches"
								       : "does not match");
		print_conditions(json_object_get(rule, "conditions"), 2);
	}
}

static void print_value(const char *key, const json_t *v)
{
	if (json_is_string(v))
		printf("  %s=%s\n", key, json_string_value(v));
	else if (json_is_boolean(v))
		printf("  %s=%s\n", key, json_is_true(v) ? "yes" : "no");
	else if (json_is_array(v))
		printf("  %s: %zu\n", key, json_array_size(v));
}

static void print_decision(const struct rules_decision *d)
{
	const char *key;
	json_t *v;

	if (d->verdict == RULES_NONE)
		printf("not enrolled: %s\n", d->why);
	else if (d->verdict == RULES_REJECT)
		printf("rejected by %s: %s\n", d->rule, d->why);
	else if (d->verdict == RULES_CANNOT)
		printf("not enrolled: %s matches, but %s\n", d->rule, d->why);
	else
		printf("enrolled by %s:\n", d->rule);
	json_object_foreach(d->body, key, v) print_value(key, v);
	json_object_foreach(json_object_get(d->body, "settings"), key, v)
		printf("  set %s=%s\n", key, json_string_value(v));
}

static void print_compact(const json_t *j)
{
	json_dumpf(j, stdout, JSON_COMPACT);
	putchar('\n');
}

static void print_json(const struct rules_decision *d)
{
	json_t *all = json_pack("{s:s, s:s?, s:I, s:s?, s:O?, s:O}", "verdict",
		rules_verdict_name(d->verdict), "rule", json_some(d->rule), "line",
		(json_int_t)d->line, "why", json_some(d->why), "machine", d->body, "trace",
		d->trace);

	print_compact(all);
	json_decref(all);
}

static int test(const struct asked *a)
{
	struct rules_question q = {.segment = a->segment, .traced = true};
	struct rules_decision d;
	struct rules *rules = NULL;
	json_t *inventory = NULL;
	int rc = load(a->test, &rules);

	if (!rc)
		rc = load_inventory(a->inventory, &inventory);
	q.inventory = inventory;
	if (!rc && rules_decide(rules, &q, &d))
		rc = cli_fail("out of memory");
	else if (!rc) {
		hide(&d);
		if (a->common.json) {
			print_json(&d);
		} else {
			print_trace(d.trace);
			print_decision(&d);
		}
		rc = d.verdict == RULES_CANNOT ? EXIT_FAILED : EXIT_DONE;
		rules_decision_fini(&d);
	}
	json_decref(inventory);
	rules_free(rules);
	return rc;
}

static int check(const struct asked *a)
{
	struct rules *rules = NULL;
	int rc = load(a->check, &rules);

	if (rc)
		return rc;
	if (a->common.json)
		printf("{\"rules\": %zu}\n", rules_count(rules));
	else
		printf("%s: %zu rules\n", a->check, rules_count(rules));
	rules_free(rules);
	return EXIT_DONE;
}

/* The service's own rules, to machines that are discovered. */
static int apply_one(struct client *c, const struct asked *a, const char *id)
{
	char path[300], name[200];
	json_t *reply = NULL;

	snprintf(path, sizeof path, "/discovered/%s/rules", client_escape(id, name, sizeof name));
	if (client_call(c, "POST", path, NULL, &reply))
		return EXIT_FAILED;
	if (a->common.json)
		print_compact(reply);
	else
		printf("%s: enrolled as %s, %s\n", id, json_text(reply, "name"),
			json_text(reply, "state"));
	fflush(stdout);
	json_decref(reply);
	return EXIT_DONE;
}

static int apply(const struct asked *a, char **ids, size_t n)
{
	struct client *c = client_new(a->common.socket);
	int rc = EXIT_DONE;

	if (!c)
		return cli_fail("out of memory");
	for (size_t i = 0; i < n; i++)
		if (apply_one(c, a, ids[i]))
			rc = EXIT_FAILED;
	client_free(c);
	return rc;
}

static int judge_usage(const struct asked *a, int more)
{
	const struct command *c = a->command;

	if (!a->check + !a->test + !a->apply != 2)
		return cli_usage(c,
			"one of --check FILE, --test FILE with --inventory FILE, and --apply ID");
	if (a->apply && !more)
		return cli_usage(c, "which machine? 'usher discovered' lists them");
	if (!a->test && (a->inventory || a->segment))
		return cli_usage(c, "--inventory and --segment go with --test");
	if (a->test && !a->inventory)
		return cli_usage(c, "which --inventory? '-' is standard input");
	return EXIT_DONE;
}

static int run_rules(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"check", required_argument, NULL, OPT_CHECK},
		{"test", required_argument, NULL, OPT_TEST},
		{"inventory", required_argument, NULL, OPT_INVENTORY},
		{"segment", required_argument, NULL, OPT_SEGMENT},
		{"apply", no_argument, NULL, OPT_APPLY}, CLI_COMMON_OPTIONS, {0}};
	struct asked a = {.command = c};
	const char **const to[] = {NULL, &a.check, &a.test, &a.inventory, &a.segment};
	int opt, rc;

	cli_common_init(&a.common);
	while ((opt = cli_getopt(c, &a.common, argc, argv, options)) != -1)
		if (opt == OPT_APPLY)
			a.apply = true;
		else
			*to[opt] = optarg;
	if (!a.apply && optind != argc)
		return cli_usage(c, "it takes no '%s'", argv[optind]);
	rc = judge_usage(&a, argc - optind);
	if (rc)
		return rc;
	if (a.apply)
		return apply(&a, argv + optind, (size_t)(argc - optind));
	return a.check ? check(&a) : test(&a);
}

const struct command cmd_rules = {
	.name = "rules",
	.arguments = "--check FILE | --test FILE --inventory FILE | --apply ID... [OPTION...]",
	.summary = "check, try and apply the rules that enroll discovered machines",
	.help = "  --check FILE         is this rules file right?\n"
		"  --test FILE          what would these rules make of a machine, and why?\n"
		"  --inventory FILE     the machine: its inventory as JSON; - is standard input\n"
		"  --segment N          the segment where it booted\n"
		"  --apply              enroll these discovered machines by the service's rules now\n" CLI_COMMON_HELP,
	.run = run_rules,
};
