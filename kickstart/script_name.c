/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/script_name.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

enum { HEX_ADDRESS = 8 }; /* digits */

/* Bytes of the separator that ends at `end`; 0: none. */
static size_t separator(const char *name, const char *end)
{
	if (end > name && (end[-1] == '/' || end[-1] == '\\'))
		return 1;
	return end - name >= 3 && strncasecmp(end - 3, "%5c", 3) == 0 ? 3 : 0;
}

/* The piece of `name` before `end`, and where the piece before that one ends. */
static const char *piece_before(const char *name, const char *end, const char **ret_end)
{
	const char *s = end;
	size_t n;

	while (s > name && !separator(name, s))
		s--;
	for (*ret_end = s; (n = separator(name, *ret_end));)
		*ret_end -= n;
	return s;
}

/* 'h' a hex digit, anything else itself. */
static bool looks_like(const char *s, const char *pattern)
{
	for (; *pattern; s++, pattern++)
		if (*pattern == 'h' ? !isxdigit((unsigned char)*s) : *s != *pattern)
			return false;
	return !*s;
}

static bool is_address(const char *s)
{
	size_t n = strspn(s, "0123456789abcdefABCDEF");

	return n >= 1 && n <= HEX_ADDRESS && !s[n];
}

static bool take_who(const char *s, struct script_name *ret)
{
	if (looks_like(s, "hh-hh-hh-hh-hh-hh-hh"))
		return mac_parse(s + 3, &ret->mac) == 0;
	return is_address(s) || looks_like(s, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh");
}

static bool take_grub(const char *piece, struct script_name *ret)
{
	static const char cfg[] = "grub.cfg";

	ret->kind = SCRIPT_GRUB;
	if (strncmp(piece, cfg, sizeof cfg - 1) != 0)
		return false;
	piece += sizeof cfg - 1;
	return !*piece || (*piece == '-' && take_who(piece + 1, ret));
}

static bool take_pxelinux(const char *piece, struct script_name *ret)
{
	ret->kind = SCRIPT_PXELINUX;
	ret->last = strcmp(piece, "default") == 0;
	return ret->last || take_who(piece, ret);
}

/* The folder before `end`, when it is one of a token. */
static void take_token(const char *name, const char *end, struct script_name *ret)
{
	const char *unused, *token = piece_before(name, end, &unused);
	size_t n = sizeof ret->token - 1;

	if ((size_t)(end - token) == n && strspn(token, "0123456789abcdef") >= n)
		memcpy(ret->token, token, n);
}

int script_name_parse(const char *name, struct script_name *ret)
{
	static const char folder[] = "pxelinux.cfg";
	const char *end, *piece = piece_before(name, name + strlen(name), &end), *parent, *above;
	bool found;

	*ret = (struct script_name){.kind = SCRIPT_GRUB};
	parent = piece_before(name, end, &above);
	if ((size_t)(end - parent) == sizeof folder - 1 &&
		memcmp(parent, folder, sizeof folder - 1) == 0) {
		found = take_pxelinux(piece, ret);
		take_token(name, above, ret);
	} else {
		found = take_grub(piece, ret);
		take_token(name, end, ret);
	}
	return found ? 0 : -ENOENT;
}

bool script_name_is_program(const char *name)
{
	static const char *const ends[] = {
		".efi", ".efi.signed", ".kpxe", ".kkpxe", ".pxe", "pxelinux.0"};
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t n = strlen(ends[i]);

		if (len >= n && strcasecmp(name + len - n, ends[i]) == 0)
			return true;
	}
	return false;
}
