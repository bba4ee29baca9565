/*
 * Making a machine. Everything is validated before anything is made:
 *
 *   request ─▶ judged here ─▶ libvirt asked (guest_check) ─▶ record and attempt committed ─▶ volume and domain
 *           (guest_create) ─▶ installing run started ─▶ answered
 *
 * A failure undoes in reverse order. Until the record is there its name and address are kept by the creation.
 */
#include "usher/service.h"

#include "core/clock.h"
#include "kickstart/render.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	SETTINGS_MAX = 64,
	KEYS_MAX = 64,
	SETTING_BYTES = 64 << 10,
	VCPUS_MAX = 1024,
};

struct creation {
	struct creation *next;
	struct service *service;
	struct http_request *request; /* answered when the creation ends */
	struct machine *machine;      /* ours until it is in the registry (`recorded`) */
	struct profile *profile;
	json_t *snapshot; /* until armed */
	bool recorded, replace, arm;
	bool making;   /* libvirt is at it */
	char why[512]; /* it failed, and is being undone */
};

static void creation_free(struct creation *c)
{
	struct creation **at = &c->service->creations;

	while (*at && *at != c)
		at = &(*at)->next;
	if (*at)
		*at = c->next;
	if (!c->recorded)
		machine_free(c->machine);
	profile_free(c->profile);
	json_decref(c->snapshot);
	free(c);
}

static void creation_fail(struct creation *c, unsigned status, const char *why)
{
	http_respond_error(c->request, status, "%s", why);
	creation_free(c);
}

bool create_reserves(
	const struct service *s, const char *name, uint32_t segment, const struct ip *ip)
{
	for (const struct creation *c = s->creations; c; c = c->next) {
		const struct nic *nic = &c->machine->nics[0];

		if (name && !strcmp(c->machine->name, name))
			return true;
		if (ip && nic->segment_id == segment && nic->n_addrs && ip_eq(&nic->addrs[0], ip))
			return true;
	}
	return false;
}

static const char *text_of(json_t *body, const char *key)
{
	const char *s = json_string_value(json_object_get(body, key));

	return s ? s : "";
}

/* RFC 9562 5.4, random. */
static int draw_uuid(char ret[37])
{
	unsigned char b[16];

	if (getrandom(b, sizeof b, 0) != sizeof b)
		return -EIO;
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(ret, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12],
		b[13], b[14], b[15]);
	return 0;
}

/*
 * The judges: each looks at one part of the request, fills its part of the machine, and gives 0 or -errno with the
 * line that the user reads.
 */

