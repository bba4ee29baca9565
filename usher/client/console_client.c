/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/client/console_client.h"

#include "core/base64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void path_of(const char *name, const char *query, char *buf, size_t size)
{
	char escaped[200];

	snprintf(buf, size, "/machines/%s/console%s%s",
		client_escape(name, escaped, sizeof escaped), *query ? "?" : "", query);
}

static int piece_read(json_t *reply, struct console_piece *ret)
{
	const char *data = json_string_value(json_object_get(reply, "data"));
	const char *why = json_string_value(json_object_get(reply, "why"));

	*ret = (struct console_piece){.reply = reply,
		.from = (uint64_t)json_integer_value(json_object_get(reply, "offset")),
		.newest = (uint64_t)json_integer_value(json_object_get(reply, "newest")),
		.state = json_string_value(json_object_get(reply, "state")),
		.why = why ? why : ""}; /* null: nothing is wrong */
	return data && ret->state ? base64_decode(data, &ret->bytes, &ret->n) : -1;
}

int console_fetch(struct client *c, const char *name, const char *query, int patience_s,
	struct console_piece *ret, char *why, size_t why_size)
{
	json_t *reply = NULL;
	char path[512];

	path_of(name, query, path, sizeof path);
	if (client_get(c, path, patience_s, &reply, why, why_size))
		return -1;
	if (!piece_read(reply, ret))
		return 0;
	console_piece_fini(ret);
	snprintf(why, why_size,
		"the service's answer cannot be read: is it another version of usher?");
	return -1;
}

void console_piece_fini(struct console_piece *p)
{
	free(p->bytes);
	json_decref(p->reply);
	*p = (struct console_piece){0};
}

int console_type(
	struct client *c, const char *name, const void *bytes, size_t n, char *why, size_t why_size)
{
	char *data = base64_encode(bytes, n), path[512];
	json_t *body = data ? json_pack("{s:s}", "data", data) : NULL;
	long status;

	free(data);
	path_of(name, "", path, sizeof path);
	return client_try(c, "POST", path, body, NULL, &status, why, why_size);
}
