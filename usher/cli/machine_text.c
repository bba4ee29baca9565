/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/machine_text.h"
#include "usher/client/json_time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const char *machine_text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

const char *machine_address(const json_t *machine)
{
	json_t *nic = json_array_get(json_object_get(machine, "nics"), 0);
	const char *a = json_string_value(json_array_get(json_object_get(nic, "addresses"), 0));

	return a ? a : "-";
}

const char *machine_state_text(const json_t *m)
{
	return json_is_true(json_object_get(m, "template")) ? "template" : machine_text(m, "state");
}

const char *machine_reason(const json_t *m)
{
	static const char *const words[][2] = {{"off", "its guest is off"},
		{"paused", "its guest is paused"}, {"crashed", "its guest crashed"},
		{"gone", "its guest is gone"}};
	const char *reason = machine_text(json_object_get(m, "attempt"), "reason");
	const json_t *live = json_object_get(json_object_get(m, "attempt"), "live");
	const json_t *cause = json_object_get(json_object_get(m, "attempt"), "cause");

	if (json_is_object(json_object_get(json_object_get(m, "attempt"), "waiting")))
		return "waits for: usher confirm";
	if (json_is_true(json_object_get(live, "looping")))
		return "boots again and again";
	if (*reason || json_is_true(json_object_get(m, "template")))
		return reason;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(machine_text(m, "guest_state"), words[i][0]))
			return words[i][1];
	if (json_is_object(cause)) /* `usher show` says whether that is certain */
		return machine_text(cause, "text");
	if (live && !json_is_null(live) && !*machine_text(live, "up_at"))
		return *machine_text(live, "booted_at") ? "boots" : "waits for its boot";
	return "";
}

const char *machine_age_of(const json_t *object, const char *key, char *buf, size_t size)
{
	long long s = (long long)time(NULL) - json_time_ms(json_object_get(object, key)) / 1000;

	if (s < 0)
		s = 0;
	if (s < 60)
		snprintf(buf, size, "%llds", s);
	else if (s < 3600)
		snprintf(buf, size, "%lldm%02llds", s / 60, s % 60);
	else if (s < 86400)
		snprintf(buf, size, "%lldh%02lldm", s / 3600, s / 60 % 60);
	else
		snprintf(buf, size, "%lldd%02lldh", s / 86400, s / 3600 % 24);
	return buf;
}

const char *machine_age(const json_t *m, char *buf, size_t size)
{
	return machine_age_of(m, "since", buf, size);
}
