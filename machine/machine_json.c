/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine as JSON: as it is stored, and as the API shows it. */
#include "machine/host_keys.h"
#include "machine/registry.h"
#include "machine/watch.h"

#include "core/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Records of sealed machines are of the second version, those with secrets of the third: an usher that knows no seal must
 * not read over it, nor one that cannot decrypt take a secret for missing. */
enum {
	RECORD_VERSION = 1,
	RECORD_SEALED = 2,
	RECORD_ENCRYPTED = 3,
};

/* Writing. A member that cannot be made leaves the object without it: json_object_set_new() with
 * NULL fails, and `ok` remembers. */

static void set(json_t *j, const char *key, json_t *value, bool *ok)
{
	if (json_object_set_new(j, key, value) < 0)
		*ok = false;
}

static json_t *finish(json_t *j, bool ok)
{
	if (ok)
		return j;
	json_decref(j);
	return NULL;
}

static json_t *copy_or(const json_t *j, json_t *(*empty)(void))
{
	return j ? json_deep_copy(j) : empty();
}

static json_t *ip_json(const struct ip *ip)
{
	char text[IP_TEXT];

	return json_string(ip_format(ip, text));
}

/* The address as it always was; the card beside it. */
static void set_client(json_t *j, const struct boot_client *c, bool *ok)
{
	char mac[MAC_TEXT];

	set(j, "client", ip_json(&c->ip), ok);
	if (mac_is_zero(&c->mac))
		return;
	set(j, "client_mac", json_string(mac_format(&c->mac, mac)), ok);
	set(j, "client_segment", json_string(c->segment), ok);
}

static json_t *nic_json(const struct nic *nic)
{
	json_t *j = json_object(), *addrs = json_array();
	char mac[MAC_TEXT];
	bool ok = true;

	for (size_t i = 0; i < nic->n_addrs; i++)
		if (json_array_append_new(addrs, ip_json(&nic->addrs[i])) < 0)
			ok = false;
	set(j, "segment", json_string(nic->segment), &ok);
	set(j, "mac", json_string(mac_format(&nic->mac, mac)), &ok);
	set(j, "addresses", addrs, &ok);
	return finish(j, ok);
}

static json_t *nics_json(const struct machine *m)
{
	json_t *j = json_array();
	bool ok = true;

	for (size_t i = 0; i < m->n_nics; i++)
		if (json_array_append_new(j, nic_json(&m->nics[i])) < 0)
			ok = false;
	return finish(j, ok);
}

static json_t *asking_store(const struct sealed_boot *k)
{
	json_t *j = json_object();
	bool ok = true;

	set(j, "token", json_string(k->token), &ok);
	set(j, "code", json_string(k->code), &ok);
	set_client(j, &k->client, &ok);
	set(j, "at", json_integer(k->at), &ok);
	set(j, "wrong", json_integer(k->wrong), &ok);
	return finish(j, ok);
}

static json_t *live_store(const struct attempt *a)
{
	json_t *j = json_object();
	bool ok = true;

	set(j, "before", json_string(life_state_name(a->before)), &ok);
	set(j, "booted_at", json_integer(a->live.booted_at), &ok);
	set(j, "up_at", json_integer(a->live.up_at), &ok);
	set(j, "timeout", json_integer(a->live.timeout), &ok);
	set(j, "counted_at", json_integer(a->live.counted_at), &ok);
	set(j, "counted", json_integer(a->live.counted), &ok);
	return finish(j, ok);
}

