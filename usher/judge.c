/* Judging a request for a machine: what it asks for, the host's profiles and segments, and who has what. */
#include "usher/judge.h"
#include "usher/linted.h"

#include "core/clock.h"
#include "kickstart/render.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum {
	SETTINGS_MAX = 64,
	KEYS_MAX = 64,
	SETTING_BYTES = 64 << 10,
	VCPUS_MAX = 1024,
};

const char *judge_text(json_t *body, const char *key)
{
	const char *s = json_string_value(json_object_get(body, key));

	return s ? s : "";
}

/*
 * The judges: each looks at one part of the request, fills its part of the machine, and gives 0 or -errno with the
 * line that the user reads.
 */

static int judge_name(struct creation *c, json_t *body, char *why, size_t size)
{
	const char *name = judge_text(body, "name"), *error = machine_name_error(name);
	const struct machine *there = machines_by_name(c->service->machines, name);

	if (error) {
		snprintf(why, size, "'%.80s' cannot be a machine's name: %s", name, error);
		return -EINVAL;
	}
	if (there && !(c->replace && there->guest && c->machine->guest)) {
		snprintf(why, size, "machine '%s' exists already: 'usher delete %s' first%s", name,
			name, there->guest ? ", or --replace" : "");
		return -EEXIST;
	}
	if (create_reserves(c->service, name, 0, NULL)) {
		snprintf(why, size, "machine '%s' is being created just now", name);
		return -EEXIST;
	}
	snprintf(c->machine->name, sizeof c->machine->name, "%s", name);
	return 0;
}

const struct segment *judge_where(const struct service *s, json_t *body)
{
	const char *name = judge_text(body, "segment");

	if (!*name)
		return s->segments.count == 1 ? s->segments.all[0] : NULL;
	return segments_by_name(&s->segments, name);
}

static int judge_segment(
	struct creation *c, json_t *body, const struct segment **ret, char *why, size_t size)
{
	const struct segments *all = &c->service->segments;
	const char *name = judge_text(body, "segment");
	const struct segment *seg = judge_where(c->service, body);

	if (!*name && all->count > 1) {
		snprintf(why, size, "several networks are served: say --network %s or another",
			all->all[0]->name);
		return -EINVAL;
	}
	if (!seg) {
		snprintf(why, size, "network '%.80s' is not served here; '%s' is", name,
			all->all[0]->name);
		return -ENOENT;
	}
	if (!ip_is_set(&seg->server)) {
		snprintf(why, size, "'%s' is not served yet: its address is not known", seg->name);
		return -ENETDOWN;
	}
	if (c->machine->guest && !seg->is_network) {
		snprintf(why, size,
			"'%s' is no libvirt network, and guests need one (usher serve "
			"--network NAME)",
			seg->name);
		return -EINVAL;
	}
	snprintf(c->machine->nics[0].segment, sizeof c->machine->nics[0].segment, "%s", seg->name);
	c->machine->nics[0].segment_id = seg->id;
	c->machine->n_nics = 1;
	*ret = seg;
	return 0;
}

/* A reservation or lease of this very card is none of another's; a domain's is, unless it is to be replaced. */
static bool is_of_other(const struct creation *c, const struct guest_seat *seat)
{
	struct mac mac = c->machine->nics[0].mac;

	if (seat->what == GUEST_SEAT_DOMAIN)
		return !seat->ours || strcmp(seat->name, c->machine->name);
	if (mac_is_zero(&mac))
		mac_from_ip(&seat->ip, &mac);
	return !mac_eq(&mac, &seat->mac);
}

/* Has libvirt's network given it to somebody? */
static bool seat_taken(const struct creation *c, const struct ip *ip, char *who, size_t size)
{
	static const char *const what[] = {[GUEST_SEAT_HOST] = "a reservation in libvirt's network",
		[GUEST_SEAT_LEASE] = "a lease of libvirt's",
		[GUEST_SEAT_DOMAIN] = "a domain whose MAC is computed from it"};
	char mac[MAC_TEXT];

	for (size_t i = 0; i < c->n_seats; i++) {
		const struct guest_seat *s = &c->seats[i];

		if (!ip_eq(&s->ip, ip) || !is_of_other(c, s))
			continue;
		snprintf(who, size, "%s: %s%s%s", what[s->what], s->name, *s->name ? ", " : "",
			mac_format(&s->mac, mac));
		return true;
	}
	return false;
}

bool judge_address_held(
	const struct creation *c, uint32_t segment, const struct ip *ip, char *who, size_t size)
{
	const struct machine *m = machines_by_ip(c->service->machines, segment, ip);
	char mac[MAC_TEXT];
	struct mac holder;

	if (m && strcmp(m->name, c->machine->name))
		snprintf(who, size, "machine '%s'", m->name);
	else if (!m &&
		lease_holder(
			dhcpd_leases(c->service->dhcpd), segment, ip, clock_wall_ms(), &holder) &&
		!mac_eq(&holder, &c->machine->nics[0].mac))
		snprintf(who, size, "a lease of %s", mac_format(&holder, mac));
	else
		return seat_taken(c, ip, who, size);
	return true;
}

