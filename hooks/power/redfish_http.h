/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One controller's HTTPS, by libcurl: requests one after the other, over connections that are used again.
 *
 * Whom it talks to: the certificate's pin (redfish_pin.h) is looked at after each handshake and before the first byte of
 * a request. It must be the one that is known; where none is, the first that is met holds for the rest of the call, and the
 * request that met it should carry no credentials (`bare`). libcurl shows certificates the same way whichever TLS library it
 * was built with. Neither the issuer nor the name in it says anything here: most controllers sign their own.
 *
 * Credentials: Basic; where that is refused and not offered, a session, which redfish_http_fini() deletes. A password that
 * was refused is not tried again: controllers lock users out.
 *
 * Patience: what is transient is sent again after pauses (redfish_pause()), until the call's limit.
 */
#ifndef USHER_HOOKS_POWER_REDFISH_HTTP_H
#define USHER_HOOKS_POWER_REDFISH_HTTP_H

#include "core/text.h"
#include "hooks/power/redfish.h"
#include "hooks/power/redfish_read.h"

#include <curl/curl.h>

enum {
	REDFISH_CONNECT_MS = 10 * 1000,
	REDFISH_ANSWER_MS = 30 * 1000, /* for one request; slow controllers take ten seconds */
	REDFISH_GOODBYE_MS = 2000,     /* of the limit are kept for a session's deletion */
	REDFISH_REDIRECTS = 2,
};

struct redfish_request {
	const char *method, *path;
	const char *body;     /* JSON; NULL: none */
	const char *if_match; /* NULL or "": none */
	bool bare;            /* without credentials */
	bool once; /* not again when the connection broke after it was sent: it may have been done */
};

struct redfish_response {
	long code;    /* HTTP status */
	json_t *body; /* an object, or NULL */
	char etag[REDFISH_ETAG];
	char location[REDFISH_PATH]; /* as it came, not to be trusted; "" when it is longer */
	char path[REDFISH_PATH];     /* where a GET was sent on to; "": nowhere */
	unsigned after_s;            /* Retry-After */
	bool offers_basic;
};

struct redfish_http {
	const struct redfish_call *call;
	CURL *easy;
	CURLM *multi;
	int64_t deadline; /* mono ms */
	char sessions
		[REDFISH_PATH]; /* where sessions are made; the caller may set it from the service root */
	char *credentials;          /* a header's line, on the heap; NULL: none */
	char session[REDFISH_PATH]; /* "": none is open */
	char pin[POWER_PIN];        /* "": none is known yet */
	char met[POWER_PIN];        /* of the last certificate; "": none was met */
	uint8_t checked[65536 / 8]; /* own ports of connections whose certificate was looked at */
	/* Of the running request: */
	struct redfish_response *response;
	struct text body;
	char token[1024];
	bool sent;    /* its first byte, perhaps */
	bool broke;   /* it was not answered, and may be another time */
	bool strange; /* the certificate is */
	char curl_says[CURL_ERROR_SIZE];
	char why[REDFISH_TEXT]; /* of the last failure, one clean line */
	char first
		[REDFISH_TEXT]; /* of the one with which it began, where that was another; else "" */
};

/* 0 or -ENOMEM. `call` is borrowed. */
int redfish_http_init(struct redfish_http *h, const struct redfish_call *call);
/* Deletes the session, closes. */
void redfish_http_fini(struct redfish_http *h);
/*
 * 0: an answer of whatever code but 401, or 403; `ret` is for redfish_response_fini(). Else, with `why` and `first`: -EACCES, -EKEYREJECTED,
 * -EHOSTUNREACH, -ETIMEDOUT, -ECANCELED, -EPROTO (no answer that can be used), -ENOMEM; and there is nothing in `ret`.
 */
int redfish_http_ask(
	struct redfish_http *h, const struct redfish_request *asked, struct redfish_response *ret);
void redfish_response_fini(struct redfish_response *r);
/* Waits; 0, -ETIMEDOUT at the call's limit, -ECANCELED. Writes no `why`. */
int redfish_http_pause(struct redfish_http *h, int ms);

#endif
