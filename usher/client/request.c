/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the commands that ask for machines have in common. */
#include "usher/client/request.h"

#include "core/addr.h"
#include "core/draw.h"
#include "core/wipe.h"
#include "machine/machine.h"
#include "usher/client/cli_fail.h"
#include "core/ssh_key.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	VALUE_FILE_MAX = 64 << 10, /* bytes: no setting may have more */
	KEYS_MAX = 64,
	LINE_MAX_BYTES = 16 << 10, /* of a key, with its options */
};

json_int_t request_size(const char *text, json_int_t unit)
{
	static const char suffixes[] = "KMGT";
	const char *s = text + strspn(text, "0123456789."), *end = s;
	char *number_end;
	double n = strtod(text, &number_end);

	if (*s && (end = strchr(suffixes, *s >= 'a' ? *s - 32 : *s))) {
		unit = 1LL << (10 * (end - suffixes + 1));
		end = s + 1 + (!strcmp(s + 1, "iB") ? 2 : !strcmp(s + 1, "B"));
	}
	n *= (double)unit;
	return number_end == s && end && !*end && n >= 1 && n < 1e18 ? (json_int_t)n : -1;
}

/* -EINVAL: `why` says on which line. */
static int read_keys(json_t *keys, FILE *f, char *why, size_t size)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc = 0;

	for (unsigned number = 1; !rc && (n = getline(&line, &cap, f)) >= 0; number++) {
		const char *s = line + strspn(line, " \t"), *error;

		line[strcspn(line, "\r\n")] = '\0';
		if (!*s || *s == '#')
			continue;
		error = strlen(line) != strnlen(line, LINE_MAX_BYTES) ? "it is too long"
								      : ssh_key_error(s);
		if (!error && json_array_size(keys) == KEYS_MAX)
			error = "more keys than a machine may have, which is 64";
		if (!error && json_array_append_new(keys, json_string(s)))
			error = "its comment is not UTF-8";
		if (error) {
			snprintf(why, size, "line %u: %s", number, error);
			rc = -EINVAL;
		}
	}
	if (!rc && ferror(f)) {
		rc = -errno;
		snprintf(why, size, "%s", strerror(-rc));
	}
	free(line);
	return rc;
}

int request_keys(json_t *keys, const char *path, char *why, size_t size)
{
	size_t before = json_array_size(keys);
	FILE *f = fopen(path, "re");
	int rc;

	if (!f) {
		rc = -errno;
		snprintf(why, size, "%s", strerror(-rc));
		return rc;
	}
	rc = read_keys(keys, f, why, size);
	fclose(f);
	if (!rc && json_array_size(keys) == before) {
		snprintf(why, size, "no key in it");
		rc = -ENODATA;
	}
	while (rc && json_array_size(keys) > before)
		json_array_remove(keys, before);
	return rc;
}

void request_default_keys(json_t *keys)
{
	static const char *const files[] = {"id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub"};
	const char *home = getenv("HOME");
	char path[PATH_MAX], why[256];

	for (size_t i = 0; home && i < 3; i++) {
		int rc;

		snprintf(path, sizeof path, "%s/.ssh/%s", home, files[i]);
		rc = request_keys(keys, path, why, sizeof why);
		if (!rc)
			return;
		if (rc != -ENOENT)
			fprintf(stderr, "usher: warning: %s is not given to the machine: %s\n",
				path, why);
	}
}

char *request_value(const char *path)
{
	char *text = malloc(VALUE_FILE_MAX + 1);
	FILE *f = !text ? NULL : strcmp(path, "-") ? fopen(path, "re") : stdin;
	size_t n = 0;

	if (f) {
		errno = 0;
		n = fread(text, 1, VALUE_FILE_MAX + 1, f);
		if (ferror(f))
			errno = errno == EISDIR ? EISDIR : EIO;
		else if (n > VALUE_FILE_MAX || memchr(text, '\0', n))
			errno = EFBIG;
		else
			errno = 0;
		if (f != stdin)
			fclose(f);
	}
	if (!f || errno) {
		wipe_free(text);
		return NULL;
	}
	n -= n && text[n - 1] == '\n';
	text[n] = '\0';
	return text;
}

int request_first_boot(json_t *body, const char *path)
{
	char *text = request_value(path);

	if (!text)
		return cli_fail("--first-boot %s: %s", path,
			errno == EFBIG ? "not a script of at most 64 KiB" : strerror(errno));
	json_object_set_new(body, "first_boot", json_string(text));
	wipe_free(text);
	return 0;
}

json_t *request_id(void)
{
	char text[33];

	draw_hex(text, sizeof text);
	return json_string(text);
}

const char *request_name_error(const char *name, char *buf, size_t size)
{
	const char *error = machine_name_error(name);

	if (error)
		snprintf(buf, size, "'%.80s' cannot be a machine's name: %s", name, error);
	return error ? buf : NULL;
}

static bool is_among(const char *word, const char *const *words)
{
	while (*words && strcmp(*words, word))
		words++;
	return *words;
}

/* An address and a MAC, of the machine or of one of its cards. */
static const char *card_error(const json_t *card, char *buf, size_t size)
{
	const char *address = json_string_value(json_object_get(card, "address"));
	const char *mac = json_string_value(json_object_get(card, "mac"));
	struct mac m;
	struct ip ip;

	if (address && ip_parse(address, &ip)) {
		snprintf(buf, size, "'%.80s' is not an IPv4 or IPv6 address", address);
		return buf;
	}
	if (mac && mac_parse(mac, &m)) {
		snprintf(buf, size, "'%.80s' is not a MAC like 52:54:00:12:34:56", mac);
		return buf;
	}
	return NULL;
}

const char *request_word_error(const json_t *body, char *buf, size_t size)
{
	static const char *const firmwares[] = {"bios", "efi", "efi-secure", NULL},
				 *const kinds[] = {"none", "vnc", "spice", NULL};
	const char *firmware = json_string_value(json_object_get(body, "firmware"));
	const char *graphics = json_string_value(json_object_get(body, "graphics"));
	const char *error = card_error(body, buf, size);
	json_t *nics = json_object_get(body, "nics");

	for (size_t i = 0; !error && i < json_array_size(nics); i++)
		error = card_error(json_array_get(nics, i), buf, size);
	if (error)
		return error;
	if (firmware && !is_among(firmware, firmwares))
		snprintf(buf, size, "firmware '%.40s': it is bios, efi or efi-secure", firmware);
	else if (graphics && !is_among(graphics, kinds))
		snprintf(buf, size, "graphics '%.40s': expected none, vnc or spice", graphics);
	else
		return NULL;
	return buf;
}
