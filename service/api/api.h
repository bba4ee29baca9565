/* Requests below /api/v1/. */
#ifndef USHER_SERVICE_API_API_H
#define USHER_SERVICE_API_API_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct http_request;
struct machine;
struct profile;
struct segment;
struct service;

void api_handle(struct service *s, struct http_request *r);
/* For json_pack()'s "s?": NULL, which is null there, when there is nothing. */
const char *api_some(const char *text);
json_t *api_machine(struct service *s, const struct machine *m, bool full); /* new reference */
/* Other DHCP servers that were heard on this segment (NULL: none), where we lease. New reference. */
json_t *api_others(struct service *s, const struct segment *seg);
/* Answers with `json` (stolen) once all that was put is on disk, else with 503. */
void api_respond_committed(
	struct service *s, struct http_request *r, unsigned status, json_t *json);
/* The profile of this name with the configuration's medium, or else an imported one, over its own. As
 * profiles_find(). */
int api_profile(
	struct service *s, const char *name, struct profile **ret, char *why, size_t why_size);

#endif
