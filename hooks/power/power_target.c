/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/power/power_target.h"

#include "core/addr.h"
#include "core/hex.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scheme {
	const char *name;
	enum power_kind kind;
	uint16_t port;
	const char *label;
};

static const struct scheme schemes[] = {
	{"ipmi", POWER_IPMI, 623, "IPMI controller"},
	{"redfish", POWER_REDFISH, 443, "Redfish controller"},
	{"wol", POWER_WOL, 0, "Wake on LAN"},
};

enum {
	SCHEMES = sizeof schemes / sizeof *schemes,
	ALL_KINDS = 1 << POWER_IPMI | 1 << POWER_REDFISH,
	CIPHER_MAX = 17, /* the last that IPMI 2.0 and its errata name (table 22-20) */
};

struct parsing {
	struct power_target *t;
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 2, 3))) static int wrong(
	const struct parsing *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->why, p->why_size, format, args);
	va_end(args);
	return -EINVAL;
}

/* A whole number from 0 to `most`, or -1. */
static long number(const char *text, long most)
{
	char *end;
	long n;

	if (*text < '0' || *text > '9' || strlen(text) > 5)
		return -1;
	n = strtol(text, &end, 10);
	return *end || n > most ? -1 : n;
}

/* In place. False: a percent sign without two hex digits, or what it hides is no printable ASCII. */
static bool percent_decode(char *s)
{
	char *to = s;

	for (const char *at = s; *at; at++) {
		int high, low;

		if (*at != '%') {
			*to++ = *at;
			continue;
		}
		high = hex_digit(at[1]);
		low = high < 0 ? -1 : hex_digit(at[2]);
		if (low < 0 || high * 16 + low <= ' ' || high * 16 + low > '~')
			return false;
		*to++ = (char)(high * 16 + low);
		at += 2;
	}
	*to = '\0';
	return true;
}

static int take_user(const struct parsing *p, char *user)
{
	if (strchr(user, ':'))
		return wrong(p,
			"a password in the target would be seen by everyone: leave it out, and give it by "
			"--power-password-file FILE, or when you are asked");
	if (!percent_decode(user) || !*user || strlen(user) >= sizeof p->t->user)
		return wrong(p, "its user's name takes 1 to %zu printable characters",
			sizeof p->t->user - 1);
	memcpy(p->t->user, user, strlen(user) + 1);
	return 0;
}

/* A DNS name or an address; it goes on a command line, so it never begins with '-'. */
static bool is_host(const char *host)
{
	static const char fits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";

	return *host && *host != '-' && *host != '.' && strlen(host) < POWER_HOST &&
		strspn(host, fits) == strlen(host);
}

/* [2001:db8::5%eth0]: the zone is a link's name. */
static bool is_host6(char *host)
{
	char *zone = strchr(host, '%');
	struct ip ip;
	bool ok;

	if (zone && !is_host(zone + 1))
		return false;
	if (zone)
		*zone = '\0';
	ok = strlen(host) < IP_TEXT && !ip_parse(host, &ip) && ip.family == IP_V6;
	if (zone)
		*zone = '%';
	return ok && strlen(host) < POWER_HOST;
}

static int take_host(const struct parsing *p, char *host)
{
	bool six = *host == '[';
	char *end = six ? strchr(host, ']') : host + strcspn(host, ":");
	long port;

	if (six)
		host++;
	if (!end)
		return wrong(p, "']' is missing after its IPv6 address");
	if (six)
		*end++ = '\0';
	if (*end == ':') {
		port = number(end + 1, UINT16_MAX);
		if (port < 1)
			return wrong(p, "its port '%.20s' is no number from 1 to 65535", end + 1);
		p->t->port = (uint16_t)port;
		*end = '\0';
	}
	if (*end || !(six ? is_host6(host) : is_host(host)))
		return wrong(p,
			"'%.80s' is no name or address of a host (IPv6 addresses are in [ ])",
			host);
	memcpy(p->t->host, host, strlen(host) + 1);
	return 0;
}

static int take_boot(const struct parsing *p, const char *value)
{
	static const char *const names[] = {
		[POWER_BOOT_BIOS] = "bios", [POWER_BOOT_UEFI] = "uefi", [POWER_BOOT_HTTP] = "http"};

	for (size_t i = POWER_BOOT_BIOS; i < sizeof names / sizeof *names; i++)
		if (!strcmp(value, names[i]) &&
			(i != POWER_BOOT_HTTP || p->t->kind == POWER_REDFISH)) {
			p->t->boot = (enum power_boot)i;
			return 0;
		}
	return wrong(p, "boot= takes bios or uefi%s, not '%.20s'",
		p->t->kind == POWER_REDFISH ? " or http" : "", value);
}

static int take_spacing(const struct parsing *p, const char *value)
{
	long s = number(value, POWER_SPACING_MAX_MS / 1000);

	if (s < 0)
		return wrong(p, "spacing= takes 0 to %d seconds, not '%.20s'",
			POWER_SPACING_MAX_MS / 1000, value);
	p->t->spacing_ms = (unsigned)s * 1000;
	return 0;
}

static int take_cipher(const struct parsing *p, const char *value)
{
	long n = number(value, CIPHER_MAX);

	if (n < 0)
		return wrong(p, "cipher= takes a cipher suite from 0 to %d, not '%.20s'",
			CIPHER_MAX, value);
	p->t->cipher = (int)n;
	return 0;
}

/* IPMI 2.0, 6.8: the operator's is enough to switch, and for the console where that asks for no more (26.3). */
static int take_level(const struct parsing *p, const char *value)
{
	p->t->administrator = !strcmp(value, "administrator");
	return p->t->administrator || !strcmp(value, "operator")
		? 0
		: wrong(p, "level= takes operator or administrator, not '%.20s'", value);
}

