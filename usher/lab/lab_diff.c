/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/lab/lab_diff.h"

#include <stdio.h>
#include <string.h>

/* A value for people. */
static const char *show(const json_t *v, char *buf, size_t size)
{
	if (json_is_integer(v))
		snprintf(buf, size, "%lld", (long long)json_integer_value(v));
	else if (json_is_string(v))
		snprintf(buf, size, "'%.60s'", json_string_value(v));
	else if (json_is_boolean(v))
		snprintf(buf, size, "%s", json_is_true(v) ? "yes" : "no");
	else
		snprintf(buf, size, "%s", v && !json_is_null(v) ? "another" : "not set");
	return buf;
}

static const char *show_mib(const json_t *v, char *buf, size_t size)
{
	if (!json_is_integer(v))
		return show(v, buf, size);
	snprintf(buf, size, "%lld", (long long)json_integer_value(v) >> 20);
	return buf;
}

static bool differ(
	const char *what, const json_t *want, const json_t *have, char *text, size_t size)
{
	char is[80], should[80];

	if (!want || json_equal(want, have))
		return false;
	if (json_is_string(want) && strlen(json_string_value(want)) > 60)
		snprintf(text, size, "its %s is another", what);
	else
		snprintf(text, size, "its %s is %s, not %s", what, show(have, is, sizeof is),
			show(want, should, sizeof should));
	return true;
}

/* One card: what the file says of it. */
static bool differ_nic(const json_t *want, const json_t *have, size_t i, char *text, size_t size)
{
	char what[64], n[32] = "";

	if (i)
		snprintf(n, sizeof n, " of card %zu", i + 1);
	snprintf(what, sizeof what, "network%s", n);
	if (differ(what, json_object_get(want, "segment"), json_object_get(have, "segment"), text,
		    size))
		return true;
	snprintf(what, sizeof what, "address%s", n);
	if (differ(what, json_object_get(want, "address"),
		    json_array_get(json_object_get(have, "addresses"), 0), text, size))
		return true;
	snprintf(what, sizeof what, "MAC%s", n);
	return differ(what, json_object_get(want, "mac"), json_object_get(have, "mac"), text, size);
}

static bool differ_nics(const json_t *want, const json_t *have, char *text, size_t size)
{
	const json_t *wants = json_object_get(want, "nics"), *nics = json_object_get(have, "nics");
	size_t n = wants ? json_array_size(wants) : 1;

	for (size_t i = 0; i < n; i++)
		if (differ_nic(wants ? json_array_get(wants, i) : want, json_array_get(nics, i), i,
			    text, size))
			return true;
	if (json_array_size(nics) == n)
		return false;
	snprintf(text, size, "it has %zu cards, not %zu", json_array_size(nics), n);
	return true;
}

static bool differ_disks(const json_t *want, const json_t *spec, char *text, size_t size)
{
	const json_t *wants = json_object_get(want, "disks"),
		     *disks = json_object_get(spec, "disks");
	char what[64];

	for (size_t i = 0; i < json_array_size(wants); i++) {
		const json_t *a = json_array_get(wants, i), *b = json_array_get(disks, i);

		snprintf(what, sizeof what, "disk %zu in bytes", i + 2);
		if (differ(what, json_object_get(a, "size"), json_object_get(b, "size"), text,
			    size))
			return true;
		snprintf(what, sizeof what, "pool of disk %zu", i + 2);
		if (differ(what, json_object_get(a, "pool"), json_object_get(b, "pool"), text,
			    size))
			return true;
	}
	if (json_array_size(wants) == json_array_size(disks))
		return false;
	snprintf(text, size, "it has %zu disks, not %zu", json_array_size(disks) + 1,
		json_array_size(wants) + 1);
	return true;
}

static bool differ_settings(json_t *want, json_t *have, char *text, size_t size)
{
	const char *name;
	json_t *v;

	json_object_foreach(want, name, v)
	{
		const char *now = json_string_value(json_object_get(have, name));

		if (now && (!strcmp(now, "(secret)") || json_equal(v, json_object_get(have, name))))
			continue;
		snprintf(
			text, size, "its setting '%.60s' is %s", name, now ? "another" : "not set");
		return true;
	}
	json_object_foreach(have, name, v) if (!json_object_get(want, name))
	{
		snprintf(text, size, "its setting '%.60s' is set", name);
		return true;
	}
	return false;
}

bool lab_diff_fixed(const json_t *want, const json_t *have, char *text, size_t size)
{
	static const struct {
		const char *key, *what;
	} plain[] = {{"disk", "disk in bytes"}, {"pool", "pool"}, {"cpu", "CPU"},
		{"firmware", "firmware"}, {"graphics", "graphics"}, {"os_variant", "OS variant"},
		{"connect", "host"}, {"domain", "<domain>"}, {"template", "template"}};
	const json_t *spec = json_object_get(have, "guest");
	json_t *keys = json_object_get(want, "ssh_keys");

	if (differ("profile", json_object_get(want, "profile"), json_object_get(have, "profile"),
		    text, size))
		return true;
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (differ(plain[i].what, json_object_get(want, plain[i].key),
			    json_object_get(spec, plain[i].key), text, size))
			return true;
	if (differ("seal", json_object_get(want, "sealed"), json_object_get(have, "sealed"), text,
		    size))
		return true;
	if (differ_nics(want, have, text, size) || differ_disks(want, spec, text, size))
		return true;
	if (json_object_get(want, "first_boot") &&
		!json_is_true(json_object_get(have, "first_boot"))) {
		snprintf(text, size, "it has no first-boot script");
		return true;
	}
	if (json_object_get(want, "template")) /* settings and keys are the template's */
		return false;
	if (differ_settings(json_object_get(want, "settings"), json_object_get(have, "settings"),
		    text, size))
		return true;
	if (!keys || json_equal(keys, json_object_get(have, "ssh_keys")))
		return false;
	snprintf(text, size, "its SSH keys are others");
	return true;
}

json_t *lab_diff_change(const json_t *want, const json_t *have, char *text, size_t size)
{
	static const struct {
		const char *key, *what, *unit;
	} all[] = {{"memory", "memory", " MiB"}, {"vcpus", "vcpus", ""},
		{"autostart", "autostart", ""}, {"description", "description", ""}};
	const json_t *spec = json_object_get(have, "guest");
	json_t *change = NULL;
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		json_t *v = json_object_get(want, all[i].key);
		const json_t *now = json_object_get(spec, all[i].key);
		char is[80], should[80];
		bool bytes = !strcmp(all[i].key, "memory");
		int n;

		if (!v || json_equal(v, now) || (json_is_false(v) && !now))
			continue;
		if (!change)
			change = json_object();
		json_object_set(change, all[i].key, v);
		n = snprintf(text + used, size - used, "%s%s %s -> %s%s", used ? ", " : "",
			all[i].what,
			bytes ? show_mib(now, is, sizeof is) : show(now, is, sizeof is),
			bytes ? show_mib(v, should, sizeof should) : show(v, should, sizeof should),
			all[i].unit);
		used = n < 0 || used + (size_t)n >= size ? size - 1 : used + (size_t)n;
	}
	return change;
}
