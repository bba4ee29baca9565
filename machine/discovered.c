/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/discovered.h"

#include "core/json.h"
#include "core/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct discovereds {
	struct store *store;
	struct discovered *all[DISCOVERED_MAX]; /* by number */
	size_t count, bytes;
	uint64_t last;     /* the highest number given */
	struct table keys; /* UUIDs, serials, MACs */
};

struct discovered_key {
	struct table_node node;
	struct discovered *of;
};

enum key_kind { KEY_UUID = 1, KEY_SERIAL, KEY_MAC };

/* The highest number, so that none is given twice. No id looks like it. */
static const char LAST[] = "last";

int discovereds_new(struct store *store, struct discovereds **ret)
{
	struct discovereds *ds = calloc(1, sizeof *ds);

	if (!ds)
		return -ENOMEM;
	ds->store = store;
	table_init(&ds->keys);
	*ret = ds;
	return 0;
}

static void one_free(struct discovered *d)
{
	if (d) {
		json_decref(d->summary);
		free(d->text);
		free(d->keys);
	}
	free(d);
}

void discovereds_free(struct discovereds *ds)
{
	for (size_t i = 0; ds && i < ds->count; i++)
		one_free(ds->all[i]);
	if (ds)
		table_fini(&ds->keys);
	free(ds);
}

/* What is known by the inventory */

/* Where the card is plugged in that it booted by; else another. NULL: no switch was heard. */
static const json_t *switch_of(const json_t *inventory)
{
	const json_t *all = json_object_get(inventory, "interfaces"), *found = NULL;

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *one = json_array_get(all, i), *lldp = json_object_get(one, "lldp");

		if (lldp && (!found || json_is_true(json_object_get(one, "booted"))))
			found = lldp;
	}
	return found;
}

static json_int_t disk_bytes(const json_t *disks)
{
	json_int_t n = 0;

	for (size_t i = 0; i < json_array_size(disks); i++) {
		json_int_t k =
			json_integer_value(json_object_get(json_array_get(disks, i), "size_bytes"));

		n = __builtin_add_overflow(n, k, &n) ? INT64_MAX : n;
	}
	return n;
}

static json_t *copy_of(const json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);

	return v ? json_incref(v) : json_null();
}

static json_t *summary_of(const json_t *inventory)
{
	const json_t *system = json_object_get(inventory, "system"),
		     *cpu = json_object_get(inventory, "cpu"),
		     *disks = json_object_get(inventory, "disks"), *lldp = switch_of(inventory);
	const char *name = json_text(lldp, "system_name");

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:I, s:s?, s:o}", "vendor",
		copy_of(system, "vendor"), "product", copy_of(system, "product"), "firmware",
		copy_of(json_object_get(inventory, "firmware"), "mode"), "cpu",
		copy_of(cpu, "model"), "threads", copy_of(cpu, "threads"), "memory",
		copy_of(inventory, "memory_mib"), "disks", (int)json_array_size(disks),
		"disk_bytes", disk_bytes(disks), "switch",
		*name ? name : json_some(json_text(lldp, "chassis_id")), "port",
		copy_of(lldp, "port_id"));
}

static void read_inventory(struct discovered *d, const json_t *inventory)
{
	json_decref(d->summary);
	d->summary = summary_of(inventory);
	inventory_identity(inventory, &d->identity);
	d->n_macs = inventory_macs(inventory, d->macs, INVENTORY_INTERFACES);
}

bool discovered_has_card(const struct discovered *d, const struct mac *mac)
{
	for (size_t i = 0; i < d->n_macs; i++)
		if (mac_eq(&d->macs[i], mac))
			return true;
	return false;
}

static bool common_mac(const struct discovered *a, const struct discovered *b)
{
	for (size_t i = 0; i < a->n_macs; i++)
		if (discovered_has_card(b, &a->macs[i]))
			return true;
	return false;
}

static bool same_text(const char *a, const char *b)
{
	return *a && !strcmp(a, b);
}

static bool same_uuid(const struct discovered *a, const struct discovered *b)
{
	return same_text(a->identity.uuid, b->identity.uuid);
}

static bool same_serial(const struct discovered *a, const struct discovered *b)
{
	return same_text(a->identity.serial, b->identity.serial);
}

const char *discovered_shares(const struct discovered *a, const struct discovered *b)
{
	if (same_uuid(a, b))
		return "UUID";
	if (same_serial(a, b))
		return "serial";
	return common_mac(a, b) ? "MAC" : NULL;
}

/* A card in common makes them one, unless each has a UUID of its own: then a card has moved. */
static bool is_same(const struct discovered *a, const struct discovered *b)
{
	bool differ = *a->identity.uuid && *b->identity.uuid && !same_uuid(a, b);

	return common_mac(a, b) && !differ;
}

