/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile.xml to struct profile. */
#include "kickstart/profile_xml.h"
#include "kickstart/setting_type.h"

#include "core/sha256.h"
#include "core/uri.h"
#include "core/text.h"

#include <errno.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct profile *p;
	const char *dir;
	const char *file; /* which is read, for messages */
	size_t n_own;     /* reading shared settings: how many the profile declares itself */
	char *why;
	size_t why_size;
};

/* What may stand in an element. */
struct element {
	const char *name;
	int (*read)(struct reading *r, xmlNode *node);
	bool many, required;
	unsigned bit; /* for `seen` */
};

static int __attribute__((format(printf, 3, 4)))
fault(struct reading *r, const xmlNode *node, const char *fmt, ...)
{
	va_list ap;
	char text[512];

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(r->why, r->why_size, "%s:%ld: %s", r->file, xmlGetLineNo(node), text);
	return -EINVAL;
}

static const char *node_name(const xmlNode *node)
{
	return (const char *)node->name;
}

/* "(did you mean 'x'?)" or what is known. */
static void hint(char *buf, size_t size, const char *word, const char *const *known)
{
	const char *best = NULL;
	struct text t;
	size_t i;

	for (i = 0; known[i]; i++)
		text_nearer(word, known[i], &best);
	if (best) {
		snprintf(buf, size, " (did you mean '%s'?)", best);
		return;
	}
	text_init(&t, size);
	for (i = 0; known[i]; i++)
		text_printf(&t, "%s%s", i ? ", " : "", known[i]);
	snprintf(buf, size, ", expected %s", !known[0] ? "none" : t.s ? t.s : "");
	text_fini(&t);
}

/* Refuses attributes that are not in the list, which ends with NULL. */
static int check_attributes(struct reading *r, xmlNode *node, const char *const *known)
{
	const xmlAttr *a;
	char more[256];
	size_t i;

	for (a = node->properties; a; a = a->next) {
		for (i = 0; known[i] && strcmp(known[i], (const char *)a->name) != 0; i++)
			;
		if (known[i])
			continue;
		hint(more, sizeof(more), (const char *)a->name, known);
		return fault(r, node, "unknown attribute '%s' of <%s>%s", a->name, node_name(node),
			more);
	}
	return 0;
}

#define ATTRIBUTES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_ATTRIBUTES ((const char *const[]){NULL})

/* *ret: the heap value, NULL when it is not given. */
static int attribute(struct reading *r, xmlNode *node, const char *name, bool required, char **ret)
{
	xmlChar *v = xmlGetNoNsProp(node, BAD_CAST name);

	if (!v)
		return required
			? fault(r, node, "<%s> lacks the attribute '%s'", node_name(node), name)
			: 0;
	*ret = strdup((const char *)v);
	xmlFree(v);
	return *ret ? 0 : -ENOMEM;
}

/* A name for URLs and files. */
static const char *bad_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

	if (!*s || *s == '.' || *s == '-')
		return "expected a letter or digit first";
	if (s[n])
		return "expected letters, digits, '.', '_' and '-'";
	return n < PROFILE_NAME ? NULL : "expected at most 63 characters";
}

/* The required attribute `name`, into `ret`. */
static int read_name(struct reading *r, xmlNode *node, char ret[PROFILE_NAME])
{
	const char *bad;
	char *v = NULL;
	int rc = attribute(r, node, "name", true, &v);

	if (rc < 0)
		return rc;
	bad = bad_name(v);
	if (bad)
		rc = fault(r, node, "bad name '%s' of <%s>, %s", v, node_name(node), bad);
	else
		snprintf(ret, PROFILE_NAME, "%s", v);
	free(v);
	return rc;
}

