/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs and events against libvirt's own test driver: a host in memory, in this process. */
#include "guest/domain/domain_xml.h"
#include "guest/guest.h"

#include <check.h>
#include <errno.h>
#include <libvirt/libvirt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define URI "test:///default"

static struct mailbox home;
static struct guests *guests;
static virConnectPtr other; /* somebody else on the same host */

static struct {
	unsigned connected, done;
	int rc;
	char why[GUEST_WHY];
	struct guest_status status;
	struct guest_seen list;
	enum guest_state state; /* after the last event */
	char how[128];
	char log[256]; /* events and answers, in order */
} seen;

static void note(const char *word)
{
	size_t n = strlen(seen.log);

	snprintf(seen.log + n, sizeof seen.log - n, "%s%s", n ? " " : "", word);
}

static void on_connected(void *arg)
{
	ck_assert_ptr_eq(arg, &seen);
	seen.connected++;
}

/* Definitions are told of whoever made them; stops and undefinings of our own are no news. */
static void on_event(void *arg, const struct guest_news *news)
{
	ck_assert_ptr_eq(arg, &seen);
	ck_assert_uint_eq(strlen(news->uuid), UUID_TEXT - 1);
	if (strcmp(news->domain, "web01") && strcmp(news->domain, "web02"))
		return;
	if (news->state)
		seen.state = news->state;
	snprintf(seen.how, sizeof seen.how, "%s", news->how);
	if (news->what != GUEST_DEFINED && (!news->ours || news->what == GUEST_STARTED))
		note(guest_event_name(news->what));
}

static void on_network(void *arg, const char *network, bool started)
{
	ck_assert_ptr_eq(arg, &seen);
	ck_assert_str_eq(network, "default");
	note(started ? "net-started" : "net-stopped");
}

static void on_done(void *arg, int rc, const char *why)
{
	ck_assert_ptr_eq(arg, &home);
	seen.rc = rc;
	snprintf(seen.why, sizeof seen.why, "%s", why);
	seen.done++;
	note("done");
}

static void on_status(void *arg, int rc, const struct guest_status *st, const char *why)
{
	seen.status = *st;
	on_done(arg, rc, why);
}

/* The one that is not the test driver's own. */
static void on_list(void *arg, int rc, const struct guest_seen *all, size_t n, const char *why)
{
	ck_assert_uint_eq(n, 2);
	ck_assert_int_lt(strcmp(all[0].uuid, all[1].uuid), 0);
	seen.list = all[strcmp(all[0].name, "test") == 0];
	on_done(arg, rc, why);
}

static struct guest_spec spec(void)
{
	struct guest_spec s = {.name = "web01",
		.profile = "p",
		.memory_mib = 64,
		.vcpus = 1,
		.disk = 1 << 20,
		.pool = "default-pool",
		.accel = "test",
		.n_nics = 1,
		.filter = true,
		.fragment = "<domain><cpu mode='custom'><model>z</model></cpu></domain>"};

	snprintf(s.nics[0].network, sizeof s.nics[0].network, "default");
	ip_parse("192.168.122.3", &s.nics[0].ip);
	mac_from_ip(&s.nics[0].ip, &s.nics[0].mac);
	return s;
}

/* Waits for the answers of `n` jobs, then a little for events that are still on their way. */
static int wait_done(unsigned n)
{
	for (int i = 0; i < 500 && seen.done < n; i++)
		mailbox_wait(&home, 20);
	ck_assert_uint_eq(seen.done, n);
	for (int i = 0; i < 5; i++)
		mailbox_wait(&home, 10);
	seen.done = 0;
	return seen.rc;
}

static const char *take_log(void)
{
	static char log[sizeof seen.log];

	memcpy(log, seen.log, sizeof log);
	seen.log[0] = '\0';
	return log;
}

/* An event is libvirt's own thread's: it may come before the answer of a job, or well after it. */
static void told(const char *event)
{
	for (int i = 0; i < 500 && !strstr(seen.log, event); i++)
		mailbox_wait(&home, 20);
	ck_assert_msg(strstr(seen.log, event) != NULL, "no \"%s\" in \"%s\"", event, seen.log);
	take_log();
}

static void good(int submitted)
{
	ck_assert_int_eq(submitted, 0);
	ck_assert_msg(wait_done(1) == 0, "%s", seen.why);
}

static void bad(int submitted, int rc, const char *why)
{
	ck_assert_int_eq(submitted, 0);
	ck_assert_int_eq(wait_done(1), rc);
	ck_assert_msg(strstr(seen.why, why) != NULL, "\"%s\" is not in \"%s\"", why, seen.why);
}

static void create(void)
{
	struct guest_spec s = spec();

	good(guest_create(guests, &s, on_done, &home));
	ck_assert_str_eq(seen.why, "");
}

static int delete (const char *uuid)
{
	struct guest_spec s = spec();

	snprintf(s.uuid, sizeof s.uuid, "%s", uuid ? uuid : "");
	return guest_delete(guests, &s, false, on_done, &home);
}

static void install(void)
{
	good(guest_start_install(guests, "web01", NULL, on_done, &home));
}

static virDomainPtr theirs(void)
{
	virDomainPtr d = virDomainLookupByName(other, "web01");

	ck_assert_ptr_nonnull(d);
	return d;
}

