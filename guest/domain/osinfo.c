/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/domain/osinfo.h"

#include "guest/xml.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OSINFO_DIR "/usr/share/osinfo/os" /* VENDOR/NAME.xml, one for each */

enum {
	OSINFO_PATH = 1024,
	OSINFO_FILE_MAX = 1 << 20, /* bytes; the longest have 100 KB */
};

/* All of it for free(), or NULL. */
static char *read_file(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = f ? malloc(OSINFO_FILE_MAX) : NULL;
	size_t n = text ? fread(text, 1, OSINFO_FILE_MAX - 1, f) : 0;

	if (f)
		fclose(f);
	if (text)
		text[n] = '\0';
	return text;
}

/* <libosinfo><os id='…'><short-id>…</short-id>…; true when this file is the one. */
static bool is_it(const char *path, const char *tag, char *ret, size_t size)
{
	char *text = read_file(path), why[128];
	xmlDoc *doc =
		text && strstr(text, tag) ? xml_read(text, strlen(text), 1, why, sizeof why) : NULL;
	bool found = doc && xml_attr(xml_child(xmlDocGetRootElement(doc), "os"), "id", ret, size);

	xmlFreeDoc(doc);
	free(text);
	return found;
}

static bool is_in(const char *dir, const char *tag, char *ret, size_t size)
{
	DIR *d = opendir(dir);
	char path[OSINFO_PATH];
	struct dirent *e;
	bool found = false;

	while (d && !found && (e = readdir(d)))
		if (e->d_name[0] != '.' &&
			(size_t)snprintf(path, sizeof path, "%s/%s", dir, e->d_name) < sizeof path)
			found = is_it(path, tag, ret, size);
	if (d)
		closedir(d);
	return found;
}

int osinfo_id(
	const char *dir, const char *short_id, char *ret, size_t size, char *why, size_t why_size)
{
	DIR *d = opendir(dir ? dir : OSINFO_DIR);
	char path[OSINFO_PATH], tag[128];
	struct dirent *e;
	bool found = false;

	if (!d) {
		snprintf(why, why_size,
			"os_variant '%s': the database of its names is not here: apt install "
			"osinfo-db",
			short_id);
		return -ENOENT;
	}
	snprintf(tag, sizeof tag, "<short-id>%s</short-id>", short_id);
	while (!found && (e = readdir(d)))
		if (e->d_name[0] != '.' &&
			(size_t)snprintf(path, sizeof path, "%s/%s", dir ? dir : OSINFO_DIR,
				e->d_name) < sizeof path)
			found = is_in(path, tag, ret, size);
	closedir(d);
	if (found)
		return 0;
	snprintf(why, why_size,
		"os_variant '%s': there is no such name in osinfo-db ('osinfo-query os' lists "
		"them)",
		short_id);
	return -ENOENT;
}