static json_t *attempt_store(const struct attempt *a, struct secrets *s)
{
	json_t *j = json_object();
	bool ok = true;

	set(j, "number", json_integer((json_int_t)a->number), &ok);
	set(j, "armed_at", json_integer(a->armed_at), &ok);
	set(j, "deadline", json_integer(a->deadline), &ok);
	set(j, "ended_at", json_integer(a->ended_at), &ok);
	set(j, "boots", json_integer(a->boots), &ok);
	set(j, "max_boots", json_integer(a->max_boots), &ok);
	set(j, "switched", json_boolean(a->switched), &ok);
	set(j, "token", json_string(a->token), &ok);
	set(j, "next_token", json_string(a->next_token), &ok);
	set(j, "up_token", json_string(a->up_token), &ok);
	set_client(j, &a->client, &ok);
	set(j, "answers_fetched", json_boolean(a->answers_fetched), &ok);
	set(j, "answers_closed", json_boolean(a->answers_closed), &ok);
	set(j, "reason", json_string(a->reason), &ok);
	if (a->sealed) {
		set(j, "sealed", json_true(), &ok);
		set(j, "asks", json_integer(a->asks), &ok);
	}
	if (a->by_rules)
		set(j, "by_rules", json_true(), &ok);
	if (*a->tool) {
		set(j, "tool", json_string(a->tool), &ok);
		set(j, "before", json_string(life_state_name(a->before)), &ok);
	}
	if (a->live.on)
		set(j, "live", live_store(a), &ok);
	if (a->asking.token[0])
		set(j, "asking", asking_store(&a->asking), &ok);
	if (a->cause)
		set(j, "cause", json_incref(a->cause), &ok);
	if (a->snapshot)
		set(j, "snapshot", secrets_snapshot_store(s, a->snapshot), &ok);
	return finish(j, ok);
}

static json_t *old_tokens_json(const struct machine *m)
{
	json_t *j = json_array();
	bool ok = true;

	for (size_t i = 0; i < MACHINE_OLD_TOKENS && m->old_tokens[i][0]; i++)
		if (json_array_append_new(j, json_string(m->old_tokens[i])) < 0)
			ok = false;
	return finish(j, ok);
}

static int record_version(const struct machine *m, const struct secrets *s)
{
	if (s->any)
		return RECORD_ENCRYPTED;
	return m->seal != SEAL_BY_SEGMENT || m->attempt.sealed ? RECORD_SEALED : RECORD_VERSION;
}

json_t *machine_store(const struct machine *m, const struct encrypt_key *key)
{
	bool ok = true, seal = m->seal != SEAL_BY_SEGMENT;
	struct secrets s = {.key = key, .uuid = m->uuid};
	json_t *j = json_object();

	set(j, "v", json_integer(0), &ok); /* first; which one is known at the end */
	set(j, "name", json_string(m->name), &ok);
	set(j, "uuid", json_string(m->uuid), &ok);
	set(j, "guest", json_boolean(m->guest), &ok);
	set(j, "deleting", json_boolean(m->deleting), &ok);
	set(j, "state", json_string(life_state_name(m->state)), &ok);
	set(j, "created_at", json_integer(m->created_at), &ok);
	set(j, "state_at", json_integer(m->state_at), &ok);
	set(j, "profile", json_string(m->profile), &ok);
	set(j, "lab", json_string(m->lab), &ok);
	set(j, "power", json_string(m->power), &ok);
	if (m->power_password || m->power_locked)
		set(j, "power_password", secrets_password_store(&s, m), &ok);
	if (*m->power_pin)
		set(j, "power_pin", json_string(m->power_pin), &ok);
	if (m->uefi)
		set(j, "uefi", json_true(), &ok);
	set(j, "nics", nics_json(m), &ok);
	set(j, "settings", m->settings ? secrets_settings_store(&s, m->settings) : json_object(),
		&ok);
	set(j, "ssh_keys", copy_or(m->ssh_keys, json_array), &ok);
	set(j, "guest_spec", machine_spec_store(&m->spec), &ok);
	if (m->template)
		set(j, "template", json_true(), &ok);
	if (m->guest_gone)
		set(j, "guest_gone", json_true(), &ok);
	if (seal)
		set(j, "sealed", json_boolean(m->seal == SEAL_YES), &ok);
	if (m->first_boot)
		set(j, "first_boot", json_string(m->first_boot), &ok);
	if (m->host_keys)
		set(j, "host_keys", json_incref(m->host_keys), &ok);
	if (m->labels)
		set(j, "labels", json_incref(m->labels), &ok);
	if (m->note)
		set(j, "note", json_string(m->note), &ok);
	set(j, "request_id", json_string(m->request_id), &ok);
	set(j, "attempt", attempt_store(&m->attempt, &s), &ok);
	set(j, "old_tokens", old_tokens_json(m), &ok);
	set(j, "v", json_integer(record_version(m, &s)), &ok);
	return finish(j, ok && !s.rc);
}

