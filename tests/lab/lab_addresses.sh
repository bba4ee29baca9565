#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which address: none that somebody has already, known by ARP or declined by a client; while one is asked for, nobody else
# waits; a full pool says so; two laboratories have the same addresses, side by side.
# shellcheck source=/dev/null disable=SC2119,SC2154,SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"

now_ms() { echo $(($(date +%s%N) / 1000000)); }
timeline_has() { "$USHER" timeline | grep -E -- "$1"; }
leases_as() { get "$1" "${@:3}" && is "$1" ip "$2"; }
leases_show() {
	"$USHER" leases >"$USHER_LAB/leases"
	grep -E "^10.66.0.104 +02:00:00:00:00:0a +br0 +in-use +20[0-9TZ:-]+" "$USHER_LAB/leases" &&
		grep -E "^10.66.0.7 +02:00:00:00:00:0a +br0 +in-use +20[0-9TZ:-]+" "$USHER_LAB/leases"
}
# listen NAME FILTER…: what br0 carries, from now on
listen() {
	tcpdump --immediate-mode -l -e -n -i br0 "${@:2}" >"$USHER_LAB/$1" 2>"$USHER_LAB/$1.err" &
	wait_until 10 grep -q "listening on" "$USHER_LAB/$1.err"
}
# lease BRIDGE ADDRESS MAC STATE
lease() {
	"$USHER" leases --json | jq -e --arg s "$1" --arg a "$2" --arg m "$3" --arg t "$4" \
		'.leases[] | select(.segment == $s and .address == $a and .mac == $m and .state == $t)'
}

# A probe of seconds: who waits for it is told from who does not, on a slow machine too.
cat >"$USHER_LAB/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$USHER_LAB/state'/>
  <socket path='$USHER_SOCKET'/>
  <segment interface='br0' mode='own' lease='120' probe='3000'><pool start='10.66.0.100' end='10.66.0.105'/></segment>
  <segment interface='br1' mode='own' lease='120' computed='no'><pool start='10.66.0.100' end='10.66.0.105'/></segment>
</usher>
END
net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
net_bridge br1 10.66.0.1/24 52:54:00:66:01:01
client 1 02:00:00:00:00:01 br0
inside 1 ip address add 10.66.0.100/24 dev c1
client 10 02:00:00:00:00:0a br0
inside 10 ip address add 10.66.0.7/24 dev c10
client 2 02:00:00:00:00:02 br0
client 3 02:00:00:00:00:03 br0
client 4 52:54:0a:42:00:07 br0
client 5 52:54:0a:42:00:09 br0
client 6 02:00:00:00:00:06 br0
client 7 02:00:00:00:00:07 br0
client 8 02:00:00:00:00:08 br1
client 9 02:00:00:00:00:09 br1

listen arp arp
check "the service starts" usher_start || lab_end

# Probed
check "a pool's address that somebody has is found before anybody asks" \
	wait_until 10 timeline_has "in-use +10.66.0.100 on br0 is in use by 02:00:00:00:00:01"
check "it is set aside" lease br0 10.66.0.100 02:00:00:00:00:01 in-use
check "a stranger gets the next" leases_as 2 10.66.0.101 -t 10
get 5 -t 10 &
waiting=$!
begun=$(now_ms)
check "while another's address is asked for, a second stranger leases" leases_as 3 10.66.0.102
check "in $(($(now_ms) - begun)) ms, and the other still waits" test ! -e "$USHER_LAB/5"
wait $waiting
check "then has it, after $(($(now_ms) - begun)) ms" is 5 ip 10.66.0.9
check "and again" leases_as 5 10.66.0.9
check "it was asked for once" test "$(grep -c "who-has 10.66.0.9 tell 0.0.0.0" "$USHER_LAB/arp")" = 1
check "a computed address that a neighbour has is not given" leases_as 4 10.66.0.103
check "with an event" timeline_has "in-use +10.66.0.7 on br0 is in use by 02:00:00:00:00:0a"
refute "nor is one that a client wishes" leases_as 3 10.66.0.100 -r 10.66.0.100
check "its holder may have it" leases_as 1 10.66.0.100
check "as a lease" lease br0 10.66.0.100 02:00:00:00:00:01 bound

