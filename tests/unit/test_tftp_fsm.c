/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's state machine against a small client over a network that loses, repeats and
 * reorders. */
#include "tftpd/tftp_fsm.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct tftp_fsm_limits defaults;

static struct tftp_options asking(uint16_t blksize, uint16_t windowsize)
{
	return (struct tftp_options){.has_blksize = blksize,
		.blksize = blksize,
		.has_windowsize = windowsize,
		.windowsize = windowsize};
}

#define ck_send(s, w, f, n)                        \
	do {                                       \
		struct tftp_send sent_ = (s);      \
		ck_assert_int_eq(sent_.what, w);   \
		ck_assert_uint_eq(sent_.first, f); \
		ck_assert_uint_eq(sent_.count, n); \
	} while (0)
#define ck_nothing(s) ck_send(s, TFTP_SEND_NOTHING, 0, 0)

/* Step by step */

START_TEST(plain)
{
	struct tftp_options none = {0};
	struct tftp_fsm x;

	ck_send(tftp_fsm_start(&x, &none, 1024, &defaults, 0), TFTP_SEND_DATA, 1, 1);
	ck_send(tftp_fsm_on_ack(&x, 1, 10), TFTP_SEND_DATA, 2, 1);
	ck_send(tftp_fsm_on_ack(&x, 2, 20), TFTP_SEND_DATA, 3, 1);
	ck_assert_uint_eq(tftp_fsm_acked_bytes(&x), 1024);
	ck_assert(!x.over);
	ck_nothing(tftp_fsm_on_ack(&x, 3, 30));
	ck_assert(x.over && x.outcome == TFTP_DONE);
	ck_nothing(tftp_fsm_on_ack(&x, 3, 40));
	ck_nothing(tftp_fsm_on_time(&x, 99999));
}
END_TEST

START_TEST(empty_file)
{
	struct tftp_options none = {0};
	struct tftp_fsm x;

	ck_send(tftp_fsm_start(&x, &none, 0, &defaults, 0), TFTP_SEND_DATA, 1, 1);
	ck_nothing(tftp_fsm_on_ack(&x, 1, 1));
	ck_assert(x.over && x.outcome == TFTP_DONE && !tftp_fsm_acked_bytes(&x));
}
END_TEST

START_TEST(options)
{
	struct tftp_options o = {true, true, true, true, 65000, 5, 0, 9999};
	const struct tftp_fsm_limits l = {.blksize_max = 1468, .window_max = 16};
	struct tftp_fsm x;

	ck_send(tftp_fsm_start(&x, &o, 123456, &l, 0), TFTP_SEND_OACK, 0, 0);
	ck_assert(x.agreed.has_blksize && x.agreed.blksize == 1468);
	ck_assert(x.agreed.has_windowsize && x.agreed.windowsize == 16);
	ck_assert(x.agreed.has_tsize && x.agreed.tsize == 123456);
	ck_assert(x.agreed.has_timeout && x.agreed.timeout_s == 5);
	ck_nothing(tftp_fsm_on_ack(&x, 1, 9999));
	ck_send(tftp_fsm_on_ack(&x, 0, 9999), TFTP_SEND_DATA, 1, 16);
	ck_nothing(tftp_fsm_on_ack(&x, 0, 10000));

	o = (struct tftp_options){.has_timeout = true, .timeout_s = 255};
	ck_send(tftp_fsm_start(&x, &o, 9, &defaults, 0), TFTP_SEND_DATA, 1, 1);
}
END_TEST

