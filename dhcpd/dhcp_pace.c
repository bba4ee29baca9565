/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/dhcp_pace.h"

#include "dhcpd/dhcp_socket.h"

#include <sys/epoll.h>

static bool waits(const struct dhcp_pace *p)
{
	return p->waits && p->waits(p->arg);
}

/* The next reading is the timer's: 0 or -ENOMEM. */
static int again(struct dhcp_pace *p, int n)
{
	bool more = n >= DHCP_BATCH || waits(p);

	return loop_timer_set(p->loop, &p->timer, more ? 0 : DHCP_PACE_MS);
}

static void paced(struct loop_timer *t)
{
	struct dhcp_pace *p = t->arg;
	int n = p->receive(p->arg);

	if (n <= 0 || again(p, n) < 0)
		(void)loop_rewatch(p->loop, p->watch, EPOLLIN);
}

void dhcp_pace_init(struct dhcp_pace *p, struct loop *loop, struct loop_fd *watch,
	int (*receive)(void *arg), bool (*waits_)(void *arg), void *arg)
{
	*p = (struct dhcp_pace){
		.loop = loop, .watch = watch, .receive = receive, .waits = waits_, .arg = arg};
	loop_timer_init(&p->timer, paced, p);
}

/* Two readings within a millisecond are a crowd's: its messages are left to gather from then on, until none came. */
void dhcp_pace_readable(struct dhcp_pace *p)
{
	bool soon = p->read_at == loop_now(p->loop);
	int n = p->receive(p->arg);

	p->read_at = loop_now(p->loop);
	if (n > 0 && (soon || waits(p)) && again(p, n) == 0)
		(void)loop_rewatch(p->loop, p->watch, 0);
}

void dhcp_pace_clear(struct dhcp_pace *p)
{
	loop_timer_clear(p->loop, &p->timer);
}
