/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests below /api/v1/, and for /metrics. */
#ifndef USHER_SERVICE_API_API_H
#define USHER_SERVICE_API_API_H

#include "service/access/access.h"
#include "service/api/bulk.h"
#include "service/api/listing.h"
#include "service/api/metrics_api.h"
#include "service/api/once.h"
#include "service/api/web.h"
#include "service/discovery/discovery.h"
#include "service/media/imports.h"
#include "service/metal/metal.h"
#include "service/packages/packages.h"

struct boot;
struct follower;
struct hooks;
struct stream;
struct survey;
struct webhooks;

struct api {
	struct base *base;
	struct access *access;
	struct hosts *hosts;
	struct network *network;
	struct content *content;
	struct packages *packages;
	struct imports *imports;
	struct consoles *consoles;
	struct logs *logs;
	struct operations *operations;
	struct metal *metal;
	struct discovery *discovery;
	struct boot *boot;
	struct hooks *const *hooks; /* they are started later */
	struct webhooks *const *webhooks;
	struct dhcpd *dhcpd;
	int64_t started;            /* wall ms, as the clock was then */
	struct follower *followers; /* long polls of the timeline */
	struct stream *streams;     /* and streams of it */
	struct listings listings;
	struct survey *surveys; /* under way */
	struct metrics metrics;
	struct bulks bulks;
	struct once once;
	struct operation *showings; /* requests that render */
	struct web web;
};

/* What needs memory of its own; the loop is there. */
void api_init(struct api *api);
/* All requests have been answered. */
void api_fini(struct api *api);
/* A call below /api/v1 on behalf of `who`: judged and carried out. */
void api_call(struct api *api, struct http_request *r, const struct asker *who);
void api_handle(struct api *api, struct http_request *r);

#endif
