/*
 * Linters of answer files: pure, and bounded by the text's length (LINT_TEXT_MAX) and FINDINGS_MAX.
 */
#ifndef USHER_KICKSTART_LINT_H
#define USHER_KICKSTART_LINT_H

#include "kickstart/answers.h"
#include "kickstart/findings.h"
#include "kickstart/lint_input.h"

/* Adds what is wrong with the text, sorted, to `f`. */
void lint_text(enum answers format, const struct lint_input *in, struct findings *f);

#endif
