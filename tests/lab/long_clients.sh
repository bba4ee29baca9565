#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# DHCP clients that are left to their own clocks: the server never hears their renewals, so that each rebinds when seven
# eighths of its lease are over. And one machine's firmware, boot program and installer: OVMF's PXE, armed with the profile
# tiny, to the answers that the installer fetches (it goes no further: its boot loader is for a BIOS).
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/clients.sh"

clients_start
patience=80 # leases are for a minute
# without dhclient, whose pauses grow longer than the last eighth of a minute
clients=(udhcpc dhcpcd networkd)
for i in 0 1 2; do enroll "${clients[i]}" "02:00:00:00:01:0$i" "10.66.0.4$i"; done

left_alone() { # CLIENT N MAC ADDRESS
	lane_begin "$@"
	who=$1
	deaf add
	client "$n" "$mac" br0
	soft_lease leased "takes a lease"
	mark
	try rebound "rebinds by itself" answered rebinding
	try rebound "keeps its address" has_address
	try address "had no other address" leased bound
}

chain() {
	lane_begin "$@"
	who="OVMF, PXE"
	"$USHER" reinstall "$kind"
	vm_uefi
	try leased "takes its lease" answered discover
	try leased "is on the timeline" wait_until 5 on_timeline "PXE, UEFI x86-64"
	who="iPXE, UEFI"
	try leased "has the same lease" wait_until 60 on_timeline iPXE
	who="tiny's installer"
	try leased "has the same lease" wait_until 120 on_timeline udhcp
	try leased "fetches its answers" wait_until 30 timeline_has "answers fetched by $address"
	try address "had no other" leased bound
	vm_off
}
timeline_has() { "$USHER" timeline "$kind" | grep -E "$1"; }

lanes=
for i in 0 1 2; do
	left_alone "${clients[i]}" "$i" "02:00:00:00:01:0$i" "10.66.0.4$i" &
	lanes="$lanes $!"
done
if [ -s "$USHER_TINY/initrd.img" ]; then
	enroll tiny 02:00:00:00:01:04 10.66.0.44 tiny
	chain tiny 4 02:00:00:00:01:04 10.66.0.44 &
	lanes="$lanes $!"
else
	skip "the installer: there is no $USHER_TINY (contrib/tiny/build makes it)"
fi
# shellcheck disable=SC2086
wait $lanes
lanes_end
lab_end
