/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the workers do: libvirt's blocking calls for one job. Each returns 0 or negative errno with
 * a line in `why`; -ENOTCONN when the connection broke and the outcome is not known.
 */
#ifndef USHER_GUEST_OPS_H
#define USHER_GUEST_OPS_H

#include "guest/guest.h"
#include "guest/mac_cache.h"
#include "guest/runs.h"

#include <libvirt/libvirt.h>
#include <stdatomic.h>

struct op {
	virConnectPtr conn;
	char *why; /* GUEST_WHY bytes */
	struct mac_cache *macs;
	struct consoles *consoles; /* NULL: none are open */
	struct run_deeds did;
	unsigned connection; /* its number */
	atomic_uint
		*filters; /* of the last one on which our filters were seen to; NULL: each time */
};

/* `type`: "kvm" or "qemu". With rc 0 `why` may hold a warning. */
int ops_check(struct op *op, const struct guest_spec *spec, const char *type);
/* `*ret_made`: volumes may have been made, and when the connection broke afterwards they may still
 * be there. */
int ops_create(struct op *op, const struct guest_spec *spec, const char *type, bool *ret_made);
int ops_start_install(struct op *op, const char *name, const char *uuid);
int ops_start_live(struct op *op, const char *name, const char *uuid);
int ops_leave_live(struct op *op, const char *name, const char *uuid);
int ops_seal(struct op *op, const char *name, const char *uuid);
int ops_start_disk(struct op *op, const char *name, const char *uuid);
int ops_filter(struct op *op, const struct guest_spec *spec);
int ops_filters(struct op *op);
int ops_stop(struct op *op, const char *name, const char *uuid);
/* With `keep` the volumes stay, and with rc 0 `why` says where. */
int ops_delete(struct op *op, const struct guest_spec *spec, bool keep);
int ops_shrink(struct op *op, const char *name, const char *uuid, struct guest_volume *ret);
int ops_volume(struct op *op, const char *pool, const char *volume, struct guest_volume *ret);
int ops_change(
	struct op *op, const char *name, const char *uuid, const struct guest_change *change);
int ops_shutdown(struct op *op, const char *name, const char *uuid);
int ops_status(struct op *op, const char *name, struct guest_status *ret);
/* `*ret` is for free(); sorted by UUID. */
int ops_list(struct op *op, struct guest_seen **ret, size_t *ret_n);
/* With rc 0 `why` may hold a warning. */
int ops_publish(struct op *op, const char *network, const char *name, const struct ip *ip,
	const struct mac *mac, bool add);
int ops_network(struct op *op, const char *network, struct guest_network *ret);
int ops_network_make(
	struct op *op, const struct guest_network_spec *spec, struct guest_network *ret);
int ops_network_drop(struct op *op, const char *network);
/* All, by name; `*ret` is for free(). */
int ops_networks(struct op *op, struct guest_network **ret, size_t *ret_n);
/* What libvirt knows of this network's addresses; `*ret` is for free(). */
int ops_seats(struct op *op, const char *network, struct guest_seat **ret, size_t *ret_n);
/* Reservations for the guests of others with computed MACs: of one domain (when it is gone, they
 * go), or of all ("" ). */
int ops_computed(struct op *op, const char *network, const char *domain, struct guest_seat **ret,
	size_t *ret_n);
int ops_seat_guests(struct op *op, const char *network, const char *domain);

/* For files of this room. */

/* ops_publish() without the name's record in the DNS. */
int ops_reserve(struct op *op, const char *network, const char *name, const struct ip *ip,
	const struct mac *mac, bool add);

/* netfilter_need(), once for each connection. */
int ops_need_filters(struct op *op);
/* -ENOENT (nothing in `why`), -EPERM when it has another UUID than a given one. */
int ops_find(struct op *op, const char *name, const char *uuid, virDomainPtr *ret);
/* Stops it and undefines it with all that belongs to it; what is gone already is fine. */
int ops_remove(struct op *op, virDomainPtr d);
/* Stops it; sets did.stop when it ran. */
int ops_destroy(struct op *op, virDomainPtr d);
const char *ops_pool_name(const char *pool);
/* Deletes it; fine when pool or volume are missing. */
int ops_delete_volume(struct op *op, const char *pool, const char *volume);

#endif
