/* The room's face to the main thread: jobs out, answers and events in. */
#include "guest/guest.h"

#include "core/log.h"
#include "core/queue.h"
#include "guest/accel.h"
#include "guest/conn.h"
#include "guest/console.h"
#include "guest/news.h"
#include "guest/ops.h"
#include "guest/runs.h"
#include "guest/virt.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCEL_UNKNOWN = -1 };

struct guests {
	atomic_uint refs; /* ours, and one for each message on its way */
	bool closed;      /* main thread's: messages are only freed */
	bool connected;
	struct guests_config config;
	char *uri, *state_dir, *kernel;
	char accel[8];
	struct conn *conn;
	struct queue *queue;
	struct macs *macs;
	struct consoles *consoles;
	struct runs runs;

	pthread_mutex_t accel_lock; /* held while KVM is tested: once */
	int accel_verdict;
};

static void put(struct guests *g)
{
	if (atomic_fetch_sub(&g->refs, 1) != 1)
		return;
	pthread_mutex_destroy(&g->accel_lock);
	free(g->uri);
	free(g->state_dir);
	free(g->kernel);
	free(g);
}

static void post(struct guests *g, struct message *m, void (*deliver)(struct message *))
{
	atomic_fetch_add(&g->refs, 1);
	m->deliver = deliver;
	mailbox_post(g->config.home, m);
}

const char *guest_event_name(int what)
{
	static const char *const names[] = {[GUEST_STARTED] = "started",
		[GUEST_STOPPED_SELF] = "stopped",
		[GUEST_KILLED] = "killed",
		[GUEST_DEFINED] = "defined",
		[GUEST_UNDEFINED] = "undefined",
		[GUEST_PAUSED] = "paused",
		[GUEST_RESUMED] = "resumed",
		[GUEST_PANICKED] = "panicked",
		[GUEST_RENAMED] = "renamed"};

	return what >= 0 && (size_t)what < sizeof names / sizeof *names ? names[what] : "?";
}

/* Events: from libvirt's threads to the main thread. */

struct notice {
	struct message message;
	struct guests *g;
	enum { NOTICE_UP, NOTICE_DOWN, NOTICE_DOMAIN, NOTICE_NETWORK, NOTICE_PAUSED } kind;
	unsigned connection;
	bool started;
	bool full;      /* NOTICE_PAUSED */
	char path[512]; /* its disk's */
	struct run_event event;
	char text[]; /* name, or reason */
};

static void tell_domain(struct guests *g, const char *name, const struct run_event *e)
{
	struct guest_news news = {.domain = name,
		.uuid = e->uuid,
		.what = e->what,
		.state = e->state,
		.ours = e->ours,
		.how = e->how};

	if (g->config.event)
		g->config.event(g->config.arg, &news);
}

static void on_domain_notice(struct guests *g, struct notice *n)
{
	enum run_verdict v = runs_event(&g->runs, n->text, &n->event);

	log_debug("guest: %s %s%s", n->text, guest_event_name(n->event.what),
		v == RUN_DROP           ? ", our own doing"
			: v == RUN_HOLD ? ", waits for its job"
					: "");
	if (v != RUN_HOLD)
		tell_domain(g, n->text, &n->event);
}

static void on_up(struct guests *g, const struct notice *n)
{
	log_info("guest: connected to libvirt at %s", g->uri);
	g->connected = true;
	runs_reconnected(&g->runs, n->connection);
	if (g->config.connected)
		g->config.connected(g->config.arg);
}

static void on_down(struct guests *g, const struct notice *n)
{
	log_warn("guest: %s; trying again", n->text);
	g->connected = false;
	if (g->config.disconnected)
		g->config.disconnected(g->config.arg, n->text);
}

static void on_paused(struct guests *g, const struct notice *n)
{
	if (g->config.disk_error)
		g->config.disk_error(g->config.arg, n->text, n->event.uuid, n->path, n->full);
}

