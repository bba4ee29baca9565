/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a walk of `usher probe` saw, and what is to be said of it: the first step that went wrong, its cause and the fix. A cause
 * that is a guess is marked as one. Pure; table-driven: the first rule that holds is the verdict.
 */
#ifndef USHER_USHER_PROBE_PROBE_JUDGE_H
#define USHER_USHER_PROBE_PROBE_JUDGE_H

#include "dhcpd/dhcp_told.h"
#include "usher/probe/boot_bytes.h"
#include "usher/probe/ipxe_script.h"

enum probe_as { PROBE_BIOS, PROBE_UEFI, PROBE_HTTP, PROBE_IPXE, PROBE_AS };
const char *probe_as_name(enum probe_as as); /* "bios" */

enum { PROBE_OFFERS = 4 }; /* of different servers; more are not told apart */

enum probe_end {
	PROBE_NOT_TRIED,
	PROBE_DONE,
	PROBE_SILENT,  /* no answer at all */
	PROBE_REFUSED, /* the host says that nobody listens, or that nobody may come */
	PROBE_MISSING, /* TFTP error 1, HTTP 404 */
	PROBE_DENIED,  /* TFTP error 2, HTTP 401 and 403 */
	PROBE_STATUS,  /* another HTTP status, another TFTP error */
	PROBE_BROKEN,  /* broke off, or cannot be asked for: `says` */
};

struct probe_fetch {
	enum probe_end end;
	bool tftp;
	bool part; /* only its beginning was fetched */
	char url[IPXE_URL];
	uint64_t bytes; /* of the whole, where that is known */
	long status;    /* of HTTP; the error of TFTP */
	enum boot_bytes kind;
	char says[128];
};

/* Why the boot script was not fetched. */
enum probe_held {
	PROBE_NOT_HELD,
	PROBE_HELD_ARMED, /* it would count as the armed machine's boot */
	PROBE_HELD_TOKEN, /* its URL has a token of usher's */
};

/* What should be, as the service on this host says; all zero: it was not asked, or does not serve there. */
struct probe_known {
	bool serves;     /* on that link */
	uint32_t server; /* its address there */
	bool proxy;      /* another leases there */
	enum { PROBE_UNKNOWN, PROBE_BOOTS, PROBE_NOTHING } should;
	char machine[64], state[16]; /* of the record whose MAC it is, or "" */
};

struct probe_facts {
	enum probe_as as;
	char on[16];
	bool macvlan;    /* which cannot reach this host itself */
	bool libvirt;    /* the link is a libvirt network's bridge, by its name */
	bool install;    /* it was told to go to the end */
	unsigned wait_s; /* how long offers were waited for */
	struct probe_known known;
	struct dhcp_told offers[PROBE_OFFERS];
	size_t n_offers;
	int lease, boot;    /* of `offers`: which gives the address, which names what to boot; -1 */
	enum probe_end ack; /* PROBE_DONE, PROBE_SILENT; PROBE_DENIED: `nak` */
	struct dhcp_told nak;
	bool address_fails; /* it cannot be used: `address_says` */
	char address_says[128];
	struct probe_fetch program; /* what DHCP named: a boot program, of iPXE its script */
	enum probe_held held;
	struct ipxe_script script;
	struct probe_fetch kernel, initrd, answers,
		done; /* `initrd`: the first that failed, else the last */
};

struct probe_verdict {
	bool right;
	bool probably;            /* the cause is a guess: the text says so, too */
	const char *what;         /* static, for programs: "no-server" */
	char text[512], fix[512]; /* a line each; `fix` "" where there is nothing to do */
};

void probe_judge(const struct probe_facts *f, struct probe_verdict *ret);

/* Of `program` alone, which was fetched without DHCP from this host itself: does a server answer there? */
void probe_judge_from_here(const struct probe_facts *f, struct probe_verdict *ret);

/* An offer of boot information alone. */
bool probe_is_proxy(const struct dhcp_told *t);

#endif
