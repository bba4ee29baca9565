#!/bin/bash
# Real DHCP clients against the service on plain interfaces: udhcpc and dhclient get, renew, release and keep their
# addresses; computed MACs, strangers, a reservation; kill -9; an interface that is deleted and made again; two segments
# with the same addresses. In a network namespace of its own; nothing of libvirt.
. "$(dirname "$0")/lib.sh"
if [ -z "${USHER_LAB_DHCP:-}" ]; then
	exec unshare -n -p --fork --kill-child=KILL --mount-proc env USHER_LAB_DHCP=1 "$0" "$@"
fi

lab=$(mktemp -d /tmp/lab_dhcp.XXXXXX)
chmod 755 "$lab"
export USHER_SOCKET=$lab/sock
service=
namespaces=()

clean() {
	[ -z "$service" ] || kill -9 "$service" 2>/dev/null
	for pid in "${namespaces[@]}"; do kill "$pid" 2>/dev/null; done
	wait 2>/dev/null
	rm -rf "$lab"
}
trap clean EXIT
trap 'exit 1' INT TERM

# A client in a namespace of its own behind port pN of bridge $3. client NUMBER MAC BRIDGE
client() {
	local n=$1 pid
	unshare -n sleep 600 &
	pid=$!
	namespaces[n]=$pid
	ip link add "p$n" type veth peer name "c$n"
	ip link set "p$n" master "$3" up
	wait_until 5 ip link set "c$n" netns "/proc/$pid/ns/net"
	inside "$n" ip link set "c$n" address "$2" up
	inside "$n" ip link set lo up
}
inside() { local n=$1; shift; nsenter -t "${namespaces[n]}" -n "$@"; }

bridge() {
	ip link add "$1" type bridge
	ip link set "$1" address "$3" up
	ip address add "$2" dev "$1"
}

cat >"$lab/udhcpc.script" <<'END'
#!/bin/sh
case $1 in
bound|renew)
	ip address flush dev "$interface"
	ip address add "$ip/$mask" dev "$interface"
	env >"$OUT" ;;
deconfig) ip address flush dev "$interface" ;;
nak) echo "$message" >"$OUT.nak" ;;
esac
END
chmod 755 "$lab/udhcpc.script"
# udhcpc NUMBER [OPTION...]: one exchange; what it was told is in $lab/NUMBER
get() {
	local n=$1
	shift
	rm -f "$lab/$n"
	inside "$n" env OUT="$lab/$n" udhcpc -i "c$n" -f -q -n -t 5 -T 1 -s "$lab/udhcpc.script" "$@" \
		>"$lab/udhcpc.$n" 2>&1
}
told() { sed -n "s/^$2=//p" "$lab/$1"; }
is() { [ "$(told "$1" "$2")" = "$3" ] || { echo "$2 is '$(told "$1" "$2")', not '$3'"; return 1; }; }

cat >"$lab/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$lab/state'/>
  <socket path='$USHER_SOCKET'/>
  <segment interface='br0' domain='lab.example' lease='120'>
    <pool start='10.66.0.100' end='10.66.0.101'/>
    <router address='10.66.0.1'/>
    <dns address='10.66.0.53'/>
  </segment>
  <segment interface='br1' computed='no'/>
</usher>
END
start() {
	"$USHER" serve -c "$lab/usher.xml" >>"$lab/log" 2>&1 &
	service=$!
	wait_until 10 "$USHER" leases
}
timeline_has() { "$USHER" timeline | grep -E "$1"; }
# One lease a line, its fields in order of their names: address, expires, hostname, machine, mac, segment, state.
leases_have() { "$USHER" leases --json | tr -d '\n "' | tr '}' '\n' | grep -E "$1"; }

ip link set lo up
bridge br0 10.66.0.1/24 52:54:00:66:00:01
bridge br1 10.66.0.1/24 52:54:00:66:01:01 # the same addresses: another laboratory
mkdir -p "$lab/state"
client 1 52:54:0a:42:00:07 br0
client 2 02:00:00:00:00:02 br0
client 3 02:00:00:00:00:03 br0
client 4 02:00:00:00:00:04 br0
client 5 52:54:0a:42:00:07 br1

if start; then pass "the service starts"; else fail "the service starts"; cat "$lab/log"; lab_end; fi

# Computed
check "udhcpc with a computed MAC" get 1 -O 28
check "gets the address in it" is 1 ip 10.66.0.7
check "with the netmask" is 1 mask 24
check "with the router" is 1 router 10.66.0.1
check "with the name server" is 1 dns 10.66.0.53
check "with the domain" is 1 domain lab.example
check "with the lease time" is 1 lease 120
check "from us" is 1 serverid 10.66.0.1
check "with the broadcast address, asked for" is 1 broadcast 10.66.0.255
check "and no boot file" is 1 boot_file ""
check "it is on the timeline" timeline_has "leased.*10.66.0.7 to 52:54:0a:42:00:07"
check "it is among the leases" leases_have "address:10.66.0.7,.*mac:52:54:0a:42:00:07,.*state:bound"
refute "the same MAC gets nothing where computed MACs are off" get 5
check "and that is on the timeline" timeline_has "refused.*52:54:0a:42:00:07 on br1"

