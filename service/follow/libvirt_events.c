/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/follow/libvirt_events.h"
#include "service/console/console_record.h"
#include "service/follow/guest_follow.h"
#include "service/follow/reconcile.h"
#include "service/guests/hosts.h"
#include "service/network/links.h"
#include "service/follow/follow.h"

#include "core/log.h"

static void on_filters(void *arg, int rc, const char *why)
{
	(void)arg;
	if (rc)
		log_warn("cannot make the packet filters that a guest needs where it migrates: %s",
			why);
}

static void on_connected(void *arg, struct guests *to)
{
	struct follow *follow = arg;

	if (to == follow->hosts->own)
		links_look(follow->network);
	reconcile_guests(follow, to);
	if (follow->base->config.filter)
		(void)guest_filters(to, on_filters, NULL);
	record_connected(follow->consoles, to);
}

static void on_disconnected(void *arg, struct guests *from)
{
	struct follow *follow = arg;

	record_disconnected(follow->consoles, from);
}

static void on_event(void *arg, struct guests *from, const struct guest_news *news)
{
	struct follow *follow = arg;

	guest_follow(follow, from, news);
}

static void on_network(void *arg, const char *network, bool started)
{
	struct follow *follow = arg;

	links_network_changed(follow->network, network, started);
}

static void on_disk_error(void *arg, struct guests *from, const char *domain, const char *uuid,
	const char *path, bool full)
{
	struct follow *follow = arg;

	guest_follow_disk_error(follow, from, domain, uuid, path, full);
}

void libvirt_events_init(struct hosts_calls *ret, struct follow *follow)
{
	*ret = (struct hosts_calls){.connected = on_connected,
		.disconnected = on_disconnected,
		.event = on_event,
		.network = on_network,
		.disk_error = on_disk_error,
		.arg = follow};
}
