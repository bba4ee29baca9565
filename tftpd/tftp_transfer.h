/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transfers under way: each has its own socket, file and state machine; they end here, with a
 * report. TFTP thread only.
 */
#ifndef USHER_TFTPD_TFTP_TRANSFER_H
#define USHER_TFTPD_TFTP_TRANSFER_H

#include "core/loop.h"
#include "core/table.h"
#include "machine/segment.h"
#include "tftpd/tftp_aside.h"
#include "tftpd/tftp_conn.h"
#include "tftpd/tftp_source.h"
#include "tftpd/tftp_unproven.h"
#include "tftpd/tftpd.h"

struct transfer;

struct transfers {
	const struct tftpd_config *config;
	struct loop *loop;
	struct table by_client; /* struct transfer, by segment and address */
	struct tftp_seats {     /* of a segment, by its number */
		struct transfer *newest, *oldest;
		size_t count;
	} seats[SEGMENT_MAX + 1];
	size_t count;
	struct tftp_unproven unproven;
	uint8_t *packets; /* TFTP_SEND_BYTES, shared: filled and sent in one go */
};

/* Who asks for what, by which of our addresses. Borrowed for the call. */
struct tftp_client {
	uint32_t segment;
	const char *ifname;
	const struct ip *server;
	const struct sockaddr_storage *peer;
	struct ip ip; /* of the peer */
	uint16_t port;
};

int transfers_init(struct transfers *ts, struct loop *l, const struct tftpd_config *config);
void transfers_fini(struct transfers *ts); /* ends them all, TFTP_FAILED */
void transfers_end_segment(struct transfers *ts, uint32_t segment, enum ip_family family);

/*
 * May this client start (another) transfer of `name`? 0 yes; -EALREADY it is being greeted and only
 * asked again; -EBUSY it has too many; -EAGAIN we have too many. An older transfer from the same
 * port is ended, and when the client has too many, one that it never answered makes room. When its
 * segment has too many, one there that was never answered, or is silent, does.
 */
int transfers_admit(struct transfers *ts, const struct tftp_client *c, const char *name,
	const struct tftp_options *asked);
/* As transfers_start() below, with the blanks that stand for a text: at the client's first ACK `a` goes to the main
 * thread once more. Takes `a` over, also on failure. */
int transfers_greet(struct transfers *ts, const struct tftp_client *c, const char *name,
	const struct tftp_options *asked, struct tftp_aside *a);
/* It has come back: its transfer, which lives, goes on with the text, or ends. */
void transfers_greeted(struct tftp_aside *a);
/* Takes `source` over, also on failure. 0 or -errno. Without options where the same request came again
 * and again although an OACK had answered it. */
int transfers_start(struct transfers *ts, const struct tftp_client *c, const char *name,
	const struct tftp_options *asked, struct tftp_source *source);

#endif
