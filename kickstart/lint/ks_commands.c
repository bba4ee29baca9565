/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/ks_commands.h"

#include "core/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *command;
	unsigned versions;
	enum ks_status status;
	const char *options;
};

static const struct row rows[] = {
#include "ks_table.inc"
};

/* Deprecated by the release notes, while the parser still takes them without a word. */
static const struct {
	const char *command, *option;
	unsigned versions;
} noted[] = {
	{"auth", NULL, KS_RHEL8 | KS_RHEL9},
	{"authconfig", NULL, KS_RHEL8 | KS_RHEL9},
	{"timezone", "--nontp", KS_RHEL9},
	{"timezone", "--ntpservers", KS_RHEL9},
};

enum { ROWS = sizeof(rows) / sizeof(*rows), NAME = 64 };

static const char *const version_names[KS_VERSIONS] = {
	"RHEL7", "RHEL8", "RHEL9", "RHEL10", "F39", "F40", "F41", "F42", "F43", "F44", "F45"};

/* What people call the families. */
static const struct {
	const char *word, *family;
} families[] = {
	{"rhel", "RHEL"},
	{"redhat", "RHEL"},
	{"el", "RHEL"},
	{"centos", "RHEL"},
	{"centosstream", "RHEL"},
	{"rocky", "RHEL"},
	{"rockylinux", "RHEL"},
	{"alma", "RHEL"},
	{"almalinux", "RHEL"},
	{"ol", "RHEL"},
	{"oraclelinux", "RHEL"},
	{"f", "F"},
	{"fedora", "F"},
};

unsigned ks_version_parse(const char *word)
{
	char letters[24] = "", name[24];
	size_t n = 0;

	for (; *word && !isdigit((unsigned char)*word); word++)
		if (isalpha((unsigned char)*word) && n + 1 < sizeof(letters))
			letters[n++] = (char)tolower((unsigned char)*word);
	n = strspn(word, "0123456789");
	if (n == 0 || n > 3 || (word[n] && word[n] != '.'))
		return 0;
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		if (strcmp(letters, families[i].word) != 0)
			continue;
		snprintf(name, sizeof(name), "%s%.*s", families[i].family, (int)n, word);
		for (unsigned v = 0; v < KS_VERSIONS; v++)
			if (strcmp(name, version_names[v]) == 0)
				return 1u << v;
	}
	return 0;
}

static unsigned lowest(unsigned versions)
{
	unsigned v = 0;

	while (v < KS_VERSIONS && !(versions & 1u << v))
		v++;
	return v;
}

const char *ks_version_name(unsigned bit)
{
	unsigned v = lowest(bit);

	return v < KS_VERSIONS ? version_names[v] : "";
}

const char *ks_version_all(void)
{
	return "RHEL7 to RHEL10 or F39 to F45";
}

/* The next option of a row; false at its end. */
static bool next_spec(const char **p, struct ks_spec *ret)
{
	const char *s = *p + strspn(*p, " "), *end = s + strcspn(s, " "), *mark;

	if (s == end)
		return false;
	*ret = (struct ks_spec){.names = s, .status = KS_OK};
	ret->names_len = strcspn(s, " =!~");
	mark = s + ret->names_len;
	if (*mark == '=') {
		ret->value = true;
		mark++;
	}
	if (*mark == '?') {
		ret->optional = true;
		mark++;
	}
	if (*mark == '{') {
		ret->choices = mark + 1;
		ret->choices_len = strcspn(mark + 1, "}");
		mark += ret->choices_len + 2;
	}
	for (; mark < end; mark++) {
		ret->required |= *mark == '!';
		ret->status = *mark == '~' ? KS_DEPRECATED : ret->status;
	}
	*p = end;
	return true;
}

/* Is `name` one of "--a|--b"? With `beginning`: or how one of them begins. */
static bool named(const struct ks_spec *spec, const char *name, bool beginning)
{
	const char *s = spec->names, *end = s + spec->names_len;
	size_t len = strlen(name);

	while (s < end) {
		size_t n = strcspn(s, "| =!~");

		if ((n == len || (beginning && n > len)) && strncmp(s, name, len) == 0)
			return true;
		s += n + 1;
	}
	return false;
}

