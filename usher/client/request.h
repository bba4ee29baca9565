/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parts of a request for a machine, as the commands put it together (create, clone, up). Blocking. */
#ifndef USHER_USHER_CLIENT_REQUEST_H
#define USHER_USHER_CLIENT_REQUEST_H

#include <jansson.h>

/* "2G", "512M", "1.5T", plain numbers in `unit`: bytes, or -1. */
json_int_t request_size(const char *text, json_int_t unit);
/* Appends the keys of an authorized_keys or .pub file. 0, or -errno with what is wrong in `why` ("line 2: …"): then none was
 * appended. */
int request_keys(json_t *keys, const char *path, char *why, size_t size);
/* The caller's own key, where none was named: no installed machine should be out of reach. */
void request_default_keys(json_t *keys);
/* A setting's value: all of the file, but for a line break at the end. Heap text, for wipe_free(); NULL with errno (EFBIG: no
 * text of at most 64 KiB). "-" is standard input. */
char *request_value(const char *path);
/* The site's script for the first boot, into a request's body. 0, or says why and gives EXIT_FAILED. */
int request_first_boot(json_t *body, const char *path);
/* Words of a request that are wrong whatever the service has: names, addresses, MACs, firmware, graphics. NULL: none is;
 * else what is wrong, in `buf`. Pure. */
const char *request_word_error(const json_t *body, char *buf, size_t size);
const char *request_name_error(const char *name, char *buf, size_t size);
/* A number of the caller's own for this creation: sent again after a broken connection it is the same one. */
json_t *request_id(void);

#endif