/* Keys */

static void unindex(struct discovereds *ds, struct discovered *d)
{
	for (size_t i = 0; i < d->n_keys; i++)
		table_remove(&ds->keys, &d->keys[i].node);
	free(d->keys);
	d->keys = NULL;
	d->n_keys = 0;
}

static int add_key(struct discovereds *ds, struct discovered *d, enum key_kind kind,
	const void *bytes, size_t len)
{
	struct discovered_key *k = &d->keys[d->n_keys];
	int rc;

	if (!len)
		return 0;
	k->of = d;
	rc = table_put(&ds->keys, &k->node, hash_bytes(bytes, len, kind));
	d->n_keys += !rc;
	return rc;
}

/* 0 or -ENOMEM: then it is in there by some of them. */
static int index_again(struct discovereds *ds, struct discovered *d)
{
	const struct inventory_identity *id = &d->identity;
	int rc;

	unindex(ds, d);
	d->keys = calloc(2 + d->n_macs, sizeof *d->keys);
	if (!d->keys)
		return -ENOMEM;
	rc = add_key(ds, d, KEY_UUID, id->uuid, strlen(id->uuid));
	if (!rc)
		rc = add_key(ds, d, KEY_SERIAL, id->serial, strlen(id->serial));
	for (size_t i = 0; !rc && i < d->n_macs; i++)
		rc = add_key(ds, d, KEY_MAC, &d->macs[i], sizeof d->macs[i]);
	return rc;
}

static struct discovered *of_key(const struct table_node *n)
{
	return n ? table_entry(n, struct discovered_key, node)->of : NULL;
}

/* The store */

/* Heap. The inventory goes in as the text that it is: a large one takes its time to be written anew. */
static char *to_text(const struct discovered *d)
{
	char mac[MAC_TEXT], ip[IP_TEXT], *head, *all = NULL;
	json_t *j = json_pack("{s:I, s:s, s:s, s:s, s:I, s:I}", "number", (json_int_t)d->number,
		"segment", d->segment, "booted", mac_format(&d->booted, mac), "address",
		ip_format(&d->ip, ip), "first_seen", (json_int_t)d->first_seen, "last_seen",
		(json_int_t)d->last_seen);

	head = json_dumps(j, JSON_COMPACT);
	if (head &&
		asprintf(&all, "%.*s,\"inventory\":%s}", (int)strlen(head) - 1, head, d->text) < 0)
		all = NULL;
	free(head);
	json_decref(j);
	return all;
}

static int save(struct discovereds *ds, const struct discovered *d)
{
	char *text = ds->store ? to_text(d) : NULL;
	int rc = ds->store ? -ENOMEM : 0;

	if (text)
		rc = store_put(
			ds->store, STORE_DISCOVERED, d->id, strlen(d->id), text, strlen(text));
	free(text);
	return rc;
}

static void save_last(struct discovereds *ds)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)ds->last);
	if (ds->store)
		(void)store_put(
			ds->store, STORE_DISCOVERED, LAST, strlen(LAST), text, strlen(text));
}

static void set_number(struct discovered *d, uint64_t number)
{
	d->number = number;
	snprintf(d->id, sizeof d->id, "d%llu", (unsigned long long)number % 10000000000ull);
}

/* Takes the text. */
static void set_text(struct discovereds *ds, struct discovered *d, char *text)
{
	ds->bytes -= d->len;
	free(d->text);
	d->text = text;
	d->len = strlen(text);
	ds->bytes += d->len;
}

static void insert(struct discovereds *ds, struct discovered *d)
{
	size_t i = ds->count++;

	for (; i && ds->all[i - 1]->number > d->number; i--)
		ds->all[i] = ds->all[i - 1];
	ds->all[i] = d;
	if (d->number > ds->last)
		ds->last = d->number;
}

static bool from_json(struct discovereds *ds, const json_t *j, struct discovered *d)
{
	const json_t *inventory = json_object_get(j, "inventory");
	json_int_t number = json_integer_value(json_object_get(j, "number"));
	char *text = json_is_object(inventory) ? json_dumps(inventory, JSON_COMPACT) : NULL;

	if (!text || number < 1 || mac_parse(json_text(j, "booted"), &d->booted)) {
		free(text);
		return false;
	}
	(void)ip_parse(json_text(j, "address"), &d->ip);
	set_number(d, (uint64_t)number);
	snprintf(d->segment, sizeof d->segment, "%s", json_text(j, "segment"));
	d->first_seen = json_integer_value(json_object_get(j, "first_seen"));
	d->last_seen = json_integer_value(json_object_get(j, "last_seen"));
	read_inventory(d, inventory);
	set_text(ds, d, text);
	return !index_again(ds, d);
}

