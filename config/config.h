/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service's configuration: usher.xml (usher.xml(5)) and the options of `usher serve` over it. */
#ifndef USHER_CONFIG_CONFIG_H
#define USHER_CONFIG_CONFIG_H

#include "core/addr.h"
#include "core/link.h"
#include "hooks/webhook.h"
#include "machine/segment.h"

#include <limits.h>
#include <stdbool.h>

enum {
	CONFIG_PROFILE_DIRS = 4,
	CONFIG_MEDIA_MAX = 64,
	CONFIG_PACKAGES_MIB = 20 << 10, /* two or three distributions' packages of an install */
	CONFIG_PACKAGES_PORT = 8068,
	CONFIG_API_PORT = 8443,
	CONFIG_LOG_PORT = 514, /* of syslog, RFC 5426 3.3 */
	CONFIG_PROBE_MS = 100, /* a neighbour answers within one, a busy guest within some ten */
};

/* The medium that discovers machines. */
#define CONFIG_DISCOVER "discover"

/* <ipv6>: not served without it. */
struct config_segment6 {
	bool on;
	struct ip address;               /* ours; not set: the first that fits */
	struct ip subnet;                /* behind a relay: its prefix */
	uint8_t prefix_len;              /* of that */
	struct ip pool_first, pool_last; /* not set: the numbers of the IPv4 pool */
	struct ip dns[SEGMENT_DNS_MAX];
	size_t n_dns;
	struct segment_options options;
	bool autonomous;
	enum config_router {
		CONFIG_ROUTER_AUTO,
		CONFIG_ROUTER_NO,
		CONFIG_ROUTER_YES
	} router; /* auto: where the network is forwarded */
};

struct config_segment {
	char name[SEGMENT_NAME];
	bool is_network;
	bool named; /* on the command line: it must be there at the start */
	bool remembered; /* `usher network create` made it: it is in the store, neither in the file nor on
			    the command line */
	char via[SEGMENT_NAME]; /* behind a relay: the name of the segment where its packets come in */
	struct ip subnet;       /* the same: its network address */
	uint8_t prefix_len;
	struct ip pool_first, pool_last; /* not set: no pool */
	struct ip router, dns[SEGMENT_DNS_MAX];
	size_t n_dns;
	char domain[254];
	uint32_t lease_s;
	uint16_t probe_ms;
	bool computed, by_client_id;
	bool sealed;   /* boots of its machines are to be confirmed */
	bool discover; /* machines without a record are discovered */
	struct segment_extra extra;
	struct config_segment6 six;
	enum segment_mode mode;
};

struct config_media {
	char name[64];
	char path[PATH_MAX]; /* a local folder, or "" */
	char url[1024];
};

struct config {
	char file[PATH_MAX]; /* "" when there was none */
	char state[PATH_MAX], socket[PATH_MAX], boot[PATH_MAX], hooks[PATH_MAX], power[PATH_MAX];
	char key[PATH_MAX];   /* of the store's secrets; "": usher.key beside the store */
	char rules[PATH_MAX]; /* by which discovered machines are enrolled; "": none */
	char socket_group[64], user[64];
	char profiles[CONFIG_PROFILE_DIRS][PATH_MAX]; /* searched in this order */
	size_t n_profiles;
	char libvirt_uri[256], pool[128], accel[8];
	uint16_t http_port;
	bool api;              /* by TLS too */
	struct ip api_address; /* all zeros: all of the host's, of its family */
	uint16_t api_port;
	char api_certificate[PATH_MAX], api_key[PATH_MAX]; /* both or none: one of usher's own */
	uint16_t log_port;                                 /* where logs of installers are taken */
	bool logs;                                         /* they are */
	uint16_t workers;            /* libvirt calls at a time, for each libvirt */
	uint32_t cache_mib;          /* of fetched files; 0: the usual limit */
	bool cache_local;            /* fetched from loopback, too */
	bool packages;               /* a package cache runs */
	char packages_dir[PATH_MAX]; /* of it; "": packages in the state folder */
	char nginx[PATH_MAX];        /* ""; where it usually is */
	uint32_t packages_mib;
	uint16_t packages_port;
	bool filter;   /* packet filters on our guests' NICs (guest/netfilter.h) */
	bool consoles; /* guests' serial consoles are recorded */
	int log_priority;
	struct config_segment segments[SEGMENT_MAX];
	size_t n_segments;
	struct config_media media[CONFIG_MEDIA_MAX];
	size_t n_media;
	struct webhook_place webhooks[WEBHOOKS_MAX];
	size_t n_webhooks;
};

void config_init(struct config *c); /* the defaults */
/* Reads a file over the current values. 0 or -EINVAL, -ENOENT …, with "FILE:LINE: what is wrong, what was expected". */
int config_read(struct config *c, const char *path, char *why, size_t why_size);
/* --network NAME, --interface IF: the file's entry of that name, else one more. -ENOSPC, -ENAMETOOLONG. */
int config_add_segment(struct config *c, const char *name, bool is_network);
/* Adds a network that usher created, unless it is named already; the other removes it (and only such a network).
 * -ENOSPC. */
int config_remember(struct config *c, const char *network);
void config_forget(struct config *c, const char *network);
/* Where logs of installers are taken; 0: nowhere. */
uint16_t config_log_port(const struct config *c);
/* The package cache's folder. */
const char *config_packages_dir(const struct config *c, char buf[PATH_MAX]);
/* The state folder, which is there, by its own name: paths of media, which have no symbolic links, are compared with it. */
void config_settle_state(struct config *c);
/* Where the system lies that discovers machines; NULL: no segment does that. */
const char *config_discover(const struct config *c);
const struct config_segment *config_segment_of(
	const struct config *c, const char *name); /* or NULL */
/* The address of the link that serves this interface's segment: the first whose subnet contains the pool; without a
 * pool, the first whose subnet contains the router; else the first. NULL, with the line, when no address fits. */
const struct link_address *config_segment_address(
	const struct config_segment *c, const struct link_state *link, char *why, size_t size);
/* False, with the line, when the pool is outside this subnet. Where another server leases, the pool is not used and
 * always fits. */
bool config_pool_fits(
	const struct config_segment *c, const struct link_address *on, char *why, size_t size);
/* The same of IPv6: the configured address, else the first whose prefix is of a length that is served and contains
 * <ipv6>'s pool. */
const struct link_address *config_segment_address6(const struct config_segment *c,
	const struct link_address *of, size_t n, char *why, size_t size);
bool config_pool_fits6(
	const struct config_segment *c, const struct link_address *on, char *why, size_t size);

#endif
