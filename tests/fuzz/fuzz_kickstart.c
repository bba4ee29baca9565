/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One byte of choices (version, machine), the kickstart file, and after a NUL the file that it includes under any name. */
#include "kickstart/lint/lint_kickstart.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int include(void *arg, const char *name, char **ret)
{
	if (strlen(name) == 1)
		return -ENOENT;
	*ret = strdup(arg);
	return *ret ? 0 : -ENOMEM;
}

static void check(const struct findings *f, const char *text)
{
	char line[2 * FINDING_TEXT];
	size_t lines = 1;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	for (size_t i = 0; i < f->n; i++)
		if (finding_text(f, i, line, sizeof(line)) <= 0 || strchr(line, '\n') ||
			(strcmp(f->files[f->v[i].file].name, "ks.cfg") == 0 &&
				f->v[i].line > lines))
			abort();
	for (size_t i = 0; i < f->n_files; i++)
		if (f->files[i].n > FINDINGS_MAX)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const versions[] = {
		NULL, "RHEL7", "rhel-8", "centos9", "RHEL10", "fedora39", "F43", "x"};
	static const struct lint_machine machine = {
		.disks = {"vda", "vdb"},
		.disk_sizes = {10ULL << 30, 0},
		.n_disks = 2,
		.disks_empty = true,
		.address = "192.0.2.7",
		.netmask = "255.255.255.0",
		.gateway = "192.0.2.1",
		.prefix = 24,
		.hostname = "web01.example.org",
		.firmware_known = true,
		.firmware_efi = true,
	};
	struct findings f = {0};
	struct lint_input in = {.file = "ks.cfg", .include = include};
	char *text;

	if (size < 1 || size > 16384)
		return 0;
	text = malloc(size + 1);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = text[size] = '\0';
	in.text = text;
	in.version = versions[data[0] & 7];
	in.machine = data[0] & 8 ? &machine : NULL;
	in.arg = text + strlen(text) + (strlen(text) < size - 1);
	lint_kickstart(&in, &f);
	findings_sort(&f);
	check(&f, text);
	findings_fini(&f);
	free(text);
	return 0;
}
