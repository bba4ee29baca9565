/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The families of /metrics, by subject. usher-api(7) lists them; contrib/prometheus/ uses them. No label names a machine. */
#include "service/api/metrics_api.h"
#include "service/api/survey.h"

#include "service/api/api.h"
#include "service/boot/boot.h"
#include "service/logs/logs.h"
#include "service/network/network.h"

#include "core/process_use.h"
#include "dhcpd/dhcp6_wire.h"
#include "dhcpd/dhcp_wire.h"
#include "hooks/hooks.h"
#include "hooks/webhook.h"
#include "machine/census.h"

#include <stdio.h>

static void one(struct exposition *x, const char *label, const char *value, uint64_t n)
{
	exposition_label(x, label, value);
	exposition_count(x, n);
}

static void two(struct exposition *x, const char *label, const char *value, const char *label2,
	const char *value2, uint64_t n)
{
	exposition_label(x, label, value);
	one(x, label2, value2, n);
}

/* The rows of a tally. */
static void rows(struct exposition *x, const char *label, const struct tally *t)
{
	for (size_t i = 0; i < t->count; i++)
		one(x, label, t->rows[i].name, (uint64_t)t->rows[i].n[0]);
}

/* The process */

static void write_process(struct exposition *x, struct api *api)
{
	struct process_use u;

	process_use_look(&u);
	exposition_family(x, "usher_build_info", "gauge", "The version that runs; always 1.");
	one(x, "version", USHER_VERSION, 1);
	exposition_gauge(x, "usher_start_time_seconds", (double)api->started / 1e3,
		"When the service started, in seconds since the epoch.");
	exposition_gauge(x, "process_start_time_seconds", u.started,
		"When the process started, in seconds since the epoch.");
	exposition_family(x, "process_cpu_seconds_total", "counter",
		"CPU time of all threads, user and system.");
	exposition_number(x, u.cpu_s);
	exposition_gauge(x, "process_resident_memory_bytes", (double)u.resident_bytes,
		"Memory that is resident.");
	exposition_gauge(x, "process_virtual_memory_bytes", (double)u.virtual_bytes,
		"Memory that is mapped.");
	exposition_gauge(x, "process_max_fds", (double)u.descriptors_max,
		"Open files that the process may have.");
}

/* Machines */

/* Of profiles only what is there: they may be many, and most have machines in one state or two. */
static void write_profiles(struct exposition *x, const struct tally *t)
{
	exposition_family(x, "usher_profile_machines", "gauge",
		"Machines by profile and state, where there are any.");
	for (size_t i = 0; i < t->count; i++)
		for (int state = 0; state < LIFE_STATES; state++)
			if (t->rows[i].n[state])
				two(x, "profile", t->rows[i].name, "state",
					life_state_name((enum life_state)state),
					(uint64_t)t->rows[i].n[state]);
}

static void write_stages(struct exposition *x, const struct census *c)
{
	exposition_family(x, "usher_boot_stage_seconds", "histogram",
		"What machines took for each stage of a boot, from the one before it.");
	for (int i = 0; i < FACT_STEPS; i++) {
		const char *stage = census_stage((enum fact)i);

		if (!stage)
			continue;
		exposition_label(x, "stage", stage);
		exposition_histogram(x, &c->stages[i]);
	}
	exposition_family(x, "usher_attempt_seconds", "histogram",
		"What attempts took from their beginning until the machine was up, or failed.");
	exposition_label(x, "result", "up");
	exposition_histogram(x, &c->installed);
	exposition_label(x, "result", "failed");
	exposition_histogram(x, &c->failing);
}

static void write_machines(struct exposition *x, struct api *api)
{
	const struct census *c = machines_census(api->base->machines);

	exposition_family(x, "usher_machines", "gauge", "Machines by state.");
	for (int i = 0; i < LIFE_STATES; i++)
		one(x, "state", life_state_name((enum life_state)i), c->states[i]);
	write_profiles(x, &c->profiles);
	exposition_family(x, "usher_stuck_machines", "gauge",
		"Machines whose attempt is under way and stuck, by kind of cause.");
	rows(x, "cause", &c->stuck);
	exposition_family(x, "usher_failed_machines", "gauge",
		"Machines whose attempt failed, by kind of cause.");
	rows(x, "cause", &c->failed);
	exposition_gauge(x, "usher_discovered_machines",
		(double)discovereds_count(api->discovery->discovered),
		"Machines without a record that said what they are.");
	write_stages(x, c);
	exposition_family(x, "usher_events_total", "counter", "Events on the timeline, by kind.");
	rows(x, "kind", &api->metrics.events);
}

/* DHCP */

