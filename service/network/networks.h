/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The networks that usher made, by name: in memory and in the store. They are served without being named in the
 * configuration. Main thread only.
 */
#ifndef USHER_SERVICE_NETWORK_NETWORKS_H
#define USHER_SERVICE_NETWORK_NETWORKS_H

#include "core/store.h"
#include "guest/guest.h"
#include "machine/segment.h"

#include <jansson.h>

struct networks {
	struct guest_network_spec all[SEGMENT_MAX]; /* complete: nothing is left out */
	size_t count;
	struct store *store;
};

/* Before store_start(). 0 or -errno with one line in `why`. */
int networks_load(struct networks *ns, struct store *store, char *why, size_t why_size);
/* NULL: none of that name. It lives until the next networks_put() or _remove(). */
const struct guest_network_spec *networks_find(const struct networks *ns, const char *name);
/* Puts it in the place of the one of that name, into the store's open transaction too, unless it is there as it is. 0,
 * -ENOSPC, -ENOMEM … */
int networks_put(struct networks *ns, const struct guest_network_spec *n);
/* 0 also when there is none. */
int networks_remove(struct networks *ns, const char *name);

/* The request of POST /networks, or a stored record. 0, or -EINVAL with the line. */
int network_from_json(json_t *j, struct guest_network_spec *ret, char *why, size_t why_size);
json_t *network_to_json(const struct guest_network_spec *n); /* new reference */

#endif
