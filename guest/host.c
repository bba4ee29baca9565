/* Blocking questions about the host, each on a connection of its own: for the start and for
 * `usher check`. */
#include "guest/guest.h"
#include "guest/ops.h"
#include "guest/virt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int guest_network_info(
	const char *uri, const char *network, struct guest_network *ret, char *why, size_t why_size)
{
	virConnectPtr c = virt_open(uri, why, why_size);
	char line[GUEST_WHY] = "";
	int rc;

	if (!c)
		return -ENOTCONN;
	rc = ops_network(&(struct op){.conn = c, .why = line}, network, ret);
	snprintf(why, why_size, "%s", line);
	virConnectClose(c);
	return rc;
}

int guest_host_info(const char *uri, struct guest_host *ret, char *why, size_t why_size)
{
	virConnectPtr c = virt_open(uri, why, why_size);
	struct guest_host h = {0};
	virNWFilterPtr filter;
	virNodeInfo node;
	int rc = 0;

	if (!c)
		return -ENOTCONN;
	if (virConnectGetLibVersion(c, &h.libvirt) < 0 || virNodeGetInfo(c, &node) < 0) {
		rc = virt_error(why, why_size, "libvirt");
		goto out;
	}
	if (virConnectGetVersion(c, &h.qemu) < 0)
		h.qemu = 0;
	h.memory_mib = node.memory / 1024;
	h.cpus = node.cpus;
	if ((filter = virNWFilterLookupByName(c, "clean-traffic")))
		virNWFilterFree(filter);
	h.nwfilter = filter;
	*ret = h;
out:
	virConnectClose(c);
	return rc;
}

int guest_pool_info(
	const char *uri, const char *pool, uint64_t *ret_free, char *why, size_t why_size)
{
	virConnectPtr c = virt_open(uri, why, why_size);
	virStoragePoolPtr p;
	virStoragePoolInfo info;
	int rc = 0;

	if (!c)
		return -ENOTCONN;
	if (!(p = virStoragePoolLookupByName(c, pool))) {
		rc = virt_error(why, why_size, "storage pool %s", pool);
		if (rc == -ENOENT)
			virt_no_pool(why, why_size, pool);
		goto out;
	}
	if (virStoragePoolGetInfo(p, &info) < 0) {
		rc = virt_error(why, why_size, "storage pool %s", pool);
	} else if (info.state != VIR_STORAGE_POOL_RUNNING) {
		rc = -ENOENT;
		snprintf(why, why_size, "storage pool %s is not active: virsh pool-start %s", pool,
			pool);
	} else {
		*ret_free = info.available;
	}
	virStoragePoolFree(p);
out:
	virConnectClose(c);
	return rc;
}
