/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/access/access.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/table.h"

#include <stdio.h>
#include <string.h>

struct asker_mark asker_mark(const struct asker *who)
{
	struct asker_mark m = {.token = api_token_mark(who->token)};

	snprintf(m.name, sizeof m.name, "%s", who->name);
	return m;
}

bool asker_mark_is(const struct asker_mark *m, const struct asker *who)
{
	return !strcmp(m->name, who->name) && !*m->token.name == !who->token;
}

bool asker_mark_void(struct access *a, const struct asker_mark *m, int64_t now)
{
	return api_token_mark_void(&a->tokens, &m->token, now);
}

void access_say_invalid(struct http_request *r)
{
	http_add_header(r, "WWW-Authenticate", "Bearer realm=\"usher\", error=\"invalid_token\"");
}

/* One who has a /64 has all of its addresses. */
static struct rate *wrong_of(struct access *a, const struct ip *peer)
{
	size_t n = peer->family == IP_V6 ? 8 : 4;

	return &a->wrong[hash_bytes(peer->b, n, peer->family) % ACCESS_ADDRESSES];
}

/* What a wrong one was is not said: a right one may have been mistyped. */
static unsigned refuse(
	struct access *a, struct http_request *r, const char *what, char *why, size_t size)
{
	struct rate *wrong = wrong_of(a, &r->peer);
	char ip[IP_TEXT];

	rate_look(wrong, ACCESS_WRONG_MS, clock_mono_ms());
	if (!rate_take(wrong, ACCESS_WRONG_MAX)) {
		http_add_header(r, "Retry-After", "60");
		snprintf(why, size, "too many wrong tokens from %s: wait a minute",
			ip_format(&r->peer, ip));
		return 429;
	}
	log_info("api %s: %s", ip_format(&r->peer, ip), what);
	access_say_invalid(r);
	snprintf(why, size, "%s: 'usher token create' on the server makes one", what);
	return 401;
}

static unsigned missing(struct http_request *r, char *why, size_t size)
{
	http_add_header(r, "WWW-Authenticate", "Bearer realm=\"usher\"");
	snprintf(why, size,
		"a token is needed, in the header 'Authorization: Bearer usher_...': 'usher token "
		"create' on the server makes one");
	return 401;
}

static unsigned judge_token(
	struct access *a, struct http_request *r, struct asker *ret, char *why, size_t size)
{
	const char *header = http_header(r, "Authorization");
	char text[API_TOKEN_TEXT], what[128];
	struct api_token *t = NULL;

	if (!header)
		return missing(r, why, size);
	if (api_token_of_header(header, text))
		t = api_tokens_find(&a->tokens, text);
	explicit_bzero(text, sizeof text);
	if (!t)
		return refuse(a, r, "the token is wrong", why, size);
	if (api_token_expired(t, clock_steady_ms())) {
		snprintf(what, sizeof what, "the token '%s' has expired", t->name);
		return refuse(a, r, what, why, size);
	}
	http_vouch(r);
	if (api_tokens_use(&a->tokens, t, clock_steady_ms()))
		(void)store_commit(a->base->store, NULL, NULL);
	*ret = (struct asker){t->role, t->name, t, NULL};
	return 0;
}

unsigned access_judge(
	struct access *a, struct http_request *r, struct asker *ret, char *why, size_t size)
{
	if (!r->local)
		return judge_token(a, r, ret, why, size);
	*ret = (struct asker){ROLE_ADMIN, r->user, NULL, NULL};
	return 0;
}
