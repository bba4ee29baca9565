/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every room rests on. serve.c makes it first and takes it down last. Main thread only. */
#ifndef USHER_SERVICE_BASE_BASE_H
#define USHER_SERVICE_BASE_BASE_H

#include "config/config.h"
#include "core/loop.h"
#include "core/mailbox.h"
#include "core/store.h"
#include "core/worker.h"
#include "machine/machine.h"
#include "service/base/reserved.h"

struct base {
	struct config config;
	struct loop *loop;
	struct mailbox home;
	struct worker *worker; /* for what blocks: disks, downloads; NULL: we are stopping */
	struct store *store;
	struct segments segments;
	struct timeline *timeline;
	struct machines *machines;
	struct reservation *reserved; /* what machines that are being made will have */
	bool stopping;
};

#endif
