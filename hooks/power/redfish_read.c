/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/power/redfish_read.h"

#include "core/json.h"
#include "core/plain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MESSAGES = 2 }; /* of an error: the first is often "a general error" */

/* Bounds, before anything is built. */

struct measure {
	size_t depth, values;
	bool in_text, escaped;
};

static bool measured(struct measure *m, char c)
{
	if (m->in_text) {
		m->in_text = m->escaped || c != '"';
		m->escaped = !m->escaped && c == '\\';
		return true;
	}
	if (c == '"')
		m->in_text = true;
	else if (c == '{' || c == '[')
		m->depth++;
	else if ((c == '}' || c == ']') && m->depth)
		m->depth--;
	if (c == '{' || c == '[' || c == ',')
		m->values++;
	return m->depth <= REDFISH_DEPTH_MAX && m->values <= REDFISH_VALUES_MAX;
}

/* A memory that nobody has written a serial number to is full of 0xff, and some controllers show it as it is: each byte that is
 * no UTF-8 becomes '?'. NULL: out of memory. */
static char *as_utf8(const char *bytes, size_t len)
{
	char *copy = malloc(len + 1);

	for (size_t i = 0, n; copy && i < len; i += n) {
		n = plain_rune(bytes + i, len - i, &(uint32_t){0}, NULL);
		if (n)
			memcpy(copy + i, bytes + i, n);
		else
			copy[i] = '?', n = 1;
	}
	return copy;
}

int redfish_load(const char *bytes, size_t len, json_t **ret)
{
	struct measure m = {0};
	json_error_t error;
	char *text;

	if (len > REDFISH_BODY_MAX)
		return -E2BIG;
	for (size_t i = 0; i < len; i++)
		if (!measured(&m, bytes[i]))
			return -E2BIG;
	text = as_utf8(bytes, len);
	if (!text)
		return -ENOMEM;
	*ret = len ? json_loadb(text, len, JSON_ALLOW_NUL, &error) : NULL;
	free(text);
	if (json_is_object(*ret))
		return 0;
	if (*ret) {
		json_decref(*ret);
		*ret = NULL;
		return -EBADMSG;
	}
	return len && json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
}

/* Links */

/* "https://HOST[:PORT]" at the link's begin: what follows it; NULL: another place. */
static const char *after_place(const char *link, const char *host, uint16_t port)
{
	bool six = strchr(host, ':') != NULL;
	char place[REDFISH_PATH + 8];
	size_t n = (size_t)snprintf(
		place, sizeof place, "https://%s%s%s", six ? "[" : "", host, six ? "]" : "");
	char *end;

	if (n >= sizeof place || strncasecmp(link, place, n))
		return NULL;
	link += n;
	if (*link != ':')
		return port == 443 ? link : NULL;
	if (link[1] < '0' || link[1] > '9' || strtoul(link + 1, &end, 10) != port)
		return NULL;
	return end;
}

static bool is_path(const char *path)
{
	if (path[0] != '/' || path[1] == '/' || strlen(path) >= REDFISH_PATH)
		return false;
	for (const char *at = path; *at; at++)
		if (*at <= ' ' || *at >= 0x7f || strchr("\"#<>\\^`{|}", *at))
			return false;
	for (const char *at = path; (at = strstr(at, "/..")); at += 3)
		if (!at[3] || at[3] == '/' || at[3] == '?')
			return false;
	return true;
}

bool redfish_path(const char *link, const char *host, uint16_t port, char ret[REDFISH_PATH])
{
	const char *path = link[0] == '/' ? link : after_place(link, host, port);

	*ret = '\0';
	if (!path || !is_path(path))
		return false;
	snprintf(ret, REDFISH_PATH, "%s", path);
	return true;
}

const char *redfish_link(const json_t *object, const char *member)
{
	return json_text(json_object_get(object, member), "@odata.id");
}

/* Messages: DSP0266 8.6; an object where an array should be is met too. */

static void add_message(const json_t *info, char *buf, size_t size)
{
	const char *text = json_text(info, "Message");
	char line[REDFISH_LINE];
	size_t n = strlen(buf);

	if (!*text)
		text = json_text(info, "MessageId");
	plain_line(text, line, sizeof line);
	if (!*line || strstr(buf, line))
		return;
	snprintf(buf + n, size - n, "%s%s", n ? " " : "", line);
}

