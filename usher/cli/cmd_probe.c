/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher probe: a pretend machine on a segment: what would each firmware get there, and what is wrong with it. */
#include "usher/cli/cli.h"
#include "usher/client/client.h"

#include "core/json.h"
#include "core/link.h"
#include "usher/probe/probe.h"
#include "usher/probe/storm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { OPT_ON = 1, OPT_AS, OPT_MAC, OPT_MACHINE, OPT_INSTALL, OPT_STORM, OPT_OVER };

struct wish {
	const struct command *command;
	struct cli_common common;
	const char *on, *mac, *machine;
	enum probe_as as;
	bool has_as, install;
	long storm;      /* machines; 0: one */
	int64_t over_ms; /* in which they begin */
	struct client *client;
	json_t *status;        /* of the service; NULL: none answers */
	json_t *record;        /* whose MAC it is; NULL: none */
	const json_t *segment; /* of `status`: that link; NULL: none */
	uint32_t address;      /* of the record there; 0: none is known */
	struct probe probe;
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

/* Waits are broken off, so that a lease is given back; a second signal ends it at once. */
static void catch_signals(void)
{
	struct sigaction a = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGHUP, &a, NULL);
}

/* What the service knows */

static json_t *ask_quietly(struct wish *w, const char *path)
{
	char why[CLIENT_WHY];
	json_t *reply = NULL;
	long status;

	return client_try(w->client, "GET", path, NULL, &reply, &status, why, sizeof why) ? NULL
											  : reply;
}

/* The segment of that interface or name; of NULL the only one that has an interface. */
static const json_t *find_segment(const struct wish *w, const char *on)
{
	const json_t *found = NULL;
	json_t *s;
	size_t i, n = 0;

	json_array_foreach(json_object_get(w->status, "segments"), i, s)
	{
		const char *link = json_text(s, "interface");

		if (!*link || json_is_true(json_object_get(s, "relayed")))
			continue;
		if (on ? !strcmp(on, link) || !strcmp(on, json_text(s, "name")) : ++n == 1)
			found = s;
	}
	return n > 1 ? NULL : found;
}

static uint32_t address_in(const json_t *text)
{
	struct ip ip;

	return json_string_value(text) && !ip_parse(json_string_value(text), &ip) ? ip_to_v4(&ip)
										  : 0;
}

static uint32_t v4_of(const json_t *nic)
{
	json_t *a;
	size_t i;

	json_array_foreach(json_object_get(nic, "addresses"), i, a)
	{
		if (address_in(a))
			return address_in(a);
	}
	return 0;
}

/* The record's card with that MAC, or, of NULL, its first in that segment. */
static const json_t *find_card(const struct wish *w, const json_t *record, const char *mac)
{
	json_t *nic;
	size_t i;

	json_array_foreach(json_object_get(record, "nics"), i, nic)
	{
		if (mac ? !strcmp(mac, json_text(nic, "mac"))
			: !w->segment ||
					!strcmp(json_text(nic, "segment"),
						json_text(w->segment, "name")))
			return nic;
	}
	return NULL;
}

static bool boots_in(const char *state)
{
	static const char *const states[] = {"armed", "booting", "installing", "live"};

	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (!strcmp(state, states[i]))
			return true;
	return false;
}

static void take_record(struct wish *w, json_t *record, const json_t *card)
{
	struct probe_known *k = &w->probe.known;

	w->record = json_incref(record);
	w->address = v4_of(card);
	snprintf(k->machine, sizeof k->machine, "%s", json_text(record, "name"));
	snprintf(k->state, sizeof k->state, "%s", json_text(record, "state"));
}

/* --machine NAME */
static int use_machine(struct wish *w)
{
	char path[300], escaped[256];
	json_t *reply = NULL;
	const json_t *card;
	int rc = 0;

	snprintf(path, sizeof path, "/machines/%s",
		client_escape(w->machine, escaped, sizeof escaped));
	if (client_call(w->client, "GET", path, NULL, &reply))
		return EXIT_FAILED;
	card = find_card(w, reply, NULL);
	if (!card || mac_parse(json_text(card, "mac"), &w->probe.mac))
		rc = cli_fail("%s has no card on %s", w->machine, w->on ? w->on : "that segment");
	else
		take_record(w, reply, card);
	json_decref(reply);
	return rc;
}

