/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine/causes.h"
#include "machine/signs.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SECONDS(n) ((int64_t)(n)*1000)

enum { START = 1000 }; /* mono ms */

static struct facts facts;
static struct situation now;

static void begin(enum life_state state)
{
	facts_init(&facts, START);
	now = (struct situation){.name = "web01",
		.profile = "debian-12",
		.reason = "",
		.facts = &facts,
		.state = state,
		.guest = true,
		.runs = true,
		.switched = true,
		.now = START};
}

static void end(void)
{
	facts_fini(&facts);
}

static void saw(enum fact what, const char *text)
{
	facts_saw(&facts, what, now.now, text);
}

static void wait_s(int s)
{
	now.now += SECONDS(s);
}

static const char *kind(void)
{
	static struct cause c;

	return causes_find(&now, &c) ? c.kind : "none";
}

static const char *step(void)
{
	int64_t since;

	return causes_step_name(causes_step(&now, &since));
}

/* A fix that names a command names one that there is. */
static void ck_commands(const char *fix)
{
	static const char *const commands[] = {"check", "console", "leases", "lint", "log", "media",
		"profiles", "reinstall", "show", "timeline", "usher.xml"};
	const char *at = fix;
	bool known;

	while ((at = strstr(at, "usher "))) {
		at += strlen("usher ");
		known = false;
		for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
			known |= !strncmp(at, commands[i], strlen(commands[i]));
		ck_assert_msg(known || !strncmp(at, "only boot", 9), "%s", fix);
	}
}

/* Each step as it comes, and nothing wrong at any of them. */
START_TEST(test_healthy)
{
	static const struct {
		enum life_state state;
		enum fact saw;
		int s;
		const char *then;
	} way[] = {
		{LIFE_ARMED, SAW_START, 20, "dhcp-request"},
		{LIFE_ARMED, SAW_REQUEST, 1, "lease"},
		{LIFE_ARMED, SAW_LEASE, 2, "boot-program"},
		{LIFE_ARMED, SAW_LOADER, 5, "boot-script"},
		{LIFE_ARMED, SAW_REQUEST, 2, "lease"},
		{LIFE_ARMED, SAW_LEASE, 2, "boot-script"},
		{LIFE_BOOTING, SAW_SCRIPT, 10, "kernel"},
		{LIFE_BOOTING, SAW_FILE, 100, "answers"},
		{LIFE_INSTALLING, SAW_ANSWERS, 500, "installer"},
		{LIFE_INSTALLING, SAW_PROGRESS, 500, "installer"},
		{LIFE_INSTALLED, SAW_DONE, 200, "first-boot"},
		{LIFE_UP, SAW_UP, 9999, "nothing"},
	};

	begin(LIFE_ARMED);
	for (size_t i = 0; i < sizeof way / sizeof *way; i++) {
		now.state = way[i].state;
		saw(way[i].saw, NULL);
		if (i == 2)
			saw(TOLD_TFTP, "undionly.kpxe");
		ck_assert_str_eq(step(), way[i].then);
		wait_s(way[i].s);
		ck_assert_msg(!strcmp(kind(), "none"), "row %zu: %s", i, kind());
	}
	end();
}
END_TEST

