/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changing a guest's persistent definition by libvirt's own calls, which leave alone what somebody has edited there. */
#include "guest/ops.h"

#include "guest/virt.h"

#include <errno.h>
#include <stdio.h>

/* The most that it may have, and what it starts with: one number with us. Growing, the most goes first; libvirt takes the other down
 * with it when it shrinks. */
static int change_memory(struct op *op, virDomainPtr d, unsigned mib)
{
	unsigned long kib = (unsigned long)mib << 10;

	if (virDomainSetMemoryFlags(d, kib, VIR_DOMAIN_AFFECT_CONFIG | VIR_DOMAIN_MEM_MAXIMUM) <
			0 ||
		virDomainSetMemoryFlags(d, kib, VIR_DOMAIN_AFFECT_CONFIG) < 0)
		return virt_error(op->why, GUEST_WHY, "memory of %u MiB", mib);
	return 0;
}

static int change_vcpus(struct op *op, virDomainPtr d, unsigned n)
{
	if (virDomainSetVcpusFlags(d, n, VIR_DOMAIN_AFFECT_CONFIG | VIR_DOMAIN_VCPU_MAXIMUM) < 0 ||
		virDomainSetVcpusFlags(d, n, VIR_DOMAIN_AFFECT_CONFIG) < 0)
		return virt_error(op->why, GUEST_WHY, "%u vcpus", n);
	return 0;
}

static int change_description(struct op *op, virDomainPtr d, const char *text)
{
	unsigned flags = VIR_DOMAIN_AFFECT_CONFIG;

	if (virDomainIsActive(d) == 1)
		flags |= VIR_DOMAIN_AFFECT_LIVE;
	if (virDomainSetMetadata(
		    d, VIR_DOMAIN_METADATA_DESCRIPTION, *text ? text : NULL, NULL, NULL, flags) < 0)
		return virt_error(op->why, GUEST_WHY, "its description");
	return 0;
}

static int find(struct op *op, const char *name, const char *uuid, virDomainPtr *ret)
{
	int rc = ops_find(op, name, uuid, ret);

	if (rc == -ENOENT)
		snprintf(op->why, GUEST_WHY, "there is no domain %s", name);
	return rc;
}

int ops_change(struct op *op, const char *name, const char *uuid, const struct guest_change *change)
{
	virDomainPtr d;
	int rc = find(op, name, uuid, &d);

	if (rc)
		return rc;
	if (change->memory_mib)
		rc = change_memory(op, d, change->memory_mib);
	if (!rc && change->vcpus)
		rc = change_vcpus(op, d, change->vcpus);
	if (!rc && change->description)
		rc = change_description(op, d, change->description);
	if (!rc && change->autostart >= 0 && virDomainSetAutostart(d, change->autostart) < 0)
		rc = virt_error(op->why, GUEST_WHY, "its autostart");
	virDomainFree(d);
	return rc;
}

int ops_shutdown(struct op *op, const char *name, const char *uuid)
{
	virDomainPtr d;
	int rc = find(op, name, uuid, &d);

	if (rc)
		return rc;
	if (virDomainShutdownFlags(d, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) < 0 &&
		virDomainShutdown(d) < 0)
		rc = virt_error(op->why, GUEST_WHY, "shutting it down");
	virDomainFree(d);
	return rc;
}
