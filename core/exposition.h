/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text that Prometheus reads, its exposition format 0.0.4: families of samples, each with its HELP and TYPE. Pure.
 *
 *   exposition_family(x, "usher_dhcp_drops_total", "counter", "Answers that …");
 *   exposition_label(x, "family", "4");
 *   exposition_count(x, 17);            usher_dhcp_drops_total{family="4"} 17
 */
#ifndef USHER_CORE_EXPOSITION_H
#define USHER_CORE_EXPOSITION_H

#include "core/histogram.h"
#include "core/text.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct exposition {
	struct text text;   /* the caller's to take; sticky error there */
	struct text labels; /* of the sample that comes next */
	char family[96];
};

/* `max`: bytes of the text. */
void exposition_init(struct exposition *x, size_t max);
void exposition_fini(struct exposition *x);
/* `type`: counter, gauge, histogram. `help` is one line. */
void exposition_family(struct exposition *x, const char *name, const char *type, const char *help);
/* Of the next sample only. `name` is fit for one; `value` may be any text: it is made
 * plain (core/plain.h), and escaped. */
void exposition_label(struct exposition *x, const char *name, const char *value);
/* A sample of the family that was begun last. */
void exposition_count(struct exposition *x, uint64_t value);
void exposition_number(struct exposition *x, double value);
/* All samples of one histogram, in seconds. */
void exposition_histogram(struct exposition *x, const struct histogram *h);

/* A family with one sample, without labels. */
void exposition_counter(struct exposition *x, const char *name, uint64_t value, const char *help);
void exposition_gauge(struct exposition *x, const char *name, double value, const char *help);

#endif
