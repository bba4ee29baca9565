/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An operation on one machine that takes time: starting a guest, a deletion, a patch. When the operation resumes, the
 * machine may be renamed or deleted, and another machine may have its name. This is the first member of the operation's
 * own struct, which is on the heap.
 */
#ifndef USHER_SERVICE_BASE_OPERATION_H
#define USHER_SERVICE_BASE_OPERATION_H

#include "machine/machine.h"

struct operation {
	struct operation *next, **list; /* all of its kind */
	struct machines *machines;
	char name[MACHINE_NAME], uuid[UUID_TEXT]; /* as the machine was at the beginning */
	bool holds;
};

/* Adds the operation at the head of `*list`. `holds`: machine.holds counts it, and no other operation changes the
 * machine meanwhile. */
void operation_begin(struct operation *o, struct operation **list, struct machine *m, bool holds);
/* The machine, even if renamed; NULL: it was deleted. */
struct machine *operation_machine(const struct operation *o);
/* Is one of these of the machine? */
bool operation_is_of(const struct operation *list, const struct machine *m);
/* Removes the operation from the list and stops holding the machine. The caller frees it. */
void operation_end(struct operation *o);

#endif
