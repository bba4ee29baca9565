/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE
/* Preloaded into the service by labs: a look-up of a domain by name takes SLOW_LIBVIRT_MS more than it does. What was found
 * is what there was before that. */
#include <dlfcn.h>
#include <libvirt/libvirt.h>
#include <stdlib.h>
#include <unistd.h>

virDomainPtr virDomainLookupByName(virConnectPtr conn, const char *name)
{
	virDomainPtr (*real)(virConnectPtr, const char *) =
		dlsym(RTLD_NEXT, "virDomainLookupByName");
	const char *ms = getenv("SLOW_LIBVIRT_MS");
	virDomainPtr d = real(conn, name);

	usleep((useconds_t)(ms ? atoi(ms) : 0) * 1000);
	return d;
}
