/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people type who know other tools, and what it is called here. Pure. */
#ifndef USHER_USHER_CLI_WORDS_H
#define USHER_USHER_CLI_WORDS_H

/* The command line that is meant by a command that there is not ("usher stop NAME"); NULL: nobody knows. */
const char *words_meant(const char *typed);

#endif
