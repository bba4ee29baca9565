#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# What firmware makes of us: iPXE as a network card's ROM, OVMF's PXE and OVMF's HTTP Boot, in QEMU. Not armed, a machine
# gets its address and nothing to boot; armed, the boot program of its architecture, which it fetches, and all that follows
# until its installer's kernel has its answers. Started again it has the same address, and so have the iPXE that OVMF loads,
# the installer, and the system after all of them.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/clients.sh"
. "$(dirname "$0")/installer.sh"

installer_need_tiny
installer_profile waits
clients_start
patience=80 # OVMF asks again after 4, 8, 16 and 32 s
enroll own 02:00:00:00:00:11 10.66.0.31 waits
enroll pxe 02:00:00:00:00:12 10.66.0.32 waits
enroll http 02:00:00:00:00:13 10.66.0.33 waits

state_is() { [ "$("$USHER" show "$kind" --json | jq -r .state)" = "$1" ]; }

takes_lease() { # CLASS
	try leased "takes its lease" answered discover
	address=${address:-$(lease .address)}
	try leased "has it in the store" wait_until 5 leased bound
	# of strangers it does not speak
	[ "$kind" = pool ] || try leased "is on the timeline" wait_until 5 on_timeline "$1"
}

comes_back() {
	vm_reset
	try rebooted "comes back to the same address" answered discover
}

system_after() {
	vm_off
	client "$n" "$mac" br0
	mark
	udhcpc_start
	try address "is followed by a system with the same address" answered discover
	try address "had no other" leased bound
	power_cut "$n"
}

rom() {
	lane_begin "$@"
	who='iPXE, BIOS ROM'
	vm_bios
	takes_lease iPXE
	[ "$kind" != own ] || arm_rom
	comes_back
	[ "$kind" != own ] || try leased "comes to an installer with its answers" went "leased .*\(iPXE" "${installer[@]}" \
		"progress +Linux by BIOS"
	system_after
}
arm_rom() {
	try leased "is left alone" state_is known
	"$USHER" reinstall "$kind"
}
installer=("booting +boot 1 of 3" "transfer +/boot/tiny/vmlinuz, " "transfer +/boot/tiny/initrd.img, " "leased .*\(udhcp"
	"installing +answers fetched by ")

# CLASS PROGRAM VM…
uefi() {
	local class=$1 program=$2
	who=$3
	"$4"
	try leased "is offered its address, and nothing to boot" offered -
	try leased "is left alone" state_is known
	mark
	"$USHER" reinstall "$kind"
	try leased "is armed, and offered its program" offered "$program"
	takes_lease "$class"
	try leased "fetches it" went "transfer .*snponly.efi, "
	who="iPXE, UEFI"
	try leased "has the same lease" wait_until 60 on_timeline iPXE
	try leased "comes to an installer with its answers" went "${installer[@]}" "progress +Linux by UEFI"
	try leased "is installing" state_is installing
	who=$3
	comes_back
	system_after
}
pxe() {
	lane_begin "$@"
	uefi "PXE, UEFI x86-64" snponly.efi "OVMF, PXE" vm_uefi
}
http() {
	lane_begin "$@"
	uefi "HTTP boot, arch 16" http://10.66.0.1:8067/boot/snponly.efi "OVMF, HTTP Boot" vm_uefi_http
}

{
	rom own 1 02:00:00:00:00:11 10.66.0.31
	rom computed 4 52:54:0a:42:00:07 10.66.0.7
	rom pool 5 02:00:00:00:00:15 ""
} &
lanes=$!
pxe pxe 2 02:00:00:00:00:12 10.66.0.32 &
lanes="$lanes $!"
http http 3 02:00:00:00:00:13 10.66.0.33 &
lanes="$lanes $!"
# shellcheck disable=SC2086
wait $lanes
lanes_end
lab_end
