/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "usher/probe/probe_judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { WHO = 64 };

const char *probe_as_name(enum probe_as as)
{
	static const char *const names[] = {"bios", "uefi", "http", "ipxe"};

	return names[as];
}

bool probe_is_proxy(const struct dhcp_told *t)
{
	return !t->address;
}

/* Words */

__attribute__((format(printf, 2, 3))) static void text(
	struct probe_verdict *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->text, sizeof v->text, fmt, ap);
	va_end(ap);
}

/* Always wrong: what is right has no fix. */
__attribute__((format(printf, 3, 4))) static bool fix(
	struct probe_verdict *v, const char *what, const char *fmt, ...)
{
	va_list ap;

	v->what = what;
	va_start(ap, fmt);
	vsnprintf(v->fix, sizeof v->fix, fmt, ap);
	va_end(ap);
	return true;
}

static const char *ip_text(uint32_t address, char buf[IP_TEXT])
{
	struct ip ip = ip_from_v4(address);

	return ip_format(&ip, buf);
}

/* "10.0.0.1 (MAC 52:54:00:00:00:01)" */
static const char *who(const struct dhcp_told *t, char buf[WHO])
{
	char ip[IP_TEXT], mac[MAC_TEXT];

	snprintf(buf, WHO, "%s (MAC %s)", ip_text(t->server, ip), mac_format(&t->from, mac));
	return buf;
}

static bool is_usher(const struct probe_facts *f, const struct dhcp_told *t)
{
	return f->known.serves && t->server == f->known.server;
}

static const struct dhcp_told *lease_of(const struct probe_facts *f)
{
	return f->lease < 0 ? NULL : &f->offers[f->lease];
}

static const struct dhcp_told *boot_of(const struct probe_facts *f)
{
	return f->boot < 0 ? NULL : &f->offers[f->boot];
}

static bool has_file(const struct probe_facts *f)
{
	return boot_of(f) && *boot_of(f)->file;
}

/* Who leases */

static bool no_server(const struct probe_facts *f, struct probe_verdict *v)
{
	if (f->n_offers)
		return false;
	text(v, "no DHCP server answered on %s within %u s", f->on, f->wait_s);
	if (f->macvlan)
		return fix(v, "no-server",
			"a server on this host itself is not reached from %s, which is no bridge: run this on "
			"another host of the wire; else start a server there: usher serve --interface %s",
			f->on, f->on);
	if (f->known.serves) {
		v->probably = true;
		text(v,
			"usher serves %s, and did not answer within %u s: probably a packet filter drops UDP "
			"port 67",
			f->on, f->wait_s);
		return fix(v, "no-server",
			"usher check (it names the rule); usher timeline, usher leases");
	}
	return fix(v, "no-server",
		"start one: usher serve %s, or look whether the server is on this wire",
		f->libvirt ? "--network NAME" : "--interface IF");
}

static bool only_proxy(const struct probe_facts *f, struct probe_verdict *v)
{
	char a[WHO];

	if (f->lease >= 0)
		return false;
	text(v, "%s says what to boot, but no server offers an address", who(&f->offers[0], a));
	return fix(v, "no-lease",
		"start the DHCP server of this wire, or let usher lease (mode='own' in usher.xml)");
}

static bool two_servers(const struct probe_facts *f, struct probe_verdict *v)
{
	const struct dhcp_told *first = lease_of(f), *other = NULL;
	char a[WHO], b[WHO];

	for (size_t i = 0; i < f->n_offers && !other; i++)
		if ((int)i != f->lease && !probe_is_proxy(&f->offers[i]))
			other = &f->offers[i];
	if (!other)
		return false;
	if (first->server == other->server) {
		text(v, "two answer as one DHCP server: %s and %s: probably one of them forges",
			who(first, a), who(other, b));
		v->probably = true;
		return fix(v, "forged",
			"find the machine with the MAC that is not the server's, and stop it");
	}
	text(v, "two DHCP servers lease here, and chance decides which one a machine hears: %s and %s",
		who(first, a), who(other, b));
	return fix(v, "two-servers",
		"stop one of them, or let usher add only what to boot (mode='proxy')");
}

