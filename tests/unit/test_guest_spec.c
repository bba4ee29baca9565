/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libvirt is told of a guest, from its record: all that the record has, and the same after a restart. */
#include "service/guests/guest_spec.h"

#include "guest/guest.h"
#include "kickstart/profile.h"

#include "base_make.h"

#include <errno.h>

static struct base base;
static struct guest_spec spec;
static struct profile *profile;
static char why[512];

static void setup(void)
{
	base_make(&base);
	profile = NULL;
}

static void teardown(void)
{
	profile_free(profile);
	base_unmake(&base);
}

static const struct guest_spec *made(const struct machine *m)
{
	profile_free(profile);
	profile = NULL;
	memset(&spec, 0, sizeof spec);
	ck_assert_msg(!guest_spec_make(&base, m, &spec, &profile, why, sizeof why), "%s", why);
	return &spec;
}

static struct machine *guest(const char *name, const char *address, json_t *with)
{
	struct machine *m = base_record(name, true, "lan", address);

	ck_assert_ptr_nonnull(with);
	base_spec_put(m, json_incref(with));
	json_decref(with);
	return base_add(&base, m);
}

static json_t *all_keys(void)
{
	return json_pack("{s:i, s:i, s:I, s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:s, s:b, "
			 "s:s, s:[{s:I}, {s:I, s:s, s:s}]}",
		"memory", 2048, "vcpus", 3, "disk", (json_int_t)10 << 30, "pool", "fast", "volume",
		"web01.img", "made_as", "web00", "linked", 1, "cpu", "host-model", "firmware",
		"efi-secure", "graphics", "spice", "os_variant", "debian12", "description",
		"of the web", "autostart", 1, "domain", "<domain/>", "disks", "size",
		(json_int_t)5 << 30, "size", (json_int_t)6 << 30, "pool", "slow", "volume",
		"data.img");
}

static void check_all(const struct guest_spec *s, const struct machine *m)
{
	ck_assert_str_eq(s->name, "web01");
	ck_assert_str_eq(s->uuid, m->uuid);
	ck_assert_str_eq(s->profile, "debian-12");
	ck_assert_uint_eq(s->memory_mib, 2048);
	ck_assert_uint_eq(s->vcpus, 3);
	ck_assert_uint_eq(s->disk, 10ull << 30);
	ck_assert_str_eq(s->pool, "fast");
	ck_assert_str_eq(s->volume, "web01.img");
	ck_assert(s->linked);
	ck_assert_str_eq(s->cpu, "host-model");
	ck_assert_str_eq(s->firmware, "efi-secure");
	ck_assert_str_eq(s->graphics, "spice");
	ck_assert_str_eq(s->os_variant, "debian12");
	ck_assert_str_eq(s->description, "of the web");
	ck_assert(s->autostart && s->filter && !s->replace);
	ck_assert_str_eq(s->fragment, "<domain/>");
	ck_assert(s->fragment_own);
	ck_assert_uint_eq(s->n_more, 2);
	ck_assert_uint_eq(s->more[0].size, 5ull << 30);
	ck_assert_str_eq(s->more[0].pool, "");
	ck_assert_str_eq(s->more[0].volume, "");
	ck_assert_uint_eq(s->more[1].size, 6ull << 30);
	ck_assert_str_eq(s->more[1].pool, "slow");
	ck_assert_str_eq(s->more[1].volume, "data.img");
	ck_assert_uint_eq(s->n_nics, 1);
	ck_assert_str_eq(s->nics[0].network, "lan");
	ck_assert(mac_eq(&s->nics[0].mac, &m->nics[0].mac));
	ck_assert_uint_eq(ip_to_v4(&s->nics[0].ip), 0x0a4d0103);
	ck_assert_uint_eq(s->n_oem, 0);
}

START_TEST(nothing_is_lost)
{
	struct machine *m = guest("web01", "10.77.1.3", all_keys());

	check_all(made(m), m);
	/* after a restart */
	profile_free(profile);
	profile = NULL;
	base_make_close(&base);
	base_make_open(&base);
	base_make_start(&base);
	m = machines_by_name(base.machines, "web01");
	ck_assert_ptr_nonnull(m);
	check_all(made(m), m);
	base.config.filter = false;
	ck_assert(!made(m)->filter);
}
END_TEST

