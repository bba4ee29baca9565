/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/exposition.h"

#include "core/plain.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LABELS_MAX = 4096 };

void exposition_init(struct exposition *x, size_t max)
{
	*x = (struct exposition){.family = ""};
	text_init(&x->text, max);
	text_init(&x->labels, LABELS_MAX);
}

void exposition_fini(struct exposition *x)
{
	text_fini(&x->text);
	text_fini(&x->labels);
}

void exposition_family(struct exposition *x, const char *name, const char *type, const char *help)
{
	snprintf(x->family, sizeof x->family, "%s", name);
	text_printf(&x->text, "# HELP %s ", name);
	for (; *help; help++)
		text_puts(&x->text, *help == '\\' ? "\\\\" : (char[]){*help, '\0'});
	text_printf(&x->text, "\n# TYPE %s %s\n", name, type);
}

static void escaped(struct text *t, const char *value)
{
	for (; *value; value++) {
		if (*value == '\\' || *value == '"')
			text_puts(t, "\\");
		text_add(t, value, 1);
	}
}

void exposition_label(struct exposition *x, const char *name, const char *value)
{
	char plain[256];

	text_puts(&x->labels, x->labels.len ? "," : "");
	text_puts(&x->labels, name);
	text_puts(&x->labels, "=\"");
	escaped(&x->labels, plain_line(value, plain, sizeof plain));
	text_puts(&x->labels, "\"");
}

/* NAME{labels} and a blank; `le` (may be NULL) is a further label. */
static void head(struct exposition *x, const char *suffix, const char *le)
{
	bool some = x->labels.len;

	if (x->labels.rc && !x->text.rc)
		x->text.rc = x->labels.rc;
	text_printf(&x->text, "%s%s", x->family, suffix);
	if (some || le)
		text_printf(&x->text, "{%s%s%s%s%s}", some ? x->labels.s : "",
			some && le ? "," : "", le ? "le=\"" : "", le ? le : "", le ? "\"" : "");
	text_puts(&x->text, " ");
}

static void end(struct exposition *x)
{
	text_fini(&x->labels);
	text_init(&x->labels, LABELS_MAX);
}

static void put_number(struct text *t, double value)
{
	if (isnan(value) || isinf(value))
		text_puts(t, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
	else
		text_printf(t, "%.15g", value);
}

void exposition_count(struct exposition *x, uint64_t value)
{
	head(x, "", NULL);
	text_printf(&x->text, "%" PRIu64 "\n", value);
	end(x);
}

void exposition_number(struct exposition *x, double value)
{
	head(x, "", NULL);
	put_number(&x->text, value);
	text_puts(&x->text, "\n");
	end(x);
}

void exposition_histogram(struct exposition *x, const struct histogram *h)
{
	const struct histogram_bounds *b = h->bounds;
	uint64_t all = 0;

	for (size_t i = 0; i <= b->n; i++) {
		char le[32] = "+Inf";

		if (i < b->n)
			snprintf(le, sizeof le, "%.15g", (double)b->at[i] / (double)b->per_second);
		all += h->in[i];
		head(x, "_bucket", le);
		text_printf(&x->text, "%" PRIu64 "\n", all);
	}
	head(x, "_sum", NULL);
	put_number(&x->text, (double)h->sum / (double)b->per_second);
	text_puts(&x->text, "\n");
	head(x, "_count", NULL);
	text_printf(&x->text, "%" PRIu64 "\n", all);
	end(x);
}

void exposition_counter(struct exposition *x, const char *name, uint64_t value, const char *help)
{
	exposition_family(x, name, "counter", help);
	exposition_count(x, value);
}

void exposition_gauge(struct exposition *x, const char *name, double value, const char *help)
{
	exposition_family(x, name, "gauge", help);
	exposition_number(x, value);
}
