/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Putting a domain's definition together, part by part: for the domain_*.c files only. Contract in domain_xml.h. */
#ifndef USHER_GUEST_DOMAIN_BUILD_H
#define USHER_GUEST_DOMAIN_BUILD_H

#include "guest/domain/domain_xml.h"
#include "guest/xml.h"

struct domain_build {
	const struct guest_spec *spec;
	const struct domain_facts *facts;
	xmlNode *root, *devices;
	bool foreign;      /* another hypervisor's than QEMU */
	unsigned max_cpus; /* those that may be plugged in while it runs are among them */
	char bus[16];      /* of the machine's own disk: that of its further ones, too */
	char *why;
	size_t why_size;
	int rc; /* sticky */
};

/* The fragment is wrong at `at`. */
__attribute__((format(printf, 3, 4))) void domain_fail(
	struct domain_build *b, const xmlNode *at, const char *fmt, ...);
/* For the calls that fail only when out of memory. */
void domain_must(struct domain_build *b, const xmlNode *n);
/* `attr` NULL: the element's text. `otherwise` when it is not there, 0 when it is no number. */
uint64_t domain_number(const xmlNode *n, const char *attr, uint64_t otherwise);
void domain_set_number(struct domain_build *b, xmlNode *n, const char *attr, uint64_t v);
/* A child with one attribute, unless there is such a child. */
void domain_default(struct domain_build *b, xmlNode *parent, const char *name, const char *attr,
	const char *value);
void domain_drop_all(xmlNode *parent, const char *name);
void domain_drop_attr(xmlNode *n, const char *attr);
/* A child of <metadata> by its namespace, in which its kind may be there once; NULL. */
xmlNode *domain_find_metadata(xmlNode *root, const char *href);

/* The parts. */
void domain_put_cpus(struct domain_build *b);   /* vcpu, cpu: domain_cpu.c; first of all */
void domain_put_memory(struct domain_build *b); /* memory, NUMA cells: domain_memory.c */
void domain_put_os(struct domain_build *b);     /* os, sysinfo: domain_os.c */
/* Does its firmware enforce Secure Boot, as far as <os> says so? Once the os is put. */
bool domain_is_secure(const struct domain_build *b);
/* A BIOS without a screen speaks on the serial console, iPXE with it; once the devices are put. */
void domain_put_bios_serial(struct domain_build *b);
void domain_put_devices(struct domain_build *b); /* domain_devices.c */
/* domain_filter.c: a filter that is there stays. */
void domain_put_filter(struct domain_build *b, xmlNode *nic, const struct guest_nic *g);

#endif
