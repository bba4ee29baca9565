#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Router advertisements: what other programs read in ours (rdisc6, tshark), and what a kernel makes of them: the prefix on the
# link and no address; with autonomous='yes' an address of its own, with router='yes' a default route that is gone when we are.
# Another router on the link is told of, once.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/clients.sh"
. "$(dirname "$0")/clients6.sh"
lab=$USHER_LAB

config() { # ATTRIBUTES
	lab_profiles_config "<segment interface='br0' mode='own' domain='lab.example' mtu='1400'>
		<pool start='10.66.0.100' end='10.66.0.199'/><ipv6 $1><dns address='2001:db8:66::53'/></ipv6></segment>" |
		sed "s|<user .*|<user name='root'/>|; s|/var/lib/usher'|$lab/state'|" >"$lab/usher.xml"
}
clients6_start ''
config ''
tcpdump -U -n -i br0 -w "$lab/wire.pcap" icmp6 2>"$lab/tcpdump" &
wire=$!
wait_until 10 test -s "$lab/wire.pcap"
machine() {
	client6 "$1" "02:00:00:00:00:0$1" br0
	inside "$1" sysctl -qw "net.ipv6.conf.c$1.accept_ra=1"
}
route_of() { inside "$1" ip -6 route show dev "c$1" | grep -E "$2"; }
has_made_itself() { inside "$1" ip -6 -o address show dev "c$1" scope global | grep -F "$2"; }
asks() { inside 1 rdisc6 -1 -r 3 c1 >"$lab/rdisc6" 2>&1; }
says() { grep -E "$1" "$lab/rdisc6"; }

# --- as it is ------------------------------------------------------------------------------------------------------------
check "the service starts" usher_start || lab_end
machine 1
check "a kernel knows the prefix as on its link" wait_until 20 route_of 1 '^2001:db8:66::/64 proto kernel'
check "its packets are no longer than we say" wait_until 5 test "$(inside 1 sysctl -n net.ipv6.conf.c1.mtu)" = 1400
refute "it makes itself no address" has_made_itself 1 2001:db8:66:
refute "and has no default route" route_of 1 '^default'
check "rdisc6 has an answer" wait_until 10 asks
check "ask for an address by DHCPv6" says 'Stateful address conf.* +: +Yes'
check "and for the rest" says 'Stateful other conf.* +: +Yes'
check "we are no router" says 'Router lifetime +: +0 '
check "the prefix" says 'Prefix +: 2001:db8:66::/64'
check "is on the link" says 'On-link +: +Yes'
check "and for no addresses" says 'Autonomous address conf.* *: +No'
check "the DNS server" says 'Recursive DNS server +: 2001:db8:66::53'
check "the domain" says 'DNS search list +: lab.example'
check "the MTU" says 'MTU +: +1400 '
check "from our card" says 'Source link-layer address: 52:54:00:66:00:01'

# --- the host's prefix is another -------------------------------------------------------------------------------------------
ip -6 address add 2001:db8:67::1/64 dev br0 nodad
ip -6 address del 2001:db8:66::1/64 dev br0
check "a new prefix is told at once" wait_until 10 route_of 1 '^2001:db8:67::/64 proto kernel'
n=3 mac=02:00:00:00:00:03 disk=$lab/disk.3
mkdir -p "$disk"
client6 3 $mac br0
dhclient_6 >"$lab/lane.3" 2>&1
n=3
has_new() { "$USHER" leases --json | jq -e '.leases[] | select(.mac == "02:00:00:00:00:03") | .address == "2001:db8:67::a42:64"'; }
check "and leased in" wait_until 20 has_new
power_cut 3
ip -6 address add 2001:db8:66::1/64 dev br0 nodad
ip -6 address del 2001:db8:67::1/64 dev br0
power_cut 1
usher_stop

# --- by setting -------------------------------------------------------------------------------------------------------------
config "autonomous='yes' router='yes'"
check "the service starts, as a router" usher_start || lab_end
machine 2
check "a kernel makes itself an address" wait_until 20 has_made_itself 2 2001:db8:66::ff:fe00:2/64
check "and has us as its router" wait_until 5 route_of 2 '^default via fe80::5054:ff:fe66:1 proto ra'