/* As openssl prints it, with colons, or without. */
static int take_fingerprint(const struct parsing *p, const char *value)
{
	size_t n = 0;

	for (const char *at = value; *at; at++) {
		if (*at == ':')
			continue;
		if (hex_digit(*at) < 0 || n == POWER_PIN - 1)
			return wrong(p, "fingerprint= takes the 64 hex digits of a SHA-256");
		p->t->pin[n++] = "0123456789abcdef"[hex_digit(*at)];
	}
	p->t->pin[n] = '\0';
	return n == POWER_PIN - 1 ? 0
				  : wrong(p, "fingerprint= takes the 64 hex digits of a SHA-256");
}

struct option {
	const char *name;
	unsigned kinds; /* bits of enum power_kind */
	int (*take)(const struct parsing *p, const char *value);
};

static const struct option options[] = {
	{"boot", ALL_KINDS, take_boot},
	{"spacing", 1 << POWER_IPMI, take_spacing},
	{"cipher", 1 << POWER_IPMI, take_cipher},
	{"level", 1 << POWER_IPMI, take_level},
	{"fingerprint", 1 << POWER_REDFISH, take_fingerprint},
};

static int take_option(const struct parsing *p, char *text)
{
	char *value = strchr(text, '=');

	if (value)
		*value++ = '\0';
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		if (strcmp(text, options[i].name) != 0 || !(options[i].kinds & 1U << p->t->kind))
			continue;
		return value && percent_decode(value)
			? options[i].take(p, value)
			: wrong(p, "its option %s needs a value: %s=…", text, text);
	}
	return wrong(p, "it has no option '%.40s'; there are %s", text,
		p->t->kind == POWER_IPMI ? "boot, spacing, cipher and level"
					 : "boot and fingerprint");
}

static int take_options(const struct parsing *p, char *query)
{
	char *kept;
	int rc = 0;

	for (char *at = strtok_r(query, "&", &kept); at && !rc; at = strtok_r(NULL, "&", &kept))
		rc = take_option(p, at);
	return rc;
}

static int take_system(const struct parsing *p, const char *path)
{
	if (p->t->kind != POWER_REDFISH)
		return *path && strcmp(path, "/") != 0
			? wrong(p, "nothing follows its host but ?OPTIONS, not '%.40s'", path)
			: 0;
	if (!*path || !strcmp(path, "/"))
		return 0;
	if (strlen(path) >= sizeof p->t->system || strstr(path, "/../") || strchr(path, '#'))
		return wrong(p, "the path of its system takes at most %zu bytes",
			sizeof p->t->system - 1);
	memcpy(p->t->system, path, strlen(path) + 1);
	return 0;
}

/* [USER@]HOST[:PORT][/PATH][?OPTIONS], in place. */
static int take_controller(const struct parsing *p, char *rest)
{
	char *query = strchr(rest, '?'), *path, *at;
	char said[POWER_SYSTEM + 1] = "";
	int rc;

	if (query)
		*query++ = '\0';
	path = strchr(rest, '/');
	if (path) {
		if (strlen(path) >= sizeof said)
			return wrong(p, "the path of its system takes at most %d bytes",
				POWER_SYSTEM - 1);
		memcpy(said, path, strlen(path) + 1);
		*path = '\0';
	}
	at = strrchr(rest, '@');
	if (at)
		*at = '\0';
	rc = at ? take_user(p, rest) : 0;
	if (!rc)
		rc = take_host(p, at ? at + 1 : rest);
	if (!rc)
		rc = take_system(p, said);
	return rc || !query ? rc : take_options(p, query);
}

static const struct scheme *scheme_of(const char *text)
{
	size_t n = strcspn(text, ":");

	for (size_t i = 0; text[n] && i < SCHEMES; i++)
		if (strlen(schemes[i].name) == n && !strncmp(text, schemes[i].name, n))
			return &schemes[i];
	return NULL;
}

static int take_uri(const struct parsing *p, const char *text)
{
	const struct scheme *s = scheme_of(text);
	char rest[1024];

	if (!s)
		return wrong(p,
			"'%.80s' is neither ipmi://…, redfish://…, wol: nor the absolute path of an "
			"executable",
			text);
	p->t->kind = s->kind;
	p->t->port = s->port;
	text += strlen(s->name) + 1;
	if (s->kind == POWER_WOL)
		return *text ? wrong(p, "nothing follows wol:") : 0;
	if (strncmp(text, "//", 2) != 0)
		return wrong(p, "%s: is followed by //[USER@]HOST", s->name);
	if (strlen(text) >= sizeof rest)
		return wrong(p, "it takes at most %zu bytes", sizeof rest - 1);
	for (const char *at = text; *at; at++)
		if (*at <= ' ' || *at > '~')
			return wrong(p, "it may hold printable ASCII only, without spaces");
	memcpy(rest, text + 2, strlen(text + 2) + 1);
	return take_controller(p, rest);
}

int power_target_parse(const char *text, struct power_target *ret, char *why, size_t why_size)
{
	const struct parsing p = {ret, why, why_size};

	*ret = (struct power_target){.spacing_ms = POWER_SPACING_MS, .cipher = -1};
	return *text == '/' ? 0 : take_uri(&p, text);
}

bool power_target_needs_password(const struct power_target *t)
{
	return t->kind == POWER_IPMI || t->kind == POWER_REDFISH;
}

const char *power_target_name(const struct power_target *t, char *buf, size_t size)
{
	for (size_t i = 0; i < SCHEMES; i++)
		if (schemes[i].kind == t->kind) {
			snprintf(buf, size, "%s%s%s", schemes[i].label, *t->host ? " " : "",
				t->host);
			return buf;
		}
	snprintf(buf, size, "power executable");
	return buf;
}
