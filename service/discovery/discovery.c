/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/discovery/discovery.h"
#include "service/base/reply.h"

#include "core/clock.h"
#include "core/json.h"
#include "hooks/power/power_target.h"
#include "kickstart/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOLD_AGAIN_MS = 10 * 60 * 1000 }; /* the same line on the timeline */

int discovery_load(struct discovery *dy, char *why, size_t size)
{
	int rc = strangers_new(dy->base->store, &dy->strangers);

	if (!rc)
		rc = discovereds_new(dy->base->store, &dy->discovered);
	if (!rc)
		rc = strangers_load(dy->strangers, clock_steady_ms());
	if (!rc)
		rc = discovereds_load(dy->discovered);
	if (rc)
		snprintf(why, size, "discovered machines: %s", strerror(-rc));
	return rc;
}

void discovery_fini(struct discovery *dy)
{
	strangers_free(dy->strangers);
	discovereds_free(dy->discovered);
	dy->strangers = NULL;
	dy->discovered = NULL;
}

/* Tokens */

const char *discovery_token(
	struct discovery *dy, const struct segment *seg, const struct mac *mac, const uint8_t *uuid)
{
	const char *token = strangers_tell(dy->strangers, seg->name, mac, clock_steady_ms());
	char text[UUID_TEXT];

	if (token && uuid) {
		uuid_format(uuid, text);
		if (strangers_say_uuid(dy->strangers, seg->name, mac, text))
			twins_seen(dy, seg->name, mac, text);
	}
	return token;
}

struct stranger *discovery_stranger(
	struct discovery *dy, const char *path, enum token_kind *ret_kind)
{
	const char *token = path + strlen("/m/");
	size_t len = strcspn(token, "/");
	char text[TOKEN_TEXT] = "";

	*ret_kind = TOKEN_NONE;
	if (!token[len] || len != sizeof text - 1)
		return NULL;
	memcpy(text, token, len);
	return strangers_by_token(dy->strangers, text, clock_steady_ms(), ret_kind);
}

bool discovery_serves(enum token_kind kind, const char *what)
{
	return !strcmp(what, "boot.ipxe") || (kind == TOKEN_BOOT && !strcmp(what, "inventory"));
}

/* The script */

static void boot_script(
	struct discovery *dy, struct http_request *r, struct stranger *s, enum token_kind kind)
{
	const struct segment *seg = segments_by_id(&dy->base->segments, r->segment);
	const struct machine *known = twins_known_by(dy, s->uuid, &s->mac);
	char url[128], mac[MAC_TEXT], ip[IP_TEXT], address6[IP_TEXT + 4], *text = NULL;
	struct script_discover d = {.base_url = url,
		.medium = CONFIG_DISCOVER,
		.mac = mac_format(&s->mac, mac),
		.resembles = known ? known->name : NULL,
		.wait_min = DISCOVERY_WAIT_MIN};

	if (!seg) {
		http_respond_error(r, 404, "this segment is not served");
		return;
	}
	if (kind == TOKEN_NEXT)
		strangers_boot(dy->strangers, s, clock_steady_ms());
	segment_url(seg, segment_asked(seg, r->peer.family), url, sizeof url);
	d.token = s->token;
	if (r->peer.family == IP_V6) {
		snprintf(address6, sizeof address6, "%s/%u", ip_format(&r->peer, ip),
			seg->six.prefix_len);
		d.address6 = address6;
	}
	if (script_discover(&d, &text))
		text = NULL;
	reply_text_committed(dy->base->store, r, 200, "text/plain", text);
}

/* What it says */

static void tell(struct discovery *dy, const struct discovered *d, bool is_new)
{
	const struct inventory_identity *id = &d->identity;
	const char *vendor = json_text(d->summary, "vendor"),
		   *product = json_text(d->summary, "product");
	char mac[MAC_TEXT], ip[IP_TEXT], text[TIMELINE_TEXT];
	json_t *twins = discovery_twins(dy, d);
	size_t n;

	snprintf(text, sizeof text, "%s%s: %s%s%s%s%s, %s on %s at %s", d->id,
		is_new ? "" : " again", *vendor || *product ? vendor : "a machine",
		*vendor && *product ? " " : "", product, *id->serial ? ", serial " : "", id->serial,
		mac_format(&d->booted, mac), d->segment, ip_format(&d->ip, ip));
	for (size_t i = 0; i < json_array_size(twins); i++) {
		const json_t *twin = json_array_get(twins, i);

		n = strlen(text);
		snprintf(text + n, sizeof text - n, "%s%s (%s)", i ? ", " : "; a duplicate of ",
			*json_text(twin, "id") ? json_text(twin, "id") : json_text(twin, "mac"),
			json_text(twin, "shares"));
	}
	n = strlen(text);
	if (*id->refused)
		snprintf(text + n, sizeof text - n, "; %s", id->refused);
	json_decref(twins);
	timeline_add_peers(
		dy->base->timeline, "", "discovered", clock_wall_ms() - TOLD_AGAIN_MS, -1, text);
}

