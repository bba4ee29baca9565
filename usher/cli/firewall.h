/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Would this host's packet filter let a machine's packets in? Read from nft's JSON (`nft -j list ruleset`; iptables and
 * firewalld are in there too). Pure. Only a certain no is a no: what a rule means that is not understood here is taken
 * to be in the packet's favour.
 */
#ifndef USHER_USHER_FIREWALL_H
#define USHER_USHER_FIREWALL_H

#include <jansson.h>
#include <stdbool.h>

struct firewall_packet {
	const char *ifname;   /* where it comes in */
	const char *protocol; /* "tcp" or "udp" */
	unsigned port;
};

/* True: it may come in. False: it does not, and `fix` is the command that lets it. */
bool firewall_admits(
	const json_t *ruleset, const struct firewall_packet *p, char *fix, size_t fix_size);

#endif
