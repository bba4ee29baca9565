#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# DHCPv6 behind a real relay, ISC's, which says of a client only its link-local address: real clients there, for a machine with
# a record, one with a computed MAC and a stranger, get addresses of that subnet, renew, confirm and release; the same MACs on
# our own link are others. A relay of a subnet that nobody
# configured is refused.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/clients.sh"
. "$(dirname "$0")/clients6.sh"
lab=$USHER_LAB

clients6_start "<segment interface='br0' mode='own' lease='60' probe='0'><pool start='10.66.0.100' end='10.66.0.199'/><ipv6/></segment>
	<segment name='rack2' via='br0' subnet='10.2.0.0/24' lease='60' domain='rack.example'>
	<pool start='10.2.0.100' end='10.2.0.101'/>
	<ipv6 subnet='2001:db8:2::/64'><pool start='2001:db8:2::a02:100' end='2001:db8:2::a02:1ff'/><dns address='2001:db8:2::53'/></ipv6></segment>"
rack6
wire6_start br2
tcpdump -U -n -i br0 -w "$lab/wire.pcap" udp port 547 2>"$lab/tcpdump.br0" &
wire=$!

check "the service starts" usher_start || lab_end
check "the relay starts" relay6 || { cat "$lab/relay.log"; lab_end; }

relayed6() { # NAME WHAT: as try6, but what only a link of ours can show
	who=$1 bridge=br2
	mkdir -p "$disk"
	client6 "$n" "$mac" br2
	if take6 leased "takes a lease through the relay"; then
		extend6 renewed renew
		if [[ $2 == *confirm* ]]; then
			reboot6
			try rebooted "asks whether its address is of this link" answered_confirm
			try rebooted "sets it again" set_it
		fi
		take6 rebooted "with nothing on its disk has the same again"
		if [[ $2 == *release* ]]; then
			mark
			"${who}_release6"
			try released "gives it back" given_back
		fi
	fi
	power_cut "$n"
}
lane6() {
	lane_begin "$1" "$2" "$3" "$4"
	shift 4
	"$@"
}
lanes='' n=0
for client in "dhclient confirm,release" "dhcpcd confirm,release" "networkd -" "wide release"; do
	# shellcheck disable=SC2086
	set -- $client
	n=$((n + 1))
	check "own$n is recorded" "$USHER" enroll "own$n" --mac "02:00:00:00:00:0$n" --ip "10.2.0.2$n" --network rack2 --profile plain --no-ssh-key
	lane6 own $n "02:00:00:00:00:0$n" "2001:db8:2::a02:$(printf %x 2$n)" relayed6 "$@" &
	lanes="$lanes $!"
	lane6 computed 1$n "52:54:0a:02:00:4$n" "2001:db8:2::a02:4$n" relayed6 "$@" &
	lanes="$lanes $!"
	lane6 pool 2$n "02:00:00:00:01:0$n" "" relayed6 "$@" &
	lanes="$lanes $!"
done
# shellcheck disable=SC2086
wait $lanes
lanes_end
of_the_pool() { "$USHER" leases --json | jq -r '.leases[] | select(.mac | startswith("02:00:00:00:01:")) | .segment + " " + .address'; }
check "strangers' addresses are of the subnet's pool" eval 'of_the_pool | grep -c "^rack2 2001:db8:2::a02:1[0-9a-f][0-9a-f]$" | grep -x 4'

# NetworkManager tells neither by its address nor by its DUID who it is, and ISC's relay does not either.
n=33 mac=02:00:00:00:00:33 disk=$lab/disk.33
mkdir -p "$disk"
client6 33 $mac br2
inside 33 ip link set c33 down # it makes itself another link-local address then
networkmanager_6 >"$lab/lane.33" 2>&1
check "a client that nobody can tell is told of" wait_until 20 grep -F "do not tell the client's MAC: let the relay add it" "$lab/usher.log"
power_cut 33

