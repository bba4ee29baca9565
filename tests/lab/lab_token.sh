#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What a machine is told is told to nobody else. On one wire: a neighbour asks DHCP in an armed machine's name, with its own
# card, in pieces, by an INFORM, and by relays of its own making, and gets no token; the token, were it known, is good for
# nothing from its own address, nor from the machine's address with its own card, nor are scripts by fixed names. From a
# subnet that nobody configured: nothing either. The machine itself, which asks for a broadcast, is told by a frame for its
# own card, and gets its script and answers, and reports. In a network namespace of its own; nothing of libvirt, no guest.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
lab=$USHER_LAB

lab_profile lab kernel 'answers of {{machine.name}}'
mkdir -p "$lab/boot"
cat >"$lab/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$lab/state/own'/>
  <socket path='$USHER_SOCKET'/>
  <boot dir='$lab/boot'/>
  <profiles dir='$lab/more'/>
  <segment interface='br0' mode='own' probe='0'><pool start='10.66.0.100' end='10.66.0.109'/></segment>
  <segment name='rack' via='br0' subnet='10.67.0.0/24'><pool start='10.67.0.100' end='10.67.0.109'/></segment>
</usher>
END
net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
client 1 02:00:00:00:00:01 br0 # the machine
client 2 02:00:00:00:00:02 br0 # its neighbour, and a router
client 3 02:00:00:00:00:03     # in another subnet, behind 2
inside 1 ip address add 10.66.0.11/24 dev c1
inside 2 ip address add 10.66.0.12/24 dev c2
ip link add far type bridge
ip link add p2f type veth peer name c2f netns "/proc/${CLIENT_PID[2]}/ns/net"
for port in p3 p2f; do ip link set "$port" master far up; done
ip link set far up
inside 2 ip address add 10.99.0.1/24 dev c2f
inside 2 ip link set c2f up
inside 2 sysctl -qw net.ipv4.ip_forward=1
inside 3 ip address add 10.99.0.5/24 dev c3
inside 3 ip route add default via 10.99.0.1
ip route add 10.99.0.0/24 via 10.66.0.12
ip route add 10.67.0.0/24 via 10.66.0.12 # the neighbour hears what goes to the rack

url=http://10.66.0.1:8067
token() { stored "$lab/state/own" "$1" | tail -n 1; }
has_event() { "$USHER" timeline box --json | jq -e --arg k "$1" --arg t "$2" 'select(.kind == $k and (.text | contains($t)))'; }
boots() { "$USHER" show box --json | jq -r .attempt.boots; }
code() { inside "$1" curl -sS --max-time 10 -o "$lab/got" -w '%{http_code}' "${@:2}"; }
refused() { local got; got=$(code "$@"); [ "$got" = 403 ] || { echo "HTTP $got"; cat "$lab/got"; return 1; }; }
# ask N [WORD…]: a message in box's name, from there; what was answered, whoever it was for, is on standard output.
ask() { inside "$1" "$B/tests/lab/forger" "c$1" 02:00:00:00:00:01 10.66.0.1 "${@:2}"; }
# tokenless N [WORD…]: no answer names a boot script. A forged message may cost the next its answer: a moment lies between.
tokenless() { sleep 1; ask "$@" >"$lab/heard" || return; cat "$lab/heard"; ! grep -a "/m/" "$lab/heard"; }

check "the service starts" usher_start || lab_end
check "a machine is armed" "$USHER" enroll box --network br0 --mac 02:00:00:00:00:01 --profile lab --no-ssh-key --ip 10.66.0.11 --arm || lab_end