static void deliver_notice(struct message *m)
{
	struct notice *n = (struct notice *)m;
	struct guests *g = n->g;

	if (g->closed)
		;
	else if (n->kind == NOTICE_UP)
		on_up(g, n);
	else if (n->kind == NOTICE_DOWN)
		on_down(g, n);
	else if (n->kind == NOTICE_DOMAIN)
		on_domain_notice(g, n);
	else if (n->kind == NOTICE_PAUSED)
		on_paused(g, n);
	else if (g->config.network)
		g->config.network(g->config.arg, n->text, n->started);
	free(n);
	put(g);
}

static struct notice *notice_new(struct guests *g, int kind, const char *text)
{
	size_t len = strlen(text) + 1;
	struct notice *n = calloc(1, sizeof *n + len);

	if (!n) {
		log_error("guest: out of memory, a libvirt event is lost: %s", text);
		return NULL;
	}
	n->g = g;
	n->kind = kind;
	memcpy(n->text, text, len);
	return n;
}

static void conn_up(void *arg, unsigned number)
{
	struct notice *n = notice_new(arg, NOTICE_UP, "");
	struct guests *g = arg;

	macs_forget_all(g->macs);
	if (!n)
		return;
	n->connection = number;
	post(arg, &n->message, deliver_notice);
}

static void conn_down(void *arg, const char *why)
{
	struct notice *n = notice_new(arg, NOTICE_DOWN, why);

	if (n)
		post(arg, &n->message, deliver_notice);
}

static void conn_domain(void *arg, const char *name, const char *uuid, int event, int detail)
{
	const struct news_kind *k = news_kind(event, detail);
	struct guests *g = arg;
	struct notice *n = k ? notice_new(arg, NOTICE_DOMAIN, name) : NULL;

	if (event == VIR_DOMAIN_EVENT_DEFINED || event == VIR_DOMAIN_EVENT_UNDEFINED ||
		event == VIR_DOMAIN_EVENT_STARTED)
		macs_forget(g->macs, uuid);
	if (!n)
		return;
	n->event.what = k->what;
	n->event.state = k->state;
	n->event.how = k->how;
	n->event.destroyed =
		event == VIR_DOMAIN_EVENT_STOPPED && detail == VIR_DOMAIN_EVENT_STOPPED_DESTROYED;
	snprintf(n->event.uuid, sizeof n->event.uuid, "%s", uuid);
	post(arg, &n->message, deliver_notice);
}

static void conn_network(void *arg, const char *name, bool started)
{
	struct notice *n = notice_new(arg, NOTICE_NETWORK, name);

	if (!n)
		return;
	n->started = started;
	post(arg, &n->message, deliver_notice);
}

static void conn_paused(
	void *arg, const char *name, const char *uuid, const char *path, const char *reason)
{
	struct notice *n = notice_new(arg, NOTICE_PAUSED, name);

	if (!n)
		return;
	n->full = !strcmp(reason, "enospc");
	snprintf(n->path, sizeof n->path, "%s", path);
	snprintf(n->event.uuid, sizeof n->event.uuid, "%s", uuid);
	post(arg, &n->message, deliver_notice);
}

/* Jobs: from the main thread to a worker and back. */

enum job_kind {
	JOB_CHECK,
	JOB_CREATE,
	JOB_START_INSTALL,
	JOB_SEAL,
	JOB_START_DISK,
	JOB_STOP,
	JOB_DELETE,
	JOB_SHRINK,
	JOB_VOLUME,
	JOB_STATUS,
	JOB_CHANGE,
	JOB_SHUTDOWN,
	JOB_LIST,
	JOB_PUBLISH,
	JOB_NETWORK,
	JOB_NETWORK_MAKE,
	JOB_NETWORK_DROP,
	JOB_NETWORKS,
	JOB_SEATS,
	JOB_SEAT_GUESTS
};

