/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a lab file: every element judged where it stands; then machines, with what the defaults say, as requests. */
#include "usher/lab/lab.h"

#include "usher/client/cli_names.h"
#include "core/markup.h"
#include "usher/lab/lab_parts.h"
#include "usher/lab/lab_values.h"
#include "core/ssh_key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
	struct markup_reader r;
	struct lab *lab;
	json_t *defaults; /* as read_said() has it; NULL: none yet */
	const xmlNode *machines[LAB_MACHINES_MAX];
	size_t n_machines;
	json_t *names; /* of machines and networks, and "NETWORK ADDRESS": the line where each is taken */
};

void lab_attributes(
	struct markup_reader *r, const xmlNode *e, const struct lab_attribute *as, json_t *to)
{
	markup_known(r, e, as, sizeof *as);
	for (; as->name; as++) {
		char *text = markup_attribute(r, e, as->name, as->required);
		json_t *v = text ? as->take(text) : NULL;

		if (v)
			json_object_set_new(to, as->key, v);
		else if (text)
			markup_fault(r, e, "<%s %s='%.80s'>: expected %s", e->name, as->name, text,
				as->expected);
		free(text);
	}
}

static const struct markup_element no_elements[] = {{0}};

/* The children of <defaults> and <machine>; `to` is what they say. */

/* One more in the list of this key. Steals `v`. */
static void append(struct markup_reader *r, const xmlNode *e, json_t *said, const char *key,
	json_t *v, size_t most)
{
	json_t *list = json_object_get(said, key);

	if (!list)
		json_object_set_new(said, key, list = json_array());
	if (json_array_size(list) == most)
		markup_fault(r, e, "<%s>: at most %zu", e->name, most);
	json_array_append_new(list, v);
}

static void read_disk(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct lab_attribute as[] = {
		{"size", "size", LAB_DISK, true}, {"pool", "pool", LAB_WORD, false}, {0}};
	json_t *disk = json_object();

	lab_attributes(r, e, as, disk);
	markup_children(r, e, no_elements, NULL);
	append(r, e, to, "disk_list", disk, LAB_DISKS_MAX);
}

static void read_nic(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct lab_attribute as[] = {{"network", "segment", LAB_WORD, true},
		{"ip", "address", LAB_IPS, false}, {"mac", "mac", LAB_MACS, false}, {0}};
	json_t *nic = json_object();

	lab_attributes(r, e, as, nic);
	markup_children(r, e, no_elements, NULL);
	append(r, e, to, "nic_list", nic, MACHINE_NICS - 1);
}

static json_t *from_file(const xmlNode *e, json_t *attrs)
{
	return json_pack("{s:O, s:I}", "file", json_object_get(attrs, "file"), "line",
		(json_int_t)xmlGetLineNo(e));
}

void lab_read_set(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct lab_attribute as[] = {
		{"name", "name", LAB_WORD, true}, {"file", "file", LAB_TEXT, false}, {0}};
	json_t *attrs = json_object(), *settings = json_object_get(to, "settings");
	char *text = markup_text(r, e);
	const char *name;

	if (!settings)
		json_object_set_new(to, "settings", settings = json_object());
	lab_attributes(r, e, as, attrs);
	name = json_string_value(json_object_get(attrs, "name"));
	if (!text || !name)
		; /* said */
	else if (json_object_get(attrs, "file") && *text)
		markup_fault(r, e, "<set name='%s'> takes a text or file=, not both", name);
	else if (json_object_get(settings, name))
		markup_fault(r, e, "a second <set name='%s'>", name);
	else if (json_object_size(settings) == LAB_LIST_MAX)
		markup_fault(r, e, "<set>: at most %d", LAB_LIST_MAX);
	else
		json_object_set_new(settings, name,
			json_object_get(attrs, "file") ? from_file(e, attrs) : json_string(text));
	free(text);
	json_decref(attrs);
}

/* A line of authorized_keys, without the space around it; NULL: it is none. */
static json_t *key_line(const char *text)
{
	size_t n;

	text += strspn(text, " \t\r\n");
	n = strlen(text);
	while (n && strchr(" \t\r\n", text[n - 1]))
		n--;
	return n && !memchr(text, '\n', n) && !memchr(text, '\r', n) ? json_stringn(text, n) : NULL;
}

