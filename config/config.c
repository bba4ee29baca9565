/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading usher.xml. */
#include "config/config.h"

#include "guest/guest.h"

#include "kickstart/media/fetch_name.h"
#include "config/config_xml.h"
#include "core/text.h"
#include "hooks/hooks.h"
#include "config/paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

static void read_state(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"dir", A_PATH, c->state, sizeof c->state, true},
		{"key", A_PATH, c->key, sizeof c->key, false}, {0}};

	config_attributes(r, e, as);
}

static void read_socket(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"path", A_PATH, c->socket, sizeof c->socket, false},
		{"group", A_TEXT, c->socket_group, sizeof c->socket_group, false}, {0}};

	config_attributes(r, e, as);
}

static void read_cache(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"mib", A_MIB, &c->cache_mib, 0, false},
		{"local", A_BOOL, &c->cache_local, 0, false}, {0}};

	config_attributes(r, e, as);
}

static void read_packages(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {
		{"dir", A_PATH, c->packages_dir, sizeof c->packages_dir, false},
		{"mib", A_MIB, &c->packages_mib, 0, false},
		{"port", A_PORT, &c->packages_port, 0, false},
		{"nginx", A_PATH, c->nginx, sizeof c->nginx, false}, {0}};

	c->packages = true;
	config_attributes(r, e, as);
	if (c->packages_port < 1024)
		markup_fault(r, e,
			"bad port='%u' of <package-cache>, expected 1024 or more: its nginx has no privileges",
			c->packages_port);
}

static void read_user(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"name", A_TEXT, c->user, sizeof c->user, true}, {0}};

	config_attributes(r, e, as);
}

static void read_log(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"level", A_LEVEL, &c->log_priority, 0, true}, {0}};

	config_attributes(r, e, as);
}

static void read_http(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"port", A_PORT, &c->http_port, 0, true}, {0}};

	config_attributes(r, e, as);
}

static void read_api(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"address", A_LISTEN, &c->api_address, 0, false},
		{"port", A_PORT, &c->api_port, 0, false},
		{"certificate", A_PATH, c->api_certificate, sizeof c->api_certificate, false},
		{"key", A_PATH, c->api_key, sizeof c->api_key, false}, {0}};

	c->api = true;
	config_attributes(r, e, as);
	if (!*c->api_certificate != !*c->api_key)
		markup_fault(r, e,
			"<api> takes certificate= and key= together, or neither: then usher makes "
			"its own");
}

static void read_syslog(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"serve", A_BOOL, &c->logs, 0, false},
		{"port", A_PORT, &c->log_port, 0, false}, {0}};

	config_attributes(r, e, as);
}

static void read_hooks(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"dir", A_PATH, c->hooks, sizeof c->hooks, true}, {0}};

	config_attributes(r, e, as);
}

static void read_power(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"dir", A_PATH, c->power, sizeof c->power, true}, {0}};

	config_attributes(r, e, as);
}

static void read_rules(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"file", A_PATH, c->rules, sizeof c->rules, true}, {0}};

	config_attributes(r, e, as);
}

static void read_boot(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {{"dir", A_PATH, c->boot, sizeof c->boot, true}, {0}};

	config_attributes(r, e, as);
}

static void read_profiles(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	char dir[PATH_MAX] = "";
	const struct attribute as[] = {{"dir", A_PATH, dir, sizeof dir, true}, {0}};

	config_attributes(r, e, as);
	if (c->n_profiles == CONFIG_PROFILE_DIRS) {
		markup_fault(r, e, "<profiles>: at most %d folders with the shipped one",
			CONFIG_PROFILE_DIRS);
		return;
	}
	/* before those that are there: the site's own win over the shipped ones */
	memmove(c->profiles[1], c->profiles[0], c->n_profiles * sizeof *c->profiles);
	memcpy(c->profiles[0], dir, sizeof dir);
	c->n_profiles++;
}

static void read_guest(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	const struct attribute as[] = {
		{"uri", A_TEXT, c->libvirt_uri, sizeof c->libvirt_uri, false},
		{"pool", A_TEXT, c->pool, sizeof c->pool, false},
		{"accel", A_ACCEL, c->accel, sizeof c->accel, false},
		{"filter", A_BOOL, &c->filter, 0, false},
		{"consoles", A_BOOL, &c->consoles, 0, false},
		{"workers", A_WORKERS, &c->workers, 0, false}, {0}};

	config_attributes(r, e, as);
}