json_t *machine_time_json(int64_t ms)
{
	time_t s = ms / 1000;
	struct tm tm;
	char text[40];
	size_t n;

	if (ms <= 0 || !gmtime_r(&s, &tm))
		return json_null();
	n = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof text - n, ".%03dZ", (int)(ms % 1000));
	return json_string(text);
}

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_string(text) : json_null();
}

/* Not its code: that is on the machine's own screen, and must be read there. */
static json_t *waiting_json(const struct sealed_boot *k)
{
	json_t *j = json_object();
	bool ok = true;

	set(j, "since", machine_time_json(k->at), &ok);
	set(j, "client", ip_json(&k->client.ip), &ok);
	set(j, "tries", json_integer((json_int_t)MACHINE_WRONG_CODES - k->wrong), &ok);
	return finish(j, ok);
}

/* null: it boots no live system. */
static json_t *live_json(const struct machine *m)
{
	const struct live *l = &m->attempt.live;
	json_t *j;
	bool ok = true;

	if (m->state != LIFE_LIVE)
		return json_null();
	j = json_object();
	set(j, "booted_at", machine_time_json(l->booted_at), &ok);
	set(j, "up_at", machine_time_json(l->up_at), &ok);
	set(j, "looping", json_boolean(machine_loops(m)), &ok);
	return finish(j, ok);
}

/* What it waits for now; null: nothing. */
static void set_step(json_t *j, const struct machine *m, bool *ok)
{
	int64_t since;
	enum boot_step step = machine_step(m, &since);
	bool waits = step != STEP_NONE;

	set(j, "waits_for", waits ? json_string(causes_step_name(step)) : json_null(), ok);
	set(j, "waits_since",
		waits ? machine_time_json(clock_wall_ms() - (clock_mono_ms() - since))
		      : json_null(),
		ok);
}

static json_t *attempt_json(const struct machine *m)
{
	const struct attempt *a = &m->attempt;
	json_t *j;
	bool ok = true;

	if (!a->number)
		return json_null();
	j = json_object();
	set(j, "number", json_integer((json_int_t)a->number), &ok);
	set(j, "boots", json_integer(a->boots), &ok);
	set(j, "max_boots", json_integer(a->max_boots), &ok);
	set(j, "armed_at", machine_time_json(a->armed_at), &ok);
	set(j, "deadline", machine_time_json(clock_wall_of(a->deadline)), &ok);
	set(j, "ended_at", machine_time_json(a->ended_at), &ok);
	set(j, "reason", text_or_null(a->reason), &ok);
	set_step(j, m, &ok);
	set(j, "cause", a->cause ? json_deep_copy(a->cause) : json_null(), &ok);
	set(j, "tool", text_or_null(a->tool), &ok);
	set(j, "live", live_json(m), &ok);
	set(j, "sealed", json_boolean(a->sealed), &ok);
	set(j, "asks", json_integer(a->asks), &ok);
	set(j, "waiting", machine_waits(m) ? waiting_json(&a->asking) : json_null(), &ok);
	return finish(j, ok);
}

/* A sealed one is not for anybody to see. */
static json_t *settings_json(const struct machine *m)
{
	json_t *copy = copy_or(m->settings, json_object), *v;
	const char *name;
	bool ok = true;

	json_object_foreach(copy, name, v) if (json_is_object(v))
		set(copy, name, json_string("(secret)"), &ok);
	return finish(copy, ok);
}

