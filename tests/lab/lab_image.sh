#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What tiny's installer leaves in a disk's image (contrib/tiny/tasks/image), by the shell of its initrd, in a system made by hand
# as Fedora lays out its own: / and /var are subvolumes. long_image installs a whole image.
# shellcheck source=tests/lab/lib.sh disable=SC2016,SC2317
. "$(dirname "$0")/lib.sh"
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
partials=$LAB_TOP/kickstart/partials tiny=$LAB_TOP/contrib/tiny
export top ROOT=$top/root FSTAB=$top/fstab ASKED=$top/asked

sed -e '/^\. /d' -e "s,/agent/usher-,$partials/usher-,; s,/tasks/clouded,$tiny/tasks/clouded," "$tiny/tasks/image" >"$top/image"
# /var of the partition 4 is seen once it is mounted, and not before.
cat >"$top/stand-ins" <<'E2'
target=$ROOT UP_URL=http://usher/up
say() { :; }
progress() { :; }
fail() { echo "FAILED $step: $*"; exit 1; }
run() { [ "$1" = write-image ] || "$@" || fail "$1 failed"; }
partitions_of() { echo /dev/vda2 /dev/vda4; }
mount() {
	echo "mount $*" >>"$ASKED"
	case $* in
	*"subvol=root /dev/vda4 $target")
		mkdir -p $target/etc/cloud/cloud.cfg.d $target/etc/systemd/system $target/usr/bin $target/usr/local $target/var
		cp "$FSTAB" $target/etc/fstab
		: >$target/etc/os-release
		ln -s /bin/true $target/usr/bin/cloud-init ;;
	*"subvol=var /dev/vda4 $target/var") mkdir -p $target/var/lib ;;
	*) return 1 ;;
	esac
}
umount() { echo "umount $*" >>"$ASKED"; }
tell() { :; }
sync() { :; }
reboot() { :; }
E2
# in_image COMMAND: of the task; what it asked for is in $ASKED.
in_image() {
	rm -rf "$ROOT" "$ASKED"
	mkdir -p "$ROOT" "$top/seed"
	for file in user-data meta-data network-config; do echo "$file" >"$top/seed/$file"; done
	busybox sh -c ". $top/image; . $top/stand-ins; seed=$top/seed; $1"
}
printf '%s\n' '#UUID=1 /var btrfs subvol=old 0 0' 'UUID=1 / btrfs compress=zstd:1,subvol=root 0 0' \
	'UUID=1 /home btrfs subvol=home 0 0' 'UUID=1 /var btrfs compress=zstd:1,subvol=var 0 0' >"$FSTAB"

check "a system in subvolumes is found, and set up" in_image 'find_root; configure; finish'
check "the seed is where the system has /var" grep -qx user-data "$ROOT/var/lib/cloud/seed/nocloud-net/user-data"
check "that was mounted" grep -q "^mount .*subvol=var /dev/vda4 $ROOT/var\$" "$ASKED"
check "and is unmounted before /" test "$(grep '^umount' "$ASKED" | tr '\n' ' ')" = "umount $ROOT/var umount $ROOT "

# What Fedora does at an image's first boot, by its last preset.
mkdir -p "$ROOT/usr/lib/systemd/system-preset"
echo 'disable *' >"$ROOT/usr/lib/systemd/system-preset/99-default-disable.preset"
check "presets are applied" systemctl --root="$ROOT" preset-all
for unit in usher-agent usher-up; do
	check "$unit.service stays enabled" test "$(systemctl --root="$ROOT" is-enabled $unit.service)" = enabled
done

echo 'UUID=1 / btrfs subvol=root 0 0' >"$FSTAB"
check "one that has /var in / is found, too" in_image 'find_root; finish'
refute "nothing more is mounted" grep -q "$ROOT/var" "$ASKED"

printf '%s\n' 'UUID=1 / btrfs subvol=root 0 0' '#UUID=3 /var xfs' 'UUID=2 /var xfs defaults 0 0' >"$FSTAB"
refute "one that has /var on a file system of its own is refused" in_image 'find_root >$top/said'
check "and it is said which" grep -q 'FAILED root filesystem: the image has /var on a file system of its own, UUID=2, where' "$top/said"

chosen() { sed '/^\. /d' "$tiny/tasks/disk" >"$top/disk"; busybox sh -c ". $top/stand-ins; . $top/disk; DISK=$1; choose_disk" | grep -e "$2"; }
check "who names a disk as udev does is told what to say" chosen disk/by-id/ata-X_S1 'knows disk/by-id/ata-X_S1: say serial= or wwn='
check "who names one that is not there is told which are" chosen nosuch 'no disk /dev/nosuch; there are: '
lab_end
