/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/mustache_parse.h"

#include <errno.h>
#include <string.h>

static const char *const format_names[MUSTACHE_FORMATS] = {
	[MUSTACHE_NONE] = "none",
	[MUSTACHE_SHELL] = "shell",
	[MUSTACHE_KICKSTART] = "kickstart",
	[MUSTACHE_PRESEED] = "preseed",
	[MUSTACHE_CMDLINE] = "cmdline",
	[MUSTACHE_XML] = "xml",
	[MUSTACHE_JSON] = "json",
	[MUSTACHE_YAML] = "yaml",
	[MUSTACHE_PACKAGES] = "packages",
	[MUSTACHE_URL] = "url",
};

const char *mustache_format_name(enum mustache_format f)
{
	return f < MUSTACHE_FORMATS ? format_names[f] : "?";
}

int mustache_format_parse(const char *name, enum mustache_format *ret)
{
	int f;

	for (f = 0; f < MUSTACHE_FORMATS; f++) {
		if (strcmp(name, format_names[f]) == 0) {
			*ret = (enum mustache_format)f;
			return 0;
		}
	}
	if (strcmp(name, "html") == 0)
		*ret = MUSTACHE_XML;
	else if (strcmp(name, "ipxe") == 0)
		*ret = MUSTACHE_CMDLINE;
	else
		return -EINVAL;
	return 0;
}

static const char *control_in(const char *s)
{
	for (; *s; s++) {
		if (*s == '\n' || *s == '\r')
			return "a line break";
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
			return "a control character";
	}
	return NULL;
}

/* Characters that YAML does not let stand, beyond those of JSON: C1, the Unicode line ends and what is no character.
 * UTF-8. */
static size_t yaml_special(const unsigned char *s, unsigned *ret_code)
{
	if (s[0] == 0xc2 && s[1] >= 0x80 && s[1] <= 0x9f) {
		*ret_code = s[1];
		return 2;
	}
	if (s[0] == 0xe2 && s[1] == 0x80 && (s[2] == 0xa8 || s[2] == 0xa9)) {
		*ret_code = 0x2000u | (s[2] - 0x80u);
		return 3;
	}
	if (s[0] == 0xef && s[1] == 0xbf && (s[2] == 0xbe || s[2] == 0xbf)) {
		*ret_code = 0xffc0u | (s[2] - 0x80u);
		return 3;
	}
	return 0;
}

/* iPXE splits at blanks, takes quotes and backslashes, and expands ${}; so does the kernel with its
 * quotes. */
static const char *unfit_for_cmdline(const char *s)
{
	const char *wrong = control_in(s);

	if (wrong)
		return wrong;
	if (strpbrk(s, " \t"))
		return "a blank";
	if (strpbrk(s, "\"'\\"))
		return "a quote or a backslash";
	return strstr(s, "${") ? "a \"${\"" : NULL;
}

/* The installer's reader takes blanks away; a backslash at the end would join the next line to this one. */
static const char *unfit_for_preseed(const char *s)
{
	size_t len = strlen(s);
	const char *wrong = control_in(s);

	if (wrong)
		return wrong;
	if (len && (strchr(" \t", s[0]) || strchr(" \t", s[len - 1])))
		return "a blank at its beginning or end";
	return len && s[len - 1] == '\\' ? "a backslash at its end" : NULL;
}

/* Anaconda drops what comes after a '#', and takes a '%' for the end or the beginning of a section. */
static const char *unfit_for_packages(const char *s)
{
	const char *wrong = control_in(s);
	size_t len = strlen(s);
	unsigned code;

	if (wrong)
		return wrong;
	for (const char *c = s; *c; c++)
		if (yaml_special((const unsigned char *)c, &code))
			return "a control character";
	if (strchr(s, '#'))
		return "a '#'";
	if (len && (strchr(" \t", s[0]) || strchr(" \t", s[len - 1])))
		return "a blank at its beginning or end";
	return *s == '%' ? "a '%' at its beginning" : NULL;
}

/* XML 1.0 2.2: most controls cannot even be written as a character reference. */
static const char *unfit_for_xml(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < ' ' && !strchr("\t\n\r", *s))
			return "a control character";
		if (strncmp(s, "\xef\xbf\xbe", 3) == 0 || strncmp(s, "\xef\xbf\xbf", 3) == 0)
			return "a character that XML does not have";
	}
	return NULL;
}

static void add_shell(struct text *out, const char *s)
{
	size_t n;

	text_puts(out, "'");
	while (*s) {
		n = strcspn(s, "'");
		text_add(out, s, n);
		s += n;
		if (*s == '\'') {
			text_puts(out, "'\\''");
			s++;
		}
	}
	text_puts(out, "'");
}

static void add_xml(struct text *out, const char *s)
{
	static const char special[] = "&<>\"'\r";
	static const char *const entity[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&#13;"};
	size_t n;

	for (; *s; s++) {
		n = strcspn(s, special);
		text_add(out, s, n);
		s += n;
		if (!*s)
			break;
		text_puts(out, entity[strchr(special, *s) - special]);
	}
}

static void add_url(struct text *out, const char *s)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
	size_t n;

	for (; *s; s++) {
		n = strspn(s, plain);
		text_add(out, s, n);
		s += n;
		if (!*s)
			break;
		text_printf(out, "%%%02X", (unsigned char)*s);
	}
}

/* RFC 8259 7; the same escapes are good in a double-quoted scalar of YAML. */
static void add_quoted(struct text *out, const char *s)
{
	const unsigned char *at = (const unsigned char *)s;
	unsigned code;
	size_t n;

	text_puts(out, "\"");
	while (*at) {
		n = yaml_special(at, &code);
		if (n)
			text_printf(out, "\\u%04x", code);
		else if (*at == '"' || *at == '\\')
			text_printf(out, "\\%c", *at);
		else if (*at == '\n')
			text_puts(out, "\\n");
		else if (*at < ' ' || *at == 0x7f)
			text_printf(out, "\\u%04x", *at);
		else
			text_add(out, (const char *)at, 1);
		at += n ? n : 1;
	}
	text_puts(out, "\"");
}

const char *mustache_unfit(enum mustache_format f, const char *value)
{
	switch (f) {
	case MUSTACHE_CMDLINE:
		return unfit_for_cmdline(value);
	case MUSTACHE_PRESEED:
		return unfit_for_preseed(value);
	case MUSTACHE_KICKSTART:
		return control_in(value);
	case MUSTACHE_PACKAGES:
		return unfit_for_packages(value);
	case MUSTACHE_XML:
		return unfit_for_xml(value);
	default:
		return NULL;
	}
}

const char *mustache_escape(struct text *out, enum mustache_format f, const char *value)
{
	const char *wrong = mustache_unfit(f, value);

	if (wrong)
		return wrong;
	if (f == MUSTACHE_SHELL || f == MUSTACHE_KICKSTART)
		add_shell(out, value);
	else if (f == MUSTACHE_XML)
		add_xml(out, value);
	else if (f == MUSTACHE_URL)
		add_url(out, value);
	else if (f == MUSTACHE_JSON || f == MUSTACHE_YAML)
		add_quoted(out, value);
	else
		text_puts(out, value);
	return NULL;
}
