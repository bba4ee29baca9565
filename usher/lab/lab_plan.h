/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is to be done that a lab becomes as its file says: from the file and from what the service has. Pure.
 *
 * A machine of the lab is one whose record says so ("lab"). No other is ever touched: one that has a name of the file's is a
 * fault. What the file does not say of a machine is as it may be.
 */
#ifndef USHER_USHER_LAB_PLAN_H
#define USHER_USHER_LAB_PLAN_H

#include "usher/lab/lab.h"

enum lab_step_kind {
	LAB_NETWORK, /* POST /networks */
	LAB_REMOVE,  /* DELETE /machines/NAME */
	LAB_REMOVE_NETWORK,
	LAB_CHANGE,    /* only what `change` says */
	LAB_AWAIT,     /* an install is under way already */
	LAB_START,     /* it is off */
	LAB_REINSTALL, /* it failed, or was disarmed */
	LAB_CREATE,    /* POST /machines; with "replace" in the body it is made anew */
};

struct lab_step {
	enum lab_step_kind kind;
	char name[MACHINE_NAME];
	json_t *body; /* LAB_NETWORK, LAB_CREATE: as the API takes it but for what belongs to one call */
	json_t *change; /* a PATCH that goes before; NULL: none */
	uint64_t seq;   /* of the machine's last event that the plan knows of */
	char text[256]; /* what and why, for people */
};

struct lab_plan {
	struct lab_step *steps; /* networks, then what goes, then machines in the file's order */
	size_t n;
	size_t kept; /* machines that are as they should be */
};

struct lab_wish {
	const struct lab *lab;
	const char *path; /* the lab file's, for messages */
	char **names;     /* NULL-ended, only these; NULL: all of the lab */
	char **replace;   /* the same, to be made anew; NULL: none */
	bool restart;     /* a change that counts from the next start on is to count now */
};

/* `machines`: the array of GET /machines?full=1, `networks`: that of GET /networks. 0; -EINVAL, -EEXIST … with a line for each
 * fault, and nothing is to be done then; -ENOMEM. */
int lab_plan_up(const struct lab_wish *wish, const json_t *machines, const json_t *networks,
	struct lab_plan **ret, char *why, size_t size);
/* The lab's machines, also those that the file has no more, and without `names` the networks that it made and nobody else uses. */
int lab_plan_down(const struct lab_wish *wish, const json_t *machines, const json_t *networks,
	struct lab_plan **ret, char *why, size_t size);
void lab_plan_free(struct lab_plan *plan);
/* "+", "-", "~", ">": made, removed, changed, gone on with. */
char lab_step_sign(const struct lab_step *step);

#endif
