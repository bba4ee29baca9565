/* SPDX-License-Identifier: GPL-2.0-or-later */
/* <memory> of a domain, and what must agree with it: the balloon, the room for more, NUMA cells and memory devices. */
#include "guest/domain/domain_build.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS_MAX = 128, LIST_TEXT = 256 };

/* libvirt's units (formatdomain, <memory>), in bytes; 0: none of them. */
static uint64_t unit_bytes(const char *unit)
{
	static const char letters[] = "KMGTPE";
	const char *at = unit[0] ? strchr(letters, toupper((unsigned char)unit[0])) : letters;
	unsigned power = at ? (unsigned)(at - letters) + 1 : 0;
	uint64_t n = 1;

	if (!strcmp(unit, "b") || !strcmp(unit, "bytes"))
		return 1;
	if (!at || !*at || (unit[0] && unit[1] && strcmp(unit + 1, "B") && strcmp(unit + 1, "iB")))
		return 0;
	while (power--)
		n *= unit[0] && !strcmp(unit + 1, "B") ? 1000 : 1024;
	return n;
}

/* What an element (or its attribute) and its unit say, in KiB; 0: nothing that could be read. */
static uint64_t memory_kib(const xmlNode *n, const char *attr)
{
	uint64_t number = domain_number(n, attr, 0), unit;
	char text[16];

	xml_attr(n, "unit", text, sizeof text);
	unit = unit_bytes(text);
	return unit && number < UINT64_MAX / unit ? number * unit / 1024 : 0;
}

/* What is plugged in from the start counts as part of <memory>. */
static uint64_t devices_kib(const xmlNode *devices)
{
	uint64_t sum = 0;

	for (xmlNode *n = xml_child(devices, "memory"); n; n = xml_next(n, "memory"))
		sum += memory_kib(xml_child(xml_child(n, "target"), "size"), NULL);
	return sum;
}

/* A fragment written for another size means a part of it; what `virsh dumpxml` always says, all of it, means nothing. */
static void put_balloon(struct domain_build *b, uint64_t kib, uint64_t was_kib)
{
	xmlNode *current = xml_child(b->root, "currentMemory");
	uint64_t current_kib = memory_kib(current, NULL);

	if (!current_kib || current_kib >= kib || (was_kib && current_kib >= was_kib))
		domain_drop_all(b->root, "currentMemory");
}

static void check_maximum(struct domain_build *b, uint64_t kib)
{
	xmlNode *max = xml_child(b->root, "maxMemory");
	uint64_t max_kib = memory_kib(max, NULL);

	if (max && max_kib && max_kib < kib)
		domain_fail(b, max, "<maxMemory> is %llu MiB, but the machine has %llu",
			(unsigned long long)max_kib / 1024, (unsigned long long)kib / 1024);
}

struct cells {
	xmlNode *all[CELLS_MAX];
	size_t count, with_cpus;
	uint64_t kib;     /* of all of them */
	unsigned highest; /* CPU that one of them names, counted from 1; 0 none */
};

/* The highest number of a list like 0-3,^2,8; from 1. */
static unsigned highest_cpu(const char *list)
{
	unsigned long highest = 0;
	char *end;

	for (const char *s = list; *s; s = *s ? s + 1 : s) {
		unsigned long n = isdigit((unsigned char)*s) ? strtoul(s, &end, 10) + 1 : 0;

		if (n) {
			s = end;
			highest = n > highest ? n : highest;
		}
	}
	return highest > UINT16_MAX ? UINT16_MAX : (unsigned)highest;
}

static void collect_cells(const xmlNode *numa, struct cells *ret)
{
	*ret = (struct cells){0};
	for (xmlNode *n = xml_child(numa, "cell"); n && ret->count < CELLS_MAX;
		n = xml_next(n, "cell")) {
		char cpus[LIST_TEXT];
		unsigned highest;

		ret->all[ret->count++] = n;
		ret->kib += memory_kib(n, "memory");
		if (!xmlHasProp(n, (const xmlChar *)"cpus"))
			continue;
		ret->with_cpus++;
		xml_attr(n, "cpus", cpus, sizeof cpus);
		highest = highest_cpu(cpus);
		ret->highest = highest > ret->highest ? highest : ret->highest;
	}
}

/* libvirt takes the sum of the cells for the domain's memory, whatever <memory> says: each gets the share that it had. */
static void share_memory(struct domain_build *b, const struct cells *cells, uint64_t kib)
{
	uint64_t mib = kib / 1024, left = mib;

	if (kib == cells->kib)
		return;
	for (size_t i = 0; i < cells->count; i++) {
		xmlNode *cell = cells->all[i];
		uint64_t share = i + 1 == cells->count ? left
			: cells->kib ? (uint64_t)((double)memory_kib(cell, "memory") /
					       (double)cells->kib * (double)mib)
				     : mib / cells->count;

		share = share < left ? share : left;
		left -= share;
		if (!share)
			domain_fail(b, cell, "no memory is left for this <cell>");
		domain_must(b, xml_set(cell, "unit", "MiB"));
		domain_set_number(b, cell, "memory", share);
	}
}

/* CPUs that the machine does not have are refused by libvirt: then they are dealt out anew, evenly and in order. */
static void share_cpus(struct domain_build *b, const struct cells *cells)
{
	size_t turn = 0;

	if (cells->highest <= b->max_cpus)
		return;
	if (b->max_cpus < cells->with_cpus) {
		domain_fail(b, cells->all[0], "%zu <cell>s with CPUs, but the machine has %u",
			cells->with_cpus, b->max_cpus);
		return;
	}
	for (size_t i = 0; i < cells->count; i++) {
		unsigned first, last;
		char text[32];

		if (!xmlHasProp(cells->all[i], (const xmlChar *)"cpus"))
			continue;
		first = (unsigned)(turn * b->max_cpus / cells->with_cpus);
		last = (unsigned)(++turn * b->max_cpus / cells->with_cpus) - 1;
		snprintf(text, sizeof text, "%u-%u", first, last);
		domain_must(b, xml_set(cells->all[i], "cpus", text));
	}
}

static void put_numa(struct domain_build *b, uint64_t kib)
{
	xmlNode *numa = xml_child(xml_child(b->root, "cpu"), "numa");
	uint64_t plugged = devices_kib(xml_child(b->root, "devices"));
	struct cells cells;

	if (!numa)
		return;
	if (plugged >= kib) {
		domain_fail(b, numa, "the <memory> devices leave no memory for the <cell>s");
		return;
	}
	collect_cells(numa, &cells);
	share_memory(b, &cells, kib - plugged);
	share_cpus(b, &cells);
}

void domain_put_memory(struct domain_build *b)
{
	xmlNode *memory = xml_need(b->root, "memory");
	uint64_t kib = (uint64_t)b->spec->memory_mib * 1024, was = memory_kib(memory, NULL);

	domain_must(b, xml_set(memory, "unit", "MiB"));
	domain_set_number(b, memory, NULL, b->spec->memory_mib);
	put_balloon(b, kib, was);
	check_maximum(b, kib);
	put_numa(b, kib);
}
