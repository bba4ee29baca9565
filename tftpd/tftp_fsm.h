/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One transfer to one client, as a state machine: events in, what to send out. No socket, no clock,
 * no file.
 *
 * Blocks are counted from 1 without wrapping; their 16-bit numbers on the wire are the low bits, so
 * block 65536 is number 0. A window (RFC 7440) is what may be under way; without the option it is
 * one block, and that is RFC 1350.
 *
 * Nothing is ever sent for a duplicate of an ACK (RFC 1123 4.2.3.1, the Sorcerer's Apprentice):
 * what is lost is sent again when its time is over, or, inside a window, from where the client says
 * that it has a gap.
 */
#ifndef USHER_TFTPD_TFTP_FSM_H
#define USHER_TFTPD_TFTP_FSM_H

#include "tftpd/tftp_wire.h"

enum {
	TFTP_WINDOW_DEFAULT_MAX = 64, /* blocks; more gained nothing when measured */
	TFTP_WINDOW_MAX = 1024,       /* far below the 32768 where block numbers turn ambiguous */
	TFTP_WAIT_FIRST_MS = 1000,    /* before there is a round trip to go by */
	TFTP_WAIT_MIN_MS = 200,       /* firmware may pause to write what it got */
	TFTP_WAIT_MAX_MS = 8000,
	TFTP_GIVE_UP_MS = 30000, /* of silence; a machine that resets has come back by then */
	TFTP_RESENDS_MAX = 6,    /* of the same window; more only where a client asked for a wait */
	/* Before the client's first answer: its address may be somebody else's, who asked for nothing. */
	TFTP_RESENDS_UNANSWERED = 3,
	TFTP_TIMEOUT_OPTION_MAX_S = 10, /* a longer one leaves no try: not agreed to */
};

enum tftp_outcome {
	TFTP_DONE,     /* the last block was acknowledged */
	TFTP_PROBE,    /* the client asked for the size and left, as firmware does; no failure */
	TFTP_ABORTED,  /* the client said ERROR or closed its port */
	TFTP_TIMEOUT,  /* the client fell silent */
	TFTP_REFUSED,  /* nothing was sent: no such file, an upload, a request cut short */
	TFTP_FAILED,   /* on our side: the file could not be read on, the segment was closed */
	TFTP_UNDERWAY, /* of a report on a long transfer: not over yet */
};

const char *tftp_outcome_text(enum tftp_outcome o); /* "done", "probe", ... */

struct tftp_fsm_limits { /* 0 for the defaults above */
	uint16_t blksize_max, window_max;
	uint32_t first_wait_ms, give_up_ms;
};

/* What to send now. */
struct tftp_send {
	enum { TFTP_SEND_NOTHING, TFTP_SEND_OACK, TFTP_SEND_DATA } what;
	uint64_t first; /* DATA: the first block */
	uint32_t count; /* DATA: how many */
};

struct tftp_fsm {
	struct tftp_options agreed; /* for the OACK; blksize and windowsize hold in any case */
	uint64_t size, blocks;      /* bytes; blocks, the last one short and perhaps empty */
	uint64_t acked, sent;       /* the last block acknowledged, and the last one sent */
	bool greeting, greeted;     /* the OACK is not answered yet; it was */
	int64_t sent_at;            /* of the latest send */
	int64_t moved_at;           /* of the latest progress */
	int64_t deadline;           /* call tftp_fsm_on_time() then */
	uint32_t wait_ms;           /* before sending again; doubles each time */
	uint32_t srtt_ms, rttvar_ms;
	uint32_t first_wait_ms, give_up_ms;
	bool measured, resent; /* srtt is known; the current window was sent more than once */
	uint8_t resends;       /* of the current window */
	bool over;
	enum tftp_outcome outcome; /* when over */
};

/* Agrees on options and returns the first thing to send: an OACK, or without options the first
 * block. */
struct tftp_send tftp_fsm_start(struct tftp_fsm *x, const struct tftp_options *asked, uint64_t size,
	const struct tftp_fsm_limits *limits, int64_t now);
/* Would this ACK be taken? */
bool tftp_fsm_expects(const struct tftp_fsm *x, uint16_t block);
struct tftp_send tftp_fsm_on_ack(struct tftp_fsm *x, uint16_t block, int64_t now);
/* The client said ERROR. */
void tftp_fsm_on_error(struct tftp_fsm *x, uint16_t code);
/* The client's port is closed, says its host. */
void tftp_fsm_on_gone(struct tftp_fsm *x);
struct tftp_send tftp_fsm_on_time(struct tftp_fsm *x, int64_t now);

/* Has the client acknowledged anything? Then it has the address that it asked from: who made that up does not see our
 * port. */
bool tftp_fsm_answered(const struct tftp_fsm *x);
uint64_t tftp_fsm_acked_bytes(const struct tftp_fsm *x);

#endif
