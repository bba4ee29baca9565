/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The linters behind lint_text(), a format each. */
#ifndef USHER_KICKSTART_LINT_LINT_FORMATS_H
#define USHER_KICKSTART_LINT_LINT_FORMATS_H

#include "kickstart/lint/findings.h"
#include "kickstart/lint/lint_input.h"

void lint_preseed(const struct lint_input *in, struct findings *f);
void lint_yaml(const struct lint_input *in, struct findings *f);
void lint_cloud_config(const struct lint_input *in, struct findings *f);
void lint_autoinstall(const struct lint_input *in, struct findings *f);
struct shape_file;

/* NULL: it is no JSON, which was added. Who calls frees it. */
struct shape_file *lint_json_file(const struct lint_input *in, struct findings *f);
void lint_json(const struct lint_input *in, struct findings *f);
void lint_ignition(const struct lint_input *in, struct findings *f);
void lint_xml(const struct lint_input *in, struct findings *f);
void lint_autoyast(const struct lint_input *in, struct findings *f);

/* Questions of the Debian installer that answer files have, ended by NULL; of type `select` and `multiselect` too. */
extern const char *const preseed_questions[];

/* AutoYaST's sections and the elements below them, with a blank between them; ended by {NULL}. */
extern const struct autoyast_section {
	const char *name, *elements;
} autoyast_sections[];

#endif
