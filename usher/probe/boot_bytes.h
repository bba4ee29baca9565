/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a boot file is, told by its first bytes and by nothing else. Pure. */
#ifndef USHER_USHER_PROBE_BOOT_BYTES_H
#define USHER_USHER_PROBE_BOOT_BYTES_H

#include <stddef.h>
#include <stdint.h>

enum { BOOT_BYTES_HEAD = 4096 }; /* more than these say nothing further */

enum boot_bytes {
	BOOT_BYTES_NONE, /* empty */
	BOOT_BYTES_RAW, /* none of the others: machine code as BIOS starts it, a disk's sector, anything */
	BOOT_BYTES_EFI_X64, /* PE (PE/COFF 8.1, 2.3.1) for this machine … */
	BOOT_BYTES_EFI_IA32,
	BOOT_BYTES_EFI_ARM64,
	BOOT_BYTES_EFI_OTHER,
	BOOT_BYTES_LINUX, /* bzImage (Documentation/arch/x86/boot.rst: HdrS), with an EFI stub or without */
	BOOT_BYTES_SCRIPT, /* #!ipxe, #!gpxe */
	BOOT_BYTES_HTML,   /* an error page, as a rule */
	BOOT_BYTES_ELF,
	BOOT_BYTES_PACKED, /* gzip, xz, zstd, or a cpio archive: an initrd */
	BOOT_BYTES_TEXT,   /* printable, and no script of iPXE */
};

enum boot_bytes boot_bytes_of(const void *head, size_t len);
const char *boot_bytes_name(enum boot_bytes b); /* "a program for UEFI x86-64" */

#endif
