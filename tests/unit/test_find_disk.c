/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The script that finds the disk to install on, run by the shells that installers have, against a /sys of ours. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[64];

/* The installers': Debian's and tiny's is busybox's, Anaconda's, YaST's and Flatcar's bash, Ubuntu's dash. */
static const char *const shells[] = {"busybox sh", "dash", "bash"};
enum { SHELLS = sizeof shells / sizeof *shells };

/* disk NAME SECTORS REMOVABLE READ-ONLY ROTATIONAL: and, of SCSI, its unit's serial number and its WWID. */
static const char tree[] =
	"set -e; mkdir -p sys/block udev/data dev; cd sys/block\n"
	"disk() { mkdir -p $1/device $1/queue; echo $2 >$1/size; echo $3 >$1/removable; echo $4 >$1/ro;\n"
	" echo $5 >$1/queue/rotational; echo ${8:-8:0} >$1/dev; [ -z \"$6\" ] || printf '\\0\\200\\0\\24%20s' \"$6\" "
	">$1/device/vpd_pg80; [ -z \"$7\" ] || echo $7 >$1/device/wwid; }\n"
	"mkdir loop0 dm-0; echo 99999999999 | tee loop0/size dm-0/size >/dev/null\n"
	"disk sr0 2097152 1 0 1 ROM; disk fd0 2880 1 0 1 FD\n"
	"disk sda 7814037168 0 0 1 'WD-WX11 A B' naa.50014ee2b1a2c3d4\n"        /* 4 TB */
	"disk sdb 937703088 0 0 0 S480A naa.5000c500aaaaaaa1\n"                 /* 480 GB */
	"disk sdc 1875385008 0 0 0 S960 naa.600508b1001c7e3f600508b1001c7e3f\n" /* 960 GB */
	"disk sdd 500118192 1 0 0 REMOVABLE naa.5000c500aaaaaaa2\n"
	"disk sde 500118192 0 1 0 READONLY naa.5000c500aaaaaaa3\n"
	"disk sdf 0 0 0 0 EMPTY\n"
	"disk sdg 3907029168 0 0 1 '' 't10.ATA     Old one' 8:96\n" /* 2 TB, of which only udev knows more */
	"printf 'E:ID_BUS=ata\\nE:ID_SERIAL=Old_one_UDEV7\\nE:ID_SERIAL_SHORT=UDEV7\\n"
	"E:ID_WWN=0x5000c500aaaaaaa9\\n' >../../udev/data/b8:96\n"
	"mkdir -p ../usb1/sdz; ln -s ../usb1/sdz sdz; disk sdz 31457280 0 0 0 STICK\n"
	"disk nvme0n1 1953525168 0 0 0; echo ' NV 12  3  ' >nvme0n1/device/serial\n" /* 1 TB */
	"echo eui.0025385b71b00a2e >nvme0n1/wwid\n"
	"disk nvme0c0n1 1953525168 0 0 0; echo 1 >nvme0c0n1/hidden\n"
	"disk vda 41943040 0 0 1; echo -n VIRT >vda/serial\n" /* 20 GiB */
	"disk 'cciss!c0d0' 143374650 0 0 1\n"                 /* 73.4 GB */
	"disk mmcblk0boot0 8192 0 0 0; disk sr1 2097152 0 0 1\n";

static int shell(const char *command)
{
	char *all = NULL;
	int rc;

	ck_assert_int_gt(asprintf(&all, "cd %s && { %s\n}", dir, command), 0);
	rc = system(all);
	free(all);
	return rc;
}

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void set_up(void)
{
	const char *top = getenv("USHER_TOP") ? getenv("USHER_TOP") : ".";
	char command[512];

	strcpy(dir, "/tmp/usher-find-disk-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(command, sizeof command,
		"cd '%s/kickstart/partials' && sed 's,/sys/block,%s/sys/block,; s,/run/udev,%s/udev,' find-disk.sh >%s/find-disk.sh "
		"&& sed 's,/sys/class/,%s/sys/class/,g; s,/dev/,%s/dev/,g' clear-disk.sh >%s/clear-disk.sh",
		top, dir, dir, dir, dir, dir, dir);
	ck_assert_int_eq(system(command), 0);
	write_file("tree", tree);
	ck_assert_int_eq(shell("sh tree"), 0);
}

static void tear_down(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	ck_assert_int_eq(system(command), 0);
}