/* The trimmed text of an element without children. */
static int read_text(struct reading *r, xmlNode *node, char **ret, unsigned *ret_line)
{
	unsigned line = (unsigned)xmlGetLineNo(node);
	const xmlNode *c;
	xmlChar *all;
	const char *s;
	size_t len;

	for (c = node->children; c; c = c->next)
		if (c->type == XML_ELEMENT_NODE)
			return fault(
				r, c, "<%s> in <%s>, expected text", node_name(c), node_name(node));
	all = xmlNodeGetContent(node);
	if (!all)
		return -ENOMEM;
	for (s = (const char *)all; *s && strchr(" \t\r\n", *s); s++)
		line += *s == '\n';
	for (len = strlen(s); len && strchr(" \t\r\n", s[len - 1]); len--)
		;
	*ret = strndup(s, len);
	xmlFree(all);
	if (ret_line)
		*ret_line = line;
	return *ret ? 0 : -ENOMEM;
}

static int read_some_text(struct reading *r, xmlNode *node, char **ret, unsigned *ret_line)
{
	char *s = NULL;
	int rc = read_text(r, node, &s, ret_line);

	if (rc == 0 && !*s)
		rc = fault(r, node, "<%s> is empty, expected text", node_name(node));
	if (rc == 0)
		*ret = s;
	else
		free(s);
	return rc;
}

static int parse_number(struct reading *r, xmlNode *node, const char *what, const char *s,
	uint64_t min, uint64_t max, uint64_t *ret)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(s, &end, 10);
	if (*s < '0' || *s > '9' || *end || errno || v < min || v > max)
		return fault(r, node, "bad %s '%s', expected a number from %llu to %llu", what, s,
			(unsigned long long)min, (unsigned long long)max);
	*ret = v;
	return 0;
}

/* The text of an element as a number. */
static int read_number(struct reading *r, xmlNode *node, uint64_t min, uint64_t max, uint64_t *ret)
{
	char *s = NULL;
	int rc = check_attributes(r, node, NO_ATTRIBUTES);

	if (rc == 0 && (rc = read_text(r, node, &s, NULL)) == 0)
		rc = parse_number(r, node, node_name(node), s, min, max, ret);
	free(s);
	return rc;
}

/* libvirt's units. */
static int unit_bytes(struct reading *r, xmlNode *node, const char *unit, uint64_t *ret)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} units[] = {{"b", 1}, {"bytes", 1}, {"KB", 1000}, {"KiB", 1 << 10}, {"MB", 1000 * 1000},
		{"MiB", 1 << 20}, {"GB", 1000 * 1000 * 1000}, {"GiB", 1 << 30},
		{"TB", 1000ull * 1000 * 1000 * 1000}, {"TiB", 1ull << 40}};
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(unit, units[i].name) == 0) {
			*ret = units[i].bytes;
			return 0;
		}
	}
	return fault(r, node, "unknown unit '%s', expected MiB, GiB, …", unit);
}

/* <memory unit='MiB'>1024</memory>, in bytes. */
static int read_size(struct reading *r, xmlNode *node, const char *default_unit, uint64_t *ret)
{
	char *unit = NULL, *s = NULL;
	uint64_t n = 0, bytes = 0;
	int rc = check_attributes(r, node, ATTRIBUTES("unit"));

	if (rc == 0)
		rc = attribute(r, node, "unit", false, &unit);
	if (rc == 0)
		rc = unit_bytes(r, node, unit ? unit : default_unit, &bytes);
	if (rc == 0)
		rc = read_text(r, node, &s, NULL);
	if (rc == 0)
		rc = parse_number(r, node, node_name(node), s, 1, (UINT64_MAX >> 1) / bytes, &n);
	if (rc == 0)
		*ret = n * bytes;
	free(unit);
	free(s);
	return rc;
}

static int unknown_element(
	struct reading *r, const xmlNode *in, const xmlNode *c, const struct element *es)
{
	const char *names[16];
	char more[256];
	size_t n;

	for (n = 0; es[n].name && n < 15; n++)
		names[n] = es[n].name;
	names[n] = NULL;
	hint(more, sizeof(more), node_name(c), names);
	return fault(r, c, "unknown element <%s> in <%s>%s", node_name(c), node_name(in), more);
}

