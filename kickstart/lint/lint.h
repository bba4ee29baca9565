/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linters of answer files: pure, and bounded by the text's length (LINT_TEXT_MAX) and FINDINGS_MAX.
 */
#ifndef USHER_KICKSTART_LINT_LINT_H
#define USHER_KICKSTART_LINT_LINT_H

#include "kickstart/answers.h"
#include "kickstart/lint/findings.h"
#include "kickstart/lint/lint_input.h"

/* Adds what is wrong with the text, sorted, to `f`. */
void lint_text(enum answers format, const struct lint_input *in, struct findings *f);

#endif
