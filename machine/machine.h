/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machine records and their registry. Main thread only; the registry owns the records.
 *
 * A machine has NICs, a NIC has a segment, a MAC and addresses; everything is looked up by
 * (segment, MAC) or (segment, address), since two segments may use the same ones. A record is
 * stored as one JSON object under its name, written by machines_save() into the store's open
 * transaction.
 */
#ifndef USHER_MACHINE_MACHINE_H
#define USHER_MACHINE_MACHINE_H

#include "core/addr.h"
#include "core/rate.h"
#include "core/store.h"
#include "core/table.h"
#include "core/uuid.h"
#include "machine/census.h"
#include "machine/machine_spec.h"
#include "machine/life.h"
#include "machine/segment.h"
#include "machine/timeline.h"

#include <jansson.h>

enum {
	MACHINE_NAME = 64, /* a DNS label (RFC 1123 2.1) and its NUL */
	MACHINE_NICS = 8,
	MACHINE_NIC_ADDRS = 4,
	MACHINES_MAX = 100000,
	/* GRUB under emulation takes seconds between two requests; no machine resets sooner, unless it is being
	 * stopped. */
	MACHINE_SAME_BOOT_MS = 30 * 1000,
	MACHINE_HEARD_LATE_MS = 250,
	TOKEN_TEXT = 33, /* 128 random bits as hex and a NUL */
	/* Kept so that a request with an old token is reported on its machine's timeline: an attempt leaves four
	 * behind, a boot one. */
	MACHINE_OLD_TOKENS = 8,
	MACHINE_PIN = 65, /* a SHA-256 as hex digits, and a NUL */
	MACHINE_CODE_TEXT =
		7, /* six digits and a NUL: one guess in five hits once in 200,000 boots */
	MACHINE_WRONG_CODES = 5, /* then the code is void, and the machine has to boot anew */
	MACHINE_LOOP_MS = 10 * 60 *
		1000, /* more boots of a live system than its profile's <boots> in this time are a loop */
};

struct nic {
	char segment[SEGMENT_NAME]; /* stored name */
	uint32_t segment_id;        /* in this run; 0: that segment is not served */
	struct mac mac;
	struct ip addrs[MACHINE_NIC_ADDRS];
	size_t n_addrs;
};

/* The client of a request for a machine: its address, and which of the machine's cards holds it. */
struct boot_client {
	struct ip ip;
	struct mac mac; /* zero: not known, and `segment` says nothing */
	char segment[SEGMENT_NAME];
};

/* A sealed machine's boot that waits to be confirmed. Its token is valid for repeating the request, and becomes the
 * attempt's token when the user types the code that this boot shows. A newer boot replaces it. */
struct sealed_boot {
	char token[TOKEN_TEXT]; /* "": none asked */
	char code[MACHINE_CODE_TEXT];
	struct boot_client client; /* who asked */
	int64_t at;                /* wall ms */
	unsigned wrong;            /* wrong codes typed so far */
};

/* Of an attempt that boots a live system at every boot. */
struct live {
	bool on;
	int64_t booted_at,
		up_at;      /* wall ms: the newest boot, and when that reported up; 0: not yet */
	int64_t timeout;    /* ms that a boot may take until it reports that */
	int64_t counted_at; /* steady ms: `counted` boots began in MACHINE_LOOP_MS from then */
	unsigned counted;
};

/* One armed install. A token belongs to one boot of it: `token` to the boot that is under way,
 * `next_token` to the one that a firmware would start now. Fetching the boot script of `next_token`
 * makes it `token`, draws a new `next_token` and counts the boot; fetching that of `token` again is
 * a retry. `up_token` goes into the installed system and is good for its first-boot report only; of a live system, each
 * boot has its own.
 *
 * Of a sealed one, fetching the script of `next_token` only asks: it changes nothing but `asking`, every time anew, and
 * a boot begins and is counted when it is confirmed. */
