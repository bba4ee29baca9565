/* Starting and stopping the rooms, in order. */
#include "service/serve.h"
#include "service/settle.h"
#include "service/guests/act.h"
#include "service/follow/reconcile.h"
#include "service/api/api.h"
#include "service/operations/change.h"
#include "service/operations/create.h"
#include "service/api/events_api.h"
#include "service/operations/patch.h"
#include "service/operations/template.h"
#include "service/operations/trial.h"
#include "service/boot/boot.h"
#include "service/boot/boot_name.h"
#include "service/boot/transfers.h"
#include "service/console/console_record.h"
#include "service/files/cache.h"
#include "service/guests/hosts.h"
#include "service/network/claims.h"
#include "service/network/decided.h"
#include "service/network/links.h"
#include "service/network/networks_api.h"
#include "service/network/segments.h"
#include "service/start_look.h"
#include "service/timekeeping.h"
#include "service/media/copying.h"
#include "service/service.h"
#include "service/media/verifying.h"
#include "config/paths.h"
#include "service/boot/place_look.h"
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
			"%s: a read-only file system. Under the unit only " PATH_STATE
			" can be written: make the folder, give it to user '%s', and allow it "
			"with 'systemctl edit usher': [Service] ReadWritePaths=%s",
			c->state, c->user, c->state);
	return rc;
}

static int start_folders(struct run *r, char *why, size_t size)
{
	const struct config *c = &r->service.config;
	char folder[PATH_MAX];
	char *slash;
	int rc = start_state_folder(c, why, size);

	if (rc)
		return rc;
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
	rc = privilege_drop(r->service.config.user, why, size);
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
		files_refresh(&s->files, &s->config, &s->imported, &s->profiles);
		ready_warm(s);
		log_info("profiles and media were read again");
		return;
	}
	log_info("stopping");
	s->stopping = true;
	loop_stop(s->loop, 0);
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
	rc = loop_new(&s->loop);
	if (rc)
		return said(rc, why, size, "event loop");
	rc = mailbox_init(&s->home);
	if (rc)
		return said(rc, why, size, "mailbox");
	r->home_ready = true;
	rc = mailbox_attach(&s->home, s->loop);
	if (!rc)
		rc = worker_new(WORKERS, &s->home, &s->worker);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (!rc)
		rc = fd < 0 ? -errno : loop_watch(s->loop, &r->signals, fd, EPOLLIN, on_signal, r);
	listings_init(&s->listings, s->loop);
	loop_timer_init(&s->settle, settle_now, s);
	loop_timer_init(&s->deadline, settle_deadline, s);
	return said(rc, why, size, "event loop");
}

static int start_files(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;
	int rc = 0;

	profiles_init(&s->profiles);
	files_init(&s->files);
	r->files_ready = true;
	for (size_t i = 0; i < s->config.n_profiles && !rc; i++)
		rc = profiles_add_path(&s->profiles, s->config.profiles[i]);
	return said(rc, why, size, "profiles");
}

static int start_fetches(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;
	struct fetches_config c = {.home = &s->home,
		.state = s->config.state,
		.cache_max = (uint64_t)s->config.cache_mib << 20,
		.ended = cache_fetched,
		.crowded = cache_crowded,
		.arg = s};

	return fetches_new(&c, &s->fetches, why, size);
}

static int start_store(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;
	char path[PATH_MAX + 16];
	int rc;

	snprintf(path, sizeof path, "%s/usher.db", s->config.state);
	rc = store_open(path, &s->store, why, size);
	if (!rc)
		rc = timekeeping_load(s, why, size);
	if (!rc)
		rc = networks_load(&s->networks, s->store, why, size);
	return rc;
}

static int start_segments(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;

	for (size_t i = 0; i < s->networks.count; i++)
		if (config_remember(&s->config, s->networks.all[i].name))
			log_warn("network '%s' is not served: %d others are",
				s->networks.all[i].name, SEGMENT_MAX);
	return segments_find(s, why, size);
}

static int start_state(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;
	int rc = imported_load(&s->imported, s->store, why, size);

	if (!rc)
		rc = decided_load(s, why, size);
	if (rc)
		return rc;
	rc = files_refresh(&s->files, &s->config, &s->imported, &s->profiles);
	if (rc)
		return said(rc, why, size, "media");
	ready_warm(s);
	copying_begin(s);
	rc = timeline_new(s->store, &s->timeline);
	if (!rc)
		rc = machines_new(s->store, s->timeline, &s->segments, &s->machines);
	if (rc)
		return said(rc, why, size, s->config.state);
	rc = machines_load(s->machines, why, size);
	if (rc)
		return rc;
	machines_on_action(s->machines, settle_on_action, s);
	timeline_listen(s->timeline, settle_on_timeline, s);
	return 0;
}

