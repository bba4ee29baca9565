/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/render.h"

#include "core/uri.h"
#include "kickstart/disk_choice.h"
#include "kickstart/media/fetch_name.h"
#include "kickstart/media/image_file.h"
#include "kickstart/media/media.h"
#include "kickstart/mustache_parse.h"
#include "kickstart/setting_type.h"
#include "core/text.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct rendering {
	struct profile *profile;
	json_t *context;
};

enum {
	URL_TEXT = 256, /* a base URL, a token and a name */
	CACHED_URL = 128 + MIRROR_URL,
};

static int no_memory(char *why, size_t why_size)
{
	snprintf(why, why_size, "out of memory");
	return -ENOMEM;
}

static const char *partial_of(void *arg, const char *name)
{
	return profile_file(arg, name);
}

static const char *partial_file_of(void *arg, const char *name)
{
	return profile_file_path(arg, name);
}

/* A template inside profile.xml. */
static int render_text(const struct profile *p, const struct profile_text *t, const json_t *context,
	char **ret, char *why, size_t why_size)
{
	struct mustache_options o = {
		.file = p->file, .line = t->line, .line_only = true, .format = MUSTACHE_CMDLINE};

	return mustache_render(t->text ? t->text : "", context, &o, ret, why, why_size);
}

/* The context. */

/* One for all, never changed: a third of a context's texts and most of its lists are empty. */
static json_t *no_text, *no_list;
static pthread_once_t made = PTHREAD_ONCE_INIT;

static void make_empty(void)
{
	no_text = json_string("");
	no_list = json_array();
}

static json_t *empty_text(void)
{
	pthread_once(&made, make_empty);
	return json_incref(no_text);
}

static json_t *empty_list(void)
{
	pthread_once(&made, make_empty);
	return json_incref(no_list);
}

/* Our own keys are ASCII: not looked at again for each script. */
static void set_json(json_t *of, const char *key, json_t *value)
{
	json_object_set_new_nocheck(of, key, value);
}

/* UTF-8 that was read as such, or ASCII of our own. */
static void set_text(json_t *of, const char *key, const char *value)
{
	set_json(of, key, value && *value ? json_string_nocheck(value) : empty_text());
}

static void set_flag(json_t *of, const char *key, bool value)
{
	set_json(of, key, json_boolean(value));
}

static void set_ip(json_t *of, const char *key, const struct ip *ip)
{
	char text[IP_TEXT];

	set_text(of, key, ip ? ip_format(ip, text) : "");
}

static const struct ip *first_v4(const struct nic *nic)
{
	size_t i;

	for (i = 0; nic && i < nic->n_addrs; i++)
		if (nic->addrs[i].family == IP_V4)
			return &nic->addrs[i];
	return NULL;
}

static const struct nic *nic_of(const struct render_input *in)
{
	if (in->nic)
		return in->nic;
	return in->machine->n_nics ? &in->machine->nics[0] : NULL;
}

static const char *const dns_keys[] = {"dns", "dns_first", "dns_comma"},
			 *const dns6_keys[] = {"dns6", "dns6_first", "dns6_comma"};

/* Name servers, in each of the ways that answer files want them: as a list, the first, with commas. */
static void add_dns(json_t *card, const char *const keys[3], const struct ip *servers, size_t n)
{
	json_t *dns = n ? json_array() : empty_list();
	char text[IP_TEXT], all[SEGMENT_DNS_MAX * (IP_TEXT + 1)] = "";
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		json_array_append_new(dns, json_string(ip_format(&servers[i], text)));
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s", i ? "," : "", text);
	}
	set_text(card, keys[1], json_string_value(json_array_get(dns, 0)));
	set_text(card, keys[2], all);
	set_json(card, keys[0], dns);
}

/* "ffff:ffff:ffff:ffff::" of 64. */
static struct ip mask6(unsigned prefix_len)
{
	struct ip mask = {.family = IP_V6};

	for (unsigned i = 0; i < prefix_len; i++)
		mask.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
	return mask;
}

/* Our own address stands for the link-local one that is advertised: it is on the same link, and does not change with the
 * bridge's MAC. */
static void add_segment6(json_t *card, const struct nic *nic, const struct segment *s)
{
	const struct segment6 *six = s && ip_is_set(&s->six.server) ? &s->six : NULL;
	const struct ip address = nic_address6(nic, s);
	struct ip mask = {0};
	char text[8] = "";

	if (six) {
		mask = mask6(six->prefix_len);
		snprintf(text, sizeof(text), "%u", six->prefix_len);
	}
	set_ip(card, "address6", &address);
	set_ip(card, "netmask6", &mask);
	set_text(card, "prefix6", text);
	set_ip(card, "gateway6", six && six->router_s ? &six->server : NULL);
	add_dns(card, dns6_keys, six ? six->dns : NULL, six ? six->n_dns : 0);
}

