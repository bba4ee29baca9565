#ifndef USHER_SERVICE_SETTLE_H
#define USHER_SERVICE_SETTLE_H

struct loop_timer;
struct machine;
struct service;
struct timeline_event;

void settle_on_action(void *service, struct machine *m, unsigned actions); /* machine_act */
void settle_on_timeline(void *service, const struct timeline_event *e); /* timeline_listen() */
void settle_now(struct loop_timer *t);
void settle_deadline(struct loop_timer *t);
void settle_set_deadline(struct service *s);
void settle_drop_all(struct service *s);

#endif
