/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/power/redfish_quirks.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* How the vendor's name begins, in any case. Dell's and HPE's other peculiarities need no row: sessions are always deleted,
 * HttpBootUri is never sent, what did not take is read back. */
static const struct {
	const char *begin;
	unsigned quirks;
} vendors[] = {
	{"Supermicro", REDFISH_MODE_ALWAYS},
	{"Super Micro", REDFISH_MODE_ALWAYS},
	{"HPE", REDFISH_MODE_NEVER},
	{"Hewlett", REDFISH_MODE_NEVER},
	{"Dell", REDFISH_MODE_COSTS},
	{"ASRock", REDFISH_SETTINGS_FIRST},
	{"AMI", REDFISH_SETTINGS_FIRST},
	{"American Megatrends", REDFISH_SETTINGS_FIRST},
};

static unsigned of(const char *name)
{
	for (size_t i = 0; i < sizeof vendors / sizeof *vendors; i++)
		if (!strncasecmp(name, vendors[i].begin, strlen(vendors[i].begin)))
			return vendors[i].quirks;
	return 0;
}

unsigned redfish_quirks(const char *vendor, const char *manufacturer)
{
	return of(vendor) | of(manufacturer);
}
