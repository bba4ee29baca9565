/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What each kind of client gets, in each state of its machine: from the bytes that it sends to the
 * bytes that it is sent. */
#include "dhcpd/dhcp_answer.h"

#include "kickstart/profile.h"

#include "dhcp_make.h"

#include <check.h>
#include <stdlib.h>

#define SERVER "192.168.122.1"
#define HTTP "http://" SERVER ":8067"
#define TOKEN "00112233445566778899aabbccddeeff"
#define SCRIPT HTTP "/m/" TOKEN "/boot.ipxe"

enum { NO_ARCH = -1, STATES = LIFE_STATES + 1, NET = 0xc0a87a00 };
static const uint8_t PXE_43[] = {6, 1, 8, 255}; /* no discovery: take the file named here */

struct row {
	const char *client;
	int arch;          /* option 93 */
	const char *class; /* 60 */
	const char *user;  /* 77 */
	const char *option_175;
	const char *states; /* in the order below; B: gets what follows, '-': its address only */
	const char *file, *echo; /* bootfile name, and option 60 of the answer */
	bool tftp;               /* and option 43, and who asks is told 66 and 150 */
};

static const char *const state_names[STATES] = {
	"unknown", "known", "armed", "booting", "installing", "installed", "up", "failed", "live"};

/* Option 175: a setting of iPXE's, all that some send; features with HTTP, and without. */
#define IPXE "\260\1\1\23\1\1\25\1\1"
#define NO_HTTP "\260\1\1\25\1\1"