struct attempt {
	uint64_t number;  /* 1.. per machine; 0: never armed */
	int64_t armed_at; /* wall ms */
	int64_t deadline; /* steady ms */
	int64_t ended_at; /* 0: under way */
	unsigned boots, max_boots;
	char token[TOKEN_TEXT], next_token[TOKEN_TEXT], up_token[TOKEN_TEXT];
	struct boot_client client; /* who fetched this boot's script: see machine_answers() */
	bool answers_fetched;      /* in this boot */
	bool answers_closed;       /* a later stage was reported: no more answers for this boot */
	bool switched; /* of bare metal: its power was switched for it, or that was tried */
	bool sealed;   /* no script and no answers before the user has confirmed the boot */
	bool by_rules; /* rules armed it, no user did: a machine that says it is the same takes that back */
	unsigned asks; /* boots of it that asked to be confirmed */
	struct sealed_boot asking;
	char tool[64]; /* what it runs, which installs nothing: a profile; "": it is an install */
	struct live live;
	enum life_state
		before; /* of a tool and of a live system: what the machine is again when it ends */
	char reason
		[256]; /* why it failed, or what is wrong with a live system's boot; "" otherwise */
	json_t *snapshot; /* the profile as it was when armed; made and read by kickstart/ */
	json_t *cause; /* why it is stuck, or failed: cause_json() in causes.h; NULL: nothing is known to be wrong */
};

/* Whether its attempts are sealed. */
enum machine_seal {
	SEAL_BY_SEGMENT, /* not set: sealed if one of its segments is, when it is armed */
	SEAL_YES,
	SEAL_NO,
};

struct encrypt_key;
struct facts;

struct machine {
	char name[MACHINE_NAME];
	char uuid[UUID_TEXT];
	bool guest;    /* libvirt's; else bare metal */
	bool deleting; /* being deleted: its guest may be partly deleted, and never starts again */
	bool template; /* clones are made from its disk: never armed, never started */
	/* not stored: */
	unsigned holds; /* operations in progress: its creation, its deletion, jobs */
	struct rate progress_stored;
	int percent;   /* progress that its installer reports; -1: not reported */
	bool in_clear; /* its record in the store has secrets that are not encrypted */
	/* --- */
	bool guest_gone; /* the timeline already says that libvirt no longer has this guest */
	enum life_state state;
	enum machine_seal seal;       /* from the next attempt on */
	int64_t created_at, state_at; /* wall ms */
	char profile[64];
	char lab[64]; /* the lab that made it, or "" */
	char power
		[512]; /* bare metal: what switches its power (hooks/power/power_target.h), or "" */
	char *power_password; /* of its controller; NULL: none; wiped when it goes, never shown */
	char *power_locked; /* the same as it was stored, which the key does not open; NULL: it does, or there is none */
	char power_pin[MACHINE_PIN]; /* SHA-256 of its controller's certificate, met first; or "" */
	bool uefi; /* bare metal: it booted by UEFI when it was last seen booting */
	struct nic nics[MACHINE_NICS];
	size_t n_nics;
	/* --set values: object of strings, and {"secret": string} for what nobody may see; {"encrypted": string}: as it was
	 * stored, which the key does not open */
	json_t *settings;
	json_t *ssh_keys;         /* array of strings, authorized_keys lines */
	struct machine_spec spec; /* of a guest */
	json_t *host_keys; /* array of "TYPE BASE64" (host_keys.h) of the system that is installed; NULL: not told */
	json_t *labels;      /* object KEY: text (labels.h); NULL: none */
	char *note;          /* or NULL */
	char *first_boot;    /* the site's script for its first boot, or NULL */
	char request_id[64]; /* of the create that made it: the same again is the same creation */
	struct attempt attempt;
	char old_tokens[MACHINE_OLD_TOKENS]
		       [TOKEN_TEXT]; /* newest first, "" at the end; no longer valid */
	int64_t script_at; /* not stored: when this boot's script was fetched by name, mono ms; 0: it
			      loaded something since */
	/* Guests; not stored: what libvirt last said, "running", "off", "paused", "crashed", "gone" (static; NULL:
	 * nothing yet), when (mono ms), and that it is gone once it stops. */
	const char *guest_state;
	int64_t guest_state_at;
	bool guest_transient;
	/* registry's own */
	struct table_node by_name;
	struct machine_keys *keys; /* under which it is found now */
	struct machines *home;
	struct counted counted; /* census.h */
	size_t watched;         /* place among those that are watched, 1-based; 0: it is not */
	struct facts *facts;    /* of one that is watched, else NULL: watch.h */
	json_t *cause_before;   /* why it was stuck earlier in this attempt; NULL: it was not */
	size_t due;             /* place among those with a deadline, 1-based; 0: has none */
	size_t walked;          /* where machines_next() met it last among all */
};

