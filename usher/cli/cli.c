/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options, usage errors and name ranges, shared by the commands. */
#include "usher/cli/cli.h"
#include "config/paths.h"
#include "core/text.h"
#include "usher/client/cli_names.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void cli_common_init(struct cli_common *o)
{
	const char *env = getenv("USHER_SOCKET");

	memset(o, 0, sizeof *o);
	o->socket = env && *env ? env : PATH_SOCKET;
}

void cli_help(const struct command *c)
{
	printf("usage: usher %s%s%s\n\n%s\n\n%s", c->name, *c->arguments ? " " : "", c->arguments,
		c->summary, c->help);
}

int cli_usage(const struct command *c, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "usher %s: ", c->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nusage: usher %s%s%s\n'usher %s --help' says more\n", c->name,
		*c->arguments ? " " : "", c->arguments, c->name);
	return EXIT_USAGE;
}

/* "no option --lable (did you mean '--label'?)" */
static int no_option(const struct command *c, const char *what, const struct option *options)
{
	const char *best = NULL;
	char word[64];

	snprintf(word, sizeof word, "%.*s", (int)strcspn(what + 2, "="), what + 2);
	for (const struct option *o = options; o->name; o++)
		text_nearer(word, o->name, &best);
	if (best)
		return cli_usage(c, "no option %s (did you mean '--%s'?)", what, best);
	return cli_usage(c, "no option %s", what);
}

/* getopt_long()'s own messages name the program only; ours name the command and the option. */
static void option_error(
	const struct command *c, int opt, char **argv, const struct option *options)
{
	const char *what = argv[optind - 1];

	if (opt == ':' && optopt == 'o')
		exit(cli_usage(c, "-o needs a value, as in -o json"));
	if (opt == ':')
		exit(cli_usage(c, "%s needs a value", what));
	if (optopt > ' ' && optopt < 127) /* within a cluster optind has not moved yet */
		exit(cli_usage(c, "no option -%c", optopt));
	for (const struct option *o = options; optopt && o->name; o++)
		if (o->val == optopt)
			exit(cli_usage(c, "--%s takes no value", o->name));
	if (strncmp(what, "--", 2) != 0)
		exit(cli_usage(c, "no option %s", what));
	exit(no_option(c, what, options));
}

static bool has_config(const struct option *options)
{
	while (options->name && options->val != 'c')
		options++;
	return options->name;
}

static void take_output(const struct command *c, struct cli_common *o)
{
	bool lists = o->lists;

	o->json = !strcmp(optarg, "json");
	o->names = lists && !strcmp(optarg, "name");
	o->wide = lists && !strcmp(optarg, "wide");
	if (!o->json && !o->names && !o->wide)
		exit(cli_usage(
			c, "-o takes %sjson, not '%s'", lists ? "name, wide or " : "", optarg));
}

static void take_sort(const struct command *c, struct cli_common *o)
{
	char names[256];

	if (!columns_find(o->lists, optarg))
		exit(cli_usage(c, "--sort '%s': one of %s is expected, or -COLUMN", optarg,
			columns_names(o->lists, names, sizeof names)));
	o->sort = optarg;
}

int cli_list(const struct cli_common *o, json_t *reply)
{
	struct columns_wish wish = {o->json, o->names, o->wide, o->sort};

	return columns_print(o->lists, reply, &wish) ? cli_fail("out of memory") : EXIT_DONE;
}

int cli_getopt(const struct command *c, struct cli_common *o, int argc, char **argv,
	const struct option *options)
{
	char letters[32];

	snprintf(letters, sizeof letters, "%s:hVo:%s%s", o->in_order ? "+" : "",
		has_config(options) ? "c:" : "", o->letters ? o->letters : "");
	for (;;) {
		int opt;

		opterr = 0;
		opt = getopt_long(argc, argv, letters, options, NULL);
		switch (opt) {
		case OPT_SOCKET:
			o->socket = optarg;
			continue;
		case OPT_JSON:
			o->json = true;
			continue;
		case 'o':
			take_output(c, o);
			continue;
		case OPT_SORT:
			take_sort(c, o);
			continue;
		case 'V':
			puts("usher " USHER_VERSION);
			exit(EXIT_DONE);
		case 'h':
		case OPT_HELP:
			cli_help(c);
			exit(EXIT_DONE);
		case ':':
		case '?':
			option_error(c, opt, argv, options);
		}
		return opt;
	}
}

bool cli_number(const char *text, long least, long most, long *ret)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (end == text || *end || errno || n < least || n > most)
		return false;
	*ret = n;
	return true;
}

struct name_list {
	char **names; /* NULL-ended */
	size_t count;
};

static int list_name(void *arg, const char *name)
{
	struct name_list *l = arg;
	char **grown = reallocarray(l->names, l->count + 2, sizeof *grown);

	if (!grown)
		return -ENOMEM;
	l->names = grown;
	grown[l->count] = strdup(name);
	if (!grown[l->count])
		return -ENOMEM;
	grown[++l->count] = NULL;
	return 0;
}

char **cli_names_all(const struct command *c, char **patterns, size_t count, size_t *ret_count)
{
	struct name_list l = {.names = calloc(1, sizeof *l.names)};

	if (!l.names)
		cli_fail("out of memory");
	for (size_t i = 0; l.names && i < count; i++)
		if (cli_names(patterns[i], list_name, &l)) {
			cli_usage(c, "'%s': a range is written node{01..50}, of at most 1000",
				patterns[i]);
			cli_names_free(l.names);
			return NULL;
		}
	if (l.count > CLI_NAMES_MAX) {
		cli_usage(c, "%zu names: at most %d at a time", l.count, CLI_NAMES_MAX);
		cli_names_free(l.names);
		return NULL;
	}
	*ret_count = l.count;
	return l.names;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One that comes twice; NULL: none, or out of memory. */
static const char *find_twice(char **names, size_t n)
{
	char **sorted = reallocarray(NULL, n, sizeof *sorted);
	const char *found = NULL;

	if (!sorted)
		return NULL;
	memcpy(sorted, names, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_text);
	for (size_t i = 1; i < n && !found; i++)
		if (!strcmp(sorted[i - 1], sorted[i]))
			found = sorted[i];
	free(sorted);
	return found;
}

char **cli_names_once(const struct command *c, char **patterns, size_t count, size_t *ret_count)
{
	char **names = cli_names_all(c, patterns, count, ret_count);
	const char *twice = names && *ret_count ? find_twice(names, *ret_count) : NULL;

	if (!twice)
		return names;
	cli_usage(c, "'%s' is named twice", twice);
	cli_names_free(names);
	return NULL;
}
