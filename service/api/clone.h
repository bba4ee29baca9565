#ifndef USHER_SERVICE_API_CLONE_H
#define USHER_SERVICE_API_CLONE_H

#include <stdbool.h>

struct guest_spec;
struct machine;
struct service;

/* What libvirt is to be told of a clone beyond others: its base, its SMBIOS strings. */
void clone_put_spec(const struct service *s, const struct machine *m, struct guest_spec *spec);
/* Its guest is to be made still, if there is none. */
bool clone_unmade(const struct machine *m);

#endif
