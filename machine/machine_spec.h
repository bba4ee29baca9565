/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest's record says of its hardware and its disks: all that is needed to make it again. In the store and in the
 * API it is a JSON object, whose keys only machine_spec.c knows.
 */
#ifndef USHER_MACHINE_MACHINE_SPEC_H
#define USHER_MACHINE_MACHINE_SPEC_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct machine_disk {
	uint64_t size;       /* bytes */
	char *pool, *volume; /* heap; NULL: not said */
};

/* Zeroed is empty. Texts are on the heap; NULL: not said. */
struct machine_spec {
	uint64_t memory; /* MiB */
	uint64_t disk;   /* bytes */
	uint64_t vcpus;
	uint64_t
		filters; /* the version of the packet filter that its definition has: GUEST_FILTERS */
	char *pool, *volume;
	char *made_as; /* renamed since: the name after which its volumes are called, where they were given none */
	char *cpu, *firmware, *graphics, *os_variant, *description;
	char *connect;  /* the libvirt that it lives in; NULL: the service's own */
	char *domain;   /* a <domain> of its own */
	char *template; /* it is a clone of this machine */
	bool linked;    /* a clone's disk is made on top of its template's */
	bool autostart;
	bool replace;               /* its creation replaces a domain of that name */
	bool keep_disks;            /* its deletion leaves them */
	struct machine_disk *disks; /* the further ones; heap */
	size_t n_disks;
};

void machine_spec_fini(struct machine_spec *s); /* empty again */
/* A copy of `text` in the place of what is there; NULL and "" are not said. 0 or -ENOMEM. */
int machine_spec_set(char **to, const char *text);
/* 0 or -ENOMEM. `pool` and `volume` as machine_spec_set(). */
int machine_spec_add_disk(
	struct machine_spec *s, uint64_t size, const char *pool, const char *volume);

/* As the store has it. New reference; NULL: out of memory. */
json_t *machine_spec_store(const struct machine_spec *s);
/* As the API tells it: memory in bytes, without what only the service needs. New reference; NULL: out of memory. */
json_t *machine_spec_json(const struct machine_spec *s);
/* Of a stored object. 0, -ENOMEM or -EPROTO: `ret_key` is the member that is wrong; `s` is to be emptied all the same. */
int machine_spec_parse(const json_t *object, struct machine_spec *s, const char **ret_key);
/*
 * One member from the API, by its key: a text, a number or a boolean as the member is; "" and false take it out. 0, 1: it
 * was so already, -ENOENT: there is no such member, -EINVAL, -ENOMEM.
 */
int machine_spec_change(struct machine_spec *s, const char *key, const json_t *value);

#endif
