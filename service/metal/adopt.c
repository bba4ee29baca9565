/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A card that was replaced. The new one takes the old one's place: its segment and its addresses, its place in a bond, and in
 * Wake on LAN. Never by itself: a UUID is a claim, and whoever is this machine is given what is on its answers.
 */
#include "service/metal/adopt.h"

#include "service/metal/metal.h"
#include "service/discovery/discovery.h"
#include "service/network/seats.h"
#include "service/operations/judge.h"
#include "service/base/reply.h"

#include "core/json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct adoption {
	struct metal *metal;
	struct machine *machine;
	struct mac mac;  /* the new one */
	struct nic *nic; /* the old one's */
	char why[512];
};

/* Which is refused, as `status`. */
static unsigned no(struct adoption *a, unsigned status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static unsigned no(struct adoption *a, unsigned status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->why, sizeof a->why, fmt, ap);
	va_end(ap);
	return status;
}

static unsigned judge_machine(struct adoption *a)
{
	const struct machine *m = a->machine;

	if (m->guest)
		return no(a, 409, "%s is a guest: libvirt gives it its cards", m->name);
	if (m->deleting || m->holds || reserved(a->metal->base->reserved, m->name, 0, NULL))
		return no(a, 409, "%s is being changed just now: try again", m->name);
	if (m->state == LIFE_BOOTING || m->state == LIFE_INSTALLING)
		return no(a, 409,
			"%s is %s: wait until it is installed, or end that with 'usher disarm %s'",
			m->name, life_state_name(m->state), m->name);
	return 0;
}

/* NULL: nobody else's. */
static const struct machine *owner(const struct adoption *a)
{
	const struct segments *all = &a->metal->base->segments;
	const struct machine *m = NULL;

	for (size_t i = 0; i < all->count; i++) {
		m = machines_by_mac(a->metal->base->machines, all->all[i]->id, &a->mac, NULL);
		if (m && (!m->guest || all->all[i]->id == a->nic->segment_id))
			return m;
	}
	return NULL;
}

/* One that is being created has it. */
static const struct machine *coming_owner(const struct adoption *a)
{
	for (const struct creation *c = a->metal->operations->creations; c; c = c->next)
		for (size_t i = 0; i < c->machine->n_nics; i++)
			if (mac_eq(&c->machine->nics[i].mac, &a->mac))
				return c->machine;
	return NULL;
}

static unsigned judge_card(struct adoption *a, const json_t *body)
{
	const char *text = json_text(body, "mac");

	if (mac_parse(text, &a->mac))
		return no(a, 422, "'%.80s' is not a MAC like 52:54:00:12:34:56", text);
	if (mac_is_group(&a->mac) || mac_is_zero(&a->mac))
		return no(a, 422, "%.80s is not the MAC of a single card", text);
	return 0;
}

static unsigned judge_owner(struct adoption *a)
{
	const struct machine *m = owner(a);
	char mac[MAC_TEXT];

	m = m ? m : coming_owner(a);
	mac_format(&a->mac, mac);
	if (m == a->machine)
		return no(a, 409, "%s has the card %s already", m->name, mac);
	if (m)
		return no(a, 409, "machine '%s' has that MAC, %s", m->name, mac);
	return 0;
}

/* Which is replaced */

/* The only card of the record that the machine, as it is now, does not have; NULL: it did not say what it has, or there is not one. */
static struct nic *missing(const struct adoption *a)
{
	const struct discovered *d = discovereds_by_mac(a->metal->discovery->discovered, &a->mac);
	struct nic *found = NULL;
	size_t n = 0;

	for (size_t i = 0; d && i < a->machine->n_nics; i++)
		if (!discovered_has_card(d, &a->machine->nics[i].mac)) {
			found = &a->machine->nics[i];
			n++;
		}
	return n == 1 ? found : NULL;
}

static void list_cards(const struct machine *m, char *buf, size_t size)
{
	char mac[MAC_TEXT];
	size_t n;

	*buf = '\0';
	for (size_t i = 0; i < m->n_nics; i++) {
		n = strlen(buf);
		snprintf(
			buf + n, size - n, "%s%s", n ? ", " : "", mac_format(&m->nics[i].mac, mac));
	}
}

