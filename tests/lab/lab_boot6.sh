#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# Firmware on a wire that carries IPv6 alone: iPXE as a network card's ROM (BIOS and UEFI), OVMF's PXE and OVMF's HTTP Boot, in
# QEMU, each until its installer's kernel has its answers. The host has no IPv4 address there; firmware that asks for IPv4 gets a
# link-local address, and goes on with IPv6. One of them is behind a router and its relay. How long each takes from power-on is
# told.
# shellcheck source=/dev/null
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
lab_profiles_config "<segment interface='br0' mode='own' lease='600'>
	<ipv6/></segment>
	<segment name='rack2' via='br0'><ipv6 subnet='2001:db8:2::/64'/></segment>" |
	sed "s|<user .*|<user name='root'/>|; s|/var/lib/usher'|$USHER_LAB/state'|" >"$USHER_LAB/usher.xml"
ip link add br0 type bridge
ip link set br0 address 52:54:00:66:00:01 up
ip -6 address add 2001:db8:66::1/64 dev br0 nodad
rack6
check "the service starts" usher_start || lab_end
check "the relay starts" relay6 || { cat "$USHER_LAB/relay.log"; lab_end; }
wire_start
patience=240 # OVMF waits 66 s for IPv4

# boots BIOS|UEFI VM PATTERN…
boots() {
	local efi=$1 vm=$2 began
	shift 2
	began=$(date +%s)
	$vm
	try leased "comes to an installer with its answers" went "$@" "installing +answers fetched by $address6" \
		"progress +Linux by $efi" && echo "$who: $(($(date +%s) - began)) s from power-on to the installer's answers" >>"$USHER_LAB/times"
	try leased "has one address" one_address
	vm_off
}
one_address() { [ "$("$USHER" leases --json | jq -r --arg mac "$mac" '.leases[] | select(.mac == $mac) | .address' | sort -u)" = "$address6" ]; }
vm_rom_uefi() { vm_ovmf_rom; }
vm_ovmf_rom() {
	local vars=$USHER_LAB/vars.$n
	cp /usr/share/OVMF/OVMF_VARS_4M.fd "$vars"
	vm -machine q35 -drive "if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd" \
		-drive "if=pflash,unit=1,format=raw,file=$vars" -device "virtio-net-pci,netdev=net,mac=$mac" -device virtio-rng-pci
}

# its_network NAME N: network and address6
its_network() {
	network=br0 address6=2001:db8:66::a42:$(printf %x $((0x1e + $2)))
	[ "$1" != relayed ] || network=rack2 address6=2001:db8:2::a02:$(printf %x $((0x1e + $2)))
}
machine() { # NAME N
	lane_begin "$1" "$2" "02:00:00:00:00:1$2" ""
	its_network "$@"
	mark
}
rom() {
	machine "$@"
	who=${bridge:+relay: }'iPXE, BIOS ROM'
	boots BIOS vm_bios "leased +$address6 to $mac \(iPXE, DHCPv6" "booting +boot 1 of 3" "transfer +/boot/tiny/vmlinuz, " \
		"transfer +/boot/tiny/initrd.img, "
}
relayed() {
	bridge=br2
	rom "$@"
}
romefi() {
	machine "$@"
	who='iPXE, UEFI ROM'
	boots UEFI vm_ovmf_rom "leased +$address6 to $mac \(iPXE, DHCPv6" "booting +boot 1 of 3" "transfer +/boot/tiny/vmlinuz, "
}
pxe() {
	machine "$@"
	who='OVMF, PXE'
	boots UEFI vm_uefi "leased +$address6 to $mac \(PXE, UEFI x86-64, DHCPv6" "transfer +TFTP snponly.efi, " \
		"leased +$address6 to $mac \(iPXE, DHCPv6" "booting +boot 1 of 3"
}
http() {
	machine "$@"
	who='OVMF, HTTP Boot'
	boots UEFI vm_uefi_http "leased +$address6 to $mac \(HTTP boot, .*DHCPv6" "transfer +/boot/snponly.efi, " \
		"leased +$address6 to $mac \(iPXE, DHCPv6" "booting +boot 1 of 3"
}

n=0
all=${FIRMWARE:-rom romefi pxe http relayed}
for name in $all; do
	n=$((n + 1))
	its_network "$name" $n
	check "$name is recorded" "$USHER" enroll "$name" --mac "02:00:00:00:00:1$n" --ip "$address6" --network "$network" --profile waits --no-ssh-key
	check "$name is armed" "$USHER" reinstall "$name"
done
# two at once: a guest keeps a core busy
n=0
for name in $all; do
	n=$((n + 1))
	"$name" "$name" $n &
	pids="${pids:-} $!"
	[ $((n % 2)) = 1 ] || { wait $pids; pids=; }
done
[ -z "$pids" ] || wait $pids
lanes_end
cat "$USHER_LAB/times" 2>/dev/null | sed 's/^/| /'
lab_end