static bool is_ipv6_only(const struct segment *s)
{
	return s && !s->prefix_len && ip_is_set(&s->six.server);
}

static void add_segment(json_t *card, const struct segment *s)
{
	const struct segment *four = s && s->prefix_len ? s : NULL;
	char text[IP_TEXT];
	struct ip mask;

	add_dns(card, dns_keys, s ? s->dns : NULL, s ? s->n_dns : 0);
	set_ip(card, "gateway", s ? &s->router : NULL);
	set_text(card, "domain", s ? s->domain : "");
	mask = ip_from_v4(four && four->prefix_len <= 32 ? v4_mask(four->prefix_len) : 0);
	set_ip(card, "netmask", four ? &mask : NULL);
	snprintf(text, sizeof(text), "%u", four ? four->prefix_len : 0u);
	set_text(card, "prefix", four ? text : "");
	set_flag(card, "ipv6_only", is_ipv6_only(s));
}

/* A name, or what the setting says that it is like. */
static const char *disk_of(const struct machine *m, const json_t *settings)
{
	const char *set = json_string_value(json_object_get(settings, "disk"));

	if (set && *set)
		return set;
	return m->guest ? "vda" : "";
}

/* What a script has to look for, where the disk has no name yet. */
static const char *find_disk_of(const char *disk)
{
	return !*disk ? "largest" : disk_choice_is(disk) ? disk : "";
}

/* As PXELINUX passes it and installers read it: hardware type 01 and the MAC with dashes. */
static void set_bootif(json_t *j, const char *mac)
{
	char text[3 + MAC_TEXT] = "", *c;

	if (*mac)
		snprintf(text, sizeof(text), "01-%s", mac);
	for (c = text; *c; c++)
		*c = *c == ':' ? '-' : *c;
	set_text(j, "bootif", text);
}

static const char *mac_text(const struct nic *nic, char buf[MAC_TEXT])
{
	*buf = '\0';
	return nic && !mac_is_zero(&nic->mac) ? mac_format(&nic->mac, buf) : buf;
}

const struct segment *render_find_segment(const void *segments, const char *name)
{
	return segments_by_name(segments, name);
}

/* What a card is, and what its segment tells it. */
static json_t *card_json(const struct nic *nic, const struct segment *s)
{
	char mac[MAC_TEXT];
	json_t *j = json_object();

	set_text(j, "mac", mac_text(nic, mac));
	set_ip(j, "address", first_v4(nic));
	add_segment(j, s);
	add_segment6(j, nic, s);
	return j;
}

/* As one of machine.nics. Takes what card_json() says of it. */
static json_t *nic_json(json_t *j, const struct nic *nic, const struct segment *s, bool boots)
{
	const struct ip six = nic_address6(nic, s);

	set_text(j, "segment", nic->segment);
	set_flag(j, "has_address", s && first_v4(nic));
	set_flag(j, "has_address6", s && ip_is_set(&s->six.server) && ip_is_set(&six));
	set_flag(j, "boots", boots);
	return j;
}

/* `card`: what card_json() says of that which boots. */
static json_t *nics_json(const struct render_input *in, json_t *card)
{
	json_t *all = json_array();

	for (size_t i = 0; i < in->machine->n_nics; i++) {
		const struct nic *nic = &in->machine->nics[i];
		bool boots = nic == nic_of(in);
		const struct segment *s = boots ? in->segment
			: in->find_segment      ? in->find_segment(in->arg, nic->segment)
						: NULL;

		json_array_append_new(all,
			nic_json(boots ? json_incref(card) : card_json(nic, s), nic, s, boots));
	}
	return all;
}

static bool is_uefi(const struct machine *m)
{
	return m->guest ? m->spec.firmware && !strncmp(m->spec.firmware, "efi", 3) : m->uefi;
}

/* The members of a bond, the card that boots first: a bond takes the MAC of its first. */
static json_t *bond_members(const json_t *bond, const char *boots)
{
	json_t *all, *word, *one;
	size_t i;

	if (!json_array_size(bond))
		return empty_list();
	all = json_array();
	json_array_foreach((json_t *)bond, i, word)
	{
		const char *mac = json_string_value(word);

		if (!mac || !strcmp(mac, "all"))
			continue;
		one = json_pack("{s:s, s:i}", "mac", mac, "number", (int)i);
		if (!strcmp(mac, boots))
			json_array_insert_new(all, 0, one);
		else
			json_array_append_new(all, one);
	}
	json_array_foreach(all, i, one) set_json(one, "number", json_integer((json_int_t)i));
	return all;
}

