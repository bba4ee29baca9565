#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# Firmware beside a server that leases and knows nothing of booting: iPXE as a card's ROM, OVMF's PXE and OVMF's HTTP Boot
# take their address from it and their boot program from us, when they are armed.
# shellcheck source=/dev/null disable=SC2034,SC2154,SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/clients.sh"

lab_profile plain kernel '# {{machine.name}}'
lab_profiles_config "<segment interface='br0'/>" |
	sed "s|<user .*|<user name='root'/>|; s|/var/lib/usher'|$USHER_LAB/state'|" >"$USHER_LAB/usher.xml"
net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
client 9 02:00:00:00:00:99 br0
inside 9 ip address add 10.66.0.9/24 dev c9
inside 9 dnsmasq --conf-file=/dev/null --port=0 --interface=c9 --bind-interfaces --user=root --no-ping \
	--dhcp-range=10.66.0.100,10.66.0.199 --dhcp-host=02:00:00:00:00:11,10.66.0.31 \
	--dhcp-host=02:00:00:00:00:12,10.66.0.32 --dhcp-host=02:00:00:00:00:13,10.66.0.33 \
	--dhcp-leasefile="$USHER_LAB/rival" --pid-file="$USHER_LAB/rival.pid"
check "the service starts" usher_start || lab_end
logged() { grep -q -- "$1" "$USHER_LAB/usher.log"; }
check "the other server is heard" wait_until 30 logged "br0: 10.66.0.9 (MAC 02:00:00:00:00:99) leases there"
: >"$USHER_LAB/wire"
for n in 1 2 3; do
	: >"$USHER_LAB/lane.$n"
	enroll "m$n" "02:00:00:00:00:1$n" "10.66.0.3$n"
	check "m$n is armed" "$USHER" reinstall "m$n"
done

timeline_has() { "$USHER" timeline "m$n" | grep -qE "$1"; }
# N VM WHAT LEASED [PROGRAM]
boots() {
	n=$1 mac=02:00:00:00:00:1$1
	"$2" >"$USHER_LAB/lane.$n" 2>&1
	[ -z "${5:-}" ] || check "$3 fetches its program" wait_until 150 timeline_has "transfer .*$5"
	check "$3 takes its boot script" wait_until 150 timeline_has "booting +boot 1 of 3"
	check "$3 has the other server's lease" timeline_has "leased +10.66.0.3$n to $mac by 10.66.0.9 \\($4"
	vm_off 2>/dev/null
}
boots 1 vm_bios "iPXE's ROM" iPXE
boots 2 vm_uefi "OVMF's PXE" "PXE, UEFI x86-64" snponly.efi
boots 3 vm_uefi_http "OVMF's HTTP Boot" "HTTP boot, arch 16" snponly.efi
check "nobody has a lease of ours" test "$("$USHER" leases --json | jq -c .leases)" = "[]"
[ "$LAB_FAILED" = 0 ] || { "$USHER" timeline; tail -n 20 "$USHER_LAB/usher.log"; }
lab_end