struct machines;

/* `store` may be NULL (tests), `segments` too; the segments are looked at when a record is added or
 * saved. */
int machines_new(struct store *store, struct timeline *timeline, const struct segments *segments,
	struct machines **ret);
/* With what secrets are encrypted in the store from now on; borrowed. Without it, records with secrets are not loaded and
 * not saved (-ENOKEY). */
void machines_use_key(struct machines *ms, const struct encrypt_key *key);
/* Reads all records from the store; -EPROTO names the unreadable record in `why`, -ENOKEY one whose secrets are encrypted. */
int machines_load(struct machines *ms, char *why, size_t why_size);
/* Puts all records into the store's open transaction whose secrets were found in clear there, now encrypted. How many, or
 * machines_save()'s error. */
int machines_encrypt(struct machines *ms);
/* Which of its secrets could not be decrypted: "power_password", "settings/NAME". New reference to an array of texts. */
json_t *machine_unreadable(const struct machine *m);
void machines_free(struct machines *ms);

struct machine *machine_new(void); /* zeroed, with empty JSON members; machine_free() */
void machine_free(struct machine *m);

/* Takes ownership. -EEXIST: name, (segment, MAC) or (segment, address) is another's; -ENOSPC;
 * -ENOMEM; then it is still the caller's. Does not save. Fills in the NICs' segment_id. */
int machines_add(struct machines *ms, struct machine *m);
/* Takes it out of the registry and the store's open transaction deletes it; frees it. To be told by
 * hooks, its "deleted" is put on the timeline before. */
void machines_remove(struct machines *ms, struct machine *m);
/* Puts the record into the store's open transaction, and looks at its NICs, tokens and deadline
 * again: what look-ups find is what was last saved. -EEXIST (a changed NIC is another's), -ENOMEM,
 * -EMSGSIZE, -ENOSPC. */
int machines_save(struct machines *ms, struct machine *m);
/* The same, of what may be lost by a restart: nothing is stored. */
int machines_update(struct machines *ms, struct machine *m);

/* Segments were added or removed: looks up the segments of all NICs again. 0, or -errno of the first record that cannot
 * be indexed (-EEXIST: another machine has its MAC or address), whose name is in `ret_name`; the other records are
 * indexed. */
int machines_segments_changed(struct machines *ms, const char **ret_name);
/* Another name, in the store's open transaction too; a walk by machines_next() must begin anew. -EEXIST, -EINVAL, or
 * machines_save()'s, and then it keeps its name. */
int machines_rename(struct machines *ms, struct machine *m, const char *name);

struct machine *machines_by_name(const struct machines *ms, const char *name);
/* Scans all records: only for rare events. */
struct machine *machines_by_uuid(const struct machines *ms, const char *uuid);
/* The machine that had this name and UUID: it may have been renamed, and another may have the name now. NULL: it was
 * deleted. */
struct machine *machines_same(struct machines *ms, const char *name, const char *uuid);
/* `ret_nic` may be NULL. */
struct machine *machines_by_mac(
	const struct machines *ms, uint32_t segment, const struct mac *mac, struct nic **ret_nic);
struct machine *machines_by_ip(const struct machines *ms, uint32_t segment, const struct ip *ip);
/* Where to begin looking for a machine's address (host order): each lower one is recorded, in the pool, or must not be
 * offered. Cached, so that creating a thousand machines does not scan all of them each time; not cached for a segment
 * that is not served (its id is outside 1..SEGMENT_MAX). */
