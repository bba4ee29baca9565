/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Blocking questions about the host, each on a connection of its own: for the start and for
 * `usher check`. */
#include "guest/domain/domain_xml.h"
#include "guest/guest.h"
#include "guest/ops.h"
#include "guest/virt.h"
#include "guest/volumes.h"
#include "guest/xml.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__aarch64__)
#define MACHINE_TYPE "virt"
#else
#define MACHINE_TYPE "q35"
#endif

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

/* A question in a thread of its own. Who lets go of it last frees it: the thread, where it was not waited for. */
struct info {
	atomic_int holders;
	char uri[256], network[64];
	struct guest_network net;
	char why[GUEST_WHY];
	int rc;
};

static void info_let_go(struct info *i)
{
	if (atomic_fetch_sub(&i->holders, 1) == 1)
		free(i);
}

static void *info_ask(void *arg)
{
	struct info *i = arg;

	i->rc = guest_network_info(
		*i->uri ? i->uri : NULL, i->network, &i->net, i->why, sizeof i->why);
	info_let_go(i);
	return NULL;
}

static int info_join(pthread_t thread, int wait_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += wait_ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	return -pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until);
}

int guest_network_info_within(const char *uri, const char *network, int wait_ms,
	struct guest_network *ret, char *why, size_t why_size)
{
	struct info *i = calloc(1, sizeof *i);
	pthread_t thread;
	int rc;

	if (!i)
		return -ENOMEM;
	atomic_init(&i->holders, 2);
	snprintf(i->uri, sizeof i->uri, "%s", uri ? uri : "");
	snprintf(i->network, sizeof i->network, "%s", network);
	rc = -pthread_create(&thread, NULL, info_ask, i);
	if (rc) {
		free(i);
		return rc;
	}
	rc = info_join(thread, wait_ms);
	if (rc) {
		pthread_detach(thread);
		snprintf(why, why_size, "libvirt at %s does not answer", uri ? uri : VIRT_URI);
	} else {
		rc = i->rc;
		*ret = i->net;
		snprintf(why, why_size, "%s", i->why);
	}
	info_let_go(i);
	return rc;
}

int guest_networks_info(
	const char *uri, struct guest_network **ret, size_t *ret_n, char *why, size_t why_size)
{
	virConnectPtr c = virt_open(uri, why, why_size);
	char line[GUEST_WHY] = "";
	int rc;

	if (!c)
		return -ENOTCONN;
	rc = ops_networks(&(struct op){.conn = c, .why = line}, ret, ret_n);
	snprintf(why, why_size, "%s", line);
	virConnectClose(c);
	return rc;
}

static bool has_value(const xmlNode *in, const char *list, const char *value)
{
	char text[32];

	for (const xmlNode *e = xml_child(in, "enum"); e; e = xml_next(e, "enum"))
		for (const xmlNode *v = xml_attr_is(e, "name", list) ? xml_child(e, "value") : NULL;
			v; v = xml_next(v, "value"))
			if (xml_text(v, text, sizeof text) && !strcmp(text, value))
				return true;
	return false;
}

/* What libvirt found for the machine type that guests have. */
static void find_firmware(virConnectPtr c, struct guest_host *h)
{
	char *caps = virConnectGetDomainCapabilities(c, NULL, NULL, MACHINE_TYPE, NULL, 0);
	char why[GUEST_WHY];
	xmlDoc *doc = caps ? xml_read(caps, strlen(caps), 1, why, sizeof why) : NULL;
	const xmlNode *os = doc ? xml_child(xmlDocGetRootElement(doc), "os") : NULL;

	h->emulator = os;
	h->efi = has_value(os, "firmware", "efi");
	h->efi_secure = h->efi && has_value(xml_child(os, "loader"), "secure", "yes");
	xmlFreeDoc(doc);
	free(caps);
}

int guest_host_info(const char *uri, struct guest_host *ret, char *why, size_t why_size)
{
	virConnectPtr c = virt_open(uri, why, why_size);
	struct guest_host h = {0};
	virNWFilterPtr filter;
	virNodeInfo node;
	int rc = 0;

	if (!c)
		return virt_barred() ? -EACCES : -ENOTCONN;
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
	find_firmware(c, &h);
	h.kvm = virt_has_kvm(c, h.kvm_emulator, sizeof h.kvm_emulator);
	*ret = h;
out:
	virConnectClose(c);
	return rc;
}

int guest_unfiltered_info(const char *uri, const struct guest_network *net,
	struct guest_unfiltered *ret, char *why, size_t why_size)
{
	virConnectPtr c = virt_open(uri, why, why_size);
	virDomainPtr *all = NULL;
	int n, rc = 0;

	*ret = (struct guest_unfiltered){0};
	if (!c)
		return -ENOTCONN;
	n = virConnectListAllDomains(c, &all, VIR_CONNECT_LIST_DOMAINS_ACTIVE);
	if (n < 0)
		rc = virt_error(why, why_size, "domains");
	for (int i = 0; i < n; i++) {
		char *xml = virDomainGetXMLDesc(all[i], 0);

		if (xml && domain_xml_unfiltered(xml, net->name, net->bridge) && !ret->n++)
			snprintf(ret->name, sizeof ret->name, "%s", virDomainGetName(all[i]));
		free(xml);
		virDomainFree(all[i]);
	}
	free(all);
	virConnectClose(c);
	return rc;
}

int guest_pool_info(
	const char *uri, const char *pool, struct guest_pool *ret, char *why, size_t why_size)
{
	char line[GUEST_WHY] = "";
	struct op op = {.conn = virt_open(uri, why, why_size), .why = line};
	const struct pool_kind *kind;
	virStoragePoolPtr p;
	virStoragePoolInfo info;
	int rc, autostart = 0;

	if (!op.conn)
		return -ENOTCONN;
	if ((rc = volume_pool(&op, pool, &p, &kind)))
		goto out;
	if (virStoragePoolGetInfo(p, &info) < 0) {
		rc = virt_error(line, sizeof line, "storage pool %s", pool);
	} else {
		virStoragePoolGetAutostart(p, &autostart);
		*ret = (struct guest_pool){.free = info.available, .autostart = autostart};
	}
	virStoragePoolFree(p);
out:
	if (rc)
		snprintf(why, why_size, "%s", line);
	virConnectClose(op.conn);
	return rc;
}
