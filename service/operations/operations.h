/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked to be done with machines: making, arming, changing and deleting them. */
#ifndef USHER_SERVICE_OPERATIONS_OPERATIONS_H
#define USHER_SERVICE_OPERATIONS_OPERATIONS_H

#include "service/console/consoles.h"
#include "service/files/content.h"
#include "service/guests/act.h"
#include "service/network/network.h"

struct creation;
struct trial;

struct operations {
	struct base *base;
	struct hosts *hosts;
	struct network *network;
	struct content *content;
	struct consoles *consoles;
	struct logs *logs;
	struct act *act;
	struct discovery *discovery;
	struct dhcpd *dhcpd;
	/* under way: */
	struct creation *creations;
	struct trial *trials; /* requests that are judged only */
	struct operation *rearmings, *deletions, *patches;
	struct operation *sealings; /* guests that become templates */
};

#endif