static int read_child(
	struct reading *r, xmlNode *in, xmlNode *c, const struct element *es, unsigned *seen)
{
	size_t i;

	for (i = 0; es[i].name && strcmp(es[i].name, node_name(c)) != 0; i++)
		;
	if (!es[i].name)
		return unknown_element(r, in, c, es);
	if ((*seen & es[i].bit) && !es[i].many)
		return fault(r, c, "a second <%s> in <%s>", node_name(c), node_name(in));
	*seen |= es[i].bit;
	return es[i].read(r, c);
}

/* Reads the children of `node` by the table, which ends with a name of NULL. */
static int read_children(struct reading *r, xmlNode *node, const struct element *es)
{
	unsigned seen = 0;
	xmlNode *c;
	size_t i;
	int rc;

	for (c = node->children; c; c = c->next) {
		if (c->type == XML_TEXT_NODE && !xmlIsBlankNode(c))
			return fault(r, c, "text in <%s>, expected elements", node_name(node));
		if (c->type != XML_ELEMENT_NODE)
			continue;
		rc = read_child(r, node, c, es, &seen);
		if (rc < 0)
			return rc;
	}
	for (i = 0; es[i].name; i++)
		if (es[i].required && !(seen & es[i].bit))
			return fault(r, node, "<%s> lacks <%s>", node_name(node), es[i].name);
	return 0;
}

static int read_title(struct reading *r, xmlNode *node)
{
	int rc = check_attributes(r, node, NO_ATTRIBUTES);

	return rc < 0 ? rc : read_some_text(r, node, &r->p->title, NULL);
}

/* A relative path lies in the profile's directory. */
static int absolute(struct reading *r, char **path)
{
	char *s;

	if (!*path || **path == '/')
		return 0;
	if (asprintf(&s, "%s/%s", r->dir, *path) < 0)
		return -ENOMEM;
	free(*path);
	*path = s;
	return 0;
}

static int read_media(struct reading *r, xmlNode *node)
{
	struct profile_media *m = &r->p->media;
	int rc = check_attributes(r, node, ATTRIBUTES("name", "path", "url", "package", "fix"));

	if (rc == 0)
		rc = read_name(r, node, m->name);
	if (rc == 0)
		rc = attribute(r, node, "path", false, &m->path);
	if (rc == 0)
		rc = attribute(r, node, "url", false, &m->url.text);
	if (rc == 0)
		rc = attribute(r, node, "package", false, &m->package);
	if (rc == 0)
		rc = attribute(r, node, "fix", false, &m->fix);
	m->url.line = (unsigned)xmlGetLineNo(node);
	if (rc == 0 && m->path && m->url.text)
		return fault(r, node,
			"<media> has both path and url, expected one of them, or neither for an "
			"imported medium");
	return rc < 0 ? rc : absolute(r, &m->path);
}

static int read_template(struct reading *r, xmlNode *node, struct profile_text *ret)
{
	int rc = check_attributes(r, node, NO_ATTRIBUTES);

	return rc < 0 ? rc : read_some_text(r, node, &ret->text, &ret->line);
}

/* A file that an installer begins with: kernel (0) or an initrd. */
static int read_file(struct reading *r, xmlNode *node, size_t n, struct profile_text *ret)
{
	char sum[SHA256_HEX], **to = &r->p->sums[n];
	int rc = check_attributes(r, node, ATTRIBUTES("sha256"));

	if (rc == 0)
		rc = attribute(r, node, "sha256", false, to);
	if (rc == 0 && *to && !strstr(*to, "{{") && !sha256_parse(*to, sum))
		rc = fault(r, node, "bad sha256 '%.80s', expected 64 hex digits", *to);
	return rc < 0 ? rc : read_some_text(r, node, &ret->text, &ret->line);
}

static int read_kernel(struct reading *r, xmlNode *node)
{
	return read_file(r, node, 0, &r->p->kernel);
}

