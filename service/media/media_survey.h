/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports on media. */
#ifndef USHER_SERVICE_MEDIA_MEDIA_SURVEY_H
#define USHER_SERVICE_MEDIA_MEDIA_SURVEY_H

#include <jansson.h>

struct http_request;
struct imports;

/* Check all media, or the one of this name, and reply with the result. */
void media_tell_all(struct imports *imports, struct http_request *r);
void media_tell_one(
	struct imports *imports, struct http_request *r, const char *name, unsigned status);
/* The names of the machines that are being installed from it. New reference. */
json_t *media_machines(struct imports *imports, const char *name);

#endif
