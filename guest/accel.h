/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does KVM really work here? The device node is no proof (nested hosts open it and then hang a
 * kernel), so a kernel is booted with it until it panics for want of a root filesystem, which takes
 * a working host a few seconds. Blocking, up to ACCEL_LIMIT_MS: for a worker, or for `usher check`.
 */
#ifndef USHER_GUEST_ACCEL_H
#define USHER_GUEST_ACCEL_H

#include <stddef.h>

enum {
	ACCEL_LIMIT_MS = 15000, /* a test boot that takes longer has hung */
	ACCEL_WHY = 256,
};

enum accel { ACCEL_QEMU = 0, ACCEL_KVM = 1 };

/*
 * Returns ACCEL_KVM or ACCEL_QEMU, never an error: what cannot be shown to work is not used. `why`
 * gets one line for people: "KVM works: a test boot took 1.2 s", "emulation: /dev/kvm: No such file
 * or directory".
 *
 * `kernel`: a readable Linux kernel file; NULL or "": the host's own below /boot, and without one
 * emulation. `cache_path`: where a verdict that took a test boot is kept until the host's next boot
 * or kernel; NULL: nowhere.
 */
int accel_probe(const char *kernel, const char *cache_path, char *why, size_t why_size);

const char *accel_name(int accel); /* "kvm" or "qemu": libvirt's domain type */

#endif