/* What the client asked for is the longest wait, and once it has answered it is tried for as long as seven of them. */
START_TEST(asked_to_wait)
{
	struct tftp_options o = {.has_timeout = true, .timeout_s = 3};
	struct tftp_fsm x;
	int64_t at, last = 0, waits[32];
	size_t n = 0;

	tftp_fsm_start(&x, &o, 5000, &defaults, 0);
	for (at = x.deadline; !x.over && n < 32; at = x.deadline) {
		waits[n++] = at - last;
		last = at;
		tftp_fsm_on_time(&x, at);
	}
	ck_assert(waits[0] == 1000 && waits[1] == 2000 && waits[2] == 3000 && waits[3] == 3000);
	ck_assert_uint_eq(n, 1 + TFTP_RESENDS_UNANSWERED);

	tftp_fsm_start(&x, &o, 5000, &defaults, 0);
	tftp_fsm_on_ack(&x, 0, 0);
	for (n = 0; !x.over && n < 32; n++)
		tftp_fsm_on_time(&x, last = x.deadline);
	ck_assert_int_ge(last, 21000);
	ck_assert_int_lt(last, 24001);

	/* a round trip that is known is no reason to wait for long */
	tftp_fsm_start(&x, &o, 5000, &defaults, 0);
	ck_send(tftp_fsm_on_ack(&x, 0, 5), TFTP_SEND_DATA, 1, 1);
	ck_assert_int_eq(x.deadline, 5 + TFTP_WAIT_MIN_MS);

	o.timeout_s = 1;
	tftp_fsm_start(&x, &o, 5000, &defaults, 0);
	tftp_fsm_on_ack(&x, 0, 0);
	for (n = 0; !x.over && n < 32; n++)
		tftp_fsm_on_time(&x, last = x.deadline);
	ck_assert_int_ge(last, 7000);
	ck_assert_int_le(last, 8000);
}
END_TEST

START_TEST(windows)
{
	struct tftp_options o = asking(8, 4);
	struct tftp_fsm x;

	tftp_fsm_start(&x, &o, 8 * 9 + 3, &defaults, 0);
	ck_send(tftp_fsm_on_ack(&x, 0, 1), TFTP_SEND_DATA, 1, 4);
	/* a gap after 2 */
	ck_send(tftp_fsm_on_ack(&x, 2, 2), TFTP_SEND_DATA, 3, 4);
	ck_nothing(tftp_fsm_on_ack(&x, 2, 3));
	ck_nothing(tftp_fsm_on_ack(&x, 7, 3));
	ck_send(tftp_fsm_on_ack(&x, 6, 4), TFTP_SEND_DATA, 7, 4);
	ck_nothing(tftp_fsm_on_ack(&x, 4, 4));
	ck_nothing(tftp_fsm_on_ack(&x, 10, 5));
	ck_assert(x.over && x.outcome == TFTP_DONE);
	ck_assert_uint_eq(tftp_fsm_acked_bytes(&x), 75);
}
END_TEST

START_TEST(wrap)
{
	struct tftp_options o = asking(8, 16);
	uint64_t blocks = 3 * 65536 + 5;
	struct tftp_fsm x;
	struct tftp_send s;

	tftp_fsm_start(&x, &o, blocks * 8 - 1, &defaults, 0);
	s = tftp_fsm_on_ack(&x, 0, 0);
	while (!x.over) {
		ck_assert_int_eq(s.what, TFTP_SEND_DATA);
		s = tftp_fsm_on_ack(&x, (uint16_t)(s.first + s.count - 1), 0);
	}
	ck_assert(x.outcome == TFTP_DONE && x.acked == blocks);
}
END_TEST

START_TEST(backs_off_and_gives_up)
{
	struct tftp_options none = {0};
	struct tftp_fsm x;
	int resends = 0;
	int64_t last = 0;

	tftp_fsm_start(&x, &none, 5000, &defaults, 0);
	tftp_fsm_on_ack(&x, 1, 3);
	ck_assert_int_eq(x.deadline, 3 + TFTP_WAIT_MIN_MS);
	while (!x.over) {
		struct tftp_send s;

		last = x.deadline;
		ck_nothing(tftp_fsm_on_time(&x, last - 1));
		s = tftp_fsm_on_time(&x, last);
		if (!x.over) {
			ck_send(s, TFTP_SEND_DATA, 2, 1);
			ck_assert_int_ge(x.deadline - last, TFTP_WAIT_MIN_MS);
			resends++;
		}
	}
	ck_assert_int_eq(x.outcome, TFTP_TIMEOUT);
	ck_assert_int_eq(resends, TFTP_RESENDS_MAX);
	ck_assert_int_ge(last, 20000);
	ck_assert_int_le(last, TFTP_GIVE_UP_MS + 3);
}
END_TEST

