/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inventory of a machine: what a system in its memory found there, as one JSON (contrib/discover/README has its schema).
 * Checked and made uniform, and what the machine is known by. Pure.
 */
#ifndef USHER_MACHINE_INVENTORY_H
#define USHER_MACHINE_INVENTORY_H

#include "core/addr.h"
#include "core/uuid.h"

#include <jansson.h>

enum {
	INVENTORY_SCHEMA = 1,
	INVENTORY_BYTES = 256 * 1024, /* of the JSON, before and after: a large server has 60,000 */
	INVENTORY_DISKS = 128,        /* contrib/discover tells no more either */
	INVENTORY_INTERFACES = 64,
	INVENTORY_PCI = 512,    /* two sockets have some 300 functions */
	INVENTORY_TEXT = 129,   /* bytes of a text and its NUL: SMBIOS has 64 characters */
	INVENTORY_HOLDS = 1025, /* the same of what a disk holds */
	INVENTORY_REFUSED = 640,
};

/*
 * Makes the JSON uniform: only members of the schema, each of its type; absent, null and empty ones are left out (but that a
 * disk holds nothing, "holds": "", stays: where that is absent, nobody could look); texts are
 * trimmed, safe to show (core/plain.h) and cut to INVENTORY_TEXT; UUIDs, MACs and addresses are as we write them. `disks`,
 * `interfaces` and `pci` are always there. *ret is a new reference. 0; -EFBIG, or -EINVAL when it is no such JSON, with one
 * line in `why`; -ENOMEM.
 */
int inventory_parse(const char *text, size_t len, json_t **ret, char *why, size_t size);

/* What a machine is known by. "": not told, or worthless. */
struct inventory_identity {
	char uuid[UUID_TEXT]; /* lower case */
	char serial[INVENTORY_TEXT];
	char asset_tag[INVENTORY_TEXT]; /* the system's, else the chassis's, else the board's */
	/* "", or a line about the worthless ones: "UUID 00000000-… is all zero; serial 'Default string' is a placeholder" */
	char refused[INVENTORY_REFUSED];
};
/* Of an inventory that inventory_parse() made. */
void inventory_identity(const json_t *inventory, struct inventory_identity *ret);

/* Why nobody is known by this value, which many machines have: "all zero", "a placeholder of firmware" …; NULL: it may be
 * one machine's own. Of a serial or an asset tag, and of a UUID in either case. */
const char *inventory_worthless(const char *text);
const char *inventory_worthless_uuid(const char *uuid);
/* A UUID in lower case; -EINVAL: it is none. */
int inventory_uuid(const char *text, char ret[UUID_TEXT]);

/* The MACs of its cards, each once: the one it booted from first, then those that are wired; a permanent one counts before the
 * present one. Left out is what is no card of its own: a controller's link by USB, bonds, bridges. Gives how many, at most
 * `most`. */
size_t inventory_macs(const json_t *inventory, struct mac *ret, size_t most);

#endif
