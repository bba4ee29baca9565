/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests below /api/v1/, and for /metrics. */
#ifndef USHER_SERVICE_API_API_H
#define USHER_SERVICE_API_API_H

#include "service/access/access.h"
#include "service/api/listing.h"
#include "service/api/metrics_api.h"
#include "service/api/web.h"
#include "service/discovery/discovery.h"
#include "service/media/imports.h"
#include "service/metal/metal.h"
#include "service/packages/packages.h"

struct boot;
struct follower;
struct hooks;
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
	int64_t started;            /* mono ms */
	struct follower *followers; /* long polls of the timeline */
	struct listings listings;
	struct metrics metrics;
	struct operation *showings; /* requests that render */
	struct web web;
};

void api_handle(struct api *api, struct http_request *r);

#endif
