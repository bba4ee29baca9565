/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/causes.h"

#include "machine/signs.h"

#include <stdio.h>
#include <string.h>

#define SECONDS(n) ((int64_t)(n)*1000)

/* The steps */

static const struct step {
	const char *name, *text;
	int64_t floor, bare_floor; /* ms: below it no step is late */
} steps[STEPS] = {
	[STEP_START] = {"power-on", "its start", SECONDS(30), SECONDS(60)},
	/* firmware tests memory and waits for other cards first; a server's may take minutes */
	[STEP_REQUEST] = {"dhcp-request", "its first DHCP request", SECONDS(45), SECONDS(300)},
	[STEP_LEASE] = {"lease", "its address", SECONDS(20), SECONDS(30)},
	[STEP_LOADER] = {"boot-program", "a request for its boot program", SECONDS(20),
		SECONDS(30)},
	[STEP_SCRIPT] = {"boot-script", "a request for its boot script", SECONDS(45), SECONDS(60)},
	[STEP_FILES] = {"kernel", "a request for its kernel", SECONDS(30), SECONDS(60)},
	[STEP_ANSWERS] = {"answers", "a request for its answers", SECONDS(180), SECONDS(300)},
	[STEP_INSTALL] = {"installer", "its installer's next report", SECONDS(600), SECONDS(900)},
	[STEP_FIRST_BOOT] = {"first-boot", "the first boot of its new system", SECONDS(300),
		SECONDS(600)},
	[STEP_NONE] = {"nothing", "nothing", 0, 0},
};

const char *causes_step_name(enum boot_step step)
{
	return steps[step].name;
}

const char *causes_step_text(enum boot_step step)
{
	return steps[step].text;
}

/* ms after which this step is late. */
static int64_t limit_of(const struct situation *s, enum boot_step step)
{
	int64_t floor = s->guest ? steps[step].floor : steps[step].bare_floor;
	int64_t usual = s->usual ? s->usual[step] * STEP_LATE_TIMES : 0;

	return usual > floor ? usual : floor;
}

/* Before its boot script: what it did last says what comes next. */
static enum boot_step step_to_script(const struct situation *s)
{
	const struct facts *f = s->facts;

	switch (f->step) {
	case SAW_START:
		return STEP_REQUEST;
	case SAW_REQUEST:
		return STEP_LEASE;
	case SAW_LEASE:
		return facts_have(f, TOLD_TFTP, f->step_at) ? STEP_LOADER : STEP_SCRIPT;
	case SAW_LOADER:
	case SAW_FILE: /* a boot program of several files */
		return STEP_SCRIPT;
	default: /* the service was started since */
		return s->runs ? STEP_REQUEST : STEP_START;
	}
}

static enum boot_step step_of(const struct situation *s)
{
	const struct facts *f = s->facts;

	switch (s->state) {
	case LIFE_ARMED:
		return step_to_script(s);
	case LIFE_BOOTING:
		return facts_have(f, SAW_FILE, f->seen[SAW_SCRIPT].at) ? STEP_ANSWERS : STEP_FILES;
	case LIFE_INSTALLING: /* a boot script that cannot load a file reports that before there are answers */
		return f->seen[SAW_SCRIPT].at > f->seen[SAW_ANSWERS].at ? STEP_ANSWERS
									: STEP_INSTALL;
	case LIFE_INSTALLED:
		return STEP_FIRST_BOOT;
	case LIFE_LIVE:
		if (s->up)
			return STEP_NONE;
		if (f->seen[SAW_SCRIPT].at <= f->seen[SAW_START].at)
			return step_to_script(s);
		return facts_have(f, SAW_FILE, f->seen[SAW_SCRIPT].at) ? STEP_ANSWERS : STEP_FILES;
	default:
		return STEP_NONE;
	}
}

enum boot_step causes_step(const struct situation *s, int64_t *ret_since)
{
	*ret_since = facts_since(s->facts);
	return step_of(s);
}

/* The causes */

#define AT(step) (1u << STEP_##step)
enum {
	AT_DHCP = AT(REQUEST) | AT(LEASE) | AT(LOADER) | AT(SCRIPT),
	AT_LEASED = AT(LEASE) | AT(LOADER) | AT(SCRIPT),
	AT_FETCHING = AT(FILES) | AT(ANSWERS),
	AT_ANY = (1u << STEP_NONE) - 1,
};