static void write_messages(struct exposition *x, const struct dhcpd_stats *d)
{
	static const unsigned asked[] = {
		0, DHCP_DISCOVER, DHCP_REQUEST, DHCP_DECLINE, DHCP_RELEASE, DHCP_INFORM};
	static const unsigned asked6[] = {DHCP6_SOLICIT, DHCP6_REQUEST, DHCP6_CONFIRM, DHCP6_RENEW,
		DHCP6_REBIND, DHCP6_RELEASE, DHCP6_DECLINE, DHCP6_INFORMATION_REQUEST};

	exposition_family(x, "usher_dhcp_messages_total", "counter",
		"DHCP messages of clients, by family and type.");
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
		two(x, "family", "4", "type", dhcp_type_name(asked[i]), d->in_type[asked[i]]);
	for (size_t i = 0; i < sizeof asked6 / sizeof *asked6; i++)
		two(x, "family", "6", "type", dhcp6_type_name(asked6[i]), d->in6_type[asked6[i]]);
	exposition_family(x, "usher_dhcp_answers_total", "counter",
		"DHCP answers, by family and type. A REPLY that leases nothing is one with a status or "
		"other information.");
	two(x, "family", "4", "type", "OFFER", d->offers - d->advertises6);
	two(x, "family", "4", "type", "ACK", d->acks - d->leases6);
	two(x, "family", "4", "type", "NAK", d->naks);
	two(x, "family", "6", "type", "ADVERTISE", d->advertises6);
	two(x, "family", "6", "type", "REPLY with a lease", d->leases6);
	two(x, "family", "6", "type", "REPLY", d->replies6);
}

static void write_dhcp(struct exposition *x, struct api *api)
{
	struct dhcpd_stats d = dhcpd_stats(api->dhcpd);

	exposition_counter(x, "usher_dhcp_received_packets_total", d.in, "DHCP packets that came.");
	exposition_counter(x, "usher_dhcp_sent_packets_total", d.out, "DHCP packets that left.");
	write_messages(x, &d);
	exposition_counter(x, "usher_dhcp_malformed_packets_total", d.malformed,
		"DHCP packets that could not be read.");
	exposition_counter(x, "usher_dhcp_ignored_messages_total", d.ignored,
		"DHCP messages to which no answer is due.");
	exposition_counter(x, "usher_dhcp_refused_strangers_total", d.refused,
		"Those of them that came from no machine of ours and were not to have what they asked "
		"for.");
	exposition_counter(x, "usher_dhcp_dropped_answers_total", d.dropped,
		"Answers that were due and did not leave: no room, or commit or send failed.");
	exposition_gauge(x, "usher_dhcp_parked_answers", (double)d.parked,
		"Answers that wait for their lease to be on disk.");
	exposition_family(x, "usher_dhcp_answer_seconds", "histogram",
		"From reading a DHCP message to sending its answer: those that need nothing stored, "
		"and those that wait for the store.");
	exposition_label(x, "waits_for", "nothing");
	exposition_histogram(x, &d.direct);
	exposition_label(x, "waits_for", "store");
	exposition_histogram(x, &d.stored);
	exposition_gauge(x, "usher_lease_records", (double)leases_count(dhcpd_leases(api->dhcpd)),
		"Addresses of which is known who has or had them.");
}

/* Segments */

static void each_pool(struct exposition *x, const struct segments *all, const struct survey *found)
{
	for (size_t i = 0; i < all->count * SURVEY_FAMILIES; i++) {
		const struct segment *s = all->all[i / SURVEY_FAMILIES];
		bool six = i % SURVEY_FAMILIES;
		uint32_t first, last;

		if (segment_pool(s, six ? IP_V6 : IP_V4, &first, &last))
			two(x, "segment", s->name, "family", six ? "6" : "4",
				found ? found->used[s->id - 1][six] : (uint64_t)last - first + 1);
	}
}

static void write_segments(struct exposition *x, const struct survey *found)
{
	struct api *api = found->api;
	const struct segments *all = &api->base->segments;
	struct dhcpd_server others[DHCPD_OTHERS_MAX];

	exposition_family(
		x, "usher_pool_addresses", "gauge", "Addresses of the segment's pool, by family.");
	each_pool(x, all, NULL);
	exposition_family(x, "usher_pool_used_addresses", "gauge",
		"Those of them that cannot be given to somebody new: leased, offered, set aside, or a machine's own.");
	each_pool(x, all, found);
	exposition_family(x, "usher_segment_serving", "gauge",
		"1: DHCP is answered there; 0: the segment is not there, or cannot be served.");
	for (size_t i = 0; i < all->count; i++)
		one(x, "segment", all->all[i]->name, dhcpd_is_open(api->dhcpd, all->all[i]));
	exposition_family(x, "usher_segment_other_dhcp_servers", "gauge",
		"Other DHCP servers that were heard there within the last hour.");
	for (size_t i = 0; i < all->count; i++)
		one(x, "segment", all->all[i]->name, dhcpd_others(api->dhcpd, all->all[i], others));
}

/* Files */