static bool volume_exists(void)
{
	virStoragePoolPtr p = virStoragePoolLookupByName(other, "default-pool");
	virStorageVolPtr v = virStorageVolLookupByName(p, "web01.qcow2");

	virStoragePoolFree(p);
	if (v)
		virStorageVolFree(v);
	return v;
}

static void setup(void)
{
	struct guests_config config = {.home = &home,
		.uri = URI,
		.arg = &seen,
		.connected = on_connected,
		.event = on_event,
		.network = on_network};

	memset(&seen, 0, sizeof seen);
	ck_assert_int_eq(mailbox_init(&home), 0);
	ck_assert_int_eq(guests_new(&config, &guests), 0);
	other = virConnectOpen(URI);
	ck_assert_ptr_nonnull(other);
}

static void teardown(void)
{
	guests_free(guests);
	virConnectClose(other);
	mailbox_fini(&home);
}

START_TEST(connects_when_wanted)
{
	for (int i = 0; i < 5; i++)
		mailbox_wait(&home, 20);
	ck_assert_uint_eq(seen.connected, 0);
	guests_connect(guests);
	for (int i = 0; i < 100 && !seen.connected; i++)
		mailbox_wait(&home, 20);
	ck_assert_uint_eq(seen.connected, 1);
	ck_assert(guests_connected(guests));
}
END_TEST

static int state_now(void)
{
	virDomainPtr d = theirs();
	int state = -1;

	virDomainGetState(d, &state, NULL, 0);
	virDomainFree(d);
	return state;
}

static void pause_it(void)
{
	virDomainPtr d = theirs();

	ck_assert_int_eq(virDomainSuspend(d), 0);
	virDomainFree(d);
	ck_assert_int_eq(state_now(), VIR_DOMAIN_PAUSED);
}

START_TEST(life)
{
	create();
	ck_assert_str_eq(take_log(), "done");
	ck_assert(volume_exists());
	install();
	told("started");
	good(guest_status(guests, "web01", on_status, &home));
	ck_assert(seen.status.defined && seen.status.running && seen.status.ours);
	ck_assert(seen.status.installing);
	take_log();
	good(guest_start_disk(guests, "web01", NULL, on_done, &home)); /* runs already */
	ck_assert_str_eq(take_log(), "done");
	good(guest_stop(guests, "web01", NULL, on_done, &home));
	ck_assert_str_eq(take_log(), "done");
	good(guest_stop(guests, "web01", NULL, on_done, &home));
	good(guest_start_disk(guests, "web01", NULL, on_done, &home));
	told("started");
	pause_it();
	good(guest_start_disk(guests, "web01", NULL, on_done, &home)); /* goes on */
	ck_assert_int_eq(state_now(), VIR_DOMAIN_RUNNING);
	good(guest_status(guests, "web01", on_status, &home));
	ck_assert(seen.status.running && !seen.status.installing);
	take_log();
	good(delete (seen.status.uuid));
	ck_assert_str_eq(take_log(), "done");
	ck_assert(!volume_exists());
	good(delete (NULL));
	good(guest_status(guests, "web01", on_status, &home));
	ck_assert(!seen.status.defined && !seen.status.running);
	good(guest_stop(guests, "web01", NULL, on_done, &home));
	bad(guest_start_disk(guests, "web01", NULL, on_done, &home), -ENOENT, "no domain web01");
	bad(guest_start_install(guests, "web01", NULL, on_done, &home), -ENOENT, "no domain web01");
}
END_TEST

/* Is this in the definition, of the next start or (0) of what runs? */
static bool defined_with(unsigned flags, const char *part)
{
	virDomainPtr d = theirs();
	char *xml = virDomainGetXMLDesc(d, flags);
	bool has = strstr(xml, part);

	free(xml);
	virDomainFree(d);
	return has;
}

START_TEST(changed)
{
	struct guest_change grow = {128, 2, 1, "of the web"}, shrink = {32, 1, 0, ""},
			    nothing = {.autostart = -1};
	virDomainPtr d;
	int autostart = 0;

	create();
	good(guest_change(guests, "web01", NULL, &grow, on_status, &home));
	ck_assert(seen.status.defined && !seen.status.running);
	ck_assert(defined_with(VIR_DOMAIN_XML_INACTIVE, "<memory unit='KiB'>131072</memory>"));
	ck_assert(defined_with(VIR_DOMAIN_XML_INACTIVE, "<currentMemory unit='KiB'>131072<"));
	ck_assert(defined_with(VIR_DOMAIN_XML_INACTIVE, ">2</vcpu>"));
	ck_assert(defined_with(VIR_DOMAIN_XML_INACTIVE, "<description>of the web</description>"));
	d = theirs();
	ck_assert(!virDomainGetAutostart(d, &autostart) && autostart);
	good(guest_start_disk(guests, "web01", NULL, on_done, &home));
	good(guest_change(guests, "web01", NULL, &shrink, on_status, &home));
	ck_assert(seen.status.running);
	ck_assert(defined_with(0, "<memory unit='KiB'>131072</memory>"));
	ck_assert(defined_with(VIR_DOMAIN_XML_INACTIVE, "<memory unit='KiB'>32768</memory>"));
	ck_assert(defined_with(VIR_DOMAIN_XML_INACTIVE, "<currentMemory unit='KiB'>32768<"));
	ck_assert(defined_with(VIR_DOMAIN_XML_INACTIVE, ">1</vcpu>"));
	ck_assert(!defined_with(VIR_DOMAIN_XML_INACTIVE, "<description>"));
	ck_assert(!virDomainGetAutostart(d, &autostart) && !autostart);
	virDomainFree(d);
	good(guest_change(guests, "web01", NULL, &nothing, on_status, &home));
	take_log();
	good(guest_shutdown(guests, "web01", NULL, on_done, &home));
	told("stopped");
	ck_assert_int_eq(guest_shutdown(guests, "web01", NULL, on_done, &home), 0);
	ck_assert_int_ne(wait_done(1), 0);
	ck_assert_ptr_nonnull(strstr(seen.why, "shutting it down"));
	good(delete (NULL));
	bad(guest_change(guests, "web01", NULL, &grow, on_status, &home), -ENOENT,
		"no domain web01");
	bad(guest_shutdown(guests, "web01", NULL, on_done, &home), -ENOENT, "no domain web01");
}
END_TEST

