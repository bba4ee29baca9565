/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tftpd/tftp_aside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void desk_unref(struct tftp_desk *d)
{
	if (atomic_fetch_sub(&d->refs, 1) == 1)
		free(d);
}

void tftp_aside_free(struct tftp_aside *a)
{
	desk_unref(a->desk);
	free(a->bytes);
	free(a);
}

/* The TFTP thread's side */

int tftp_asides_init(struct tftp_asides *as, const struct tftpd_config *config, struct loop *l,
	struct mailbox *box, void (*answered)(void *arg, struct tftp_aside *a), void *arg)
{
	struct tftp_desk *d = malloc(sizeof *d);

	if (!d)
		return -ENOMEM;
	d->box = box;
	atomic_init(&d->refs, 1);
	*as = (struct tftp_asides){
		.config = config, .loop = l, .desk = d, .answered = answered, .arg = arg};
	return 0;
}

static void take_out(struct tftp_asides *as, struct tftp_aside *a)
{
	struct tftp_aside **at = &as->waiting;

	while (*at != a)
		at = &(*at)->next;
	*at = a->next;
	loop_timer_clear(as->loop, &a->deadline);
}

/* Its client is not waited for any more; the struct comes back all the same. */
static void drop(struct tftp_aside *a)
{
	take_out(a->set, a);
	a->dropped = true;
}

void tftp_asides_drop(struct tftp_asides *as)
{
	while (as->waiting)
		drop(as->waiting);
}

void tftp_asides_drop_segment(struct tftp_asides *as, uint32_t segment, enum ip_family family)
{
	for (struct tftp_aside *a = as->waiting, *next; a; a = next) {
		next = a->next;
		if (a->r.segment == segment && a->r.peer.family == family)
			drop(a);
	}
}

static void on_deadline(struct loop_timer *t)
{
	drop(t->arg);
}

static size_t *count_of(struct tftp_asides *as, uint32_t segment)
{
	return &as->counts[segment <= SEGMENT_MAX ? segment : 0];
}

static void go_away(struct tftp_aside *a)
{
	a->set->count++;
	++*count_of(a->set, a->r.segment);
}

static void come_back(struct message *m)
{
	struct tftp_aside *a = (struct tftp_aside *)m;
	struct tftp_asides *as = a->set;

	as->count--;
	--*count_of(as, a->r.segment);
	if (a->dropped) {
		tftp_aside_free(a);
		return;
	}
	if (!a->greeted)
		take_out(as, a);
	as->answered(as->arg, a);
}

/* By address and port, as one client's; -EALREADY, -EBUSY, or 0 once an older one made room. */
static int admit(struct tftp_asides *as, uint32_t segment, const struct ip *ip, uint16_t port,
	const struct tftp_packet *p)
{
	size_t have = 0;

	for (struct tftp_aside *a = as->waiting, *next; a; a = next) {
		next = a->next;
		if (a->r.segment != segment || !ip_eq(&a->r.peer, ip))
			continue;
		if (a->r.peer_port != port) {
			have++;
			continue;
		}
		if (!strcmp(a->packet.name, p->name) &&
			tftp_options_eq(&a->packet.options, &p->options))
			return -EALREADY;
		drop(a);
	}
	if (have >= TFTP_ASIDE_PER_CLIENT_MAX)
		return -EBUSY;
	return as->count < TFTP_ASIDE_ALL && *count_of(as, segment) < TFTP_ASIDE_MAX ? 0 : -EAGAIN;
}

static void arrive(struct message *m);

int tftp_asides_put(struct tftp_asides *as, uint32_t segment, const struct sockaddr_storage *peer,
	const struct ip *ip, uint16_t port, const struct tftp_packet *p)
{
	int rc = admit(as, segment, ip, port, p);
	struct tftp_aside *a = rc ? NULL : calloc(1, sizeof *a);

	if (!a)
		return rc ? rc : -ENOMEM;
	a->set = as;
	loop_timer_init(&a->deadline, on_deadline, a);
	rc = loop_timer_set(as->loop, &a->deadline,
		as->config->asked_ms ? as->config->asked_ms : TFTP_ASIDE_MS);
	if (rc) {
		free(a);
		return rc;
	}
	a->packet = *p;
	a->peer = *peer;
	a->r = (struct tftp_request){segment, *ip, port, a->packet.name, false};
	a->asked = as->config->asked;
	a->arg = as->config->arg;
	a->desk = as->desk;
	atomic_fetch_add(&a->desk->refs, 1);
	a->next = as->waiting;
	as->waiting = a;
	go_away(a);
	a->m.deliver = arrive;
	mailbox_post(as->config->home, &a->m);
	return 0;
}

void tftp_aside_again(struct tftp_aside *a)
{
	a->r.there = true;
	go_away(a);
	a->m.deliver = arrive;
	mailbox_post(a->set->config->home, &a->m);
}

/* The main thread's side */

void tftp_asides_fini(struct tftp_asides *as)
{
	if (!as->desk)
		return;
	as->desk->box = NULL;
	desk_unref(as->desk);
	as->desk = NULL;
}

static void arrive(struct message *m)
{
	struct tftp_aside *a = (struct tftp_aside *)m;

	if (a->desk->box)
		a->asked(a->arg, &a->r);
	else
		tftp_aside_free(a);
}

static void give_back(struct tftp_aside *a, enum tftp_verdict v)
{
	if (!a->desk->box) {
		tftp_aside_free(a);
		return;
	}
	a->verdict = v;
	a->m.deliver = come_back;
	mailbox_post(a->desk->box, &a->m);
}

static struct tftp_aside *aside_of(struct tftp_request *r)
{
	return (struct tftp_aside *)((char *)r - offsetof(struct tftp_aside, r));
}

void tftpd_answer(struct tftp_request *r, const void *bytes, size_t len)
{
	struct tftp_aside *a = aside_of(r);

	a->bytes = malloc(len + 1);
	if (!a->bytes) { /* its client will ask again */
		tftpd_refuse(r, -EAGAIN, "");
		return;
	}
	memcpy(a->bytes, bytes, len);
	a->len = len;
	give_back(a, TFTP_ANSWER);
}

void tftpd_refuse(struct tftp_request *r, int rc, const char *why)
{
	struct tftp_aside *a = aside_of(r);

	a->rc = rc;
	snprintf(a->why, sizeof a->why, "%s", why);
	give_back(a, TFTP_REFUSE);
}

void tftpd_greet(struct tftp_request *r)
{
	give_back(aside_of(r), TFTP_GREET);
}

void tftpd_serve_file(struct tftp_request *r)
{
	give_back(aside_of(r), TFTP_OPEN);
}
