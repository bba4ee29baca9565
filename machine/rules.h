/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rules by which discovered machines are enrolled, usher-rules(5): conditions on the inventory, and what becomes of the
 * machine. The first rule whose conditions all hold decides.
 *
 *   rules_read*.c    the file's text, judged               rules_fact.c     facts of an inventory, and their values
 *   rules_file.c     the file, and the files it names      rules_pattern.c  texts with {facts} in them
 *   rules.c          the decision                          rules_act.c      what the rule that decides makes of a machine
 *
 * All but rules_load() is pure. Rules do not change once they are read, so several threads may decide by them.
 */
#ifndef USHER_MACHINE_RULES_H
#define USHER_MACHINE_RULES_H

#include "machine/machine.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	RULES_FILE_MAX = 1 << 20,  /* bytes */
	RULES_MAX = 500,           /* in a file */
	RULES_CONDITIONS_MAX = 64, /* of one rule; and of what picks its disk */
	RULES_LIST_MAX = 64,       /* settings, keys of a rule: what a machine may have */
	RULES_TEXT_MAX = 255, /* bytes of an attribute, and of a fact that is put into a pattern */
	RULES_SETTING_MAX = 64 << 10, /* bytes of a setting: what the service takes */
	RULES_ITEMS_MAX =
		512, /* disks, interfaces, PCI devices of an inventory that are looked at */
	RULES_NUMBER_MAX = MACHINES_MAX, /* {n} counts up to here */
	RULES_WHY = 8 << 10,             /* bytes for what is wrong with a file, a line each */
};

struct rules;

/* Reads rules from text. 0; -EINVAL, with a line "PATH:LINE: what is wrong, what was expected" for each fault in `why`;
 * -ENOMEM. The files that it names are not read: a rule that needs one cannot be carried out. */
int rules_read(
	const char *text, size_t len, const char *path, struct rules **ret, char *why, size_t size);
/* Reads the file and those that it names, relative to its folder. 0, or -errno with the line or lines. Blocking. */
int rules_load(const char *path, struct rules **ret, char *why, size_t size);
void rules_free(struct rules *rules);
size_t rules_count(const struct rules *rules);

/* What is asked of the rules. All is borrowed. */
struct rules_question {
	const json_t *inventory; /* as discovery posts it; what is of the wrong type is not known */
	const char *segment;     /* where it booted, or NULL: not known */
	/* May a machine have this name? NULL: all are free. */
	bool (*is_free)(void *arg, const char *name);
	void *arg;
	bool traced;  /* the decision comes with a trace, for people */
	size_t match; /* rules_match()'s word on this inventory and segment; 0: it was not asked */
};

enum rules_verdict {
	RULES_NONE,   /* no rule matches */
	RULES_ENROLL, /* as `body` says */
	RULES_REJECT, /* a rule rejects it: `why` */
	RULES_CANNOT, /* a rule matches, but what it says cannot be done with this machine: `why`; no later one is tried */
};

struct rules_decision {
	enum rules_verdict verdict;
	char rule[RULES_TEXT_MAX + 1]; /* the name of the one that decided, or "rule 3"; "": none */
	long line;                     /* where it stands */
	char why[512];                 /* one line, safe to show; "" for RULES_ENROLL */
	char name[MACHINE_NAME];       /* for RULES_ENROLL */
	/* For RULES_ENROLL: the request as POST /machines takes it, with kind, name, mac, profile, and of segment, address,
	 * power, power_password, arm, sealed, settings and ssh_keys what is said. The service judges it as it does any request. */
	json_t *body;
	json_t *secrets; /* names of settings in `body` whose values came from files: not to be shown */
	/* Where it was asked for: an array with an object for each rule up to the one that decided, {"rule", "line", "matches",
	 * "conditions": [{"line", "condition", "holds", "found", "parts"}]}. For people: texts may be reworded. */
	json_t *trace;
};

/* The first rule that matches, from 1; one more than there are: none does. That is the part of a decision which takes long where
 * there are many rules and a large inventory (1.8 s with 12,000 conditions on 512 PCI devices), so it is for a worker thread. */
size_t rules_match(const struct rules *rules, const struct rules_question *q);
/* 0, or -ENOMEM and `ret` is empty. rules_decision_fini() frees what is in it. */
int rules_decide(
	const struct rules *rules, const struct rules_question *q, struct rules_decision *ret);
void rules_decision_fini(struct rules_decision *d);

const char *rules_verdict_name(enum rules_verdict v);

#endif
