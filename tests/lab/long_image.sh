#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An image with cloud-init, as distributions publish theirs (contrib/cloud-image makes this one), from qcow2 to `up`: imported,
# written to a larger disk by tiny's installer, grown; static address, name, user, keys and a script by the profile's settings; the
# second boot has the same SSH host keys. And images that are none: what is said of them, and that no disk is touched.
# LAB_ONLY="bios wrong secure bare": only these parts, after the importing.
# shellcheck source=/dev/null disable=SC2016,SC2119
#
# lab: boots guests
top=$(cd "$(dirname "$0")/../.." && pwd)
cloud=$top/build/cache/cloud-image
[ -n "${USHER_LAB:-}" ] || { "$top/contrib/cloud-image" "$cloud" && "$top/contrib/tiny/build" "$top/build/cache/tiny" &&
	"$top/tests/lab/archive.sh" "$top/build/cache/archive" hello; } || exit 1
. "$top/tests/lab/lib.sh"
lab_enter "$@"
. "$top/tests/lab/guests.sh"
guests_need_tiny
. "$top/tests/lab/profiles.sh"
export TMPDIR=/var/lib/libvirt images=/var/lib/libvirt/images
lab_bind "$top/contrib" contrib
install -D -m 755 "$top/contrib/power-libvirt" "$USHER_LAB/power/power-libvirt"
lab_profiles_config >"$USHER_LAB/usher.xml"
need "the service starts" usher_start
show_all() { "$USHER" list; "$USHER" timeline | tail -n 60; }
refused() { # WHAT TEXT COMMAND…
	local what=$1 text=$2
	shift 2
	if "$@" >"$USHER_LAB/said" 2>&1; then fail "$what: it was not"; else check "$what" grep -q -- "$text" "$USHER_LAB/said"; fi
	sed 's/^/    /' "$USHER_LAB/said" | tail -n 3
}

# --- importing -------------------------------------------------------------------------------------------------------

refused "without its image a machine is not made" "image 'debian-12-cloud' is not available: run 'usher import https://cloud.debian.org" \
	create early --profile debian-12-cloud
start=$(date +%s)
need "a qcow2 is imported" "$USHER" import "$cloud/image.qcow2" --name debian-12-cloud
echo "    in $(($(date +%s) - start)) s"
"$USHER" media debian-12-cloud | sed 's/^/    /'
packed() { "$USHER" media debian-12-cloud --json | jq -r ".$1"; }
check "it is a disk's image" test "$(packed kind)" = disk
check "its size is that of the qcow2's disk" \
	test "$(packed disk_size)" = "$(qemu-img info --output=json "$cloud/image.qcow2" | jq '."virtual-size"')"
check "its sum is that of its file" test "$(packed sha256)" = "$(sha256sum "$(packed path)" | cut -d' ' -f1)"

