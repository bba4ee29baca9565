/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What registry.c shares with the other files of this room. Nobody else includes it. */
#ifndef USHER_MACHINE_REGISTRY_H
#define USHER_MACHINE_REGISTRY_H

#include "core/encrypt.h"
#include "machine/census.h"
#include "machine/machine.h"

struct usual;

struct machines {
	struct store *store;
	struct timeline *timeline;
	const struct segments *segments;
	const struct encrypt_key *key;
	machine_act act;
	void *act_arg;

	struct table names;     /* machine.by_name */
	struct table keys;      /* MACs, addresses and tokens: machine_keys.c */
	struct machine **order; /* by name */
	struct lowest {
		uint32_t address, pool_first, pool_last, net;
		struct ip server, router; /* what it was found for */
	} lowest[SEGMENT_MAX];            /* machines_lowest(), by segment id - 1 */
	size_t count, cap;
	struct machine **due; /* a heap, the earliest deadline first; its room is `cap` too */
	size_t n_due;
	struct machine **watched; /* watch.h; its room is `cap` too */
	size_t n_watched;
	struct usual *usual; /* watch.c: how long steps take, by profile */
	size_t n_usual;
	uint8_t salt[16]; /* of this run: machine_tag.c */
	struct census census;
	int64_t restarted; /* mono ms: since when this service runs, if there was one before */
};

/* Numbers inside a name by value; names that are equal so ("n01", "n1") by their bytes. */
int machine_name_compare(const char *a, const char *b);

/* The keys of the record as it is now, instead of those it had. -EEXIST one is another machine's,
 * -ENOMEM: then it keeps those it had. */
int machine_keys_update(struct machines *ms, struct machine *m);
void machine_keys_drop(struct machines *ms, struct machine *m);

/* There is room for all machines in `due`. */
void machine_due_update(struct machines *ms, struct machine *m);
void machine_due_remove(struct machines *ms, struct machine *m);
/* Does the attempt's deadline count in this state? */
bool machine_is_due(const struct machine *m);

/* The stored form of a record, its secrets encrypted. NULL: out of memory, or it has secrets and `key` is NULL. */
json_t *machine_store(const struct machine *m, const struct encrypt_key *key);
/* Wants one JSON object of machine_store(); the line in `why` says which member is wrong. -EPROTO, -ENOMEM, -ENOKEY (it has
 * encrypted secrets and `key` is NULL). */
int machine_parse(const json_t *j, const struct encrypt_key *key, struct machine **ret, char *why,
	size_t why_size);

/* machine_secrets.c: one record on its way. */
struct secrets {
	const struct encrypt_key *key; /* NULL: there is none */
	const char *uuid;
	bool any; /* writing: it has secrets */
	int rc;   /* the first fault: -ENOMEM, -ENOKEY */
};
/* New references; NULL: out of memory or no key. */
json_t *secrets_password_store(struct secrets *s, const struct machine *m);
json_t *secrets_settings_store(struct secrets *s, const json_t *settings);
json_t *secrets_snapshot_store(struct secrets *s, const json_t *snapshot);
void secrets_password_parse(struct secrets *s, const json_t *v, struct machine *m);
json_t *secrets_settings_parse(struct secrets *s, json_t *settings, struct machine *m);
json_t *secrets_snapshot_parse(struct secrets *s, json_t *snapshot, struct machine *m);

#endif