uint32_t machines_lowest(struct machines *ms, const struct segment *seg);
enum token_kind { TOKEN_NONE, TOKEN_BOOT, TOKEN_NEXT, TOKEN_ASKING, TOKEN_UP, TOKEN_OLD };
/* Compares in constant time. A token of an ended attempt is found too (the caller refuses and says
 * whose). */
struct machine *machines_by_token(
	const struct machines *ms, const char *token, enum token_kind *ret_kind);
/* In name order ("node2" before "node10"); NULL starts. `prev` must still be there. */
struct machine *machines_next(const struct machines *ms, const struct machine *prev);
/* The same, after a name, which need not be there. */
struct machine *machines_after(const struct machines *ms, const char *name);
/* The machine of this name, or else the first after it. */
struct machine *machines_from(const struct machines *ms, const char *name);
size_t machines_count(const struct machines *ms);

/* A DNS label of at most 63 characters, in lower case, not digits only (libvirt's own ids). Returns
 * NULL when fine, else what is wrong with it (static text). */
const char *machine_name_error(const char *name);
/* The same of a lab's name, which is "" or as usher-lab(5) has it: others put it into files of theirs as it is. */
const char *machine_lab_error(const char *lab);
/* The address lookups below use nics[0]. */
const struct ip *machine_ip(const struct machine *m); /* first address or NULL */
const struct nic *machine_nic_on(
	const struct machine *m, uint32_t segment); /* the first, or NULL */
/* The machine's card with this MAC in the segment, or NULL. A machine may have several cards there, and answer ARP for
 * one card's address on another. */
const struct nic *machine_nic_of(const struct machine *m, uint32_t segment, const struct mac *mac);
bool nic_has(const struct nic *nic, const struct ip *ip); /* by its record */
/* The card's IPv6 address: the first of the record; else, where the segment has IPv6, the one computed from its IPv4 address.
 * Not set: it has none. Both may be NULL. */
struct ip nic_address6(const struct nic *nic, const struct segment *s);
/* The card that has this address in the segment by the machine's record, or NULL. */
const struct nic *machine_nic_with(const struct machine *m, uint32_t segment, const struct ip *ip);
/* The card of the current boot; NULL: not known, or the machine no longer has that card. */
const struct nic *machine_nic_booting(const struct machine *m);

/*
 * Life. Each runs life_step(), changes and saves the record, puts the state's event on the
 * timeline, and calls `act` (set once by the program) with the actions, last of all: it may free
 * the machine. All in the store's open transaction, which the caller commits before anything leaves
 * that depends on it. When the store does not take the record (-ENOSPC, -ENOMEM) that is returned,
 * and the change stands in memory.
 *
 * machine_tell() reports events that a peer can cause as often as it likes.
 */
typedef void (*machine_act)(void *arg, struct machine *m, unsigned actions);
void machines_on_action(struct machines *ms, machine_act act, void *arg);
/* Asks for actions without a change of the machine's life. */
void machine_ask(struct machine *m, unsigned actions);

/* Begins an attempt: draws tokens, sets deadline (0: none) and boot limit, takes the snapshot
 * (steals the reference, also on failure; may be NULL). 0, -EBUSY when refused, or as above. */
int machine_arm(
	struct machine *m, json_t *snapshot, unsigned max_boots, int64_t deadline_ms_from_now);
/* The attempt that was just armed is the rules' (attempt.by_rules). 0, or machines_save()'s. */
int machine_armed_by_rules(struct machine *m);
/* Begins a run of a tool, a profile that installs nothing. Otherwise as machine_arm(). */
int machine_run(struct machine *m, const char *tool, json_t *snapshot, unsigned max_boots,
	int64_t deadline_ms_from_now);
/* From now on it boots the snapshot's live system at every boot. The snapshot's profile stays that until the next call.
 * Otherwise as machine_arm(); `max_boots` in MACHINE_LOOP_MS are no loop, and `deadline_ms` is that of each boot. */
