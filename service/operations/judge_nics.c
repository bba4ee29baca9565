/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judging a request's NICs: each one's network, address and MAC. The first is the one that boots, so its network must
 * be served here; a further one of a guest may be on any network of libvirt's.
 */
#include "service/network/seats.h"
#include "service/network/claims.h"
#include "service/operations/judge.h"

#include "core/clock.h"
#include "core/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

enum {
	NUMBERS_DRAWN =
		1 << 24, /* up to here a computed MAC may be one that was drawn: make_mac() */
	NUMBERS_LOOKS = 1 << 17, /* twice as many as there are machines */
};

/* What the request wants of its i-th NIC: of "nics", or of its own keys for the only one. Borrowed; NULL: no such. */
static json_t *wanted(json_t *body, size_t i)
{
	json_t *nics = json_object_get(body, "nics");

	return nics ? json_array_get(nics, i) : i ? NULL : body;
}

const struct segment *judge_segment_named(const struct creation *c, const char *name)
{
	const struct segment *seg = c->trial ? trial_segment(c->trial, name) : NULL;

	return seg ? seg : segments_by_name(&c->ops->base->segments, name);
}

/* Where nothing is said: of guests the first network, of bare metal the only segment that usher did not make itself. So a
 * network that is made later changes nothing. */
static const struct segment *default_segment(const struct operations *ops, bool guest)
{
	const struct segment *found = NULL;
	size_t n = 0;

	if (ops->base->segments.count == 1)
		return ops->base->segments.all[0];
	for (size_t i = 0; i < ops->base->segments.count; i++) {
		const struct segment *seg = ops->base->segments.all[i];
		const struct config_segment *cs = config_segment_of(&ops->base->config, seg->name);

		if (guest ? !seg->is_network : cs && cs->remembered)
			continue;
		found = found ? found : seg;
		n++;
	}
	return guest || n == 1 ? found : NULL;
}

const struct segment *judge_where(const struct creation *c, json_t *body)
{
	const char *name = json_text(wanted(body, 0), "segment");

	return *name ? judge_segment_named(c, name) : default_segment(c->ops, c->machine->guest);
}

/* The network of a further NIC that is not served here: that libvirt has it, guest_check() sees to. */
static int judge_unserved(struct nic *nic, const char *name, char *why, size_t size)
{
	if (!*name) {
		snprintf(why, size, "a further NIC needs its network's name");
		return -EINVAL;
	}
	if (strlen(name) >= sizeof nic->segment) {
		snprintf(why, size, "no network has a name that long: '%.80s'", name);
		return -EINVAL;
	}
	snprintf(nic->segment, sizeof nic->segment, "%s", name);
	nic->segment_id = 0;
	return 0;
}

static int judge_first(const struct creation *c, const struct segment *seg, const char *name,
	char *why, size_t size)
{
	const struct segments *all = &c->ops->base->segments;

	if (seg)
		return 0;
	if (!all->count) {
		snprintf(why, size, "no network is served: 'usher network create NAME' makes one");
		return -ENOENT;
	}
	if (!*name && all->count > 1) {
		snprintf(why, size, "several networks are served: choose one, like --network %s",
			all->all[0]->name);
		return -EINVAL;
	}
	snprintf(why, size, "network '%.80s' is not served here; '%s' is", name, all->all[0]->name);
	return -ENOENT;
}

