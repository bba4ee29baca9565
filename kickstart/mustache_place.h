/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a rendering a value is about to stand, as the format's own reader will see it: what is known of that without
 * parsing it all. For mustache.c only.
 */
#ifndef USHER_KICKSTART_MUSTACHE_PLACE_H
#define USHER_KICKSTART_MUSTACHE_PLACE_H

#include "kickstart/mustache.h"
#include "core/text.h"

/* Begins as {0}. It is carried on over what was rendered since, so that all values together cost one pass. */
struct mustache_place {
	enum mustache_format format; /* the text's own; set by the caller */
	size_t at;                   /* all before it was looked at */
	size_t line;                 /* where the last line begins that was looked at */
	enum {
		PLACE_PLAIN,
		PLACE_CDATA,    /* XML */
		PLACE_COMMENT,  /* XML */
		PLACE_PACKAGES, /* kickstart: in %packages */
		PLACE_SCRIPT, /* kickstart: in another section, all of which hold scripts or the like */
		PLACE_BLOCK, /* YAML: in a block of text after | or > */
	} in;
	size_t indent; /* of the line that began a block */
};

/* To the end of `out`. */
void mustache_place_update(struct mustache_place *p, const struct text *out);

/* What the value, which is escaped for `f`, has that ends the place where it would stand ("a line that begins with %end"), or NULL. */
const char *mustache_place_left(const struct mustache_place *p, const struct text *out,
	enum mustache_format f, const char *value);

/* What is wrong with the quotes that escaping for `f` puts around a value here, as a sentence that goes on from "its
 * quotes "; or NULL. */
const char *mustache_place_quotes(
	const struct mustache_place *p, const struct text *out, enum mustache_format f);

/* Appends a value inside CDATA, which nothing in it ends. */
void mustache_place_cdata(struct text *out, const char *value);

#endif
