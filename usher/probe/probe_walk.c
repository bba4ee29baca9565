/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/probe/probe.h"

#include "usher/client/http_get.h"
#include "usher/probe/probe_fetch.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { ARCH_BIOS = 0, ARCH_EFI_X64 = 7, ARCH_HTTP_X64 = 16, TOKEN = 32 };

struct walk {
	struct probe *p;
	enum probe_as as;
	struct dhcp_asking asking;
	struct probe_facts f;
	char text[IPXE_SCRIPT_MAX]; /* the beginning of what was fetched last */
	size_t len;
};

/* As iPXE of a BIOS machine and the firmware of OVMF ask. */
static const struct firmware {
	const char *vendor_class;
	uint16_t arch;
	bool ipxe, broadcast;
} firmwares[] = {
	[PROBE_BIOS] = {"PXEClient:Arch:00000:UNDI:002001", ARCH_BIOS, false, true},
	[PROBE_UEFI] = {"PXEClient:Arch:00007:UNDI:003016", ARCH_EFI_X64, false, true},
	[PROBE_HTTP] = {"HTTPClient:Arch:00016:UNDI:003016", ARCH_HTTP_X64, false, true},
	[PROBE_IPXE] = {"PXEClient:Arch:00000:UNDI:002001", ARCH_BIOS, true, false},
};

static const char *ip_text(uint32_t address, char buf[IP_TEXT])
{
	struct ip ip = ip_from_v4(address);

	return ip_format(&ip, buf);
}

static uint32_t draw(void)
{
	uint32_t v = 0;

	(void)!getrandom(&v, sizeof v, 0);
	return v;
}

static void set_asking(struct walk *w)
{
	const struct firmware *fw = &firmwares[w->as];

	w->asking = (struct dhcp_asking){.type = DHCP_DISCOVER,
		.mac = w->p->mac,
		.xid = draw(),
		.arch = fw->arch,
		.vendor_class = fw->vendor_class,
		.ipxe = fw->ipxe,
		.broadcast = fw->broadcast};
	memcpy(w->asking.uuid, w->p->uuid, UUID_BYTES);
}

/* Offers */

static void say_offer(struct walk *w, const struct dhcp_told *t, int64_t us)
{
	char address[IP_TEXT], server[IP_TEXT], mac[MAC_TEXT], next[IP_TEXT], boots[IPXE_URL];

	if (!*t->file)
		snprintf(boots, sizeof boots, "nothing to boot");
	else if (strstr(t->file, "://"))
		snprintf(boots, sizeof boots, "%s", t->file);
	else
		snprintf(boots, sizeof boots, "%s on %s", t->file,
			t->next_server          ? ip_text(t->next_server, next)
				: *t->tftp_name ? t->tftp_name
						: "no server");
	probe_say(w->p, w->as, probe_is_proxy(t) ? "proxy" : "offer", us,
		"%s%sfrom %s (MAC %s): %s", probe_is_proxy(t) ? "" : ip_text(t->address, address),
		probe_is_proxy(t) ? "" : " ", ip_text(t->server, server), mac_format(&t->from, mac),
		boots);
}

/* The first that leases is taken; a proxy that names a file comes before what the lease says. */
static void choose(struct probe_facts *f)
{
	f->lease = f->boot = -1;
	for (size_t i = 0; i < f->n_offers; i++) {
		if (!probe_is_proxy(&f->offers[i]) && f->lease < 0)
			f->lease = (int)i;
		if (probe_is_proxy(&f->offers[i]) && *f->offers[i].file && f->boot < 0)
			f->boot = (int)i;
	}
	if (f->boot < 0)
		f->boot = f->lease;
}

static void discover(struct walk *w)
{
	struct probe *p = w->p;
	int64_t us;

	w->f.n_offers = probe_wire_discover(
		&p->wire, &w->asking, p->servers ? p->servers : PROBE_OFFERS, w->f.offers, &us);
	for (size_t i = 0; i < w->f.n_offers; i++)
		say_offer(w, &w->f.offers[i], i ? -1 : us);
	if (!p->servers)
		p->servers = w->f.n_offers;
	choose(&w->f);
}

/* The lease */

static unsigned prefix_of(uint32_t netmask)
{
	return netmask ? (unsigned)__builtin_popcount(netmask) : 24;
}

static bool use(struct walk *w, const struct dhcp_told *t)
{
	int rc = station_set_address(w->p->station, t->address, prefix_of(t->netmask), t->router);

	if (rc == 0)
		return true;
	w->f.address_fails = true;
	snprintf(w->f.address_says, sizeof w->f.address_says, "%s", strerror(-rc));
	return false;
}

static void hold(struct walk *w, const struct dhcp_told *ack)
{
	w->p->held = w->asking;
	w->p->held.type = DHCP_RELEASE;
	w->p->held.address = ack->address;
	w->p->held.server = ack->server;
	w->p->held_from = ack->from;
}

