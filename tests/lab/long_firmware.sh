#!/bin/bash
# lab: boots guests
# The profile debian-12 as it is shipped, under firmware: Debian's own signed shim, GRUB, kernel and installer under enforced
# Secure Boot by TFTP, and the same profile by UEFI HTTP Boot, through iPXE; both until the answers' early command runs.
# shellcheck source=/dev/null disable=SC2034
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/clients.sh"
. "$(dirname "$0")/installer.sh"

clients_start
patience=240 vm_memory=1024
early='report=$(sed "s/.*url=\([^ ]*\)answers.*/\1progress/" /proc/cmdline)'
early="$early; "'wget -q -O /dev/null "$report?text=early+command,+$(dmesg | grep -io "secure boot [a-z]*" | head -n 1 | tr " " +)"'
# NAME MAC ADDRESS
debian() {
	check "$1 is recorded" "$USHER" enroll "$1" --mac "$2" --ip "$3" --network br0 --profile debian-12 --no-ssh-key \
		--set pre="$early"
	check "$1 is armed" "$USHER" reinstall "$1"
}
debian secure 02:00:00:00:00:12 10.66.0.32
debian http 02:00:00:00:00:13 10.66.0.33

di=debian-12/debian-installer/amd64
rest=("booting +boot 1 of 3" "transfer .*$di/linux, " "transfer .*$di/initrd.gz, " "installing +answers fetched by "
	"progress +early command, Secure boot")
secure() {
	lane_begin "$@"
	who='OVMF, Secure Boot'
	vm_secure OVMF_VARS_4M.ms.fd
	try leased "comes to Debian's installer with its answers" went "transfer +TFTP $di/bootnetx64.efi, " \
		"transfer +TFTP $di/grubx64.efi, " "${rest[@]} enabled"
	vm_off
}
http() {
	lane_begin "$@"
	who='OVMF, HTTP Boot'
	vm_uefi_http
	try leased "comes to Debian's installer with its answers" went "transfer +/boot/snponly.efi, " "leased .*\(iPXE" \
		"${rest[@]} disabled"
	vm_off
}

secure secure 2 02:00:00:00:00:12 10.66.0.32 &
lanes=$!
http http 3 02:00:00:00:00:13 10.66.0.33 &
lanes="$lanes $!"
# shellcheck disable=SC2086
wait $lanes
lanes_end
lab_end