/* The jobs of a domain keep their order, and only what is true at the end is told as news. */
START_TEST(many_at_once)
{
	struct guest_spec s = spec();

	ck_assert_int_eq(guest_create(guests, &s, on_done, &home), 0);
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(guest_start_install(guests, "web01", NULL, on_done, &home), 0);
		ck_assert_int_eq(guest_stop(guests, "web01", NULL, on_done, &home), 0);
	}
	ck_assert_int_eq(guest_start_disk(guests, "web01", NULL, on_done, &home), 0);
	ck_assert_int_eq(wait_done(22), 0);
	ck_assert_ptr_null(strstr(seen.log, "killed"));
	ck_assert_ptr_null(strstr(seen.log, "stopped"));
	good(delete (NULL));
}
END_TEST

START_TEST(others_doings_are_news)
{
	virDomainPtr d;

	create();
	install();
	take_log();
	d = theirs();
	virDomainDestroy(d);
	good(guest_status(guests, "web01", on_status, &home));
	told("killed");
	install();
	take_log();
	virDomainShutdown(d);
	good(guest_status(guests, "web01", on_status, &home));
	told("stopped");
	virDomainUndefine(d);
	good(guest_status(guests, "web01", on_status, &home));
	told("undefined");
	virDomainFree(d);
}
END_TEST

START_TEST(networks_are_watched)
{
	virNetworkPtr n = virNetworkLookupByName(other, "default");
	struct guest_spec s = spec();

	good(guest_status(guests, "web01", on_status, &home));
	take_log();
	virNetworkDestroy(n);
	told("net-stopped");
	bad(guest_check(guests, &s, on_done, &home), -ENOENT, "virsh net-start default");
	virNetworkCreate(n);
	told("net-started");
	good(guest_check(guests, &s, on_done, &home));
	virNetworkFree(n);
}
END_TEST

/* The test driver has none at all. */
START_TEST(filters)
{
	good(guest_filters(guests, on_done, &home));
	ck_assert_str_eq(seen.why, "");
}
END_TEST

START_TEST(refusals)
{
	virStoragePoolPtr pool = virStoragePoolLookupByName(other, "default-pool");
	struct guest_spec s = spec(), former = spec();

	s.memory_mib = 1 << 30;
	bad(guest_check(guests, &s, on_done, &home), -EINVAL, "the host has");
	s = spec();
	s.vcpus = 0;
	bad(guest_check(guests, &s, on_done, &home), -EINVAL, "needs");
	s = spec();
	snprintf(s.pool, sizeof s.pool, "nope");
	bad(guest_check(guests, &s, on_done, &home), -ENOENT, "no storage pool nope");
	s = spec();
	snprintf(s.nics[0].network, sizeof s.nics[0].network, "nope");
	bad(guest_check(guests, &s, on_done, &home), -ENOENT, "no libvirt network nope");
	s = spec();
	s.fragment = "<domain>\n<devices></domain>";
	s.fragment_line = 5;
	bad(guest_check(guests, &s, on_done, &home), -EINVAL, "line 6");
	s = spec();
	virStorageVolFree(virStorageVolCreateXML(
		pool, "<volume><name>web01.qcow2</name><capacity>1</capacity></volume>", 0));
	bad(guest_check(guests, &s, on_done, &home), -EEXIST, "volume web01.qcow2 exists");
	s.replace = true;
	bad(guest_check(guests, &s, on_done, &home), -EEXIST,
		"exists already in pool default-pool: take another name, or delete it: virsh "
		"vol-delete web01.qcow2 --pool default-pool");
	s.former = &former;
	good(guest_check(guests, &s, on_done, &home));
	s.disk = (uint64_t)1 << 60;
	bad(guest_check(guests, &s, on_done, &home), -ENOSPC, "full");
	s.disk = (uint64_t)1 << 40;
	good(guest_check(guests, &s, on_done, &home));
	ck_assert(strstr(seen.why, "left")); /* a warning */
	virStoragePoolFree(pool);
}
END_TEST

