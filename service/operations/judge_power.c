/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What switches a bare machine's power: of a request that makes one, and of one that changes it. */
#include "hooks/power/power.h"
#include "service/operations/judge.h"

#include "core/json.h"
#include "core/wipe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IPMI_PASSWORD_MAX = 20 /* IPMI 2.0 22.30 */ };

static int judge_password(
	const struct power_target *t, const char *password, char *why, size_t size)
{
	size_t most = t->kind == POWER_IPMI ? IPMI_PASSWORD_MAX : POWER_PASSWORD_MAX;

	if (!power_target_needs_password(t)) {
		if (*password)
			snprintf(why, size, "power_password is for ipmi: and redfish: only");
		return *password ? -EINVAL : 0;
	}
	if (!*password && *t->user) {
		snprintf(why, size,
			"the password of user %s of its controller is missing: --power-password-file "
			"FILE",
			t->user);
		return -EINVAL;
	}
	if (strlen(password) > most || strcspn(password, "\r\n") != strlen(password)) {
		snprintf(why, size, "the controller's password takes one line of at most %zu bytes",
			most);
		return -EINVAL;
	}
	return 0;
}

static int judge_file(const struct operations *ops, const char *power, char *why, size_t size)
{
	const char *wrong = power_file_error(ops->base->config.power, power);

	if (!wrong)
		return 0;
	snprintf(why, size,
		"the power executable %.300s: %s; only root can add power executables, in %.300s",
		power, wrong, ops->base->config.power);
	return -EINVAL;
}

int judge_power_target(const struct operations *ops, const char *power, const char *password,
	char *why, size_t size)
{
	struct machine *m;
	struct power_target t;
	char said[300];
	int rc;

	if (!*power && *password) {
		snprintf(why, size, "power_password is for a machine with power");
		return -EINVAL;
	}
	if (!*power)
		return 0;
	if (strlen(power) >= sizeof m->power) {
		snprintf(why, size, "power takes at most %zu bytes", sizeof m->power - 1);
		return -EINVAL;
	}
	rc = power_target_parse(power, &t, said, sizeof said);
	if (rc) {
		snprintf(why, size, "--power: %s", said);
		return rc;
	}
	if (t.kind == POWER_FILE)
		rc = judge_file(ops, power, why, size);
	return rc ? rc : judge_password(&t, password, why, size);
}

int judge_power_take(struct machine *m, const char *power, const char *password)
{
	char *copy = *password ? strdup(password) : NULL;

	if (*password && !copy)
		return -ENOMEM;
	snprintf(m->power, sizeof m->power, "%s", power);
	wipe_free(m->power_password);
	m->power_password = copy;
	free(m->power_locked);
	m->power_locked = NULL;
	*m->power_pin = '\0';
	return 0;
}

int judge_power(struct creation *c, json_t *body, char *why, size_t size)
{
	const char *power = json_text(body, "power"), *password = json_text(body, "power_password");
	int rc = judge_power_target(c->ops, power, password, why, size);
	char said[512];

	if (!rc)
		return judge_power_take(c->machine, power, password);
	if (!*power || !judge_power_target(c->ops, power, "x", said, sizeof said))
		judge_field(c, "power_password", rc);
	return judge_field(c, "power", rc);
}
