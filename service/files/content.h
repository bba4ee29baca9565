/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The content that usher serves: profiles, media, and files fetched for them. */
#ifndef USHER_SERVICE_FILES_CONTENT_H
#define USHER_SERVICE_FILES_CONTENT_H

#include "kickstart/media/fetch.h"
#include "kickstart/profiles.h"
#include "service/base/base.h"
#include "service/files/files.h"
#include "service/files/imported.h"

struct content {
	struct base *base;
	struct profiles profiles;
	struct imported imported;
	struct files files;
	struct fetches *fetches; /* NULL before the start and while it stops */
};

#endif
