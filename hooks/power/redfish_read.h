/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a Redfish controller's answers say (DSP0266, schemas of DSP0268). Pure. All of it comes from outside: it may be
 * anything, is bounded here, and is clean once it is text.
 */
#ifndef USHER_HOOKS_POWER_REDFISH_READ_H
#define USHER_HOOKS_POWER_REDFISH_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	REDFISH_BODY_MAX = 1 << 20, /* bytes; a system's answer has 5 to 30 kB */
	REDFISH_DEPTH_MAX = 32,
	REDFISH_VALUES_MAX = 20000, /* in one answer; they take far more memory than their text */
	REDFISH_PATH = 256,
	REDFISH_ETAG = 128,
	REDFISH_WORD = 32, /* "BiosSetup", "ForceRestart" */
	REDFISH_LINE = 256,
};

/* An answer's body, for json_decref(). 0; -E2BIG past a limit; -EBADMSG no JSON object; -ENOMEM. */
int redfish_load(const char *bytes, size_t len, json_t **ret);

/*
 * The path of a link that a controller named at https://host:port. False: none, or it leads elsewhere: to another host,
 * by another scheme, upwards, or it has signs that no path has. `ret` is then "".
 */
bool redfish_path(const char *link, const char *host, uint16_t port, char ret[REDFISH_PATH]);
/* The link `member` of `object` has: {"member": {"@odata.id": "…"}}; "" none. Borrowed, and not to be trusted. */
const char *redfish_link(const json_t *object, const char *member);

/* What it says of a fault, or of what it did otherwise than it was asked: one clean line; "" nothing. */
const char *redfish_message(const json_t *body, char *buf, size_t size);

enum redfish_state {
	REDFISH_UNKNOWN,
	REDFISH_ON,
	REDFISH_OFF,
	REDFISH_TURNING_ON,
	REDFISH_TURNING_OFF,
};
enum redfish_state redfish_state(const json_t *system);

/* The boot override as it reads. Clean; "" is not there. */
struct redfish_boot {
	char target[REDFISH_WORD], enabled[REDFISH_WORD], mode[REDFISH_WORD];
};
void redfish_boot(const json_t *system, struct redfish_boot *ret);

/* The values that `object` says `property` may have, an array that is not empty; NULL: it does not say. */
const json_t *redfish_allowed(const json_t *object, const char *property);
/* The same of an action's parameter, out of an ActionInfo. */
const json_t *redfish_action_allowed(const json_t *info, const char *parameter);
/* NULL allows all. */
bool redfish_allows(const json_t *allowed, const char *value);
/* "On, ForceOff, …", clean. Returns `buf`. */
const char *redfish_list(const json_t *allowed, char *buf, size_t size);

/* system.Actions."#ComputerSystem.Reset", or NULL. */
const json_t *redfish_reset(const json_t *system);

#endif
