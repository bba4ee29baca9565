#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# UEFI with Secure Boot enforced by Microsoft's keys. Debian's signed shim, GRUB and kernel come to an installer with its
# answers, whose kernel says that Secure Boot is on. An unsigned boot program is fetched and refused by the firmware; the
# same machine without keys enrolled runs it.
# shellcheck source=/dev/null disable=SC2034
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/clients.sh"
. "$(dirname "$0")/installer.sh"

installer_need_tiny
installer_profile unsigned
installer_profile signed "efi-x64='bootnetx64.efi'"
clients_start
patience=90
enroll signed 02:00:00:00:00:12 10.66.0.32 signed
enroll refused 02:00:00:00:00:13 10.66.0.33 unsigned
for name in signed refused; do check "$name is armed" "$USHER" reinstall $name; done

state_is() { [ "$("$USHER" show "$kind" --json | jq -r .state)" = "$1" ]; }
refused_by_firmware() { wait_until $patience said 'BdsDxe: failed to load .*: Access Denied'; }
stuck_by() { [ "$("$USHER" show "$kind" --json | jq -r .attempt.cause.kind)" = "$1" ]; }
# Neither a second lease, which would be iPXE's, nor a boot script.
no_further() { ! "$USHER" timeline "$kind" | grep -E 'iPXE|booting'; }

signed() {
	lane_begin "$@"
	who='OVMF, Secure Boot, signed'
	vm_secure OVMF_VARS_4M.ms.fd
	try leased "comes to an installer with its answers" went "leased .*\(PXE, UEFI x86-64" \
		"transfer +TFTP chain/bootnetx64.efi, " "transfer +TFTP chain/grubx64.efi, " "booting +boot 1 of 3" \
		"transfer +TFTP chain/vmlinuz, " "transfer +TFTP chain/initrd.img, " "installing +answers fetched by $address" \
		"progress +Linux by UEFI, Secure boot enabled"
	try leased "booted once" test "$("$USHER" timeline "$kind" | grep -c ' booting ')" = 1
	vm_off
}

refused() {
	lane_begin "$@"
	who='OVMF, Secure Boot, unsigned'
	vm_secure OVMF_VARS_4M.ms.fd
	try leased "fetches its program" went "leased .*\(PXE, UEFI x86-64" "transfer +TFTP snponly.efi, "
	try leased "is refused it by the firmware: Access Denied" refused_by_firmware
	try leased "comes no further" no_further
	try leased "is armed as before" state_is armed
	try leased "which is known as what it may be" wait_until 60 stuck_by boot-program
	vm_off
	who='the same, no keys enrolled'
	vm_secure OVMF_VARS_4M.fd
	try leased "comes to an installer with its answers" went "transfer +TFTP snponly.efi, " "transfer +TFTP snponly.efi, " \
		"leased .*\(iPXE" "booting +boot 1 of 3" "installing +answers fetched by $address" "progress +Linux by UEFI, Secure boot disabled"
	vm_off
}

signed signed 2 02:00:00:00:00:12 10.66.0.32 &
lanes=$!
refused refused 3 02:00:00:00:00:13 10.66.0.33 &
lanes="$lanes $!"
# shellcheck disable=SC2086
wait $lanes
lanes_end
lab_end