/* As one of several that are made one after another. */
START_TEST(among_others)
{
	struct guest_spec s = spec();

	s.taken[0] = (struct guest_taken){
		.pool = "default-pool", .size = (uint64_t)1 << 60, .disks = 199};
	s.n_taken = 1;
	bad(guest_check(guests, &s, on_done, &home), -ENOSPC, "full");
	s.taken[0].size = (uint64_t)1 << 40;
	good(guest_check(guests, &s, on_done, &home));
	ck_assert(strstr(seen.why, "200 disks"));
	snprintf(s.taken[0].pool, sizeof s.taken[0].pool, "another");
	s.taken[0].size = (uint64_t)1 << 60;
	good(guest_check(guests, &s, on_done, &home));

	s = spec();
	snprintf(s.nics[0].network, sizeof s.nics[0].network, "nope");
	s.nics[0].coming = true;
	good(guest_check(guests, &s, on_done, &home));

	create();
	s = spec();
	snprintf(s.name, sizeof s.name, "web02");
	s.uuid[0] = '\0';
	bad(guest_check(guests, &s, on_done, &home), -EEXIST, "belongs to domain web01");
	s.going = "\nweb\nweb01x\n";
	bad(guest_check(guests, &s, on_done, &home), -EEXIST, "belongs to domain web01");
	s.going = "\nweb\nweb01\n";
	good(guest_check(guests, &s, on_done, &home));
}
END_TEST

/* Whoever has the name hides no other fault. */
START_TEST(taken_and_wrong)
{
	struct guest_spec s = spec();

	create();
	snprintf(s.pool, sizeof s.pool, "nope");
	bad(guest_check(guests, &s, on_done, &home), -ENOENT, "no storage pool nope");
}
END_TEST

START_TEST(taken)
{
	struct guest_spec s = spec();

	create();
	bad(guest_check(guests, &s, on_done, &home), -EEXIST, "domain web01 exists");
	s.replace = true;
	good(guest_check(guests, &s, on_done, &home));
	good(guest_create(guests, &s, on_done, &home));
	s.replace = false;
	snprintf(s.name, sizeof s.name, "web02");
	bad(guest_check(guests, &s, on_done, &home), -EEXIST, "belongs to domain web01");
	s.nics[0].mac.b[5]++;
	good(guest_check(guests, &s, on_done, &home));
	snprintf(s.volume, sizeof s.volume, "web01.qcow2");
	bad(guest_check(guests, &s, on_done, &home), -EBUSY,
		"volume web01.qcow2 belongs to domain web01");
	good(delete (NULL));
}
END_TEST

START_TEST(anothers_name)
{
	const char *uuid = "00000000-0000-0000-0000-000000000001";

	create();
	bad(guest_start_install(guests, "web01", uuid, on_done, &home), -EPERM, "not usher's");
	bad(delete (uuid), -EPERM, "not usher's");
	ck_assert(volume_exists());
	good(delete (NULL));
}
END_TEST

/* Neither a domain of somebody else's nor its disk is ever replaced. */
START_TEST(foreign_domain)
{
	struct guest_spec s = spec();
	virDomainPtr d = virDomainDefineXML(other,
		"<domain type='test'><name>web01</name>"
		"<memory>1024</memory><os><type>hvm</type></os></domain>");

	ck_assert_ptr_nonnull(d);
	s.replace = true;
	bad(guest_create(guests, &s, on_done, &home), -EEXIST, "is not usher's");
	virDomainUndefine(d);
	virDomainFree(d);
	good(guest_create(guests, &s, on_done, &home));
	s = spec();
	s.replace = true;
	snprintf(s.name, sizeof s.name, "web02");
	snprintf(s.volume, sizeof s.volume, "web01.qcow2");
	s.nics[0].mac.b[5]++;
	bad(guest_create(guests, &s, on_done, &home), -EBUSY,
		"web01.qcow2 belongs to domain web01");
	ck_assert(volume_exists());
	good(delete (NULL));
}
END_TEST

START_TEST(failure_is_undone)
{
	struct guest_spec s = spec();

	s.fragment = "<domain><devices><watchdog model='none-such'/></devices></domain>";
	bad(guest_create(guests, &s, on_done, &home), -EINVAL, "defining web01");
	ck_assert(!volume_exists());
	good(guest_status(guests, "web01", on_status, &home));
	ck_assert(!seen.status.defined);
}
END_TEST

static bool has_volume(const char *name)
{
	virStoragePoolPtr p = virStoragePoolLookupByName(other, "default-pool");
	virStorageVolPtr v = virStorageVolLookupByName(p, name);

	virStoragePoolFree(p);
	if (v)
		virStorageVolFree(v);
	return v;
}

START_TEST(several_disks)
{
	struct guest_spec s = spec(), former;

	s.n_more = 2;
	s.more[0].size = 2 << 20;
	s.more[1] = (struct guest_disk){.size = 3 << 20, .volume = "data.img"};
	good(guest_create(guests, &s, on_done, &home));
	ck_assert(
		has_volume("web01.qcow2") && has_volume("web01_2.qcow2") && has_volume("data.img"));
	good(guest_delete(guests, &s, true, on_done, &home));
	ck_assert_str_eq(seen.why,
		"/default-pool/web01.qcow2, /default-pool/web01_2.qcow2, /default-pool/data.img");
	ck_assert(
		has_volume("web01.qcow2") && has_volume("web01_2.qcow2") && has_volume("data.img"));
	former = s;
	s.more[1].volume[0] = '\0';
	bad(guest_check(guests, &s, on_done, &home), -EEXIST,
		"a volume web01.qcow2 exists already in pool default-pool");
	s.replace = true;
	s.former = &former;
	good(guest_create(guests, &s, on_done, &home));
	good(guest_delete(guests, &s, false, on_done, &home));
	ck_assert(!has_volume("web01.qcow2") && !has_volume("web01_2.qcow2") &&
		!has_volume("web01_3.qcow2") && has_volume("data.img"));
	snprintf(s.more[0].volume, sizeof s.more[0].volume, "web01.qcow2");
	bad(guest_check(guests, &s, on_done, &home), -EINVAL,
		"two disks name the same volume web01.qcow2 in pool default-pool");
	snprintf(s.more[0].pool, sizeof s.more[0].pool, "nope");
	bad(guest_check(guests, &s, on_done, &home), -ENOENT, "no storage pool nope");
}
END_TEST

