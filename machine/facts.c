/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/facts.h"

#include "core/plain.h"
#include "machine/inventory.h"
#include "machine/signs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void facts_init(struct facts *f, int64_t now)
{
	*f = (struct facts){.begun = now, .step = FACTS, .step_at = now};
}

void facts_fini(struct facts *f)
{
	for (size_t i = 0; i < FACTS; i++)
		free(f->seen[i].text);
}

/* A machine that asks again and again says the same, or one of a few lines: their room is kept. */
static void set_text(struct fact_seen *s, const char *text)
{
	char plain[FACT_TEXT];
	size_t size = strlen(plain_line(text ? text : "", plain, sizeof plain)) + 1;
	char *grown = size > s->room ? realloc(s->text, size) : s->text;

	if (!grown) {
		if (s->text)
			s->text[0] = '\0';
		return;
	}
	if (size > s->room)
		s->room = size;
	s->text = grown;
	memcpy(s->text, plain, size);
}

void facts_saw(struct facts *f, enum fact what, int64_t now, const char *text)
{
	struct fact_seen *s = &f->seen[what];

	f->any = true;
	if (s->at < f->step_at || !s->at)
		s->first = now;
	s->at = now;
	set_text(s, text);
	if (what < FACT_STEPS && f->step != what) {
		f->step = what;
		f->step_at = now;
	}
}

/* Whoever prints without end must not take the service's time. */
static bool may_look(struct facts *f, int64_t now)
{
	if (now - f->heard_at >= 1000) {
		f->heard_at = now;
		f->heard = 0;
	}
	return f->heard++ < FACT_LINES;
}

void facts_silence(struct facts *f, int64_t until)
{
	int64_t from = f->line_at > f->waits_since ? f->line_at : f->waits_since;

	if (f->line_at && f->waits_since && until - from > f->silent[f->waits])
		f->silent[f->waits] = until - from;
}

void facts_heard(struct facts *f, int64_t now, const char *line)
{
	char start[FACT_TEXT];
	const struct sign *sign;

	facts_silence(f, now);
	f->line_at = now;
	if (!may_look(f, now))
		return;
	snprintf(start, sizeof start, "%s", line);
	sign = sign_of(start);
	if (!sign)
		return;
	/* what follows the first follows from it, unless the machine went on meanwhile */
	if (sign->fatal && f->fatal && facts_have(f, SAW_FATAL, facts_since(f) - FACT_SLACK_MS))
		return;
	if (sign->fatal)
		f->fatal = sign;
	else
		f->hint = sign;
	facts_saw(f, sign->fatal ? SAW_FATAL : SAW_HINT, now, start);
}

static bool other_machine(
	const uint8_t a[UUID_BYTES], const uint8_t b[UUID_BYTES], char text[FACT_TEXT])
{
	char before[UUID_TEXT], after[UUID_TEXT];

	uuid_format(a, before);
	uuid_format(b, after);
	snprintf(text, FACT_TEXT, "UUIDs %s and %s", before, after);
	return !uuid_alike(before, after) && !inventory_worthless_uuid(before) &&
		!inventory_worthless_uuid(after);
}

void facts_identified(struct facts *f, int64_t now, unsigned client, const uint8_t uuid[UUID_BYTES])
{
	uint8_t *before = f->uuid[client];
	char text[FACT_TEXT];

	if (f->says_uuid[client] && memcmp(before, uuid, UUID_BYTES) != 0 &&
		other_machine(before, uuid, text))
		facts_saw(f, SAW_TWIN, now, text);
	memcpy(before, uuid, UUID_BYTES);
	f->says_uuid[client] = true;
}

int64_t facts_since(const struct facts *f)
{
	if ((f->step == SAW_FILE || f->step == SAW_PROGRESS) && f->seen[f->step].at > f->step_at)
		return f->seen[f->step].at;
	return f->step_at;
}

bool facts_have(const struct facts *f, enum fact what, int64_t since)
{
	return f->seen[what].at && f->seen[what].at >= since;
}

const char *facts_line(const struct facts *f, enum fact what)
{
	return f->seen[what].text ? f->seen[what].text : "";
}
