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

lab_profile lab kernel 'answers of {{machine.name}} from {{{server.url}}}'
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
six=http://[2001:db8:66::1]:8067 four=http://10.66.0.1:8067
token() { grep -rhaoE "\"$1\":\"[0-9a-f]{32}\"" "$lab/state/own" | grep -oE '[0-9a-f]{32}' | tail -n 1; }
has_event() { "$USHER" timeline ${3-box} --json | jq -e --arg k "$1" --arg t "$2" 'select(.kind == $k and (.text | contains($t)))'; }
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
lab_end