static int read_initrd(struct reading *r, xmlNode *node)
{
	if (r->p->n_initrd == PROFILE_INITRDS)
		return fault(r, node, "more than %d <initrd>", PROFILE_INITRDS);
	r->p->n_initrd++;
	return read_file(r, node, r->p->n_initrd, &r->p->initrd[r->p->n_initrd - 1]);
}

static int read_cmdline(struct reading *r, xmlNode *node)
{
	return read_template(r, node, &r->p->cmdline);
}

static int read_boots(struct reading *r, xmlNode *node)
{
	uint64_t n = 0;
	int rc = read_number(r, node, 1, PROFILE_BOOTS_MAX, &n);

	r->p->boots = rc < 0 ? 0 : (unsigned)n;
	return rc;
}

/* A word for a boot loader, else a file of the medium. */
static int read_program(
	struct reading *r, xmlNode *node, const char *name, enum profile_firmware firmware)
{
	static const char *const words[] = {"ipxe", "pxelinux", "grub"};
	static const char *const expected[] = {
		[PROFILE_BIOS] = "ipxe, pxelinux or a file",
		[PROFILE_EFI_X64] = "ipxe, grub or a file",
		[PROFILE_EFI_ARM64] = "ipxe, grub or a file",
		[PROFILE_HTTP_X64] = "ipxe or a file",
		[PROFILE_HTTP_ARM64] = "ipxe or a file",
	};
	char **to = &r->p->programs[firmware];
	const char *wrong;
	int rc = attribute(r, node, name, false, to);

	if (rc < 0 || !*to)
		return rc;
	r->p->loaders[firmware] = profile_loader(*to, firmware);
	if (strcmp(*to, words[0]) != 0 && !r->p->loaders[firmware]) {
		for (size_t i = 1; i < sizeof words / sizeof *words; i++)
			if (strcmp(*to, words[i]) == 0)
				return fault(r, node, "%s='%s': it does not run there, expected %s",
					name, *to, expected[firmware]);
		wrong = uri_path_fault(*to);
		return wrong ? fault(r, node, "%s='%s': it cannot be served: %s", name, *to, wrong)
			     : 0;
	}
	free(*to);
	*to = NULL;
	return 0;
}

static int read_boot(struct reading *r, xmlNode *node)
{
	static const struct element es[] = {{"kernel", read_kernel, false, true, 1},
		{"initrd", read_initrd, true, false, 2}, {"cmdline", read_cmdline, false, false, 4},
		{"boots", read_boots, false, false, 8}, {0}};
	int rc = check_attributes(
		r, node, ATTRIBUTES("bios", "efi-x64", "efi-arm64", "http-x64", "http-arm64"));

	if (rc == 0)
		rc = read_program(r, node, "bios", PROFILE_BIOS);
	if (rc == 0)
		rc = read_program(r, node, "efi-x64", PROFILE_EFI_X64);
	if (rc == 0)
		rc = read_program(r, node, "efi-arm64", PROFILE_EFI_ARM64);
	if (rc == 0)
		rc = read_program(r, node, "http-x64", PROFILE_HTTP_X64);
	if (rc == 0)
		rc = read_program(r, node, "http-arm64", PROFILE_HTTP_ARM64);
	return rc < 0 ? rc : read_children(r, node, es);
}

static int read_format(struct reading *r, xmlNode *node, enum answers *ret)
{
	char *name = NULL, more[256];
	int rc = attribute(r, node, "format", true, &name);

	if (rc == 0 && answers_parse(name, ret) < 0) {
		const char *known[ANSWERS_KINDS + 1] = {NULL};

		for (int i = 0; i < ANSWERS_KINDS; i++)
			known[i] = answers_name((enum answers)i);
		hint(more, sizeof(more), name, known);
		rc = fault(r, node, "unknown format '%s'%s", name, more);
	}
	free(name);
	return rc;
}

