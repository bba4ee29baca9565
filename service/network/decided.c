/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was decided about interfaces of mode auto, kept over a restart: where usher leased, a server that answers at the
 * next start takes nothing from it unsaid. Whoever hears a broadcast can answer it; and two servers that lease on one
 * wire are a fault that a person has to look at, not one that changes who leases.
 */
#include "service/network/decided.h"
#include "service/network/network.h"

#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char PREFIX[] = "leases:";

static size_t key_of(const struct segment *seg, char *buf, size_t size)
{
	return (size_t)snprintf(buf, size, "%s%s", PREFIX, seg->name);
}

/* Another address is another wire. */
static void value_of(const struct segment *seg, char *buf, size_t size)
{
	char ip[IP_TEXT];

	snprintf(buf, size, "own %s/%u", ip_format(&seg->server, ip), seg->prefix_len);
}

static int load_one(void *arg, const void *key, size_t key_len, const void *value, size_t len)
{
	struct network *nw = arg;
	char name[SEGMENT_NAME + sizeof PREFIX];
	const struct segment *seg;

	if (key_len <= strlen(PREFIX) || memcmp(key, PREFIX, strlen(PREFIX)))
		return 0;
	snprintf(name, sizeof name, "%.*s", (int)(key_len - strlen(PREFIX)),
		(const char *)key + strlen(PREFIX));
	seg = segments_by_name(&nw->base->segments, name);
	if (seg)
		snprintf(nw->served[seg->id - 1].decided, sizeof nw->served[0].decided, "%.*s",
			(int)len, (const char *)value);
	return 0;
}

int decided_load(struct network *nw, char *why, size_t why_size)
{
	int rc = store_load(nw->base->store, STORE_SETTING, load_one, nw);

	if (rc)
		snprintf(why, why_size, "cannot load the stored DHCP modes of interfaces: %s",
			strerror(-rc));
	return rc;
}

bool decided_was_own(const struct network *nw, const struct segment *seg)
{
	char now[sizeof nw->served[0].decided];

	value_of(seg, now, sizeof now);
	return !strcmp(nw->served[seg->id - 1].decided, now);
}

void decided_keep(struct network *nw, const struct segment *seg, bool own)
{
	struct served *d = &nw->served[seg->id - 1];
	char key[SEGMENT_NAME + sizeof PREFIX], value[sizeof d->decided] = "";
	size_t len = key_of(seg, key, sizeof key);
	int rc;

	if (own)
		value_of(seg, value, sizeof value);
	if (!strcmp(d->decided, value))
		return;
	rc = own ? store_put(nw->base->store, STORE_SETTING, key, len, value, strlen(value))
		 : store_delete(nw->base->store, STORE_SETTING, key, len);
	if (!rc)
		rc = store_commit(nw->base->store, NULL, NULL);
	if (rc)
		log_warn("%s: cannot store its DHCP mode for the next start: %s", seg->name,
			strerror(-rc));
	else
		memcpy(d->decided, value, sizeof value);
}