# What is no image is refused before anything of it is stored.
wrong=$USHER_LAB/wrong
mkdir "$wrong"
import() { refused "$1 is refused" "$3" "$USHER" import "$wrong/$2" --name wrong; }
stored_files() { ls /var/lib/usher/media | sort; }
before=$(stored_files)
head -c 60M "$cloud/image.qcow2" >"$wrong/cut.qcow2"
import "a qcow2 that is cut off" cut.qcow2 'damaged or cut off'
qemu-img create -q -f qcow2 -b "$cloud/image.qcow2" -F qcow2 "$wrong/backed.qcow2"
import "the difference to another file" backed.qcow2 'difference to another file'
qemu-img create -q -f qcow2 -o data_file="$wrong/data" "$wrong/outside.qcow2" 64M
import "a qcow2 whose data is elsewhere" outside.qcow2 'its data is in another file'
qemu-img create -q -f qcow2 "$wrong/luks.qcow2" 64M
printf '\2' | dd of="$wrong/luks.qcow2" bs=1 seek=35 conv=notrunc status=none # crypt_method: making a real one costs seconds
import "an encrypted one" luks.qcow2 'it is encrypted'
qemu-img create -q -f qcow2 "$wrong/empty.qcow2" 64M
import "an empty disk" empty.qcow2 'it begins with zeros: it has no partition table'
head -c 4M /dev/urandom >"$wrong/noise.raw"
import "what has no partition table" noise.raw 'no disk image'
qemu-img create -q -f vmdk "$wrong/disk.vmdk" 64M
import "a VMDK" disk.vmdk 'is VMDK'
zstd -q -c "$(packed path)" >"$wrong/twice.img.zst"
import "what is compressed twice" twice.img.zst 'compressed twice'
zstd -q -dc "$(packed path)" | head -c 100000001 | zstd -q --stream-size=100000001 >"$wrong/odd.img.zst"
import "what is no whole number of sectors" odd.img.zst 'cut off'
gzip -c "$wrong/noise.raw" >"$wrong/noise.gz"
import "gzip" noise.gz 'unpack it'
xz -0 -c "$wrong/noise.raw" >"$wrong/noise.xz"
import "xz" noise.xz 'unpack it'
printf '\0\0\0\11' | dd of="$wrong/empty.qcow2" bs=1 seek=4 conv=notrunc status=none
import "a qcow2 of version 9" empty.qcow2 'version'
tar -cf "$wrong/files.tar" -C "$wrong" noise.gz
import "a tar archive" files.tar 'tar'
truncate -s 4M "$wrong/large-sectors.raw"
printf 'EFI PART' | dd of="$wrong/large-sectors.raw" bs=4096 seek=1 conv=notrunc status=none
printf '\125\252' | dd of="$wrong/large-sectors.raw" bs=1 seek=510 conv=notrunc status=none
import "one for sectors of 4096 bytes" large-sectors.raw 'sectors of 4096 bytes'
refused "another file than the sum says is refused" 'expected 0000' "$USHER" import "$cloud/image.qcow2" --name wrong --sha256 "$(printf %064d 0)"
check "none of them left a file" test "$(stored_files)" = "$before"
check "and none a record" test "$("$USHER" media --json | jq -r '[.media[] | select(.source == "imported") | .name] | join(" ")')" = debian-12-cloud

# By URL, here from usher itself: what is packed as it should be is taken as it is.
url=http://192.168.122.1:8067/boot/debian-12-cloud.img
refused "another image at that URL is refused" 'expected 0000' "$USHER" import $url --name wrong --sha256 "$(printf %064d 0)"
refused "and none at all" '404' "$USHER" import ${url%.img}.no --name wrong
check "the right one is imported" "$USHER" import $url --name again --sha256 "$(packed sha256)"
check "and is the same" test "$("$USHER" media again --json | jq -r '.kind + .sha256')" = "disk$(packed sha256)"
check "it is removed again" "$USHER" media remove again

# Without it, as on a host without QEMU.
without_qemu() { env PATH=/nowhere "$USHER" import "$cloud/image.qcow2" --name wrong; }
refused "without qemu-img it is said which package has it" 'apt install qemu-utils' without_qemu

wanted() { [ -z "${LAB_ONLY:-}" ] || grep -qw -e "$1" <<<"$LAB_ONLY"; }
address_of='ip -4 -o address show scope global | awk "{print \$4}"'

# --- a BIOS ----------------------------------------------------------------------------------------------------------

if wanted bios; then
at=192.168.122.60
post='echo "made by $(id -un): it'"'"'s \$5" >/var/tmp/done'
need "web is created" create web --profile debian-12-cloud --ip $at --disk 4G --set network=static --set user=anna \
	--set root_password='open Sesame 1' --set timezone=Europe/Berlin --set post="$post"
need "sick is created, too: its script fails" create sick --profile debian-12-cloud --ip 192.168.122.62 --disk 3G \
	--set post='echo before; no-such-command --now'
if ! check "web is up" timeout 1500 "$USHER" wait web; then
	show_all
	"$USHER" console web --log | tail -n 80
	lab_end
fi
"$USHER" timeline web | sed 's/^/    /'

