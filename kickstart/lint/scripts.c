/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/lint/scripts.h"

#include "core/text.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH_MAX = 3 }; /* of maps: an alias may lead back */

struct finder {
	void (*each)(void *arg, const struct lint_script *s);
	void *arg;
};

enum script_language script_language(const char *interpreter)
{
	const char *s = interpreter + strspn(interpreter, " \t"), *name = s;
	size_t n = strcspn(s, " \t\r\n\"'");

	for (size_t i = 0; i < n; i++)
		name = s[i] == '/' ? s + i + 1 : name;
	n -= (size_t)(name - s);
	if (n == 3 && strncmp(name, "env", 3) == 0)
		return script_language(name + n + strspn(name + n, " \t"));
	if ((n == 2 && strncmp(name, "sh", 2) == 0) || (n == 4 && strncmp(name, "dash", 4) == 0))
		return SCRIPT_SHELL;
	if (n == 4 && strncmp(name, "bash", 4) == 0)
		return SCRIPT_BASH;
	if (strncmp(name, "python3", 7) == 0 ||
		(n == 15 && strncmp(name, "platform-python", 15) == 0))
		return SCRIPT_PYTHON;
	return SCRIPT_OTHER;
}

enum script_language script_language_of(const char *text)
{
	return strncmp(text, "#!", 2) == 0 ? script_language(text + 2) : SCRIPT_SHELL;
}

static void found(const struct finder *f, enum script_language language, const char *from,
	size_t len, unsigned line)
{
	char *text = strndup(from, len);
	struct lint_script s = {.language = language, .text = text, .line = line};

	if (text)
		f->each(f->arg, &s);
	free(text);
}

static const char *next_line(const char *s)
{
	s += strcspn(s, "\n");
	return s + (*s == '\n');
}

/* Kickstart */

/* Is the line this directive, whatever follows the word? */
static bool is_line(const char *line, const char *word)
{
	size_t n = strlen(word);

	line += strspn(line, " \t");
	return strncmp(line, word, n) == 0 && strchr(" \t\r\n", line[n]);
}

static bool opens_script(const char *line)
{
	static const char *const sections[] = {
		"%pre", "%pre-install", "%post", "%onerror", "%traceback"};

	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++)
		if (is_line(line, sections[i]))
			return true;
	return false;
}

/* Red Hat's /bin/sh is bash. */
static enum script_language section_language(const char *head)
{
	const char *end = head + strcspn(head, "\n"), *option = strstr(head, "--interpreter");
	enum script_language language;

	if (!option || option > end) { /* its first line is not heeded, which the linter tells */
		language = script_language_of(next_line(head));
		return language == SCRIPT_PYTHON || language == SCRIPT_OTHER ? SCRIPT_OTHER
									     : SCRIPT_BASH;
	}
	option += strlen("--interpreter");
	option += strspn(option, "= \t\"'");
	language = script_language(option);
	return language == SCRIPT_SHELL ? SCRIPT_BASH : language;
}

/* What is included into it is not there. */
static void of_kickstart(const struct finder *f, const char *text)
{
	const char *head = NULL, *body = NULL;
	unsigned line = 1, body_line = 0;
	bool whole = true;

	for (const char *at = text; *at; at = next_line(at), line++) {
		if (!head && opens_script(at)) {
			head = at;
			body = next_line(at);
			body_line = line + 1;
			whole = true;
		} else if (head && is_line(at, "%end")) {
			if (whole)
				found(f, section_language(head), body, (size_t)(at - body),
					body_line);
			head = NULL;
		} else if (head && (is_line(at, "%include") || is_line(at, "%ksappend"))) {
			whole = false;
		}
	}
}

void lint_includes(const char *text, void (*each)(void *arg, const char *name), void *arg)
{
	for (const char *at = text; *at; at = next_line(at)) {
		char *name = NULL;

		if (!is_line(at, "%include") && !is_line(at, "%ksappend"))
			continue;
		at += strspn(at, " \t");
		at += strcspn(at, " \t\r\n");
		at += strspn(at, " \t");
		name = strndup(at, strcspn(at, " \t\r\n"));
		if (name && *name)
			each(arg, name);
		free(name);
	}
}

/* Preseed: comments and empty lines go, a backslash joins the next line by one blank. */