static void refuse(struct discovery *dy, struct http_request *r, const struct stranger *s,
	unsigned status, const char *why)
{
	char mac[MAC_TEXT], text[512];

	snprintf(text, sizeof text, "the inventory of %s on %s: %s", mac_format(&s->mac, mac),
		s->segment, why);
	timeline_add_peers(
		dy->base->timeline, "", "refused", clock_wall_ms() - TOLD_AGAIN_MS, -1, text);
	http_respond_error(r, status, "%s", why);
}

static void keep(
	struct discovery *dy, struct http_request *r, struct stranger *s, const json_t *inventory)
{
	const struct discovered_from from = {
		.segment = s->segment, .mac = s->mac, .ip = r->peer, .now = clock_wall_ms()};
	struct discovered *d = NULL;
	bool is_new = false;
	int rc = discovereds_take(dy->discovered, inventory, &from, &d, &is_new);

	if (rc == -EBADMSG) {
		refuse(dy, r, s, 422, "the card that it booted by is not in it");
		return;
	}
	if (rc) {
		http_respond_error(r, 503, "cannot keep it: %s", strerror(-rc));
		return;
	}
	strangers_know(dy->strangers, s, d->id, clock_steady_ms());
	tell(dy, d, is_new);
	twins_came(dy, d);
	if (dy->came)
		dy->came(dy->arg, d);
	reply_text_committed(dy->base->store, r, 200, "text/plain", strdup("thank you\n"));
}

static void take(struct discovery *dy, struct http_request *r, struct stranger *s)
{
	json_t *inventory = NULL;
	char why[256] = "";
	int rc;

	if (s->state == STRANGER_KNOWN) {
		http_respond_error(r, 409, "it was told already, as %s", s->id);
		return;
	}
	rc = inventory_parse(r->body, r->body_len, &inventory, why, sizeof why);
	if (rc == -ENOMEM)
		http_respond_error(r, 503, "out of memory");
	else if (rc)
		refuse(dy, r, s, rc == -EFBIG ? 413 : 422, why);
	else
		keep(dy, r, s, inventory);
	json_decref(inventory);
}

/* Others are switched by it; who is awake cannot be woken. */
static bool restarts_itself(const struct machine *m)
{
	struct power_target t;
	char why[256];

	return !*m->power ||
		(!power_target_parse(m->power, &t, why, sizeof why) && t.kind == POWER_WOL);
}

static bool is_wanted(struct discovery *dy, const struct segment *seg, const struct discovered *d)
{
	for (size_t i = 0; i < d->n_macs; i++) {
		const struct machine *m =
			machines_by_mac(dy->base->machines, seg->id, &d->macs[i], NULL);

		if (m && life_netboots(m->state) && restarts_itself(m))
			return true;
	}
	return false;
}

/* It waits: is it to be installed now? */
static void answer(struct discovery *dy, struct http_request *r, const struct stranger *s)
{
	const struct segment *seg = segments_by_id(&dy->base->segments, r->segment);
	const struct discovered *d = discovereds_by_id(dy->discovered, s->id);
	const char *text = seg && d && is_wanted(dy, seg, d) ? "restart\n" : "wait\n";

	http_respond(r, 200, "text/plain", text, strlen(text));
}

void discovery_handle(struct discovery *dy, struct http_request *r, struct stranger *s,
	enum token_kind kind, const char *what)
{
	bool get = r->method == HTTP_GET;

	if (r->method == HTTP_HEAD)
		http_respond(r, 200, "text/plain", "", 0);
	else if (!strcmp(what, "boot.ipxe") && get)
		boot_script(dy, r, s, kind);
	else if (!strcmp(what, "inventory") && r->method == HTTP_POST)
		take(dy, r, s);
	else if (!strcmp(what, "inventory") && get)
		answer(dy, r, s);
	else
		http_respond_method(r, *what == 'i' ? "GET, HEAD, POST" : "GET, HEAD",
			"this method is not for that");
}