int machine_go_live(struct machine *m, json_t *snapshot, unsigned max_boots, int64_t deadline_ms);
/* Does its live system begin anew again and again? */
bool machine_loops(const struct machine *m);
/* Begins the only attempt of a clone, which is installed already: its first boot is to come. Otherwise as
 * machine_arm(). */
int machine_clone(
	struct machine *m, json_t *snapshot, int64_t deadline_ms_from_now, const char *detail);
/* Any other event; `detail` is a line for the timeline (a reason, an address) or NULL. 0, or -EPERM
 * refused (the refusal is on the timeline). */
int machine_event(struct machine *m, enum life_event e, const char *detail);
/* The boot script under token kind TOKEN_NEXT, TOKEN_ASKING or TOKEN_BOOT is asked for by `client`: advances the
 * boot when it is a new one. 0: serve it under attempt.token. -EAGAIN: it is sealed, have it show the code and ask again
 * under attempt.asking. -EPERM: refused, attempt.reason or the timeline says why. */
int machine_boot(struct machine *m, enum token_kind kind, const struct boot_client *client);
/*
 * The same, asked for without a token, by a fixed name. A boot loader may ask more than once in one
 * boot: GRUB looks whether the file is there, then reads it, and PXELINUX repeats what it got no
 * answer to. That is the same boot as long as the machine has loaded nothing else since its script
 * (machine_loaded()): after a reset it has to load its boot program again. Where that lies on the
 * machine itself, only the time tells: MACHINE_SAME_BOOT_MS after the first of them it is a new one.
 */
int machine_boot_named(struct machine *m, const struct boot_client *client, int64_t now);
/* Is a boot of the machine waiting to be confirmed? */
bool machine_waits(const struct machine *m);
/* The user types the code that the machine shows: that boot begins. 0; -ENOENT: none waits; -EACCES: another code, of
 * which it takes MACHINE_WRONG_CODES; -EPERM: life refused the boot, attempt.reason or the timeline says why. */
int machine_confirm(struct machine *m, const char *code);
/* The machine has loaded a file. The report arrives up to MACHINE_HEARD_LATE_MS later; so soon after its script, it is
 * about the boot loader that fetched the script. */
void machine_loaded(struct machine *m, int64_t now);
/* May `client` have the answers now? Allowed are the address that fetched the boot's script, and the addresses of the
 * machine's other cards: an installer may use any of them. 0 or -EPERM; both go on the timeline. */
int machine_answers(struct machine *m, enum token_kind kind, const struct boot_client *client);
/* The same for an additional answer file: it goes on the timeline and changes no state. */
int machine_answers_file(struct machine *m, enum token_kind kind, const struct boot_client *client,
	const char *name);
/* The public SSH host keys of the system that boots for the first time, a line each. The first ones stay: telling the same
 * again is fine. 0, or -errno with one line in `why`: -EINVAL no keys, -EPERM not now, -EEXIST others were told;
 * machines_save()'s. */
int machine_host_keys(struct machine *m, const char *text, char *why, size_t why_size);
/* Reports an event that a peer causes, by timeline_add_peers(): repeats since the machine's last change of state and
 * events over the limit are left out. */
void machine_tell(const struct machine *m, const char *kind, const char *text);
/* The same with a progress in percent; -1: not known. */
void machine_tell_percent(const struct machine *m, const char *kind, int percent, const char *text);
/* The machine with the next deadline (attempt.deadline: an install in progress, or the wait for the first boot), for
 * one timer; NULL: none. O(1). */
struct machine *machines_next_deadline(const struct machines *ms);

/* ms since the epoch as all of the API's times are: "2026-11-21T03:38:19.042Z"; null for 0, which is "never". New reference. */
json_t *machine_time_json(int64_t ms);
/* The record for the API and hooks, without tokens, secrets and snapshot. New reference. `full` adds settings, keys,
 * guest. */
json_t *machine_to_json(const struct machine *m, bool full);

#endif
