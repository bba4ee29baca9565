/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of an ISO image: names, and where in the image each file's bytes lie. Pure: it is built
 * once, then read by any number of threads.
 */
#ifndef USHER_KICKSTART_MEDIA_DISC_TREE_H
#define USHER_KICKSTART_MEDIA_DISC_TREE_H

#include <stddef.h>
#include <stdint.h>

enum {
	DISC_NODES_MAX = 1 << 17,   /* a distribution's fullest image: some ten thousand */
	DISC_EXTENTS_MAX = 1 << 18, /* one a file, one more for each 4 GiB */
	DISC_NAMES_MAX = 1 << 26,   /* bytes of all names */
	DISC_LINKS_MAX = 40,        /* followed in one search, as Linux does */
};

enum disc_kind {
	DISC_DIRECTORY,
	DISC_FILE,
	DISC_LINK, /* symbolic; disc_tree_find() follows it */
};

/* A stretch of the image, in bytes. */
struct disc_extent {
	uint64_t offset, size;
};

struct disc_file {
	enum disc_kind kind;
	int64_t mtime;                     /* seconds since the epoch */
	uint64_t size;                     /* bytes: the sum of the extents */
	const struct disc_extent *extents; /* in the order of the content; they live as the tree */
	size_t n_extents;
};

struct disc_tree;

/* Has the root directory, node 0, and nothing in it. */
int disc_tree_new(struct disc_tree **ret);
void disc_tree_free(struct disc_tree *t); /* NULL is fine */

/*
 * Adds an entry of the directory `parent`; `target` is a symbolic link's text, else NULL. Returns
 * the node's number (a parent for others); -EINVAL: a name that is empty, "." or "..", or has a
 * '/'; -EFBIG: a limit above; -ENOMEM.
 */
int disc_tree_add(struct disc_tree *t, int parent, enum disc_kind kind, const char *name,
	int64_t mtime, const char *target);
/* Of the file that was added last. An empty one is left out. -EFBIG, -ENOMEM. */
int disc_tree_add_extent(struct disc_tree *t, uint64_t offset, uint64_t size);
/* Puts each directory in order; before this nothing is found. -EEXIST: a name is there twice. */
int disc_tree_seal(struct disc_tree *t);

/*
 * "dir/file", with or without leading '/', empty parts and "." skipped. Symbolic links are followed
 * inside the tree, an absolute one from its root. -ENOENT, -ENOTDIR, -ELOOP; -EXDEV: ".." leads out
 * of the tree.
 */
int disc_tree_find(const struct disc_tree *t, const char *path, struct disc_file *ret);
/* Each entry of the directory, in order, until `each` returns other than 0, which is returned; a
 * link is told as a link. Errors as above. */
int disc_tree_list(const struct disc_tree *t, const char *path,
	int (*each)(void *arg, const char *name, const struct disc_file *file), void *arg);

#endif