static bool address_used(
	const struct creation *c, uint32_t segment, const struct ip *ip, char *who, size_t size)
{
	if (!create_reserves(c->service, NULL, segment, ip))
		return judge_address_held(c, segment, ip, who, size);
	snprintf(who, size, "a machine that is being created");
	return true;
}

static int lowest_free(struct creation *c, const struct segment *seg, struct ip *ret)
{
	uint32_t net = segment_net(seg);
	char who[128];

	for (uint32_t a = net + 1; segment_contains(seg, a); a++) {
		struct ip ip = ip_from_v4(a);

		if (!segment_offers(seg, &ip) || segment_in_pool(seg, &ip))
			continue;
		if (!address_used(c, seg->id, &ip, who, sizeof who)) {
			*ret = ip;
			return 0;
		}
	}
	return -ENOSPC;
}

static int judge_address(
	struct creation *c, json_t *body, const struct segment *seg, char *why, size_t size)
{
	const char *text = judge_text(body, "address");
	char net_text[IP_TEXT], who[128];
	struct ip ip, net = ip_from_v4(segment_net(seg));

	if (!*text && lowest_free(c, seg, &ip)) {
		snprintf(why, size, "segment '%s' has no free address outside its pool", seg->name);
		return -ENOSPC;
	}
	if (*text && (ip_parse(text, &ip) || ip.family != IP_V4)) {
		snprintf(why, size, "'%.80s' is not an IPv4 address", text);
		return -EINVAL;
	}
	if (!segment_accepts(seg, &ip)) {
		snprintf(why, size,
			"address %s cannot be used in segment '%s' (a host's in %s/%u, but not the "
			"server's)",
			text, seg->name, ip_format(&net, net_text), seg->prefix_len);
		return -EINVAL;
	}
	if (address_used(c, seg->id, &ip, who, sizeof who)) {
		snprintf(why, size, "address %s is in use by %s", text, who);
		return -EEXIST;
	}
	c->machine->nics[0].addrs[0] = ip;
	c->machine->nics[0].n_addrs = 1;
	return 0;
}

/* Before the address, which this card may have been leased already. */
static int judge_mac(struct creation *c, json_t *body, char *why, size_t size)
{
	const char *text = judge_text(body, "mac");
	struct mac *mac = &c->machine->nics[0].mac;

	if (*text && mac_parse(text, mac)) {
		snprintf(why, size, "'%.80s' is not a MAC like 52:54:00:12:34:56", text);
		return -EINVAL;
	}
	if (*text && (mac->b[0] & 1 || mac_is_zero(mac))) {
		snprintf(why, size, "%s is no single card's MAC", text);
		return -EINVAL;
	}
	return 0;
}

static int judge_card(struct creation *c, const struct segment *seg, char *why, size_t size)
{
	struct nic *nic = &c->machine->nics[0];
	const struct machine *there;

	if (mac_is_zero(&nic->mac))
		mac_from_ip(&nic->addrs[0], &nic->mac);
	there = machines_by_mac(c->service->machines, seg->id, &nic->mac, NULL);
	if (there && strcmp(there->name, c->machine->name)) {
		snprintf(why, size, "that MAC is machine '%s''s", there->name);
		return -EEXIST;
	}
	return 0;
}

static int judge_lists(struct creation *c, json_t *body, char *why, size_t size)
{
	json_t *settings = json_object_get(body, "settings"),
	       *keys = json_object_get(body, "ssh_keys"), *v;
	const char *key;
	size_t i;

	json_object_foreach(settings, key, v)
	{
		if (!json_is_string(v) || json_string_length(v) > SETTING_BYTES ||
			json_object_size(settings) > SETTINGS_MAX) {
			snprintf(why, size, "settings are at most %d texts; look at '%.80s'",
				SETTINGS_MAX, key);
			return -EINVAL;
		}
		json_object_set(c->machine->settings, key, v);
	}
	json_array_foreach(keys, i, v)
	{
		if (!json_is_string(v) || strpbrk(json_string_value(v), "\r\n") || i >= KEYS_MAX) {
			snprintf(why, size,
				"ssh_keys are at most %d lines of authorized_keys; look at number "
				"%zu",
				KEYS_MAX, i + 1);
			return -EINVAL;
		}
		json_array_append(c->machine->ssh_keys, v);
	}
	return 0;
}