static bool not_leased(const struct probe_facts *f, struct probe_verdict *v)
{
	const struct dhcp_told *t = lease_of(f);
	char a[WHO], ip[IP_TEXT];

	if (f->ack == PROBE_DENIED) {
		text(v, "%s offers %s and then refuses it (NAK%s%s)", who(t, a),
			ip_text(t->address, ip), *f->nak.message ? ": " : "", f->nak.message);
		return fix(v, "refused",
			"read its log; see whether a second server answers with the same address");
	}
	if (f->ack == PROBE_SILENT) {
		text(v, "%s offers %s and does not answer the REQUEST", who(t, a),
			ip_text(t->address, ip));
		return fix(v, "not-acknowledged",
			"look into its log: its store may be full, or not writable");
	}
	if (!f->address_fails)
		return false;
	text(v, "%s leases %s, which cannot be used: %s", who(t, a), ip_text(t->address, ip),
		f->address_says);
	return fix(v, "bad-address", "correct its subnet, netmask or router");
}

/* What to boot */

static bool nothing_wanted(const struct probe_facts *f, struct probe_verdict *v)
{
	const struct probe_known *k = &f->known;
	char a[WHO];

	if (k->should != PROBE_NOTHING || (has_file(f) && is_usher(f, boot_of(f))))
		return false;
	if (has_file(f)) {
		text(v, "%s names a boot file (%s) to a machine that usher wants to boot from its disk",
			who(boot_of(f), a), boot_of(f)->file);
		return fix(v, "boots-elsewhere", "let that server name no boot file, or stop it");
	}
	if (*k->machine)
		text(v, "an address and nothing to boot, as it should be: %s is %s", k->machine,
			k->state);
	else
		text(v, "an address and nothing to boot, as it should be: no record has this MAC");
	v->right = true;
	v->what = "nothing-to-boot";
	return true;
}

static const char *dnsmasq_line(enum probe_as as)
{
	static const char *const lines[] = {
		[PROBE_BIOS] = "dhcp-boot=undionly.kpxe",
		[PROBE_UEFI] =
			"dhcp-match=set:efi,option:client-arch,7 and dhcp-boot=tag:efi,snponly.efi",
		[PROBE_HTTP] =
			"dhcp-match=set:http,option:client-arch,16, dhcp-boot=tag:http,http://SERVER/snponly.efi "
			"and dhcp-option-force=tag:http,60,HTTPClient",
		[PROBE_IPXE] =
			"dhcp-userclass=set:ipxe,iPXE and dhcp-boot=tag:ipxe,http://SERVER/boot.ipxe",
	};

	return lines[as];
}

/* One that answers without a file tells it on port 4011, or by a menu or a boot server of option 43 (PXE 2.1, 2.2). */
static bool on_4011(const struct probe_facts *f, struct probe_verdict *v)
{
	char a[WHO];

	if (has_file(f) || f->as == PROBE_HTTP ||
		(f->known.should == PROBE_BOOTS && f->known.serves))
		return false;
	for (size_t i = 0; i < f->n_offers; i++) {
		const struct dhcp_told *t = &f->offers[i];

		if (!probe_is_proxy(t) || strncmp(t->vendor_class, "PXEClient", 9) != 0)
			continue;
		text(v,
			"as far as the proxy %s, which tells what to boot on port 4011 or by a menu: "
			"a probe does not ask it there",
			who(t, a));
		v->right = true;
		v->what = "proxy-not-asked";
		return true;
	}
	return false;
}

static bool no_file(const struct probe_facts *f, struct probe_verdict *v)
{
	char a[WHO];

	if (has_file(f))
		return false;
	text(v, "%s leases an address and names no boot file", who(lease_of(f), a));
	if (f->known.should == PROBE_BOOTS && f->known.serves)
		return fix(v, "no-file",
			"usher should name one to %s, which is %s: 'usher timeline %s' says why it does not; its "
			"profile may have no boot program for this firmware",
			f->known.machine, f->known.state, f->known.machine);
	if (f->libvirt)
		return fix(v, "no-file",
			"usher serve --network NAME adds it beside libvirt's dnsmasq (mode 'proxy'); or <bootp "
			"file=''/> in the network's <dhcp>");
	return fix(
		v, "no-file", "option 67 and next-server; with dnsmasq: %s", dnsmasq_line(f->as));
}

static bool is_http(const char *file)
{
	return !strncmp(file, "http://", 7) || !strncmp(file, "https://", 8);
}