static unsigned judge_old(struct adoption *a, const json_t *body)
{
	const char *text = json_text(body, "instead_of");
	struct machine *m = a->machine;
	char cards[MACHINE_NICS * (MAC_TEXT + 2)];
	struct mac old;

	list_cards(m, cards, sizeof cards);
	if (!*text) {
		a->nic = m->n_nics == 1 ? &m->nics[0] : missing(a);
		return a->nic ? 0
			      : no(a, 422, "%s has several cards: instead of which, of %s?",
					m->name, cards);
	}
	if (mac_parse(text, &old))
		return no(a, 422, "'%.80s' is not a MAC like 52:54:00:12:34:56", text);
	for (size_t i = 0; i < m->n_nics; i++)
		if (mac_eq(&m->nics[i].mac, &old))
			a->nic = &m->nics[i];
	return a->nic ? 0 : no(a, 422, "%s has no card %.40s; it has %s", m->name, text, cards);
}

/* What goes with the card */

/* A copy in which the one MAC is the other, however it was written; NULL: it is not in there, or no memory. */
static char *with_mac(const char *text, const char *old, const char *new)
{
	const char *at = strcasestr(text, old);
	char *copy = at ? strdup(text) : NULL;

	for (; copy && at; at = strcasestr(at + 1, old))
		memcpy(copy + (at - text), new, strlen(new));
	return copy;
}

/* "bond": which cards it has. */
static void change_settings(struct machine *m, const char *old, const char *new)
{
	const char *key;
	json_t *v;
	void *next;

	json_object_foreach_safe(m->settings, next, key, v)
	{
		char *text = json_is_string(v) ? with_mac(json_string_value(v), old, new) : NULL;

		if (text)
			json_object_set_new(m->settings, key, json_string(text));
		free(text);
	}
}

static void change_power(struct machine *m, const char *old, const char *new)
{
	char *text = with_mac(m->power, old, new);

	if (text)
		snprintf(m->power, sizeof m->power, "%s", text);
	free(text);
}

/* The inventory of the machine as it was, and the stranger that it was taken for. */
static void forget_what_was(struct adoption *a, const struct mac *old)
{
	struct discovery *dy = a->metal->discovery;
	struct discovered *now = discovereds_by_mac(dy->discovered, &a->mac),
			  *then = discovereds_by_mac(dy->discovered, old);

	if (now && then && now != then && discovered_shares(now, then))
		discovereds_forget(dy->discovered, then);
	(void)strangers_forget(dy->strangers, NULL, old);
	(void)strangers_forget(dy->strangers, a->nic->segment, &a->mac);
}

static int change(struct adoption *a)
{
	struct machine *m = a->machine;
	struct mac old = a->nic->mac;
	char text[MAC_TEXT], new[MAC_TEXT];
	int rc;

	(void)seats_publish(a->metal->network, m, false, NULL, NULL);
	a->nic->mac = a->mac;
	rc = machines_save(a->metal->base->machines, m);
	if (rc == -EEXIST)
		a->nic->mac = old;
	else
		dhcpd_forget(a->metal->operations->dhcpd, &old);
	(void)seats_publish(a->metal->network, m, true, NULL, NULL);
	if (rc)
		return rc;
	forget_what_was(a, &old);
	mac_format(&old, text);
	mac_format(&a->mac, new);
	change_settings(m, text, new);
	change_power(m, text, new);
	timeline_add(a->metal->base->timeline, m->name, "adopted",
		"card %s instead of %s, by request: the addresses stay", new, text);
	return machines_save(a->metal->base->machines, m);
}

static unsigned judge(struct adoption *a, const json_t *body)
{
	unsigned status = judge_machine(a);

	if (!status)
		status = judge_card(a, body);
	if (!status)
		status = judge_old(a, body);
	return status ? status : judge_owner(a);
}

void adopt_handle(
	struct metal *metal, struct http_request *r, struct machine *m, const json_t *body)
{
	struct adoption a = {.metal = metal, .machine = m};
	unsigned status = judge(&a, body);
	int rc = status ? 0 : change(&a);

	if (status)
		http_respond_error(r, status, "%s", a.why);
	else if (rc)
		http_respond_error(r, rc == -EEXIST ? 409 : 503, "%s: %s", m->name, strerror(-rc));
	else
		reply_committed(
			metal->base->store, r, 200, reply_machine(metal->base->timeline, m, true));
}