/* clang-format off */
static const struct row table[] = {
	/* what it is, and how it says so */
	/*                                                    unknown
	                                                      | known
	                                                      | | armed
	                                                      | | | booting
	                                                      | | | | installing
	                                                      | | | | | installed
	                                                      | | | | | | up
	                                                      | | | | | | | failed
	                                                      | | | | | | | | live        60    43, 66 */
	{"BIOS PXE", 0, "PXEClient:Arch:00000:UNDI:002001",   0, 0,
		"- - B B B - - - B", "undionly.kpxe",                           "PXEClient",  true},
	{"BIOS PXE, class only", NO_ARCH, "PXEClient:Arch:00000:UNDI:002001", 0, 0,
		"- - B B B - - - B", "undionly.kpxe",                           "PXEClient",  true},
	{"old PXE, no architecture", NO_ARCH, "PXEClient",    0, 0,
		"- - B B B - - - B", "undionly.kpxe",                           "PXEClient",  true},
	{"UEFI x86-64, as 7", 7, "PXEClient:Arch:00007:UNDI:003016", 0, 0,
		"- - B B B - - - B", "snponly.efi",                             "PXEClient",  true},
	{"UEFI x86-64, as 9", 9, "PXEClient:Arch:00009:UNDI:003016", 0, 0,
		"- - B B B - - - B", "snponly.efi",                             "PXEClient",  true},
	{"UEFI x86-64, class only", NO_ARCH, "PXEClient:Arch:00007:UNDI:003016", 0, 0,
		"- - B B B - - - B", "snponly.efi",                             "PXEClient",  true},
	{"UEFI arm64", 11, "PXEClient:Arch:00011:UNDI:003000", 0, 0,
		"- - B B B - - - B", "snponly-arm64.efi",                       "PXEClient",  true},
	{"UEFI ia32: no program for it", 6, "PXEClient:Arch:00006:UNDI:003000", 0, 0,
		"- - - - - - - - -", "",                                        "",           false},
	{"UEFI HTTP x86-64", 16, "HTTPClient:Arch:00016:UNDI:003001", 0, 0,
		"- - B B B - - - B", HTTP "/boot/snponly.efi",                  "HTTPClient", false},
	{"UEFI HTTP x86-64, no class", 16, "",                0, 0,
		"- - B B B - - - B", HTTP "/boot/snponly.efi",                  "HTTPClient", false},
	{"UEFI HTTP arm64", 19, "HTTPClient:Arch:00019:UNDI:003001", 0, 0,
		"- - B B B - - - B", HTTP "/boot/snponly-arm64.efi",            "HTTPClient", false},
	{"UEFI HTTP ia32: no program", 15, "HTTPClient:Arch:00015:UNDI:003001", 0, 0,
		"- - - - - - - - -", "",                                        "",           false},
	{"iPXE, user class, BIOS", 0, "PXEClient:Arch:00000:UNDI:002001", "iPXE", 0,
		"- - B B B - - - B", SCRIPT,                                    "",           false},
	{"iPXE, user class, UEFI 7", 7, "PXEClient:Arch:00007:UNDI:003010", "iPXE", IPXE,
		"- - B B B - - - B", SCRIPT,                                    "",           false},
	{"iPXE, counted user class", 9, "PXEClient:Arch:00009:UNDI:003010", "\4iPXE", 0,
		"- - B B B - - - B", SCRIPT,                                    "",           false},
	{"iPXE, option 175 only", 0, "PXEClient:Arch:00000:UNDI:002001", 0, IPXE,
		"- - B B B - - - B", SCRIPT,                                    "",           false},
	{"iPXE, arm64", 11, "PXEClient:Arch:00011:UNDI:003010", "iPXE", IPXE,
		"- - B B B - - - B", SCRIPT,                                    "",           false},
	{"iPXE, ia32", 6, "PXEClient:Arch:00006:UNDI:003010", "iPXE", IPXE,
		"- - B B B - - - B", SCRIPT,                                    "",           false},
	/* features without HTTP: it takes what any PXE takes */
	{"iPXE without HTTP, BIOS", 0, "PXEClient:Arch:00000:UNDI:002001", "iPXE", NO_HTTP,
		"- - B B B - - - B", "undionly.kpxe",                           "PXEClient",  true},
	{"iPXE without HTTP, UEFI 7", 7, "PXEClient:Arch:00007:UNDI:003010", "iPXE", NO_HTTP,
		"- - B B B - - - B", "snponly.efi",                             "PXEClient",  true},
	/* with a profile that names programs of its own for BIOS and UEFI x86-64 */
	{"own: BIOS PXE", 0, "PXEClient:Arch:00000:UNDI:002001", 0, 0,
		"- - B B B - - - B", "own/lpxe.0",                              "PXEClient",  true},
	{"own: UEFI x86-64, as 7", 7, "PXEClient:Arch:00007:UNDI:003016", 0, 0,
		"- - B B B - - - B", "own/shimx64.efi",                         "PXEClient",  true},
	{"own: UEFI x86-64, as 9", 9, "PXEClient:Arch:00009:UNDI:003016", 0, 0,
		"- - B B B - - - B", "own/shimx64.efi",                         "PXEClient",  true},
	{"own: UEFI HTTP x86-64", 16, "HTTPClient:Arch:00016:UNDI:003001", 0, 0,
		"- - B B B - - - B", HTTP "/boot/own/h%20%2541.efi",            "HTTPClient", false},
	{"own: UEFI arm64, which it does not name", 11, "PXEClient:Arch:00011:UNDI:003000", 0, 0,
		"- - B B B - - - B", "snponly-arm64.efi",                       "PXEClient",  true},
	{"own: iPXE", 0, "PXEClient:Arch:00000:UNDI:002001", "iPXE", IPXE,
		"- - B B B - - - B", SCRIPT,                                    "",           false},
	{"own: system", NO_ARCH, "MSFT 5.0",                  0, 0,
		"- - - - - - - - -", "",                                        "",           false},
	/* with a profile that asks for pxelinux, and for GRUB by way of shim */
	{"word: BIOS PXE", 0, "PXEClient:Arch:00000:UNDI:002001", 0, 0,
		"- - B B B - - - B", "pxelinux.0",                              "PXEClient",  true},
	{"word: UEFI x86-64", 7, "PXEClient:Arch:00007:UNDI:003016", 0, 0,
		"- - B B B - - - B", "shimx64.efi.signed",                      "PXEClient",  true},
	{"word: UEFI arm64", 11, "PXEClient:Arch:00011:UNDI:003000", 0, 0,
		"- - B B B - - - B", "shimaa64.efi.signed",                     "PXEClient",  true},
	{"word: UEFI HTTP x86-64", 16, "HTTPClient:Arch:00016:UNDI:003001", 0, 0,
		"- - B B B - - - B", HTTP "/boot/snponly.efi",           "HTTPClient", false},
	{"word: UEFI HTTP arm64", 19, "HTTPClient:Arch:00019:UNDI:003001", 0, 0,
		"- - B B B - - - B", HTTP "/boot/snponly-arm64.efi",          "HTTPClient", false},
	{"installer: udhcpc", NO_ARCH, "udhcp 1.35.0",        0, 0,
		"- - - - - - - - -", "",                                        "",           false},
	{"installer: Debian's", NO_ARCH, "d-i",               0, 0,
		"- - - - - - - - -", "",                                        "",           false},
	{"installer: Anaconda", NO_ARCH, "anaconda-Linux 5.14 x86_64", 0, 0,
		"- - - - - - - - -", "",                                        "",           false},
	{"system: dhclient, networkd", NO_ARCH, "",           0, 0,
		"- - - - - - - - -", "",                                        "",           false},
	{"system: dhcpcd", NO_ARCH, "dhcpcd-9.4.1:Linux:x86_64", 0, 0,
		"- - - - - - - - -", "",                                        "",           false},
	{"system: Windows", NO_ARCH, "MSFT 5.0",              0, 0,
		"- - - - - - - - -", "",                                        "",           false},
};
/* clang-format on */

