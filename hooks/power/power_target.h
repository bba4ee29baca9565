/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What switches a bare machine's power, as a user writes it: the site's executable, a management controller, or a packet
 * that wakes it. Pure.
 *
 *	/etc/usher/power/plug                             the site's executable (power.h)
 *	ipmi://admin@10.0.0.5[:623]                       IPMI 2.0 over LAN
 *	redfish://admin@bmc7.lab[:443][/redfish/v1/…]     DMTF DSP0266, over TLS; the path names one system of several
 *	wol:                                              Wake on LAN, on the segment of the machine's first card
 *
 * Options follow as ?NAME=VALUE&…; a controller's password is never in it. Reserved characters of the user's name are
 * percent-encoded (RFC 3986 2.1).
 */
#ifndef USHER_HOOKS_POWER_POWER_TARGET_H
#define USHER_HOOKS_POWER_POWER_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	POWER_HOST = 256,
	POWER_USER = 65,
	POWER_SYSTEM = 256,
	POWER_PIN = 65, /* a certificate's SHA-256 as 64 hex digits in lower case, and its NUL */
	POWER_PASSWORD_MAX = 128,
	POWER_SPACING_MS = 1000,          /* unless the target says otherwise */
	POWER_SPACING_MAX_MS = 60 * 1000, /* the most that it may say */
};

enum power_kind { POWER_FILE, POWER_IPMI, POWER_REDFISH, POWER_WOL };

enum power_verb { POWER_ON, POWER_OFF, POWER_CYCLE, POWER_STATUS, POWER_NETBOOT };

/* How the next boot from the network is asked for. */
enum power_boot {
	POWER_BOOT_AUTO, /* as the machine booted last; BIOS until it has booted */
	POWER_BOOT_BIOS,
	POWER_BOOT_UEFI,
	POWER_BOOT_HTTP, /* Redfish: UEFI HTTP Boot */
};

struct power_target {
	enum power_kind kind;
	char host[POWER_HOST];     /* without brackets */
	uint16_t port;             /* the kind's own when not said */
	char user[POWER_USER];     /* "": none */
	char system[POWER_SYSTEM]; /* Redfish: path of the system, "": there is only one */
	enum power_boot boot;      /* ?boot=bios, uefi or http */
	unsigned spacing_ms; /* ?spacing=SECONDS: IPMI; between two commands to this controller */
	int cipher;          /* ?cipher=N: IPMI cipher suite; -1: the best that it takes */
	bool administrator;  /* ?level=administrator: of the IPMI session; else operator */
	char pin[POWER_PIN]; /* ?fingerprint=HEX: of its certificate; "": pinned at first use */
};

/* 0, or -EINVAL with one line in `why` that says what to write. A path is taken as it is. */
int power_target_parse(const char *text, struct power_target *ret, char *why, size_t why_size);
/* Does it take a password? */
bool power_target_needs_password(const struct power_target *t);
/* "IPMI controller 10.0.0.5", for messages. Writes to and returns `buf`. */
const char *power_target_name(const struct power_target *t, char *buf, size_t size);

#endif
