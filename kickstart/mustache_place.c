/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/mustache_place.h"

#include <string.h>

enum {
	LINE_MAX_SCANNED = 1024
}; /* bytes of a line that quotes are looked for in: each value reads it anew */

#define CDATA "<![CDATA["
#define CDATA_END "]]>"

static bool begins(const char *s, const char *word)
{
	return strncmp(s, word, strlen(word)) == 0;
}

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t");
}

/* XML. */

/* On from p->at to behind the first of these; false: there is none, and p->at is where one may begin that is not whole yet. */
static bool find(struct mustache_place *p, const struct text *out, const char *word)
{
	const char *found = strstr(out->s + p->at, word);
	size_t n = strlen(word);

	if (found)
		p->at = (size_t)(found - out->s) + n;
	else if (out->len >= n && out->len - n + 1 > p->at)
		p->at = out->len - n + 1;
	return found;
}

/* Into the next CDATA section or comment. */
static bool xml_enter(struct mustache_place *p, const struct text *out)
{
	while (find(p, out, "<!")) {
		const char *at = out->s + p->at - strlen("<!");

		if (begins(at, CDATA))
			p->in = PLACE_CDATA;
		else if (begins(at, "<!--"))
			p->in = PLACE_COMMENT;
		else if (strlen(at) < strlen(CDATA)) {
			p->at -= strlen("<!");
			return false;
		} else
			continue;
		return true;
	}
	return false;
}

static void xml_update(struct mustache_place *p, const struct text *out)
{
	for (;;) {
		if (p->in == PLACE_PLAIN) {
			if (!xml_enter(p, out))
				return;
		} else if (find(p, out, p->in == PLACE_CDATA ? CDATA_END : "-->")) {
			p->in = PLACE_PLAIN;
		} else {
			return;
		}
	}
}

/* Lines. */

/* As Anaconda reads a kickstart: what begins and ends a section, blanks before it or not. */
static bool is_section_line(const char *line)
{
	static const char *const words[] = {"%end", "%include", "%ksappend", "%packages", "%pre",
		"%pre-install", "%post", "%onerror", "%traceback", "%addon", "%anaconda",
		"%certificate", NULL};
	size_t n;

	line = skip_blanks(line);
	n = strcspn(line, " \t\r\n");
	for (size_t i = 0; *line == '%' && words[i]; i++)
		if (strlen(words[i]) == n && strncmp(line, words[i], n) == 0)
			return true;
	return false;
}

static void kickstart_line(struct mustache_place *p, const char *line)
{
	line = skip_blanks(line);
	if (!is_section_line(line) || begins(line, "%include") || begins(line, "%ksappend"))
		return;
	if (begins(line, "%end"))
		p->in = PLACE_PLAIN;
	else if (p->in == PLACE_PLAIN)
		p->in = begins(line, "%packages") ? PLACE_PACKAGES : PLACE_SCRIPT;
}

/* A block begins after | or >, with digits and signs behind it, at a line's end, and ends with the indentation. */
static void yaml_line(struct mustache_place *p, const char *line, const char *end)
{
	size_t indent = strspn(line, " ");

	if (line + indent >= end)
		return;
	if (p->in == PLACE_BLOCK && indent > p->indent)
		return;
	p->in = PLACE_PLAIN;
	p->indent = indent;
	while (end > line && strchr(" \t\r", end[-1]))
		end--;
	while (end > line && strchr("+-0123456789", end[-1]))
		end--;
	if (end > line + 1 && strchr("|>", end[-1]) && strchr(" \t", end[-2]))
		p->in = PLACE_BLOCK;
}

static void lines_update(struct mustache_place *p, const struct text *out)
{
	const char *line = out->s + p->line, *end;

	for (; (end = strchr(out->s + p->at, '\n')); line = end + 1) {
		if (p->format == MUSTACHE_KICKSTART)
			kickstart_line(p, line);
		else if (p->format == MUSTACHE_YAML)
			yaml_line(p, line, end);
		p->at = p->line = (size_t)(end - out->s) + 1;
	}
	p->at = out->len;
}

void mustache_place_update(struct mustache_place *p, const struct text *out)
{
	if (!out->s || out->rc)
		return;
	if (p->format == MUSTACHE_XML)
		xml_update(p, out);
	else
		lines_update(p, out);
}

/* Values that leave their place. */

static const char *leaves_section(
	const struct mustache_place *p, const char *line, const char *value)
{
	/* The first line may have something before it. */
	if (line[strspn(line, " \t")])
		value += strcspn(value, "\n");
	for (; *value; value += strcspn(value, "\n")) {
		value += *value == '\n';
		if (is_section_line(value))
			return begins(skip_blanks(value), "%include")
				? "a line that begins with %include"
				: "a line that begins with %end, or with a section's name";
		if (p->in == PLACE_PACKAGES && *skip_blanks(value) == '%')
			return "a line that begins with a '%'";
	}
	return NULL;
}

