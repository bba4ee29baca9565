/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot scripts asked for by a fixed name, by HTTP and by TFTP: who asks, and what a stranger or a machine that is not armed gets. */
#include "service/boot/boot_name.h"

#include "boot_make.h"

#include "core/clock.h"
#include "tftpd/tftpd.h"

#define GRUB_CFG "/boot/grub/grub.cfg"

static struct tftpd *tftpd;
static uint16_t port; /* its own is 69 */

static void tftp_asked(void *arg, struct tftp_request *r)
{
	(void)arg;
	boot_tftp_asked(&rooms.boot, r);
}

static int tftp_open(
	void *arg, const char *name, int *ret_fd, uint64_t *ret_size, char *why, size_t size)
{
	(void)arg, (void)name;
	snprintf(why, size, "a file");
	*ret_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	*ret_size = 0;
	return *ret_fd < 0 ? -errno : 0;
}

static void setup(void)
{
	struct ip ip = base_ip("127.0.0.1");
	char why[256] = "";

	http_ask_agent = "GRUB 2.06";
	boot_make();
	port = 6969;
	ck_assert_int_eq(tftpd_new(&(struct tftpd_config){.home = &rooms.base.home,
					   .open = tftp_open,
					   .asks = boot_tftp_asks,
					   .asked = tftp_asked,
					   .port = port},
				 &tftpd),
		0);
	ck_assert_msg(!tftpd_open(tftpd, wire, "", &ip, why, sizeof why), "%s", why);
}

static void teardown(void)
{
	tftpd_free(tftpd);
	boot_unmake();
}

/* --- what is a script ----------------------------------------------------------------------------------------------------- */

START_TEST(names)
{
	ck_assert(boot_is_script("grub/grub.cfg"));
	ck_assert(boot_is_script("pxelinux.cfg/default"));
	ck_assert(boot_is_script("pxelinux.cfg/01-52-54-00-00-00-01"));
	ck_assert(!boot_is_script("snponly.efi"));
	ck_assert(boot_tftp_asks(NULL, "grub/grub.cfg"));
	ck_assert(boot_tftp_asks(NULL, "snponly.efi")); /* a boot program */
	ck_assert(!boot_tftp_asks(NULL, "debian/initrd.gz"));
}
END_TEST

/* A boot loader by its own word: anybody else may read a medium's grub.cfg. */
START_TEST(agents)
{
	ck_assert(boot_http_asks(NULL, GRUB_CFG, "GRUB 2.06"));
	ck_assert(boot_http_asks(NULL, GRUB_CFG, "UefiHttpBoot/1.0"));
	ck_assert(!boot_http_asks(NULL, GRUB_CFG, "curl/8"));
	ck_assert(!boot_http_asks(NULL, GRUB_CFG, NULL));
	ck_assert(!boot_http_asks(NULL, "/boot/m/vmlinuz", "GRUB 2.06"));
	ck_assert(!boot_http_asks(NULL, "/boot/pxelinux.cfg/default", "GRUB 2.06"));
}
END_TEST

/* --- by HTTP ---------------------------------------------------------------------------------------------------------------- */

static const char *script(const char *from, const char *path)
{
	ck_assert_msg(boot_ask(from, "GET", path, NULL) == 200, "%u", ask.status);
	return ask.body;
}

START_TEST(armed)
{
	boot_arm();
	ck_has(script(METAL, GRUB_CFG), "vmlinuz");
	ck_has(ask.body, metal->attempt.token);
	ck_assert_int_eq(metal->state, LIFE_BOOTING);
	ck_assert_uint_eq(metal->attempt.boots, 1);
	ck_has(script(METAL, GRUB_CFG), metal->attempt.token); /* it looked, and now it reads */
	ck_assert_uint_eq(metal->attempt.boots, 1);
	metal->script_at = 0; /* it loaded its boot program again */
	script(METAL, GRUB_CFG);
	ck_assert_uint_eq(metal->attempt.boots, 2);
}
END_TEST

START_TEST(heads)
{
	boot_arm();
	ck_assert_uint_eq(boot_ask(METAL, "HEAD", GRUB_CFG, NULL), 200);
	ck_assert_int_eq(metal->state, LIFE_ARMED);
}
END_TEST

START_TEST(not_armed)
{
	ck_has(script(METAL, GRUB_CFG), "metal is known");
	ck_has(ask.body, "To install it: usher reinstall metal");
	ck_assert_ptr_null(strstr(ask.body, "vmlinuz"));
	ck_assert_int_eq(metal->state, LIFE_KNOWN);
}
END_TEST

START_TEST(strangers)
{
	struct leases *ls = (struct leases *)dhcpd_leases(rooms.dhcpd);
	struct ip ip = base_ip("127.5.0.11");
	int64_t now = clock_steady_ms();

	boot_arm();
	ck_has(script("127.5.0.10", GRUB_CFG), "usher knows no machine with address 127.5.0.10");
	ck_has(ask.body, "usher enroll NAME --mac MAC --profile PROFILE");
	ck_assert_int_eq(lease_bind(ls, far, &ip, &(struct mac){{2, 0, 0, 0, 0, 9}}, now + 60000,
				 "", 0, now),
		0);
	ck_has(script("127.5.0.11", GRUB_CFG), "--mac 02:00:00:00:00:09 --profile");
	ck_assert_int_eq(metal->state, LIFE_ARMED);
}
END_TEST

