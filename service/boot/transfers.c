/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files fetched, on the timeline of the machine that fetched them: what, how far, how fast, broken off where. */
#include "service/boot/transfers.h"
#include "service/boot/boot_name.h"
#include "service/boot/place_look.h"
#include "service/network/segments.h"
#include "service/boot/boot.h"

#include "core/clock.h"
#include "core/neighbour.h"
#include "machine/watch.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	TRANSFER_TOLD = 128 * 1024, /* boot programs are larger; what is smaller and arrived whole
				       is not worth an event */
	STALLED = 16 *
		1024, /* less than this was taken some seconds after the begin: only a small first segment came through */
	SIZE_TEXT = 32,
	DROPPED_TOLD_MS = 10 * 60 * 1000,
};

struct machine *machine_at(struct boot *boot, uint32_t link, const struct ip *ip)
{
	const struct segment *seg =
		segments_by_id(&boot->base->segments, segment_of_peer(boot->network, link, ip));
	struct machine *m = seg ? place_machine(boot, seg, ip) : NULL;
	const struct lease *l =
		seg && !m ? lease_by_ip(dhcpd_leases(boot->dhcpd), seg->id, ip) : NULL;
	struct mac mac;

	if (l)
		return machines_by_mac(boot->base->machines, seg->id, &l->mac, NULL);
	if (!m && seg && !seg->via && segment_self_made(seg, ip) &&
		!neighbour_mac(seg->ifname, ip, &mac))
		m = machines_by_mac(boot->base->machines, seg->id, &mac, NULL);
	return m;
}