inside_is "the user that was named gets in by key" anna anna $at id -un
inside_is "and becomes root" root anna $at sudo id -un
refute "root does not get in by that key" as root $at true
inside_is "it has its name" web anna $at hostname
inside_is "it has its static address" $at/24 anna $at "$address_of"
inside_is "and no lease" 0 anna $at 'ls /run/systemd/netif/leases | wc -l'
inside_is "it has its router" 192.168.122.1 anna $at 'ip route show default | cut -d" " -f3'
inside_is "its time zone is the one that was set" Europe/Berlin anna $at 'readlink /etc/localtime | sed "s,.*zoneinfo/,,"'
inside_is "root's password is there, hashed" '$y$' anna $at 'sudo getent shadow root | cut -d: -f2 | head -c 3'
inside_is "the script was run" "made by root: it's \$5" anna $at sudo cat /var/tmp/done
inside_is "cloud-init took the seed that is in the image" nocloud anna $at 'cloud-init query platform'
inside_is "the root filesystem has grown over the disk" yes anna $at \
	'[ $(df --output=size -BM / | tail -n 1 | tr -dc 0-9) -gt 3500 ] && echo yes || df -h /'
inside_is "its partition table is whole" 0 anna $at 'sudo sfdisk -V /dev/vda >/dev/null 2>&1; echo $?'

keys() { as anna $at 'cat /etc/ssh/ssh_host_*_key.pub' | sha256sum; }
boot_id() { as anna $at cat /proc/sys/kernel/random/boot_id; }
known() { "$USHER" known-hosts web; }
check "usher knows its host keys" test "$(known | grep -c ssh-)" -ge 1
had=$(keys) was=$(boot_id)
new_boot() { local now; now=$(boot_id) && [ -n "$now" ] && [ "$now" != "$was" ]; }
as anna $at sudo systemctl reboot
need "it boots again" wait_until 120 new_boot
check "with the same SSH host keys" test "$(keys)" = "$had"
inside_is "and the same address" $at/24 anna $at "$address_of"
check "it was installed once" test "$(boots web) $(count web up)" = "1 1"
fi

# --- images that look right, and seeds -----------------------------------------------------------------------------------------

