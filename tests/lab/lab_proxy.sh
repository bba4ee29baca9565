#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Beside other DHCP servers. On libvirt's own `default` network, as libvirt ships it, whose dnsmasq leases: only boot
# information comes from us, and reservations go into the network. On interfaces: two where a server leases already, on
# another host and on this one; one where nobody does; and one that is ours, until another server comes.
# shellcheck source=/dev/null disable=SC2119,SC2154,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/guests.sh"
. "$(dirname "$0")/net.sh"

shipped=/usr/share/libvirt/networks/default.xml
[ -e $shipped ] || { skip "libvirt's own default network: there is no $shipped"; lab_end; }
guests_need_tiny
net_lease_script

logged() { grep -q -- "$1" "$USHER_LAB/usher.log"; }
network() { virsh net-dumpxml default "$@"; }
lease_of() { virsh -q net-dhcp-leases default --mac "$1" | awk '{ sub("/.*", "", $5); print $5 }'; }
has_lease() { [ "$(lease_of "$1")" = "$2" ]; }
timeline_has_line() { "$USHER" timeline | grep -E -- "$1"; }
mode_of() { curl -s --unix-socket "$USHER_SOCKET" http://usher/api/v1/status | jq -r ".segments[] | select(.name == \"$1\").mode"; }
mode_is() { [ "$(mode_of "$1")" = "$2" ]; }

# rival N PREFIX: a server in N's namespace, of PREFIX.50 to .60.
rival() {
	inside "$1" ip address add "$2.2/24" dev "c$1"
	inside "$1" dnsmasq --conf-file=/dev/null --port=0 --interface="c$1" --bind-interfaces --user=root \
		--dhcp-range="$2.50,$2.60" --dhcp-leasefile="$USHER_LAB/rival.$1" --pid-file="$USHER_LAB/rival.$1.pid"
}
ask() { inside "$1" env OUT="$USHER_LAB/got.$1" udhcpc -i "c$1" -q -n -t 5 -T 2 -s "$USHER_LAB/leased"; }

# --- the wires -----------------------------------------------------------------------------------------------------------

virsh -q net-destroy default >/dev/null && virsh -q net-undefine default
virsh -q net-define $shipped >/dev/null && virsh -q net-start default
virsh -q net-update default add ip-dhcp-host "<host mac='52:54:00:00:00:09' ip='192.168.122.2'/>" --live --config >/dev/null
net_bridge ours 10.71.0.1/24 52:54:00:71:00:01
net_bridge theirs 10.72.0.1/24 52:54:00:72:00:01
net_bridge nobodys 10.73.0.1/24 52:54:00:73:00:01
net_bridge hosts 10.74.0.1/24 52:54:00:74:00:01
client 1 02:00:00:00:71:02 ours  # the server that comes later
client 2 02:00:00:00:71:03 ours  # one that asks
client 3 02:00:00:00:72:02 theirs
client 4 02:00:00:00:72:03 theirs
client 5 02:00:00:00:73:03 nobodys
client 6 02:00:00:00:7a:03 virbr0
rival 3 10.72.0
dnsmasq --conf-file=/dev/null --port=0 --interface=hosts --bind-interfaces --user=root --dhcp-range=10.74.0.50,10.74.0.60 \
	--dhcp-leasefile="$USHER_LAB/rival.host" --pid-file="$USHER_LAB/rival.host.pid"
ip link add up0 type veth peer name up1
ip link set up0 master hosts up
ip link set up1 up # a bridge without ports has no carrier

usher_config "<segment network='default'/>
  <segment interface='ours' mode='own'><pool start='10.71.0.100' end='10.71.0.109'/></segment>
  <segment interface='theirs'/>
  <segment interface='hosts'/>
  <segment interface='nobodys'><pool start='10.73.0.100' end='10.73.0.109'/></segment>" >"$USHER_LAB/usher.xml"
need "the service starts" usher_start

# --- libvirt's default network, unchanged ----------------------------------------------------------------------------------

check "it says that it does not lease there, and why" logged "default: libvirt's dnsmasq leases there .*mode proxy"
# A guest of somebody else's: nothing of ours but its MAC. Before ours is created: libvirt loads the network's rules for each
# reservation, and waits with it for the rules of a guest that starts.
theirs=52:54:c0:a8:7a:4d
check "virt-install, with a computed MAC" virt-install --name theirs --memory 128 --vcpus 1 --virt-type qemu \
	--osinfo require=off --disk none --network "network=default,mac=$theirs,model=virtio" --pxe --graphics none \
	--noautoconsole
reserved() { grep -q "mac='$theirs' name='theirs' ip='192.168.122.77'" <(network); }
check "it is reserved its address" wait_until 60 reserved

timeout 600 "$USHER" create web --network default --profile tiny --ssh-key "$key.pub" --wait >"$USHER_LAB/web" 2>&1 &
creation=$!
inside 6 env OUT="$USHER_LAB/got.6" udhcpc -i c6 -f -t 10 -T 5 -p "$USHER_LAB/udhcpc.pid" -s "$USHER_LAB/leased" \
	>>"$USHER_LAB/udhcpc" 2>&1 &

# --- interfaces, meanwhile -------------------------------------------------------------------------------------------------

check "what is ours is served at once" ask 2
check "by us" grep -q '^serverid=10.71.0.1$' "$USHER_LAB/got.2"
check "a server that leases is heard" wait_until 30 mode_is theirs proxy
check "and named, with what follows from it" \
	logged "theirs: 10.72.0.2 (MAC 02:00:00:00:72:02) leases there: .*mode proxy"
check "so is one on this host" wait_until 30 mode_is hosts proxy
check "and named" logged "hosts: 10.74.0.1 (MAC 52:54:00:74:00:01) leases there"
check "its client has its lease from it" ask 4
check "not from us" grep -q '^serverid=10.72.0.2$' "$USHER_LAB/got.4"
check "where nobody answers, we lease after a while" wait_until 30 mode_is nobodys own
check "and say so" logged "nobodys: no DHCP server answered on nobodys: usher leases there"
check "which a client sees" ask 5
check "from us" grep -q '^serverid=10.73.0.1$' "$USHER_LAB/got.5"

refute "no foreign server is told of yet" timeline_has_line " foreign "
rival 1 10.71.0
came() { ask 2; timeline_has_line "$1"; }
check "another server on what is ours: an event names it" \
	wait_until 30 came "foreign .*on ours: 10.71.0.2, MAC 02:00:00:00:71:02"
ask 2 >/dev/null 2>&1
check "once" test "$(timeline_has_line ' foreign ' | wc -l)" = 1

# --- libvirt's network, what came of it --------------------------------------------------------------------------------------

# virt-install starts it at once. It may have asked before it was reserved, and then has another address until it starts anew.
at_its_address() {
	has_lease $theirs 192.168.122.77 && return
	if [ -n "$(lease_of $theirs)" ] && [ ! -e "$USHER_LAB/anew" ]; then
		: >"$USHER_LAB/anew"
		virsh -q destroy theirs
		virsh -q start theirs
	fi
	false
}
check "the computed MAC has its address, from libvirt's dnsmasq" wait_until 60 at_its_address
check "which the timeline tells" wait_until 10 timeline_has_line "leased .*192.168.122.77 to $theirs by 192.168.122.1"
check "by the reservation" reserved
virsh -q destroy theirs && virsh -q undefine theirs
gone() { ! network "$@" | grep -q "$theirs"; }
check "which goes with the guest" wait_until 10 gone
check "for good" gone --inactive

need "the guest of ours installs itself" wait $creation
check "at the lowest address that libvirt's network has not given away" test "$(address web)" = 192.168.122.3
check "its system answers there" wait_until 60 on 192.168.122.3 true
check "which dnsmasq leased" has_lease 52:54:c0:a8:7a:03 192.168.122.3
check "from firmware to system" timeline_has web created armed leased booting installing installed leased up
check "told as libvirt's leases" told web leased "192.168.122.3 to 52:54:c0:a8:7a:03 by 192.168.122.1 (iPXE"
web="mac='52:54:c0:a8:7a:03' name='web' ip='192.168.122.3'"
check "its reservation is in the network" grep -q "$web" <(network)
check "also after the network's next start" grep -q "$web" <(network --inactive)
check "none of it is a lease of ours" test "$("$USHER" leases --json | jq -c '[.leases[] | select(.segment == "default")]')" = "[]"

# A renewal is sent to dnsmasq's own address. Stolen there by a socket of ours, it would be broadcast 5 s later; but dnsmasq
# may be busy with a ping for 3 s, and the machine slow: once of three is proof enough.
check "a bystander has a lease of dnsmasq's" wait_until 30 grep -q "obtained" "$USHER_LAB/udhcpc"
renews() {
	rm -f "$USHER_LAB/got.6"
	: >"$USHER_LAB/udhcpc"
	inside 6 kill -USR1 "$(cat "$USHER_LAB/udhcpc.pid")"
	wait_until 20 test -e "$USHER_LAB/got.6" && ! grep -q "broadcasting renew" "$USHER_LAB/udhcpc"
}
renews_of_three() { renews || renews || renews; }
check "and renews it with dnsmasq alone" renews_of_three
check "from dnsmasq" grep -q "^serverid=192.168.122.1$" "$USHER_LAB/got.6"

"$USHER" timeline web
check "delete" "$USHER" delete web
out() { ! network "$@" | grep -q "52:54:c0:a8:7a:03\|>web<"; }
check "the reservation and the name go" wait_until 10 out
check "for good" out --inactive
check "what was there before stays" grep -q "52:54:00:00:00:09" <(network --inactive)

# --- a wall --------------------------------------------------------------------------------------------------------------

walls() { "$USHER" check -c "$USHER_LAB/usher.xml" | sed -n 's/^LACKS *firewall *//p' | grep "from virbr0"; }
refute "usher check finds no wall where there is none" walls
nft -f - <<-'END'
	table inet wall {
		chain in {
			type filter hook input priority 0; policy drop;
			ct state established,related accept
			udp dport { 53, 67, 69 } accept
		}
	}
END
check "one that lets neither HTTP nor 4011 in is found" test "$(walls | grep -oE 'port [0-9]+/[a-z]+' | sort | xargs)" = \
	"port 4011/udp port 8067/tcp"
walls | sed 's/.*: nft/nft/' >"$USHER_LAB/mend"
check "what it prints can be run" sh -e "$USHER_LAB/mend"
refute "and mends it" walls
lab_end
