/* What is named and not there goes into the log; guests' pool too, if there may be guests. */
#ifndef USHER_SERVICE_START_LOOK_H
#define USHER_SERVICE_START_LOOK_H

#include <stdbool.h>

struct base;

void start_look(struct base *base, bool pool);

#endif
