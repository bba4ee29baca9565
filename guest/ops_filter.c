/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests' packet filters, as they should be: those that an older usher gave them, or whose server has moved. */
#include "guest/domain/domain_xml.h"
#include "guest/netfilter.h"
#include "guest/ops.h"
#include "guest/virt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int ops_need_filters(struct op *op)
{
	int rc;

	/* what somebody removes meanwhile is made again, too */
	if (op->filters && atomic_load(op->filters) == op->connection &&
		netfilter_exists(op->conn, NETFILTER_INSTALL))
		return 0;
	rc = netfilter_need(op->conn, op->why, GUEST_WHY);
	if (!rc && op->filters)
		atomic_store(op->filters, op->connection);
	return rc;
}

/* A libvirt without any is said when a guest is made there. */
int ops_filters(struct op *op)
{
	int rc = ops_need_filters(op);

	if (rc != -ENOENT)
		return rc;
	op->why[0] = '\0';
	return 0;
}

/* Of one of its definitions: `read` are the flags that read it, `change` those that change it. */
static int renew(struct op *op, virDomainPtr d, const struct guest_spec *spec, unsigned read,
	unsigned change)
{
	char *xml = virDomainGetXMLDesc(d, read), *nics[GUEST_NICS];
	size_t n = 0;
	int rc = xml ? domain_xml_filters(xml, spec, nics, &n)
		     : virt_error(op->why, GUEST_WHY, "definition of %s", spec->name);

	for (size_t i = 0; i < n; i++) {
		if (!rc && virDomainUpdateDeviceFlags(d, nics[i], change) < 0)
			rc = virt_error(op->why, GUEST_WHY, "filter of %s", spec->name);
		free(nics[i]);
	}
	free(xml);
	return rc;
}

int ops_filter(struct op *op, const struct guest_spec *spec)
{
	virDomainPtr d;
	int rc = ops_find(op, spec->name, spec->uuid, &d);

	if (rc)
		return rc == -ENOENT ? 0 : rc;
	if ((rc = ops_need_filters(op)) == -ENOENT)
		rc = -ENOSYS;
	if (!rc && virDomainIsPersistent(d) == 1)
		rc = renew(op, d, spec, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE,
			VIR_DOMAIN_AFFECT_CONFIG);
	if (!rc && virDomainIsActive(d) == 1)
		rc = renew(op, d, spec, 0, VIR_DOMAIN_AFFECT_LIVE);
	if (rc == -ENOENT) { /* it is gone meanwhile */
		op->why[0] = '\0';
		rc = 0;
	}
	virDomainFree(d);
	return rc;
}
