/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What people write onto a machine's record: labels (KEY and VALUE, to find machines by) and a note. usher gives them no
 * meaning.
 *
 * A request says them in two members, each of which may be left out: `labels`, an object KEY: text, or null where the label
 * is to go ("" takes it away too), and `note`, a text, or null or "" for none.
 */
#ifndef USHER_MACHINE_LABELS_H
#define USHER_MACHINE_LABELS_H

#include "machine/machine.h"

enum {
	LABELS_MAX = 16,
	LABEL_KEY_MAX = 63,   /* bytes */
	LABEL_VALUE_MAX = 63, /* characters */
	NOTE_MAX = 1024,      /* bytes */
};

/* 0, or -EINVAL with one line: what is wrong with what `request` says of them. */
int labels_judge(const struct machine *m, const json_t *request, char *why, size_t size);
/* Of those two members the one that is wrong, if one is: its name (static). */
const char *labels_at_fault(const json_t *request);
/* The same as labels_judge(), and takes them into the record, which is not saved. *ret_changed (may be NULL) tells whether
 * that changed it. Also -ENOMEM. */
int labels_take(
	struct machine *m, const json_t *request, bool *ret_changed, char *why, size_t size);
/* Does `request` say anything of them, and nothing else? */
bool labels_alone(const json_t *request);
/* What it says of them, for people: "labels rack=12, old=; note". Empty: nothing. Returns `buf`. */
const char *labels_said(const json_t *request, char *buf, size_t size);

/* Has the machine a label that `word` of `n` bytes names: KEY, or KEY:VALUE? */
bool labels_match(const struct machine *m, const char *word, size_t n);

#endif
