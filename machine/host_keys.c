/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/host_keys.h"

#include "core/base64.h"
#include "core/sha256.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const types[] = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
	"ecdsa-sha2-nistp521", "ssh-rsa"};

static bool is_type(const char *s, size_t len)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strlen(types[i]) == len && !memcmp(types[i], s, len))
			return true;
	return false;
}

/* The blob says its type itself, a length before it (RFC 4251, 5: string), and there is more behind it. */
static bool says_type(const uint8_t *blob, size_t n, const char *type, size_t len)
{
	return n > 4 + len && blob[0] == 0 && blob[1] == 0 && blob[2] == 0 && blob[3] == len &&
		!memcmp(blob + 4, type, len);
}

/* "TYPE BASE64" in `key`: its bytes. 0, -EINVAL or -ENOMEM. */
static int blob_of(const char *key, uint8_t **ret, size_t *ret_n)
{
	size_t len = strcspn(key, " ");
	int rc;

	if (!key[len] || !is_type(key, len))
		return -EINVAL;
	rc = base64_decode(key + len + 1, ret, ret_n);
	if (!rc && !says_type(*ret, *ret_n, key, len)) {
		free(*ret);
		rc = -EINVAL;
	}
	return rc;
}

/* The first two words of a line, one blank between them. False: they do not fit, or there are not two. */
static bool two_words(const char *line, size_t n, char ret[HOST_KEY_TEXT])
{
	size_t type, gap, body;

	for (type = 0; type < n && line[type] != ' ' && line[type] != '\t'; type++)
		;
	for (gap = type; gap < n && (line[gap] == ' ' || line[gap] == '\t'); gap++)
		;
	for (body = gap; body < n && line[body] != ' ' && line[body] != '\t'; body++)
		;
	return type && body > gap && type + 1 + body - gap < HOST_KEY_TEXT &&
		snprintf(ret, HOST_KEY_TEXT, "%.*s %.*s", (int)type, line, (int)(body - gap),
			line + gap) > 0;
}

/* Sorted, for the same keys to be the same array. */
static int put(json_t *all, const char *key)
{
	size_t i = 0;
	int order = 1;

	for (; i < json_array_size(all) && order > 0; i += order > 0)
		order = strcmp(key, json_string_value(json_array_get(all, i)));
	return order == 0 ? 0 : json_array_insert_new(all, i, json_string(key)) ? -ENOMEM : 0;
}

/* As we would write it: what else decodes to the same is not passed on. */
static int canonical(char key[HOST_KEY_TEXT])
{
	uint8_t *blob;
	size_t n;
	char *text;
	int rc = blob_of(key, &blob, &n);

	if (rc)
		return rc;
	text = base64_encode(blob, n);
	free(blob);
	if (!text)
		return -ENOMEM;
	if (strlen(text) > strlen(strchr(key, ' ') + 1))
		rc = -EINVAL;
	else
		strcpy(strchr(key, ' ') + 1, text);
	free(text);
	return rc;
}

static int take_line(json_t *all, const char *line, size_t n, char *why, size_t why_size)
{
	char key[HOST_KEY_TEXT];
	int rc = two_words(line, n, key) ? canonical(key) : -EINVAL;

	if (!rc)
		rc = put(all, key);
	if (!rc && json_array_size(all) > HOST_KEYS_MAX) {
		snprintf(why, why_size, "more than %d host keys", HOST_KEYS_MAX);
		return -EINVAL;
	}
	if (rc)
		snprintf(why, why_size, "%s",
			rc == -ENOMEM ? "out of memory"
				      : "a line is no public host key: expected TYPE BASE64");
	return rc;
}

int host_keys_parse(const char *text, json_t **ret, char *why, size_t why_size)
{
	json_t *all = json_array();
	int rc = all ? 0 : -ENOMEM;

	while (!rc && *text) {
		size_t n = strcspn(text, "\r\n");

		if (n)
			rc = take_line(all, text, n, why, why_size);
		text += n + (text[n] != '\0');
	}
	if (!rc && !json_array_size(all)) {
		snprintf(why, why_size, "no host key");
		rc = -EINVAL;
	}
	if (rc)
		json_decref(all);
	else
		*ret = all;
	return rc;
}

/* Base64 without its padding, as ssh-keygen -l has it. */
int host_key_fingerprint(const char *key, char ret[HOST_KEY_PRINT])
{
	uint8_t *blob, sum[SHA256_DIGEST_SIZE];
	struct sha256_ctx c;
	size_t n;
	char *text;
	int rc = blob_of(key, &blob, &n);

	if (rc)
		return rc;
	sha256_init(&c);
	sha256_update(&c, n, blob);
	sha256_digest(&c, sizeof sum, sum);
	free(blob);
	text = base64_encode(sum, sizeof sum);
	if (!text)
		return -ENOMEM;
	snprintf(ret, HOST_KEY_PRINT, "SHA256:%.*s", (int)strcspn(text, "="), text);
	free(text);
	return 0;
}

json_t *host_keys_json(const json_t *keys)
{
	json_t *all = json_array();

	for (size_t i = 0; i < json_array_size(keys); i++) {
		const char *key = json_string_value(json_array_get(keys, i));
		char print[HOST_KEY_PRINT] = "";

		if (!key || host_key_fingerprint(key, print))
			continue;
		json_array_append_new(all,
			json_pack("{s:s%, s:s, s:s}", "type", key, strcspn(key, " "), "key", key,
				"fingerprint", print));
	}
	return all;
}
