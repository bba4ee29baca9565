/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/media/disc.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libisofs/libisofs.h>

/* libisofs keeps messages and character sets for the whole process. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct reading {
	int fd, fault; /* the first that libisofs met, which it may not pass on */
	unsigned blocks;
	size_t entries;
	struct disc_tree *tree;
};

static int source_open(IsoDataSource *s)
{
	(void)s;
	return 1;
}

static int source_block(IsoDataSource *s, uint32_t block, uint8_t *to)
{
	struct reading *r = s->data;
	ssize_t n = 0;

	if (!r->fault && ++r->blocks > DISC_BLOCKS_MAX)
		r->fault = -EFBIG;
	if (!r->fault)
		n = pread(r->fd, to, DISC_BLOCK, (off_t)block * DISC_BLOCK);
	if (!r->fault && n != DISC_BLOCK)
		r->fault = n < 0 ? -errno : -EIO;
	return r->fault ? (int)ISO_DATA_SOURCE_FAILURE : 1;
}

static void source_free(IsoDataSource *s)
{
	(void)s; /* the data is the caller's */
}

static IsoDataSource *source_new(struct reading *r)
{
	IsoDataSource *s = calloc(1, sizeof(*s));

	if (s)
		*s = (IsoDataSource){.refcount = 1,
			.open = source_open,
			.close = source_open,
			.read_block = source_block,
			.free_data = source_free,
			.data = r};
	return s;
}

static IsoReadOpts *options_new(void)
{
	IsoReadOpts *o = NULL;

	if (iso_read_opts_new(&o, 0) != 1)
		return NULL;
	iso_read_opts_set_ecma119_map(o, 3); /* "vmlinuz", not "VMLINUZ.;1" */
	iso_read_opts_set_joliet_map(o, 1);
	iso_read_opts_set_no_aaip(o, 1);
	iso_read_opts_set_no_md5(o, 1);
	iso_read_opts_set_input_charset(o, "UTF-8");
	return o;
}

/*
 * iso_image_import() recurses as deep as the image says and keeps all it meets. So the tree is
 * walked before, entry by entry, and only one within the limits is imported.
 */
static int measure(struct reading *r, IsoFileSource *dir, unsigned depth)
{
	IsoFileSource *child;
	struct stat st;
	int rc = 0, got = 0;

	if (depth > DISC_DEPTH_MAX)
		return -ELOOP;
	if (iso_file_source_open(dir) < 0)
		return -EIO;
	while (rc == 0 && (got = iso_file_source_readdir(dir, &child)) == 1) {
		if (++r->entries > DISC_NODES_MAX)
			rc = -EFBIG;
		else if (iso_file_source_lstat(child, &st) < 0)
			rc = -EIO;
		else if (S_ISDIR(st.st_mode))
			rc = measure(r, child, depth + 1);
		iso_file_source_unref(child);
	}
	iso_file_source_close(dir);
	return rc < 0 ? rc : got < 0 ? -EIO : r->fault;
}

static int check_limits(struct reading *r, IsoDataSource *s, IsoReadOpts *o)
{
	IsoImageFilesystem *fs = NULL;
	IsoFileSource *root = NULL;
	int rc;

	if (iso_image_filesystem_new(s, o, 0x1fffff, &fs) != 1)
		return r->fault ? r->fault : -EINVAL;
	rc = fs->get_root(fs, &root) == 1 ? measure(r, root, 0) : -EIO;
	if (root)
		iso_file_source_unref(root);
	iso_filesystem_unref(fs);
	return r->fault ? r->fault : rc;
}

static int add_extents(struct reading *r, IsoFile *f)
{
	struct iso_file_section *s = NULL;
	int n = 0, rc = iso_file_get_old_image_sections(f, &n, &s, 0) < 0 ? -EIO : 0;

	for (int i = 0; rc == 0 && i < n; i++)
		rc = disc_tree_add_extent(r->tree, (uint64_t)s[i].block * DISC_BLOCK, s[i].size);
	free(s);
	return rc;
}

/* El Torito's boot catalogue is a file to everybody but libisofs. */
static int add_catalogue(struct reading *r, IsoImage *image)
{
	IsoBoot *node;
	uint32_t block;
	char *content = NULL;
	off_t size;
	int rc = 0;

	if (iso_image_get_bootcat(image, &node, &block, &content, &size) == 1)
		rc = disc_tree_add_extent(r->tree, (uint64_t)block * DISC_BLOCK, (uint64_t)size);
	free(content);
	return rc;
}

