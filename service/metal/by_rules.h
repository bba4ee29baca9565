/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Discovered machines are enrolled by rules, usher-rules(5), where the configuration names a file of them: read by the worker
 * for each machine, so that a change counts at once; decided; and made as if somebody had asked for it. One after another: a
 * {n} in a name is the lowest free number. What came of it is on the timeline. Main thread.
 */
#ifndef USHER_SERVICE_METAL_BY_RULES_H
#define USHER_SERVICE_METAL_BY_RULES_H

struct discovered;
struct http_request;
struct metal;

enum {
	BY_RULES_MAX = 1000
}; /* that wait: as many as are kept discovered. More are left out, and stay discovered */

/* discovery.came, `arg` is a struct metal: it has said what it is. Left out is who has a record, and who has a twin. Without a file
 * of rules nothing happens. */
void by_rules_came(void *arg, struct discovered *d);
/* POST /discovered/NAME/rules: the same for one that waits, by request. */
void by_rules_handle(struct metal *metal, struct http_request *r, const char *name);
void by_rules_drop_all(struct metal *metal);

#endif
