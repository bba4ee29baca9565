/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines without a record that boot from the network where a segment says discover='yes': each gets a system in its memory,
 * says once what it is, and waits a while. What comes under a stranger's token is handed over by service/boot, which has
 * looked whether the stranger itself asks. Main thread only.
 */
#ifndef USHER_SERVICE_DISCOVERY_DISCOVERY_H
#define USHER_SERVICE_DISCOVERY_DISCOVERY_H

#include "httpd/httpd.h"
#include "machine/discovered.h"
#include "machine/stranger.h"
#include "service/base/base.h"

enum { DISCOVERY_WAIT_MIN = 15 }; /* how long a discovered machine waits to be wanted */

struct discovery {
	struct base *base;
	struct strangers *strangers;
	struct discovereds *discovered;
	/* It has said what it is, for the first time or again; NULL: nobody wants to know. */
	void (*came)(void *arg, struct discovered *d);
	void *arg;
};

/* Before store_start(). On failure one line in `why`. */
int discovery_load(struct discovery *dy, char *why, size_t size);
void discovery_fini(struct discovery *dy);

/* dhcpd_config's `stranger`: the token that this card is told now; NULL: none. `uuid`: what its firmware says, or NULL. */
const char *discovery_token(struct discovery *dy, const struct segment *seg, const struct mac *mac,
	const uint8_t *uuid);
/* Whose token is in a path below /m/; NULL: no stranger's. `ret_kind` is TOKEN_NEXT or TOKEN_BOOT. */
struct stranger *discovery_stranger(
	struct discovery *dy, const char *path, enum token_kind *ret_kind);
/* Is this token good for what is asked for? */
bool discovery_serves(enum token_kind kind, const char *what);
/* The stranger itself asks. Answers. */
void discovery_handle(struct discovery *dy, struct http_request *r, struct stranger *s,
	enum token_kind kind, const char *what);

/*
 * twins.c: who says that it is another. A UUID or a serial is a claim: it never makes somebody a machine, but two who claim the
 * same are neither of them installed before somebody has said which is meant, unless one had begun before the other came.
 */

/* The machine whose record has one of its cards, on whatever segment, or NULL. `ret_mac` (may be NULL): the first of them. */
struct machine *discovery_record(
	const struct discovery *dy, const struct discovered *d, struct mac *ret_mac);
/* The discovered machine that has one of its cards, the one that was seen last; NULL: none. */
const struct discovered *discovery_of(const struct discovery *dy, const struct machine *m);
/* [{"id": "d7", "mac": "02:…", "shares": "UUID"}]: other discovered ones, and a card without a record whose firmware says its UUID
 * ("id" is null). New reference. */
json_t *discovery_twins(const struct discovery *dy, const struct discovered *d);
/* Has it any? Then the first of them, as "d7 (02:…) has the same UUID". */
bool discovery_has_twin(
	const struct discovery *dy, const struct discovered *d, char *who, size_t size);
/* The machine with whose UUID or serial it came, while it has no card of it: a twin, or the same with another card. NULL: none. */
struct machine *discovery_resembles(const struct discovery *dy, const struct discovered *d);
/* It said what it is: of each twin the rules' word is taken back (below), and it is said. */
void twins_came(struct discovery *dy, const struct discovered *d);
/* A card without a record boots, and its firmware says a UUID for the first time: the same. */
void twins_seen(struct discovery *dy, const char *segment, const struct mac *mac, const char *uuid);
/* The machine of which a card's firmware says the UUID, but that has no such card; NULL: none. */
struct machine *twins_known_by(const struct discovery *dy, const char *uuid, const struct mac *mac);

/* The API. New reference; `full`: with the inventory. */
json_t *discovery_json(struct discovery *dy, const struct discovered *d, bool full);
/* By id, UUID, serial, asset tag, MAC or SWITCH:PORT. 0, or the HTTP status with one line in `why`. */
unsigned discovery_find(
	struct discovery *dy, const char *name, struct discovered **ret, char *why, size_t size);
/* Nor are its cards known to have booted. */
void discovery_forget(struct discovery *dy, struct discovered *d);
/* GET and DELETE /discovered/NAME. */
void discovery_api(struct discovery *dy, struct http_request *r, const char *name);

#endif
