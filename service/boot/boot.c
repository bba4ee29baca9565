/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What machines ask for under their token: boot script, answers, reports. */
#include "service/boot/boot.h"
#include "service/boot/transfers.h"
#include "service/boot/place_look.h"
#include "service/base/reply.h"
#include "service/discovery/discovery.h"
#include "service/base/rendered_for.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/plain.h"
#include "kickstart/render.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	WHAT_TEXT = 65,    /* of what somebody asked for */
	REPORT_TEXT = 512, /* bytes of a report's text that are kept */
	GUESSES_TOLD = 10, /* unknown tokens that the log tells of in… */
	GUESSES_MS = 60 * 1000,
};

/* For the boot that is under way, and the card that it came by, whichever card asks. */
static int rendering_for(struct boot *boot, const struct machine *m, uint32_t segment,
	enum ip_family family, struct rendering **ret, char *why, size_t size)
{
	const struct nic *nic = machine_nic_booting(m);
	const struct segment *seg = segments_by_id(
		&boot->base->segments, nic && nic->segment_id ? nic->segment_id : segment);
	struct rendered_for r;

	rendered_for(&r, boot->base, m, seg, family);
	r.in.nic = nic ? nic : machine_nic_on(m, segment);
	r.in.token = m->attempt.token;
	r.in.up_token = m->attempt.up_token;
	return rendering_new(&r.in, m->attempt.snapshot, ret, why, size);
}

/* Its path below /boot/ and for TFTP. NULL: it has answers, as a tool that ends otherwise has, or cannot be rendered. */
static char *last_file(struct boot *boot, const struct machine *m)
{
	struct rendering *rendering = NULL;
	char *last = NULL, *url, *path, why[256];

	if (rendering_for(boot, m, 0, IP_NONE, &rendering, why, sizeof why))
		return NULL;
	for (unsigned n = 0; (m->state == LIFE_LIVE || !rendering_profile(rendering)->n_answers) &&
		!render_file(rendering, n, &url, &path, why, sizeof why);
		n++) {
		free(url);
		free(last);
		last = path;
	}
	rendering_free(rendering);
	return last;
}

/* Is nothing more heard of this boot? */
static bool ends_loaded(const struct machine *m)
{
	const struct attempt *a = &m->attempt;

	if (m->state == LIFE_LIVE)
		return a->live.booted_at && !a->live.up_at && !profile_reports_up(a->snapshot);
	return *a->tool && !a->ended_at && m->state == LIFE_BOOTING;
}

void boot_loaded(struct boot *boot, struct machine *m, const char *path)
{
	char *last;

	if (!ends_loaded(m))
		return;
	last = last_file(boot, m);
	if (last && strlen(path) >= strlen(last) &&
		!strcmp(path + strlen(path) - strlen(last), last))
		(void)machine_event(m, m->state == LIFE_LIVE ? LIFE_FIRST_BOOT : LIFE_DONE,
			m->state == LIFE_LIVE
				? "loaded; its profile has it report nothing"
				: "loaded; it runs until the machine is switched off or restarted");
	free(last);
}

static void tell_fault(const struct machine *m, const char *why)
{
	char text[TIMELINE_TEXT];

	snprintf(text, sizeof text, "cannot render: %s", why);
	machine_tell(m, "refused", text);
}

int boot_render(struct boot *boot, struct machine *m, const struct boot_asker *by, char **ret,
	char *why, size_t size)
{
	struct rendering *rendering = NULL;
	int rc = rendering_for(boot, m, by->segment, by->family, &rendering, why, size);

	if (!rc)
		rc = render_script(rendering, by->kind, ret, why, size);
	if (rc)
		tell_fault(m, why);
	rendering_free(rendering);
	return rc;
}

int boot_refusal(const struct machine *m, enum script_kind kind, char **ret)
{
	const char *reason = m->attempt.reason;
	char what[sizeof m->name + sizeof m->attempt.reason + 32], fix[sizeof m->name + 32];

	snprintf(what, sizeof what, "%s is %s%s%s", m->name, life_state_name(m->state),
		*reason ? ": " : "", reason);
	snprintf(fix, sizeof fix, "To install it: usher reinstall %s", m->name);
	return script_refuse(kind, what, fix, ret);
}

