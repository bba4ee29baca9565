/* Reading usher.xml. libxml2 keeps the line of every element, and each reader below knows all of its attributes, so
 * whatever is misspelt is named with its place. */
#include "usher/config.h"
#include "usher/paths.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

struct config_reader {
	struct config *config;
	const char *path;
	char *why;
	size_t why_size;
	bool failed;
};

enum attribute_type { A_TEXT, A_PATH, A_IP, A_PORT, A_SECONDS, A_BOOL, A_ACCEL, A_LEVEL };

/* Where an attribute goes: `to` has `size` bytes (A_TEXT, A_PATH). */
struct attribute {
	const char *name;
	enum attribute_type type;
	void *to;
	size_t size;
	bool required;
};

static void fault(struct config_reader *r, const xmlNode *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Only the first fault is told: the rest often follow from it. */
static void fault(struct config_reader *r, const xmlNode *at, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (r->failed)
		return;
	r->failed = true;
	n = snprintf(r->why, r->why_size, "%s:%ld: ", r->path, at ? xmlGetLineNo(at) : 1L);
	if (n < 0 || (size_t)n >= r->why_size)
		return;
	va_start(ap, fmt);
	vsnprintf(r->why + n, r->why_size - (size_t)n, fmt, ap);
	va_end(ap);
}

static bool yes_no(const char *text, bool *ret)
{
	bool yes = !strcmp(text, "yes") || !strcmp(text, "on") || !strcmp(text, "true");

	if (!yes && strcmp(text, "no") && strcmp(text, "off") && strcmp(text, "false"))
		return false;
	*ret = yes;
	return true;
}

static bool number(const char *text, long min, long max, long *ret)
{
	char *end;

	errno = 0;
	*ret = strtol(text, &end, 10);
	return end != text && !*end && !errno && *ret >= min && *ret <= max;
}

static bool log_level(const char *text, int *ret)
{
	static const struct {
		const char *name;
		int priority;
	} levels[] = {{"error", LOG_ERR}, {"warning", LOG_WARNING}, {"info", LOG_INFO},
		{"debug", LOG_DEBUG}};

	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
		if (!strcmp(text, levels[i].name)) {
			*ret = levels[i].priority;
			return true;
		}
	return false;
}

/* NULL when the value was taken, else what was expected. */
static const char *take(const struct attribute *a, const char *text)
{
	struct ip ip;
	long n;

	switch (a->type) {
	case A_PATH:
		if (*text != '/')
			return "an absolute path";
		/* fall through */
	case A_TEXT:
		if (!*text || strlen(text) >= a->size)
			return "a shorter text that is not empty";
		memcpy(a->to, text, strlen(text) + 1);
		return NULL;
	case A_IP:
		if (ip_parse(text, &ip) || ip.family != IP_V4)
			return "an IPv4 address";
		*(struct ip *)a->to = ip;
		return NULL;
	case A_PORT:
		if (!number(text, 1, 65535, &n))
			return "a port from 1 to 65535";
		*(uint16_t *)a->to = (uint16_t)n;
		return NULL;
	case A_SECONDS:
		if (!number(text, 60, 31536000, &n))
			return "seconds from 60 to 31536000 (a year)";
		*(uint32_t *)a->to = (uint32_t)n;
		return NULL;
	case A_BOOL:
		return yes_no(text, a->to) ? NULL : "yes or no";
	case A_ACCEL:
		if (strcmp(text, "auto") && strcmp(text, "kvm") && strcmp(text, "qemu"))
			return "auto, kvm or qemu";
		memcpy(a->to, text, strlen(text) + 1);
		return NULL;
	case A_LEVEL:
		return log_level(text, a->to) ? NULL : "error, warning, info or debug";
	}
	return "nothing";
}

static const struct attribute *find_attribute(const struct attribute *as, const char *name)
{
	for (; as->name; as++)
		if (!strcmp(as->name, name))
			return as;
	return NULL;
}

/* Reads all attributes of an element; `as` ends with a NULL name. */
static void read_attributes(struct config_reader *r, const xmlNode *e, const struct attribute *as)
{
	for (const xmlAttr *x = e->properties; x; x = x->next) {
		const struct attribute *a = find_attribute(as, (const char *)x->name);
		xmlChar *text = xmlNodeListGetString(e->doc, x->children, 1);
		const char *expected;

		if (!a)
			fault(r, e, "<%s> has no attribute '%s'%s%s", e->name, x->name,
				as->name ? ", expected one like " : "", as->name ? as->name : "");
		else if ((expected = take(a, text ? (const char *)text : "")))
			fault(r, e, "<%s %s='%s'>: expected %s", e->name, a->name,
				text ? (char *)text : "", expected);
		xmlFree(text);
	}
	for (; as->name; as++)
		if (as->required && !xmlHasProp(e, (const xmlChar *)as->name))
			fault(r, e, "<%s> lacks %s='…'", e->name, as->name);
}

typedef void element_reader(struct config_reader *r, const xmlNode *e, void *to);

struct element {
	const char *name;
	element_reader *read;
};

static void read_children(
	struct config_reader *r, const xmlNode *parent, const struct element *es, void *to)
{
	for (const xmlNode *e = parent->children; e; e = e->next) {
		const struct element *x = es;

		if (e->type != XML_ELEMENT_NODE) {
			if (e->type == XML_TEXT_NODE && !xmlIsBlankNode(e))
				fault(r, parent, "<%s>: text is not expected here", parent->name);
			continue;
		}
		while (x->name && strcmp(x->name, (const char *)e->name))
			x++;
		if (x->name)
			x->read(r, e, to);
		else
			fault(r, e, "<%s> has no element <%s>; usher.xml(5) lists them",
				parent->name, e->name);
	}
}

static void read_state(struct config_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"dir", A_PATH, c->state, sizeof c->state, true}, {0}};

	read_attributes(r, e, as);
}

