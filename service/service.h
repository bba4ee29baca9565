/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The running service: its rooms and the servers. Only serve.c, servers.c and service.c, and tests of rooms, know it all.
 */
#ifndef USHER_SERVICE_SERVICE_H
#define USHER_SERVICE_SERVICE_H

#include "hooks/hooks.h"
#include "hooks/webhook.h"
#include "service/access/access.h"
#include "service/api/api.h"
#include "service/boot/boot.h"
#include "service/discovery/discovery.h"
#include "service/follow/follow.h"
#include "service/logs/logs.h"
#include "service/packages/packages.h"
#include "service/settle.h"
#include "service/timekeeping.h"
#include "service/watching.h"

struct service {
	struct base base;
	struct timekeeping time;
	struct watching watching;
	struct access access;
	struct hosts hosts;
	struct act act;
	struct content content;
	struct packages packages;
	struct consoles consoles;
	struct logs logs;
	struct network network;
	struct imports imports;
	struct discovery discovery;
	struct boot boot;
	struct operations operations;
	struct metal metal;
	struct follow follow;
	struct api api;
	struct settle settle;
	struct dhcpd *dhcpd;
	struct tftpd *tftpd;
	struct httpd *httpd;
	struct syslogd *syslogd;
	struct hooks *hooks;
	struct webhooks *webhooks;
	struct power *power;
	int64_t started; /* mono ms */
	bool abandoned;  /* hosts_stop() left threads behind: the mailbox must stay */
};

/* Gives each room its pointers to those below it, and its callbacks. Of `base` it reads nothing; `started` is set. */
void service_connect(struct service *s);
/* To the rooms that use it; when it is started. */
void service_set_dhcpd(struct service *s, struct dhcpd *d);
/* At the stop, after the worker has ended: what waits for an answer is answered or dropped, while what it rests on stands. */
void service_drop_waiting(struct service *s);

#endif
