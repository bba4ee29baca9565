/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a linter has to say of an answer file: each finding with its place, in the order found.
 */
#ifndef USHER_KICKSTART_LINT_FINDINGS_H
#define USHER_KICKSTART_LINT_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

enum {
	FINDINGS_MAX = 200, /* of one file: what is wrong after that is counted, not kept */
	FINDING_TEXT = 320, /* bytes of a text, NUL included; longer ones are cut */
};

enum finding_level {
	FINDING_WARNING, /* works, but not for long, or not as it looks */
	FINDING_ERROR,   /* the installer stops there, or does something else than it says */
};

struct finding {
	enum finding_level level;
	unsigned file;         /* its name is findings.files[file].name */
	unsigned line, column; /* from 1; 0: of the file as a whole, of the line as a whole */
	char text
		[FINDING_TEXT]; /* what is wrong, and what instead: one line of UTF-8 without controls */
};

/* Its name as readers know it ("kickstart.cfg"). */
struct finding_file {
	char *name;
	size_t n, left_out,
		left_errors; /* findings that are kept, that are not, and the errors of these */
};

struct findings {
	struct finding *v;
	size_t n, n_errors, n_warnings; /* kept; all there are, kept or not */
	struct finding_file *files;     /* in the order of their first finding */
	size_t n_files;
	size_t left_out; /* of all files: more than FINDINGS_MAX, or than there was memory for */
};

/* `f` begins as {0}. */
void findings_fini(struct findings *f);
/* What is there already is not added again. */
void findings_add(struct findings *f, enum finding_level level, const char *file, unsigned line,
	unsigned column, const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Are no more kept of this file? */
bool findings_full(const struct findings *f, const char *file);
/* Counts for a file what was not kept of `from`. */
void findings_leave(struct findings *f, const char *file, const struct finding_file *from);
/* By file, line and column. */
void findings_sort(struct findings *f);
/* "FILE:LINE:COL: error: TEXT", as compilers say it and editors read it; 0 for line or column leaves it out.
 * Returns what snprintf does. */
int finding_text(const struct findings *f, size_t i, char *buf, size_t size);

#endif
