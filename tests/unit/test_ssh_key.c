/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of authorized_keys: each type, and what people take for one. The keys were made for this file. */
#include "core/ssh_key.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ED "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMa0PpqLbKUACk0pWOjSb3YbCTAaXmDP78gPdT5D0WWd"
#define ED_BLOB "AAAAC3NzaC1lZDI1NTE5AAAAIMa0PpqLbKUACk0pWOjSb3YbCTAaXmDP78gPdT5D0WWd"
static const char *const good[] = {
	ED,
	ED " me@host",
	ED "  a comment  of words ",
	"  " ED,
	"ssh-ed25519\t" ED_BLOB "\tme",
	"no-pty,command=\"echo \\\"a b\\\"\",from=\"192.0.2.*\" " ED " me",
	"restrict " ED,

	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC41T2YIigB1Gl4WfdyQLqq//kU2pjlBR6xl+An0+aU3a6NTHhq"
	"CiK/YXBxYi2Wq90/xJjtcAkPDwi88H0THLgQLp49h/jB9k5sMmLywTfF8ZPF5uUwfDCiQp6nTCboSIMdeJgnl2bB"
	"U7BZoP1AlFc2Pg0i7zRgZ37hurV84Kw0+hfCauocnD/bvqQ5llDcvRcFIaecEGlferIl/Vsqf146BcXDwt+oy2BP"
	"QmSmFSGfBLPgpB4Wd4EXmSXTwv8ifeCvMCKxvJRATmboHFFhqTRFXqv2DHeuN11CJnBsjvkjZI74SRZ5nv0ypnmQ"
	"eX5XhZNl1HLcTzbiK24xFavs6nBt",
	"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQCvJZDC0yzZGHVEu0OV6R7WweHcbjK9vpIWG8VKgAYVagwQAcqo"
	"G7YmxeWj+PjSlJh9I+r+9tpvLFKnfGby/Bp0QuCo9wmGuZIJX9YJQJztMk+MFlF6SKnvlMcBuuadW5xJxKbNCq/H"
	"+znltuaZuiU82DnUZJDJC6IDFNoEFf14Hw==",
	"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBCB6v1HkdhEnoqGe"
	"DEkS8G9z/QP5+qg2DwgtJSb9mSAnniS3jQFEeWDxjrGITYW3A5IEMK+fXEX6BSB9HHc5spY=",
	"ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBLSacuHg4PXsAMub"
	"viP4Tu6ZzI17JJPQrAtrbgFbFsyqs+CB4/0VXJxQQMbZBmZVYg7bRnr3f+4NOfyHdroH/+A2xN+VK7aLL7IR5RSW"
	"PDVF6Freda3mtx0oDIem5woSnQ==",
	"ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBADmjP9Bj6Eyi+yV"
	"ItJLfwTXo2Fix1CmgO77zrA+khBmW1qKkHyPNB0MuVaM/rtq9z6IMRgTWwPhDp6vOV2EhgRXTQG9QxYVctpzR+0R"
	"UX+Heam8R4bXtkr2Fhjc5G9jHaitcwqlCTIlYsJoqhtRdzsYr1gYwIeVZIA/tRgdm1XPxXoUtA==",
	"ssh-dss AAAAB3NzaC1kc3MAAACBAMeUTEWlSEqw4sd8a6K5qcrlNyXdcomsKtr9vVsrDs3w1aNvo8uKX3aQq50C"
	"g70GWMjI1o8FJ4llgUk9TXag+BN/HQtvTAq+SI20mngcLjWkspfKvwPphJ8GtAh0FE1GcOPSfzvo0/jsAKti/Kqq"
	"T4xdEHk8VRhW8hWvEvJA1ATxAAAAFQCW3KHC7TvmNRsulWsmZ/RHbR8O9QAAAIAzD1gJDuRmpqtkIzzVGRTsrKUX"
	"cT9e8a5wwmoZiIJjbQyK0DxlXlzEd9Q+6AKuDficJxi9whHJnJCdNGsPkIgIVnrQuXQVFGFzm8S0PTwzSPX6Ir7I"
	"Z8YYHHCb5oRJfLiPdTrX4nLBTJbl4G6bJwt1sYNdRrQERDN64dlPSFyT7wAAAIA7VDPG3ZeK86mKXKHE7VqtxagT"
	"uJr1w9pPcebIjZL5qnTSVQ+JRTKPxnkI4/SM/HvUQABl0FC+Bqsu5jxNk9TtpE3U4AcM7mn/rxW8pqcDRUGhcz9Q"
	"98Pa73272wN4ynIrTVIpDx88MkIstROrn8dWzWRnvwENij3HQK1opC7FjA==",
	"sk-ssh-ed25519@openssh.com "
	"AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fAA"
	"AABHNzaDo=",
};

