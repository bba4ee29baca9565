/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client that says anything at any time. 16 bytes of parameters, then events of 4 bytes: what,
 * time passed, 16 bits of block number or error. The server never sends past the file or the
 * window, never goes back behind what was acknowledged, and comes to an end.
 */
#include "core/cursor.h"
#include "tftpd/tftp_fsm.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool held)
{
	if (!held)
		abort();
}

static void check_send(const struct tftp_fsm *x, const struct tftp_send *s)
{
	must(x->acked <= x->sent && x->sent <= x->blocks);
	must(tftp_fsm_acked_bytes(x) <= x->size);
	must(x->over || x->acked < x->blocks);
	/* or all was sent again, and then the client was gone */
	must(!x->over || x->outcome != TFTP_DONE || x->acked == x->blocks ||
		(x->sent == x->blocks && x->resends));
	if (s->what == TFTP_SEND_NOTHING)
		return;
	must(!x->over);
	if (s->what == TFTP_SEND_OACK) {
		must(x->greeting && !x->acked);
		return;
	}
	must(!x->greeting && s->count && s->count <= x->agreed.windowsize);
	must(s->first == x->acked + 1 && s->first + s->count - 1 == x->sent);
}

static struct tftp_send event(struct tftp_fsm *x, struct reader *r, int64_t *now)
{
	static const struct tftp_send nothing = {.what = TFTP_SEND_NOTHING};
	uint8_t what = reader_u8(r);
	uint8_t passed = reader_u8(r);
	uint16_t value = reader_u16(r);

	*now += (int64_t)passed * passed;
	switch (what % 8) {
	case 0:
		return tftp_fsm_on_ack(x, value, *now);
	case 1:
		tftp_fsm_on_error(x, value);
		return nothing;
	case 2:
		tftp_fsm_on_gone(x);
		return nothing;
	case 3: /* the end of the window */
		return tftp_fsm_on_ack(x, (uint16_t)x->sent, *now);
	case 4: /* somewhere in it */
		return tftp_fsm_on_ack(x, (uint16_t)(x->acked + value % 70), *now);
	default:
		return tftp_fsm_on_time(x, *now);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tftp_fsm_limits l = {0};
	struct tftp_options o = {0};
	struct tftp_send s;
	struct tftp_fsm x;
	struct reader r;
	uint64_t size;
	uint8_t has;
	int64_t now = 0;

	reader_init(&r, data, len);
	has = reader_u8(&r);
	o = (struct tftp_options){has & 1, has & 2, has & 4, has & 8, reader_u16(&r), reader_u8(&r),
		0, reader_u16(&r)};
	l.blksize_max = reader_u16(&r);
	l.window_max = reader_u16(&r);
	size = (uint64_t)reader_u32(&r) * ((has & 16) ? 65537 : 1) + reader_u16(&r);
	s = tftp_fsm_start(&x, &o, size, &l, now);
	check_send(&x, &s);
	while (!r.bad && r.left) {
		s = event(&x, &r, &now);
		check_send(&x, &s);
	}
	for (int i = 0; !x.over; i++) {
		/* waits shorter than the one asked for come on top */
		must(i <= 2 * TFTP_RESENDS_MAX);
		must(x.deadline <= x.moved_at + TFTP_GIVE_UP_MS);
		now = now > x.deadline ? now : x.deadline;
		s = tftp_fsm_on_time(&x, now);
		check_send(&x, &s);
	}
	return 0;
}
