/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside kickstart/: profile.xml to struct profile, and what both sides need of a setting. */
#ifndef USHER_KICKSTART_PROFILE_XML_H
#define USHER_KICKSTART_PROFILE_XML_H

#include "kickstart/profile.h"

/* An empty one, with room for so many settings, files of settings and templates. NULL: out of memory. */
struct profile *profile_new(size_t settings, size_t shared, size_t files);

/* Fills `p` (zeroed but for `file`) from the text of profile.xml; `dir` is absolute. Templates
 * are not read here. After an error `p` holds what was read so far. */
int profile_xml_read(
	struct profile *p, const char *dir, const char *xml, char *why, size_t why_size);

/* Adds the settings in the text of the shared file `file`, but those that `p` has. Errors as above. */
int profile_xml_settings(
	struct profile *p, const char *file, const char *xml, char *why, size_t why_size);

/* Is `value` good for the setting? True and a line in `why` when it is not. */
bool profile_setting_error(
	const struct profile_setting *s, const char *value, char *why, size_t why_size);

/* A crypt(5) hash, or the mark of a locked account. */
bool profile_is_hash(const char *s);

#endif
