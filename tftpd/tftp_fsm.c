/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tftpd/tftp_fsm.h"

#include <string.h>

static const struct tftp_send nothing = {.what = TFTP_SEND_NOTHING};

const char *tftp_outcome_text(enum tftp_outcome o)
{
	static const char *const text[] = {
		[TFTP_DONE] = "done",
		[TFTP_PROBE] = "probe",
		[TFTP_ABORTED] = "aborted",
		[TFTP_TIMEOUT] = "timeout",
		[TFTP_REFUSED] = "refused",
		[TFTP_FAILED] = "failed",
		[TFTP_UNDERWAY] = "under way",
	};

	return (size_t)o < sizeof text / sizeof *text ? text[o] : "?";
}

static uint32_t clamp(uint32_t v, uint32_t low, uint32_t high)
{
	return v < low ? low : v > high ? high : v;
}

static struct tftp_send end(struct tftp_fsm *x, enum tftp_outcome outcome)
{
	x->over = true;
	x->outcome = outcome;
	return nothing;
}

static void wait_from(struct tftp_fsm *x, int64_t now)
{
	int64_t last = x->moved_at + x->give_up_ms;

	x->sent_at = now;
	x->deadline = now + x->wait_ms;
	if (x->deadline > last)
		x->deadline = last;
}

static struct tftp_send send_oack(struct tftp_fsm *x, int64_t now)
{
	wait_from(x, now);
	return (struct tftp_send){.what = TFTP_SEND_OACK};
}

/* The window that follows the last acknowledged block. */
static struct tftp_send send_window(struct tftp_fsm *x, int64_t now)
{
	uint64_t left = x->blocks - x->acked;
	uint32_t count = left < x->agreed.windowsize ? (uint32_t)left : x->agreed.windowsize;

	x->sent = x->acked + count;
	wait_from(x, now);
	return (struct tftp_send){TFTP_SEND_DATA, x->acked + 1, count};
}

/* The longest wait. The one that a client asks for (RFC 2349) is taken as that, not to the letter: curl asks for
 * seconds, and would stand still as long for each packet that is lost. What comes too early costs a packet, since
 * nothing is ever sent for the ACK that it brings. */
static uint32_t longest_wait(const struct tftp_fsm *x)
{
	return x->agreed.has_timeout ? x->agreed.timeout_s * 1000u : TFTP_WAIT_MAX_MS;
}

/* RFC 6298, in milliseconds. */
static void set_wait(struct tftp_fsm *x)
{
	uint32_t wait = x->first_wait_ms;

	if (x->measured)
		wait = clamp(x->srtt_ms + 4 * x->rttvar_ms, TFTP_WAIT_MIN_MS, TFTP_WAIT_MAX_MS);
	x->wait_ms = clamp(wait, 1, longest_wait(x));
}

/* A client that asked for a wait is not given up sooner than if it were kept each time. */
static bool tried_enough(const struct tftp_fsm *x, int64_t now)
{
	int64_t asked = x->agreed.has_timeout ? x->agreed.timeout_s * 1000 : 0;
	int64_t silent = now - x->moved_at;

	if (!tftp_fsm_answered(x) && x->resends >= TFTP_RESENDS_UNANSWERED)
		return true;
	return silent >= x->give_up_ms ||
		(x->resends >= TFTP_RESENDS_MAX && silent >= (TFTP_RESENDS_MAX + 1) * asked);
}

static void measure(struct tftp_fsm *x, int64_t now)
{
	uint32_t rtt =
		now - x->sent_at > TFTP_GIVE_UP_MS ? TFTP_GIVE_UP_MS : (uint32_t)(now - x->sent_at);
	uint32_t off = rtt > x->srtt_ms ? rtt - x->srtt_ms : x->srtt_ms - rtt;

	if (!x->measured) {
		x->measured = true;
		x->srtt_ms = rtt;
		x->rttvar_ms = rtt / 2;
		return;
	}
	x->rttvar_ms = (3 * x->rttvar_ms + off) / 4;
	x->srtt_ms = (7 * x->srtt_ms + rtt) / 8;
}

/* The client has got further. `whole`: it has all that was sent, so the time it took means
 * something, unless it was sent twice (Karn's rule). */
static void progress(struct tftp_fsm *x, bool whole, int64_t now)
{
	if (whole && !x->resent)
		measure(x, now);
	x->moved_at = now;
	x->resends = 0;
	x->resent = !whole;
	set_wait(x);
}

static void agree(
	struct tftp_fsm *x, const struct tftp_options *asked, const struct tftp_fsm_limits *l)
{
	uint16_t blksize_max = l->blksize_max ? l->blksize_max : TFTP_BLKSIZE_MAX;
	uint16_t window_max = l->window_max ? l->window_max : TFTP_WINDOW_DEFAULT_MAX;
	struct tftp_options *o = &x->agreed;

