/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/disc_tree.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = UINT32_MAX };

struct node {
	int64_t mtime;
	uint32_t name, target; /* in the names; no target: NONE */
	uint32_t parent;
	uint32_t first, count; /* entries of a directory, extents of a file */
	enum disc_kind kind;
};

struct disc_tree {
	struct node *nodes;
	struct disc_extent *extents;
	char *names;
	uint32_t *order; /* nodes, sorted by parent and name: a directory's `first` is in here */
	size_t n_nodes, n_extents, n_names;
	size_t room_nodes, room_extents, room_names;
};

/* An array with room for `more` after `n`, `max` is the limit of all; NULL and the reason. */
static void *grow(
	void *array, size_t *room, size_t n, size_t more, size_t max, size_t size, int *why)
{
	size_t want = *room ? *room : 64;
	void *bigger;

	*why = -EFBIG;
	if (more > max || n > max - more)
		return NULL;
	while (want < n + more)
		want *= 2;
	if (want == *room)
		return array;
	*why = -ENOMEM;
	bigger = realloc(array, want * size);
	if (bigger)
		*room = want;
	return bigger;
}

static int keep_text(struct disc_tree *t, const char *text, uint32_t *ret)
{
	size_t len = strlen(text) + 1;
	int rc;
	char *names = grow(t->names, &t->room_names, t->n_names, len, DISC_NAMES_MAX, 1, &rc);

	if (!names)
		return rc;
	t->names = names;
	memcpy(t->names + t->n_names, text, len);
	*ret = (uint32_t)t->n_names;
	t->n_names += len;
	return 0;
}

static int add_node(struct disc_tree *t, const struct node *n, const char *name, const char *target)
{
	int rc;
	struct node *new,
		*nodes = grow(t->nodes, &t->room_nodes, t->n_nodes, 1, DISC_NODES_MAX,
			sizeof(*nodes), &rc);

	if (!nodes)
		return rc;
	t->nodes = nodes;
	new = &t->nodes[t->n_nodes];
	*new = *n;
	rc = keep_text(t, name, &new->name);
	if (rc == 0 && target)
		rc = keep_text(t, target, &new->target);
	return rc < 0 ? rc : (int)t->n_nodes++;
}

int disc_tree_new(struct disc_tree **ret)
{
	const struct node root = {.kind = DISC_DIRECTORY, .target = NONE};
	struct disc_tree *t = calloc(1, sizeof(*t));
	int rc;

	if (!t)
		return -ENOMEM;
	rc = add_node(t, &root, "", NULL);
	if (rc < 0) {
		disc_tree_free(t);
		return rc;
	}
	*ret = t;
	return 0;
}

void disc_tree_free(struct disc_tree *t)
{
	if (!t)
		return;
	free(t->nodes);
	free(t->extents);
	free(t->names);
	free(t->order);
	free(t);
}

int disc_tree_add(struct disc_tree *t, int parent, enum disc_kind kind, const char *name,
	int64_t mtime, const char *target)
{
	const struct node n = {.mtime = mtime,
		.target = NONE,
		.parent = (uint32_t)parent,
		.first = kind == DISC_FILE ? (uint32_t)t->n_extents : 0,
		.kind = kind};

	if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	if (parent < 0 || (size_t)parent >= t->n_nodes || (kind == DISC_LINK) != !!target)
		return -EINVAL;
	return add_node(t, &n, name, target);
}

int disc_tree_add_extent(struct disc_tree *t, uint64_t offset, uint64_t size)
{
	struct disc_extent *extents;
	int rc;

	if (!size)
		return 0;
	extents = grow(t->extents, &t->room_extents, t->n_extents, 1, DISC_EXTENTS_MAX,
		sizeof(*extents), &rc);
	if (!extents)
		return rc;
	t->extents = extents;
	t->extents[t->n_extents++] = (struct disc_extent){.offset = offset, .size = size};
	t->nodes[t->n_nodes - 1].count++;
	return 0;
}

static const char *name_of(const struct disc_tree *t, uint32_t node)
{
	return t->names + t->nodes[node].name;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct disc_tree *t = arg;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (t->nodes[x].parent != t->nodes[y].parent)
		return t->nodes[x].parent < t->nodes[y].parent ? -1 : 1;
	return strcmp(name_of(t, x), name_of(t, y));
}

