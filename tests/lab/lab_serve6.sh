#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A link with both families: boot files, scripts, answers and reports by IPv6, with the rules of IPv4. The machine is served, at
# its recorded address and from its link-local one; its token is good for nothing from another address, nor from the
# machine's address with another card. What a machine is given is of the family by which it asked. The host's IPv6 address
# comes and goes, and IPv4 is served all the while. In a network namespace of its own; nothing of libvirt, no guest.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
lab=$USHER_LAB
sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0

lab_profile lab kernel 'answers of {{{machine.name}}} from {{{server.url}}}'
sed -i "s/<boot>/<boot efi-x64='grub'>/" "$lab/more/lab/profile.xml"
mkdir -p "$lab/boot"
head -c 300000 /dev/urandom >"$lab/boot/program"
cat >"$lab/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$lab/state/own'/>
  <socket path='$USHER_SOCKET'/>
  <boot dir='$lab/boot'/>
  <profiles dir='$lab/more'/>
  <segment interface='br0' mode='own' probe='0'>
    <pool start='10.66.0.100' end='10.66.0.109'/>
    <ipv6/>
  </segment>
  <segment interface='br6' mode='own' probe='0'><ipv6 address='2001:db8:77::1'/></segment>
</usher>
END
net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
ip -6 address add 2001:db8:66::1/64 dev br0 # no port yet, so it stays tentative
client 1 02:00:00:00:00:01 br0              # the machine
client 2 02:00:00:00:00:02 br0              # its neighbour
for n in 1 2; do
	inside $n sysctl -qw net.ipv6.conf.all.disable_ipv6=0 "net.ipv6.conf.c$n.disable_ipv6=0"
	inside $n ip address add "10.66.0.1$n/24" dev "c$n"
	inside $n ip -6 address add "2001:db8:66::a42:1$n/64" dev "c$n" nodad
done
# IPv6 only
ip link add br6 type bridge
ip link set br6 address 52:54:00:66:00:06 up
ip -6 address add 2001:db8:77::1/64 dev br6
client 3 02:00:00:00:00:03 br6
client 4 02:00:00:00:00:04 br6
for n in 3 4; do
	inside $n sysctl -qw net.ipv6.conf.all.disable_ipv6=0 "net.ipv6.conf.c$n.disable_ipv6=0"
	inside $n ip -6 address add "2001:db8:77::$n/64" dev "c$n" nodad
