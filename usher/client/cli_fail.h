/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How commands end. */
#ifndef USHER_USHER_CLIENT_CLI_FAIL_H
#define USHER_USHER_CLIENT_CLI_FAIL_H

enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_WRONG = 3, /* of status: it answers, and something needs somebody */
};

/* Prints "usher: …"; returns EXIT_FAILED. */
int cli_fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