static int judge_name(struct creation *c, json_t *body, char *why, size_t size)
{
	const char *name = text_of(body, "name"), *error = machine_name_error(name);
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

static int judge_segment(
	struct creation *c, json_t *body, const struct segment **ret, char *why, size_t size)
{
	const struct segments *all = &c->service->segments;
	const char *name = text_of(body, "segment");
	const struct segment *seg = *name ? segments_by_name(all, name) : all->all[0];

	if (!*name && all->count > 1) {
		snprintf(why, size, "several networks are served: say --network %s or another",
			seg->name);
		return -EINVAL;
	}
	if (!seg) {
		snprintf(why, size, "network '%.80s' is not served here; '%s' is", name,
			all->all[0]->name);
		return -ENOENT;
	}
	if (c->machine->guest && !seg->is_network) {
		snprintf(why, size,
			"'%s' is an interface: guests need a libvirt network (usher serve "
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

/* Has another machine this address, by record or lease? Itself is the one that is about to be replaced, and the card
 * that is enrolled now and was leased the address before. */
static bool address_held(
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
		return false;
	return true;
}

static bool address_used(
	const struct creation *c, uint32_t segment, const struct ip *ip, char *who, size_t size)
{
	if (!create_reserves(c->service, NULL, segment, ip))
		return address_held(c, segment, ip, who, size);
	snprintf(who, size, "a machine that is being created");
	return true;
}

static int lowest_free(struct creation *c, const struct segment *seg, struct ip *ret)
{
	uint32_t mask = v4_mask(seg->prefix_len), net = ip_to_v4(&seg->server) & mask;
	char who[128];

	for (uint32_t a = net + 1; (a & mask) == net; a++) {
		struct ip ip = ip_from_v4(a);

		if (!segment_accepts(seg, &ip) || segment_in_pool(seg, &ip))
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
	const char *text = text_of(body, "address");
	char server[IP_TEXT], who[128];
	struct ip ip;

	ip_format(&seg->server, server);
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
			"address %s cannot be used in segment '%s' (%s/%u, and %s is the server's)",
			text, seg->name, server, seg->prefix_len, server);
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
	const char *text = text_of(body, "mac");
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
	const char *pool = text_of(body, "pool");
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

static uint64_t spec_number(const struct machine *m, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(m->guest_spec, key));
}

/* What is kept as it came is refused when it does not fit: cut it would be something else. */
static int judge_texts(struct creation *c, json_t *body, char *why, size_t size)
{
	struct machine *m = c->machine;
	const char *id = text_of(body, "request_id"), *power = text_of(body, "power");

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
	if (strlen(text_of(body, "pool")) >= sizeof((struct guest_spec *)0)->pool) {
		snprintf(why, size, "no storage pool has a name that long: '%.80s'",
			text_of(body, "pool"));
		return -EINVAL;
	}
	snprintf(m->request_id, sizeof m->request_id, "%s", id);
	snprintf(m->power, sizeof m->power, "%s", power);
	return 0;
}

static int judge_profile(struct creation *c, json_t *body, char *why, size_t size)
{
	int rc = api_profile(c->service, text_of(body, "profile"), &c->profile, why, size);

	if (rc)
		return rc;
	snprintf(c->machine->profile, sizeof c->machine->profile, "%s", c->profile->name);
	return 0;
}

/* Settings, demands, templates, files: all that an install will need. */
static int judge_install(struct creation *c, const struct segment *seg, char *why, size_t size)
{
	char url[128];
	struct render_input in = {.machine = c->machine, .segment = seg, .base_url = url};
	int rc;

	segment_base_url(seg, url, sizeof url);
	rc = profile_hash_secrets(c->profile, c->machine->settings);
	if (rc) {
		snprintf(why, size, "a password could not be hashed: %s", strerror(-rc));
		return rc;
	}
	rc = render_validate(c->profile, &in, spec_number(c->machine, "memory"),
		spec_number(c->machine, "disk"), &c->snapshot, why, size);
	if (!rc)
		rc = media_check(c->profile, c->machine->settings, why, size);
	return rc;
}

static int judge(struct creation *c, json_t *body, char *why, size_t size)
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

static unsigned status_of(int rc)
{
	switch (rc) {
	case -EEXIST:
	case -EBUSY:
		return 409;
	case -ENOENT:
		return 404;
	case -ENOMEM:
	case -EIO:
		return 500;
	}
	return 422;
}

/* A JSON number or "auto" says nothing: what the spec holds comes from the record alone, so that it can be made again
 * after we were killed. */
int create_guest_spec(struct service *s, const struct machine *m, struct guest_spec *ret,
	struct profile **ret_profile, char *why, size_t why_size)
{
	const char *pool = json_string_value(json_object_get(m->guest_spec, "pool"));
	const char *volume = json_string_value(json_object_get(m->guest_spec, "volume"));
	struct guest_spec spec = {.memory_mib = (unsigned)spec_number(m, "memory"),
		.vcpus = (unsigned)spec_number(m, "vcpus"),
		.disk = spec_number(m, "disk"),
		.filter = s->config.filter};
	struct profile *p = NULL;

	if (m->attempt.snapshot) {
		int rc = profile_from_snapshot(m->attempt.snapshot, &p, NULL, why, why_size);

		if (rc)
			return rc;
	}
	snprintf(spec.name, sizeof spec.name, "%s", m->name);
	snprintf(spec.uuid, sizeof spec.uuid, "%s", m->uuid);
	snprintf(spec.profile, sizeof spec.profile, "%s", m->profile);
	snprintf(spec.pool, sizeof spec.pool, "%s", pool ? pool : "");
	snprintf(spec.volume, sizeof spec.volume, "%s", volume ? volume : "");
	if (p && p->media.path && p->kernel.text)
		snprintf(spec.kernel, sizeof spec.kernel, "%s/%s", p->media.path, p->kernel.text);
	spec.fragment = p ? p->domain : NULL;
	for (size_t i = 0; i < m->n_nics && i < GUEST_NICS; i++, spec.n_nics++) {
		snprintf(spec.nics[i].network, sizeof spec.nics[i].network, "%s",
			m->nics[i].segment);
		spec.nics[i].mac = m->nics[i].mac;
		if (m->nics[i].n_addrs)
			spec.nics[i].ip = m->nics[i].addrs[0];
	}
	*ret = spec;
	*ret_profile = p;
	return 0;
}

/* The record goes last: while it is there, the next start knows of what may be left. */
static void undone(void *arg, int rc, const char *why)
{
	struct creation *c = arg;
	struct service *s = c->service;
	struct machine *m = c->machine;
	json_t *said = json_pack("{s:o}", "error",
		json_sprintf("%s was not created: %s%s%s", m->name, c->why,
			rc ? "; and its domain is still there: " : "", rc ? why : ""));

	timeline_add(s->timeline, m->name, "deleted", "not created: %s", c->why);
	machines_remove(s->machines, m);
	act_set_deadline(s);
	api_respond_committed(s, c->request, 500, said);
	creation_free(c);
}

static void creation_undo(struct creation *c, bool made, const char *why)
{
	const struct machine *m = c->machine;

	snprintf(c->why, sizeof c->why, "%s", why);
	if (!made ||
		guest_delete(c->service->guests, m->name, m->uuid,
			json_string_value(json_object_get(m->guest_spec, "pool")),
			json_string_value(json_object_get(m->guest_spec, "volume")), undone, c))
		undone(c, 0, "");
}

static void creation_done(struct creation *c)
{
	struct service *s = c->service;
	struct machine *m = c->machine;

	m->busy = false;
	act_publish(s, m, true);
	http_respond_json(c->request, 201, api_machine(s, m, true));
	creation_free(c);
}

static void on_started(void *arg, int rc, const char *why)
{
	struct creation *c = arg;

	if (rc)
		creation_undo(c, true, why);
	else
		creation_done(c);
}

static void on_made(void *arg, int rc, const char *why)
{
	struct creation *c = arg;
	struct service *s = c->service;

	if (rc) {
		creation_undo(c, false, why);
		return;
	}
	if (guest_start_install(s->guests, c->machine->name, c->machine->uuid, on_started, c))
		creation_undo(c, true, "out of memory");
}

bool create_continue(struct service *s, const struct machine *m)
{
	struct creation *c = s->creations;
	struct guest_spec spec;
	struct profile *p = NULL;
	char why[512];
	int rc;

	while (c && (c->machine != m || c->making))
		c = c->next;
	if (!c)
		return false;
	c->making = true;
	rc = create_guest_spec(s, m, &spec, &p, why, sizeof why);
	spec.replace = c->replace;
	if (rc)
		creation_undo(c, false, why);
	else if (guest_create(s->guests, &spec, on_made, c))
		creation_undo(c, false, "out of memory");
	profile_free(p);
	return true;
}

/* libvirt took its time to look. What is to be replaced does not count, and goes only when nothing is in its way. */
static bool taken_meanwhile(const struct creation *c)
{
	const struct nic *nic = &c->machine->nics[0];
	const struct machine *m =
		machines_by_mac(c->service->machines, nic->segment_id, &nic->mac, NULL);
	char who[128];

	return (m && strcmp(m->name, c->machine->name)) ||
		address_held(c, nic->segment_id, &nic->addrs[0], who, sizeof who);
}

/* Puts record and attempt into the store; what arming asks for comes back by act.c once that is on disk. */
static void creation_record(struct creation *c)
{
	struct service *s = c->service;
	struct machine *m = c->machine, *old = machines_by_name(s->machines, m->name);
	json_t *snapshot = c->snapshot;
	int rc;

	if (taken_meanwhile(c)) {
		creation_fail(c, 409, "MAC or address were taken meanwhile");
		return;
	}
	if (old) /* judged: a guest, and --replace was given */
		change_forget(s, old, "replaced");
	m->created_at = m->state_at = clock_wall_ms();
	rc = machines_add(s->machines, m);
	if (rc) {
		creation_fail(c, status_of(rc), strerror(-rc));
		return;
	}
	c->recorded = true;
	timeline_add(s->timeline, m->name, "created", "%s, profile %s",
		m->guest ? "guest" : "bare metal", m->profile);
	if (c->arm) {
		c->snapshot = NULL;
		m->busy = m->guest;
		rc = machine_arm(
			m, snapshot, c->profile->boots, (int64_t)c->profile->timeout_s * 1000);
	} else {
		rc = machines_save(s->machines, m);
	}
	act_set_deadline(s);
	if (rc) {
		creation_undo(c, false, strerror(-rc));
	} else if (!m->guest) {
		api_respond_committed(s, c->request, 201, api_machine(s, m, true));
		creation_free(c);
	}
}

static void on_checked(void *arg, int rc, const char *why)
{
	struct creation *c = arg;

	if (rc)
		creation_fail(c, status_of(rc), why);
	else
		creation_record(c);
}

static void creation_check(struct creation *c)
{
	struct service *s = c->service;
	struct guest_spec spec;
	struct profile *none = NULL;
	char why[512];

	if (!c->machine->guest) {
		creation_record(c);
		return;
	}
	create_guest_spec(s, c->machine, &spec, &none, why, sizeof why);
	spec.fragment = c->profile->domain;
	spec.replace = c->replace;
	if (guest_check(s->guests, &spec, on_checked, c))
		creation_fail(c, 500, "out of memory");
}

/* The same request again, after the connection broke: the same creation. One that is under way answers here then. */
static bool answered_before(struct service *s, struct http_request *r, json_t *body)
{
	const char *name = text_of(body, "name"), *id = text_of(body, "request_id");
	const struct machine *m = machines_by_name(s->machines, name);

	for (struct creation *c = s->creations; c && *id; c = c->next) {
		if (strcmp(c->machine->name, name) || strcmp(c->machine->request_id, id))
			continue;
		http_respond_error(c->request, 409,
			"asked again on another connection, which gets the answer");
		c->request = r;
		http_hold(r, HTTP_HOLD_MS);
		return true;
	}
	if (!m || !*id || strcmp(m->request_id, id))
		return false;
	api_respond_committed(s, r, 201, api_machine(s, m, true));
	return true;
}

static struct creation *creation_new(struct service *s, struct http_request *r, json_t *body)
{
	struct creation *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->service = s;
	c->request = r;
	c->machine = machine_new();
	if (!c->machine || draw_uuid(c->machine->uuid)) {
		creation_free(c);
		return NULL;
	}
	c->machine->guest = !strcmp(text_of(body, "kind"), "guest");
	c->replace = json_is_true(json_object_get(body, "replace"));
	c->arm = c->machine->guest || json_is_true(json_object_get(body, "arm"));
	return c;
}

void create_handle(struct service *s, struct http_request *r)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL);
	struct creation *c;
	char why[1024];
	int rc;

	if (!json_is_object(body)) {
		http_respond_error(r, 400, "the request is not a JSON object");
		json_decref(body);
		return;
	}
	if (answered_before(s, r, body)) {
		json_decref(body);
		return;
	}
	c = creation_new(s, r, body);
	if (!c) {
		http_respond_error(r, 500, "out of memory");
		json_decref(body);
		return;
	}
	rc = judge(c, body, why, sizeof why);
	json_decref(body);
	if (rc) {
		creation_fail(c, status_of(rc), why);
		return;
	}
	c->next = s->creations;
	s->creations = c;
	http_hold(r, HTTP_HOLD_MS); /* libvirt on a loaded host takes its time */
	creation_check(c);
}

void create_drop_all(struct service *s)
{
	while (s->creations)
		creation_fail(s->creations, 503, "the service is stopping");
}