static const struct {
	const char *line, *error;
} bad[] = {
	{"", "no public SSH key"},
	{"I like SSH keys", "no public SSH key"},
	{"root:$6$abcdef$xyz:19000:0:99999:7:::", "no public SSH key"},
	{"-----BEGIN OPENSSH PRIVATE KEY-----", "a private key"},
	{"-----BEGIN RSA PRIVATE KEY-----", "a private key"},
	{"-----BEGIN ENCRYPTED PRIVATE KEY-----", "a private key"},
	{"PuTTY-User-Key-File-3: ssh-ed25519", "a private key"},
	{"---- BEGIN SSH2 PUBLIC KEY ----", "another format"},
	{"-----BEGIN PUBLIC KEY-----", "another format"},
	{"ssh-ed25519", "nothing behind its type"},
	{"ssh-ed25519 ", "nothing behind its type"},
	{"ssh-ed25519 AAAA", "not the same"},
	{"ssh-ed25519 @@@@", "base64 is damaged"},
	{"ssh-rsa " ED_BLOB, "not the same"},
	{"ssh-ed25519x " ED_BLOB, "no public SSH key"},
	{ED "\n" ED, "not one line"},
	{"from=\"a b " ED, "no public SSH key"},
	{"ssh-ed25519-cert-v01@openssh.com AAAA", "a certificate"},
	{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAHwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"damaged, or cut off"},
	{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAeA==",
		"damaged, or cut off"},
	{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
		"damaged, or cut off"},
	{"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", "damaged, or cut off"},
	{"ecdsa-sha2-nistp256 "
	 "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAzODQAAABBBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"its curve"},
	{"ecdsa-sha2-nistp256 "
	 "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBAgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		"damaged"},
	{"ssh-rsa "
	 "AAAAB3NzaC1yc2EAAAADAQABAAAAQQD//////////////////////////////////////////////////////////"
	 "///////////////////////////",
		"less than 1024 bits"},
	{"ssh-rsa "
	 "AAAAB3NzaC1yc2EAAAADAQABAAAAgP///////////////////////////////////////////////////////////"
	 "/////////////////////////////////////////////////////////////////////////////////////////"
	 "//////////////////////",
		"damaged"},
	{"ssh-rsa AAAAB3NzaC1yc2EAAAADAQAB", "damaged"},
	{"sk-ssh-ed25519@openssh.com "
	 "AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"application"},
};

START_TEST(keys)
{
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		ck_assert_msg(!ssh_key_error(good[i]), "%s: %s", good[i], ssh_key_error(good[i]));
}
END_TEST

START_TEST(others)
{
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *error = ssh_key_error(bad[i].line);

		ck_assert_msg(error && strstr(error, bad[i].error), "%s: %s", bad[i].line, error);
	}
}
END_TEST

static bool keygen_takes(const char *line)
{
	char path[] = "/tmp/usher-key-XXXXXX", command[128];
	int fd = mkstemp(path), rc;

	ck_assert_int_ge(fd, 0);
	dprintf(fd, "%s\n", line);
	close(fd);
	snprintf(command, sizeof command, "ssh-keygen -l -f %s >/dev/null 2>&1", path);
	rc = system(command);
	unlink(path);
	return rc == 0;
}

/* What it takes and we do not: a private key and another format, which it turns into public ones. */
START_TEST(as_ssh_keygen)
{
	if (system("command -v ssh-keygen >/dev/null 2>&1"))
		return;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!strstr(good[i], "sk-")) /* its key is made up */
			ck_assert_msg(keygen_takes(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (!strchr(bad[i].line, '\n'))
			ck_assert_msg(!keygen_takes(bad[i].line), "%s", bad[i].line);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("ssh_key");
	TCase *t = tcase_create("ssh_key");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, keys);
	tcase_add_test(t, others);
	tcase_add_test(t, as_ssh_keygen);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