/* `best`, which it is in these versions, or deprecated, if it is so in all of them. */
static enum ks_status with_notes(
	enum ks_status best, const char *command, const char *option, unsigned versions)
{
	for (size_t i = 0; best == KS_OK && i < sizeof(noted) / sizeof(*noted); i++)
		if (!(versions & ~noted[i].versions) && strcmp(noted[i].command, command) == 0 &&
			(!option) == (!noted[i].option) &&
			(!option || strcmp(noted[i].option, option) == 0))
			best = KS_DEPRECATED;
	return best;
}

enum ks_status ks_command_status(const char *command, unsigned versions)
{
	enum ks_status best = KS_UNKNOWN;

	for (size_t i = 0; i < ROWS; i++)
		if ((rows[i].versions & versions) && rows[i].status > best &&
			strcmp(rows[i].command, command) == 0)
			best = rows[i].status;
	return with_notes(best, command, NULL, versions);
}

enum ks_status ks_option_status(
	const char *command, const char *option, unsigned versions, struct ks_spec *ret)
{
	enum ks_status best = KS_UNKNOWN;
	struct ks_spec spec;

	for (size_t i = 0; i < ROWS; i++) {
		const char *p = rows[i].options;

		if (!(rows[i].versions & versions) || strcmp(rows[i].command, command) != 0)
			continue;
		while (next_spec(&p, &spec))
			if (spec.status > best && named(&spec, option, false)) {
				best = spec.status;
				*ret = spec;
			}
	}
	return with_notes(best, command, option, versions);
}

void ks_options(const char *command, unsigned versions,
	void (*each)(void *arg, const struct ks_spec *spec), void *arg)
{
	const struct row *newest = NULL;
	struct ks_spec spec;
	const char *p;

	for (size_t i = 0; i < ROWS; i++)
		if ((rows[i].versions & versions) && strcmp(rows[i].command, command) == 0 &&
			(!newest || (rows[i].versions & versions) > (newest->versions & versions)))
			newest = &rows[i];
	if (!newest)
		return;
	p = newest->options;
	while (next_spec(&p, &spec))
		each(arg, &spec);
}

bool ks_option_required(const char *command, const char *option, unsigned versions)
{
	struct ks_spec spec;

	for (unsigned v = 0; v < KS_VERSIONS; v++)
		if ((versions & 1u << v) && ks_command_status(command, 1u << v) == KS_OK &&
			(ks_option_status(command, option, 1u << v, &spec) == KS_UNKNOWN ||
				!spec.required))
			return false;
	return true;
}

const char *ks_near_command(const char *word, unsigned versions)
{
	const char *best = NULL;

	for (size_t i = 0; i < ROWS; i++)
		if ((rows[i].versions & versions) && rows[i].status >= KS_DEPRECATED)
			text_nearer(word, rows[i].command, &best);
	return best;
}

struct near {
	const char *word;
	char best[NAME];
};

static void nearer(void *arg, const struct ks_spec *spec)
{
	struct near *near = arg;
	const char *s = spec->names, *end = s + spec->names_len;

	while (s < end) {
		size_t n = strcspn(s, "| =!~");
		char name[NAME];
		const char *best = near->best[0] ? near->best : NULL;

		snprintf(name, sizeof(name), "%.*s", (int)n, s);
		text_nearer(near->word, name, &best);
		if (best == name)
			memcpy(near->best, name, sizeof(name));
		s += n + 1;
	}
}

const char *ks_near_option(
	const char *command, const char *word, unsigned versions, char *buf, size_t size)
{
	struct near near = {.word = word};

	ks_options(command, versions, nearer, &near);
	snprintf(buf, size, "%s", near.best);
	return near.best[0] ? buf : NULL;
}

struct abbreviated {
	const char *word;
	struct ks_spec found;
	unsigned n;
};

static void abbreviates(void *arg, const struct ks_spec *spec)
{
	struct abbreviated *a = arg;

	if (!named(spec, a->word, true))
		return;
	a->found = *spec;
	a->n++;
}

bool ks_option_abbreviated(
	const char *command, const char *word, unsigned versions, struct ks_spec *ret)
{
	struct abbreviated a = {.word = word};

	if (strlen(word) < 3)
		return false;
	ks_options(command, versions, abbreviates, &a);
	*ret = a.found;
	return a.n == 1;
}
