/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_facts.h"

#include "machine/watch.h"

#include <stdio.h>

/* Later the system that is installed asks, too, and renews. */
static bool boots(const struct machine *m)
{
	return m && m->facts &&
		(m->state == LIFE_ARMED || m->state == LIFE_BOOTING || m->state == LIFE_LIVE);
}

void dhcp_facts_asked(const struct machine *m, struct dhcp_firmware w)
{
	char text[DHCP_CLIENT_TEXT];

	if (boots(m))
		machine_saw(m, SAW_REQUEST, dhcp_boot_client_text(w, text));
}

void dhcp_facts_message(const struct machine *m, const struct dhcp_message *msg)
{
	struct dhcp_firmware w = dhcp_firmware_of(msg);
	enum dhcp_client client = dhcp_boot_client(w);

	if (m && msg->has_uuid && client != DHCP_CLIENT_SYSTEM)
		machine_identified(m, client, msg->uuid);
	dhcp_facts_asked(m, w);
}

void dhcp_facts_told(const struct machine *m, const struct dhcp_boot *boot)
{
	if (!boots(m))
		return;
	if (boot->boots)
		machine_saw(m, boot->tftp ? TOLD_TFTP : TOLD_HTTP, boot->file);
	if (boot->unserved)
		machine_saw(m, SAW_UNSERVED, NULL);
}

void dhcp_facts_leased(
	const struct machine *m, const struct ip *address, const struct dhcp_boot *boot)
{
	char ip[IP_TEXT];

	if (!boots(m))
		return;
	machine_saw(m, SAW_LEASE, ip_format(address, ip));
	if (boot)
		dhcp_facts_told(m, boot);
}

void dhcp_facts_refused(const struct machine *m, enum dhcp_reason reason)
{
	if (!boots(m))
		return;
	if (reason == DHCP_POOL_FULL)
		machine_saw(m, SAW_POOL_FULL, NULL);
	else if (reason != DHCP_FINE && reason != DHCP_OTHER_SERVER)
		machine_saw(m, SAW_NO_ADDRESS, dhcp_reason_text(reason));
}

void dhcp_facts_withheld(const struct machine *m, const char *text)
{
	machine_tell(m, "refused", text);
	machine_saw(m, SAW_WITHHELD, text);
}
