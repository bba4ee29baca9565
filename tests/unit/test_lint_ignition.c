/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Ignition refuses, our linter refuses, so that it is refused before a machine is armed, also where Ignition's own checker is
 * not installed. Where it is (`make check` has it in build/peers), it says of each of these what we say.
 */
#include "kickstart/lint/lint.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD "{\"ignition\": {\"version\": \"3.3.0\"},\n"

/* `'` stands for `"`. */
static const struct {
	const char *text, *want; /* "": it is fine */
} cases[] = {
	{"'storage': {'files': [{'path': '/a', 'overwrite': true, 'contents': {'source': 'data:,x%0Ay*(1)/z'}}],\n"
	 "'directories': [{'path': '/b', 'user': {'name': 'core'}, 'group': {'id': 0}}], 'links': [{'path': '/c', 'target': '/a'}]}}",
		""},
	{"'storage': {'files': [{'path': '/a'},\n{'path': '/b'},\n{'path': '/a'}]}}",
		"4:10: 'path' is '/a', which is there already in line 2: keep one of them"},
	{"'storage': {'files': [{'path': '/a'}],\n'links': [{'path': '/a', 'target': '/b'}]}}",
		"3:20: 'path' is '/a', which is there already in line 2: keep one of them"},
	{"'storage': {'files': [{'path': '/a', 'overwrite': true}]}}",
		"2:23: 'overwrite' is true, and contents has no 'source' to do it with"},
	{"'storage': {'files': [{'path': '/a', 'user': {'id': 1, 'name': 'core'}}]}}",
		"2:46: it has 'id' and 'name': keep one of them"},
	{"'storage': {'files': [{'path': '/a', 'contents': {'source': 'data:;base64,QUJD'}}]}}",
		""},
	{"'storage': {'files': [{'path': '/a', 'contents': {'source': 'data:text/plain;charset=utf-8,x'}}]}}",
		""},
	{"'storage': {'files': [{'path': '/a', 'contents': {'source': 'data:;base64,QU!D'}}]}}",
		"2:61: 'source' is 'data:;base64,QU!D', expected base64 after the comma"},
	{"'storage': {'files': [{'path': '/a', 'contents': {'source': 'data:;base64,QQ'}}]}}",
		"2:61: 'source' is 'data:;base64,QQ', expected base64 after the comma, with = at its end"},
	{"'storage': {'files': [{'path': '/a', 'contents': {'source': 'data:x'}}]}}",
		"2:61: 'source' is 'data:x', expected data:,TEXT or data:;base64,TEXT"},
	{"'storage': {'files': [{'path': '/a', 'contents': {'source': 'data:x,y'}}]}}",
		"2:61: 'source' is 'data:x,y', expected data:,TEXT or data:;base64,TEXT"},
	{"'storage': {'files': [{'path': '/a', 'contents': {'source': 'data:,a b'}}]}}",
		"2:61: 'source' is 'data:,a b', expected %XX in place of blanks, #, %, braces and line ends"},
	{"'storage': {'files': [{'path': '/a', 'contents': {'source': 'data:,100%'}}]}}",
		"2:61: 'source' is 'data:,100%', expected %XX in place of blanks, #, %, braces and line ends"},
	{"'storage': {'files': [{'path': '/a', 'contents': {'source': 'data:,x', 'compression': 'gzip'}}]}}",
		""},
	{"'storage': {'files': [{'path': '/a', 'contents': {'source': 'data:,x', 'compression': 'xz'}}]}}",
		"2:87: 'compression' is 'xz', expected gzip"},
	{"'storage': {'files': [{'path': '/a', 'contents': {'source': 'http://x/', 'httpHeaders': [{'name': '', 'value': 'x'}]}}]}}",
		"2:99: 'name' is '', expected a header's name"},
	{"'storage': {'disks': [{'device': '/dev/vda', 'partitions': [{'number': 1, 'label': 'a'}, {'label': 'b'}, {'number': 0, 'label': 'c',\n"
	 "'guid': '01234567-89ab-CDEF-EDCB-A98765432101'}]}]}}",
		""},
	{"'storage': {'disks': [{'device': '/dev/vda'}, {'device': '/dev/vda'}]}}",
		"2:58: 'device' is '/dev/vda', which is there already in line 2: keep one of them"},
	{"'storage': {'disks': [{'device': '/dev/vda', 'partitions': [{'number': 1}, {'number': 1}]}]}}",
		"2:87: 'number' is '1', which is there already in line 2: keep one of them"},
	{"'storage': {'disks': [{'device': '/dev/vda', 'partitions': [{'label': 'a'}, {'label': 'a'}]}]}}",
		"2:87: 'label' is 'a', which is there already in line 2: keep one of them"},
	{"'storage': {'disks': [{'device': '/dev/vda', 'partitions': [{'sizeMiB': 1}]}]}}",
		"2:61: the partition has neither 'number' nor 'label': it needs one of them"},
	{"'storage': {'disks': [{'device': '/dev/vda', 'partitions': [{'label': 'a:b'}]}]}}",
		"2:71: 'label' is 'a:b', expected a label without a colon: sgdisk would end it there"},
	{"'storage': {'disks': [{'device': '/dev/vda', 'partitions': [{'label': '0123456789012345678901234567890123456'}]}]}}",
		"2:71: 'label' is '0123456789012345678901234567890123456', expected at most 36 characters"},
	{"'storage': {'disks': [{'device': '/dev/vda', 'partitions': [{'number': 1, 'guid': 'x'}]}]}}",
		"2:83: 'guid' is 'x', expected one like 01234567-89AB-CDEF-EDCB-A98765432101"},
	{"'storage': {'raid': [{'name': 'md0', 'level': 'raid1', 'devices': ['/dev/a', '/dev/b'], 'spares': 1}]}}",
		""},
	{"'storage': {'raid': [{'name': 'md0', 'level': 'raid3', 'devices': ['/dev/a']}]}}",
		"2:47: 'level' is 'raid3', expected linear, or raid0, 1, 4, 5, 6 or 10"},
	{"'storage': {'raid': [{'name': 'md0', 'level': 'raid1', 'devices': []}]}}",
		"2:22: 'devices' is empty, expected those that it is made of"},
	{"'storage': {'raid': [{'name': 'md0', 'level': 'raid0', 'devices': ['/dev/a'], 'spares': 1}]}}",
		"2:22: 'spares' are of no use to this 'level'"},
	{"'storage': {'filesystems': [{'device': '/dev/a', 'format': 'xfs', 'path': '/a', 'label': '012345678901'}, {'device': '/dev/b'}]}}",
		""},
	{"'storage': {'filesystems': [{'device': '/dev/a', 'format': 'zfs', 'path': '/a'}]}}",
		"2:60: 'format' is 'zfs', expected ext4, btrfs, xfs, vfat, swap or none"},
	{"'storage': {'filesystems': [{'device': '/dev/a', 'path': '/a'}]}}",
		"2:29: the filesystem has no 'format', which all but 'device' needs"},
	{"'storage': {'filesystems': [{'device': '/dev/a', 'format': 'xfs', 'label': '0123456789012'}]}}",
		"2:29: 'label' is longer than this 'format' can have it"},
	{"'storage': {'filesystems': [{'device': '/dev/a', 'format': 'xfs'}, {'device': '/dev/a', 'format': 'xfs'}]}}",
		"2:79: 'device' is '/dev/a', which is there already in line 2: keep one of them"},
	{"'storage': {'luks': [{'name': 'a', 'device': '/dev/a'}]}}", ""},
	{"'storage': {'luks': [{'name': 'a'}]}}", "2:22: luks lacks 'device', expected text"},
	{"'storage': {'luks': [{'name': 'a/b', 'device': '/dev/a'}]}}",
		"2:31: 'name' is 'a/b', expected a name without a slash"},
	{"'systemd': {'units': [{'name': 'a.service', 'enabled': true, 'contents': '# x\\n[Unit]\\nDescription=a \\\\\\n  b\\n\\n[Install]\\n"
	 "WantedBy=multi-user.target\\n',\n'dropins': [{'name': 'a.conf', 'contents': ''}, {'name': 'b.conf', 'contents': '[Service]\\n'}]}]}}",
		""},
	{"'systemd': {'units': [{'name': 'a.service', 'contents': '[Unit\\nDescription=a'}]}}",
		"2:57: 'contents' has the head of a section without its ]"},
	{"'systemd': {'units': [{'name': 'a.service', 'contents': '[Unit]\\nDescription'}]}}",
		"2:57: 'contents' has a line without ="},
	{"'systemd': {'units': [{'name': 'a.service', 'contents': '[Unit] # x\\na=b'}]}}",
		"2:57: 'contents' has more than a section's name in its line"},
	{"'systemd': {'units': [{'name': 'a.service', 'contents': '\\n [Unit] \\n a=b'}]}}", ""},
	{"'systemd': {'units': [{'name': 'a.service'}, {'name': 'a.service'}]}}",
		"2:55: 'name' is 'a.service', which is there already in line 2: keep one of them"},
	{"'systemd': {'units': [{'name': 'a.service', 'dropins': [{'name': 'a.conf'}, {'name': 'a.conf'}]}]}}",
		"2:86: 'name' is 'a.conf', which is there already in line 2: keep one of them"},
	{"'passwd': {'users': [{'name': 'core'}, {'name': 'core'}]}}",
		"2:49: 'name' is 'core', which is there already in line 2: keep one of them"},
	{"'kernelArguments': {'shouldExist': ['a', 'b'], 'shouldNotExist': ['c']}}", ""},
	{"'kernelArguments': {'shouldExist': ['a', 'a']}}",
		"2:42: 'kernelArguments shouldExist' is 'a', which is there already in line 2: keep one of them"},
	{"'kernelArguments': {'shouldExist': ['a'], 'shouldNotExist': ['a']}}",
		"2:62: 'kernelArguments shouldExist' is 'a', which is there already in line 2: keep one of them"},
};

