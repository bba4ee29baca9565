/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads images before somebody waits for them: a cold disk takes time. */
#ifndef USHER_SERVICE_FILES_READY_H
#define USHER_SERVICE_FILES_READY_H

#include "service/files/content.h"

/* Reads the imported and the configured images in the background, so that no request has to wait for it. */
void ready_warm(struct content *content);

#endif
