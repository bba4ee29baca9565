/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/registry.h"

#include "core/clock.h"
#include "core/draw.h"
#include "core/plain.h"
#include "machine/host_keys.h"
#include "machine/watch.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct ip *machine_ip(const struct machine *m)
{
	return m->n_nics && m->nics[0].n_addrs ? &m->nics[0].addrs[0] : NULL;
}

struct ip nic_address6(const struct nic *nic, const struct segment *s)
{
	struct ip six = {0};
	uint32_t n;

	for (size_t i = 0; nic && i < nic->n_addrs; i++)
		if (nic->addrs[i].family == IP_V6)
			return nic->addrs[i];
	for (size_t i = 0; s && nic && i < nic->n_addrs && !ip_is_set(&six); i++)
		if (segment_number(s, &nic->addrs[i], &n))
			six = segment_at(s, IP_V6, n);
	return six;
}

const struct nic *machine_nic_on(const struct machine *m, uint32_t segment)
{
	for (size_t i = 0; i < m->n_nics; i++)
		if (m->nics[i].segment_id == segment)
			return &m->nics[i];
	return NULL;
}

const struct nic *machine_nic_of(const struct machine *m, uint32_t segment, const struct mac *mac)
{
	for (size_t i = 0; i < m->n_nics; i++)
		if (m->nics[i].segment_id == segment && mac_eq(&m->nics[i].mac, mac))
			return &m->nics[i];
	return NULL;
}

static bool is_card(const struct nic *nic, const struct boot_client *c)
{
	return mac_eq(&nic->mac, &c->mac) && !strcmp(nic->segment, c->segment);
}

const struct nic *machine_nic_booting(const struct machine *m)
{
	const struct boot_client *c = &m->attempt.client;

	for (size_t i = 0; i < m->n_nics && !mac_is_zero(&c->mac); i++)
		if (is_card(&m->nics[i], c))
			return &m->nics[i];
	return NULL;
}

bool nic_has(const struct nic *nic, const struct ip *ip)
{
	for (size_t i = 0; i < nic->n_addrs; i++)
		if (ip_eq(&nic->addrs[i], ip))
			return true;
	return false;
}

const struct nic *machine_nic_with(const struct machine *m, uint32_t segment, const struct ip *ip)
{
	for (size_t i = 0; i < m->n_nics; i++)
		if (m->nics[i].segment_id == segment && nic_has(&m->nics[i], ip))
			return &m->nics[i];
	return NULL;
}

/* Since when what its peers say is news: a live system's boots are all of one state. */
static int64_t news_since(const struct machine *m)
{
	const struct live *l = &m->attempt.live;

	return m->state == LIFE_LIVE && l->booted_at > m->state_at ? l->booted_at : m->state_at;
}

void machine_tell_percent(const struct machine *m, const char *kind, int percent, const char *text)
{
	if (m->home->timeline)
		timeline_add_peers(m->home->timeline, m->name, kind, news_since(m), percent, text);
}

void machine_tell(const struct machine *m, const char *kind, const char *text)
{
	machine_tell_percent(m, kind, -1, text);
}