static const struct run_deeds deeds[] = {
	[JOB_CREATE] = {.stop = true, .undefine = true}, /* of what it replaces */
	[JOB_START_INSTALL] = {.stop = true, .start = true},
	[JOB_SEAL] = {.stop = true, .start = true},
	[JOB_START_DISK] = {.start = true},
	[JOB_STOP] = {.stop = true},
	[JOB_DELETE] = {.stop = true, .undefine = true},
	[JOB_SEAT_GUESTS] = {false, false, false},
};

struct job {
	struct work work; /* first */
	struct message message;
	struct guests *g;
	enum job_kind kind;
	guest_done done;
	guest_status_done status_done;
	guest_network_done network_done;
	guest_networks_done networks_done;
	guest_seats_done seats_done;
	guest_volume_done volume_done;
	guest_list_done list_done;
	void *arg;

	char name[GUEST_NAME], uuid[GUEST_UUID];
	char pool[128], volume[128], network[64];
	struct guest_spec spec;
	struct guest_network_spec net_spec;
	struct guest_change change;
	char *fragment, *description; /* own copies of the spec's, or the change's */
	struct ip ip;
	struct mac mac;
	bool has_mac, add, keep;

	/* what came of it */
	int rc;
	char why[GUEST_WHY];
	unsigned connection;
	struct run_deeds did;
	struct guest_status status;
	struct guest_network net, *nets;
	size_t n_nets;
	struct guest_seat *seats;
	size_t n_seats;
	struct guest_volume vol;
	struct guest_seen *list;
	size_t n_list;
};

static struct job *job_from_work(struct work *w)
{
	return (struct job *)w;
}

static void job_free(struct job *j)
{
	free(j->fragment);
	free(j->description);
	free(j->seats);
	free(j->nets);
	free(j->list);
	free(j);
}

/* "qemu+ssh://host/system": a test boot here says nothing about KVM there. */
static bool is_far(const char *uri)
{
	const char *host = strstr(uri, "://");

	return host && host[3] && host[3] != '/';
}

/* Which domain type: asked for, configured, or found out; the first who needs to know waits for
 * the test boot. */
static int find_accel(struct job *j)
{
	struct guests *g = j->g;
	const char *kernel = j->spec.kernel[0] ? j->spec.kernel : g->kernel;
	char cache[512], why[ACCEL_WHY] = "";
	int verdict;

	pthread_mutex_lock(&g->accel_lock);
	if (g->accel_verdict == ACCEL_UNKNOWN) {
		snprintf(cache, sizeof cache, "%s/kvm.verdict", g->state_dir ? g->state_dir : "");
		g->accel_verdict =
			accel_probe(kernel, g->state_dir ? cache : NULL, why, sizeof why);
		log_info("guest: %s", why);
	}
	verdict = g->accel_verdict;
	pthread_mutex_unlock(&g->accel_lock);
	return verdict;
}

/* libvirtd may see less than we do: another namespace, a QEMU without KVM. */
static bool libvirt_has_kvm(virConnectPtr conn)
{
	char *caps = virConnectGetDomainCapabilities(conn, NULL, NULL, NULL, "kvm", 0);

	free(caps);
	return caps;
}

static const char *domain_type(struct job *j, virConnectPtr conn)
{
	const char *accel =
		j->spec.accel[0] && strcmp(j->spec.accel, "auto") ? j->spec.accel : j->g->accel;

	if (strcmp(accel, "auto"))
		return accel;
	if (!strcasecmp(virConnectGetType(conn), "test")) /* libvirt's driver that runs nothing */
		return "test";
	return (is_far(j->g->uri) || find_accel(j) == ACCEL_KVM) && libvirt_has_kvm(conn) ? "kvm"
											  : "qemu";
}

static int job_change(struct job *j, struct op *op)
{
	int rc = ops_change(op, j->name, j->uuid, &j->change);

	return rc ? rc : ops_status(op, j->name, &j->status);
}