# --- another network on the same cable: what is tagged is none of this link's ------------------------------------------------
client6 7 02:00:00:00:00:07
ip link add t7 type veth peer name u7
ip link set u7 master br0 up
ip link set t7 up
python3 "$LAB_TOP/tests/lab/tagged.py" p7 t7 100 &
tagged=$!
inside 7 python3 "$LAB_TOP/tests/lab/ra.py" c7 2001:db8:bad:: MA 600 >"$lab/ra.log" 2>&1 &
foreign() { "$USHER" timeline --json | jq -r 'select(.kind == "foreign").text'; }
timeout 15 tcpdump --immediate-mode -l -e -n -c 4 -i br0 "vlan 100 and ether src 02:00:00:00:00:07" >"$lab/v7.wire" 2>/dev/null &
n=7 mac=02:00:00:00:00:07 disk=$lab/disk.7
mkdir -p "$disk"
dhclient_6 >"$lab/lane.7" 2>&1 &
solicits() { grep -F dhcp6 "$lab/v7.wire" && grep -F "router advertisement" "$lab/v7.wire"; }
check "a network with a tag: one of its machines asks, and its router speaks" wait_until 10 solicits
heard_it() { foreign | grep -F 02:00:00:00:00:07 || "$USHER" leases --json | grep -F 02:00:00:00:00:07; }
sleep 2
refute "neither is heard" heard_it
power_cut 7
kill $tagged
ip link del t7

# --- another router ----------------------------------------------------------------------------------------------------------
client6 4 02:00:00:00:00:04 br0
inside 4 python3 "$LAB_TOP/tests/lab/ra.py" c4 2001:db8:bad:: MA 600 >"$lab/ra.log" 2>&1 &
check "another router is told of" wait_until 20 eval 'foreign | grep -F "br0: fe80::ff:fe00:4 (MAC 02:00:00:00:00:04) sends router advertisements too"'
sleep 3
check "once" test "$(foreign | wc -l)" = 1
power_cut 4

# --- another server: it is asked for when a client chooses it ---------------------------------------------------------------
client6 5 02:00:00:00:00:05 br0
inside 5 ip -6 address add 2001:db8:66::5/64 dev c5 nodad
inside 5 dnsmasq --keep-in-foreground --port=0 --no-resolv --conf-file=/dev/null --pid-file="$lab/dnsmasq6.pid" --interface=c5 --bind-interfaces \
	--dhcp-range=2001:db8:66::f00,2001:db8:66::fff,64,2m --dhcp-leasefile="$lab/dnsmasq6.leases" --log-facility="$lab/dnsmasq6.log" >"$lab/dnsmasq6.out" 2>&1 &
usher_stop
check "the service starts beside another server" usher_start
check "it is told of" wait_until 20 eval 'foreign | grep "^another DHCPv6 server on br0: fe80::ff:fe00:5 (MAC 02:00:00:00:00:05) offers 2001:db8:66::f"'
check "with what to do" grep -F "another DHCPv6 server answers there beside usher: fe80::ff:fe00:5 (MAC 02:00:00:00:00:05) offers" "$lab/usher.log"
usher_stop

# --- and where usher may choose, it is left to it -----------------------------------------------------------------------------
sed -i "s/mode='own'/mode='auto'/" "$lab/usher.xml"
rm -rf "$lab/state"
tcpdump --immediate-mode -l -e -n -i br0 "ether src 52:54:00:66:00:01 and (udp src port 547 or (icmp6 and ip6[40] == 134))" >"$lab/ours" 2>"$lab/ours.err" &
ours=$!
wait_until 10 grep -q "listening on" "$lab/ours.err"
check "the service starts, with mode auto" usher_start
check "it leaves IPv6 to the other server" wait_until 30 eval 'foreign | grep "^another DHCPv6 server on br0: fe80::ff:fe00:5 (MAC 02:00:00:00:00:05) offers 2001:db8:66::f.*: usher leases no IPv6 addresses there"'
six() { curl -s --unix-socket "$USHER_SOCKET" http://usher/api/v1/status | jq -e ".segments[] | select(.name == \"br0\") | $1"; }
check "and leases by IPv4" wait_until 20 six '.mode == "own" and .serving'
check "which its status says" six '.ipv6.leases | not'
n=6 mac=02:00:00:00:00:06 disk=$lab/disk.6
mkdir -p "$disk"
client6 6 $mac br0
dhclient_6 >"$lab/lane.6" 2>&1
theirs() { inside 6 ip -6 -o address show dev c6 scope global | grep -F 2001:db8:66::f; }
check "a client has the other's address" wait_until 30 theirs
check "and heard nothing of ours" test ! -s "$lab/ours"
power_cut 5
usher_stop
check "the service starts where nobody else leases" usher_start
check "it leases there" wait_until 30 six .ipv6.leases
kill $ours

usher_stop
check "when we go, nobody has us as a router any more" wait_until 10 eval '! route_of 2 "^default via fe80::5054:ff:fe66:1"'
sleep 1
kill "$wire"
wait "$wire" 2>/dev/null
remarks() { tshark -n -r "$lab/wire.pcap" -Y 'icmpv6.type == 134 && eth.src == 52:54:00:66:00:01 && (_ws.malformed || _ws.expert)'; }
check "tshark has nothing to remark on ours" eval '! remarks 2>/dev/null | grep .'
[ $LAB_FAILED = 0 ] || { cat "$lab/rdisc6" "$lab/lane.3" "$lab/ra.log"; remarks; tail -n 40 "$lab/usher.log"; } 2>&1 | sed 's/^/  log: /'
lab_end