int disc_tree_seal(struct disc_tree *t)
{
	size_t n = t->n_nodes - 1; /* the root is nobody's entry */

	t->order = malloc((n + 1) * sizeof(*t->order));
	if (!t->order)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		t->order[i] = (uint32_t)i + 1;
	qsort_r(t->order, n, sizeof(*t->order), compare, t);
	for (size_t i = 0; i < n; i++) {
		struct node *dir = &t->nodes[t->nodes[t->order[i]].parent];

		if (i && compare(&t->order[i - 1], &t->order[i], t) == 0)
			return -EEXIST;
		if (!dir->count++)
			dir->first = (uint32_t)i;
	}
	return 0;
}

/* The entry whose name is the first `len` bytes; NONE. */
static uint32_t entry(
	const struct disc_tree *t, const struct node *dir, const char *name, size_t len)
{
	size_t low = 0, high = dir->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		uint32_t node = t->order[dir->first + mid];
		const char *has = name_of(t, node);
		int c = strncmp(name, has, len);

		if (c == 0 && !has[len])
			return node;
		if (c > 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NONE;
}

/* A search on its way: links add to what is still to be walked. */
struct walk {
	const struct disc_tree *t;
	uint32_t at;
	unsigned links;
};

static int walk_path(struct walk *w, const char *path);

static int walk_link(struct walk *w)
{
	const struct node *link = &w->t->nodes[w->at];
	const char *target = w->t->names + link->target;

	if (++w->links > DISC_LINKS_MAX)
		return -ELOOP;
	w->at = *target == '/' ? 0 : link->parent;
	return walk_path(w, target);
}

static int walk_part(struct walk *w, const char *part, size_t len)
{
	const struct node *dir = &w->t->nodes[w->at];

	if (dir->kind != DISC_DIRECTORY)
		return -ENOTDIR;
	if (!len || (len == 1 && *part == '.'))
		return 0;
	if (len == 2 && memcmp(part, "..", 2) == 0) {
		if (w->at == 0)
			return -EXDEV;
		w->at = dir->parent;
		return 0;
	}
	w->at = entry(w->t, dir, part, len);
	if (w->at == NONE)
		return -ENOENT;
	return w->t->nodes[w->at].kind == DISC_LINK ? walk_link(w) : 0;
}

static int walk_path(struct walk *w, const char *path)
{
	int rc = 0;

	path += strspn(path, "/");
	while (rc == 0 && *path) {
		size_t len = strcspn(path, "/");

		rc = walk_part(w, path, len);
		path += len;
		if (rc == 0 && *path && w->t->nodes[w->at].kind != DISC_DIRECTORY)
			rc = -ENOTDIR;
		path += strspn(path, "/");
	}
	return rc;
}

static void tell(const struct disc_tree *t, uint32_t node, struct disc_file *ret)
{
	const struct node *n = &t->nodes[node];

	*ret = (struct disc_file){.kind = n->kind, .mtime = n->mtime};
	if (n->kind != DISC_FILE)
		return;
	ret->extents = n->count ? t->extents + n->first : NULL;
	ret->n_extents = n->count;
	for (size_t i = 0; i < n->count; i++)
		ret->size += ret->extents[i].size;
}

int disc_tree_find(const struct disc_tree *t, const char *path, struct disc_file *ret)
{
	struct walk w = {.t = t};
	int rc = walk_path(&w, path);

	if (rc == 0)
		tell(t, w.at, ret);
	return rc;
}

int disc_tree_list(const struct disc_tree *t, const char *path,
	int (*each)(void *arg, const char *name, const struct disc_file *file), void *arg)
{
	struct walk w = {.t = t};
	int rc = walk_path(&w, path);
	const struct node *dir;

	if (rc < 0)
		return rc;
	dir = &t->nodes[w.at];
	if (dir->kind != DISC_DIRECTORY)
		return -ENOTDIR;
	for (uint32_t i = 0; rc == 0 && i < dir->count; i++) {
		struct disc_file f;

		tell(t, t->order[dir->first + i], &f);
		rc = each(arg, name_of(t, t->order[dir->first + i]), &f);
	}
	return rc;
}
