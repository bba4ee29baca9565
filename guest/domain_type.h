/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to guest/: KVM or emulation, for a guest that is to be made. Blocking, up to ACCEL_LIMIT_MS: for a worker. */
#ifndef USHER_GUEST_DOMAIN_TYPE_H
#define USHER_GUEST_DOMAIN_TYPE_H

#include "guest/guests.h"

/* As asked for, as configured, or as found out: "kvm", "qemu", or "test" of libvirt's driver that runs nothing. Static.
 * `warning` is "", or says why it is emulated although the host has KVM. */
const char *domain_type_choose(struct guests *g, virConnectPtr conn, const struct guest_spec *spec,
	char *warning, size_t size);

#endif
