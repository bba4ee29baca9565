#ifndef USHER_SERVICE_ACT_H
#define USHER_SERVICE_ACT_H

#include <stdbool.h>

struct guests;
struct loop_timer;
struct machine;
struct service;
struct timeline_event;

void act_on(void *service, struct machine *m, unsigned actions); /* machine_act */
/* Before a guest of ours starts, and when the servers on its segments are others: its packet filter, as it should be
 * now. Nobody waits for it; what is asked of the guest later comes after it. Bare metal is fine. */
void act_refilter(struct service *s, struct machine *m);
void act_on_timeline(void *service, const struct timeline_event *e);
void act_settle(struct loop_timer *t);
void act_deadline(struct loop_timer *t);
void act_set_deadline(struct service *s);
/* QEMU paused a guest that could not write. */
void act_on_disk_error(struct service *s, struct guests *from, const char *domain, const char *uuid,
	const char *path, bool full);
/* At the start: bare machines that were armed, and nobody came to switch them before we were killed. */
void act_resume(struct service *s);
/* This libvirt is (again) there: look at every guest of it, as events may have been missed. */
void act_reconcile(struct service *s, struct guests *from);
void act_drop_all(struct service *s);

#endif