/* What of the new system has its address: the card itself, a bond of cards, or a VLAN on either. */
static void add_link(json_t *j, const json_t *settings, const char *mac)
{
	const json_t *bond = json_object_get(settings, "bond");
	const char *set = json_string_value(json_object_get(settings, "vlan")),
		   *mode = json_string_value(json_object_get(settings, "bond_mode"));
	unsigned vlan = set ? (unsigned)strtoul(set, NULL, 10) : 0;
	bool bonded = json_array_size(bond) > 0;
	json_t *members = bond_members(bond, mac);
	char number[8] = "", name[16] = "", list[SETTING_CARDS_MAX * MAC_TEXT + 4] = "";
	size_t i, len = 0;
	json_t *one;

	json_array_foreach(members, i, one) len += (size_t)snprintf(list + len, sizeof list - len,
		"%s%s", i ? " " : "", json_string_value(json_object_get(one, "mac")));
	if (vlan) {
		snprintf(number, sizeof number, "%u", vlan % 10000);
		snprintf(name, sizeof name, "vlan%s", number);
	}
	set_flag(j, "bonded", bonded);
	set_flag(j, "bond_all", bonded && !json_array_size(members));
	set_text(j, "bond_cards", bonded && !len ? "all" : list);
	set_json(j, "bond_members", members);
	set_text(j, "bond_mode", bonded && mode ? mode : "");
	set_text(j, "vlan", number);
	set_text(j, "link", *name ? name : bonded ? "bond0" : "");
}

/* What the card that boots has, and more. */
static json_t *machine_json(const struct render_input *in, const json_t *settings)
{
	const struct machine *m = in->machine;
	const struct nic *nic = nic_of(in);
	const char *domain = in->segment ? in->segment->domain : "";
	char mac[MAC_TEXT], fqdn[MACHINE_NAME + sizeof(in->segment->domain)];
	json_t *card = card_json(nic, in->segment), *j = json_copy(card);

	snprintf(fqdn, sizeof(fqdn), "%s%s%s", m->name, *domain ? "." : "", domain);
	set_text(j, "name", m->name);
	set_text(j, "fqdn", fqdn);
	set_text(j, "uuid", m->uuid);
	set_bootif(j, mac_text(nic, mac));
	set_text(j, "disk", disk_of(m, settings));
	add_link(j, settings, mac_text(nic, mac));
	set_text(j, "find_disk", find_disk_of(disk_of(m, settings)));
	set_flag(j, "guest", m->guest);
	set_flag(j, "uefi", is_uefi(m));
	set_json(j, "nics", nics_json(in, card));
	json_decref(card);
	return j;
}

/* "http://192.168.122.1:8067/m/TOKEN" and what may stand behind it. */
struct url {
	char text[URL_TEXT];
	size_t len;
};

static struct url url_of(const struct render_input *in, const char *token)
{
	struct url u;
	int n = snprintf(
		u.text, sizeof(u.text), "%s/m/%s", in->base_url ? in->base_url : "", token);

	u.len = n < URL_TEXT ? (size_t)n : URL_TEXT - 1;
	return u;
}

static void set_url(json_t *of, const char *key, struct url *u, const char *tail)
{
	if (!memccpy(u->text + u->len, tail, '\0', sizeof(u->text) - u->len))
		u->text[URL_TEXT - 1] = '\0';
	set_text(of, key, u->text);
}

static json_t *attempt_json(const struct profile *p, const struct render_input *in)
{
	struct url own = url_of(in, in->token ? in->token : "TOKEN"),
		   up = url_of(in, in->up_token ? in->up_token : "UP-TOKEN");
	char answers[1 + PROFILE_NAME];
	json_t *j = json_object();

	snprintf(answers, sizeof(answers), "/%s", p->n_answers ? p->answers[0].name : "answers");

	set_json(j, "number", json_integer((json_int_t)in->machine->attempt.number));
	set_url(j, "url", &own, "");
	set_url(j, "answers_url", &own, answers);
	set_url(j, "done_url", &own, "/done");
	set_url(j, "failed_url", &own, "/failed");
	set_url(j, "progress_url", &own, "/progress");
	set_url(j, "up_url", &up, "/up");
	return j;
}

/* is.NAME.VALUE: the value that a setting has of those that it may have; is.NAME.given of a list: there is something in it. */
static json_t *choices_json(const struct profile *p, const json_t *settings)
{
	json_t *all = json_object(), *one;
	const char *value, *word;
	size_t len;

	for (size_t i = 0; i < p->n_settings; i++) {
		word = p->settings[i].values;
		if (!word && p->settings[i].type == SETTING_LIST)
			json_object_set_new(all, p->settings[i].name,
				json_pack("{s:b}", "given",
					(int)json_array_size(
						json_object_get(settings, p->settings[i].name))));
		if (!word)
			continue;
		value = json_string_value(json_object_get(settings, p->settings[i].name));
		one = json_object();
		for (;; word += len + 1) {
			char name[PROFILE_NAME] = "";

			len = strcspn(word, "|");
			memcpy(name, word, len < sizeof(name) ? len : sizeof(name) - 1);
			json_object_set_new(one, name,
				json_boolean(value && strlen(value) == len &&
					strncmp(value, word, len) == 0));
			if (!word[len])
				break;
		}
		json_object_set_new(all, p->settings[i].name, one);
	}
	return all;
}

