/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a controller's answer: read within bounds, what is shown of it is clean, and no link leads elsewhere; then as
 * a link, an ETag and a certificate. */
#include "core/json.h"
#include "core/plain.h"
#include "hooks/power/redfish_pin.h"
#include "hooks/power/redfish_plan.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void clean(const char *text, size_t size)
{
	size_t len = strnlen(text, size), n;
	bool cut;

	must(len < size);
	for (size_t i = 0; i < len; i += n) {
		uint32_t rune;

		n = plain_rune(text + i, len - i, &rune, &cut);
		must(n && !plain_is_hidden(rune));
	}
}

static void link_stays(const char *link)
{
	char path[REDFISH_PATH], again[REDFISH_PATH];

	if (!redfish_path(link, "bmc.lab", 443, path)) {
		must(!*path);
		return;
	}
	must(path[0] == '/' && path[1] != '/' && strlen(path) < REDFISH_PATH);
	must(!strpbrk(path, " \r\n\t#\\") && !strstr(path, "/../"));
	must(redfish_path(path, "bmc.lab", 443, again) && !strcmp(path, again));
}

static void read_lists(const json_t *j)
{
	const json_t *boot = json_object_get(j, "Boot"), *reset = redfish_reset(j);
	const json_t *all[] = {redfish_allowed(boot, "BootSourceOverrideTarget"),
		redfish_allowed(reset, "ResetType"), redfish_action_allowed(j, "ResetType")};
	char line[REDFISH_LINE];

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		redfish_list(all[i], line, sizeof line);
		clean(line, sizeof line);
	}
	link_stays(json_text(reset, "target"));
	link_stays(json_text(reset, "@Redfish.ActionInfo"));
}

static void read_boot(const json_t *j)
{
	struct redfish_attempt attempts[REDFISH_ATTEMPTS];
	const json_t *allowed =
		redfish_allowed(json_object_get(j, "Boot"), "BootSourceOverrideTarget");
	struct redfish_wish wish;
	struct redfish_boot now;
	char line[REDFISH_LINE];

	redfish_boot(j, &now);
	clean(now.target, sizeof now.target);
	clean(now.enabled, sizeof now.enabled);
	clean(now.mode, sizeof now.mode);
	redfish_wish(POWER_BOOT_HTTP, POWER_BOOT_HTTP, allowed, &wish);
	redfish_took(&wish, &now);
	clean(redfish_took_text(&wish, &now, line, sizeof line), sizeof line);
	must(redfish_attempts(0, &now, &wish, true, attempts) <= REDFISH_ATTEMPTS);
	json_decref(redfish_boot_body(&wish, &now, true));
}

static void read_object(const json_t *j)
{
	static const char *const links[] = {"Systems", "SessionService", "SettingsObject"};
	char line[REDFISH_LINE];

	clean(redfish_message(j, line, sizeof line), sizeof line);
	must(redfish_state(j) <= REDFISH_TURNING_OFF);
	read_boot(j);
	read_lists(j);
	for (size_t i = 0; i < sizeof links / sizeof *links; i++)
		link_stays(redfish_link(j, links[i]));
}

static void read_text(const char *text)
{
	char etags[REDFISH_ETAGS][REDFISH_ETAG], pin[POWER_PIN];
	size_t n = redfish_etags(text, etags);

	must(n >= 1 && n <= REDFISH_ETAGS);
	for (size_t i = 0; i < n; i++)
		must(strnlen(etags[i], REDFISH_ETAG) < REDFISH_ETAG);
	link_stays(text);
	if (!redfish_pin(text, pin))
		must(strlen(pin) == POWER_PIN - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);
	json_t *j = NULL;

	if (!text)
		return 0;
	memcpy(text, data, len);
	text[len] = '\0';
	if (!redfish_load((const char *)data, len, &j)) {
		read_object(j);
		json_decref(j);
	}
	read_text(text);
	free(text);
	return 0;
}
