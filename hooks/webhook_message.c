/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/webhook_message.h"

#include "core/base64.h"
#include "machine/machine.h"

#include <nettle/hmac.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char https[] = "https://";
static const char prefix[] = "whsec_";

const char *webhook_url_error(const char *url)
{
	size_t n = sizeof https - 1, host;

	if (strncmp(url, https, n) != 0)
		return "a URL that begins with https:// is expected";
	for (const char *at = url; *at; at++)
		if (*at <= ' ' || *at > '~')
			return "it has blanks or other characters that a URL may not have: encode them";
	host = strcspn(url + n, "/?#");
	if (!host || url[n] == ':')
		return "it names no host";
	if (memchr(url + n, '@', host))
		return "it has a user: the signature says who posts";
	return strchr(url, '#') ? "it has a fragment, '#', which is never sent" : NULL;
}

const char *webhook_host(const char *url, char *buf, size_t size)
{
	const char *host = url + sizeof https - 1;

	snprintf(buf, size, "%.*s", (int)strcspn(host, "/?#"), host);
	return buf;
}

/* One line of `n` bytes, without its prefix. */
static int decode_secret(const char *line, size_t n, struct webhook_secret *ret)
{
	char text[2 * WEBHOOK_SECRET_MAX];
	uint8_t *bytes;
	size_t len;
	int rc;

	if (n >= sizeof text)
		return -EINVAL;
	snprintf(text, sizeof text, "%.*s", (int)n, line);
	rc = base64_decode(text, &bytes, &len);
	explicit_bzero(text, sizeof text);
	if (rc)
		return rc;
	if (len >= WEBHOOK_SECRET_MIN && len <= WEBHOOK_SECRET_MAX)
		memcpy(ret->bytes, bytes, ret->n = len);
	else
		rc = -EINVAL;
	explicit_bzero(bytes, len);
	free(bytes);
	return rc;
}

int webhook_secrets_parse(const char *text, struct webhook_secrets *ret, char *why, size_t why_size)
{
	size_t skip = sizeof prefix - 1, line = 1;
	int rc = 0;

	ret->n = 0;
	for (; *text && !rc; line++) {
		size_t n = strcspn(text, "\n"), len = n;

		while (len && strchr(" \t\r", text[len - 1]))
			len--;
		if (len && ret->n == WEBHOOK_SECRETS)
			rc = -E2BIG;
		else if (len && (len <= skip || strncmp(text, prefix, skip) != 0))
			rc = -EINVAL;
		else if (len)
			rc = decode_secret(text + skip, len - skip, &ret->all[ret->n++]);
		text += n + (text[n] == '\n');
	}
	if (!rc && ret->n)
		return 0;
	if (rc == -E2BIG)
		snprintf(why, why_size, "more than %d secrets", WEBHOOK_SECRETS);
	else
		snprintf(why, why_size,
			"line %zu is no secret: expected 'whsec_' and %d to %d bytes in Base64: echo "
			"\"whsec_$(head -c 32 /dev/urandom | base64)\"",
			rc ? line - 1 : line, WEBHOOK_SECRET_MIN, WEBHOOK_SECRET_MAX);
	explicit_bzero(ret, sizeof *ret);
	return rc == -ENOMEM ? rc : -EINVAL;
}

static char *sign_one(
	const struct webhook_secret *s, const char *head, const char *body, size_t len)
{
	uint8_t sum[SHA256_DIGEST_SIZE];
	struct hmac_sha256_ctx h;
	char *text;

	hmac_sha256_set_key(&h, s->n, s->bytes);
	hmac_sha256_update(&h, strlen(head), (const uint8_t *)head);
	hmac_sha256_update(&h, len, (const uint8_t *)body);
	hmac_sha256_digest(&h, sizeof sum, sum);
	text = base64_encode(sum, sizeof sum);
	explicit_bzero(&h, sizeof h);
	return text;
}

int webhook_sign(const struct webhook_secrets *s, const char *id, int64_t timestamp,
	const char *body, size_t len, char ret[WEBHOOK_SIGNATURE])
{
	char head[WEBHOOK_ID + 32];
	size_t used = 0;

	snprintf(head, sizeof head, "%s.%lld.", id, (long long)timestamp);
	for (size_t i = 0; i < s->n; i++) {
		char *one = sign_one(&s->all[i], head, body, len);

		if (!one)
			return -ENOMEM;
		used += (size_t)snprintf(
			ret + used, WEBHOOK_SIGNATURE - used, "%sv1,%s", used ? " " : "", one);
		free(one);
	}
	return 0;
}

static char *body_with(const struct timeline_event *e, json_t *record)
{
	json_t *j = json_pack("{s:s, s:o, s:{s:I, s:s?, s:s, s:s?, s:O?}}", "type", e->kind,
		"timestamp", machine_time_json(e->at), "data", "seq", (json_int_t)e->seq, "machine",
		*e->machine ? e->machine : NULL, "text", e->text, "by",
		e->by && *e->by ? e->by : NULL, "record", record);
	char *text = j ? json_dumps(j, JSON_COMPACT) : NULL;

	json_decref(j);
	return text;
}

char *webhook_body(const struct timeline_event *e, const json_t *machine)
{
	char *text = body_with(e, (json_t *)machine);

	if (!text || strlen(text) <= WEBHOOK_BODY_MAX)
		return text;
	free(text);
	return body_with(e, NULL);
}

void webhook_id(const struct timeline_event *e, char ret[WEBHOOK_ID])
{
	snprintf(ret, WEBHOOK_ID, "evt_%llx_%llu", (unsigned long long)e->at,
		(unsigned long long)e->seq);
}

enum webhook_verdict webhook_verdict(long status)
{
	switch (status) {
	case 400: /* it has looked at this event, and refuses it */
	case 410:
	case 413:
	case 422:
		return WEBHOOK_NEVER;
	default:
		return status >= 200 && status < 300    ? WEBHOOK_DELIVERED
			: status >= 300 && status < 400 ? WEBHOOK_NEVER
							: WEBHOOK_AGAIN;
	}
}

int64_t webhook_pause(unsigned tries, unsigned after_s)
{
	int64_t ms = WEBHOOK_PAUSE_MS, after;

	for (unsigned i = 1; i < tries && ms < WEBHOOK_PAUSE_MOST_MS; i++)
		ms *= 2;
	if (ms > WEBHOOK_PAUSE_MOST_MS)
		ms = WEBHOOK_PAUSE_MOST_MS;
	after = (int64_t)(after_s < WEBHOOK_AFTER_MOST_S ? after_s : WEBHOOK_AFTER_MOST_S) * 1000;
	return after > ms ? after : ms;
}