/* Who never answers is sent little, whatever it asked for. */
START_TEST(unanswered)
{
	struct tftp_options window = {
		.has_windowsize = true, .windowsize = 64, .has_timeout = true, .timeout_s = 10};
	const struct tftp_options none = {0}, *const asked[] = {&none, &window};

	for (int i = 0; i < 2; i++) {
		struct tftp_fsm x;
		struct tftp_send s = tftp_fsm_start(&x, asked[i], 1 << 20, &defaults, 0);
		int sent = 0;

		for (; !x.over; s = tftp_fsm_on_time(&x, x.deadline)) {
			ck_assert_int_eq(s.what, i ? TFTP_SEND_OACK : TFTP_SEND_DATA);
			ck_assert_uint_eq(s.count, i ? 0 : 1);
			ck_assert(!tftp_fsm_answered(&x));
			sent++;
		}
		ck_assert_int_eq(sent, 1 + TFTP_RESENDS_UNANSWERED);
		ck_assert_int_eq(x.outcome, TFTP_TIMEOUT);
	}
}
END_TEST

START_TEST(follows_the_round_trip)
{
	struct tftp_options none = {0};
	struct tftp_fsm x;
	int64_t now = 0;

	tftp_fsm_start(&x, &none, 512 * 100, &defaults, now);
	for (uint16_t n = 1; n <= 50; n++)
		tftp_fsm_on_ack(&x, n, now += 700);
	ck_assert_uint_ge(x.wait_ms, 700);
	ck_assert_uint_le(x.wait_ms, 900);
	/* an answer to what was sent twice says nothing */
	tftp_fsm_on_time(&x, x.deadline);
	tftp_fsm_on_ack(&x, 51, x.deadline - 1);
	ck_assert_uint_ge(x.srtt_ms, 690);
	ck_assert_uint_le(x.srtt_ms, 710);
}
END_TEST

START_TEST(errors)
{
	struct tftp_options none = {0}, look = {.has_tsize = true};
	struct tftp_fsm x;

	tftp_fsm_start(&x, &look, 5000, &defaults, 0);
	tftp_fsm_on_error(&x, TFTP_E_OPTION);
	ck_assert(x.over && x.outcome == TFTP_PROBE);
	tftp_fsm_start(&x, &look, 5000, &defaults, 0);
	tftp_fsm_on_ack(&x, 0, 1);
	tftp_fsm_on_error(&x, TFTP_E_OTHER);
	ck_assert(x.over && x.outcome == TFTP_PROBE);
	tftp_fsm_start(&x, &look, 5000, &defaults, 0);
	tftp_fsm_on_gone(&x);
	ck_assert(x.over && x.outcome == TFTP_PROBE);
	tftp_fsm_start(&x, &look, 5000, &defaults, 0);
	tftp_fsm_on_error(&x, TFTP_E_FULL);
	ck_assert(x.over && x.outcome == TFTP_ABORTED);
	tftp_fsm_start(&x, &look, 5000, &defaults, 0);
	tftp_fsm_on_ack(&x, 0, 1);
	tftp_fsm_on_ack(&x, 1, 2);
	tftp_fsm_on_error(&x, TFTP_E_OPTION);
	ck_assert(x.over && x.outcome == TFTP_ABORTED);
	tftp_fsm_start(&x, &none, 5000, &defaults, 0);
	tftp_fsm_on_error(&x, TFTP_E_OPTION);
	ck_assert(x.over && x.outcome == TFTP_ABORTED);
}
END_TEST

/* A client leaves with its last ACK, or without all of it. */
START_TEST(gone)
{
	static const struct {
		uint16_t acks;
		bool resent, done;
	} cases[] = {{1, true, true}, {1, false, false}, {0, true, false}};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tftp_options none = {0};
		struct tftp_fsm x;

		tftp_fsm_start(&x, &none, 600, &defaults, 0); /* two blocks */
		if (cases[i].acks)
			tftp_fsm_on_ack(&x, 1, 1);
		if (cases[i].resent)
			tftp_fsm_on_time(&x, x.deadline);
		tftp_fsm_on_gone(&x);
		ck_assert(x.over);
		ck_assert_int_eq(x.outcome, cases[i].done ? TFTP_DONE : TFTP_ABORTED);
	}
}
END_TEST

/* A network */

enum { FLIGHTS = 1024, SIZE_MOST = 40000, PACKET = TFTP_HEADER + TFTP_BLKSIZE_DEFAULT };

struct flight {
	int64_t at; /* arrives; -1: none */
	bool to_server;
	size_t len;
	uint8_t bytes[PACKET];
};

