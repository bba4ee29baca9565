/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/ks_rules.h"

#include "core/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A line on its way to a command. */
struct options {
	struct ks_lint *l;
	struct ks_command *c;
	unsigned versions; /* those that have the command as it should be */
	bool quiet;        /* it is told of already: its options would be too much */
};

/* Their words are another program's. */
static bool is_free(const char *name)
{
	static const char *const free_ones[] = {
		"auth", "authconfig", "authselect", "realm", "device", "deviceprobe", "%addon"};

	for (size_t i = 0; i < sizeof(free_ones) / sizeof(*free_ones); i++)
		if (strcmp(name, free_ones[i]) == 0)
			return true;
	return false;
}

static const char *first_name(const struct ks_spec *spec, char *buf, size_t size)
{
	snprintf(buf, size, "%.*s", (int)strcspn(spec->names, "| =!~"), spec->names);
	return buf;
}

/* An option that is not there, or not any more. True when it is taken for one all the same. */
static bool unknown(struct options *o, const char *name, unsigned column, struct ks_spec *ret)
{
	const char *command = o->c->name, *near;
	char history[KS_HISTORY], buf[KS_OPTION_NAME];

	if (ks_option_abbreviated(command, name, o->versions, ret)) {
		ks_warning(o->l, o->c, column, "'%s' is short for '%s': write it out", name,
			first_name(ret, buf, sizeof(buf)));
		return true;
	}
	near = ks_near_option(command, name, o->versions, buf, sizeof(buf));
	if (ks_option_status(command, name, KS_ALL, ret) != KS_UNKNOWN) {
		ks_history(command, name, o->versions, history, sizeof(history));
		ks_error(o->l, o->c, column, "'%s' of '%s' %s", name, command, history);
		return true;
	}
	if (near)
		ks_error(o->l, o->c, column, "'%s' has no option '%s': did you mean '%s'?", command,
			name, near);
	else
		ks_error(o->l, o->c, column, "'%s' has no option '%s'", command, name);
	return false;
}

static bool look_up(struct options *o, const char *name, unsigned column, struct ks_spec *ret)
{
	enum ks_status status = ks_option_status(o->c->name, name, o->versions, ret);
	char history[KS_HISTORY];

	if (status == KS_UNKNOWN && !o->quiet)
		return unknown(o, name, column, ret);
	if (status == KS_DEPRECATED && !o->quiet) {
		ks_history(o->c->name, name, o->versions, history, sizeof(history));
		ks_warning(o->l, o->c, column, "'%s' of '%s' %s", name, o->c->name, history);
	}
	return status != KS_UNKNOWN;
}

static void choices(struct options *o, const struct ks_spec *spec, const struct ks_option *option)
{
	const char *p = spec->choices, *end = p + spec->choices_len, *near = NULL;
	char all[256] = "", word[KS_OPTION_NAME], nearest[KS_OPTION_NAME];

	for (; p < end; p += strcspn(p, ",}") + 1) {
		size_t n = strcspn(p, ",}"), used = strlen(all);

		snprintf(word, sizeof(word), "%.*s", (int)n, p);
		if (strcmp(word, option->value) == 0)
			return;
		snprintf(all + used, sizeof(all) - used, "%s%s", used ? ", " : "", word);
		text_nearer(option->value, word, &near);
		if (near == word)
			near = strcpy(nearest, word);
	}
	if (near)
		ks_error(o->l, o->c, option->column,
			"'%s' of '%s' cannot be '%s': did you mean '%s'?", option->name, o->c->name,
			option->value, near);
	else
		ks_error(o->l, o->c, option->column, "'%s' of '%s' cannot be '%s', expected %s%s",
			option->name, o->c->name, option->value, strchr(all, ',') ? "one of " : "",
			all);
}

/* What begins with a minus is an option, but for numbers, and for text: it has a blank before any '='. */
static bool is_argument(const char *s)
{
	size_t name = strcspn(s, "=");

	return s[0] != '-' || !s[1] || isdigit((unsigned char)s[1]) || memchr(s, ' ', name);
}

/* The option at words[i] and its value; the index of the last word taken. */
static size_t option(struct options *o, size_t i)
{
	const struct ks_line *line = o->c->line;
	struct ks_option *ret = &o->c->options[o->c->n_options];
	char *word = line->words[i].s, name[64];
	const char *equals = strchr(word, '=');
	size_t len = equals ? (size_t)(equals - word) : strlen(word);
	struct ks_spec spec;

	snprintf(name, sizeof(name), "%.*s", (int)len, word);
	if (!look_up(o, name, line->words[i].column, &spec))
		return i;
	first_name(&spec, ret->name, sizeof(ret->name));
	ret->column = line->words[i].column;
	ret->value = equals ? equals + 1 : NULL;
	if (spec.value && !equals && i + 1 < line->n && is_argument(line->words[i + 1].s))
		ret->value = line->words[++i].s;
	if (spec.value && !ret->value && !spec.optional && !o->quiet)
		ks_error(o->l, o->c, ret->column, "'%s' of '%s' needs a value: '%s='", name,
			o->c->name, name);
	if (!spec.value && ret->value && !o->quiet)
		ks_error(o->l, o->c, ret->column, "'%s' of '%s' takes no value", name, o->c->name);
	if (spec.choices && ret->value && !o->quiet)
		choices(o, &spec, ret);
	o->c->n_options++;
	return i;
}