/* A URL as the installer fetches it. */
static const char *cached_url(const struct render_input *in, const json_t *settings,
	const char *url, char buf[CACHED_URL])
{
	return url && in->mirrors && mirrors_wanted(settings) &&
			mirrors_through(in->mirrors, in->cache_url, url, buf, CACHED_URL)
		? buf
		: url;
}

static json_t *cached_json(
	const struct profile *p, const struct render_input *in, const json_t *settings)
{
	json_t *all = json_object();
	char buf[CACHED_URL];

	for (size_t i = 0; i < p->n_settings; i++) {
		const struct profile_setting *s = &p->settings[i];
		const char *url = json_string_value(json_object_get(settings, s->name));

		if (s->type == SETTING_URL)
			set_text(
				all, s->name, s->mirror ? cached_url(in, settings, url, buf) : url);
	}
	return all;
}

/* Not by json_dumps(): what JSON writes as two \uXXXX, beyond U+FFFF, YAML takes for two characters that there are not. */
static void add_keys(const struct machine *m, json_t *context)
{
	json_t *keys = m->ssh_keys ? json_incref(m->ssh_keys) : empty_list(), *key;
	char *text = NULL;
	struct text t;
	size_t i;

	text_init(&t, MUSTACHE_OUTPUT_MAX);
	text_puts(&t, "[");
	json_array_foreach(keys, i, key)
	{
		const char *line = json_string_value(key);

		text_puts(&t, i ? ", " : "");
		mustache_escape(&t, MUSTACHE_JSON, line ? line : "");
	}
	text_puts(&t, "]");
	text_take(&t, &text);
	set_text(context, "ssh_keys_json", text);
	free(text);
	set_json(context, "ssh_keys", keys);
}

static void add_medium(const struct profile *p, const struct render_input *in, json_t *j)
{
	char url[URL_TEXT + PROFILE_NAME];
	size_t len = (size_t)snprintf(url, sizeof(url) - sizeof(MEDIA_IMAGE), "%.*s/boot/%s",
		URL_TEXT / 2, in->base_url ? in->base_url : "", p->media.name);

	set_text(j, "url", url);
	memcpy(url + len, MEDIA_IMAGE, sizeof(MEDIA_IMAGE));
	set_text(j, "image", url);
}

static int add_medium_by_url(
	const struct profile *p, const json_t *context, json_t *j, char *why, size_t why_size)
{
	char *url = NULL;
	int rc = render_text(p, &p->media.url, context, &url, why, why_size);

	for (size_t len = url ? strlen(url) : 0; len && url[len - 1] == '/'; len--)
		url[len - 1] = '\0';
	if (url)
		set_text(j, "url", url);
	set_text(j, "image", "");
	free(url);
	return rc;
}

/* After all else: the URL may be made of it. */
static int add_media(const struct profile *p, const struct render_input *in, json_t *context,
	char *why, size_t why_size)
{
	json_t *j = json_object();
	char buf[CACHED_URL];
	int rc = 0;

	set_text(j, "name", p->media.name);
	set_flag(j, "local", !p->media.url.text);
	if (p->media.url.text)
		rc = add_medium_by_url(p, context, j, why, why_size);
	else
		add_medium(p, in, j);
	json_object_update(j, p->media.files);
	set_text(j, "cached",
		p->media.url.text ? cached_url(in, json_object_get(context, "set"),
					    json_string_value(json_object_get(j, "url")), buf)
				  : json_string_value(json_object_get(j, "url")));
	set_json(context, "media", j);
	return rc;
}

