/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a machine is served: boot script, kernel command line and answers, from the snapshot it was
 * armed with.
 *
 * Names in templates (what is not known is "", as the address where somebody else leases):
 *
 *	machine.   name fqdn uuid mac bootif (01-52-54-…) address prefix netmask gateway
 *	           dns (list) dns_first dns_comma ("9.9.9.9,1.1.1.1") domain guest, uefi (true, false)
 *	           nics (list, the first that it was given first: mac segment address prefix netmask gateway dns
 *	           dns_first dns_comma domain, those that end in 6, and true or false has_address (and a netmask), has_address6 and boots: of
 *	           it is the rest)
 *	           address6 prefix6 netmask6 gateway6 dns6 dns6_first dns6_comma (where IPv6 is served; the address
 *	           is the record's, else the one computed from its IPv4 address)
 *	           disk (the setting `disk` where the profile has it, else "vda" for guests)
 *	           find_disk (what a script has to look for: the setting `disk` where that is no name, as "smallest-ssd";
 *	           "largest" where there is no name for it; "" where there is)
 *	           link (what has the address in the new system: bond0, vlan100; "": the card itself) vlan ("": none)
 *	           bonded bond_all (true, false) bond_mode bond_members (list: mac number; empty when all) bond_cards (their MACs
 *	           with blanks between, or "all"), of the settings `bond`, `bond_mode` and `vlan` where the profile has them
 *	profile.   name title
 *	server.    address url (of the family that the machine asks by) address6 ipv6 (true, false: that family is IPv6)
 *	           log (where syslog messages are taken, UDP and TCP: "192.168.122.1:514", "[2001:db8:7a::1]:514"; "": nowhere)
 *	           log_host (the same without the port, in brackets too) log_port
 *	media.     name url (no slash at the end) cached (the same, through the package cache as cached.NAME) local (true, false: served by us, not by its URL) image (URL
 *	           of all of a local one, "" else); of an
 *	           imported medium that was recognised: kernel initrd shim grub, as far as it has them
 *	image.     name, url, and of the one that is imported: size (bytes of the disk) packed_size sha256 (of what the URL gives)
 *	attempt.   number url (other answer files: {{{attempt.url}}}/NAME) answers_url done_url failed_url progress_url up_url
 *	ssh_keys   (list); ssh_keys_json (all of it as JSON, for {{{ }}} in JSON and YAML)
 *	set.NAME   each declared setting
 *	cached.NAME  each URL: of a mirror, where the package cache runs, its URL there; else the URL itself
 *	is.NAME.VALUE  true for the value that a setting with a list of `values` has, else false
 *	is.NAME.given  true for a list that has something in it, else false
 *
 * Pure but for crypt(3) in render_validate(). Each gives heap text or -errno with one line in `why`
 * ("FILE:LINE:COL: …" where it lies in a template).
 */
#ifndef USHER_KICKSTART_RENDER_H
#define USHER_KICKSTART_RENDER_H

#include "kickstart/mirror.h"
#include "kickstart/script.h"
#include "machine/machine.h"

enum {
	RENDER_CMDLINE_MAX =
		2047, /* bytes: COMMAND_LINE_SIZE of x86, less the NUL; the kernel cuts silently */
};

struct render_input {
	const struct machine *machine;
	const json_t *settings; /* of the machine, for render_validate(); NULL: its record's */
	const struct nic *nic;  /* NULL: the first one */
	const struct segment *segment; /* NULL: not known (then no addresses of ours) */
	enum ip_family family; /* that it asks by: server.address is of it where we have one */
	/* Where its other cards are, by the segment's name. NULL: not known; `arg` of render_find_segment() is a struct
	 * segments. */
	const struct segment *(*find_segment)(const void *arg, const char *name);
	const void *arg;
	const char *base_url; /* "http://192.168.122.1:8067", no slash at the end */
	const struct mirrors
		*mirrors;      /* that the package cache fetches from; NULL: there is no cache */
	const char *cache_url; /* of the package cache, as base_url */
	const char *token;     /* NULL: a placeholder, for `usher render` */
	const char *up_token;  /* the same */
	bool masked;           /* "(secret)" for secret settings: for people's eyes */
};

const struct segment *render_find_segment(const void *segments, const char *name);

/* A snapshot with all that its templates know, ready to render. */
struct rendering;

/* Copies what it needs of both. */
int rendering_new(const struct render_input *in, const json_t *snapshot, struct rendering **ret,
	char *why, size_t why_size);
void rendering_free(struct rendering *r); /* NULL is fine */

/* The script that loads kernel and initrds, for this boot loader. -EINVAL: it cannot do that. */
int render_script(
	const struct rendering *r, enum script_kind kind, char **ret, char *why, size_t why_size);
int render_cmdline(const struct rendering *r, char **ret, char *why, size_t why_size);
/* -ENOENT: the profile has no answers. */
int render_answers(const struct rendering *r, char **ret, char *why, size_t why_size);
/* An answer file by what it is served as; *ret_type is its content type (static; may be NULL).
 * -ENOENT: there is none of that name. */
int render_answers_file(const struct rendering *r, const char *name, char **ret,
	const char **ret_type, char *why, size_t why_size);

/* The answer file number `n`, where its lines come from in `map`, and what it is in *ret_about (borrowed).
 * -ENOENT past the last. */
int render_answers_mapped(const struct rendering *r, size_t n,
	const struct profile_answers **ret_about, struct mustache_map *map, char **ret, char *why,
	size_t why_size);
/* Borrowed. */
const struct profile *rendering_profile(const struct rendering *r);
const json_t *rendering_context(const struct rendering *r);

/* Kernel and initrds, as we serve them: `n` 0 is the kernel, 1.. the initrds; -ENOENT past the last.
 * `ret_path` "NAME/path" below /boot/ and for TFTP. Those of a medium by URL are in the cache
 * (fetch_name.h), once they were fetched. */
int render_file(const struct rendering *r, unsigned n, char **ret_url, char **ret_path, char *why,
	size_t why_size);

/* The same files' own URLs, of a medium by URL, and the SHA-256 that the profile wants ("": none). -ENOENT
 * past the last, and for a local medium. */
int render_origin(const struct rendering *r, unsigned n, char **ret_url, char **ret_sha256,
	char *why, size_t why_size);

/*
 * Used at create, before anything is made: settings, demands on memory and disk, and every
 * template, rendered with what is known. `in` machine and segment may lack addresses and tokens.
 * `memory_mib` and `disk` (bytes) of the guest to be, 0: not known. On success *ret_snapshot (may
 * be NULL) is the snapshot to arm with.
 */
int render_validate(const struct profile *p, const struct render_input *in, uint64_t memory_mib,
	uint64_t disk, json_t **ret_snapshot, char *why, size_t why_size);
/* The same, and on success *ret is what all was rendered with, for more to be made of it. */
int rendering_validated(const struct profile *p, const struct render_input *in, uint64_t memory_mib,
	uint64_t disk, struct rendering **ret, json_t **ret_snapshot, char *why, size_t why_size);

#endif
