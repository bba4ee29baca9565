/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the rules share. Nobody else includes it. */
#ifndef USHER_MACHINE_RULES_PARTS_H
#define USHER_MACHINE_RULES_PARTS_H

#include "machine/rules.h"

#include <stdint.h>

/* Facts: rules_fact.c */

enum rules_type { RULES_WORDS, RULES_COUNT, RULES_SWITCH, RULES_MAC, RULES_IP };
enum rules_list {
	RULES_ALONE,
	RULES_DISKS,
	RULES_INTERFACES,
	RULES_PCI
}; /* of what there is one; of many */

struct rules_fact {
	const char *name; /* "disks.size_bytes" */
	enum rules_type type;
	enum rules_list list;
	uint64_t unit; /* of a size: bytes; 0: a plain number */
	bool how_many; /* of the list, instead of a member of each */
};

/* Values that are compared by size: numbers, MACs, addresses of one family. */
struct rules_key {
	uint8_t kind; /* no two kinds compare */
	uint8_t b[16];
};

const struct rules_fact *rules_facts(void); /* ends with a NULL name */
/* "disks.serial"; in a list "serial". NULL: there is no such fact. */
const struct rules_fact *rules_fact_find(enum rules_list in, const char *name);
const char *rules_list_name(enum rules_list list); /* "disks" */
size_t rules_items(const json_t *inventory, enum rules_list list);
const json_t *rules_item(const json_t *inventory, enum rules_list list, size_t i);
/* Of the inventory, or of an item of its list; NULL: not known, or not of the fact's type. For `how_many` and the segment there
 * is a value in *scratch, which the caller frees. */
const json_t *rules_value(const struct rules_fact *f, const struct rules_question *q,
	const json_t *item, json_t **scratch);
/* As text: numbers in decimal, a switch as yes or no, texts without the space around them, as they came otherwise. Cut where
 * it is full. */
void rules_value_text(const struct rules_fact *f, const json_t *v, char *buf, size_t size);
/* False: it has no order, or is none. */
bool rules_value_key(const struct rules_fact *f, const json_t *v, struct rules_key *ret);
/* The same of text in a rules file: "16G", "52:54:00:00:00:01", "10.0.0.9". False: it is no such value. */
bool rules_key_parse(const struct rules_fact *f, const char *text, struct rules_key *ret);
/* "10.0.0.0/24": its first and last address. */
bool rules_prefix_parse(const char *text, struct rules_key *ret_low, struct rules_key *ret_high);
/* The next key up or down. False: there is none. */
bool rules_key_step(struct rules_key *k, int by);
int rules_key_compare(const struct rules_key *a, const struct rules_key *b); /* of one kind */
const char *rules_type_expected(const struct rules_fact *f);
/* The card that the machine booted from; the only one, or the only one with a link, when that is not known. NULL: not known. */
const json_t *rules_booted(const json_t *inventory);

/* Conditions */

enum rules_test { RULES_EQUAL, RULES_CONTAINS, RULES_BETWEEN, RULES_KNOWN };
enum rules_kind {
	RULES_IF,  /* a fact, or one item's, is as `test` says */
	RULES_ANY, /* one of the parts holds */
	RULES_ONE, /* there is an item in the list for which all parts hold */
};

struct rules_condition {
	enum rules_kind kind;
	long line;
	bool negated;
	char *says; /* as it stands in the file, for people */
	/* RULES_IF */
	const struct rules_fact *fact;
	enum rules_test test;
	char *text; /* RULES_EQUAL, RULES_CONTAINS */
	bool yes;   /* RULES_KNOWN; RULES_EQUAL of a switch */
	struct rules_key low, high;
	/* the others */
	enum rules_list list;
	struct rules_condition *parts;
	size_t n_parts;
};

/* rules.c */
bool rules_all_hold(const struct rules_condition *cs, size_t n, const struct rules_question *q,
	const json_t *item);

/* Patterns: rules_pattern.c */

struct rules_piece {
	enum { PIECE_TEXT, PIECE_FACT, PIECE_DISK, PIECE_BY_ID, PIECE_NUMBER } kind;
	char *text;                    /* PIECE_TEXT; else as it stands in the file, for people */
	const struct rules_fact *fact; /* PIECE_FACT, PIECE_DISK */
	int width;                     /* PIECE_NUMBER: with leading zeros */
};

struct rules_pattern {
	struct rules_piece *pieces;
	size_t n;
	bool numbered, of_disk; /* has a PIECE_NUMBER; a PIECE_DISK or PIECE_BY_ID */
};

/* 0, -EINVAL with what is wrong in `why`, -ENOMEM. To be freed in any case. */
int rules_pattern_parse(const char *text, struct rules_pattern *ret, char *why, size_t size);
void rules_pattern_fini(struct rules_pattern *p);

/* What patterns are filled with. */
struct rules_filling {
	const struct rules_question *q;
	const json_t *card; /* rules_booted() */
	const json_t *disk; /* the one that was picked, or NULL */
	unsigned number;
	/* in a URI: only facts that can do no harm there, and IPv6 addresses in brackets */
	bool uri;
};
/* 0 and a heap text of at most `max` bytes; -ENODATA: a fact is not known, -EINVAL: it cannot stand here, or it is too long: what
 * it is about in `why`; -ENOMEM. */
int rules_pattern_fill(const struct rules_pattern *p, const struct rules_filling *f, size_t max,
	char **ret, char *why, size_t why_size);

/* Actions */

struct rules_setting {
	char *name;
	struct rules_pattern value;
	char *file;   /* NULL: it is the pattern */
	char *secret; /* what the file has; NULL: it was not read */
	long line;
};

struct rules_ssh_key {
	char *file;
	json_t *lines; /* NULL: the file was not read */
	long line;
};

enum rules_size { RULES_FIRST, RULES_SMALLEST, RULES_LARGEST };

struct rules_pick {
	bool is_set;
	enum rules_size size;
	struct rules_condition *conditions;
	size_t n_conditions;
};

enum rules_choice { RULES_UNSAID, RULES_YES, RULES_NO };

/* What <enroll> and <defaults> say. */
struct rules_action {
	long line;
	bool has_name, has_address, has_power;
	struct rules_pattern name, address, power;
	char *profile, *segment; /* NULL: not said */
	char *password_file;     /* of the controller; NULL: not said */
	char *password;          /* its first line; NULL: it was not read */
	enum rules_choice arm, sealed, by_mac;
	struct rules_pick pick;
	struct rules_setting *settings;
	size_t n_settings;
	struct rules_ssh_key *keys;
	size_t n_keys;
};

struct rules_rule {
	char *name;
	long line;
	struct rules_condition *conditions;
	size_t n_conditions;
	char *reject; /* why it is rejected; NULL: it is enrolled */
	struct rules_action action;
};

struct rules {
	struct rules_rule *all;
	size_t n;
	struct rules_action defaults;
};

/* rules_act.c: what the rule makes of the machine. The decision has its rule and line already. 0 or -ENOMEM. */
int rules_act(const struct rules *rules, const struct rules_rule *rule,
	const struct rules_question *q, struct rules_decision *d);

#endif
