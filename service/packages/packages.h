/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The package cache: an nginx of our own, which fetches the mirrors of machines that install, and keeps what it fetched. It
 * is started without privileges, watched, told of new mirrors and segments, and stopped with us. Main thread only.
 */
#ifndef USHER_SERVICE_PACKAGES_PACKAGES_H
#define USHER_SERVICE_PACKAGES_PACKAGES_H

#include "hooks/run.h"
#include "httpd/httpd.h"
#include "service/base/base.h"
#include "service/packages/packages_log.h"

enum {
	PACKAGES_LOOK_MS = 5000,              /* between two looks at the segments */
	PACKAGES_RESOLVE_MS = 10 * 60 * 1000, /* a mirror's addresses are asked for anew */
	PACKAGES_UNRESOLVED_MS = 30 * 1000,   /* the same, when its name was not known */
	PACKAGES_AGAIN_MS = 1000, /* after which it is started again; doubled each time… */
	PACKAGES_AGAIN_MAX_MS = 60 * 1000, /* …up to this; one that ran so long is new again */
	PACKAGES_UP_MS = 300,              /* one that cannot listen has ended by then */
};

struct packages {
	struct base *base;
	struct mirrors mirrors;
	struct loop_timer look, again, up;
	struct run *nginx; /* NULL: it does not run */
	int64_t started;   /* mono ms */
	int64_t wait_ms;   /* before the next start */
	unsigned deaths;
	char *conf;        /* the one that is written; NULL: none is */
	bool busy;         /* a task of ours is with the worker */
	bool dirty;        /* look again when it is back */
	char problem[256]; /* why it does not run; "" */
	bool barred;       /* it is not started in this run */
	struct packages_log log;
};

/* Where usher.xml says that there is one. Never fails: what is wrong is logged, and told by packages_handle(). */
void packages_start(struct packages *p);
void packages_stop(struct packages *p);
/* Before it is started: its folder is not fit for it, and machines fetch their packages themselves. */
void packages_bar(struct packages *p, const char *why);
/* A machine is about to install: its mirrors will be asked for. */
void packages_want(struct packages *p, const struct machine *m);
/* GET /packages */
void packages_handle(struct packages *p, struct http_request *r);

/* The program, by the configuration or where it usually is; NULL, with the line and its fix. Also for `usher check`. */
const char *packages_program(const struct config *c, char *why, size_t size);

#endif
