/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "contrib/discover/facts.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CPUS = 4096, PACKAGES = 256 };

size_t facts_text(const void *bytes, size_t len, char *buf, size_t size)
{
	const unsigned char *b = bytes;
	size_t n = 0;

	for (size_t i = 0; i < len && n + 1 < size; i++) {
		bool blank = b[i] <= ' ' || b[i] == 0x7f;

		if (!blank)
			buf[n++] = (char)b[i];
		else if (n && buf[n - 1] != ' ')
			buf[n++] = ' ';
	}
	while (n && buf[n - 1] == ' ')
		n--;
	buf[n] = '\0';
	return n;
}

const char *facts_chassis(unsigned number)
{
	static const char *const names[] = {"", "", "", "desktop", "low profile desktop",
		"pizza box", "mini tower", "tower", "portable", "laptop", "notebook", "hand held",
		"docking station", "all in one", "sub notebook", "space-saving", "lunch box",
		"main server chassis", "expansion chassis", "sub chassis", "bus expansion chassis",
		"peripheral chassis", "RAID chassis", "rack mount chassis", "sealed-case PC",
		"multi-system chassis", "compact PCI", "advanced TCA", "blade", "blade enclosure",
		"tablet", "convertible", "detachable", "IoT gateway", "embedded PC", "mini PC",
		"stick PC"};

	number &= 0x7f; /* the highest bit: it has a lock */
	return number < sizeof names / sizeof *names ? names[number] : "";
}

/* Is this line of cpuinfo "KEY\t: VALUE"? The value, or NULL. */
static const char *value_of(const char *line, const char *key)
{
	size_t n = strlen(key);

	if (strncmp(line, key, n))
		return NULL;
	line += n;
	line += strspn(line, " \t");
	if (*line != ':')
		return NULL;
	line++;
	return line + strspn(line, " \t");
}

/* Adds it, when it is new. */
static void count(int64_t *all, size_t most, int *n, int64_t what)
{
	for (int i = 0; i < *n; i++)
		if (all[i] == what)
			return;
	if ((size_t)*n < most)
		all[(*n)++] = what;
}

void facts_cpu(const char *text, struct facts_cpu *ret)
{
	static int64_t packages[PACKAGES], cores[CPUS];
	int64_t package = 0;

	*ret = (struct facts_cpu){.threads = 0};
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		const char *v;

		if (value_of(line, "processor")) {
			ret->threads++;
		} else if ((v = value_of(line, "model name"))) {
			facts_text(v, len - (size_t)(v - line), ret->model, sizeof ret->model);
		} else if ((v = value_of(line, "physical id"))) {
			package = strtol(v, NULL, 10);
			count(packages, PACKAGES, &ret->sockets, package);
		} else if ((v = value_of(line, "core id"))) {
			count(cores, CPUS, &ret->cores,
				package * ((int64_t)1 << 32) + strtol(v, NULL, 10));
		}
		line += len + (line[len] != '\0');
	}
}

void facts_serial_page(const uint8_t *page, size_t len, char *buf, size_t size)
{
	size_t n = len < 4 ? 0 : (size_t)page[2] << 8 | page[3];

	*buf = '\0';
	if (len >= 4 && page[1] == 0x80)
		facts_text(page + 4, n < len - 4 ? n : len - 4, buf, size);
}

void facts_wwn(const char *wwid, char *buf, size_t size)
{
	static const char *const kinds[] = {"naa.", "eui.", "uuid."};

	*buf = '\0';
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strncmp(wwid, kinds[i], strlen(kinds[i])))
			snprintf(buf, size, "%s", wwid);
}

static bool is_pci(const char *name, size_t len)
{
	static const char form[] = "xxxx:xx:xx.x";

	if (len != sizeof form - 1)
		return false;
	for (size_t i = 0; i < len; i++)
		if (form[i] == 'x' ? !isxdigit((unsigned char)name[i]) : name[i] != form[i])
			return false;
	return true;
}

void facts_pci_of(const char *path, char buf[16])
{
	*buf = '\0';
	while (*path) {
		size_t len = strcspn(path, "/");

		if (is_pci(path, len))
			snprintf(buf, 16, "%.*s", (int)len, path);
		path += len + (path[len] == '/');
	}
}

const char *facts_bus(const char *name, const char *path)
{
	if (strstr(path, "/usb"))
		return "usb";
	if (!strncmp(name, "nvme", 4))
		return "nvme";
	if (!strncmp(name, "vd", 2))
		return "virtio";
	if (strstr(path, "/ata"))
		return "ata";
	return !strncmp(name, "sd", 2) ? "scsi" : "other";
}

/* Zeros say that there is none. */
static bool is_zero(const uint8_t *b, size_t n)
{
	while (n && !b[n - 1])
		n--;
	return !n;
}

/* Completion code and revision come first; of IPv6 a number, where it is from, 16 bytes, prefix, and whether it is in use. */
void facts_lan(unsigned parameter, const uint8_t *answer, size_t len, char ret[FACTS_LAN_TEXT])
{
	const uint8_t *b = answer + 2;

	*ret = '\0';
	if (len < 2 || answer[0])
		return;
	len -= 2;
	if (parameter == FACTS_LAN_IP && len >= 4 && !is_zero(b, 4))
		inet_ntop(AF_INET, b, ret, FACTS_LAN_TEXT);
	else if (parameter == FACTS_LAN_MAC && len >= 6 && !is_zero(b, 6))
		snprintf(ret, FACTS_LAN_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2],
			b[3], b[4], b[5]);
	else if ((parameter == FACTS_LAN_STATIC6 || parameter == FACTS_LAN_DYNAMIC6) && len >= 18 &&
		!is_zero(b + 2, 16) && !(b[2] == 0xfe && (b[3] & 0xc0) == 0x80))
		inet_ntop(AF_INET6, b + 2, ret, FACTS_LAN_TEXT);
}
