/* Reading usher.xml. libxml2 keeps the line of every element, and each reader below knows all of its attributes, so
 * whatever is misspelt is named with its place. */
#include "usher/config.h"
#include "core/cursor.h"
#include "usher/paths.h"

#include <libxml/parser.h>
#include <libxml/tree.h>

#include <ctype.h>
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

enum attribute_type {
	A_TEXT,
	A_PATH,
	A_IP,
	A_SUBNET,
	A_DOMAIN,
	A_PORT,
	A_MTU,
	A_CODE,
	A_SECONDS,
	A_PROBE,
	A_BOOL,
	A_IDENTITY,
	A_ACCEL,
	A_LEVEL,
	A_MODE
};

struct subnet {
	struct ip address;
	uint8_t prefix_len;
};

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

/* "10.2.0.0/24", with no bit set behind the prefix. */
static bool subnet(const char *text, struct subnet *ret)
{
	char address[IP_TEXT];
	const char *slash = strchr(text, '/');
	long n;

	if (!slash || (size_t)(slash - text) >= sizeof address || !number(slash + 1, 0, 32, &n))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (ip_parse(address, &ret->address) || ret->address.family != IP_V4 ||
		ip_to_v4(&ret->address) & ~v4_mask((unsigned)n))
		return false;
	ret->prefix_len = (uint8_t)n;
	return true;
}

/* Labels of 1 to 63 letters, digits, '-' and '_', with a dot between two. */
static bool is_domain(const char *text)
{
	while (*text) {
		size_t n = 0;

		while (isalnum((unsigned char)text[n]) || text[n] == '-' || text[n] == '_')
			n++;
		if (!n || n > 63 || (text[n] && (text[n] != '.' || !text[n + 1])))
			return false;
		text += n + (text[n] == '.');
	}
	return true;
}

static const struct {
	enum attribute_type type;
	long min, max;
	const char *expected;
} ranges[] = {{A_PORT, 1, 65535, "a port from 1 to 65535"},
	{A_MTU, 68, 65535, "bytes from 68 to 65535"},
	{A_CODE, 1, 254, "a DHCP option's number from 1 to 254"},
	{A_SECONDS, 60, 31536000, "seconds from 60 to 31536000 (a year)"},
	{A_PROBE, 0, 5000, "milliseconds up to 5000, or 0 (off)"}};

static const char *take_number(const struct attribute *a, const char *text)
{
	size_t i = 0;
	long n;

	while (ranges[i].type != a->type)
		i++;
	if (!number(text, ranges[i].min, ranges[i].max, &n))
		return ranges[i].expected;
	if (a->type == A_CODE)
		*(uint8_t *)a->to = (uint8_t)n;
	else if (a->type == A_SECONDS)
		*(uint32_t *)a->to = (uint32_t)n;
	else
		*(uint16_t *)a->to = (uint16_t)n;
	return NULL;
}

static const char *take_text(const struct attribute *a, const char *text)
{
	if (a->type == A_PATH && *text != '/')
		return "an absolute path";
	if (!*text || strlen(text) >= a->size)
		return "a shorter text that is not empty";
	if (a->type == A_DOMAIN && !is_domain(text))
		return "a domain like lab.example";
	memcpy(a->to, text, strlen(text) + 1);
	return NULL;
}

static const char *take_ip(struct ip *to, const char *text)
{
	struct ip ip;

	if (ip_parse(text, &ip) || ip.family != IP_V4)
		return "an IPv4 address";
	*to = ip;
	return NULL;
}

static bool segment_mode(const char *text, enum segment_mode *ret)
{
	for (enum segment_mode m = SEGMENT_OWN; m <= SEGMENT_AUTO; m++)
		if (!strcmp(text, segment_mode_name(m))) {
			*ret = m;
			return true;
		}
	return false;
}

