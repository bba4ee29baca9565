/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The formats' own checkers, those that this host has: ksvalidator, debconf-set-selections, cloud-init, xmllint, jq,
 * ignition-validate and the shell. For the command line: they are run, and waited for.
 */
#ifndef USHER_USHER_CHECKERS_H
#define USHER_USHER_CHECKERS_H

#include "kickstart/answers.h"
#include "kickstart/lint/findings.h"
#include "kickstart/lint/lint_input.h"

/* Adds what they say of the text, with their name in brackets. One that is not installed says nothing. That their files could not
 * be written is an error of the text. A signal that ends us does so when those files are gone. */
void checkers_ask(enum answers format, const struct lint_input *in, struct findings *f);

#endif
