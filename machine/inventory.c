/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/inventory.h"

#include "core/hex.h"
#include "core/json.h"
#include "core/plain.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The schema */

enum kind {
	TEXT,
	HOLDS, /* a text of INVENTORY_HOLDS, which may be empty */
	WORD,  /* one of `words` */
	UUID,
	MAC,
	ADDRESS,
	WHOLE, /* a number from 0 */
	FLAG,
	OBJECT,
	LIST, /* of objects, at most `most` */
};

struct member {
	const char *name;
	enum kind kind;
	const struct member *of;
	const char *const *words;
	size_t most;
};

static const struct member system_members[] = {{.name = "vendor"}, {.name = "product"},
	{.name = "version"}, {.name = "serial"}, {.name = "uuid", .kind = UUID}, {.name = "sku"},
	{.name = "asset_tag"}, {0}};
static const struct member board_members[] = {
	{.name = "vendor"}, {.name = "product"}, {.name = "serial"}, {.name = "asset_tag"}, {0}};
static const struct member chassis_members[] = {
	{.name = "vendor"}, {.name = "type"}, {.name = "serial"}, {.name = "asset_tag"}, {0}};
static const char *const modes[] = {"bios", "uefi", NULL};
static const struct member firmware_members[] = {{.name = "mode", .kind = WORD, .words = modes},
	{.name = "vendor"}, {.name = "version"}, {.name = "date"},
	{.name = "secure_boot", .kind = FLAG}, {0}};
static const struct member cpu_members[] = {{.name = "model"}, {.name = "architecture"},
	{.name = "sockets", .kind = WHOLE}, {.name = "cores", .kind = WHOLE},
	{.name = "threads", .kind = WHOLE}, {0}};
static const char *const buses[] = {"ata", "scsi", "nvme", "virtio", "usb", "other", NULL};
static const struct member disk_members[] = {{.name = "name"}, {.name = "model"},
	{.name = "serial"}, {.name = "wwn"}, {.name = "size_bytes", .kind = WHOLE},
	{.name = "rotational", .kind = FLAG}, {.name = "removable", .kind = FLAG},
	{.name = "bus", .kind = WORD, .words = buses}, {.name = "holds", .kind = HOLDS}, {0}};
static const struct member lldp_members[] = {{.name = "chassis_id"}, {.name = "system_name"},
	{.name = "port_id"}, {.name = "port_description"}, {.name = "vlan", .kind = WHOLE}, {0}};
static const struct member interface_members[] = {{.name = "name"}, {.name = "mac", .kind = MAC},
	{.name = "permanent_mac", .kind = MAC}, {.name = "speed_mbps", .kind = WHOLE},
	{.name = "carrier", .kind = FLAG}, {.name = "driver"}, {.name = "pci"},
	{.name = "booted", .kind = FLAG}, {.name = "lldp", .kind = OBJECT, .of = lldp_members},
	{0}};
static const struct member pci_members[] = {{.name = "address"}, {.name = "class"},
	{.name = "vendor"}, {.name = "device"}, {.name = "driver"}, {0}};
static const char *const controllers[] = {"ipmi", NULL};
static const struct member controller_members[] = {
	{.name = "kind", .kind = WORD, .words = controllers}, {.name = "address", .kind = ADDRESS},
	{.name = "mac", .kind = MAC}, {.name = "address6", .kind = ADDRESS}, {0}};
static const struct member inventory_members[] = {{.name = "schema", .kind = WHOLE},
	{.name = "system", .kind = OBJECT, .of = system_members},
	{.name = "board", .kind = OBJECT, .of = board_members},
	{.name = "chassis", .kind = OBJECT, .of = chassis_members},
	{.name = "firmware", .kind = OBJECT, .of = firmware_members},
	{.name = "cpu", .kind = OBJECT, .of = cpu_members}, {.name = "memory_mib", .kind = WHOLE},
	{.name = "disks", .kind = LIST, .of = disk_members, .most = INVENTORY_DISKS},
	{.name = "interfaces", .kind = LIST, .of = interface_members, .most = INVENTORY_INTERFACES},
	{.name = "pci", .kind = LIST, .of = pci_members, .most = INVENTORY_PCI},
	{.name = "controller", .kind = OBJECT, .of = controller_members}, {0}};