static bool no_next_server(const struct probe_facts *f, struct probe_verdict *v)
{
	const struct dhcp_told *b = boot_of(f);
	char a[WHO];

	if (strstr(b->file, "://") || b->next_server || *b->tftp_name)
		return false;
	text(v, "%s names the boot file %s and not the server that has it (next-server is 0.0.0.0)",
		who(b, a), b->file);
	return fix(v, "no-next-server",
		"set next-server (siaddr), or option 66, to the TFTP server's address");
}

static bool not_for_http(const struct probe_facts *f, struct probe_verdict *v)
{
	const struct dhcp_told *b = boot_of(f);
	char a[WHO];

	if (f->as != PROBE_HTTP)
		return false;
	if (strncmp(b->vendor_class, "HTTPClient", 10)) {
		text(v, "%s answers without option 60 'HTTPClient'%s%s%s: UEFI HTTP Boot ignores such an offer",
			who(b, a), *b->vendor_class ? " (it says '" : "", b->vendor_class,
			*b->vendor_class ? "')" : "");
		return fix(v, "no-option-60", "option 60 HTTPClient; with dnsmasq: %s",
			dnsmasq_line(f->as));
	}
	if (is_http(b->file))
		return false;
	text(v, "%s names %s to UEFI HTTP Boot, which wants a URL", who(b, a), b->file);
	return fix(v, "no-url", "a boot file that begins with http://; with dnsmasq: %s",
		dnsmasq_line(f->as));
}

static bool url_for_pxe(const struct probe_facts *f, struct probe_verdict *v)
{
	const struct dhcp_told *b = boot_of(f);
	char a[WHO];

	if ((f->as != PROBE_BIOS && f->as != PROBE_UEFI) || !strstr(b->file, "://"))
		return false;
	text(v, "%s names the URL %s to PXE, which fetches a name by TFTP", who(b, a), b->file);
	return fix(v, "url-for-pxe",
		"name a boot program by TFTP to PXE, and the URL to iPXE alone; with dnsmasq: %s",
		dnsmasq_line(f->as));
}

/* Fetching */

static void host_of(const char *url, char buf[96])
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	snprintf(buf, 96, "%.*s", (int)strcspn(host, "/"), host);
}

static bool is_silent(
	const struct probe_facts *f, const struct probe_fetch *g, struct probe_verdict *v)
{
	char host[96];

	host_of(g->url, host);
	v->probably = true;
	text(v, "%s does not answer by %s: probably a packet filter drops %s", host,
		g->tftp ? "TFTP" : "HTTP", g->tftp ? "UDP port 69" : "its TCP port");
	if (f->known.serves)
		return fix(v, g->tftp ? "tftp-silent" : "http-silent",
			"usher check (it names the rule)");
	return fix(v, g->tftp ? "tftp-silent" : "http-silent",
		"on that host: nft list ruleset, and let %s in; or nothing runs at that address",
		g->tftp ? "udp dport 69" : "the port");
}

static bool is_refused(const struct probe_fetch *g, struct probe_verdict *v)
{
	char host[96];

	host_of(g->url, host);
	text(v, "%s refuses %s%s%s", host, g->tftp ? "TFTP" : "the connection",
		*g->says ? ": " : "", g->says);
	if (g->tftp)
		return fix(v, "tftp-refused",
			"start the TFTP server there (dnsmasq: enable-tftp and tftp-root=)");
	return fix(v, "http-refused", "start the web server there, or correct the port in the URL");
}

static bool is_missing(const struct probe_fetch *g, const char *what, struct probe_verdict *v)
{
	text(v, "%s is missing: %s: %s%s%s", what, g->url,
		g->tftp ? "TFTP: file not found" : "HTTP 404", *g->says && g->tftp ? ": " : "",
		g->tftp ? g->says : "");
	return fix(v, g->tftp ? "tftp-missing" : "http-missing",
		"put the file there, or correct its name (upper and lower case count)");
}

static bool is_denied(const struct probe_facts *f, const struct probe_fetch *g, const char *what,
	struct probe_verdict *v)
{
	text(v, "%s: refused: %s: %s%s%ld%s%s", what, g->url, g->tftp ? "TFTP error" : "HTTP", " ",
		g->status, *g->says ? ": " : "", g->says);
	if (f->known.serves && *f->known.machine)
		return fix(v, "denied", "usher timeline %s says why", f->known.machine);
	return fix(v, "denied", "let its server read the file (chmod a+r, and x on its folders)");
}

