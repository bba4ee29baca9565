/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rules file, and behind the first NUL an inventory: what could be read decides, and what it decides is whole: a name that a
 * machine may have, a card, a profile; or one line that says why not. With a trace and without it is the same.
 */
#include "machine/rules.h"

#include "core/plain.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char example[] =
	"{\"system\":{\"vendor\":\"v\",\"serial\":\"S 1\"},\"memory_mib\":4096,"
	"\"disks\":[{\"name\":\"sda\",\"size_bytes\":9,\"rotational\":false,\"wwn\":\"naa.5\"}],"
	"\"interfaces\":[{\"mac\":\"02:00:00:00:00:01\",\"booted\":true,\"lldp\":{\"port_id\":\"p/1\"}}],"
	"\"controller\":{\"address\":\"10.0.0.9\"}}";

/* The third name that is asked for, so that numbers are counted up. */
static bool is_free(void *arg, const char *name)
{
	unsigned *asked = arg;

	return *name && ++*asked % 3 == 0;
}

static void ask(const struct rules *rules, struct rules_question *q, struct rules_decision *d)
{
	unsigned asked = 0;

	q->arg = &asked;
	if (rules_decide(rules, q, d))
		abort();
}

static void look(const struct rules_decision *d)
{
	char shown[sizeof d->why];

	plain_copy(shown, sizeof shown, d->why, strlen(d->why), 0);
	if (strcmp(shown, d->why))
		abort();
	if (d->verdict != RULES_ENROLL) {
		if (!*d->why || d->body || *d->name)
			abort();
	} else if (*d->why || machine_name_error(d->name) || !d->line ||
		!json_is_string(json_object_get(d->body, "name")) ||
		!json_is_string(json_object_get(d->body, "mac")) ||
		!json_is_string(json_object_get(d->body, "profile"))) {
		abort();
	}
}

static void decide(const struct rules *rules, const json_t *inventory)
{
	struct rules_question q = {.inventory = inventory, .segment = "lan", .is_free = is_free};
	struct rules_decision plain, traced;

	ask(rules, &q, &plain);
	q.match = rules_match(rules, &q);
	ask(rules, &q, &traced);
	if (plain.verdict != traced.verdict || (plain.body && !json_equal(plain.body, traced.body)))
		abort();
	rules_decision_fini(&traced);
	q.match = 0;
	q.traced = true;
	ask(rules, &q, &traced);
	look(&plain);
	if (plain.verdict != traced.verdict || plain.line != traced.line ||
		strcmp(plain.why, traced.why) || !json_is_array(traced.trace))
		abort();
	if (plain.body && !json_equal(plain.body, traced.body))
		abort();
	rules_decision_fini(&plain);
	rules_decision_fini(&traced);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = memchr(data, '\0', size);
	size_t len = end ? (size_t)(end - text) : size;
	struct rules *rules = NULL;
	char why[RULES_WHY] = "";
	json_t *inventory;
	int rc;

	if (size > 16384)
		return 0;
	rc = rules_read(text, len, "r", &rules, why, sizeof why);
	if (rc ? !*why || rules || strlen(why) >= sizeof why : !rules)
		abort();
	if (!rules)
		return 0;
	inventory =
		end ? json_loadb(end + 1, size - len - 1, 0, NULL) : json_loads(example, 0, NULL);
	if (inventory)
		decide(rules, inventory);
	json_decref(inventory);
	rules_free(rules);
	return 0;
}
