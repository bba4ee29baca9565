#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A subnet behind a real relay (ISC's, which adds option 82 and a namespace of its own routes for): its clients get
# addresses of that subnet, renew by unicast, reboot, are refused and release; a machine enrolled there boots from us; a
# relay of a subnet that nobody configured is refused.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
lab=$USHER_LAB
. "$(dirname "$0")/profiles.sh"

cat >"$lab/routed" <<END
#!/bin/sh
"$lab/leased" "\$@"
case \${1:-\$reason} in
bound | renew | BOUND | RENEW | REBIND | REBOOT) ip route replace default via 10.2.0.1 ;;
esac
exit 0
END
chmod 755 "$lab/routed"
# get NUMBER [OPTION...]: one exchange; what it was told is in $lab/NUMBER
get() {
	local n=$1
	shift
	rm -f "$lab/$n"
	inside "$n" env OUT="$lab/$n" udhcpc -i "c$n" -f -q -n -t 5 -T 1 -s "$lab/routed" "$@" >"$lab/udhcpc.$n" 2>&1
}
told() { sed -n "s/^$2=//p" "$lab/$1"; }
is() { [ "$(told "$1" "$2")" = "$3" ] || { echo "$2 is '$(told "$1" "$2")', not '$3'"; return 1; }; }
timeline_has() { "$USHER" timeline | grep -E "$1"; }
leases_have() { "$USHER" leases --json | tr -d '\n "' | tr '}' '\n' | grep -E "$1"; }

lab_profile plain kernel answers
sed -i "s|<boot>|<boot bios='initrd'>|" "$lab/more/plain/profile.xml"
lab_profiles_config "<segment interface='br0' lease='120'>
	<pool start='10.66.0.100' end='10.66.0.110'/><router address='10.66.0.1'/></segment>
	<segment name='rack2' via='br0' subnet='10.2.0.0/24' domain='rack.example' lease='120' mtu='1400'>
	<pool start='10.2.0.100' end='10.2.0.101'/><router address='10.2.0.1'/>
	<route to='10.9.0.0/16' gateway='10.2.0.9'/><option code='100' value='UTC'/></segment>" |
	sed "s|<user .*|<user name='root'/>|; s|/var/lib/usher'|$lab/state'|" >"$lab/usher.xml"

net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
# br2: the rack's wire, where we have no address
ip link add br2 type bridge
ip link set br2 up
client 1 02:00:00:00:00:01 br0 # the relay and router
ip link add p1r type veth peer name c1r address 02:00:00:00:02:01 netns "/proc/${CLIENT_PID[1]}/ns/net"
ip link set p1r master br2 up
inside 1 ip address add 10.66.0.2/24 dev c1
inside 1 ip address add 10.2.0.1/24 dev c1r
inside 1 ip link set c1r up
inside 1 sysctl -qw net.ipv4.ip_forward=1
ip route add 10.2.0.0/24 via 10.66.0.2
client 2 02:00:00:00:00:02 br2
client 3 02:00:00:00:00:02 br0 # the same MAC as 2
client 4 02:00:00:00:00:04 br2
client 5 02:00:00:00:00:05 br2
# end NUMBER FILE: what runs in that client's namespace with the pid in FILE; nobody there waits for it
end() {
	local pid
	pid=$(cat "$lab/$2")
	inside "$1" kill "$pid"
	wait_until 10 ended "$1" "$pid"
}
ended() { ! inside "$1" grep -E '^State:[[:space:]]+[^Z]' "/proc/$2/status"; }
relay() {
	inside 1 sh -c 'echo $$ >"$0/relay.pid"; exec dhcrelay -4 -d -a -iu c1 -id c1r 10.66.0.1' "$lab" \
		>"$lab/relay.log" 2>&1 &
	wait_until 10 grep -q "Sending on   Socket" "$lab/relay.log"
}
tcpdump -U -n -i br0 -w "$lab/wire.pcap" udp port 67 2>"$lab/tcpdump.log" &
wire=$!
wait_until 10 test -s "$lab/wire.pcap"

check "the service starts" usher_start || lab_end
check "and knows the subnet" grep -E "serving subnet 'rack2', 10.2.0.0/24, behind relays on br0" "$lab/usher.log"
check "the relay starts" relay

check "a client behind the relay gets a lease" get 2 -O mtu -O 100 -O staticroutes
check "of that subnet" is 2 ip 10.2.0.100
check "with its router, among the routes" is 2 staticroutes "10.9.0.0/16 10.2.0.9 0.0.0.0/0 10.2.0.1"
check "its domain" is 2 domain rack.example
check "its MTU" is 2 mtu 1400
check "the site's own option" is 2 tzstr UTC
check "and our address" is 2 serverid 10.66.0.1
check "the lease is that segment's" leases_have "address:10.2.0.100,.*mac:02:00:00:00:00:02,segment:rack2,state:bound"
check "the same MAC on our own link gets an address there" get 3
check "of this one" is 3 ip 10.66.0.100

# Renewal by unicast: the relay only routes it. Release the same way.
rm -f "$lab/2"
inside 2 env OUT="$lab/2" udhcpc -i c2 -f -R -t 5 -T 1 -p "$lab/pid" -s "$lab/routed" >"$lab/udhcpc.2" 2>&1 &
wait_until 20 test -s "$lab/2"
rm -f "$lab/2"
inside 2 kill -USR1 "$(cat "$lab/pid")"
check "a renewal is answered" wait_until 20 test -s "$lab/2"
check "with the same address" is 2 ip 10.2.0.100
end 2 pid
check "a release is taken" wait_until 10 leases_have "address:10.2.0.100,.*state:released"

