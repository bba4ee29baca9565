/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that wait for the main thread's word. Each is one struct, made on the TFTP thread, which
 * goes home as a message and comes back with the answer: so it is always freed by who gets it last,
 * and whether its client is still waited for (`dropped`) is the TFTP thread's to know.
 *
 * TFTP thread only, unless said otherwise.
 */
#ifndef USHER_TFTPD_TFTP_ASIDE_H
#define USHER_TFTPD_TFTP_ASIDE_H

#include "core/loop.h"
#include "machine/segment.h"
#include "tftpd/tftp_report.h"
#include "tftpd/tftp_wire.h"

#include <stdatomic.h>
#include <sys/socket.h>

enum {
	/* a rack's worth at once; a kilobyte each. Of one segment, and of all. */
	TFTP_ASIDE_MAX = 256,
	TFTP_ASIDE_ALL = 1024,
	TFTP_ASIDE_PER_CLIENT_MAX = 8,
	TFTP_ASIDE_MS = 20 * 1000, /* when the configuration does not say */
};

struct tftp_asides;

/* What outlives the server when requests are still on the main thread. */
struct tftp_desk {
	struct mailbox *box; /* the TFTP thread's; main thread: NULL once the server is gone */
	atomic_uint refs;    /* the server's, and each request's */
};

enum tftp_verdict { TFTP_ANSWER, TFTP_REFUSE, TFTP_OPEN, TFTP_GREET };

struct tftp_aside {
	struct message m;
	struct tftp_request r; /* the main thread's view */
	struct tftp_desk *desk;
	struct tftp_packet packet;
	struct sockaddr_storage peer;
	/* TFTP thread */
	struct tftp_asides *set;
	struct tftp_aside *next;
	struct loop_timer deadline;
	bool dropped;
	struct transfer *greeted; /* whose it is since TFTP_GREET */
	/* main thread, then TFTP thread */
	void (*asked)(void *arg, struct tftp_request *r);
	void *arg;
	enum tftp_verdict verdict;
	uint8_t *bytes; /* TFTP_ANSWER: owned */
	size_t len;
	int rc; /* TFTP_REFUSE */
	char why[TFTP_WHY];
};

struct tftp_asides {
	const struct tftpd_config *config;
	struct loop *loop;
	struct tftp_desk *desk;
	struct tftp_aside *waiting;
	/* those on the main thread too that were dropped; by the segment's number, and all */
	size_t counts[SEGMENT_MAX + 1], count;
	/* Not dropped; the aside is the callee's to free. */
	void (*answered)(void *arg, struct tftp_aside *a);
	void *arg;
};

/* 0 or -ENOMEM. `box` is the TFTP thread's. */
int tftp_asides_init(struct tftp_asides *as, const struct tftpd_config *config, struct loop *l,
	struct mailbox *box, void (*answered)(void *arg, struct tftp_aside *a), void *arg);
/* The TFTP thread stops: nobody is waited for any more. */
void tftp_asides_drop(struct tftp_asides *as);
void tftp_asides_drop_segment(struct tftp_asides *as, uint32_t segment, enum ip_family family);
/* Main thread, after the TFTP thread has ended: what still lies there is answered into nothing. */
void tftp_asides_fini(struct tftp_asides *as);

/*
 * Puts it aside and asks the main thread. 0; -EALREADY: it is aside and was only repeated; -EBUSY
 * this address has too many aside; -EAGAIN its segment has, or all have; -ENOMEM. Another request from the same port
 * takes the place of one that was aside.
 */
int tftp_asides_put(struct tftp_asides *as, uint32_t segment, const struct sockaddr_storage *peer,
	const struct ip *ip, uint16_t port, const struct tftp_packet *p);
/* One that came back with TFTP_GREET goes once more, its client being there: it comes back as before, or, when its
 * transfer has ended meanwhile (`dropped`), into nothing. */
void tftp_aside_again(struct tftp_aside *a);
void tftp_aside_free(struct tftp_aside *a);

#endif