/* Where in the JSON, and what is said of it. */
struct place {
	char path[64];
	char *why;
	size_t size;
};

static int wrong(const struct place *at, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int wrong(const struct place *at, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	snprintf(at->why, at->size, "%s%s%s", at->path, *at->path ? " " : "", text);
	return -EINVAL;
}

/* "" and `name`, "disks[3]" and `name`; `index` -1: none. */
static struct place below(const struct place *at, const char *name, int index)
{
	struct place p = {.why = at->why, .size = at->size};

	snprintf(p.path, sizeof p.path, index < 0 ? "%.40s%s%.20s" : "%.40s%s%.20s[%d]", at->path,
		*at->path ? "." : "", name, index);
	return p;
}

/* Values: each gives a new reference, or NULL in *ret for one that says nothing */

/* Trimmed, and safe to show. */
static void clean(const char *text, size_t len, char *buf, size_t size)
{
	while (len && isspace((unsigned char)*text)) {
		text++;
		len--;
	}
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	len = plain_copy(buf, size, text, len, 0);
	while (len && isspace((unsigned char)buf[len - 1])) /* where it was cut */
		buf[--len] = '\0';
}

/* That a disk holds nothing is an empty text too. */
static json_t *text_of(const json_t *v, enum kind kind)
{
	char buf[INVENTORY_HOLDS];

	clean(json_string_value(v), json_string_length(v), buf,
		kind == HOLDS ? INVENTORY_HOLDS : INVENTORY_TEXT);
	return *buf || kind == HOLDS ? json_string(buf) : NULL;
}

static int word_of(const char *text, const struct member *m, const struct place *at, json_t **ret)
{
	for (const char *const *w = m->words; *w; w++)
		if (!strcmp(*w, text)) {
			*ret = json_string(text);
			return *ret ? 0 : -ENOMEM;
		}
	return wrong(at, "is no word that is known there");
}

static int uuid_of(const char *text, const struct place *at, json_t **ret)
{
	char uuid[UUID_TEXT];

	if (inventory_uuid(text, uuid))
		return wrong(at, "is no UUID");
	*ret = json_string(uuid);
	return *ret ? 0 : -ENOMEM;
}

static int mac_of(const char *text, const struct place *at, json_t **ret)
{
	char buf[MAC_TEXT];
	struct mac mac;

	if (mac_parse(text, &mac) || mac_is_group(&mac))
		return wrong(at, "is no card's MAC");
	if (mac_is_zero(&mac))
		return 0;
	*ret = json_string(mac_format(&mac, buf));
	return *ret ? 0 : -ENOMEM;
}

static int address_of(const char *text, const struct place *at, json_t **ret)
{
	char buf[IP_TEXT];
	struct ip ip;

	if (ip_parse(text, &ip))
		return wrong(at, "is no address");
	if ((ip.family == IP_V4 && !ip_to_v4(&ip)) || ip_is_any6(&ip))
		return 0; /* a controller that was given none */
	*ret = json_string(ip_format(&ip, buf));
	return *ret ? 0 : -ENOMEM;
}

static int string_of(const json_t *v, const struct member *m, const struct place *at, json_t **ret)
{
	const char *text = json_string_value(v);

	if (!text)
		return wrong(at, "is not a text");
	if (!*text && m->kind != HOLDS)
		return 0;
	switch (m->kind) {
	case WORD:
		return word_of(text, m, at, ret);
	case UUID:
		return uuid_of(text, at, ret);
	case MAC:
		return mac_of(text, at, ret);
	case ADDRESS:
		return address_of(text, at, ret);
	default:
		*ret = text_of(v, m->kind);
		return 0;
	}
}

static int object_of(
	const json_t *v, const struct member *members, const struct place *at, json_t **ret);

static int list_of(const json_t *v, const struct member *m, const struct place *at, json_t **ret)
{
	json_t *all = NULL;
	int rc = 0;

	if (!json_is_array(v))
		return wrong(at, "is not an array");
	if (json_array_size(v) > m->most)
		return wrong(at, "has more than %zu members", m->most);
	all = json_array();
	for (size_t i = 0; !rc && i < json_array_size(v); i++) {
		struct place p = *at;
		json_t *one = NULL;

		snprintf(p.path, sizeof p.path, "%.40s[%zu]", at->path, i);
		rc = object_of(json_array_get(v, i), m->of, &p, &one);
		if (!rc && json_array_append_new(all, one))
			rc = -ENOMEM;
	}
	if (rc)
		json_decref(all);
	else
		*ret = all;
	return rc;
}

static int value_of(const json_t *v, const struct member *m, const struct place *at, json_t **ret)
{
	switch (m->kind) {
	case WHOLE:
		if (!json_is_integer(v) || json_integer_value(v) < 0)
			return wrong(at, "is not a whole number from 0");
		*ret = json_integer(json_integer_value(v));
		return 0;
	case FLAG:
		if (!json_is_boolean(v))
			return wrong(at, "is not true or false");
		*ret = json_boolean(json_is_true(v));
		return 0;
	case OBJECT:
		return object_of(v, m->of, at, ret);
	case LIST:
		return list_of(v, m, at, ret);
	default:
		return string_of(v, m, at, ret);
	}
}

static int object_of(
	const json_t *v, const struct member *members, const struct place *at, json_t **ret)
{
	json_t *all;
	int rc = 0;

	if (!json_is_object(v))
		return wrong(at, "is not an object");
	all = json_object();
	for (const struct member *m = members; !rc && m->name; m++) {
		const json_t *member = json_object_get(v, m->name);
		struct place p = below(at, m->name, -1);
		json_t *value = NULL;

		if (member && !json_is_null(member))
			rc = value_of(member, m, &p, &value);
		if (!rc && value && json_object_set_new(all, m->name, value))
			rc = -ENOMEM;
	}
	if (rc)
		json_decref(all);
	else
		*ret = all;
	return rc;
}

static int put_lists(json_t *inventory)
{
	static const char *const lists[] = {"disks", "interfaces", "pci"};
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof lists / sizeof *lists; i++)
		if (!json_object_get(inventory, lists[i]))
			rc = json_object_set_new(inventory, lists[i], json_array());
	return rc ? -ENOMEM : 0;
}

