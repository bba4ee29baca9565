/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One byte of options, the template, and after a NUL a partial that is there under every name. */
#include "kickstart/mustache.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *partial(void *arg, const char *name)
{
	(void)name;
	return arg;
}

static int nothing(void *arg, const char *name, unsigned line, unsigned col)
{
	(void)arg, (void)line, (void)col;
	return strlen(name) == 0;
}

/* Each line has its place, and none has two. */
static void check_map(const struct mustache_map *map, const char *out)
{
	size_t lines = 0, i;

	for (i = 0; out[i]; i++)
		lines += i == 0 || out[i - 1] == '\n';
	if (map->n != lines)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mustache_map map = {0};
	json_t *context;
	char *text, *out = NULL, why[256] = "";
	struct mustache_options o = {.file = "fuzz", .partial = partial};
	int rc;

	if (size < 1 || size > 4096)
		return 0;
	text = malloc(size + 1);
	context = json_pack("{s:s, s:[s, s], s:{s:i, s:b, s:n}, s:s}", "s", "a'b\"c\\\n\302\205",
		"l", "x", "y", "o", "i", 5, "b", 1, "n", "e", "");
	memcpy(text, data + 1, size - 1);
	text[size - 1] = text[size] = '\0';
	o.arg = text + strlen(text) + (strlen(text) < size - 1);
	o.format = (enum mustache_format)(data[0] % MUSTACHE_FORMATS);
	o.lenient = data[0] & 0x80;
	o.map = data[0] & 0x40 ? &map : NULL;
	rc = mustache_render(text, context, &o, &out, why, sizeof(why));
	if ((rc == 0) != (out != NULL) || (rc < 0 && !*why))
		abort();
	if (out && strlen(out) > MUSTACHE_OUTPUT_MAX)
		abort();
	if (out && o.map)
		check_map(&map, out);
	mustache_map_fini(&map);
	free(out);
	mustache_partials(text, &o, nothing, NULL, why, sizeof(why));
	json_decref(context);
	free(text);
	return 0;
}
