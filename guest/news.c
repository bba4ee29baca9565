/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/news.h"

#include <libvirt/libvirt.h>
#include <stddef.h>

#define EV(name) VIR_DOMAIN_EVENT_##name

/* Those with a detail come before those with any other. A saved state is a stop from outside: it is not the guest's. A
 * definition that is updated says nothing of the guest. */
static const struct news_kind kinds[] = {
	{EV(STARTED), EV(STARTED_MIGRATED), GUEST_STARTED, GUEST_RUNNING, "migrated to here"},
	{EV(STARTED), EV(STARTED_RESTORED), GUEST_STARTED, GUEST_RUNNING,
		"started from its saved state"},
	{EV(STARTED), EV(STARTED_FROM_SNAPSHOT), GUEST_STARTED, GUEST_RUNNING,
		"runs from a snapshot"},
	{EV(STARTED), EV(STARTED_WAKEUP), GUEST_STARTED, GUEST_RUNNING, "woken up"},
	{EV(STARTED), -1, GUEST_STARTED, GUEST_RUNNING, "started from outside (virsh start)"},

	/* guests_config.disk_error says more */
	{EV(SUSPENDED), EV(SUSPENDED_IOERROR), GUEST_PAUSED, GUEST_HELD, NULL},
	{EV(SUSPENDED), EV(SUSPENDED_WATCHDOG), GUEST_PAUSED, GUEST_HELD, "paused by its watchdog"},
	{EV(SUSPENDED), EV(SUSPENDED_FROM_SNAPSHOT), GUEST_PAUSED, GUEST_HELD,
		"reverted to a snapshot in which it is paused"},
	{EV(SUSPENDED), EV(SUSPENDED_API_ERROR), GUEST_PAUSED, GUEST_HELD,
		"paused: libvirt failed during an operation"},
	{EV(SUSPENDED), -1, GUEST_PAUSED, GUEST_HELD, "paused from outside (virsh suspend)"},

	{EV(PMSUSPENDED), -1, GUEST_PAUSED, GUEST_HELD, "suspended itself (usher start wakes it)"},

	{EV(RESUMED), EV(RESUMED_FROM_SNAPSHOT), GUEST_RESUMED, GUEST_RUNNING,
		"runs from a snapshot"},
	{EV(RESUMED), -1, GUEST_RESUMED, GUEST_RUNNING, "resumed"},

	{EV(STOPPED), EV(STOPPED_SHUTDOWN), GUEST_STOPPED_SELF, GUEST_OFF, "shut off"},
	{EV(STOPPED), EV(STOPPED_CRASHED), GUEST_KILLED, GUEST_CRASHED, "crashed"},
	{EV(STOPPED), EV(STOPPED_FAILED), GUEST_KILLED, GUEST_CRASHED, "its QEMU died"},
	{EV(STOPPED), EV(STOPPED_MIGRATED), GUEST_KILLED, GUEST_GONE, "migrated to another host"},
	{EV(STOPPED), EV(STOPPED_SAVED), GUEST_KILLED, GUEST_OFF,
		"saved to disk from outside (virsh managedsave)"},
	{EV(STOPPED), EV(STOPPED_FROM_SNAPSHOT), GUEST_KILLED, GUEST_OFF, "reverted to a snapshot"},
	{EV(STOPPED), -1, GUEST_KILLED, GUEST_OFF, "stopped from outside (virsh destroy)"},

	{EV(CRASHED), -1, GUEST_PANICKED, GUEST_CRASHED, "its kernel panicked"},

	{EV(DEFINED), EV(DEFINED_RENAMED), GUEST_RENAMED, GUEST_UNKNOWN, "renamed"},
	{EV(DEFINED), -1, GUEST_DEFINED, GUEST_UNKNOWN, "defined"},
	/* the other detail is the old name's part of a renaming */
	{EV(UNDEFINED), EV(UNDEFINED_REMOVED), GUEST_UNDEFINED, GUEST_GONE,
		"undefined from outside"},
};

const struct news_kind *news_kind(int event, int detail)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (kinds[i].event == event && (kinds[i].detail == detail || kinds[i].detail == -1))
			return &kinds[i];
	return NULL;
}
