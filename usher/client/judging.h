/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests for several machines, judged by the service before the first of them is made (POST /judge). Blocking. */
#ifndef USHER_USHER_CLIENT_JUDGING_H
#define USHER_USHER_CLIENT_JUDGING_H

#include "usher/client/client.h"

struct judging {
	json_t *body;
};

/* 0 or -ENOMEM. */
int judging_init(struct judging *j);
void judging_fini(struct judging *j);
/* A machine as POST /machines takes it. What it has in common with others is sent once. */
void judging_add_machine(struct judging *j, const json_t *body);
/* A network that is made before them; a machine that goes before them. */
void judging_add_network(struct judging *j, const json_t *body);
void judging_add_gone(struct judging *j, const char *name);
/* 0, and *ret_faults (new reference) is an array of what would be refused: "what", "index", "name", "error", "findings".
 * -1: it has said why. A warning is said, too. From an older service, and for more than one request takes: no fault. */
int judging_ask(struct judging *j, struct client *c, json_t **ret_faults);
/* The machines are made, all or none (POST /enrolments): 0, and *ret (new reference) has "faults" as above, and "machines" when
 * there are none. -1: it has said why. */
int judging_enroll(struct judging *j, struct client *c, json_t **ret);
/* A line for each fault on standard error, "PLACE: NAME: ERROR"; what is said of several is one line. `place` gives the
 * PLACE of a fault; NULL: "usher". How many faults there are. */
size_t judging_say(
	const json_t *faults, const char *(*place)(void *arg, const json_t *fault), void *arg);
/* Several machines that differ in their names only: 0, or -1 and it has said what is wrong with which. One is judged when it
 * is made. */
int judging_names(struct client *c, const json_t *body, char **names, size_t count);

#endif