/* What comes of it, by this shell, also under `set -eu`: "DISK|SAID", where DISK is empty when it fails. */
static void expect(const char *by, const char *wanted, const char *want)
{
	char command[512], path[128], got[1024] = "";
	FILE *f;

	snprintf(command, sizeof command,
		"printf '%%s\\n' 'set -eu' '. ./find-disk.sh' 'if find_disk \"$1\"; then :; fi' "
		"'printf \"%%s|%%s\" \"$disk\" \"$said\"' >run; %s run '%s' >got 2>err; cat err >&2; ! grep . err",
		by, wanted);
	ck_assert_msg(shell(command) == 0, "%s, %s", by, wanted);
	snprintf(path, sizeof path, "%s/got", dir);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	got[fread(got, 1, sizeof got - 1, f)] = '\0';
	fclose(f);
	if (want[strlen(want) - 1] == '*')
		ck_assert_msg(
			strncmp(got, want, strlen(want) - 1) == 0, "%s, %s: %s", by, wanted, got);
	else
		ck_assert_msg(strcmp(got, want) == 0, "%s, %s: %s", by, wanted, got);
}

static const char *const answers[][2] = {
	{"largest", "sda|the largest disk is sda, 3726 GiB, serial WD-WX11_A_B: it is wiped"},
	{"smallest", "vda|the smallest disk is vda, 20 GiB, serial VIRT: it is wiped"},
	{"smallest-ssd", "sdb|the smallest SSD is sdb, 447 GiB, serial S480A: it is wiped"},
	{"largest-ssd", "nvme0n1|the largest SSD is nvme0n1, 931 GiB, serial NV_12_3: it is wiped"},
	{"smallest-hdd", "vda|the smallest HDD is vda, 20 GiB, serial VIRT: it is wiped"},
	{"largest-hdd", "sda|the largest HDD is sda, *"},
	{"smallest-nvme",
		"nvme0n1|the smallest NVMe disk is nvme0n1, 931 GiB, serial NV_12_3: it is wiped"},
	{"largest-nvme", "nvme0n1|the largest NVMe disk is *"},
	{"serial=WD-WX11 A B",
		"sda|the disk serial=WD-WX11 A B is sda, 3726 GiB, serial WD-WX11_A_B: it is wiped"},
	{"serial=NV_12_3", "nvme0n1|*"},
	{"serial=VIRT", "vda|*"},
	{"serial=UDEV7", "sdg|*"},
	{"wwn=0x50014ee2b1a2c3d4", "sda|*"},
	{"wwn=0x50014EE2B1A2C3D4", "sda|*"},
	{"wwn=naa.600508b1001c7e3f600508b1001c7e3f", "sdc|*"},
	{"wwn=eui.0025385b71b00a2e", "nvme0n1|*"},
	{"wwn=0x5000c500aaaaaaa9", "sdg|*"},
	{"size=480G", "sdb|the disk size=480G is sdb, 447 GiB, serial S480A: it is wiped"},
	{"size=480GB", "sdb|*"},
	{"size=0.48T", "sdb|*"},
	{"size=4T", "sda|*"},
	{"size=960G", "sdc|*"},
	{"size=20G", "vda|*"},
	{"size=20GiB", "vda|*"},
	{"size=20480M", "vda|*"},
	{"size=73G", "cciss/c0d0|*"},
	{"size=1T", "nvme0n1|*"},
	/* None of them; nor what may not be taken. */
	{"size=20GB", "|no disk to install on was found: none is size=20GB; there are: *"},
	{"size=447GiB", "|*"},
	{"size=512G", "|*"},
	{"size=470G", "|*"},
	{"size=3.9T", "|*"},
	{"size=256G", "|*"},
	{"size=1.02T", "|*"},
	{"wwn=0x50014ee2b1a2c3d5", "|*"},
	{"wwn=0x600508b1001c7e3f", "|*"},
	{"wwn=0x5000c500aaaaaaa2", "|*"},
	{"serial=S480", "|*"},
	{"serial=s480a", "|*"},
	{"serial=READONLY", "|*"},
	{"serial=STICK", "|*"},
	{"serial=ROM", "|*"},
	{"smallest-floppy",
		"|no disk to install on was found: none is smallest-floppy; there are: cciss/c0d0 (HDD 68 GiB), "
		"nvme0n1 (NVMe 931 GiB, serial NV_12_3), sda (HDD 3726 GiB, serial WD-WX11_A_B), "
		"sdb (SSD 447 GiB, serial S480A), sdc (SSD 894 GiB, serial S960), sdg (HDD 1863 GiB, serial UDEV7), "
		"vda (HDD 20 GiB, serial VIRT); left out: sdd (removable), sde (read-only), sdz (USB)"},
};

START_TEST(finds)
{
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		expect(shells[_i], answers[i][0], answers[i][1]);
}
END_TEST

/* Two of one size are not told apart, nor two of one WWN; of two that are alike the first is the smallest and the largest. By
 * several paths it is one disk. */
