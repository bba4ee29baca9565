/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What lines of consoles and installers' logs say of a boot that fails: a table of patterns, each with its cause and what to
 * do. Pure.
 */
#ifndef USHER_MACHINE_SIGNS_H
#define USHER_MACHINE_SIGNS_H

#include <stdbool.h>

struct sign {
	/* a piece of the line, in any case; "A*B": A, and B somewhere behind it */
	const char *pattern;
	bool fatal;        /* no boot goes on after it; else it is a hint: many do */
	const char *kind;  /* of the cause: one word, for programs */
	const char *cause; /* one clause, for people */
	/* what to do; "{name}" is the machine's name, "{profile}" its profile's */
	const char *fix;
};

/* The first sign of the table that is in the line, or NULL. */
const struct sign *sign_of(const char *line);
/* All of them; ends with one without a pattern. */
extern const struct sign SIGNS[];

#endif