static int job_do(struct job *j, struct op *op, bool *ret_made)
{
	switch (j->kind) {
	case JOB_CHECK:
		return ops_check(op, &j->spec, domain_type(j, op->conn));
	case JOB_CREATE:
		return ops_create(op, &j->spec, domain_type(j, op->conn), ret_made);
	case JOB_START_INSTALL:
		return ops_start_install(op, j->name, j->uuid);
	case JOB_SEAL:
		return ops_seal(op, j->name, j->uuid);
	case JOB_START_DISK:
		return ops_start_disk(op, j->name, j->uuid);
	case JOB_STOP:
		return ops_stop(op, j->name, j->uuid);
	case JOB_DELETE:
		return ops_delete(op, &j->spec, j->keep);
	case JOB_SHRINK:
		return ops_shrink(op, j->name, j->uuid, &j->vol);
	case JOB_VOLUME:
		return ops_volume(op, j->pool, j->volume, &j->vol);
	case JOB_STATUS:
		return ops_status(op, j->name, &j->status);
	case JOB_CHANGE:
		return job_change(j, op);
	case JOB_SHUTDOWN:
		return ops_shutdown(op, j->name, j->uuid);
	case JOB_LIST:
		return ops_list(op, &j->list, &j->n_list);
	case JOB_PUBLISH:
		return ops_publish(
			op, j->network, j->name, &j->ip, j->has_mac ? &j->mac : NULL, j->add);
	case JOB_NETWORK:
		return ops_network(op, j->network, &j->net);
	case JOB_NETWORK_MAKE:
		return ops_network_make(op, &j->net_spec, &j->net);
	case JOB_NETWORK_DROP:
		return ops_network_drop(op, j->network);
	case JOB_NETWORKS:
		return ops_networks(op, &j->nets, &j->n_nets);
	case JOB_SEATS:
		return ops_seats(op, j->network, &j->seats, &j->n_seats);
	case JOB_SEAT_GUESTS:
		return ops_seat_guests(op, j->network, j->name);
	}
	return -ENOSYS;
}

/* One try. Returns whether the connection broke on the way. */
static bool job_try(struct job *j, bool *ret_made)
{
	struct op op = {.why = j->why, .macs = j->g->macs};

	j->why[0] = '\0';
	op.conn =
		conn_get(j->g->conn, GUEST_CONNECT_WAIT_MS, &j->connection, j->why, sizeof j->why);
	if (!op.conn) {
		j->rc = -ENOTCONN;
		return false;
	}
	j->rc = job_do(j, &op, ret_made);
	j->did = op.did;
	if (j->rc && virConnectIsAlive(op.conn) != 1)
		j->rc = -ENOTCONN;
	if (j->rc == -ENOTCONN)
		conn_broken(j->g->conn, op.conn);
	virConnectClose(op.conn);
	return j->rc == -ENOTCONN;
}

/* libvirtd went away while it created: nothing may stay behind half-made. The reason stays as it
 * is. */
static void undo_create(struct job *j)
{
	char why[GUEST_WHY];
	struct op op = {.why = why};
	unsigned number;

	op.conn = conn_get(j->g->conn, 3 * GUEST_CONNECT_WAIT_MS, &number, why, sizeof why);
	if (!op.conn)
		return;
	ops_delete(&op, &j->spec, false);
	virConnectClose(op.conn);
}

static void deliver_job(struct message *m);

/* All can be done twice, but for a creation that has begun. */
static void job_run(struct work *w)
{
	struct job *j = job_from_work(w);
	bool made = false;

	if (job_try(j, &made) && !made)
		job_try(j, &made);
	if (j->rc == -ENOTCONN && made)
		undo_create(j);
	post(j->g, &j->message, deliver_job);
}

static void job_drop(struct work *w)
{
	job_free(job_from_work(w));
}

static void answer_network(struct job *j)
{
	if (j->rc)
		j->net = (struct guest_network){0};
	snprintf(j->net.name, sizeof j->net.name, "%s", j->network);
	j->network_done(j->arg, j->rc, &j->net, j->why);
}

