/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt's errors as errno and one line; its connection for the blocking calls. guest/ only. */
#ifndef USHER_GUEST_VIRT_H
#define USHER_GUEST_VIRT_H

#include "core/uuid.h"

#include <libvirt/libvirt.h>
#include <stdbool.h>
#include <stddef.h>

_Static_assert(UUID_TEXT == VIR_UUID_STRING_BUFLEN, "libvirt writes UUIDs into buffers of ours");

#define VIRT_URI "qemu:///system"

enum { VIRT_PATH = 256 };

/* libvirt's last error of this thread: negative errno, and "what: libvirt's words" in `why`.
 * -ENOTCONN when the connection is to blame, or perhaps that of a daemon behind it. Every other call of libvirt's, even one that
 * returns a name, forgets the error: no such call among the arguments. */
int virt_error(char *why, size_t why_size, const char *what, ...)
	__attribute__((format(printf, 3, 4)));
/* "there is no storage pool …", with the commands that make one. */
void virt_no_pool(char *why, size_t why_size, const char *pool);
/* The errno alone. */
int virt_errno(void);
/* Is the last fault that this user may not talk to it? */
bool virt_barred(void);

/* Once per process before anything else: libvirt's own printing off, event loop registered. */
void virt_init(void);
/* NULL with a reason. `uri` NULL: VIRT_URI. */
virConnectPtr virt_open(const char *uri, char *why, size_t why_size);
/* Can it run guests with KVM? And the emulator that it starts for them, "" when it cannot. */
bool virt_has_kvm(virConnectPtr conn, char *emulator, size_t size);

#endif