static bool is_command(const char *question, size_t n)
{
	return (n > 14 && strncmp(question + n - 14, "/early_command", 14) == 0) ||
		(n > 13 && strncmp(question + n - 13, "/late_command", 13) == 0);
}

static const char *word(const char **s, size_t *ret_len)
{
	const char *at = *s + strspn(*s, " \t");

	*ret_len = strcspn(at, " \t");
	*s = at + *ret_len;
	return at;
}

static void selection(const struct finder *f, const char *joined, unsigned line)
{
	const char *at = joined, *question;
	size_t n, len;

	word(&at, &n);
	question = word(&at, &len);
	word(&at, &n);
	if (is_command(question, len))
		found(f, SCRIPT_SHELL, at + strspn(at, " \t"), strlen(at + strspn(at, " \t")),
			line);
}

static void of_preseed(const struct finder *f, const char *text)
{
	struct text joined;
	unsigned line = 1, first = 1;

	text_init(&joined, strlen(text) + 1);
	for (const char *at = text; *at; at = next_line(at), line++) {
		size_t n = strcspn(at, "\n");
		bool joins;

		if (*at == '#' || strspn(at, " \t\r") >= n)
			continue;
		while (n && strchr("\r", at[n - 1]))
			n--;
		joins = n && at[n - 1] == '\\';
		if (!joined.len)
			first = line;
		else
			text_puts(&joined, " ");
		text_add(&joined, at, n - joins);
		if (joins)
			continue;
		if (joined.s)
			selection(f, joined.s, first);
		text_fini(&joined);
		text_init(&joined, strlen(text) + 1);
	}
	text_fini(&joined);
}

/* YAML */

static void of_list(const struct finder *f, yaml_document_t *doc, const yaml_node_t *list)
{
	for (const yaml_node_item_t *i = list->data.sequence.items.start;
		i < list->data.sequence.items.top; i++) {
		const yaml_node_t *n = yaml_document_get_node(doc, *i);

		if (n && n->type == YAML_SCALAR_NODE)
			found(f, SCRIPT_SHELL, (const char *)n->data.scalar.value,
				n->data.scalar.length,
				(unsigned)n->start_mark.line + 1 +
					(n->data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
						n->data.scalar.style == YAML_FOLDED_SCALAR_STYLE));
	}
}

/* Lists of commands, at the top and below autoinstall: and its user-data:. */
static void of_map(
	const struct finder *f, yaml_document_t *doc, const yaml_node_t *map, unsigned depth)
{
	static const char *const lists[] = {
		"late-commands", "early-commands", "error-commands", "runcmd", "bootcmd"};

	if (!map || map->type != YAML_MAPPING_NODE || depth == DEPTH_MAX)
		return;
	for (const yaml_node_pair_t *p = map->data.mapping.pairs.start;
		p < map->data.mapping.pairs.top; p++) {
		const yaml_node_t *key = yaml_document_get_node(doc, p->key),
				  *value = yaml_document_get_node(doc, p->value);
		const char *name = key && key->type == YAML_SCALAR_NODE
			? (const char *)key->data.scalar.value
			: "";

		for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
			if (value && value->type == YAML_SEQUENCE_NODE &&
				strcmp(name, lists[i]) == 0)
				of_list(f, doc, value);
		if (strcmp(name, "autoinstall") == 0 || strcmp(name, "user-data") == 0)
			of_map(f, doc, value, depth + 1);
	}
}

static void of_yaml(const struct finder *f, const char *text)
{
	yaml_parser_t parser;
	yaml_document_t doc;

	if (!yaml_parser_initialize(&parser))
		return;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
	if (yaml_parser_load(&parser, &doc)) {
		of_map(f, &doc, yaml_document_get_root_node(&doc), 0);
		yaml_document_delete(&doc);
	}
	yaml_parser_delete(&parser);
}

void lint_scripts(enum answers format, const char *text,
	void (*each)(void *arg, const struct lint_script *s), void *arg)
{
	struct finder f = {each, arg};

	switch (format) {
	case ANSWERS_KICKSTART:
		of_kickstart(&f, text);
		break;
	case ANSWERS_PRESEED:
		of_preseed(&f, text);
		break;
	case ANSWERS_AUTOINSTALL:
	case ANSWERS_CLOUD_CONFIG:
		of_yaml(&f, text);
		break;
	case ANSWERS_SCRIPT:
		found(&f, script_language_of(text), text, strlen(text), 1);
		break;
	default:
		break;
	}
}
