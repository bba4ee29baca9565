#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who gets on with our DHCPv6: real clients, for a machine with a record, for one with a computed MAC and none, and for a
# stranger with an address from the pool. Each takes a lease, renews it, rebinds when its RENEWs are lost, comes back with
# and without its lease file, and releases. And all of them one after another on one machine, as firmware, installer and
# system are: they get its one address, whatever their DUID and IAID.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/clients.sh"
. "$(dirname "$0")/clients6.sh"

clients6_start "<segment interface='br0' mode='own' lease='60'>
	<pool start='10.66.0.100' end='10.66.0.199'/><dns address='10.66.0.53'/><ipv6><dns address='2001:db8:66::53'/></ipv6></segment>"
wire6_start br0
tcpdump -U -n -i br0 -w "$USHER_LAB/wire.pcap" udp port 547 2>"$USHER_LAB/tcpdump.pcap" &
pcap=$!
deaf6_setup
check "the service starts" usher_start || lab_end
check "on a bridge without ports, whose own address is not sure yet" grep -F "DHCPv6 waits: br0: it has no IPv6 link-local address" "$USHER_LAB/usher.log"

lane6() {
	lane_begin "$1" "$2" "$3" "$4"
	shift 4
	"$@"
}

lanes=''
n=0
for client in "dhclient confirm,release" "dhcpcd rapid,confirm,release" "networkd rapid" "wide release" "networkmanager rapid"; do
	# shellcheck disable=SC2086
	set -- $client
	[ -z "${ONLY:-}" ] || [[ " $ONLY " == *" $1 "* ]] || continue
	n=$((n + 1))
	enroll "own$n" "02:00:00:00:00:0$n" "10.66.0.2$n"
	lane6 own $n "02:00:00:00:00:0$n" "2001:db8:66::a42:$(printf %x 2$n)" try6 "$@" &
	lanes="$lanes $!"
	lane6 computed 1$n "52:54:0a:42:00:4$n" "2001:db8:66::a42:4$n" try6 "$@" &
	lanes="$lanes $!"
	lane6 pool 2$n "02:00:00:00:01:0$n" "" try6 "$@" &
	lanes="$lanes $!"
done
all_clients() {
	for client in dhclient dhcpcd networkd wide networkmanager; do lease6 $client; done
	who='all of them'
	try leased "show as many DUIDs" many_duids 5
}
if [ -z "${ONLY:-}" ]; then
	enroll all 02:00:00:00:00:09 10.66.0.29
	lane6 own 9 02:00:00:00:00:09 2001:db8:66::a42:1d all_clients &
	lanes="$lanes $!"
	lane6 pool 29 02:00:00:00:01:09 "" all_clients &
	lanes="$lanes $!"
fi
# shellcheck disable=SC2086
wait $lanes
lanes_end
kill "$pcap"
wait "$pcap" 2>/dev/null
packets() { tshark -n -r "$USHER_LAB/wire.pcap" "$@" 2>/dev/null; }
check "tshark finds nothing malformed in what was said" eval '! packets -Y _ws.malformed | grep .'
asked_for_prefix() { [ "$(packets -Y 'dhcpv6.msgtype == 1 && dhcpv6.option.type == 25' | wc -l)" -gt 0 ]; }
refused_prefix() { packets -Y '(dhcpv6.msgtype == 2 || dhcpv6.msgtype == 7) && dhcpv6.option.type == 25' -T fields -e dhcpv6.status_code | sort -u | grep -x 6; }
if [[ " ${ONLY:-networkd} " == *" networkd "* ]]; then
	check "networkd asks for a prefix" asked_for_prefix
	check "and is refused politely" refused_prefix
fi
[ $LAB_FAILED = 0 ] || { "$USHER" timeline; sed 's/^/  log: /' "$USHER_LAB/usher.log" | tail -n 60; }
lab_end
