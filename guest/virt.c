/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/virt.h"

#include "guest/xml.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <libxml/parser.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	int code, err;
} codes[] = {
	{VIR_ERR_OK, EIO},
	{VIR_ERR_NO_MEMORY, ENOMEM},
	{VIR_ERR_NO_CONNECT, ENOTCONN},
	{VIR_ERR_INVALID_CONN, ENOTCONN},
	{VIR_ERR_RPC, ENOTCONN},
	{VIR_ERR_SYSTEM_ERROR, EIO},
	{VIR_ERR_AUTH_FAILED, EACCES},
	{VIR_ERR_AUTH_CANCELLED, EACCES},
	{VIR_ERR_AUTH_UNAVAILABLE, EACCES},
	{VIR_ERR_ACCESS_DENIED, EACCES},
	{VIR_ERR_NO_DOMAIN, ENOENT},
	{VIR_ERR_NO_NETWORK, ENOENT},
	{VIR_ERR_NO_STORAGE_POOL, ENOENT},
	{VIR_ERR_NO_STORAGE_VOL, ENOENT},
	{VIR_ERR_NO_NWFILTER, ENOENT},
	{VIR_ERR_STORAGE_VOL_EXIST, EEXIST},
	{VIR_ERR_DOM_EXIST, EEXIST},
	{VIR_ERR_OPERATION_INVALID, EBUSY},
	{VIR_ERR_OPERATION_TIMEOUT, EBUSY},
	{VIR_ERR_RESOURCE_BUSY, EBUSY},
	{VIR_ERR_XML_ERROR, EINVAL},
	{VIR_ERR_XML_DETAIL, EINVAL},
	{VIR_ERR_XML_INVALID_SCHEMA, EINVAL},
	{VIR_ERR_CONFIG_UNSUPPORTED, EINVAL},
	{VIR_ERR_INVALID_ARG, EINVAL},
	{VIR_ERR_NO_SUPPORT, EOPNOTSUPP},
	{VIR_ERR_OPERATION_UNSUPPORTED, EOPNOTSUPP},
};

int virt_errno(void)
{
	const virError *e = virGetLastError();

	if (!e)
		return -EIO;
	/* A broken socket: "Cannot write data", "End of file while reading data", "client socket
	 * is closed". */
	if (e->domain == VIR_FROM_RPC ||
		(e->domain == VIR_FROM_REMOTE && e->code == VIR_ERR_INTERNAL_ERROR))
		return -ENOTCONN;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i].code == e->code)
			return -codes[i].err;
	return -EIO;
}

bool virt_barred(void)
{
	const virError *e = virGetLastError();

	return virt_errno() == -EACCES ||
		(e && e->code == VIR_ERR_SYSTEM_ERROR && (e->int1 == EACCES || e->int1 == EPERM));
}

int virt_error(char *why, size_t why_size, const char *what, ...)
{
	const virError *e = virGetLastError();
	char text[256];
	va_list ap;

	va_start(ap, what);
	vsnprintf(text, sizeof text, what, ap);
	va_end(ap);
	snprintf(why, why_size, "%s: %s", text,
		e && e->message ? e->message : "libvirt gives no reason");
	/* QEMU's complaints come in several lines. */
	for (char *p = why; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	for (size_t n = 0; why[n]; n++)
		if (!why[n + 1] && why[n] == ' ')
			why[n] = '\0';
	return virt_errno();
}

static void silent(void *arg, virErrorPtr e)
{
	(void)arg;
	(void)e;
}

static void init(void)
{
	xmlInitParser();
	virInitialize();
	virSetErrorFunc(NULL, silent);
	virEventRegisterDefaultImpl();
}

void virt_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, init);
}

void virt_no_pool(char *why, size_t why_size, const char *pool)
{
	snprintf(why, why_size,
		"there is no storage pool %s: virsh pool-define-as %s dir --target "
		"/var/lib/libvirt/images && virsh pool-start %s",
		pool, pool, pool);
}

virConnectPtr virt_open(const char *uri, char *why, size_t why_size)
{
	virConnectPtr c;

	virt_init();
	if (!uri)
		uri = VIRT_URI;
	c = virConnectOpen(uri);
	if (!c)
		virt_error(why, why_size, "libvirt at %s does not answer", uri);
	else /* kept at the first call; when two threads are the first, libvirt's client leaks what one of them got */
		(void)virConnectGetType(c);
	return c;
}

bool virt_has_kvm(virConnectPtr conn, char *emulator, size_t size)
{
	char *caps = virConnectGetDomainCapabilities(conn, NULL, NULL, NULL, "kvm", 0), why[128];
	xmlDoc *doc = caps ? xml_read(caps, strlen(caps), 1, why, sizeof why) : NULL;
	bool has = caps;

	*emulator = '\0';
	if (doc)
		xml_text(xml_child(xmlDocGetRootElement(doc), "path"), emulator, size);
	xmlFreeDoc(doc);
	free(caps);
	return has;
}