int boot_wait(struct boot *boot, const struct machine *m, const struct boot_asker *by, char **ret)
{
	const struct segment *seg = segments_by_id(&boot->base->segments, by->segment);
	char url[128] = "", server[IP_TEXT] = "";
	struct script_wait w = {.machine = m->name,
		.code = m->attempt.asking.code,
		.token = m->attempt.asking.token,
		.base_url = url,
		.server = server};

	if (seg) {
		const struct ip *own = segment_asked(seg, by->family);

		segment_url(seg, own, url, sizeof url);
		ip_format(own, server);
	}
	return script_wait(by->kind, &w, ret);
}

static int answers_for(struct boot *boot, struct machine *m, const struct http_request *r,
	const char *name, char **ret, const char **ret_type, char *why, size_t size)
{
	struct rendering *rendering = NULL;
	int rc = rendering_for(boot, m, r->segment, r->peer.family, &rendering, why, size);

	if (!rc)
		rc = render_answers_file(rendering, name, ret, ret_type, why, size);
	if (rc)
		tell_fault(m, why);
	rendering_free(rendering);
	return rc;
}

static void boot_script(
	struct boot *boot, struct http_request *r, struct machine *m, enum token_kind kind)
{
	char why[512] = "out of memory", *text = NULL;
	const struct boot_client by = place_client(boot, m, r->segment, &r->peer);
	const struct boot_asker asker = {r->segment, r->peer.family, SCRIPT_IPXE};
	int rc = machine_boot(m, kind, &by);

	if (rc == -EAGAIN)
		rc = boot_wait(boot, m, &asker, &text);
	else if (rc)
		rc = boot_refusal(m, SCRIPT_IPXE, &text);
	else
		rc = boot_render(boot, m, &asker, &text, why, sizeof why);
	if (rc)
		http_respond_error(r, 500, "%s", why);
	else
		reply_text_committed(boot->base->store, r, 200, "text/plain", text);
}

/* One of the profile's answer files, which is asked for by its name. */
static void boot_answers(struct boot *boot, struct http_request *r, struct machine *m,
	enum token_kind kind, const char *name)
{
	bool main = profile_serves(m->attempt.snapshot, name) == PROFILE_SERVES_ANSWERS;
	char why[512] = "out of memory", *text = NULL;
	const struct boot_client by = place_client(boot, m, r->segment, &r->peer);
	const char *type = NULL;

	if (kind == TOKEN_ASKING)
		http_respond_error(r, 403,
			"this boot waits to be confirmed by its user: usher confirm %s CODE",
			m->name);
	else if (main ? machine_answers(m, kind, &by) : machine_answers_file(m, kind, &by, name))
		http_respond_error(r, 403, "these answers are not available to this client now");
	else if (answers_for(boot, m, r, name, &text, &type, why, sizeof why))
		http_respond_error(r, 500, "%s", why);
	else
		reply_text_committed(boot->base->store, r, 200, type, text);
}

/* The report's text: ?text= or the body. */
static const char *report_text(const struct http_request *r, char buf[REPORT_TEXT])
{
	const char *text = http_arg(r, "text");

	snprintf(buf, REPORT_TEXT, "%s", text ? text : r->body);
	return *buf ? buf : NULL;
}

/* ?percent=: how far the installer is; -1: it does not say. */
static int report_percent(const struct http_request *r)
{
	const char *text = http_arg(r, "percent");
	char *end;
	long n = text ? strtol(text, &end, 10) : -1;

	return text && end != text && !*end && n >= 0 && n <= 100 ? (int)n : -1;
}

/* machine_event()'s; a report that is refused says nothing of the machine. */
static int take_report(struct machine *m, const struct http_request *r, enum life_event e)
{
	char text[REPORT_TEXT];
	int before = m->percent, rc;

	m->percent = report_percent(r);
	rc = machine_event(m, e, report_text(r, text));
	if (rc)
		m->percent = before;
	return rc;
}

static void boot_report(
	struct boot *boot, struct http_request *r, struct machine *m, enum life_event e)
{
	if (take_report(m, r, e))
		http_respond_error(r, 409, "%s is %s: this report is not accepted in that state",
			m->name, life_state_name(m->state));
	else
		reply_text_committed(
			boot->base->store, r, 200, "text/plain", strdup("thank you\n"));
}

struct boot_route {
	const char *what;
	enum token_kind kind; /* the token that is good for it */
	enum life_event report;
};