/* Escaped characters are longer than they were. */
static int fits(const json_t *inventory)
{
	return json_dumpb(inventory, NULL, 0, JSON_COMPACT) <= INVENTORY_BYTES ? 0 : -EFBIG;
}

static int load(const char *text, size_t len, json_t **ret, const struct place *at)
{
	json_error_t err;

	*ret = json_loadb(text, len, JSON_REJECT_DUPLICATES, &err);
	if (!*ret && json_error_code(&err) == json_error_out_of_memory)
		return -ENOMEM;
	if (!*ret)
		return wrong(at, "not JSON: look at line %d, column %d", err.line, err.column);
	return 0;
}

int inventory_parse(const char *text, size_t len, json_t **ret, char *why, size_t size)
{
	const struct place at = {.why = why, .size = size};
	json_t *raw = NULL, *inventory = NULL;
	int rc = -EFBIG;

	if (len <= INVENTORY_BYTES)
		rc = load(text, len, &raw, &at);
	if (!rc)
		rc = object_of(raw, inventory_members, &at, &inventory);
	json_decref(raw);
	if (!rc && json_integer_value(json_object_get(inventory, "schema")) != INVENTORY_SCHEMA)
		rc = wrong(&at, "schema is not %d", INVENTORY_SCHEMA);
	if (!rc)
		rc = put_lists(inventory);
	if (!rc)
		rc = fits(inventory);
	if (rc == -EFBIG)
		snprintf(why, size, "the inventory is longer than %d bytes", INVENTORY_BYTES);
	if (rc)
		json_decref(inventory);
	else
		*ret = inventory;
	return rc;
}

/* What is worthless */

int inventory_uuid(const char *text, char ret[UUID_TEXT])
{
	char buf[UUID_TEXT];
	size_t i;

	for (i = 0; text[i] && i < UUID_TEXT - 1; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : hex_digit(text[i]) < 0)
			return -EINVAL;
		buf[i] = (char)tolower((unsigned char)text[i]);
	}
	if (text[i] || i != UUID_TEXT - 1)
		return -EINVAL;
	buf[i] = '\0';
	memcpy(ret, buf, UUID_TEXT);
	return 0;
}

