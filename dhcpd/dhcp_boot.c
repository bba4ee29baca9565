/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_boot.h"

#include "core/uri.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Option 93 (IANA, "Processor Architecture Types"). 7 and 9 both mean UEFI on x86-64: RFC 4578 and
 * its registry swapped them, and firmware of either opinion is out there. */
enum {
	ARCH_BIOS = 0,
	ARCH_EFI_BC = 7,
	ARCH_EFI_X64 = 9,
	ARCH_EFI_ARM64 = 11,
	ARCH_HTTP_X86 = 15,
	ARCH_HTTP_X64 = 16,
	ARCH_HTTP_ARM = 18,
	ARCH_HTTP_ARM64 = 19,
};

const struct dhcp_loaders DHCP_LOADERS = {.bios = "undionly.kpxe",
	.efi_x64 = "snponly.efi",
	.efi_arm64 = "snponly-arm64.efi",
	.http_x64 = "snponly.efi",
	.http_arm64 = "snponly-arm64.efi"};

/* PXE 2.1, table 2-1: PXE_DISCOVERY_CONTROL with bit 3, "take the file named here, ask no boot
 * server", and end. */
static const uint8_t PXE_NO_DISCOVERY[] = {6, 1, 8, 255};

/* What IANA's registry says of an architecture. */
static const struct arch {
	const char *name;
	bool http;
} ARCHS[] = {
	[ARCH_BIOS] = {"BIOS"},
	[1] = {"NEC PC98"},
	[2] = {"Itanium"},
	[3] = {"Alpha"},
	[4] = {"Arc x86"},
	[5] = {"Intel Lean Client"},
	[6] = {"UEFI x86, 32 bits"},
	[ARCH_EFI_BC] = {"UEFI x86-64"},
	[8] = {"EFI XScale"},
	[ARCH_EFI_X64] = {"UEFI x86-64"},
	[10] = {"UEFI arm, 32 bits"},
	[ARCH_EFI_ARM64] = {"UEFI arm64"},
	[12] = {"PowerPC Open Firmware"},
	[13] = {"PowerPC ePAPR"},
	[14] = {"POWER OPAL"},
	[ARCH_HTTP_X86] = {"UEFI x86, 32 bits", true},
	[ARCH_HTTP_X64] = {"UEFI x86-64", true},
	[17] = {"EFI byte code", true},
	[ARCH_HTTP_ARM] = {"UEFI arm, 32 bits", true},
	[ARCH_HTTP_ARM64] = {"UEFI arm64", true},
	[20] = {"BIOS", true},
	[21] = {"U-Boot arm, 32 bits"},
	[22] = {"U-Boot arm64"},
	[23] = {"U-Boot arm, 32 bits", true},
	[24] = {"U-Boot arm64", true},
	[25] = {"UEFI RISC-V, 32 bits"},
	[26] = {"UEFI RISC-V, 32 bits", true},
	[27] = {"UEFI RISC-V, 64 bits"},
	[28] = {"UEFI RISC-V, 64 bits", true},
	[29] = {"UEFI RISC-V, 128 bits"},
	[30] = {"UEFI RISC-V, 128 bits", true},
	[31] = {"s390"},
	[32] = {"s390 extended"},
	[37] = {"UEFI LoongArch, 32 bits"},
	[38] = {"UEFI LoongArch, 32 bits", true},
	[39] = {"UEFI LoongArch, 64 bits"},
	[40] = {"UEFI LoongArch, 64 bits", true},
	[41] = {"Raspberry Pi"},
};
enum { N_ARCHS = sizeof ARCHS / sizeof ARCHS[0] };

static bool class_is(struct dhcp_firmware w, const char *what)
{
	return strncmp(w.vendor_class, what, strlen(what)) == 0;
}

static bool is_http_arch(unsigned arch)
{
	return arch < N_ARCHS && ARCHS[arch].http;
}

struct dhcp_firmware dhcp_firmware_of(const struct dhcp_message *m)
{
	return (struct dhcp_firmware){m->ipxe, m->arch, m->vendor_class};
}

