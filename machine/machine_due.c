/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whose time is over next: a binary heap of machines; machine.due is the place of each. */
#include "machine/registry.h"

bool machine_is_due(const struct machine *m)
{
	return m->attempt.deadline && !m->template &&
		(life_netboots(m->state) ||
			m->state == LIFE_INSTALLED); /* live: until this boot is up */
}

static void due_set(struct machines *ms, size_t at, struct machine *m)
{
	ms->due[at - 1] = m;
	m->due = at;
}

static bool due_before(const struct machines *ms, size_t a, size_t b)
{
	return ms->due[a - 1]->attempt.deadline < ms->due[b - 1]->attempt.deadline;
}

static void due_swap(struct machines *ms, size_t a, size_t b)
{
	struct machine *m = ms->due[a - 1];

	due_set(ms, a, ms->due[b - 1]);
	due_set(ms, b, m);
}

static void due_sift(struct machines *ms, size_t at)
{
	while (at > 1 && due_before(ms, at, at / 2)) {
		due_swap(ms, at, at / 2);
		at /= 2;
	}
	for (size_t child; (child = at * 2) <= ms->n_due; at = child) {
		if (child < ms->n_due && due_before(ms, child + 1, child))
			child++;
		if (!due_before(ms, child, at))
			break;
		due_swap(ms, at, child);
	}
}

void machine_due_remove(struct machines *ms, struct machine *m)
{
	size_t at = m->due;

	if (!at)
		return;
	due_swap(ms, at, ms->n_due--);
	m->due = 0;
	if (at <= ms->n_due)
		due_sift(ms, at);
}

void machine_due_update(struct machines *ms, struct machine *m)
{
	if (!machine_is_due(m)) {
		machine_due_remove(ms, m);
		return;
	}
	if (!m->due)
		due_set(ms, ++ms->n_due, m);
	due_sift(ms, m->due);
}

struct machine *machines_next_deadline(const struct machines *ms)
{
	return ms->n_due ? ms->due[0] : NULL;
}
