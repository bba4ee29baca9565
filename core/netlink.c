/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/netlink.h"

#include <errno.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>

int netlink_errno(int nl_rc)
{
	switch (-nl_rc) {
	case 0:
		return 0;
	case NLE_NOMEM:
		return -ENOMEM;
	case NLE_OBJ_NOTFOUND:
	case NLE_NODEV:
		return -ENODEV;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_EXIST:
		return -EEXIST;
	case NLE_OPNOTSUPP:
		return -EOPNOTSUPP;
	case NLE_BUSY:
		return -EBUSY;
	default:
		return -EIO;
	}
}

int netlink_connect(struct nl_sock **ret)
{
	struct nl_sock *sock = nl_socket_alloc();
	int rc = sock ? nl_connect(sock, NETLINK_ROUTE) : -NLE_NOMEM;

	if (rc < 0) {
		nl_socket_free(sock);
		return netlink_errno(rc);
	}
	*ret = sock;
	return 0;
}
