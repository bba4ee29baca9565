/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/script.h"

#include "core/uri.h"
#include "core/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_TRIES = 6 };

static const char *const kind_names[SCRIPT_KINDS] = {
	[SCRIPT_IPXE] = "ipxe",
	[SCRIPT_GRUB] = "grub",
	[SCRIPT_GRUB_HTTP] = "grub-http",
	[SCRIPT_PXELINUX] = "pxelinux",
};

int script_kind_parse(const char *name, enum script_kind *ret)
{
	for (int i = 0; i < SCRIPT_KINDS; i++)
		if (strcmp(name, kind_names[i]) == 0) {
			*ret = (enum script_kind)i;
			return 0;
		}
	return -EINVAL;
}

static int cannot(char *why, size_t why_size, const char *loader, const char *what, const char *of)
{
	snprintf(why, why_size, "%s cannot load this: %s: %.200s", loader, what, of);
	return -EINVAL;
}

/* Words for a person, which may be anybody's: printable ASCII, and nothing of `special`. */
static void put_words(struct text *t, const char *words, const char *special)
{
	for (; *words; words++) {
		char c = *words;

		if (c < ' ' || c > '~' || strchr(special, c))
			c = ' ';
		text_add(t, &c, 1);
	}
}

/* iPXE */

/* What it takes for one more command, or for a setting of its own. */
#define IPXE_SPECIAL ";&|${}#\"'\\"

/* Under EFI the kernel takes the initrds from iPXE by these names; elsewhere the words do
 * nothing. */
static void ipxe_files(struct text *t, const struct script *s)
{
	size_t i;

	text_printf(t, "kernel %s", s->files[0].url);
	for (i = 1; i < s->n_files; i++)
		text_printf(t, " initrd=initrd%zu.img", i - 1);
	text_printf(t, " %s || goto failed\n", s->cmdline);
	for (i = 1; i < s->n_files; i++)
		text_printf(t, "initrd --name initrd%zu.img %s || goto failed\n", i - 1,
			s->files[i].url);
}

static int ipxe_make(struct text *t, const struct script *s, char *why, size_t why_size)
{
	(void)why;
	(void)why_size;
	text_printf(
		t, "#!ipxe\necho usher: %s is installed with profile %s\n", s->machine, s->profile);
	ipxe_files(t, s);
	text_puts(t, "boot || goto failed\n\n:failed\n");
	text_printf(t, "echo usher: kernel or initrd of %s did not load, see usher timeline %s\n",
		s->machine, s->machine);
	text_printf(t, "imgfetch --name report %s?text=kernel+or+initrd+did+not+load ||\n",
		s->progress_url);
	/* The next boot is counted: it ends there, not here. */
	text_puts(t, "echo usher: restarting in 10 s\nsleep 10\nreboot\n");
	return 0;
}

/* GRUB: docs "Shell-like scripting". Between ' and ' all bytes stand for themselves. */

static void grub_word(struct text *t, const char *word, size_t len)
{
	text_puts(t, " '");
	for (; len; word++, len--)
		if (*word == '\'')
			text_puts(t, "'\\''");
		else
			text_add(t, word, 1);
	text_puts(t, "'");
}

/* Where GRUB finds a file of ours. */
enum grub_source {
	GRUB_BY_TFTP,
	GRUB_AS_CAME, /* by HTTP, from the device that the script came from: its name has the port */
	GRUB_BY_HTTP, /* from a device that is named, for a GRUB whose root is another one */
};

/* A GRUB that loads by HTTP can do so by TFTP too, and has to where it drops the port of a URL. */
static const enum grub_source by_tftp[] = {GRUB_BY_TFTP};
static const enum grub_source by_http[] = {GRUB_AS_CAME, GRUB_BY_HTTP, GRUB_BY_TFTP};

/* By HTTP GRUB puts the name into its request as it is (RFC 9112 3). Heap, or NULL. */
static char *grub_name(const struct script *s, size_t n, enum grub_source from)
{
	const char *path = s->files[n].path, *host = s->files[n].url + strlen("http://");
	char *encoded, *name = NULL;
	int made;

	if (from == GRUB_BY_TFTP)
		return asprintf(&name, "(tftp,%s)/%s", s->server, path) < 0 ? NULL : name;
	encoded = uri_encoded_path(path);
	if (!encoded)
		return NULL;
	made = from == GRUB_AS_CAME
		? asprintf(&name, "/boot/%s", encoded)
		: asprintf(&name, "(http,%.*s)/boot/%s", (int)strcspn(host, "/"), host, encoded);
	free(encoded);
	return made < 0 ? NULL : name;
}

