/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /api/v1/machines/NAME/console: GET reads what was recorded (kept_read.h); POST types. */
#include "service/console/console_api.h"
#include "httpd/httpd.h"
#include "service/access/access.h"
#include "service/base/kept_read.h"
#include "service/console/console_record.h"

#include "core/base64.h"
#include "core/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static json_t *piece(struct kept *k, const struct kept_piece *p)
{
	const struct recording *r = (const struct recording *)k;
	char *data = base64_encode(p->bytes, p->n);
	json_t *j = data ? json_pack("{s:I, s:I, s:s, s:s, s:s?}", "offset", (json_int_t)p->from,
				   "newest", (json_int_t)p->newest, "data", data, "state",
				   record_state_name(r->state), "why", json_some(r->why))
			 : NULL;

	free(data);
	return j;
}

/* Why nothing can be typed. */
static void not_typed(struct recording *r, struct http_request *q, int rc)
{
	if (rc == -EAGAIN)
		http_respond_error(q, 429, "%s does not read its input: %d bytes are waiting",
			r->kept.name, GUEST_CONSOLE_TYPED);
	else if (rc == -EPIPE)
		http_respond_error(q, 409, "the console of %s is not open: %s", r->kept.name,
			*r->why ? r->why : "it is being opened");
	else
		http_respond_error(q, 503, "%s: %s", r->kept.name, strerror(-rc));
}

static void console_type(struct recording *r, struct http_request *q)
{
	json_t *body = json_loadb(q->body, q->body_len, 0, NULL);
	const char *data = json_string_value(json_object_get(body, "data"));
	uint8_t *bytes = NULL;
	size_t n = 0;
	int rc = data ? base64_decode(data, &bytes, &n) : -EINVAL;

	json_decref(body);
	if (rc) {
		http_respond_error(q, 400, "expected 'data', the bytes to type in base64");
		return;
	}
	rc = n ? record_send(r, bytes, n) : 0;
	free(bytes);
	if (rc)
		not_typed(r, q, rc);
	else
		http_respond_json(q, 200, json_pack("{s:I}", "typed", (json_int_t)n));
}

void console_handle(struct consoles *consoles, struct http_request *q, const struct machine *m,
	const struct asker *who)
{
	bool possible = record_possible(m);
	struct recording *r = possible ? record_of(consoles, m) : NULL;

	if (r)
		record_looked(r);
	if (!possible)
		http_respond_error(q, 409,
			"%s is bare metal, whose console comes from an IPMI controller: 'usher power %s set "
			"ipmi://USER@HOST'",
			m->name, m->name);
	else if (!r)
		http_respond_error(q, 503, "out of memory");
	else if (q->method == HTTP_POST)
		console_type(r, q);
	else
		kept_read(&r->kept, q, who->held, piece);
}
