/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts of an inventory that rules may name, and their values. */
#include "machine/rules_parts.h"

#include "machine/inventory.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KIND_COUNT = 1, KIND_MAC, KIND_IP4, KIND_IP6 };

#define WORDS(name)                                      \
	{                                                \
		name, RULES_WORDS, RULES_ALONE, 0, false \
	}
#define ALONE(name, type)                         \
	{                                         \
		name, type, RULES_ALONE, 0, false \
	}
#define EACH(list, name, type)             \
	{                                  \
		name, type, list, 0, false \
	}
#define HOW_MANY(list, name)                     \
	{                                        \
		name, RULES_COUNT, list, 0, true \
	}

static const struct rules_fact facts[] = {WORDS("segment"), WORDS("system.vendor"),
	WORDS("system.product"), WORDS("system.version"), WORDS("system.serial"),
	WORDS("system.uuid"), WORDS("system.sku"), WORDS("system.asset_tag"), WORDS("board.vendor"),
	WORDS("board.product"), WORDS("board.serial"), WORDS("board.asset_tag"),
	WORDS("chassis.vendor"), WORDS("chassis.type"), WORDS("chassis.serial"),
	WORDS("chassis.asset_tag"), WORDS("firmware.mode"), WORDS("firmware.vendor"),
	WORDS("firmware.version"), WORDS("firmware.date"),
	ALONE("firmware.secure_boot", RULES_SWITCH), WORDS("cpu.model"), WORDS("cpu.architecture"),
	ALONE("cpu.sockets", RULES_COUNT), ALONE("cpu.cores", RULES_COUNT),
	ALONE("cpu.threads", RULES_COUNT), {"memory_mib", RULES_COUNT, RULES_ALONE, 1 << 20, false},
	WORDS("controller.kind"), ALONE("controller.address", RULES_IP),
	ALONE("controller.mac", RULES_MAC), ALONE("controller.address6", RULES_IP),
	HOW_MANY(RULES_DISKS, "disks.count"), EACH(RULES_DISKS, "disks.name", RULES_WORDS),
	EACH(RULES_DISKS, "disks.model", RULES_WORDS),
	EACH(RULES_DISKS, "disks.serial", RULES_WORDS), EACH(RULES_DISKS, "disks.wwn", RULES_WORDS),
	{"disks.size_bytes", RULES_COUNT, RULES_DISKS, 1, false},
	EACH(RULES_DISKS, "disks.rotational", RULES_SWITCH),
	EACH(RULES_DISKS, "disks.removable", RULES_SWITCH),
	EACH(RULES_DISKS, "disks.bus", RULES_WORDS), EACH(RULES_DISKS, "disks.holds", RULES_WORDS),
	HOW_MANY(RULES_INTERFACES, "interfaces.count"),
	EACH(RULES_INTERFACES, "interfaces.name", RULES_WORDS),
	EACH(RULES_INTERFACES, "interfaces.mac", RULES_MAC),
	EACH(RULES_INTERFACES, "interfaces.permanent_mac", RULES_MAC),
	EACH(RULES_INTERFACES, "interfaces.speed_mbps", RULES_COUNT),
	EACH(RULES_INTERFACES, "interfaces.carrier", RULES_SWITCH),
	EACH(RULES_INTERFACES, "interfaces.driver", RULES_WORDS),
	EACH(RULES_INTERFACES, "interfaces.pci", RULES_WORDS),
	EACH(RULES_INTERFACES, "interfaces.booted", RULES_SWITCH),
	EACH(RULES_INTERFACES, "interfaces.lldp.chassis_id", RULES_WORDS),
	EACH(RULES_INTERFACES, "interfaces.lldp.system_name", RULES_WORDS),
	EACH(RULES_INTERFACES, "interfaces.lldp.port_id", RULES_WORDS),
	EACH(RULES_INTERFACES, "interfaces.lldp.port_description", RULES_WORDS),
	EACH(RULES_INTERFACES, "interfaces.lldp.vlan", RULES_COUNT),
	HOW_MANY(RULES_PCI, "pci.count"), EACH(RULES_PCI, "pci.address", RULES_WORDS),
	EACH(RULES_PCI, "pci.class", RULES_WORDS), EACH(RULES_PCI, "pci.vendor", RULES_WORDS),
	EACH(RULES_PCI, "pci.device", RULES_WORDS), EACH(RULES_PCI, "pci.driver", RULES_WORDS),
	{0}};

const struct rules_fact *rules_facts(void)
{
	return facts;
}

const char *rules_list_name(enum rules_list list)
{
	static const char *const names[] = {"", "disks", "interfaces", "pci"};

	return names[list];
}

const struct rules_fact *rules_fact_find(enum rules_list in, const char *name)
{
	size_t skip = in == RULES_ALONE ? 0 : strlen(rules_list_name(in)) + 1;

	for (const struct rules_fact *f = facts; f->name; f++)
		if ((in == RULES_ALONE || (f->list == in && !f->how_many)) &&
			!strcmp(f->name + skip, name))
			return f;
	return NULL;
}

