/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which machines a request asks for: state=, profile=, lab=, segment=, label=. Pure. */
#ifndef USHER_SERVICE_API_FILTER_H
#define USHER_SERVICE_API_FILTER_H

#include "machine/machine.h"

/* What each argument says, words separated by commas of which one must fit; NULL: it is not given. Borrowed. */
struct filter {
	const char *state, *profile, *lab, *segment;
	const char *label; /* KEY or KEY:VALUE */
};

/* Of state=; template is one, too. NULL: it is fine; else the line. */
const char *filter_error(const struct filter *f, char *why, size_t size);
bool filter_takes(const struct filter *f, const struct machine *m);

#endif
