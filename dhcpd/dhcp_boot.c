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

static bool class_is(const struct dhcp_message *m, const char *what)
{
	return strncmp(m->vendor_class, what, strlen(what)) == 0;
}

static bool is_http_arch(unsigned arch)
{
	return arch < N_ARCHS && ARCHS[arch].http;
}

enum dhcp_client dhcp_boot_client(const struct dhcp_message *m)
{
	if (m->ipxe)
		return DHCP_CLIENT_IPXE;
	if (class_is(m, "HTTPClient") || is_http_arch(m->arch))
		return DHCP_CLIENT_HTTP;
	if (class_is(m, "PXEClient") || m->arch != DHCP_ARCH_NONE)
		return DHCP_CLIENT_PXE;
	return DHCP_CLIENT_SYSTEM;
}

/* It loads a program of ours first. */
static bool is_firmware(const struct dhcp_message *m)
{
	enum dhcp_client c = dhcp_boot_client(m);

	return c == DHCP_CLIENT_PXE || c == DHCP_CLIENT_HTTP;
}

static const char *loader(const struct dhcp_message *m, const struct dhcp_loaders *l)
{
	bool http = dhcp_boot_client(m) == DHCP_CLIENT_HTTP;

	switch (m->arch) {
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

const char *dhcp_boot_client_text(const struct dhcp_message *m, char buf[DHCP_CLIENT_TEXT])
{
	bool served = loader(m, &DHCP_LOADERS);

	switch (dhcp_boot_client(m)) {
	case DHCP_CLIENT_IPXE:
		return "iPXE";
	case DHCP_CLIENT_PXE:
		return arch_text("PXE", m->arch, !served, buf);
	case DHCP_CLIENT_HTTP:
		return arch_text("HTTP boot", m->arch, true, buf);
	default:
		snprintf(buf, DHCP_CLIENT_TEXT, "%.*s", DHCP_CLIENT_TEXT - 1, m->vendor_class);
		return buf;
	}
}

/* "http://SERVER[:PORT]/PATH"; false when it does not fit. */
static bool put_url(struct dhcp_boot *b, const struct dhcp_boot_for *f, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static bool put_url(struct dhcp_boot *b, const struct dhcp_boot_for *f, const char *fmt, ...)
{
	struct ip ip = ip_from_v4(f->server);
	char host[IP_TEXT], port[8] = "";
	va_list ap;
	int n, k;

	if (f->http_port != 80)
		snprintf(port, sizeof(port), ":%u", f->http_port);
	n = snprintf(b->file, sizeof(b->file), "http://%s%s/", ip_format(&ip, host), port);
	if (n < 0 || (size_t)n >= sizeof(b->file))
		return false;
	va_start(ap, fmt);
	k = vsnprintf(b->file + n, sizeof(b->file) - (size_t)n, fmt, ap);
	va_end(ap);
	return k >= 0 && (size_t)k < sizeof(b->file) - (size_t)n;
}

static bool boot_ipxe(struct dhcp_boot *b, const struct dhcp_boot_for *f)
{
	if (!f->token || !f->token[0])
		return false;
	b->no_proxy = b->secret = true;
	return put_url(b, f, "m/%s/boot.ipxe", f->token);
}

void dhcp_boot_as_pxe(struct dhcp_boot *b)
{
	b->vendor_class = "PXEClient";
	b->vendor = PXE_NO_DISCOVERY;
	b->vendor_len = sizeof(PXE_NO_DISCOVERY);
}

static bool boot_pxe(struct dhcp_boot *b, const char *name)
{
	int n;

	if (!name)
		return false;
	dhcp_boot_as_pxe(b);
	b->tftp = true;
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
		put_url(b, f, "boot/%s", path);
}

struct dhcp_boot dhcp_boot_decide(const struct dhcp_message *m, const struct dhcp_boot_for *f)
{
	struct dhcp_boot nothing = {.vendor_class = ""};
	struct dhcp_boot b = {.boots = true, .next_server = f->server, .vendor_class = ""};
	bool found = false;
	const char *name;

	if (!f->armed)
		return nothing;
	name = loader(m, f->loaders);
	switch (dhcp_boot_client(m)) {
	case DHCP_CLIENT_IPXE:
		found = boot_ipxe(&b, f);
		break;
	case DHCP_CLIENT_PXE:
		found = boot_pxe(&b, name);
		break;
	case DHCP_CLIENT_HTTP:
		found = boot_http(&b, f, name);
		break;
	case DHCP_CLIENT_SYSTEM:
		break;
	}
	nothing.unserved = !name && is_firmware(m);
	return found ? b : nothing;
}

struct dhcp_boot dhcp_boot_machine(const struct dhcp_message *m, const struct segment *s,
	const struct machine *machine, dhcp_programs programs)
{
	struct dhcp_loaders loaders = DHCP_LOADERS;
	struct dhcp_boot_for f = {
		.server = ip_to_v4(&s->server), .http_port = s->http_port, .loaders = &loaders};

	if (machine && life_netboots(machine->state)) {
		f.armed = true;
		f.token = machine->attempt.next_token;
		if (programs)
			programs(machine->attempt.snapshot, &loaders);
	}
	return dhcp_boot_decide(m, &f);
}