static int grub_file(struct text *t, const struct script *s, size_t n, enum grub_source from,
	char *why, size_t why_size)
{
	char *name;

	if (!s->files[n].path)
		return cannot(why, why_size, "GRUB", "its medium is a URL", s->files[n].url);
	name = grub_name(s, n, from);
	if (!name)
		return -ENOMEM;
	grub_word(t, name, strlen(name));
	free(name);
	return 0;
}

/* The end of a word of the kernel's command line: a blank, outside of double quotes. */
static const char *word_end(const char *s)
{
	bool quoted = false;

	for (; *s && (quoted || *s != ' '); s++)
		quoted ^= *s == '"';
	return s;
}

/*
 * GRUB passes words on with a backslash before each \, ' and ", and with double quotes around a word
 * that has a blank: so quotes are left out where the kernel would take them off (at both ends of a
 * word or of its value), and what GRUB would spoil is refused.
 */
static int grub_cmdline_word(struct text *t, const char *word, size_t len)
{
	const char *equals = memchr(word, '=', len), *quote = memchr(word, '"', len);
	size_t before = quote ? (size_t)(quote - word) : len;
	struct text plain;

	if (memchr(word, '\\', len) || memchr(word, '\'', len))
		return -EINVAL;
	if (!quote) {
		grub_word(t, word, len);
		return 0;
	}
	if (before && quote != equals + 1)
		return -EINVAL;
	if (memchr(quote + 1, '"', len - before - 1) != word + len - 1)
		return -EINVAL;
	text_init(&plain, len);
	text_add(&plain, word, before);
	text_add(&plain, quote + 1, len - before - 2);
	if (plain.s)
		grub_word(t, plain.s, plain.len);
	text_fini(&plain);
	return 0;
}

static int grub_cmdline(struct text *t, const struct script *s, char *why, size_t why_size)
{
	const char *word = s->cmdline, *end;

	for (; *word; word = end + strspn(end, " ")) {
		end = word_end(word);
		if (grub_cmdline_word(t, word, (size_t)(end - word)) < 0)
			return cannot(why, why_size, "GRUB",
				"\\, ' or a \" inside of a word of the command line", word);
	}
	return 0;
}

static int grub_initrds(
	struct text *t, const struct script *s, enum grub_source from, char *why, size_t why_size)
{
	int rc = 0;

	text_puts(t, "if initrd");
	for (size_t i = 1; rc == 0 && i < s->n_files; i++)
		rc = grub_file(t, s, i, from, why, why_size);
	text_puts(t, "; then\nboot\nfi\n");
	return rc;
}

/* From the first of `from` that has the kernel: GRUB may be left with half of it when it loads a second one. */
static int grub_files(struct text *t, const struct script *s, const enum grub_source *from,
	size_t n_from, char *why, size_t why_size)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < n_from; i++) {
		text_puts(t, i ? "elif linux" : "if linux");
		rc = grub_file(t, s, 0, from[i], why, why_size);
		if (rc == 0)
			rc = grub_cmdline(t, s, why, why_size);
		text_puts(t, "; then\n");
		if (rc == 0 && s->n_files > 1)
			rc = grub_initrds(t, s, from[i], why, why_size);
		else
			text_puts(t, "boot\n");
	}
	text_puts(t, "fi\n");
	return rc;
}

static void grub_say(struct text *t, const char *before, const char *machine, const char *after)
{
	text_printf(t, "echo 'usher: %s", before);
	put_words(t, machine, "'");
	put_words(t, after, "'");
	text_puts(t, "'\n");
}

static int grub_make(struct text *t, const struct script *s, bool http, char *why, size_t why_size)
{
	int rc;

	text_puts(t, "set timeout=0\necho 'usher: ");
	put_words(t, s->machine, "'");
	text_puts(t, " is installed with profile ");
	put_words(t, s->profile, "'");
	text_puts(t, "'\n");
	rc = http ? grub_files(t, s, by_http, sizeof by_http / sizeof *by_http, why, why_size)
		  : grub_files(t, s, by_tftp, 1, why, why_size);
	grub_say(t, "kernel or initrd did not load, see usher timeline ", s->machine, "");
	text_puts(t, "echo 'usher: restarting in 10 s'\nsleep 10\nreboot\n");
	return rc;
}