/* The rest of what can become of a fetch; false: it was done, or not tried. */
static bool fetch_fails(const struct probe_facts *f, const struct probe_fetch *g, const char *what,
	struct probe_verdict *v)
{
	switch (g->end) {
	case PROBE_SILENT:
		return is_silent(f, g, v);
	case PROBE_REFUSED:
		return is_refused(g, v);
	case PROBE_MISSING:
		return is_missing(g, what, v);
	case PROBE_DENIED:
		return is_denied(f, g, what, v);
	case PROBE_STATUS:
		text(v, "%s: %s: %s %ld%s%s", what, g->url, g->tftp ? "TFTP error" : "HTTP",
			g->status, *g->says ? ": " : "", g->says);
		return fix(v, "status", "look into the log of that server");
	case PROBE_BROKEN:
		text(v, "%s: %s: %s", what, g->url, g->says);
		return fix(v, "broken",
			"look into the log of that server, and whether it is reached from there");
	default:
		return false;
	}
}

static bool is_empty(const struct probe_fetch *g, const char *what, struct probe_verdict *v)
{
	if (g->end != PROBE_DONE || g->bytes)
		return false;
	text(v, "%s is empty: %s", what, g->url);
	return fix(v, "empty", "copy the file there again");
}

static const char *program_word(const struct probe_facts *f)
{
	return f->as == PROBE_IPXE ? "the boot script" : "the boot program";
}

static bool program_fails(const struct probe_facts *f, struct probe_verdict *v)
{
	return fetch_fails(f, &f->program, program_word(f), v) ||
		is_empty(&f->program, program_word(f), v);
}

/* What it is */

static bool is_efi(enum boot_bytes b)
{
	return b == BOOT_BYTES_EFI_X64 || b == BOOT_BYTES_EFI_IA32 || b == BOOT_BYTES_EFI_ARM64 ||
		b == BOOT_BYTES_EFI_OTHER;
}

static bool runs(enum probe_as as, enum boot_bytes kind)
{
	if (as == PROBE_BIOS)
		return kind == BOOT_BYTES_RAW;
	/* a kernel with an EFI stub is a program of UEFI, too */
	return kind == BOOT_BYTES_EFI_X64 || kind == BOOT_BYTES_LINUX;
}

static bool wrong_program(const struct probe_facts *f, struct probe_verdict *v)
{
	const struct probe_fetch *g = &f->program;
	bool bios = f->as == PROBE_BIOS;

	if (f->as == PROBE_IPXE || g->end != PROBE_DONE || runs(f->as, g->kind))
		return false;
	text(v, "%s is %s; %s cannot start it", g->url, boot_bytes_name(g->kind),
		bios ? "BIOS" : "UEFI x86-64");
	if (g->kind == BOOT_BYTES_HTML || g->kind == BOOT_BYTES_TEXT ||
		g->kind == BOOT_BYTES_PACKED || g->kind == BOOT_BYTES_SCRIPT ||
		g->kind == BOOT_BYTES_ELF)
		return fix(v, "not-a-program", "put a boot program there: %s",
			bios ? "undionly.kpxe (package ipxe)" : "snponly.efi (package ipxe)");
	return fix(v, "wrong-architecture",
		"tell architectures apart (option 93); with dnsmasq: %s", dnsmasq_line(f->as));
}

static bool wrong_script(const struct probe_facts *f, struct probe_verdict *v)
{
	const struct probe_fetch *g = &f->program;

	if (f->as != PROBE_IPXE || g->end != PROBE_DONE || g->kind == BOOT_BYTES_SCRIPT)
		return false;
	if (g->kind == BOOT_BYTES_RAW || is_efi(g->kind)) {
		text(v, "iPXE is given %s, %s: probably itself again, in a circle", g->url,
			boot_bytes_name(g->kind));
		v->probably = true;
		return fix(v, "loop", "name a script to iPXE (user class iPXE); with dnsmasq: %s",
			dnsmasq_line(f->as));
	}
	if (g->kind == BOOT_BYTES_LINUX)
		return false;
	text(v, "%s is no script of iPXE: it begins as %s, not with #!ipxe", g->url,
		boot_bytes_name(g->kind));
	return fix(v, "no-script",
		"its first line must be #!ipxe, without blanks or a byte order mark before it");
}

