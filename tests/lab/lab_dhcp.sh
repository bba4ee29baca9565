#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The service on plain interfaces: what a lease tells a client; computed MACs, strangers, a full pool; kill -9; an interface
# that is deleted and made again; two segments with the same addresses. (Which clients: lab_clients.sh.)
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
lab=$USHER_LAB

cat >"$lab/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$lab/state'/>
  <socket path='$USHER_SOCKET'/>
  <segment interface='br0' mode='own' domain='lab.example' lease='120'>
    <pool start='10.66.0.100' end='10.66.0.101'/>
    <router address='10.66.0.1'/>
    <dns address='10.66.0.53'/>
  </segment>
  <segment interface='br1' mode='own' computed='no'/>
</usher>
END
timeline_has() { "$USHER" timeline | grep -E "$1"; }
# One lease a line, its fields in order of their names: address, expires, hostname, machine, mac, segment, state.
leases_have() { "$USHER" leases --json | tr -d '\n "' | tr '}' '\n' | grep -E "$1"; }

net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
net_bridge br1 10.66.0.1/24 52:54:00:66:01:01 # the same addresses: another laboratory
client 1 52:54:0a:42:00:07 br0
client 2 02:00:00:00:00:02 br0
client 3 02:00:00:00:00:03 br0
client 4 02:00:00:00:00:04 br0
client 5 52:54:0a:42:00:07 br1

check "the service starts" usher_start || lab_end

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
check "and that is on the timeline" timeline_has "refused.*pool of br0 is full: 2 addresses, the next is free in"
check "it has the same again" get 2
check "the very same" is 2 ip "$first"

# Another client that asks for an address in use
get 4 -r "$first"
refute "nobody is given what is leased" test -e "$lab/4"

# Restart
usher_stop KILL
check "starts again after kill -9" usher_start
check "and still knows the lease" leases_have "address:$first,.*mac:02:00:00:00:00:02,.*state:bound"
refute "and that the pool is full" get 4
check "its holder gets it again" get 2
check "the very same" is 2 ip "$first"

# Release
inside 3 env OUT="$lab/3" udhcpc -i c3 -f -R -t 5 -T 1 -p "$lab/pid" -s "$lab/leased" >"$lab/udhcpc.3" 2>&1 &
check "its holder comes" wait_until 10 grep -q "lease of $second obtained" "$lab/udhcpc.3"
inside 3 kill "$(cat "$lab/pid")"
check "what it releases is free" wait_until 5 leases_have "address:$second,.*state:released"
check "for another" get 4
check "that one" is 4 ip "$second"

# The bridge goes and comes back
ip link del br0
net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
for n in 1 2 3 4; do ip link set "p$n" master br0; done
check "a bridge made again is served again" wait_until 15 get 1
check "as before" is 1 ip 10.66.0.7

usher_stop
check "the service ends well" test $? = 0
[ $LAB_FAILED = 0 ] || sed 's/^/  log: /' "$lab/usher.log" | tail -n 40
lab_end