struct net {
	uint64_t random;
	unsigned loss, twice, jitter; /* per cent, per cent, ms */
	int64_t now;
	struct flight flights[FLIGHTS];
	size_t used; /* flights beyond are free */
	struct tftp_fsm server;
	uint64_t data_sent;
	/* the client */
	uint64_t size;
	uint16_t blksize, window;
	uint64_t have; /* blocks in a row */
	unsigned in_window;
	bool greeted, complete;
	int64_t heard;
	uint8_t got[SIZE_MOST + TFTP_BLKSIZE_DEFAULT];
	size_t got_len;
};

static unsigned roll(struct net *n, unsigned sides)
{
	n->random ^= n->random << 13;
	n->random ^= n->random >> 7;
	n->random ^= n->random << 17;
	return (unsigned)((n->random >> 20) % sides);
}

static uint8_t content(uint64_t at)
{
	return (uint8_t)(at * 31 + at / 251);
}

static void fly(struct net *n, bool to_server, const uint8_t *bytes, size_t len)
{
	struct flight *f;
	size_t i;

	for (i = 0; i < n->used && n->flights[i].at >= 0; i++)
		;
	ck_assert_uint_lt(i, FLIGHTS);
	if (i == n->used)
		n->used++;
	f = &n->flights[i];
	f->at = n->now + 1 + roll(n, n->jitter + 1);
	f->to_server = to_server;
	f->len = len;
	memcpy(f->bytes, bytes, len);
}

static void post(struct net *n, bool to_server, const uint8_t *bytes, size_t len)
{
	if (roll(n, 100) < n->loss)
		return;
	fly(n, to_server, bytes, len);
	if (roll(n, 100) < n->twice)
		fly(n, to_server, bytes, len);
}

static void server_sends(struct net *n, struct tftp_send s)
{
	uint8_t buf[PACKET];

	if (s.what == TFTP_SEND_OACK) {
		int len = tftp_wire_oack(buf, sizeof buf, &n->server.agreed);

		post(n, false, buf, (size_t)len);
	}
	for (uint64_t b = s.first; s.what == TFTP_SEND_DATA && b < s.first + s.count; b++) {
		uint64_t at = (b - 1) * n->blksize;
		size_t len = n->size - at < n->blksize ? (size_t)(n->size - at) : n->blksize;

		ck_assert_uint_le(at, n->size);
		tftp_wire_data_header(buf, (uint16_t)b);
		for (size_t i = 0; i < len; i++)
			buf[TFTP_HEADER + i] = content(at + i);
		post(n, false, buf, TFTP_HEADER + len);
		n->data_sent++;
	}
}

static void client_acks(struct net *n)
{
	uint8_t buf[8];
	int len = tftp_wire_ack(buf, sizeof buf, (uint16_t)n->have);

	n->in_window = 0;
	post(n, true, buf, (size_t)len);
}

static void client_hears(struct net *n, const struct tftp_packet *p)
{
	n->heard = n->now;
	if (p->op == TFTP_OACK) {
		n->greeted = true;
		if (!n->have)
			client_acks(n);
		return;
	}
	if (p->block != (uint16_t)(n->have + 1)) {
		client_acks(n);
		return;
	}
	if (n->complete)
		return;
	n->have++;
	memcpy(n->got + n->got_len, p->data, p->data_len);
	n->got_len += p->data_len;
	n->complete = p->data_len < n->blksize;
	if (++n->in_window == n->window || n->complete)
		client_acks(n);
}

static struct flight *next_flight(struct net *n)
{
	struct flight *best = NULL;

	for (size_t i = 0; i < n->used; i++)
		if (n->flights[i].at >= 0 && (!best || n->flights[i].at < best->at))
			best = &n->flights[i];
	return best;
}

static void arrive(struct net *n, struct flight *f)
{
	struct tftp_packet p;

	n->now = f->at;
	f->at = -1;
	ck_assert_int_eq(tftp_wire_decode(f->bytes, f->len, &p), 0);
	if (f->to_server)
		server_sends(n, tftp_fsm_on_ack(&n->server, p.block, n->now));
	else
		client_hears(n, &p);
}

/* A client that hears nothing repeats its last word, as they do. */
static void step(struct net *n)
{
	struct flight *f = next_flight(n);
	int64_t patience = n->heard + 3000;

	if (f && f->at <= n->server.deadline && f->at <= patience) {
		arrive(n, f);
	} else if (n->server.deadline <= patience) {
		n->now = n->server.deadline;
		server_sends(n, tftp_fsm_on_time(&n->server, n->now));
	} else {
		n->now = n->heard = patience;
		if (n->greeted)
			client_acks(n);
	}
}