void lab_read_ssh_key(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct lab_attribute as[] = {{"file", "file", LAB_TEXT, false}, {0}};
	json_t *attrs = json_object(), *key = NULL;
	const char *error;
	bool by_file = xmlHasProp(e, (const xmlChar *)"file");
	unsigned faults = r->faults;
	char *text = markup_text(r, e);

	lab_attributes(r, e, as, attrs);
	if (r->faults == faults) {
		if (!by_file)
			key = key_line(text);
		else if (!*text)
			key = from_file(e, attrs);
		error = key && !by_file ? ssh_key_error(json_string_value(key)) : NULL;
		if (!key)
			markup_fault(r, e, "<ssh-key> takes a public key in one line, or file=");
		else if (error)
			markup_fault(r, e, "<ssh-key>: %s", error);
	}
	if (key)
		append(r, e, to, "ssh_keys", key, LAB_LIST_MAX);
	free(text);
	json_decref(attrs);
}

void lab_read_first_boot(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct lab_attribute as[] = {{"file", "file", LAB_TEXT, true}, {0}};
	json_t *attrs = json_object();

	lab_attributes(r, e, as, attrs);
	markup_children(r, e, no_elements, NULL);
	if (json_object_get(attrs, "file"))
		json_object_set_new(to, "first_boot", from_file(e, attrs));
	json_decref(attrs);
}

static void read_domain(struct markup_reader *r, const xmlNode *e, void *to)
{
	char *text = markup_dump(r, e);

	if (text)
		json_object_set_new(to, "domain", json_string(text));
	free(text);
}

/* In <defaults>, each machine's own goes before it. What is of one machine is last. */
static const struct lab_attribute machine_attributes[] = {{"name", "name", LAB_NAMES, true},
	{"ip", "address", LAB_IPS, false}, {"mac", "mac", LAB_MACS, false},
	{"profile", "profile", LAB_WORD, false}, {"template", "template", LAB_WORD, false},
	{"linked", "linked", LAB_YES_NO, false}, {"network", "segment", LAB_WORD, false},
	{"memory", "memory", LAB_MEMORY, false}, {"vcpus", "vcpus", LAB_VCPUS, false},
	{"cpu", "cpu", LAB_WORD, false}, {"firmware", "firmware", LAB_FIRMWARE, false},
	{"graphics", "graphics", LAB_GRAPHICS, false},
	{"autostart", "autostart", LAB_YES_NO, false}, {"sealed", "sealed", LAB_YES_NO, false},
	{"description", "description", LAB_TEXT, false},
	{"os-variant", "os_variant", LAB_WORD, false}, {"pool", "pool", LAB_WORD, false},
	{"connect", "connect", LAB_TEXT, false}, {"labels", "labels", LAB_LABELS, false},
	{"note", "note", LAB_TEXT, false}, {0}};
enum { MACHINE_OWN = 3 }; /* name, ip, mac: not in <defaults> */

static json_t *read_said(struct markup_reader *r, const xmlNode *e, const struct lab_attribute *as)
{
	static const struct markup_element es[] = {{"disk", read_disk, MARKUP_MANY},
		{"nic", read_nic, MARKUP_MANY}, {"set", lab_read_set, MARKUP_MANY},
		{"ssh-key", lab_read_ssh_key, MARKUP_MANY}, {"domain", read_domain, MARKUP_ONCE},
		{"first-boot", lab_read_first_boot, MARKUP_ONCE}, {0}};
	json_t *said = json_object();

	lab_attributes(r, e, as, said);
	markup_children(r, e, es, said);
	if (json_object_get(said, "profile") && json_object_get(said, "template"))
		markup_fault(r, e, "<%s> takes either profile= or template=", e->name);
	return said;
}

static void read_defaults(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct reading *g = to;

	g->defaults = read_said(r, e, machine_attributes + MACHINE_OWN);
}

/* Keys of what a clone has of its template. */
static const char *const not_of_clones[] = {"settings", "ssh_keys", "disk_list", "pool", NULL};

