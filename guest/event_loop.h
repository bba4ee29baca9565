/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt's own event loop: one per process, on a thread that runs while somebody holds it. */
#ifndef USHER_GUEST_EVENT_LOOP_H
#define USHER_GUEST_EVENT_LOOP_H

/* 0 or -EAGAIN. Before the first connection is opened. */
int event_loop_hold(void);
/* After the connection is closed: closing hands callbacks to the loop for freeing. The last to drop it waits for its
 * thread. */
void event_loop_drop(void);

#endif