static struct net *transfer(uint64_t seed, uint64_t size, uint16_t blksize, uint16_t window,
	unsigned loss, unsigned twice, unsigned jitter)
{
	struct tftp_options o = asking(blksize, window);
	struct net *n = calloc(1, sizeof *n);

	ck_assert(n);
	n->random = seed * 0x9e3779b97f4a7c15u + 1;
	n->loss = loss;
	n->twice = twice;
	n->jitter = jitter;
	n->size = size;
	n->blksize = blksize ? blksize : TFTP_BLKSIZE_DEFAULT;
	n->window = window ? window : 1;
	n->greeted = !blksize && !window;
	server_sends(n, tftp_fsm_start(&n->server, &o, size, &defaults, 0));
	for (int steps = 0; !n->server.over; steps++) {
		ck_assert_int_lt(steps, 2000000);
		step(n);
	}
	return n;
}

static void ck_content(const struct net *n)
{
	ck_assert_int_eq(n->server.outcome, TFTP_DONE);
	ck_assert(n->complete);
	ck_assert_uint_eq(n->got_len, n->size);
	for (size_t i = 0; i < n->got_len; i++)
		if (n->got[i] != content(i))
			ck_abort_msg("byte %zu differs", i);
}

static const struct {
	uint16_t blksize, window;
} shapes[] = {{0, 0}, {8, 1}, {512, 1}, {128, 2}, {100, 4}, {64, 16}, {32, 64}};

START_TEST(quiet_network_sends_each_block_once)
{
	const uint64_t sizes[] = {0, 1, 7, 8, 9, 511, 512, 513, 1024, 20000};

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct net *n =
			transfer(i + 1, sizes[i], shapes[_i].blksize, shapes[_i].window, 0, 0, 0);

		ck_content(n);
		ck_assert_uint_eq(n->data_sent, n->server.blocks);
		free(n);
	}
}
END_TEST

/* The Sorcerer's Apprentice: each packet comes twice, and still no block is sent twice. */
START_TEST(every_packet_twice)
{
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct net *n = transfer(seed, 20000, 512, 1, 0, 100, 20);

		ck_content(n);
		ck_assert_uint_eq(n->data_sent, n->server.blocks);
		free(n);
	}
}
END_TEST

START_TEST(lossy_network)
{
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct net *n = transfer(seed * 100 + (uint64_t)_i, 3000 + seed * 97,
			shapes[_i].blksize, shapes[_i].window, 8, 5, 30);

		ck_content(n);
		free(n);
	}
}
END_TEST

START_TEST(dead_network_ends)
{
	struct net *n = transfer(1, 20000, shapes[_i].blksize, shapes[_i].window, 100, 0, 0);

	ck_assert_int_eq(n->server.outcome, TFTP_TIMEOUT);
	ck_assert_int_le(n->now, TFTP_GIVE_UP_MS);
	ck_assert_uint_le(n->data_sent, (TFTP_RESENDS_MAX + 1) * n->window);
	free(n);
}
END_TEST

int main(void)
{
	const int n_shapes = sizeof shapes / sizeof *shapes;
	Suite *s = suite_create("tftp_fsm");
	TCase *t = tcase_create("steps"), *w = tcase_create("network");
	SRunner *r;
	int failed;

	tcase_add_test(t, plain);
	tcase_add_test(t, empty_file);
	tcase_add_test(t, options);
	tcase_add_test(t, asked_to_wait);
	tcase_add_test(t, windows);
	tcase_add_test(t, wrap);
	tcase_add_test(t, backs_off_and_gives_up);
	tcase_add_test(t, follows_the_round_trip);
	tcase_add_test(t, unanswered);
	tcase_add_test(t, errors);
	tcase_add_test(t, gone);
	suite_add_tcase(s, t);
	tcase_set_timeout(w, 60);
	tcase_add_loop_test(w, quiet_network_sends_each_block_once, 0, n_shapes);
	tcase_add_test(w, every_packet_twice);
	tcase_add_loop_test(w, lossy_network, 0, n_shapes);
	tcase_add_loop_test(w, dead_network_ends, 0, n_shapes);
	suite_add_tcase(s, w);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