static const struct boot_route reports[] = {
	{"done", TOKEN_BOOT, LIFE_DONE},
	{"failed", TOKEN_BOOT, LIFE_FAIL},
	{"progress", TOKEN_BOOT, LIFE_PROGRESS},
	{"up", TOKEN_UP, LIFE_FIRST_BOOT},
	{"failed", TOKEN_UP, LIFE_FIRST_BOOT_FAILED},
};

static const struct boot_route *report_route(const char *what, enum token_kind kind)
{
	for (size_t i = 0; i < sizeof reports / sizeof *reports; i++)
		if (!strcmp(reports[i].what, what) && reports[i].kind == kind)
			return &reports[i];
	return NULL;
}

/* The site's script for the first boot; none is an empty one. */
static void boot_first_boot(struct http_request *r, const struct machine *m)
{
	const char *text = m->first_boot ? m->first_boot : "";

	if (m->state != LIFE_INSTALLED)
		http_respond_error(r, 409,
			"%s is %s: the first-boot script is served only at the first boot", m->name,
			life_state_name(m->state));
	else
		http_respond(r, 200, "text/plain", text, strlen(text));
}

/* What ssh will ask about: its host keys, before it is up. */
static void boot_host_keys(struct boot *boot, struct http_request *r, struct machine *m)
{
	char why[256];
	int rc = machine_host_keys(m, r->body, why, sizeof why);

	if (rc == -EEXIST)
		machine_tell(m, "refused", why);
	if (rc == -EINVAL || rc == -EPERM || rc == -EEXIST)
		http_respond_error(r, rc == -EINVAL ? 422 : 409, "%s", why);
	else
		reply_text_committed(
			boot->base->store, r, 200, "text/plain", strdup("thank you\n"));
}

/* Who guesses tokens is not to fill a disk with it. */
static void log_guess(struct boot *boot, const char *ip, const char *what)
{
	int64_t now = clock_mono_ms();

	if (now >= boot->guesses_until) {
		boot->guesses_until = now + GUESSES_MS;
		boot->guesses = 0;
	}
	if (boot->guesses++ < GUESSES_TOLD)
		log_info("http: %s requested %s with an unknown token", ip, what);
}

static const char *const token_words[] = {
	[TOKEN_NONE] = "no token",
	[TOKEN_BOOT] = "this boot's token, which is not valid for it",
	[TOKEN_NEXT] = "the token of a boot that was not begun",
	[TOKEN_ASKING] = "the token of a boot that is not confirmed",
	[TOKEN_UP] = "the token of the first boot's report",
	[TOKEN_OLD] = "an old token",
};

static void refuse_stranger(struct boot *boot, struct http_request *r, const struct machine *m,
	enum token_kind kind, const char *what)
{
	char ip[IP_TEXT], text[256], said[WHAT_TEXT];

	ip_format(&r->peer, ip);
	what = plain_line(what, said, sizeof said); /* before it is cut: half a token is one too */
	if (m) {
		snprintf(text, sizeof text, "%s for %s: the request had %s", what, ip,
			token_words[kind]);
		machine_tell(m, "refused", text);
	} else {
		log_guess(boot, ip, what);
	}
	http_respond_error(r, m ? 403 : 404, "this token is not valid for this request");
}

static void handle(struct boot *boot, struct http_request *r, unsigned looks);

/* place_asker.again */
static void handle_again(struct boot *boot, void *request, unsigned looks)
{
	struct http_request *r = request;

	if (boot->base->stopping)
		http_respond_error(r, 503, "usher is stopping");
	else
		handle(boot, r, looks);
}

/* False: it was refused, or waits. */
static bool is_there(struct boot *boot, struct http_request *r, const struct machine *m,
	const char *what, unsigned looks)
{
	const struct place_asker a = {r->segment, &r->peer, what, r, looks, handle_again};
	enum place_verdict verdict = place_admit(boot, m, &a);

	if (verdict == PLACE_REFUSED)
		http_respond_error(r, 403, "only %s may request this", m->name);
	return verdict == PLACE_ADMITTED;
}

/* What a token is good for. */
enum good_for { FOR_NOTHING, FOR_SCRIPT, FOR_ANSWERS, FOR_FIRST_BOOT, FOR_HOST_KEYS, FOR_REPORT };

static enum good_for good_for(const struct machine *m, enum token_kind kind, const char *what)
{
	bool boots = kind == TOKEN_NEXT || kind == TOKEN_ASKING || kind == TOKEN_BOOT;

