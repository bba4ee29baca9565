/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/probe/boot_bytes.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum {
	PE_OFFSET_AT = 0x3c,
	HDRS_AT = 0x202,
	MACHINE_IA32 = 0x014c,
	MACHINE_X64 = 0x8664,
	MACHINE_ARM64 = 0xaa64,
	TEXT_LOOKED_AT = 64,
};

static bool has(const uint8_t *p, size_t len, size_t at, const char *what, size_t n)
{
	return len >= n && at <= len - n && !memcmp(p + at, what, n);
}

static bool begins(const uint8_t *p, size_t len, const char *what)
{
	return has(p, len, 0, what, strlen(what));
}

static uint32_t le(const uint8_t *p, size_t bytes)
{
	uint32_t v = 0;

	while (bytes--)
		v = v << 8 | p[bytes];
	return v;
}

/* The machine that a PE header names, or 0: it is none. */
static unsigned pe_machine(const uint8_t *p, size_t len)
{
	uint32_t at;

	if (!begins(p, len, "MZ") || len < PE_OFFSET_AT + 4)
		return 0;
	at = le(p + PE_OFFSET_AT, 4);
	if (len < 6 || at > len - 6 || !has(p, len, at, "PE\0\0", 4))
		return 0;
	return le(p + at + 4, 2);
}

static enum boot_bytes efi(unsigned machine)
{
	switch (machine) {
	case MACHINE_X64:
		return BOOT_BYTES_EFI_X64;
	case MACHINE_IA32:
		return BOOT_BYTES_EFI_IA32;
	case MACHINE_ARM64:
		return BOOT_BYTES_EFI_ARM64;
	default:
		return BOOT_BYTES_EFI_OTHER;
	}
}

static size_t blanks(const uint8_t *p, size_t len)
{
	size_t n = 0;

	while (n < len && strchr(" \t\r\n", p[n] ? p[n] : 'x'))
		n++;
	return n;
}

static bool is_html(const uint8_t *p, size_t len)
{
	static const char *const starts[] = {"<!doctype", "<html", "<head", "<?xml"};
	size_t skip = blanks(p, len);

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (len - skip >= strlen(starts[i]) &&
			!strncasecmp((const char *)p + skip, starts[i], strlen(starts[i])))
			return true;
	return false;
}

static bool is_packed(const uint8_t *p, size_t len)
{
	return begins(p, len, "\x1f\x8b") ||
		begins(p, len,
			"\xfd"
			"7zXZ") ||
		begins(p, len, "\x28\xb5\x2f\xfd") || begins(p, len, "07070");
}

static bool is_text(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len && i < TEXT_LOOKED_AT; i++)
		if ((p[i] < ' ' && !strchr("\t\r\n", p[i] ? p[i] : 'x')) || p[i] >= 0x7f)
			return false;
	return true;
}

enum boot_bytes boot_bytes_of(const void *head, size_t len)
{
	const uint8_t *p = head;
	unsigned machine;

	if (!len)
		return BOOT_BYTES_NONE;
	if (begins(p, len, "#!ipxe") || begins(p, len, "#!gpxe"))
		return BOOT_BYTES_SCRIPT;
	if (has(p, len, HDRS_AT, "HdrS", 4))
		return BOOT_BYTES_LINUX;
	machine = pe_machine(p, len);
	if (machine)
		return efi(machine);
	if (begins(p, len, "\177ELF"))
		return BOOT_BYTES_ELF;
	if (is_packed(p, len))
		return BOOT_BYTES_PACKED;
	if (is_html(p, len))
		return BOOT_BYTES_HTML;
	return is_text(p, len) ? BOOT_BYTES_TEXT : BOOT_BYTES_RAW;
}

const char *boot_bytes_name(enum boot_bytes b)
{
	static const char *const names[] = {
		[BOOT_BYTES_NONE] = "an empty file",
		[BOOT_BYTES_RAW] = "machine code without a header, as BIOS starts it",
		[BOOT_BYTES_EFI_X64] = "a program for UEFI x86-64",
		[BOOT_BYTES_EFI_IA32] = "a program for UEFI x86, 32 bits",
		[BOOT_BYTES_EFI_ARM64] = "a program for UEFI arm64",
		[BOOT_BYTES_EFI_OTHER] = "a program for UEFI on another processor",
		[BOOT_BYTES_LINUX] = "a Linux kernel",
		[BOOT_BYTES_SCRIPT] = "a script of iPXE",
		[BOOT_BYTES_HTML] = "a page of HTML",
		[BOOT_BYTES_ELF] = "an ELF file",
		[BOOT_BYTES_PACKED] = "a packed file",
		[BOOT_BYTES_TEXT] = "text",
	};

	return names[b];
}