/* What is seen in a step, how long it waits then, and what is named; a second sooner nothing is. */
static const struct fault {
	enum life_state state;
	enum fact before[4]; /* SAW_START ends it */
	enum fact then;
	const char *text;
	int s;
	const char *kind;
	bool certain;
} faults[] = {
	{LIFE_ARMED, {SAW_REQUEST}, SAW_FOREIGN, "10.0.0.66", 3, "foreign-dhcp", true},
	{LIFE_ARMED, {SAW_REQUEST}, SAW_FORGED, "10.0.0.1", 2, "forged", true},
	{LIFE_ARMED, {SAW_REQUEST}, SAW_POOL_FULL, NULL, 3, "pool-full", true},
	{LIFE_ARMED, {SAW_REQUEST}, SAW_NO_ADDRESS, "taken", 5, "no-address", true},
	{LIFE_ARMED, {SAW_REQUEST}, SAW_IN_USE, "02:00:00:00:00:09", 3, "address-in-use", true},
	{LIFE_ARMED, {SAW_REQUEST, SAW_LEASE}, SAW_UNSERVED, NULL, 3, "firmware", true},
	{LIFE_ARMED, {SAW_REQUEST, SAW_LEASE}, SAW_WITHHELD, "port", 2, "withheld", true},
	{LIFE_ARMED, {SAW_REQUEST, SAW_LEASE}, TOLD_TFTP, "ipxe.efi", 20, "tftp-filtered", false},
	{LIFE_ARMED, {SAW_REQUEST, SAW_LEASE}, TOLD_HTTP, "http://", 30, "http-filtered", false},
	{LIFE_ARMED, {SAW_REQUEST, SAW_LEASE}, SAW_ANSWERING, "it", 9, "http-filtered", false},
	{LIFE_ARMED, {SAW_REQUEST, SAW_LEASE}, SAW_SILENT, "nobody", 9, "gone", false},
	{LIFE_BOOTING, {SAW_SCRIPT}, SAW_SILENT, "nobody", 9, "gone", false},
	{LIFE_ARMED, {SAW_REQUEST, SAW_LEASE}, SAW_MISSING, "x.efi", 15, "missing", true},
	{LIFE_ARMED, {SAW_REQUEST, SAW_LEASE}, SAW_LOADER, "x.efi", 30, "boot-program", false},
	{LIFE_ARMED, {SAW_REQUEST}, SAW_PORT_CLOSED, "listening", 2, "port-closed", true},
	{LIFE_ARMED, {SAW_START}, SAW_NO_FRAMES, "port vnet1", 45, "no-request", false},
	{LIFE_ARMED, {SAW_START}, SAW_FRAMES, "port vnet1", 45, "no-request", false},
	{LIFE_ARMED, {SAW_REQUEST}, SAW_PAUSED, "virsh", 0, "paused", true},
	{LIFE_ARMED, {SAW_REQUEST}, SAW_DISK_FULL, "/x", 0, "paused", true},
	{LIFE_ARMED, {SAW_REQUEST}, SAW_TWIN, "UUIDs", 0, "twin", true},
	{LIFE_BOOTING, {SAW_SCRIPT}, SAW_UNSTORED, "/x", 0, "storage", true},
	{LIFE_ARMED, {SAW_REQUEST}, SAW_KILLED, "destroyed", 0, "killed", true},
	{LIFE_BOOTING, {SAW_SCRIPT}, SAW_MISSING, "HTTP 404: /initrd", 6, "missing", true},
	{LIFE_ARMED, {SAW_REQUEST, SAW_LEASE}, SAW_ASTRAY, "web02", 2, "astray", true},
	{LIFE_ARMED, {SAW_REQUEST, SAW_LEASE}, SAW_BROKEN, "ERROR 8", 15, "aborted", false},
	{LIFE_BOOTING, {SAW_SCRIPT}, SAW_STALLED, "/kernel", 10, "stalled", false},
	{LIFE_BOOTING, {SAW_SCRIPT}, SAW_BROKEN, "/initrd", 15, "aborted", false},
	{LIFE_INSTALLING, {SAW_ANSWERS}, SAW_DISK_ERROR, "/x", 0, "paused", true},
};

START_TEST(test_fault)
{
	const struct fault *f = &faults[_i];
	struct cause c;

	begin(f->state);
	saw(SAW_START, NULL);
	for (size_t i = 0; f->before[i] != SAW_START; i++) {
		wait_s(2);
		saw(f->before[i], NULL);
	}
	saw(f->then, f->text);
	if (f->s) {
		now.now += SECONDS(f->s) - 1;
		ck_assert_str_eq(kind(), "none");
		now.now++;
	}
	ck_assert(causes_find(&now, &c));
	ck_assert_str_eq(c.kind, f->kind);
	ck_assert_int_eq(c.certain, f->certain);
	ck_assert_str_eq(c.seen, f->text ? f->text : "");
	ck_assert(*c.text && *c.fix && !strchr(c.fix, '{'));
	ck_commands(c.fix);
	end();
}
END_TEST

