/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A creation under way (create.c), and the judgement of its request (judge.c, judge_nics.c, judge_guest.c): everything
 * that can be said before libvirt is asked and anything is made.
 */
#ifndef USHER_SERVICE_OPERATIONS_JUDGE_H
#define USHER_SERVICE_OPERATIONS_JUDGE_H

#include "service/files/served_profile.h"
#include "service/operations/operations.h"
#include "machine/discovered.h"

/* More than any host has. */
enum {
	JUDGE_VCPUS_MAX = 1024,
	JUDGE_MEMORY_MAX_MIB = 1 << 30,
	JUDGE_DESCRIPTION_MAX = 4096, /* bytes: a few paragraphs */
	JUDGE_FIELD = sizeof "settings." + PROFILE_NAME,
};

/* What was read of a profile for one machine of a trial, for the next one that asks for the same: a list of a rack names one
 * profile a thousand times. */
struct trial_profile {
	json_t *asked;           /* profile, settings and firmware; NULL: cannot be for two */
	struct profile *profile; /* NULL: the machine that is judged now has it */
	int files_rc;            /* as of struct served_profile */
	char files_why[1024];
};

/* Requests that are judged together, in order, without creating anything: trial.c. */
struct trial {
	struct trial *next;
	struct operations *ops;
	struct http_request *request; /* answered when all are judged */
	json_t *body;
	size_t at;               /* the machine of the request that is judged now */
	struct creation *trying; /* that one */
	struct creation
		*judged;   /* those that were accepted: what they use is taken for later ones */
	size_t at_network; /* the network that is judged, before all machines */
	struct guest_network_spec network; /* that one */
	struct segment *coming;            /* those that were judged */
	size_t n_coming;
	uint32_t free_segment,
		free_from; /* where the lowest free address was found last, and the next after it */
	json_t *faults;
	char warning[1024];
	struct table taken; /* names, addresses and MACs of those that were accepted */
	struct trial_profile kept;
	struct loop_timer turn; /* the next slice: what needs no waiting must not hold the loop */
	unsigned behalf;        /* core/behalf.h */
	bool stepping, waiting;
	bool make; /* POST /enrolments: they are made when nothing is wrong with any */
};

/* How a creation ended that nobody asked for by HTTP: with `said` (borrowed) as POST /machines would have answered. What it says
 * goes to disk at the end of this turn. */
typedef void (*create_told)(void *arg, unsigned status, json_t *said);

struct creation {
	struct creation *next;
	struct trial_mark *marks; /* what it takes, in trial.taken; NULL: not judged yet */
	size_t n_marks;
	struct operations *ops;
	struct http_request *request; /* answered when the creation ends; NULL: `told` is called */
	create_told told;
	void *told_arg;
	struct machine *machine; /* ours until it is in the registry (`recorded`) */
	struct reservation reservation;
	struct profile *profile;
	json_t *snapshot;         /* until armed */
	json_t *findings;         /* of its answers; NULL: none */
	json_t *body;             /* the request, until it is judged */
	struct guest_seat *seats; /* what libvirt knows of, where it leases */
	size_t n_seats;
	bool recorded, replace, arm, clone;
	struct guest_spec *former; /* the disks of the guest that it replaces; NULL: none */
	char from[DISCOVERED_ID];  /* the discovered machine that it is; "": none was named */
	int profile_rc;            /* why there is no profile, with the line in `why` */
	struct trial
		*trial;    /* this creation is only judged, with others; NULL: it is carried out */
	bool making;       /* libvirt is creating the guest */
	char why[512];     /* why it failed, while it is being undone */
	char warning[512]; /* of a guest that was made: guest_create() */
	char field[JUDGE_FIELD]; /* what of the request is at fault: judge_field() */
};

/* The segment that the request means, of its first NIC; NULL: none. */
const struct segment *judge_where(const struct creation *c, json_t *body);
/* One that is served, or one that is made before; NULL: none of that name. */
const struct segment *judge_segment_named(const struct creation *c, const char *name);
/* Fills machine, profile and snapshot from the request. 0, or -errno with the line that the user reads. */
int judge_request(struct creation *c, json_t *body, char *why, size_t size);
/* Notes that this member of the request is at fault ("mac", "settings.disk"; of a further NIC "nics"), where `rc` says that
 * something is, and nobody said it more closely. Returns `rc`. */