static const struct mac MAC = {{0x52, 0x54, 0, 0x12, 0x34, 0x56}};
static struct segments segments;
static const struct segment *seg;
static struct timeline *timeline;
static struct machines *machines;
static struct leases *leases;
static struct machine *machine;
static struct dhcp_message msg;
static uint8_t out[DHCP_REPLY_MAX];
static size_t out_len;

static void setup(void)
{
	struct segment s = {.name = "default",
		.server = ip_from_v4(NET + 1),
		.prefix_len = 24,
		.pool_first = NET + 100,
		.pool_last = NET + 200,
		.lease_s = 3600,
		.http_port = 8067};

	segments = (struct segments){0};
	ck_assert_int_eq(segments_add(&segments, &s, &seg), 0);
	ck_assert_int_eq(timeline_new(NULL, &timeline), 0);
	ck_assert_int_eq(machines_new(NULL, timeline, &segments, &machines), 0);
	ck_assert_int_eq(leases_new(&segments, NULL, &leases), 0);
	machine = machine_new();
	strcpy(machine->name, "web01");
	strcpy(machine->nics[0].segment, "default");
	machine->nics[0].mac = MAC;
	machine->nics[0].addrs[0] = ip_from_v4(NET + 3);
	machine->nics[0].n_addrs = machine->n_nics = 1;
	strcpy(machine->attempt.next_token, TOKEN);
	ck_assert_int_eq(machines_add(machines, machine), 0);
}

static void teardown(void)
{
	leases_free(leases);
	machines_free(machines);
	timeline_free(timeline);
	segments_fini(&segments);
}

/* Asks for all that could bring a boot with it. */
static void send_it(const struct row *r, enum dhcp_type type, const struct mac *mac, uint32_t wants)
{
	static struct dhcp_make make;
	const char *why;

	dhcp_make_begin(&make, mac, 0x1234);
	dhcp_make_u8(&make, OPT_TYPE, (uint8_t)type);
	if (wants) {
		dhcp_make_u32(&make, OPT_REQUESTED, wants);
		dhcp_make_u32(&make, OPT_SERVER_ID, NET + 1);
	}
	dhcp_make_text(&make, OPT_PARAMETERS, "\1\3\6\14\17\53\74\102\103\226\257");
	if (r->arch >= 0)
		dhcp_make_u16(&make, OPT_ARCH, (uint16_t)r->arch);
	if (*r->class)
		dhcp_make_text(&make, OPT_VENDOR_CLASS, r->class);
	if (r->user)
		dhcp_make_text(&make, OPT_USER_CLASS, r->user);
	if (r->option_175)
		dhcp_make_text(&make, OPT_IPXE, r->option_175);
	ck_assert_int_eq(dhcp_wire_decode(make.buf, dhcp_make_end(&make), &msg, &why), 0);
}

/* dhcp_programs */
static void own_programs(const json_t *snapshot, struct dhcp_loaders *ret)
{
	(void)snapshot;
	ret->bios = "own/lpxe.0";
	ret->efi_x64 = "own/shimx64.efi";
	ret->http_x64 = "own/h %41.efi";
}

static void word_programs(const json_t *snapshot, struct dhcp_loaders *ret)
{
	(void)snapshot;
	ret->bios = profile_loader("pxelinux", PROFILE_BIOS)->program;
	ret->efi_x64 = profile_loader("grub", PROFILE_EFI_X64)->program;
	ret->efi_arm64 = profile_loader("grub", PROFILE_EFI_ARM64)->program;
}

static dhcp_programs programs_for(const struct row *r)
{
	return !strncmp(r->client, "own: ", 5)     ? own_programs
		: !strncmp(r->client, "word: ", 6) ? word_programs
						   : NULL;
}