/* It is in no list. NULL is fine. */
static void drop(struct discovereds *ds, struct discovered *d)
{
	if (d) {
		unindex(ds, d);
		ds->bytes -= d->len;
	}
	one_free(d);
}

static int load_one(void *arg, const void *key, size_t key_len, const void *value, size_t len)
{
	struct discovereds *ds = arg;
	json_t *j = json_loadb(value, len, JSON_DECODE_ANY, NULL);
	struct discovered *d = calloc(1, sizeof *d);

	if (json_is_integer(j)) {
		if ((uint64_t)json_integer_value(j) > ds->last)
			ds->last = (uint64_t)json_integer_value(j);
		one_free(d);
	} else if (d && ds->count < DISCOVERED_MAX && from_json(ds, j, d)) {
		insert(ds, d);
	} else {
		log_warn("the discovered machine '%.*s' cannot be read from the store: it has to "
			 "boot again",
			(int)key_len, (const char *)key);
		drop(ds, d);
	}
	json_decref(j);
	return 0;
}

int discovereds_load(struct discovereds *ds)
{
	return store_load(ds->store, STORE_DISCOVERED, load_one, ds);
}

/* Room */

static size_t place_of(const struct discovereds *ds, const struct discovered *d)
{
	size_t i = 0;

	while (ds->all[i] != d)
		i++;
	return i;
}

void discovereds_forget(struct discovereds *ds, struct discovered *d)
{
	size_t i = place_of(ds, d);

	if (ds->store)
		(void)store_delete(ds->store, STORE_DISCOVERED, d->id, strlen(d->id));
	ds->count--;
	memmove(ds->all + i, ds->all + i + 1, (ds->count - i) * sizeof ds->all[0]);
	drop(ds, d);
}

static size_t count_on(const struct discovereds *ds, const char *segment)
{
	size_t n = 0;

	for (size_t i = 0; i < ds->count; i++)
		n += !strcmp(ds->all[i]->segment, segment);
	return n;
}

static const char *crowded_segment(const struct discovereds *ds)
{
	const char *most = "";
	size_t n = 0;

	for (size_t i = 0; i < ds->count; i++) {
		const char *segment = ds->all[i]->segment;
		size_t k = strcmp(segment, most) ? count_on(ds, segment) : 0;

		if (k > n) {
			n = k;
			most = segment;
		}
		if (n > ds->count / 2)
			break; /* no other has more */
	}
	return most;
}

/* `keep` stays. */
static void make_room(struct discovereds *ds, const struct discovered *keep)
{
	const char *segment = crowded_segment(ds);
	struct discovered *oldest = NULL;

	for (size_t i = 0; i < ds->count; i++) {
		struct discovered *d = ds->all[i];

		if (d != keep && !strcmp(d->segment, segment) &&
			(!oldest || d->last_seen < oldest->last_seen))
			oldest = d;
	}
	for (size_t i = 0; !oldest && i < ds->count; i++)
		oldest = ds->all[i] == keep ? NULL : ds->all[i];
	if (oldest)
		discovereds_forget(ds, oldest);
}

/* Taking one */

static struct discovered *same_as(const struct discovereds *ds, const struct discovered *what)
{
	for (size_t i = 0; i < what->n_macs; i++) {
		const struct mac *mac = &what->macs[i];
		struct table_node *n =
			table_first(&ds->keys, hash_bytes(mac, sizeof *mac, KEY_MAC));

		for (; n; n = table_next(n))
			if (is_same(of_key(n), what))
				return of_key(n);
	}
	return NULL;
}

static struct discovered *add(struct discovereds *ds, int64_t now)
{
	struct discovered *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	if (ds->count == DISCOVERED_MAX)
		make_room(ds, NULL);
	set_number(d, ds->last + 1);
	d->first_seen = now;
	insert(ds, d);
	save_last(ds);
	return d;
}

/* Sets all but number and first_seen. */
static int fill(struct discovereds *ds, struct discovered *d, const struct discovered *said,
	const struct discovered_from *from, char *text)
{
	snprintf(d->segment, sizeof d->segment, "%s", from->segment);
	d->booted = from->mac;
	d->ip = from->ip;
	d->last_seen = from->now;
	d->identity = said->identity;
	memcpy(d->macs, said->macs, sizeof d->macs);
	d->n_macs = said->n_macs;
	json_decref(d->summary);
	d->summary = json_incref(said->summary);
	set_text(ds, d, text);
	while (ds->bytes > DISCOVERED_BYTES && ds->count > 1)
		make_room(ds, d);
	return index_again(ds, d);
}

