/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a machine told of itself when it was discovered, for people. */
#ifndef USHER_USHER_CLI_DISCOVERED_TEXT_H
#define USHER_USHER_CLI_DISCOVERED_TEXT_H

#include <jansson.h>
#include <stddef.h>

/* Its hardware, a line for each part. */
void discovered_print_hardware(const json_t *inventory);
/* "sdb (3000 MB): gpt; 1: ext4", of all disks that hold something; "" for none. Returns `buf`. */
const char *discovered_holds(const json_t *inventory, char *buf, size_t size);

#endif