static void read_socket(struct config_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"path", A_PATH, c->socket, sizeof c->socket, false},
		{"group", A_TEXT, c->socket_group, sizeof c->socket_group, false}, {0}};

	read_attributes(r, e, as);
}

static void read_user(struct config_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"name", A_TEXT, c->user, sizeof c->user, true}, {0}};

	read_attributes(r, e, as);
}

static void read_log(struct config_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"level", A_LEVEL, &c->log_priority, 0, true}, {0}};

	read_attributes(r, e, as);
}

static void read_http(struct config_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"port", A_PORT, &c->http_port, 0, true}, {0}};

	read_attributes(r, e, as);
}

static void read_hooks(struct config_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"dir", A_PATH, c->hooks, sizeof c->hooks, true}, {0}};

	read_attributes(r, e, as);
}

static void read_boot(struct config_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"dir", A_PATH, c->boot, sizeof c->boot, true}, {0}};

	read_attributes(r, e, as);
}

static void read_profiles(struct config_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	char dir[PATH_MAX] = "";
	const struct attribute as[] = {{"dir", A_PATH, dir, sizeof dir, true}, {0}};

	read_attributes(r, e, as);
	if (c->n_profiles == CONFIG_PROFILE_DIRS) {
		fault(r, e, "<profiles>: at most %d folders with the shipped one",
			CONFIG_PROFILE_DIRS);
		return;
	}
	/* before those that are there: the site's own win over the shipped ones */
	memmove(c->profiles[1], c->profiles[0], c->n_profiles * sizeof *c->profiles);
	memcpy(c->profiles[0], dir, sizeof dir);
	c->n_profiles++;
}

static void read_guest(struct config_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {
		{"uri", A_TEXT, c->libvirt_uri, sizeof c->libvirt_uri, false},
		{"pool", A_TEXT, c->pool, sizeof c->pool, false},
		{"accel", A_ACCEL, c->accel, sizeof c->accel, false},
		{"filter", A_BOOL, &c->filter, 0, false}, {0}};

	read_attributes(r, e, as);
}

static void read_media(struct config_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	struct config_media m = {0};
	const struct attribute as[] = {{"name", A_TEXT, m.name, sizeof m.name, true},
		{"path", A_PATH, m.path, sizeof m.path, false},
		{"url", A_TEXT, m.url, sizeof m.url, false}, {0}};

	read_attributes(r, e, as);
	if (!*m.path == !*m.url)
		fault(r, e, "<media name='%s'> takes either path= or url=", m.name);
	if (c->n_media == CONFIG_MEDIA_MAX)
		fault(r, e, "<media>: at most %d", CONFIG_MEDIA_MAX);
	else
		c->media[c->n_media++] = m;
}

static void read_pool(struct config_reader *r, const xmlNode *e, void *to)
{
	struct config_segment *s = to;
	const struct attribute as[] = {{"start", A_IP, &s->pool_first, 0, true},
		{"end", A_IP, &s->pool_last, 0, true}, {0}};

	read_attributes(r, e, as);
	if (ip_to_v4(&s->pool_first) > ip_to_v4(&s->pool_last))
		fault(r, e, "<pool>: start lies behind end");
}

static void read_router(struct config_reader *r, const xmlNode *e, void *to)
{
	struct config_segment *s = to;
	const struct attribute as[] = {{"address", A_IP, &s->router, 0, true}, {0}};

	read_attributes(r, e, as);
}

static void read_dns(struct config_reader *r, const xmlNode *e, void *to)
{
	struct config_segment *s = to;
	struct ip ip = {0};
	const struct attribute as[] = {{"address", A_IP, &ip, 0, true}, {0}};

	read_attributes(r, e, as);
	if (s->n_dns == SEGMENT_DNS_MAX)
		fault(r, e, "<dns>: at most %d", SEGMENT_DNS_MAX);
	else
		s->dns[s->n_dns++] = ip;
}

