/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes the specification of a guest for libvirt from its record. */
#ifndef USHER_SERVICE_GUESTS_GUEST_SPEC_H
#define USHER_SERVICE_GUESTS_GUEST_SPEC_H

#include <stdbool.h>
#include <stddef.h>

struct guest_spec;
struct machine;
struct profile;
struct base;
struct hosts;

/* A spec for libvirt from a record. The strings that it borrows are the record's and those of `*ret_profile`:
 * profile_free(). 0 or -errno with the line. */
int guest_spec_make(struct base *base, const struct machine *m, struct guest_spec *ret,
	struct profile **ret_profile, char *why, size_t why_size);
/* The profile's kernel, to test KVM with: of one that no attempt has yet. NULL is fine. */
void guest_spec_kernel(const struct profile *p, struct guest_spec *ret);
/* Only a machine's name and volumes: all that deleting it needs. */
void guest_spec_disks(const struct machine *m, struct guest_spec *ret);
/* Those of the machine that has its name now, where that is a guest in the same libvirt: for free(). 0, `*ret` NULL: there is
 * none; -ENOMEM. */
int guest_spec_former(
	struct base *base, struct hosts *hosts, const struct machine *m, struct guest_spec **ret);
/* Only its name and NICs: what guest_filter() needs. */
void guest_spec_nics(struct base *base, const struct machine *m, struct guest_spec *ret);

/* A clone whose guest must still be created, if it does not exist. */
bool guest_unmade_clone(const struct machine *m);

#endif
