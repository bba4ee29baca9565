/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * POST /judge: several machines, as POST /machines takes them, and networks that are made before them, are judged as they
 * would be if they were made in this order. Nothing is made. What one takes (name, address, MAC, room in a pool), no later
 * one has. The answer has a fault for each that would be refused.
 */
#include "service/operations/trial.h"
#include "service/operations/enrolment.h"
#include "service/operations/judge.h"
#include "service/network/networks.h"
#include "service/network/networks_complete.h"
#include "core/behalf.h"
#include "core/clock.h"
#include "core/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRIAL_MACHINES = 1000 }; /* as in a range of names on the command line */

struct trial_mark {
	struct table_node node;
	const struct creation *of;
};

static void trial_step(struct trial *t);

static void trial_free(struct trial *t)
{
	struct trial **at = &t->ops->trials;

	while (*at && *at != t)
		at = &(*at)->next;
	if (*at)
		*at = t->next;
	while (t->judged) {
		struct creation *c = t->judged;

		t->judged = c->next;
		creation_free(c);
	}
	if (t->trying)
		creation_free(t->trying);
	table_fini(&t->taken);
	loop_timer_clear(t->ops->base->loop, &t->turn);
	profile_free(t->kept.profile);
	json_decref(t->kept.asked);
	json_decref(t->body);
	json_decref(t->faults);
	free(t->coming);
	free(t);
}

static void trial_end(struct trial *t)
{
	if (t->make && !json_array_size(t->faults))
		enrolment_record(t);
	else
		http_respond_json(t->request, 200,
			json_pack("{s:O, s:s?}", "faults", t->faults, "warning",
				json_some(t->warning)));
	trial_free(t);
}

/* `c`: the machine; NULL: it is none. */
static void add_fault(struct trial *t, const char *what, size_t index, const char *name,
	unsigned status, const char *why, const struct creation *c)
{
	json_array_append_new(t->faults,
		json_pack("{s:s, s:I, s:s, s:i, s:s, s:s?, s:O*}", "what", what, "index",
			(json_int_t)index, "name", name, "status", (int)status, "error", why,
			"field", c && *c->field ? c->field : NULL, "findings",
			c ? c->findings : NULL));
}

/* Networks */

/* As it will be served: machines are judged as if it was. */
static void add_coming(struct trial *t, const struct guest_network_spec *spec)
{
	const struct segment *there = segments_by_name(&t->ops->base->segments, spec->name);
	struct segment *seg = &t->coming[t->n_coming];
	struct segment6 six = {0};

	if (there && segment_is_known(there))
		return;
	if (ip_is_set(&spec->prefix6)) {
		const struct ip first = ip_from_v4(1);

		(void)ip6_from_v4(&spec->prefix6, GUEST_NETWORK_PREFIX6, &first, &six.server);
		six.prefix_len = GUEST_NETWORK_PREFIX6;
	}
	*seg = (struct segment){.id = SEGMENT_MAX + 1 + (uint32_t)t->n_coming,
		.is_network = true,
		.prefix_len = spec->subnet.len,
		.server = spec->ipv6_only ? (struct ip){0} : ip_from_v4(spec->subnet.net + 1),
		.six = six,
		.mode = SEGMENT_OWN,
		.computed = true,
		.http_port = t->ops->base->config.http_port,
		.log_port = config_log_port(&t->ops->base->config)};
	snprintf(seg->name, sizeof seg->name, "%s", spec->name);
	snprintf(seg->domain, sizeof seg->domain, "%s", spec->domain);
	t->n_coming++;
}

static void network_end(struct trial *t, int rc, const char *why)
{
	json_t *body = json_array_get(json_object_get(t->body, "networks"), t->at_network);

	if (rc)
		add_fault(t, "network", t->at_network, json_text(body, "name"), 409, why, NULL);
	if (t->network.subnet.len ||
		t->network.ipv6_only) /* also a faulty one: its machines are judged */
		add_coming(t, &t->network);
	t->at_network++;
	t->waiting = false;
	trial_step(t);
}