/* A machine, and what the defaults say where it says nothing and it may. A shallow copy. */
static json_t *with_defaults(const json_t *defaults, const json_t *own)
{
	const json_t *settings = json_object_get(own, "settings");
	json_t *all = defaults ? json_copy((json_t *)defaults) : json_object(), *both;

	both = json_copy(json_object_get(all, "settings"));
	if (json_object_get(own, "template"))
		json_object_del(all, "profile");
	if (json_object_get(own, "profile"))
		json_object_del(all, "template");
	for (const char *const *key = not_of_clones; *key; key++)
		if (json_object_get(own, "template") ||
			(json_object_get(all, "template") && !json_object_get(own, "profile")))
			json_object_del(all, *key);
	json_object_update(all, (json_t *)own);
	if (!json_object_get(all, "template"))
		json_object_del(all, "linked");
	if (both && settings)
		json_object_update(both, (json_t *)settings);
	if (both && json_object_get(all, "settings"))
		json_object_set(all, "settings", both);
	json_decref(both);
	return all;
}

/* Is this taken already, in this lab? */
static bool is_taken(struct reading *g, const xmlNode *e, const char *key, const char *what)
{
	json_int_t line = json_integer_value(json_object_get(g->names, key));

	if (line)
		markup_fault(&g->r, e, "%s is taken on line %lld", what, (long long)line);
	else
		json_object_set_new(g->names, key, json_integer(xmlGetLineNo(e)));
	return line;
}

/* The first disk is the machine's own, the others follow it. */
static void put_disks(json_t *body)
{
	json_t *list = json_copy(json_object_get(body, "disk_list")), *first;

	json_object_del(body, "disk_list");
	if (!list)
		return;
	first = json_array_get(list, 0);
	json_object_set(body, "disk", json_object_get(first, "size"));
	if (json_object_get(first, "pool"))
		json_object_set(body, "pool", json_object_get(first, "pool"));
	json_array_remove(list, 0);
	if (json_array_size(list))
		json_object_set(body, "disks", list);
	json_decref(list);
}

/* Names, and for each its own addresses and MACs. */
struct expansion {
	struct reading *g;
	const xmlNode *e;
	json_t *said;
	char **names;
	size_t n;
};

/* Puts the i-th value of a series in place of the pattern. */
static bool put_nth(struct expansion *x, size_t i, json_t *nic, const char *key, const char *attr,
	json_t *(*all)(const char *, size_t, const char **))
{
	const char *pattern = json_string_value(json_object_get(nic, key)), *why;
	json_t *values = pattern ? all(pattern, x->n, &why) : NULL;

	if (pattern && !values) {
		if (!i) /* once for all names */
			markup_fault(&x->g->r, x->e, "<%s %s='%.80s'>: %s", x->e->name, attr,
				pattern, why);
		return false;
	}
	if (values)
		json_object_set(nic, key, json_array_get(values, i));
	json_decref(values);
	return true;
}

static bool put_addresses(struct expansion *x, size_t i, json_t *nic)
{
	const char *ip, *segment;
	char key[256], what[64];

	if (!put_nth(x, i, nic, "address", "ip", lab_ips) ||
		!put_nth(x, i, nic, "mac", "mac", lab_macs))
		return false;
	ip = json_string_value(json_object_get(nic, "address"));
	segment = json_string_value(json_object_get(nic, "segment"));
	if (!ip)
		return true;
	snprintf(key, sizeof key, "%s %s", segment ? segment : "", ip);
	snprintf(what, sizeof what, "address %s", ip);
	return !is_taken(x->g, x->e, key, what);
}

/* With further NICs, all of them are in one list, the first among them. */
static bool put_nics(struct expansion *x, size_t i, json_t *body)
{
	json_t *more = json_deep_copy(json_object_get(body, "nic_list")), *nic, *first;
	size_t n;

	json_object_del(body, "nic_list");
	if (!put_addresses(x, i, body) || !more) {
		json_decref(more);
		return !more;
	}
	json_array_foreach(more, n, nic) if (!put_addresses(x, i, nic))
	{
		json_decref(more);
		return false;
	}
	first = json_object();
	for (const char *const *key = (const char *const[]){"segment", "address", "mac", NULL};
		*key; key++) {
		if (json_object_get(body, *key))
			json_object_set(first, *key, json_object_get(body, *key));
		json_object_del(body, *key);
	}
	json_array_insert_new(more, 0, first);
	json_object_set_new(body, "nics", more);
	return true;
}