static void programs_of(const json_t *snapshot, struct dhcp_loaders *ret)
{
	const char **const of[PROFILE_FIRMWARES] = {
		[PROFILE_BIOS] = &ret->bios,
		[PROFILE_EFI_X64] = &ret->efi_x64,
		[PROFILE_EFI_ARM64] = &ret->efi_arm64,
		[PROFILE_HTTP_X64] = &ret->http_x64,
		[PROFILE_HTTP_ARM64] = &ret->http_arm64,
	};

	for (int i = 0; i < PROFILE_FIRMWARES; i++) {
		const char *named = profile_program(snapshot, i);

		*of[i] = named ? named : *of[i];
	}
}

static int start_dhcpd(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;
	struct dhcpd_config c = {.loop = s->loop,
		.store = s->store,
		.machines = s->machines,
		.timeline = s->timeline,
		.segments = &s->segments,
		.programs = programs_of,
		.guests = claims_guest,
		.decided = segments_decided,
		.hears = place_hears,
		.arg = s,
		.gather_ms = DHCPD_GATHER_MS};
	int rc = dhcpd_new(&c, &s->dhcpd);

	if (rc)
		return said(rc, why, size, "dhcp");
	rc = dhcpd_load(s->dhcpd, why, size);
	if (rc)
		return rc;
	return said(store_start(s->store, &s->home), why, size, "store");
}

static void on_request(void *arg, struct http_request *r)
{
	struct service *s = arg;

	if (r->local) {
		api_handle(s, r);
		return;
	}
	r->segment = segment_of_peer(s, r->segment, &r->peer);
	if (!strncmp(r->path, "/m/", 3))
		boot_handle(s, r);
	else
		boot_http_asked(s, r);
}

static int open_for_tftp(
	void *arg, const char *name, int *ret_fd, uint64_t *ret_size, char *why, size_t size)
{
	struct service *s = arg;

	return files_open_tftp(&s->files, name, ret_fd, ret_size, why, size);
}

static int open_for_http(void *arg, const char *path, struct http_file *ret, char *why, size_t size)
{
	struct service *s = arg;

	return files_open_http(&s->files, path, ret, why, size);
}

static int start_servers(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;
	struct tftpd_config t = {.home = &s->home,
		.open = open_for_tftp,
		.asks = boot_tftp_asks,
		.asked = boot_tftp_asked,
		.ended = transfer_tftp_ended,
		.arg = s};
	struct httpd_config h = {.loop = s->loop,
		.home = &s->home,
		.handle = on_request,
		.asks = boot_http_asks,
		.open = open_for_http,
		.knows = transfer_http_knows,
		.dropped = transfer_http_dropped,
		.ended = transfer_http_ended,
		.arg = s};
	int rc = tftpd_new(&t, &s->tftpd);

	if (!rc)
		rc = httpd_new(&h, &s->httpd);
	return said(rc, why, size, "servers");
}

static int start_site(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;
	int rc = power_new(s->loop, s->config.power, &s->power);

	if (!rc)
		rc = hooks_new(s->loop, s->config.hooks, s->timeline, s->machines, &s->hooks);
	return said(rc, why, size, "hooks");
}

static int start_guests(struct run *r, char *why, size_t size)
{
	int rc = record_begin(&r->service);

	if (rc) /* no reason to serve nobody */
		log_warn("%s/console: %s: no guest's console is recorded", r->service.config.state,
			strerror(-rc));
	return said(hosts_start(&r->service), why, size, "libvirt");
}

static gid_t socket_group(const struct config *c)
{
	const struct group *g = *c->socket_group ? getgrnam(c->socket_group) : NULL;

	if (*c->socket_group && !g)
		log_warn("there is no group '%s': the API socket keeps ours", c->socket_group);
	return g ? g->gr_gid : (gid_t)-1;
}

