/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All domains of a host, in three calls however many they are. */
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

/* Those that are so, too, among all that were seen; one that came meanwhile is none of them. */
static int mark(struct op *op, struct guest_seen *all, size_t n, unsigned flags, size_t member)
{
	virDomainPtr *some;
	int m = list(op, flags, &some);

	for (int i = 0; i < m; i++) {
		struct guest_seen key, *found;

		virDomainGetUUIDString(some[i], key.uuid);
		found = bsearch(&key, all, n, sizeof *all, by_uuid);
		if (found)
			*(bool *)((char *)found + member) = true;
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
	rc = mark(op, all, (size_t)n, VIR_CONNECT_LIST_DOMAINS_PERSISTENT,
		offsetof(struct guest_seen, defined));
	if (!rc)
		rc = mark(op, all, (size_t)n, VIR_CONNECT_LIST_DOMAINS_PAUSED,
			offsetof(struct guest_seen, paused));
	if (rc) {
		free(all);
		return rc;
	}
	*ret = all;
	*ret_n = (size_t)n;
	return 0;
}