	if (!m)
		return FOR_NOTHING;
	if (boots && !strcmp(what, "boot.ipxe"))
		return FOR_SCRIPT;
	if (boots && profile_serves(m->attempt.snapshot, what))
		return FOR_ANSWERS;
	if (kind == TOKEN_UP && !strcmp(what, "first-boot"))
		return FOR_FIRST_BOOT;
	if (kind == TOKEN_UP && !strcmp(what, "host-keys"))
		return FOR_HOST_KEYS;
	return report_route(what, kind) ? FOR_REPORT : FOR_NOTHING;
}

static void serve_good(struct boot *boot, struct http_request *r, struct machine *m,
	enum token_kind kind, const char *what, enum good_for good)
{
	if (good == FOR_SCRIPT)
		boot_script(boot, r, m, kind);
	else if (good == FOR_ANSWERS)
		boot_answers(boot, r, m, kind, what);
	else if (good == FOR_FIRST_BOOT)
		boot_first_boot(r, m);
	else if (good == FOR_HOST_KEYS)
		boot_host_keys(boot, r, m);
	else
		boot_report(boot, r, m, report_route(what, kind)->report);
}

/* In a clone's URL, where a token would be: what libvirt and QEMU are told of a guest every user of the host can read. The
 * clone is who holds the address, and place.h has to agree, as of who comes with a token. */
#define SELF "self"

/* A clone, whose first boot is to come: it never had another token. */
static struct machine *clone_at(struct boot *boot, const struct http_request *r)
{
	struct machine *m = machine_at(boot, r->segment, &r->peer);
	const struct attempt *a = m ? &m->attempt : NULL;

	return m && m->guest && m->state == LIFE_INSTALLED && *a->up_token && !*a->token &&
			!*a->next_token
		? m
		: NULL;
}

/* Whose word it is, by the token in the path. NULL: nobody's. */
static struct machine *speaker(
	struct boot *boot, const struct http_request *r, enum token_kind *ret_kind)
{
	const char *token = r->path + strlen("/m/");
	size_t len = strcspn(token, "/");
	char text[TOKEN_TEXT] = "";
	struct machine *m;

	*ret_kind = TOKEN_NONE;
	if (len == strlen(SELF) && !memcmp(token, SELF, len)) {
		m = clone_at(boot, r);
		*ret_kind = m ? TOKEN_UP : TOKEN_NONE;
		return m;
	}
	if (!token[len] || len != sizeof text - 1)
		return NULL;
	memcpy(text, token, len);
	return machines_by_token(boot->base->machines, text, ret_kind);
}

/* A machine without a record, that is being discovered. False: it is none's token either. */
static bool handle_stranger(struct boot *boot, struct http_request *r, unsigned looks)
{
	const char *what = strchr(r->path + strlen("/m/"), '/');
	enum token_kind kind;
	struct stranger *s = discovery_stranger(boot->discovery, r->path, &kind);
	enum place_verdict verdict;
	struct place_asker a;

	if (!s || !what || !discovery_serves(kind, what + 1))
		return false;
	a = (struct place_asker){r->segment, &r->peer, what + 1, r, looks, handle_again};
	verdict = place_admit_stranger(boot, s, &a);
	if (verdict == PLACE_REFUSED)
		http_respond_error(r, 403, "only the machine itself may request this");
	if (verdict != PLACE_ADMITTED)
		return true;
	http_vouch(r);
	discovery_handle(boot->discovery, r, s, kind, what + 1);
	return true;
}

static void handle(struct boot *boot, struct http_request *r, unsigned looks)
{
	const char *what = strchr(r->path + strlen("/m/"), '/');
	enum token_kind kind = TOKEN_NONE;
	struct machine *m = speaker(boot, r, &kind);
	enum good_for good;

	if (!m && handle_stranger(boot, r, looks))
		return;

	if (m && kind != TOKEN_OLD)
		http_vouch(r);
	what = what ? what + 1 : "nothing";
	good = good_for(m, kind, what);
	if (good == FOR_NOTHING)
		refuse_stranger(boot, r, m, kind, what);
	else if (!is_there(boot, r, m, what, looks))
		return;
	else if (r->method == HTTP_HEAD) /* firmware asks for the size first: that is no boot */
		http_respond(r, 200, "text/plain", "", 0);
	else
		serve_good(boot, r, m, kind, what, good);
}

void boot_handle(struct boot *boot, struct http_request *r)
{
	handle(boot, r, 0);
}
