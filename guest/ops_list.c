/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All domains of a host, in three calls however many they are, and up to two more for each that is paused, or sleeps. */
#include "guest/ops.h"
#include "guest/virt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_uuid(const void *a, const void *b)
{
	const struct guest_seen *x = a, *y = b;

	return strcmp(x->uuid, y->uuid);
}

static void see(struct guest_seen *seen, virDomainPtr d)
{
	const char *name = virDomainGetName(d);

	virDomainGetUUIDString(d, seen->uuid);
	snprintf(seen->name, sizeof seen->name, "%s", strlen(name) < sizeof seen->name ? name : "");
	seen->running = virDomainGetID(d) != (unsigned)-1; /* as it was when it was listed */
}

static void drop(virDomainPtr *all, int n)
{
	for (int i = 0; i < n; i++)
		virDomainFree(all[i]);
	if (n >= 0)
		free(all);
}

static int list(struct op *op, unsigned flags, virDomainPtr **ret)
{
	int n = virConnectListAllDomains(op->conn, ret, flags);

	return n < 0 ? virt_error(op->why, GUEST_WHY, "domains") : n;
}

static void mark_defined(struct guest_seen *seen, virDomainPtr d)
{
	(void)d;
	seen->defined = true;
}

static void mark_paused(struct guest_seen *seen, virDomainPtr d)
{
	virDomainDiskError failed[16];
	int state, reason, n;

	if (virDomainGetState(d, &state, &reason, 0) ||
		(state != VIR_DOMAIN_PAUSED && state != VIR_DOMAIN_PMSUSPENDED))
		return;
	seen->paused = GUEST_PAUSE_OUTSIDE;
	if (state != VIR_DOMAIN_PAUSED || reason != VIR_DOMAIN_PAUSED_IOERROR)
		return;
	seen->paused = GUEST_PAUSE_STORAGE;
	n = virDomainGetDiskErrors(d, failed, sizeof failed / sizeof *failed, 0);
	for (int i = 0; i < n; i++) {
		if (failed[i].error == VIR_DOMAIN_DISK_ERROR_NO_SPACE)
			seen->paused = GUEST_PAUSE_NO_SPACE;
		free(failed[i].disk);
	}
}

typedef void marker(struct guest_seen *seen, virDomainPtr d);

/* Those that are so, too, among all that were seen; one that came meanwhile is none of them. */
static int mark(struct op *op, struct guest_seen *all, size_t n, unsigned flags, marker *mark_one)
{
	virDomainPtr *some;
	int m = list(op, flags, &some);

	for (int i = 0; i < m; i++) {
		struct guest_seen key, *found;

		virDomainGetUUIDString(some[i], key.uuid);
		found = bsearch(&key, all, n, sizeof *all, by_uuid);
		if (found)
			mark_one(found, some[i]);
	}
	drop(some, m);
	return m < 0 ? m : 0;
}

int ops_list(struct op *op, struct guest_seen **ret, size_t *ret_n)
{
	struct guest_seen *all = NULL;
	virDomainPtr *domains;
	int n = list(op, 0, &domains), rc;

	if (n < 0)
		return n;
	if (n && !(all = calloc((size_t)n, sizeof *all))) {
		drop(domains, n);
		return -ENOMEM;
	}
	for (int i = 0; i < n; i++)
		see(&all[i], domains[i]);
	drop(domains, n);
	if (n)
		qsort(all, (size_t)n, sizeof *all, by_uuid);
	rc = mark(op, all, (size_t)n, VIR_CONNECT_LIST_DOMAINS_PERSISTENT, mark_defined);
	if (!rc)
		rc = mark(op, all, (size_t)n,
			VIR_CONNECT_LIST_DOMAINS_PAUSED | VIR_CONNECT_LIST_DOMAINS_OTHER,
			mark_paused);
	if (rc) {
		free(all);
		return rc;
	}
	*ret = all;
	*ret_n = (size_t)n;
	return 0;
}
