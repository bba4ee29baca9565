/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One file of a medium, of any content, under each of the names that are looked for; every path that it gives is there. */
#include "kickstart/media/recognise.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct input {
	const uint8_t *data;
	size_t len;
	const char *name;
};

static void must(bool ok)
{
	if (!ok)
		abort();
}

static int read_it(void *arg, const char *path, char *buf, size_t size)
{
	const struct input *in = arg;
	size_t n = in->len < size - 1 ? in->len : size - 1;

	if (strcmp(path, in->name) != 0)
		return -ENOENT;
	memcpy(buf, in->data, n);
	buf[n] = '\0';
	return 0;
}

static bool has_it(void *arg, const char *path)
{
	(void)arg;
	must(*path && *path != '/' && !strstr(path, "..") && strlen(path) < RECOGNISE_PATH);
	return strlen(path) % 2;
}

static void printable(const char *text, size_t size)
{
	must(memchr(text, '\0', size) != NULL);
	for (; *text; text++)
		must(*text >= ' ' && *text < 127);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char *const names[] = {
		".treeinfo", "media.1/media", ".disk/info", "version.info", ".discinfo"};
	char again[RECOGNISE_NAME];
	struct recognised ret;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct input in = {data, len, names[i]};

		recognise(&(struct recognise_reader){&in, read_it, has_it}, &ret);
		must(!*ret.by || strcmp(ret.by, names[i]) == 0);
		printable(ret.title, sizeof(ret.title));
		printable(ret.version, sizeof(ret.version));
		printable(ret.distribution, sizeof(ret.distribution));
		printable(ret.kernel, sizeof(ret.kernel));
		printable(ret.shim, sizeof(ret.shim));
		printable(ret.name, sizeof(ret.name));
		recognise_name(ret.name, again);
		must(strcmp(ret.name, again) == 0);
	}
	return 0;
}