/* --mac MAC: perhaps it is a record's. */
static void find_record(struct wish *w)
{
	json_t *all = ask_quietly(w, "/machines"), *m;
	char mac[MAC_TEXT];
	size_t i;

	mac_format(&w->probe.mac, mac);
	json_array_foreach(json_object_get(all, "machines"), i, m)
	{
		const json_t *card = w->record ? NULL : find_card(w, m, mac);

		if (card)
			take_record(w, m, card);
	}
	json_decref(all);
}

static void take_segment(struct wish *w)
{
	struct probe_known *k = &w->probe.known;

	if (!w->segment)
		return;
	k->serves = json_is_true(json_object_get(w->segment, "serving"));
	k->server = address_in(json_object_get(w->segment, "server"));
	k->proxy = !strcmp(json_text(w->segment, "mode"), "proxy");
	if (k->serves && boots_in(k->state))
		k->should = PROBE_BOOTS;
	else if (k->serves && !k->proxy)
		k->should = PROBE_NOTHING;
}

static int draw_mac(struct wish *w)
{
	struct mac *m = &w->probe.mac;

	if (getrandom(m->b, sizeof m->b, 0) != (ssize_t)sizeof m->b)
		return cli_fail("no random bytes");
	m->b[0] = 0x02; /* locally administered */
	m->b[1] = 0x75;
	return 0;
}

/* Who it is, and where. 0, or the exit status. */
static int look_up(struct wish *w)
{
	const char *on;
	int rc = 0;

	w->status = ask_quietly(w, "/status");
	w->segment = find_segment(w, w->on);
	on = w->segment ? json_text(w->segment, "interface") : w->on;
	if (!on)
		return cli_usage(w->command, "which link? --on INTERFACE%s",
			w->status ? ", since the service serves none, or several" : "");
	if (strlen(on) >= sizeof w->probe.on)
		return cli_fail("%s: there is no such interface", on);
	strcpy(w->probe.on, on);
	if (w->machine)
		rc = use_machine(w);
	else if (!w->mac)
		rc = draw_mac(w);
	else
		find_record(w);
	w->probe.record = w->machine || w->mac;
	take_segment(w);
	return rc;
}

/* May it be that machine? */

static int check_install(const struct wish *w)
{
	const char *name = w->probe.known.machine;

	if (!w->record)
		return cli_fail("--install needs a record: --machine NAME");
	if (!strcmp(json_text(w->record, "kind"), "guest"))
		return cli_fail(
			"%s is a guest: its boot script is served to its own port of the bridge "
			"alone; enroll a test record, and arm it",
			name);
	if (strcmp(w->probe.known.state, "armed"))
		return cli_fail("%s is %s, not armed: usher reinstall %s", name,
			w->probe.known.state, name);
	return 0;
}

static int check_off(const struct wish *w)
{
	struct link_state link;

	if (!w->record || !w->address || link_lookup(w->probe.on, &link) ||
		!probe_wire_answers(link.index, &link.mac, w->address))
		return 0;
	return cli_fail(
		"%s runs: it answers ARP on %s; switch it off first, since two with one MAC disturb "
		"each other",
		w->probe.known.machine, w->probe.on);
}

/* The walks */

static void wait_for_port(struct probe *p)
{
	int64_t began = probe_now_us();
	const struct timespec pause = {.tv_nsec = 20000000};

	while (!station_forwards(p->station) && !stopped && probe_now_us() - began < 40000000)
		nanosleep(&pause, NULL);
	if (probe_now_us() - began > 500000)
		probe_say(p, PROBE_BIOS, "port", probe_now_us() - began,
			"%s let nothing through before (STP): a machine's first DISCOVERs are lost there: ip link "
			"set %s type bridge stp_state 0",
			p->on, p->on);
}

static void walk_all(struct wish *w)
{
	struct probe *p = &w->probe;

	wait_for_port(p);
	for (enum probe_as as = 0; as < PROBE_AS && !stopped; as++)
		if (!w->has_as || as == w->as || (p->install && as == PROBE_IPXE))
			probe_walk(p, as);
	probe_release(p);
}