# --- asked in its name --------------------------------------------------------------------------------------------------------
check "a neighbour that asks in its name is told nothing" tokenless 2 broadcast
check "an event" has_event refused "another card sent the request in the machine's name"
check "nor one that wants no broadcast" tokenless 2
check "nor by a message in pieces" tokenless 2 broadcast pieces
check "nor by an INFORM" tokenless 2 inform=10.66.0.12
check "an event" has_event refused "an INFORM is not told what to boot"
check "nor as a relay on the machine's own wire" tokenless 2 giaddr=10.66.0.12
check "an event" has_event refused "the request came through a relay, but the machine is on usher's own wire"
check "nor as a relay of a subnet that nobody serves" tokenless 3 giaddr=10.99.0.5
check "an event" has_event refused "the request came through a relay of another subnet"
check "nor as that subnet's relay, for this wire" tokenless 3 giaddr=10.99.0.5 link=10.66.0.0
check "nor by a message straight from there" tokenless 3 routed
check "nor with an address of its own there" tokenless 3 routed ciaddr=10.99.0.5
check "nor a stranger's card an address" inside 3 "$B/tests/lab/forger" c3 02:00:00:00:00:99 10.66.0.1 routed ciaddr=10.99.0.5 request=10.66.0.105
check "no lease came of it" test "$("$USHER" leases --json | jq '[.leases[] | select(.state == "bound")] | length')" = 0
check "nor as a relay of the rack's, for this wire" tokenless 2 giaddr=10.67.0.9 link=10.66.0.0

# --- with its token ---------------------------------------------------------------------------------------------------------------
script=$url/m/$(token next_token)
check "with the token, from its own address, it is not given the script" refused 2 "$script/boot.ipxe"
check "an event" has_event refused "boot.ipxe for 10.66.0.12: the machine does not hold that address"
by_name() { inside 2 curl -sS --max-time 10 "$@" >"$lab/got"; ! grep -a "/m/" "$lab/got"; }
check "by its name in GRUB neither" by_name -A 'GRUB 2.06' "$url/grub/grub.cfg-01-02-00-00-00-00-00-01"
inside 2 ip address add 10.66.0.11/24 dev c2
check "nor from the machine's address, with its own card" refused 2 --interface 10.66.0.11 "$script/boot.ipxe"
check "an event" has_event refused "boot.ipxe for 10.66.0.11: the request came from MAC 02:00:00:00:00:02, the machine's MAC is 02:00:00:00:00:01"
check "by its name in GRUB neither" by_name --interface 10.66.0.11 -A 'GRUB 2.06' "$url/grub/grub.cfg"
check "nor by TFTP" by_name --interface 10.66.0.11 tftp://10.66.0.1/grub/grub.cfg
check "an event" has_event refused "boot script for 10.66.0.11: the request came from MAC 02:00:00:00:00:02"
check "nor by PXELINUX's name" by_name --interface 10.66.0.11 tftp://10.66.0.1/pxelinux.cfg/01-02-00-00-00-00-01
inside 2 ip address del 10.66.0.11/24 dev c2
ip neigh flush to 10.66.0.11 dev br0
check "no boot was counted" test "$(boots)" = 0

# --- the machine itself ---------------------------------------------------------------------------------------------------------
sleep 1
ask 1 broadcast >"$lab/heard"
check "the machine is told, by a frame for its card alone" grep -aE "to 02:00:00:00:00:01 255.255.255.255 .*$script" "$lab/heard"
# told WORD…: the machine, while its neighbour says that in its name
told() {
	ask 2 "$@" >"$lab/nothing" &
	local other=$!
	sleep 0.3
	ask 1 xid=77 >"$lab/heard"
	wait "$other"
	grep -aE "to 02:00:00:00:00:01 .*$script" "$lab/heard"
}
check "also while its neighbour sends the first piece of a message" told piece
check "or its message, so that the kernel drops it" told xid=77 badsum
check "or its very message" told xid=77
check "it is given its script" test "$(code 1 "$script/boot.ipxe")" = 200
script=$url/m/$(token token)
check "its answers are not for its neighbour" refused 2 "$script/answers"
check "but for it" test "$(code 1 "$script/answers")" = 200
check "whose end its neighbour cannot report" refused 2 -d x "$script/done"
check "but it" test "$(code 1 -d x "$script/done")" = 200
up=$url/m/$(token up_token)
check "nor is its neighbour told what its first boot runs" refused 2 "$up/first-boot"
check "nor can it say that it is up" refused 2 -d x "$up/up"
check "which it does itself" test "$(code 1 -d x "$up/up")" = 200
check "and is" test "$("$USHER" show box --json | jq -r .state)" = up