/* The name has a MAC: it must be the same machine's. */
START_TEST(mismatches)
{
	struct machine *db = base_add(&rooms.base, base_record("db", false, "far", "127.5.0.12"));

	boot_arm();
	ck_has(script(METAL, GRUB_CFG "-01-02-00-00-00-00-09"),
		"address 127.5.0.9 belongs to metal, MAC 02:00:00:00:00:09 to no machine");
	ck_has(ask.body, "To see the record: usher show metal");
	ck_has(base_told(&rooms.base, "metal", "refused"), "MAC 02:00:00:00:00:09 to no machine");
	ck_has(script(METAL, GRUB_CFG "-01-52-54-7f-05-00-0c"),
		"address 127.5.0.9 belongs to metal, MAC 52:54:7f:05:00:0c to db");
	ck_has(ask.body, "To see the record: usher show db");
	ck_assert_str_ne(base_told(&rooms.base, "db", "refused"), "");
	ck_has(script("127.5.0.10", GRUB_CFG "-01-52-54-7f-05-00-0c"),
		"address 127.5.0.10 belongs to no machine, MAC 52:54:7f:05:00:0c to db");
	ck_assert_int_eq(metal->state, LIFE_ARMED);
	ck_assert_int_eq(db->state, LIFE_KNOWN);
	ck_has(script(METAL, GRUB_CFG "-01-52-54-7f-05-00-09"), "vmlinuz");
	ck_assert_int_eq(metal->state, LIFE_BOOTING);
}
END_TEST

START_TEST(sealed)
{
	metal->seal = SEAL_YES;
	boot_arm();
	ck_has(script(METAL, GRUB_CFG), metal->attempt.asking.code);
	ck_assert_int_eq(metal->state, LIFE_ARMED);
	ck_assert_ptr_null(strstr(ask.body, "vmlinuz"));
}
END_TEST

/* --- by TFTP ---------------------------------------------------------------------------------------------------------------- */

/* The first packet that comes of a read request; its text begins at byte 4. */
static const char *tftp(const char *from, const char *name, int *ret_code)
{
	static char packet[2048];
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct ip ip = base_ip(from);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ssize_t n = 0;
	size_t len;

	in.sin_addr.s_addr = htonl(ip_to_v4(&ip));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons(port);
	memset(packet, 0, sizeof packet);
	packet[1] = 1;
	len = 2 + (size_t)sprintf(packet + 2, "%s", name) + 1;
	len += (size_t)sprintf(packet + len, "octet") + 1;
	ck_assert_int_eq(
		sendto(fd, packet, len, 0, (struct sockaddr *)&in, sizeof in), (ssize_t)len);
	memset(packet, 0, sizeof packet);
	base_wait(&rooms.base, (n = recv(fd, packet, sizeof packet - 1, 0)) > 0);
	close(fd);
	*ret_code = packet[1];
	return packet + 4;
}

enum { DATA = 3, ERROR = 5 };

/* Of strangers nobody said that they are not to boot. */
START_TEST(programs)
{
	int code;

	ck_has(tftp(METAL, "snponly.efi", &code),
		"this machine is not armed: usher reinstall metal");
	ck_assert_int_eq(code, ERROR);
	tftp("127.5.0.10", "snponly.efi", &code);
	ck_assert_int_eq(code, DATA);
	boot_arm();
	tftp(METAL, "snponly.efi", &code);
	ck_assert_int_eq(code, DATA);
}
END_TEST

/* PXELINUX tries the next name after an ERROR: the last one shows why. */
START_TEST(strangers_by_tftp)
{
	int code;

	ck_has(tftp("127.5.0.10", "pxelinux.cfg/01-02-00-00-00-00-09", &code),
		"usher knows no machine with address 127.5.0.10");
	ck_assert_int_eq(code, ERROR);
	ck_has(tftp("127.5.0.10", "pxelinux.cfg/default", &code),
		"usher knows no machine with address 127.5.0.10");
	ck_assert_int_eq(code, DATA);
	ck_has(tftp("127.5.0.10", "grub/grub.cfg", &code),
		"usher knows no machine with address 127.5.0.10");
	ck_assert_int_eq(code, DATA);
}
END_TEST

/* The profile names no boot loader that reads scripts: nothing changes for who asks. */
START_TEST(no_loader)
{
	int code;

	boot_arm();
	ck_has(tftp(METAL, "pxelinux.cfg/default", &code),
		"the profile of metal names no boot loader that reads pxelinux.cfg");
	ck_has(tftp(METAL, "grub/grub.cfg", &code),
		"the profile of metal names no boot loader that reads grub.cfg");
	ck_assert_int_eq(metal->state, LIFE_ARMED);
}
END_TEST

static void take_program(const char *firmware, const char *program)
{
	json_t *boot = json_object_get(json_object_get(metal->attempt.snapshot, "profile"), "boot");

	json_object_set_new(boot, "programs", json_pack("{s:s}", firmware, program));
}

/* A medium's program for UEFI may be SYSLINUX, which reads the same files; our GRUB does not. */
START_TEST(pxelinux_of_a_medium)
{
	int code;

	boot_arm();
	take_program("efi-x64", "shimx64.efi.signed");
	ck_has(tftp(METAL, "pxelinux.cfg/default", &code),
		"the profile of metal names no boot loader that reads pxelinux.cfg");
	/* greeted: who asks is to say that it is there */
	take_program("efi-x64", "m/syslinux.efi");
	ck_assert_ptr_null(
		strstr(tftp(METAL, "pxelinux.cfg/default", &code), "names no boot loader"));
	ck_assert_int_eq(code, DATA);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {names, agents, armed, heads, not_armed, strangers, mismatches,
		sealed, programs, strangers_by_tftp, no_loader, pxelinux_of_a_medium};
	Suite *s = suite_create("boot_name");
	TCase *t = tcase_create("boot_name");

	tcase_add_checked_fixture(t, setup, teardown);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(t, tests[i]);
	suite_add_tcase(s, t);
	return base_run(s);
}
