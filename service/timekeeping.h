/* Before anything is read of the store that has a time. 0, or -errno with one line in `why`. */
#ifndef USHER_SERVICE_TIMEKEEPING_H
#define USHER_SERVICE_TIMEKEEPING_H

#include <stddef.h>

struct service;

int timekeeping_load(struct service *s, char *why, size_t why_size);
/* Once there are store_start() and the timeline. */
void timekeeping_start(struct service *s);
void timekeeping_stop(struct service *s);

#endif
