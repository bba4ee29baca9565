/*
 * Another server on a segment that we lease on: an event that names it, once an hour each. Main
 * thread only.
 */
#ifndef USHER_DHCPD_DHCP_FOREIGN_H
#define USHER_DHCPD_DHCP_FOREIGN_H

#include "dhcpd/dhcp_watch.h"
#include "machine/segment.h"
#include "machine/timeline.h"

enum {
	DHCP_FOREIGN_MAX = 8, /* servers remembered; one more takes the oldest one's place */
	DHCP_FOREIGN_MS = 3600 * 1000,
};

struct dhcp_foreign {
	const struct segment *segment;
	struct timeline *timeline;
	struct loop *loop;
	struct dhcp_watch watch;
	struct {
		struct mac mac;
		uint32_t server;
		int64_t told; /* mono ms; 0: free */
	} seen[DHCP_FOREIGN_MAX];
};

/* Fills a closed (zeroed) one, in place. All borrowed. 0, or -errno with one line in `why`. What it
 * knows outlives a close. */
int dhcp_foreign_open(struct dhcp_foreign *f, struct loop *l, struct timeline *t,
	const struct segment *s, char *why, size_t why_size);
void dhcp_foreign_close(struct dhcp_foreign *f);  /* closed is fine */
void dhcp_foreign_forget(struct dhcp_foreign *f); /* what it knows */

#endif