static void add_infos(const json_t *infos, char *buf, size_t size)
{
	if (json_is_object(infos))
		add_message(infos, buf, size);
	for (size_t i = 0; i < json_array_size(infos) && i < MESSAGES; i++)
		add_message(json_array_get(infos, i), buf, size);
}

static bool is_annotation(const char *key)
{
	const char *at = strchr(key, '@');

	return at && !strcmp(at, "@Message.ExtendedInfo");
}

/* "X@Message.ExtendedInfo" of an object, and of the objects in it. */
static void add_annotations(const json_t *object, unsigned depth, char *buf, size_t size)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		if (is_annotation(key))
			add_infos(value, buf, size);
		else if (depth && json_is_object(value))
			add_annotations(value, depth - 1, buf, size);
	}
}

const char *redfish_message(const json_t *body, char *buf, size_t size)
{
	const json_t *error = json_object_get(body, "error");
	char all[4 * REDFISH_LINE] = "";

	add_annotations(body, 1, all, sizeof all);
	if (!*all)
		snprintf(all, sizeof all, "%.*s", REDFISH_LINE, json_text(error, "message"));
	return plain_line(all, buf, size);
}

/* Power and boot */

enum redfish_state redfish_state(const json_t *system)
{
	static const char *const names[] = {[REDFISH_ON] = "On",
		[REDFISH_OFF] = "Off",
		[REDFISH_TURNING_ON] = "PoweringOn",
		[REDFISH_TURNING_OFF] = "PoweringOff"};
	const char *name = json_text(system, "PowerState");

	for (size_t i = REDFISH_ON; i < sizeof names / sizeof *names; i++)
		if (!strcmp(name, names[i]))
			return (enum redfish_state)i;
	return REDFISH_UNKNOWN;
}

static void word(const json_t *object, const char *key, char ret[REDFISH_WORD])
{
	plain_line(json_text(object, key), ret, REDFISH_WORD);
}

void redfish_boot(const json_t *system, struct redfish_boot *ret)
{
	const json_t *boot = json_object_get(system, "Boot");

	word(boot, "BootSourceOverrideTarget", ret->target);
	word(boot, "BootSourceOverrideEnabled", ret->enabled);
	word(boot, "BootSourceOverrideMode", ret->mode);
}

/* What is allowed */

const json_t *redfish_allowed(const json_t *object, const char *property)
{
	char key[REDFISH_LINE];
	const json_t *list;

	snprintf(key, sizeof key, "%s@Redfish.AllowableValues", property);
	list = json_object_get(object, key);
	return json_array_size(list) ? list : NULL;
}

const json_t *redfish_action_allowed(const json_t *info, const char *parameter)
{
	const json_t *all = json_object_get(info, "Parameters");

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *one = json_array_get(all, i);
		const json_t *list = json_object_get(one, "AllowableValues");

		if (!strcmp(json_text(one, "Name"), parameter))
			return json_array_size(list) ? list : NULL;
	}
	return NULL;
}

bool redfish_allows(const json_t *allowed, const char *value)
{
	for (size_t i = 0; i < json_array_size(allowed); i++) {
		const char *one = json_string_value(json_array_get(allowed, i));

		if (one && !strcmp(one, value))
			return true;
	}
	return !allowed;
}

const char *redfish_list(const json_t *allowed, char *buf, size_t size)
{
	char all[REDFISH_LINE] = "";
	size_t n = 0;

	for (size_t i = 0; i < json_array_size(allowed) && n < sizeof all; i++) {
		const char *one = json_string_value(json_array_get(allowed, i));

		if (one)
			n += (size_t)snprintf(
				all + n, sizeof all - n, "%s%.40s", n ? ", " : "", one);
	}
	return plain_line(all, buf, size);
}

const json_t *redfish_reset(const json_t *system)
{
	const json_t *actions = json_object_get(system, "Actions");

	return json_object_get(actions, "#ComputerSystem.Reset");
}
