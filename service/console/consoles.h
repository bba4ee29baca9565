/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serial consoles of guests, and of bare metal with an IPMI controller. */
#ifndef USHER_SERVICE_CONSOLE_CONSOLES_H
#define USHER_SERVICE_CONSOLE_CONSOLES_H

#include "hooks/power/sol.h"
#include "service/base/kept.h"
#include "service/guests/hosts.h"

struct consoles {
	struct base *base;
	struct hosts *hosts;
	struct keeping recordings; /* struct recording: console_record.h */
	struct sols sols;          /* sessions with controllers */
};

#endif