/* `*ret` is NULL when it is not served here, as a guest's further one need not be. */
static int judge_segment(struct creation *c, json_t *want, size_t i, const struct segment **ret,
	char *why, size_t size)
{
	struct nic *nic = &c->machine->nics[i];
	const char *name = json_text(want, "segment");
	const struct segment *seg = i ? judge_segment_named(c, name) : judge_where(c, want);
	int rc;

	*ret = seg;
	if (i && !seg && c->machine->guest)
		return judge_unserved(nic, name, why, size);
	if ((rc = judge_first(c, seg, name, why, size)))
		return rc;
	if (!segment_is_known(seg)) {
		snprintf(why, size, "'%s' is not served yet: its address is not known", seg->name);
		return -ENETDOWN;
	}
	if (c->machine->guest && !seg->is_network) {
		snprintf(why, size,
			"'%s' is no libvirt network, and guests need one: if %s is a bridge, define "
			"a network with <forward mode='bridge'/> and <bridge name='%s'/>, and serve "
			"that in its place (usher serve --network NAME)",
			seg->name, seg->ifname, seg->ifname);
		return -EINVAL;
	}
	snprintf(nic->segment, sizeof nic->segment, "%s", seg->name);
	nic->segment_id = seg->id;
	return 0;
}

/* A reservation or lease of this very card is none of another's; a domain's is, unless it is to be replaced. */
static bool is_of_other(
	const struct creation *c, const struct nic *nic, const struct guest_seat *seat)
{
	struct mac mac = nic->mac;

	if (trial_goes(c, seat->name))
		return false;
	if (seat->what == GUEST_SEAT_DOMAIN)
		return !seat->ours || strcmp(seat->name, c->machine->name);
	if (mac_is_zero(&mac))
		mac_from_ip(&seat->ip, &mac);
	return !mac_eq(&mac, &seat->mac);
}

/* Has libvirt's network given it to somebody? It was asked of the first NIC's only. */
static bool seat_taken(const struct creation *c, const struct nic *nic, const struct ip *ip,
	char *who, size_t size)
{
	static const char *const what[] = {[GUEST_SEAT_HOST] = "a reservation in libvirt's network",
		[GUEST_SEAT_LEASE] = "a lease of libvirt's",
		[GUEST_SEAT_DOMAIN] = "a domain whose MAC is computed from it"};
	char mac[MAC_TEXT];

	if (nic->segment_id != c->machine->nics[0].segment_id)
		return false;
	for (size_t i = 0; i < c->n_seats; i++) {
		const struct guest_seat *s = &c->seats[i];

		if (!ip_eq(&s->ip, ip) || !is_of_other(c, nic, s))
			continue;
		snprintf(who, size, "%s: %s%s%s", what[s->what], s->name, *s->name ? ", " : "",
			mac_format(&s->mac, mac));
		return true;
	}
	return false;
}

bool judge_address_claimed(
	const struct operations *ops, uint32_t segment, const struct ip *ip, struct mac *ret)
{
	const struct segment *seg = segments_by_id(&ops->base->segments, segment);
	struct ip computed;

	return seg && lease_holder(dhcpd_leases(ops->dhcpd), segment, ip, clock_steady_ms(), ret) &&
		!mac_to_ip(ret, &computed) && ip_eq(&computed, ip) &&
		!machines_by_mac(ops->base->machines, segment, ret, NULL) &&
		claims_guest(ops->network, seg, ret) != DHCP_GUEST_KNOWN;
}

bool judge_address_held(const struct creation *c, const struct nic *nic, const struct ip *ip,
	char *who, size_t size)
{
	uint32_t segment = nic->segment_id;
	const struct machine *m = machines_by_ip(c->ops->base->machines, segment, ip);
	char mac[MAC_TEXT];
	struct mac holder;

	if (m && strcmp(m->name, c->machine->name) && !trial_goes(c, m->name))
		snprintf(who, size, "machine '%s'", m->name);
	else if (!m &&
		lease_holder(
			dhcpd_leases(c->ops->dhcpd), segment, ip, clock_steady_ms(), &holder) &&
		!mac_eq(&holder, &nic->mac) && !judge_address_claimed(c->ops, segment, ip, &holder))
		snprintf(who, size, "a lease of %s", mac_format(&holder, mac));
	else
		return seat_taken(c, nic, ip, who, size);
	return true;
}

