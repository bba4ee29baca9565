/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting and stopping the rooms, in order. */
#include "service/serve.h"
#include "service/servers.h"
#include "service/network/claims.h"
#include "service/settle.h"
#include "service/guests/act.h"
#include "service/follow/reconcile.h"
#include "service/api/events_api.h"
#include "service/console/console_record.h"
#include "service/files/cache.h"
#include "service/guests/hosts.h"
#include "service/network/decided.h"
#include "service/network/links.h"
#include "service/network/segments.h"
#include "service/start_look.h"
#include "service/timekeeping.h"
#include "machine/watch.h"
#include "service/media/copying.h"
#include "service/service.h"
#include "config/paths.h"
#include "core/key_file.h"
#include "core/privilege.h"
#include "service/files/ready.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/priority.h"

#include <systemd/sd-daemon.h>

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* A checksum or a download takes one for minutes: there are others for what somebody waits for. */
enum { WORKERS = 6 };

struct run {
	struct service service;
	struct loop_fd signals;
	struct encrypt_key key; /* of the store's secrets */
	bool loop_ready, home_ready, files_ready;
};

/* Each step of the start gives 0, or -errno with one line in `why`. What it made, stop() takes down. */
typedef int start_step(struct run *r, char *why, size_t size);

static int said(int rc, char *why, size_t size, const char *what)
{
	if (rc)
		snprintf(why, size, "%s: %s", what, strerror(-rc));
	return rc;
}

/* Under the unit most of the file system is read-only, and a state folder elsewhere is to be named there too. */
static int start_state_folder(const struct config *c, char *why, size_t size)
{
	int rc = privilege_folder(c->state, 0700, c->user, why, size);

	if (!rc && access(c->state, W_OK) && errno == EROFS)
		rc = -EROFS;
	if (rc == -EROFS)
		snprintf(why, size,
			"%s is on a read-only file system. The systemd unit lets usher write only "
			"to " PATH_STATE
			": create the folder, chown it to '%s', run 'systemctl edit usher', and "
			"add: [Service] ReadWritePaths=%s",
			c->state, c->user, c->state);
	return rc;
}

static int start_folders(struct run *r, char *why, size_t size)
{
	struct config *c = &r->service.base.config;
	char folder[PATH_MAX];
	char *slash;
	int rc = start_state_folder(c, why, size);

	if (!rc)
		config_settle_state(c);
	if (rc)
		return rc;
	if (c->packages &&
		privilege_folder(config_packages_dir(c, folder), 0700, c->user, why, size))
		packages_bar(&r->service.packages, why);
	snprintf(folder, sizeof folder, "%s", c->socket);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return 0;
	*slash = '\0';
	/* a folder that others use too, like /run or /tmp, stays theirs */
	if (!access(folder, F_OK))
		return 0;
	return privilege_folder(folder, 0755, c->user, why, size);
}

/* Before any thread starts and while we may: the loop's answers do not wait for those who move bytes. */
static void claim_priority(void)
{
	int rc = priority_claim();

	log_debug("priority of the main thread: %s", rc ? strerror(-rc) : "claimed");
}

static int start_privilege(struct run *r, char *why, size_t size)
{
	int rc;

	claim_priority();
	access_read_certificate(&r->service.access);
	rc = privilege_drop(r->service.base.config.user, why, size);
	privilege_hide_memory();
	return rc;
}

static void on_signal(struct loop_fd *w, uint32_t events)
{
	struct run *r = w->arg;
	struct service *s = &r->service;
	struct signalfd_siginfo info;

	(void)events;
	if (read(w->fd, &info, sizeof info) != sizeof info)
		return;
	if (info.ssi_signo == SIGHUP) {
		files_refresh(&s->content.files, &s->base.config, &s->content.imported,
			&s->content.profiles);
		ready_warm(&s->content);
		log_info("profiles and media were read again");
		return;
	}
	log_info("stopping");
	s->base.stopping = true;
	loop_stop(s->base.loop, 0);
}

