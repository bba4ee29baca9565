/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/machine_tag.h"

#include "core/sha256.h"
#include "machine/registry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Changed by what happens, not by users. */
static const char *const happens[] = {"state", "deleting", "guest_state", "since", "attempt",
	"host_keys", "power_fingerprint", "unreadable"};

static char *record_text(const struct machine *m)
{
	json_t *j = machine_to_json(m, true);
	char *text;

	for (size_t i = 0; i < sizeof happens / sizeof *happens; i++)
		json_object_del(j, happens[i]);
	text = j ? json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	json_decref(j);
	return text;
}

static void add_password(struct sha256 *sum, const struct machine *m)
{
	if (!m->power_password)
		return;
	if (m->home)
		sha256_add(sum, m->home->salt, sizeof m->home->salt);
	sha256_add(sum, m->power_password, strlen(m->power_password));
}

int machine_tag(const struct machine *m, char ret[MACHINE_TAG])
{
	char *text = record_text(m), hex[SHA256_HEX];
	struct sha256 sum;

	if (!text)
		return -ENOMEM;
	sha256_start(&sum);
	sha256_add(&sum, text, strlen(text));
	sha256_add(&sum, &m->attempt.number, sizeof m->attempt.number);
	add_password(&sum, m);
	sha256_hex(&sum, hex);
	free(text);
	snprintf(ret, MACHINE_TAG, "\"%.32s\"", hex);
	return 0;
}