struct row {
	const char *kind;
	unsigned steps;   /* bits: where it explains that it waits */
	enum fact shows;  /* what shows it */
	enum fact unless; /* it is not that when this was seen later; FACTS: nothing */
	int64_t after;    /* ms from then on that it must have waited */
	bool certain;
	bool here; /* what shows it must have been seen in this step, not before */
	const char *text, *fix;
};

#define NO_TFTP \
	"it was told its boot program and no TFTP request came: a firewall drops it, or its firmware cannot use it"
#define NO_HTTP \
	"it was told the URL of its boot script and no HTTP request came: a firewall drops it"
#define ABORTED "a transfer to it was aborted and not begun again"
#define ABORTED_FIX \
	"look for a bad cable, a full memory of the machine, a firewall that forgets connections, a smaller MTU on the way"
#define RESTART_FIX "start it again: usher reinstall {name}"
#define TCP_FIX \
	"let TCP to usher's HTTP port through on the bridge: 'nft list ruleset' shows the rules, 'usher check' looks"
#define MEDIA_FIX \
	"fetch or import the profile's media: usher profiles {profile} says what is missing"
#define UDP_FIX \
	"let UDP to port 69, and what is sent back from other ports, through on the bridge: 'nft list ruleset' shows the rules, 'usher check' looks"

