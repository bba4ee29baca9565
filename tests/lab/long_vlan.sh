#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# Segments on one cable: the untagged one and two with a tag (802.1Q, interfaces p1.100 and p1.200), DHCP and files.
# A kernel without 802.1Q has it done in a virtual machine. Each client gets an address of its own segment; who has a tag that is not served gets no answer.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
. "$(dirname "$0")/vm.sh"
if [ -z "${USHER_LAB:-}${USHER_IN_VM:-}" ] && ! unshare -n ip link add link lo name v1 type vlan id 1 2>/dev/null; then
	[ -s "$USHER_TINY/vmlinuz" ] || "$LAB_TOP/contrib/tiny/build" "$USHER_TINY" >/dev/null
	vm_run "8021q veth af_packet bridge" "$(realpath "$0")"
	exit
fi
net_enter "$@"

client 1 02:00:00:00:00:01
ip link set p1 address 02:00:00:00:66:01
ip address add 10.66.0.1/24 dev p1
tagged() {
	[ "$1" = 300 ] || ip link add link p1 name "p1.$1" type vlan id "$1"
	[ "$1" = 300 ] || { ip link set "p1.$1" up && ip address add "10.66.$(($1 / 100)).1/24" dev "p1.$1"; }
	inside 1 ip link add link c1 name "c1.$1" type vlan id "$1"
	inside 1 ip link set "c1.$1" up
}
tagged 100
tagged 200
tagged 300
segment() { printf "<segment interface='%s' mode='own' probe='0'><pool start='10.66.%s.100' end='10.66.%s.110'/></segment>\n" "$1" "$2" "$2"; }
{
	echo "<usher><user name='root'/><state dir='$USHER_LAB/state'/><socket path='$USHER_SOCKET'/><boot dir='$USHER_LAB/boot'/>"
	segment p1 0
	segment p1.100 1
	segment p1.200 2
	echo "</usher>"
} >"$USHER_LAB/usher.xml"
mkdir -p "$USHER_LAB/boot"
head -c 40000 /dev/urandom >"$USHER_LAB/boot/file"
check "the service starts" usher_start || lab_end

# asks TAG [OPTION…]: one exchange on the interface with that tag, which gets the address
asks() {
	local at=c1${1:+.$1}
	shift
	rm -f "$USHER_LAB/1"
	inside 1 env OUT="$USHER_LAB/1" udhcpc -i "$at" -f -q -n -t "${tries:-10}" -T 1 -s "$USHER_LAB/leased" "$@" >"$USHER_LAB/udhcpc.1" 2>&1
}
gets() { asks "$1" && grep -E "^ip=10\.66\.$2\.1[01][0-9]$" "$USHER_LAB/1"; }
fetches() { rm -f "$USHER_LAB/got"; curl_at "$1" && cmp "$USHER_LAB/got" "$USHER_LAB/boot/file"; }
curl_at() { inside 1 busybox tftp -g -r file -l "$USHER_LAB/got" "10.66.$1.1" 69; }

inside 1 tcpdump -i c1 -nn -e -w "$USHER_LAB/wire.pcap" -U "udp port 67 or vlan" 2>"$USHER_LAB/tcpdump" &
sniffer=$!
wait_until 10 grep -q "listening" "$USHER_LAB/tcpdump"
check "without a tag: an address of the untagged segment" gets "" 0
check "and a file by TFTP" fetches 0
check "with tag 100: of its segment" gets 100 1
check "and a file by TFTP" fetches 1
check "with tag 200: of its segment" gets 200 2
check "and a file by TFTP" fetches 2
check "with a tag that is not served: no answer" test "$(tries=3 asks 300; cat "$USHER_LAB/1" 2>/dev/null)" = ""
check "again without" gets "" 0
sleep 1
kill "$sniffer"
offers() { tshark -r "$USHER_LAB/wire.pcap" -Y "dhcp.type == 2 && $1" 2>/dev/null | wc -l; }
check "replies with tag 100 have its addresses only" test "$(offers 'vlan.id == 100')" -ge 2 -a "$(offers 'vlan.id == 100 && dhcp.ip.your != 10.66.1.0/24')" = 0
check "none has tag 300" test "$(offers 'vlan.id == 300')" = 0
check "none without a tag is for who asked with one" test "$(offers '!vlan && dhcp.ip.your != 10.66.0.0/24')" = 0

# --- a tag whose interface does not exist yet --------------------------------------------------------------------------------

segment p1.400 4 >"$USHER_LAB/more"
sed -i "/<\/usher>/e cat $USHER_LAB/more" "$USHER_LAB/usher.xml"
usher_stop
usher_start
check "a tag without its interface is said, with what to type" wait_until 10 \
	grep -F "ip link add link p1 name p1.400 type vlan id 400" "$USHER_LAB/usher.log"
ip link add link p1 name p1.400 type vlan id 400
ip link set p1.400 up
ip address add 10.66.4.1/24 dev p1.400
inside 1 ip link add link c1 name c1.400 type vlan id 400
inside 1 ip link set c1.400 up
check "once it is there it is served" wait_until 20 gets 400 4
[ $LAB_FAILED = 0 ] || { tail -n 30 "$USHER_LAB/usher.log" "$USHER_LAB/udhcpc.1" "$USHER_LAB/tcpdump"; ip -d address; }
lab_end