static int add_entries(struct reading *r, IsoImage *image, IsoDir *dir, int at);

static int add_entry(struct reading *r, IsoImage *image, IsoNode *n, int at)
{
	enum IsoNodeType type = iso_node_get_type(n);
	enum disc_kind kind = type == LIBISO_DIR ? DISC_DIRECTORY
		: type == LIBISO_SYMLINK         ? DISC_LINK
						 : DISC_FILE;
	const char *target = kind == DISC_LINK ? iso_symlink_get_dest((IsoSymlink *)n) : NULL;
	int rc;

	if (type == LIBISO_SPECIAL)
		return 0;
	rc = disc_tree_add(r->tree, at, kind, iso_node_get_name(n), iso_node_get_mtime(n), target);
	if (rc < 0)
		return rc == -EINVAL ? 0 : rc; /* a name that nobody can ask for */
	if (type == LIBISO_DIR)
		return add_entries(r, image, (IsoDir *)n, rc);
	if (type == LIBISO_FILE)
		return add_extents(r, (IsoFile *)n);
	return type == LIBISO_BOOT ? add_catalogue(r, image) : 0;
}

static int add_entries(struct reading *r, IsoImage *image, IsoDir *dir, int at)
{
	IsoDirIter *all = NULL;
	IsoNode *n;
	int rc = 0;

	if (iso_dir_get_children(dir, &all) != 1)
		return -ENOMEM;
	while (rc == 0 && iso_dir_iter_next(all, &n) == 1)
		rc = add_entry(r, image, n, at);
	iso_dir_iter_free(all);
	return rc;
}

static int import(struct reading *r, IsoDataSource *s, IsoReadOpts *o)
{
	IsoImage *image = NULL;
	int rc = -ENOMEM;

	if (iso_image_new("", &image) != 1)
		return -ENOMEM;
	r->blocks = 0; /* the same again */
	if (iso_image_import(image, s, o, NULL) < 0 || r->fault)
		rc = r->fault ? r->fault : -EIO;
	else if (disc_tree_new(&r->tree) == 0)
		rc = add_entries(r, image, iso_image_get_root(image), 0);
	iso_image_unref(image);
	return rc;
}

static int read_locked(struct reading *r)
{
	static bool ready;
	char never[] = "NEVER", utf8[] = "UTF-8";
	IsoDataSource *s = source_new(r);
	IsoReadOpts *o = NULL;
	int rc = -ENOMEM;

	if (!ready && iso_init_with_flag(1) >= 0) {
		iso_set_msgs_severities(never, never, never);
		ready = iso_set_local_charset(utf8, 0) == 1;
	}
	if (ready && s)
		o = options_new();
	if (o)
		rc = check_limits(r, s, o);
	if (rc == 0)
		rc = import(r, s, o);
	if (rc == 0)
		rc = disc_tree_seal(r->tree);
	if (o)
		iso_read_opts_free(o);
	if (s)
		iso_data_source_unref(s);
	return rc;
}

static const char *words_of(int error)
{
	return error == -EINVAL    ? "not an ISO 9660 image"
		: error == -EIO    ? "the image is damaged or not whole; fetch it again"
		: error == -ELOOP  ? "its folders contain each other in a loop"
		: error == -EFBIG  ? "its folders hold more than any distribution's"
		: error == -EEXIST ? "two files in it have the same name"
				   : strerror(-error);
}

/* ECMA-119, 8.1: the first volume descriptor, behind 16 sectors. What has none is something else, not a damaged image; what
 * is empty has not come yet. */
static bool is_image(int fd)
{
	char id[5];

	if (!pread(fd, id, 1, 0))
		return true;
	return pread(fd, id, sizeof id, 16 * 2048 + 1) == sizeof id && !memcmp(id, "CD001", 5);
}

int disc_read(int fd, struct disc_tree **ret, char *why, size_t why_size)
{
	struct reading r = {.fd = fd};
	int rc = is_image(fd) ? 0 : -EINVAL;

	pthread_mutex_lock(&lock);
	if (!rc)
		rc = read_locked(&r);
	pthread_mutex_unlock(&lock);
	if (rc == 0) {
		*ret = r.tree;
		return 0;
	}
	disc_tree_free(r.tree);
	if (why)
		snprintf(why, why_size, "%s", words_of(rc));
	return rc;
}