/* A further step takes back what explained the one before. */
START_TEST(test_goes_on)
{
	begin(LIFE_ARMED);
	saw(SAW_REQUEST, NULL);
	saw(SAW_FOREIGN, "10.0.0.66");
	wait_s(5);
	ck_assert_str_eq(kind(), "foreign-dhcp");
	saw(SAW_LEASE, NULL); /* ours */
	wait_s(5);
	ck_assert_str_eq(kind(), "none");
	end();
}
END_TEST

/* One that resumed is not paused any more; one that was started again was not killed. */
START_TEST(test_unless)
{
	begin(LIFE_INSTALLING);
	saw(SAW_ANSWERS, NULL);
	saw(SAW_PAUSED, "x");
	wait_s(1);
	ck_assert_str_eq(kind(), "paused");
	saw(SAW_RESUMED, NULL);
	ck_assert_str_eq(kind(), "none");
	end();
}
END_TEST

/* The same machine says its UUID in two orders, or another one by another kind of client, or one that says nothing. */
START_TEST(test_twin)
{
	static const uint8_t zero[UUID_BYTES];
	uint8_t a[UUID_BYTES] = {0x4c, 0x4c, 0x45, 0x44, 0, 0x35, 0x44, 0x10, 0x80, 0x57, 0xb7,
		0xc0, 0x4f, 0x4e, 0x44, 1};
	uint8_t turned[UUID_BYTES] = {0x44, 0x45, 0x4c, 0x4c, 0x35, 0, 0x10, 0x44, 0x80, 0x57, 0xb7,
		0xc0, 0x4f, 0x4e, 0x44, 1};

	begin(LIFE_ARMED);
	saw(SAW_REQUEST, NULL);
	facts_identified(&facts, now.now, 1, a);
	facts_identified(&facts, now.now, 1, turned);
	facts_identified(&facts, now.now, 2, zero);
	facts_identified(&facts, now.now, 2, a);
	ck_assert_str_eq(kind(), "none");
	a[15]++;
	facts_identified(&facts, now.now, 1, a);
	ck_assert_str_eq(kind(), "twin");
	end();
}
END_TEST

/* Once usher can write again, it is over. */
START_TEST(test_stored)
{
	begin(LIFE_INSTALLING);
	saw(SAW_ANSWERS, NULL);
	saw(SAW_UNSTORED, "/var/lib/usher");
	ck_assert_str_eq(kind(), "storage");
	saw(SAW_STORED, NULL);
	ck_assert_str_eq(kind(), "none");
	end();
}
END_TEST

/* Retries of a client do not put it off. */
START_TEST(test_retries)
{
	begin(LIFE_ARMED);
	for (int i = 0; i < 3; i++) {
		saw(SAW_REQUEST, NULL);
		saw(SAW_NO_ADDRESS, "taken");
		ck_assert_str_eq(kind(), "none");
		wait_s(2);
	}
	ck_assert_str_eq(kind(), "no-address");
	saw(SAW_REQUEST, NULL);
	saw(SAW_NO_ADDRESS, "taken");
	ck_assert_str_eq(kind(), "no-address");
	end();
}
END_TEST

/* Two servers answered, and it took our address. */
START_TEST(test_took_ours)
{
	begin(LIFE_ARMED);
	saw(SAW_REQUEST, NULL);
	saw(SAW_FOREIGN, "10.0.0.66");
	wait_s(1);
	saw(SAW_LEASE, NULL);
	wait_s(10);
	ck_assert_str_eq(kind(), "none");
	end();
}
END_TEST

static const struct {
	enum life_state state;
	enum fact saw;
	int floor;
	const char *kind;
} lates[] = {
	{LIFE_ARMED, SAW_START, 45, "no-request"},
	{LIFE_ARMED, SAW_REQUEST, 20, "no-lease"},
	{LIFE_BOOTING, SAW_FILE, 180, "silent"},
	{LIFE_INSTALLING, SAW_PROGRESS, 600, "silent"},
	{LIFE_INSTALLED, SAW_DONE, 300, "silent"},
};

