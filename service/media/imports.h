/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Imports media and reports on them. */
#ifndef USHER_SERVICE_MEDIA_IMPORTS_H
#define USHER_SERVICE_MEDIA_IMPORTS_H

#include "service/files/content.h"

struct copying;
struct verifying;

struct imports {
	struct base *base;
	struct content *content;
	struct copying *copyings;    /* images that are being copied: copying.h */
	struct verifying *verifying; /* sums of images: verifying.h */
};

#endif
