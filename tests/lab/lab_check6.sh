#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usher check, of IPv6: switched off on a link, routed for where the host does not forward, the host's own route by router
# advertisements, and a network without NAT. Each lack is a line with its fix. A network is
# not made where the host would lose its own route, nor with a prefix that is used, also by another of the same request.
# shellcheck source=/dev/null disable=SC2119,SC2154,SC2317
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/net.sh"

look() { "$USHER" check -c "$USHER_LAB/usher.xml" >"$USHER_LAB/lines" 2>&1; }
tells() { grep -qE -- "^$1 +$2" "$USHER_LAB/lines" || { cat "$USHER_LAB/lines"; return 1; }; }
silent_on() { ! grep -E -- "$1" "$USHER_LAB/lines"; }
network() { # NAME BRIDGE FORWARD
	virsh -q net-destroy "$1" 2>/dev/null
	virsh -q net-undefine "$1" 2>/dev/null
	echo "<network><name>$1</name><bridge name='$2' stp='off' delay='0'/><dns enable='no'/>$3<ip address='10.73.0.1' netmask='255.255.255.0'/>
		<ip family='ipv6' address='fd00:73::1' prefix='64'/></network>" >"$USHER_LAB/$1.xml"
	virsh -q net-define "$USHER_LAB/$1.xml" && virsh -q net-start "$1"
}

sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0 net.ipv6.conf.all.forwarding=0
lab_bind "$LAB_TOP/kickstart/profiles" profiles
lab_bind "$LAB_TOP/kickstart/partials" partials
usher_config "<segment interface='far0' mode='own'><ipv6 router='yes'/></segment>" >"$USHER_LAB/usher.xml"
net_bridge far0 10.72.0.1/24 02:00:00:72:00:01
ip -6 address add fd00:72::1/64 dev far0 nodad
client 2 02:00:00:00:00:02 far0
wait_until 10 grep -q up /sys/class/net/far0/operstate

look
check "IPv6 is served" tells ok "interface +IPv6 of 'far0' is served on fd00:72::1/64, as its default router"
check "a host that does not forward" tells note "interface +'far0': usher is the default router of its machines by IPv6, and this host does not forward IPv6: sysctl -w net.ipv6.conf.all.forwarding=1"
check "it has no route by advertisements" silent_on accept_ra
sysctl -qw net.ipv6.conf.all.forwarding=1
look
check "one that forwards" silent_on "does not forward"

# a router beside it
sysctl -qw net.ipv6.conf.all.forwarding=0
ip link add up0 type veth peer name peer0
ip link set peer0 netns "/proc/${CLIENT_PID[2]}/ns/net"
sysctl -qw net.ipv6.conf.up0.accept_ra=1
ip link set up0 up
inside 2 sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.peer0.disable_ipv6=0 net.ipv6.conf.peer0.accept_dad=0
inside 2 ip link set peer0 up
wait_until 10 inside 2 ip -6 -o address show dev peer0 scope link
inside 2 python3 "$LAB_TOP/tests/lab/ra.py" peer0 2001:db8:9:: A 1800 >"$USHER_LAB/ra.log" 2>&1 &
has_route() { ip -6 route show default dev up0 | grep "proto ra"; }
check "the host has a route by router advertisements" wait_until 20 has_route
look
check "which it would lose" tells note "interface +'far0': this host has its own IPv6 route by router advertisements on up0, and loses it once it forwards IPv6 .*: sysctl -w net.ipv6.conf.up0.accept_ra=2"
check "the service starts" usher_start
check "a network for machines' way out is not made then" eval '! "$USHER" network create out --ipv6 2001:db8:74::/64 --ipv6-only --forward route >"$USHER_LAB/made" 2>&1'
check "which says what to do" grep -F "run 'sysctl -w net.ipv6.conf.up0.accept_ra=2' first" "$USHER_LAB/made"
check "nor one with a prefix of the host's" eval '! "$USHER" network create out --ipv6 fd00:72::/64 --ipv6-only --forward none >"$USHER_LAB/made" 2>&1'
check "which says whose" grep -F "the IPv6 prefix fd00:72::/64 is used by far0 of this host: choose another" "$USHER_LAB/made"
cat >"$USHER_LAB/twins.xml" <<END
<lab name='twins'><network name='one' ipv6='fd00:75::/64' forward='none'/><network name='two' ipv6='fd00:75::/64' forward='none'/></lab>
END
check "nor two with the same" eval '! "$USHER" up "$USHER_LAB/twins.xml" --dry-run >"$USHER_LAB/made" 2>&1'
check "which says with which" grep -F "its IPv6 prefix overlaps that of network 'one' of the same request" "$USHER_LAB/made"
usher_stop
sysctl -qw net.ipv6.conf.up0.accept_ra=2
look
check "not with accept_ra=2" silent_on accept_ra

# switched off
sysctl -qw net.ipv6.conf.far0.disable_ipv6=1
refute "the check fails" look
check "a link without IPv6" tells LACKS "interface +IPv6 is switched off on far0: sysctl -w net.ipv6.conf.far0.disable_ipv6=0"

# NAT
check "a network with unique local addresses, and NAT for IPv4 alone" network inner virbr7 "<forward mode='nat'/>"
usher_config "<segment network='inner'><ipv6/></segment>" >"$USHER_LAB/usher.xml"
look
check "its machines reach nothing by IPv6" tells note "network +'inner' has a prefix of unique local addresses, and no NAT for IPv6"
check "it has" network inner virbr7 "<forward mode='nat'><nat ipv6='yes'/></forward>"
look
check "then nothing is said" silent_on "no NAT for IPv6"
lab_end
