/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Network links as the kernel has them (libnl-3): look-up by name, and a call when one changes. The socket belongs to
 * the loop; nothing blocks after link_monitor_new().
 */
#ifndef USHER_CORE_LINK_H
#define USHER_CORE_LINK_H

#include "core/addr.h"
#include "core/loop.h"

enum { LINK_ADDRESSES = 16 }; /* of one link; more are left out */

struct link_address {
	struct ip ip;
	uint8_t prefix_len;
	bool tentative; /* IPv6: not known yet whether another has it (RFC 4862 5.4), as on a bridge without ports */
};

struct link_state {
	char name[16];  /* IFNAMSIZ */
	unsigned index; /* 0: there is no such link */
	bool up;        /* administratively up and with carrier or unknown operstate */
	uint32_t mtu;
	struct mac mac;
	struct link_address
		addresses[LINK_ADDRESSES]; /* IPv4, of global scope, as the kernel has them */
	size_t n_addresses;
	/* IPv6, global and unique local, the oldest first: none that is a duplicate, no longer preferred, or drawn for
	 * privacy (RFC 8981), which is another tomorrow. */
	struct link_address addresses6[LINK_ADDRESSES];
	size_t n_addresses6;
};

/* Fills `ret` for the link of this name; -ENODEV when there is none. Blocking but short (one
 * netlink dump). */
int link_lookup(const char *name, struct link_state *ret);

/* Another link that is up, answers ARP and has an address in this one's subnet, which is then in `ret`. -ENOENT: there is
 * none. Blocking but short. */
int link_beside(const struct link_state *of, struct link_state *ret);

struct link_monitor;
/* Calls `changed` with the link's name for each link or address that comes, goes or changes. The callee looks it up
 * again; several changes may come as one call, and NULL is any link, also one that is gone: there were more changes than could
 * be told. Do not free it from inside `changed`. For a renamed link only the new name is given. */
int link_monitor_new(struct loop *l, void (*changed)(void *arg, const char *name), void *arg,
	struct link_monitor **ret);
void link_monitor_free(struct link_monitor *m);

#endif
