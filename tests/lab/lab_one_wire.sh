#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Two cards of the host on one wire: what usher says of it, at the start, in `usher check` and once machines ask, and that
# what it says helps.
# shellcheck source=/dev/null disable=SC2119,SC2154,SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
lab=$USHER_LAB
mkdir -p "$lab/boot"
head -c 5000 /dev/urandom >"$lab/boot/file"

# The wire is a bridge in the client's namespace.
client 1 02:00:00:00:00:01
ns=/proc/${CLIENT_PID[1]}/ns/net
inside 1 ip link del c1
inside 1 ip link add c1 type bridge
inside 1 ip link set c1 address 02:00:00:00:00:01 up
for card in 0 1; do
	ip link add "card$card" type veth peer name "port$card" netns "$ns"
	inside 1 ip link set "port$card" master c1 up
	ip link set "card$card" up
done
ip address add 10.66.0.1/24 dev card0

serve() { # SEGMENT…
	cat >"$lab/usher.xml" <<-END
		<usher>
		  <user name='root'/>
		  <state dir='$lab/state'/>
		  <socket path='$USHER_SOCKET'/>
		  <boot dir='$lab/boot'/>
		  $*
		</usher>
	END
	usher_start
}
has_event() { "$USHER" timeline --json | jq -es --arg t "$1" 'any(.kind == "network" and (.text | contains($t)))'; }
look() { "$USHER" check -c "$lab/usher.xml" >"$lab/lines" 2>&1; }
says() { grep -E -- "$1" "$lab/lines" || { cat "$lab/lines"; return 1; }; }
fetches() {
	inside 1 ip neighbour flush all
	inside 1 curl -sS --max-time 5 -o "$lab/got" tftp://10.66.0.1/file && cmp "$lab/got" "$lab/boot/file" &&
		inside 1 curl -sSf --max-time 5 -o "$lab/got" http://10.66.0.1:8067/boot/file && cmp "$lab/got" "$lab/boot/file"
}
own0="<segment interface='card0' mode='own' probe='0'><pool start='10.66.0.100' end='10.66.0.199'/></segment>"

check "it serves the one card" serve "$own0"
look
check "of which there is nothing to say" bash -c "! grep -E '^[^ ]+ +wire ' '$lab/lines'"
usher_stop
ip address add 10.66.0.2/24 dev card1
check "the other has an address of the same subnet" serve "$own0"
check "an event" has_event "card1 has 10.66.0.2, in the same subnet as card0"
look
check "usher check says so" says 'wire +card1 has 10\.66\.0\.2, in the same subnet as card0: .*sysctl -w net.ipv4.conf.all.arp_ignore=1'
get 1
sysctl -qw net.ipv4.conf.all.arp_ignore=1
for n in 1 2 3; do check "as it says, files arrive ($n)" fetches; done
look
check "and nothing is said any more" bash -c "! grep -E '^[^ ]+ +wire ' '$lab/lines'"
usher_stop
ip address del 10.66.0.2/24 dev card1
sysctl -qw net.ipv4.conf.all.arp_ignore=0

ip address add 10.67.0.1/24 dev card1
check "both are served" serve "$own0<segment interface='card1' mode='own' probe='0'/>"
for n in 1 2 3; do get 1; done
check "machines' messages come by both: an event" wait_until 5 has_event "are on one wire"
check "and nobody is taken for another server" test "$("$USHER" timeline --json | jq -r 'select(.kind == "foreign").text')" = ""
usher_stop
lab_end