json_t *machine_to_json(const struct machine *m, bool full)
{
	json_t *j = json_object();
	bool ok = true;

	set(j, "name", json_string(m->name), &ok);
	set(j, "uuid", json_string(m->uuid), &ok);
	set(j, "kind", json_string(m->guest ? "guest" : "bare-metal"), &ok);
	set(j, "state", json_string(life_state_name(m->state)), &ok);
	set(j, "deleting", json_boolean(m->deleting), &ok);
	set(j, "template", json_boolean(m->template), &ok);
	set(j, "guest_state", text_or_null(m->guest_state), &ok);
	set(j, "since", machine_time_json(m->state_at), &ok);
	set(j, "profile", text_or_null(m->profile), &ok);
	set(j, "lab", text_or_null(m->lab), &ok);
	set(j, "labels", copy_or(m->labels, json_object), &ok);
	set(j, "note", text_or_null(m->note), &ok);
	set(j, "nics", nics_json(m), &ok);
	set(j, "attempt", attempt_json(m), &ok);
	set(j, "power", text_or_null(m->power), &ok);
	if (!full)
		return finish(j, ok);
	set(j, "created", machine_time_json(m->created_at), &ok);
	set(j, "sealed",
		m->seal != SEAL_BY_SEGMENT ? json_boolean(m->seal == SEAL_YES) : json_null(), &ok);
	set(j, "settings", settings_json(m), &ok);
	set(j, "ssh_keys", copy_or(m->ssh_keys, json_array), &ok);
	set(j, "first_boot", json_boolean(m->first_boot), &ok);
	set(j, "host_keys", host_keys_json(m->host_keys), &ok);
	set(j, "guest", m->guest ? machine_spec_json(&m->spec) : json_null(), &ok);
	set(j, "power_fingerprint", text_or_null(m->power_pin), &ok);
	set(j, "unreadable", machine_unreadable(m), &ok);
	return finish(j, ok);
}

/* Reading. The first fault stays in `why`, and all later reads give nothing. */

struct parse {
	char *why;
	size_t why_size;
	bool bad;
	struct secrets secrets;
};

__attribute__((format(printf, 2, 3))) static void fault(struct parse *p, const char *fmt, ...)
{
	va_list ap;

	if (p->bad)
		return;
	p->bad = true;
	va_start(ap, fmt);
	vsnprintf(p->why, p->why_size, fmt, ap);
	va_end(ap);
}

static json_t *member(struct parse *p, const json_t *j, const char *key, json_type type)
{
	json_t *v = json_object_get(j, key);

	if (v && json_typeof(v) == type)
		return v;
	fault(p, v ? "member \"%s\" is of the wrong type" : "member \"%s\" is missing", key);
	return NULL;
}

static void get_text(struct parse *p, const json_t *j, const char *key, char *to, size_t size)
{
	const json_t *v = member(p, j, key, JSON_STRING);

	if (v && json_string_length(v) >= size)
		fault(p, "member \"%s\" is too long", key);
	else if (v)
		memcpy(to, json_string_value(v), json_string_length(v) + 1);
}

static void get_int(struct parse *p, const json_t *j, const char *key, int64_t *to)
{
	const json_t *v = member(p, j, key, JSON_INTEGER);

	if (v)
		*to = json_integer_value(v);
}

static void get_unsigned(struct parse *p, const json_t *j, const char *key, unsigned *to)
{
	int64_t v = 0;

	get_int(p, j, key, &v);
	if (v < 0 || v > UINT32_MAX)
		fault(p, "member \"%s\" is out of range", key);
	else
		*to = (unsigned)v;
}

