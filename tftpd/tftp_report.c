/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tftpd/tftp_report.h"

#include <stdio.h>
#include <stdlib.h>

static void deliver(struct message *m)
{
	struct tftp_report_message *p = (struct tftp_report_message *)m;

	p->ended(p->arg, &p->r);
	free(p);
}

struct tftp_report_message *tftp_report_new(const struct tftpd_config *c, uint32_t segment,
	const struct ip *peer, uint16_t port, const char *name)
{
	struct tftp_report_message *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->m.deliver = deliver;
	p->ended = c->ended;
	p->arg = c->arg;
	p->r.segment = segment;
	p->r.peer = *peer;
	p->r.peer_port = port;
	p->r.name = p->name;
	p->r.why = p->why;
	snprintf(p->name, sizeof p->name, "%s", name);
	return p;
}

void tftp_report_post(struct tftp_report_message *p, struct mailbox *home)
{
	if (p->ended)
		mailbox_post(home, &p->m);
	else
		free(p);
}