/* Below /m/TOKEN/, where the reports and the boot script have their names. */
static const char *bad_served_name(const char *s)
{
	static const char *const taken[] = {
		"boot.ipxe", "done", "failed", "progress", "up", "nothing"};
	const char *part, *end;
	char one[PROFILE_NAME];

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (strcmp(s, taken[i]) == 0)
			return "expected a name that usher does not use itself";
	if (strlen(s) >= PROFILE_NAME)
		return "expected at most 63 characters";
	for (part = s;; part = end + 1) {
		end = strchrnul(part, '/');
		snprintf(one, sizeof(one), "%.*s", (int)(end - part), part);
		if (bad_name(one) || !*end)
			return bad_name(one);
	}
}

static int read_served_name(
	struct reading *r, xmlNode *node, bool required, struct profile_answers *a)
{
	int rc = attribute(r, node, "name", required, &a->name);

	if (rc == 0 && !a->name && !(a->name = strdup("answers")))
		rc = -ENOMEM;
	if (rc == 0 && bad_served_name(a->name))
		rc = fault(r, node, "bad name '%s' of <%s>, %s", a->name, node_name(node),
			bad_served_name(a->name));
	if (rc == 0 && profile_answers(r->p, a->name) != a)
		rc = fault(r, node, "a second answer file of the name '%s'", a->name);
	return rc;
}

/* <answers>, which may do without a name, or a <file> in it. */
static int read_one_answers(struct reading *r, xmlNode *node, bool named)
{
	struct profile_answers *a = &r->p->answers[r->p->n_answers];
	int rc = check_attributes(r, node, ATTRIBUTES("format", "template", "version", "name"));

	if (rc == 0 && r->p->n_answers == PROFILE_ANSWERS)
		rc = fault(r, node, "more than %d answer files", PROFILE_ANSWERS);
	if (rc < 0)
		return rc;
	r->p->n_answers++;
	rc = read_served_name(r, node, named, a);
	if (rc == 0)
		rc = read_format(r, node, &a->format);
	if (rc == 0)
		rc = attribute(r, node, "version", false, &a->version);
	if (rc == 0)
		rc = attribute(r, node, "template", true, &a->template);
	if (rc == 0 && bad_name(a->template))
		rc = fault(r, node, "bad template '%s', %s", a->template, bad_name(a->template));
	return rc;
}

static int read_answers_file(struct reading *r, xmlNode *node)
{
	return read_one_answers(r, node, true);
}

static int read_answers(struct reading *r, xmlNode *node)
{
	static const struct element es[] = {{"file", read_answers_file, true, false, 1}, {0}};
	int rc = read_one_answers(r, node, false);

	return rc < 0 ? rc : read_children(r, node, es);
}

static int read_required_memory(struct reading *r, xmlNode *node)
{
	uint64_t bytes = 0;
	int rc = read_size(r, node, "MiB", &bytes);

	r->p->requires_memory_mib = bytes >> 20;
	return rc;
}

static int read_required_disk(struct reading *r, xmlNode *node)
{
	return read_size(r, node, "GiB", &r->p->requires_disk);
}

static int read_requires(struct reading *r, xmlNode *node)
{
	static const struct element es[] = {{"memory", read_required_memory, false, false, 1},
		{"disk", read_required_disk, false, false, 2}, {0}};
	int rc = check_attributes(r, node, NO_ATTRIBUTES);

	return rc < 0 ? rc : read_children(r, node, es);
}

static int read_timeout(struct reading *r, xmlNode *node)
{
	uint64_t minutes = 0;
	char *s = NULL;
	int rc = check_attributes(r, node, ATTRIBUTES("minutes"));

	if (rc == 0)
		rc = attribute(r, node, "minutes", true, &s);
	if (rc == 0)
		rc = parse_number(r, node, "minutes", s, 1, 7 * 24 * 60, &minutes);
	if (rc == 0)
		r->p->timeout_s = (uint32_t)minutes * 60;
	free(s);
	return rc;
}

