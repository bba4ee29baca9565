/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile.xml, and files of settings; what could be read goes through a snapshot and back. */
#include "kickstart/profile_xml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct profile *p)
{
	json_t *settings = json_object(), *one = NULL, *two = NULL;
	struct profile *back = NULL;
	char why[256];

	if (profile_snapshot(p, settings, &one) == 0) {
		/* The answers' text is not part of the XML, so a snapshot that names them is
		 * refused. */
		if (profile_from_snapshot(one, &back, NULL, why, sizeof(why)) == 0) {
			if (profile_snapshot(back, settings, &two) < 0 || !json_equal(one, two))
				abort();
		} else if (!p->n_answers) {
			abort();
		}
	}
	json_decref(settings);
	json_decref(one);
	json_decref(two);
	profile_free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct profile *p;
	char *xml, why[256] = "";
	int rc;

	if (size > 16384 || memchr(data, '\0', size))
		return 0;
	p = profile_new(PROFILE_SETTINGS, PROFILE_SHARED, PROFILE_FILES);
	xml = strndup((const char *)data, size);
	p->file = strdup("/p/profile.xml");
	rc = profile_xml_read(p, "/p", xml, why, sizeof(why));
	if (rc < 0 && !*why)
		abort();
	if (rc == 0)
		round_trip(p);
	*why = '\0';
	if (profile_xml_settings(p, "/s.xml", xml, why, sizeof(why)) < 0 && !*why)
		abort();
	profile_free(p);
	free(xml);
	return 0;
}
