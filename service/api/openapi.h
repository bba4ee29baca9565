/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API as an OpenAPI 3.1 document: openapi.json, which is compiled in. tests/unit/test_openapi.c holds it to the table of calls, and
 * tests/lab/lab_openapi.sh to what is really answered. */
#ifndef USHER_SERVICE_API_OPENAPI_H
#define USHER_SERVICE_API_OPENAPI_H

struct http_request;

void openapi_handle(struct http_request *r);

#endif