START_TEST(twins)
{
	ck_assert_int_eq(
		shell("cd sys/block; cp -r sdb sdh; printf '\\0\\200\\0\\5S480B' >sdh/device/vpd_pg80"),
		0);
	expect(shells[_i], "size=480G",
		"|sdb and sdh are size=480G: say which by serial= or wwn=; there are: *");
	expect(shells[_i], "wwn=0x5000c500aaaaaaa1", "|sdb and sdh are wwn=0x5000c500aaaaaaa1: *");
	expect(shells[_i], "serial=S480B", "sdh|*");
	expect(shells[_i], "smallest-ssd", "sdb|*");
	ck_assert_int_eq(shell("cp -r sys/block/sda sys/block/sdi"), 0);
	expect(shells[_i], "largest", "sda|*");
	expect(shells[_i], "serial=WD-WX11 A B", "sda|*");
	expect(shells[_i], "wwn=0x50014ee2b1a2c3d4", "sda|*");
	expect(shells[_i], "size=4T", "sda|*");
	ck_assert_int_eq(shell("echo naa.50014ee2b1a2c3d5 >sys/block/sdi/device/wwid"), 0);
	expect(shells[_i], "serial=WD-WX11 A B", "|sda and sdi are serial=WD-WX11 A B: *");
}
END_TEST

START_TEST(none)
{
	char other[64];

	ck_assert_int_eq(shell("cd sys/block; rm -r c* n* sda sdb sdc sdg v*"), 0);
	expect(shells[_i], "largest",
		"|no disk to install on was found; left out: sdd (removable), sde (read-only), sdz (USB)");
	ck_assert_int_eq(shell("cd sys/block; rm -r sd*"), 0);
	expect(shells[_i], "largest", "|no disk to install on was found");
	snprintf(other, sizeof other, "disk_for='to erase' %s", shells[_i]);
	expect(other, "largest", "|no disk to erase was found");
}
END_TEST

/* What a disk says of itself is no shell's affair, and a crowd of them fits a report. */
START_TEST(hostile)
{
	ck_assert_int_eq(
		shell("cd sys/block; printf '$(touch x)`touch y`\\n;\\377\\033[1m' >vda/serial; "
		      "for n in 1 2 3 4 5 6 7 8 9; do cp -r sdb sdj$n; done"),
		0);
	expect(shells[_i], "smallest",
		"vda|the smallest disk is vda, 20 GiB, serial touch_xtouch_y: it is wiped");
	expect(shells[_i], "serial=none",
		"|no disk to install on was found: none is serial=none; there are: *");
	ck_assert_int_eq(shell("[ $(wc -c <got) -le 401 ] && [ ! -e x ] && [ ! -e y ]"), 0);
}
END_TEST

/* A machine's disks as files full of x: sda with two partitions, the first of which is in an array. */
static const char machine[] =
	"set -e; mkdir -p sys/class/block dev/cciss bin; ln -s /dev/zero dev/zero\n"
	"node() { mkdir -p sys/class/block/$1; echo $2 >sys/class/block/$1/size; head -c $(($2 * 512)) /dev/zero | tr '\\0' x >dev/$3; }\n"
	"node sda 40960 sda; node sda/sda1 20480 sda1; node sda/sda2 100 sda2; node sdaa 8192 sdaa; node 'cciss!c0d0' 8192 cciss/c0d0\n"
	"touch sys/class/block/sda/sda1/partition sys/class/block/sda/sda2/partition; mkdir -p sys/class/block/sda/sda1/holders/md127\n"
	"ln -s sda/sda1 sda/sda2 sys/class/block; ln -s sda dev/by-id\n"
	"printf '#!/bin/sh\\necho \"$@\" >>stopped\\n' >bin/mdadm; chmod 755 bin/mdadm\n";

/* Both ends of the disk and of each partition go, and nothing between them; other disks stay, of an array's too. */
START_TEST(cleared)
{
	char command[512];

	write_file("machine", machine);
	ck_assert_int_eq(shell("sh machine"), 0);
	snprintf(command, sizeof command,
		"PATH=$PWD/bin:$PATH %s -c '. ./clear-disk.sh; clear_disk by-id; clear_disk cciss/c0d0' 2>err",
		shells[_i]);
	ck_assert_int_eq(shell(command), 0);
	ck_assert_int_eq(
		shell("left() { echo $(tr -d '\\0' <dev/$1 | wc -c) $(stat -c %s dev/$1); }; set -e\n"
		      "[ \"$(left sda)\" = '18874368 20971520' ]; [ \"$(left sda1)\" = '8388608 10485760' ]\n"
		      "[ \"$(left sda2)\" = '0 51200' ]; [ \"$(left cciss/c0d0)\" = '2097152 4194304' ]\n"
		      "[ \"$(left sdaa)\" = '4194304 4194304' ]; grep -x -e '--stop .*/dev/md127' stopped"),
		0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("find_disk");
	TCase *t = tcase_create("find_disk");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 200);
	tcase_add_loop_test(t, finds, 0, 2); /* the third takes as long again */
	tcase_add_loop_test(t, twins, 0, SHELLS);
	tcase_add_loop_test(t, none, 0, SHELLS);
	tcase_add_loop_test(t, hostile, 0, SHELLS);
	tcase_add_loop_test(t, cleared, 0, SHELLS);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