static char *text_of(size_t i)
{
	char *text = NULL;

	ck_assert_int_gt(asprintf(&text, "%s%s", HEAD, cases[i].text), 0);
	for (char *at = text; (at = strchr(at, '\'')); at++)
		*at = '"';
	return text;
}

START_TEST(ours)
{
	char *text = text_of((size_t)_i), got[512] = "";
	struct lint_input in = {.file = "f", .text = text};
	struct findings f = {0};

	lint_text(ANSWERS_IGNITION, &in, &f);
	if (f.n) {
		ck_assert_int_eq(f.v[0].level, FINDING_ERROR);
		snprintf(got, sizeof(got), "%u:%u: %s", f.v[0].line, f.v[0].column, f.v[0].text);
	}
	ck_assert_uint_le(f.n, 1);
	ck_assert_str_eq(got, cases[_i].want);
	findings_fini(&f);
	free(text);
}
END_TEST

static const char *validator(void)
{
	static char path[512];
	const char *top = getenv("USHER_TOP");

	snprintf(path, sizeof(path), "%s/build/peers/ignition/usr/bin/ignition-validate",
		top ? top : ".");
	return path;
}

static bool validate(const char *text)
{
	char path[] = "/tmp/usher-ignition-XXXXXX", *command = NULL;
	int fd = mkstemp(path), rc;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	ck_assert_int_gt(asprintf(&command, "%s %s >/dev/null 2>&1", validator(), path), 0);
	rc = system(command);
	unlink(path);
	free(command);
	return rc == 0;
}

START_TEST(theirs)
{
	char *text = text_of((size_t)_i);

	ck_assert_msg(
		validate(text) == !*cases[_i].want, "ignition-validate says else of %s", text);
	free(text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("lint_ignition");
	TCase *t = tcase_create("lint_ignition");
	int n = sizeof(cases) / sizeof(*cases), failed;
	SRunner *r;

	tcase_add_loop_test(t, ours, 0, n);
	if (access(validator(), X_OK) == 0)
		tcase_add_loop_test(t, theirs, 0, n);
	else
		puts("skip: ignition-validate is not in build/peers");
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
