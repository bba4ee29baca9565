/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scripts that stand inside answer files: kickstart's sections, preseed's commands, the commands of autoinstall and
 * cloud-config that a shell runs. Pure. */
#ifndef USHER_KICKSTART_LINT_SCRIPTS_H
#define USHER_KICKSTART_LINT_SCRIPTS_H

#include "kickstart/answers.h"

enum script_language {
	SCRIPT_SHELL, /* POSIX, or no word on it */
	SCRIPT_BASH,  /* and what is /bin/sh of Red Hat's installers */
	SCRIPT_PYTHON,
	SCRIPT_OTHER,
};

struct lint_script {
	enum script_language language;
	const char *text; /* borrowed for the call */
	unsigned line;    /* of the file, where its first line is */
};

/* "/usr/bin/python3", "/bin/bash -x", "/usr/bin/env python3" */
enum script_language script_language(const char *interpreter);
/* The one that a text's own first line says, "#!…"; without one it is the shell's. */
enum script_language script_language_of(const char *text);
/* Calls `each` with the scripts of a file that has this format; of a script itself, with all of it. */
void lint_scripts(enum answers format, const char *text,
	void (*each)(void *arg, const struct lint_script *s), void *arg);
/* Calls `each` with the names that a kickstart file includes. */
void lint_includes(const char *text, void (*each)(void *arg, const char *name), void *arg);

#endif
