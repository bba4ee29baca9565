/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/power_password.h"

#include "core/wipe.h"
#include "hooks/power/power_target.h"
#include "usher/cli/asking.h"
#include "usher/cli/cli.h"
#include "usher/client/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* One line from the terminal, which does not show it. */
static char *typed(const char *user, const char *host)
{
	struct termios before, hidden;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	fprintf(stderr, "Password of %s at %s: ", user, host);
	if (tcgetattr(STDIN_FILENO, &before) < 0)
		return NULL;
	hidden = before;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	n = getline(&line, &size, stdin);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	fputc('\n', stderr);
	if (n >= 0)
		return line;
	wipe_free(line);
	return NULL;
}

static int add(json_t *body, char *password)
{
	int rc;

	password[strcspn(password, "\r\n")] = '\0';
	rc = json_object_set_new(body, "power_password", json_string(password));
	wipe_free(password);
	return rc ? cli_fail("the controller's password is no UTF-8") : 0;
}

static int from_file(json_t *body, const char *file)
{
	char *password = request_value(file);

	return password ? add(body, password)
			: cli_fail("--power-password-file %s: %s", file, strerror(errno));
}

static int from_terminal(json_t *body, const struct power_target *t)
{
	char *password = asking_can() ? typed(t->user, t->host) : NULL;

	return password
		? add(body, password)
		: cli_fail("the password of %s at %s is missing: --power-password-file FILE",
			  t->user, t->host);
}

int power_password_add(json_t *body, const char *target, const char *file)
{
	struct power_target t;
	char why[300];

	if (!*target)
		return 0;
	if (power_target_parse(target, &t, why, sizeof why))
		return cli_fail("--power: %s", why);
	if (file && !power_target_needs_password(&t))
		return cli_fail("--power-password-file is for ipmi: and redfish: only");
	if (file)
		return from_file(body, file);
	return power_target_needs_password(&t) && *t.user ? from_terminal(body, &t) : 0;
}