/* A section is ended and begun again between the brackets: the same text for a reader. */
void mustache_place_cdata(struct text *out, const char *value)
{
	static const char again[] = CDATA_END CDATA;
	const char *end;

	if (out->len && out->s[out->len - 1] == ']' && (*value == ']' || *value == '>'))
		text_puts(out, again);
	for (; (end = strstr(value, CDATA_END)); value = end + 2) {
		text_add(out, value, (size_t)(end - value) + 2);
		text_puts(out, again);
	}
	text_puts(out, value);
	if (*value && value[strlen(value) - 1] == ']')
		text_puts(out, again);
}

/* Quotes that are there already. */

/* The line that `out` ends in, as far as it is looked at. */
static const char *last_line(const struct text *out)
{
	const char *s = out->s + out->len;

	while (s > out->s && s[-1] != '\n' && out->s + out->len - s <= LINE_MAX_SCANNED)
		s--;
	return s;
}

/* The quote that is open at the end of a line of shell, of a kickstart or of YAML; 0: none. What a substitution within double
 * quotes holds is read anew. */
static char open_quote(const char *line, enum mustache_format f)
{
	bool shell = f == MUSTACHE_SHELL || f == MUSTACHE_KICKSTART;
	unsigned depth = 0; /* of "$(" within double quotes */
	char quote = 0;

	for (const char *s = line; *s; s++) {
		if (*s == '\\' && quote != '\'' && s[1])
			s++;
		else if (shell && quote == '"' && s[0] == '$' && s[1] == '(') {
			depth++;
			quote = 0;
			s++;
		} else if (shell && !quote && depth && *s == ')') {
			depth--;
			quote = '"';
		} else if (quote && *s == quote)
			quote = 0;
		else if (!quote && *s == '#' && (s == line || strchr(" \t", s[-1])))
			return 0;
		else if (!quote && (*s == '"' || (*s == '\'' && f != MUSTACHE_JSON)))
			quote = *s;
	}
	return quote;
}

/* A shell's word within a value of YAML or JSON, as far as it was begun: what ends that. */
static const char *leaves_scalar(
	const struct mustache_place *p, const char *line, const char *value)
{
	char quote = open_quote(line, p->format);

	if (strchr(value, '\n'))
		return "a line break";
	if (p->in == PLACE_BLOCK && strspn(line, " ") > p->indent)
		return NULL;
	if (quote == '"' && strpbrk(value, "\"'\\"))
		return "a quote or a backslash";
	if (!quote && (strstr(value, ": ") || strstr(value, " #")))
		return "a \": \" or a \" #\"";
	return NULL;
}

const char *mustache_place_left(const struct mustache_place *p, const struct text *out,
	enum mustache_format f, const char *value)
{
	if (p->in == PLACE_SCRIPT || p->in == PLACE_PACKAGES)
		return leaves_section(p, out->s + p->line, value);
	if (p->in == PLACE_COMMENT && strstr(value, "--"))
		return "two dashes";
	if (p->in == PLACE_CDATA && strchr(value, '\r'))
		return "a carriage return";
	if ((p->format == MUSTACHE_YAML || p->format == MUSTACHE_JSON) && f == MUSTACHE_SHELL)
		return leaves_scalar(p, out->s ? last_line(out) : "", value);
	return NULL;
}

/* Has a YAML value begun before the end of this line? */
static bool is_inside_scalar(const char *line, const char *end)
{
	bool blank = end > line && strchr(" \t", end[-1]);

	while (end > line && strchr(" \t", end[-1]))
		end--;
	return end > line && !strchr(blank ? ":,[{-?" : ",[{", end[-1]);
}

static const char *shell_quotes(const char *line)
{
	return *skip_blanks(line) != '#' && open_quote(line, MUSTACHE_SHELL)
		? "stand within the template's: take those away, as in --append=\"a \"{{NAME}}"
		: NULL;
}

static const char *yaml_quotes(const struct mustache_place *p, const char *line, const char *end)
{
	if (*skip_blanks(line) == '#')
		return NULL;
	if (p->in == PLACE_BLOCK && strspn(line, " ") > p->indent)
		return "stay in this block of text: write {{shell:NAME}} in a script, {{{NAME}}} "
		       "in other text";
	if (open_quote(line, MUSTACHE_YAML))
		return "stand within the template's: take those away";
	return is_inside_scalar(line, end)
		? "stand within a longer value: make all of it a setting, or write {{{NAME}}}"
		: NULL;
}

const char *mustache_place_quotes(
	const struct mustache_place *p, const struct text *out, enum mustache_format f)
{
	const char *line, *end = out->s + out->len;

	if (!out->s)
		return NULL;
	line = last_line(out);
	if (end - line > LINE_MAX_SCANNED)
		return NULL;
	if (f == MUSTACHE_KICKSTART && p->in == PLACE_PACKAGES)
		return "become a part of the package's name: write {{packages:NAME}}";
	if (f == MUSTACHE_SHELL && p->format == MUSTACHE_YAML && p->in == PLACE_PLAIN &&
		!is_inside_scalar(line, end))
		return "YAML takes for its own here: begin with the command, or write a block (|)";
	if (f == MUSTACHE_SHELL || f == MUSTACHE_KICKSTART)
		return shell_quotes(line);
	if (f == MUSTACHE_YAML)
		return yaml_quotes(p, line, end);
	return f == MUSTACHE_JSON && open_quote(line, f)
		? "stand within the template's: take those away"
		: NULL;
}
