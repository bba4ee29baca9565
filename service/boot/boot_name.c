/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Boot scripts asked for by a fixed name: GRUB's and PXELINUX's, which know no token. Who asks is who
 * has the source address on that segment; a MAC in the name must be the same machine's. And boot
 * programs by TFTP, which a machine that is not armed should not start.
 */
#include "service/boot/boot_name.h"
#include "service/boot/boot.h"
#include "service/boot/transfers.h"
#include "service/network/segments.h"
#include "service/boot/place_look.h"
#include "service/base/reply.h"

#include "core/clock.h"
#include "kickstart/script_name.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Why somebody gets none, and what a person at that screen can do about it. */
struct no {
	char what[288], fix[160];
};

static void say_stranger(struct no *no, const char *ip, const char *mac)
{
	snprintf(no->what, sizeof no->what, "usher knows no machine with address %s", ip);
	snprintf(no->fix, sizeof no->fix,
		"To install it: usher enroll NAME --mac %s --profile PROFILE", *mac ? mac : "MAC");
}

/* Address and MAC are of two machines, or one of them is nobody's. */
static void say_mismatch(struct no *no, const char *ip, const struct machine *at, const char *mac,
	const struct machine *of)
{
	snprintf(no->what, sizeof no->what, "address %s belongs to %s, MAC %s to %s", ip,
		at ? at->name : "no machine", mac, of ? of->name : "no machine");
	snprintf(no->fix, sizeof no->fix, "To see the record: usher show %s",
		of ? of->name : at->name);
	machine_tell(of ? of : at, "refused", no->what);
}

/* The machine that asks, or NULL and what to tell it. */
static struct machine *asker(struct boot *boot, const struct script_name *n, uint32_t link,
	const struct ip *peer, struct no *no)
{
	uint32_t segment = segment_of_peer(boot->network, link, peer);
	struct machine *at = machine_at(boot, link, peer), *of = at;
	const struct lease *l = lease_by_ip(dhcpd_leases(boot->dhcpd), segment, peer);
	char ip[IP_TEXT], mac[MAC_TEXT] = "";

	if (!mac_is_zero(&n->mac))
		of = machines_by_mac(boot->base->machines, segment, &n->mac, NULL);
	if (at && at == of)
		return at;
	ip_format(peer, ip);
	if (!mac_is_zero(&n->mac))
		mac_format(&n->mac, mac);
	else if (l)
		mac_format(&l->mac, mac);
	if (at || of)
		say_mismatch(no, ip, at, mac, of);
	else
		say_stranger(no, ip, mac);
	return NULL;
}

/* A boot that waits to be confirmed asks again under its token; any other ask is by address alone. */
static int begin(struct boot *boot, struct machine *m, const char *token, uint32_t segment,
	const struct ip *peer)
{
	const struct boot_client by = place_client(boot, m, segment, peer);
	enum token_kind kind = TOKEN_NONE;
	bool its = *token && machines_by_token(boot->base->machines, token, &kind) == m;

	if (its && (kind == TOKEN_ASKING || kind == TOKEN_BOOT))
		return machine_boot(m, kind, &by);
	return machine_boot_named(m, &by, clock_mono_ms());
}

/* What `m` is to load, or why it is not to load anything. 0 or -ENOMEM. */
static int script_of(struct boot *boot, struct machine *m, const struct script_name *n,
	enum script_kind kind, const struct ip *peer, uint32_t segment, char **ret)
{
	const struct boot_asker by = {segment, peer->family, kind};
	char why[512] = "out of memory", fix[128];
	int rc;

	rc = begin(boot, m, n->token, segment, peer);
	if (rc == -EAGAIN)
		return boot_wait(boot, m, &by, ret);
	if (rc)
		return boot_refusal(m, kind, ret);
	if (!boot_render(boot, m, &by, ret, why, sizeof why))
		return 0;
	snprintf(fix, sizeof fix, "See: usher timeline %s", m->name);
	return script_refuse(kind, why, fix, ret);
}