static void on_network(void *arg, int rc, const struct guest_network *net, const char *why)
{
	(void)net;
	network_end(arg, rc, why);
}

static int clash_with_coming(const struct trial *t, char *why, size_t size)
{
	const struct guest_network_spec *n = &t->network;

	for (size_t i = 0; i < t->n_coming; i++) {
		const struct segment *c = &t->coming[i];
		struct subnet other = {segment_net(c), c->prefix_len};
		bool four = n->subnet.len && other.len && subnets_overlap(&other, &n->subnet);

		if (!four && !ip_in_prefix6(&c->six.server, &n->prefix6, GUEST_NETWORK_PREFIX6))
			continue;
		snprintf(why, size, "its %s overlaps that of network '%s' of the same request",
			four ? "subnet" : "IPv6 prefix", c->name);
		return -EADDRINUSE;
	}
	return 0;
}

static void network_begin(struct trial *t)
{
	json_t *body = json_array_get(json_object_get(t->body, "networks"), t->at_network);
	char why[512];
	int rc = network_from_json(body, &t->network, why, sizeof why);

	t->waiting = true;
	if (!rc)
		rc = networks_complete(t->ops->network, &t->network, why, sizeof why);
	if (!rc)
		rc = clash_with_coming(t, why, sizeof why);
	t->network.judged_only = true;
	if (!rc && guest_network_make(t->ops->hosts->own, &t->network, on_network, t)) {
		rc = -ENOMEM;
		snprintf(why, sizeof why, "out of memory");
	}
	if (rc)
		network_end(t, rc, why);
}

/* Machines */

/* The next one, with what it has in common with others. New reference; NULL: it is no object. */
static json_t *next_machine(struct trial *t)
{
	json_t *own = json_array_get(json_object_get(t->body, "machines"), t->at);
	json_t *like = json_object_get(own, "like"), *body;

	if (!json_is_object(own))
		return NULL;
	body = json_deep_copy(own);
	json_object_del(body, "like");
	if (like)
		json_object_update_missing(body,
			json_array_get(json_object_get(t->body, "common"),
				(size_t)json_integer_value(like)));
	return body;
}

static void machine_begin(struct trial *t)
{
	json_t *body = next_machine(t);
	const char *wrong = !body ? "it is not a JSON object"
		: t->make         ? enrolment_prepare(t, body)
				  : NULL;

	t->waiting = true;
	if (!wrong && !create_try(t, body))
		return;
	add_fault(t, "machine", t->at++, wrong ? json_text(body, "name") : "", wrong ? 400 : 500,
		wrong ? wrong : "out of memory", NULL);
	if (wrong)
		json_decref(body);
	t->waiting = false;
}

static bool is_over(const struct trial *t)
{
	return t->at_network == json_array_size(json_object_get(t->body, "networks")) &&
		t->at == json_array_size(json_object_get(t->body, "machines"));
}

/* Networks first. Not by recursion: a thousand may be judged one after another, as long as the clock shows the same
 * millisecond. */
static void trial_step(struct trial *t)
{
	int64_t now = clock_mono_ms();

	if (t->stepping)
		return;
	t->stepping = true;
	while (!t->waiting && !t->ops->base->stopping && !is_over(t) && clock_mono_ms() == now)
		if (t->at_network < json_array_size(json_object_get(t->body, "networks")))
			network_begin(t);
		else
			machine_begin(t);
	t->stepping = false;
	if (t->waiting || t->ops->base->stopping)
		return;
	if (is_over(t)) {
		trial_end(t);
	} else if (loop_timer_set(t->ops->base->loop, &t->turn, 0)) {
		http_respond_error(t->request, 500, "out of memory");
		trial_free(t);
	}
}

static void turn_over(struct loop_timer *timer)
{
	struct trial *t = timer->arg;
	unsigned before = behalf_set(t->behalf);

	trial_step(t);
	(void)behalf_set(before);
}