/* PXELINUX: one directive a line, its value to the end of the line. */

static int pxelinux_file(
	struct text *t, const struct script *s, size_t n, char *why, size_t why_size)
{
	const char *path = s->files[n].path;

	if (!path)
		return cannot(why, why_size, "pxelinux", "its medium is a URL", s->files[n].url);
	if (strpbrk(path, " ,"))
		return cannot(
			why, why_size, "pxelinux", "a blank or a comma in a file's name", path);
	/* "::" takes off the folder that pxelinux.0 came from */
	text_printf(t, "%s::%s", n > 1 ? "," : "", path);
	return 0;
}

static int pxelinux_files(struct text *t, const struct script *s, char *why, size_t why_size)
{
	int rc;
	size_t i;

	text_puts(t, "LABEL install\nKERNEL ");
	rc = pxelinux_file(t, s, 0, why, why_size);
	text_puts(t, s->n_files > 1 ? "\nINITRD " : "");
	for (i = 1; rc == 0 && i < s->n_files; i++)
		rc = pxelinux_file(t, s, i, why, why_size);
	text_printf(t, "\nAPPEND %s\n", s->cmdline);
	return rc;
}

/* When the kernel does not load, PXELINUX says which, and comes to its prompt, where time runs out. */
static int pxelinux_make(struct text *t, const struct script *s, char *why, size_t why_size)
{
	int rc;

	text_printf(t, "SAY usher: %s is installed with profile %s\n", s->machine, s->profile);
	text_puts(t, "DEFAULT install\nPROMPT 0\nTIMEOUT 100\nONTIMEOUT restart\nIMPLICIT 0\n\n");
	rc = pxelinux_files(t, s, why, why_size);
	text_puts(t, "\nLABEL restart\nCOM32 reboot.c32\n");
	return rc;
}

static int take(struct text *t, int rc, char **ret)
{
	if (rc < 0) {
		text_fini(t);
		return rc;
	}
	return text_take(t, ret) < 0 ? -ENOMEM : 0;
}

int script_make(
	enum script_kind kind, const struct script *s, char **ret, char *why, size_t why_size)
{
	struct text t;
	int rc;

	text_init(&t, MUSTACHE_OUTPUT_MAX);
	snprintf(why, why_size, "out of memory");
	if (kind == SCRIPT_IPXE)
		rc = ipxe_make(&t, s, why, why_size);
	else if (kind == SCRIPT_PXELINUX)
		rc = pxelinux_make(&t, s, why, why_size);
	else
		rc = grub_make(&t, s, kind == SCRIPT_GRUB_HTTP, why, why_size);
	return take(&t, rc, ret);
}

/* Waiting to be confirmed. */

static void wait_ipxe(struct text *t, const struct script_wait *w)
{
	text_puts(t, "#!ipxe\necho\n");
	text_printf(t, "echo usher: %s waits to be confirmed. On the host of usher, type:\n",
		w->machine);
	text_printf(t, "echo usher: usher confirm %s %s\necho\nsleep 5\n", w->machine, w->code);
	/* a service that is being started again is waited for */
	for (int i = 0; i < WAIT_TRIES; i++)
		text_printf(t, "chain --autofree --replace %s/m/%s/boot.ipxe || sleep 10\n",
			w->base_url, w->token);
	text_puts(t, "echo usher: this boot is not answered any more, restarting\nreboot\n");
}

/*
 * The script is asked for again by `source`, which comes back here: this one, run a second time, only says what is new.
 * GRUB cannot count; three loops of ten end it after more than an hour, when nobody answers any more.
 */
static void wait_grub(struct text *t, const struct script_wait *w, bool http)
{
	static const char ten[] = "0 1 2 3 4 5 6 7 8 9";

	text_printf(t, "set timeout=0\nif [ \"$usher_code\" != '%s' ]; then\n", w->code);
	grub_say(t, "", w->machine, " waits to be confirmed. On the host of usher, type:");
	text_printf(t, "echo 'usher: usher confirm %s %s'\nfi\n", w->machine, w->code);
	if (http)
		text_printf(t, "set usher_script='/usher/%s/grub.cfg'\n", w->token);
	else
		text_printf(
			t, "set usher_script='(tftp,%s)/usher/%s/grub.cfg'\n", w->server, w->token);
	text_puts(t, "if [ -z \"$usher_code\" ]; then\n");
	text_printf(t, "set usher_code='%s'\n", w->code);
	text_printf(t, "for usher_a in %s; do\nfor usher_b in %s; do\nfor usher_c in %s; do\n", ten,
		ten, ten);
	text_puts(t, "sleep 5\nsource \"$usher_script\"\ndone\ndone\ndone\nreboot\nfi\n");
	text_printf(t, "set usher_code='%s'\n", w->code);
}

