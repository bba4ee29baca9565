/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests that name a discovered machine. */
#include "service/operations/judge.h"
#include "service/discovery/discovery.h"

#include "core/json.h"

#include <stdio.h>
#include <string.h>

static bool is_twin(const struct creation *c, const struct discovered *d, char *why, size_t size)
{
	char who[160];

	if (!discovery_has_twin(c->ops->discovery, d, who, sizeof who))
		return false;
	snprintf(why, size,
		"%s: %s, so neither is enrolled by it; 'usher discovered ID --forget' when one of "
		"them is gone, or 'usher enroll NAME --mac MAC', which goes by the card alone",
		d->id, who);
	return true;
}

bool from_is_doubtful(const struct creation *c, char *why, size_t size)
{
	const struct discovered *d =
		*c->from ? discovereds_by_id(c->ops->discovery->discovered, c->from) : NULL;

	return d && is_twin(c, d, why, size);
}

static json_t *nic_of(const char *segment, const char *mac)
{
	return json_pack("{s:s, s:s}", "segment", segment, "mac", mac);
}

/* The one that was said, else the one that it booted by, is the first; the others follow, as many as a record takes. */
static void put_cards(const struct discovered *d, json_t *body)
{
	const char *said = json_text(body, "mac"), *segment = json_text(body, "segment");
	json_t *nics = json_array(), *first;
	char text[MAC_TEXT];
	struct mac mac = d->booted;

	segment = *segment ? segment : d->segment;
	if (*said && mac_parse(said, &mac))
		mac = d->booted; /* judged, and refused, where it is looked at */
	first = nic_of(segment, *said ? said : mac_format(&mac, text));
	if (json_object_get(body, "address"))
		json_object_set(first, "address", json_object_get(body, "address"));
	json_array_append_new(nics, first);
	for (size_t i = 0; i < d->n_macs && json_array_size(nics) < MACHINE_NICS; i++)
		if (!mac_eq(&d->macs[i], &mac))
			json_array_append_new(nics, nic_of(segment, mac_format(&d->macs[i], text)));
	json_object_del(body, "mac");
	json_object_del(body, "segment");
	json_object_del(body, "address");
	json_object_set_new(body, "nics", nics);
}

static void put_firmware(const struct discovered *d, json_t *body)
{
	bool uefi = !strcmp(json_text(d->summary, "firmware"), "uefi");

	if (!json_object_get(body, "uefi"))
		json_object_set_new(body, "uefi", json_boolean(uefi));
}

unsigned from_fill(struct creation *c, char *why, size_t size)
{
	const char *name = json_text(c->body, "from");
	struct discovered *d = NULL;
	const struct machine *m;
	char text[MAC_TEXT];
	struct mac mac;
	unsigned status;

	if (!*name)
		return 0;
	status = discovery_find(c->ops->discovery, name, &d, why, size);
	if (status)
		return status;
	m = discovery_record(c->ops->discovery, d, &mac);
	if (m && !trial_goes(c, m->name)) {
		snprintf(why, size, "%s is machine '%s' already: machine '%s' has that MAC, %s",
			d->id, m->name, m->name, mac_format(&mac, text));
		return 409;
	}
	if (is_twin(c, d, why, size))
		return 409;
	snprintf(c->from, sizeof c->from, "%s", d->id);
	if (!json_object_get(c->body, "nics"))
		put_cards(d, c->body);
	put_firmware(d, c->body);
	return 0;
}
