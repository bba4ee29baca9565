/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libvirt says, and what machines' records make of it. */
#ifndef USHER_SERVICE_FOLLOW_FOLLOW_H
#define USHER_SERVICE_FOLLOW_FOLLOW_H

#include "service/operations/operations.h"

struct follow {
	struct base *base;
	struct hosts *hosts;
	struct network *network;
	struct consoles *consoles;
	struct act *act;
	struct operations *operations;
	struct operation *glances; /* reconcile.c: at guests, not yet back */
};

#endif