done
six=http://[2001:db8:66::1]:8067 four=http://10.66.0.1:8067
token() { stored "$lab/state/own" "$1" | tail -n 1; }
has_event() { "$USHER" timeline ${3-box} --json | jq -es --arg k "$1" --arg t "$2" 'any(.[]; .kind == $k and (.text | contains($t)))'; }
status() { curl -s --unix-socket "$USHER_SOCKET" http://usher/api/v1/status | jq -e ".segments[0] | $1"; }
code() { inside "$1" curl -gsS --max-time 10 -o "$lab/got" -w '%{http_code}' "${@:2}"; }
gives() { local want=$1 got; shift; got=$(code "$@"); [ "$got" = "$want" ] || { echo "HTTP $got"; cat "$lab/got"; return 1; }; }
by_name() { inside 2 curl -gsS --max-time 10 "$@" >"$lab/got"; ! grep -a "/m/" "$lab/got"; }
at_work() { gives 200 1 "$1/boot/program"; }

check "the service starts" usher_start || lab_end
check "both addresses are told" status '.server == "10.66.0.1" and .ipv6.server == "2001:db8:66::1" and .ipv6.prefix == 64'
check "the pool has the numbers of IPv4's" status '.ipv6.pool_first == "2001:db8:66::a42:64" and .ipv6.pool_last == "2001:db8:66::a42:6d"'

# --- files --------------------------------------------------------------------------------------------------------------
check "a file comes by HTTP and IPv6" wait_until 10 at_work "$six"
check "as it is" cmp "$lab/boot/program" "$lab/got"
check "and by IPv4" gives 200 1 "$four/boot/program"
tftp_get() { rm -f "$lab/got"; inside 1 "$@" && cmp "$lab/boot/program" "$lab/got"; }
check "by TFTP and IPv6, curl" tftp_get curl -gsS --max-time 20 -o "$lab/got" "tftp://[2001:db8:66::1]/program"
check "tftp-hpa" tftp_get tftp -6 -m binary 2001:db8:66::1 -c get program "$lab/got"
check "by TFTP and IPv4" tftp_get curl -gsS --max-time 20 -o "$lab/got" tftp://10.66.0.1/program
# --- the machine, by its token --------------------------------------------------------------------------------------------
check "a machine is armed" "$USHER" enroll box --network br0 --mac 02:00:00:00:00:01 --profile lab --no-ssh-key --ip 10.66.0.11 --arm || lab_end
own=2001:db8:66::a42:b # computed from 10.66.0.11
inside 1 ip -6 address add $own/64 dev c1 nodad
script=$six/m/$(token next_token)
check "a file's path with its token is refused to a stranger" gives 403 2 "$script/boot.ipxe"
check "an event" has_event refused "boot.ipxe for 2001:db8:66::a42:12: the machine does not hold that address"
check "and to itself at an address that is nobody's" gives 403 1 --interface 2001:db8:66::a42:11 "$script/boot.ipxe"
inside 1 ip -6 address del $own/64 dev c1
inside 2 ip -6 address add $own/64 dev c2 nodad
check "nor is it good at the machine's address, with another card" gives 403 2 --interface $own "$script/boot.ipxe"
check "an event" has_event refused "boot.ipxe for $own: the request came from MAC 02:00:00:00:00:02, the machine's MAC is 02:00:00:00:00:01"
check "by its name in GRUB neither" by_name --interface $own -A 'GRUB 2.06' "$six/grub/grub.cfg"
check "nor by TFTP" by_name --interface $own "tftp://[2001:db8:66::1]/grub/grub.cfg"
check "an event" has_event refused "boot script for $own: the request came from MAC 02:00:00:00:00:02"
inside 2 ip -6 address del $own/64 dev c2
ip -6 neigh flush to $own dev br0
check "no boot was counted" test "$("$USHER" show box --json | jq -r .attempt.boots)" = 0
inside 1 ip -6 address add $own/64 dev c1 nodad
check "the machine is given its script" gives 200 1 --interface $own "$script/boot.ipxe"
check "with URLs of IPv6" grep -F "kernel $six/boot/lab/kernel" "$lab/got"
refute "and none of IPv4" grep -F 10.66.0.1: "$lab/got"
answers=$(grep -o "answers=http://[^ ]*" "$lab/got" | cut -d= -f2)
check "its answers too" gives 200 1 --interface $own "$answers"
check "with the same address of ours" grep -Fx "answers of box from $six" "$lab/got"
check "which its neighbour is refused" gives 403 2 "$answers"
check "by IPv4 it is given URLs of IPv4" gives 200 1 --interface 10.66.0.11 "$four/m/$(token token)/answers"
check "they say so" grep -Fx "answers of box from $four" "$lab/got"
inside 1 ip -6 address flush dev c1 scope global
inside 1 ip -6 route add 2001:db8:66::/64 dev c1
check "from its link-local address too" gives 200 1 "$answers"
check "an event" has_event answers "answers fetched by fe80::ff:fe00:1 again"
inside 2 ip -6 address flush dev c2 scope global
inside 2 ip -6 route add 2001:db8:66::/64 dev c2
check "its neighbour from its own not" gives 403 2 "$answers"
check "an event" has_event refused "answers for fe80::ff:fe00:2: the request came from MAC 02:00:00:00:00:02"
inside 2 ip -6 address add 2001:db8:66::a42:12/64 dev c2 nodad
inside 1 ip -6 address add $own/64 dev c1 nodad
grub_by_tftp() { inside 1 curl -gsS --max-time 20 --interface $own -o "$lab/got" "tftp://[2001:db8:66::1]/grub/grub.cfg" && grep -F "$1" "$lab/got"; }
check "GRUB is given its script by TFTP, with our address as it takes it" grub_by_tftp "(tftp,2001:db8:66::1)/lab/kernel"
now=$(grep -oE '/m/[0-9a-f]{32}' "$lab/got" | head -n 1)
check "its neighbour cannot report its end" gives 403 2 -d x "$six$now/done"
check "but it can" gives 200 1 --interface $own -d x "$six$now/done"
check "and is up" gives 200 1 --interface $own -d x "$six/m/$(token up_token)/up"

check "usher check tells of it" grep -F "IPv6 of 'br0' is served on 2001:db8:66::1/64" <("$USHER" check -c "$lab/usher.xml" 2>&1)

# --- the host's address comes and goes ---------------------------------------------------------------------------------------
ip -6 address del 2001:db8:66::1/64 dev br0
check "without an IPv6 address the reason is told" wait_until 10 has_event network "br0: IPv6 is not served: 'br0' has no IPv6 address" ''
check "and IPv4 is served" at_work "$four"
ip -6 address add 2001:db8:66::9/48 dev br0
check "with one that does not fit too" wait_until 10 has_event network "expected a prefix length from 64 to 96" ''
ip -6 address add fd00:66::1/64 dev br0
check "with another it is served again" wait_until 10 has_event network "br0 is served by IPv6 on br0, fd00:66::1/64" ''
inside 1 ip -6 address add fd00:66::11/64 dev c1 nodad
check "on that address" wait_until 10 at_work "http://[fd00:66::1]:8067"
check "IPv4 was served all the while" test "$(grep -c 'http: serving on 10.66.0.1' "$lab/usher.log")" = 1

# --- nothing but IPv6 ----------------------------------------------------------------------------------------------------------
six=http://[2001:db8:77::1]:8067
segment6() { curl -s --unix-socket "$USHER_SOCKET" http://usher/api/v1/status | jq -e ".segments[1] | $1"; }
check "a link without IPv4 is served" segment6 '.serving and .server == null and .url == "http://[2001:db8:77::1]:8067"'
check "files come" gives 200 3 "$six/boot/program"
check "a machine is armed there" "$USHER" enroll alone --network br6 --mac 02:00:00:00:00:03 --profile lab --no-ssh-key --ip 2001:db8:77::3 --arm
check "it is given its script, by its address" gives 200 3 -A 'GRUB 2.06' "$six/grub/grub.cfg"
answers=$(grep -o "http://[^']*/answers" "$lab/got" | head -n 1)
check "which has the link's other machine refused" gives 403 4 "$answers"
check "an event" has_event refused "answers for 2001:db8:77::4: the machine does not hold that address" alone
check "and answers" gives 200 3 "$answers"
check "with our address" grep -Fx "answers of alone from $six" "$lab/got"
check "an address is found for one that has none" "$USHER" enroll more --network br6 --mac 02:00:00:00:00:04 --profile lab --no-ssh-key
check "of IPv6" test "$("$USHER" show more --json | jq -r '.nics[0].addresses[0]')" = 2001:db8:77::100:1
ip -6 address del 2001:db8:77::1/64 dev br6
check "when its address goes it is not served" wait_until 10 has_event network "br6 is no longer served: 'br6' does not have the IPv6 address 2001:db8:77::1" ''
ip -6 address add 2001:db8:77::1/64 dev br6
check "until that comes again" wait_until 10 has_event network "br6 is served on br6, 2001:db8:77::1/64" ''
check "files come again" wait_until 10 gives 200 3 "$six/boot/program"
[ $LAB_FAILED = 0 ] || { "$USHER" timeline box; "$USHER" timeline; sed 's/^/  log: /' "$lab/usher.log" | tail -n 40; }
lab_end