/* The first that holds is told: what is certain, and what says more, comes first. */
static const struct row rows[] = {
	{"paused", AT_ANY, SAW_DISK_FULL, SAW_RESUMED, 0, true, false,
		"its guest is paused, since its storage is full",
		"free space in the pool, then: virsh resume {name}"},
	{"paused", AT_ANY, SAW_DISK_ERROR, SAW_RESUMED, 0, true, false,
		"its guest is paused, since its storage cannot be written",
		"repair the storage, then: virsh resume {name}"},
	{"paused", AT_ANY, SAW_PAUSED, SAW_RESUMED, 0, true, false,
		"its guest was paused from outside", "virsh resume {name}"},
	{"killed", AT_ANY, SAW_KILLED, SAW_START, 0, true, false,
		"its guest was stopped from outside", RESTART_FIX},
	{"panic", AT_ANY, SAW_PANIC, SAW_START, 0, true, true, "its kernel panicked",
		"read what its console said before: usher console {name}"},
	{"storage", AT_ANY & ~AT(START), SAW_UNSTORED, SAW_STORED, 0, true, false,
		"usher cannot write its state, and answers nothing that it cannot keep",
		"make room where the state is kept (state dir in usher.xml)"},
	{"twin", AT_ANY, SAW_TWIN, FACTS, 0, true, false, "two machines use its MAC",
		"find the other one ('bridge fdb show' says at which ports a MAC is), and give it another MAC"},
	{"power", AT(START) | AT(REQUEST), SAW_NO_POWER, SAW_START, 0, true, false,
		"its power could not be switched",
		"usher timeline {name} says why; switch it on by hand, or repair what switches it"},
	{"forged", AT_DHCP, SAW_FORGED, SAW_LEASE, 2000, true, true,
		"another host answers DHCP in usher's name", "find that host and stop it"},
	{"foreign-dhcp", AT_DHCP | AT(START), SAW_FOREIGN, SAW_LEASE, 3000, true, true,
		"another DHCP server answered it, so it boots what that server says, or nothing",
		"stop that server, or let it lease and have usher only boot (mode='proxy' in usher.xml)"},
	{"pool-full", AT(LEASE), SAW_POOL_FULL, SAW_LEASE, 3000, true, true,
		"the pool has no free address for it",
		"enlarge the pool of its segment (usher.xml), or find who holds its addresses: usher leases"},
	{"withheld", AT_LEASED | AT(FILES) | AT(ANSWERS), SAW_WITHHELD, SAW_SCRIPT, 2000, true,
		true,
		"usher does not give it its boot script, as the request may not be the machine's own",
		"see who else uses its MAC or address: usher timeline {name}"},
	{"astray", AT_LEASED, SAW_ASTRAY, SAW_SCRIPT, 2000, true, true,
		"it asked for another machine's boot script, and not for its own",
		"see that no proxy or cache on the way keeps answers, and that it was told no fixed URL"},
	{"address-in-use", AT_DHCP, SAW_IN_USE, SAW_LEASE, 3000, true, true,
		"another host uses its address",
		"find the other host by its MAC, and give it another address"},
	{"no-address", AT(LEASE), SAW_NO_ADDRESS, SAW_LEASE, 5000, true, true,
		"DHCP gives it no address", "usher show {name}; usher leases"},
	{"firmware", AT_LEASED, SAW_UNSERVED, FACTS, 3000, true, true,
		"there is no boot program for its firmware",
		"boot it by another firmware (BIOS, UEFI x86-64, UEFI arm64), or use a profile for it: usher profiles"},
	{"port-closed", AT(REQUEST) | AT(LEASE), SAW_PORT_CLOSED, FACTS, 2000, true, true,
		"its bridge port does not forward yet: spanning tree waits",
		"switch spanning tree off, or set its forward delay to 0: ip link set BRIDGE type bridge stp_state 0 forward_delay 0"},
	{"no-request", AT(REQUEST), SAW_NO_FRAMES, SAW_FRAMES, 45000, false, true,
		"it sends nothing at all: its firmware does not boot from the network, or hangs",
		"see its boot order; usher console {name}"},
	{"no-request", AT(REQUEST), SAW_FRAMES, FACTS, 45000, false, true,
		"it sends frames, and no DHCP request of it comes: it boots something else, or a filter on the bridge drops them",
		"see its boot order: usher console {name}; 'nft list ruleset' shows the rules"},
	{"missing", AT_FETCHING, SAW_MISSING, SAW_FILE, 6000, true, true,
		"a file that it asked for is not there", MEDIA_FIX},
	/* boot programs ask for files that need not be there */
	{"missing", AT(LOADER) | AT(SCRIPT), SAW_MISSING, SAW_LOADER, 15000, true, true,
		"a file that it asked for is not there", MEDIA_FIX},
	{"gone", AT(LOADER) | AT(SCRIPT) | AT(FILES), SAW_SILENT, SAW_ANSWERING, 9000, false, true,
		"it does not answer any more: it was switched off, its link is down, or it hangs",
		"look at its power, its screen and its cable: usher console {name}"},
	{"tftp-filtered", AT(LOADER), SAW_ANSWERING, SAW_TRANSFER, 9000, false, true, NO_TFTP,
		UDP_FIX},
	{"http-filtered", AT(SCRIPT), SAW_ANSWERING, SAW_TRANSFER, 9000, false, true, NO_HTTP,
		TCP_FIX},
	/* where nobody can say whether it answers ARP */
	{"tftp-filtered", AT(LOADER), TOLD_TFTP, SAW_TRANSFER, 20000, false, true, NO_TFTP,
		UDP_FIX},
	{"http-filtered", AT(SCRIPT), TOLD_HTTP, SAW_TRANSFER, 30000, false, true, NO_HTTP,
		TCP_FIX},
	{"boot-program", AT(SCRIPT), SAW_LOADER, FACTS, 30000, false, true,
		"its firmware fetched the boot program and did not run it: Secure Boot refuses it, or it is for another architecture",
		"switch Secure Boot off, or use a profile whose boot programs are signed; usher console {name}"},
	{"stalled", AT(SCRIPT) | AT_FETCHING, SAW_STALLED, SAW_FILE, 10000, false, true,
		"what is sent to it does not arrive: large frames are lost on the way",
		"see that the MTU is the same all the way to it: ip link; ping -M do -s 1472 ADDRESS"},
	{"aborted", AT_FETCHING, SAW_BROKEN, SAW_FILE, 15000, false, true, ABORTED, ABORTED_FIX},
	{"aborted", AT(LOADER) | AT(SCRIPT), SAW_BROKEN, SAW_LOADER, 15000, false, true, ABORTED,
		ABORTED_FIX},
};