static void add_machine(struct expansion *x, size_t i)
{
	struct lab *lab = x->g->lab;
	struct lab_machine *m = &lab->machines[lab->n_machines];
	const char *name = x->names[i], *error = machine_name_error(name);
	char what[128];

	snprintf(what, sizeof what, "the name '%.63s'", name);
	if (error) {
		markup_fault(&x->g->r, x->e, "'%.80s' cannot be a machine's name: %s", name, error);
		return;
	}
	if (is_taken(x->g, x->e, name, what))
		return;
	if (lab->n_machines == LAB_MACHINES_MAX) {
		markup_fault(&x->g->r, x->e, "a lab has at most %d machines", LAB_MACHINES_MAX);
		return;
	}
	m->body = json_copy(x->said);
	m->line = xmlGetLineNo(x->e);
	snprintf(m->name, sizeof m->name, "%s", name);
	json_object_set_new(m->body, "name", json_string(name));
	lab->n_machines++;
	put_disks(m->body);
	put_nics(x, i, m->body);
}

static int list_name(void *arg, const char *name)
{
	struct expansion *x = arg;

	x->names[x->n] = strdup(name);
	return x->names[x->n++] ? 0 : -ENOMEM;
}

/* The only network of a lab is where its machines are, and the machine's own word goes before. */
static void put_network(struct reading *g, const xmlNode *e, json_t *said)
{
	if (!json_object_get(said, "segment") && g->lab->n_networks == 1)
		json_object_set_new(said, "segment", json_string(g->lab->networks[0].name));
	if (!json_object_get(said, "segment") && json_object_get(said, "nic_list"))
		markup_fault(&g->r, e, "<%s> with a <nic> lacks network='…', of its first card",
			e->name);
	if (!json_object_get(said, "profile") && !json_object_get(said, "template"))
		markup_fault(&g->r, e,
			"<%s> has neither profile= nor template=, nor have the <defaults>",
			e->name);
	for (const char *const *key = not_of_clones; *key; key++)
		if (json_object_get(said, "template") && json_object_get(said, *key)) {
			markup_fault(&g->r, e,
				"<%s> with template= has the template's disk, pool, settings and "
				"keys, none of its own",
				e->name);
			break;
		}
}

static void expand(struct reading *g, const xmlNode *e, json_t *said)
{
	const char *pattern = json_string_value(json_object_get(said, "name"));
	unsigned faults = g->r.faults;
	struct expansion x = {.g = g, .e = e, .said = said};

	x.names = calloc(LAB_MACHINES_MAX + 1, sizeof *x.names);
	if (!x.names || cli_names(pattern, list_name, &x))
		markup_fault(&g->r, e,
			"<%s name='%.80s'>: a range is written node{01..50}, of at most %d",
			e->name, pattern, LAB_MACHINES_MAX);
	put_network(g, e, said);
	/* what is wrong with one is wrong with all: told once */
	for (size_t i = 0; i < x.n && g->r.faults == faults; i++)
		add_machine(&x, i);
	cli_names_free(x.names);
}

static void read_machine(struct reading *g, const xmlNode *e)
{
	unsigned faults = g->r.faults;
	json_t *own = read_said(&g->r, e, machine_attributes), *said;

	if (g->r.faults == faults) {
		said = with_defaults(g->defaults, own);
		expand(g, e, said);
		json_decref(said);
	}
	json_decref(own);
}

/* They are read when the networks and the defaults are known, wherever those stand. */
static void note_machine(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct reading *g = to;

	if (g->n_machines < LAB_MACHINES_MAX)
		g->machines[g->n_machines++] = e;
	else
		markup_fault(r, e, "a lab has at most %d machines", LAB_MACHINES_MAX);
}