/* Numbers as texts: templates have no others. */
static json_t *image_json(const struct profile *p, const struct render_input *in)
{
	json_t *j = json_object(), *value;
	char number[24];
	const char *key;

	set_text(j, "name", p->image.name);
	set_text(j, "size", "");
	set_text(j, "packed_size", "");
	set_text(j, "sha256", "");
	set_json(j, "url",
		json_sprintf("%.*s/boot/%s" IMAGE_FILE_TAIL, URL_TEXT / 2,
			in->base_url ? in->base_url : "", p->image.name));
	json_object_foreach(p->image.facts, key, value)
	{
		snprintf(
			number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		set_text(j, key, json_is_integer(value) ? number : json_string_value(value));
	}
	return j;
}

static json_t *profile_json(const struct profile *p)
{
	json_t *j = json_object();

	set_text(j, "name", p->name);
	set_text(j, "title", p->title);
	return j;
}

/* Where installers send their logs. */
static void add_log(json_t *j, const struct ip *server, uint16_t port)
{
	bool six = server && server->family == IP_V6;
	char ip[IP_TEXT], host[IP_TEXT + 2] = "", number[8] = "",
					 both[sizeof host + sizeof number] = "";

	if (port && server && ip_is_set(server)) {
		snprintf(host, sizeof(host), six ? "[%s]" : "%s", ip_format(server, ip));
		snprintf(number, sizeof(number), "%u", port);
		snprintf(both, sizeof(both), "%s:%s", host, number);
	}
	set_text(j, "log", both);
	set_text(j, "log_host", host);
	set_text(j, "log_port", number);
}

static json_t *server_json(const struct render_input *in)
{
	const struct ip *asked = in->segment ? segment_asked(in->segment, in->family) : NULL;
	json_t *j = json_object();

	set_ip(j, "address", asked);
	set_ip(j, "address6", in->segment ? &in->segment->six.server : NULL);
	set_flag(j, "ipv6", asked && asked->family == IP_V6);
	set_text(j, "url", in->base_url);
	add_log(j, asked, asked ? segment_log_port(in->segment, asked->family) : 0);
	return j;
}

static int context_of(const struct profile *p, const json_t *settings,
	const struct render_input *in, json_t **ret, char *why, size_t why_size)
{
	json_t *context = json_object();
	int rc = json_object_set_new(context, "machine", machine_json(in, settings)) |
		json_object_set_new(context, "profile", profile_json(p)) |
		json_object_set_new(context, "server", server_json(in)) |
		json_object_set_new(context, "image", image_json(p, in)) |
		json_object_set_new(context, "attempt", attempt_json(p, in)) |
		json_object_set_new(context, "is", choices_json(p, settings)) |
		json_object_set_new(context, "cached", cached_json(p, in, settings)) |
		json_object_set(context, "set", (json_t *)settings);

	if (rc) {
		json_decref(context);
		return no_memory(why, why_size);
	}
	add_keys(in->machine, context);
	rc = add_media(p, in, context, why, why_size);
	if (rc < 0)
		json_decref(context);
	else
		*ret = context;
	return rc;
}

int rendering_new(const struct render_input *in, const json_t *snapshot, struct rendering **ret,
	char *why, size_t why_size)
{
	struct rendering *r = calloc(1, sizeof(*r));
	const json_t *settings;
	json_t *masked = NULL;
	int rc;

	if (!r)
		return no_memory(why, why_size);
	rc = profile_from_snapshot(snapshot, &r->profile, &settings, why, why_size);
	if (rc == 0 && in->masked && !(masked = profile_mask_secrets(r->profile, settings)))
		rc = no_memory(why, why_size);
	if (rc == 0)
		rc = context_of(
			r->profile, masked ? masked : settings, in, &r->context, why, why_size);
	json_decref(masked);
	if (rc == 0)
		*ret = r;
	else
		rendering_free(r);
	return rc;
}

void rendering_free(struct rendering *r)
{
	if (!r)
		return;
	json_decref(r->context);
	profile_free(r->profile);
	free(r);
}

/* Kernel and initrds. */

static int file_name(const struct profile *p, const json_t *context, unsigned n, char **ret,
	char *why, size_t why_size)
{
	const char *fault;
	char *name = NULL;
	size_t slashes;
	int rc;

	if (n > p->n_initrd)
		return -ENOENT;
	rc = render_text(p, n ? &p->initrd[n - 1] : &p->kernel, context, &name, why, why_size);
	if (rc < 0)
		return rc;
	slashes = strspn(name, "/");
	memmove(name, name + slashes, strlen(name + slashes) + 1);
	fault = uri_path_fault(name);
	if (fault) {
		snprintf(why, why_size, "%s:%u: the file name '%.160s' cannot be served: %s",
			p->file, n ? p->initrd[n - 1].line : p->kernel.line, name, fault);
		free(name);
		return -EINVAL;
	}
	*ret = name;
	return 0;
}

static const char *lookup_text(const json_t *context, const char *group, const char *name)
{
	const char *s = json_string_value(json_object_get(json_object_get(context, group), name));

	return s ? s : "";
}

/* Where a medium by URL has it. */
static int file_origin(const struct profile *p, const json_t *context, unsigned n, char **ret,
	char *why, size_t why_size)
{
	char *name = NULL;
	int rc = file_name(p, context, n, &name, why, why_size);

	if (rc == 0 && asprintf(ret, "%s/%s", lookup_text(context, "media", "url"), name) < 0)
		rc = no_memory(why, why_size);
	free(name);
	return rc;
}

static int cached_path(const struct profile *p, const json_t *context, unsigned n, char **ret,
	char *why, size_t why_size)
{
	char *url = NULL, shown[FETCH_URL_MAX];
	struct fetch_name name;
	int rc = file_origin(p, context, n, &url, why, why_size);

	if (rc < 0)
		return rc;
	rc = fetch_name(url, &name);
	if (rc < 0)
		snprintf(why, why_size,
			"%s:%u: '%.256s': expected a URL that begins with http:// or https://",
			p->file, n ? p->initrd[n - 1].line : p->kernel.line,
			fetch_name_shown(url, shown, sizeof(shown)));
	else if (asprintf(ret, "%s/%s/%s", FETCH_MEDIUM, name.key, name.file) < 0)
		rc = no_memory(why, why_size);
	free(url);
	return rc;
}

/* "NAME/path", of the medium or, when that is a URL, of the cache. */
static int file_path(const struct profile *p, const json_t *context, unsigned n, char **ret,
	char *why, size_t why_size)
{
	char *name = NULL;
	int rc;

	if (!p->media.path)
		return cached_path(p, context, n, ret, why, why_size);
	rc = file_name(p, context, n, &name, why, why_size);
	if (rc == 0 && asprintf(ret, "%s/%s", p->media.name, name) < 0)
		rc = no_memory(why, why_size);
	free(name);
	return rc;
}

static int file_url(const struct profile *p, const json_t *context, unsigned n, char **ret_url,
	char **ret_path, char *why, size_t why_size)
{
	char *path = NULL, *encoded;
	int rc = file_path(p, context, n, &path, why, why_size);

	if (rc < 0)
		return rc;
	encoded = uri_encoded_path(path);
	if (!encoded ||
		asprintf(ret_url, "%s/boot/%s", lookup_text(context, "server", "url"), encoded) <
			0) {
		free(encoded);
		free(path);
		return no_memory(why, why_size);
	}
	free(encoded);
	*ret_path = path;
	return 0;
}

int render_file(const struct rendering *r, unsigned n, char **ret_url, char **ret_path, char *why,
	size_t why_size)
{
	return file_url(r->profile, r->context, n, ret_url, ret_path, why, why_size);
}

static int file_sum(const struct profile *p, const json_t *context, unsigned n, char **ret,
	char *why, size_t why_size)
{
	struct profile_text sum = {
		.text = p->sums[n], .line = n ? p->initrd[n - 1].line : p->kernel.line};

	return render_text(p, &sum, context, ret, why, why_size);
}

int render_origin(const struct rendering *r, unsigned n, char **ret_url, char **ret_sha256,
	char *why, size_t why_size)
{
	char *url = NULL;
	int rc;

	if (r->profile->media.path)
		return -ENOENT;
	rc = file_origin(r->profile, r->context, n, &url, why, why_size);
	if (rc == 0)
		rc = file_sum(r->profile, r->context, n, ret_sha256, why, why_size);
	if (rc == 0)
		*ret_url = url;
	else
		free(url);
	return rc;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Blanks and line breaks between words to one blank each, none at the ends. */
static void squeeze(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (!is_blank(*s))
			*to++ = *s;
		else if (s[1] && !is_blank(s[1]))
			*to++ = ' ';
	}
	*to = '\0';
}

static int cmdline_of(
	const struct profile *p, const json_t *context, char **ret, char *why, size_t why_size)
{
	char *s = NULL;
	int rc = render_text(p, &p->cmdline, context, &s, why, why_size);

	if (rc < 0)
		return rc;
	squeeze(s);
	if (strlen(s) > RENDER_CMDLINE_MAX) {
		snprintf(why, why_size,
			"%s:%u: the command line comes to %zu bytes, a kernel takes %d", p->file,
			p->cmdline.line, strlen(s), RENDER_CMDLINE_MAX);
		free(s);
		return -EFBIG;
	}
	*ret = s;
	return 0;
}

int render_cmdline(const struct rendering *r, char **ret, char *why, size_t why_size)
{
	return cmdline_of(r->profile, r->context, ret, why, why_size);
}

/* Boot scripts. */

static int script_of(const struct profile *p, const json_t *context, enum script_kind kind,
	char **ret, char *why, size_t why_size)
{
	char *urls[SCRIPT_FILES] = {NULL}, *paths[SCRIPT_FILES] = {NULL}, *cmdline = NULL;
	struct script s = {.machine = lookup_text(context, "machine", "name"),
		.profile = p->name,
		.server = lookup_text(context, "server", "address"),
		.progress_url = lookup_text(context, "attempt", "progress_url"),
		.n_files = p->n_initrd + 1};
	int rc = cmdline_of(p, context, &cmdline, why, why_size);
	unsigned n;

	s.cmdline = cmdline;
	for (n = 0; rc == 0 && n < s.n_files; n++) {
		rc = file_url(p, context, n, &urls[n], &paths[n], why, why_size);
		s.files[n].url = urls[n];
		s.files[n].path = paths[n];
	}
	if (rc == 0)
		rc = script_make(kind, &s, ret, why, why_size);
	for (n = 0; n < SCRIPT_FILES; n++) {
		free(urls[n]);
		free(paths[n]);
	}
	free(cmdline);
	return rc;
}

int render_script(
	const struct rendering *r, enum script_kind kind, char **ret, char *why, size_t why_size)
{
	return script_of(r->profile, r->context, kind, ret, why, why_size);
}

/* Answers. */

static int answers_of(struct profile *p, const struct profile_answers *a, const json_t *context,
	struct mustache_map *map, char **ret, char *why, size_t why_size)
{
	struct mustache_options o = {.format = answers_escaping(a->format),
		.partial = partial_of,
		.partial_file = partial_file_of,
		.arg = p,
		.map = map};
	const char *slash = strrchr(p->file, '/');
	char *file;
	int rc;

	if (asprintf(&file, "%.*s/%s", slash ? (int)(slash - p->file) : 0, p->file, a->template) <
		0)
		return no_memory(why, why_size);
	o.file = file;
	rc = mustache_render(profile_file(p, a->template), context, &o, ret, why, why_size);
	free(file);
	return rc;
}

int render_answers(const struct rendering *r, char **ret, char *why, size_t why_size)
{
	if (r->profile->n_answers)
		return answers_of(
			r->profile, &r->profile->answers[0], r->context, NULL, ret, why, why_size);
	snprintf(why, why_size, "profile '%s' has no answers", r->profile->name);
	return -ENOENT;
}

int render_answers_file(const struct rendering *r, const char *name, char **ret,
	const char **ret_type, char *why, size_t why_size)
{
	const struct profile_answers *a = profile_answers(r->profile, name);

	if (!a) {
		snprintf(why, why_size, "profile '%s' has no answer file '%.64s'", r->profile->name,
			name);
		return -ENOENT;
	}
	if (ret_type)
		*ret_type = answers_type(a->format);
	return answers_of(r->profile, a, r->context, NULL, ret, why, why_size);
}

int render_answers_mapped(const struct rendering *r, size_t n,
	const struct profile_answers **ret_about, struct mustache_map *map, char **ret, char *why,
	size_t why_size)
{
	if (n >= r->profile->n_answers)
		return -ENOENT;
	*ret_about = &r->profile->answers[n];
	return answers_of(r->profile, *ret_about, r->context, map, ret, why, why_size);
}

const struct profile *rendering_profile(const struct rendering *r)
{
	return r->profile;
}

const json_t *rendering_context(const struct rendering *r)
{
	return r->context;
}

/* Validation. */

static int check_demands(
	const struct profile *p, uint64_t memory_mib, uint64_t disk, char *why, size_t why_size)
{
	if (memory_mib && memory_mib < p->requires_memory_mib) {
		snprintf(why, why_size, "profile '%s' requires %llu MiB of memory, not %llu",
			p->name, (unsigned long long)p->requires_memory_mib,
			(unsigned long long)memory_mib);
		return -EINVAL;
	}
	if (disk && disk < p->requires_disk) {
		snprintf(why, why_size, "profile '%s' requires a disk of %.1f GiB, not %.1f",
			p->name, (double)p->requires_disk / (1 << 30), (double)disk / (1 << 30));
		return -EINVAL;
	}
	return 0;
}

static int check_ssh_key(
	const struct profile *p, const struct machine *m, char *why, size_t why_size)
{
	if (!p->requires_ssh_key || json_array_size(m->ssh_keys))
		return 0;
	snprintf(why, why_size,
		"profile '%s' requires an SSH key, and the record of %s has none: enroll it with "
		"--ssh-key FILE",
		p->name, m->name);
	return -EINVAL;
}

/* All installers call it `network`. Where somebody else leases, an address may be unknown. */
static int check_network(
	const struct render_input *in, const json_t *settings, char *why, size_t why_size)
{
	const char *network = json_string_value(json_object_get(settings, "network"));
	const struct ip six = nic_address6(nic_of(in), in->segment);

	if (!network || strcmp(network, "static") != 0 ||
		(is_ipv6_only(in->segment) ? ip_is_set(&six) : first_v4(nic_of(in)) != NULL))
		return 0;
	snprintf(why, why_size, "network=static, and the address of %s is not known: --ip ADDRESS",
		in->machine->name);
	return -EINVAL;
}

/* What a disk is like is nothing to templates that know names alone. */
static int check_disk(const struct profile *p, const json_t *settings, char *why, size_t why_size)
{
	const char *disk = json_string_value(json_object_get(settings, "disk"));

	if (!disk || !disk_choice_is(disk))
		return 0;
	for (size_t i = 0; i < p->n_files; i++)
		if (strstr(p->files[i].text, "machine.find_disk"))
			return 0;
	snprintf(why, why_size,
		"setting 'disk' is '%.100s', and profile '%s' looks for no disk: its templates know "
		"only names, as vda (usher-profile(5), \"Finding a disk\")",
		disk, p->name);
	return -EINVAL;
}

/* The address is that of the card that boots, so the bond has to have that card. */
static int check_bond(
	const struct render_input *in, const json_t *settings, char *why, size_t why_size)
{
	const json_t *bond = json_object_get(settings, "bond");
	char mac[MAC_TEXT];
	json_t *word;
	size_t i;

	if (!json_array_size(bond) || !*mac_text(nic_of(in), mac))
		return 0;
	json_array_foreach((json_t *)bond, i, word)
	{
		const char *one = json_string_value(word);

		if (!one || !strcmp(one, "all") || !strcmp(one, mac))
			return 0;
	}
	snprintf(why, why_size,
		"setting 'bond' lacks %s, the card that %s boots from: the bond gets that card's "
		"address",
		mac, in->machine->name);
	return -EINVAL;
}

/* The scripts for the boot loaders that the profile asks for: not all of them can do everything. */
static int try_loaders(const struct profile *p, const json_t *context, char *why, size_t why_size)
{
	enum script_kind kind;
	char *script;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < PROFILE_FIRMWARES; i++) {
		if (!p->loaders[i] || script_kind_parse(p->loaders[i]->word, &kind) < 0)
			continue;
		script = NULL;
		rc = script_of(p, context, kind, &script, why, why_size);
		free(script);
	}
	return rc;
}