/* `on`: the path beneath it. */
static void put_volume_on(const char *name, const char *on)
{
	virStoragePoolPtr p = virStoragePoolLookupByName(other, "default-pool");
	char xml[512];
	virStorageVolPtr v;

	snprintf(xml, sizeof xml, "<volume><name>%s</name><capacity>1</capacity>%s%s%s</volume>",
		name, on ? "<backingStore><path>" : "", on ? on : "",
		on ? "</path><format type='qcow2'/></backingStore>" : "");
	v = virStorageVolCreateXML(p, xml, 0);
	ck_assert_ptr_nonnull(v);
	virStorageVolFree(v);
	virStoragePoolFree(p);
}

static void put_volume(const char *name)
{
	put_volume_on(name, NULL);
}

static void drop_volume(const char *name)
{
	virStoragePoolPtr p = virStoragePoolLookupByName(other, "default-pool");
	virStorageVolPtr v = virStorageVolLookupByName(p, name);

	ck_assert_int_eq(virStorageVolDelete(v, 0), 0);
	virStorageVolFree(v);
	virStoragePoolFree(p);
}

/* What no guest of that name ever had stays, whether there is an older guest or not. */
START_TEST(replace_of_nobodys_volume)
{
	const char *why = "a volume debian.iso exists already in pool default-pool";
	struct guest_spec s = spec(), former = spec();

	put_volume("debian.iso");
	s.n_more = 1;
	s.more[0] = (struct guest_disk){.size = 1 << 20, .volume = "debian.iso"};
	s.replace = true;
	bad(guest_create(guests, &s, on_done, &home), -EEXIST, why);
	create();
	bad(guest_create(guests, &s, on_done, &home), -EEXIST, why);
	s.former = &former;
	bad(guest_create(guests, &s, on_done, &home), -EEXIST, why);
	snprintf(former.pool, sizeof former.pool, "another");
	former.n_more = 1;
	former.more[0] = s.more[0];
	bad(guest_create(guests, &s, on_done, &home), -EEXIST, why);
	ck_assert(has_volume("debian.iso") && has_volume("web01.qcow2"));
	drop_volume("debian.iso");
	good(delete (NULL));
}
END_TEST

/* What a definition of the older guest has as a disk is its own, whatever its name; a medium in its drive is not. */
START_TEST(replace_of_its_volumes)
{
	struct guest_spec s = spec();
	virDomainPtr d;

	s.n_more = 1;
	s.more[0] = (struct guest_disk){.size = 1 << 20, .volume = "data.img"};
	good(guest_create(guests, &s, on_done, &home));
	s.replace = true;
	good(guest_create(guests, &s, on_done, &home));
	good(guest_delete(guests, &s, false, on_done, &home));
	put_volume("data.img");
	d = virDomainDefineXML(other,
		"<domain type='test'><name>web01</name><memory>1024</memory><os><type>hvm</type></os>"
		"<metadata><u:usher xmlns:u='" DOMAIN_XML_NS "' profile='p'/></metadata><devices>"
		"<disk type='file' device='cdrom'><source file='/default-pool/data.img'/>"
		"<target dev='hda'/></disk></devices></domain>");
	ck_assert_ptr_nonnull(d);
	virDomainFree(d);
	bad(guest_create(guests, &s, on_done, &home), -EEXIST, "a volume data.img exists");
	good(guest_delete(guests, &s, false, on_done, &home));
}
END_TEST

static void rename_to(const char *name)
{
	virDomainPtr d = theirs();

	ck_assert_int_eq(virDomainRename(d, name, 0), 0);
	virDomainFree(d);
}

/* A guest with two disks that was made as web01 and is web02 now. */
static struct guest_spec make_renamed(void)
{
	struct guest_spec s = spec();

	s.n_more = 1;
	s.more[0].size = 1 << 20;
	good(guest_create(guests, &s, on_done, &home));
	rename_to("web02");
	snprintf(s.name, sizeof s.name, "web02");
	snprintf(s.made_as, sizeof s.made_as, "web01");
	return s;
}

/* It keeps its volumes; one that only looks like its own is not. */
START_TEST(renamed_and_deleted)
{
	struct guest_spec s = make_renamed();

	put_volume("web02.qcow2");
	good(guest_delete(guests, &s, false, on_done, &home));
	ck_assert(!has_volume("web01.qcow2") && !has_volume("web01_2.qcow2"));
	ck_assert(has_volume("web02.qcow2"));
	drop_volume("web02.qcow2");
}
END_TEST