START_TEST(test_late)
{
	int64_t usual[STEPS];

	begin(lates[_i].state);
	saw(lates[_i].saw, NULL);
	now.now += SECONDS(lates[_i].floor);
	ck_assert_str_eq(kind(), "none");
	now.now++;
	ck_assert_str_eq(kind(), lates[_i].kind);
	for (size_t i = 0; i < STEPS; i++)
		usual[i] = SECONDS(lates[_i].floor);
	now.usual = usual; /* it takes that long with this profile */
	ck_assert_str_eq(kind(), "none");
	now.now += SECONDS(lates[_i].floor * 2);
	ck_assert_str_eq(kind(), lates[_i].kind);
	end();
}
END_TEST

/* However slowly it fetches: it fetches. */
START_TEST(test_fetching)
{
	begin(LIFE_BOOTING);
	saw(SAW_SCRIPT, NULL);
	wait_s(5);
	saw(SAW_TRANSFER, "/boot/lab/kernel");
	wait_s(600);
	ck_assert_str_eq(kind(), "none");
	saw(SAW_TRANSFER, NULL); /* over */
	ck_assert_str_eq(kind(), "no-kernel");
	saw(SAW_FILE, NULL);
	ck_assert_str_eq(kind(), "none");
	end();
}
END_TEST

/* Where its console usually speaks, silence tells sooner than that nothing is reported. */
START_TEST(test_silence)
{
	int64_t silent[STEPS] = {[STEP_INSTALL] = SECONDS(50)};
	struct cause c;

	begin(LIFE_INSTALLING);
	saw(SAW_ANSWERS, NULL);
	wait_s(100);
	now.silent = silent;
	ck_assert_str_eq(kind(), "none"); /* nothing was ever heard of this one */
	facts_heard(&facts, now.now, "Unpacking base-files");
	wait_s(150);
	ck_assert_str_eq(kind(), "none");
	wait_s(1);
	ck_assert(causes_find(&now, &c));
	ck_assert_str_eq(c.kind, "silent");
	ck_assert(!c.certain);
	ck_assert_str_eq(c.seen, "nothing for 151 s; before at most for 50 s");
	silent[STEP_INSTALL] = SECONDS(10); /* not below the floor */
	facts_heard(&facts, now.now, "Unpacking bash");
	wait_s(120);
	ck_assert_str_eq(kind(), "none");
	silent[STEP_INSTALL] = 0; /* not known */
	wait_s(100);
	ck_assert_str_eq(kind(), "none");
	end();
}
END_TEST

/* A server's firmware tests its memory before the new system boots; guests with the same profile are quick. */
START_TEST(test_silent_firmware)
{
	int64_t silent[STEPS] = {[STEP_FIRST_BOOT] = SECONDS(10)};

	begin(LIFE_INSTALLED);
	facts_heard(&facts, now.now, "Unpacking base-files");
	saw(SAW_DONE, NULL);
	now.silent = silent;
	wait_s(121);
	ck_assert_str_eq(kind(), "silent");
	now.guest = false;
	wait_s(400);
	ck_assert_str_eq(kind(), "none");
	wait_s(200);
	ck_assert_str_eq(kind(), "silent");
	end();
}
END_TEST

/* A slow host: nothing is reported, but its console tells of what it does. A boot that goes round and round is named all the same. */
START_TEST(test_speaks)
{
	begin(LIFE_INSTALLED);
	saw(SAW_DONE, NULL);
	wait_s(250);
	facts_heard(&facts, now.now, "[  OK  ] Started OpenBSD Secure Shell server");
	wait_s(120);
	ck_assert_str_eq(kind(), "none");
	wait_s(1);
	ck_assert_str_eq(kind(), "silent");
	facts_heard(&facts, now.now, "[  OK  ] Reached target Cloud-init target");
	ck_assert_str_eq(kind(), "none");
	while (now.now - facts.seen[SAW_DONE].at <= SECONDS(900)) {
		facts_heard(&facts, now.now, "A start job is running");
		ck_assert_str_eq(kind(), "none");
		wait_s(30);
	}
	ck_assert_str_eq(kind(), "silent");
	end();
}
END_TEST

/* Nobody's fault: a user has to press a button, or to confirm. */
START_TEST(test_user)
{
	begin(LIFE_ARMED);
	now.guest = now.runs = now.switched = false;
	wait_s(100000);
	ck_assert_str_eq(kind(), "none");
	now.switched = true;
	ck_assert_str_eq(kind(), "no-request");
	now.seals = true;
	ck_assert_str_eq(kind(), "none");
	end();
}
END_TEST

