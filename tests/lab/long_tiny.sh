#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tiny installs with every setting that it documents, each seen from inside the installed system: a static network, a root
# password, the console, under a BIOS; a disk by name beside one that stays as it is, and a script of the site's, under UEFI; the
# largest disk of a bare machine; SSH keys everywhere. What goes wrong is reported with what the installer said last.
# shellcheck source=tests/lab/lib.sh disable=SC2016,SC2119,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
# shellcheck source=tests/lab/guests.sh
. "$LAB_TOP/tests/lab/guests.sh"
# shellcheck source=tests/lab/profiles.sh
. "$LAB_TOP/tests/lab/profiles.sh"
guests_need_tiny
images=/var/lib/libvirt/images

# A disk with something on it.
data_disk() {
	head -c 1M /dev/urandom >"$images/$1"
	truncate -s "$2" "$images/$1"
}
untouched() { [ "$(head -c 1M "$images/$1" | sha256sum)" = "$(cat "$USHER_LAB/$1.sum")" ]; }
for disk in efi.data:256M bare.small:3G; do
	data_disk "${disk%:*}" "${disk#*:}"
	head -c 1M "$images/${disk%:*}" | sha256sum >"$USHER_LAB/${disk%:*}.sum"
done

# The shipped profile, on another domain: UEFI; its own disk is the second.
cp -r "$LAB_TOP/kickstart/profiles/tiny" "$USHER_LAB/more/tiny-efi"
sed -i "s/<profile name='tiny'/<profile name='tiny-efi'/; /<vcpus>/a <domain><os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type><firmware><feature enabled='no' name='enrolled-keys'/><feature enabled='no' name='secure-boot'/></firmware></os><devices>\
<disk><target dev='vdb'/></disk><disk type='file'><driver name='qemu' type='raw'/><source file='$images/efi.data'/>\
<target dev='vda' bus='virtio'/></disk></devices></domain>" "$USHER_LAB/more/tiny-efi/profile.xml"

lab_bind "$LAB_TOP/contrib" contrib
install -D -m 755 "$LAB_TOP/contrib/power-libvirt" "$USHER_LAB/power/power-libvirt"
bare_mac=52:54:00:ba:4e:01
qemu-img create -q -f qcow2 $images/bare.large 5G
cat >"$USHER_LAB/bare.xml" <<END
<domain type='qemu'>
  <name>bare</name>
  <memory unit='MiB'>768</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
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
lab_profiles_config "<segment network='default'><pool start='192.168.122.100' end='192.168.122.199'/>
	<router address='192.168.122.254'/><dns address='192.168.122.53'/><dns address='192.168.122.54'/></segment>" \
	>"$USHER_LAB/usher.xml"
need "the service starts" usher_start

show_all() { "$USHER" list; "$USHER" timeline; }
# up NAME…: each says itself that it boots its disk.
up() {
	local name
	for name in "$@"; do check "$name is up" timeout 900 "$USHER" wait "$name" || { show_all; lab_end; }; done
}
inside_is() { # ADDRESS WHAT WANT COMMAND…
	local at=$1 what=$2 want=$3
	shift 3
	check "$what" wait_until 10 on_is "$want" "$at" "$@"
}
address_of='ip -4 -o address show scope global | awk "{print \$4}"'
dns_of='sed -n "s/^nameserver //p" /etc/resolv.conf | xargs'
router_of='ip route show default | cut -d" " -f3'
password_of='getent shadow root | cut -d: -f2'
boot_id() { on "$1" cat /proc/sys/kernel/random/boot_id; }
new_boot() { local now; now=$(boot_id "$1") && [ -n "$now" ] && [ "$now" != "$2" ]; }
reboots() { # ADDRESS WHAT
	local was
	was=$(boot_id "$1")
	on "$1" systemctl reboot 2>/dev/null
	check "$2" wait_until 90 new_boot "$1" "$was"
}

# --- static network, root password, console: BIOS. A disk by name, a script: UEFI ------------------------------------------

static_at=192.168.122.50 efi_at=192.168.122.51
extra='useradd --create-home anna
echo "it'"'"'s \$5 & <ours>" >/etc/motd
hostname >/dev/null || exit 1'
need "static is created" create static --profile tiny --ip $static_at --set network=static --set root_password='open Sesame 1' \
	--set console=ttyS0,57600
need "efi is created" create efi --profile tiny-efi --ip $efi_at --disk 3G --set disk=vdb --set extra="$extra"
up static efi