START_TEST(renamed_and_replaced)
{
	struct guest_spec former = make_renamed(), s = spec();

	snprintf(s.name, sizeof s.name, "web02");
	s.replace = true;
	s.former = &former;
	good(guest_create(guests, &s, on_done, &home));
	ck_assert(!has_volume("web01.qcow2") && !has_volume("web01_2.qcow2"));
	ck_assert(has_volume("web02.qcow2"));
	good(guest_delete(guests, &s, false, on_done, &home));
}
END_TEST

/* Its definition with `by` in place of `was`. */
static void redefine(const char *was, const char *by)
{
	virDomainPtr d = theirs();
	char *xml = virDomainGetXMLDesc(d, VIR_DOMAIN_XML_INACTIVE), *at = strstr(xml, was), *new;

	ck_assert_ptr_nonnull(at);
	virDomainFree(d);
	ck_assert_int_gt(asprintf(&new, "%.*s%s%s", (int)(at - xml), xml, by, at + strlen(was)), 0);
	d = virDomainDefineXML(other, new);
	ck_assert_ptr_nonnull(d);
	virDomainFree(d);
	free(new);
	free(xml);
}

/* As virsh snapshot-create-as --disk-only does, twice. */
static void take_snapshots(void)
{
	put_volume_on("web01.s1", "/default-pool/web01.qcow2");
	put_volume_on("web01.s2", "/default-pool/web01.s1");
	redefine("/default-pool/web01.qcow2", "/default-pool/web01.s2");
}

/* They are its disk now, with what is beneath them: all of it goes, or nothing. */
START_TEST(deleted_with_snapshots)
{
	struct guest_spec s = spec();

	create();
	take_snapshots();
	put_volume_on("theirs.qcow2", "/default-pool/web01.s1");
	bad(delete (NULL), -EBUSY, "web01.s1 is the backing file of volume theirs.qcow2");
	ck_assert(has_volume("web01.qcow2") && has_volume("web01.s1") && has_volume("web01.s2"));
	drop_volume("theirs.qcow2");
	good(delete (NULL));
	ck_assert(!has_volume("web01.qcow2") && !has_volume("web01.s1") && !has_volume("web01.s2"));

	create();
	take_snapshots();
	good(guest_delete(guests, &s, true, on_done, &home));
	ck_assert_str_eq(seen.why,
		"/default-pool/web01.qcow2, /default-pool/web01.s2, /default-pool/web01.s1");
}
END_TEST

/* A disk that stands on nothing of its record is left, as one that was attached by hand. */
START_TEST(deleted_without_a_strangers_disk)
{
	create();
	put_volume("base.qcow2");
	put_volume_on("data.qcow2", "/default-pool/base.qcow2");
	redefine("</devices>",
		"<disk type='file'><source file='/default-pool/data.qcow2'/>"
		"<target dev='vdz' bus='virtio'/></disk></devices>");
	good(delete (NULL));
	ck_assert(!has_volume("web01.qcow2"));
	ck_assert(has_volume("base.qcow2") && has_volume("data.qcow2"));
}
END_TEST

START_TEST(undone_with_all_disks)
{
	struct guest_spec s = spec();

	s.n_more = 1;
	s.more[0].size = 1 << 20;
	s.fragment = "<domain><devices><watchdog model='none-such'/></devices></domain>";
	bad(guest_create(guests, &s, on_done, &home), -EINVAL, "defining web01");
	ck_assert(!has_volume("web01.qcow2") && !has_volume("web01_2.qcow2"));
}
END_TEST

/* Nobody is called back, nothing leaks (under the sanitizers). */
START_TEST(freed_in_the_middle)
{
	struct guest_spec s = spec();
	struct guests_config config = {.home = &home, .uri = URI, .arg = &seen};

	for (int i = 0; i < 50; i++) {
		ck_assert_int_eq(guest_create(guests, &s, on_done, &home), 0);
		ck_assert_int_eq(delete (NULL), 0);
	}
	guests_free(guests);
	seen.done = 0;
	mailbox_wait(&home, 0);
	ck_assert_uint_eq(seen.done, 0);
	ck_assert_int_eq(guests_new(&config, &guests), 0);
}
END_TEST

START_TEST(no_libvirt)
{
	struct guests_config config = {.home = &home, .uri = "test:///no/such/file", .arg = &seen};
	struct guest_network n;
	char why[GUEST_WHY];

	guests_free(guests);
	ck_assert_int_eq(guests_new(&config, &guests), 0);
	ck_assert_int_eq(guest_stop(guests, "web01", NULL, on_done, &home), 0);
	for (int i = 0; i < 800 && !seen.done; i++)
		mailbox_wait(&home, 20);
	ck_assert_int_eq(seen.rc, -ENOTCONN);
	ck_assert(strstr(seen.why, "does not answer"));
	ck_assert(strstr(seen.why, config.uri));
	ck_assert_int_eq(guest_network_info(config.uri, "default", &n, why, sizeof why), -ENOTCONN);
}
END_TEST

static char sleepers[] = "/tmp/test-guest-XXXXXX";

/* A libvirt with a guest that suspended itself. */
static void put_sleeper(void)
{
	FILE *f = fdopen(mkstemp(sleepers), "w");

	fputs("<node><domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>"
	      "<name>web01</name><memory>8192</memory><os><type>hvm</type></os>"
	      "<test:runstate>7</test:runstate></domain><domain type='test'><name>test</name>"
	      "<memory>8192</memory><os><type>hvm</type></os></domain></node>",
		f);
	fclose(f);
}