/* It is not where it should be, which is on its timeline. */
static int script_elsewhere(const struct machine *m, enum script_kind kind, char **ret)
{
	char fix[128];

	snprintf(fix, sizeof fix, "See: usher timeline %s", m->name);
	return script_refuse(kind, "this request did not come from the machine itself", fix, ret);
}

/* TFTP */

struct parked {
	struct tftp_request *request;
	char *text;
};

static void parked_send(void *arg, int rc)
{
	struct parked *p = arg;

	if (rc)
		tftpd_refuse(p->request, -EIO, "usher cannot write to its disk");
	else
		tftpd_answer(p->request, p->text, strlen(p->text));
	free(p->text);
	free(p);
}

/* Takes `text` (heap). */
static void answer_committed(struct boot *boot, struct tftp_request *r, char *text)
{
	struct parked *p = malloc(sizeof *p);

	if (!p) {
		free(text);
		tftpd_refuse(r, -ENOMEM, "");
		return;
	}
	*p = (struct parked){r, text};
	if (store_is_clean(boot->base->store))
		parked_send(p, 0);
	else if (store_commit(boot->base->store, parked_send, p))
		parked_send(p, -ENOMEM);
}

/* PXELINUX says nothing about an ERROR and tries the next name: the last one shows it. */
static void refuse_script(struct tftp_request *r, const struct script_name *n, const struct no *no)
{
	char text[sizeof *no + 2], *script = NULL;

	snprintf(text, sizeof text, "%s. %s", no->what, no->fix);
	if (n->kind == SCRIPT_PXELINUX && !n->last) {
		tftpd_refuse(r, -ENOENT, text);
		return;
	}
	if (script_refuse(n->kind, no->what, no->fix, &script))
		tftpd_refuse(r, -ENOENT, text);
	else
		tftpd_answer(r, script, strlen(script));
	free(script);
}

/* Does the profile name a loader that reads such scripts? Our own GRUB reads no PXELINUX's; what a medium has may be either. */
static bool reads_scripts(const struct machine *m, enum script_kind kind)
{
	for (int f = 0; f < PROFILE_FIRMWARES; f++) {
		const char *program =
			profile_program(m->attempt.snapshot, (enum profile_firmware)f);

		if (program &&
			(kind != SCRIPT_PXELINUX || f == PROFILE_BIOS ||
				!profile_loader_of(program, (enum profile_firmware)f)))
			return true;
	}
	return false;
}

/* Nothing of it changes for a request that anybody may have sent. */
static bool may_ask(const struct machine *m, const struct script_name *n, struct no *no)
{
	if (!life_netboots(m->state) || reads_scripts(m, n->kind))
		return true;
	snprintf(no->what, sizeof no->what, "the profile of %s names no boot loader that reads %s",
		m->name, n->kind == SCRIPT_PXELINUX ? "pxelinux.cfg" : "grub.cfg");
	snprintf(no->fix, sizeof no->fix, "See: usher-profile(5), boot");
	return false;
}

static void script_asked(struct boot *boot, struct tftp_request *r, unsigned looks);

/* place_asker.again */
static void tftp_again(struct boot *boot, void *request, unsigned looks)
{
	if (boot->base->stopping)
		tftpd_refuse(request, -EAGAIN, "");
	else
		script_asked(boot, request, looks);
}