START_TEST(what_is_not_said)
{
	const struct guest_spec *s = made(guest("web01", "10.77.1.3", json_object()));

	ck_assert_str_eq(s->pool, "");
	ck_assert_str_eq(s->volume, "");
	ck_assert_str_eq(s->made_as, "");
	ck_assert_str_eq(s->base_volume, "");
	ck_assert_str_eq(s->firmware, "");
	ck_assert_str_eq(s->kernel, "");
	ck_assert_str_eq(s->accel, "");
	ck_assert_ptr_null(s->description);
	ck_assert_ptr_null(s->fragment);
	ck_assert(!s->linked && !s->autostart && !s->fragment_own);
	ck_assert_uint_eq(s->n_more, 0);
	ck_assert_ptr_null(profile);
}
END_TEST

/* All that deleting it needs, and no more. */
START_TEST(disks_alone)
{
	struct machine *m = guest("web01", "10.77.1.3", all_keys());

	memset(&spec, 0xff, sizeof spec);
	guest_spec_disks(m, &spec);
	ck_assert_str_eq(spec.name, "web01");
	ck_assert_str_eq(spec.uuid, m->uuid);
	ck_assert_str_eq(spec.pool, "fast");
	ck_assert_str_eq(spec.volume, "web01.img");
	ck_assert_str_eq(spec.made_as, "web00");
	ck_assert_uint_eq(spec.disk, 10ull << 30);
	ck_assert_uint_eq(spec.n_more, 2);
	ck_assert_str_eq(spec.more[1].volume, "data.img");
	ck_assert_uint_eq(spec.n_nics, 0);
	ck_assert_uint_eq(spec.memory_mib, 0);
	ck_assert_ptr_null(spec.fragment);
}
END_TEST

START_TEST(no_more_disks_than_fit)
{
	json_t *disks = json_array();

	for (int i = 0; i <= GUEST_DISKS; i++)
		json_array_append_new(disks, json_pack("{s:i}", "size", i + 1));
	guest_spec_disks(guest("web01", "10.77.1.3", json_pack("{s:o}", "disks", disks)), &spec);
	ck_assert_uint_eq(spec.n_more, GUEST_DISKS);
	ck_assert_uint_eq(spec.more[GUEST_DISKS - 1].size, GUEST_DISKS);
}
END_TEST

/* Who may lease to it: us, libvirt, anybody there, or nobody knows. */
START_TEST(who_leases)
{
	struct machine *m = base_record("web01", true, "lan", "10.77.1.3");
	const struct guest_nic *nic = spec.nics;

	for (size_t i = 1; i < 3; i++) {
		m->nics[i] = m->nics[0];
		m->nics[i].n_addrs = 0;
		m->nics[i].mac.b[5]++;
	}
	m->n_nics = 3;
	strcpy(m->nics[1].segment, "default");
	strcpy(m->nics[2].segment, "elsewhere");
	base_add(&base, m);
	memset(&spec, 0xff, sizeof spec);
	guest_spec_nics(&base, m, &spec);
	ck_assert_str_eq(spec.name, "web01");
	ck_assert_str_eq(spec.uuid, m->uuid);
	ck_assert_uint_eq(spec.n_nics, 3);
	ck_assert_uint_eq(ip_to_v4(&nic[0].server), 0x0a4d0101);
	ck_assert_uint_eq(nic[0].lessors.net, 0x0a4d0101);
	ck_assert_uint_eq(nic[0].lessors.len, 32);
	ck_assert(!ip_is_set(&nic[1].ip));
	ck_assert_uint_eq(nic[1].lessors.net, 0xc0a87a01);
	ck_assert_uint_eq(nic[1].lessors.len, 32);
	ck_assert(!ip_is_set(&nic[2].server));
	ck_assert_uint_eq(nic[2].lessors.len, 0);
	base_segment(&base, "default")->lessor = (struct ip){0};
	guest_spec_nics(&base, m, &spec);
	ck_assert_uint_eq(nic[1].lessors.net, 0xc0a87a00);
	ck_assert_uint_eq(nic[1].lessors.len, 24);
	base_segment(&base, "lan")->server = (struct ip){0}; /* not served yet */
	guest_spec_nics(&base, m, &spec);
	ck_assert(!ip_is_set(&nic[0].server));
	ck_assert_uint_eq(nic[0].lessors.len, 0);
}
END_TEST

/* The profile's domain, as it was when it was armed; the machine's own stands over it. */
START_TEST(of_its_profile)
{
	struct machine *m = guest("web01", "10.77.1.3", json_object());
	struct profile *p = base_profile("debian-12");

	free(p->domain);
	p->domain = strdup("<domain>p</domain>");
	ck_assert_int_eq(profile_set_media(p, NULL, "http://mirror.example/d", NULL), 0);
	ck_assert_int_eq(machine_arm(m, base_snapshot_of(p), 3, 0), 0);
	ck_assert_str_eq(made(m)->fragment, "<domain>p</domain>");
	ck_assert(!spec.fragment_own);
	ck_assert_str_eq(spec.kernel, ""); /* it lies at a URL */
	base_spec_put(m, json_pack("{s:o}", "domain", json_string("<domain>m</domain>")));
	ck_assert_str_eq(made(m)->fragment, "<domain>m</domain>");
	ck_assert(spec.fragment_own);
}
END_TEST