static bool lease(struct walk *w)
{
	const struct dhcp_told *offer = &w->f.offers[w->f.lease];
	int64_t us = probe_now_us();
	struct dhcp_told said;
	char ip[IP_TEXT];

	w->asking.type = DHCP_REQUEST;
	w->asking.address = offer->address;
	w->asking.server = offer->server;
	w->f.ack = probe_wire_request(&w->p->wire, &w->asking, &said);
	us = probe_now_us() - us;
	if (w->f.ack == PROBE_DENIED)
		w->f.nak = said;
	if (w->f.ack != PROBE_DONE) {
		probe_say(w->p, w->as, "lease", us, "%s",
			w->f.ack == PROBE_DENIED ? "refused (NAK)" : "no answer to the REQUEST");
		return false;
	}
	hold(w, &said);
	probe_say(w->p, w->as, "lease", us, "%s for %u s", ip_text(said.address, ip), said.lease_s);
	return use(w, &said);
}

/* Fetching */

static const char *bytes_text(uint64_t n, char buf[32])
{
	if (n < 10000)
		snprintf(buf, 32, "%u bytes", (unsigned)n);
	else if (n < 1000000)
		snprintf(buf, 32, "%.1f kB", (double)n / 1e3);
	else
		snprintf(buf, 32, "%.1f MB", (double)n / 1e6);
	return buf;
}

static void say_fetch(struct walk *w, const char *step, const struct probe_fetch *g, int64_t us)
{
	static const char *const ends[] = {"not tried", "", "no answer", "refused", "not found",
		"refused", "an error", "broke off"};
	/* of a kernel and an initrd, machine code and zeros say nothing */
	bool tells_kind = g->kind != BOOT_BYTES_RAW || !strcmp(step, "program");
	char size[32];

	if (g->end == PROBE_DONE)
		probe_say(w->p, w->as, step, us, "%s, %s%s%s%s", g->url, bytes_text(g->bytes, size),
			g->part ? " (its beginning was fetched)" : "", tells_kind ? ", " : "",
			tells_kind ? boot_bytes_name(g->kind) : "");
	else
		probe_say(w->p, w->as, step, us, "%s: %s%s%s", g->url, ends[g->end],
			*g->says ? ": " : "", g->says);
}

static bool fetch(
	struct walk *w, const char *step, const char *url, bool look, struct probe_fetch *ret)
{
	const struct probe_fetching f = {
		.url = url, .look = look, .redirects = w->as == PROBE_IPXE, .stop = w->p->stop};
	int64_t us = probe_now_us();

	w->len = probe_fetch(&f, w->text, sizeof w->text, ret);
	say_fetch(w, step, ret, probe_now_us() - us);
	return ret->end == PROBE_DONE;
}

/* .../m/ and 32 hex digits: what is told of a boot of usher's. */
static bool has_token(const char *url)
{
	const char *at = strstr(url, "/m/");
	size_t n = 0;

	while (at && isxdigit((unsigned char)at[3 + n]))
		n++;
	return at && n == TOKEN && at[3 + n] == '/';
}

static enum probe_held holds_back(const struct walk *w, const char *url)
{
	if (w->as != PROBE_IPXE || w->p->install)
		return PROBE_NOT_HELD;
	if (w->p->record)
		return PROBE_HELD_ARMED;
	return has_token(url) ? PROBE_HELD_TOKEN : PROBE_NOT_HELD;
}

/* The script and what it loads */

static void read_script(struct walk *w)
{
	const struct dhcp_told *b = &w->f.offers[w->f.boot];
	char next[IP_TEXT], ip[IP_TEXT], mac[MAC_TEXT];
	const struct ipxe_known known = {.next_server = ip_text(b->next_server, next),
		.ip = ip_text(w->p->held.address, ip),
		.mac = mac_format(&w->p->mac, mac)};

	ipxe_script_read(w->text, w->len, &known, &w->f.script);
}

static bool fetch_from(
	struct walk *w, const char *step, const char *reference, struct probe_fetch *ret)
{
	char url[IPXE_URL];

	if (http_get_resolve(w->f.program.url, reference, url, sizeof url)) {
		snprintf(ret->url, sizeof ret->url, "%s", reference);
		snprintf(ret->says, sizeof ret->says, "no URL");
		ret->end = PROBE_BROKEN;
		say_fetch(w, step, ret, -1);
		return false;
	}
	return fetch(w, step, url, !w->p->install, ret);
}

/* A boot's URL without its last part, which marks what belongs to it; "" where it has no token. */
static void base_of(const struct walk *w, char base[IPXE_URL])
{
	const char *slash = strrchr(w->f.program.url, '/');

	base[0] = '\0';
	if (has_token(w->f.program.url))
		snprintf(base, IPXE_URL, "%.*s", (int)(slash + 1 - w->f.program.url),
			w->f.program.url);
}

static bool fetch_files(struct walk *w)
{
	const struct ipxe_script *s = &w->f.script;

	if (!fetch_from(w, "kernel", s->kernel, &w->f.kernel))
		return false;
	for (size_t i = 0; i < s->n_initrds; i++)
		if (!fetch_from(w, "initrd", s->initrd[i], &w->f.initrd) || !w->f.initrd.bytes)
			return false;
	return true;
}

