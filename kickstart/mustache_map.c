/* Rendered lines and where they come from. */
#include "kickstart/mustache_parse.h"

#include <stdlib.h>
#include <string.h>

void mustache_map_fini(struct mustache_map *map)
{
	for (size_t i = 0; i < map->n_files; i++)
		free(map->files[i]);
	free(map->files);
	free(map->lines);
	*map = (struct mustache_map){0};
}

/* Looked for from the newest, which is mostly the one. map->n_files: there is no memory for it. */
static size_t file_number(struct mustache_map *map, const char *name)
{
	char **files;
	size_t i = map->n_files;

	while (i > 0)
		if (strcmp(map->files[--i], name) == 0)
			return i;
	i = map->n_files;
	files = reallocarray(map->files, i + 1, sizeof(*files));
	if (!files)
		return i;
	map->files = files;
	files[i] = strdup(name);
	map->n_files += files[i] != NULL;
	return i;
}

static void add_line(struct mustache_map *map, size_t file, unsigned line)
{
	size_t cap = map->cap ? 2 * map->cap : 128;
	struct mustache_line *lines = map->lines;

	if (map->n == map->cap)
		lines = reallocarray(map->lines, cap, sizeof(*lines));
	if (!lines || file == map->n_files || map->short_of_memory) {
		map->short_of_memory = true;
		return;
	}
	map->cap = map->n == map->cap ? cap : map->cap;
	map->lines = lines;
	lines[map->n++] = (struct mustache_line){.file = (unsigned)file, .line = line};
}

void mustache_map_note(struct mustache_map *map, const struct text *out, size_t from,
	const struct mustache_options *o, unsigned line)
{
	const char *at = out->s ? out->s + from : NULL, *end = out->s ? out->s + out->len : NULL;

	line += o->line ? o->line - 1 : 0;
	if (at == end)
		return;
	if (from == 0 || at[-1] == '\n')
		add_line(map, file_number(map, o->file ? o->file : "template"), line);
	while ((at = memchr(at, '\n', (size_t)(end - at))) && ++at < end)
		add_line(map, file_number(map, o->file ? o->file : "template"), line);
}

const char *mustache_map_find(const struct mustache_map *map, size_t line, unsigned *ret_line)
{
	*ret_line = 0;
	if (map->n == 0 || line == 0)
		return NULL;
	if (line > map->n)
		line = map->n;
	*ret_line = map->lines[line - 1].line;
	return map->files[map->lines[line - 1].file];
}
