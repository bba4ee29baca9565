/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The linter of kickstart files, as Anaconda reads them in RHEL 7 to 10 (with CentOS, Rocky, Alma …) and Fedora 39 to 45.
 *
 * What is told of a version is wrong there; when the version is not known, by the input or by a line "#version=RHEL9", only what is
 * wrong in all of them. An error is what
 * stops the installer, makes it ask, or makes it do something else than the file says.
 *
 * Files that it includes (%include, %ksappend) are followed by the input's callback; those made while installing (below /tmp and
 * the like, or at a URL) are not, and then no command is missed either: it may be in there.
 *
 * No text names a line: who renders templates maps the places of findings. No text has a password.
 */
#ifndef USHER_KICKSTART_LINT_LINT_KICKSTART_H
#define USHER_KICKSTART_LINT_LINT_KICKSTART_H

#include "kickstart/lint/findings.h"
#include "kickstart/lint/lint_input.h"

/* Adds to `f`, unsorted. */
void lint_kickstart(const struct lint_input *in, struct findings *f);

#endif