static void job_answer(struct job *j)
{
	struct run_event *e, *next;

	e = runs_end(&j->g->runs, j->name, j->connection, &deeds[j->kind], &j->did);
	if (j->seats_done)
		j->seats_done(j->arg, j->rc, j->seats, j->n_seats, j->why);
	else if (j->volume_done)
		j->volume_done(j->arg, j->rc, &j->vol, j->why);
	else if (j->networks_done)
		j->networks_done(j->arg, j->rc, j->nets, j->n_nets, j->why);
	else if (j->list_done)
		j->list_done(j->arg, j->rc, j->list, j->n_list, j->why);
	else if (j->network_done)
		answer_network(j);
	else if (j->status_done)
		j->status_done(j->arg, j->rc, &j->status, j->why);
	else if (j->done)
		j->done(j->arg, j->rc, j->why);
	for (; e; e = next) {
		next = e->next;
		if (!j->g->closed)
			tell_domain(j->g, j->name, e);
		free(e);
	}
}

static void deliver_job(struct message *m)
{
	struct job *j = (struct job *)((char *)m - offsetof(struct job, message));
	struct guests *g = j->g;

	if (!g->closed)
		job_answer(j);
	job_free(j);
	put(g);
}

static struct job *job_new(struct guests *g, enum job_kind kind, const char *name, const char *uuid)
{
	struct job *j = g ? calloc(1, sizeof *j) : NULL;

	if (!j)
		return NULL;
	j->work.run = job_run;
	j->work.drop = job_drop;
	j->g = g;
	j->kind = kind;
	snprintf(j->name, sizeof j->name, "%s", name);
	snprintf(j->uuid, sizeof j->uuid, "%s", uuid ? uuid : "");
	snprintf(j->work.key, sizeof j->work.key, "domain %s", name);
	return j;
}

/* Takes the job, which may be NULL. */
static int submit(struct job *j, guest_done done, guest_status_done status_done, void *arg)
{
	struct run_deeds none = {false, false, false};
	int rc;

	if (!j)
		return -ENOMEM;
	j->done = done;
	j->status_done = status_done;
	j->arg = arg;
	if ((rc = runs_begin(&j->g->runs, j->name, &deeds[j->kind]))) {
		job_free(j);
		return rc;
	}
	if ((rc = queue_put(j->g->queue, &j->work))) {
		/* Nothing was held for it: the job is not even under way. */
		free(runs_end(&j->g->runs, j->name, j->g->runs.connection, &deeds[j->kind], &none));
		job_free(j);
	}
	return rc;
}

static void draw_uuid(char uuid[GUEST_UUID])
{
	FILE *f = fopen("/proc/sys/kernel/random/uuid", "re");

	if (!f)
		return;
	if (!fgets(uuid, GUEST_UUID, f))
		uuid[0] = '\0';
	fclose(f);
}

static struct job *job_with_spec(
	struct guests *g, enum job_kind kind, const struct guest_spec *spec)
{
	struct job *j = job_new(g, kind, spec->name, spec->uuid);

	if (!j)
		return NULL;
	j->spec = *spec;
	/* Known before the call: what is half-made when libvirtd dies is found again by it. */
	if (!j->spec.uuid[0] && kind == JOB_CREATE)
		draw_uuid(j->spec.uuid);
	j->work.slow = kind == JOB_CREATE && *spec->base_volume && !spec->linked;
	j->spec.fragment = j->fragment = spec->fragment ? strdup(spec->fragment) : NULL;
	j->spec.description = j->description = spec->description ? strdup(spec->description) : NULL;
	if (!j->fragment == !spec->fragment && !j->description == !spec->description)
		return j;
	job_free(j);
	return NULL;
}

int guest_check(struct guests *g, const struct guest_spec *spec, guest_done done, void *arg)
{
	return submit(job_with_spec(g, JOB_CHECK, spec), done, NULL, arg);
}

int guest_create(struct guests *g, const struct guest_spec *spec, guest_done done, void *arg)
{
	return submit(job_with_spec(g, JOB_CREATE, spec), done, NULL, arg);
}