struct dhcp_firmware dhcp6_firmware_of(const struct dhcp6_message *m)
{
	return (struct dhcp_firmware){m->ipxe, m->arch, m->vendor_class};
}

uint32_t dhcp_boot_stage(struct dhcp_firmware w)
{
	const uint8_t what[3] = {w.ipxe, (uint8_t)(w.arch >> 8), (uint8_t)w.arch};

	return dhcp_wire_hash(dhcp_wire_hash(DHCP_HASH, what, sizeof(what)), w.vendor_class,
		strlen(w.vendor_class));
}

enum dhcp_client dhcp_boot_client(struct dhcp_firmware w)
{
	if (w.ipxe)
		return DHCP_CLIENT_IPXE;
	if (class_is(w, "HTTPClient") || is_http_arch(w.arch))
		return DHCP_CLIENT_HTTP;
	if (class_is(w, "PXEClient") || w.arch != DHCP_ARCH_NONE)
		return DHCP_CLIENT_PXE;
	return DHCP_CLIENT_SYSTEM;
}

bool dhcp_boot_uefi(struct dhcp_firmware w, bool *ret)
{
	if (w.arch == DHCP_ARCH_NONE)
		return false;
	*ret = w.arch != ARCH_BIOS;
	return true;
}

/* It loads a program of ours first. */
static bool is_firmware(struct dhcp_firmware w)
{
	enum dhcp_client c = dhcp_boot_client(w);

	return c == DHCP_CLIENT_PXE || c == DHCP_CLIENT_HTTP;
}

static const char *loader(struct dhcp_firmware w, const struct dhcp_loaders *l)
{
	bool http = dhcp_boot_client(w) == DHCP_CLIENT_HTTP;

	switch (w.arch) {
	case ARCH_BIOS:
	case DHCP_ARCH_NONE:
		return http ? NULL : l->bios;
	case ARCH_EFI_BC:
	case ARCH_EFI_X64:
	case ARCH_HTTP_X64:
		return http ? l->http_x64 : l->efi_x64;
	case ARCH_EFI_ARM64:
	case ARCH_HTTP_ARM64:
		return http ? l->http_arm64 : l->efi_arm64;
	default:
		return NULL;
	}
}

static const char *arch_text(
	const char *what, unsigned arch, bool number, char buf[DHCP_CLIENT_TEXT])
{
	const char *name = arch == DHCP_ARCH_NONE ? "BIOS"
		: arch < N_ARCHS                  ? ARCHS[arch].name
						  : NULL;

	if (!name)
		snprintf(buf, DHCP_CLIENT_TEXT, "%s, arch %u", what, arch);
	else if (number)
		snprintf(buf, DHCP_CLIENT_TEXT, "%s, arch %u (%s)", what, arch, name);
	else
		snprintf(buf, DHCP_CLIENT_TEXT, "%s, %s", what, name);
	return buf;
}

const char *dhcp_boot_client_text(struct dhcp_firmware w, char buf[DHCP_CLIENT_TEXT])
{
	bool served = loader(w, &DHCP_LOADERS);

	switch (dhcp_boot_client(w)) {
	case DHCP_CLIENT_IPXE:
		return "iPXE";
	case DHCP_CLIENT_PXE:
		return arch_text("PXE", w.arch, !served, buf);
	case DHCP_CLIENT_HTTP:
		return arch_text("HTTP boot", w.arch, true, buf);
	default:
		snprintf(buf, DHCP_CLIENT_TEXT, "%.*s", DHCP_CLIENT_TEXT - 1, w.vendor_class);
		return buf;
	}
}