size_t rules_items(const json_t *inventory, enum rules_list list)
{
	size_t n = json_array_size(json_object_get(inventory, rules_list_name(list)));

	return n < RULES_ITEMS_MAX ? n : RULES_ITEMS_MAX;
}

const json_t *rules_item(const json_t *inventory, enum rules_list list, size_t i)
{
	return json_array_get(json_object_get(inventory, rules_list_name(list)), i);
}

/* "lldp.port_id" in an object. */
static const json_t *member(const json_t *object, const char *path)
{
	char key[64];

	for (;;) {
		size_t n = strcspn(path, ".");

		snprintf(key, sizeof key, "%.*s", (int)n, path);
		object = json_object_get(object, key);
		if (!path[n])
			return object;
		path += n + 1;
	}
}

static bool is_blank(const char *text)
{
	return !text[strspn(text, " \t\r\n")];
}

static bool is_of_type(const struct rules_fact *f, const json_t *v)
{
	struct rules_key key;

	switch (f->type) {
	case RULES_WORDS:
		return json_is_string(v) && !is_blank(json_string_value(v));
	case RULES_SWITCH:
		return json_is_boolean(v);
	case RULES_COUNT:
	case RULES_MAC:
	case RULES_IP:
		break;
	}
	return rules_value_key(f, v, &key);
}

/* What many machines have says nothing of this one: the firmware's constants and placeholders. */
static bool is_worthless(const struct rules_fact *f, const json_t *v)
{
	const char *last = strrchr(f->name, '.'), *text = json_string_value(v);

	if (f->list != RULES_ALONE || !last || !text)
		return false;
	if (!strcmp(last, ".uuid"))
		return inventory_worthless_uuid(text);
	return (!strcmp(last, ".serial") || !strcmp(last, ".asset_tag")) &&
		inventory_worthless(text);
}

const json_t *rules_value(const struct rules_fact *f, const struct rules_question *q,
	const json_t *item, json_t **scratch)
{
	const char *path = f->name;
	const json_t *v;

	*scratch = NULL;
	if (f->how_many)
		v = *scratch = json_integer((json_int_t)rules_items(q->inventory, f->list));
	else if (!strcmp(f->name, "segment"))
		v = *scratch = q->segment ? json_string(q->segment) : NULL;
	else if (f->list == RULES_ALONE)
		v = member(q->inventory, path);
	else
		v = member(item, path + strlen(rules_list_name(f->list)) + 1);
	return is_of_type(f, v) && !is_worthless(f, v) ? v : NULL;
}

/* Texts without the space around them; MACs and addresses as usher writes them. */
static void words_text(const struct rules_fact *f, const char *text, char *buf, size_t size)
{
	char mac_text[MAC_TEXT], ip_text[IP_TEXT];
	struct mac mac;
	struct ip ip;
	size_t n;

	text += strspn(text, " \t\r\n");
	if (f->type == RULES_MAC && !mac_parse(text, &mac))
		text = mac_format(&mac, mac_text);
	else if (f->type == RULES_IP && !ip_parse(text, &ip))
		text = ip_format(&ip, ip_text);
	n = strlen(text);
	while (n && strchr(" \t\r\n", text[n - 1]))
		n--;
	snprintf(buf, size, "%.*s", n < size ? (int)n : (int)size - 1, text);
}

