/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Domain XML: the profile's <domain> fragment and what the machine says, merged. Pure.
 *
 * The machine says name, UUID, memory, vcpus, its disks, its NICs, the boot order and what a reboot
 * does: that wins, and what must agree with it follows it: topology, NUMA cells, CPUs to plug in,
 * the balloon. Between "kvm" and "qemu" the host decides; another hypervisor's type is kept, and
 * gets none of the defaults that QEMU knows. A fragment's <disk>s and <interface>s without a
 * <source> are taken as patterns for the machine's disks and NICs, in order: bus, model, driver,
 * rom, bandwidth and the like are kept. Firmware variables are each guest's own: a file for them
 * is dropped, its template kept. Everything else in the fragment is kept as it is; what it leaves
 * out and a guest needs is filled in.
 */
#ifndef USHER_GUEST_DOMAIN_XML_H
#define USHER_GUEST_DOMAIN_XML_H

#include "guest/guest.h"

#define DOMAIN_XML_NS "urn:usher:1" /* of our mark in <metadata> */

/* A guest's, unless its fragment says another. */
#if defined(__aarch64__)
#define DOMAIN_ARCH "aarch64"
#else
#define DOMAIN_ARCH "x86_64"
#endif

enum {
	DOMAIN_XML_FRAGMENT_MAX = 65536, /* bytes; the longest hand-made ones have a few thousand */
};

/* What the host adds to the spec. */
struct domain_disk {
	const char *path;   /* of the volume */
	const char *format; /* "qcow2", "raw"; NULL: qcow2 */
	bool block;         /* a device, not a file */
};

struct domain_facts {
	const char *type;                          /* "kvm" or "qemu" */
	struct domain_disk disks[1 + GUEST_DISKS]; /* the machine's own, then spec->more[] */
	bool filter;       /* usher's filters (netfilter.h) are to be used */
	const char *os_id; /* libosinfo's name (a URL) of the spec's os_variant; NULL: none */
};

/* The final, persistent form: disk first, restart on reboot. `*ret_xml` is for free(). -EINVAL
 * with `why` naming the line, or -ENOMEM. */
int domain_xml_final(const struct guest_spec *spec, const struct domain_facts *facts,
	char **ret_xml, char *why, size_t why_size);
/* A persistent definition, as libvirt hands it out, that boots from the network first at every boot (`live`), or its disk as
 * the final form does. A reset restarts it in both. */
int domain_xml_turn(const char *final_xml, bool live, char **ret_xml, char *why, size_t why_size);
/* From a persistent definition, as libvirt hands it out, to its installing run: NICs first,
 * destroy on reboot; NETFILTER_GUEST gives way to NETFILTER_INSTALL. */
int domain_xml_install(const char *final_xml, char **ret_xml, char *why, size_t why_size);
/* The <interface>s of a definition of ours whose filter is not what the spec's NIC of that MAC wants, as they should be:
 * text for free(), `*ret_n` of them. An installing run keeps NETFILTER_INSTALL. None when it does not parse, or is not
 * ours. -ENOMEM. */
int domain_xml_filters(
	const char *xml, const struct guest_spec *spec, char *ret[GUEST_NICS], size_t *ret_n);

/* To the run in which a guest becomes a template: from its disk, told so by an SMBIOS string in place of our others; a
 * reset restarts it, so that only its power-off ends it. */
int domain_xml_seal(const char *final_xml, char **ret_xml, char *why, size_t why_size);

struct domain_mark {
	bool ours;
	bool installing;
	bool live; /* network first at every boot */
	char profile[64];
};
/* What our mark in a definition says; nothing when it has none or does not parse. */
void domain_xml_mark(const char *xml, struct domain_mark *ret);
/* Its NICs' MACs: how many there are, of which the first `size` are in `ret`. */
size_t domain_xml_macs(const char *xml, struct mac *ret, size_t size);
/* How many of its NICs are on this network, or its bridge, without any packet filter. */
size_t domain_xml_unfiltered(const char *xml, const char *network, const char *bridge);
/* Is this file, or this volume of a pool, one of the domain's disks or beneath one (a backing
 * file)? */
bool domain_xml_has_disk(const char *xml, const char *path, const char *pool, const char *volume);
/* Is it one of the disks themselves, not only beneath one? */
bool domain_xml_writes_disk(
	const char *xml, const char *path, const char *pool, const char *volume);

#endif
