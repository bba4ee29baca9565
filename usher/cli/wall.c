/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/cli/wall.h"
#include "usher/cli/firewall.h"

#include "core/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TFTP_PORT = 69 };

json_t *wall_rules(void)
{
	FILE *f = popen("PATH=$PATH:/usr/sbin:/sbin nft -j list ruleset 2>/dev/null", "re");
	json_t *rules = NULL;

	if (f) {
		rules = json_loadf(f, 0, NULL);
		pclose(f);
	}
	return rules;
}

static bool is_http(const char *kind)
{
	return !strcmp(kind, "http-filtered");
}

bool wall_matters(const json_t *attempt)
{
	const char *kind = json_text(json_object_get(attempt, "cause"), "kind");

	return is_http(kind) || !strcmp(kind, "tftp-filtered");
}

/* "http://10.0.0.1:8067", "http://[fd00::1]:8067". */
static unsigned port_of(const char *url)
{
	const char *colon = strrchr(url, ':');

	return colon ? (unsigned)strtoul(colon + 1, NULL, 10) : 0;
}

static void show_at(const json_t *segment, bool http, const json_t *rules)
{
	struct firewall_packet p = {.ifname = json_text(segment, "interface"),
		.protocol = http ? "tcp" : "udp",
		.port = http ? port_of(json_text(segment, "url")) : TFTP_PORT};
	char fix[256];

	if (*p.ifname && p.port && !firewall_admits(rules, &p, fix, sizeof fix))
		printf("  rule       this host drops %u/%s from %s: %s\n", p.port, p.protocol,
			p.ifname, fix);
}

static bool is_on(const json_t *machine, const char *segment)
{
	const json_t *nic;
	size_t i;

	json_array_foreach(json_object_get(machine, "nics"), i,
		nic) if (!strcmp(json_text(nic, "segment"), segment)) return true;
	return false;
}

void wall_show(const json_t *machine, const json_t *status, const json_t *rules)
{
	const json_t *cause = json_object_get(json_object_get(machine, "attempt"), "cause"),
		     *segment;
	size_t i;

	json_array_foreach(json_object_get(status, "segments"), i,
		segment) if (is_on(machine, json_text(segment, "name")))
		show_at(segment, is_http(json_text(cause, "kind")), rules);
}
