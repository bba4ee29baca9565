/* SPDX-License-Identifier: GPL-2.0-or-later */
/* XML as such, and AutoYaST's control file. */
#include "kickstart/lint/lint_formats.h"
#include "kickstart/lint/lint_values.h"
#include "core/markup.h"
#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define YAST_NS "http://www.suse.com/1.0/yast2ns"
#define CONFIG_NS "http://www.suse.com/1.0/configns"

enum {
	XML_DEPTH_MAX = 256, /* elements inside each other: libxml2 reads no more either */
	NAME_MAX_BYTES = 64, /* of an element that a near one is looked for */
	GUESSES_MAX = 200,   /* of those: that takes its time */
};

struct xml {
	const struct lint_input *in;
	struct findings *f;
	unsigned guesses; /* elements that a near one was looked for */
};

/* A declaration of the document's type is fine. */
static xmlDoc *read_xml(const struct lint_input *in, struct findings *f)
{
	struct markup_error e;
	xmlDoc *doc = markup_parse(in->text, strlen(in->text), 0, true, &e);

	if (e.rc)
		findings_add(f, FINDING_ERROR, in->file, e.line, e.column, "%s", e.text);
	return doc;
}

void lint_xml(const struct lint_input *in, struct findings *f)
{
	xmlFreeDoc(read_xml(in, f));
}