# Pool
check "a stranger gets one from the pool" get 2 -x hostname:Guest-2
first=$(told 2 ip)
check "the next one the other" get 3
second=$(told 3 ip)
check "the lease carries the client's name" leases_have "address:$first,.*hostname:guest-2,"
check "two different ones" test "$first $second" = "10.66.0.100 10.66.0.101"
refute "a third stranger finds the pool full" get 4
check "and that is on the timeline" timeline_has "refused.*pool is full"
check "it has the same again" get 2
check "the very same" is 2 ip "$first"

# Another client that asks for an address in use
get 4 -r "$first"
refute "nobody is given what is leased" test -e "$lab/4"

# Restart
kill -9 "$service"
wait "$service" 2>/dev/null
if start; then pass "starts again after kill -9"; else fail "starts again after kill -9"; fi
check "and still knows the lease" leases_have "address:$first,.*mac:02:00:00:00:00:02,.*state:bound"
refute "and that the pool is full" get 4
check "its holder gets it again" get 2
check "the very same" is 2 ip "$first"

# Release, and renewal (unicast, from the address)
inside 3 env OUT="$lab/3" udhcpc -i c3 -f -R -t 5 -T 1 -s "$lab/udhcpc.script" >"$lab/udhcpc.3" 2>&1 &
long=$!
rm -f "$lab/3"
wait_until 10 test -s "$lab/3"
rm -f "$lab/3"
kill -USR1 "$(pgrep -n -x udhcpc --ns "${namespaces[3]}" --nslist net)"
check "a renewal is answered" wait_until 10 test -s "$lab/3"
check "with the same address" is 3 ip "$second"
kill -TERM "$(pgrep -n -x udhcpc --ns "${namespaces[3]}" --nslist net)"
wait $long 2>/dev/null
check "a release is taken" wait_until 5 leases_have "address:$second,.*state:released"
check "and the address is free" get 4
check "that one" is 4 ip "$second"

# dhclient
cat >"$lab/dhclient.conf" <<END
timeout 15;
request subnet-mask, routers, domain-name-servers, host-name;
END
cat >"$lab/dhclient.script" <<END
#!/bin/sh
case \$reason in
PREINIT) ip link set "\$interface" up ;;
BOUND|RENEW|REBIND|REBOOT) env >"$lab/dhclient.env" ;;
esac
exit 0
END
chmod 755 "$lab/dhclient.script"
dhclient_1() {
	inside 1 dhclient -4 -1 -v -cf "$lab/dhclient.conf" -sf "$lab/dhclient.script" -pf "$lab/dhclient.pid" \
		-lf "$lab/dhclient.leases" "$@" c1
}
dhclient_got() { grep -x "reason=$1" "$lab/dhclient.env" && grep -x "new_ip_address=$2" "$lab/dhclient.env"; }
if [ -x "$(command -v dhclient)" ]; then
	inside 1 ip address flush dev c1
	check "dhclient gets a lease, whatever its client-id" dhclient_1
	check "the same address" dhclient_got BOUND 10.66.0.7
	kill "$(cat "$lab/dhclient.pid")"
	wait_until 5 test ! -d "/proc/$(cat "$lab/dhclient.pid")"
	rm -f "$lab/dhclient.env"
	check "dhclient comes back (INIT-REBOOT)" dhclient_1
	check "to the same address" dhclient_got REBOOT 10.66.0.7
	kill "$(cat "$lab/dhclient.pid")"
	wait_until 5 test ! -d "/proc/$(cat "$lab/dhclient.pid")"
	sed -i 's/10\.66\.0\.7;/10.66.0.9;/' "$lab/dhclient.leases"
	rm -f "$lab/dhclient.env"
	check "dhclient with a wrong address is told so, and asks anew" dhclient_1
	check "and gets its own" dhclient_got BOUND 10.66.0.7
	kill "$(cat "$lab/dhclient.pid")"
else
	skip "dhclient is not installed"
fi

# The bridge goes and comes back
ip link del br0
bridge br0 10.66.0.1/24 52:54:00:66:00:01
for n in 1 2 3 4; do ip link set "p$n" master br0; done
check "a bridge made again is served again" wait_until 15 get 1
check "as before" is 1 ip 10.66.0.7

kill -TERM "$service"
wait "$service"
check "the service ends well" test $? = 0
service=
refute "no sanitizer complained" grep -E "ERROR: |runtime error" "$lab/log"
[ $LAB_FAILED = 0 ] || sed 's/^/  log: /' "$lab/log" | tail -n 40
lab_end
