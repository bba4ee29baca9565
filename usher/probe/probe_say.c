/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/probe/probe.h"

#include "core/plain.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

int64_t probe_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static json_t *walk_of(struct probe *p, enum probe_as as)
{
	if (!p->walk) {
		p->walk = json_pack("{s:s, s:[]}", "as", probe_as_name(as), "steps");
		json_array_append_new(p->walks, p->walk);
	}
	return p->walk;
}

static void say_step(
	struct probe *p, enum probe_as as, const char *step, int64_t us, const char *text)
{
	if (p->walks)
		json_array_append_new(json_object_get(walk_of(p, as), "steps"),
			json_pack("{s:s, s:s, s:o}", "step", step, "text", text, "ms",
				us < 0 ? json_null() : json_real((double)us / 1000)));
	else if (us < 0)
		printf("%-5s %-9s %12s %s\n", probe_as_name(as), step, "", text);
	else
		printf("%-5s %-9s %9.1f ms %s\n", probe_as_name(as), step, (double)us / 1000, text);
	fflush(stdout);
}

void probe_say(
	struct probe *p, enum probe_as as, const char *step, int64_t us, const char *fmt, ...)
{
	char raw[1024], text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	say_step(p, as, step, us, plain_line(raw, text, sizeof text));
}

void probe_say_verdict(struct probe *p, enum probe_as as, const struct probe_verdict *v)
{
	char text[sizeof v->text], fix[sizeof v->fix];

	plain_line(v->text, text, sizeof text);
	plain_line(v->fix, fix, sizeof fix);
	p->wrong += !v->right;
	if (p->walks) {
		json_object_set_new(walk_of(p, as), "verdict",
			json_pack("{s:b, s:s, s:b, s:s, s:s?}", "right", v->right, "what", v->what,
				"probably", v->probably, "text", text, "fix", *fix ? fix : NULL));
	} else {
		printf("%-5s %-9s %12s %s\n", probe_as_name(as), v->right ? "right" : "WRONG", "",
			text);
		if (*fix)
			printf("%-5s %-9s %12s %s\n", probe_as_name(as), "fix", "", fix);
	}
	p->walk = NULL;
	fflush(stdout);
}