static uint32_t answer(enum dhcp_verdict expected, dhcp_programs programs)
{
	struct dhcp_policy p = {
		.msg = &msg, .segment = seg, .machines = machines, .leases = leases, .now = 1000};
	struct dhcp_decision d = dhcp_policy_decide(&p);
	struct dhcp_boot boot =
		dhcp_boot_machine(dhcp_firmware_of(&msg), IP_V4, seg, d.machine, programs);
	int len;

	ck_assert_int_eq(d.verdict, expected);
	len = dhcp_answer_encode(&p, &d, &boot, out);
	ck_assert_int_gt(len, 0);
	out_len = (size_t)len;
	return ip_to_v4(&d.address);
}

static bool has(uint8_t code)
{
	size_t n;

	return dhcp_answer_option(out, out_len, code, &n, NULL);
}

static const char *text(uint8_t code)
{
	static char buf[256];
	size_t n;
	const uint8_t *p = dhcp_answer_option(out, out_len, code, &n, NULL);

	if (p)
		memcpy(buf, p, n);
	buf[p ? n : 0] = '\0';
	return buf;
}

static bool ends_in_nul(uint8_t code)
{
	size_t n;
	const uint8_t *p = dhcp_answer_option(out, out_len, code, &n, NULL);

	return p && n && !p[n - 1];
}

static void check_answer(const struct row *r, const char *state, bool boots)
{
	const char *file = boots ? r->file : "", *echo = boots ? r->echo : "";
	bool tftp = boots && r->tftp;
	size_t n = 0;
	const uint8_t *vendor = dhcp_answer_option(out, out_len, OPT_VENDOR, &n, NULL);

	ck_assert_msg(!strcmp((char *)out + MAKE_FILE, file), "%s, %s: file '%s', not '%s'",
		r->client, state, out + MAKE_FILE, file);
	ck_assert_msg(!strcmp(text(OPT_BOOTFILE), file), "%s, %s: 67 %s", r->client, state, file);
	ck_assert_msg(ends_in_nul(OPT_BOOTFILE) == tftp, "%s, %s: 67's NUL", r->client, state);
	ck_assert_msg(!strcmp(text(OPT_VENDOR_CLASS), echo), "%s, %s: 60", r->client, state);
	ck_assert_msg(dhcp_answer_u32_at(out + 20) == (boots ? NET + 1 : 0), "%s, %s: siaddr",
		r->client, state);
	ck_assert_msg(tftp ? vendor && n == 4 && !memcmp(vendor, PXE_43, 4) : !vendor, "%s, %s: 43",
		r->client, state);
	ck_assert_msg(dhcp_answer_u32(out, out_len, OPT_TFTP_ADDRESS) == (tftp ? NET + 1 : 0),
		"%s, %s: 150", r->client, state);
	ck_assert_msg(
		!strcmp(text(OPT_TFTP_SERVER), tftp ? SERVER : ""), "%s, %s: 66", r->client, state);
	ck_assert_msg(ends_in_nul(OPT_TFTP_SERVER) == tftp, "%s, %s: 66's NUL", r->client, state);
	ck_assert_msg(has(OPT_IPXE) == (boots && !*r->echo), "%s, %s: 175", r->client, state);
}

static void check_row(const struct row *r, int s)
{
	const char *state = state_names[s];
	/* strangers come with a MAC that no machine has */
	struct mac mac = s ? MAC : (struct mac){{2, 0, 0, 0, 0, 9}};
	dhcp_programs programs = programs_for(r);
	bool boots = r->states[2 * s] == 'B';
	uint32_t address;

	if (s)
		machine->state = (enum life_state)(s - 1);
	send_it(r, DHCP_DISCOVER, &mac, 0);
	address = answer(DHCP_SEND_OFFER, programs);
	ck_assert_uint_eq(address, NET + (s ? 3 : 100));
	check_answer(r, state, boots);
	send_it(r, DHCP_REQUEST, &mac, address);
	answer(DHCP_SEND_ACK, programs);
	check_answer(r, state, boots);
}

START_TEST(test_row)
{
	ck_assert_uint_eq(strlen(table[_i].states), 2 * STATES - 1);
	for (int s = 0; s < STATES; s++)
		check_row(&table[_i], s);
}
END_TEST

/* The columns are life's own states. */
START_TEST(test_columns)
{
	for (int s = 1; s < STATES; s++)
		ck_assert_str_eq(state_names[s], life_state_name((enum life_state)(s - 1)));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("boot_table");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, test_row, 0, sizeof(table) / sizeof(table[0]));
	tcase_add_test(t, test_columns);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
