#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Guests' volumes in pools of several kinds, on a private libvirtd: what is made, checked, refused, copied, kept and
# removed, and what a pool that fills up ends in. No guest boots here.
# shellcheck source=/dev/null disable=SC2317
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$LAB_TOP/tests/lab/profiles.sh"

said=$USHER_LAB/said
images=/var/lib/libvirt/images

volumes() { "$B/tests/lab/volumes" "$@" >"$said" 2>>"$USHER_LAB/volumes.log"; }
# says LINE: the whole answer, to the letter
says() { [ "$(cat "$said")" = "$1" ] || { cat "$said"; return 1; }; }
refused() {
	local line=$1
	shift
	if volumes "$@"; then false; else says "failed: $line"; fi
}
has() { virsh -q vol-info "$2" --pool "$1"; }
hasnt() { ! has "$@" 2>/dev/null; }
# source of a domain's disk by target: format and path
disk() {
	virsh -q dumpxml "$1" | xmllint --xpath \
		"concat(//disk[target/@dev='$2']/driver/@type,' ',//disk[target/@dev='$2']/source/@*)" -
}
disk_is() { [ "$(disk "$1" "$2")" = "$3" ] || { disk "$1" "$2"; return 1; }; }
nothing_of() { ! virsh -q dominfo "$1" 2>/dev/null && ! virsh -q vol-list "$2" | grep -w "$1"; }
field() { sed -n "s/.*\\b$1 \\([^ ]*\\).*/\\1/p" "$said"; }

# dir_pool NAME MIB: on a filesystem of its own
dir_pool() {
	mkdir -p "$USHER_LAB/$1"
	mount -t tmpfs -o "size=${2}m" "$1" "$USHER_LAB/$1"
	virsh -q pool-define-as "$1" dir --target "$USHER_LAB/$1" && virsh -q pool-start "$1"
}

# --- LVM and ZFS ----------------------------------------------------------------------------------------------------------

# A /dev of the lab's own, and the stand-ins over /sbin.
stand_in() {
	local tool
	mkdir -p "$USHER_LAB/dev" "$USHER_LAB/sbin" "$USHER_LAB/groups/vg" "$USHER_LAB/groups/tank"
	echo 128 | tee "$USHER_LAB/groups/vg/size" >"$USHER_LAB/groups/tank/size"
	mount -t tmpfs -o mode=755 dev "$USHER_LAB/dev"
	cp -ax /dev/. "$USHER_LAB/dev/"
	mkdir -p "$USHER_LAB/dev/vg" "$USHER_LAB/dev/zvol/tank"
	for tool in pts shm; do mount --rbind /dev/$tool "$USHER_LAB/dev/$tool"; done
	mount --move "$USHER_LAB/dev" /dev
	cp "$LAB_TOP/tests/lab/stand_in_volumes" "$USHER_LAB/sbin/"
	for tool in vgs lvs pvs vgscan vgchange lvcreate lvremove lvchange zfs zpool; do
		ln -s stand_in_volumes "$USHER_LAB/sbin/$tool"
	done
	mount -t overlay -o "lowerdir=$USHER_LAB/sbin:$(readlink -f /sbin)" sbin "$(readlink -f /sbin)"
}

# --- files ----------------------------------------------------------------------------------------------------------------

check "a pool of 64 MiB" dir_pool small 64 || lab_end
check "a pool of 8 MiB" dir_pool tiny 8

check "a guest with disks in several pools" volumes create web default=100 default=20 small=30 default=10,data.img
check "the first is named for it" disk_is web vda "qcow2 $images/web.qcow2"
check "the second too" disk_is web vdb "qcow2 $images/web_2.qcow2"
check "the third is in its own pool" disk_is web vdc "qcow2 $USHER_LAB/small/web_3.qcow2"
check "the fourth has the name it was given" disk_is web vdd "qcow2 $images/data.img"
volumes info default web_2.qcow2
check "of the size that was asked for" test "$(field capacity)" = $((20 << 20))
check "and thin" test "$(field allocation)" -lt $((2 << 20))

check "a volume that exists is refused" refused \
	"volume data.img belongs to domain web" create other default=10,data.img
check "also with replace" refused "volume data.img belongs to domain web" create other default=10,data.img replace
virsh -q vol-create-as default left.qcow2 1M --format qcow2
fix="take another name, or delete it: virsh vol-delete"
check "one that nobody has is refused with the fix" refused \
	"a volume left.qcow2 exists already in pool default: $fix left.qcow2 --pool default" create left default=10
