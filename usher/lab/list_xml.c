/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A list as XML: <machines>, with what all of them say in <defaults>. */
#include "usher/lab/list.h"

#include <string.h>

enum { LIST_OWN = 3 }; /* name, mac, address: not in <defaults> */

struct xml_list {
	struct listing *g;
	json_t *defaults;
};

static json_t *read_said(struct markup_reader *r, const xmlNode *e, const struct lab_attribute *as)
{
	static const struct markup_element es[] = {{"set", lab_read_set, MARKUP_MANY},
		{"ssh-key", lab_read_ssh_key, MARKUP_MANY},
		{"first-boot", lab_read_first_boot, MARKUP_ONCE}, {0}};
	json_t *said = json_object();

	lab_attributes(r, e, as, said);
	markup_children(r, e, es, said);
	return said;
}

static void read_defaults(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct xml_list *l = to;

	l->defaults = read_said(r, e, list_attributes + LIST_OWN);
}

static void put_defaults(const json_t *defaults, json_t *said)
{
	json_t *settings = json_object_get(said, "settings"),
	       *all = json_object_get(defaults, "settings");

	if (settings && all)
		json_object_update_missing(settings, all);
	json_object_update_missing(said, (json_t *)defaults);
}

static void read_machine(struct xml_list *l, const xmlNode *e)
{
	json_t *said = read_said(&l->g->r, e, list_attributes);

	put_defaults(l->defaults, said);
	list_add(l->g, xmlGetLineNo(e), said);
	json_decref(said);
}

static void note(struct markup_reader *r, const xmlNode *e, void *to)
{
	(void)r;
	(void)e;
	(void)to;
}

/* Machines when the defaults are known, wherever those stand. */
static void read_root(struct markup_reader *r, const xmlNode *root, void *to)
{
	static const struct lab_attribute none[] = {{0}};
	static const struct markup_element es[] = {
		{"defaults", read_defaults, MARKUP_ONCE}, {"machine", note, MARKUP_MANY}, {0}};
	struct xml_list *l = to;

	markup_known(r, root, none, sizeof *none);
	markup_children(r, root, es, l);
	for (const xmlNode *e = root->children; e; e = e->next)
		if (e->type == XML_ELEMENT_NODE && !strcmp((const char *)e->name, "machine") &&
			!e->ns)
			read_machine(l, e);
}

void list_read_xml(struct listing *g, const char *text, size_t len)
{
	struct xml_list l = {.g = g};

	(void)markup_read(&g->r, text, len, "machines", read_root, &l);
	json_decref(l.defaults);
}
