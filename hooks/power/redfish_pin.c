/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hooks/power/redfish_pin.h"

#include "core/base64.h"
#include "core/sha256.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char begin[] = "-----BEGIN CERTIFICATE-----";
static const char finish[] = "-----END CERTIFICATE-----";

_Static_assert((int)POWER_PIN == (int)SHA256_HEX, "a pin is a SHA-256");

int redfish_pin(const char *pem, char ret[POWER_PIN])
{
	const char *from = strstr(pem, begin);
	const char *to = from ? strstr(from, finish) : NULL;
	struct sha256 sum;
	uint8_t *der;
	char *text;
	size_t n;
	int rc;

	if (!to)
		return -EBADMSG;
	from += strlen(begin);
	text = strndup(from, (size_t)(to - from));
	if (!text)
		return -ENOMEM;
	rc = base64_decode(text, &der, &n);
	free(text);
	if (rc)
		return rc == -EINVAL ? -EBADMSG : rc;
	sha256_start(&sum);
	sha256_add(&sum, der, n);
	sha256_hex(&sum, ret);
	free(der);
	return n ? 0 : -EBADMSG;
}
