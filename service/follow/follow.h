/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follows libvirt's events and updates machines' records. */
#ifndef USHER_SERVICE_FOLLOW_FOLLOW_H
#define USHER_SERVICE_FOLLOW_FOLLOW_H

#include "service/operations/operations.h"

struct search;
struct survey;

struct follow {
	struct base *base;
	struct hosts *hosts;
	struct network *network;
	struct consoles *consoles;
	struct logs *logs;
	struct act *act;
	struct operations *operations;
	/* asked of libvirt, and not yet back: */
	struct operation *glances; /* reconcile.c: at one guest each */
	struct survey *surveys;    /* the same: at all of a libvirt's */
	struct search *searches;   /* guest_follow.c: for guests that are gone */
};

#endif
