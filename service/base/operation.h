/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is done with one machine and takes its time: a guest's start, a deletion, a patch. The machine may be renamed or
 * gone, and another may have its name, when the operation goes on. The first member of a struct of its own, which is
 * on the heap.
 */
#ifndef USHER_SERVICE_BASE_OPERATION_H
#define USHER_SERVICE_BASE_OPERATION_H

#include "machine/machine.h"

struct operation {
	struct operation *next, **list; /* all of its kind */
	struct machines *machines;
	char name[MACHINE_NAME], uuid[37]; /* as the machine was at the beginning */
	bool holds;
};

/* Puts it first in `*list`. `holds`: machine.holds counts it, and nobody else changes the machine meanwhile. */
void operation_begin(struct operation *o, struct operation **list, struct machine *m, bool holds);
/* The machine, also under another name; NULL: it is gone. */
struct machine *operation_machine(const struct operation *o);
/* Takes it out of the list, and holds the machine no more. The caller frees it. */
void operation_end(struct operation *o);

#endif
