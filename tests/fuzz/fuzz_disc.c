/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An ISO image, from its first volume descriptor on: read within the limits, and what was found can be asked for. */
#include "kickstart/media/disc.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
const char *__lsan_default_suppressions(void);

/* libisofs 1.5.4 forgets some of its own objects where an image is damaged: a file source, a name, and what they hold
 * on to. What is allocated by us and lost by us is still told. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libisofs";
}

static void must(int ok)
{
	if (!ok)
		abort();
}

static int each(void *arg, const char *name, const struct disc_file *f)
{
	struct disc_file again;
	uint64_t size = 0;

	for (size_t i = 0; i < f->n_extents; i++)
		size += f->extents[i].size;
	must(size == f->size);
	must(f->kind == DISC_LINK || disc_tree_find(arg, name, &again) == 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int fd = memfd_create("disc", MFD_CLOEXEC);
	struct disc_tree *t = NULL;
	char why[128];

	must(fd >= 0);
	must(pwrite(fd, data, len, 16 * DISC_BLOCK) == (ssize_t)len);
	if (disc_read(fd, &t, why, sizeof(why)) == 0)
		must(disc_tree_list(t, "", each, t) == 0);
	disc_tree_free(t);
	close(fd);
	return 0;
}