static void wait_pxelinux(struct text *t, const struct script_wait *w)
{
	text_printf(t, "SAY usher: %s waits to be confirmed. On the host of usher, type:\n",
		w->machine);
	text_printf(t, "SAY usher: usher confirm %s %s\n", w->machine, w->code);
	text_puts(t, "DEFAULT again\nPROMPT 1\nTIMEOUT 50\nONTIMEOUT again\nIMPLICIT 0\n\n");
	text_printf(t, "LABEL again\nCONFIG ::usher/%s/pxelinux.cfg/default\n", w->token);
}

int script_wait(enum script_kind kind, const struct script_wait *w, char **ret)
{
	struct text t;

	text_init(&t, MUSTACHE_OUTPUT_MAX);
	if (kind == SCRIPT_IPXE)
		wait_ipxe(&t, w);
	else if (kind == SCRIPT_PXELINUX)
		wait_pxelinux(&t, w);
	else
		wait_grub(&t, w, kind == SCRIPT_GRUB_HTTP);
	return take(&t, 0, ret);
}

/* Discovery */

int script_discover(const struct script_discover *d, char **ret)
{
	struct text t;

	text_init(&t, MUSTACHE_OUTPUT_MAX);
	text_printf(&t,
		"#!ipxe\necho usher: this machine is not known yet: it will report what it is\n");
	if (d->resembles)
		text_printf(&t,
			"echo usher: it has the UUID of %s, which has no card %s.\n"
			"echo usher: If a card of %s was replaced, type on the host of usher:\n"
			"echo usher: usher adopt %s --mac %s\n",
			d->resembles, d->mac, d->resembles, d->resembles, d->mac);
	text_printf(&t,
		"kernel %s/boot/%s/vmlinuz initrd=initrd.img usher.discover=%s/m/%s/inventory "
		"usher.mac=%s usher.wait=%u%s%s panic=30 console=tty0 console=ttyS0,115200 || "
		"goto failed\n",
		d->base_url, d->medium, d->base_url, d->token, d->mac, d->wait_min,
		d->address6 ? " usher.address6=" : "", d->address6 ? d->address6 : "");
	text_printf(&t, "initrd --name initrd.img %s/boot/%s/initrd.img || goto failed\n",
		d->base_url, d->medium);
	text_puts(&t,
		"boot || goto failed\n\n:failed\n"
		"echo usher: the system for discovery did not load: see contrib/discover/build\n"
		"sleep 5\nexit\n");
	return take(&t, 0, ret);
}

/* Refusals: what a person at the screen can read for five seconds, then the disk. */

/* One line in each language: how to print it, what may not be in it, what ends it. */
struct tongue {
	const char *first, *say, *special, *end, *last;
};

static const struct tongue tongues[SCRIPT_KINDS] = {
	[SCRIPT_IPXE] = {"#!ipxe\necho\n", "echo ", IPXE_SPECIAL, "\n", "sleep 5\nexit\n"},
	/* firmware that is told 0 may think that it is done, and open its menu */
	[SCRIPT_GRUB] = {"set timeout=0\n", "echo '", "'", "'\n", "sleep 5\nexit 1\n"},
	[SCRIPT_GRUB_HTTP] = {"set timeout=0\n", "echo '", "'", "'\n", "sleep 5\nexit 1\n"},
	[SCRIPT_PXELINUX] = {"", "SAY ", "", "\n",
		"DEFAULT disk\nPROMPT 1\nTIMEOUT 50\nIMPLICIT 0\n\nLABEL disk\nLOCALBOOT 0\n"},
};

int script_refuse(enum script_kind kind, const char *what, const char *fix, char **ret)
{
	const struct tongue *l = &tongues[kind];
	struct text t;

	text_init(&t, MUSTACHE_OUTPUT_MAX);
	text_printf(&t, "%s%susher: ", l->first, l->say);
	put_words(&t, what, l->special);
	text_printf(&t, "%s%s", l->end, l->say);
	put_words(&t, fix, l->special);
	text_printf(&t, "%s%s", l->end, l->last);
	return take(&t, 0, ret);
}
