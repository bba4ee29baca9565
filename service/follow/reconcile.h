/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds work left undone and events missed while usher or libvirt was not running, and corrects both. */
#ifndef USHER_SERVICE_FOLLOW_RECONCILE_H
#define USHER_SERVICE_FOLLOW_RECONCILE_H

struct guests;
struct follow;

/* At the start: switches bare machines that were armed but not yet switched when the service was killed. */
void reconcile_bare(struct follow *follow);
/* This libvirt connected (again): checks all of its guests, as events may have been missed. */
void reconcile_guests(struct follow *follow, struct guests *from);
/* Drops look-ups whose results nobody will receive. */
void reconcile_drop_all(struct follow *follow);

#endif