static void read_segment(struct config_reader *r, const xmlNode *e, void *to)
{
	static const struct element children[] = {
		{"pool", read_pool}, {"router", read_router}, {"dns", read_dns}, {0}};
	struct config *c = to;
	struct config_segment s = {.lease_s = 3600, .computed = true};
	char network[SEGMENT_NAME] = "", interface[16] = "";
	const struct attribute as[] = {{"network", A_TEXT, network, sizeof network, false},
		{"interface", A_TEXT, interface, sizeof interface, false},
		{"domain", A_TEXT, s.domain, sizeof s.domain, false},
		{"lease", A_SECONDS, &s.lease_s, 0, false},
		{"computed", A_BOOL, &s.computed, 0, false}, {0}};

	read_attributes(r, e, as);
	if (!*network == !*interface)
		fault(r, e, "<segment> takes either network= (of libvirt) or interface=");
	s.is_network = *network;
	snprintf(s.name, sizeof s.name, "%s", *network ? network : interface);
	read_children(r, e, children, &s);
	if (c->n_segments == SEGMENT_MAX)
		fault(r, e, "<segment>: at most %d", SEGMENT_MAX);
	else
		c->segments[c->n_segments++] = s;
}

static const struct element top_elements[] = {{"state", read_state}, {"socket", read_socket},
	{"user", read_user}, {"log", read_log}, {"http", read_http}, {"hooks", read_hooks},
	{"boot", read_boot}, {"profiles", read_profiles}, {"guest", read_guest},
	{"media", read_media}, {"segment", read_segment}, {0}};

void config_init(struct config *c)
{
	memset(c, 0, sizeof *c);
	snprintf(c->state, sizeof c->state, PATH_STATE);
	snprintf(c->socket, sizeof c->socket, PATH_SOCKET);
	snprintf(c->boot, sizeof c->boot, PATH_BOOT);
	snprintf(c->hooks, sizeof c->hooks, PATH_HOOKS);
	snprintf(c->user, sizeof c->user, "usher");
	snprintf(c->profiles[c->n_profiles++], PATH_MAX, PATH_PROFILES);
	snprintf(c->profiles[c->n_profiles++], PATH_MAX, PATH_PROFILES_SHIPPED);
	snprintf(c->libvirt_uri, sizeof c->libvirt_uri, "qemu:///system");
	snprintf(c->pool, sizeof c->pool, "default");
	snprintf(c->accel, sizeof c->accel, "auto");
	c->http_port = 8067;
	c->filter = true;
	c->log_priority = LOG_INFO;
}

/* libxml2's own word on what does not parse, on one line. */
static void parse_fault(struct config_reader *r, xmlParserCtxt *parser)
{
	const xmlError *e = xmlCtxtGetLastError(parser);
	size_t n;

	snprintf(r->why, r->why_size, "%s:%d: %s", r->path, e ? e->line : 1,
		e && e->message ? e->message : "not XML");
	n = strlen(r->why);
	while (n && r->why[n - 1] == '\n')
		r->why[--n] = '\0';
}

int config_read(struct config *c, const char *path, char *why, size_t why_size)
{
	struct config_reader r = {.config = c, .path = path, .why = why, .why_size = why_size};
	xmlParserCtxt *parser;
	xmlDoc *doc = NULL;
	const xmlNode *root;
	FILE *f = fopen(path, "re");
	int rc = -EINVAL;

	if (!f) {
		rc = -errno;
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
		return rc;
	}
	fclose(f);
	parser = xmlNewParserCtxt();
	if (parser)
		doc = xmlCtxtReadFile(parser, path, NULL,
			XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (!doc) {
		parse_fault(&r, parser);
		goto out;
	}
	root = xmlDocGetRootElement(doc);
	if (strcmp((const char *)root->name, "usher"))
		fault(&r, root, "expected <usher>, found <%s>", root->name);
	else
		read_children(&r, root, top_elements, c);
	if (!r.failed) {
		snprintf(c->file, sizeof c->file, "%s", path);
		rc = 0;
	}
out:
	xmlFreeDoc(doc);
	xmlFreeParserCtxt(parser);
	return rc;
}

int config_add_segment(struct config *c, const char *name, bool is_network)
{
	struct config_segment *s;

	for (size_t i = 0; i < c->n_segments; i++)
		if (c->segments[i].is_network == is_network && !strcmp(c->segments[i].name, name))
			return 0;
	if (c->n_segments == SEGMENT_MAX)
		return -ENOSPC;
	if (strlen(name) >= sizeof s->name)
		return -ENAMETOOLONG;
	s = &c->segments[c->n_segments++];
	*s = (struct config_segment){.is_network = is_network, .lease_s = 3600, .computed = true};
	snprintf(s->name, sizeof s->name, "%s", name);
	return 0;
}