static int yes_or_no(struct reading *r, xmlNode *node, const char *name, bool *ret)
{
	char *s = NULL;
	int rc = attribute(r, node, name, false, &s);

	if (rc == 0 && s) {
		if (strcmp(s, "yes") != 0 && strcmp(s, "no") != 0)
			rc = fault(r, node, "bad %s '%s', expected yes or no", name, s);
		*ret = strcmp(s, "yes") == 0;
	}
	free(s);
	return rc;
}

static int setting_type(struct reading *r, xmlNode *node, struct profile_setting *s)
{
	char *type = NULL, known[256];
	int rc = attribute(r, node, "type", false, &type);

	if (rc < 0 || !type)
		return rc;
	if (setting_type_parse(type, &s->type, known, sizeof(known)) < 0)
		rc = fault(r, node, "unknown type '%s', expected %s", type, known);
	if (s->type == SETTING_PASSWORD)
		s->secret = true;
	free(type);
	return rc;
}

static int setting_bound(struct reading *r, xmlNode *node, struct profile_setting *s,
	const char *name, uint64_t least, uint64_t *ret)
{
	char *v = NULL;
	int rc = attribute(r, node, name, false, &v);

	if (rc == 0 && v && s->type != SETTING_NUMBER)
		rc = fault(r, node, "%s='%s' of the setting '%s', expected type='number' with it",
			name, v, s->name);
	else if (rc == 0 && v)
		rc = parse_number(r, node, name, v, least, SETTING_NUMBER_MAX, ret);
	free(v);
	return rc;
}

static int setting_hash(struct reading *r, xmlNode *node, struct profile_setting *s)
{
	char *v = NULL;
	int rc = attribute(r, node, "hash", false, &v);

	if (rc == 0 && v && s->type != SETTING_PASSWORD)
		rc = fault(r, node,
			"hash='%s' of the setting '%s', expected type='password' with it", v,
			s->name);
	else if (rc == 0 && v && strcmp(v, "yescrypt") != 0 && strcmp(v, "sha512") != 0)
		rc = fault(r, node, "bad hash '%s', expected yescrypt or sha512", v);
	s->sha512 = rc == 0 && v && strcmp(v, "sha512") == 0;
	free(v);
	return rc;
}

static int setting_unsigned(struct reading *r, xmlNode *node, struct profile_setting *s)
{
	int rc = yes_or_no(r, node, "unsigned", &s->unsigned_source);

	if (rc == 0 && s->unsigned_source && s->type != SETTING_URL && s->type != SETTING_PAIRS)
		rc = fault(r, node,
			"unsigned='yes' of the setting '%s', expected type='url' or 'pairs' with it",
			s->name);
	return rc;
}

/* A profile is a file that many read. */
static int clear_default(struct reading *r, xmlNode *node, const struct profile_setting *s)
{
	if (s->type != SETTING_PASSWORD || !*s->def || profile_is_hash(s->def))
		return 0;
	return fault(r, node,
		"the default of the password '%s' is in clear, expected its hash (openssl passwd "
		"-6)",
		s->name);
}

static int fill_setting(struct reading *r, xmlNode *node, struct profile_setting *s)
{
	int rc = read_name(r, node, s->name);

	if (rc == 0 && strchr(s->name, '.'))
		rc = fault(r, node, "bad name '%s' of <setting>, expected no '.'", s->name);
	if (rc == 0 && profile_setting(r->p, s->name) != s)
		rc = fault(r, node, "a second <setting> of the name '%s'", s->name);
	if (rc == 0)
		rc = attribute(r, node, "default", false, &s->def);
	if (rc == 0 && !s->def && !(s->def = strdup("")))
		rc = -ENOMEM;
	if (rc == 0)
		rc = attribute(r, node, "values", false, &s->values);
	if (rc == 0)
		rc = yes_or_no(r, node, "required", &s->required);
	if (rc == 0)
		rc = yes_or_no(r, node, "secret", &s->secret);
	if (rc == 0)
		rc = setting_type(r, node, s);
	if (rc == 0)
		rc = setting_bound(r, node, s, "min", 0, &s->min);
	if (rc == 0)
		rc = setting_bound(r, node, s, "max", s->min, &s->max);
	if (rc == 0)
		rc = setting_hash(r, node, s);
	if (rc == 0)
		rc = setting_unsigned(r, node, s);
	return rc < 0 ? rc : read_text(r, node, &s->help, NULL);
}

