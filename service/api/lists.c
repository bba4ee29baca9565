/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The long lists of the API: machines, leases, discovered machines. Each goes on from where its last slice ended, by name or by address, since
 * what it stood at may be gone. */
#include "service/api/lists.h"
#include "service/api/api.h"
#include "service/api/filter.h"
#include "service/base/reply.h"

#include "core/clock.h"
#include "core/json.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct place_key {
	uint32_t segment;
	struct ip ip;
};

struct list {
	struct listing listing;
	struct api *api;
	struct http_request *request;
	bool full;
	char place
		[MACHINE_NAME]; /* machines: the last that was looked at, or where the list begins; "": none */
	bool begun;             /* it is the former */
	struct filter filter;    /* its texts are the request's */
	json_int_t limit;        /* 0: none */
	char next[MACHINE_NAME]; /* of a page: the first of the next one; "": it is the last */
	struct place_key *keys;  /* leases: all that there were */
	size_t n, at;
	uint64_t number; /* discovered machines: of the last that was listed */
};

static struct list *list_of(struct listing *l)
{
	return (struct list *)(void *)((char *)l - offsetof(struct list, listing));
}

static void over(struct listing *listing, char *text, size_t len)
{
	struct list *l = list_of(listing);

	http_respond_text(l->request, 200, text, len);
	free(l->keys);
	free(l);
}

static void abandoned(void *arg, struct http_request *r)
{
	struct list *l = arg;

	(void)r;
	listing_drop(&l->listing);
}

static struct list *list_new(struct api *api, struct http_request *r)
{
	struct list *l = NULL;

	if (listings_full(&api->listings)) {
		http_respond_error(r, 503, "too many lists are under way: ask again");
		return NULL;
	}
	l = calloc(1, sizeof *l);
	if (!l)
		http_respond_error(r, 500, "out of memory");
	else
		*l = (struct list){.api = api, .request = r, .listing.over = over};
	return l;
}

static void list_start(struct list *l)
{
	http_on_abandon(l->request, abandoned, l);
	listing_start(&l->api->listings, &l->listing);
}

static struct machine *machine_after(const struct list *l)
{
	return l->begun ? machines_after(l->api->base->machines, l->place)
			: machines_from(l->api->base->machines, l->place);
}

static bool next_machine(struct listing *listing, json_t **ret)
{
	struct list *l = list_of(listing);
	const struct machine *m = *l->next ? NULL : machine_after(l);
	bool wanted = m && filter_takes(&l->filter, m);

	*ret = NULL;
	if (!m)
		return false;
	memcpy(l->place, m->name, sizeof l->place);
	l->begun = true;
	if (wanted && l->limit && listing->n == (size_t)l->limit)
		memcpy(l->next, m->name, sizeof l->next);
	else if (wanted)
		*ret = reply_machine(l->api->base->timeline, m, l->full);
	return true;
}

static json_t *next_machines(struct listing *listing)
{
	const struct list *l = list_of(listing);

	return *l->next ? json_string(l->next) : json_null();
}

/* A number from 1; 0: it is not given. False: it is something else. */
static bool limit_of(const struct http_request *r, json_int_t *ret)
{
	const char *text = http_arg(r, "limit");
	size_t n = text ? strspn(text, "0123456789") : 0;

	*ret = 0;
	if (!text)
		return true;
	if (!n || n > 9 || text[n])
		return false;
	*ret = atoi(text);
	return *ret > 0;
}

/* NULL: it is fine. */
static const char *take_machine_args(struct list *l, char *why, size_t size)
{
	const struct http_request *r = l->request;
	const char *from = http_arg(r, "from");

	l->filter = (struct filter){.state = http_arg(r, "state"),
		.profile = http_arg(r, "profile"),
		.lab = http_arg(r, "lab"),
		.segment = http_arg(r, "segment"),
		.label = http_arg(r, "label")};
	l->full = http_arg(r, "full") != NULL;
	if (!limit_of(r, &l->limit))
		return "limit is a number from 1 to 999999999";
	if (from && strlen(from) >= sizeof l->place)
		return "from is the name of a machine, the 'next' of the page before";
	snprintf(l->place, sizeof l->place, "%s", from ? from : "");
	return filter_error(&l->filter, why, size);
}

void lists_machines(struct api *api, struct http_request *r)
{
	struct list *l = list_new(api, r);
	const char *wrong;
	char why[256];

	if (!l)
		return;
	wrong = take_machine_args(l, why, sizeof why);
	if (wrong) {
		http_respond_error(r, 400, "%s", wrong);
		free(l);
		return;
	}
	l->listing.member = "machines";
	l->listing.next = next_machine;
	l->listing.next_page = l->limit || *l->place ? next_machines : NULL;
	list_start(l);
}

static json_t *lease_json(const struct api *api, const struct lease *l, int64_t now)
{
	const struct segment *seg = segments_by_id(&api->base->segments, l->segment);
	const struct machine *m = machines_by_mac(api->base->machines, l->segment, &l->mac, NULL);
	char ip[IP_TEXT], mac[MAC_TEXT];
	bool nobody = mac_is_zero(&l->mac); /* a declined one is nobody's */

	return json_pack("{s:s, s:s?, s:s?, s:s, s:o, s:s?, s:s?}", "address",
		ip_format(&l->ip, ip), "mac", nobody ? NULL : mac_format(&l->mac, mac), "segment",
		seg ? seg->name : NULL, "state", lease_state_name(l, now), "expires",
		machine_time_json(clock_wall_of(l->expires)), "hostname", json_some(l->hostname),
		"machine", m ? m->name : NULL);
}

static bool next_lease(struct listing *listing, json_t **ret)
{
	struct list *l = list_of(listing);
	const struct lease *lease = NULL;

	while (!lease && l->at < l->n) {
		const struct place_key *k = &l->keys[l->at++];

		lease = lease_by_ip(dhcpd_leases(l->api->dhcpd), k->segment, &k->ip);
	}
	*ret = lease ? lease_json(l->api, lease, clock_steady_ms()) : NULL;
	return lease;
}

static int keep_keys(struct list *l)
{
	const struct lease **all;
	int rc = leases_list(dhcpd_leases(l->api->dhcpd), &all, &l->n);

	if (rc)
		return rc;
	l->keys = calloc(l->n + 1, sizeof *l->keys);
	for (size_t i = 0; l->keys && i < l->n; i++)
		l->keys[i] = (struct place_key){all[i]->segment, all[i]->ip};
	free(all);
	return l->keys ? 0 : -ENOMEM;
}

void lists_leases(struct api *api, struct http_request *r)
{
	struct list *l = list_new(api, r);

	if (!l)
		return;
	if (keep_keys(l)) {
		http_respond_error(r, 500, "out of memory");
		free(l);
		return;
	}
	l->listing.member = "leases";
	l->listing.next = next_lease;
	list_start(l);
}

static bool next_discovered(struct listing *listing, json_t **ret)
{
	struct list *l = list_of(listing);
	const struct discovered *d = discovereds_after(l->api->discovery->discovered, l->number);

	*ret = NULL;
	if (!d)
		return false;
	l->number = d->number;
	*ret = discovery_json(l->api->discovery, d, l->full);
	return true;
}

void lists_discovered(struct api *api, struct http_request *r)
{
	struct list *l = list_new(api, r);

	if (!l)
		return;
	l->full = http_arg(r, "full") != NULL;
	l->listing.member = "discovered";
	l->listing.next = next_discovered;
	list_start(l);
}
