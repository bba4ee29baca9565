/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/prober.h"

#include "core/clock.h"
#include "core/log.h"
#include "dhcpd/lease.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 64 }; /* messages served again in a wake-up, like those of a receive */

static void set_timer(struct prober *p)
{
	int64_t at;

	if (p->timer.slot == 0 && probes_deadline(&p->probes, &at))
		(void)loop_timer_set(p->loop, &p->timer, at - clock_mono_ms());
}

static void serve_again(struct prober *p, struct probe_message *m)
{
	if (m)
		p->again(p->arg, m->bytes, m->len);
	free(m);
}

static void over(struct loop_timer *t)
{
	struct prober *p = t->arg;
	struct probe_message *m;

	for (int i = 0; i < AT_ONCE && probes_next_over(&p->probes, clock_mono_ms(), &m); i++)
		serve_again(p, m);
	p->done(p->arg);
}

static void heard(void *arg, const struct acd_neighbour *n)
{
	struct prober *p = arg;

	if (probe_state(&p->probes, &n->ip, clock_mono_ms()) == PROBE_UNKNOWN ||
		!p->answered(p->arg, &n->ip, &n->mac, probe_is_declined(&p->probes, &n->ip)))
		return;
	serve_again(p, probe_answered(&p->probes, &n->ip));
	p->done(p->arg);
}

int prober_open(struct prober *p, unsigned ifindex, const struct mac *mac, const struct ip *from,
	unsigned wait_ms)
{
	int rc = acd_open(&p->acd, p->loop, ifindex, mac, from, heard, p);

	if (rc)
		return rc;
	probes_init(&p->probes, wait_ms);
	loop_timer_init(&p->timer, over, p);
	p->ahead = 0;
	p->look_ahead = true;
	return 0;
}

void prober_close(struct prober *p)
{
	if (!prober_is_open(p))
		return;
	loop_timer_clear(p->loop, &p->timer);
	probes_fini(&p->probes);
	acd_close(&p->acd);
}

static enum prober_verdict ask(
	struct prober *p, const struct ip *ip, bool doubtful, const void *bytes, size_t len)
{
	int64_t now = clock_mono_ms();
	enum probe_state state = probe_state(&p->probes, ip, now);
	int rc;

	if (state == PROBE_FREE || (state == PROBE_UNKNOWN && !doubtful))
		return PROBER_GIVE;
	rc = probe_begin(&p->probes, ip, now);
	if (!rc)
		rc = probe_wait(&p->probes, ip, bytes, len);
	return rc && rc != -EALREADY ? PROBER_FULL : PROBER_WAITS;
}

static void count_ahead(struct prober *p, enum prober_verdict verdict)
{
	p->look_ahead = true;
	if (verdict != PROBER_GIVE)
		p->ahead = 0;
	else if (p->ahead)
		p->ahead--;
}

enum prober_verdict prober_ask(
	struct prober *p, const struct ip *ip, bool doubtful, const void *bytes, size_t len)
{
	enum prober_verdict verdict = PROBER_GIVE;

	if (prober_is_open(p))
		verdict = ask(p, ip, doubtful, bytes, len);
	if (doubtful)
		count_ahead(p, verdict);
	return verdict;
}

enum prober_verdict prober_ask_declined(
	struct prober *p, const struct ip *ip, const void *bytes, size_t len)
{
	int64_t now = clock_mono_ms();
	int rc;

	if (!prober_is_open(p))
		return PROBER_GIVE;
	rc = probe_begin_declined(&p->probes, ip, now);
	if (!rc && probe_state(&p->probes, ip, now) == PROBE_FREE)
		return PROBER_GIVE;
	if (!rc)
		rc = probe_wait(&p->probes, ip, bytes, len);
	return rc && rc != -EALREADY ? PROBER_FULL : PROBER_WAITS;
}

void prober_given(struct prober *p, const struct ip *ip)
{
	if (prober_is_open(p))
		probe_given(&p->probes, ip, clock_mono_ms());
}

/* So that the next stranger's offer need not wait. Only while strangers come: a quiet segment is
 * not asked all day. */
static void probe_ahead(struct prober *p)
{
	struct ip next[LEASE_CANDIDATES];

	if (!p->look_ahead)
		return;
	p->look_ahead = false;
	if (p->ahead > LEASE_CANDIDATES / 2)
		return;
	p->ahead = p->next(p->arg, next, LEASE_CANDIDATES);
	for (size_t i = 0; i < p->ahead; i++)
		(void)probe_begin(&p->probes, &next[i], clock_mono_ms());
}

/* A question that cannot be sent is over like one that nobody answers: the link is down, and nobody
 * is there. */
void prober_flush(struct prober *p)
{
	struct ip ips[ACD_BATCH];
	size_t n;

	if (!prober_is_open(p))
		return;
	probe_ahead(p);
	while ((n = probes_unsent(&p->probes, ips, ACD_BATCH)) > 0) {
		int rc = acd_ask(&p->acd, ips, n);

		if (rc < 0)
			log_debug("acd: a question did not leave: %s", strerror(-rc));
	}
	set_timer(p);
}
