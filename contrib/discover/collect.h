/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of an inventory, each as members of the object that is open. Reads only. */
#ifndef USHER_CONTRIB_DISCOVER_COLLECT_H
#define USHER_CONTRIB_DISCOVER_COLLECT_H

#include "contrib/discover/say.h"

/* As machine/inventory.h has them: more would be refused. */
enum { COLLECT_DISKS = 128, COLLECT_INTERFACES = 64, COLLECT_PCI = 512 };

void collect_firmware(struct say *s);   /* system, board, chassis, firmware */
void collect_computer(struct say *s);   /* cpu, memory_mib, pci */
void collect_disks(struct say *s);      /* disks */
void collect_controller(struct say *s); /* controller: what /dev/ipmi0 knows */

/* Switches all cards on, waits for carriers and listens for switches, `seconds` at most. `booted`: the MAC that the machine
 * booted by, or "". */
struct collect_interfaces {
	const char *booted;
	unsigned seconds;
};
void collect_interfaces(struct say *s, const struct collect_interfaces *how);

#endif
