/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The volumes' side of guest/, for labs, without a service above it:
 *
 *     volumes create NAME [POOL=SIZE[,VOLUME]]… [base=VOLUME[@POOL]] [linked] [replace]
 *     volumes check  NAME …                          the same, and makes nothing
 *     volumes delete NAME [POOL=SIZE[,VOLUME]]… [keep]
 *     volumes shrink NAME
 *     volumes info   POOL VOLUME
 *
 * SIZE in MiB. The guest has no NIC that matters, and is not started. Prints what came of it; exit status 1 with the
 * reason when it failed.
 */
#include "guest/guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct mailbox home;
static bool over;
static int result;

static void done(void *arg, int rc, const char *why)
{
	(void)arg;
	over = true;
	result = rc;
	printf("%s%s%s\n", rc ? "failed: " : "done", !rc && *why ? ": " : "", why);
}

static void volume_done(void *arg, int rc, const struct guest_volume *v, const char *why)
{
	done(arg, rc, why);
	if (!rc)
		printf("pool %s volume %s path %s format %s backing %s capacity %llu allocation "
		       "%llu before %llu\n",
			v->pool, v->volume, v->path, v->format, *v->backing ? v->backing : "-",
			(unsigned long long)v->capacity, (unsigned long long)v->allocation,
			(unsigned long long)v->before);
}

static void put_disk(struct guest_spec *s, const char *pool, char *size)
{
	char *volume = strchr(size, ',');
	struct guest_disk d = {0};

	if (volume)
		*volume++ = '\0';
	d.size = strtoull(size, NULL, 10) << 20;
	snprintf(d.pool, sizeof d.pool, "%s", pool);
	snprintf(d.volume, sizeof d.volume, "%s", volume ? volume : "");
	if (s->disk) {
		s->more[s->n_more++] = d;
		return;
	}
	s->disk = d.size;
	memcpy(s->pool, d.pool, sizeof s->pool);
	memcpy(s->volume, d.volume, sizeof s->volume);
}

static void put_base(struct guest_spec *s, char *base)
{
	char *at = strchr(base, '@');

	if (at)
		*at++ = '\0';
	snprintf(s->base_volume, sizeof s->base_volume, "%s", base);
	snprintf(s->base_pool, sizeof s->base_pool, "%s", at ? at : "");
}

static bool read_spec(struct guest_spec *s, char **argv, bool *ret_keep)
{
	*s = (struct guest_spec){
		.memory_mib = 32, .vcpus = 1, .accel = "qemu", .profile = "lab", .n_nics = 1};
	snprintf(s->name, sizeof s->name, "%s", *argv);
	snprintf(s->nics[0].network, sizeof s->nics[0].network, "default");
	s->nics[0].mac.b[0] = 0x52;
	for (size_t i = 0; s->name[i]; i++) /* each its own */
		s->nics[0].mac.b[1 + i % 5] =
			(uint8_t)(s->nics[0].mac.b[1 + i % 5] * 31 + s->name[i]);
	while (*++argv) {
		char *value = strchr(*argv, '=');

		if (value)
			*value++ = '\0';
		if (!strcmp(*argv, "linked"))
			s->linked = true;
		else if (!strcmp(*argv, "replace"))
			s->replace = true;
		else if (!strcmp(*argv, "keep"))
			*ret_keep = true;
		else if (!value || s->n_more == GUEST_DISKS)
			return false;
		else if (!strcmp(*argv, "base"))
			put_base(s, value);
		else
			put_disk(s, *argv, value);
	}
	return true;
}

static int ask(struct guests *g, char **argv)
{
	const char *what = argv[1];
	struct guest_spec s;
	bool keep = false;

	if (!strcmp(what, "info") && argv[3])
		return guest_volume_info(g, argv[2], argv[3], volume_done, NULL);
	if (!strcmp(what, "shrink"))
		return guest_shrink(g, argv[2], NULL, volume_done, NULL);
	if (!read_spec(&s, argv + 2, &keep))
		return -1;
	if (!strcmp(what, "delete"))
		return guest_delete(g, &s, keep, done, NULL);
	return strcmp(what, "check") ? guest_create(g, &s, done, NULL)
				     : guest_check(g, &s, done, NULL);
}

int main(int argc, char **argv)
{
	struct guests_config config = {.home = &home, .accel = "qemu"};
	struct guests *g;

	if (argc < 3 || mailbox_init(&home) || guests_new(&config, &g) || ask(g, argv)) {
		fprintf(stderr, "volumes: see tests/lab/volumes.c\n");
		return 2;
	}
	while (!over)
		mailbox_wait(&home, 1000);
	guests_free(g);
	mailbox_fini(&home);
	return result ? 1 : 0;
}