cp $images/left.qcow2 $images/unseen.qcow2
check "so is a file that libvirt has not seen" refused \
	"a volume unseen.qcow2 exists already in pool default: $fix unseen.qcow2 --pool default" create unseen default=10
check "which is deleted as well" volumes delete unseen default=10
check "nor is one that no guest has replaced" refused \
	"a volume left.qcow2 exists already in pool default: $fix left.qcow2 --pool default" create left default=10 replace
check "it is deleted" volumes delete left default=10
check "all of it" nothing_of left default

volumes create snap default=10
check "a snapshot in a file of its own" virsh -q snapshot-create-as snap s1 --disk-only
check "which no pool has seen" hasnt default snap.s1
check "a guest is deleted" volumes delete snap default=10
check "with all files of its disk" test -z "$(find $images -name 'snap.*')"

check "disks that may not fit get a warning" volumes check big small=50 small=40
check "which says so" says "done: 2 disks of 90 MiB, but storage pool small has 63 MiB left"
head -c 7680K /dev/urandom >"$USHER_LAB/tiny/ballast"
check "what is written behind libvirt's back counts: a full pool is refused before anything is made" refused \
	"storage pool tiny is full: 0 MiB left, 2 needed to begin with: make room, or take another with --pool" \
	check full default=10 tiny=10
check "nothing is left of it" nothing_of full default
check "an unknown pool is refused with the fix" refused "there is no storage pool nope: virsh pool-define-as nope dir \
--target /var/lib/libvirt/images && virsh pool-start nope" create full nope=10
virsh -q pool-define-as off dir --target "$USHER_LAB/off"
check "one that is not active too" refused "storage pool off is not active: virsh pool-start off" create full off=10

check "deleting can keep the disks" volumes delete web default=100 default=20 small=30 default=10,data.img keep
check "and says where" says \
	"done: $images/web.qcow2, $images/web_2.qcow2, $USHER_LAB/small/web_3.qcow2, $images/data.img"
check "they are there" has small web_3.qcow2
check "their domain is not" test -z "$(virsh -q list --all --name)"
check "deleting takes them all" volumes delete web default=100 default=20 small=30 default=10,data.img
check "also from the other pool" hasnt small web_3.qcow2
check "also those of another name" hasnt default data.img

# --- clones ---------------------------------------------------------------------------------------------------------------

check "a guest to clone" volumes create gold default=64 || lab_end
qemu-io -f qcow2 -c 'write -P 7 0 12M' -c 'write -P 0 12M 12M' $images/gold.qcow2 >"$said" 2>&1
virsh -q pool-refresh default
same() { qemu-img compare -q -f "${3:-qcow2}" "$1" -F qcow2 "$2"; }
cp $images/gold.qcow2 "$USHER_LAB/gold.before"

check "its disk is made small" volumes shrink gold
check "in another volume" test "$(field volume)" = gold.base
check "which takes less ($(field before) bytes before, $(field allocation) after)" \
	test "$(field allocation)" -lt $(($(field before) * 2 / 3))
check "the domain has it" disk_is gold vda "qcow2 $images/gold.base"
check "read-only" test "$(virsh -q dumpxml gold | xmllint --xpath 'count(//disk[readonly])' -)" = 1
check "the old one is gone" hasnt default gold.qcow2
check "its content is the same" same "$USHER_LAB/gold.before" $images/gold.base

check "a linked clone, larger than its base" volumes create l1 default=100 base=gold.base linked
volumes info default l1.qcow2
check "stands on it" test "$(field backing)" = $images/gold.base
check "takes no room" test "$(field allocation)" -lt 1000000
check "and is as large as was asked for" test "$(field capacity)" = $((100 << 20))
check "a linked clone in another pool" volumes create l2 small=1 base=gold.base@default linked
volumes info small l2.qcow2
check "is as large as its base" test "$(field capacity)" = $((64 << 20))
check "has its content" same "$USHER_LAB/small/l2.qcow2" $images/gold.base
check "a copy, larger than its base" volumes create c1 default=80 base=gold.base
volumes info default c1.qcow2
check "stands on nothing" test "$(field backing)" = -
check "is as large as was asked for" test "$(field capacity)" = $((80 << 20))
check "has its content" same $images/c1.qcow2 $images/gold.base