static int take(struct discovereds *ds, const struct discovered *said, const json_t *inventory,
	const struct discovered_from *from, struct discovered **ret)
{
	char *text = json_dumps(inventory, JSON_COMPACT);
	struct discovered *d = text ? same_as(ds, said) : NULL;
	int rc;

	if (text && !d)
		d = add(ds, from->now);
	if (!d) {
		free(text);
		return -ENOMEM;
	}
	rc = fill(ds, d, said, from, text);
	*ret = d;
	return rc ? rc : save(ds, d);
}

int discovereds_take(struct discovereds *ds, const json_t *inventory,
	const struct discovered_from *from, struct discovered **ret, bool *ret_new)
{
	struct discovered said = {.number = 0};
	uint64_t last = ds->last;
	int rc;

	read_inventory(&said, inventory);
	rc = discovered_has_card(&said, &from->mac) ? take(ds, &said, inventory, from, ret)
						    : -EBADMSG;
	if (ret_new)
		*ret_new = ds->last != last;
	json_decref(said.summary);
	return rc;
}

/* Finding */

struct discovered *discovereds_after(const struct discovereds *ds, uint64_t number)
{
	size_t low = 0, high = ds->count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (ds->all[middle]->number > number)
			high = middle;
		else
			low = middle + 1;
	}
	return low < ds->count ? ds->all[low] : NULL;
}

size_t discovereds_count(const struct discovereds *ds)
{
	return ds->count;
}

struct discovered *discovereds_by_id(const struct discovereds *ds, const char *id)
{
	for (size_t i = 0; i < ds->count; i++)
		if (!strcmp(ds->all[i]->id, id))
			return ds->all[i];
	return NULL;
}

/* "SWITCH:PORT", where its card is plugged in. */
static bool is_at(const struct discovered *d, const char *name)
{
	const char *sw = json_text(d->summary, "switch"), *port = json_text(d->summary, "port");
	size_t n = strlen(sw);

	return n && *port && !strncasecmp(name, sw, n) && name[n] == ':' &&
		!strcasecmp(name + n + 1, port);
}

static bool is_called(const struct discovered *d, const char *name)
{
	const struct inventory_identity *id = &d->identity;
	struct mac mac;

	return !strcmp(d->id, name) || !strcasecmp(id->uuid, name) ||
		!strcasecmp(id->serial, name) || !strcasecmp(id->asset_tag, name) ||
		(!mac_parse(name, &mac) && discovered_has_card(d, &mac)) || is_at(d, name);
}

int discovereds_find(const struct discovereds *ds, const char *name, struct discovered **ret,
	char *ids, size_t size)
{
	struct discovered *found = discovereds_by_id(ds, name);
	size_t n = found != NULL;

	*ids = '\0';
	for (size_t i = 0; !discovereds_by_id(ds, name) && *name && i < ds->count; i++) {
		size_t len = strlen(ids);

		if (!is_called(ds->all[i], name))
			continue;
		found = ds->all[i];
		snprintf(ids + len, size - len, "%s%s", n++ ? ", " : "", found->id);
	}
	if (n == 1)
		*ret = found;
	return n == 1 ? 0 : n ? -ENOTUNIQ : -ENOENT;
}

struct discovered *discovereds_by_mac(const struct discovereds *ds, const struct mac *mac)
{
	struct table_node *n = table_first(&ds->keys, hash_bytes(mac, sizeof *mac, KEY_MAC));
	struct discovered *found = NULL;

	for (; n; n = table_next(n))
		if (discovered_has_card(of_key(n), mac) &&
			(!found || of_key(n)->last_seen >= found->last_seen))
			found = of_key(n);
	return found;
}

static bool is_named(const json_t *all, const struct discovered *d)
{
	for (size_t i = 0; i < json_array_size(all); i++)
		if (!strcmp(json_text(json_array_get(all, i), "id"), d->id))
			return true;
	return false;
}

json_t *discovereds_duplicates(const struct discovereds *ds, const struct discovered *d)
{
	json_t *all = json_array();

	for (size_t i = 0; i < d->n_keys; i++) {
		struct table_node *n = table_first(&ds->keys, d->keys[i].node.hash);

		for (; n && json_array_size(all) < DISCOVERED_TWINS; n = table_next(n)) {
			const struct discovered *other = of_key(n);
			const char *what = other == d ? NULL : discovered_shares(d, other);
			char mac[MAC_TEXT];

			if (what && !is_named(all, other))
				json_array_append_new(all,
					json_pack("{s:s, s:s, s:s}", "id", other->id, "mac",
						mac_format(&other->booted, mac), "shares", what));
		}
	}
	return all;
}

json_t *discovered_inventory(const struct discovered *d)
{
	return json_loadb(d->text, d->len, 0, NULL);
}