int guest_start_install(
	struct guests *g, const char *name, const char *uuid, guest_done done, void *arg)
{
	return submit(job_new(g, JOB_START_INSTALL, name, uuid), done, NULL, arg);
}

int guest_seal(struct guests *g, const char *name, const char *uuid, guest_done done, void *arg)
{
	return submit(job_new(g, JOB_SEAL, name, uuid), done, NULL, arg);
}

int guest_start_disk(
	struct guests *g, const char *name, const char *uuid, guest_done done, void *arg)
{
	return submit(job_new(g, JOB_START_DISK, name, uuid), done, NULL, arg);
}

int guest_stop(struct guests *g, const char *name, const char *uuid, guest_done done, void *arg)
{
	return submit(job_new(g, JOB_STOP, name, uuid), done, NULL, arg);
}

int guest_delete(
	struct guests *g, const struct guest_spec *spec, bool keep, guest_done done, void *arg)
{
	struct job *j = job_with_spec(g, JOB_DELETE, spec);

	if (j)
		j->keep = keep;
	return submit(j, done, NULL, arg);
}

int guest_volume_info(
	struct guests *g, const char *pool, const char *volume, guest_volume_done done, void *arg)
{
	struct job *j = job_new(g, JOB_VOLUME, "", NULL);

	if (j) {
		j->work.key[0] = '\0'; /* waits for nobody */
		snprintf(j->pool, sizeof j->pool, "%s", pool);
		snprintf(j->volume, sizeof j->volume, "%s", volume);
		j->volume_done = done;
	}
	return submit(j, NULL, NULL, arg);
}

int guest_shrink(
	struct guests *g, const char *name, const char *uuid, guest_volume_done done, void *arg)
{
	struct job *j = job_new(g, JOB_SHRINK, name, uuid);

	if (j) {
		j->work.slow = true;
		j->volume_done = done;
	}
	return submit(j, NULL, NULL, arg);
}

int guest_status(struct guests *g, const char *name, guest_status_done done, void *arg)
{
	return submit(job_new(g, JOB_STATUS, name, NULL), NULL, done, arg);
}

int guest_change(struct guests *g, const char *name, const char *uuid,
	const struct guest_change *change, guest_status_done done, void *arg)
{
	struct job *j = job_new(g, JOB_CHANGE, name, uuid);

	if (!j)
		return -ENOMEM;
	j->change = *change;
	if (change->description) {
		j->change.description = j->description = strdup(change->description);
		if (!j->description) {
			job_free(j);
			return -ENOMEM;
		}
	}
	return submit(j, NULL, done, arg);
}

int guest_shutdown(struct guests *g, const char *name, const char *uuid, guest_done done, void *arg)
{
	return submit(job_new(g, JOB_SHUTDOWN, name, uuid), done, NULL, arg);
}

int guest_list(struct guests *g, guest_list_done done, void *arg)
{
	struct job *j = job_new(g, JOB_LIST, "", NULL);

	if (j)
		j->list_done = done;
	return submit(j, NULL, NULL, arg);
}

/* Updates of one network come one after the other: each reads what is there first. */
static struct job *job_of_network(
	struct guests *g, enum job_kind kind, const char *network, const char *name)
{
	struct job *j = job_new(g, kind, name, NULL);

	if (j) {
		snprintf(j->work.key, sizeof j->work.key, "network %s", network);
		snprintf(j->network, sizeof j->network, "%s", network);
	}
	return j;
}

int guest_publish(struct guests *g, const char *network, const char *name, const struct ip *ip,
	const struct mac *mac, bool add, guest_done done, void *arg)
{
	struct job *j = job_of_network(g, JOB_PUBLISH, network, name);

	if (j) {
		j->ip = *ip;
		j->has_mac = mac;
		if (mac)
			j->mac = *mac;
		j->add = add;
	}
	return submit(j, done, NULL, arg);
}

