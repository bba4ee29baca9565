/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that speak netlink share (libnl-3). */
#ifndef USHER_CORE_NETLINK_H
#define USHER_CORE_NETLINK_H

struct nl_sock;

/* libnl's error as -errno; what has no counterpart is -EIO. A link, address or neighbour that is not there: -ENODEV. */
int netlink_errno(int nl_rc);
/* A socket for routes, links and addresses, for nl_socket_free(). 0 or -errno. */
int netlink_connect(struct nl_sock **ret);

#endif