/* It is no guest that runs, and a start wakes it, or says why it cannot (the test driver wakes nobody). */
START_TEST(asleep)
{
	char uri[64];
	struct guests_config config = {.home = &home, .uri = uri, .arg = &seen};

	put_sleeper();
	snprintf(uri, sizeof uri, "test://%s", sleepers);
	guests_free(guests);
	ck_assert_int_eq(guests_new(&config, &guests), 0);
	good(guest_list(guests, on_list, &home));
	ck_assert(seen.list.running);
	ck_assert_int_eq(seen.list.paused, GUEST_PAUSE_OUTSIDE);
	bad(guest_start_disk(guests, "web01", NULL, on_done, &home), -EOPNOTSUPP, "waking it");
	unlink(sleepers);
}
END_TEST

/* What somebody else does to it, as libvirt's details tell it. */
START_TEST(behind_our_back)
{
	virDomainPtr d;
	virDomainSnapshotPtr snapshot;

	create();
	good(guest_start_disk(guests, "web01", NULL, on_done, &home));
	ck_assert_int_eq(seen.state, GUEST_RUNNING);
	d = theirs();
	take_log();
	virDomainSuspend(d);
	told("paused");
	ck_assert_int_eq(seen.state, GUEST_HELD);
	virDomainResume(d);
	told("resumed");
	snapshot = virDomainSnapshotCreateXML(d, "<domainsnapshot/>", 0);
	ck_assert_int_eq(virDomainRevertToSnapshot(snapshot, 0), 0);
	virDomainSnapshotDelete(snapshot, 0);
	virDomainSnapshotFree(snapshot);
	told("started");
	ck_assert_str_eq(seen.how, "runs from a snapshot");
	virDomainCoreDump(d, "/dev/null", VIR_DUMP_CRASH);
	told("killed");
	ck_assert_int_eq(seen.state, GUEST_CRASHED);
	ck_assert_str_eq(seen.how, "crashed");
	ck_assert_int_eq(virDomainRename(d, "web02", 0), 0);
	told("renamed");
	virDomainFree(d);
	good(guest_list(guests, on_list, &home));
	ck_assert_str_eq(seen.list.name, "web02");
	ck_assert(seen.list.defined && !seen.list.running && !seen.list.paused);
	d = virDomainLookupByName(other, "web02");
	virDomainCreate(d);
	virDomainSuspend(d);
	told("paused");
	good(guest_list(guests, on_list, &home));
	ck_assert(
		seen.list.defined && seen.list.running && seen.list.paused == GUEST_PAUSE_OUTSIDE);
	virDomainDestroy(d);
	virDomainUndefine(d);
	told("undefined");
	ck_assert_int_eq(seen.state, GUEST_GONE);
	virDomainFree(d);
}
END_TEST

/* Two libvirts in one process: the one that is away holds up nobody, and says which one it is. */
START_TEST(two_libvirts)
{
	struct guests_config config = {.home = &home, .uri = "test:///no/such/file", .arg = &seen};
	struct guests *away;

	ck_assert_int_eq(guests_new(&config, &away), 0);
	for (int i = 0; i < 2 * GUEST_WORKERS; i++)
		ck_assert_int_eq(guest_stop(away, "web01", NULL, on_done, &home), 0);
	create();
	install();
	ck_assert(guests_connected(guests) && !guests_connected(away));
	guests_free(away);
	good(guest_stop(guests, "web01", NULL, on_done, &home));
	ck_assert_int_eq(guest_stop(NULL, "web01", NULL, on_done, &home), -ENOMEM);
}
END_TEST

START_TEST(host)
{
	struct guest_network n;
	struct guest_host h;
	struct guest_pool pool = {0};
	char why[GUEST_WHY] = "", ip[IP_TEXT];

	ck_assert_int_eq(guest_network_info(URI, "default", &n, why, sizeof why), 0);
	ck_assert(n.active && n.dhcp && n.forward);
	ck_assert_str_eq(n.bridge, "virbr0");
	ck_assert_str_eq(ip_format(&n.address, ip), "192.168.122.1");
	ck_assert_int_eq(n.prefix_len, 24);
	ck_assert_int_eq(guest_network_info(URI, "nope", &n, why, sizeof why), -ENOENT);
	ck_assert_int_eq(guest_host_info(URI, &h, why, sizeof why), 0);
	ck_assert_uint_gt(h.memory_mib, 0);
	ck_assert(!h.nwfilter);
	ck_assert_int_eq(guest_pool_info(URI, "default-pool", &pool, why, sizeof why), 0);
	ck_assert_uint_gt(pool.free, 0);
	ck_assert_int_eq(guest_pool_info(URI, "nope", &pool, why, sizeof why), -ENOENT);
}
END_TEST

static struct guest_network parsed(const char *xml)
{
	struct guest_network n;
	char why[GUEST_WHY] = "";

	ck_assert_msg(guest_network_parse(xml, &n, why, sizeof why) == 0, "%s", why);
	return n;
}