/* Everything once; the texts are not wanted. */
static int try_all(struct profile *p, const json_t *context, char *why, size_t why_size)
{
	char *script = NULL, *answers;
	int rc = script_of(p, context, SCRIPT_IPXE, &script, why, why_size);

	if (rc == 0)
		rc = try_loaders(p, context, why, why_size);
	for (size_t i = 0; rc == 0 && i < p->n_answers; i++) {
		answers = NULL;
		rc = answers_of(p, &p->answers[i], context, NULL, &answers, why, why_size);
		free(answers);
	}
	free(script);
	return rc;
}

/* By way of the snapshot, since that is what will be served. */
static int try_snapshot(const struct render_input *in, const json_t *snapshot,
	struct rendering **ret, char *why, size_t why_size)
{
	struct rendering *r = NULL;
	int rc = rendering_new(in, snapshot, &r, why, why_size);

	if (rc == 0)
		rc = try_all(r->profile, r->context, why, why_size);
	if (rc == 0)
		*ret = r;
	else
		rendering_free(r);
	return rc;
}

int rendering_validated(const struct profile *p, const struct render_input *in, uint64_t memory_mib,
	uint64_t disk, struct rendering **ret, json_t **ret_snapshot, char *why, size_t why_size)
{
	json_t *settings = NULL, *snapshot = NULL;
	int rc = check_demands(p, memory_mib, disk, why, why_size);

	if (rc == 0)
		rc = check_ssh_key(p, in->machine, why, why_size);
	if (rc == 0)
		rc = profile_settings(p, in->settings ? in->settings : in->machine->settings,
			&settings, why, why_size);
	if (rc == 0)
		rc = check_network(in, settings, why, why_size);
	if (rc == 0)
		rc = check_bond(in, settings, why, why_size);
	if (rc == 0)
		rc = check_disk(p, settings, why, why_size);
	if (rc == 0) {
		rc = profile_snapshot(p, settings, &snapshot);
		if (rc < 0)
			snprintf(why, why_size, "%s: %s", p->file,
				rc == -EINVAL          ? "a template is not UTF-8 text"
					: rc == -EFBIG ? "templates and settings are too large"
						       : "out of memory");
	}
	if (rc == 0)
		rc = try_snapshot(in, snapshot, ret, why, why_size);
	json_decref(settings);
	if (rc == 0 && ret_snapshot)
		*ret_snapshot = snapshot;
	else
		json_decref(snapshot);
	return rc;
}

int render_validate(const struct profile *p, const struct render_input *in, uint64_t memory_mib,
	uint64_t disk, json_t **ret_snapshot, char *why, size_t why_size)
{
	struct rendering *r = NULL;
	int rc = rendering_validated(p, in, memory_mib, disk, &r, ret_snapshot, why, why_size);

	rendering_free(r);
	return rc;
}