# dhclient: INIT-REBOOT, and with an address of another subnet, which is refused by way of the relay
echo "timeout 15;" >"$lab/dhclient.conf"
dhclient_4() {
	rm -f "$lab/4"
	inside 4 env OUT="$lab/4" dhclient -4 -1 -v -cf "$lab/dhclient.conf" -e OUT="$lab/4" -sf "$lab/routed" \
		-pf "$lab/dhclient.pid" -lf "$lab/dhclient.leases" c4
}
dhclient_got() { grep -x "reason=$1" "$lab/4" && grep -x "new_ip_address=$2" "$lab/4"; }
check "dhclient gets one" dhclient_4
check "never used before" dhclient_got BOUND 10.2.0.101
end 4 dhclient.pid
check "dhclient comes back (INIT-REBOOT)" dhclient_4
check "to the same" dhclient_got REBOOT 10.2.0.101
end 4 dhclient.pid
sed -i 's/10\.2\.0\.101;/10.66.0.105;/' "$lab/dhclient.leases"
check "with an address of the other subnet it is told so, and asks anew" dhclient_4
check "and has its own again" dhclient_got BOUND 10.2.0.101
end 4 dhclient.pid

# A machine there
check "a machine is enrolled in the subnet" "$USHER" enroll box --no-ssh-key --mac 02:00:00:00:00:05 --profile plain \
	--network rack2 --ip 10.2.0.20 --arm
check "and gets its address" get 5 -V PXEClient:Arch:00000:UNDI:002001
check "that one" is 5 ip 10.2.0.20
check "and the boot program that its profile names" is 5 boot_file lab/initrd
check "by TFTP, from the address that the answer says" eval 'inside 5 curl -sS --max-time 20 \
	"tftp://$(told 5 siaddr)/$(told 5 boot_file)" | cmp - "$lab/medium/initrd"'
check "as iPXE it gets its address" get 5 -x 0x4d:69505845 -V PXEClient:Arch:00000:UNDI:002001
check "that one" is 5 ip 10.2.0.20
check "and its boot script" eval 'inside 5 curl -sS --max-time 20 "$(told 5 boot_file)" | grep -E "kernel .*/boot/lab/kernel"'
check "which is known to be its own" timeline_has "box +booting"
refute "an address elsewhere is no machine's there" "$USHER" enroll other --no-ssh-key --mac 02:00:00:00:00:09 --profile plain \
	--network rack2 --ip 10.66.0.20

# The wire: option 82 comes back whole, renewals and releases come without the relay's words
# wire_has EXPRESSION: one message a line
wire_has() { tcpdump -r "$lab/wire.pcap" -n -vv 2>/dev/null | tr '\n' ' ' | sed 's/BOOTP/\nBOOTP/g' | grep -E "$1"; }
echoed() { wire_has "Reply.*Gateway-IP 10.2.0.1 .*Agent-Information \(82\), length 5:[[:space:]]+Circuit-ID SubOption 1, length 3: c1r"; }
check "option 82 is in the answers to the relay" wait_until 10 echoed
all_echoed() { ! wire_has "Reply.*Gateway-IP 10.2.0.1 " | grep -v "Circuit-ID SubOption 1, length 3: c1r"; }
check "in all of them" all_echoed
check "the renewal came by itself" wire_has "Client-IP 10.2.0.100[[:space:]]+Client-Ethernet.*Message \(53\), length 1: Request"
check "and the release" wire_has "Client-IP 10.2.0.100[[:space:]]+Client-Ethernet.*Message \(53\), length 1: Release"

# A subnet of nobody's
end 1 relay.pid
inside 1 ip address flush dev c1r
inside 1 ip address add 10.3.0.1/24 dev c1r
ip route add 10.3.0.0/24 via 10.66.0.2
check "a relay of another subnet starts" relay
refute "its clients get nothing" get 2
check "and that is on the timeline" timeline_has "refused.*02:00:00:00:00:02 on br0: the request came through a relay of another subnet"
# A relay on the very wire that we serve: it broadcasts our own answers there, and is no forger
end 1 relay.pid
client 6 02:00:00:00:00:06 br0
inside 6 ip address add 10.66.0.3/24 dev c6
inside 6 sh -c 'echo $$ >"$0/relay.pid"; exec dhcrelay -4 -d -i c6 10.66.0.1' "$lab" >"$lab/relay6.log" 2>&1 &
wait_until 10 grep -q "Sending on   Socket" "$lab/relay6.log"
client 7 02:00:00:00:00:07 br0
tcpdump --immediate-mode -l -n -e -i br0 "ether src 02:00:00:00:00:06 and udp dst port 68" >"$lab/relayed" 2>/dev/null &
relayed=$!
check "a client hears us, and a relay on its own wire" get 7 -B
check "the relay did broadcast what we said" wait_until 5 test -s "$lab/relayed"
sleep 1
refute "nobody answers in our name" timeline_has "forged"
kill "$wire" "$relayed"
row_head
row "udhcpc, relayed" "$(all_held)" "$(all_held)" - - "$(all_held)" 10.2.0.100
row "dhclient, relayed" "$(all_held)" - - "$(all_held)" - 10.2.0.101
[ $LAB_FAILED = 0 ] || { cat "$lab/relay.log"; tail -n 40 "$lab/usher.log"; } | sed 's/^/  log: /'
lab_end
