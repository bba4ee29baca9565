/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tftpd/tftp_transfer.h"

#include "core/log.h"
#include "core/pace.h"
#include "tftpd/tftp_report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum {
	ANSWER_MAX = 600, /* bytes read of a client's packet: ACK and ERROR are short */
	/* What may have to make room: a transfer that was not answered for so long (an answer takes a millisecond; 5,000
	   requests a second by made-up addresses take all places of a segment; who lost the first packet asks again), and
	   one that has been silent for so long since, and was sent to again so many times in vain. */
	STALE_MS = 200,
	SILENT_MS = 2000,
	SILENT_RESENDS = 2,
	ASKS_VAIN =
		3, /* repeats of a request; a client that only lost packets has its OACK by then */
	ASKS_APART_MS = 400, /* what comes faster was repeated by the network */
	/* A request that comes again so soon after its client's latest ACK was under way before that. A machine that was
	   reset needs longer. */
	LATE_MS = 1000,
};

struct transfer {
	struct transfers *set;
	struct transfer *newer, *older;
	struct table_node node;
	struct tftp_report_message *report; /* also has who and what */
	struct tftp_options asked;
	struct tftp_fsm xfer;
	struct tftp_conn conn;
	struct tftp_source source;
	struct tftp_send due; /* what the socket has not taken yet */
	struct loop_fd watch;
	struct loop_timer timer;
	bool blocked;     /* waits for room in the socket */
	unsigned asks;    /* how often the request came again while our OACK was out */
	int64_t asked_at; /* the latest that counted */
	int send_error;   /* the latest, -errno: tells why nothing came back */
	/* A text that is not known before the client has acknowledged; NULL: it is, or there is none. */
	struct tftp_aside *text;
	bool waits;    /* `text` is with the main thread: nothing is sent, nothing taken */
	uint16_t ack;  /* the one that waits with it */
	size_t before; /* bytes of blanks before it */
	int64_t began;
	struct pace pace; /* of reports while it is under way */
};

static uint64_t client_hash(uint32_t segment, const struct ip *ip)
{
	return hash_bytes(ip, sizeof *ip, segment);
}

static bool same_client(const struct transfer *x, const struct tftp_client *c)
{
	return x->report->r.segment == c->segment && ip_eq(&x->report->r.peer, &c->ip);
}

/* The set */

int transfers_init(struct transfers *ts, struct loop *l, const struct tftpd_config *config)
{
	*ts = (struct transfers){.config = config, .loop = l};
	table_init(&ts->by_client);
	tftp_unproven_init(&ts->unproven, TFTPD_UNPROVEN_MAX);
	ts->packets = malloc(TFTP_SEND_BYTES);
	return ts->packets ? 0 : -ENOMEM;
}

static struct tftp_seats *seats_of(struct transfers *ts, uint32_t segment)
{
	return &ts->seats[segment <= SEGMENT_MAX ? segment : 0];
}

static void transfer_link(struct transfer *x)
{
	struct tftp_seats *s = seats_of(x->set, x->report->r.segment);

	x->older = s->newest;
	if (s->newest)
		s->newest->newer = x;
	else
		s->oldest = x;
	s->newest = x;
	s->count++;
	x->set->count++;
}

static void transfer_unlink(struct transfer *x)
{
	struct tftp_seats *s = seats_of(x->set, x->report->r.segment);

	*(x->newer ? &x->newer->older : &s->newest) = x->older;
	*(x->older ? &x->older->newer : &s->oldest) = x->newer;
	s->count--;
	x->set->count--;
	table_remove(&x->set->by_client, &x->node);
}

/* One line of log and one message home. */
static void transfer_tell(struct transfer *x, enum tftp_outcome outcome)
{
	struct tftp_report *r = &x->report->r;
	bool fine = outcome == TFTP_DONE || outcome == TFTP_PROBE;
	char ip[IP_TEXT];

	if (fine)
		x->report->why[0] = 0;
	r->outcome = outcome;
	r->sent = tftp_fsm_acked_bytes(&x->xfer);
	r->size = x->source.size;
	r->ms = loop_now(x->set->loop) - x->began;
	log_line(fine ? LOG_INFO : LOG_WARNING,
		"tftp: %s: %s: %s, %llu of %llu bytes in %lld ms%s%s", ip_format(&r->peer, ip),
		r->name, tftp_outcome_text(outcome), (unsigned long long)r->sent,
		(unsigned long long)r->size, (long long)r->ms, *r->why ? ": " : "", r->why);
	tftp_report_post(x->report, x->set->config->home);
}