/* It is not made: the next one is given the address that it would have had. */
static void give_back(struct trial *t, const struct machine *m)
{
	for (size_t i = 0; i < m->n_nics; i++) {
		const struct nic *nic = &m->nics[i];

		if (nic->n_addrs && nic->segment_id == t->free_segment &&
			ip_to_v4(&nic->addrs[0]) < t->free_from)
			t->free_from = ip_to_v4(&nic->addrs[0]);
	}
}

/* What was read of a profile */

/* New reference; NULL: out of memory, and nothing is kept. */
static json_t *asked_of(const json_t *body)
{
	return json_pack("{s:O?, s:O?, s:O?}", "profile", json_object_get(body, "profile"),
		"settings", json_object_get(body, "settings"), "firmware",
		json_object_get(body, "firmware"));
}

bool trial_profile_take(struct trial *t, const json_t *body, struct served_profile *ret)
{
	struct trial_profile *kept = &t->kept;
	json_t *asked = kept->profile ? asked_of(body) : NULL;
	bool same = asked && json_equal(asked, kept->asked);

	json_decref(asked);
	if (!same)
		return false;
	*ret = (struct served_profile){.profile = kept->profile, .files_rc = kept->files_rc};
	snprintf(ret->files_why, sizeof ret->files_why, "%s", kept->files_why);
	kept->profile = NULL;
	return true;
}

/* Each machine has hashes of its own: where a password was hashed, it is read anew. */
void trial_profile_note(struct trial *t, const json_t *body, const struct served_profile *sp)
{
	struct trial_profile *kept = &t->kept;

	profile_free(kept->profile);
	json_decref(kept->asked);
	*kept = (struct trial_profile){.files_rc = sp->files_rc};
	snprintf(kept->files_why, sizeof kept->files_why, "%s", sp->files_why);
	if (!sp->settings || json_equal(sp->settings, json_object_get(body, "settings")))
		kept->asked = asked_of(body);
}

/* Its profile is the next one's, if that asks for the same. */
static void keep_profile(struct trial *t, struct creation *c)
{
	profile_free(t->kept.profile);
	t->kept.profile = t->kept.asked ? c->profile : NULL;
	if (!t->kept.profile)
		profile_free(c->profile);
	c->profile = NULL;
}

/* What is taken */

static uint64_t hash_name(const char *name)
{
	return hash_bytes(name, strlen(name), 0);
}

static uint64_t hash_on(const struct nic *nic, const void *bytes, size_t len)
{
	return hash_bytes(bytes, len, nic->segment_id + 1);
}

static uint64_t hash_address(const struct nic *nic, const struct ip *ip)
{
	return hash_on(nic, ip->b, ip->family == IP_V6 ? 16 : 4);
}

static size_t count_marks(const struct machine *m)
{
	size_t n = 1;

	for (size_t i = 0; i < m->n_nics; i++)
		n += 1 + m->nics[i].n_addrs;
	return n;
}

static int put_mark(struct trial *t, struct creation *c, uint64_t hash)
{
	struct trial_mark *mark = &c->marks[c->n_marks];
	int rc = table_put(&t->taken, &mark->node, hash);

	mark->of = c;
	c->n_marks += !rc;
	return rc;
}

int trial_take(struct trial *t, struct creation *c)
{
	const struct machine *m = c->machine;
	int rc;

	c->marks = calloc(count_marks(m), sizeof *c->marks);
	rc = c->marks ? put_mark(t, c, hash_name(m->name)) : -ENOMEM;
	for (size_t i = 0; !rc && i < m->n_nics; i++) {
		const struct nic *nic = &m->nics[i];

		rc = put_mark(t, c, hash_on(nic, &nic->mac, sizeof nic->mac));
		for (size_t k = 0; !rc && k < nic->n_addrs; k++)
			rc = put_mark(t, c, hash_address(nic, &nic->addrs[k]));
	}
	while (rc && c->n_marks)
		table_remove(&t->taken, &c->marks[--c->n_marks].node);
	return rc;
}

