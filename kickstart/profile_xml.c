/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile.xml to struct profile. */
#include "kickstart/profile_xml.h"
#include "kickstart/setting_type.h"

#include "core/markup.h"
#include "core/sha256.h"
#include "core/text.h"
#include "core/uri.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* After a fault, what is read is of no use, but for profile_free(). */

#define ATTRIBUTES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_ATTRIBUTES ((const char *const[]){NULL})

static void only(struct markup_reader *r, const xmlNode *e, const char *const *names)
{
	markup_known(r, e, names, sizeof *names);
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
static void read_name(struct markup_reader *r, const xmlNode *e, char ret[PROFILE_NAME])
{
	char *v = markup_attribute(r, e, "name", true);
	const char *bad = v ? bad_name(v) : NULL;

	if (bad)
		markup_fault(r, e, "bad name '%s' of <%s>, %s", v, e->name, bad);
	else if (v)
		snprintf(ret, PROFILE_NAME, "%s", v);
	free(v);
}

/* The text of an element without the space around it, and its line, which may be NULL. */
static char *read_text(struct markup_reader *r, const xmlNode *e, unsigned *ret_line)
{
	unsigned line = (unsigned)xmlGetLineNo(e);
	char *all = markup_text(r, e), *s = all;
	size_t len;

	for (; s && *s && strchr(" \t\r\n", *s); s++)
		line += *s == '\n';
	for (len = s ? strlen(s) : 0; len && strchr(" \t\r\n", s[len - 1]); len--)
		;
	if (all) {
		memmove(all, s, len);
		all[len] = '\0';
	}
	if (ret_line)
		*ret_line = line;
	return all;
}

static char *read_some_text(struct markup_reader *r, const xmlNode *e, unsigned *ret_line)
{
	char *s = read_text(r, e, ret_line);

	if (s && !*s)
		markup_fault(r, e, "<%s> is empty, expected text", e->name);
	return s;
}

/* 0 after a fault; `s` may be NULL, which was one. */
static uint64_t parse_number(struct markup_reader *r, const xmlNode *e, const char *what,
	const char *s, uint64_t min, uint64_t max)
{
	unsigned long long v;
	char *end;

	if (!s)
		return 0;
	errno = 0;
	v = strtoull(s, &end, 10);
	if (*s >= '0' && *s <= '9' && !*end && !errno && v >= min && v <= max)
		return v;
	markup_fault(r, e, "bad %s '%s', expected a number from %llu to %llu", what, s,
		(unsigned long long)min, (unsigned long long)max);
	return 0;
}

/* The text of an element as a number. */
static uint64_t read_number(struct markup_reader *r, const xmlNode *e, uint64_t min, uint64_t max)
{
	char *s = read_text(r, e, NULL);
	uint64_t n = parse_number(r, e, (const char *)e->name, s, min, max);

	free(s);
	return n;
}

/* libvirt's units. */
static uint64_t unit_bytes(struct markup_reader *r, const xmlNode *e, const char *unit)
{
	static const struct {
		const char *name;
		uint64_t bytes;
	} units[] = {{"b", 1}, {"bytes", 1}, {"KB", 1000}, {"KiB", 1 << 10}, {"MB", 1000 * 1000},
		{"MiB", 1 << 20}, {"GB", 1000 * 1000 * 1000}, {"GiB", 1 << 30},
		{"TB", 1000ull * 1000 * 1000 * 1000}, {"TiB", 1ull << 40}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(unit, units[i].name) == 0)
			return units[i].bytes;
	markup_fault(r, e, "unknown unit '%s', expected MiB, GiB, …", unit);
	return 1;
}

/* <memory unit='MiB'>1024</memory>, in bytes. */
static uint64_t read_size(struct markup_reader *r, const xmlNode *e, const char *default_unit)
{
	char *unit = markup_attribute(r, e, "unit", false);
	uint64_t bytes = unit_bytes(r, e, unit ? unit : default_unit);

	only(r, e, ATTRIBUTES("unit"));
	free(unit);
	return bytes * read_number(r, e, 1, (UINT64_MAX >> 1) / bytes);
}

static void read_title(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct profile *p = to;

	only(r, e, NO_ATTRIBUTES);
	p->title = read_some_text(r, e, NULL);
}

static void read_media(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct profile_media *m = &((struct profile *)to)->media;

	only(r, e, ATTRIBUTES("name", "path", "url", "package", "fix"));
	read_name(r, e, m->name);
	m->path = markup_attribute(r, e, "path", false);
	m->url.text = markup_attribute(r, e, "url", false);
	m->url.line = (unsigned)xmlGetLineNo(e);
	m->package = markup_attribute(r, e, "package", false);
	m->fix = markup_attribute(r, e, "fix", false);
	if (m->path && m->url.text)
		markup_fault(r, e,
			"<media> has both path and url, expected one of them, or neither for an "
			"imported medium");
}

static void read_image(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct profile_image *i = &((struct profile *)to)->image;

	only(r, e, ATTRIBUTES("name", "from"));
	read_name(r, e, i->name);
	i->from = markup_attribute(r, e, "from", false);
	i->line = (unsigned)xmlGetLineNo(e);
}

/* A file that an installer begins with: the kernel or an initrd. */
static void read_file(
	struct markup_reader *r, const xmlNode *e, char **ret_sum, struct profile_text *ret)
{
	char sum[SHA256_HEX], *given = markup_attribute(r, e, "sha256", false);

	only(r, e, ATTRIBUTES("sha256"));
	if (given && !strstr(given, "{{") && !sha256_parse(given, sum))
		markup_fault(r, e, "bad sha256 '%.80s', expected 64 hex digits", given);
	*ret_sum = given;
	ret->text = read_some_text(r, e, &ret->line);
}

static void read_kernel(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct profile *p = to;

	read_file(r, e, &p->sums[0], &p->kernel);
}

static void read_initrd(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct profile *p = to;

	if (p->n_initrd == PROFILE_INITRDS) {
		markup_fault(r, e, "more than %d <initrd>", PROFILE_INITRDS);
		return;
	}
	p->n_initrd++;
	read_file(r, e, &p->sums[p->n_initrd], &p->initrd[p->n_initrd - 1]);
}

static void read_cmdline(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct profile *p = to;

	only(r, e, NO_ATTRIBUTES);
	p->cmdline.text = read_some_text(r, e, &p->cmdline.line);
}

static void read_boots(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct profile *p = to;

	only(r, e, NO_ATTRIBUTES);
	p->boots = (unsigned)read_number(r, e, 1, PROFILE_BOOTS_MAX);
}

/* A word for a boot loader, else a file of the medium. */
static void read_program(struct markup_reader *r, const xmlNode *e, struct profile *p,
	const char *name, enum profile_firmware firmware)
{
	static const char *const words[] = {"ipxe", "pxelinux", "grub"};
	static const char *const expected[] = {
		[PROFILE_BIOS] = "ipxe, pxelinux or a file",
		[PROFILE_EFI_X64] = "ipxe, grub or a file",
		[PROFILE_EFI_ARM64] = "ipxe, grub or a file",
		[PROFILE_HTTP_X64] = "ipxe or a file",
		[PROFILE_HTTP_ARM64] = "ipxe or a file",
	};
	char *v = markup_attribute(r, e, name, false);
	const char *wrong;

	if (!v)
		return;
	p->loaders[firmware] = profile_loader(v, firmware);
	if (strcmp(v, words[0]) == 0 || p->loaders[firmware]) {
		free(v);
		return;
	}
	p->programs[firmware] = v;
	for (size_t i = 1; i < sizeof words / sizeof *words; i++)
		if (strcmp(v, words[i]) == 0)
			markup_fault(r, e, "%s='%s': it does not run there, expected %s", name, v,
				expected[firmware]);
	wrong = uri_path_fault(v);
	if (wrong)
		markup_fault(r, e, "%s='%s': it cannot be served: %s", name, v, wrong);
}

static void read_boot(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct markup_element es[] = {{"kernel", read_kernel, MARKUP_REQUIRED},
		{"initrd", read_initrd, MARKUP_MANY}, {"cmdline", read_cmdline, MARKUP_ONCE},
		{"boots", read_boots, MARKUP_ONCE}, {0}};
	static const char *const firmwares[] = {[PROFILE_BIOS] = "bios",
		[PROFILE_EFI_X64] = "efi-x64",
		[PROFILE_EFI_ARM64] = "efi-arm64",
		[PROFILE_HTTP_X64] = "http-x64",
		[PROFILE_HTTP_ARM64] = "http-arm64",
		[PROFILE_FIRMWARES] = NULL};

	only(r, e, firmwares);
	for (enum profile_firmware i = 0; i < PROFILE_FIRMWARES; i++)
		read_program(r, e, to, firmwares[i], i);
	markup_children(r, e, es, to);
}

static void read_format(struct markup_reader *r, const xmlNode *e, enum answers *ret)
{
	char *name = markup_attribute(r, e, "format", true), all[256];
	const char *known[ANSWERS_KINDS + 1] = {NULL}, *near;

	if (name && answers_parse(name, ret) < 0) {
		for (int i = 0; i < ANSWERS_KINDS; i++)
			known[i] = answers_name((enum answers)i);
		near = text_nearest(name, known, sizeof *known, all, sizeof all);
		markup_fault(r, e,
			near ? "unknown format '%s' (did you mean '%s'?)"
			     : "unknown format '%s', expected %s",
			name, near ? near : all);
	}
	free(name);
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

static void read_served_name(struct markup_reader *r, const xmlNode *e, const struct profile *p,
	bool required, struct profile_answers *a)
{
	a->name = markup_attribute(r, e, "name", required);
	if (!a->name && !(a->name = strdup("answers")))
		markup_no_memory(r, e);
	else if (bad_served_name(a->name))
		markup_fault(r, e, "bad name '%s' of <%s>, %s", a->name, e->name,
			bad_served_name(a->name));
	else if (profile_answers(p, a->name) != a)
		markup_fault(r, e, "a second answer file of the name '%s'", a->name);
}

/* <answers>, which may do without a name, or a <file> in it. */
static void read_one_answers(
	struct markup_reader *r, const xmlNode *e, struct profile *p, bool named)
{
	struct profile_answers *a = &p->answers[p->n_answers];

	only(r, e, ATTRIBUTES("format", "template", "version", "name"));
	if (p->n_answers == PROFILE_ANSWERS) {
		markup_fault(r, e, "more than %d answer files", PROFILE_ANSWERS);
		return;
	}
	p->n_answers++;
	read_served_name(r, e, p, named, a);
	read_format(r, e, &a->format);
	a->version = markup_attribute(r, e, "version", false);
	a->template = markup_attribute(r, e, "template", true);
	if (a->template && bad_name(a->template))
		markup_fault(r, e, "bad template '%s', %s", a->template, bad_name(a->template));
}

static void read_answers_file(struct markup_reader *r, const xmlNode *e, void *to)
{
	read_one_answers(r, e, to, true);
}

static void read_answers(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct markup_element es[] = {{"file", read_answers_file, MARKUP_MANY}, {0}};

	read_one_answers(r, e, to, false);
	markup_children(r, e, es, to);
}

static void read_required_memory(struct markup_reader *r, const xmlNode *e, void *to)
{
	((struct profile *)to)->requires_memory_mib = read_size(r, e, "MiB") >> 20;
}

static void read_required_disk(struct markup_reader *r, const xmlNode *e, void *to)
{
	((struct profile *)to)->requires_disk = read_size(r, e, "GiB");
}

static void read_required_ssh_key(struct markup_reader *r, const xmlNode *e, void *to)
{
	only(r, e, NO_ATTRIBUTES);
	((struct profile *)to)->requires_ssh_key = true;
}

static void read_requires(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct markup_element es[] = {{"memory", read_required_memory, MARKUP_ONCE},
		{"disk", read_required_disk, MARKUP_ONCE},
		{"ssh-key", read_required_ssh_key, MARKUP_ONCE}, {0}};

	only(r, e, NO_ATTRIBUTES);
	markup_children(r, e, es, to);
}

static void read_timeout(struct markup_reader *r, const xmlNode *e, void *to)
{
	char *s = markup_attribute(r, e, "minutes", true);

	only(r, e, ATTRIBUTES("minutes"));
	((struct profile *)to)->timeout_s =
		(uint32_t)parse_number(r, e, "minutes", s, 1, 7 * 24 * 60) * 60;
	free(s);
}

static bool yes_or_no(struct markup_reader *r, const xmlNode *e, const char *name)
{
	char *s = markup_attribute(r, e, name, false);
	bool yes = s && strcmp(s, "yes") == 0;

	if (s && !yes && strcmp(s, "no") != 0)
		markup_fault(r, e, "bad %s '%s', expected yes or no", name, s);
	free(s);
	return yes;
}

static void setting_type(struct markup_reader *r, const xmlNode *e, struct profile_setting *s)
{
	char *type = markup_attribute(r, e, "type", false), known[256];

	if (type && setting_type_parse(type, &s->type, known, sizeof(known)) < 0)
		markup_fault(r, e, "unknown type '%s', expected %s", type, known);
	if (s->type == SETTING_PASSWORD)
		s->secret = true;
	free(type);
}

static void setting_bound(struct markup_reader *r, const xmlNode *e,
	const struct profile_setting *s, const char *name, uint64_t least, uint64_t *ret)
{
	char *v = markup_attribute(r, e, name, false);

	if (v && s->type != SETTING_NUMBER)
		markup_fault(r, e, "%s='%s' of the setting '%s', expected type='number' with it",
			name, v, s->name);
	else if (v)
		*ret = parse_number(r, e, name, v, least, SETTING_NUMBER_MAX);
	free(v);
}

static void setting_hash(struct markup_reader *r, const xmlNode *e, struct profile_setting *s)
{
	char *v = markup_attribute(r, e, "hash", false);

	s->sha512 = v && strcmp(v, "sha512") == 0;
	if (v && s->type != SETTING_PASSWORD)
		markup_fault(r, e,
			"hash='%s' of the setting '%s', expected type='password' with it", v,
			s->name);
	else if (v && !s->sha512 && strcmp(v, "yescrypt") != 0)
		markup_fault(r, e, "bad hash '%s', expected yescrypt or sha512", v);
	free(v);
}

static void setting_unsigned(struct markup_reader *r, const xmlNode *e, struct profile_setting *s)
{
	s->unsigned_source = yes_or_no(r, e, "unsigned");
	if (s->unsigned_source && s->type != SETTING_URL && s->type != SETTING_PAIRS)
		markup_fault(r, e,
			"unsigned='yes' of the setting '%s', expected type='url' or 'pairs' with it",
			s->name);
}

static void setting_mirror(struct markup_reader *r, const xmlNode *e, struct profile_setting *s)
{
	s->mirror = yes_or_no(r, e, "mirror");
	if (s->mirror && (s->type != SETTING_URL || s->secret))
		markup_fault(r, e,
			"mirror='yes' of the setting '%s', expected type='url' with it, and no secret='yes'",
			s->name);
}

static void setting_default(struct markup_reader *r, const xmlNode *e, struct profile_setting *s)
{
	char wrong[256];

	if (s->required && *s->def)
		markup_fault(r, e,
			"setting '%s' is required and has a default, expected one of them",
			s->name);
	else if (*s->def && profile_setting_error(s, s->def, wrong, sizeof(wrong)))
		markup_fault(r, e, "%s", wrong);
	else if (s->type == SETTING_PASSWORD && *s->def && !profile_is_hash(s->def))
		/* a profile is a file that many read */
		markup_fault(r, e,
			"the default of the password '%s' is in clear, expected its hash (openssl "
			"passwd -6)",
			s->name);
}

static void fill_setting(struct markup_reader *r, const xmlNode *e, const struct profile *p,
	struct profile_setting *s)
{
	read_name(r, e, s->name);
	if (strchr(s->name, '.'))
		markup_fault(r, e, "bad name '%s' of <setting>, expected no '.'", s->name);
	if (profile_setting(p, s->name) != s)
		markup_fault(r, e, "a second <setting> of the name '%s'", s->name);
	s->def = markup_attribute(r, e, "default", false);
	if (!s->def && !(s->def = strdup("")))
		markup_no_memory(r, e);
	s->values = markup_attribute(r, e, "values", false);
	s->required = yes_or_no(r, e, "required");
	s->secret = yes_or_no(r, e, "secret");
	setting_type(r, e, s);
	s->max = SETTING_NUMBER_MAX;
	setting_bound(r, e, s, "min", 0, &s->min);
	setting_bound(r, e, s, "max", s->min, &s->max);
	setting_hash(r, e, s);
	setting_unsigned(r, e, s);
	setting_mirror(r, e, s);
	s->help = read_text(r, e, NULL);
}

static const char *const setting_attributes[] = {"name", "default", "required", "secret", "type",
	"values", "min", "max", "hash", "unsigned", "mirror", NULL};

static void read_setting(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct profile *p = to;

	only(r, e, setting_attributes);
	if (p->n_settings == PROFILE_SETTINGS)
		markup_fault(r, e, "more than %d <setting>", PROFILE_SETTINGS);
	else
		fill_setting(r, e, p, &p->settings[p->n_settings++]);
	if (!r->faults)
		setting_default(r, e, &p->settings[p->n_settings - 1]);
}

/* Only which file it is: it is read when all of the profile's own are. */
static void read_settings(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct profile *p = to;
	char *from = markup_attribute(r, e, "from", true);

	only(r, e, ATTRIBUTES("from"));
	if (from && bad_name(from))
		markup_fault(r, e, "bad file '%s', %s", from, bad_name(from));
	else if (p->n_shared == PROFILE_SHARED)
		markup_fault(r, e, "more than %d <settings>", PROFILE_SHARED);
	else if (from) {
		snprintf(p->shared[p->n_shared].name, PROFILE_NAME, "%s", from);
		p->shared[p->n_shared++].line = (unsigned)xmlGetLineNo(e);
	}
	free(from);
}

static void read_guest_memory(struct markup_reader *r, const xmlNode *e, void *to)
{
	((struct profile *)to)->memory_mib = read_size(r, e, "MiB") >> 20;
}

static void read_guest_vcpus(struct markup_reader *r, const xmlNode *e, void *to)
{
	only(r, e, NO_ATTRIBUTES);
	((struct profile *)to)->vcpus = (unsigned)read_number(r, e, 1, 4096);
}

static void read_guest_disk(struct markup_reader *r, const xmlNode *e, void *to)
{
	((struct profile *)to)->disk = read_size(r, e, "GiB");
}

static void read_domain(struct markup_reader *r, const xmlNode *e, void *to)
{
	((struct profile *)to)->domain = markup_dump(r, e);
}

static void read_guest(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct markup_element es[] = {{"memory", read_guest_memory, MARKUP_ONCE},
		{"vcpus", read_guest_vcpus, MARKUP_ONCE}, {"disk", read_guest_disk, MARKUP_ONCE},
		{"domain", read_domain, MARKUP_ONCE}, {0}};

	only(r, e, NO_ATTRIBUTES);
	markup_children(r, e, es, to);
}

static void read_installs(struct markup_reader *r, const xmlNode *e, struct profile *p)
{
	char *v = markup_attribute(r, e, "installs", false);

	p->tool = v && !strcmp(v, "no");
	if (v && !p->tool && strcmp(v, "yes") != 0)
		markup_fault(r, e, "installs is yes or no, not '%.40s'", v);
	free(v);
}

/* What is booted at every boot installs nothing, and need not say so. */
static void read_boots_when(struct markup_reader *r, const xmlNode *e, struct profile *p)
{
	char *boots = markup_attribute(r, e, "boots", false);
	char *installs = markup_attribute(r, e, "installs", false);

	p->live = boots && !strcmp(boots, "always");
	if (boots && !p->live && strcmp(boots, "once") != 0)
		markup_fault(r, e, "boots is once or always, not '%.40s'", boots);
	else if (p->live && installs && !p->tool)
		markup_fault(r, e,
			"what installs is booted once: boots='always' and installs='yes' exclude each "
			"other");
	if (p->live)
		p->tool = false;
	free(boots);
	free(installs);
}

static void read_profile(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct markup_element es[] = {{"title", read_title, MARKUP_REQUIRED},
		{"media", read_media, MARKUP_REQUIRED}, {"image", read_image, MARKUP_ONCE},
		{"boot", read_boot, MARKUP_REQUIRED}, {"answers", read_answers, MARKUP_ONCE},
		{"requires", read_requires, MARKUP_ONCE}, {"timeout", read_timeout, MARKUP_ONCE},
		{"setting", read_setting, MARKUP_MANY}, {"settings", read_settings, MARKUP_MANY},
		{"guest", read_guest, MARKUP_ONCE}, {0}};

	only(r, e, ATTRIBUTES("name", "installs", "boots"));
	read_name(r, e, ((struct profile *)to)->name);
	read_installs(r, e, to);
	read_boots_when(r, e, to);
	markup_children(r, e, es, to);
}

/* A relative path lies in the profile's directory. */
static int absolute(const char *dir, char **path)
{
	char *s;

	if (!*path || **path == '/')
		return 0;
	if (asprintf(&s, "%s/%s", dir, *path) < 0)
		return -ENOMEM;
	free(*path);
	*path = s;
	return 0;
}

int profile_xml_read(
	struct profile *p, const char *dir, const char *xml, char *why, size_t why_size)
{
	struct markup_reader r = {.path = p->file, .why = why, .why_size = why_size};
	int rc = markup_read(&r, xml, strlen(xml), "profile", read_profile, p);

	return rc < 0 ? rc : absolute(dir, &p->media.path);
}

/* Settings that profiles share, and how many the profile declares itself. */
struct shared {
	struct profile *p;
	size_t n_own;
};

/* A profile's own setting goes before a shared one of that name. */
static void read_shared_setting(struct markup_reader *r, const xmlNode *e, void *to)
{
	const struct shared *s = to;
	char *name = markup_attribute(r, e, "name", true);
	size_t i = 0;

	while (name && i < s->n_own && strcmp(s->p->settings[i].name, name) != 0)
		i++;
	if (i == s->n_own)
		read_setting(r, e, s->p);
	else
		only(r, e, setting_attributes);
	free(name);
}

static void read_shared(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct markup_element es[] = {
		{"setting", read_shared_setting, MARKUP_MANY}, {0}};

	only(r, e, NO_ATTRIBUTES);
	markup_children(r, e, es, to);
}

int profile_xml_settings(
	struct profile *p, const char *file, const char *xml, char *why, size_t why_size)
{
	struct markup_reader r = {.path = file, .why = why, .why_size = why_size};
	struct shared s = {.p = p, .n_own = p->n_settings};

	return markup_read(&r, xml, strlen(xml), "settings", read_shared, &s);
}