START_TEST(test_signs_of_boot)
{
	struct cause c;

	begin(LIFE_BOOTING);
	saw(SAW_SCRIPT, NULL);
	wait_s(5);
	facts_heard(&facts, now.now,
		"[    1.2] Kernel panic - not syncing: VFS: Unable to mount root fs on");
	ck_assert(causes_find(&now, &c));
	ck_assert_str_eq(c.kind, "initrd"); /* says more than that it panicked */
	ck_assert(c.certain);
	saw(SAW_FILE, NULL); /* a packet may come before what was printed before it */
	ck_assert_str_eq(kind(), "initrd");
	wait_s(2);
	saw(SAW_FILE, NULL); /* it went on */
	ck_assert_str_eq(kind(), "none");
	end();
}
END_TEST

/* It went on after the first, so what is fatal then is news. */
START_TEST(test_fatal_again)
{
	begin(LIFE_INSTALLING);
	saw(SAW_PROGRESS, "10 %");
	wait_s(10);
	facts_heard(&facts, now.now, "Installation step failed");
	ck_assert_str_eq(kind(), "installer");
	facts_heard(&facts, now.now, "Kernel panic - not syncing: Attempted to kill init");
	ck_assert_str_eq(kind(), "installer");
	wait_s(5);
	saw(SAW_PROGRESS, "20 %");
	wait_s(5);
	ck_assert_str_eq(kind(), "none");
	facts_heard(&facts, now.now, "Kernel panic - not syncing: Attempted to kill init");
	ck_assert_str_eq(kind(), "panic");
	end();
}
END_TEST

/* Its panic device told; then the guest is reset, which libvirt does not call a start, and boots again. */
START_TEST(test_panic_over)
{
	begin(LIFE_ARMED);
	saw(SAW_START, NULL);
	wait_s(5);
	saw(SAW_PANIC, NULL);
	wait_s(60);
	ck_assert_str_eq(kind(), "panic");
	saw(SAW_REQUEST, NULL);
	ck_assert_str_eq(kind(), "none");
	end();
}
END_TEST

/* A hint is told when the step is late or the attempt fails. */
START_TEST(test_hint)
{
	begin(LIFE_INSTALLING);
	saw(SAW_PROGRESS, "fetching");
	facts_heard(&facts, now.now, "wget: bad address 'deb.example'");
	wait_s(60);
	ck_assert_str_eq(kind(), "none");
	now.failing = true;
	ck_assert_str_eq(kind(), "dns");
	now.failing = false;
	wait_s(600);
	ck_assert_str_eq(kind(), "dns");
	end();
}
END_TEST

START_TEST(test_reason)
{
	struct cause c;

	begin(LIFE_INSTALLING);
	saw(SAW_PROGRESS, NULL);
	now.failing = true;
	now.reason = "No disk /dev/vdz";
	ck_assert(causes_find(&now, &c));
	ck_assert_str_eq(c.kind, "disk");
	ck_assert_str_eq(c.seen, now.reason);
	end();
}
END_TEST

START_TEST(test_away)
{
	begin(LIFE_ARMED);
	now.restarted = START;
	ck_assert_str_eq(step(), "dhcp-request"); /* it runs: that it was started nobody saw */
	wait_s(46);
	ck_assert_str_eq(kind(), "away");
	end();
}
END_TEST

/* What healthy boots print is no sign that they fail. */
START_TEST(test_no_signs)
{
	static const char *const lines[] = {
		"[    0.000000] Command line: panic=-1 console=ttyS0",
		"iPXE 1.21.1 -- Open Source Network Boot Firmware -- http://ipxe.org",
		"http://10.0.0.1/m/x/boot.ipxe... ok",
		"[    0.4] Trying to unpack rootfs image as initramfs...",
		"[    0.5] Freeing initrd memory: 40000K",
		"BdsDxe: starting Boot0001 \"UEFI PXEv4\"",
		"Booting from ROM...",
		"debian login: ",
		"systemd-networkd[322]: Could not set hostname: Access denied",
		"ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password: NO)",
		"[    3.1] zfs: module verification failed: signature and/or required key missing - "
		"tainting kernel",
		"[   12.3] dracut-initqueue[912]:   % Total    % Received % Xferd  Average Speed",
	};

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		ck_assert_msg(!sign_of(lines[i]), "%s", lines[i]);
}
END_TEST