static void words(struct options *o)
{
	const struct ks_line *line = o->c->line;
	bool ended = is_free(o->c->name);

	for (size_t i = 1; i < line->n && !findings_full(o->l->f, line->file); i++) {
		const char *s = line->words[i].s;

		if (ended || is_argument(s))
			o->c->args[o->c->n_args++] = &line->words[i];
		else if (strcmp(s, "--") == 0)
			ended = true;
		else if (s[1] == '-')
			i = option(o, i);
		else if (!o->quiet && ks_secret(o->c))
			ks_error(o->l, o->c, line->words[i].column,
				"'%s' has a word that begins with '-': options begin with '--'",
				o->c->name);
		else if (!o->quiet)
			ks_error(o->l, o->c, line->words[i].column,
				"'%s' has no option '%s': they begin with '--'", o->c->name, s);
	}
}

static void required(void *arg, const struct ks_spec *spec)
{
	struct options *o = arg;
	char name[KS_OPTION_NAME];

	first_name(spec, name, sizeof(name));
	if (spec->required && !ks_value(o->c, name) &&
		ks_option_required(o->c->name, name, o->versions))
		ks_error(o->l, o->c, o->c->line->words[0].column, "'%s' needs '%s='", o->c->name,
			name);
}

/* Is the command one of these versions? What is wrong with it is told. */
static bool known(struct ks_lint *l, const struct ks_command *c)
{
	enum ks_status status = ks_command_status(c->name, l->versions);
	const char *near;
	char history[KS_HISTORY];
	unsigned column = c->line->words[0].column;

	if (status == KS_OK)
		return true;
	if (ks_command_status(c->name, KS_ALL) != KS_UNKNOWN) {
		ks_history(c->name, NULL, l->versions, history, sizeof(history));
		if (status == KS_DEPRECATED)
			ks_warning(l, c, column, "'%s' %s", c->name, history);
		else
			ks_error(l, c, column, "'%s' %s", c->name, history);
		return false;
	}
	near = ks_near_command(c->name, l->versions);
	if (near)
		ks_error(l, c, column, "unknown command '%s': did you mean '%s'?", c->name, near);
	else
		ks_error(l, c, column, "unknown command '%s'", c->name);
	return false;
}

int ks_command_init(struct ks_lint *l, const struct ks_line *line, struct ks_command *ret)
{
	struct options o = {.l = l, .c = ret};
	const char *name = line->words[0].s;

	*ret = (struct ks_command){.line = line, .name = name};
	ret->options = calloc(line->n, sizeof(*ret->options));
	ret->args = calloc(line->n, sizeof(*ret->args));
	if (!ret->options || !ret->args) {
		ks_command_fini(ret);
		return -ENOMEM;
	}
	if (strcmp(name, "partition") == 0)
		ret->name = "part";
	o.quiet = !known(l, ret);
	o.versions = o.quiet ? KS_ALL : l->versions;
	words(&o);
	if (!o.quiet)
		ks_options(ret->name, o.versions, required, &o);
	return 0;
}

void ks_command_fini(struct ks_command *c)
{
	free(c->options);
	free(c->args);
	*c = (struct ks_command){0};
}

static const struct ks_option *find(const struct ks_command *c, const char *name)
{
	for (size_t i = c->n_options; i > 0; i--)
		if (strcmp(c->options[i - 1].name, name) == 0)
			return &c->options[i - 1];
	return NULL;
}

const char *ks_value(const struct ks_command *c, const char *name)
{
	const struct ks_option *found = find(c, name);

	return !found ? NULL : found->value ? found->value : "";
}

uint64_t ks_mib(const struct ks_command *c, const char *name)
{
	const char *s = ks_value(c, name);

	return s && strlen(s) < 14 && strspn(s, "0123456789") == strlen(s) ? strtoull(s, NULL, 10)
									   : 0;
}

unsigned ks_column(const struct ks_command *c, const char *name)
{
	const struct ks_option *found = find(c, name);

	return found ? found->column : c->line->words[0].column;
}

bool ks_secret(const struct ks_command *c)
{
	static const char *const secrets[] = {"--password", "--passphrase", "--hw-passphrase",
		"--reverse-password", "--md5pass", "--wepkey", "--wpakey", "--activation-key"};

	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++)
		if (ks_value(c, secrets[i]))
			return true;
	return ks_is(c, "rootpw") || ks_is(c, "sshpw");
}

bool ks_is(const struct ks_command *c, const char *name)
{
	return strcmp(c->name, name) == 0;
}

const struct ks_command *ks_any(const struct ks_lint *l, const char *const wanted[])
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t j = 0; wanted[j]; j++)
			if (ks_is(&l->commands[i], wanted[j]))
				return &l->commands[i];
	return NULL;
}