# --- a live system that reports nothing: its last file says that it runs ---------------------------------------------------------
lab_profile still kernel '#'
sed -i "s|<profile name='still'|& boots='always'|; s|<disk.*</disk>||" "$lab/more/still/profile.xml"
power_cut 3
client 3 02:00:00:00:00:04 br0
inside 3 ip address add 10.66.0.14/24 dev c3
check "a machine is to run it" "$USHER" enroll kiosk --network br0 --mac 02:00:00:00:00:04 --profile still --no-ssh-key --ip 10.66.0.14 --arm
is_up() { "$USHER" timeline kiosk | grep "loaded; its profile has it report nothing"; }
check "it boots" test "$(code 3 -A 'GRUB 2.06' "$url/grub/grub.cfg")" = 200
inside 3 ip address del 10.66.0.14/24 dev c3
inside 2 ip address add 10.66.0.14/24 dev c2
ip neigh flush to 10.66.0.14 dev br0
check "its neighbour loads the last file from its address" test "$(code 2 --interface 10.66.0.14 "$url/boot/lab/initrd")" = 200
check "and by TFTP" inside 2 curl -sS --max-time 10 --interface 10.66.0.14 -o "$lab/got" tftp://10.66.0.1/lab/initrd
sleep 1
refute "which does not say that it runs" is_up
inside 2 ip address del 10.66.0.14/24 dev c2
inside 3 ip address add 10.66.0.14/24 dev c3
ip neigh flush to 10.66.0.14 dev br0
check "it loads it itself" test "$(code 3 "$url/boot/lab/initrd")" = 200
check "and that does" wait_until 5 is_up

# --- a machine with two cards on this wire, which boots by the second ----------------------------------------------------------
client 4 02:00:00:00:00:05 br0
ip link add p4b type veth peer name c4b address 02:00:00:00:00:06 netns "/proc/${CLIENT_PID[4]}/ns/net"
ip link set p4b master br0 up
inside 4 ip link set c4b up
inside 4 sysctl -qw net.ipv4.conf.all.arp_ignore=1
inside 4 ip address add 10.66.0.25/24 dev c4
inside 4 ip address add 10.66.0.26/24 dev c4b
sed -i 's#<cmdline>#&card={{machine.bootif}} ip={{machine.address}} #' "$lab/more/lab/profile.xml"
check "a machine with two cards is armed" "$USHER" enroll dual --profile lab --no-ssh-key --arm \
	--network br0,ip=10.66.0.25,mac=02:00:00:00:00:05 --network br0,ip=10.66.0.26,mac=02:00:00:00:00:06
check "it boots by the second" test "$(code 4 --interface 10.66.0.26 -A 'GRUB 2.06' "$url/grub/grub.cfg")" = 200
check "its command line is that card's" grep -F "'card=01-02-00-00-00-00-06' 'ip=10.66.0.26'" "$lab/got"
answers=$(grep -o "http://[^']*/answers" "$lab/got" | head -n 1)
check "its answers are not for a neighbour" refused 2 "$answers"
inside 4 ip address del 10.66.0.25/24 dev c4 # it is silent, and its neighbour has it
inside 2 ip address add 10.66.0.25/24 dev c2
check "nor for one with the first card's address" refused 2 --interface 10.66.0.25 "$answers"
inside 2 ip address del 10.66.0.25/24 dev c2
inside 4 ip address add 10.66.0.25/24 dev c4
ip neigh flush to 10.66.0.25 dev br0
check "but for its first card too" test "$(code 4 --interface 10.66.0.25 "$answers")" = 200

# --- a machine behind a relay, by link selection (RFC 3527) -----------------------------------------------------------------------
check "a machine of the rack's is armed" "$USHER" enroll racked --network rack --mac 02:00:00:00:00:77 --profile lab --no-ssh-key --ip 10.67.0.77 --arm
selects() { inside "$1" "$B/tests/lab/forger" "c$1" 02:00:00:00:00:77 10.66.0.1 "giaddr=$2" link=10.67.0.0 >"$lab/heard"; grep -aF "gives 10.67.0.77" "$lab/heard"; }
check "the rack's router relays for it" selects 2 10.66.0.12
check "and is told its token" grep -a "/m/" "$lab/heard"
client 6 02:00:00:00:00:08 br0
inside 6 ip address add 10.66.0.28/24 dev c6
check "a neighbour that says the same is answered" selects 6 10.66.0.28
refute "and told none" grep -a "/m/" "$lab/heard"
[ $LAB_FAILED = 0 ] || { "$USHER" timeline box; "$USHER" timeline dual; sed 's/^/  log: /' "$lab/usher.log" | tail -n 40; }
lab_end
