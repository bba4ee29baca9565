/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A certificate's pin: the SHA-256 of its DER form, as `openssl x509 -fingerprint -sha256` prints it, in lower case. Pure. */
#ifndef USHER_HOOKS_POWER_REDFISH_PIN_H
#define USHER_HOOKS_POWER_REDFISH_PIN_H

#include "hooks/power/power_target.h"

/* Of a certificate as PEM (RFC 7468), with or without text before and after. 0, -EBADMSG or -ENOMEM. */
int redfish_pin(const char *pem, char ret[POWER_PIN]);

#endif
