/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values that more than one format has. Each gives what is wrong with it and what instead ("is no …, expected …"), or NULL: also of a
 * name like ${this}, which is another tool's to replace before an installer sees it.
 */
#ifndef USHER_KICKSTART_LINT_LINT_VALUES_H
#define USHER_KICKSTART_LINT_LINT_VALUES_H

#include <stdbool.h>

/* As useradd(8) takes it, whatever the distribution: some take more letters than others. */
const char *lint_wrong_user(const char *s);
/* RFC 1123 2.1: one label, or several with dots between them. */
const char *lint_wrong_hostname(const char *s);
bool lint_is_placeholder(const char *s);
/* crypt(5), or what locks an account. */
const char *lint_wrong_crypt(const char *s);

#endif
