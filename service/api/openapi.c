/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/api/openapi.h"

#include "httpd/httpd.h"

#include <stdint.h>

/* Without the white space between its lines. */
static const uint8_t document[] = {
#include "openapi.inc"
};

void openapi_handle(struct http_request *r)
{
	http_respond(r, 200, "application/json", document, sizeof document);
}