static_network() {
	inside_is $static_at "static has its address$1" $static_at/24 "$address_of"
	inside_is $static_at "static has its router$1" 192.168.122.254 "$router_of"
	inside_is $static_at "static has its DNS servers$1" "192.168.122.53 192.168.122.54" "$dns_of"
}
no_lease_since() { ! "$USHER" timeline "$1" --json | jq -r .kind | sed '1,/^installed$/d' | grep -qx leased; }
static_network ""
inside_is $static_at "static asks no DHCP server" 0 "grep -c ^DHCP= /etc/systemd/network/10-usher.network || :"
inside_is $static_at "static's root has a password, hashed" '$y$' "$password_of | head -c 3"
inside_is $static_at "static's console is the one that was set" console=ttyS0,57600 'grep -o console=ttyS.* /proc/cmdline | cut -d" " -f1'
inside_is $static_at "static has the SSH key, and no other" "$(cat "$key.pub")" cat .ssh/authorized_keys
inside_is $static_at "static was booted by a BIOS" BIOS '[ -d /sys/firmware/efi ] && echo UEFI || echo BIOS'

inside_is $efi_at "efi was booted by UEFI" UEFI '[ -d /sys/firmware/efi ] && echo UEFI || echo BIOS'
inside_is $efi_at "efi runs from the disk that was named" /dev/vdb1 findmnt -no SOURCE /
check "efi's other disk is as it was" untouched efi.data
inside_is $efi_at "efi's script made a user" anna:/home/anna "getent passwd anna | cut -d: -f1,6"
inside_is $efi_at "efi's script came through with its quotes" "it's \$5 & <ours>" cat /etc/motd
inside_is $efi_at "efi's root has no password" '!' "$password_of"
inside_is $efi_at "efi takes its address by DHCP" "$efi_at/24 dynamic" \
	'ip -4 -o address show scope global | grep -o "inet [^ ]*\|dynamic" | sed "s/inet //" | xargs'
inside_is $efi_at "efi has the router that DHCP names" 192.168.122.254 "$router_of"
inside_is $efi_at "efi has the SSH key" "$(cat "$key.pub")" cat .ssh/authorized_keys

# As a person at the console would.
console_says() { "$USHER" console static --log --raw | tail -n "${2:-1}" | grep -qaE "$1"; }
types() { printf '%s\r' "$1" | "$USHER" console static >/dev/null; }
logs_in() { # PASSWORD ANSWER
	wait_until 20 console_says 'login: *$' || return
	types root
	wait_until 20 console_says 'Password: *$' || return
	types "$1"
	wait_until 20 console_says "$2" 3
}
types ""
check "a wrong password is refused on the console" logs_in "open Sesame 2" 'Login incorrect'
check "the right one logs in" logs_in "open Sesame 1" 'root@static'
[ "$LAB_FAILED" = 0 ] || "$USHER" console static --log | tail -n 40

reboots $static_at "static reboots"
static_network " again"
check "without asking for a lease" no_lease_since static
reboots $efi_at "efi reboots"
inside_is $efi_at "from its disk" /dev/vdb1 findmnt -no SOURCE /
for name in static efi; do
	check "$name was installed once" test "$(boots $name) $(count $name booting) $(count $name up)" = "1 1 1"
	check "$name is deleted" "$USHER" delete $name
done

# --- the largest disk; and what fails ---------------------------------------------------------------------------------

failed() { # NAME
	need "$1 fails" timeout 900 "$USHER" wait "$1" --for failed
	"$USHER" show "$1" | sed 's/^/    /'
}
check "bare is enrolled" "$USHER" enroll bare --mac $bare_mac --ip 192.168.122.40 --profile tiny --ssh-key "$key.pub" \
	--power "$USHER_LAB/power/power-libvirt"
check "bare is armed" "$USHER" reinstall bare
need "nodisk is created" create nodisk --profile tiny --set disk=vdz
failed nodisk
check "nodisk says which disk, and which there are" shows nodisk 'disk: no disk /dev/vdz; there are: /dev/vda'
check "nodisk is deleted" "$USHER" delete nodisk
need "extra is created" create extra --profile tiny --set extra='for n in 1 2 3; do echo "line $n"; done; no-such-command --now; true'
failed extra
check "extra says at what it failed" shows extra 'extra: chroot failed'
check "with what the script said last" shows extra 'no-such-command: not found'
check "and before that" shows extra 'line 3'
check "extra has no system that says it is up" test "$(count extra installed) $(count extra up)" = "0 0"
check "extra is deleted" "$USHER" delete extra

up bare
inside_is 192.168.122.40 "bare runs from its largest disk" /dev/vdb1 findmnt -no SOURCE /
check "bare's other disk is as it was" untouched bare.small
check "bare's timeline is complete" timeline_has bare armed leased booting installing progress installed leased up
lab_end