/* When nothing was seen that shows a cause, and the step is late. */
static const struct late {
	const char *kind;
	unsigned steps;
	bool restarted; /* only when the service started since, and has seen nothing of it */
	const char *text, *fix;
} lates[] = {
	{"away", AT_DHCP | AT(START) | AT_FETCHING, true,
		"usher was stopped while the machine asked, and it gave up",
		"switch it off and on; or usher disarm {name}, then usher reinstall {name}"},
	{"no-request", AT(REQUEST), false,
		"its firmware does not boot from the network, or its frames do not reach this host",
		"see its boot order, its cable, its VLAN; usher console {name}"},
	{"no-request", AT(START), false, "it was not started",
		"usher timeline {name} says why; switch it on by hand"},
	{"no-lease", AT(LEASE), false,
		"it asks for an address, and does not take what it is offered: answers do not reach it, or its further requests do not reach this host",
		"see its cable, its VLAN, what its switch's port filters; usher timeline {name}"},
	{"no-loader", AT(LOADER), false,
		"its firmware gave up fetching the boot program that it was told, or cannot use it",
		"read its screen: usher console {name}; usher timeline {name}"},
	{"no-kernel", AT(FILES), false,
		"its boot program hangs, or cannot reach the kernel that its boot script names",
		"read its console: usher console {name}; usher timeline {name}"},
	{"silent", AT(ANSWERS), false,
		"its kernel does not start, hangs, or does not reach the network (too little memory, no driver for its card), or it was switched off",
		"read its console: usher console {name}"},
	{"silent", AT(INSTALL), false, "its installer hangs, or waits for an answer",
		"read its console: usher console {name}"},
	{"silent", AT(FIRST_BOOT), false,
		"the new system does not boot, or its network is not as it was during the install",
		"read its console: usher console {name}"},
};

/* "{name}" and "{profile}" replaced. */
static void fill(const struct situation *s, const char *text, char *to, size_t size)
{
	static const char name[] = "{name}", profile[] = "{profile}";
	size_t n = 0;

	while (*text && n + 1 < size) {
		const char *put = NULL;

		if (!strncmp(text, name, sizeof name - 1)) {
			put = s->name;
			text += sizeof name - 1;
		} else if (!strncmp(text, profile, sizeof profile - 1)) {
			put = s->profile;
			text += sizeof profile - 1;
		}
		if (put)
			n += (size_t)snprintf(to + n, size - n, "%s", put);
		else
			to[n++] = *text++;
		if (n >= size)
			n = size - 1;
	}
	to[n] = '\0';
}

static void name_cause(const struct situation *s, const char *kind, bool certain, const char *text,
	const char *seen, const char *fix, struct cause *ret)
{
	ret->kind = kind;
	ret->certain = certain;
	fill(s, text, ret->text, sizeof ret->text);
	snprintf(ret->seen, sizeof ret->seen, "%s", seen);
	fill(s, fix, ret->fix, sizeof ret->fix);
}

/* A long transfer to it runs: its line says what, until that has ended. */
static bool is_fetching(const struct facts *f)
{
	return *facts_line(f, SAW_TRANSFER) && facts_have(f, SAW_TRANSFER, f->seen[SAW_START].at);
}

/* What is only probable must not be named on a host that is always this slow. */
static int64_t must_wait(const struct situation *s, const struct row *r, enum boot_step step)
{
	int64_t usual = s->usual && !r->certain ? s->usual[step] * STEP_LATE_TIMES : 0;

	return usual > r->after ? usual : r->after;
}

static bool row_holds(
	const struct situation *s, const struct row *r, enum boot_step step, int64_t since)
{
	const struct facts *f = s->facts;
	const struct fact_seen *shows = &f->seen[r->shows];
	int64_t waited;

	if (!shows->at || (r->here && shows->at < since - FACT_SLACK_MS))
		return false;
	if (!r->certain && r->shows != SAW_STALLED && is_fetching(f))
		return false;
	if (r->unless != FACTS && f->seen[r->unless].at >= shows->at)
		return false;
	waited = s->now - (shows->first > since ? shows->first : since);
	return s->failing || waited >= must_wait(s, r, step);
}

static bool find_row(
	const struct situation *s, enum boot_step step, int64_t since, struct cause *ret)
{
	for (const struct row *r = rows; r < rows + sizeof rows / sizeof *rows; r++)
		if (r->steps & 1u << step && row_holds(s, r, step, since)) {
			name_cause(s, r->kind, r->certain, r->text, facts_line(s->facts, r->shows),
				r->fix, ret);
			return true;
		}
	return false;
}