static bool address_used(const struct creation *c, const struct nic *nic, const struct ip *ip,
	char *who, size_t size)
{
	const struct creation *before = trial_has(c->trial, NULL, nic, ip, NULL);
	const struct nic *own = c->machine->nics;

	while (own < nic && (own->segment_id != nic->segment_id || !nic_has(own, ip)))
		own++;
	if (own < nic)
		snprintf(who, size, "another card of it");
	else if (before)
		snprintf(who, size, "machine '%s' of the same request", before->machine->name);
	else if (reserved(c->ops->base->reserved, NULL, nic->segment_id, ip))
		snprintf(who, size, "a machine that is being created");
	else
		return judge_address_held(c, nic, ip, who, size);
	return true;
}

static int lowest_free(
	struct creation *c, const struct nic *nic, const struct segment *seg, struct ip *ret)
{
	struct trial *t = c->trial;
	/* Recorded addresses may be free all the same: that of a machine which is to be replaced, those of machines that go.
	 * Within a trial all below were taken: trial.c gives back what a faulty one had. */
	uint32_t from = t && t->free_segment == seg->id ? t->free_from
		: trial_has_gone(t) || c->replace       ? segment_net(seg) + 1
						  : machines_lowest(c->ops->base->machines, seg);
	struct mac claims;
	char who[128];

	for (uint32_t a = from; segment_contains(seg, a); a++) {
		struct ip ip = ip_from_v4(a);

		if (!segment_offers(seg, &ip) || segment_in_pool(seg, &ip) ||
			judge_address_claimed(c->ops, seg->id, &ip, &claims))
			continue;
		if (!address_used(c, nic, &ip, who, sizeof who)) {
			if (t) {
				t->free_segment = seg->id;
				t->free_from = a + 1;
			}
			*ret = ip;
			return 0;
		}
	}
	return -ENOSPC;
}

/* Where IPv4 is not served, of IPv6: from numbers whose MACs are none that QEMU draws, 52:54:00 and three bytes. */
static int lowest_free6(
	struct creation *c, const struct nic *nic, const struct segment *seg, struct ip *ret)
{
	char who[128];

	for (uint32_t n = NUMBERS_DRAWN + 1; n < NUMBERS_DRAWN + NUMBERS_LOOKS; n++) {
		struct ip ip = segment_at(seg, IP_V6, n);

		if (segment_offers(seg, &ip) && !segment_in_pool(seg, &ip) &&
			!address_used(c, nic, &ip, who, sizeof who)) {
			*ret = ip;
			return 0;
		}
	}
	return -ENOSPC;
}

static int parse_address(const char *text, struct ip *ret, char *why, size_t size)
{
	if (!ip_parse(text, ret))
		return 0;
	snprintf(why, size, "'%.80s' is not an IPv4 or IPv6 address", text);
	return -EINVAL;
}

static int judge_said(struct creation *c, const struct nic *nic, const char *text,
	const struct segment *seg, struct ip *ret, char *why, size_t size)
{
	struct ip net;
	char net_text[IP_TEXT], who[128];

	if (parse_address(text, ret, why, size))
		return -EINVAL;
	if (!segment_accepts(seg, ret)) {
		bool six = ret->family == IP_V6 || !ip_is_set(&seg->server);

		net = six ? segment_at(seg, IP_V6, 0) : ip_from_v4(segment_net(seg));
		if (ip_is_set(segment_server(seg, ret->family)))
			snprintf(why, size,
				"address %s cannot be used in segment '%s' (a host's in %s/%u, but "
				"not the server's)",
				text, seg->name, ip_format(&net, net_text),
				six ? seg->six.prefix_len : seg->prefix_len);
		else
			snprintf(why, size,
				"address %s cannot be used in segment '%s': IPv%d is not served "
				"there",
				text, seg->name, ret->family);
		return -EINVAL;
	}
	if (address_used(c, nic, ret, who, sizeof who)) {
		snprintf(why, size, "address %s is in use by %s", text, who);
		return -EEXIST;
	}
	return 0;
}