static bool file_fails(const struct probe_facts *f, const struct probe_fetch *g, const char *what,
	struct probe_verdict *v)
{
	if (fetch_fails(f, g, what, v) || is_empty(g, what, v))
		return true;
	if (g->end != PROBE_DONE || g->kind != BOOT_BYTES_HTML)
		return false;
	text(v, "%s is %s: %s", what, boot_bytes_name(g->kind), g->url);
	return fix(
		v, "not-a-program", "put the file there: the server answers with a page instead");
}

static bool files_fail(const struct probe_facts *f, struct probe_verdict *v)
{
	return file_fails(f, &f->kernel, "the kernel", v) ||
		file_fails(f, &f->initrd, "the initrd", v);
}

static bool answers_fail(const struct probe_facts *f, struct probe_verdict *v)
{
	return fetch_fails(f, &f->answers, "the installer's answers", v) ||
		is_empty(&f->answers, "the installer's answers", v) ||
		fetch_fails(f, &f->done, "the report of 'done'", v);
}

/* A script that goes straight on and loads nothing. */
static bool loads_nothing(const struct probe_facts *f, struct probe_verdict *v)
{
	const struct ipxe_script *s = &f->script;

	if (f->program.end != PROBE_DONE || f->program.kind != BOOT_BYTES_SCRIPT || *s->kernel ||
		*s->chain || s->branches)
		return false;
	if (f->install && f->known.serves) {
		text(v, "the boot script loads no kernel: usher refused this boot");
		return fix(v, "no-kernel", "usher timeline %s says why", f->known.machine);
	}
	text(v, "the boot script loads no kernel: %s", f->program.url);
	return fix(v, "no-kernel", "a line 'kernel URL …', and 'boot' after it");
}

/* Right */

static void all_right(const struct probe_facts *f, struct probe_verdict *v)
{
	v->right = true;
	v->what = "right";
	if (f->done.end == PROBE_DONE)
		text(v, "it went through a whole install: script, kernel, initrd, answers, and 'done' reported");
	else if (f->held == PROBE_HELD_ARMED && !*f->known.machine)
		text(v, "as far as the boot script, which was not fetched: it may be that MAC's next boot");
	else if (f->held == PROBE_HELD_ARMED)
		text(v, "as far as the boot script, which was not fetched: %s is still %s",
			f->known.machine, *f->known.state ? f->known.state : "as it was");
	else if (f->held == PROBE_HELD_TOKEN)
		text(v, "as far as the boot script, which was not fetched: its URL has a token of usher's");
	else if (f->as != PROBE_IPXE)
		text(v, "%s can start it: %s", f->as == PROBE_BIOS ? "BIOS" : "UEFI x86-64",
			boot_bytes_name(f->program.kind));
	else if (f->script.branches || *f->script.chain)
		text(v,
			"as far as the boot script, which goes on by choices or with another that were not "
			"followed");
	else
		text(v, "a boot script, and the kernel%s that it loads",
			f->script.n_initrds ? " and initrd" : "");
}

void probe_judge(const struct probe_facts *f, struct probe_verdict *ret)
{
	static bool (*const rules[])(const struct probe_facts *, struct probe_verdict *) = {
		no_server, only_proxy, two_servers, nothing_wanted, on_4011, no_file, not_for_http,
		url_for_pxe, no_next_server, not_leased, program_fails, wrong_program, wrong_script,
		loads_nothing, files_fail, answers_fail};

	memset(ret, 0, sizeof *ret);
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if (rules[i](f, ret))
			return;
	all_right(f, ret);
}

void probe_judge_from_here(const struct probe_facts *f, struct probe_verdict *ret)
{
	const struct probe_fetch *g = &f->program;
	bool silent = g->end == PROBE_SILENT || g->end == PROBE_REFUSED || g->end == PROBE_BROKEN;

	memset(ret, 0, sizeof *ret);
	if (silent && program_fails(f, ret))
		return;
	ret->right = true;
	ret->what = "answers";
	text(ret, "answers by %s, asked from this host itself", g->tftp ? "TFTP" : "HTTP");
}