/* It comes home into nothing, or is not away. */
static void drop_text(struct transfer *x)
{
	if (x->waits)
		x->text->dropped = true;
	else if (x->text)
		tftp_aside_free(x->text);
	x->text = NULL;
}

static void transfer_end(struct transfer *x, enum tftp_outcome outcome)
{
	drop_text(x);
	transfer_unlink(x);
	loop_unwatch(x->set->loop, &x->watch);
	loop_timer_clear(x->set->loop, &x->timer);
	transfer_tell(x, outcome);
	tftp_conn_fini(&x->conn);
	tftp_source_fini(&x->source);
	free(x);
}

static void transfer_why(struct transfer *x, const char *why)
{
	snprintf(x->report->why, sizeof x->report->why, "%s", why);
}

static void send_error(struct transfer *x, const char *why)
{
	uint8_t buf[TFTP_SMALL];
	int len = tftp_wire_error(buf, sizeof buf, TFTP_E_OTHER, why);

	transfer_why(x, why);
	if (len > 0)
		(void)!send(x->conn.fd, buf, (size_t)len, 0);
}

/* Something on our side: the client is told, so that its person sees it. */
static void transfer_fail(struct transfer *x, const char *why)
{
	send_error(x, why);
	transfer_end(x, TFTP_FAILED);
}

void transfers_end_segment(struct transfers *ts, uint32_t segment, enum ip_family family)
{
	for (struct transfer *x = seats_of(ts, segment)->oldest, *next; x; x = next) {
		next = x->newer;
		if (x->report->r.peer.family == family)
			transfer_fail(x, "the server stopped serving this network");
	}
}

void transfers_fini(struct transfers *ts)
{
	for (size_t i = 0; i <= SEGMENT_MAX; i++)
		while (ts->seats[i].oldest)
			transfer_fail(ts->seats[i].oldest, "the server is shutting down");
	table_fini(&ts->by_client);
	free(ts->packets);
	ts->packets = NULL;
}

/* One transfer */

/* A network that takes nothing now may do so later, and the state machine knows when to try and
 * when to stop; so all but "full" counts as sent and lost. */
static void send_failed(struct transfer *x, int rc)
{
	if (rc == -ECONNREFUSED)
		tftp_fsm_on_gone(&x->xfer);
	x->send_error = rc;
	x->due.what = TFTP_SEND_NOTHING;
}

static void send_oack(struct transfer *x)
{
	uint8_t buf[TFTP_SMALL];
	int len = tftp_wire_oack(buf, sizeof buf, &x->xfer.agreed);

	x->due.what = TFTP_SEND_NOTHING;
	if (len > 0 && send(x->conn.fd, buf, (size_t)len, 0) < 0)
		send_failed(x, -errno);
}

/* How many of the blocks that are due go out in one send. */
static uint32_t send_batch(const struct transfer *x, size_t packet)
{
	uint32_t most = (uint32_t)(TFTP_SEND_BYTES / packet);

	if (most > TFTP_FILL_MAX)
		most = TFTP_FILL_MAX;
	return x->due.count < most ? x->due.count : most;
}

/* Returns 0, -EAGAIN when the socket is full, or -errno when the file cannot be read. */
static int send_blocks(struct transfer *x)
{
	uint16_t blksize = x->xfer.agreed.blksize;
	size_t packet = (size_t)blksize + TFTP_HEADER;
	uint8_t *buf = x->set->packets;

	while (x->due.what == TFTP_SEND_DATA && x->due.count) {
		uint32_t count = send_batch(x, packet);
		ssize_t len = tftp_source_fill(&x->source, x->due.first, count, blksize, buf);
		int sent;

		if (len < 0)
			return (int)len;
		sent = tftp_conn_send(&x->conn, buf, (size_t)len, packet);
		if (sent == -EAGAIN)
			return sent;
		if (sent < 0) {
			send_failed(x, sent);
			return 0;
		}
		x->due.first += (uint32_t)sent;
		x->due.count -= (uint32_t)sent;
	}
	return 0;
}

static const char *over_why(const struct transfer *x)
{
	const struct tftp_fsm *f = &x->xfer;

	if (f->outcome == TFTP_ABORTED)
		return "the client closed its port";
	if (x->send_error)
		return strerror(-x->send_error);
	if (f->greeting || !f->acked)
		return "the client never answered";
	if (f->sent == f->blocks)
		return "all was sent, but the last blocks were never acknowledged";
	return "the client fell silent";
}

