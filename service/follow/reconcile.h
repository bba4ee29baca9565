#ifndef USHER_SERVICE_FOLLOW_RECONCILE_H
#define USHER_SERVICE_FOLLOW_RECONCILE_H

struct guests;
struct service;

/* At the start: bare machines that were armed, and nobody came to switch them before we were killed. */
void reconcile_bare(struct service *s);
/* This libvirt is (again) there: look at every guest of it, as events may have been missed. */
void reconcile_guests(struct service *s, struct guests *from);
/* Looks whose ends nobody will hear of. */
void reconcile_drop_all(struct service *s);

#endif