/* A transfer takes two descriptors, a connection one: the usual 1024 would be the first limit met. */
static void raise_descriptors(void)
{
	struct rlimit l;

	if (!getrlimit(RLIMIT_NOFILE, &l)) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

/* Before any thread starts, so that all of them leave these signals to the loop. */
static int start_loop(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;
	sigset_t set;
	int fd, rc;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	raise_descriptors();
	rc = loop_new(&s->base.loop);
	if (rc)
		return said(rc, why, size, "event loop");
	rc = mailbox_init(&s->base.home);
	if (rc)
		return said(rc, why, size, "mailbox");
	r->home_ready = true;
	rc = mailbox_attach(&s->base.home, s->base.loop);
	if (!rc)
		rc = worker_new(WORKERS, &s->base.home, &s->base.worker);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (!rc)
		rc = fd < 0 ? -errno
			    : loop_watch(s->base.loop, &r->signals, fd, EPOLLIN, on_signal, r);
	api_init(&s->api);
	loop_timer_init(&s->settle.turn, settle_now, &s->settle);
	loop_timer_init(&s->settle.deadline, settle_deadline, &s->settle);
	return said(rc, why, size, "event loop");
}

static int start_files(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;
	char folder[PATH_MAX];
	int rc = 0;

	profiles_init(&s->content.profiles);
	files_init(&s->content.files);
	r->files_ready = true;
	for (size_t i = 0; i < s->base.config.n_profiles && !rc; i++)
		rc = profiles_add_path(&s->content.profiles, s->base.config.profiles[i]);
	web_read(&s->api.web, paths_web(folder, sizeof folder));
	return said(rc, why, size, "profiles");
}

static int start_fetches(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;
	struct fetches_config c = {.home = &s->base.home,
		.state = s->base.config.state,
		.cache_max = (uint64_t)s->base.config.cache_mib << 20,
		.local = s->base.config.cache_local,
		.ended = cache_fetched,
		.crowded = cache_crowded,
		.arg = &s->content};

	return fetches_new(&c, &s->content.fetches, why, size);
}

static int start_store(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;
	char path[PATH_MAX + 16];
	int rc;

	snprintf(path, sizeof path, "%s/usher.db", s->base.config.state);
	rc = store_open(path, &s->base.store, why, size);
	if (!rc)
		rc = timekeeping_load(&s->time, why, size);
	if (!rc)
		rc = networks_load(&s->network.networks, s->base.store, why, size);
	s->access.tokens.store = s->base.store;
	if (!rc)
		rc = api_tokens_load(&s->access.tokens, why, size);
	return rc;
}

/* What an earlier usher wrote in clear is encrypted, and what it was is erased. */
static int encrypt_old(struct base *b, char *why, size_t size)
{
	int n = machines_encrypt(b->machines), rc = 0;

	if (n < 0)
		return said(n, why, size, "machines with secrets");
	if (!n)
		return 0;
	rc = store_commit(b->store, NULL, NULL);
	if (!rc)
		rc = store_erase(b->store);
	if (rc)
		log_warn(
			"the secrets of %d machines are being encrypted, and what they were may still be "
			"in %s/usher.db: %s: tried again when the service stops",
			n, b->config.state, strerror(-rc));
	else
		log_info("the secrets of %d machines were in clear in the store, and are encrypted "
			 "now",
			n);
	return 0;
}

/* One line for all of them: `usher show` says more. */
static void say_unreadable(const struct base *b, const char *key)
{
	struct machine *m = NULL, *first = NULL;
	size_t n = 0;

	while ((m = machines_next(b->machines, m))) {
		json_t *names = machine_unreadable(m);

		if (json_array_size(names) && !n++)
			first = m;
		json_decref(names);
	}
	if (n)
		log_warn(
			"secrets of %zu machines cannot be read (the first: %s): %s is not the key that "
			"they were encrypted with. Stop the service and put that back, or set them "
			"again: 'usher show %s' says which",
			n, first->name, key, first->name);
}

static void key_is_missing(const struct base *b, const char *key, char *why, size_t size)
{
	char said[400];

	snprintf(said, sizeof said, "%.390s", why);
	snprintf(why, size,
		"%s is missing, the key of the store's secrets (%s): put it back from a backup. If it is "
		"lost, make another with 'umask 077; head -c 32 /dev/urandom >%s' as user %s; then the "
		"secrets are to be set again",
		key, said, key, b->config.user);
}

/* A key is made when there is none, and nothing that it would have to open. */
static int load_machines(struct run *r, char *why, size_t size)
{
	struct base *b = &r->service.base;
	char path[PATH_MAX + 16];
	int rc;
	bool missing;

	snprintf(path, sizeof path, "%s/usher.key", b->config.state);
	if (*b->config.key)
		snprintf(path, sizeof path, "%s", b->config.key);
	rc = key_file_read(path, &r->key, why, size);
	missing = rc == -ENOENT;
	if (rc && !missing)
		return rc;
	if (!missing)
		machines_use_key(b->machines, &r->key);
	rc = machines_load(b->machines, why, size);
	if (!rc)
		rc = machines_load_usual(b->machines);
	if (rc == -ENOKEY)
		key_is_missing(b, path, why, size);
	if (!rc && missing)
		rc = key_file_make(path, &r->key, why, size);
	if (rc)
		return rc;
	machines_use_key(b->machines, &r->key);
	say_unreadable(b, path);
	return encrypt_old(b, why, size);
}

static int start_segments(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;

	for (size_t i = 0; i < s->network.networks.count; i++)
		if (config_remember(&s->base.config, s->network.networks.all[i].name))
			log_warn("network '%s' is not served: %d others are already served, the "
				 "maximum",
				s->network.networks.all[i].name, SEGMENT_MAX);
	return segments_find(&s->network, why, size);
}

static int start_state(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;
	int rc = imported_load(&s->content.imported, s->base.store, why, size);

	if (!rc)
		rc = decided_load(&s->network, why, size);
	if (!rc)
		rc = discovery_load(&s->discovery, why, size);
	if (rc)
		return rc;
	rc = files_refresh(
		&s->content.files, &s->base.config, &s->content.imported, &s->content.profiles);
	if (rc)
		return said(rc, why, size, "media");
	ready_warm(&s->content);
	copying_begin(&s->imports);
	rc = timeline_new(s->base.store, &s->base.timeline);
	if (!rc)
		rc = machines_new(
			s->base.store, s->base.timeline, &s->base.segments, &s->base.machines);
	if (rc)
		return said(rc, why, size, s->base.config.state);
	rc = load_machines(r, why, size);
	if (rc)
		return rc;
	machines_on_action(s->base.machines, settle_on_action, &s->settle);
	timeline_listen(s->base.timeline, settle_on_timeline, &s->settle);
	timeline_listen(s->base.timeline, metrics_on_event, &s->api.metrics);
	return 0;
}

static int start_dhcpd(struct run *r, char *why, size_t size)
{
	struct base *b = &r->service.base;
	int rc = servers_start_dhcpd(&r->service, why, size);

	return rc ? rc : said(store_start(b->store, &b->home), why, size, "store");
}

static int start_servers(struct run *r, char *why, size_t size)
{
	return servers_start(&r->service, why, size);
}

static int start_site(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;
	const struct webhooks_config w = {.loop = s->base.loop,
		.home = &s->base.home,
		.timeline = s->base.timeline,
		.machines = s->base.machines,
		.places = s->base.config.webhooks,
		.n = s->base.config.n_webhooks};
	int rc = power_new(s->base.loop, &s->base.home, s->base.config.power, &s->power);

	if (!rc)
		rc = hooks_new(s->base.loop, s->base.config.hooks, s->base.timeline,
			s->base.machines, &s->hooks);
	s->act.power = s->power;
	if (!rc)
		rc = webhooks_new(&w, &s->webhooks);
	return said(rc, why, size, "hooks");
}

static int start_guests(struct run *r, char *why, size_t size)
{
	int rc = record_begin(&r->service.consoles);

	if (rc) /* no reason to serve nobody */
		log_warn("%s/console: %s: guest consoles are not recorded",
			r->service.base.config.state, strerror(-rc));
	rc = logs_begin(&r->service.logs);
	if (rc)
		log_warn("%s/log: %s: logs of installers are not kept",
			r->service.base.config.state, strerror(-rc));
	return said(hosts_start(&r->service.hosts), why, size, "libvirt");
}

static gid_t socket_group(const struct config *c)
{
	const struct group *g = *c->socket_group ? getgrnam(c->socket_group) : NULL;

	if (*c->socket_group && !g)
		log_warn("group '%s' does not exist: the API socket keeps the service's own group",
			c->socket_group);
	return g ? g->gr_gid : (gid_t)-1;
}

static int start_listening(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;
	int rc = httpd_open_unix(
		s->httpd, s->base.config.socket, 0660, socket_group(&s->base.config), why, size);

	if (rc == -EPERM && *s->base.config.socket_group)
		snprintf(why, size,
			"%s: user '%s' cannot set its group to '%s' without being a member: run "
			"'usermod -aG %s %s'",
			s->base.config.socket, s->base.config.user, s->base.config.socket_group,
			s->base.config.socket_group, s->base.config.user);
	if (rc)
		return rc;
	access_listen(&s->access, s->httpd);
	rc = links_begin(&s->network, why, size);
	if (!rc)
		rc = said(link_monitor_new(
				  s->base.loop, links_changed, &s->network, &s->network.links),
			why, size, "netlink");
	if (!rc)
		links_look(&s->network);
	return rc;
}

static int start_packages(struct run *r, char *why, size_t size)
{
	(void)why;
	(void)size;
	packages_start(&r->service.packages);
	return 0;
}

static start_step *const steps[] = {start_folders, start_privilege, start_loop, start_files,
	start_store, start_segments, start_state, start_fetches, start_dhcpd, start_site,
	start_guests, start_servers, start_listening, start_packages};

static void say_served(const struct segment *seg)
{
	char ip[IP_TEXT], four[IP_TEXT + 8] = "", six[IP_TEXT + 8] = "";

	if (ip_is_set(&seg->server))
		snprintf(
			four, sizeof four, ", %s/%u", ip_format(&seg->server, ip), seg->prefix_len);
	if (ip_is_set(&seg->six.server))
		snprintf(six, sizeof six, ", %s/%u", ip_format(&seg->six.server, ip),
			seg->six.prefix_len);
	log_info("serving %s '%s' on %s%s%s, HTTP port %u",
		seg->is_network ? "network" : "interface", seg->name, seg->ifname, four, six,
		seg->http_port);
}

static void say_ready(struct service *s)
{
	bool networks = false;

	for (size_t i = 0; i < s->base.segments.count; i++) {
		const struct segment *seg = s->base.segments.all[i];
		char ip[IP_TEXT];

		networks |= seg->is_network;
		if (seg->via && s->network.served[seg->via - 1].link)
			log_info("serving subnet '%s', %s/%u, behind relays on %s", seg->name,
				ip_format(&seg->subnet, ip), seg->prefix_len, seg->ifname);
		else if (s->network.served[seg->id - 1].link)
			say_served(seg);
	}
	segments_say(&s->network);
	hosts_connect(&s->hosts, networks);
	/* a worker that asks a libvirt that stands still would hold up the stop */
	start_look(&s->base, networks && !s->network.silent);
	timekeeping_start(&s->time);
	machines_restarted(s->base.machines, clock_mono_ms());
	watching_start(&s->watching);
	reconcile_bare(&s->follow);
	settle_set_deadline(&s->settle);
	log_info("ready after %lld ms, %zu machines", (long long)(clock_mono_ms() - s->started),
		machines_count(s->base.machines));
	sd_notifyf(0, "READY=1\nSTATUS=%zu segments, %zu machines", s->base.segments.count,
		machines_count(s->base.machines));
}

/* What it did, and what it will not do any more, comes back to those who wait. */
static void stop_worker(struct run *r)
{
	struct worker *w = r->service.base.worker;

	r->service.base.worker = NULL;
	worker_free(w);
	if (w)
		mailbox_wait(&r->service.base.home, 0);
}

/* Those that speak to the outside first, then what they rest on. */
static void stop(struct run *r)
{
	struct service *s = &r->service;

	s->base.stopping = true;
	sd_notify(0, "STOPPING=1");
	link_monitor_free(s->network.links);
	if (s->base.loop)
		timekeeping_stop(&s->time);
	if (s->base.loop)
		watching_stop(&s->watching);
	stop_worker(r);
	service_drop_waiting(s);
	packages_stop(&s->packages);
	s->abandoned = !hosts_stop(&s->hosts);
	httpd_free(s->httpd);
	tftpd_free(s->tftpd);
	syslogd_free(s->syslogd);
	webhooks_free(s->webhooks);
	s->webhooks = NULL;
	power_free(s->power); /* its errands come home next */
	s->act.power = NULL;
	if (r->home_ready)
		mailbox_wait(&s->base.home,
			0); /* the last transfers' ends, while there is a timeline to take them */
	if (s->base.store)
		store_commit(s->base.store, NULL, NULL);
	hooks_free(s->hooks);
	settle_drop_all(&s->settle);
	act_drop_all(&s->act);
	reconcile_drop_all(&s->follow);
	store_close(s->base.store);
	dhcpd_free(s->dhcpd);
	claims_fini(&s->network);
	discovery_fini(&s->discovery);
	if (r->home_ready && !s->abandoned)
		mailbox_fini(&s->base.home);
	machines_free(s->base.machines);
	explicit_bzero(&r->key, sizeof r->key);
	api_fini(&s->api);
	access_fini(&s->access);
	timeline_free(s->base.timeline);
	metrics_fini(&s->api.metrics);
	segments_fini(&s->base.segments);
	if (r->files_ready) {
		files_fini(&s->content.files);
		profiles_fini(&s->content.profiles);
		imported_fini(&s->content.imported);
	}
	if (r->signals.fd > 0)
		close(r->signals.fd);
	loop_free(s->base.loop);
}

int serve(const struct config *config)
{
	struct run *r = calloc(1, sizeof *r);
	char why[1024] = "";
	int rc = 0;

	if (!r)
		return 1;
	log_init(config->log_priority);
	umask(077);
	r->service.base.config = *config;
	r->service.started = clock_mono_ms();
	service_connect(&r->service);
	for (size_t i = 0; i < sizeof steps / sizeof *steps && !rc; i++)
		rc = steps[i](r, why, sizeof why);
	if (rc) {
		log_error("%s", *why ? why : strerror(-rc));
	} else {
		say_ready(&r->service);
		rc = loop_run(r->service.base.loop);
	}
	stop(r);
	if (!r->service.abandoned)
		free(r);
	return rc ? 1 : 0;
}