# The same MAC on our own link: another machine, if any.
who=dhclient bridge=br0 kind=pool n=31 mac=02:00:00:00:00:01 address='' disk=$lab/disk.31
mkdir -p "$disk"
client6 31 $mac br0
: >"$lab/lane.31"
mark
dhclient_6 >"$lab/lane.31" 2>&1
here_too() { "$USHER" leases --json | jq -e '.leases[] | select(.mac == "02:00:00:00:00:01" and .segment == "br0" and .address == "2001:db8:66::a42:64")'; }
check "the MAC of a machine there is a stranger on our own link" wait_until 20 here_too
power_cut 31

all_clean() { ! tshark -n -r "$lab/wire.pcap" -o udp.check_checksum:FALSE -Y '_ws.malformed' | grep .; }
sleep 1
kill "$wire"
wait "$wire" 2>/dev/null
check "tshark finds nothing malformed in what went between us and the relay" all_clean
check "all of it was wrapped" eval '[ "$(tshark -n -r "$lab/wire.pcap" -Y "dhcpv6.msgtype == 13" 2>/dev/null | wc -l)" -gt 20 ]'

# A boot's token goes where the route to the machine goes. The same message, as a relay of that subnet sends it: from the router's
# address there, from its address on our link, and from a neighbour of ours.
client6 91 02:00:00:00:00:91 br0
inside 91 ip -6 address add 2001:db8:66::9/64 dev c91 nodad
check "a machine there is to boot" "$USHER" enroll boots --mac 02:00:00:00:00:50 --ip 2001:db8:2::a02:50 --network rack2 --profile plain --no-ssh-key
check "it is armed" "$USHER" reinstall boots
asked_boot() { inside "$1" python3 "$LAB_TOP/tests/lab/relayed.py" "$2" 2001:db8:66::1 2001:db8:2::1 02:00:00:00:00:50; }
told_boot() { asked_boot 90 "$1" | grep -q '/m/[0-9a-f]\{32\}/boot.ipxe$'; }
check "from the relayed subnet: its boot script's URL" told_boot 2001:db8:2::1
check "from the router's address on our link, too" told_boot 2001:db8:66::2
check "from a neighbour: an answer" eval 'asked_boot 91 2001:db8:66::9 | grep -x "no URL"'
not_told() { "$USHER" timeline boots --json | jq -r 'select(.kind == "refused").text' | grep -F "02:00:00:00:00:50 on rack2 gets no boot script: it came through a relay at 2001:db8:66::9, and the route to 2001:db8:2::a02:50 is by 2001:db8:66::2"; }
check "without the URL, and that is on its timeline" wait_until 10 not_told
# routers name themselves by their link-local addresses
ip -6 route replace 2001:db8:2::/64 via "$(inside 90 ip -6 -o address show dev c90 scope link | grep -oE 'fe80[0-9a-f:]*')" dev br0
ping -6 -c 1 -W 5 2001:db8:2::1 >"$lab/ping" 2>&1
check "by a route that names the router's link-local address, too" told_boot 2001:db8:66::2

# A subnet of nobody's
inside 90 kill "$(cat "$lab/relay.pid")"
inside 90 ip -6 address del 2001:db8:2::1/64 dev c90r
inside 90 ip -6 address add 2001:db8:3::1/64 dev c90r nodad
ip -6 route add 2001:db8:3::/64 via 2001:db8:66::2
: >"$lab/relay.log"
check "a relay of another subnet starts" relay6
n=32 mac=02:00:00:00:00:77
client6 32 $mac br2
disk=$lab/disk.32
mkdir -p "$disk"
dhclient_6 >"$lab/lane.32" 2>&1
refused() { "$USHER" timeline --json | jq -r 'select(.kind == "refused").text' | grep -F "02:00:00:00:00:77 on br0: the request came through a relay of another subnet"; }
check "its clients get nothing, and that is on the timeline" wait_until 20 refused
refute "no lease" eval '"$USHER" leases --json | grep 02:00:00:00:00:77'
[ $LAB_FAILED = 0 ] || { cat "$lab/ra.log"; tail -n 20 "$lab/relay.log"; tail -n 40 "$lab/usher.log"; } | sed 's/^/  log: /'
lab_end