/* Lines as they come, and what they are taken for. */
START_TEST(test_signs_of_lines)
{
	static const struct {
		const char *line, *kind;
		bool fatal;
	} all[] = {
		{"BdsDxe: failed to load Boot0001 \"UEFI PXEv4 (MAC:525400123456)\" from "
		 "PciRoot(0x0)/Pci(0x2,0x0): Access Denied",
			"secure-boot", true},
		{"Verification failed: (0x1A) Security Violation", "secure-boot", true},
		{"ERROR: Verification failed: (0xF) Access", "secure-boot", true},
		{"BdsDxe: No bootable option or device was found.", "no-boot-device", false},
		{"Entering rescue mode...", "grub", true},
		{"[    0.486408] Initramfs unpacking failed: Decoding failed", "initrd", false},
		{"[    0.486408] Initramfs unpacking failed: junk within compressed archive",
			"initrd", true},
		{"[  150.2] dracut-initqueue[273]: Warning: dracut-initqueue timeout - starting "
		 "timeout scripts",
			"no-root", false},
		{"[  191.8] dracut-initqueue[543]: Warning: dracut-initqueue: starting timeout scripts",
			"no-root", false},
		{"An error occurred during reading the kickstart file:", "answers", true},
		{"http://10.0.0.1/m/x... Connection timed out (https://ipxe.org/4c0a6092)",
			"http-filtered", true},
		{"tftp://10.0.0.1/x... Connection timed out (http://ipxe.org/4c126035)",
			"tftp-filtered", true},
		{"http://host/x... Connection timed out (https://ipxe.org/4c116092)", "dns", false},
		{"Waiting for link-up on net1... Connection timed out (https://ipxe.org/4c0ee035)",
			"no-answer", false},
		{"wget: can't connect to remote host: Connection timed out", "mirror", false},
		{"No kernel modules were found. This probably is due to a mismatch", "modules",
			false},
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		const struct sign *s = sign_of(all[i].line);

		ck_assert_msg(s && !strcmp(s->kind, all[i].kind) && s->fatal == all[i].fatal,
			"%s: %s", all[i].line, s ? s->pattern : "none");
	}
}
END_TEST

/* A sign that another one before it always hides is dead. */
START_TEST(test_signs_reached)
{
	for (const struct sign *s = SIGNS; s->pattern; s++) {
		ck_assert_msg(sign_of(s->pattern) == s, "%s", s->pattern);
		ck_assert(*s->kind && *s->cause && *s->fix);
		ck_commands(s->fix);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("causes");
	TCase *t = tcase_create("causes");
	SRunner *r;
	int failed;

	tcase_add_test(t, test_healthy);
	tcase_add_loop_test(t, test_fault, 0, sizeof faults / sizeof *faults);
	tcase_add_test(t, test_goes_on);
	tcase_add_test(t, test_twin);
	tcase_add_test(t, test_stored);
	tcase_add_test(t, test_retries);
	tcase_add_test(t, test_took_ours);
	tcase_add_test(t, test_unless);
	tcase_add_loop_test(t, test_late, 0, sizeof lates / sizeof *lates);
	tcase_add_test(t, test_fetching);
	tcase_add_test(t, test_silence);
	tcase_add_test(t, test_silent_firmware);
	tcase_add_test(t, test_speaks);
	tcase_add_test(t, test_user);
	tcase_add_test(t, test_signs_of_boot);
	tcase_add_test(t, test_fatal_again);
	tcase_add_test(t, test_panic_over);
	tcase_add_test(t, test_hint);
	tcase_add_test(t, test_reason);
	tcase_add_test(t, test_away);
	tcase_add_test(t, test_no_signs);
	tcase_add_test(t, test_signs_of_lines);
	tcase_add_test(t, test_signs_reached);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
