/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TFTP packets: RFC 1350, with the options of RFC 2347, 2348, 2349 and 7440. Pure; nothing is
 * allocated. Both directions are here, so that server and client can be tested against each other.
 */
#ifndef USHER_TFTPD_TFTP_WIRE_H
#define USHER_TFTPD_TFTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tftp_op { TFTP_RRQ = 1, TFTP_WRQ, TFTP_DATA, TFTP_ACK, TFTP_ERROR, TFTP_OACK };

enum tftp_error {
	TFTP_E_OTHER = 0,
	TFTP_E_NOT_FOUND = 1,
	TFTP_E_ACCESS = 2,
	TFTP_E_FULL = 3,
	TFTP_E_ILLEGAL = 4,
	TFTP_E_TID = 5,
	TFTP_E_EXISTS = 6,
	TFTP_E_USER = 7,
	TFTP_E_OPTION = 8, /* RFC 2347; also what a client says that only wanted to look */
};

enum {
	TFTP_BLKSIZE_DEFAULT = 512,
	TFTP_BLKSIZE_MIN = 8, /* RFC 2348 */
	TFTP_BLKSIZE_MAX = 65464,
	TFTP_HEADER = 4,  /* bytes before the content of DATA */
	TFTP_NAME = 256,  /* bytes of a name that is accepted, and its NUL */
	TFTP_TEXT = 128,  /* bytes kept of a peer's error text, and its NUL */
	TFTP_SMALL = 512, /* room for any packet but DATA that we send */
};

struct tftp_options {
	bool has_blksize, has_timeout, has_tsize, has_windowsize;
	uint16_t blksize;    /* 8..65464; a larger wish is read as 65464 */
	uint8_t timeout_s;   /* 1..255 */
	uint64_t tsize;      /* bytes; 0 in a request to read */
	uint16_t windowsize; /* blocks, 1.. */
};

bool tftp_options_eq(const struct tftp_options *a, const struct tftp_options *b);

struct tftp_packet {
	uint16_t op;                 /* enum tftp_op */
	uint16_t block;              /* DATA, ACK */
	char name[TFTP_NAME];        /* RRQ, WRQ: printable ASCII, no backslash or leading slash */
	bool netascii;               /* RRQ, WRQ; else octet */
	struct tftp_options options; /* RRQ, WRQ, OACK: the known ones with a value in range */
	uint16_t error;              /* ERROR: enum tftp_error or what the peer made up */
	char text[TFTP_TEXT];        /* ERROR: one printable line, cut */
	const uint8_t *data;         /* DATA: borrowed from the packet */
	size_t data_len;
};

/*
 * Returns 0; or -EBADMSG: no packet to be answered; or, for a request that can be answered with
 * tftp_wire_refusal(): -EPROTO cut short, -ENAMETOOLONG, -EILSEQ not printable, -ENODATA no name,
 * -ENOTSUP a mode that is neither octet nor netascii.
 */
int tftp_wire_decode(const void *bytes, size_t len, struct tftp_packet *ret);
/* What to tell the client for such a return of tftp_wire_decode(). */
const char *tftp_wire_refusal(int rc, enum tftp_error *ret_code);

/* The encoders return the packet's length, or -EMSGSIZE when it does not fit. */
int tftp_wire_request(void *buf, size_t cap, enum tftp_op op, const char *name, const char *mode,
	const struct tftp_options *o);
int tftp_wire_ack(void *buf, size_t cap, uint16_t block);
int tftp_wire_oack(void *buf, size_t cap, const struct tftp_options *o);
/* A text that does not fit is cut. */
int tftp_wire_error(void *buf, size_t cap, enum tftp_error code, const char *text);
/* The TFTP_HEADER bytes before a block's content. */
void tftp_wire_data_header(uint8_t *buf, uint16_t block);

#endif
