/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libvirt is told of a guest, from its record. */
#ifndef USHER_SERVICE_GUESTS_GUEST_SPEC_H
#define USHER_SERVICE_GUESTS_GUEST_SPEC_H

#include <stdbool.h>
#include <stddef.h>

struct guest_spec;
struct machine;
struct profile;
struct base;

/* A spec for libvirt from a record. The strings that it borrows are the record's and those of `*ret_profile`:
 * profile_free(). 0 or -errno with the line. */
int guest_spec_make(struct base *base, const struct machine *m, struct guest_spec *ret,
	struct profile **ret_profile, char *why, size_t why_size);
/* A machine's name and volumes alone: all that deleting it needs. */
void guest_spec_disks(const struct machine *m, struct guest_spec *ret);
/* And of its name and NICs alone: what guest_filter() wants. */
void guest_spec_nics(struct base *base, const struct machine *m, struct guest_spec *ret);

/* A clone whose guest is to be made still, if there is none. */
bool guest_unmade_clone(const struct machine *m);

#endif