/* Without root: what this host itself can ask of the server that is known. */
static int ask_from_here(struct wish *w, const char *why)
{
	struct probe *p = &w->probe;
	uint32_t server = p->known.server;
	struct link_state link;

	if (!server && link_lookup(p->on, &link) == 0 && link.n_addresses)
		server = ip_to_v4(&link.addresses[0].ip);
	fprintf(stderr, "usher: %s\n", why);
	if (!server)
		return cli_fail(
			"nothing was asked: %s has no address of a server to ask without DHCP",
			p->on);
	fprintf(stderr,
		"usher: asked without it: TFTP and HTTP, from this host itself; DHCP is not asked, and no packet "
		"filter of %s is seen\n",
		p->on);
	probe_from_here(p, server, json_text(w->segment, "url"));
	p->wrong++; /* what was not asked is not right */
	return 0;
}

/* A crowd */

static bool is_armed_bare(const json_t *m)
{
	return !strcmp(json_text(m, "state"), "armed") &&
		strcmp(json_text(m, "kind"), "guest") != 0;
}

/* Of armed bare records on that link, as many as are wanted: how many there are. */
static size_t armed_macs(struct wish *w, struct mac *macs)
{
	json_t *all = ask_quietly(w, "/machines"), *m;
	size_t i, n = 0;

	json_array_foreach(json_object_get(all, "machines"), i, m)
	{
		const json_t *card = is_armed_bare(m) ? find_card(w, m, NULL) : NULL;

		if (card && n < (size_t)w->storm && !mac_parse(json_text(card, "mac"), &macs[n]))
			n++;
	}
	json_decref(all);
	return n;
}

/* From the given or drawn one on, upwards. */
static void count_macs(const struct wish *w, struct mac *macs)
{
	for (uint32_t i = 0; i < (uint32_t)w->storm; i++) {
		uint32_t low = (uint32_t)w->probe.mac.b[3] << 16 |
			(uint32_t)w->probe.mac.b[4] << 8 | w->probe.mac.b[5];

		macs[i] = w->probe.mac;
		low += i;
		macs[i].b[3] = (uint8_t)(low >> 16);
		macs[i].b[4] = (uint8_t)(low >> 8);
		macs[i].b[5] = (uint8_t)low;
	}
}

static void say_storm(const struct wish *w, const struct storm_result *r)
{
	size_t failed = (size_t)w->storm - r->through;

	printf("%ld machines in %.1f s: %zu came through, %zu failed; %.1f MB\n", w->storm,
		r->seconds, r->through, failed, (double)r->bytes / 1e6);
	printf("OFFER: half within %.1f ms, 99 %% within %.1f ms\n", (double)r->offer_p50_us / 1000,
		(double)r->offer_p99_us / 1000);
	for (enum storm_step s = 0; s < STORM_STEPS; s++)
		if (r->failed[s])
			printf("%zu failed at: %s (the last: %s)\n", r->failed[s],
				storm_step_name(s), r->why[s]);
}

