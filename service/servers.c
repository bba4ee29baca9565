/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DHCP, TFTP, HTTP and syslog servers: what each asks the rooms. */
#include "service/servers.h"
#include "service/boot/boot_name.h"
#include "service/boot/place_look.h"
#include "service/boot/transfers.h"
#include "service/network/claims.h"
#include "service/network/segments.h"
#include "service/service.h"

#include "core/log.h"

#include <stdio.h>
#include <string.h>

/* DHCP */

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

static enum dhcp_guest guest_of_mac(void *arg, const struct segment *seg, const struct mac *mac)
{
	struct service *s = arg;

	return claims_guest(&s->network, seg, mac);
}

static void decided(void *arg, const struct segment *seg, const struct dhcpd_server *server)
{
	struct service *s = arg;

	segments_decided(&s->network, seg, server);
}

static bool hears(void *arg, const struct machine *m, const struct segment *seg,
	const struct mac *mac, const struct ip *from, char *why, size_t size)
{
	struct service *s = arg;

	return place_hears(&s->boot, m, seg, mac, from, why, size);
}

static const char *stranger(
	void *arg, const struct segment *seg, const struct mac *mac, const uint8_t *uuid)
{
	struct service *s = arg;

	return discovery_token(&s->discovery, seg, mac, uuid);
}

/* So that its controller is asked for a boot of the right kind. */
static void firmware(void *arg, const struct machine *seen, bool uefi)
{
	struct service *s = arg;
	struct machine *m = machines_by_name(s->base.machines, seen->name);

	if (!m)
		return;
	m->uefi = uefi;
	if (machines_save(s->base.machines, m))
		log_error("%s: its record could not be stored", m->name);
}

int servers_start_dhcpd(struct service *s, char *why, size_t size)
{
	struct dhcpd_config c = {.loop = s->base.loop,
		.store = s->base.store,
		.machines = s->base.machines,
		.timeline = s->base.timeline,
		.segments = &s->base.segments,
		.programs = programs_of,
		.guests = guest_of_mac,
		.decided = decided,
		.hears = hears,
		.stranger = stranger,
		.firmware = firmware,
		.arg = s,
		.gather_ms = DHCPD_GATHER_MS};
	struct dhcpd *d;
	int rc = dhcpd_new(&c, &d);

	if (rc) {
		snprintf(why, size, "dhcp: %s", strerror(-rc));
		return rc;
	}
	service_set_dhcpd(s, d);
	return dhcpd_load(d, why, size);
}

/* TFTP and HTTP */

static void tftp_asked(void *arg, struct tftp_request *r)
{
	struct service *s = arg;

	boot_tftp_asked(&s->boot, r);
}

static void tftp_ended(void *arg, const struct tftp_report *report)
{
	struct service *s = arg;

	transfer_tftp_ended(&s->boot, report);
}

static bool http_knows(void *arg, uint32_t link, const struct ip *peer)
{
	struct service *s = arg;

	return transfer_http_knows(&s->boot, link, peer);
}

static void http_dropped(void *arg, const struct http_dropped *d)
{
	struct service *s = arg;

	transfer_http_dropped(&s->boot, d);
}

static void http_ended(void *arg, const struct http_report *report)
{
	struct service *s = arg;

	transfer_http_ended(&s->boot, report);
}

static void on_request(void *arg, struct http_request *r)
{
	struct service *s = arg;

	if (r->api) {
		api_handle(&s->api, r);
		return;
	}
	r->segment = segment_of_peer(&s->network, r->segment, &r->peer);
	if (!strncmp(r->path, "/m/", 3))
		boot_handle(&s->boot, r);
	else
		boot_http_asked(&s->boot, r);
}

static int open_for_tftp(
	void *arg, const char *name, int *ret_fd, uint64_t *ret_size, char *why, size_t size)
{
	struct service *s = arg;

	return files_open_tftp(&s->content.files, name, ret_fd, ret_size, why, size);
}

static int open_for_http(void *arg, const char *path, struct http_file *ret, char *why, size_t size)
{
	struct service *s = arg;

	return files_open_http(&s->content.files, path, ret, why, size);
}

int servers_start(struct service *s, char *why, size_t size)
{
	struct tftpd_config t = {.home = &s->base.home,
		.open = open_for_tftp,
		.asks = boot_tftp_asks,
		.asked = tftp_asked,
		.ended = tftp_ended,
		.arg = s};
	struct httpd_config h = {.loop = s->base.loop,
		.home = &s->base.home,
		.handle = on_request,
		.asks = boot_http_asks,
		.open = open_for_http,
		.knows = http_knows,
		.dropped = http_dropped,
		.ended = http_ended,
		.arg = s};
	struct syslogd_config l = {.loop = s->base.loop,
		.admits = logs_admits,
		.took = logs_took,
		.unread = logs_unread,
		.arg = &s->logs};
	int rc = tftpd_new(&t, &s->tftpd);

	if (!rc)
		rc = httpd_new(&h, &s->httpd);
	if (!rc)
		rc = syslogd_new(&l, &s->syslogd);
	if (rc)
		snprintf(why, size, "servers: %s", strerror(-rc));
	s->network.tftpd = s->tftpd;
	s->network.httpd = s->httpd;
	s->network.syslogd = s->syslogd;
	return rc;
}
