/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Does KVM really work here? The device node is no proof (nested hosts open it and then hang a
 * kernel), so a kernel is booted with it until it panics for want of a root filesystem, which takes
 * a working host a few seconds. Blocking, up to ACCEL_LIMIT_MS: for a worker, or for `usher check`.
 */
#ifndef USHER_GUEST_ACCEL_H
#define USHER_GUEST_ACCEL_H

#include <stdbool.h>
#include <stddef.h>

enum {
	ACCEL_LIMIT_MS = 15000,          /* a test boot that takes longer has hung */
	ACCEL_AGAIN_MS = 10 * 60 * 1000, /* what no test boot has shown is looked at again */
	ACCEL_WHY = 256,
};

enum accel {
	ACCEL_NONE,    /* no /dev/kvm, or not for this user */
	ACCEL_BROKEN,  /* a test boot failed */
	ACCEL_HUNG,    /* it did not end in time: KVM hangs, or the host is very busy */
	ACCEL_UNTRIED, /* there is nothing to test it with: libvirt's word counts */
	ACCEL_WORKS,
};

struct accel_means {
	const char *device;   /* NULL: /dev/kvm */
	const char *emulator; /* the QEMU that libvirt starts; NULL or "": the usual one, of PATH */
	const char
		*kernel; /* a readable Linux kernel file; NULL or "": the host's own below /boot */
	const char *
		cache_path; /* keeps what a test boot showed until the host's next boot or kernel; NULL */
};

/* `why` gets one line for people: "KVM works: a test boot took 1.2 s", "emulation: /dev/kvm: No such file or
 * directory". */
enum accel accel_probe(const struct accel_means *means, char *why, size_t why_size);

bool accel_is_kvm(enum accel accel); /* is it to be used, if libvirt has it? */
bool accel_lasts(enum accel accel);  /* until the host's next boot */
bool accel_is_there(void);           /* a /dev/kvm, whether it works or not */
/* Of a guest that is emulated although it is there, for who makes it. */
void accel_warn(const char *why, char *buf, size_t size);
#define ACCEL_NO_LIBVIRT "emulation: libvirt has no KVM ('virt-host-validate qemu' says why)"

#endif
