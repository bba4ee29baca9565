/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/probe/ipxe_script.h"

#include <stdio.h>
#include <string.h>

enum { LINE = IPXE_WORDS + IPXE_URL, NAME = 32 };

struct setting {
	char name[NAME], value[IPXE_URL];
};

struct reading {
	const struct ipxe_known *known;
	struct ipxe_script *to;
	struct setting settings[IPXE_SETTINGS];
	size_t n;
	unsigned line;
	bool over; /* it boots there, or goes elsewhere */
};

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

/* "net0/mac", "mac:hexhyp": the name without where and how. */
static const char *built_in(const struct reading *r, const char *name)
{
	const char *slash = strchr(name, '/');

	name = slash ? slash + 1 : name;
	if (!strcmp(name, "next-server"))
		return or_empty(r->known->next_server);
	if (!strcmp(name, "ip"))
		return or_empty(r->known->ip);
	if (!strcmp(name, "mac"))
		return or_empty(r->known->mac);
	return NULL;
}

static const char *value_of(const struct reading *r, const char *name)
{
	for (size_t i = r->n; i-- > 0;)
		if (!strcmp(r->settings[i].name, name))
			return r->settings[i].value;
	return built_in(r, name);
}

static bool put(char *to, size_t size, size_t *n, const char *bytes, size_t len)
{
	if (*n + len >= size)
		return false;
	memcpy(to + *n, bytes, len);
	*n += len;
	to[*n] = '\0';
	return true;
}

/* The line with ${settings} put in; one that is not known is nothing, as with iPXE. False: too long, or a brace is open. */
static bool expand(const struct reading *r, const char *from, size_t len, char to[LINE])
{
	const char *end = from + len;
	size_t n = 0;

	to[0] = '\0';
	while (from < end) {
		const char *close;
		char name[NAME];
		const char *value;

		if (end - from < 2 || from[0] != '$' || from[1] != '{') {
			if (!put(to, LINE, &n, from++, 1))
				return false;
			continue;
		}
		close = memchr(from, '}', (size_t)(end - from));
		if (!close || close - from - 2 >= NAME)
			return false;
		snprintf(name, sizeof name, "%.*s", (int)(close - from - 2), from + 2);
		value = or_empty(value_of(r, name));
		if (!put(to, LINE, &n, value, strlen(value)))
			return false;
		from = close + 1;
	}
	return true;
}

/* The next word of the line, which moves on; "" at its end. A word ends the command where it is || or &&. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " \t"), *end = word + strcspn(word, " \t");

	*at = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

static bool is_end(const char *word)
{
	return !*word || !strcmp(word, "||") || !strcmp(word, "&&");
}

/* The options that take a value of their own, as the next word. */
static bool takes_value(const char *option)
{
	static const char *const with[] = {"--name", "-n", "--timeout", "-t"};

	for (size_t i = 0; i < sizeof with / sizeof *with; i++)
		if (!strcmp(option, with[i]))
			return true;
	return false;
}

/* The first word that is no option. */
static char *operand(char **at)
{
	char *word = next_word(at);

	while (word[0] == '-') {
		if (takes_value(word))
			(void)next_word(at);
		word = next_word(at);
	}
	return word;
}

static void spoilt(struct reading *r)
{
	if (!r->to->line)
		r->to->line = r->line;
}

static void take_url(struct reading *r, const char *word, char to[IPXE_URL])
{
	if (is_end(word) || strlen(word) >= IPXE_URL)
		spoilt(r);
	else
		strcpy(to, word);
}

static void take_words(struct reading *r, char *at)
{
	size_t n = 0;

	r->to->words[0] = '\0';
	for (char *word = next_word(&at); !is_end(word); word = next_word(&at))
		if ((n && !put(r->to->words, IPXE_WORDS, &n, " ", 1)) ||
			!put(r->to->words, IPXE_WORDS, &n, word, strlen(word)))
			spoilt(r);
}

static void on_kernel(struct reading *r, char *at)
{
	take_url(r, operand(&at), r->to->kernel);
	take_words(r, at);
}

static void on_initrd(struct reading *r, char *at)
{
	if (r->to->n_initrds == IPXE_INITRDS) {
		spoilt(r);
		return;
	}
	take_url(r, operand(&at), r->to->initrd[r->to->n_initrds]);
	r->to->n_initrds += *r->to->initrd[r->to->n_initrds] != '\0';
}

static void on_chain(struct reading *r, char *at)
{
	if (!*r->to->kernel)
		take_url(r, operand(&at), r->to->chain);
	r->over = true;
}