int guest_network(struct guests *g, const char *network, guest_network_done done, void *arg)
{
	struct job *j = job_of_network(g, JOB_NETWORK, network, "");

	if (j)
		j->network_done = done;
	return submit(j, NULL, NULL, arg);
}

/* One after the other: a free subnet stays free until it is taken. */
static struct job *job_of_networks(struct guests *g, enum job_kind kind, const char *network)
{
	struct job *j = job_of_network(g, kind, network, "");

	if (j)
		snprintf(j->work.key, sizeof j->work.key, "networks");
	return j;
}

int guest_network_make(
	struct guests *g, const struct guest_network_spec *spec, guest_network_done done, void *arg)
{
	struct job *j = job_of_networks(g, JOB_NETWORK_MAKE, spec->name);

	if (j) {
		j->net_spec = *spec;
		j->network_done = done;
	}
	return submit(j, NULL, NULL, arg);
}

int guest_network_drop(struct guests *g, const char *network, guest_done done, void *arg)
{
	return submit(job_of_networks(g, JOB_NETWORK_DROP, network), done, NULL, arg);
}

int guest_networks(struct guests *g, guest_networks_done done, void *arg)
{
	struct job *j = job_of_networks(g, JOB_NETWORKS, "");

	if (j)
		j->networks_done = done;
	return submit(j, NULL, NULL, arg);
}

int guest_seats(struct guests *g, const char *network, guest_seats_done done, void *arg)
{
	struct job *j = job_of_network(g, JOB_SEATS, network, "");

	if (j)
		j->seats_done = done;
	return submit(j, NULL, NULL, arg);
}

int guest_seat_guests(
	struct guests *g, const char *network, const char *domain, guest_done done, void *arg)
{
	return submit(job_of_network(g, JOB_SEAT_GUESTS, network, domain), done, NULL, arg);
}

static char *copy(const char *text, bool *bad)
{
	char *c = text ? strdup(text) : NULL;

	*bad = *bad || (text && !c);
	return c;
}

static int start(struct guests *g)
{
	struct conn_config cc = {.uri = g->uri,
		.arg = g,
		.up = conn_up,
		.down = conn_down,
		.domain = conn_domain,
		.network = conn_network,
		.paused = conn_paused};
	int rc = macs_new(&g->macs);

	if (!rc)
		rc = conn_new(&cc, &g->conn);
	if (!rc)
		rc = queue_new(g->config.workers ? g->config.workers : GUEST_WORKERS, GUEST_JOBS_MAX,
			&g->queue);
	return rc ? rc : consoles_new(g->conn, g->config.home, &g->consoles);
}

int guests_new(const struct guests_config *config, struct guests **ret)
{
	struct guests *g = calloc(1, sizeof *g);
	bool bad = false;
	int rc;

	if (!g)
		return -ENOMEM;
	atomic_init(&g->refs, 1);
	pthread_mutex_init(&g->accel_lock, NULL);
	runs_init(&g->runs);
	g->accel_verdict = ACCEL_UNKNOWN;
	g->config = *config;
	g->uri = copy(config->uri ? config->uri : VIRT_URI, &bad);
	g->state_dir = copy(config->state_dir, &bad);
	g->kernel = copy(config->kernel, &bad);
	snprintf(g->accel, sizeof g->accel, "%s", config->accel ? config->accel : "auto");
	rc = bad ? -ENOMEM : start(g);
	if (rc) {
		guests_free(g);
		return rc;
	}
	*ret = g;
	return 0;
}

void guests_free(struct guests *g)
{
	if (!g)
		return;
	g->closed = true;
	if (g->conn)
		conn_stop_waiting(g->conn);
	queue_free(g->queue);
	consoles_free(g->consoles);
	conn_free(g->conn);
	macs_free(g->macs);
	runs_fini(&g->runs);
	put(g);
}

void guests_connect(struct guests *g)
{
	conn_want(g->conn);
}

bool guests_connected(const struct guests *g)
{
	return g->connected;
}

struct consoles *guests_consoles(struct guests *g)
{
	return g->consoles;
}
