/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which computed MACs libvirt's guests have on the networks where we lease, whoever made them: the witnesses that
 * dhcpd/dhcp_claim.h asks for. Events of libvirt's keep it up to date; a card that is plugged into a running guest is
 * told of by none, so where an unknown MAC comes all are read again, now and then.
 */
#include "service/network/claims.h"
#include "service/network/network.h"

#include "core/clock.h"
#include "core/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK_AGAIN_MS = 300 * 1000 }; /* ten thousand definitions are some seconds of libvirtd's */

/* A domain has this MAC; a copy of its definition has the same. */
struct known {
	struct table_node node;
	uint32_t segment;
	struct mac mac;
	char domain[GUEST_NAME];
};

struct look {
	struct look *next;
	struct network *nw;
	char network[SEGMENT_NAME];
	char domain[GUEST_NAME]; /* "": all */
};

static uint64_t hash_of(uint32_t segment, const struct mac *mac)
{
	return hash_bytes(mac->b, sizeof mac->b, segment);
}

/* `domain` NULL: of any. */
static struct known *find(
	const struct network *nw, uint32_t segment, const struct mac *mac, const char *domain)
{
	struct table_node *n = table_first(&nw->claims, hash_of(segment, mac));

	for (; n; n = table_next(n)) {
		struct known *k = table_entry(n, struct known, node);

		if (k->segment == segment && mac_eq(&k->mac, mac) &&
			(!domain || !strcmp(k->domain, domain)))
			return k;
	}
	return NULL;
}

/* `domain` "": of all. */
static void forget(struct network *nw, uint32_t segment, const char *domain)
{
	struct table_node *n, *next;
	size_t slot = 0;

	for (n = table_walk(&nw->claims, &slot, NULL); n; n = next) {
		struct known *k = table_entry(n, struct known, node);

		next = table_walk(&nw->claims, &slot, n);
		if (k->segment != segment || (*domain && strcmp(k->domain, domain)))
			continue;
		table_remove(&nw->claims, &k->node);
		free(k);
	}
}

static void add(struct network *nw, uint32_t segment, const struct guest_seat *seat)
{
	struct known *k = find(nw, segment, &seat->mac, seat->name) ? NULL : calloc(1, sizeof *k);

	if (!k)
		return;
	k->segment = segment;
	k->mac = seat->mac;
	snprintf(k->domain, sizeof k->domain, "%s", seat->name);
	if (table_put(&nw->claims, &k->node, hash_of(segment, &k->mac)))
		free(k);
}

/* Jobs that a stop drops never come back: what they were to be told of is kept in a list. */
static void look_free(struct look *look)
{
	struct look **at = &look->nw->looks;

	while (*at != look)
		at = &(*at)->next;
	*at = look->next;
	free(look);
}

static void on_computed(
	void *arg, int rc, const struct guest_seat *seats, size_t n, const char *why)
{
	struct look *look = arg;
	struct network *nw = look->nw;
	const struct segment *seg = segments_by_name(&nw->base->segments, look->network);

	if (rc)
		log_debug("%s: its guests' MACs are not known: %s", look->network, why);
	if (!rc && seg) {
		forget(nw, seg->id, look->domain);
		for (size_t i = 0; i < n; i++)
			add(nw, seg->id, &seats[i]);
		if (!*look->domain)
			nw->served[seg->id - 1].guests_known = true;
	}
	look_free(look);
}

void claims_look(struct network *nw, const struct segment *seg, const char *domain)
{
	struct look *look;

	if (!seg->is_network || !seg->computed || seg->mode != SEGMENT_OWN ||
		!(look = malloc(sizeof *look)))
		return;
	if (!*domain)
		nw->served[seg->id - 1].guests_looked = clock_mono_ms();
	look->nw = nw;
	look->next = nw->looks;
	nw->looks = look;
	snprintf(look->network, sizeof look->network, "%s", seg->name);
	snprintf(look->domain, sizeof look->domain, "%s", domain);
	if (guest_computed(nw->hosts->own, seg->name, domain, on_computed, look))
		look_free(look);
}

enum dhcp_guest claims_guest(struct network *nw, const struct segment *seg, const struct mac *mac)
{
	const struct served *d = &nw->served[seg->id - 1];

	if (!seg->is_network)
		return DHCP_GUEST_MAYBE;
	if (find(nw, seg->id, mac, NULL))
		return DHCP_GUEST_KNOWN;
	if (seg->bridged || !d->guests_known || !guests_connected(nw->hosts->own))
		return DHCP_GUEST_MAYBE; /* on a bridge of the host's may be guests of other hosts */
	if (clock_mono_ms() - d->guests_looked >= LOOK_AGAIN_MS)
		claims_look(nw, seg, "");
	return DHCP_GUEST_NONE;
}

void claims_leave(struct network *nw, const struct segment *seg)
{
	forget(nw, seg->id, "");
}

void claims_fini(struct network *nw)
{
	while (nw->looks)
		look_free(nw->looks);
	for (uint32_t id = 1; id <= SEGMENT_MAX; id++)
		forget(nw, id, "");
	table_fini(&nw->claims);
}
