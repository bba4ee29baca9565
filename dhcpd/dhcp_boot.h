/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What this firmware, at this stage, should load. Pure. A machine that is not armed gets nothing at
 * all from here: its disk is next in the boot order.
 */
#ifndef USHER_DHCPD_DHCP_BOOT_H
#define USHER_DHCPD_DHCP_BOOT_H

#include "dhcpd/dhcp6_wire.h"
#include "dhcpd/dhcp_wire.h"
#include "machine/machine.h"
#include "machine/segment.h"

/* Which boot program each firmware gets: names below the TFTP root, and below /boot/ on HTTP. */
struct dhcp_loaders {
	const char *bios, *efi_x64, *efi_arm64;
	const char *http_x64, *http_arm64; /* UEFI HTTP Boot */
};
extern const struct dhcp_loaders DHCP_LOADERS; /* iPXE's, as the distributions name them */

struct dhcp_boot_for {
	bool armed;
	const char *token;  /* of the boot that would begin now */
	struct ip server;   /* our address there, of the family of the message */
	uint16_t http_port; /* 80 is not written out */
	const struct dhcp_loaders *loaders;
};

enum dhcp_client {
	DHCP_CLIENT_SYSTEM, /* an operating system or installer: no firmware */
	DHCP_CLIENT_IPXE,
	DHCP_CLIENT_PXE,
	DHCP_CLIENT_HTTP, /* UEFI HTTP Boot */
};

struct dhcp_boot {
	bool boots;    /* else all the rest is empty */
	bool unserved; /* it would boot, and there is no program for its firmware */
	uint32_t next_server;
	char file[DHCP_FILE_MAX + 1]; /* of IPv6: a URL */
	const char *vendor_class;     /* option 60, or "" */
	const uint8_t *vendor;        /* option 43 */
	size_t vendor_len;
	bool no_proxy; /* iPXE need not wait for a proxy's offer */
	bool tftp;     /* the file is on TFTP: option 66 makes sense */
	bool secret;   /* the file's name has the machine's token: dhcp_secret.h */
};

/* What a message of either family says of the software that sent it. Borrows from it. */
struct dhcp_firmware {
	bool ipxe;
	uint16_t arch;            /* DHCP_ARCH_NONE: not said */
	const char *vendor_class; /* or "" */
};
struct dhcp_firmware dhcp_firmware_of(const struct dhcp_message *m);
struct dhcp_firmware dhcp6_firmware_of(const struct dhcp6_message *m);

/* A mark of it. Stored with leases, so the same on every run. */
uint32_t dhcp_boot_stage(struct dhcp_firmware w);

/* Is it UEFI? False, and `ret` is left, when it does not say what it is. */
bool dhcp_boot_uefi(struct dhcp_firmware w, bool *ret);
enum dhcp_client dhcp_boot_client(struct dhcp_firmware w);
/* For people: "iPXE", "PXE, BIOS", "PXE, arch 22 (U-Boot arm64)", the vendor class of a system, or "". */
enum { DHCP_CLIENT_TEXT = 64 };
const char *dhcp_boot_client_text(struct dhcp_firmware w, char buf[DHCP_CLIENT_TEXT]);
/* Options 60 and 43 as PXE wants them. */
void dhcp_boot_as_pxe(struct dhcp_boot *b);
struct dhcp_boot dhcp_boot_decide(struct dhcp_firmware w, const struct dhcp_boot_for *f);
/* The boot programs that an attempt's snapshot names replace those in `ret`. */
typedef void (*dhcp_programs)(const json_t *snapshot, struct dhcp_loaders *ret);
/* The same for a machine as it is now on this segment; NULL: no record of this MAC. `programs` may
 * be NULL. */
struct dhcp_boot dhcp_boot_machine(struct dhcp_firmware w, enum ip_family family,
	const struct segment *s, const struct machine *machine, dhcp_programs programs);

/* The same for a card without a record where machines are discovered: iPXE, by the usual programs, and its script under the
 * token. That is NULL where there is none. */
struct dhcp_boot dhcp_boot_stranger(
	struct dhcp_firmware w, enum ip_family family, const struct segment *s, const char *token);

#endif