void trial_judged(struct creation *c, unsigned status, const char *why)
{
	struct trial *t = c->trial;

	t->trying = NULL;
	if (!status && trial_take(t, c)) {
		status = 500;
		why = "out of memory";
	}
	if (status) {
		add_fault(t, "machine", t->at,
			json_text(json_array_get(json_object_get(t->body, "machines"), t->at),
				"name"),
			status, why, c);
		give_back(t, c->machine);
		creation_free(c);
	} else {
		if (*why) /* of this one and those before it */
			snprintf(t->warning, sizeof t->warning, "%s", why);
		/* the rest of it may be large */
		json_decref(c->snapshot);
		json_decref(c->findings);
		c->snapshot = c->findings = NULL;
		keep_profile(t, c);
		c->next = t->judged;
		t->judged = c;
	}
	t->at++;
	t->waiting = false;
	trial_step(t);
}

static bool has(const struct creation *c, const char *name, const struct nic *nic,
	const struct ip *ip, const struct mac *mac)
{
	if (name && !strcmp(c->machine->name, name))
		return true;
	for (size_t i = 0; nic && i < c->machine->n_nics; i++) {
		const struct nic *n = &c->machine->nics[i];

		if (n->segment_id == nic->segment_id && !strcmp(n->segment, nic->segment) &&
			((ip && nic_has(n, ip)) || (mac && mac_eq(&n->mac, mac))))
			return true;
	}
	return false;
}

const struct creation *trial_has(const struct trial *t, const char *name, const struct nic *nic,
	const struct ip *ip, const struct mac *mac)
{
	uint64_t hash = name ? hash_name(name)
		: ip         ? hash_address(nic, ip)
			     : hash_on(nic, mac, sizeof *mac);
	const struct table_node *n = t ? table_first(&t->taken, hash) : NULL;

	for (; n; n = table_next(n)) {
		const struct creation *c = table_entry(n, const struct trial_mark, node)->of;

		if (has(c, name, nic, ip, mac))
			return c;
	}
	return NULL;
}

static json_t *gone_of(const struct creation *c)
{
	return c->trial ? json_object_get(c->trial->body, "gone") : NULL;
}

bool trial_has_gone(const struct trial *t)
{
	return t && json_array_size(json_object_get(t->body, "gone"));
}

bool trial_goes(const struct creation *c, const char *name)
{
	json_t *gone = gone_of(c), *one;
	size_t i;

	json_array_foreach(gone, i, one)
	{
		if (json_is_string(one) && !strcmp(json_string_value(one), name))
			return true;
	}
	return false;
}

const struct segment *trial_segment(const struct trial *t, const char *name)
{
	for (size_t i = 0; i < t->n_coming; i++)
		if (!strcmp(t->coming[i].name, name))
			return &t->coming[i];
	return NULL;
}

static void take(struct guest_spec *spec, const char *pool, uint64_t size)
{
	size_t i = 0;

	while (i < spec->n_taken && strcmp(spec->taken[i].pool, pool))
		i++;
	if (i == GUEST_DISKS) /* more pools than that are not summed up */
		return;
	if (i == spec->n_taken) {
		snprintf(spec->taken[i].pool, sizeof spec->taken[i].pool, "%s", pool);
		spec->n_taken++;
	}
	spec->taken[i].size += size;
	spec->taken[i].disks++;
}

/* One that is a clone, linked to its template's disk, takes nothing to begin with, but may grow as others do. */
static void take_disks(const struct creation *c, struct guest_spec *spec)
{
	const struct machine_spec *s = &c->machine->spec;
	const char *pool = s->pool ? s->pool : "";

	take(spec, pool, s->disk);
	for (size_t i = 0; i < s->n_disks; i++)
		take(spec, s->disks[i].pool ? s->disks[i].pool : pool, s->disks[i].size);
}

