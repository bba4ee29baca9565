/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TFTP server: read-only, RFC 1350 with options (2347), blksize (2348), timeout and tsize
 * (2349) and windowsize (7440).
 *
 * One thread of its own moves the bytes. What is called here is called on the main thread and
 * returns at once; the only thing that comes back to the main thread is `ended`, by the home
 * mailbox.
 */
#ifndef USHER_TFTPD_TFTPD_H
#define USHER_TFTPD_TFTPD_H

#include "core/addr.h"
#include "core/mailbox.h"
#include "tftpd/tftp_fsm.h"

enum {
	/* At once: two descriptors and 2 kB each. On one segment, so that none takes the others' places; and on all. */
	TFTPD_TRANSFERS_MAX = 1000,
	TFTPD_TRANSFERS_ALL = 4000,
	TFTPD_PER_CLIENT_MAX = 8, /* at once from one address; firmware uses one, sometimes two */
	/* Answers a second to requests of one address that have led to nothing: an ERROR, or a first packet that was
	 * not acknowledged yet. Whose address is made up is not sent more for it. pxelinux.0 is told of some 20 files
	 * that are not there at once. */
	TFTPD_UNPROVEN_MAX = 50,
	TFTP_GREETED =
		16 << 10, /* bytes that are said before the text is known: no script is longer */
	TFTP_GREETED_TEXT =
		TFTP_GREETED - TFTP_BLKSIZE_DEFAULT, /* what fits behind a block of blanks */
};

struct tftp_report {
	uint32_t segment;
	struct ip peer;
	uint16_t peer_port;
	const char *name; /* without leading slashes; "" when the request had none fit to show */
	uint64_t sent;    /* bytes that the client acknowledged */
	uint64_t size;    /* bytes of the whole file; 0 when it was not opened */
	int64_t ms;       /* from the request to the end */
	enum tftp_outcome outcome;
	const char *why; /* one printable line, the client's words or ours; "" for done, probe */
};

/* A request for what only the main thread knows; see tftpd_config.asks. */
struct tftp_request {
	uint32_t segment;
	struct ip peer;
	uint16_t peer_port;
	const char *name;
	bool there; /* tftpd_greet() was the answer, and the client has acknowledged since */
};

struct tftpd_config {
	struct mailbox *home; /* of the main thread; must outlive tftpd_free() */
	/*
	 * Opens a file for reading; called on the TFTP thread, so it must be thread-safe, and it
	 * may block on a disk. `name` is 1 to 255 printable ASCII bytes without leading slashes;
	 * ".." and symbolic links are this function's to refuse. The content is the `*ret_size`
	 * bytes from the descriptor's current offset on, so it may lie inside an ISO; the
	 * descriptor becomes the server's. Returns 0, or -errno (-ENOENT, -EACCES, ...) and may
	 * leave a line for the person at the machine's screen in `why`; -EAGAIN drops the request,
	 * the client will ask again.
	 */
	int (*open)(void *arg, const char *name, int *ret_fd, uint64_t *ret_size, char *why,
		size_t why_size);
	/*
	 * TFTP thread: is this name to be put to the main thread first? Then `asked` is called there,
	 * and must answer, at once or later, by one of the four below. NULL: no name is.
	 */
	bool (*asks)(void *arg, const char *name);
	void (*asked)(void *arg, struct tftp_request *r);
	/* Main thread. A transfer is over, or a long one is under way (TFTP_UNDERWAY, PACE_MOST times
	 * each, core/pace.h). The report and its strings are gone when it returns. NULL: nobody wants to
	 * know. Refusals are reported up to some rate only, so that a peer cannot flood the main
	 * loop. */
	void (*ended)(void *arg, const struct tftp_report *r);
	void *arg;
	uint16_t port;        /* 0: 69 */
	uint16_t blksize_max; /* 0: as large as the client asks, up to 65464 */
	uint16_t window_max;  /* 0: 64 blocks */
	/* Milliseconds, 0 for the defaults, for tests: the first wait for an answer (1000), the
	 * silence after which a transfer is given up (30000), and how long the main thread may take
	 * over `asked` (20000): a slow disk's commit. */
	uint32_t first_wait_ms, give_up_ms, asked_ms;
};

struct tftpd;

/* Starts the thread. 0 or -errno. The config is copied. */
int tftpd_new(const struct tftpd_config *config, struct tftpd **ret);
/*
 * Serves a segment on one of our addresses there, one of each family: a socket on `server`'s port 69 that hears only
 * `ifname` ("" or NULL: any interface). What is open already of that family is opened anew (a bridge was made again); its
 * transfers go on. On failure writes one line to `why` and returns -errno (-EADDRINUSE, -ENODEV,
 * -EADDRNOTAVAIL, -EPERM ...): that family is then closed.
 */
int tftpd_open(struct tftpd *t, uint32_t segment, const char *ifname, const struct ip *server,
	char *why, size_t why_size);
/* The addresses are free when this returns. Transfers under way end as TFTP_FAILED. Unknown segments
 * are fine. */
void tftpd_close(struct tftpd *t, uint32_t segment);
/* The same of one family only. */
void tftpd_close_family(struct tftpd *t, uint32_t segment, enum ip_family family);
/* Ends transfers (reported), thread and sockets. Reports may still lie in the home mailbox. NULL is
 * fine. */
void tftpd_free(struct tftpd *t);

/*
 * Answers to `asked`: exactly one, after which `r` is gone. Main thread; also after tftpd_free(), and
 * when the client has gone away: then nothing is sent.
 */
void tftpd_answer(struct tftp_request *r, const void *bytes, size_t len); /* copies */
/*
 * Not before the client has shown that it is there: a request may have come from anybody, in another's name; only who
 * sits at that address hears our port, and can acknowledge. It is greeted with an OACK of TFTP_GREETED bytes, or one that knows
 * no options with a block of blanks, and at its first ACK `asked` is called once more, with `there`. The text that is then
 * answered (TFTP_GREETED_TEXT bytes at most) is made as long as was said, by line ends behind it.
 */
void tftpd_greet(struct tftp_request *r);
/* An ERROR with the text `why`; `rc` as from tftpd_config.open, so -EAGAIN is silence. */
void tftpd_refuse(struct tftp_request *r, int rc, const char *why);
/* It is a file, to be opened as any other. */
void tftpd_serve_file(struct tftp_request *r);

#endif
