/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/domain_type.h"

#include "core/clock.h"
#include "core/log.h"
#include "guest/accel.h"
#include "guest/virt.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* "qemu+ssh://host/system": a test boot here says nothing about KVM there. */
static bool is_far(const char *uri)
{
	const char *host = strstr(uri, "://");

	return host && host[3] && host[3] != '/';
}

static void probe(struct guests *g, virConnectPtr conn, const char *kernel)
{
	char cache[512], emulator[VIRT_PATH], why[ACCEL_WHY] = "";

	(void)virt_has_kvm(conn, emulator, sizeof emulator);
	snprintf(cache, sizeof cache, "%s/kvm.verdict", g->state_dir ? g->state_dir : "");
	g->accel_verdict = accel_probe(&(struct accel_means){.emulator = emulator,
					       .kernel = kernel,
					       .cache_path = g->state_dir ? cache : NULL},
		why, sizeof why);
	if (!strcmp(why, g->accel_why))
		return; /* said before */
	if (!accel_is_kvm(g->accel_verdict) && accel_is_there())
		log_warn("guest: %s", why);
	else
		log_info("guest: %s", why);
	snprintf(g->accel_why, sizeof g->accel_why, "%s", why);
}

/* Mono ms. The next guest may bring a kernel to test with. */
static int64_t good_until(enum accel verdict)
{
	if (accel_lasts(verdict))
		return INT64_MAX;
	return verdict == ACCEL_UNTRIED ? 0 : clock_mono_ms() + ACCEL_AGAIN_MS;
}

/* The first who needs to know waits for the test boot, and the others with it. */
static enum accel find_accel(struct guests *g, virConnectPtr conn, const struct guest_spec *spec,
	char *why, size_t why_size)
{
	enum accel verdict;

	pthread_mutex_lock(&g->accel_lock);
	if (clock_mono_ms() >= g->accel_until) {
		probe(g, conn, spec->kernel[0] ? spec->kernel : g->kernel);
		g->accel_until = good_until(g->accel_verdict);
	}
	verdict = g->accel_verdict;
	snprintf(why, why_size, "%s", g->accel_why);
	pthread_mutex_unlock(&g->accel_lock);
	return verdict;
}

const char *domain_type_choose(struct guests *g, virConnectPtr conn, const struct guest_spec *spec,
	char *warning, size_t size)
{
	const char *accel = spec->accel[0] && strcmp(spec->accel, "auto") ? spec->accel : g->accel;
	char why[ACCEL_WHY], emulator[VIRT_PATH];
	bool has;

	*warning = '\0';
	if (strcmp(accel, "auto"))
		return accel;
	if (!strcasecmp(virConnectGetType(conn), "test"))
		return "test";
	if (is_far(g->uri))
		return virt_has_kvm(conn, emulator, sizeof emulator) ? "kvm" : "qemu";
	has = accel_is_kvm(find_accel(g, conn, spec, why, sizeof why));
	/* libvirtd may see less than we do: another namespace, a QEMU without KVM. */
	if (has && virt_has_kvm(conn, emulator, sizeof emulator))
		return "kvm";
	if (accel_is_there())
		accel_warn(has ? ACCEL_NO_LIBVIRT : why, warning, size);
	return "qemu";
}