/* A URL of ours: false when it does not fit. */
static bool put_url(struct dhcp_boot *b, const struct dhcp_boot_for *f, const char *scheme,
	uint16_t port, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static bool put_url(struct dhcp_boot *b, const struct dhcp_boot_for *f, const char *scheme,
	uint16_t port, const char *fmt, ...)
{
	char host[IP_TEXT], colon[8] = "";
	bool six = f->server.family == IP_V6;
	va_list ap;
	int n, k;

	if (port)
		snprintf(colon, sizeof(colon), ":%u", port);
	n = snprintf(b->file, sizeof(b->file), "%s://%s%s%s%s/", scheme, six ? "[" : "",
		ip_format(&f->server, host), six ? "]" : "", colon);
	if (n < 0 || (size_t)n >= sizeof(b->file))
		return false;
	va_start(ap, fmt);
	k = vsnprintf(b->file + n, sizeof(b->file) - (size_t)n, fmt, ap);
	va_end(ap);
	return k >= 0 && (size_t)k < sizeof(b->file) - (size_t)n;
}

static uint16_t http_port(const struct dhcp_boot_for *f)
{
	return f->http_port == 80 ? 0 : f->http_port;
}

static bool boot_ipxe(struct dhcp_boot *b, const struct dhcp_boot_for *f)
{
	if (!f->token || !f->token[0])
		return false;
	b->no_proxy = b->secret = true;
	return put_url(b, f, "http", http_port(f), "m/%s/boot.ipxe", f->token);
}

void dhcp_boot_as_pxe(struct dhcp_boot *b)
{
	b->vendor_class = "PXEClient";
	b->vendor = PXE_NO_DISCOVERY;
	b->vendor_len = sizeof(PXE_NO_DISCOVERY);
}

/* In IPv6 the server is said in the file's URL (RFC 5970 3.1). */
static bool boot_pxe(struct dhcp_boot *b, const struct dhcp_boot_for *f, const char *name)
{
	char path[sizeof(b->file)];
	int n;

	if (!name)
		return false;
	b->tftp = true;
	if (f->server.family == IP_V6)
		return uri_encode_path(name, path, sizeof(path)) < sizeof(path) &&
			put_url(b, f, "tftp", 0, "%s", path);
	dhcp_boot_as_pxe(b);
	n = snprintf(b->file, sizeof(b->file), "%s", name);
	return n > 0 && (size_t)n < sizeof(b->file);
}

static bool boot_http(struct dhcp_boot *b, const struct dhcp_boot_for *f, const char *name)
{
	char path[sizeof(b->file)];

	if (!name)
		return false;
	b->vendor_class = "HTTPClient";
	return uri_encode_path(name, path, sizeof(path)) < sizeof(path) &&
		put_url(b, f, "http", http_port(f), "boot/%s", path);
}

struct dhcp_boot dhcp_boot_decide(struct dhcp_firmware w, const struct dhcp_boot_for *f)
{
	struct dhcp_boot nothing = {.vendor_class = ""};
	struct dhcp_boot b = {
		.boots = true, .next_server = ip_to_v4(&f->server), .vendor_class = ""};
	bool found = false;
	const char *name;

	if (!f->armed)
		return nothing;
	name = loader(w, f->loaders);
	switch (dhcp_boot_client(w)) {
	case DHCP_CLIENT_IPXE:
		found = boot_ipxe(&b, f);
		break;
	case DHCP_CLIENT_PXE:
		found = boot_pxe(&b, f, name);
		break;
	case DHCP_CLIENT_HTTP:
		found = boot_http(&b, f, name);
		break;
	case DHCP_CLIENT_SYSTEM:
		break;
	}
	nothing.unserved = !name && is_firmware(w);
	return found ? b : nothing;
}

struct dhcp_boot dhcp_boot_machine(struct dhcp_firmware w, enum ip_family family,
	const struct segment *s, const struct machine *machine, dhcp_programs programs)
{
	struct dhcp_loaders loaders = DHCP_LOADERS;
	struct dhcp_boot_for f = {.server = *segment_server(s, family),
		.http_port = s->http_port,
		.loaders = &loaders};

	if (machine && life_netboots(machine->state)) {
		f.armed = true;
		f.token = machine->attempt.next_token;
		if (programs)
			programs(machine->attempt.snapshot, &loaders);
	}
	return dhcp_boot_decide(w, &f);
}

struct dhcp_boot dhcp_boot_stranger(
	struct dhcp_firmware w, enum ip_family family, const struct segment *s, const char *token)
{
	const struct dhcp_boot_for f = {.armed = true,
		.token = token,
		.server = *segment_server(s, family),
		.http_port = s->http_port,
		.loaders = &DHCP_LOADERS};

	return dhcp_boot_decide(w, &f);
}