__attribute__((format(printf, 3, 4))) static void tellf(
	const struct machine *m, const char *kind, const char *fmt, ...)
{
	char text[TIMELINE_TEXT + 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	machine_tell(m, kind, text);
}

static void draw_code(char code[MACHINE_CODE_TEXT])
{
	uint64_t n;

	draw_bytes(&n, sizeof n);
	snprintf(code, MACHINE_CODE_TEXT, "%06u", (unsigned)(n % 1000000));
}

static struct life_result look_ahead(const struct machine *m, enum life_event e)
{
	struct life l = {m->state, m->guest, m->attempt.boots, m->attempt.max_boots, m->template,
		(*m->attempt.tool || m->attempt.live.on) && !m->attempt.ended_at,
		m->attempt.before};

	return life_step(&l, e);
}

static void refuse(struct machine *m, enum life_event e, const char *reason, const char *detail)
{
	if (detail && detail[0])
		tellf(m, "refused", "%s: %s (%s)", life_event_name(e), reason, detail);
	else
		tellf(m, "refused", "%s: %s", life_event_name(e), reason);
}

/* Installers retry what they ask, and then go on: once they did, the answers are not theirs any
 * more. */
static bool closes_answers(const struct machine *m, enum life_event e)
{
	return e == LIFE_DONE || e == LIFE_FAIL ||
		(e == LIFE_PROGRESS && m->attempt.answers_fetched);
}

/* A boot that has come so far, or failed, or is late, says so until the next one. */
static void change_live(struct attempt *a, enum life_event e, const char *why, int64_t now)
{
	bool fails = e == LIFE_FAIL || e == LIFE_FIRST_BOOT_FAILED || e == LIFE_DEADLINE ||
		e == LIFE_POWER_FAILED;

	if (e == LIFE_BOOT || e == LIFE_FIRST_BOOT || e == LIFE_DISARM)
		a->reason[0] = '\0';
	if (fails)
		plain_line(why, a->reason, sizeof a->reason);
	if (e == LIFE_FIRST_BOOT && !a->live.up_at)
		a->live.up_at = now;
	if (fails || e == LIFE_FIRST_BOOT)
		a->deadline = 0;
}

static bool ends_tool(const struct machine *m, const struct life_result *r)
{
	return *m->attempt.tool && !m->attempt.ended_at && r->actions & LIFE_DO_END;
}

static bool has_failed(const struct machine *m, enum life_event e, const struct life_result *r)
{
	if (ends_tool(m, r))
		return e != LIFE_DONE;
	return r->state == LIFE_FAILED && m->state != LIFE_FAILED;
}

static void change(
	struct machine *m, enum life_event e, const struct life_result *r, const char *why)
{
	struct attempt *a = &m->attempt;
	int64_t now = clock_wall_ms();

	if (r->state != m->state)
		m->state_at = now;
	census_ends(&m->home->census, m, r->state, now);
	if (closes_answers(m, e))
		a->answers_closed = true;
	if (m->state == LIFE_LIVE)
		change_live(a, e, why, now);
	if (has_failed(m, e, r)) {
		plain_line(why, a->reason, sizeof a->reason);
		machine_explain(m, e == LIFE_FAIL || e == LIFE_FIRST_BOOT_FAILED ? why : "");
	}
	if (r->actions & LIFE_DO_END && !a->ended_at)
		a->ended_at = now;
	a->boots = r->boots;
	m->state = r->state;
}

/* What a tool came to, in words of an install, which hooks know. */
static void tell_tool(struct machine *m, enum life_event e, const char *why)
{
	if (m->home->timeline)
		timeline_add(m->home->timeline, m->name, e == LIFE_DONE ? "done" : "failed",
			"%s%s%s", m->attempt.tool, *why ? ": " : "", why);
}

/* How an event of a live system is told, in words of an install, which hooks know. */
static const char *live_kind(enum life_event e)
{
	switch (e) {
	case LIFE_BOOT:
		return "booting";
	case LIFE_FIRST_BOOT:
		return "up";
	case LIFE_FAIL:
	case LIFE_FIRST_BOOT_FAILED:
	case LIFE_DEADLINE:
		return "failed";
	default:
		return NULL; /* another line tells it, or there is nothing to tell */
	}
}

/* All of it a peer can cause without end. */
static void tell_live(struct machine *m, enum life_event e, const char *why)
{
	const char *kind = live_kind(e);

	if (kind)
		machine_tell(m, kind, why);
	if (e == LIFE_PROGRESS)
		machine_tell_percent(m, "progress", m->percent, why);
	if (e == LIFE_BOOT && m->attempt.live.counted == m->attempt.max_boots + 1)
		tellf(m, "looping",
			"%u boots within %lld s: the live system does not last, or the machine does "
			"not get that far ('usher console %s' shows it). It goes on being served",
			m->attempt.live.counted,
			(long long)(clock_steady_ms() - m->attempt.live.counted_at) / 1000,
			m->name);
}

/* The state's own event, and what else there is to say. */
static void tell(struct machine *m, enum life_event e, enum life_state before, const char *why)
{
	/* A new boot and a new attempt are news though the state has that name already. */
	if (m->state == LIFE_LIVE && e != LIFE_GO_LIVE) {
		tell_live(m, e, why);
		return;
	}
	if (before == LIFE_LIVE &&
		e == LIFE_DISARM) { /* what it is again, it does not become now */
		if (m->home->timeline)
			timeline_add(m->home->timeline, m->name, "live", "no longer: %s", why);
		return;
	}
	if (m->home->timeline &&
		(m->state != before || e == LIFE_BOOT || e == LIFE_ARM || e == LIFE_RUN ||
			e == LIFE_GO_LIVE))
		timeline_add(m->home->timeline, m->name, life_state_name(m->state), "%s", why);
	if (e == LIFE_PROGRESS)
		machine_tell_percent(m, "progress", m->percent, why);
	if (e == LIFE_STOPPED && life_installs(m->state))
		tellf(m, "power", "stopped while %s: started again", life_state_name(m->state));
}

/* What the event shows of the way that it has gone. */
static void note_fact(const struct machine *m, enum life_event e, const char *why)
{
	static const enum fact facts[LIFE_EVENTS] = {[LIFE_BOOT] = SAW_SCRIPT,
		[LIFE_ANSWERS] = SAW_ANSWERS,
		[LIFE_PROGRESS] = SAW_PROGRESS,
		[LIFE_DONE] = SAW_DONE,
		[LIFE_FIRST_BOOT] = SAW_UP,
		[LIFE_KILLED] = SAW_KILLED,
		[LIFE_POWER_FAILED] = SAW_NO_POWER};

	if (e == LIFE_ARM || e == LIFE_RUN || e == LIFE_GO_LIVE || e == LIFE_CLONE)
		return;
	if (facts[e] != SAW_START)
		machine_saw(m, facts[e], why);
}

static const char *why_of(const struct life_result *r, const char *detail)
{
	return detail && detail[0] ? detail : r->reason ? r->reason : "";
}

enum { PROGRESS_STORED_MS = 1000 };

/* An installer may report without end, and a record takes a while to write: reports that change nothing of its life are stored
 * once a second. */
static bool is_stored(struct machine *m, enum life_event e, bool changed)
{
	(void)rate_look(&m->progress_stored, PROGRESS_STORED_MS, clock_mono_ms());
	return rate_take(&m->progress_stored, 1) || e != LIFE_PROGRESS || changed;
}

int machine_event(struct machine *m, enum life_event e, const char *detail)
{
	struct machines *ms = m->home;
	struct life_result r = look_ahead(m, e);
	enum life_state before = m->state;
	char why[TIMELINE_TEXT + 1];
	bool ended = ends_tool(m, &r), answers_closed = m->attempt.answers_closed, changed;
	int rc;

	if (r.refused) {
		refuse(m, e, r.reason, detail);
		return -EPERM;
	}
	plain_line(why_of(&r, detail), why, sizeof why);
	note_fact(m, e, why);
	change(m, e, &r, why);
	changed = m->state != before || r.actions || m->attempt.answers_closed != answers_closed;
	rc = is_stored(m, e, changed) ? machines_save(ms, m) : machines_update(ms, m);
	if (ended)
		tell_tool(m, e, why);
	else
		tell(m, e, before, why);
	if (r.actions && ms->act)
		ms->act(ms->act_arg, m, r.actions);
	return rc;
}

/* Its owner is remembered. */
static void retire_token(struct machine *m, const char token[TOKEN_TEXT])
{
	if (!token[0])
		return;
	memmove(m->old_tokens[1], m->old_tokens[0], sizeof m->old_tokens - sizeof m->old_tokens[0]);
	memcpy(m->old_tokens[0], token, TOKEN_TEXT);
}

static void retire_tokens(struct machine *m)
{
	retire_token(m, m->attempt.up_token);
	retire_token(m, m->attempt.next_token);
	retire_token(m, m->attempt.asking.token);
	retire_token(m, m->attempt.token);
}

static bool on_sealed_segment(const struct machine *m)
{
	const struct segments *ss = m->home->segments;
	const struct segment *s;

	for (size_t i = 0; ss && i < m->n_nics; i++) {
		s = segments_by_name(ss, m->nics[i].segment);
		if (s && s->sealed)
			return true;
	}
	return false;
}

static bool is_sealed(const struct machine *m)
{
	return m->seal == SEAL_YES || (m->seal == SEAL_BY_SEGMENT && on_sealed_segment(m));
}

static void begin_attempt(
	struct machine *m, json_t *snapshot, unsigned max_boots, int64_t deadline_ms)
{
	struct attempt *a = &m->attempt;
	uint64_t number = a->number + 1;
	int64_t now = clock_wall_ms();

	json_decref(a->snapshot);
	machine_watch_anew(m);
	*a = (struct attempt){
		.number = number,
		.armed_at = now,
		.deadline = deadline_ms > 0 ? clock_steady_ms() + deadline_ms : 0,
		.max_boots = max_boots,
		.snapshot = snapshot,
	};
	draw_hex(a->next_token, TOKEN_TEXT);
	draw_hex(a->up_token, TOKEN_TEXT);
}

int machine_arm(
	struct machine *m, json_t *snapshot, unsigned max_boots, int64_t deadline_ms_from_now)
{
	struct life_result r = look_ahead(m, LIFE_ARM);
	char detail[64];

	if (r.refused) {
		json_decref(snapshot);
		refuse(m, LIFE_ARM, r.reason, NULL);
		return -EBUSY;
	}
	retire_tokens(m);
	json_decref(m->host_keys); /* another system is to come */
	m->host_keys = NULL;
	begin_attempt(m, snapshot, max_boots, deadline_ms_from_now);
	m->attempt.sealed = is_sealed(m);
	snprintf(detail, sizeof detail, "attempt %llu, profile %.32s%s",
		(unsigned long long)m->attempt.number, m->profile,
		m->attempt.sealed ? ", sealed" : "");
	return machine_event(m, LIFE_ARM, detail);
}

int machine_armed_by_rules(struct machine *m)
{
	m->attempt.by_rules = true;
	return machines_save(m->home, m);
}

/* What is installed stays: its host keys, and its own token, are still good. */
int machine_run(struct machine *m, const char *tool, json_t *snapshot, unsigned max_boots,
	int64_t deadline_ms_from_now)
{
	struct life_result r = look_ahead(m, LIFE_RUN);
	enum life_state before = m->state;
	char up_token[TOKEN_TEXT], detail[96];

	if (r.refused) {
		json_decref(snapshot);
		refuse(m, LIFE_RUN, r.reason, NULL);
		return -EBUSY;
	}
	retire_token(m, m->attempt.next_token);
	retire_token(m, m->attempt.asking.token);
	retire_token(m, m->attempt.token);
	memcpy(up_token, m->attempt.up_token, sizeof up_token);
	begin_attempt(m, snapshot, max_boots, deadline_ms_from_now);
	memcpy(m->attempt.up_token, up_token, sizeof up_token);
	m->attempt.sealed = is_sealed(m);
	m->attempt.before = before;
	snprintf(m->attempt.tool, sizeof m->attempt.tool, "%s", tool);
	snprintf(detail, sizeof detail, "attempt %llu, to run %.32s%s",
		(unsigned long long)m->attempt.number, tool, m->attempt.sealed ? ", sealed" : "");
	return machine_event(m, LIFE_RUN, detail);
}

/* What may be installed stays, as it does when a tool is run; a live system that it leaves is none it comes back to. */
int machine_go_live(struct machine *m, json_t *snapshot, unsigned max_boots, int64_t deadline_ms)
{
	struct life_result r = look_ahead(m, LIFE_GO_LIVE);
	enum life_state before = m->state == LIFE_LIVE ? m->attempt.before : m->state;
	char detail[96];

	if (r.refused) {
		json_decref(snapshot);
		refuse(m, LIFE_GO_LIVE, r.reason, NULL);
		return -EBUSY;
	}
	retire_tokens(m);
	begin_attempt(m, snapshot, max_boots, deadline_ms);
	m->attempt.sealed = is_sealed(m);
	m->attempt.before = before;
	m->attempt.live = (struct live){.on = true, .timeout = deadline_ms};
	snprintf(detail, sizeof detail, "boots %.32s at every boot%s", m->profile,
		m->attempt.sealed ? ", sealed" : "");
	return machine_event(m, LIFE_GO_LIVE, detail);
}

bool machine_loops(const struct machine *m)
{
	const struct live *l = &m->attempt.live;

	return m->state == LIFE_LIVE && l->counted > m->attempt.max_boots &&
		clock_steady_ms() - l->counted_at < MACHINE_LOOP_MS;
}

int machine_clone(
	struct machine *m, json_t *snapshot, int64_t deadline_ms_from_now, const char *detail)
{
	struct life_result r = look_ahead(m, LIFE_CLONE);

	if (r.refused) {
		json_decref(snapshot);
		refuse(m, LIFE_CLONE, r.reason, NULL);
		return -EBUSY;
	}
	begin_attempt(m, snapshot, 0, deadline_ms_from_now);
	m->attempt.next_token[0] = '\0'; /* it boots nothing of ours */
	return machine_event(m, LIFE_CLONE, detail);
}

int machine_host_keys(struct machine *m, const char *text, char *why, size_t why_size)
{
	json_t *keys;
	char print[HOST_KEY_PRINT];
	int rc = -EPERM;

	if (m->state != LIFE_INSTALLED)
		snprintf(why, why_size, "%s is %s: host keys are accepted only at the first boot",
			m->name, life_state_name(m->state));
	else
		rc = host_keys_parse(text, &keys, why, why_size);
	if (rc)
		return rc;
	if (m->host_keys) {
		rc = json_equal(m->host_keys, keys) ? 0 : -EEXIST;
		if (rc)
			snprintf(why, why_size, "%s reported other host keys before", m->name);
		json_decref(keys);
		return rc;
	}
	m->host_keys = keys;
	for (size_t i = 0; i < json_array_size(keys); i++) {
		const char *key = json_string_value(json_array_get(keys, i));

		if (!host_key_fingerprint(key, print))
			tellf(m, "host-key", "%.*s %s", (int)strcspn(key, " "), key, print);
	}
	return machines_save(m->home, m);
}

static int refuse_fetch(
	struct machine *m, const char *what, const struct boot_client *client, const char *reason)
{
	char text[IP_TEXT];

	tellf(m, "refused", "%s for %s: %s", what, ip_format(&client->ip, text), reason);
	return -EPERM;
}

/* The same address; or the same card by the other family, or by another of the IPv6 addresses that a card has at a time. That
 * the address is the machine's the caller has found out. */
static bool is_same(const struct boot_client *a, const struct boot_client *b)
{
	bool six = a->ip.family == IP_V6 || b->ip.family == IP_V6;

	return ip_eq(&a->ip, &b->ip) ||
		(six && !mac_is_zero(&a->mac) && mac_eq(&a->mac, &b->mac) &&
			!strcmp(a->segment, b->segment));
}

static int boot_again(struct machine *m, const struct boot_client *client)
{
	char text[IP_TEXT];

	if (!life_netboots(m->state))
		return refuse_fetch(m, "boot script", client, "the attempt has ended");
	if (!is_same(client, &m->attempt.client))
		return refuse_fetch(
			m, "boot script", client, "this boot belongs to another address");
	tellf(m, "boot", "boot script fetched again by %s", ip_format(&client->ip, text));
	return 0;
}

/* Life has room for one more boot. -EPERM: it has not, and that may have been one too many. */
static int look_for_boot(
	struct machine *m, const struct boot_client *client, struct life_result *ret)
{
	char text[IP_TEXT], detail[128];

	*ret = look_ahead(m, LIFE_BOOT);
	if (ret->refused)
		return refuse_fetch(m, "boot script", client, ret->reason);
	if (ret->state != LIFE_FAILED)
		return 0;
	snprintf(detail, sizeof detail, "%s (%u; the last asked for by %s)", ret->reason,
		m->attempt.max_boots, ip_format(&client->ip, text));
	machine_event(m, LIFE_BOOT, detail);
	return -EPERM;
}

/* What was reported of the last boot is of the past, and so is the token that it was reported by. */
static void begin_live_boot(struct machine *m)
{
	struct attempt *a = &m->attempt;
	struct live *l = &a->live;
	int64_t now = clock_steady_ms();

	retire_token(m, a->up_token);
	draw_hex(a->up_token, TOKEN_TEXT);
	a->deadline = l->timeout > 0 ? now + l->timeout : 0;
	l->booted_at = clock_wall_ms();
	l->up_at = 0;
	if (!l->counted || now - l->counted_at >= MACHINE_LOOP_MS) {
		l->counted_at = now;
		l->counted = 0;
	}
	l->counted++;
}

static void describe_boot(const struct machine *m, const char *how, unsigned boots,
	const struct boot_client *client, char *buf, size_t size)
{
	char text[IP_TEXT], of[32] = "";

	if (!m->attempt.live.on)
		snprintf(of, sizeof of, " of %u", m->attempt.max_boots);
	snprintf(buf, size, "boot %u%s, %s %s", boots, of, how, ip_format(&client->ip, text));
}

/* Under `token`, which becomes the boot's; so far it was another of the attempt's. */
static int begin_boot(struct machine *m, char token[TOKEN_TEXT], const struct boot_client *client,
	const char *how, unsigned boots)
{
	struct attempt *a = &m->attempt;
	char detail[128];

	retire_token(m, a->token);
	memcpy(a->token, token, sizeof a->token);
	if (token != a->next_token)
		retire_token(m, a->next_token);
	draw_hex(a->next_token, TOKEN_TEXT);
	a->client = *client;
	a->answers_fetched = a->answers_closed = false;
	describe_boot(m, how, boots, client, detail, sizeof detail);
	if (a->live.on)
		begin_live_boot(m);
	a->asking = (struct sealed_boot){0};
	return machine_event(m, LIFE_BOOT, detail);
}

/* Who asks without the token of a boot that asked already is a boot of its own: else whoever has the same address would
 * be shown the same code. Whether it is one too many is seen when it is confirmed: before that it ends nothing. */
static int ask(struct machine *m, const struct boot_client *client, bool tell_it)
{
	struct sealed_boot *k = &m->attempt.asking;
	struct life_result r = look_ahead(m, LIFE_BOOT);
	char text[IP_TEXT];
	int rc;

	if (r.refused)
		return refuse_fetch(m, "boot script", client, r.reason);
	retire_token(m, k->token);
	*k = (struct sealed_boot){.client = *client, .at = clock_wall_ms()};
	draw_hex(k->token, TOKEN_TEXT);
	draw_code(k->code);
	m->attempt.asks += tell_it;
	rc = machines_save(m->home, m);
	if (tell_it)
		tellf(m, "waiting",
			"boot requested by %s, number %u since the machine was armed: read the "
			"code on the machine's own screen, then run 'usher confirm %s CODE'",
			ip_format(&client->ip, text), m->attempt.asks, m->name);
	return rc ? rc : -EAGAIN;
}

static int ask_again(struct machine *m, const struct boot_client *client)
{
	if (!machine_waits(m))
		return refuse_fetch(m, "boot script", client, "the attempt has ended");
	if (!is_same(client, &m->attempt.asking.client))
		return refuse_fetch(
			m, "boot script", client, "this boot belongs to another address");
	return -EAGAIN;
}

int machine_boot(struct machine *m, enum token_kind kind, const struct boot_client *client)
{
	struct life_result r;
	int rc;

	if (kind == TOKEN_BOOT)
		return boot_again(m, client);
	if (kind == TOKEN_ASKING)
		return ask_again(m, client);
	if (kind != TOKEN_NEXT)
		return refuse_fetch(
			m, "boot script", client, "this token is not valid for the boot script");
	if (m->attempt.sealed)
		return ask(m, client, true);
	rc = look_for_boot(m, client, &r);
	return rc ? rc
		  : begin_boot(m, m->attempt.next_token, client, "boot script fetched by", r.boots);
}

bool machine_waits(const struct machine *m)
{
	return m->attempt.asking.token[0] && life_netboots(m->state);
}

static bool same_code(const char *a, const char *b)
{
	unsigned char diff = strlen(b) != MACHINE_CODE_TEXT - 1;

	for (size_t i = 0; !diff && i < MACHINE_CODE_TEXT - 1; i++)
		diff |= (unsigned char)(a[i] ^ b[i]);
	return !diff;
}

static int refuse_code(struct machine *m)
{
	struct sealed_boot *k = &m->attempt.asking;
	bool last = ++k->wrong >= MACHINE_WRONG_CODES;
	int rc;

	if (m->home->timeline)
		timeline_add(m->home->timeline, m->name, "refused",
			"confirm: wrong code (%u of %d)%s", k->wrong, MACHINE_WRONG_CODES,
			last ? ": this boot can no longer be confirmed, the next one has a new code"
			     : "");
	if (last) {
		retire_token(m, k->token);
		*k = (struct sealed_boot){0};
	}
	rc = machines_save(m->home, m);
	return rc ? rc : -EACCES;
}

int machine_confirm(struct machine *m, const char *code)
{
	struct sealed_boot k = m->attempt.asking;
	struct life_result r;
	int rc;

	if (!machine_waits(m))
		return -ENOENT;
	if (!same_code(k.code, code))
		return refuse_code(m);
	rc = look_for_boot(m, &k.client, &r);
	return rc ? rc : begin_boot(m, k.token, &k.client, "confirmed for", r.boots);
}

/* Every time it is another token and another code, of which the last is on the screen; told once a boot. */
static int ask_named(struct machine *m, const struct boot_client *client, int64_t now)
{
	bool same = m->script_at && now - m->script_at < MACHINE_SAME_BOOT_MS && machine_waits(m) &&
		ip_eq(&client->ip, &m->attempt.asking.client.ip);
	int rc = ask(m, client, !same);

	if (!same && rc == -EAGAIN)
		m->script_at = now;
	return rc;
}

int machine_boot_named(struct machine *m, const struct boot_client *client, int64_t now)
{
	bool same = m->script_at && now - m->script_at < MACHINE_SAME_BOOT_MS &&
		(m->state == LIFE_BOOTING || m->state == LIFE_LIVE) &&
		ip_eq(&client->ip, &m->attempt.client.ip);
	int rc;

	if (m->attempt.sealed)
		return ask_named(m, client, now);
	rc = same ? 0 : machine_boot(m, TOKEN_NEXT, client);
	if (!same && !rc)
		m->script_at = now;
	return rc;
}

void machine_loaded(struct machine *m, int64_t now)
{
	if (now - m->script_at > MACHINE_HEARD_LATE_MS)
		m->script_at = 0;
}

static bool is_other_card(const struct boot_client *a, const struct boot_client *b)
{
	return !mac_is_zero(&a->mac) && !mac_is_zero(&b->mac) &&
		(!mac_eq(&a->mac, &b->mac) || strcmp(a->segment, b->segment) != 0);
}

static const char *answers_error(
	const struct machine *m, enum token_kind kind, const struct boot_client *client)
{
	struct life_result r = look_ahead(m, LIFE_ANSWERS);

	if (kind == TOKEN_ASKING)
		return "this boot is not confirmed";
	if (kind != TOKEN_BOOT)
		return kind == TOKEN_NEXT ? "this boot's script was not fetched"
					  : "this token is not valid for the answers";
	if (r.refused) /* left, it is again what refuses for another reason */
		return m->attempt.live.on ? "the attempt has ended" : r.reason;
	if (!is_same(client, &m->attempt.client) && !is_other_card(client, &m->attempt.client))
		return "this boot belongs to another address";
	if (m->attempt.answers_closed)
		return "the installer has gone on since";
	return NULL;
}

int machine_answers(struct machine *m, enum token_kind kind, const struct boot_client *client)
{
	const char *error = answers_error(m, kind, client);
	bool again = m->attempt.answers_fetched;
	char text[IP_TEXT], detail[IP_TEXT + 32];

	if (error)
		return refuse_fetch(m, "answers", client, error);
	m->attempt.answers_fetched = true;
	snprintf(detail, sizeof detail, "answers fetched by %s", ip_format(&client->ip, text));
	if (again || m->state == LIFE_INSTALLING || m->state == LIFE_LIVE)
		tellf(m, "answers", "%s%s", detail, again ? " again" : "");
	return machine_event(m, LIFE_ANSWERS, detail);
}

int machine_answers_file(
	struct machine *m, enum token_kind kind, const struct boot_client *client, const char *name)
{
	const char *error = answers_error(m, kind, client);
	char text[IP_TEXT];

	if (error)
		return refuse_fetch(m, name, client, error);
	tellf(m, "answers", "%s fetched by %s", name, ip_format(&client->ip, text));
	return 0;
}
