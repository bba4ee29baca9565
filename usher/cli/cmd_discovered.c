/* SPDX-License-Identifier: GPL-2.0-or-later */
/* usher discovered: machines without a record that said what they are. */
#include "usher/cli/cli.h"
#include "usher/cli/discovered_text.h"
#include "usher/client/client.h"
#include "usher/client/printed.h"
#include "usher/cli/machine_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_FORGET = 1, VALUE = 512 };

static long long number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}

/* Sizes of disks as their makers count: "480 GB". */
static const char *bytes_text(long long n, char buf[32])
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
	size_t unit = 0;

	for (; n >= 10000; unit++)
		n /= 1000;
	snprintf(buf, 32, "%lld %s", n, units[unit]);
	return buf;
}

static const char *or_none(const char *text)
{
	return *text ? text : "-";
}

/* The list */

/* Its id; of one that has not said what it is, its MAC. */
static const char *twin_name(const json_t *twin)
{
	return *machine_text(twin, "id") ? machine_text(twin, "id") : machine_text(twin, "mac");
}

/* Only a user says that a machine came back with another card. */
static const char *advice(const json_t *d, char buf[VALUE])
{
	const char *like = machine_text(d, "resembles");

	*buf = '\0';
	if (*like)
		snprintf(buf, VALUE, "if it is %s with another card: usher adopt %s --mac %s", like,
			like, machine_text(d, "mac"));
	return buf;
}

static void notes(const json_t *d)
{
	json_t *twin, *all = json_object_get(d, "duplicates");
	char value[VALUE];
	size_t i;

	json_array_foreach(all, i, twin) printf("%s%s (%s)", i ? ", " : "  duplicate of ",
		twin_name(twin), machine_text(twin, "shares"));
	if (json_array_size(all))
		putchar('\n');
	if (*advice(d, value))
		printf("  %s\n", value);
	if (*machine_text(d, "refused"))
		printf("  %s\n", machine_text(d, "refused"));
}

static const char *disks_text(const json_t *d, char *buf, size_t size)
{
	char bytes[32];

	snprintf(buf, size, "%lld, %s", number(d, "disks"),
		bytes_text(number(d, "disk_bytes"), bytes));
	return buf;
}

/* Two words, a blank between them where there are both. */
static const char *both(
	const json_t *d, const char *first, const char *second, char *buf, size_t size)
{
	const char *a = machine_text(d, first), *b = machine_text(d, second);

	snprintf(buf, size, "%s%s%s", a, *a && *b ? " " : "", b);
	return buf;
}

static const char *switch_text(const json_t *d, char *buf, size_t size)
{
	return both(d, "switch", "port", buf, size);
}

static const char *what_text(const json_t *d, char *buf, size_t size)
{
	return both(d, "vendor", "product", buf, size);
}

static const struct column columns[] = {{.head = "ID", .key = "id"}, {.head = "MAC", .key = "mac"},
	{.head = "SEGMENT", .key = "segment"}, {.head = "SERIAL", .key = "serial"},
	{.head = "MEMORY", .key = "memory", .right = true}, {.head = "DISKS", .text = disks_text},
	{.head = "SWITCH", .text = switch_text}, {.head = "UUID", .key = "uuid", .wide = true},
	{.head = "ADDRESS", .key = "address", .wide = true},
	{.head = "SEEN", .key = "last_seen", .wide = true}, {.head = "MACHINE", .key = "machine"},
	{.head = "WHAT", .text = what_text}, {0}};
static const struct columns table = {.member = "discovered",
	.columns = columns,
	.none = "no discovered machines; <segment discover='yes'> in usher.xml discovers those "
		"without a record that boot there",
	.notes = notes};

/* One of them */

static void line(const char *what, const char *value)
{
	if (*value)
		printf("  %-12s %s\n", what, value);
}