static bool is_taken_from(const struct guest_spec *spec, const char *pool)
{
	for (size_t i = 0; i < spec->n_taken; i++)
		if (!strcmp(spec->taken[i].pool, pool))
			return true;
	return false;
}

/* Are its pools those of others, for which they were looked at? */
static bool is_fresh(const struct guest_spec *spec)
{
	bool fresh = is_taken_from(spec, spec->pool);

	for (size_t i = 0; i < spec->n_more; i++)
		fresh &= is_taken_from(spec, *spec->more[i].pool ? spec->more[i].pool : spec->pool);
	return fresh;
}

static bool same_host(const struct creation *a, const struct creation *b)
{
	const char *x = a->machine->spec.connect, *y = b->machine->spec.connect;

	return x && y ? !strcmp(x, y) : x == y;
}

static char *going_text(const json_t *gone)
{
	size_t size = 2, used = 0, i;
	json_t *one;
	char *text;

	json_array_foreach(gone, i, one) size += json_string_length(one) + 1;
	text = calloc(1, size);
	json_array_foreach(gone, i, one) if (text && json_is_string(one)) used +=
		(size_t)snprintf(text + used, size - used, "\n%s", json_string_value(one));
	if (text && used)
		text[used] = '\n';
	return text;
}

void trial_put_spec(const struct creation *c, struct guest_spec *spec)
{
	const struct trial *t = c->trial;
	const json_t *gone = gone_of(c);

	for (size_t i = 0; i < spec->n_nics; i++)
		spec->nics[i].coming = trial_segment(t, spec->nics[i].network);
	for (const struct creation *b = t->judged; b; b = b->next) {
		if (b->machine->guest && same_host(b, c))
			take_disks(b, spec);
	}
	spec->fresh = is_fresh(spec);
	if (json_array_size(gone)) /* nobody knows what becomes free */
		spec->n_taken = 0;
	spec->going = json_array_size(gone) ? going_text(gone) : NULL;
}

/* The request */

static const char *shape_error(json_t *body)
{
	static const char *const lists[] = {"machines", "common", "networks", "gone"};

	if (!json_is_object(body))
		return "the request is not a JSON object";
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		json_t *v = json_object_get(body, lists[i]);

		if (v && (!json_is_array(v) || json_array_size(v) > TRIAL_MACHINES))
			return "machines, common, networks and gone are arrays of at most 1000";
	}
	return NULL;
}

static void trial_begin(struct operations *ops, struct http_request *r, bool make)
{
	json_t *body = json_loadb(r->body, r->body_len, 0, NULL);
	const char *wrong = shape_error(body);
	struct trial *t = wrong ? NULL : calloc(1, sizeof *t);

	if (!wrong && make && enrolment_answered(ops, r, body)) {
		json_decref(body);
		free(t);
		return;
	}
	if (!t) {
		http_respond_error(r, wrong ? 400 : 500, "%s", wrong ? wrong : "out of memory");
		json_decref(body);
		return;
	}
	*t = (struct trial){.next = ops->trials,
		.ops = ops,
		.request = r,
		.body = body,
		.faults = json_array(),
		.behalf = behalf_now(),
		.make = make};
	ops->trials = t;
	table_init(&t->taken);
	loop_timer_init(&t->turn, turn_over, t);
	http_hold(r, HTTP_HOLD_MS);
	t->coming =
		calloc(json_array_size(json_object_get(body, "networks")) + 1, sizeof *t->coming);
	if (!t->coming || loop_timer_set(ops->base->loop, &t->turn, 0)) {
		http_respond_error(r, 500, "out of memory");
		trial_free(t);
	}
}

void trial_handle(struct operations *ops, struct http_request *r)
{
	trial_begin(ops, r, false);
}

void trial_enroll(struct operations *ops, struct http_request *r)
{
	trial_begin(ops, r, true);
}

void trial_drop_all(struct operations *ops)
{
	while (ops->trials) {
		http_respond_error(ops->trials->request, 503, "the service is stopping");
		trial_free(ops->trials);
	}
}