if wanted wrong; then
# profile_of NAME: the profile with another image
profile_of() {
	mkdir -p "$USHER_LAB/more/$1"
	cp "$(dirname "$("$USHER" profiles debian-12-cloud --json | jq -r .file)")"/* "$USHER_LAB/more/$1/"
	sed -i "s/<profile name='debian-12-cloud'/<profile name='$1'/; s/<image name='debian-12-cloud'/<image name='$1'/" "$USHER_LAB/more/$1/profile.xml"
}
# small_image NAME TREE: 64 MB, a GPT, and one ext4 with TREE in it
small_image() {
	truncate -s 64M "$wrong/$1.raw"
	echo 'start=2048, size=120000, type=L' | sfdisk -q --label gpt "$wrong/$1.raw"
	mkfs.ext4 -q -F -d "$2" -E offset=$((2048 * 512)) "$wrong/$1.raw" 50M 2>/dev/null
}
mkdir -p "$wrong/none" "$wrong/system/etc"
echo ID=none >"$wrong/system/etc/os-release"
small_image rootless "$wrong/none"
small_image cloudless "$wrong/system"
small_image tableless "$wrong/system"
printf 'x' | dd of="$wrong/tableless.raw" bs=1 seek=$((512 + 16)) conv=notrunc status=none # the header's own sum
for name in rootless cloudless tableless; do
	profile_of $name
	check "$name: is imported, for its head is an image's" "$USHER" import "$wrong/$name.raw" --name $name
	need "and a guest made of it" create $name --profile $name --disk 3G
done
fails() { # NAME TEXT
	check "$1 fails" timeout 900 "$USHER" wait "$1" --for failed
	if shows "$1" "$2"; then pass "since $2"; else fail "not since $2"; "$USHER" show "$1"; fi
}
fails rootless 'no partition of the image has a system on ext4, xfs or btrfs'
fails cloudless 'the image has no cloud-init'
fails tableless 'nothing was written'
check "they are deleted" "$USHER" delete rootless cloudless tableless
check "an image that is gone" rm "$("$USHER" media rootless --json | jq -r .path)"
refused "is not installed from" 'rootless' create gone --profile rootless --disk 3G
profile_of seedless
sed -i "s/<image name='seedless'/<image name='debian-12-cloud'/" "$USHER_LAB/more/seedless/profile.xml"
printf '\nusers: [ {name: "open\n' >>"$USHER_LAB/more/seedless/user-data"
refused "a seed that is no YAML" 'user-data' create seedless --profile seedless --disk 3G
printf '#cloud-config\nusers: 12\n' >"$USHER_LAB/more/seedless/user-data"
refused "a seed that cloud-init would not take" 'user-data' create seedless --profile seedless --disk 3G
fi

# --- UEFI with Secure Boot, and packages ---------------------------------------------------------------------------------------

if wanted secure; then
# The archive is this host's own, signed as it came; what cloud-init asks it for is in its log.
(cd "$top/build/cache/archive" && exec python3 -m http.server --bind 192.168.122.1 8081) >"$USHER_LAB/archive.log" 2>&1 &
archive() { sed -n "s,^[^ ]* $1\$,http://192.168.122.1:8081/$1,p" "$top/build/cache/archive/suites" | head -n 1; }
secure_at=192.168.122.63
need "seal is created, with Secure Boot and a package" create seal --profile debian-12-cloud --firmware efi-secure --ip $secure_at \
	--set network=static --disk 5G --set packages=hello --set mirror="$(archive debian)" --set security_mirror="$(archive debian-security)"
if ! check "seal is up" timeout 1500 "$USHER" wait seal; then
	"$USHER" timeline seal
	"$USHER" console seal --log | tail -n 80
	tail -n 20 "$USHER_LAB/archive.log"
	lab_end
fi
"$USHER" timeline seal | sed 's/^/    /'
inside_is "root gets in by key" root root $secure_at id -un
inside_is "its kernel says that Secure Boot is on" 1 root $secure_at 'dmesg | grep -ci "secure boot enabled"'
inside_is "the firmware as well" 1 root $secure_at "od -An -tu1 -j4 /sys/firmware/efi/efivars/SecureBoot-* | tr -d ' '"
inside_is "it has its static address" $secure_at/24 root $secure_at "$address_of"
inside_is "its root filesystem has grown" yes root $secure_at '[ $(df --output=size -BM / | tail -n 1 | tr -dc 0-9) -gt 4400 ] && echo yes || df -h /'
inside_is "the package is installed" "install ok installed" root $secure_at "dpkg-query -W -f '\${Status}' hello"
check "and came from the mirror that was set" grep -q 'GET /debian/pool/main/h/hello/' "$USHER_LAB/archive.log"
keys_of() { as root "$1" 'cat /etc/ssh/ssh_host_*_key.pub' | sha256sum; }
had=$(keys_of $secure_at) was=$(as root $secure_at cat /proc/sys/kernel/random/boot_id)
as root $secure_at systemctl reboot
sealed_again() { local now; now=$(as root $secure_at cat /proc/sys/kernel/random/boot_id) && [ -n "$now" ] && [ "$now" != "$was" ]; }
need "it boots again" wait_until 180 sealed_again
check "with the same SSH host keys" test "$(keys_of $secure_at)" = "$had"
check "it is deleted" "$USHER" delete seal
fi

# --- what cloud-init fails at --------------------------------------------------------------------------------------------

if wanted bios; then
need "sick fails" timeout 1500 "$USHER" wait sick --for failed
"$USHER" show sick | sed 's/^/    /'
check "its reason is cloud-init's own" shows sick 'cloud-init: .*scripts.user'
check "with what the script said last" shows sick 'no-such-command'
check "both are deleted" "$USHER" delete web sick
fi

# --- a bare machine, under UEFI ------------------------------------------------------------------------------------------

if wanted bare; then
bare_mac=52:54:00:ba:4e:02 bare_at=192.168.122.61
head -c 1M /dev/urandom >$images/bare.small
truncate -s 1G $images/bare.small
sum_small() { sha256sum <$images/bare.small; }
small=$(sum_small)
qemu-img create -q -f qcow2 $images/bare.large 5G
cat >"$USHER_LAB/bare.xml" <<END
<domain type='qemu'>
  <name>bare</name>
  <memory unit='MiB'>1024</memory><vcpu>1</vcpu>
  <os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type>
    <firmware><feature enabled='no' name='enrolled-keys'/><feature enabled='no' name='secure-boot'/></firmware></os>
  <features><acpi/></features>
  <cpu mode='maximum'><feature policy='disable' name='erms'/></cpu>
  <devices>
    <disk type='file'><driver name='qemu' type='raw'/><source file='$images/bare.small'/><target dev='vda' bus='virtio'/></disk>
    <disk type='file'><driver name='qemu' type='qcow2'/><source file='$images/bare.large'/><target dev='vdb' bus='virtio'/>
      <boot order='2'/></disk>
    <interface type='network'><mac address='$bare_mac'/><source network='default'/><model type='virtio'/><boot order='1'/></interface>
    <serial type='pty'/>
  </devices>
</domain>
END
need "a bare machine is there" virsh -q define "$USHER_LAB/bare.xml"
enroll() { "$USHER" enroll bare --mac $bare_mac --ip $bare_at --profile debian-12-cloud --ssh-key "$key.pub" \
	--power "$USHER_LAB/power/power-libvirt" "$@"; }
need "it is enrolled, with its small disk" enroll --set disk=vda
check "it is armed" "$USHER" reinstall bare
need "it fails" timeout 900 "$USHER" wait bare --for failed
check "since the disk is too small: nothing was written" shows bare 'the image has 1504 MB, and /dev/vda only 1073: nothing was written'
check "the disk is as it was" test "$(sum_small)" = "$small"
check "it is deleted" "$USHER" delete bare

# Its small disk has the image already, as after an installation.
path=$(packed path)
cp $images/bare.small "$USHER_LAB/small"
zstd -q -dc "$path" | head -c 1M | dd of=$images/bare.small conv=notrunc status=none
need "it is enrolled, with its largest disk" enroll
check "it is armed" "$USHER" reinstall bare
need "it fails" timeout 900 "$USHER" wait bare --for failed
check "since one of two would boot" shows bare '/dev/vda has this image already.*nothing was written'
check "it is deleted" "$USHER" delete bare
virsh -q destroy bare 2>/dev/null
cat "$USHER_LAB/small" >$images/bare.small

# The file of the image is another one by now, of the same size.
cp "$path" "$USHER_LAB/good"
printf 'something else' | dd of="$path" bs=1 seek=50000000 conv=notrunc status=none
need "it is enrolled, with its largest disk" enroll
check "it is armed" "$USHER" reinstall bare
need "it fails" timeout 900 "$USHER" wait bare --for failed
"$USHER" show bare | sed 's/^/    /'
check "since the image is damaged" shows bare 'the image'
# The first part, which has the partition table, comes last.
no_table() { [ "$(qemu-img dd -f qcow2 -O raw bs=1M count=1 if=$images/bare.large of="$USHER_LAB/first" && tr -d '\0' <"$USHER_LAB/first" | wc -c)" = 0 ]; }
off() { "$USHER" power bare off 2>/dev/null; domain_is bare "shut off"; }
wait_until 60 off
check "its disk has no half system" no_table
cat "$USHER_LAB/good" >"$path"
check "it is armed once more" "$USHER" reinstall bare
if ! check "bare is up" timeout 1500 "$USHER" wait bare; then
	"$USHER" timeline bare | tail -n 40
	lab_end
fi
"$USHER" timeline bare | tail -n 30 | sed 's/^/    /'
inside_is "root gets in by key" root root $bare_at id -un
inside_is "it was booted by UEFI" UEFI root $bare_at '[ -d /sys/firmware/efi ] && echo UEFI || echo BIOS'
inside_is "from its largest disk" /dev/vdb1 root $bare_at findmnt -no SOURCE /
inside_is "it takes its address by DHCP" "$bare_at/24 dynamic" root $bare_at \
	'ip -4 -o address show scope global | grep -o "inet [^ ]*\|dynamic" | sed "s/inet //" | xargs'
check "its other disk is as it was" test "$(sum_small)" = "$small"
fi

lab_end