/* What the system that it loaded asks: its address once more. */
static void lease_as_system(struct walk *w)
{
	struct dhcp_told offers[PROBE_OFFERS], said;
	int64_t us = probe_now_us(), took;
	char ip[IP_TEXT];

	w->asking.type = DHCP_DISCOVER;
	w->asking.xid = draw();
	w->asking.arch = DHCP_ARCH_NONE;
	w->asking.vendor_class = NULL;
	w->asking.address = w->asking.server = 0;
	if (!probe_wire_discover(&w->p->wire, &w->asking, 1, offers, &took))
		return;
	w->asking.type = DHCP_REQUEST;
	w->asking.address = offers[0].address;
	w->asking.server = offers[0].server;
	if (probe_wire_request(&w->p->wire, &w->asking, &said) != PROBE_DONE)
		return;
	probe_say(w->p, w->as, "lease", probe_now_us() - us, "%s for %u s, as the installer",
		ip_text(said.address, ip), said.lease_s);
	if (said.address != w->p->held.address)
		(void)use(w, &said);
	hold(w, &said);
}

static void report_done(struct walk *w, const char *base)
{
	char url[IPXE_URL + 8];
	const struct probe_fetching f = {.url = url, .post = "", .stop = w->p->stop};
	int64_t us = probe_now_us();

	snprintf(url, sizeof url, "%sdone", base);
	w->len = probe_fetch(&f, w->text, sizeof w->text, &w->f.done);
	say_fetch(w, "done", &w->f.done, probe_now_us() - us);
}

static void follow_script(struct walk *w)
{
	char base[IPXE_URL], answers[IPXE_URL];

	read_script(w);
	base_of(w, base);
	if (!*w->f.script.kernel || !fetch_files(w))
		return;
	if (w->p->install)
		lease_as_system(w);
	if (ipxe_script_answers(w->f.script.words, base, answers) &&
		!fetch(w, "answers", answers, false, &w->f.answers))
		return;
	if (w->p->install && *base)
		report_done(w, base);
}

static void boot(struct walk *w)
{
	const struct dhcp_told *b = &w->f.offers[w->f.boot];
	char url[IPXE_URL];

	if (!*b->file || !probe_fetch_named(b, url))
		return;
	w->f.held = holds_back(w, url);
	if (w->f.held) {
		probe_say(w->p, w->as, "script", -1, "%s: not fetched%s", url,
			w->f.held == PROBE_HELD_ARMED ? ": that would count as a boot" : "");
		return;
	}
	if (!lease(w) ||
		!fetch(w, w->as == PROBE_IPXE ? "script" : "program", url, false, &w->f.program))
		return;
	if (w->as == PROBE_IPXE && w->f.program.kind == BOOT_BYTES_SCRIPT)
		follow_script(w);
}

void probe_walk(struct probe *p, enum probe_as as)
{
	struct walk *w = calloc(1, sizeof *w);
	struct probe_verdict v;

	if (!w)
		return;
	w->p = p;
	w->as = as;
	w->f.as = as;
	snprintf(w->f.on, sizeof w->f.on, "%s", p->on);
	w->f.macvlan = !station_is_bridged(p->station);
	w->f.libvirt = !strncmp(p->on, "virbr", 5);
	w->f.install = p->install;
	w->f.wait_s = PROBE_WIRE_SILENT_MS / 1000;
	w->f.known = p->known;
	set_asking(w);
	discover(w);
	if (w->f.lease >= 0 && !*p->stop)
		boot(w);
	station_clear_address(p->station);
	if (!*p->stop) {
		probe_judge(&w->f, &v);
		probe_say_verdict(p, as, &v);
	}
	free(w);
}

void probe_release(struct probe *p)
{
	if (!p->held.address)
		return;
	p->held.xid = draw();
	probe_wire_release(&p->wire, &p->held, &p->held_from);
	p->held.address = 0;
}

/* Without a station */

static void ask_here(struct probe *p, enum probe_as as, const char *url)
{
	struct walk *w = calloc(1, sizeof *w);
	struct probe_verdict v;

	if (!w)
		return;
	w->p = p;
	w->as = w->f.as = as;
	w->f.known = p->known;
	(void)fetch(w, "program", url, true, &w->f.program);
	probe_judge_from_here(&w->f, &v);
	probe_say_verdict(p, as, &v);
	free(w);
}

void probe_from_here(struct probe *p, uint32_t server, const char *url)
{
	char tftp[64], ip[IP_TEXT], http[IPXE_URL];

	snprintf(tftp, sizeof tftp, "tftp://%s/undionly.kpxe", ip_text(server, ip));
	ask_here(p, PROBE_BIOS, tftp);
	if (!*url)
		return;
	snprintf(http, sizeof http, "%s/boot/snponly.efi", url);
	ask_here(p, PROBE_HTTP, http);
}