static void read_network(struct markup_reader *r, const xmlNode *e, void *to)
{
	static const struct lab_attribute as[] = {{"name", "name", LAB_WORD, true},
		{"subnet", "subnet", LAB_SUBNET, false}, {"ipv6", "ipv6", LAB_PREFIX6, false},
		{"forward", "forward", LAB_FORWARD, false}, {"domain", "domain", LAB_DOMAIN, false},
		{0}};
	struct reading *g = to;
	json_t *body = json_object();
	char key[80], what[128];
	const char *name;
	struct lab_network *n = &g->lab->networks[g->lab->n_networks];

	lab_attributes(r, e, as, body);
	markup_children(r, e, no_elements, NULL);
	if (!xmlHasProp(e, (const xmlChar *)"subnet") && !xmlHasProp(e, (const xmlChar *)"ipv6"))
		markup_fault(r, e, "<network> lacks subnet='…' or ipv6='…'");
	else if (!xmlHasProp(e, (const xmlChar *)"subnet"))
		json_object_set_new(body, "ipv6_only", json_true());
	name = json_string_value(json_object_get(body, "name"));
	snprintf(key, sizeof key, "network %s", name ? name : "");
	snprintf(what, sizeof what, "the network's name '%s'", name ? name : "");
	if (g->lab->n_networks == LAB_NETWORKS_MAX)
		markup_fault(r, e, "<network>: at most %d", LAB_NETWORKS_MAX);
	else if (name && !is_taken(g, e, key, what)) {
		snprintf(n->name, sizeof n->name, "%s", name);
		n->line = xmlGetLineNo(e);
		n->body = json_incref(body);
		g->lab->n_networks++;
	}
	json_decref(body);
}

static void read_lab(struct markup_reader *r, const xmlNode *root, void *to)
{
	static const struct lab_attribute as[] = {{"name", "name", LAB_WORD, true}, {0}};
	static const struct markup_element es[] = {{"network", read_network, MARKUP_MANY},
		{"defaults", read_defaults, MARKUP_ONCE}, {"machine", note_machine, MARKUP_MANY},
		{0}};
	struct reading *g = to;
	json_t *attrs = json_object();
	const char *name;
	bool usable;

	lab_attributes(r, root, as, attrs);
	name = json_string_value(json_object_get(attrs, "name"));
	snprintf(g->lab->name, sizeof g->lab->name, "%s", name ? name : "");
	markup_children(r, root, es, g);
	usable = !r->faults;
	for (size_t i = 0; i < g->n_machines; i++)
		if (usable)
			read_machine(g, g->machines[i]);
		else /* without the defaults, only what it says itself can be judged */
			json_decref(read_said(r, g->machines[i], machine_attributes));
	json_decref(attrs);
}

struct lab *lab_new(void)
{
	struct lab *lab = calloc(1, sizeof *lab);

	if (!lab)
		return NULL;
	lab->networks = calloc(LAB_NETWORKS_MAX + 1, sizeof *lab->networks);
	lab->machines = calloc(LAB_MACHINES_MAX + 1, sizeof *lab->machines);
	if (lab->networks && lab->machines)
		return lab;
	lab_free(lab);
	return NULL;
}

int lab_read(
	const char *text, size_t len, const char *path, struct lab **ret, char *why, size_t size)
{
	struct reading *g = calloc(1, sizeof *g);
	int rc = -ENOMEM;

	snprintf(why, size, "out of memory");
	if (!g || !(g->lab = lab_new()) || !(g->names = json_object()))
		goto out;
	g->r = (struct markup_reader){.path = path, .why = why, .why_size = size, .all = true};
	if (len > LAB_FILE_MAX)
		markup_fault(&g->r, NULL, "a lab file has at most %d bytes", LAB_FILE_MAX);
	rc = g->r.rc ? g->r.rc : markup_read(&g->r, text, len, "lab", read_lab, g);
	if (!rc) {
		*ret = g->lab;
		g->lab = NULL;
	}
out:
	if (g) {
		lab_free(g->lab);
		json_decref(g->names);
		json_decref(g->defaults);
	}
	free(g);
	return rc;
}

void lab_free(struct lab *lab)
{
	if (!lab)
		return;
	for (size_t i = 0; lab->networks && i < lab->n_networks; i++)
		json_decref(lab->networks[i].body);
	for (size_t i = 0; lab->machines && i < lab->n_machines; i++)
		json_decref(lab->machines[i].body);
	free(lab->networks);
	free(lab->machines);
	free(lab);
}