# Given up in a client's name, by a neighbour that says that it is a relay
relays() {
	inside 10 python3 "$LAB_TOP/tests/lab/attacker.py" c10 dhcp "$1" chaddr=02:00:00:00:00:03 giaddr=10.66.0.7 source=10.66.0.7 port="$2" \
		to=10.66.0.1@52:54:00:66:00:01 server=10.66.0.1 "${@:3}"
}
held() { sleep 1; lease br0 10.66.0.102 02:00:00:00:00:03 bound; }
relays release 67 ciaddr=10.66.0.102
check "a RELEASE by a relay of a neighbour's making ends nobody's lease" held
check "with an event" timeline_has "refused +02:00:00:00:00:03 on br0: the release came through a relay, but the client is on usher's own wire"
relays discover 5000
check "and what does not come from a relay's port is nobody's" wait_until 5 grep -F "the last from 10.66.0.7: a relay's message, but not from a relay's port (67)" "$USHER_LAB/usher.log"
asked=$(grep -c "who-has 10.66.0.102 tell 0.0.0.0" "$USHER_LAB/arp")
relays decline 67 asked=10.66.0.102
check "a DECLINE by such a relay is not believed before ARP is asked" wait_until 5 eval '[ "$(grep -c "who-has 10.66.0.102 tell 0.0.0.0" "$USHER_LAB/arp")" -gt "$asked" ]'

# Declined: the neighbour comes after the probe, and only the client sees it.
inside 10 ip address add 10.66.0.104/24 dev c10
check "a client that finds its address in use declines it, and gets the next" leases_as 6 10.66.0.105 -a200 -A 1
check "it is set aside" lease br0 10.66.0.104 02:00:00:00:00:0a in-use
check "leases shows both" leases_show
check "with an event" timeline_has "declined +10.66.0.104 declined by 02:00:00:00:00:06 on br0"

# Full
refute "a stranger finds the pool full" get 7 -t 2
check "which is an event with its reason" \
	timeline_has "refused +the pool of br0 is full: 6 addresses, the next is free in [0-9]+ (s|minutes); 02:00:00:00:00:07 got none"
refute "and again" get 7 -t 2
check "once" test "$("$USHER" timeline | grep -c "pool of br0 is full")" = 1

# Another laboratory with the same addresses
listen dhcp port 67
check "on another segment the first address is free" leases_as 8 10.66.0.100
check "and a second machine has the second" leases_as 9 10.66.0.101
check "which here is another's" lease br0 10.66.0.101 02:00:00:00:00:02 bound
check "and there its own" lease br1 10.66.0.101 02:00:00:00:00:09 bound
# renewal is unicast, to the same address on two links
for n in 2 9; do
	rm -f "$USHER_LAB/$n"
	inside $n env OUT="$USHER_LAB/$n" udhcpc -i c$n -f -t 5 -T 1 -s "$USHER_LAB/leased" >"$USHER_LAB/udhcpc.$n" 2>&1 &
	check "machine $n goes on" wait_until 10 test -s "$USHER_LAB/$n"
	rm -f "$USHER_LAB/$n"
done
for n in 2 9; do inside $n pkill -USR1 -x udhcpc; done
for n in 2 9; do check "machine $n renews" wait_until 10 is $n ip 10.66.0.101; done
check "its own link carried the one's answers" wait_until 5 grep -q "> 02:00:00:00:00:02" "$USHER_LAB/dhcp"
refute "and none of the other's" grep "02:00:00:00:00:0[89]" "$USHER_LAB/dhcp"
usher_stop
lab_end
