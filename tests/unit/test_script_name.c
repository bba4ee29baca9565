/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kickstart/script_name.h"

#include <check.h>
#include <errno.h>

static void is(const char *name, enum script_kind kind, const char *mac)
{
	char text[MAC_TEXT] = "";
	struct script_name n;

	ck_assert_msg(script_name_parse(name, &n) == 0, "%s", name);
	ck_assert_int_eq(n.kind, kind);
	if (!mac_is_zero(&n.mac))
		mac_format(&n.mac, text);
	ck_assert_str_eq(text, mac);
}

static void is_a_file(const char *name)
{
	struct script_name n;

	ck_assert_msg(script_name_parse(name, &n) == -ENOENT, "%s", name);
}

START_TEST(names_of_grub)
{
	is("grub.cfg", SCRIPT_GRUB, "");
	is("grub/grub.cfg", SCRIPT_GRUB, "");
	is("debian-installer/amd64/grub//grub.cfg", SCRIPT_GRUB, "");
	is("a\\b\\grub.cfg", SCRIPT_GRUB, "");
	is("a%5Cgrub.cfg", SCRIPT_GRUB, "");
	is("/grub/grub.cfg-01-52-54-c0-a8-7a-03", SCRIPT_GRUB, "52:54:c0:a8:7a:03");
	is("grub/grub.cfg-C0A87A03", SCRIPT_GRUB, "");
	is("grub/grub.cfg-C", SCRIPT_GRUB, "");
	is("grub.cfg-564d2f6b-0a5c-4e0f-9d59-0c8a5ef6a001", SCRIPT_GRUB, "");
	is_a_file("grub.cfg/x");
	is_a_file("grub.cfg-");
	is_a_file("grub.cfg-C0A87A030");
	is_a_file("grub.cfg-site");
	is_a_file("grub.cfg-01-52-54-c0-a8-7a-03.bak");
	is_a_file("grub.cfg~");
	is_a_file("mygrub.cfg");
	is_a_file("x5cgrub.cfg");
	is_a_file("");
	is_a_file("/");
}
END_TEST

START_TEST(names_of_pxelinux)
{
	struct script_name n;

	is("pxelinux.cfg/564d2f6b-0a5c-4e0f-9d59-0c8a5ef6a001", SCRIPT_PXELINUX, "");
	is("d/pxelinux.cfg/01-52-54-c0-a8-7a-03", SCRIPT_PXELINUX, "52:54:c0:a8:7a:03");
	is("d//pxelinux.cfg//C0A87A03", SCRIPT_PXELINUX, "");
	is("pxelinux.cfg/C0A", SCRIPT_PXELINUX, "");
	is("pxelinux.cfg/default", SCRIPT_PXELINUX, "");
	is("pxelinux.cfg%5c%5Cdefault", SCRIPT_PXELINUX, "");
	ck_assert_int_eq(script_name_parse("pxelinux.cfg/default", &n), 0);
	ck_assert(n.last);
	ck_assert_int_eq(script_name_parse("pxelinux.cfg/C0", &n), 0);
	ck_assert(!n.last);
	is_a_file("default");
	is_a_file("pxelinux.cfg");
	is_a_file("pxelinux.cfg/");
	is_a_file("pxelinux.cfg/x/default");
	is_a_file("pxelinux.cfg/grub.cfg");
	is_a_file("xpxelinux.cfg/default");
	is_a_file("pxelinux.cfg/01-52-54-c0-a8-7a");
	is_a_file("pxelinux.cfg/52-54-c0-a8-7a-03");
}
END_TEST

static void has_token(const char *name, const char *token)
{
	struct script_name n;

	ck_assert_msg(script_name_parse(name, &n) == 0, "%s", name);
	ck_assert_str_eq(n.token, token);
}

START_TEST(names_with_tokens)
{
	static const char token[] = "0123456789abcdef0123456789abcdef";

	has_token("usher/0123456789abcdef0123456789abcdef/grub.cfg", token);
	has_token("/usher//0123456789abcdef0123456789abcdef//grub.cfg", token);
	has_token("usher/0123456789abcdef0123456789abcdef/pxelinux.cfg/default", token);
	has_token("grub/grub.cfg", "");
	has_token("grub.cfg", "");
	has_token("pxelinux.cfg/default", "");
	has_token("usher/0123456789abcdef0123456789abcde/grub.cfg", "");
	has_token("usher/0123456789abcdef0123456789abcdef0/grub.cfg", "");
	has_token("usher/0123456789ABCDEF0123456789abcdef/grub.cfg", "");
	has_token("usher/0123456789abcdef0123456789abcdef/x/grub.cfg", "");
	has_token("0123456789abcdef0123456789abcdef/pxelinux.cfg/564d2f6b-0a5c-4e0f-9d59-"
		  "0c8a5ef6a001",
		token);
}
END_TEST

START_TEST(programs)
{
	ck_assert(script_name_is_program("undionly.kpxe"));
	ck_assert(script_name_is_program("d/bootnetx64.EFI"));
	ck_assert(script_name_is_program("shimx64.efi.signed"));
	ck_assert(script_name_is_program("lpxelinux.0"));
	ck_assert(!script_name_is_program("ldlinux.c32"));
	ck_assert(!script_name_is_program("efi"));
	ck_assert(!script_name_is_program("d/linux"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("script_name");
	TCase *tc = tcase_create("script_name");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, names_of_grub);
	tcase_add_test(tc, names_of_pxelinux);
	tcase_add_test(tc, names_with_tokens);
	tcase_add_test(tc, programs);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
