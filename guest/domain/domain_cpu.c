/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <vcpu> and <cpu> of a domain. */
#include "guest/domain/domain_build.h"

#include <string.h>

/* A fragment that says how many of its CPUs are there at first wants room for more: its maximum stays, and ours are those
 * that are there at first. */
static void put_vcpu(struct domain_build *b)
{
	xmlNode *vcpu = xml_need(b->root, "vcpu");
	uint64_t theirs = domain_number(vcpu, NULL, 0);
	bool room = domain_number(vcpu, "current", 0) && theirs > b->spec->vcpus &&
		theirs <= UINT16_MAX;

	b->max_cpus = room ? (unsigned)theirs : b->spec->vcpus;
	domain_set_number(b, vcpu, NULL, b->max_cpus);
	if (room)
		domain_set_number(b, vcpu, "current", b->spec->vcpus);
	else
		domain_drop_attr(vcpu, "current");
}

/* What belongs to one model, when it is another's turn. */
static void set_mode(struct domain_build *b, xmlNode *cpu, const char *mode)
{
	static const char *const of_model[] = {"match", "check", "migratable"};

	domain_must(b, xml_set(cpu, "mode", mode));
	domain_drop_all(cpu, "model");
	domain_drop_all(cpu, "vendor");
	for (size_t i = 0; i < sizeof of_model / sizeof *of_model; i++)
		domain_drop_attr(cpu, of_model[i]);
}

static bool is_mode(const char *name)
{
	return !strcmp(name, "host-passthrough") || !strcmp(name, "host-model") ||
		!strcmp(name, "maximum");
}

static void put_chosen(struct domain_build *b, xmlNode *cpu, const char *name)
{
	xmlNode *model;

	if (is_mode(name)) {
		if (!xml_attr_is(cpu, "mode", name))
			set_mode(b, cpu, name);
		return;
	}
	set_mode(b, cpu, "custom");
	domain_must(b, xml_set(cpu, "match", "exact"));
	domain_must(b, model = xml_set_text(xml_add(cpu, "model"), name));
	domain_must(b, xml_set(model, "fallback", "forbid"));
}

/* Threads and the like stay, cores and then sockets follow the number of CPUs: libvirt wants the product to be it. */
static void put_topology(struct domain_build *b, xmlNode *cpu)
{
	static const char *const levels[] = {"sockets", "dies", "clusters", "cores", "threads"};
	static const char *const turns[] = {"cores", "sockets"};
	xmlNode *topology = xml_child(cpu, "topology");
	uint64_t product = 1;

	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
		uint64_t n = domain_number(topology, levels[i], 1);

		product = n && n <= UINT16_MAX ? product * n : 0;
		if (!product || product > UINT32_MAX)
			return; /* libvirt says what is wrong with it */
	}
	for (size_t i = 0; topology && product != b->max_cpus; i++) {
		uint64_t others;

		if (i == sizeof turns / sizeof *turns) {
			domain_fail(b, topology,
				"<topology> of %llu CPUs does not divide into the machine's %u",
				(unsigned long long)product, b->max_cpus);
			return;
		}
		others = product / domain_number(topology, turns[i], 1);
		if (b->max_cpus % others)
			continue;
		domain_set_number(b, topology, turns[i], b->max_cpus / others);
		product = b->max_cpus;
	}
}

static bool has_feature(const xmlNode *cpu, const char *name)
{
	for (xmlNode *f = xml_child(cpu, "feature"); f; f = xml_next(f, "feature"))
		if (xml_attr_is(f, "name", name))
			return true;
	return false;
}

/* All that emulation can do, but for what it does slowly: ERMS says that copying byte by byte is fast, which kernels and C libraries
 * believe. QEMU emulates each byte. */
static void set_emulated(struct domain_build *b, xmlNode *cpu)
{
	xmlNode *type = xml_child(xml_child(b->root, "os"), "type"), *erms;

	set_mode(b, cpu, "maximum");
	if (!xml_attr_is(type, "arch", "x86_64") || has_feature(cpu, "erms"))
		return;
	domain_must(b, erms = xml_add(cpu, "feature"));
	domain_must(b, xml_set(erms, "policy", "disable"));
	domain_must(b, xml_set(erms, "name", "erms"));
}

/* The host's own CPU is to be had with KVM only; the nearest thing to it is all that emulation
 * can do. */
static void put_cpu(struct domain_build *b)
{
	bool kvm = !strcmp(b->facts->type, "kvm");
	xmlNode *cpu = xml_child(b->root, "cpu");

	if (!cpu && (!b->foreign || b->spec->cpu[0]))
		domain_must(b, cpu = xml_add(b->root, "cpu"));
	if (!cpu)
		return;
	if (b->spec->cpu[0])
		put_chosen(b, cpu, b->spec->cpu);
	else if (!b->foreign && !xmlHasProp(cpu, (const xmlChar *)"mode") &&
		!xmlHasProp(cpu, (const xmlChar *)"match") && !xml_child(cpu, "model"))
		domain_must(b, xml_set(cpu, "mode", "host-passthrough"));
	if (!kvm && !b->foreign &&
		(xml_attr_is(cpu, "mode", "host-passthrough") ||
			xml_attr_is(cpu, "mode", "host-model")))
		set_emulated(b, cpu);
	put_topology(b, cpu);
}

void domain_put_cpus(struct domain_build *b)
{
	put_vcpu(b);
	put_cpu(b);
}
