/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every room uses. serve.c creates it first and frees it last. Main thread only. */
#ifndef USHER_SERVICE_BASE_BASE_H
#define USHER_SERVICE_BASE_BASE_H

#include "config/config.h"
#include "core/loop.h"
#include "core/mailbox.h"
#include "core/store.h"
#include "core/worker.h"
#include "kickstart/mirror.h"
#include "machine/machine.h"
#include "service/base/reserved.h"

struct base {
	struct config config;
	struct loop *loop;
	struct mailbox home;
	struct worker
		*worker; /* for blocking work: disks, downloads; NULL: the service is stopping */
	struct store *store;
	struct segments segments;
	struct mirrors *mirrors; /* that the package cache fetches from; NULL: it does not run */
	struct timeline *timeline;
	struct machines *machines;
	struct reservation *reserved; /* names and addresses of machines that are being created */
	bool stopping;
};

#endif
