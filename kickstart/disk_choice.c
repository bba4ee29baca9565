/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/disk_choice.h"

#include <string.h>

#define DIGITS "0123456789"
#define HEX DIGITS "abcdefABCDEF"
#define ALNUM DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum {
	SIZE_DIGITS = 6, /* before the point */
	SIZE_PARTS = 3,  /* behind it */
	WWN_DIGITS = 16, /* NAA 5 and EUI-64; NAA 6 and NGUID have twice as many */
};

/* What stands behind `word` in `value`; NULL: it does not begin so. */
static const char *after(const char *value, const char *word)
{
	size_t n = strlen(word);

	return strncmp(value, word, n) == 0 ? value + n : NULL;
}

/* What the script leaves of a serial number as it reads it, which may have blanks within. */
static bool is_serial(const char *s)
{
	size_t n = strlen(s);

	return n && n <= DISK_SERIAL_MAX && strspn(s, ALNUM "_.:/+=#,@ -") == n && *s != ' ' &&
		s[n - 1] != ' ';
}

/* As udev writes it, as SCSI does, as NVMe does. */
static bool is_wwn(const char *s)
{
	static const char *const kinds[] = {"0x", "naa.", "eui."};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		const char *digits = after(s, kinds[i]);
		size_t n = digits ? strlen(digits) : 0;

		if ((n == WWN_DIGITS || n == 2 * WWN_DIGITS) && strspn(digits, HEX) == n)
			return true;
	}
	return false;
}

/* "480G", "1.92TB", "20GiB": no zero at the beginning, which a shell takes for octal. */
static bool is_size(const char *s)
{
	size_t n = strspn(s, DIGITS);

	if (!n || n > SIZE_DIGITS || (*s == '0' && n > 1) || (*s == '0' && s[n] != '.'))
		return false;
	s += n;
	if (*s == '.') {
		n = strspn(++s, DIGITS);
		if (!n || n > SIZE_PARTS)
			return false;
		s += n;
	}
	return *s && strchr("MGT", *s) && (!s[1] || !strcmp(s + 1, "B") || !strcmp(s + 1, "iB"));
}

static bool is_kind(const char *s)
{
	return !*s || !strcmp(s, "-ssd") || !strcmp(s, "-hdd") || !strcmp(s, "-nvme");
}

static const struct {
	const char *word;
	bool (*is)(const char *rest);
} choices[] = {{"serial=", is_serial}, {"wwn=", is_wwn}, {"size=", is_size}, {"smallest", is_kind},
	{"largest", is_kind}};

enum { CHOICES = sizeof choices / sizeof *choices };

static int choice_of(const char *value, const char **ret_rest)
{
	int i = 0;

	while (i < CHOICES && !(*ret_rest = after(value, choices[i].word)))
		i++;
	return i;
}

bool disk_choice_is(const char *value)
{
	const char *rest;

	return choice_of(value, &rest) < CHOICES;
}

bool disk_choice_valid(const char *value)
{
	const char *rest;
	int i = choice_of(value, &rest);

	return i < CHOICES && choices[i].is(rest);
}