void rules_value_text(const struct rules_fact *f, const json_t *v, char *buf, size_t size)
{
	const char *text = json_string_value(v);

	if (f->type == RULES_COUNT)
		snprintf(buf, size, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (f->type == RULES_SWITCH)
		snprintf(buf, size, "%s", json_is_true(v) ? "yes" : "no");
	else
		words_text(f, text ? text : "", buf, size);
}

/* Keys */

static struct rules_key count_key(uint64_t n)
{
	struct rules_key k = {.kind = KIND_COUNT};

	for (int i = 7; i >= 0; i--, n >>= 8)
		k.b[i] = (uint8_t)n;
	return k;
}

static bool mac_key(const char *text, struct rules_key *ret)
{
	struct mac mac;

	*ret = (struct rules_key){.kind = KIND_MAC};
	if (!text || mac_parse(text, &mac))
		return false;
	memcpy(ret->b, mac.b, sizeof mac.b);
	return true;
}

static bool ip_key(const char *text, struct rules_key *ret)
{
	struct ip ip;

	if (!text || ip_parse(text, &ip))
		return false;
	*ret = (struct rules_key){.kind = ip.family == IP_V4 ? KIND_IP4 : KIND_IP6};
	memcpy(ret->b, ip.b, sizeof ip.b);
	return true;
}

static bool text_key(const struct rules_fact *f, const char *text, struct rules_key *ret)
{
	return f->type == RULES_MAC ? mac_key(text, ret) : f->type == RULES_IP && ip_key(text, ret);
}

bool rules_value_key(const struct rules_fact *f, const json_t *v, struct rules_key *ret)
{
	if (f->type != RULES_COUNT)
		return text_key(f, json_string_value(v), ret);
	if (!json_is_integer(v) || json_integer_value(v) < 0)
		return false;
	*ret = count_key((uint64_t)json_integer_value(v));
	return true;
}

/* "1.5" of a unit, whole. Not by a double, which would be wrong in the last digits. */
static bool scaled(const char *text, size_t n, uint64_t unit, uint64_t *ret)
{
	uint64_t whole = 0, part = 0, scale = 1;
	bool fraction = false;

	for (size_t i = 0; i < n; i++) {
		if (text[i] == '.') {
			if (fraction || !i || i + 1 == n)
				return false;
			fraction = true;
		} else if (!fraction) {
			if (whole > INT64_MAX / 10 - 10)
				return false;
			whole = whole * 10 + (uint64_t)(text[i] - '0');
		} else if (scale < 1000000) { /* times 2^40 it still fits */
			part = part * 10 + (uint64_t)(text[i] - '0');
			scale *= 10;
		}
	}
	if (!n || (fraction && unit == 1) || whole > INT64_MAX / unit - 1)
		return false;
	*ret = whole * unit + part * unit / scale;
	return true;
}

/* K, M, G, T, with B or iB behind them: powers of 1024, as everywhere in usher. 0: it is none. */
static uint64_t suffix(const char *text)
{
	static const char letters[] = "KMGT";
	const char *at = *text ? strchr(letters, toupper((unsigned char)*text)) : NULL;

	if (!at || (text[1] && strcmp(text + 1, "B") && strcmp(text + 1, "iB")))
		return 0;
	return 1ull << (10 * (at - letters + 1));
}

static bool count_parse(const struct rules_fact *f, const char *text, uint64_t *ret)
{
	size_t n = strspn(text, "0123456789.");
	uint64_t unit = text[n] ? suffix(text + n) : 1;

	if (!text[n])
		return scaled(text, n, 1, ret);
	if (!f->unit || !unit || !scaled(text, n, unit, ret))
		return false;
	*ret /= f->unit;
	return true;
}

bool rules_key_parse(const struct rules_fact *f, const char *text, struct rules_key *ret)
{
	uint64_t n;

	if (f->type != RULES_COUNT)
		return text_key(f, text, ret);
	if (!count_parse(f, text, &n))
		return false;
	*ret = count_key(n);
	return true;
}

bool rules_prefix_parse(const char *text, struct rules_key *ret_low, struct rules_key *ret_high)
{
	const char *slash = strchr(text, '/');
	char address[IP_TEXT];
	unsigned long len;
	size_t bits;

	if (!slash || (size_t)(slash - text) >= sizeof address ||
		!isdigit((unsigned char)slash[1]) || strlen(slash) > 4 ||
		slash[1 + strspn(slash + 1, "0123456789")])
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	len = strtoul(slash + 1, NULL, 10);
	if (!ip_key(address, ret_low))
		return false;
	bits = ret_low->kind == KIND_IP4 ? 32 : 128;
	*ret_high = *ret_low;
	for (size_t i = len; i < bits; i++) {
		ret_low->b[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
		ret_high->b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	}
	return len <= bits;
}

static size_t key_bytes(const struct rules_key *k)
{
	return k->kind == KIND_COUNT ? 8 : k->kind == KIND_MAC ? 6 : k->kind == KIND_IP4 ? 4 : 16;
}

bool rules_key_step(struct rules_key *k, int by)
{
	uint8_t over = by > 0 ? 0xff : 0;

	for (size_t i = key_bytes(k); i-- > 0;) {
		bool carry = k->b[i] == over;

		k->b[i] = (uint8_t)(k->b[i] + (by > 0 ? 1 : -1));
		if (!carry)
			return true;
	}
	return false;
}

int rules_key_compare(const struct rules_key *a, const struct rules_key *b)
{
	return memcmp(a->b, b->b, sizeof a->b);
}

const char *rules_type_expected(const struct rules_fact *f)
{
	switch (f->type) {
	case RULES_COUNT:
		return !f->unit       ? "a number"
			: f->unit > 1 ? "a number of MiB, or a size like 16G"
				      : "a number of bytes, or a size like 500G";
	case RULES_MAC:
		return "a MAC like 52:54:00:12:34:56";
	case RULES_IP:
		return "an IP address";
	case RULES_SWITCH:
		return "yes or no";
	case RULES_WORDS:
		break;
	}
	return "a text";
}

/* Cards for which `key` is true; with NULL: all. `*ret` is one of them. */
static size_t count_cards(const json_t *inventory, const char *key, const json_t **ret)
{
	size_t n = 0;

	for (size_t i = 0; i < rules_items(inventory, RULES_INTERFACES); i++) {
		const json_t *card = rules_item(inventory, RULES_INTERFACES, i);

		if (key && !json_is_true(json_object_get(card, key)))
			continue;
		*ret = card;
		n++;
	}
	return n;
}

const json_t *rules_booted(const json_t *inventory)
{
	static const char *const keys[] = {"booted", NULL, "carrier"};
	const json_t *card = NULL;

	for (size_t i = 0; i < 3; i++) {
		size_t n = count_cards(inventory, keys[i], &card);

		if (n == 1)
			return card;
		if (n && keys[i]) /* one of several: which? */
			return NULL;
	}
	return NULL;
}