static void get_bool(struct parse *p, const json_t *j, const char *key, bool *to)
{
	const json_t *v = json_object_get(j, key);

	if (json_is_boolean(v))
		*to = json_is_true(v);
	else
		fault(p, "member \"%s\" is not true or false", key);
}

/* Takes the place of what `to` had. */
static void get_json(struct parse *p, const json_t *j, const char *key, json_type type, json_t **to)
{
	json_t *v = member(p, j, key, type);

	if (!v)
		return;
	json_decref(*to);
	*to = json_incref(v);
}

static void get_nic(struct parse *p, const json_t *j, struct nic *to)
{
	const json_t *addrs = member(p, j, "addresses", JSON_ARRAY);
	char mac[MAC_TEXT] = "";

	get_text(p, j, "segment", to->segment, sizeof to->segment);
	get_text(p, j, "mac", mac, sizeof mac);
	if (mac_parse(mac, &to->mac) < 0)
		fault(p, "\"%s\" is not a MAC address", mac);
	if (json_array_size(addrs) > MACHINE_NIC_ADDRS)
		fault(p, "a NIC has too many addresses");
	for (size_t i = 0; !p->bad && i < json_array_size(addrs); i++) {
		const char *text = json_string_value(json_array_get(addrs, i));

		if (!text || ip_parse(text, &to->addrs[to->n_addrs++]) < 0)
			fault(p, "a NIC's address is not an IP address");
	}
}

static void get_nics(struct parse *p, const json_t *j, struct machine *m)
{
	const json_t *nics = member(p, j, "nics", JSON_ARRAY);

	if (json_array_size(nics) > MACHINE_NICS)
		fault(p, "it has too many NICs");
	for (size_t i = 0; !p->bad && i < json_array_size(nics); i++)
		get_nic(p, json_array_get(nics, i), &m->nics[m->n_nics++]);
}

static void get_token(struct parse *p, const json_t *j, const char *key, char to[TOKEN_TEXT])
{
	get_text(p, j, key, to, TOKEN_TEXT);
	if (to[0] && strlen(to) != TOKEN_TEXT - 1)
		fault(p, "member \"%s\" is not a token", key);
}

static void get_old_tokens(struct parse *p, const json_t *j, struct machine *m)
{
	const json_t *all = member(p, j, "old_tokens", JSON_ARRAY);

	for (size_t i = 0; i < json_array_size(all) && i < MACHINE_OLD_TOKENS; i++) {
		const char *s = json_string_value(json_array_get(all, i));

		if (!s || strlen(s) != TOKEN_TEXT - 1)
			fault(p, "member \"old_tokens\" holds what is no token");
		else
			memcpy(m->old_tokens[i], s, TOKEN_TEXT);
	}
}

/* Records of before have no card. */
static void get_client(struct parse *p, const json_t *j, struct boot_client *c)
{
	char ip[IP_TEXT] = "", mac[MAC_TEXT] = "";

	get_text(p, j, "client", ip, sizeof ip);
	if (ip[0] && ip_parse(ip, &c->ip) < 0)
		fault(p, "member \"client\" is not an IP address");
	if (!json_object_get(j, "client_mac"))
		return;
	get_text(p, j, "client_mac", mac, sizeof mac);
	get_text(p, j, "client_segment", c->segment, sizeof c->segment);
	if (mac_parse(mac, &c->mac) < 0)
		fault(p, "member \"client_mac\" is not a MAC address");
}

static void get_asking(struct parse *p, const json_t *j, struct sealed_boot *k)
{
	get_token(p, j, "token", k->token);
	get_text(p, j, "code", k->code, sizeof k->code);
	get_client(p, j, &k->client);
	get_int(p, j, "at", &k->at);
	get_unsigned(p, j, "wrong", &k->wrong);
	if (strlen(k->code) != MACHINE_CODE_TEXT - 1)
		fault(p, "member \"code\" is not a code");
	if (k->client.ip.family == IP_NONE)
		fault(p, "member \"client\" is empty");
}