static void say_storm_json(const struct wish *w, const struct storm_result *r)
{
	json_t *failed = json_array(), *all;

	for (enum storm_step s = 0; s < STORM_STEPS; s++)
		if (r->failed[s])
			json_array_append_new(failed,
				json_pack("{s:s, s:I, s:s}", "step", storm_step_name(s), "machines",
					(json_int_t)r->failed[s], "last", r->why[s]));
	all = json_pack("{s:I, s:I, s:o, s:f, s:I, s:f, s:f}", "machines", (json_int_t)w->storm,
		"through", (json_int_t)r->through, "failed", failed, "seconds", r->seconds, "bytes",
		(json_int_t)r->bytes, "offer_p50_us", (double)r->offer_p50_us, "offer_p99_us",
		(double)r->offer_p99_us);
	json_dumpf(all, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(all);
}

static int run_storm(struct wish *w, const struct mac *macs)
{
	const struct storm s = {.station = w->probe.station,
		.macs = macs,
		.n = (size_t)w->storm,
		.over_ms = w->over_ms,
		.install = w->install,
		.stop = &stopped};
	struct storm_result r;
	char why[256];

	if (!station_is_bridged(s.station))
		return cli_fail(
			"a storm needs a bridge, and %s is not one: it lets only one MAC in",
			w->probe.on);
	while (!station_forwards(s.station) && !stopped)
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	if (storm_run(&s, &r, why, sizeof why))
		return cli_fail("%s", why);
	if (w->common.json)
		say_storm_json(w, &r);
	else
		say_storm(w, &r);
	return r.through == s.n ? EXIT_DONE : EXIT_FAILED;
}

static int storm(struct wish *w)
{
	struct probe *p = &w->probe;
	struct mac *macs = calloc((size_t)w->storm, sizeof *macs), own;
	char why[256];
	size_t n;
	int rc;

	if (!macs)
		return cli_fail("out of memory");
	rc = look_up(w);
	n = !rc && w->install && !w->mac ? armed_macs(w, macs) : (size_t)w->storm;
	own = p->mac;
	own.b[0] = 0x06; /* the link's own is none of theirs */
	if (w->mac || !w->install)
		count_macs(w, macs);
	if (!rc && n < (size_t)w->storm)
		rc = cli_fail(
			"%zu armed bare records are on %s, not %ld: usher enroll --list FILE --arm, or --mac "
			"for the first of that many cards",
			n, p->on, w->storm);
	if (!rc && station_enter(p->on, &own, &p->station, why, sizeof why))
		rc = cli_fail("%s", why);
	if (!rc)
		rc = run_storm(w, macs);
	free(macs);
	return rc;
}

static int enter(struct wish *w)
{
	struct probe *p = &w->probe;
	char why[256];
	int rc = check_off(w);

	if (rc)
		return rc;
	rc = station_enter(p->on, &p->mac, &p->station, why, sizeof why);
	if (rc == -EPERM)
		return w->install ? cli_fail("%s", why) : ask_from_here(w, why);
	if (rc)
		return cli_fail("%s", why);
	rc = probe_wire_open(&p->wire, station_index(p->station), p->stop);
	if (rc)
		return cli_fail("a packet socket cannot be opened: %s%s", strerror(-rc),
			rc == -EPERM ? ": that needs CAP_NET_RAW (be root)" : "");
	walk_all(w);
	probe_wire_close(&p->wire);
	return 0;
}

static int say_end(const struct wish *w)
{
	const struct probe *p = &w->probe;
	char mac[MAC_TEXT];

	if (p->walks) {
		json_t *all = json_pack("{s:s, s:s, s:s?, s:b, s:O}", "on", p->on, "mac",
			mac_format(&p->mac, mac), "machine", json_some(p->known.machine), "right",
			!p->wrong, "walks", p->walks);

		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(all);
	}
	if (stopped)
		return cli_fail("interrupted");
	return p->wrong ? EXIT_FAILED : EXIT_DONE;
}

static int probe_one(struct wish *w)
{
	int rc = look_up(w);

	if (!rc && w->install)
		rc = check_install(w);
	(void)!getrandom(w->probe.uuid, sizeof w->probe.uuid, 0);
	w->probe.install = w->install;
	w->probe.walks = w->common.json ? json_array() : NULL;
	if (!rc)
		rc = enter(w);
	return rc ? rc : say_end(w);
}

static int probe(struct wish *w)
{
	int rc;

	w->client = client_new(w->common.socket);
	if (!w->client)
		return cli_fail("out of memory");
	w->probe.stop = &stopped;
	catch_signals();
	rc = w->storm ? storm(w) : probe_one(w);
	json_decref(w->probe.walks);
	json_decref(w->record);
	json_decref(w->status);
	station_free(w->probe.station);
	client_free(w->client);
	return rc;
}

static bool parse_as(const char *text, enum probe_as *ret)
{
	for (enum probe_as as = 0; as < PROBE_AS; as++)
		if (!strcmp(text, probe_as_name(as))) {
			*ret = as;
			return true;
		}
	return false;
}

/* "5", "5s", "0.5s" */
static bool parse_over(const char *text, int64_t *ret_ms)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || (*end && strcmp(end, "s")) || !(seconds >= 0 && seconds <= 3600))
		return false;
	*ret_ms = (int64_t)(seconds * 1000);
	return true;
}