/* Beside what was said. An IPv6 address with the number of an IPv4 one of the subnet goes with that one: computed from it, it is
 * nobody else's. */
static int judge_beside(struct creation *c, const struct nic *nic, const struct segment *seg,
	const struct ip *said, struct ip *ret, char *why, size_t size)
{
	char text[IP_TEXT], with[IP_TEXT], who[128];
	int rc = 0;

	if (segment_v4_of(seg, said, ret)) {
		if (!segment_accepts(seg, ret))
			snprintf(who, sizeof who, "usher or the subnet itself");
		else if (!address_used(c, nic, ret, who, sizeof who))
			return 0;
		snprintf(why, size, "address %s goes with %s, which is in use by %s",
			ip_format(said, text), ip_format(ret, with), who);
		return -EEXIST;
	}
	if (!ip_is_set(&seg->server))
		rc = ip_is_set(said) ? 0 : lowest_free6(c, nic, seg, ret);
	else if (said->family != IP_V4)
		rc = lowest_free(c, nic, seg, ret);
	if (rc)
		snprintf(why, size, "segment '%s' has no free address outside its pool", seg->name);
	return rc;
}

/* Another server leases on the host's own bridge, and reserves nothing for us. */
static int judge_reserved(const struct creation *c, const struct segment *seg, const char *text,
	char *why, size_t size)
{
	if (!c->machine->guest || !seg->bridged || seg->mode != SEGMENT_PROXY || *text)
		return 0;
	snprintf(why, size,
		"another server leases on '%s', and the guest may use the address of its record alone: "
		"choose a MAC and an address (--mac, --ip), and reserve that address for it "
		"there",
		seg->name);
	return -EINVAL;
}

/* Who says one of IPv6 is given one of IPv4 too, where that is served. */
static int judge_address(struct creation *c, struct nic *nic, json_t *want,
	const struct segment *seg, char *why, size_t size)
{
	const char *text = json_text(want, "address");
	struct ip said = {0}, free = {0};
	int rc = judge_reserved(c, seg, text, why, size);

	if (!rc && *text)
		rc = judge_said(c, nic, text, seg, &said, why, size);
	if (!rc)
		rc = judge_beside(c, nic, seg, &said, &free, why, size);
	if (rc)
		return rc;
	nic->n_addrs = 0;
	if (ip_is_set(&free))
		nic->addrs[nic->n_addrs++] = free;
	if (ip_is_set(&said))
		nic->addrs[nic->n_addrs++] = said;
	return 0;
}

/* Somebody else leases there, or nobody: an address may be said, so that the MAC is computed from it and no other is
 * let through, but where libvirt leases it would not be the one that it gives. */
static int judge_foreign_address(
	struct nic *nic, json_t *want, const struct segment *seg, char *why, size_t size)
{
	const char *text = json_text(want, "address");

	if (!*text)
		return 0;
	if (seg) {
		snprintf(why, size,
			"libvirt leases on '%s' and reserves the first NIC's address only: leave "
			"%.40s out",
			seg->name, text);
		return -EINVAL;
	}
	if (ip_parse(text, &nic->addrs[0]) || nic->addrs[0].family != IP_V4) {
		snprintf(why, size, "'%.80s' is not an IPv4 address", text);
		return -EINVAL;
	}
	nic->n_addrs = 1;
	return 0;
}

/* Before the address, which this card may have been leased already. */
static int judge_mac(struct nic *nic, json_t *want, char *why, size_t size)
{
	const char *text = json_text(want, "mac");

	if (*text && mac_parse(text, &nic->mac)) {
		snprintf(why, size, "'%.80s' is not a MAC like 52:54:00:12:34:56", text);
		return -EINVAL;
	}
	if (*text && (mac_is_group(&nic->mac) || mac_is_zero(&nic->mac))) {
		snprintf(why, size, "%s is not the MAC of a single card", text);
		return -EINVAL;
	}
	return 0;
}

