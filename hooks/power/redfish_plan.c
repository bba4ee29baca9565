/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/power/redfish_plan.h"

#include "hooks/power/redfish_quirks.h"

#include <stdio.h>
#include <string.h>

enum {
	PAUSE_MS = 500, /* the first; each is twice as long as the one before */
	TRIES = 6,
	AFTER_MAX_S = 30,
};

/* Power */

#define ON(type)                 \
	{                        \
		type, REDFISH_ON \
	}
#define OFF(type)                 \
	{                         \
		type, REDFISH_OFF \
	}

static const struct redfish_way ways_on[] = {
	{{ON("On")}},
	{{ON("ForceOn")}},
	{{ON("PushPowerButton")}},
};

/* What asks an operating system comes last: without one nobody listens. */
static const struct redfish_way ways_off[] = {
	{{OFF("ForceOff")}},
	{{OFF("GracefulShutdown")}},
};

static const struct redfish_way ways_cycle[] = {
	{{ON("ForceRestart")}},
	{{ON("PowerCycle")}},
	{{OFF("ForceOff"), ON("On")}},
	{{OFF("ForceOff"), ON("ForceOn")}},
	{{ON("FullPowerCycle")}},
	{{ON("GracefulRestart")}},
};

#define WAYS(ways) (*ret_n = sizeof(ways) / sizeof *(ways), ways)

const struct redfish_way *redfish_ways(
	enum power_verb verb, enum redfish_state state, size_t *ret_n)
{
	*ret_n = 0;
	if (verb == POWER_OFF)
		return state == REDFISH_OFF ? NULL : WAYS(ways_off);
	if (state == REDFISH_OFF || state == REDFISH_TURNING_OFF)
		return WAYS(ways_on);
	if (verb == POWER_CYCLE)
		return WAYS(ways_cycle);
	return state == REDFISH_UNKNOWN ? WAYS(ways_on) : NULL;
}

bool redfish_way_allowed(const struct redfish_way *w, const json_t *allowed)
{
	for (size_t i = 0; i < REDFISH_STEPS; i++)
		if (w->steps[i].type && !redfish_allows(allowed, w->steps[i].type))
			return false;
	return true;
}

/* Boot */

static const char *mode_wanted(enum power_boot boot, enum power_boot said)
{
	if (boot != POWER_BOOT_BIOS)
		return "UEFI";
	return said == POWER_BOOT_BIOS ? "Legacy" : NULL;
}

bool redfish_wish(
	enum power_boot boot, enum power_boot said, const json_t *allowed, struct redfish_wish *ret)
{
	bool http = boot == POWER_BOOT_HTTP;

	*ret = (struct redfish_wish){
		.target = http ? "UefiHttp" : "Pxe", .mode = mode_wanted(boot, said)};
	if (http && !redfish_allows(allowed, ret->target)) {
		ret->target = "Pxe";
		ret->instead = true;
	}
	return redfish_allows(allowed, ret->target);
}

static bool is_mode_wanted(const struct redfish_wish *wish, const struct redfish_boot *now)
{
	return wish->mode && *now->mode && strcmp(wish->mode, now->mode) != 0;
}

/* With the mode first where it is needed or known to be; the other way round at last, unless it is known to be no use. */
size_t redfish_attempts(unsigned quirks, const struct redfish_boot *now,
	const struct redfish_wish *wish, bool has_settings,
	struct redfish_attempt ret[REDFISH_ATTEMPTS])
{
	bool may = *now->mode && !(quirks & REDFISH_MODE_NEVER), needed = is_mode_wanted(wish, now);
	bool first = may && (needed || quirks & REDFISH_MODE_ALWAYS);
	bool other = first || (may && !(quirks & REDFISH_MODE_COSTS));
	bool settings = has_settings && quirks & REDFISH_SETTINGS_FIRST;
	size_t n = 0;

	for (int m = 0; m < 1 + other; m++)
		for (int place = 0; place < 1 + has_settings; place++)
			ret[n++] = (struct redfish_attempt){
				place ? !settings : settings, m ? !first : first};
	return n;
}

json_t *redfish_boot_body(
	const struct redfish_wish *wish, const struct redfish_boot *now, bool mode)
{
	json_t *boot = json_pack("{s:s, s:s}", "BootSourceOverrideTarget", wish->target,
		"BootSourceOverrideEnabled", "Once");

	if (mode)
		json_object_set_new(boot, "BootSourceOverrideMode",
			json_string(wish->mode ? wish->mode : now->mode));
	return json_pack("{s:o}", "Boot", boot);
}

enum redfish_took redfish_took(const struct redfish_wish *wish, const struct redfish_boot *now)
{
	bool once = !strcmp(now->enabled, "Once");

	if (strcmp(now->target, wish->target) != 0)
		return REDFISH_TOOK_NOT;
	if (!once && strcmp(now->enabled, "Continuous") != 0)
		return REDFISH_TOOK_NOT;
	return once && !is_mode_wanted(wish, now) ? REDFISH_TOOK : REDFISH_TOOK_OTHERWISE;
}

static const char *or_none(const char *word)
{
	return *word ? word : "nothing";
}

const char *redfish_took_text(
	const struct redfish_wish *wish, const struct redfish_boot *now, char *buf, size_t size)
{
	bool mode = is_mode_wanted(wish, now);

	snprintf(buf, size, "asked for %s once%s%s, the controller says %s/%s%s%s", wish->target,
		mode ? " in mode " : "", mode ? wish->mode : "", or_none(now->target),
		or_none(now->enabled), mode ? " in mode " : "", mode ? now->mode : "");
	return buf;
}

/* ETags: RFC 9110 8.8.3. */

static void add_etag(char ret[REDFISH_ETAGS][REDFISH_ETAG], size_t *n, const char *etag)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(ret[i], etag))
			return;
	snprintf(ret[(*n)++], REDFISH_ETAG, "%s", etag);
}

size_t redfish_etags(const char *given, char ret[REDFISH_ETAGS][REDFISH_ETAG])
{
	bool weak = !strncmp(given, "W/", 2);
	size_t n = 0;

	if (*given)
		add_etag(ret, &n, given);
	if (weak)
		add_etag(ret, &n, given + 2);
	add_etag(ret, &n, "");
	add_etag(ret, &n, "*");
	return n;
}

/* Patience */

static bool is_transient(long code)
{
	return !code || code == 409 || code == 429 || code == 502 || code == 503 || code == 504;
}

int redfish_pause(unsigned tries, long code, unsigned after_s)
{
	if (!is_transient(code) || tries >= TRIES)
		return -1;
	if (after_s)
		return (int)(after_s < AFTER_MAX_S ? after_s : AFTER_MAX_S) * 1000;
	return PAUSE_MS << (tries ? tries - 1 : 0);
}
