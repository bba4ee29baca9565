/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * YAML and JSON files: their syntax, keys that are there twice, and their shape by a table. libyaml's home (it reads JSON
 * too, and knows the places of what it read).
 */
#ifndef USHER_KICKSTART_LINT_LINT_SHAPE_H
#define USHER_KICKSTART_LINT_LINT_SHAPE_H

#include "kickstart/lint/findings.h"
#include "kickstart/lint/lint_input.h"

enum {
	SHAPE_TEXT = 1,
	SHAPE_NUMBER = 2,
	SHAPE_BOOL = 4,
	SHAPE_NULL = 8,
	SHAPE_LIST = 16,
	SHAPE_MAP = 32,
};

/* A key that a map may have. Tables end with {0}; they do not contain themselves, so a walk along them ends. */
struct shape_map;

struct shape {
	const char *name;
	unsigned types;             /* SHAPE_…; 0: anything */
	const struct shape *inside; /* of the map, or of each map in the list; NULL: anything */
	const struct shape *
		item; /* of each thing in the list; NULL: maps, as `inside` has them, or anything */
	const char *one_of; /* "a b …": keys of the map of which it needs one; or NULL */
	const char *
		distinct; /* "a b …": keys whose values no two maps of the list may share; or NULL */
	/* What is wrong with a map, or one of the list, as a whole, and what instead; NULL: nothing. */
	const char *(*wrong_map)(const struct shape_map *map);
	bool required;
	bool open;   /* the map may have keys that `inside` does not know */
	bool closed; /* its reader refuses the map for such a key */
	bool nulls;  /* of a root: null anywhere is as if the key were not there */
	/* What is wrong with the value of a scalar, and what instead ("is no …, expected …"); NULL: nothing. */
	const char *(*wrong)(const char *value);
	bool secret; /* what is wrong is said without the value */
	bool mild;   /* what is wrong works for some: a warning */
};

/* The words of the tables. */
#define TEXT SHAPE_TEXT
#define NUMBER SHAPE_NUMBER
#define BOOL SHAPE_BOOL
#define NOTHING SHAPE_NULL
#define LIST SHAPE_LIST
#define MAP SHAPE_MAP
#define ANY 0
#define KEY(key, type, ...)                                 \
	{                                                   \
		.name = (key), .types = (type), __VA_ARGS__ \
	}

struct shape_file;

/* Syntax and keys; findings go to `f`. NULL: there is nothing to look at. */
struct shape_file *shape_file_new(const struct lint_input *in, struct findings *f);
void shape_file_free(struct shape_file *file); /* NULL is fine */
/* Is its root a map with this key? */
bool shape_file_has(const struct shape_file *file, const char *key);
/* Is its root a map with this key and no other? */
bool shape_file_has_only(const struct shape_file *file, const char *key);
/* The scalar below these keys, from the root on, with a blank between them ("storage layout"); NULL: there is none. */
const char *shape_file_text(const struct shape_file *file, const char *keys);
/* Of `wrong_map`: the scalar below these keys, as in shape_file_text(). */
const char *shape_map_text(const struct shape_map *map, const char *keys);
/* Has it this key, and is its value something but null, "" and an empty list? */
bool shape_map_has(const struct shape_map *map, const char *key);
/* Values that no two in all of these lists ("storage files", …, NULL) may share: of `key` in their maps, or, NULL, what is in the
 * lists itself. */
void shape_file_distinct(struct shape_file *file, const char *const lists[], const char *key);
/* Holds its root against one shape. An unknown key that is near to a known one is an error, others are warnings:
 * installers pass over what they do not know. */
void shape_file_check(struct shape_file *file, const struct shape *root);

#endif
