/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of vendors' controllers that they do not say themselves: data, one row a vendor. All else follows from what
 * a controller advertises and answers (redfish_plan.h). Pure.
 */
#ifndef USHER_HOOKS_POWER_REDFISH_QUIRKS_H
#define USHER_HOOKS_POWER_REDFISH_QUIRKS_H

enum redfish_quirk {
	REDFISH_MODE_ALWAYS = 1 << 0, /* without BootSourceOverrideMode the override reverts */
	REDFISH_MODE_NEVER = 1 << 1,  /* BootSourceOverrideMode is read-only */
	REDFISH_MODE_COSTS =
		1 << 2, /* one that is sent without need queues a job, which takes a boot */
	REDFISH_SETTINGS_FIRST = 1
		<< 3, /* the override is set in the system's settings object, not in itself */
};

/* `vendor` of the service root, `manufacturer` of the system; "" is not known. 0: nothing special. */
unsigned redfish_quirks(const char *vendor, const char *manufacturer);

#endif
