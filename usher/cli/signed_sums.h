/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of checksums that distributions sign: SHA256SUMS with SHA256SUMS.gpg (Ubuntu), .sign (Debian) or .asc beside it, or
 * CHECKSUM signed in clear (RFC 9580, 7). The check is gpgv's (package gpgv), with a keyring that this host has.
 */
#ifndef USHER_CLI_SIGNED_SUMS_H
#define USHER_CLI_SIGNED_SUMS_H

#include <stddef.h>

enum {
	SIGNED_SUMS_MAX =
		4 << 20,       /* bytes of the file: a distribution's have a few thousand lines */
	SIGNED_SUMS_WHO = 160, /* bytes of the signer's name */
};

struct signed_sums {
	char *text;                /* what counts: with a signature just what it covers. Heap */
	char who[SIGNED_SUMS_WHO]; /* the key's owner, as the keyring has it; "": nobody's signature was checked */
};

/* The keyring that Debian ships for a distribution ("debian", "ubuntu"), or NULL. Static. */
const char *signed_sums_keyring(const char *distribution);

/*
 * Reads `file`. With `keyring` it must be signed by one of its keys; with NULL no signature is looked at. 0, or -errno with
 * one line in `why`; -ENOENT: there is no signature. Blocks.
 */
int signed_sums_read(
	const char *file, const char *keyring, struct signed_sums *ret, char *why, size_t why_size);
void signed_sums_fini(struct signed_sums *s);

#endif
