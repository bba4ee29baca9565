#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# Firmware by IPv6, what lab_boot6.sh leaves out: Debian's signed shim, GRUB and kernel under enforced Secure Boot, on a wire of
# IPv6 alone; and all kinds where IPv4 is served beside it: as they come, and those that can be told so by IPv6. Each until its
# installer's kernel has its answers. How long each takes from power-on is told.
# shellcheck source=/dev/null disable=SC2034,SC2086
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/clients.sh"
. "$(dirname "$0")/clients6.sh"
. "$(dirname "$0")/installer.sh"
sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0

installer_need_tiny
installer_profile waits
installer_profile signed "efi-x64='bootnetx64.efi'"
lab_profiles_config "<segment interface='br0' mode='own' lease='600'><ipv6/></segment>
	<segment interface='br1' mode='own' lease='600'><ipv6/></segment>" |
	sed "s|<user .*|<user name='root'/>|; s|/var/lib/usher'|$USHER_LAB/state'|" >"$USHER_LAB/usher.xml"
ip link add br0 type bridge
ip link set br0 address 52:54:00:66:00:01 up
ip -6 address add 2001:db8:66::1/64 dev br0 nodad
net_bridge br1 10.67.0.1/24 52:54:00:67:00:01
ip -6 address add 2001:db8:67::1/64 dev br1 nodad
check "the service starts" usher_start || lab_end
wire_start
patience=240

# boots EFI VM PATTERN…
boots() {
	local efi=$1 vm=$2 began
	shift 2
	began=$(date +%s)
	$vm
	try leased "comes to an installer with its answers" went "$@" "installing +answers fetched by ${answers_by:-$fetched_by}" \
		"progress +Linux by $efi" && echo "$bridge, $who: $(($(date +%s) - began)) s from power-on to the installer's answers" >>"$USHER_LAB/times"
	vm_off
}
no_pxe4="-fw_cfg name=opt/org.tianocore/IPv4PXESupport,string=n"
vm_rom_efi() {
	cp /usr/share/OVMF/OVMF_VARS_4M.fd "$USHER_LAB/vars.$n"
	vm -machine q35 -drive "if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd" \
		-drive "if=pflash,unit=1,format=raw,file=$USHER_LAB/vars.$n" -device "virtio-net-pci,netdev=net,mac=$mac" -device virtio-rng-pci
}
vm_pxe6() { vm_uefi $no_pxe4; }
vm_signed() { vm_secure OVMF_VARS_4M.ms.fd; }
vm_signed6() { vm_secure OVMF_VARS_4M.ms.fd $no_pxe4; }

by_ipxe() { boots "$1" "$2" "leased +$fetched_by to $mac \(iPXE" "booting +boot 1 of 3" "transfer +/boot/tiny/vmlinuz, "; }
by_snponly() { # VM
	boots UEFI "$1" "leased +$fetched_by to $mac \(PXE, UEFI x86-64" "transfer +TFTP snponly.efi, " "leased .* to $mac \(iPXE" "booting +boot 1 of 3"
}
by_shim() { # VM
	boots "UEFI, Secure boot enabled" "$1" "leased +$fetched_by to $mac \(PXE, UEFI x86-64" \
		"transfer +TFTP chain/bootnetx64.efi, " "transfer +TFTP chain/grubx64.efi, " "booting +boot 1 of 3" \
		"transfer +TFTP chain/vmlinuz, " "transfer +TFTP chain/initrd.img, "
}
# NAME N BRIDGE FAMILY WHO COMMAND…: FAMILY is what it boots by
lane() {
	local name=$1 number=$2 wire=$3 family=$4 what=$5
	shift 5
	lane_begin "$name" "$number" "02:00:00:00:00:1$number" ""
	bridge=$wire who=$what
	fetched_by=2001:db8:6$((6 + ${wire#br}))::a4$((2 + ${wire#br})):$(printf %x $((30 + number)))
	[ "$family" = 6 ] || fetched_by=10.67.0.$((30 + number))
	# the iPXE that OVMF loads takes IPv4's script, where there are two
	[ "$name" != pxe6 ] || answers_by=10.67.0.$((30 + number))
	mark
	"$@"
}

lanes="shim6 1 br0 6 signed OVMF,_Secure_Boot,_IPv6_alone by_shim vm_signed
rom 2 br1 4 waits iPXE,_BIOS_ROM by_ipxe BIOS vm_bios
romefi 3 br1 4 waits iPXE,_UEFI_ROM by_ipxe UEFI vm_rom_efi
pxe 4 br1 4 waits OVMF,_PXE by_snponly vm_uefi
pxe6 5 br1 6 waits OVMF,_PXEv6_beside_IPv4 by_snponly vm_pxe6
shim 6 br1 4 signed OVMF,_Secure_Boot by_shim vm_signed
shimdual 7 br1 6 signed OVMF,_Secure_Boot,_PXEv6_beside_IPv4 by_shim vm_signed6
http 8 br1 4 waits OVMF,_HTTP_Boot by_http vm_uefi_http"
by_http() {
	boots UEFI "$1" "leased +$fetched_by to $mac \(HTTP boot" "transfer +/boot/snponly.efi, " "leased .* to $mac \(iPXE" "booting +boot 1 of 3"
}
while read -r name n wire family profile _; do
	[ -z "${FIRMWARE:-}" ] || [[ " $FIRMWARE " == *" $name "* ]] || continue
	if [ "$wire" = br0 ]; then address=2001:db8:66::a42:$(printf %x $((30 + n))); else address=10.67.0.$((30 + n)); fi
	check "$name is recorded" "$USHER" enroll "$name" --mac "02:00:00:00:00:1$n" --ip "$address" --network "$wire" --profile "$profile" --no-ssh-key
	check "$name is armed" "$USHER" reinstall "$name"
done <<<"$lanes"
# two at once: a guest keeps a core busy
running=''
while read -r name n wire family profile what command; do
	[ -z "${FIRMWARE:-}" ] || [[ " $FIRMWARE " == *" $name "* ]] || continue
	lane "$name" "$n" "$wire" "$family" "${what//_/ }" $command </dev/null &
	running="$running $!"
	[ "$(wc -w <<<"$running")" -lt 2 ] || { wait $running; running=''; }
done <<<"$lanes"
[ -z "$running" ] || wait $running
lanes_end
sed 's/^/| /' "$USHER_LAB/times" 2>/dev/null
lab_end
