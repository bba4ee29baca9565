/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service's API as the commands see it: JSON over HTTP on a Unix socket (libcurl). Blocking. */
#ifndef USHER_USHER_CLIENT_CLIENT_H
#define USHER_USHER_CLIENT_CLIENT_H

#include <jansson.h>

struct client;

/* Never fails for a service that is not there: client_call() says so. NULL: out of memory. */
struct client *client_new(const char *socket);
void client_free(struct client *c);

enum {
	CLIENT_WHY = 16 << 10
}; /* bytes for what was wrong: a line, or one for each finding of a linter */

/* `path` below /api/v1, escaped. `body` may be NULL; it is stolen. On success 0 and a new reference in *ret
 * (NULL allowed). Else -1, and the one line that says why has been printed. */
int client_call(struct client *c, const char *method, const char *path, json_t *body, json_t **ret);
/* The same with a client of its own, for a command that calls once. */
int client_once(
	const char *socket, const char *method, const char *path, json_t *body, json_t **ret);
/* The machines of these names (NULL-ended), an array. NULL: one is not there, and it was said which. */
json_t *client_machines(struct client *c, char **names);
/* client_call(), quiet: the line goes to `why`. *ret_status: HTTP status, 0 when no service answered. */
int client_try(struct client *c, const char *method, const char *path, json_t *body, json_t **ret,
	long *ret_status, char *why, size_t why_size);
/* GET in the same way; a service that is being restarted is waited for, `patience_s` seconds at most. 0 or -1. */
int client_get(struct client *c, const char *path, int patience_s, json_t **ret, char *why,
	size_t why_size);
/* PUT of `len` bytes as they are. 0, or -1 and the line was printed. */
int client_put(struct client *c, const char *path, const void *bytes, size_t len);
/* Prints what the linters said, on standard error, of a reply that has findings. */
void client_say_findings(const json_t *reply);
/* Percent-encodes one path segment or query value into `buf`; returns it. */
const char *client_escape(const char *text, char *buf, size_t size);

#endif