__attribute__((format(printf, 2, 3))) static void tell(
	const struct machine *m, const char *fmt, ...)
{
	char text[TIMELINE_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	machine_tell(m, "transfer", text);
}

static double mb(uint64_t bytes)
{
	return (double)bytes / 1e6;
}

static double seconds(int64_t ms)
{
	return (double)(ms > 0 ? ms : 1) / 1000.;
}

/* "14.2 MB in 0.1 s (121.3 MB/s)"; small files in kB. */
static void tell_done(const struct machine *m, const char *what, uint64_t sent, int64_t ms)
{
	char size[SIZE_TEXT];

	if (sent < 1000000)
		snprintf(size, sizeof size, "%.1f kB", (double)sent / 1e3);
	else
		snprintf(size, sizeof size, "%.1f MB", mb(sent));
	tell(m, "%s, %s in %.1f s (%.1f MB/s)", what, size, seconds(ms), mb(sent) / seconds(ms));
}

static void tell_broken(const struct machine *m, const char *what, uint64_t sent, uint64_t size,
	int64_t ms, const char *why)
{
	tell(m, "%s: aborted at %.1f of %.1f MB after %.1f s%s%s", what, mb(sent), mb(size),
		seconds(ms), *why ? ": " : "", why);
}

/* "26 % of 40.0 MB" */
static void tell_underway(
	const struct machine *m, const char *what, uint64_t sent, uint64_t size, int64_t ms)
{
	double percent = 100. * (double)sent / (double)size;
	char text[TIMELINE_TEXT];

	snprintf(text, sizeof text, "%s: %.0f %% of %.1f MB after %.1f s (%.1f MB/s)", what,
		percent, mb(size), seconds(ms), mb(sent) / seconds(ms));
	machine_tell_percent(m, "transfer", percent < 100 ? (int)percent : 100, text);
}

bool transfer_http_knows(struct boot *boot, uint32_t link, const struct ip *peer)
{
	return machine_at(boot, link, peer);
}

/* Of somebody who keeps on doing so, an event now and then. */
void transfer_http_dropped(struct boot *boot, const struct http_dropped *d)
{
	const struct segment *seg = segments_by_id(&boot->base->segments, d->segment);
	char text[TIMELINE_TEXT];

	boot->http_dropped += d->requests + d->answers;
	if (!seg)
		return;
	snprintf(text, sizeof text,
		"HTTP on %s: stalled connections were dropped; the log counts them", seg->name);
	timeline_add_peers(
		boot->base->timeline, "", "refused", clock_wall_ms() - DROPPED_TOLD_MS, -1, text);
}

/* Before its boot script what it loads is a boot program. */
static enum fact loaded(const struct machine *m)
{
	return m->state == LIFE_ARMED ? SAW_LOADER : SAW_FILE;
}

/* Of an extension: it ends the name, or what follows is no part of a longer one: "grub.cfg-01-02", "pxelinux.cfg/default", "en.mo.gz". */
static bool has_part(const char *name, const char *part)
{
	for (const char *at = strstr(name, part); at; at = strstr(at + 1, part)) {
		char after = at[strlen(part)];

		if (*part != '.' || !after || strchr("-./", after))
			return true;
	}
	return false;
}

/* GRUB, shim and PXELINUX ask for files of theirs that need not be there: lists, modules, fonts, translations, configurations of
 * other names. That they are not is no fault. */
static bool need_not_be(const char *name)
{
	static const char *const parts[] = {
		".cfg", ".lst", ".mod", ".mo", ".pf2", "revocations", "locale/"};

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (has_part(name, parts[i]))
			return true;
	return false;
}

static void note_http(const struct machine *m, const struct http_report *r)
{
	char text[FACT_TEXT];

	machine_saw(m, SAW_TRANSFER, r->underway ? r->path : NULL);
	snprintf(text, sizeof text, "HTTP %u: %s", r->status, r->path);
	if (r->underway && r->sent < STALLED)
		machine_saw(m, SAW_STALLED, text);
	else if (r->status == 404 && !need_not_be(r->path))
		machine_saw(m, SAW_MISSING, text);
	else if (r->status < 300 && !r->completed && !r->underway)
		machine_saw(m, SAW_BROKEN, text);
	else if (r->status < 300)
		machine_saw(m, loaded(m), r->path);
}

static void note_tftp(const struct machine *m, const struct tftp_report *r)
{
	char text[FACT_TEXT];

	machine_saw(m, SAW_TRANSFER, r->outcome == TFTP_UNDERWAY ? r->name : NULL);
	snprintf(text, sizeof text, "TFTP %s: %s", r->name, r->why);
	if (r->outcome == TFTP_REFUSED && !need_not_be(r->name))
		machine_saw(m, SAW_MISSING, text);
	else if (r->outcome == TFTP_DONE && !boot_is_script(r->name))
		machine_saw(m, loaded(m), r->name);
	else if (r->outcome == TFTP_TIMEOUT || r->outcome == TFTP_FAILED ||
		(r->outcome == TFTP_ABORTED && !boot_is_script(r->name)))
		machine_saw(m, SAW_BROKEN, text);
}

static void count(struct transferred *t, bool refused, bool done, uint64_t sent)
{
	if (refused)
		t->refused++;
	else if (done)
		t->done++;
	else
		t->failed++;
	t->bytes += sent;
}

/* Its address alone does not tell that the machine itself loaded it: as for its script, the card counts and the port. */
static void note_loaded(struct boot *boot, struct machine *m, uint32_t link, const struct ip *peer,
	const char *path)
{
	char why[160];

	machine_loaded(m, clock_mono_ms());
	if (place_speaker(boot, link, peer, why, sizeof why) == m && !*why)
		boot_loaded(boot, m, path);
}

void transfer_http_ended(struct boot *boot, const struct http_report *r)
{
	struct machine *m = machine_at(boot, r->segment, &r->peer);
	char text[512];

	if (!r->underway)
		count(&boot->http, r->status >= 400, r->completed, r->sent);
	if (!m || r->head)
		return;
	note_http(m, r);
	if (r->underway) {
		tell_underway(m, r->path, r->sent, r->asked, r->ms);
		return;
	}
	if (r->status < 300 && r->completed)
		note_loaded(boot, m, r->segment, &r->peer, r->path);
	snprintf(text, sizeof text, "HTTP %u: %s", r->status, r->path);
	if (r->status >= 400)
		machine_tell(m, "transfer", text);
	else if (!r->completed)
		tell_broken(m, r->path, r->sent, r->asked, r->ms, "");
	else if (r->sent >= TRANSFER_TOLD)
		tell_done(m, r->path, r->sent, r->ms);
}

void transfer_tftp_ended(struct boot *boot, const struct tftp_report *r)
{
	struct machine *m = machine_at(boot, r->segment, &r->peer);
	char text[512];

	if (r->outcome != TFTP_UNDERWAY && r->outcome != TFTP_PROBE)
		count(&boot->tftp, r->outcome == TFTP_REFUSED, r->outcome == TFTP_DONE, r->sent);
	/* a boot script is on the timeline as such; GRUB opens it twice, and breaks off once */
	if (!m)
		return;
	note_tftp(m, r);
	if (r->outcome == TFTP_PROBE || boot_is_script(r->name))
		return;
	if (r->outcome == TFTP_DONE)
		note_loaded(boot, m, r->segment, &r->peer, r->name);
	snprintf(text, sizeof text, "TFTP %s", r->name);
	if (r->outcome == TFTP_UNDERWAY) {
		tell_underway(m, text, r->sent, r->size, r->ms);
	} else if (r->outcome == TFTP_DONE) {
		tell_done(m, text, r->sent, r->ms);
	} else if (r->sent) {
		tell_broken(m, text, r->sent, r->size, r->ms, r->why);
	} else {
		snprintf(text, sizeof text, "TFTP %s: %s", r->name, r->why);
		machine_tell(m, "transfer", text);
	}
}