static void __attribute__((format(printf, 4, 5)))
add(const struct xml *x, enum finding_level level, const xmlNode *at, const char *fmt, ...)
{
	char text[FINDING_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	findings_add(x->f, level, x->in->file, (unsigned)xmlGetLineNo(at), 0, "%s", text);
}

static const char *name_of(const xmlNode *n)
{
	return (const char *)n->name;
}

static const char *const sections[] = {"X11", "add-on", "audit-laf", "auth-client", "backup",
	"bootloader", "ca_mgm", "classes", "configuration_management", "dasd", "deploy_image",
	"dhcp-server", "dns-server", "fcoe-client", "files", "firewall", "firstboot", "ftp-server",
	"general", "groups", "host", "http-server", "inetd", "iscsi-client", "kdump", "kerberos",
	"keyboard", "language", "ldap", "ldap_client", "login_settings", "mail", "networking",
	"nfs", "nfs_server", "nis", "nis_server", "ntp-client", "oneclickimport",
	"online_update_configuration", "partitioning", "partitioning_advanced", "pkg", "printer",
	"proxy", "pxe", "registration", "report", "rmt", "runlevel", "samba-client", "samba-server",
	"scc", "scripts", "security", "services-manager", "software", "sound", "squid",
	"ssh_import", "sssd", "suse_register", "sysconfig", "tftp-server", "timezone", "upgrade",
	"user_defaults", "users", "vpn", "zfcp", NULL};

/* Those that AutoYaST takes for one text, or for no list, without a type. */
static const char *const lists[] = {"users", "groups", "partitions", "packages", "patterns",
	"remove-packages", "post-packages", "products", "interfaces", "routes", "nameservers",
	"searchlist", "authorized_keys", "subvolumes", "pre-scripts", "post-scripts",
	"chroot-scripts", "init-scripts", "postpartitioning-scripts", "add_on_products", "net-udev",
	"modules_list", NULL};
static const char *const bools[] = {"confirm", "confirm_base_product_license", "forceboot",
	"final_reboot", "final_halt", "halt", "second_stage", "self_update", "encrypted",
	"install_recommends", "keep_install_network", "start_immediately", "enable_firewall",
	"start_firewall", "ask_on_error", "do_registration", "is_lvm_vg", NULL};
static const char *const types[] = {
	"boolean", "integer", "list", "map", "string", "symbol", "disksize", "cdata", NULL};

static bool is_one(const char *const *words, const char *s)
{
	while (*words && strcmp(*words, s) != 0)
		words++;
	return *words;
}

static const char *nearest(const char *const *words, const char *s)
{
	const char *best = NULL;

	for (; *words; words++)
		text_nearer(s, *words, &best);
	return best;
}

/* <x config:type='…'>, <x type='…'> and <x t='…'> are the same. Heap (xmlFree); NULL: none. */
static xmlChar *type_of(const xmlNode *n)
{
	xmlChar *v = xmlGetNsProp((xmlNode *)n, BAD_CAST "type", BAD_CAST CONFIG_NS);

	v = v ? v : xmlGetNoNsProp((xmlNode *)n, BAD_CAST "type");
	return v ? v : xmlGetNoNsProp((xmlNode *)n, BAD_CAST "t");
}

static bool has_elements(const xmlNode *n)
{
	return xmlFirstElementChild((xmlNode *)n) != NULL;
}

static void check_no_type(const struct xml *x, const xmlNode *n)
{
	if (is_one(lists, name_of(n)) && has_elements(n))
		add(x, FINDING_ERROR, n, "<%s> is read as no list: write <%s config:type=\"list\">",
			name_of(n), name_of(n));
	else if (is_one(bools, name_of(n)) && !has_elements(n))
		add(x, FINDING_ERROR, n, "<%s> is read as text: write <%s config:type=\"boolean\">",
			name_of(n), name_of(n));
}

static void check_type(const struct xml *x, const xmlNode *n, const char *type)
{
	const char *best = is_one(types, type) ? NULL : nearest(types, type), *word;
	xmlChar *text;
	size_t len;

	if (!is_one(types, type))
		add(x, FINDING_ERROR, n, "<%s>: there is no type '%.32s'%s%s%s", name_of(n), type,
			best ? " (did you mean '" : "", best ? best : "", best ? "'?)" : "");
	if (strcmp(type, "boolean") != 0)
		return;
	text = xmlNodeGetContent(n);
	word = text ? (char *)text + strspn((char *)text, " \t\r\n") : "true";
	len = strcspn(word, " \t\r\n");
	if (word[len + strspn(word + len, " \t\r\n")] ||
		!(strncmp(word, "true", len) == 0 || strncmp(word, "false", len) == 0) || len < 4)
		add(x, FINDING_ERROR, n, "<%s> is '%.32s', expected true or false", name_of(n),
			word);
	xmlFree(text);
}

/* The next of the words with a blank between them, or false. */
static bool next_word(const char **words, char word[NAME_MAX_BYTES])
{
	size_t n = strcspn(*words, " ");

	memcpy(word, *words, n); /* the table's are shorter */
	word[n] = '\0';
	*words += n + strspn(*words + n, " ");
	return n;
}

/* Is it one of these? `near`: the one that may have been meant, or "". */
static bool is_known(const char *words, const char *name, char near[NAME_MAX_BYTES])
{
	char word[NAME_MAX_BYTES], kept[NAME_MAX_BYTES];

	*near = '\0';
	while (next_word(&words, word)) {
		const char *best = *near ? near : NULL;

		if (strcmp(word, name) == 0)
			return true;
		snprintf(kept, sizeof(kept), "%s", word);
		text_nearer(name, kept, &best);
		if (best == kept)
			memcpy(near, kept, sizeof(kept));
	}
	return false;
}

/* Whatever is listed, and those whose names go on: bonding_slave0 …, FW_…. */
static bool is_any_name(const char *name)
{
	return strcmp(name, "listentry") == 0 || strncmp(name, "bonding_slave", 13) == 0 ||
		strncasecmp(name, "fw_", 3) == 0 || strlen(name) >= NAME_MAX_BYTES;
}

static void check_name(struct xml *x, const xmlNode *n, const struct autoyast_section *in)
{
	char near[NAME_MAX_BYTES];

	if (is_any_name(name_of(n)) || x->guesses == GUESSES_MAX ||
		is_known(in->elements, name_of(n), near))
		return;
	x->guesses++;
	if (*near)
		add(x, FINDING_ERROR, n, "unknown element <%s> in <%s> (did you mean <%s>?)",
			name_of(n), in->name, near);
}

static void check_value(const struct xml *x, const xmlNode *n)
{
	static const struct {
		const char *element;
		const char *(*wrong)(const char *value);
	} values[] = {{"username", lint_wrong_user}, {"groupname", lint_wrong_user},
		{"hostname", lint_wrong_hostname}};
	xmlChar *text;
	const char *wrong;

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		if (strcmp(values[i].element, name_of(n)) != 0 || has_elements(n))
			continue;
		text = xmlNodeGetContent(n);
		if (text && *text && (wrong = values[i].wrong((const char *)text)))
			add(x, FINDING_ERROR, n, "<%s> is '%.64s', %s", name_of(n), (char *)text,
				wrong);
		xmlFree(text);
	}
}