static void script_asked(struct boot *boot, struct tftp_request *r, unsigned looks)
{
	uint32_t segment = segment_of_peer(boot->network, r->segment, &r->peer);
	const struct place_asker a = {segment, &r->peer, "boot script", r, looks, tftp_again};
	enum place_verdict verdict;
	struct machine *m;
	struct script_name n;
	char *text = NULL;
	struct no no;
	int rc;

	(void)script_name_parse(r->name, &n); /* it is one: boot_tftp_asked() */
	m = asker(boot, &n, r->segment, &r->peer, &no);
	if (!m || !may_ask(m, &n, &no)) {
		refuse_script(r, &n, &no);
		return;
	}
	if (!r->there) {
		tftpd_greet(r);
		return;
	}
	verdict = place_admit(boot, m, &a);
	if (verdict == PLACE_WAITS)
		return;
	rc = verdict == PLACE_REFUSED ? script_elsewhere(m, n.kind, &text)
				      : script_of(boot, m, &n, n.kind, &r->peer, segment, &text);
	if (rc)
		tftpd_refuse(r, -ENOMEM, "");
	else
		answer_committed(boot, r, text);
}

/* Of strangers nobody said that they are not to boot: files are files. */
static void program_asked(struct boot *boot, struct tftp_request *r)
{
	const struct machine *m = machine_at(boot, r->segment, &r->peer);
	char why[128];

	if (!m || life_netboots(m->state)) {
		tftpd_serve_file(r);
		return;
	}
	snprintf(why, sizeof why, "this machine is not armed: usher reinstall %s", m->name);
	tftpd_refuse(r, -EACCES, why);
}

bool boot_tftp_asks(void *arg, const char *name)
{
	struct script_name n;

	(void)arg;
	return !script_name_parse(name, &n) || script_name_is_program(name);
}

void boot_tftp_asked(struct boot *boot, struct tftp_request *r)
{
	struct script_name n;

	if (boot->base->stopping)
		tftpd_refuse(r, -EAGAIN, "");
	else if (script_name_parse(r->name, &n))
		program_asked(boot, r);
	else
		script_asked(boot, r, 0);
}

/* HTTP */

/* A boot loader by its own word: anybody else may read a medium's grub.cfg. */
bool boot_http_asks(void *arg, const char *path, const char *agent)
{
	struct script_name n;

	(void)arg;
	if (!agent || (strncmp(agent, "GRUB", 4) && strncmp(agent, "UefiHttpBoot", 12)))
		return false;
	return !script_name_parse(path, &n) && n.kind == SCRIPT_GRUB;
}

static void http_asked(struct boot *boot, struct http_request *r, unsigned looks);

/* place_asker.again */
static void http_again(struct boot *boot, void *request, unsigned looks)
{
	if (boot->base->stopping)
		http_respond_error(request, 503, "usher is stopping");
	else
		http_asked(boot, request, looks);
}

static void http_asked(struct boot *boot, struct http_request *r, unsigned looks)
{
	const struct place_asker a = {r->segment, &r->peer, "boot script", r, looks, http_again};
	enum place_verdict verdict;
	struct machine *m;
	struct script_name n;
	char *text = NULL;
	struct no no;
	int rc;

	(void)script_name_parse(r->path, &n); /* it is one: boot_http_asked() */
	m = asker(boot, &n, r->segment, &r->peer, &no);
	verdict = m ? place_admit(boot, m, &a) : PLACE_REFUSED;
	if (verdict == PLACE_WAITS)
		return;
	if (!m)
		rc = script_refuse(SCRIPT_GRUB_HTTP, no.what, no.fix, &text);
	else if (verdict == PLACE_REFUSED)
		rc = script_elsewhere(m, SCRIPT_GRUB_HTTP, &text);
	else
		rc = script_of(boot, m, &n, SCRIPT_GRUB_HTTP, &r->peer, r->segment, &text);
	reply_text_committed(boot->base->store, r, 200, "text/plain", rc ? NULL : text);
}

void boot_http_asked(struct boot *boot, struct http_request *r)
{
	struct script_name n;

	if (script_name_parse(r->path, &n))
		http_respond_error(r, 404, "no such path");
	else if (r->method == HTTP_HEAD) /* that is no boot */
		http_respond(r, 200, "text/plain", "", 0);
	else
		http_asked(boot, r, 0);
}

bool boot_is_script(const char *name)
{
	struct script_name n;

	return !script_name_parse(name, &n);
}