static void get_seal(struct parse *p, const json_t *j, struct machine *m)
{
	bool yes = false;

	if (!json_object_get(j, "sealed")) /* as the segment */
		return;
	get_bool(p, j, "sealed", &yes);
	m->seal = yes ? SEAL_YES : SEAL_NO;
}

static void get_state(struct parse *p, const json_t *j, const char *key, enum life_state *to)
{
	char name[16] = "";
	int state;

	get_text(p, j, key, name, sizeof name);
	state = life_state_parse(name);
	if (state < 0)
		fault(p, "\"%s\" is not a state", name);
	else
		*to = (enum life_state)state;
}

static void get_live(struct parse *p, const json_t *j, struct attempt *a)
{
	a->live.on = true;
	get_state(p, j, "before", &a->before);
	get_int(p, j, "booted_at", &a->live.booted_at);
	get_int(p, j, "up_at", &a->live.up_at);
	get_int(p, j, "timeout", &a->live.timeout);
	get_int(p, j, "counted_at", &a->live.counted_at);
	get_unsigned(p, j, "counted", &a->live.counted);
}

static void get_cause(struct parse *p, const json_t *j, struct attempt *a)
{
	static const char *const texts[] = {"kind", "text", "fix"};
	const json_t *c = member(p, j, "cause", JSON_OBJECT);

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		member(p, c, texts[i], JSON_STRING);
	if (!p->bad)
		get_json(p, j, "cause", JSON_OBJECT, &a->cause);
}

static void get_attempt(struct parse *p, const json_t *j, struct machine *m)
{
	struct attempt *a = &m->attempt;
	int64_t number = 0;

	get_int(p, j, "number", &number);
	a->number = (uint64_t)number;
	get_int(p, j, "armed_at", &a->armed_at);
	get_int(p, j, "deadline", &a->deadline);
	get_int(p, j, "ended_at", &a->ended_at);
	get_unsigned(p, j, "boots", &a->boots);
	get_unsigned(p, j, "max_boots", &a->max_boots);
	/* older records do not say: not a second time, it may be installing */
	a->switched = true;
	if (json_object_get(j, "switched"))
		get_bool(p, j, "switched", &a->switched);
	get_token(p, j, "token", a->token);
	get_token(p, j, "next_token", a->next_token);
	get_token(p, j, "up_token", a->up_token);
	get_client(p, j, &a->client);
	get_bool(p, j, "answers_fetched", &a->answers_fetched);
	get_bool(p, j, "answers_closed", &a->answers_closed);
	get_text(p, j, "reason", a->reason, sizeof a->reason);
	if (json_object_get(j, "sealed")) {
		get_bool(p, j, "sealed", &a->sealed);
		get_unsigned(p, j, "asks", &a->asks);
	}
	a->by_rules = json_is_true(json_object_get(j, "by_rules"));
	if (json_object_get(j, "cause"))
		get_cause(p, j, a);
	if (json_object_get(j, "tool")) {
		get_text(p, j, "tool", a->tool, sizeof a->tool);
		get_state(p, j, "before", &a->before);
	}
	if (json_object_get(j, "live"))
		get_live(p, member(p, j, "live", JSON_OBJECT), a);
	if (json_object_get(j, "asking"))
		get_asking(p, member(p, j, "asking", JSON_OBJECT), &a->asking);
	a->snapshot = secrets_snapshot_parse(&p->secrets, json_object_get(j, "snapshot"), m);
}

/* Most records have neither. */
static void get_labels(struct parse *p, const json_t *j, struct machine *m)
{
	const char *note = json_string_value(json_object_get(j, "note"));

	if (json_object_get(j, "labels"))
		get_json(p, j, "labels", JSON_OBJECT, &m->labels);
	if (note && !(m->note = strdup(note)))
		fault(p, "out of memory");
}

