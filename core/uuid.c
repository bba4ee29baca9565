/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

void uuid_format(const uint8_t b[UUID_BYTES], char ret[UUID_TEXT])
{
	snprintf(ret, UUID_TEXT,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		b[15]);
}

int uuid_draw(char ret[UUID_TEXT])
{
	uint8_t b[UUID_BYTES];
	ssize_t n = getrandom(b, sizeof b, 0);

	if (n != sizeof b)
		return n < 0 ? -errno : -EIO;
	b[6] = (uint8_t)((b[6] & 0x0f) | 0x40); /* version 4 */
	b[8] = (uint8_t)((b[8] & 0x3f) | 0x80); /* the variant of the RFC */
	uuid_format(b, ret);
	return 0;
}

void uuid_turn(const char *text, char ret[UUID_TEXT])
{
	/* where each of the first 18 characters comes from */
	static const char from[] = {6, 7, 4, 5, 2, 3, 0, 1, 8, 11, 12, 9, 10, 13, 16, 17, 14, 15};

	for (size_t i = 0; i < UUID_TEXT - 1; i++)
		ret[i] = text[i < sizeof from ? (size_t)from[i] : i];
	ret[UUID_TEXT - 1] = '\0';
}

bool uuid_alike(const char *a, const char *b)
{
	char turned[UUID_TEXT];

	if (strlen(a) != UUID_TEXT - 1 || strlen(b) != UUID_TEXT - 1)
		return false;
	uuid_turn(a, turned);
	return !strcmp(a, b) || !strcmp(turned, b);
}