START_TEST(network_xml)
{
	struct guest_network n = parsed(
		"<network><forward mode='route'/><bridge name='virbr9'/><domain name='lab.test'/>"
		"<mtu size='1450'/><ip family='ipv6' address='fd00::1' prefix='64'><dhcp><range start='fd00::2' "
		"end='fd00::3'/></dhcp></ip>"
		"<ip address='10.0.0.1' prefix='22'/><ip address='10.9.0.1' "
		"netmask='255.255.0.0'/></network>");
	char ip[IP_TEXT], why[GUEST_WHY];

	ck_assert(n.dns && n.forward && !n.dhcp);
	ck_assert_str_eq(n.domain, "lab.test");
	ck_assert_uint_eq(n.mtu, 1450);
	ck_assert_str_eq(n.bridge, "virbr9");
	ck_assert_str_eq(ip_format(&n.address, ip), "10.0.0.1");
	ck_assert_int_eq(n.prefix_len, 22);
	ck_assert_str_eq(ip_format(&n.address6, ip), "fd00::1");
	ck_assert_int_eq(n.prefix_len6, 64);
	ck_assert(n.advertises);
	n = parsed("<network><dns enable='no'/><ip family='ipv6' address='fd00::1' prefix='80'/>"
		   "<ip family='ipv6' address='fd00:1::1'/></network>");
	ck_assert(!n.advertises && !ip_is_set(&n.address) && !n.dhcp);
	ck_assert_str_eq(ip_format(&n.address6, ip), "fd00::1");
	ck_assert_int_eq(n.prefix_len6, 80);
	/* dnsmasq runs for names, or for whoever leases, and then advertises */
	n = parsed("<network><ip family='ipv6' address='fd00::1'/></network>");
	ck_assert(n.advertises && n.prefix_len6 == 64);
	n = parsed("<network><dns enable='no'/><ip family='ipv6' address='fd00::1'/><ip "
		   "address='10.0.0.1'><dhcp><host mac='52:54:00:00:00:01' ip='10.0.0.2'/></dhcp>"
		   "</ip></network>");
	ck_assert(n.advertises);
	n = parsed("<network><ip address='10.0.0.1'/></network>");
	ck_assert(!n.advertises && !ip_is_set(&n.address6));
	n = parsed("<network><dns enable='no'/><ip address='172.16.1.1' netmask='255.255.255.240'>"
		   "<dhcp><range start='172.16.1.2' end='172.16.1.9'/></dhcp></ip></network>");
	ck_assert(!n.dns && !n.forward && n.dhcp);
	ck_assert_int_eq(n.prefix_len, 28);
	ck_assert_str_eq(ip_format(&n.dhcp_first, ip), "172.16.1.2");
	ck_assert_str_eq(ip_format(&n.dhcp_last, ip), "172.16.1.9");
	n = parsed(
		"<network><ip address='192.168.1.1'><dhcp><bootp file='x'/></dhcp></ip></network>");
	ck_assert(!n.dhcp);
	ck_assert_int_eq(n.prefix_len, 24);
	/* of several addresses the one where it leases, whose subnet that is */
	n = parsed(
		"<network><ip address='10.0.0.1' prefix='22'/><ip family='ipv6' address='fd00::1'>"
		"<dhcp><range start='fd00::2' end='fd00::3'/></dhcp></ip><ip address='10.9.0.1' "
		"prefix='16'><dhcp><range start='10.9.0.2' end='10.9.0.9'/></dhcp></ip>"
		"<ip address='10.8.0.1'/></network>");
	ck_assert(n.dhcp);
	ck_assert_str_eq(ip_format(&n.address, ip), "10.9.0.1");
	ck_assert_int_eq(n.prefix_len, 16);
	ck_assert_str_eq(ip_format(&n.dhcp_first, ip), "10.9.0.2");
	n = parsed("<network><forward mode='bridge'/><bridge name='br0'/></network>");
	ck_assert(!n.dns && !ip_is_set(&n.address));
	ck_assert(n.bridged && !n.forward);
	ck_assert_str_eq(n.bridge, "br0");
	ck_assert_int_eq(guest_network_parse("<network", &n, why, sizeof why), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guest");
	TCase *t = tcase_create("guest");
	SRunner *r;
	int failed;

	suite_add_tcase(s, t);
	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, connects_when_wanted);
	tcase_add_test(t, life);
	tcase_add_test(t, changed);
	tcase_add_test(t, many_at_once);
	tcase_add_test(t, others_doings_are_news);
	tcase_add_test(t, networks_are_watched);
	tcase_add_test(t, filters);
	tcase_add_test(t, refusals);
	tcase_add_test(t, among_others);
	tcase_add_test(t, taken_and_wrong);
	tcase_add_test(t, taken);
	tcase_add_test(t, anothers_name);
	tcase_add_test(t, foreign_domain);
	tcase_add_test(t, failure_is_undone);
	tcase_add_test(t, several_disks);
	tcase_add_test(t, replace_of_nobodys_volume);
	tcase_add_test(t, replace_of_its_volumes);
	tcase_add_test(t, renamed_and_deleted);
	tcase_add_test(t, renamed_and_replaced);
	tcase_add_test(t, deleted_with_snapshots);
	tcase_add_test(t, deleted_without_a_strangers_disk);
	tcase_add_test(t, undone_with_all_disks);
	tcase_add_test(t, freed_in_the_middle);
	tcase_add_test(t, no_libvirt);
	tcase_add_test(t, two_libvirts);
	tcase_add_test(t, asleep);
	tcase_add_test(t, behind_our_back);
	tcase_add_test(t, host);
	tcase_add_test(t, network_xml);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