check "a linked clone goes" volumes delete l1 default=1
check "and leaves its base, which the other stands on" refused \
	"volume gold.base is the backing file of volume l2.qcow2 in pool small: delete that first" \
	delete gold default=64,gold.base
check "nor does its domain go" virsh -q dominfo gold
check "nor is it made small" refused \
	"volume gold.base is the backing file of volume l2.qcow2 in pool small: delete that first" shrink gold
check "nor is its volume another's to replace" refused "volume gold.base belongs to domain gold" \
	create c2 default=10,gold.base replace
check "a base that is not there is refused" refused "there is no volume nope in pool default to clone" \
	create c2 default=10 base=nope
virsh -q start c1 --paused
check "nor is one cloned that runs" refused \
	"volume c1.qcow2 is a disk of domain c1, which runs: shut it down first" create c2 default=10 base=c1.qcow2
check "nor made small" refused "domain c1 runs: shut it down first" shrink c1
virsh -q destroy c1

# libvirt counts a pool's room when it looks at it, and what others write meanwhile comes as a surprise.
head -c 60M /dev/urandom >"$USHER_LAB/small/ballast"
check "a pool that fills up while a disk is copied ends it in a word" refused \
	"storage pool small filled up while volume c3.qcow2 was made: make room, or take another with --pool" \
	create c3 small=64 base=gold.base@default
check "nothing is left" nothing_of c3 small
head -c 60M /dev/urandom >>"$USHER_LAB/small/ballast"
check "one that fills up at the second disk too" refused \
	"storage pool small filled up while volume c3_2.qcow2 was made: make room, or take another with --pool" \
	create c3 default=10 small=60
check "nothing is left" nothing_of c3 small
check "of the first disk either" nothing_of c3 default
rm -f "$USHER_LAB/small/ballast"

for clone in l2:small=1 c1:default=1; do volumes delete "${clone%%:*}" "${clone#*:}"; done

# --- block volumes --------------------------------------------------------------------------------------------------------

check "a volume group and a zpool" stand_in
check "a pool of it" sh -c 'virsh -q pool-define-as vg logical --source-name vg && virsh -q pool-start vg' || lab_end
check "a guest on LVM, and a file beside it" volumes create lv vg=40 default=10
check "its disk is a block device" disk_is lv vda "raw /dev/vg/lv"
check "the other a file" disk_is lv vdb "qcow2 $images/lv_2.qcow2"
volumes info vg lv
check "it has all of its room at once" test "$(field allocation) $(field capacity)" = "$((40 << 20)) $((40 << 20))"
check "QEMU takes it" virsh -q start lv --paused
virsh -q destroy lv
check "two that do not fit together are refused" refused "2 disks of 100 MiB, but storage pool vg has 88 MiB left, and its \
volumes are fully allocated: make room, or take another with --pool" create big vg=48 vg=50
check "whole extents count" refused "disk of 92 MiB, but storage pool vg has 88 MiB left, and its \
volumes are fully allocated: make room, or take another with --pool" create big vg=89
check "what is replaced does not" volumes create lv vg=128 replace
check "nor is it in the way" test "$(volumes info vg lv; field capacity)" = $((128 << 20))
check "the further disk that it had before is gone" hasnt default lv_2.qcow2
check "it goes with the guest" volumes delete lv vg=128
check "all of it" hasnt vg lv
check "a clone from a file" volumes create lc vg=10 base=gold.base@default linked
check "is a copy, with a word" says "done: storage pool vg does not support backing files: copied"
check "as large as its base" test "$(volumes info vg lc; field capacity)" = $((64 << 20))
check "with its content" same /dev/vg/lc $images/gold.base raw
check "a clone of that in a file" volumes create fc default=10 base=lc@vg linked
volumes info default fc.qcow2
check "stands on the block device" test "$(field backing)" = /dev/vg/lc
check "which is not deleted" refused \
	"volume lc is the backing file of volume fc.qcow2 in pool default: delete that first" delete lc vg=10
volumes delete fc default=10
check "nothing smaller is made of a block volume" volumes shrink lc
check "but it is told" test "$(field volume) $(field before)" = "lc $((64 << 20))"
check "it is deleted" volumes delete lc vg=10

