/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the API shows of discovered machines. */
#include "service/discovery/discovery.h"
#include "service/base/reply.h"

#include "core/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static json_t *macs_json(const struct discovered *d)
{
	json_t *all = json_array();
	char text[MAC_TEXT];

	for (size_t i = 0; i < d->n_macs; i++)
		json_array_append_new(all, json_string(mac_format(&d->macs[i], text)));
	return all;
}

json_t *discovery_json(struct discovery *dy, const struct discovered *d, bool full)
{
	const struct inventory_identity *id = &d->identity;
	const struct machine *m = discovery_record(dy, d, NULL), *like = discovery_resembles(dy, d);
	char mac[MAC_TEXT], ip[IP_TEXT];
	json_t *j = json_pack(
		"{s:s, s:s?, s:s?, s:s?, s:s?, s:s, s:s, s:s?, s:o, s:o, s:o, s:o, s:s?, s:s?}",
		"id", d->id, "uuid", json_some(id->uuid), "serial", json_some(id->serial),
		"asset_tag", json_some(id->asset_tag), "refused", json_some(id->refused), "segment",
		d->segment, "mac", mac_format(&d->booted, mac), "address",
		json_some(ip_format(&d->ip, ip)), "macs", macs_json(d), "first_seen",
		machine_time_json(d->first_seen), "last_seen", machine_time_json(d->last_seen),
		"duplicates", discovery_twins(dy, d), "machine", m ? m->name : NULL, "resembles",
		like ? like->name : NULL);

	if (j)
		json_object_update(j, d->summary);
	if (j && full)
		json_object_set_new(j, "inventory", discovered_inventory(d));
	return j;
}

unsigned discovery_find(
	struct discovery *dy, const char *name, struct discovered **ret, char *why, size_t size)
{
	char ids[128];
	int rc = discovereds_find(dy->discovered, name, ret, ids, sizeof ids);

	if (rc == -ENOTUNIQ)
		snprintf(why, size, "'%.80s' is not one machine, but these: %s", name, ids);
	else if (rc)
		snprintf(why, size,
			"no discovered machine '%.80s'; 'usher discovered' shows those there are",
			name);
	return rc == -ENOTUNIQ ? 409 : rc ? 404 : 0;
}

void discovery_forget(struct discovery *dy, struct discovered *d)
{
	for (size_t i = 0; i < d->n_macs; i++)
		(void)strangers_forget(dy->strangers, NULL, &d->macs[i]);
	discovereds_forget(dy->discovered, d);
}

/* A card that has not said yet what it is, but of which a machine is said to be the twin. */
static bool forgot_card(struct discovery *dy, struct http_request *r, const char *name)
{
	char text[MAC_TEXT];
	struct mac mac;

	if (mac_parse(name, &mac) || !strangers_forget(dy->strangers, NULL, &mac))
		return false;
	reply_committed(
		dy->base->store, r, 200, json_pack("{s:s}", "forgotten", mac_format(&mac, text)));
	return true;
}

void discovery_api(struct discovery *dy, struct http_request *r, const char *name)
{
	struct discovered *d = NULL;
	char why[256];
	unsigned status = discovery_find(dy, name, &d, why, sizeof why);

	if (status == 404 && r->method == HTTP_DELETE && forgot_card(dy, r, name))
		return;
	if (status) {
		http_respond_error(r, status, "%s", why);
	} else if (r->method == HTTP_DELETE) {
		json_t *gone = json_pack("{s:s}", "forgotten", d->id);

		discovery_forget(dy, d);
		reply_committed(dy->base->store, r, 200, gone);
	} else {
		http_respond_json(r, 200, discovery_json(dy, d, true));
	}
}
