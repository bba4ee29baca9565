/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Types of a profile's settings: their names, whether a value is of its type, and as what templates get it. */
#ifndef USHER_KICKSTART_SETTING_TYPE_H
#define USHER_KICKSTART_SETTING_TYPE_H

#include "kickstart/profile.h"

enum {
	SETTING_NUMBER_MAX = 1000000000,
	SETTING_DISK_MAX = 128, /* bytes of one of several disks */
	SETTING_CARDS_MAX = 8,  /* of one bond; a switch takes no more into one group */
};

const char *setting_type_name(enum profile_setting_type type); /* static */
/* 0, or -EINVAL with all their names in `known`. */
int setting_type_parse(
	const char *name, enum profile_setting_type *ret, char *known, size_t known_size);

/* NULL: `value` is of the type; else what was expected, as "a number from 1 to 9", in `buf`. "" is no
 * value, and good for those types that may be without one. */
const char *setting_type_expected(
	const struct profile_setting *s, const char *value, char *buf, size_t size);
/* As templates get a good one: a boolean true or false, a list and disks a list of words, cards a list of MACs or of "all", pairs a list of objects with
 * name and value, a size as MiB in digits, the others as
 * they are. New reference, NULL out of memory. */
json_t *setting_type_value(const struct profile_setting *s, const char *value);

#endif