check "a pool of ZFS" sh -c 'virsh -q pool-define-as tank zfs --source-name tank && virsh -q pool-start tank'
check "a guest larger than that" volumes create z tank=200
check "gets a warning" says "done: disk of 200 MiB, but storage pool tank has 128 MiB left"
check "a block device" disk_is z vda "raw /dev/zvol/tank/z"
volumes info tank z
check "sparse" test "$(field allocation) $(field capacity)" = "0 $((200 << 20))"
check "QEMU takes it" virsh -q start z --paused
virsh -q destroy z
check "another is copied from it" volumes create z2 default=10 base=z@tank
check "the first is deleted" volumes delete z tank=200
check "as is its volume" hasnt tank z
volumes delete z2 default=10

virsh -q pool-define-as far iscsi --source-host 192.168.122.9 --source-dev iqn.2026-11.far:x --target /dev/disk/by-path
check "nothing is made where nothing can be" refused "storage pool far is not active: virsh pool-start far" create x far=10

# --- the service ----------------------------------------------------------------------------------------------------------

# A boot sector that writes its disk full, 32 KiB at a time: xor ax,ax; mov ds,ax; mov si,7c1e; next: INT 13h, AH=43h of
# drive 80h by the packet at 7c1e; add 64 to its sector number; jmp next.
write_it_full() {
	{
		printf '\x31\xc0\x8e\xd8\xbe\x1e\x7c\xb4\x43\xb0\x00\xb2\x80\xcd\x13'
		printf '\x83\x06\x26\x7c\x40\x83\x16\x28\x7c\x00\xeb\xec\x90\x90\x90'
		printf '\x10\x00\x40\x00\x00\x00\x00\x10\x40\x00\x00\x00\x00\x00\x00\x00'
	} >"$USHER_LAB/sector"
	truncate -s 510 "$USHER_LAB/sector"
	printf '\x55\xaa' >>"$USHER_LAB/sector"
	qemu-img convert -n -f raw -O qcow2 "$USHER_LAB/sector" "$1"
}
timeline_says() { "$USHER" timeline "$1" | grep -E "$2"; }
state_is() { [ "$(virsh -q domstate "$1")" = "$2" ]; }

lab_profile plain kernel '# {{machine.name}}'
lab_profiles_config >"$USHER_LAB/usher.xml"
check "the service starts" usher_start || lab_end
check "a guest in a pool of its own" "$USHER" create full --profile plain --no-ssh-key --disk 128M --pool small || lab_end
virsh -q destroy full
check "its disk gets a system that fills it" write_it_full "$USHER_LAB/small/full.qcow2"
check "it starts from its disk" virsh -q start full
check "QEMU pauses it when the pool is full" wait_until 20 state_is full paused
check "the timeline says why, and what to do" wait_until 5 timeline_says full "paused +the storage pool is full, so the guest \
cannot write to $USHER_LAB/small/full.qcow2: free space, then run 'virsh resume full'"
check "once" test "$("$USHER" timeline full | grep -c ' paused ')" = 1
mount -o remount,size=200m "$USHER_LAB/small"
check "with room it goes on" virsh -q resume full
check "and stays so" wait_until 5 state_is full running
check "deleting keeps the disk when asked" "$USHER" delete full --keep-disks
"$USHER" create full --profile plain --no-ssh-key --disk 128M --pool small >"$said" 2>&1
check "which is in the way of the next" \
	says "usher: a volume full.qcow2 exists already in pool small: $fix full.qcow2 --pool small"
refute "also with --replace: it was kept" "$USHER" create full --profile plain --no-ssh-key --pool small --replace
check "it is deleted by hand" virsh -q vol-delete full.qcow2 --pool small
check "then the next is made" "$USHER" create full --profile plain --no-ssh-key --pool small
virsh -q destroy full
virsh -q undefine full
check "one whose domain is gone is replaced, with its disk" \
	"$USHER" create full --profile plain --no-ssh-key --pool small --replace
virsh -q destroy full
volumes create link default=1 base=full.qcow2@small linked
"$USHER" delete full >"$said" 2>&1
check "a guest that a clone stands on is not deleted" says "usher: full was not deleted: volume full.qcow2 is the backing \
file of volume link.qcow2 in pool default: delete that first"
check "nor forgotten" "$USHER" show full
volumes delete link default=1
check "without the clone it is" "$USHER" delete full
check "with its disk" hasnt small full.qcow2

check "the rest is deleted" volumes delete gold default=64,gold.base
check "nothing is left" test -z \
	"$(virsh -q list --all --name; virsh -q vol-list default; virsh -q vol-list small; virsh -q vol-list vg; virsh -q vol-list tank)"
lab_end
