/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/problems.h"
#include "usher/cli/machine_text.h"
#include "usher/cli/packages_text.h"
#include "usher/client/json_time.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { TEXT = 1024, FORTNIGHT_MS = 14 * 24 * 3600 * 1000 };

__attribute__((format(printf, 5, 6))) static void add(
	json_t *all, const char *what, const char *name, const char *text, const char *fix, ...)
{
	char made[TEXT];
	va_list ap;

	va_start(ap, fix);
	vsnprintf(made, sizeof made, fix, ap);
	va_end(ap);
	json_array_append_new(all,
		json_pack("{s:s, s:s, s:s, s:s}", "what", what, "name", name, "text", text, "fix",
			made));
}

static bool is(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* Segments */

static void look_at_pool(json_t *all, const char *segment, const json_t *pool, const char *family)
{
	char text[128];

	if (!json_is_object(pool) || number(pool, "used") < number(pool, "size"))
		return;
	snprintf(text, sizeof text, "its pool of %lld %s addresses is used up",
		(long long)number(pool, "size"), family);
	add(all, "segment", segment, text,
		"a larger <pool> in usher.xml, or a shorter lease; 'usher leases' says who has them");
}

/* Where usher leases there should be no other; where it does not, there has to be. */
static void look_at_others(json_t *all, const json_t *segment)
{
	json_t *other;
	char text[256];
	size_t i;

	json_array_foreach(json_object_get(segment, "others"), i, other)
	{
		if (!is(other, "forged") && strcmp(machine_text(segment, "mode"), "own") != 0)
			continue;
		snprintf(text, sizeof text, "%s: %s (%s)",
			is(other, "forged") ? "a DHCP server speaks in usher's name"
					    : "another DHCP server answers",
			machine_text(other, "address"), machine_text(other, "mac"));
		add(all, "dhcp", machine_text(segment, "name"), text,
			"find it by its MAC address and switch it off");
	}
}

static void look_at_segment(json_t *all, const json_t *s)
{
	const char *name = machine_text(s, "name");
	const json_t *six = json_object_get(s, "ipv6");

	const char *problem = machine_text(s, "problem");
	char text[TEXT];
	/* with mode auto usher listens first: nothing is wrong yet */
	bool unserved = !is(s, "serving") && !is(s, "relayed") &&
		strcmp(machine_text(s, "mode"), "auto") != 0;

	snprintf(text, sizeof text, "it is not served: %s", problem);
	if (*problem)
		add(all, "segment", name, text,
			"put that right, and usher serves it: it tries again every ten seconds");
	else if (unserved && is(s, "network"))
		add(all, "segment", name, "it is not served",
			"'usher network' says whether libvirt's network is there and active");
	else if (unserved)
		add(all, "segment", name, "it is not served",
			"see whether the interface is up and has an address: ip address show %s",
			*machine_text(s, "interface") ? machine_text(s, "interface") : name);
	if (*machine_text(six, "problem"))
		add(all, "segment", name, machine_text(six, "problem"), "see usher.xml(5), <ipv6>");
	if (!strcmp(machine_text(s, "mode"), "own")) {
		look_at_pool(all, name, json_object_get(s, "pool"), "IPv4");
		look_at_pool(all, name, json_object_get(six, "pool"), "IPv6");
	}
	look_at_others(all, s);
}

/* The service */

/* Bare metal needs no libvirt. */
static bool needs_libvirt(const json_t *status)
{
	json_t *s;
	size_t i;

	json_array_foreach(json_object_get(status, "segments"), i, s)
	{
		if (is(s, "network"))
			return true;
	}
	return number(status, "guests") > 0;
}

static void look_at_libvirt(json_t *all, const json_t *status)
{
	json_t *l;
	size_t i;

	if (!needs_libvirt(status))
		return;
	json_array_foreach(json_object_get(status, "libvirts"), i, l)
	{
		if (!is(l, "connected"))
			add(all, "libvirt", machine_text(l, "uri"), "usher is not connected to it",
				"see whether it runs: virsh -c %s uri", machine_text(l, "uri"));
	}
}

/* In a fortnight, or over. */
static void look_at_listener(json_t *all, const json_t *status, int64_t now_ms)
{
	const json_t *api = json_object_get(status, "api");
	int64_t until = json_time_ms(json_object_get(api, "certificate_until"));
	char text[128];

	if (*machine_text(api, "problem"))
		add(all, "api", machine_text(api, "address"), machine_text(api, "problem"),
			"put that right, and restart usher");
	if (!until || until - now_ms > FORTNIGHT_MS)
		return;
	snprintf(text, sizeof text, "its certificate %s %.10s", until < now_ms ? "ended" : "ends",
		machine_text(api, "certificate_until"));
	add(all, "api", machine_text(api, "address"), text,
		"put another where <api certificate=> of usher.xml says, and restart usher");
}

static void look_at_store(json_t *all, const json_t *status)
{
	const char *trouble = machine_text(json_object_get(status, "store"), "trouble");

	if (*trouble)
		add(all, "store", machine_text(status, "state"), trouble, "%s",
			"nothing that changes is done before it can be written");
}

/* Machines */

static const char *guest_fix(const json_t *m)
{
	const char *guest = machine_text(m, "guest_state");

	if (!strcmp(guest, "gone"))
		return "usher create %s --replace makes it anew, usher delete %s forgets it";
	if (!strcmp(guest, "paused"))
		return "if its disk's pool is full, make room there; then usher start %s";
	return "usher console %s --log shows why; usher start %s starts it";
}

static const char *fix_of(const json_t *m)
{
	const json_t *a = json_object_get(m, "attempt");

	if (json_is_object(json_object_get(a, "waiting")))
		return "usher confirm %s CODE: the code is on its screen";
	if (is(json_object_get(a, "live"), "looping"))
		return "usher show %s says what its boots came to; usher disarm %s ends them";
	if (!strcmp(machine_text(m, "state"), "failed"))
		return "usher show %s says more; usher reinstall %s installs it again";
	return guest_fix(m);
}

/* FIX with the machine's name wherever it has a %s. */
static void fill(const char *fix, const char *name, char *buf, size_t size)
{
	size_t n = 0, len = strlen(name);

	for (; *fix && n + len + 1 < size; fix++) {
		if (fix[0] != '%' || fix[1] != 's') {
			buf[n++] = *fix;
			continue;
		}
		memcpy(buf + n, name, len);
		n += len;
		fix++;
	}
	buf[n] = '\0';
}

static void look_at_machine(json_t *all, const json_t *m)
{
	const json_t *cause = json_object_get(json_object_get(m, "attempt"), "cause");
	const char *name = machine_text(m, "name"), *why = machine_reason(m);
	char text[TEXT], age[32], fix[TEXT];

	if (json_is_object(cause))
		why = machine_text(cause, "text");
	snprintf(text, sizeof text, "%s for %s: %s%s", machine_state_text(m),
		machine_age(m, age, sizeof age),
		json_is_object(cause) && !is(cause, "certain") ? "probably " : "", why);
	if (*machine_text(cause, "fix"))
		snprintf(fix, sizeof fix, "%s", machine_text(cause, "fix"));
	else
		fill(fix_of(m), name, fix, sizeof fix);
	add(all, "machine", name, text, "%s", fix);
}

/* Beside the service */

static void look_at_packages(json_t *all, const json_t *packages)
{
	if (packages && is(packages, "configured") && !is(packages, "running"))
		add(all, "packages", machine_text(packages, "dir"), packages_problem(packages),
			"machines fetch from mirrors themselves meanwhile; 'usher packages' says more");
}

/* What only profiles name that are shipped need not be there. */
static void look_at_medium(json_t *all, const json_t *m)
{
	if (*machine_text(m, "problem") && strcmp(machine_text(m, "source"), "profile") != 0)
		add(all, "medium", machine_text(m, "name"), machine_text(m, "problem"),
			"usher media %s says more; usher import puts it right",
			machine_text(m, "name"));
}

json_t *problems_find(
	const json_t *status, const json_t *packages, const json_t *media, int64_t now_ms)
{
	json_t *all = json_array(), *one;
	size_t i;

	json_array_foreach(json_object_get(status, "segments"), i, one) look_at_segment(all, one);
	look_at_libvirt(all, status);
	look_at_listener(all, status, now_ms);
	look_at_store(all, status);
	look_at_packages(all, packages);
	json_array_foreach(json_object_get(media, "media"), i, one) look_at_medium(all, one);
	json_array_foreach(json_object_get(json_object_get(status, "troubled"), "machines"), i, one)
		look_at_machine(all, one);
	return all;
}
