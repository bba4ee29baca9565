/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding out what was not done, or happened unseen, and putting it right. */
#ifndef USHER_SERVICE_FOLLOW_RECONCILE_H
#define USHER_SERVICE_FOLLOW_RECONCILE_H

struct guests;
struct follow;

/* At the start: bare machines that were armed, and nobody came to switch them before we were killed. */
void reconcile_bare(struct follow *follow);
/* This libvirt is (again) there: look at every guest of it, as events may have been missed. */
void reconcile_guests(struct follow *follow, struct guests *from);
/* Looks whose ends nobody will hear of. */
void reconcile_drop_all(struct follow *follow);

#endif