/* What vendors leave where a machine's own should be, seen in the field. In lower case. */
static const struct {
	const char *uuid, *why;
} constants[] = {
	{"03000200-0400-0500-0006-000700080009", "a constant of AMI's firmware"},
	{"00020003-0004-0005-0006-000700080009", "a constant of AMI's firmware"},
	{"12345678-1234-5678-90ab-cddeefaabbcc", "a constant of MSI's firmware"},
	{"78563412-3412-7856-90ab-cddeefaabbcc", "a constant of MSI's firmware"},
	{"12345678-1234-1234-1234-123456789abc", "a constant of firmware"},
	{"01234567-89ab-cdef-0123-456789abcdef", "a constant of firmware"},
	{"6ab5b300-538d-1014-9fb5-b0684d007b53", "a constant of Acer's firmware"},
	{"4c4c4544-0000-2010-8020-80c04f202020", "Dell's for a board without a service tag"},
	{"44454c4c-0000-1020-8020-80c04f202020", "Dell's for a board without a service tag"},
};

static bool is_row_of(const char *text, char c)
{
	while (*text == c || *text == '-')
		text++;
	return !*text;
}

/* The same two digits all along. */
static bool is_one_byte(const char *uuid)
{
	const char *digits = uuid;

	for (; *uuid; uuid += 2) {
		uuid += *uuid == '-';
		if (memcmp(uuid, digits, 2))
			return false;
	}
	return true;
}

const char *inventory_worthless_uuid(const char *text)
{
	char uuid[UUID_TEXT];

	if (inventory_uuid(text, uuid))
		return "no UUID";
	if (is_row_of(uuid, '0'))
		return "all zero";
	if (is_row_of(uuid, 'f'))
		return "all F";
	if (is_one_byte(uuid))
		return "one byte sixteen times";
	for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
		if (!strcmp(uuid, constants[i].uuid))
			return constants[i].why;
	return NULL;
}

/* Letters and digits alone count, in lower case: "To be filled by O.E.M." is written in many ways. */
static const char *const placeholders[] = {"tobefilledbyoem", "tobefilled", "filledbyoem",
	"fillbyoem", "tbdbyoem", "tbd", "defaultstring", "default", "notspecified", "notapplicable",
	"notavailable", "notdefined", "notprovided", "notset", "notsettled", "none", "null",
	"nullstring", "na", "unknown", "unknow", "undefined", "invalid", "empty", "blank", "oem",
	"oemserial", "oemdefine", "oemdefined", "systemserialnumber", "systemserialnumb",
	"serialnumber", "serial", "sn", "chassisserialnumber", "baseboardserialnumber",
	"boardserialnumber", "mbserialnumber", "productserialnumber", "assettag", "noassettag",
	"noassetinformation", "defaultassettag", "defaultasset", "systemassettag",
	"chassisassettag", "baseboardassettag", "assettagnumber", "eval", "sample", "test",
	"manufacturer", "insydechassisserial", "typechassisserial", "xxxxxx"};

static void bare(const char *text, char *buf, size_t size)
{
	size_t n = 0;

	for (; *text && n < size - 1; text++)
		if (isalnum((unsigned char)*text) || (unsigned char)*text >= 0x80)
			buf[n++] = (char)tolower((unsigned char)*text);
	buf[n] = '\0';
}

static bool is_placeholder(const char *name)
{
	for (size_t i = 0; i < sizeof placeholders / sizeof *placeholders; i++)
		if (!strcmp(name, placeholders[i]))
			return true;
	return false;
}

/* "123456789", "0123456789", "1234567890123", and behind a word: "sys1234567890", "asset1234567890". */
static bool counts_up(const char *name)
{
	const char *words[] = {"sys", "mb", "sn", "asset", "board", "chassis", ""};
	size_t i = 0, n = 0;

	while (strncmp(name, words[i], strlen(words[i])))
		i++;
	name += strlen(words[i]);
	if (*name != '0' && *name != '1')
		return false;
	for (; name[n] >= '0' && name[n] <= '9'; n++)
		if (n && name[n] != (name[n - 1] == '9' ? '0' : name[n - 1] + 1))
			return false;
	return n >= 5 && !name[n];
}

static bool is_one_character(const char *name)
{
	return strlen(name) > 3 && strspn(name, (char[]){name[0], '\0'}) == strlen(name);
}

