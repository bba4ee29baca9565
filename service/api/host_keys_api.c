/* SPDX-License-Identifier: GPL-2.0-or-later */
/* GET /host-keys: the SSH host keys that installed systems told, by name or address: what known_hosts needs. */
#include "service/api/host_keys_api.h"
#include "service/api/api.h"

#include "machine/host_keys.h"

#include <stdio.h>
#include <string.h>

enum { FQDN = MACHINE_NAME + sizeof(((struct segment *)NULL)->domain) };

static const struct segment *segment_of(const struct api *api, const struct machine *m)
{
	return m->n_nics ? segments_by_id(&api->base->segments, m->nics[0].segment_id) : NULL;
}

static void fqdn_of(const struct api *api, const struct machine *m, char *buf, size_t size)
{
	const struct segment *seg = segment_of(api, m);

	snprintf(buf, size, "%s%s%s", m->name, seg && *seg->domain ? "." : "",
		seg ? seg->domain : "");
}

static bool has_address(const struct machine *m, const struct ip *ip)
{
	for (size_t i = 0; i < m->n_nics; i++)
		for (size_t k = 0; k < m->nics[i].n_addrs; k++)
			if (ip_eq(&m->nics[i].addrs[k], ip))
				return true;
	return false;
}

/* Is it who is asked for? */
static bool is_meant(const struct api *api, const struct machine *m, const char *of)
{
	char fqdn[FQDN];
	struct ip ip;

	fqdn_of(api, m, fqdn, sizeof fqdn);
	return !of || !strcmp(of, m->name) || !strcmp(of, fqdn) ||
		(!ip_parse(of, &ip) && has_address(m, &ip));
}

/* Under what it is called: its name, with the domain, its addresses. */
static json_t *names_json(const struct api *api, const struct machine *m)
{
	json_t *all = json_pack("[s]", m->name);
	char fqdn[FQDN], text[IP_TEXT];

	fqdn_of(api, m, fqdn, sizeof fqdn);
	if (strcmp(fqdn, m->name))
		json_array_append_new(all, json_string(fqdn));
	for (size_t i = 0; i < m->n_nics; i++)
		for (size_t k = 0; k < m->nics[i].n_addrs; k++)
			json_array_append_new(
				all, json_string(ip_format(&m->nics[i].addrs[k], text)));
	return all;
}

void host_keys_handle(struct api *api, struct http_request *r)
{
	const char *of = http_arg(r, "of");
	json_t *all = json_array();
	struct machine *m = NULL;

	while ((m = machines_next(api->base->machines, m)))
		if (m->host_keys && is_meant(api, m, of))
			json_array_append_new(all,
				json_pack("{s:s, s:o, s:o}", "machine", m->name, "names",
					names_json(api, m), "host_keys",
					host_keys_json(m->host_keys)));
	http_respond_json(r, 200, json_pack("{s:o}", "machines", all));
}