/* "KEY VALUE", when there is one, behind what is in `buf`. */
static void add(char buf[VALUE], const char *before, const char *value)
{
	size_t n = strlen(buf);

	if (*value)
		snprintf(buf + n, VALUE - n, "%s%s%s", n ? ", " : "", before, value);
}

static void show_identity(const json_t *d)
{
	json_t *twin;
	char value[VALUE];
	size_t i;

	printf("%s: %s%s%s\n", machine_text(d, "id"), machine_text(d, "vendor"),
		*machine_text(d, "vendor") ? " " : "", machine_text(d, "product"));
	line("serial", machine_text(d, "serial"));
	line("uuid", machine_text(d, "uuid"));
	line("asset tag", machine_text(d, "asset_tag"));
	line("refused", machine_text(d, "refused"));
	json_array_foreach(json_object_get(d, "duplicates"), i, twin)
	{
		snprintf(value, sizeof value, "%s has the same %s", twin_name(twin),
			machine_text(twin, "shares"));
		line("duplicate", value);
	}
	line("machine", machine_text(d, "machine"));
	line("resembles", advice(d, value));
	snprintf(value, sizeof value, "%s, by %s on %s at %s, first %s",
		machine_text(d, "last_seen"), machine_text(d, "mac"), machine_text(d, "segment"),
		machine_text(d, "address"), machine_text(d, "first_seen"));
	line("seen", value);
}

static void show_computer(const json_t *inventory)
{
	const json_t *f = json_object_get(inventory, "firmware"),
		     *cpu = json_object_get(inventory, "cpu");
	json_t *secure = json_object_get(f, "secure_boot");
	char value[VALUE] = "";

	add(value, "", machine_text(f, "mode"));
	add(value, "", machine_text(f, "vendor"));
	add(value, "version ", machine_text(f, "version"));
	add(value, "of ", machine_text(f, "date"));
	if (secure)
		add(value, "Secure Boot ", json_is_true(secure) ? "on" : "off");
	line("firmware", value);
	snprintf(value, sizeof value, "%s, %lld sockets, %lld cores, %lld threads",
		machine_text(cpu, "model"), number(cpu, "sockets"), number(cpu, "cores"),
		number(cpu, "threads"));
	line("cpu", value);
	snprintf(value, sizeof value, "%lld MiB", number(inventory, "memory_mib"));
	line("memory", value);
}

static void show_disk(const json_t *disk)
{
	const json_t *holds = json_object_get(disk, "holds");
	char value[VALUE], size[32];

	snprintf(value, sizeof value, "%s, %s, %s", machine_text(disk, "name"),
		bytes_text(number(disk, "size_bytes"), size), machine_text(disk, "bus"));
	add(value, "", json_is_false(json_object_get(disk, "rotational")) ? "solid state" : "");
	add(value, "", machine_text(disk, "model"));
	add(value, "serial ", machine_text(disk, "serial"));
	add(value, "wwn ", machine_text(disk, "wwn"));
	line("disk", value);
	line("",
		!holds ? "cannot be read"
		       : or_none(*json_string_value(holds) ? json_string_value(holds) : "empty"));
}

static void show_interface(const json_t *i)
{
	const json_t *lldp = json_object_get(i, "lldp");
	char value[VALUE], vlan[24] = "", speed[32] = "";

	if (number(i, "speed_mbps"))
		snprintf(speed, sizeof speed, "%lld Mbit/s", number(i, "speed_mbps"));
	if (number(lldp, "vlan"))
		snprintf(vlan, sizeof vlan, "%lld", number(lldp, "vlan"));
	snprintf(value, sizeof value, "%s, %s", machine_text(i, "name"), machine_text(i, "mac"));
	add(value, "", machine_text(i, "driver"));
	add(value, "", json_is_true(json_object_get(i, "carrier")) ? "link" : "no link");
	add(value, "", speed);
	add(value, "", json_is_true(json_object_get(i, "booted")) ? "booted by it" : "");
	line("card", value);
	*value = '\0';
	add(value, "switch ", machine_text(lldp, "system_name"));
	add(value, "", machine_text(lldp, "chassis_id"));
	add(value, "port ", machine_text(lldp, "port_id"));
	add(value, "", machine_text(lldp, "port_description"));
	add(value, "VLAN ", vlan);
	line("", value);
}

