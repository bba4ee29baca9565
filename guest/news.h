/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt's lifecycle events, with their details, as ours and in plain words. Pure. */
#ifndef USHER_GUEST_NEWS_H
#define USHER_GUEST_NEWS_H

#include "guest/guest.h"

struct news_kind {
	int event, detail; /* virDomainEventType and its detail; detail -1: any other */
	enum guest_event what;
	enum guest_state
		state;   /* in which it leaves the domain; GUEST_UNKNOWN: in that which it has */
	const char *how; /* NULL: told by another event */
};

/* NULL: not of interest (a step on the way to another event, or our own defining). */
const struct news_kind *news_kind(int event, int detail);

#endif