static void read_media(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	struct config_media m = {0};
	const struct attribute as[] = {{"name", A_TEXT, m.name, sizeof m.name, true},
		{"path", A_PATH, m.path, sizeof m.path, false},
		{"url", A_TEXT, m.url, sizeof m.url, false}, {0}};

	config_attributes(r, e, as);
	if (!*m.path == !*m.url)
		markup_fault(r, e, "<media name='%s'> takes either path= or url=", m.name);
	if (!strcmp(m.name, FETCH_MEDIUM))
		markup_fault(r, e, "<media name='%s'>: that name is the cache's", m.name);
	if (c->n_media == CONFIG_MEDIA_MAX)
		markup_fault(r, e, "<media>: at most %d", CONFIG_MEDIA_MAX);
	else
		c->media[c->n_media++] = m;
}

static void unknown_event(struct markup_reader *r, const xmlNode *e, const char *word)
{
	char all[160] = "";
	const char *best = NULL;

	for (int i = 0; i < HOOKS_KINDS; i++) {
		size_t n = strlen(all);

		snprintf(all + n, sizeof all - n, "%s%s", i ? ", " : "", hooks_kind_name(i));
		text_nearer(word, hooks_kind_name(i), &best);
	}
	if (best)
		markup_fault(r, e,
			"unknown event '%.40s' in events= of <webhook>: did you mean '%s'?", word,
			best);
	else
		markup_fault(r, e,
			"unknown event '%.40s' in events= of <webhook>, expected some of %s", word,
			all);
}

/* "failed, up" */
static unsigned read_events(struct markup_reader *r, const xmlNode *e, char *text)
{
	unsigned kinds = 0;
	char *at = NULL;

	for (char *word = strtok_r(text, ", ", &at); word; word = strtok_r(NULL, ", ", &at)) {
		int kind = hooks_kind(word);

		if (kind < 0)
			unknown_event(r, e, word);
		else
			kinds |= 1u << kind;
	}
	return kinds;
}

static void read_webhook(struct markup_reader *r, const xmlNode *e, void *to)
{
	struct config *c = to;
	struct webhook_place w = {.retry_s = WEBHOOK_RETRY_S};
	char events[256] = "";
	const struct attribute as[] = {{"url", A_TEXT, w.url, sizeof w.url, true},
		{"secret-file", A_PATH, w.secret_file, sizeof w.secret_file, true},
		{"ca", A_PATH, w.ca, sizeof w.ca, false},
		{"events", A_TEXT, events, sizeof events, false},
		{"retry", A_RETRY, &w.retry_s, 0, false}, {0}};
	const char *wrong;

	config_attributes(r, e, as);
	wrong = webhook_url_error(w.url);
	if (*w.url && wrong)
		markup_fault(r, e, "bad url='%s' of <webhook>: %s", w.url, wrong);
	w.kinds = *events ? read_events(r, e, events) : (1u << HOOKS_KINDS) - 1;
	if (!w.kinds)
		markup_fault(r, e, "<webhook>: events= names none");
	if (c->n_webhooks == WEBHOOKS_MAX)
		markup_fault(r, e, "<webhook>: at most %d", WEBHOOKS_MAX);
	else
		c->webhooks[c->n_webhooks++] = w;
}

static const struct markup_element top_elements[] = {{"state", read_state, MARKUP_ONCE},
	{"cache", read_cache, MARKUP_ONCE}, {"package-cache", read_packages, MARKUP_ONCE},
	{"socket", read_socket, MARKUP_ONCE}, {"user", read_user, MARKUP_ONCE},
	{"log", read_log, MARKUP_ONCE}, {"http", read_http, MARKUP_ONCE},
	{"api", read_api, MARKUP_ONCE}, {"syslog", read_syslog, MARKUP_ONCE},
	{"hooks", read_hooks, MARKUP_ONCE}, {"webhook", read_webhook, MARKUP_MANY},
	{"power", read_power, MARKUP_ONCE}, {"rules", read_rules, MARKUP_ONCE},
	{"boot", read_boot, MARKUP_ONCE}, {"profiles", read_profiles, MARKUP_MANY},
	{"guest", read_guest, MARKUP_ONCE}, {"media", read_media, MARKUP_MANY},
	{"segment", config_read_segment, MARKUP_MANY}, {0}};

static void read_top(struct markup_reader *r, const xmlNode *e, void *to)
{
	markup_children(r, e, top_elements, to);
}

