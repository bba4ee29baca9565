/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line of a kickstart file to its words, as Python's shlex.split(line, comments=True) has them. */
#ifndef USHER_KICKSTART_LINT_KS_WORDS_H
#define USHER_KICKSTART_LINT_KS_WORDS_H

#include "kickstart/lint/ks_read.h"

enum ks_words_fault {
	KS_WORDS_FINE,
	KS_WORDS_QUOTE,     /* opened at `column`, not closed */
	KS_WORDS_BACKSLASH, /* at the end */
	KS_WORDS_MANY,
};

struct ks_words {
	enum ks_words_fault fault;
	unsigned column; /* of the fault; or of a # that cuts a word short, 0 when there is none */
	size_t n;
	struct ks_word v[KS_WORDS_MAX]; /* into `bytes` */
};

/* `bytes` has room for len + 1, NULs included. */
void ks_words_split(const char *line, size_t len, char *bytes, struct ks_words *ret);

#endif
