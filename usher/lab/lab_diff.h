/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One machine as a lab file wants it, and as its record has it. Pure. */
#ifndef USHER_USHER_LAB_DIFF_H
#define USHER_USHER_LAB_DIFF_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* What only a new install could change: "its profile is 'tiny', not 'debian-12'". False: nothing. Secrets are not told apart. */
bool lab_diff_fixed(const json_t *want, const json_t *have, char *text, size_t size);
/* What PATCH changes: the request, with a text of it; NULL: nothing. New reference. */
json_t *lab_diff_change(const json_t *want, const json_t *have, char *text, size_t size);

#endif
