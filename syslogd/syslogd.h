/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The syslog receiver: UDP (RFC 5426) and TCP (RFC 6587). It takes messages off the wire, on the main thread, a bounded number
 * in each turn of the loop and in each moment, so that nobody who floods it holds up what else the loop serves. Whose messages
 * are wanted says who uses it.
 */
#ifndef USHER_SYSLOGD_SYSLOGD_H
#define USHER_SYSLOGD_SYSLOGD_H

#include "core/addr.h"
#include "core/loop.h"

enum {
	SYSLOGD_BATCH = 32,     /* datagrams of one socket in a turn of the loop */
	SYSLOGD_READ = 8 << 10, /* bytes of one connection in a turn */
	/* In each SYSLOGD_WINDOW_MS, of one socket: 10,000 datagrams a second, and of a connection 640 kB. What is beyond that
	 * stays in the kernel, which drops datagrams when its buffer is full. */
	SYSLOGD_WINDOW_MS = 50,
	SYSLOGD_DATAGRAMS = 500,
	SYSLOGD_BYTES = 32 << 10,
	SYSLOGD_BUFFER = 1 << 20,  /* bytes of a UDP socket's buffer, as far as the host allows */
	SYSLOGD_CONNECTIONS = 256, /* in all; the one that is silent for longest gives way */
	SYSLOGD_PER_ADDRESS = 4,   /* the same of one address: rsyslog has one */
	SYSLOGD_ACCEPTS = 16,      /* in a turn of the loop */
	SYSLOGD_KEEPALIVE_S = 60, /* of a silent connection: then it is asked whether it is there */
};

struct syslogd_config {
	struct loop *loop;
	/* May this address connect? */
	bool (*admits)(void *arg, uint32_t segment, const struct ip *from);
	/* A message as it came, borrowed. False: nothing of this address is wanted, and its connection is closed. */
	bool (*took)(
		void *arg, uint32_t segment, const struct ip *from, const char *bytes, size_t n);
	/* Datagrams that the kernel dropped since the last call: nobody knows whose. */
	void (*unread)(void *arg, uint32_t segment, uint32_t datagrams);
	void *arg;
};

struct syslogd;

/* 0 or -ENOMEM. The config is copied. */
int syslogd_new(const struct syslogd_config *config, struct syslogd **ret);
/* Listens on our address of the segment, UDP and TCP, one of each family; anew, if it does already. 0, or -errno with one line
 * in `why`: then that family is closed. */
int syslogd_open(struct syslogd *d, uint32_t segment, const char *ifname, const struct ip *server,
	uint16_t port, char *why, size_t why_size);
/* Closes it, connections too. One that is not open is fine. */
void syslogd_close(struct syslogd *d, uint32_t segment);
void syslogd_close_family(struct syslogd *d, uint32_t segment, enum ip_family family);
size_t syslogd_connections(const struct syslogd *d);
void syslogd_free(struct syslogd *d); /* NULL is fine */

#endif
