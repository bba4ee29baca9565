/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What firmware says of the machine (SMBIOS, by the kernel), CPUs, memory, PCI. */
#include "contrib/discover/collect.h"
#include "contrib/discover/facts.h"
#include "contrib/discover/kernel_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

enum { CPUINFO_MAX = 4 << 20 };

#define DMI "/sys/class/dmi/id/"
#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static void dmi(struct say *s, const char *name, const char *file)
{
	char buf[KERNEL_TEXT];

	say_text(s, name, kernel_text(buf, DMI "%s", file));
}

/* Four bytes of attributes, then 1 or 0. -1: not known. */
static int secure_boot(void)
{
	char b[8];

	return kernel_bytes(b, sizeof b, SECURE_BOOT) == 5 ? b[4] == 1 : -1;
}

void collect_firmware(struct say *s)
{
	int64_t type = kernel_number(DMI "chassis_type");

	say_open(s, "system", '{');
	dmi(s, "vendor", "sys_vendor");
	dmi(s, "product", "product_name");
	dmi(s, "version", "product_version");
	dmi(s, "serial", "product_serial");
	dmi(s, "uuid", "product_uuid");
	dmi(s, "sku", "product_sku");
	say_close(s, '}');
	say_open(s, "board", '{');
	dmi(s, "vendor", "board_vendor");
	dmi(s, "product", "board_name");
	dmi(s, "serial", "board_serial");
	dmi(s, "asset_tag", "board_asset_tag");
	say_close(s, '}');
	say_open(s, "chassis", '{');
	dmi(s, "vendor", "chassis_vendor");
	say_text(s, "type", type < 0 ? "" : facts_chassis((unsigned)type));
	dmi(s, "serial", "chassis_serial");
	dmi(s, "asset_tag", "chassis_asset_tag");
	say_close(s, '}');
	say_open(s, "firmware", '{');
	say_text(s, "mode", kernel_exists("/sys/firmware/efi") ? "uefi" : "bios");
	dmi(s, "vendor", "bios_vendor");
	dmi(s, "version", "bios_version");
	dmi(s, "date", "bios_date");
	say_flag(s, "secure_boot", secure_boot());
	say_close(s, '}');
}

/* All of it: what the kernel counts as blocks of memory. What it has left for programs is less. */
static int64_t memory_mib(void)
{
	char buf[KERNEL_TEXT];
	unsigned long long block =
		strtoull(kernel_text(buf, "/sys/devices/system/memory/block_size_bytes"), NULL, 16);
	int64_t n = 0, kib = -1;
	const char *at;

	for (int i = 0; block && i < 1 << 16; i++)
		n += kernel_exists("/sys/devices/system/memory/memory%d", i);
	if (n)
		return n * (int64_t)(block >> 20);
	at = strstr(kernel_text(buf, "/proc/meminfo"), "MemTotal:");
	if (at)
		kib = strtoll(at + strlen("MemTotal:"), NULL, 10);
	return kib < 0 ? -1 : kib / 1024;
}

static void cpu(struct say *s)
{
	char *text = malloc(CPUINFO_MAX);
	struct facts_cpu cpu = {.threads = 0};
	struct utsname u;

	if (text && kernel_bytes(text, CPUINFO_MAX, "/proc/cpuinfo") > 0)
		facts_cpu(text, &cpu);
	free(text);
	say_open(s, "cpu", '{');
	say_text(s, "model", cpu.model);
	say_text(s, "architecture", uname(&u) ? "" : u.machine);
	say_number(s, "sockets", cpu.sockets ? cpu.sockets : -1);
	say_number(s, "cores", cpu.cores ? cpu.cores : -1);
	say_number(s, "threads", cpu.threads ? cpu.threads : -1);
	say_close(s, '}');
}

/* "0x8086": "8086"; of "0x020000" the first four digits. */
static void hex(struct say *s, const char *name, const char *address, const char *file)
{
	char buf[KERNEL_TEXT];

	kernel_text(buf, "/sys/bus/pci/devices/%s/%s", address, file);
	if (strlen(buf) < 6)
		return;
	buf[6] = '\0';
	say_text(s, name, buf + 2);
}

static bool pci_device(void *arg, const char *address)
{
	char buf[KERNEL_TEXT];
	struct say *s = arg;

	say_open(s, NULL, '{');
	say_text(s, "address", address);
	hex(s, "class", address, "class");
	hex(s, "vendor", address, "vendor");
	hex(s, "device", address, "device");
	say_text(s, "driver", kernel_link_name(buf, "/sys/bus/pci/devices/%s/driver", address));
	say_close(s, '}');
	return true;
}

void collect_computer(struct say *s)
{
	cpu(s);
	say_number(s, "memory_mib", memory_mib());
	say_open(s, "pci", '[');
	kernel_each("/sys/bus/pci/devices", pci_device, s, COLLECT_PCI);
	say_close(s, ']');
}