static void write_transfers(struct exposition *x, const struct boot *b)
{
	const struct transferred *const of[] = {&b->tftp, &b->http};
	static const char *const names[] = {"tftp", "http"};

	exposition_family(x, "usher_transfers_total", "counter",
		"Files that were asked for, by protocol and how that ended.");
	for (int i = 0; i < 2; i++) {
		two(x, "protocol", names[i], "result", "done", of[i]->done);
		two(x, "protocol", names[i], "result", "broken_off", of[i]->failed);
		two(x, "protocol", names[i], "result", "refused", of[i]->refused);
	}
	exposition_family(x, "usher_transfer_bytes_total", "counter",
		"Bytes of files that were sent, by protocol.");
	for (int i = 0; i < 2; i++)
		one(x, "protocol", names[i], of[i]->bytes);
	exposition_counter(x, "usher_http_dropped_connections_total", b->http_dropped,
		"HTTP connections that were dropped: they stalled, or others needed their room.");
}

/* The store and queues */

static void write_store(struct exposition *x, struct api *api)
{
	struct store_stats st = store_stats(api->base->store);
	char why[512];

	exposition_counter(x, "usher_store_commits_total", st.commits, "Transactions asked for.");
	exposition_counter(x, "usher_store_transactions_total", st.transactions,
		"Transactions written: fewer, where commits gathered.");
	exposition_counter(x, "usher_store_failures_total", st.failures,
		"Writes that failed; what they had is kept and tried again.");
	exposition_gauge(
		x, "usher_store_backlog_bytes", (double)st.backlog, "What waits to be written.");
	exposition_gauge(x, "usher_store_trouble", store_trouble(api->base->store, why, sizeof why),
		"1: the store cannot write now, and nothing new is leased.");
	exposition_family(x, "usher_store_write_seconds", "histogram",
		"What a transaction took until it was on disk.");
	exposition_histogram(x, &st.wrote);
}

static void write_queues(struct exposition *x, struct api *api)
{
	size_t waiting, running;
	struct hooks_stats h = hooks_stats(*api->hooks);

	worker_look(api->base->worker, &waiting, &running);
	exposition_family(
		x, "usher_worker_tasks", "gauge", "Tasks that block, by whether they wait or run.");
	one(x, "state", "waiting", waiting);
	one(x, "state", "running", running);
	exposition_family(x, "usher_hook_runs_total", "counter", "Executables run for events.");
	one(x, "result", "done", h.run);
	one(x, "result", "failed", h.failed);
	exposition_counter(x, "usher_hook_dropped_events_total", h.dropped,
		"Events that hooks were not run for, as too many waited.");
	exposition_gauge(x, "usher_hook_waiting_events", (double)h.waiting,
		"Events that hooks are run for, or will be.");
}

static void webhook(struct exposition *x, const struct webhooks *w, size_t i, uint64_t n)
{
	char number[24];

	snprintf(number, sizeof number, "%zu", i + 1);
	two(x, "webhook", number, "host", webhooks_host(w, i), n);
}

static void write_webhooks(struct exposition *x, const struct webhooks *w)
{
	size_t n = webhooks_count(w);

	exposition_family(x, "usher_webhook_delivered_events_total", "counter",
		"Events that a receiver took.");
	for (size_t i = 0; i < n; i++)
		webhook(x, w, i, webhooks_stats(w, i).delivered);
	exposition_family(x, "usher_webhook_failed_posts_total", "counter",
		"Posts that failed; most are tried again.");
	for (size_t i = 0; i < n; i++)
		webhook(x, w, i, webhooks_stats(w, i).failed);
	exposition_family(x, "usher_webhook_dropped_events_total", "counter",
		"Events that were not delivered: refused, too old, or too many waited.");
	for (size_t i = 0; i < n; i++)
		webhook(x, w, i, webhooks_stats(w, i).dropped);
	exposition_family(
		x, "usher_webhook_waiting_events", "gauge", "Events that are posted, or will be.");
	for (size_t i = 0; i < n; i++)
		webhook(x, w, i, webhooks_stats(w, i).waiting);
}

static void write_logs(struct exposition *x, const struct logs *l)
{
	exposition_family(x, "usher_syslog_messages_total", "counter",
		"Syslog messages: kept, left out as too many, refused as nobody's, lost unread.");
	one(x, "result", "kept", l->kept);
	one(x, "result", "left_out", l->left_out);
	one(x, "result", "refused", l->refused);
	one(x, "result", "unread", l->unread);
}

static void write_libvirt(struct exposition *x, const struct hosts *hosts)
{
	exposition_family(x, "usher_libvirt_connected", "gauge", "1: connected to this libvirt.");
	for (size_t i = 0; i < hosts->count; i++) {
		const struct guests *g = hosts_at(hosts, i);

		one(x, "uri", hosts_uri(hosts, g), guests_connected(g));
	}
}

void metrics_write(const struct survey *found, struct exposition *x)
{
	struct api *api = found->api;
	write_process(x, api);
	write_machines(x, api);
	write_dhcp(x, api);
	write_segments(x, found);
	write_transfers(x, api->boot);
	write_store(x, api);
	write_queues(x, api);
	write_webhooks(x, *api->webhooks);
	write_logs(x, api->logs);
	write_libvirt(x, api->hosts);
}