/* A profile's own setting goes before a shared one of that name. */
static bool has_own(const struct reading *r, xmlNode *node)
{
	xmlChar *name = xmlGetNoNsProp(node, BAD_CAST "name");
	size_t i = 0;

	while (name && i < r->n_own && strcmp(r->p->settings[i].name, (const char *)name) != 0)
		i++;
	xmlFree(name);
	return name && i < r->n_own;
}

static int read_setting(struct reading *r, xmlNode *node)
{
	struct profile *p = r->p;
	struct profile_setting *s;
	char wrong[256];
	int rc = check_attributes(r, node,
		ATTRIBUTES("name", "default", "required", "secret", "type", "values", "min", "max",
			"hash", "unsigned"));

	if (rc < 0 || has_own(r, node))
		return rc;
	if (p->n_settings == PROFILE_SETTINGS)
		return fault(r, node, "more than %d <setting>", PROFILE_SETTINGS);
	s = &p->settings[p->n_settings++];
	s->max = SETTING_NUMBER_MAX;
	rc = fill_setting(r, node, s);
	if (rc < 0)
		return rc;
	if (s->required && *s->def)
		return fault(r, node,
			"setting '%s' is required and has a default, expected one of them",
			s->name);
	if (*s->def && profile_setting_error(s, s->def, wrong, sizeof(wrong)))
		return fault(r, node, "%s", wrong);
	return clear_default(r, node, s);
}

/* Only which file it is: it is read when all of the profile's own are. */
static int read_settings(struct reading *r, xmlNode *node)
{
	struct profile *p = r->p;
	char *from = NULL;
	int rc = check_attributes(r, node, ATTRIBUTES("from"));

	if (rc == 0)
		rc = attribute(r, node, "from", true, &from);
	if (rc == 0 && bad_name(from))
		rc = fault(r, node, "bad file '%s', %s", from, bad_name(from));
	if (rc == 0 && p->n_shared == PROFILE_SHARED)
		rc = fault(r, node, "more than %d <settings>", PROFILE_SHARED);
	if (rc == 0) {
		snprintf(p->shared[p->n_shared].name, PROFILE_NAME, "%s", from);
		p->shared[p->n_shared++].line = (unsigned)xmlGetLineNo(node);
	}
	free(from);
	return rc;
}

static int read_guest_memory(struct reading *r, xmlNode *node)
{
	uint64_t bytes = 0;
	int rc = read_size(r, node, "MiB", &bytes);

	r->p->memory_mib = bytes >> 20;
	return rc;
}

static int read_guest_vcpus(struct reading *r, xmlNode *node)
{
	uint64_t n = 0;
	int rc = read_number(r, node, 1, 4096, &n);

	r->p->vcpus = (unsigned)n;
	return rc;
}

static int read_guest_disk(struct reading *r, xmlNode *node)
{
	return read_size(r, node, "GiB", &r->p->disk);
}

/* Kept as text, with the namespaces it uses declared in itself. */
static int read_domain(struct reading *r, xmlNode *node)
{
	xmlDoc *doc = xmlNewDoc(BAD_CAST "1.0");
	xmlNode *copy = doc ? xmlDocCopyNode(node, doc, 1) : NULL;
	xmlBuffer *buf = copy ? xmlBufferCreate() : NULL;

	if (copy)
		xmlDocSetRootElement(doc, copy);
	if (buf && xmlNodeDump(buf, doc, copy, 0, 0) > 0)
		r->p->domain = strdup((const char *)xmlBufferContent(buf));
	xmlBufferFree(buf);
	xmlFreeDoc(doc);
	return r->p->domain ? 0 : -ENOMEM;
}

