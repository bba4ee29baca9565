#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# Sealed machines with real boot loaders, each from its firmware to an installer with its answers: iPXE, Debian's signed GRUB
# (by TFTP and by HTTP Boot) and PXELINUX show the code on the machine's own console, wait, are confirmed by what stands there, and go on by themselves.
# shellcheck source=/dev/null disable=SC2034
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/clients.sh"
. "$(dirname "$0")/installer.sh"

installer_need_tiny
installer_profile by-default
installer_profile by-grub "efi-x64='bootnetx64.efi'"
installer_profile by-pxelinux "bios='pxelinux.0'"
clients_start
patience=150
check "the cable is built" plain_pxe_build || lab_end
# without a screen SeaBIOS puts its text on the serial line
vm_bios() { vm -machine pc,graphics=off -boot n -device "virtio-net-pci,netdev=net,mac=$mac"; }

for machine in "ipxe 1 by-default" "grub 2 by-grub" "pxelinux 3 by-pxelinux" "http 4 by-grub"; do
	read -r name n profile <<<"$machine"
	enroll "$name" "02:00:00:00:00:1$n" "10.66.0.3$n" "$profile"
	check "$name is armed, sealed" "$USHER" reinstall "$name" --sealed
done

code() { console | grep -aoE "usher confirm $kind [0-9]{6}" | tail -n 1 | grep -oE '[0-9]{6}$'; }
shows_code() { wait_until $patience code; }
confirmed() {
	for _ in 1 2 3; do
		"$USHER" confirm "$kind" "$(code)" && return
		sleep 3 # GRUB looks before it reads
	done
	return 1
}
waits_on() { sleep 25; [ "$("$USHER" show "$kind" --json | jq -r '.state,.attempt.boots' | xargs)" = "armed 0" ]; }
boots() {
	who=$1
	try leased "shows a code" shows_code
	try leased "waits, and asks again" waits_on
	try leased "is confirmed by what is on its console" confirmed
	try leased "comes to its installer and its answers" went "waiting +boot requested by $address" \
		"booting +boot 1 of 3, confirmed for $address" "installing +answers fetched by $address" "progress +Linux by"
	try leased "booted once" test "$("$USHER" timeline "$kind" | grep -c ' booting ')" = 1
	try leased "asked for one boot" test "$("$USHER" timeline "$kind" | grep -c ' waiting ')" = 1
}

ipxe() {
	lane_begin "$@"
	vm_bios
	boots "iPXE"
	vm_off
}
grub() {
	lane_begin "$@"
	vm_uefi
	boots "GRUB"
	vm_off
}
http() {
	lane_begin "$@"
	vm_uefi_http
	boots "GRUB, HTTP"
	vm_off
}
pxelinux() {
	lane_begin "$@"
	vm_plain_pxe
	boots "PXELINUX"
	vm_off
	cable_off
}

lanes=''
# shellcheck disable=SC2153
for lane in ${LANES:-ipxe grub pxelinux http}; do
	case $lane in
	ipxe) ipxe ipxe 1 02:00:00:00:00:11 10.66.0.31 & ;;
	grub) grub grub 2 02:00:00:00:00:12 10.66.0.32 & ;;
	http) http http 4 02:00:00:00:00:14 10.66.0.34 & ;;
	pxelinux) pxelinux pxelinux 3 02:00:00:00:00:13 10.66.0.33 & ;;
	esac
	lanes="$lanes $!"
done
# shellcheck disable=SC2086
wait $lanes
lanes_end
[ $LAB_FAILED = 0 ] || tail -n 40 "$USHER_LAB/usher.log" | sed 's/^/  log: /'
[ $LAB_FAILED = 0 ] || for n in 1 2 3 4; do tr -d '\r' <"$USHER_LAB/serial.$n" | sed 's/\x1b\[[0-9;=?]*[a-zA-Z]//g' | tail -n 30 | sed "s/^/  serial $n: /"; done
lab_end
