/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "service/service.h"

#include "core/clock.h"
#include "machine/watch.h"
#include "service/api/events_api.h"
#include "service/api/survey.h"
#include "service/boot/place_look.h"
#include "service/console/console_record.h"
#include "service/follow/libvirt_events.h"
#include "service/media/copying.h"
#include "service/media/verifying.h"
#include "service/metal/by_rules.h"
#include "service/metal/power_switch.h"
#include "service/network/networks_api.h"
#include "service/operations/change.h"
#include "service/operations/create.h"
#include "service/operations/patch.h"
#include "service/operations/template.h"
#include "service/operations/trial.h"

static struct machine *speaker(
	void *arg, uint32_t segment, const struct ip *from, char *why, size_t size)
{
	return place_speaker(arg, segment, from, why, size);
}

/* logs.line: it may say why its machine is stuck. */
static void logged(void *arg, struct machine *m, const struct logs_line *line)
{
	(void)arg;
	machine_heard(m, line->text);
}

/* Floors 3 to 5, and what machines fetch. */
static void connect_lower(struct service *s)
{
	struct base *b = &s->base;

	s->time.base = b;
	s->watching.base = b;
	s->access.base = b;
	s->hosts = (struct hosts){.base = b};
	libvirt_events_init(&s->hosts.calls, &s->follow);
	s->act = (struct act){
		.base = b, .hosts = &s->hosts, .goes_on = create_continue, .arg = &s->operations};
	s->content = (struct content){.base = b};
	s->packages.base = b;
	s->consoles = (struct consoles){.base = b, .hosts = &s->hosts};
	s->logs = (struct logs){
		.base = b, .speaker = speaker, .speaker_arg = &s->boot, .line = logged};
	s->network.base = b;
	s->network.hosts = &s->hosts;
	s->imports = (struct imports){.base = b, .content = &s->content};
	s->discovery = (struct discovery){.base = b, .came = by_rules_came, .arg = &s->metal};
	s->boot = (struct boot){
		.base = b, .hosts = &s->hosts, .network = &s->network, .discovery = &s->discovery};
}

/* What makes and changes machines, and all above it. */
static void connect_upper(struct service *s)
{
	struct base *b = &s->base;

	s->operations = (struct operations){.base = b,
		.hosts = &s->hosts,
		.network = &s->network,
		.content = &s->content,
		.consoles = &s->consoles,
		.logs = &s->logs,
		.act = &s->act,
		.discovery = &s->discovery};
	s->metal = (struct metal){.base = b,
		.act = &s->act,
		.network = &s->network,
		.discovery = &s->discovery,
		.operations = &s->operations};
	s->follow = (struct follow){.base = b,
		.hosts = &s->hosts,
		.network = &s->network,
		.consoles = &s->consoles,
		.logs = &s->logs,
		.act = &s->act,
		.operations = &s->operations};
	s->api = (struct api){.base = b,
		.access = &s->access,
		.hosts = &s->hosts,
		.network = &s->network,
		.content = &s->content,
		.packages = &s->packages,
		.imports = &s->imports,
		.consoles = &s->consoles,
		.logs = &s->logs,
		.operations = &s->operations,
		.metal = &s->metal,
		.discovery = &s->discovery,
		.boot = &s->boot,
		.hooks = &s->hooks,
		.webhooks = &s->webhooks,
		.started = clock_wall_ms()};
	metrics_init(&s->api.metrics);
	s->settle = (struct settle){.base = b,
		.act = &s->act,
		.consoles = &s->consoles,
		.packages = &s->packages,
		.settled = events_answer_all,
		.arg = &s->api};
}

void service_connect(struct service *s)
{
	connect_lower(s);
	connect_upper(s);
}

void service_set_dhcpd(struct service *s, struct dhcpd *d)
{
	s->dhcpd = s->network.dhcpd = s->boot.dhcpd = s->operations.dhcpd = s->api.dhcpd = d;
}

void service_drop_waiting(struct service *s)
{
	bulks_stop(&s->api.bulks);
	verifying_forget(&s->imports);
	copying_drop_all(&s->imports);
	create_drop_all(&s->operations);
	by_rules_drop_all(&s->metal);
	trial_drop_all(&s->operations);
	template_drop_all(&s->operations);
	change_drop_all(&s->operations);
	patch_drop_all(&s->operations);
	power_switch_drop_all(&s->metal);
	networks_drop_all(&s->network);
	fetches_free(s->content.fetches);
	s->content.fetches = NULL;
	events_drop_all(&s->api);
	listings_drop_all(&s->api.listings);
	surveys_drop_all(&s->api);
	place_drop_all(&s->boot);
	record_drop_all(&s->consoles);
	logs_drop_all(&s->logs);
}
