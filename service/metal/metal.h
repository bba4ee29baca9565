/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is done with bare metal: discovered machines are enrolled by rules, a card takes another's place, power is switched by
 * request (of a guest it is only told). Main thread.
 */
#ifndef USHER_SERVICE_METAL_METAL_H
#define USHER_SERVICE_METAL_METAL_H

#include "service/discovery/discovery.h"
#include "service/guests/act.h"
#include "service/network/network.h"
#include "service/operations/operations.h"

struct metal {
	struct base *base;
	struct act *act;
	struct network *network;
	struct discovery *discovery;
	struct operations *operations;
	struct operation *switchings; /* power, by request, under way */
	struct by_rules *by_rules; /* discovered machines that wait for the rules' word, in order */
};

#endif
