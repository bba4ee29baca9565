#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# BIOS machines whose PXE speaks no HTTP, each until its installer's kernel has its answers: through undionly.kpxe, which
# drives the card by the PXE ROM, and through pxelinux.0. QEMU has no PXE ROM but iPXE's, so a cable of ours takes out what
# it says of itself (plain_pxe.c); nothing but that is made up. The ROM's own TFTP fetches the program.
# shellcheck source=/dev/null disable=SC2034
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/clients.sh"
. "$(dirname "$0")/installer.sh"

installer_need_tiny
installer_profile by-default
installer_profile by-pxelinux "bios='pxelinux.0'"
clients_start
patience=150 # pxelinux fetches 18 MB block by block, each by way of the cable
check "the cable is built" plain_pxe_build || lab_end
for machine in "undionly 1 by-default" "pxelinux 2 by-pxelinux"; do
	read -r name n profile <<<"$machine"
	enroll "$name" "02:00:00:00:00:1$n" "10.66.0.3$n" "$profile"
	check "$name is armed" "$USHER" reinstall "$name"
done

# WHAT PATTERN…
boots() {
	local what=$1
	shift
	vm_plain_pxe
	try leased "comes to an installer with its answers $what" went "$@" "installing +answers fetched by $address" \
		"progress +Linux by BIOS"
	try leased "went out as a PXE client without iPXE" heard_plain
	vm_off
	cable_off
}
# Before its program was there, nothing but its plain offer.
heard_plain() { heard | awk '$2 == "offer" {print $4; exit}' | grep -qx "$program"; }

undionly() {
	lane_begin "$@"
	who="PXE, undionly" program=undionly.kpxe
	boots "through undionly.kpxe" "leased +$address to $mac \(PXE, BIOS" "transfer +TFTP undionly.kpxe, " \
		"leased +$address to $mac \(iPXE" "booting +boot 1 of 3" "transfer +/boot/tiny/vmlinuz, " \
		"transfer +/boot/tiny/initrd.img, "
}
pxelinux() {
	lane_begin "$@"
	who="PXE, pxelinux" program=chain/pxelinux.0
	boots "through pxelinux.0" "leased +$address to $mac \(PXE, BIOS" "transfer +TFTP chain/pxelinux.0, " \
		"booting +boot 1 of 3" "transfer +TFTP chain/vmlinuz, " "transfer +TFTP chain/initrd.img, "
}

undionly undionly 1 02:00:00:00:00:11 10.66.0.31 &
lanes=$!
pxelinux pxelinux 2 02:00:00:00:00:12 10.66.0.32 &
lanes="$lanes $!"
# shellcheck disable=SC2086
wait $lanes
lanes_end
lab_end