/* The numbers that libvirt needs: said, or the profile's. */
static int judge_guest(struct creation *c, json_t *body, char *why, size_t size)
{
	const struct profile *p = c->profile;
	json_int_t memory = json_integer_value(json_object_get(body, "memory"));
	json_int_t disk = json_integer_value(json_object_get(body, "disk"));
	json_int_t vcpus = json_integer_value(json_object_get(body, "vcpus"));
	const char *pool = judge_text(body, "pool");
	char volume[MACHINE_NAME + 8];

	if (memory <= 0)
		memory = (json_int_t)(p->memory_mib      ? p->memory_mib
				: p->requires_memory_mib ? p->requires_memory_mib
							 : 1024);
	if (disk <= 0)
		disk = (json_int_t)(p->disk        ? p->disk
				: p->requires_disk ? p->requires_disk
						   : 10ULL << 30);
	if (vcpus <= 0)
		vcpus = p->vcpus ? p->vcpus : 1;
	if (vcpus > VCPUS_MAX || memory > 1 << 30) {
		snprintf(why, size, "%lld vcpus and %lld MiB of memory: more than any host has",
			(long long)vcpus, (long long)memory);
		return -EINVAL;
	}
	snprintf(volume, sizeof volume, "%s.qcow2", c->machine->name);
	json_object_set_new(c->machine->guest_spec, "memory", json_integer(memory));
	json_object_set_new(c->machine->guest_spec, "disk", json_integer(disk));
	json_object_set_new(c->machine->guest_spec, "vcpus", json_integer(vcpus));
	json_object_set_new(c->machine->guest_spec, "pool",
		json_string(*pool ? pool : c->service->config.pool));
	json_object_set_new(c->machine->guest_spec, "volume", json_string(volume));
	if (c->replace) /* for the next start, when we are killed before it is done */
		json_object_set_new(c->machine->guest_spec, "replace", json_true());
	return 0;
}

uint64_t judge_number(const struct machine *m, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(m->guest_spec, key));
}

/* What is kept as it came is refused when it does not fit: cut it would be something else. */
static int judge_texts(struct creation *c, json_t *body, char *why, size_t size)
{
	struct machine *m = c->machine;
	const char *id = judge_text(body, "request_id"), *power = judge_text(body, "power");

	if (strlen(id) >= sizeof m->request_id) {
		snprintf(why, size, "request_id takes at most %zu bytes", sizeof m->request_id - 1);
		return -EINVAL;
	}
	if (*power && (*power != '/' || strlen(power) >= sizeof m->power)) {
		snprintf(why, size,
			"the power executable must be an absolute path of at most %zu bytes, not "
			"'%.200s'",
			sizeof m->power - 1, power);
		return -EINVAL;
	}
	if (strlen(judge_text(body, "pool")) >= sizeof((struct guest_spec *)0)->pool) {
		snprintf(why, size, "no storage pool has a name that long: '%.80s'",
			judge_text(body, "pool"));
		return -EINVAL;
	}
	snprintf(m->request_id, sizeof m->request_id, "%s", id);
	snprintf(m->power, sizeof m->power, "%s", power);
	return 0;
}

static int judge_profile(struct creation *c, json_t *body, char *why, size_t size)
{
	int rc = api_profile(c->service, judge_text(body, "profile"), &c->profile, why, size);

	if (rc)
		return rc;
	snprintf(c->machine->profile, sizeof c->machine->profile, "%s", c->profile->name);
	return 0;
}

/* Settings, demands, templates: all that an install will need, but for the files (ready.c). */
static int judge_install(struct creation *c, const struct segment *seg, char *why, size_t size)
{
	char url[128];
	struct render_input in = {.machine = c->machine, .segment = seg, .base_url = url};
	int rc;

	segment_base_url(seg, url, sizeof url);
	rc = media_named(c->profile, why, size);
	if (rc)
		return rc;
	rc = profile_seal_secrets(c->profile, c->machine->settings);
	if (rc) {
		snprintf(why, size, "a password could not be hashed: %s", strerror(-rc));
		return rc;
	}
	rc = render_validate(c->profile, &in, judge_number(c->machine, "memory"),
		judge_number(c->machine, "disk"), &c->snapshot, why, size);
	if (rc)
		return rc;
	return linted(&in, c->snapshot, judge_number(c->machine, "disk"), &c->findings, why, size);
}

int judge_request(struct creation *c, json_t *body, char *why, size_t size)
{
	const struct segment *seg;
	int rc = judge_name(c, body, why, size);

	if (!rc)
		rc = judge_texts(c, body, why, size);
	if (!rc)
		rc = judge_profile(c, body, why, size);
	if (!rc)
		rc = judge_segment(c, body, &seg, why, size);
	if (!rc)
		rc = judge_mac(c, body, why, size);
	if (!rc)
		rc = judge_address(c, body, seg, why, size);
	if (!rc)
		rc = judge_card(c, seg, why, size);
	if (!rc)
		rc = judge_lists(c, body, why, size);
	if (!rc && c->machine->guest)
		rc = judge_guest(c, body, why, size);
	if (!rc)
		rc = judge_install(c, seg, why, size);
	return rc;
}
