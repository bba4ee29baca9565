/* The two clocks, in milliseconds. Pure code takes `now` as an argument and calls neither. */
#ifndef USHER_CORE_CLOCK_H
#define USHER_CORE_CLOCK_H

#include <stdint.h>

int64_t clock_mono_ms(void); /* for intervals; unrelated to the date */
int64_t clock_wall_ms(void); /* since the epoch; for what is stored */

#endif