/* Computed from the address; without one it is drawn, as QEMU's and libvirt's are: 52:54:00 and three random bytes. */
static int make_mac(struct nic *nic, const struct segment *seg)
{
	const struct ip *ip = nic->n_addrs ? &nic->addrs[0] : NULL;
	struct ip v4 = ip ? *ip : (struct ip){0};
	uint32_t number;

	if (ip && ip->family == IP_V6 && seg && segment_number(seg, ip, &number) &&
		number > NUMBERS_DRAWN)
		v4 = ip_from_v4(number);
	if (v4.family == IP_V4)
		return mac_from_ip(&v4, &nic->mac);
	nic->mac = (struct mac){{0x52, 0x54, 0x00}};
	return getrandom(nic->mac.b + 3, 3, 0) == 3 ? 0 : -EIO;
}

static int judge_card(
	struct creation *c, size_t i, const struct segment *seg, char *why, size_t size)
{
	struct nic *nic = &c->machine->nics[i];
	const struct creation *before;
	const struct machine *there;
	char mac[MAC_TEXT];

	if (mac_is_zero(&nic->mac) && make_mac(nic, seg)) {
		snprintf(why, size, "cannot generate a MAC");
		return -EIO;
	}
	there = nic->segment_id
		? machines_by_mac(c->ops->base->machines, nic->segment_id, &nic->mac, NULL)
		: NULL;
	if (there && strcmp(there->name, c->machine->name) && !trial_goes(c, there->name)) {
		snprintf(why, size, "machine '%s' has that MAC, %s", there->name,
			mac_format(&nic->mac, mac));
		return -EEXIST;
	}
	if ((before = trial_has(c->trial, NULL, nic, NULL, &nic->mac))) {
		snprintf(why, size, "machine '%s' of the same request has that MAC",
			before->machine->name);
		return -EEXIST;
	}
	for (size_t k = 0; k < i; k++) {
		if (mac_eq(&c->machine->nics[k].mac, &nic->mac)) {
			snprintf(why, size, "two NICs of one machine have the same MAC");
			return -EINVAL;
		}
	}
	return 0;
}

/* The first has the request's own members, if they are not in `nics`. */
static int nic_field(struct creation *c, size_t i, const char *member, int rc)
{
	return judge_field(c, i ? "nics" : member, rc);
}

static int judge_nic(struct creation *c, json_t *want, size_t i, const struct segment **ret,
	char *why, size_t size)
{
	struct nic *nic = &c->machine->nics[i];
	int rc = nic_field(c, i, "segment", judge_segment(c, want, i, ret, why, size));

	c->machine->n_nics = i + 1;
	if (!rc)
		rc = nic_field(c, i, "mac", judge_mac(nic, want, why, size));
	if (!rc && (!*ret || (i && seats_are_theirs(*ret))))
		rc = nic_field(c, i, "address", judge_foreign_address(nic, want, *ret, why, size));
	else if (!rc)
		rc = nic_field(c, i, "address", judge_address(c, nic, want, *ret, why, size));
	return rc ? rc : nic_field(c, i, "mac", judge_card(c, i, *ret, why, size));
}

int judge_nics(struct creation *c, json_t *body, const struct segment **ret, char *why, size_t size)
{
	json_t *nics = json_object_get(body, "nics"), *want;
	const struct segment *seg;
	int rc;

	if (nics && (!json_array_size(nics) || json_array_size(nics) > MACHINE_NICS)) {
		snprintf(why, size, "nics is an array of 1 to %d: segment, address, mac",
			MACHINE_NICS);
		return judge_field(c, "nics", -EINVAL);
	}
	for (size_t i = 0; (want = wanted(body, i)); i++) {
		if ((rc = judge_nic(c, want, i, i ? &seg : ret, why, size)))
			return rc;
	}
	return 0;
}