	*o = *asked;
	o->blksize = asked->has_blksize
		? (uint16_t)clamp(asked->blksize, TFTP_BLKSIZE_MIN,
			  clamp(blksize_max, TFTP_BLKSIZE_MIN, TFTP_BLKSIZE_MAX))
		: TFTP_BLKSIZE_DEFAULT;
	o->windowsize = asked->has_windowsize
		? (uint16_t)clamp(asked->windowsize, 1, clamp(window_max, 1, TFTP_WINDOW_MAX))
		: 1;
	o->has_timeout = asked->has_timeout && asked->timeout_s <= TFTP_TIMEOUT_OPTION_MAX_S;
	/* curl gives up at a size of 0; told none, it fetches the empty file. */
	o->has_tsize = asked->has_tsize && x->size;
	o->tsize = x->size;
}

struct tftp_send tftp_fsm_start(struct tftp_fsm *x, const struct tftp_options *asked, uint64_t size,
	const struct tftp_fsm_limits *limits, int64_t now)
{
	const struct tftp_options *o = &x->agreed;

	memset(x, 0, sizeof *x);
	x->size = size;
	agree(x, asked, limits);
	x->blocks = size / o->blksize + 1;
	x->first_wait_ms = limits->first_wait_ms ? limits->first_wait_ms : TFTP_WAIT_FIRST_MS;
	x->give_up_ms = limits->give_up_ms ? limits->give_up_ms : TFTP_GIVE_UP_MS;
	x->moved_at = now;
	set_wait(x);
	x->greeting = o->has_blksize || o->has_timeout || o->has_tsize || o->has_windowsize;
	return x->greeting ? send_oack(x, now) : send_window(x, now);
}

/* How many blocks it is ahead of the last one acknowledged. */
static uint16_t ahead_of(const struct tftp_fsm *x, uint16_t block)
{
	return (uint16_t)(block - (uint16_t)x->acked);
}

bool tftp_fsm_expects(const struct tftp_fsm *x, uint16_t block)
{
	uint16_t ahead = ahead_of(x, block);

	if (x->over)
		return false;
	return x->greeting ? !block : ahead && ahead <= x->sent - x->acked;
}

struct tftp_send tftp_fsm_on_ack(struct tftp_fsm *x, uint16_t block, int64_t now)
{
	if (!tftp_fsm_expects(x, block))
		return nothing;
	if (x->greeting) {
		x->greeting = false;
		x->greeted = true;
		progress(x, true, now);
		return send_window(x, now);
	}
	x->acked += ahead_of(x, block);
	progress(x, x->acked == x->sent, now);
	return x->acked == x->blocks ? end(x, TFTP_DONE) : send_window(x, now);
}

/* Asked for the size, learnt it, took nothing. */
static bool only_looked(const struct tftp_fsm *x)
{
	return !x->acked && x->agreed.has_tsize;
}

void tftp_fsm_on_error(struct tftp_fsm *x, uint16_t code)
{
	bool polite = code == TFTP_E_OPTION || code == TFTP_E_OTHER;

	if (!x->over)
		end(x, polite && only_looked(x) ? TFTP_PROBE : TFTP_ABORTED);
}

/* The end was sent more than once, to a client that had answered and left then: what was lost is its last ACK (RFC 1350,
 * section 6). */
static bool is_done_with(const struct tftp_fsm *x)
{
	return tftp_fsm_answered(x) && x->sent == x->blocks && x->resends;
}

void tftp_fsm_on_gone(struct tftp_fsm *x)
{
	if (x->over)
		return;
	if (is_done_with(x))
		end(x, TFTP_DONE);
	else
		end(x, x->greeting && only_looked(x) ? TFTP_PROBE : TFTP_ABORTED);
}

struct tftp_send tftp_fsm_on_time(struct tftp_fsm *x, int64_t now)
{
	if (x->over || now < x->deadline)
		return nothing;
	if (tried_enough(x, now))
		return end(x, TFTP_TIMEOUT);
	x->resends++;
	x->resent = true;
	x->wait_ms = clamp(x->wait_ms * 2, 1, longest_wait(x));
	return x->greeting ? send_oack(x, now) : send_window(x, now);
}

bool tftp_fsm_answered(const struct tftp_fsm *x)
{
	return x->greeted || x->acked;
}

uint64_t tftp_fsm_acked_bytes(const struct tftp_fsm *x)
{
	return x->acked == x->blocks ? x->size : x->acked * x->agreed.blksize;
}