/* What its console said since it came as far as it is. */
static bool find_sign(const struct situation *s, enum fact what, const struct sign *sign,
	int64_t since, struct cause *ret)
{
	if (!sign || !facts_have(s->facts, what, since - FACT_SLACK_MS))
		return false;
	name_cause(s, sign->kind, sign->fatal, sign->cause, facts_line(s->facts, what), sign->fix,
		ret);
	return true;
}

/* The installer's own words on why it failed. */
static bool find_in_reason(const struct situation *s, struct cause *ret)
{
	const struct sign *sign = sign_of(s->reason);

	if (!sign)
		return false;
	name_cause(s, sign->kind, true, sign->cause, s->reason, sign->fix, ret);
	return true;
}

/* A slow host, or slow work, of which its console tells. */
static bool still_speaks(const struct situation *s, enum boot_step step, int64_t since)
{
	int64_t line_at = s->facts->line_at;

	return step >= STEP_ANSWERS && line_at > since && s->now - line_at <= SILENT_MS &&
		s->now - since <= limit_of(s, step) * SPEAKING_TIMES;
}

static bool find_late(const struct situation *s, enum boot_step step, struct cause *ret)
{
	bool unseen = s->restarted && s->facts->step == FACTS;

	for (const struct late *l = lates; l < lates + sizeof lates / sizeof *lates; l++)
		if (l->steps & 1u << step && (!l->restarted || unseen)) {
			name_cause(s, l->kind, false, l->text, "", l->fix, ret);
			return true;
		}
	return false;
}

/* Its console said something before, and never was silent for so long where it came through. */
static bool find_silence(
	const struct situation *s, enum boot_step step, int64_t since, struct cause *ret)
{
	int64_t usual = s->silent ? s->silent[step] : 0;
	int64_t from = s->facts->line_at > since ? s->facts->line_at : since;
	/* a bare machine's firmware says nothing there, for minutes */
	int64_t floor = step == STEP_FIRST_BOOT && !s->guest ? steps[step].bare_floor : SILENT_MS;
	int64_t limit = usual * STEP_LATE_TIMES > floor ? usual * STEP_LATE_TIMES : floor;
	char seen[FACT_TEXT];

	if (!usual || !s->facts->line_at || step < STEP_ANSWERS || s->now - from <= limit)
		return false;
	snprintf(seen, sizeof seen, "nothing for %lld s; before at most for %lld s",
		(long long)(s->now - from) / 1000, (long long)usual / 1000);
	name_cause(s, "silent", false,
		"its console fell silent, for longer than it ever was there: what runs on it hangs, or waits for an answer",
		seen, "read its console: usher console {name}", ret);
	return true;
}

/* Nobody can say how long a user takes to press a button, libvirt to make a large disk, or a memory test. */
static bool waits_for_user(const struct situation *s, enum boot_step step)
{
	return s->seals || (step == STEP_START && (s->busy || !s->switched)) ||
		(s->tool && step >= STEP_ANSWERS);
}

bool causes_find(const struct situation *s, struct cause *ret)
{
	int64_t since;
	enum boot_step step = causes_step(s, &since);
	bool fetches = step < STEP_INSTALL && is_fetching(s->facts);
	bool late = !fetches && s->now - since > limit_of(s, step);

	if (step == STEP_NONE)
		return false;
	if (find_sign(s, SAW_FATAL, s->facts->fatal, since, ret) || find_row(s, step, since, ret))
		return true;
	if (s->failing && *s->reason && find_in_reason(s, ret))
		return true;
	if (waits_for_user(s, step))
		return false;
	if (!late && !s->failing)
		return find_silence(s, step, since, ret);
	return find_sign(s, SAW_HINT, s->facts->hint, since, ret) ||
		(late && !still_speaks(s, step, since) && find_late(s, step, ret));
}

json_t *cause_json(const struct cause *c)
{
	return json_pack("{s:s, s:b, s:s, s:s?, s:s}", "kind", c->kind, "certain", c->certain,
		"text", c->text, "seen", *c->seen ? c->seen : NULL, "fix", c->fix);
}