static int64_t text_wait_ms(const struct transfer *x)
{
	uint32_t ms = x->set->config->asked_ms;

	return ms ? ms : TFTP_ASIDE_MS;
}

/* After each event: sends what is due, sets the timer, or ends the transfer, which is then gone. */
static void transfer_settle(struct transfer *x)
{
	struct loop *l = x->set->loop;
	int rc = 0;

	if (x->due.what == TFTP_SEND_OACK)
		send_oack(x);
	else
		rc = send_blocks(x);
	if (rc && rc != -EAGAIN) {
		transfer_fail(x,
			rc == -EIO ? "the file changed or failed while it was sent"
				   : strerror(-rc));
		return;
	}
	if (x->xfer.over) {
		if (!x->report->why[0])
			transfer_why(x, over_why(x));
		transfer_end(x, x->xfer.outcome);
		return;
	}
	if (x->blocked != (rc == -EAGAIN)) {
		x->blocked = !x->blocked;
		loop_rewatch(l, &x->watch, x->blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
	}
	if (loop_timer_set(
		    l, &x->timer, x->waits ? text_wait_ms(x) : x->xfer.deadline - loop_now(l)))
		transfer_fail(x, "the server is out of memory");
}

static void send_next(struct transfer *x, struct tftp_send s)
{
	if (s.what != TFTP_SEND_NOTHING)
		x->due = s;
}

static void report_progress(struct transfer *x)
{
	const struct tftp_report *r = &x->report->r;
	int64_t ms = loop_now(x->set->loop) - x->began;
	uint64_t sent = tftp_fsm_acked_bytes(&x->xfer);
	struct tftp_report_message *p;

	if (x->xfer.over || !pace_due(&x->pace, ms, sent, x->source.size))
		return;
	p = tftp_report_new(x->set->config, r->segment, &r->peer, r->peer_port, r->name);
	if (!p)
		return;
	p->r.outcome = TFTP_UNDERWAY;
	p->r.sent = sent;
	p->r.size = x->source.size;
	p->r.ms = ms;
	tftp_report_post(p, x->set->config->home);
}

/* Who answers our port has the address that it asked from. */
static void proved(struct transfer *x)
{
	tftp_unproven_give(&x->set->unproven, x->report->r.segment, &x->report->r.peer);
}

static bool unanswered(const struct transfer *x)
{
	return !tftp_fsm_answered(&x->xfer);
}

/* The first ACK: only who sits there knows our port. */
static void ask_for_text(struct transfer *x, uint16_t block)
{
	if (!tftp_fsm_expects(&x->xfer, block))
		return;
	proved(x);
	x->send_error = 0;
	x->due.what = TFTP_SEND_NOTHING;
	x->waits = true;
	x->ack = block;
	tftp_aside_again(x->text);
}

static void transfer_answer(struct transfer *x, const uint8_t *bytes, size_t len)
{
	struct tftp_packet p;

	if (tftp_wire_decode(bytes, len, &p))
		return;
	if (p.op == TFTP_ACK && x->waits) {
		return;
	} else if (p.op == TFTP_ACK && x->text) {
		ask_for_text(x, p.block);
	} else if (p.op == TFTP_ACK) {
		x->send_error = 0;
		if (unanswered(x) && tftp_fsm_expects(&x->xfer, p.block))
			proved(x);
		send_next(x, tftp_fsm_on_ack(&x->xfer, p.block, loop_now(x->set->loop)));
		report_progress(x);
	} else if (p.op == TFTP_ERROR) {
		snprintf(x->report->why, sizeof x->report->why, "the client said: error %u%s%s",
			p.error, *p.text ? ", " : "", p.text);
		tftp_fsm_on_error(&x->xfer, p.error);
	}
}

/* One packet a wake-up, so that all clients get their turn. */
static void on_ready(struct loop_fd *w, uint32_t events)
{
	struct transfer *x = w->arg;
	uint8_t buf[ANSWER_MAX];
	ssize_t n;

	if (events & ~(uint32_t)EPOLLOUT) {
		n = recv(x->conn.fd, buf, sizeof buf, 0);
		if (n >= 0)
			transfer_answer(x, buf, (size_t)n);
		else if (errno == ECONNREFUSED)
			tftp_fsm_on_gone(&x->xfer);
	}
	transfer_settle(x);
}

static void on_time(struct loop_timer *t)
{
	struct transfer *x = t->arg;

	if (x->waits) {
		transfer_fail(x, "the install server took too long, try again");
		return;
	}
	send_next(x, tftp_fsm_on_time(&x->xfer, loop_now(x->set->loop)));
	transfer_settle(x);
}

/* Requests */

/* It goes on asking as if there were no OACK: some ROMs cannot read one. */
static bool greeted_in_vain(const struct transfer *x)
{
	return x->xfer.greeting && x->asks >= ASKS_VAIN;
}

static int asked_again(struct transfer *x)
{
	int64_t now = loop_now(x->set->loop);

	if (now - x->asked_at >= ASKS_APART_MS) {
		x->asks++;
		x->asked_at = now;
	}
	return greeted_in_vain(x) ? 0 : -EALREADY;
}

/* The client's port was used before: the same request again, or a machine that has moved on. */
static int admit_again(struct transfer *x, const char *name, const struct tftp_options *asked)
{
	bool same = !strcmp(x->report->name, name) && tftp_options_eq(&x->asked, asked);

	if (same && unanswered(x))
		return asked_again(x);
	if (same && loop_now(x->set->loop) - x->xfer.moved_at < LATE_MS)
		return -EALREADY;
	transfer_why(x, "the client asked for something else from the same port");
	transfer_end(x, TFTP_ABORTED);
	return 0;
}

/* Where a place has to be found; NULL: there is one. */
static struct tftp_seats *crowded(struct transfers *ts, uint32_t segment)
{
	struct tftp_seats *own = seats_of(ts, segment), *most = own;

	if (own->count >= TFTPD_TRANSFERS_MAX)
		return own;
	for (size_t i = 0; i <= SEGMENT_MAX; i++)
		if (ts->seats[i].count > most->count)
			most = &ts->seats[i];
	return ts->count < TFTPD_TRANSFERS_ALL ? NULL : most;
}

/* The first that nobody answered, else the one that is silent longest; NULL: neither is due. Who waits for us does not count, nor
 * who waits for the link: what was sent may still be under way. */
static struct transfer *dispensable(const struct tftp_seats *s, int64_t now)
{
	struct transfer *silent = NULL;

	for (struct transfer *x = s->oldest; x; x = x->newer) {
		if (x->waits || x->blocked)
			continue;
		if (unanswered(x) && x->began <= now - STALE_MS)
			return x;
		if (x->xfer.resends >= SILENT_RESENDS && x->xfer.moved_at <= now - SILENT_MS &&
			(!silent || x->xfer.moved_at < silent->xfer.moved_at))
			silent = x;
	}
	return silent;
}

/* Whether there is a place, which may be that of a client that asked and went away. */
static bool make_room(struct transfers *ts, uint32_t segment)
{
	struct tftp_seats *s = crowded(ts, segment);
	struct transfer *x = s ? dispensable(s, loop_now(ts->loop)) : NULL;

	if (!x)
		return !s;
	if (unanswered(x))
		transfer_why(x, "the client never answered, and others waited for its place");
	else
		send_error(x, "the client was silent, and others waited for its place");
	transfer_end(x, TFTP_TIMEOUT);
	return true;
}

int transfers_admit(struct transfers *ts, const struct tftp_client *c, const char *name,
	const struct tftp_options *asked)
{
	struct transfer *idle = NULL;
	struct table_node *n, *next;
	size_t have = 0;
	bool own = false; /* a place that it gives up itself */

	for (n = table_first(&ts->by_client, client_hash(c->segment, &c->ip)); n; n = next) {
		struct transfer *x = table_entry(n, struct transfer, node);

		next = table_next(n);
		if (!same_client(x, c))
			continue;
		if (x->report->r.peer_port == c->port) {
			if (admit_again(x, name, asked))
				return -EALREADY;
			own = true; /* it has ended, or end_greeting() ends it */
			continue;
		}
		have++;
		if (unanswered(x) && (!idle || x->began < idle->began))
			idle = x;
	}
	if (have >= TFTPD_PER_CLIENT_MAX) {
		if (!idle)
			return -EBUSY;
		transfer_why(idle, "the client never answered, and asked again from other ports");
		transfer_end(idle, TFTP_TIMEOUT);
	}
	return own || make_room(ts, c->segment) ? 0 : -EAGAIN;
}

/*
 * Ends the transfer whose OACK this client does not understand, if there is one. The next has a port of its own: a
 * client that did read the OACK at last takes nothing from there, and cannot mistake a first block of 512 bytes for
 * a short and last one.
 */
static bool end_greeting(struct transfers *ts, const struct tftp_client *c)
{
	for (struct table_node *n = table_first(&ts->by_client, client_hash(c->segment, &c->ip)); n;
		n = table_next(n)) {
		struct transfer *x = table_entry(n, struct transfer, node);

		if (!same_client(x, c) || x->report->r.peer_port != c->port || !greeted_in_vain(x))
			continue;
		transfer_why(x,
			"the client seems not to support options, the file is sent without them");
		transfer_end(x, TFTP_TIMEOUT);
		return true;
	}
	return false;
}

/* Everything that can fail; transfers_start() cleans up. */
static int transfer_open(struct transfer *x, const struct tftp_client *c)
{
	struct transfers *ts = x->set;
	int rc = tftp_conn_init(&x->conn, c->ifname, c->server, c->peer);

	if (rc)
		return rc;
	rc = table_put(&ts->by_client, &x->node, client_hash(c->segment, &c->ip));
	if (rc)
		return rc;
	rc = loop_watch(ts->loop, &x->watch, x->conn.fd, EPOLLIN, on_ready, x);
	if (rc)
		table_remove(&ts->by_client, &x->node);
	return rc;
}

static struct transfer *transfer_new(
	struct transfers *ts, const struct tftp_client *c, const char *name)
{
	struct transfer *x = calloc(1, sizeof *x);

	if (!x)
		return NULL;
	x->set = ts;
	x->conn.fd = -1;
	x->began = x->asked_at = loop_now(ts->loop);
	loop_timer_init(&x->timer, on_time, x);
	x->report = tftp_report_new(ts->config, c->segment, &c->ip, c->port, name);
	if (!x->report) {
		free(x);
		return NULL;
	}
	return x;
}

/* Takes `source` and `text` over, also on failure. */
static int start(struct transfers *ts, const struct tftp_client *c, const char *name,
	const struct tftp_options *asked, struct tftp_source *source, struct tftp_aside *text)
{
	const struct tftpd_config *f = ts->config;
	const struct tftp_fsm_limits limits = {
		f->blksize_max, f->window_max, f->first_wait_ms, f->give_up_ms};
	const struct tftp_options none = {0};
	bool plain = end_greeting(ts, c);
	struct transfer *x = transfer_new(ts, c, name);
	int rc = x ? transfer_open(x, c) : -ENOMEM;

	if (rc) {
		tftp_source_fini(source);
		if (text)
			tftp_aside_free(text);
		if (x) {
			tftp_conn_fini(&x->conn);
			free(x->report);
		}
		free(x);
		return rc;
	}
	x->asked = *asked;
	x->source = *source;
	x->text = text;
	transfer_link(x);
	x->due = tftp_fsm_start(&x->xfer, plain ? &none : asked, source->size, &limits, x->began);
	x->before = x->xfer.greeting ? 0 : x->xfer.agreed.blksize;
	if (text)
		text->greeted = x;
	transfer_settle(x);
	return 0;
}

int transfers_start(struct transfers *ts, const struct tftp_client *c, const char *name,
	const struct tftp_options *asked, struct tftp_source *source)
{
	return start(ts, c, name, asked, source, NULL);
}

int transfers_greet(struct transfers *ts, const struct tftp_client *c, const char *name,
	const struct tftp_options *asked, struct tftp_aside *a)
{
	struct tftp_source source;
	int rc = tftp_source_init_blank(&source, TFTP_GREETED);

	if (rc) {
		tftp_aside_free(a);
		return rc;
	}
	return start(ts, c, name, asked, &source, a);
}

void transfers_greeted(struct tftp_aside *a)
{
	struct transfer *x = a->greeted;

	x->waits = false;
	x->text = NULL;
	if (a->verdict != TFTP_ANSWER) {
		transfer_fail(x, *a->why ? a->why : "the install server is busy, try again");
	} else if (a->len > TFTP_GREETED_TEXT ||
		tftp_source_put(&x->source, x->before, a->bytes, a->len)) {
		transfer_fail(x, "the script is too long for TFTP");
	} else {
		send_next(x, tftp_fsm_on_ack(&x->xfer, x->ack, loop_now(x->set->loop)));
		transfer_settle(x);
	}
	tftp_aside_free(a);
}
