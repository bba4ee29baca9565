/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kernel files say, cleaned: texts of firmware and drives, CPUs, numbers of chassis. Pure. */
#ifndef USHER_CONTRIB_DISCOVER_FACTS_H
#define USHER_CONTRIB_DISCOVER_FACTS_H

#include <stddef.h>
#include <stdint.h>

/* A file's bytes as one line: control characters and NULs are blanks, none in front, behind, or two in a row. Gives its
 * length. */
size_t facts_text(const void *bytes, size_t len, char *buf, size_t size);
/* SMBIOS's number of a kind of chassis (DSP0134, 7.4.1): "rack mount chassis"; "": it has none. */
const char *facts_chassis(unsigned number);

struct facts_cpu {
	char model[128];
	int sockets, cores, threads; /* 0: not said */
};
/* Of /proc/cpuinfo's text. */
void facts_cpu(const char *text, struct facts_cpu *ret);
/* A drive's page of vital data 0x80 (SPC-4, 7.8.15): its serial. */
void facts_serial_page(const uint8_t *page, size_t len, char *buf, size_t size);
/* The kernel's "wwid" of a drive: its world wide name "naa.5000c500a1b2c3d4"; "" when it has made one up of model and
 * serial. */
void facts_wwn(const char *wwid, char *buf, size_t size);
/* Where a device is in /sys: the last PCI address of the path, "0000:00:03.0", or "". */
void facts_pci_of(const char *path, char buf[16]);
/* How a disk is connected, by its name and where it is in /sys: "ata", "scsi", "nvme", "virtio", "usb", "other". */
const char *facts_bus(const char *name, const char *path);

/* A controller's answer to Get LAN Configuration Parameters (IPMI 2.0, 23.2), completion code first, of these parameters.
 * "": it has none. */
enum { FACTS_LAN_IP = 3, FACTS_LAN_MAC = 5, FACTS_LAN_STATIC6 = 56, FACTS_LAN_DYNAMIC6 = 59 };
enum { FACTS_LAN_TEXT = 46 };
void facts_lan(unsigned parameter, const uint8_t *answer, size_t len, char ret[FACTS_LAN_TEXT]);

#endif