static int take_option(struct wish *w, int opt)
{
	switch (opt) {
	case OPT_ON:
		w->on = optarg;
		return 0;
	case OPT_AS:
		w->has_as = true;
		return parse_as(optarg, &w->as)
			? 0
			: cli_usage(w->command, "--as takes bios, uefi, http or ipxe, not '%s'",
				  optarg);
	case OPT_MAC:
		w->mac = optarg;
		return mac_parse(optarg, &w->probe.mac) || mac_is_group(&w->probe.mac) ||
				mac_is_zero(&w->probe.mac)
			? cli_usage(w->command, "'%s' is no MAC of a card", optarg)
			: 0;
	case OPT_MACHINE:
		w->machine = optarg;
		return 0;
	case OPT_STORM:
		return cli_number(optarg, 1, STORM_MOST, &w->storm)
			? 0
			: cli_usage(w->command, "--storm takes a number of machines, at most %d",
				  STORM_MOST);
	case OPT_OVER:
		return parse_over(optarg, &w->over_ms)
			? 0
			: cli_usage(w->command, "--over takes seconds, as 5s, not '%s'", optarg);
	default:
		w->install = true;
		return 0;
	}
}

static int run_probe(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"on", required_argument, NULL, OPT_ON},
		{"as", required_argument, NULL, OPT_AS}, {"mac", required_argument, NULL, OPT_MAC},
		{"machine", required_argument, NULL, OPT_MACHINE},
		{"install", no_argument, NULL, OPT_INSTALL},
		{"storm", required_argument, NULL, OPT_STORM},
		{"over", required_argument, NULL, OPT_OVER}, CLI_COMMON_OPTIONS, {0}};
	struct wish w = {.command = c};
	int opt, rc = 0;

	cli_common_init(&w.common);
	while (!rc && (opt = cli_getopt(c, &w.common, argc, argv, options)) != -1)
		rc = take_option(&w, opt);
	if (rc)
		return rc;
	if (optind < argc)
		return cli_usage(c, "takes options only, not '%s'", argv[optind]);
	if (w.mac && w.machine)
		return cli_usage(c, "--mac or --machine, not both");
	if (w.storm && (w.machine || w.has_as))
		return cli_usage(c, "--storm is a crowd: neither --machine nor --as");
	if (w.over_ms && !w.storm)
		return cli_usage(c, "--over is for --storm");
	return probe(&w);
}

const struct command cmd_probe = {
	.name = "probe",
	.arguments =
		"[--on INTERFACE] [--as bios|uefi|http|ipxe] [--mac MAC | --machine NAME] [--install] "
		"[--storm N [--over 5s]]",
	.summary = "boot a pretend machine on a segment: what it gets, and what is wrong",
	.help = "  --on INTERFACE       the link, or the name of a served segment (the only one there is)\n"
		"  --as FIRMWARE        bios: BIOS PXE; uefi: UEFI PXE; http: UEFI HTTP Boot, both x86-64;\n"
		"                       ipxe (all four, one after another)\n"
		"  --mac MAC            with this card (one made up)\n"
		"  --machine NAME       with this record's card. The machine must be off\n"
		"  --install            walk an armed test record to the end: script, kernel, initrd,\n"
		"                       answers, and the report that it is installed\n"
		"  --storm N            N machines at once, on a bridge: DHCP as firmware and as iPXE. With\n"
		"                       --install N armed bare records to the end, or the cards from\n"
		"                       --mac on. Prints how many came through, and how fast\n"
		"  --over 5s            they are switched on within that time (all at once)\n" CLI_COMMON_HELP
		"\nWhat it leaves behind: with a made-up card a lease, only if something is to be fetched,\n"
		"which is given back at the end. With a record's card the same, and lines on its timeline;\n"
		"it stops before the boot script, which would count as a boot. With --install the record is\n"
		"installed, as if the machine had been, and its power is switched as after an install.\n"
		"A storm's machines that do not come through give their leases back, too.\n"
		"Needs root: without, only TFTP and HTTP are asked, from this host itself.\n",
	.run = run_probe,
};
