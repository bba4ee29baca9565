/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot information beside another server's leases (PXE 2.1, "proxyDHCP"). Pure.
 *
 * An armed machine's DISCOVER is offered a boot file and no address; on port 4011 it is told the
 * same once more; so is a card without a record where machines are discovered. Option 60, the file and option 43 "ask no boot server" together are what iPXE's
 * ROM and OVMF's own stack both take. Nobody else gets a word, and no lease is ever acknowledged.
 */
#ifndef USHER_DHCPD_DHCP_PROXY_ANSWER_H
#define USHER_DHCPD_DHCP_PROXY_ANSWER_H

#include "dhcpd/dhcp_boot.h"
#include "machine/machine.h"
#include "machine/segment.h"

enum { DHCP_PROXY_PORT = 4011 };

/* `ret`: what it is told to boot, or that its firmware is not served. `machine` may be NULL; `programs` as
 * dhcp_boot_machine() takes them. `port`: the one that the message came to, 67 or 4011. The length of the answer in `buf`;
 * 0: none is due; -EMSGSIZE. */
int dhcp_proxy_answer(const struct dhcp_message *m, const struct segment *s,
	const struct machine *machine, dhcp_programs programs, uint16_t port,
	uint8_t buf[DHCP_REPLY_MAX], struct dhcp_boot *ret);

/* Is one due, if there is something to boot? */
bool dhcp_proxy_is_due(const struct dhcp_message *m, const struct segment *s, uint16_t port);
/* The same to a card without a record, as dhcp_boot_stranger() has it. */
int dhcp_proxy_answer_stranger(const struct dhcp_message *m, const struct segment *s,
	const char *token, uint16_t port, uint8_t buf[DHCP_REPLY_MAX], struct dhcp_boot *ret);

#endif
