/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine's SSH host keys, as its installed system tells them at its first boot: public keys in OpenSSH's format
 * (sshd(8), AUTHORIZED_KEYS FILE FORMAT without options; the blob is RFC 4253, 6.6), and their fingerprints. Pure.
 */
#ifndef USHER_MACHINE_HOST_KEYS_H
#define USHER_MACHINE_HOST_KEYS_H

#include <jansson.h>
#include <stddef.h>

enum {
	HOST_KEYS_MAX = 8,    /* sshd has four types; a site may add certificates' own */
	HOST_KEY_TEXT = 4096, /* bytes of "TYPE BASE64": an RSA key of 16,384 bits has 2,800 */
	HOST_KEY_PRINT = 51,  /* "SHA256:" and 43 characters, as ssh shows it, and a NUL */
};

/*
 * Public keys, a line each ("TYPE BASE64 [COMMENT]"); empty lines are fine. *ret is an array of "TYPE BASE64", sorted, each once:
 * new reference. 0; -EINVAL with one line in `why`, when one of them is no key, or there are none or too many; -ENOMEM.
 */
int host_keys_parse(const char *text, json_t **ret, char *why, size_t why_size);

/* Of one member of that array, or -EINVAL. */
int host_key_fingerprint(const char *key, char ret[HOST_KEY_PRINT]);

/* For the API: [{"type", "key", "fingerprint"}]. NULL is an empty one. New reference. */
json_t *host_keys_json(const json_t *keys);

#endif