static void check_element(struct xml *x, const xmlNode *n, const struct autoyast_section *in)
{
	xmlChar *type = type_of(n);

	if (type)
		check_type(x, n, (const char *)type);
	else
		check_no_type(x, n);
	xmlFree(type);
	if (in) {
		check_name(x, n, in);
		check_value(x, n);
	}
}

/* `in`: the section that it is in, when its elements are known. Below what nobody lists they are not. */
static void check_below(
	struct xml *x, const xmlNode *of, unsigned depth, const struct autoyast_section *in)
{
	const xmlNode *n;

	if (strcmp(name_of(of), "aliases") == 0 || strcmp(name_of(of), "registration_data") == 0)
		in = NULL;
	for (n = of->children; n && depth < XML_DEPTH_MAX; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		check_element(x, n, in);
		check_below(x, n, depth + 1, in);
	}
}

static const struct autoyast_section *section_of(const char *name)
{
	const struct autoyast_section *s = autoyast_sections;

	while (s->name && strcmp(s->name, name) != 0)
		s++;
	return s->name ? s : NULL;
}

static void check_section(const struct xml *x, const xmlNode *n)
{
	const char *best = NULL;
	const xmlNode *before;

	for (before = n->prev; before; before = before->prev)
		if (before->type == XML_ELEMENT_NODE && xmlStrEqual(before->name, n->name))
			break;
	if (before)
		add(x, FINDING_ERROR, n, "<%s> is there already in line %ld: put both into one",
			name_of(n), xmlGetLineNo(before));
	if (is_one(sections, name_of(n)))
		return;
	best = nearest(sections, name_of(n));
	if (best)
		add(x, FINDING_ERROR, n, "unknown section <%s> (did you mean <%s>?)", name_of(n),
			best);
	else
		add(x, FINDING_WARNING, n, "unknown section <%s>: AutoYaST passes it over",
			name_of(n));
}

static bool check_root(const struct xml *x, const xmlNode *root)
{
	if (strcmp(name_of(root), "profile") != 0) {
		add(x, FINDING_ERROR, root, "the root element is <%s>, expected <profile>",
			name_of(root));
		return false;
	}
	if (!root->ns || strcmp((const char *)root->ns->href, YAST_NS) != 0)
		add(x, FINDING_ERROR, root,
			"<profile> is not in AutoYaST's namespace: write xmlns=\"" YAST_NS "\"");
	return true;
}

/* Of `of`, which may be NULL. */
static const xmlNode *child(const xmlNode *of, const char *name)
{
	const xmlNode *n = of ? xmlFirstElementChild((xmlNode *)of) : NULL;

	while (n && strcmp(name_of(n), name) != 0)
		n = xmlNextElementSibling((xmlNode *)n);
	return n;
}

static bool has_section(const xmlNode *root, const char *name)
{
	return child(root, name);
}

/* The default is to show what will be done, and to wait (AutoYaST's manual, general, mode). A class may say it. */
static void check_confirm(const struct xml *x, const xmlNode *root)
{
	const xmlNode *n = child(child(child(root, "general"), "mode"), "confirm");
	xmlChar *text = n ? xmlNodeGetContent(n) : NULL;

	if (!has_section(root, "classes") && (!text || !strstr((char *)text, "false")))
		add(x, FINDING_WARNING, n ? n : root,
			"the installer shows what it will do, and waits: write <confirm "
			"config:type=\"boolean\">false</confirm> into <general><mode>");
	xmlFree(text);
}

static void check_profile(struct xml *x, const xmlNode *root)
{
	size_t sections_seen = 0;

	for (const xmlNode *n = xmlFirstElementChild((xmlNode *)root);
		n && sections_seen++ < FINDINGS_MAX; n = xmlNextElementSibling((xmlNode *)n)) {
		check_section(x, n);
		check_element(x, n, NULL);
		check_below(x, n, 1, section_of(name_of(n)));
	}
	/* classes may have users, and what is upgraded has some */
	if (!has_section(root, "users") && !has_section(root, "classes") &&
		!has_section(root, "upgrade"))
		add(x, FINDING_WARNING, root,
			"there is no <users>: nobody can log in, root has no password and no key");
	check_confirm(x, root);
}

void lint_autoyast(const struct lint_input *in, struct findings *f)
{
	struct xml x = {.in = in, .f = f};
	xmlDoc *doc = read_xml(in, f);
	const xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;

	if (root && check_root(&x, root))
		check_profile(&x, root);
	xmlFreeDoc(doc);
}