const char *inventory_worthless(const char *text)
{
	char name[INVENTORY_TEXT];

	bare(text, name, sizeof name);
	if (!*name)
		return *text ? "nothing but punctuation" : "empty";
	if (is_row_of(name, '0'))
		return "all zero";
	if (strlen(name) > 3 && is_row_of(name, 'f'))
		return "all F";
	if (is_one_character(name))
		return "one character over and over";
	if (counts_up(name))
		return "only counts up";
	return is_placeholder(name) ? "a placeholder of firmware" : NULL;
}

/* Identity */

static void refuse(
	struct inventory_identity *to, const char *what, const char *value, const char *why)
{
	size_t n = strlen(to->refused);

	snprintf(to->refused + n, sizeof to->refused - n, "%s%s is %s", n ? "; " : "", what, why);
	n = strlen(to->refused);
	if (*value)
		snprintf(to->refused + n, sizeof to->refused - n, " (%.130s)", value);
}

/* Takes it, unless it is worthless. */
static void take(struct inventory_identity *to, char ret[INVENTORY_TEXT], const char *what,
	const char *value)
{
	const char *why = *value ? inventory_worthless(value) : NULL;

	if (why)
		refuse(to, what, value, why);
	else
		snprintf(ret, INVENTORY_TEXT, "%s", value);
}

void inventory_identity(const json_t *inventory, struct inventory_identity *ret)
{
	static const struct {
		const char *of, *what;
	} tags[] = {{"system", "asset tag"}, {"chassis", "asset tag of the chassis"},
		{"board", "asset tag of the board"}};
	const json_t *system = json_object_get(inventory, "system");
	const char *uuid = json_text(system, "uuid");
	const char *why = *uuid ? inventory_worthless_uuid(uuid) : NULL;

	*ret = (struct inventory_identity){.uuid = ""};
	if (why)
		refuse(ret, "UUID", uuid, why);
	else
		snprintf(ret->uuid, sizeof ret->uuid, "%s", uuid);
	take(ret, ret->serial, "serial", json_text(system, "serial"));
	for (size_t i = 0; i < sizeof tags / sizeof *tags && !*ret->asset_tag; i++)
		take(ret, ret->asset_tag, tags[i].what,
			json_text(json_object_get(inventory, tags[i].of), "asset_tag"));
}

/* What is no card of the machine's own: a management controller at the other end of USB, with a MAC that is the same in each
 * machine of its kind, and what a system made up. */
static bool is_no_card(const json_t *interface)
{
	static const char *const drivers[] = {"cdc_ether", "cdc_eem", "cdc_ncm", "rndis_host",
		"bonding", "bridge", "team", "dummy", "veth", "tun", "macvlan", "8021q"};
	const char *driver = json_text(interface, "driver");
	size_t i = 0, n = sizeof drivers / sizeof *drivers;

	while (i < n && strcmp(driver, drivers[i]) != 0)
		i++;
	return i < n && !json_is_true(json_object_get(interface, "booted"));
}

static void add_mac(struct mac *all, size_t *n, size_t most, const json_t *interface)
{
	const char *own = json_text(interface, "permanent_mac");
	struct mac mac;

	if (is_no_card(interface) || mac_parse(*own ? own : json_text(interface, "mac"), &mac) ||
		mac_is_group(&mac) || mac_is_zero(&mac))
		return;
	for (size_t i = 0; i < *n; i++)
		if (mac_eq(&all[i], &mac))
			return;
	if (*n < most)
		all[(*n)++] = mac;
}

/* The one that it booted by, then what is wired. */
static int place_of(const json_t *interface)
{
	if (json_is_true(json_object_get(interface, "booted")))
		return 0;
	return json_is_true(json_object_get(interface, "carrier")) ? 1 : 2;
}

size_t inventory_macs(const json_t *inventory, struct mac *ret, size_t most)
{
	const json_t *all = json_object_get(inventory, "interfaces");
	size_t n = 0;

	for (int place = 0; place <= 2; place++)
		for (size_t i = 0; i < json_array_size(all); i++) {
			const json_t *one = json_array_get(all, i);

			if (place_of(one) == place)
				add_mac(ret, &n, most, one);
		}
	return n;
}