void discovered_print_hardware(const json_t *inventory)
{
	const json_t *bmc = json_object_get(inventory, "controller");
	char value[VALUE] = "";
	json_t *one;
	size_t i;

	show_computer(inventory);
	json_array_foreach(json_object_get(inventory, "disks"), i, one) show_disk(one);
	json_array_foreach(json_object_get(inventory, "interfaces"), i, one) show_interface(one);
	add(value, "", machine_text(bmc, "kind"));
	add(value, "", machine_text(bmc, "address"));
	add(value, "", machine_text(bmc, "address6"));
	add(value, "", machine_text(bmc, "mac"));
	line("controller", value);
}

static void show_one(const json_t *d)
{
	show_identity(d);
	discovered_print_hardware(json_object_get(d, "inventory"));
}

const char *discovered_holds(const json_t *inventory, char *buf, size_t size)
{
	json_t *disk;
	size_t i, n;
	char bytes[32];

	*buf = '\0';
	json_array_foreach(json_object_get(inventory, "disks"), i, disk)
	{
		n = strlen(buf);
		if (*machine_text(disk, "holds"))
			snprintf(buf + n, size - n, "%s%s (%s): %s", n ? "; " : "",
				machine_text(disk, "name"),
				bytes_text(number(disk, "size_bytes"), bytes),
				machine_text(disk, "holds"));
	}
	return buf;
}

/* The calls */

struct wish {
	struct cli_common common;
	const char *name; /* NULL: all */
	bool forget;
};

static int print(const struct wish *w, json_t *reply)
{
	if (!w->name)
		return cli_list(&w->common, reply);
	if (w->common.json)
		printed_json(reply);
	else if (w->forget)
		printf("%s is forgotten\n", machine_text(reply, "forgotten"));
	else
		show_one(reply);
	return EXIT_DONE;
}

static int ask(struct client *client, const struct wish *w)
{
	char path[600] = "/discovered", name[512];
	json_t *reply = NULL;
	int rc;

	if (!w->name && w->common.json)
		strcat(path, "?full=1");
	if (w->name)
		snprintf(path, sizeof path, "/discovered/%s",
			client_escape(w->name, name, sizeof name));
	if (client_call(client, w->forget ? "DELETE" : "GET", path, NULL, &reply))
		return EXIT_FAILED;
	rc = print(w, reply);
	json_decref(reply);
	return rc;
}

static int run_discovered(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"forget", no_argument, NULL, OPT_FORGET}, CLI_LIST_OPTIONS, {0}};
	struct wish w = {.name = NULL};
	struct client *client;
	int rc;

	cli_common_init(&w.common);
	w.common.lists = &table;
	while (cli_getopt(c, &w.common, argc, argv, options) != -1)
		w.forget = true;
	w.name = optind < argc ? argv[optind] : NULL;
	if (argc - optind > 1 || (w.forget && !w.name))
		return cli_usage(
			c, w.forget ? "--forget takes one ID" : "takes one ID, or nothing");
	client = client_new(w.common.socket);
	if (!client)
		return cli_fail("out of memory");
	rc = ask(client, &w);
	client_free(client);
	return rc;
}

const struct command cmd_discovered = {
	.name = "discovered",
	.arguments = "[ID] [--forget]",
	.summary = "list machines without a record that said what they are, or show one",
	.help = "  ID                   one of them: its id, UUID, serial, asset tag or a MAC\n"
		"  --forget             forget it: when it boots again, it is discovered anew\n" CLI_LIST_HELP,
	.run = run_discovered,
};
