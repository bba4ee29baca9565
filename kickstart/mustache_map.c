/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rendered lines and where they come from. */
#include "kickstart/mustache_parse.h"

#include <stdlib.h>
#include <string.h>

enum { REMARKS_MAX = 100 }; /* more are no help */

void mustache_map_fini(struct mustache_map *map)
{
	for (size_t i = 0; i < map->n_files; i++)
		free(map->files[i]);
	for (size_t i = 0; i < map->n_remarks; i++)
		free(map->remarks[i].text);
	free(map->files);
	free(map->lines);
	free(map->remarks);
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

static bool was_remarked(const struct mustache_map *map, const struct mustache_remark *r)
{
	for (size_t i = 0; i < map->n_remarks; i++)
		if (map->remarks[i].file == r->file && map->remarks[i].line == r->line &&
			map->remarks[i].column == r->column)
			return true;
	return false;
}

void mustache_map_remark(struct mustache_map *map, const struct mustache_options *o, unsigned line,
	unsigned col, const char *text)
{
	size_t file = file_number(map, o->file ? o->file : "template");
	struct mustache_remark *all,
		r = {.file = (unsigned)file,
			.line = line + (o->line ? o->line - 1 : 0),
			.column = o->line_only ? 0 : col};

	if (file == map->n_files || map->n_remarks == REMARKS_MAX || was_remarked(map, &r))
		return;
	all = reallocarray(map->remarks, map->n_remarks + 1, sizeof(*all));
	if (!all)
		return;
	map->remarks = all;
	r.text = strdup(text);
	if (r.text)
		all[map->n_remarks++] = r;
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
