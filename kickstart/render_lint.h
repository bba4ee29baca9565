/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the linters have to say of a machine's answers, in the words and lines of the templates. Pure.
 */
#ifndef USHER_KICKSTART_RENDER_LINT_H
#define USHER_KICKSTART_RENDER_LINT_H

#include "kickstart/lint/findings.h"
#include "kickstart/lint/lint_input.h"
#include "kickstart/render.h"

/*
 * Renders each answer file and adds what is found to `f`, sorted. `disk` is the size of the guest's (bytes; 0: not
 * known). 0, also when errors were found; -errno with the line when it could not be rendered.
 */
int render_lint(
	const struct rendering *r, uint64_t disk, struct findings *f, char *why, size_t why_size);

/* The findings of one rendered text in the places of its templates. `rendered` is sorted and as lint_text() gave it,
 * for a text called `name`. */
void render_lint_place(const struct profile *p, const char *name, const char *text,
	const struct mustache_map *map, const struct findings *rendered, struct findings *f);

/* [{"file", "line", "column", "level": "error" or "warning", "text"}]; line and column 0 are left out. New reference. */
json_t *findings_json(const struct findings *f);

#endif