int judge_field(struct creation *c, const char *member, int rc);
/* What is wrong with settings before a profile looks at them (static text); NULL: nothing. */
const char *judge_settings_error(const json_t *settings);
/* Is the name free? Checked after everything else, so that a name that is taken hides no other fault. */
int judge_name_free(const struct creation *c, char *why, size_t size);
/* Parts of it. judge_nics.c: network, address and MAC of each NIC; the first one's segment is `*ret`. */
int judge_nics(
	struct creation *c, json_t *body, const struct segment **ret, char *why, size_t size);
/* judge_guest.c: what libvirt is told of the guest, into machine.spec. */
int judge_guest(struct creation *c, json_t *body, char *why, size_t size);
/* judge_power.c: what switches a bare machine's power, into the machine. */
int judge_power(struct creation *c, json_t *body, char *why, size_t size);
/* The same before anything is changed; then into the record, which forgets the controller's certificate. 0, -EINVAL with
 * the line that the user reads; -ENOMEM. */
int judge_power_target(const struct operations *ops, const char *power, const char *password,
	char *why, size_t size);
int judge_power_take(struct machine *m, const char *power, const char *password);
/* Does an unknown client have this address only because of its computed MAC? A record overrides that
 * (dhcpd/dhcp_policy.h). */
bool judge_address_claimed(
	const struct operations *ops, uint32_t segment, const struct ip *ip, struct mac *ret);
/* Does another machine have this address, by record or lease? The machine about to be replaced does not count, nor does
 * the card being enrolled if it was leased the address before. */
bool judge_address_held(const struct creation *c, const struct nic *nic, const struct ip *ip,
	char *who, size_t size);

/* create.c: judges `body` (stolen) as if it was to be made, and tells trial_judged() or, out of memory, gives -ENOMEM. */
int create_try(struct trial *t, json_t *body);
void creation_free(struct creation *c);
/* As POST /machines, of a bare machine, without a request: `told` is called, perhaps at once. `body` is stolen. */
void create_unasked(struct operations *ops, json_t *body, create_told told, void *arg);
/* Of one that was judged before: does a machine have its name, MAC or address now? */
bool create_taken(const struct creation *c);
/* The record of a bare machine, unarmed, into the open transaction. 0, or machines_add()'s and machines_save()'s -errno: then
 * nothing of it is there. */
int create_record_bare(struct creation *c);

/* trial.c */
/* The verdict on one creation: with `status` 0 it is valid, and `why` is "" or a warning. Takes `c`. */
void trial_judged(struct creation *c, unsigned status, const char *why);
/* Was the profile read just so for a machine before? Then `*ret` has it, and is as after reading. `body` is the request. */
bool trial_profile_take(struct trial *t, const json_t *body, struct served_profile *ret);
/* It was read for this request; before its settings take the place of the request's. */
void trial_profile_note(struct trial *t, const json_t *body, const struct served_profile *sp);
/* What it has is taken for those after it. 0 or -ENOMEM. */
int trial_take(struct trial *t, struct creation *c);
/* The earlier creation in the request that has this name, or on the same segment as `nic` this address, or this MAC: one of the
 * three, the others are NULL. NULL: there is none, or no trial. */
const struct creation *trial_has(const struct trial *t, const char *name, const struct nic *nic,
	const struct ip *ip, const struct mac *mac);
/* Does the request delete machines first? NULL: no. */
bool trial_has_gone(const struct trial *t);
/* Does it delete the one of this name? */
bool trial_goes(const struct creation *c, const char *name);
const struct segment *trial_segment(const struct trial *t, const char *name);
/* For guest_check(): what the request creates and deletes before this one. `spec->going` is for free(). */
void trial_put_spec(const struct creation *c, struct guest_spec *spec);

/* from.c: a request that names the discovered machine that it means, "from": its segment, its cards and its firmware are filled in
 * where the request does not say them. 0, or the HTTP status with the line that the user reads: there is none, or several; it
 * has a record; another machine says that it is the same. */
unsigned from_fill(struct creation *c, char *why, size_t size);
/* Has another said so since? With the line. */
bool from_is_doubtful(const struct creation *c, char *why, size_t size);

/* clone.c: a request that names a template. */
bool clone_is(json_t *body);
/* Fills in what the request leaves out from the template. */
void clone_fill(const struct operations *ops, json_t *body);
/* In place of judging profile, settings and keys. */
int clone_judge(struct creation *c, json_t *body, char *why, size_t size);
int clone_begin(struct creation *c); /* as machine_clone() */

/* A request's memory, which is in bytes, as MiB. 0: it is not said; -EINVAL with the line. */
json_int_t judge_memory(const json_t *body, char *why, size_t size);

#endif