static int read_guest(struct reading *r, xmlNode *node)
{
	static const struct element es[] = {{"memory", read_guest_memory, false, false, 1},
		{"vcpus", read_guest_vcpus, false, false, 2},
		{"disk", read_guest_disk, false, false, 4},
		{"domain", read_domain, false, false, 8}, {0}};
	int rc = check_attributes(r, node, NO_ATTRIBUTES);

	return rc < 0 ? rc : read_children(r, node, es);
}

static int read_profile(struct reading *r, xmlNode *node)
{
	static const struct element es[] = {{"title", read_title, false, true, 1},
		{"media", read_media, false, true, 2}, {"boot", read_boot, false, true, 4},
		{"answers", read_answers, false, false, 8},
		{"requires", read_requires, false, false, 16},
		{"timeout", read_timeout, false, false, 32},
		{"setting", read_setting, true, false, 64},
		{"settings", read_settings, true, false, 256},
		{"guest", read_guest, false, false, 128}, {0}};
	int rc;

	if (strcmp(node_name(node), "profile") != 0)
		return fault(r, node, "<%s>, expected <profile>", node_name(node));
	rc = check_attributes(r, node, ATTRIBUTES("name"));
	if (rc == 0)
		rc = read_name(r, node, r->p->name);
	return rc < 0 ? rc : read_children(r, node, es);
}

/* libxml2's own complaint, on one line. */
static int syntax_fault(struct reading *r, xmlParserCtxt *ctxt)
{
	const xmlError *e = xmlCtxtGetLastError(ctxt);
	const char *s = e && e->message ? e->message : "not XML\n";

	snprintf(r->why, r->why_size, "%s:%d: %.*s", r->file, e ? e->line : 1,
		(int)strcspn(s, "\n"), s);
	return -EINVAL;
}

/* A file of settings that profiles share. */
static int read_shared(struct reading *r, xmlNode *node)
{
	static const struct element es[] = {{"setting", read_setting, true, false, 1}, {0}};
	int rc;

	if (strcmp(node_name(node), "settings") != 0)
		return fault(r, node, "<%s>, expected <settings>", node_name(node));
	rc = check_attributes(r, node, NO_ATTRIBUTES);
	return rc < 0 ? rc : read_children(r, node, es);
}

static int read_document(
	struct reading *r, const char *xml, int (*root)(struct reading *r, xmlNode *node))
{
	xmlParserCtxt *ctxt = xmlNewParserCtxt();
	xmlDoc *doc = NULL;
	int rc = -ENOMEM;

	if (!ctxt)
		goto out;
	/* No DTD, no network: entities of ours only, expanded. */
	doc = xmlCtxtReadMemory(ctxt, xml, (int)strlen(xml), r->file, NULL,
		XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
	if (!doc || !xmlDocGetRootElement(doc))
		rc = syntax_fault(r, ctxt);
	else if (doc->intSubset || doc->extSubset)
		rc = fault(
			r, xmlDocGetRootElement(doc), "a document type declaration, expected none");
	else
		rc = root(r, xmlDocGetRootElement(doc));
out:
	xmlFreeDoc(doc);
	xmlFreeParserCtxt(ctxt);
	return rc;
}

int profile_xml_read(
	struct profile *p, const char *dir, const char *xml, char *why, size_t why_size)
{
	struct reading r = {.p = p, .dir = dir, .file = p->file, .why = why, .why_size = why_size};

	return read_document(&r, xml, read_profile);
}

int profile_xml_settings(
	struct profile *p, const char *file, const char *xml, char *why, size_t why_size)
{
	struct reading r = {
		.p = p, .file = file, .n_own = p->n_settings, .why = why, .why_size = why_size};

	return read_document(&r, xml, read_shared);
}
