/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/lab/list.h"

#include "core/json.h"
#include "core/wipe.h"
#include "hooks/power/power_target.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *take_mac(const char *text)
{
	char canonical[MAC_TEXT];
	struct mac mac;

	return mac_parse(text, &mac) ? NULL : json_string(mac_format(&mac, canonical));
}

static json_t *take_ip(const char *text)
{
	struct ip ip;

	return ip_parse(text, &ip) ? NULL : json_string(text);
}

#define LIST_MAC take_mac, "a MAC like 52:54:00:12:34:56"
#define LIST_IP take_ip, "an IPv4 or IPv6 address"

const struct lab_attribute list_attributes[] = {{"name", "name", LAB_TEXT, true},
	{"mac", "mac", LIST_MAC, true}, {"address", "address", LIST_IP, false},
	{"profile", "profile", LAB_WORD, false}, {"segment", "segment", LAB_WORD, false},
	{"power", "power", LAB_TEXT, false}, {"arm", "arm", LAB_YES_NO, false},
	{"sealed", "sealed", LAB_YES_NO, false}, {"labels", "labels", LAB_LABELS, false},
	{"note", "note", LAB_TEXT, false}, {0}};

void list_fault(struct listing *g, long line, const char *fmt, ...)
{
	struct markup_reader *r = &g->r;
	size_t used = r->faults ? strlen(r->why) : 0;
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	n = snprintf(r->why + used, r->why_size - used, "%s%s:%ld: %s", used ? "\n" : "", r->path,
		line, text);
	if (used && (n < 0 || (size_t)n >= r->why_size - used))
		r->why[used] = '\0'; /* what does not fit whole is left out */
	r->faults++;
	r->rc = r->rc ? r->rc : -EINVAL;
}

/* Is it another machine's of the list? */
static bool is_taken(struct listing *g, long line, const char *key, const char *what)
{
	json_int_t before = json_integer_value(json_object_get(g->taken, key));

	if (before)
		list_fault(g, line, "%s is taken on line %lld", what, (long long)before);
	else
		json_object_set_new(g->taken, key, json_integer(line));
	return before;
}

/* A name for all of the list; MACs and addresses for each segment. */
static bool any_taken(struct listing *g, long line, const json_t *said)
{
	static const char *const keys[] = {"mac", "address"};
	const char *name = json_text(said, "name"), *segment = json_text(said, "segment");
	char key[256], what[128];
	bool taken;

	snprintf(key, sizeof key, "name %s", name);
	snprintf(what, sizeof what, "the name '%.63s'", name);
	taken = is_taken(g, line, key, what);
	for (size_t i = 0; i < 2; i++) {
		const char *value = json_text(said, keys[i]);

		snprintf(key, sizeof key, "%s %s %s", keys[i], segment, value);
		snprintf(what, sizeof what, "%s %s", i ? "address" : "MAC", value);
		if (*value)
			taken |= is_taken(g, line, key, what);
	}
	return taken;
}

static void check_power(struct listing *g, long line, const char *power)
{
	struct power_target t;
	char why[300];

	if (*power && power_target_parse(power, &t, why, sizeof why))
		list_fault(g, line, "power: %s", why);
}

void list_add(struct listing *g, long line, json_t *said)
{
	const char *name = json_text(said, "name"), *error = machine_name_error(name);
	struct lab_machine *m = &g->lab->machines[g->lab->n_machines];

	check_power(g, line, json_text(said, "power"));
	if (!*name || !*json_text(said, "mac"))
		return; /* that it lacks them, or what is wrong with them, is said */
	if (error)
		list_fault(g, line, "'%.80s' cannot be a machine's name: %s", name, error);
	else if (any_taken(g, line, said))
		;
	else if (g->lab->n_machines == LIST_MACHINES_MAX)
		list_fault(g, line, "a list has at most %d machines", LIST_MACHINES_MAX);
	else {
		snprintf(m->name, sizeof m->name, "%s", name);
		m->line = line;
		m->body = json_incref(said);
		g->lab->n_machines++;
	}
}

/* XML begins with a bracket, behind white space and a byte order mark. */
static bool is_xml(const char *text, size_t len)
{
	size_t i = len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;

	while (i < len && strchr(" \t\r\n", text[i]) && text[i])
		i++;
	return i < len && text[i] == '<';
}

int list_read(
	const char *text, size_t len, const char *path, struct lab **ret, char *why, size_t size)
{
	struct listing g = {.lab = lab_new(), .taken = json_object()};
	int rc = -ENOMEM;

	snprintf(why, size, "%s: out of memory", path);
	if (g.lab && g.taken) {
		g.r = (struct markup_reader){
			.path = path, .why = why, .why_size = size, .all = true};
		if (len > LAB_FILE_MAX)
			list_fault(&g, 1, "a list has at most %d bytes", LAB_FILE_MAX);
		else if (is_xml(text, len))
			list_read_xml(&g, text, len);
		else
			list_read_csv(&g, text, len);
		if (!g.r.rc && !g.lab->n_machines)
			list_fault(&g, 1, "no machine is in it");
		rc = g.r.rc;
	}
	json_decref(g.taken);
	if (rc)
		lab_free(g.lab);
	else
		*ret = g.lab;
	return rc;
}

int list_load(const char *path, struct lab **ret, char *why, size_t size)
{
	return lab_load_by(list_read, path, ret, why, size);
}