void config_init(struct config *c)
{
	memset(c, 0, sizeof *c);
	snprintf(c->state, sizeof c->state, PATH_STATE);
	snprintf(c->socket, sizeof c->socket, PATH_SOCKET);
	snprintf(c->boot, sizeof c->boot, PATH_BOOT);
	snprintf(c->hooks, sizeof c->hooks, PATH_HOOKS);
	snprintf(c->power, sizeof c->power, PATH_POWER);
	snprintf(c->user, sizeof c->user, "usher");
	snprintf(c->profiles[c->n_profiles++], PATH_MAX, PATH_PROFILES);
	paths_shipped_profiles(c->profiles[c->n_profiles++], PATH_MAX);
	snprintf(c->libvirt_uri, sizeof c->libvirt_uri, "qemu:///system");
	snprintf(c->pool, sizeof c->pool, "default");
	snprintf(c->accel, sizeof c->accel, "auto");
	c->http_port = 8067;
	c->api_address.family = IP_V4;
	c->api_port = CONFIG_API_PORT;
	c->log_port = CONFIG_LOG_PORT;
	c->logs = true;
	c->packages_mib = CONFIG_PACKAGES_MIB;
	c->packages_port = CONFIG_PACKAGES_PORT;
	c->workers = GUEST_WORKERS;
	c->filter = true;
	c->consoles = true;
	c->log_priority = LOG_INFO;
}

uint16_t config_log_port(const struct config *c)
{
	return c->logs ? c->log_port : 0;
}

const char *config_packages_dir(const struct config *c, char buf[PATH_MAX])
{
	if (*c->packages_dir)
		snprintf(buf, PATH_MAX, "%s", c->packages_dir);
	else
		snprintf(buf, PATH_MAX, "%.*s/packages", PATH_MAX - 16, c->state);
	return buf;
}

void config_settle_state(struct config *c)
{
	char real[PATH_MAX];

	if (realpath(c->state, real))
		memcpy(c->state, real, sizeof c->state);
}

/* It says whom we become, what is run and what is served. */
static const char *file_error(int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return "it cannot be examined";
	if (S_ISDIR(st.st_mode))
		return "a folder, and no configuration file: name the file in it";
	if (S_ISREG(st.st_mode) && (st.st_mode & (S_IWGRP | S_IWOTH)))
		return "users other than its owner may write to it: chmod go-w";
	if (S_ISREG(st.st_mode) && st.st_uid && st.st_uid != geteuid())
		return "it belongs to neither root nor the user who reads it: chown root";
	return NULL;
}

int config_read(struct config *c, const char *path, char *why, size_t why_size)
{
	struct markup_reader r = {.path = path, .why = why, .why_size = why_size};
	FILE *f = fopen(path, "re");
	const char *error;
	char *text = NULL;
	size_t room = 0;
	ssize_t len = 0;
	int rc = -EPERM;

	if (!f) {
		rc = -errno;
		snprintf(why, why_size, "%s: %s%s", path, strerror(-rc),
			rc == -EACCES ? " (the systemd unit runs the service as user usher: "
					"chgrp usher, chmod g+r, its folder g+x)"
				      : "");
		return rc;
	}
	error = file_error(fileno(f));
	if (!error) {
		len = getdelim(&text, &room, '\0', f); /* all of it: no text has a NUL */
		error = ferror(f) ? strerror(errno) : NULL;
	}
	if (error)
		snprintf(why, why_size, "%s: %s", path, error);
	else
		rc = markup_read(&r, text, len > 0 ? (size_t)len : 0, "usher", read_top, c);
	fclose(f);
	free(text);
	if (!rc)
		snprintf(c->file, sizeof c->file, "%s", path);
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
	*s = config_segment_default();
	s->is_network = is_network;
	s->named = true;
	snprintf(s->name, sizeof s->name, "%s", name);
	return 0;
}

const struct config_segment *config_segment_of(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_segments; i++)
		if (!strcmp(c->segments[i].name, name))
			return &c->segments[i];
	return NULL;
}

int config_remember(struct config *c, const char *network)
{
	struct config_segment *s;

	if (config_segment_of(c, network))
		return 0;
	if (c->n_segments == SEGMENT_MAX)
		return -ENOSPC;
	s = &c->segments[c->n_segments++];
	*s = config_segment_default();
	s->is_network = s->remembered = true;
	snprintf(s->name, sizeof s->name, "%s", network);
	return 0;
}

void config_forget(struct config *c, const char *network)
{
	for (size_t i = 0; i < c->n_segments; i++)
		if (c->segments[i].remembered && !strcmp(c->segments[i].name, network)) {
			c->n_segments--;
			memmove(c->segments + i, c->segments + i + 1,
				(c->n_segments - i) * sizeof c->segments[0]);
			return;
		}
}