static void get_first_boot(struct parse *p, const json_t *j, struct machine *m)
{
	const char *text = json_string_value(json_object_get(j, "first_boot"));

	if (text && !(m->first_boot = strdup(text)))
		fault(p, "out of memory");
}

static void get_spec(struct parse *p, const json_t *j, struct machine_spec *to)
{
	const char *key = "";
	int rc = j ? machine_spec_parse(j, to, &key) : 0;

	if (rc == -ENOMEM)
		fault(p, "out of memory");
	else if (rc)
		fault(p, "member \"%s\" of \"guest_spec\" is of the wrong type", key);
}

/* What its controller takes, and what it showed; most records have none. */
static void get_power(struct parse *p, const json_t *j, struct machine *m)
{
	m->uefi = json_is_true(json_object_get(j, "uefi"));
	if (json_object_get(j, "power_pin"))
		get_text(p, j, "power_pin", m->power_pin, sizeof m->power_pin);
	secrets_password_parse(&p->secrets, json_object_get(j, "power_password"), m);
}

static void get_settings(struct parse *p, const json_t *j, struct machine *m)
{
	json_t *v = member(p, j, "settings", JSON_OBJECT);

	if (!v)
		return;
	json_decref(m->settings);
	m->settings = secrets_settings_parse(&p->secrets, v, m);
	if (!m->settings)
		fault(p, "out of memory");
}

static void get_machine(struct parse *p, const json_t *j, struct machine *m)
{
	int64_t version = 0;
	const json_t *attempt;

	get_int(p, j, "v", &version);
	if (!p->bad && (version < RECORD_VERSION || version > RECORD_ENCRYPTED))
		fault(p, "it is of version %lld", (long long)version);
	get_text(p, j, "name", m->name, sizeof m->name);
	get_text(p, j, "uuid", m->uuid, sizeof m->uuid);
	p->secrets.uuid = m->uuid;
	get_bool(p, j, "guest", &m->guest);
	if (json_object_get(j, "deleting")) /* older records have none */
		get_bool(p, j, "deleting", &m->deleting);
	m->template = json_is_true(json_object_get(j, "template"));
	m->guest_gone = json_is_true(json_object_get(j, "guest_gone"));
	get_seal(p, j, m);
	get_first_boot(p, j, m);
	get_labels(p, j, m);
	if (json_object_get(j, "host_keys"))
		get_json(p, j, "host_keys", JSON_ARRAY, &m->host_keys);
	get_state(p, j, "state", &m->state);
	get_int(p, j, "created_at", &m->created_at);
	get_int(p, j, "state_at", &m->state_at);
	get_text(p, j, "profile", m->profile, sizeof m->profile);
	if (json_object_get(j, "lab")) /* older records have none */
		get_text(p, j, "lab", m->lab, sizeof m->lab);
	get_text(p, j, "power", m->power, sizeof m->power);
	get_power(p, j, m);
	get_nics(p, j, m);
	get_settings(p, j, m);
	get_json(p, j, "ssh_keys", JSON_ARRAY, &m->ssh_keys);
	get_spec(p, member(p, j, "guest_spec", JSON_OBJECT), &m->spec);
	get_text(p, j, "request_id", m->request_id, sizeof m->request_id);
	if (json_object_get(j, "old_tokens")) /* older records have none */
		get_old_tokens(p, j, m);
	attempt = member(p, j, "attempt", JSON_OBJECT);
	if (attempt)
		get_attempt(p, attempt, m);
}

int machine_parse(const json_t *j, const struct encrypt_key *key, struct machine **ret, char *why,
	size_t why_size)
{
	struct parse p = {.why = why, .why_size = why_size, .secrets = {.key = key}};
	struct machine *m = machine_new();

	if (!m)
		return -ENOMEM;
	get_machine(&p, j, m);
	if (p.bad || p.secrets.rc) {
		machine_free(m);
		return p.bad ? -EPROTO : p.secrets.rc;
	}
	*ret = m;
	return 0;
}
