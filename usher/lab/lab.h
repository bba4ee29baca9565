/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A lab: guests and networks from one file, usher-lab(5).
 *
 *   lab_read.c   the file's text, judged, as requests to the API      lab_values.c  what its attributes may be
 *   lab_files.c  the file, and the files that it names                lab_plan.c    what is to be done, from what is there
 *   lab_run.c    doing it, several at a time; lab_row.c: who is where, and how long it took
 *
 * All but lab_files.c and lab_run.c is pure.
 */
#ifndef USHER_USHER_LAB_H
#define USHER_USHER_LAB_H

#include "machine/machine.h"

enum {
	LAB_FILE_MAX = 4 << 20,  /* bytes: a thousand machines, each with a page of its own */
	LAB_MACHINES_MAX = 1000, /* as in a range of names on the command line */
	LAB_NETWORKS_MAX = SEGMENT_MAX,
	LAB_LIST_MAX = 64, /* settings, keys of a machine: what the service takes */
	LAB_DISKS_MAX = 9, /* its own, and as many further ones as the service takes */
	LAB_WHY = 8 << 10, /* bytes for what is wrong, a line each */
};

struct lab_network {
	char name[SEGMENT_NAME];
	long line;
	json_t *body; /* as POST /networks takes it */
};

/* Where `body` has {"file": PATH, "line": N} in place of a text (settings, ssh_keys, first_boot), lab_load() reads it. */
struct lab_machine {
	char name[MACHINE_NAME];
	long line;
	json_t *body; /* as POST /machines takes it, but kind, lab, request_id; only what the file says */
};

struct lab {
	char name[64];
	struct lab_network *networks;
	size_t n_networks;
	struct lab_machine *machines; /* in the file's order */
	size_t n_machines;
};

/* Reads a lab's text. 0; -EINVAL, with a line "PATH:LINE: what is wrong, what was expected" for each fault in `why`; -ENOMEM. */
int lab_read(
	const char *text, size_t len, const char *path, struct lab **ret, char *why, size_t size);
void lab_free(struct lab *lab);

/* Reads the file and what it names, relative to its folder. 0, or -errno with the line or lines. Blocking. */
int lab_load(const char *path, struct lab **ret, char *why, size_t size);

#endif