/* NULL when the value was taken, else what was expected. */
static const char *take(const struct attribute *a, const char *text)
{
	switch (a->type) {
	case A_PATH:
	case A_DOMAIN:
	case A_TEXT:
		return take_text(a, text);
	case A_IP:
		return take_ip(a->to, text);
	case A_SUBNET:
		return subnet(text, a->to) ? NULL : "a network like 10.2.0.0/24";
	case A_PORT:
	case A_MTU:
	case A_CODE:
	case A_SECONDS:
	case A_PROBE:
		return take_number(a, text);
	case A_IDENTITY:
		if (strcmp(text, "mac") && strcmp(text, "client-id"))
			return "mac or client-id";
		*(bool *)a->to = *text == 'c';
		return NULL;
	case A_BOOL:
		return yes_no(text, a->to) ? NULL : "yes or no";
	case A_ACCEL:
		if (strcmp(text, "auto") && strcmp(text, "kvm") && strcmp(text, "qemu"))
			return "auto, kvm or qemu";
		memcpy(a->to, text, strlen(text) + 1);
		return NULL;
	case A_MODE:
		return segment_mode(text, a->to) ? NULL : "auto, own or proxy";
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

static void read_ntp(struct config_reader *r, const xmlNode *e, void *to)
{
	struct segment_extra *x = &((struct config_segment *)to)->extra;
	struct ip ip = {0};
	const struct attribute as[] = {{"address", A_IP, &ip, 0, true}, {0}};

	read_attributes(r, e, as);
	if (x->n_ntp == SEGMENT_NTP_MAX)
		fault(r, e, "<ntp>: at most %d", SEGMENT_NTP_MAX);
	else
		x->ntp[x->n_ntp++] = ip;
}

static void read_search(struct config_reader *r, const xmlNode *e, void *to)
{
	struct segment_extra *x = &((struct config_segment *)to)->extra;
	char domain[254] = "";
	const struct attribute as[] = {{"domain", A_DOMAIN, domain, sizeof domain, true}, {0}};
	size_t there = strlen(x->search);

	read_attributes(r, e, as);
	if (there + 1 + strlen(domain) >= sizeof x->search)
		fault(r, e, "<search>: all domains together take at most %d bytes",
			SEGMENT_SEARCH - 2);
	else
		snprintf(x->search + there, sizeof x->search - there, "%s%s", there ? " " : "",
			domain);
}

static void read_route(struct config_reader *r, const xmlNode *e, void *to)
{
	struct segment_extra *x = &((struct config_segment *)to)->extra;
	struct subnet subnet = {0};
	struct ip gateway = {0};
	const struct attribute as[] = {
		{"to", A_SUBNET, &subnet, 0, true}, {"gateway", A_IP, &gateway, 0, true}, {0}};

	read_attributes(r, e, as);
	if (!r->failed && !subnet.prefix_len)
		fault(r, e, "<route>: the default route is the <router>'s");
	if (x->n_routes == SEGMENT_ROUTES_MAX)
		fault(r, e, "<route>: at most %d", SEGMENT_ROUTES_MAX);
	else
		x->routes[x->n_routes++] = (struct segment_route){
			ip_to_v4(&subnet.address), ip_to_v4(&gateway), subnet.prefix_len};
}

/* What usher says of itself, from what it knows; "" for what the protocol itself is made of. */
static const char *said_elsewhere(uint8_t code)
{
	static const struct {
		uint8_t code;
		const char *where;
	} own[] = {{1, ": it is the subnet's"}, {3, ": <router> says it"}, {6, ": <dns> says it"},
		{12, ": it is the machine's name"}, {15, ": domain= says it"},
		{26, ": mtu= says it"}, {28, ": it is the subnet's"}, {42, ": <ntp> says it"},
		{43, ""}, {50, ""}, {51, ": lease= says it"}, {52, ""}, {53, ""}, {54, ""},
		{55, ""}, {56, ""}, {57, ""}, {58, ": lease= says it"}, {59, ": lease= says it"},
		{60, ""}, {61, ""}, {66, ""}, {67, ""}, {77, ""}, {82, ""}, {93, ""}, {94, ""},
		{97, ""}, {119, ": <search> says it"}, {121, ": <route> says it"}, {150, ""},
		{175, ""}, {249, ": <route> says it"}};

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (own[i].code == code)
			return own[i].where;
	return NULL;
}

static bool write_hex(struct writer *w, const char *text)
{
	unsigned byte;
	int n;

	for (; *text; text += n) {
		if (*text == ':' || *text == ' ')
			text++;
		if (!isxdigit((unsigned char)text[0]) || sscanf(text, "%2x%n", &byte, &n) != 1 ||
			n != 2)
			return false;
		writer_u8(w, (uint8_t)byte);
	}
	return true;
}

static bool write_addresses(struct writer *w, const char *text)
{
	char address[IP_TEXT];
	struct ip ip;

	while (*text) {
		size_t n = strcspn(text, ", ");

		if (n >= sizeof address)
			return false;
		memcpy(address, text, n);
		address[n] = '\0';
		if (ip_parse(address, &ip) || ip.family != IP_V4)
			return false;
		writer_u32(w, ip_to_v4(&ip));
		text += n;
		text += strspn(text, ", ");
	}
	return true;
}

static bool write_number(struct writer *w, const char *text, unsigned bytes)
{
	long n;

	if (!number(text, 0, (1L << 8 * bytes) - 1, &n))
		return false;
	while (bytes-- > 0)
		writer_u8(w, (uint8_t)(n >> 8 * bytes));
	return true;
}

/* NULL, or what was expected. */
static const char *write_value(struct writer *w, const char *type, const char *value)
{
	if (!strcmp(type, "text"))
		writer_bytes(w, value, strlen(value));
	else if (!strcmp(type, "hex"))
		return write_hex(w, value) ? NULL : "hexadecimal bytes like 0a:4d:00";
	else if (!strcmp(type, "address"))
		return write_addresses(w, value) ? NULL : "IPv4 addresses";
	else if (!strcmp(type, "u8"))
		return write_number(w, value, 1) ? NULL : "a number from 0 to 255";
	else if (!strcmp(type, "u16"))
		return write_number(w, value, 2) ? NULL : "a number from 0 to 65535";
	else if (!strcmp(type, "u32"))
		return write_number(w, value, 4) ? NULL : "a number from 0 to 4294967295";
	else
		return "type= text, hex, address, u8, u16 or u32";
	return NULL;
}

static bool has_option(const struct segment_extra *x, uint8_t code)
{
	for (size_t at = 0; at < x->options_len; at += 2u + x->options[at + 1])
		if (x->options[at] == code)
			return true;
	return false;
}

static void read_option(struct config_reader *r, const xmlNode *e, void *to)
{
	struct segment_extra *x = &((struct config_segment *)to)->extra;
	char type[8] = "text", value[800] = "";
	uint8_t code = 0, bytes[255];
	const struct attribute as[] = {{"code", A_CODE, &code, 0, true},
		{"value", A_TEXT, value, sizeof value, true},
		{"type", A_TEXT, type, sizeof type, false}, {0}};
	const char *expected, *elsewhere;
	struct writer w;

	read_attributes(r, e, as);
	writer_init(&w, bytes, sizeof bytes);
	elsewhere = said_elsewhere(code);
	expected = write_value(&w, type, value);
	if (elsewhere)
		fault(r, e, "<option code='%u'> is usher's own to send%s", code, elsewhere);
	else if (has_option(x, code))
		fault(r, e, "<option code='%u'> is there already", code);
	else if (expected)
		fault(r, e, "<option value='%.80s'>: expected %s", value, expected);
	else if (w.bad || x->options_len + 2 + w.len > sizeof x->options)
		fault(r, e, "<option>: one takes at most 255 bytes, all of a segment %d",
			SEGMENT_OPTIONS);
	if (r->failed)
		return;
	x->options[x->options_len++] = code;
	x->options[x->options_len++] = (uint8_t)w.len;
	memcpy(x->options + x->options_len, bytes, w.len);
	x->options_len += w.len;
}

struct segment_names {
	char network[SEGMENT_NAME], interface[16], name[SEGMENT_NAME];
	struct subnet subnet;
};

/* Whose segment it is: libvirt's, a link's, or one behind a relay. */
static void name_segment(struct config_reader *r, const xmlNode *e, const struct segment_names *n,
	struct config_segment *s)
{
	bool relayed = *s->via, subnet = ip_is_set(&n->subnet.address);

	if (!!*n->network + !!*n->interface + relayed != 1)
		fault(r, e,
			"<segment> takes one of network= (of libvirt), interface=, and via= (a "
			"relay's packets come in there)");
	else if (relayed != subnet || relayed != (*n->name != '\0'))
		fault(r, e, "<segment>: via=, name= and subnet= go together: one behind a relay");
	s->is_network = *n->network;
	s->subnet = n->subnet.address;
	s->prefix_len = n->subnet.prefix_len;
	snprintf(s->name, sizeof s->name, "%s",
		relayed               ? n->name
			: *n->network ? n->network
				      : n->interface);
}

static void read_segment(struct config_reader *r, const xmlNode *e, void *to)
{
	static const struct element children[] = {{"pool", read_pool}, {"router", read_router},
		{"dns", read_dns}, {"ntp", read_ntp}, {"search", read_search},
		{"route", read_route}, {"option", read_option}, {0}};
	struct config *c = to;
	struct config_segment s = {.lease_s = 3600,
		.probe_ms = CONFIG_PROBE_MS,
		.computed = true,
		.mode = SEGMENT_AUTO};
	struct segment_names n = {0};
	const struct attribute as[] = {{"network", A_TEXT, n.network, sizeof n.network, false},
		{"interface", A_TEXT, n.interface, sizeof n.interface, false},
		{"name", A_TEXT, n.name, sizeof n.name, false},
		{"via", A_TEXT, s.via, sizeof s.via, false},
		{"subnet", A_SUBNET, &n.subnet, 0, false},
		{"domain", A_TEXT, s.domain, sizeof s.domain, false},
		{"lease", A_SECONDS, &s.lease_s, 0, false}, {"mode", A_MODE, &s.mode, 0, false},
		{"probe", A_PROBE, &s.probe_ms, 0, false},
		{"computed", A_BOOL, &s.computed, 0, false},
		{"identity", A_IDENTITY, &s.by_client_id, 0, false},
		{"mtu", A_MTU, &s.extra.mtu, 0, false}, {0}};

	read_attributes(r, e, as);
	name_segment(r, e, &n, &s);
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
		if (c->segments[i].is_network == is_network && !strcmp(c->segments[i].name, name)) {
			c->segments[i].named = true;
			return 0;
		}
	if (c->n_segments == SEGMENT_MAX)
		return -ENOSPC;
	if (strlen(name) >= sizeof s->name)
		return -ENAMETOOLONG;
	s = &c->segments[c->n_segments++];
	*s = (struct config_segment){.is_network = is_network,
		.named = true,
		.lease_s = 3600,
		.probe_ms = CONFIG_PROBE_MS,
		.computed = true,
		.mode = SEGMENT_AUTO};
	snprintf(s->name, sizeof s->name, "%s", name);
	return 0;
}
