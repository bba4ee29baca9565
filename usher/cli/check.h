/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `usher check`, put together in cmd_check.c: what its parts share. Blocking throughout; no service is needed. */
#ifndef USHER_USHER_CHECK_H
#define USHER_USHER_CHECK_H

#include "guest/guest.h"
#include "kickstart/media/media.h"
#include "config/config.h"

#include <jansson.h>

enum verdict { CHECK_OK, CHECK_WARN, CHECK_BAD };

/* A network or interface that is served, or will be, and is there. */
struct check_link {
	char name[SEGMENT_NAME], ifname[16];
	enum segment_mode mode;
	bool is_network;
	bool leased; /* by libvirt's dnsmasq, as its XML says */
	struct ip address;
};

struct check {
	struct config config;
	const char *socket;
	bool json;
	json_t *lines;
	json_t *ruleset;           /* of the host's packet filter; NULL: not known */
	json_t *status, *networks; /* the running service's word; NULL: none answers */
	struct media *programs;
	unsigned bad;
	char kernel[PATH_MAX]; /* of a profile: to test KVM with */
	char emulator[256];    /* libvirt's with KVM, the same; "": not known */
	bool no_kvm;           /* libvirt says that it has none */
	struct check_link links[SEGMENT_MAX];
	size_t n_links;
};

/* One line: verdict, what, and in the text the fix. */
void check_say(struct check *k, enum verdict v, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* check_host.c */
void check_user(struct check *k);
/* Pools, firmware and filters too. False: libvirt does not answer. */
bool check_libvirt(struct check *k);
void check_programs(struct check *k);
void check_accel(struct check *k);

/* check_network.c: what is served, as far as it is there; fills `links`. */
void check_networks(struct check *k, bool libvirt);

/* check_ipv6.c: of a link whose IPv6 is wanted; `net` NULL: an interface. */
void check_ipv6_host(struct check *k, const char *name, const char *ifname,
	const struct segment6 *s, const struct guest_network *net);

/* check_wire.c: on each of `links`: the bridge, the packet filter, ports, and other DHCP servers. */
void check_wires(struct check *k);

#endif
