/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What libvirt is told of a guest, from its record alone: so it can be made again after we were killed. */
#include "service/guests/guest_spec.h"
#include "kickstart/profile.h"
#include "guest/guest.h"
#include "service/base/base.h"
#include "service/guests/hosts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void put_text(const char *text, char *buf, size_t size)
{
	snprintf(buf, size, "%s", text ? text : "");
}

static void put_disks(const struct machine *m, struct guest_spec *spec)
{
	for (size_t i = 0; i < m->spec.n_disks && i < GUEST_DISKS; i++) {
		struct guest_disk *d = &spec->more[spec->n_more++];

		d->size = m->spec.disks[i].size;
		put_text(m->spec.disks[i].pool, d->pool, sizeof d->pool);
		put_text(m->spec.disks[i].volume, d->volume, sizeof d->volume);
	}
}

/* Who may answer its DHCP: for its filter. */
static void put_servers(const struct segment *seg, struct guest_nic *nic)
{
	if (!seg || !ip_is_set(&seg->server)) /* not known, or IPv6 alone is served */
		return;
	nic->server = seg->server;
	if (seg->mode == SEGMENT_OWN || ip_is_set(&seg->lessor))
		nic->lessors = (struct subnet){
			ip_to_v4(seg->mode == SEGMENT_OWN ? &seg->server : &seg->lessor), 32};
	else
		nic->lessors = (struct subnet){segment_net(seg), seg->prefix_len};
}

/* Which addresses are let through. */
static void put_ips(const struct segment *seg, const struct nic *of, struct guest_nic *nic)
{
	for (size_t i = of->n_addrs; i-- > 0;)
		if (of->addrs[i].family == IP_V4)
			nic->ip = of->addrs[i];
	if (!seg || !ip_is_set(&seg->six.server))
		return;
	nic->ip6 = nic_address6(of, seg);
	nic->ip6_len = seg->six.autonomous ? seg->six.prefix_len : 128;
}

static void put_nics(const struct base *base, const struct machine *m, struct guest_spec *spec)
{
	for (size_t i = 0; i < m->n_nics && i < GUEST_NICS; i++, spec->n_nics++) {
		const struct segment *seg = segments_by_name(&base->segments, m->nics[i].segment);
		struct guest_nic *nic = &spec->nics[i];

		snprintf(nic->network, sizeof nic->network, "%s", m->nics[i].segment);
		nic->mac = m->nics[i].mac;
		put_ips(seg, &m->nics[i], nic);
		put_servers(seg, nic);
	}
}

/* What stands over the fragment's. */
static void put_choices(const struct machine *m, struct guest_spec *spec)
{
	put_text(m->spec.cpu, spec->cpu, sizeof spec->cpu);
	put_text(m->spec.firmware, spec->firmware, sizeof spec->firmware);
	put_text(m->spec.graphics, spec->graphics, sizeof spec->graphics);
	put_text(m->spec.os_variant, spec->os_variant, sizeof spec->os_variant);
	spec->description = m->spec.description;
	spec->autostart = m->spec.autostart;
}

void guest_spec_disks(const struct machine *m, struct guest_spec *ret)
{
	*ret = (struct guest_spec){.disk = m->spec.disk};
	snprintf(ret->name, sizeof ret->name, "%s", m->name);
	snprintf(ret->uuid, sizeof ret->uuid, "%s", m->uuid);
	put_text(m->spec.pool, ret->pool, sizeof ret->pool);
	put_text(m->spec.volume, ret->volume, sizeof ret->volume);
	put_text(m->spec.made_as, ret->made_as, sizeof ret->made_as);
	ret->linked = m->spec.linked;
	put_disks(m, ret);
}

int guest_spec_former(
	struct base *base, struct hosts *hosts, const struct machine *m, struct guest_spec **ret)
{
	const struct machine *old = machines_by_name(base->machines, m->name);

	*ret = NULL;
	if (!old || !old->guest || guests_of(hosts, old) != guests_of(hosts, m))
		return 0;
	*ret = malloc(sizeof **ret);
	if (!*ret)
		return -ENOMEM;
	guest_spec_disks(old, *ret);
	return 0;
}

__attribute__((format(printf, 2, 3))) static void add_string(
	struct guest_spec *spec, const char *fmt, ...)
{
	va_list ap;

	if (spec->n_oem == GUEST_OEM)
		return;
	va_start(ap, fmt);
	vsnprintf(spec->oem[spec->n_oem++], GUEST_OEM_TEXT, fmt, ap);
	va_end(ap);
}

static void put_clone(const struct base *base, const struct machine *m, struct guest_spec *spec)
{
	const char *of = m->spec.template;
	const struct machine *t = of ? machines_by_name(base->machines, of) : NULL;
	const struct segment *seg = segments_by_name(&base->segments, m->nics[0].segment);
	char url[128];

	if (!t ||
		life_netboots(m->state)) /* being installed, or live, it is a guest as others are */
		return;
	put_text(t->spec.volume, spec->base_volume, sizeof spec->base_volume);
	spec->linked = m->spec.linked;
	add_string(spec, "usher:hostname=%s", m->name);
	if (seg && *seg->domain)
		add_string(spec, "usher:domain=%s", seg->domain);
	if (!seg || !segment_is_known(seg) || !*m->attempt.up_token)
		return;
	/* no token: QEMU's command line is for every user of its host to read */
	segment_base_url(seg, url, sizeof url);
	add_string(spec, "usher:up=%s/m/self/up", url);
}

void guest_spec_kernel(const struct profile *p, struct guest_spec *ret)
{
	if (p && p->media.path && p->kernel.text)
		snprintf(ret->kernel, sizeof ret->kernel, "%s/%s", p->media.path, p->kernel.text);
}

int guest_spec_make(struct base *base, const struct machine *m, struct guest_spec *ret,
	struct profile **ret_profile, char *why, size_t why_size)
{
	const char *own = m->spec.domain;
	struct profile *p = NULL;
	struct guest_spec spec;

	if (m->attempt.snapshot) {
		int rc = profile_from_snapshot(m->attempt.snapshot, &p, NULL, why, why_size);

		if (rc)
			return rc;
	}
	guest_spec_disks(m, &spec);
	spec.memory_mib = (unsigned)m->spec.memory;
	spec.vcpus = (unsigned)m->spec.vcpus;
	spec.filter = base->config.filter;
	snprintf(spec.profile, sizeof spec.profile, "%s", m->profile);
	guest_spec_kernel(p, &spec);
	spec.fragment = own ? own : p ? p->domain : NULL;
	spec.fragment_own = own;
	put_nics(base, m, &spec);
	put_choices(m, &spec);
	put_clone(base, m, &spec);
	*ret = spec;
	*ret_profile = p;
	return 0;
}

void guest_spec_nics(struct base *base, const struct machine *m, struct guest_spec *ret)
{
	*ret = (struct guest_spec){0};
	snprintf(ret->name, sizeof ret->name, "%s", m->name);
	snprintf(ret->uuid, sizeof ret->uuid, "%s", m->uuid);
	put_nics(base, m, ret);
}

bool guest_unmade_clone(const struct machine *m)
{
	return m->state == LIFE_INSTALLED && m->spec.template;
}
