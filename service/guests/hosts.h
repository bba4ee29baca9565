#ifndef USHER_SERVICE_GUESTS_HOSTS_H
#define USHER_SERVICE_GUESTS_HOSTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct guests;
struct machine;
struct service;

int hosts_start(struct service *s); /* 0 or -errno; does not connect */
/* Waits for what is in libvirt's hands, but not for ever. False: some threads go on, and may still post to the mailbox. */
bool hosts_stop(struct service *s);
/* The libvirt at this URI; NULL and "" are the own one. One that is new is made, not waited for. 0; -ENOSPC and the like
 * with the line, and `*ret` is NULL. */
int hosts_find(struct service *s, const char *uri, struct guests **ret, char *why, size_t why_size);
/* Where the machine's guest lives. NULL (the jobs of guest.h refuse it): no more libvirts; logged. */
struct guests *guests_of(struct service *s, const struct machine *m);
/* Connects to those where machines live; and to the own one, when asked. */
void hosts_connect(struct service *s, bool own);
json_t *hosts_json(const struct service *s); /* new reference */
/* Place 0 to n_hosts - 1; the URI of one of them. */
struct guests *hosts_at(const struct service *s, size_t i);
const char *hosts_uri(const struct service *s, const struct guests *g);

#endif