START_TEST(a_local_kernel)
{
	struct machine *m = guest("web01", "10.77.1.3", json_object());
	struct profile *p = base_profile("debian-12");
	char kernel[600];

	ck_assert_int_eq(profile_set_media(p, "/srv/debian", NULL, NULL), 0);
	snprintf(kernel, sizeof kernel, "/srv/debian/%s", p->kernel.text);
	ck_assert_int_eq(machine_arm(m, base_snapshot_of(p), 3, 0), 0);
	ck_assert_str_eq(made(m)->kernel, kernel);
}
END_TEST

START_TEST(a_snapshot_that_is_none)
{
	struct machine *m = guest("web01", "10.77.1.3", json_object());

	ck_assert_int_eq(machine_arm(m, json_object(), 3, 0), 0);
	why[0] = '\0';
	ck_assert_int_eq(guest_spec_make(&base, m, &spec, &profile, why, sizeof why), -EPROTO);
	ck_assert_str_ne(why, "");
	ck_assert_ptr_null(profile);
}
END_TEST

static struct machine *clone_of(const char *template)
{
	struct machine *m = guest("copy", "10.77.1.4",
		json_pack("{s:s, s:b, s:s}", "template", template, "linked", 1, "pool", "fast"));

	ck_assert_int_eq(machine_clone(m, base_snapshot("debian-12"), 60000, "a clone"), 0);
	return m;
}

START_TEST(clones)
{
	struct machine *t = guest("golden", "10.77.1.3",
			       json_pack("{s:s, s:s}", "pool", "fast", "volume", "golden.base")),
		       *m;

	t->template = true;
	m = clone_of("golden");
	ck_assert(guest_unmade_clone(m));
	made(m);
	ck_assert_str_eq(spec.base_volume, "golden.base");
	ck_assert_str_eq(spec.base_pool, "");
	ck_assert(spec.linked);
	ck_assert_uint_eq(spec.n_oem, 3);
	ck_assert_str_eq(spec.oem[0], "usher:hostname=copy");
	ck_assert_str_eq(spec.oem[1], "usher:domain=lan.example");
	ck_assert_str_eq(spec.oem[2], "usher:up=http://10.77.1.1:8067/m/self/up");
	ck_assert_ptr_null(strstr(spec.oem[2], m->attempt.up_token));
	base_segment(&base, "lan")->domain[0] = '\0';
	base_segment(&base, "lan")->server = (struct ip){0};
	ck_assert_uint_eq(made(m)->n_oem, 1);
	base_spec_put(m, json_pack("{s:o}", "linked", json_false()));
	ck_assert(!made(m)->linked);
}
END_TEST

/* Installed over, it is a guest as others are. */
START_TEST(a_clone_that_is_installed)
{
	struct machine *t = guest("golden", "10.77.1.3", json_pack("{s:s}", "volume", "g.base")),
		       *m = clone_of("golden");

	ck_assert_int_eq(machine_event(m, LIFE_FIRST_BOOT, NULL), 0);
	ck_assert(!guest_unmade_clone(m));
	base_arm(m, "debian-12");
	made(m);
	ck_assert_str_eq(spec.base_volume, "");
	ck_assert_uint_eq(spec.n_oem, 0);
	ck_assert(!guest_unmade_clone(t));
}
END_TEST

START_TEST(a_clone_whose_template_is_gone)
{
	made(clone_of("nobody"));
	ck_assert_str_eq(spec.base_volume, "");
	ck_assert_uint_eq(spec.n_oem, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("guest_spec");
	TCase *t = tcase_create("guest_spec");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nothing_is_lost);
	tcase_add_test(t, what_is_not_said);
	tcase_add_test(t, disks_alone);
	tcase_add_test(t, no_more_disks_than_fit);
	tcase_add_test(t, who_leases);
	tcase_add_test(t, of_its_profile);
	tcase_add_test(t, a_local_kernel);
	tcase_add_test(t, a_snapshot_that_is_none);
	tcase_add_test(t, clones);
	tcase_add_test(t, a_clone_that_is_installed);
	tcase_add_test(t, a_clone_whose_template_is_gone);
	suite_add_tcase(s, t);
	return base_run(s);
}