static void on_set(struct reading *r, char *at)
{
	const char *name = next_word(&at);
	struct setting *s = &r->settings[r->n];

	at += strspn(at, " \t");
	if (r->n == IPXE_SETTINGS || strlen(name) >= NAME || strlen(at) >= IPXE_URL) {
		spoilt(r);
		return;
	}
	strcpy(s->name, name);
	strcpy(s->value, at);
	r->n++;
}

static void on_boot(struct reading *r, char *at)
{
	char *word = operand(&at);

	if (!*r->to->kernel && !is_end(word))
		take_url(r, word, r->to->chain);
	r->over = true;
}

static void on_branch(struct reading *r, char *at)
{
	(void)at;
	if (!*r->to->kernel)
		r->to->branches = true;
}

static void on_over(struct reading *r, char *at)
{
	(void)at;
	r->over = true;
}

static const struct word {
	const char *name;
	void (*take)(struct reading *r, char *at);
} commands[] = {
	{"kernel", on_kernel},
	{"imgselect", on_kernel},
	{"imgload", on_kernel},
	{"initrd", on_initrd},
	{"module", on_initrd},
	{"imgfetch", on_initrd},
	{"chain", on_chain},
	{"imgexec", on_chain},
	{"set", on_set},
	{"boot", on_boot},
	{"goto", on_branch},
	{"iseq", on_branch},
	{"isset", on_branch},
	{"menu", on_branch},
	{"choose", on_branch},
	{"exit", on_over},
	{"sanboot", on_over},
	{"shell", on_over},
	{"reboot", on_over},
	{"poweroff", on_over},
};

static void take_line(struct reading *r, const char *line, size_t len)
{
	char text[LINE], *at = text;
	const char *name;

	if (len && line[len - 1] == '\r')
		len--;
	if (memchr(line, '\0', len) || !expand(r, line, len, text)) {
		spoilt(r);
		return;
	}
	name = next_word(&at);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (!strcmp(name, commands[i].name))
			commands[i].take(r, at);
}

void ipxe_script_read(
	const char *text, size_t len, const struct ipxe_known *known, struct ipxe_script *ret)
{
	struct reading r = {.known = known, .to = ret};
	const char *end;

	memset(ret, 0, sizeof *ret);
	if (len > IPXE_SCRIPT_MAX)
		len = IPXE_SCRIPT_MAX;
	end = text + len;
	ret->is_script = len >= 6 && (!memcmp(text, "#!ipxe", 6) || !memcmp(text, "#!gpxe", 6));
	while (ret->is_script && text < end && !r.over) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		size_t n = (size_t)((stop ? stop : end) - text);

		r.line++;
		take_line(&r, text, n);
		text += n + (stop != NULL);
	}
}

/* Answers */

static bool is_url(const char *s)
{
	return !strncmp(s, "http://", 7) || !strncmp(s, "https://", 8);
}

static bool keep(char ret[IPXE_URL], const char *from, size_t len, const char *more)
{
	int n = snprintf(ret, IPXE_URL, "%.*s%s", (int)len, from, more);

	if (n > 0 && n < IPXE_URL)
		return true;
	ret[0] = '\0';
	return false;
}

/* cloud-init's seed: ds=nocloud;s=URL/ holds the file user-data. */
static bool seed(const char *word, size_t len, char ret[IPXE_URL])
{
	const char *s = memmem(word, len, "s=http", 6);
	size_t n;

	if (strncmp(word, "ds=nocloud", 10) || !s)
		return false;
	n = len - (size_t)(s + 2 - word);
	n = strcspn(s + 2, "; '\"") < n ? strcspn(s + 2, "; '\"") : n;
	return keep(ret, s + 2, n, "user-data");
}

static bool named(const char *word, size_t len, char ret[IPXE_URL])
{
	static const char *const names[] = {"inst.ks=", "ks=", "url=", "preseed/url=", "autoyast=",
		"ignition.config.url=", "answers="};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t n = strlen(names[i]);

		if (len > n && !strncmp(word, names[i], n) && is_url(word + n))
			return keep(ret, word + n, len - n, "");
	}
	return false;
}

static bool based(const char *word, size_t len, const char *base, char ret[IPXE_URL])
{
	const char *equals = memchr(word, '=', len);
	size_t n = base ? strlen(base) : 0;

	if (!n || !equals || len - (size_t)(equals + 1 - word) <= n || strncmp(equals + 1, base, n))
		return false;
	return keep(ret, equals + 1, len - (size_t)(equals + 1 - word), "");
}

bool ipxe_script_answers(const char *words, const char *base, char ret[IPXE_URL])
{
	ret[0] = '\0';
	while (*words) {
		size_t len = strcspn(words, " \t");

		if (seed(words, len, ret) || named(words, len, ret) || based(words, len, base, ret))
			return true;
		words += len;
		words += strspn(words, " \t");
	}
	return false;
}
