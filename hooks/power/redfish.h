/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A management controller by Redfish (DMTF DSP0266, DSP0268): power and the next boot device of one system. Blocks: for a
 * worker thread. Each call opens its connection and closes it, and leaves no session behind.
 *
 * The controller is known by its certificate, the SHA-256 of its DER form. It is compared after each handshake, before anything
 * is sent. Where none is known yet, the first request goes without the password, and the certificate that it met holds for the
 * rest of the call.
 */
#ifndef USHER_HOOKS_POWER_REDFISH_H
#define USHER_HOOKS_POWER_REDFISH_H

#include "hooks/power/power_target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REDFISH_TEXT = 512 };

struct redfish_call {
	const struct power_target *target; /* POWER_REDFISH */
	const char *password;
	const char *
		pin; /* known from an earlier call, or "": the certificate is taken as it is, and its pin returned */
	enum power_verb verb;
	enum power_boot boot; /* BIOS, UEFI or HTTP: never AUTO */
	bool cycled_next; /* POWER_NETBOOT: it is switched off where its controller refuses otherwise */
	int64_t limit_ms; /* for all of it */
	bool (*stopping)(
		const void *arg); /* asked all the time: true ends the call with -ECANCELED */
	const void *arg;
};

struct redfish_result {
	int status; /* 0 done; -ETIMEDOUT; -EACCES the password is refused; -EKEYREJECTED another certificate than the
		       pinned one; -EHOSTUNREACH nothing answers there; -EPROTO the controller refused, or did not do it */
	bool on; /* after POWER_STATUS */
	char text
		[REDFISH_TEXT]; /* one clean line: why, or what did not take although it is done; "" otherwise */
	char pin[POWER_PIN]; /* of the certificate that was met; "": none was */
};

void redfish_do(const struct redfish_call *call, struct redfish_result *ret);

#endif
