/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a kickstart file into its commands and sections, as pykickstart does: one command a line, split like a shell's words
 * (quotes, backslash, and # begins a comment even inside a word), no continuation; sections from %name to %end. Pure, but for the
 * input's include callback.
 */
#ifndef USHER_KICKSTART_LINT_KS_READ_H
#define USHER_KICKSTART_LINT_KS_READ_H

#include "kickstart/lint/findings.h"
#include "kickstart/lint/lint_input.h"

enum {
	KS_LINES_MAX = 50000,   /* of all files together: an include may be included often */
	KS_FILES_MAX = 64,      /* files read, one often or many once */
	KS_COMMANDS_MAX = 1000, /* each is compared with the others */
	KS_WORDS_MAX = 100,     /* of one line */
	KS_SECTIONS_MAX = 256,
};

struct ks_word {
	char *s;
	unsigned column; /* from 1 */
};

struct ks_line {
	const char *file; /* the input's or the struct ks_text's */
	unsigned line;
	size_t n; /* at least 1 */
	struct ks_word words[];
};

enum ks_body {
	KS_BODY_COMMANDS, /* outside sections, and in %anaconda */
	KS_BODY_PACKAGES,
	KS_BODY_RAW, /* scripts, and what add-ons keep */
};

struct ks_section {
	enum ks_body kind;
	struct ks_line *head;
	/* Of packages each line is one word; of KS_BODY_RAW there are none kept. */
	struct ks_line **body;
	size_t n_body;
	bool filled;    /* has a line that is not blank */
	char first[64]; /* of KS_BODY_RAW: how its first line begins */
	unsigned n_raw; /* lines */
};

struct ks_text {
	struct ks_line **commands;
	size_t n_commands;
	struct ks_section *sections;
	size_t n_sections;
	bool partly; /* something that it includes was not read */
	char *files[KS_FILES_MAX];
	size_t n_files;
	unsigned n_lines;
	size_t n_bytes;
};

/* `ret` is to be given to ks_text_fini() whatever comes of it. -ENOMEM, -E2BIG (a limit, which is among the findings); what was
 * read until then is there. */
int ks_read(const struct lint_input *in, struct findings *f, struct ks_text *ret);
void ks_text_fini(struct ks_text *t);

#endif