static int start_listening(struct run *r, char *why, size_t size)
{
	struct service *s = &r->service;
	int rc = httpd_open_unix(
		s->httpd, s->config.socket, 0660, socket_group(&s->config), why, size);

	if (rc == -EPERM && *s->config.socket_group)
		snprintf(why, size,
			"%s: user '%s' cannot give it to group '%s' without being in it: usermod "
			"-aG %s %s",
			s->config.socket, s->config.user, s->config.socket_group,
			s->config.socket_group, s->config.user);
	for (size_t i = 0; i < s->segments.count && !rc; i++) {
		struct segment *seg = s->segments.all[i];

		if (!seg->via &&
			ip_is_set(&seg->server)) /* behind a relay: its link is another's */
			rc = links_open(s, seg, why, size);
	}
	if (!rc)
		rc = said(link_monitor_new(s->loop, links_changed, s, &s->links), why, size,
			"netlink");
	if (!rc)
		links_look(s);
	return rc;
}

static start_step *const steps[] = {start_folders, start_privilege, start_loop, start_files,
	start_store, start_segments, start_state, start_fetches, start_dhcpd, start_site,
	start_guests, start_servers, start_listening};

static void say_ready(struct service *s)
{
	bool networks = false;

	for (size_t i = 0; i < s->segments.count; i++) {
		const struct segment *seg = s->segments.all[i];
		char ip[IP_TEXT];

		networks |= seg->is_network;
		if (seg->via && s->served[seg->via - 1].link)
			log_info("serving subnet '%s', %s/%u, behind relays on %s", seg->name,
				ip_format(&seg->subnet, ip), seg->prefix_len, seg->ifname);
		else if (s->served[seg->id - 1].link)
			log_info("serving %s '%s' on %s, %s/%u, HTTP port %u",
				seg->is_network ? "network" : "interface", seg->name, seg->ifname,
				ip_format(&seg->server, ip), seg->prefix_len, seg->http_port);
	}
	segments_say(s);
	hosts_connect(s, networks);
	start_look(s, networks);
	timekeeping_start(s);
	reconcile_bare(s);
	settle_set_deadline(s);
	log_info("ready after %lld ms, %zu machines", (long long)(clock_mono_ms() - s->started),
		machines_count(s->machines));
	sd_notifyf(0, "READY=1\nSTATUS=%zu segments, %zu machines", s->segments.count,
		machines_count(s->machines));
}

/* What it did, and what it will not do any more, comes back to those who wait. */
static void stop_worker(struct run *r)
{
	struct worker *w = r->service.worker;

	r->service.worker = NULL;
	worker_free(w);
	if (w)
		mailbox_wait(&r->service.home, 0);
	verifying_forget(&r->service);
	copying_drop_all(&r->service);
}

/* Those that speak to the outside first, then what they rest on. */
static void stop(struct run *r)
{
	struct service *s = &r->service;

	s->stopping = true;
	sd_notify(0, "STOPPING=1");
	link_monitor_free(s->links);
	if (s->loop)
		timekeeping_stop(s);
	stop_worker(r);
	create_drop_all(s);
	trial_drop_all(s);
	template_drop_all(s);
	change_drop_all(s);
	patch_drop_all(s);
	networks_drop_all(s);
	fetches_free(s->fetches);
	s->fetches = NULL;
	events_drop_all(s);
	listings_drop_all(&s->listings);
	place_drop_all(s);
	record_drop_all(s);
	s->abandoned = !hosts_stop(s);
	httpd_free(s->httpd);
	tftpd_free(s->tftpd);
	if (r->home_ready)
		mailbox_wait(&s->home,
			0); /* the last transfers' ends, while there is a timeline to take them */
	if (s->store)
		store_commit(s->store, NULL, NULL);
	hooks_free(s->hooks);
	power_free(s->power);
	settle_drop_all(s);
	act_drop_all(s);
	reconcile_drop_all(s);
	store_close(s->store);
	dhcpd_free(s->dhcpd);
	claims_fini(s);
	if (r->home_ready && !s->abandoned)
		mailbox_fini(&s->home);
	machines_free(s->machines);
	timeline_free(s->timeline);
	segments_fini(&s->segments);
	if (r->files_ready) {
		files_fini(&s->files);
		profiles_fini(&s->profiles);
		imported_fini(&s->imported);
	}
	if (r->signals.fd > 0)
		close(r->signals.fd);
	loop_free(s->loop);
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
	r->service.config = *config;
	r->service.started = clock_mono_ms();
	for (size_t i = 0; i < sizeof steps / sizeof *steps && !rc; i++)
		rc = steps[i](r, why, sizeof why);
	if (rc) {
		log_error("%s", *why ? why : strerror(-rc));
	} else {
		say_ready(&r->service);
		rc = loop_run(r->service.loop);
	}
	stop(r);
	if (!r->service.abandoned)
		free(r);
	return rc ? 1 : 0;
}
