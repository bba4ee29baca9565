#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which IPv6 address: none that somebody has already, known by neighbour discovery, or declined by a client whose own check
# finds it taken. A machine's own that it declines stays its own while nobody answers for it.
# shellcheck source=/dev/null disable=SC2034,SC2154,SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/clients.sh"
. "$(dirname "$0")/clients6.sh"
lab=$USHER_LAB

timeline_has() { "$USHER" timeline | grep -E -- "$1"; }
# lease ADDRESS MAC STATE
lease() {
	"$USHER" leases --json | jq -e --arg a "$1" --arg m "$2" --arg t "$3" \
		'.leases[] | select(.address == $a and .mac == $m and .state == $t)'
}
holds() { inside "$1" ip -6 -o address show dev "c$1" scope global | grep -v tentative | grep -qF " $2/"; }
# host N MAC ADDRESS: a neighbour that has it without a lease
host() {
	client6 "$1" "$2" br0
	inside "$1" ip -6 address add "$3/64" dev "c$1" nodad
}
# asks N MAC [SCRIPT]: dhclient -6 on a machine whose kernel checks its addresses
asks() {
	n=$1 mac=$2 disk=$lab/disk.$1
	mkdir -p "$disk"
	client6 "$n" "$mac" br0
	inside "$n" sysctl -qw "net.ipv6.conf.c$n.accept_dad=1"
	printf '%s\n' 'timeout 60;' 'initial-interval 1;' >"$lab/dhclient.conf.$n"
	inside "$n" dhclient -6 -d --dad-wait-time 5 -cf "$lab/dhclient.conf.$n" -sf "$lab/${3:-checked6}" -pf "$lab/dhclient.pid.$n" \
		-lf "$disk/dhclient.leases" -e OUT="$lab/told.$n" "c$n" >"$lab/dhclient.$n" 2>&1 &
}
# What dhclient wants of a script: 3 says that somebody has the address.
cat >"$lab/checked6" <<'END'
#!/bin/sh
case $reason in
BOUND6)
	ip -6 address add "$new_ip6_address/64" dev "$interface" || exit 1
	while ip -6 -o address show dev "$interface" tentative | grep -v dadfailed | grep -qF "$new_ip6_address/"; do sleep 0.1; done
	! ip -6 -o address show dev "$interface" dadfailed | grep -qF "$new_ip6_address/" || {
		ip -6 address del "$new_ip6_address/64" dev "$interface"
		exit 3
	} ;;
esac
END
# And one that says so of the first, whatever there is.
cat >"$lab/liar6" <<'END'
#!/bin/sh
[ "$reason" != BOUND6 ] || [ -e "$OUT" ] || { : >"$OUT"; exit 3; }
exec "${0%/*}/checked6"
END
chmod 755 "$lab/checked6" "$lab/liar6"

clients6_start "<segment interface='br0' mode='own' lease='120' probe='1000'><pool start='10.66.0.100' end='10.66.0.109'/><ipv6/></segment>"
host 1 02:00:00:00:00:01 2001:db8:66::a42:64
host 10 02:00:00:00:00:0a 2001:db8:66::a42:7
tcpdump --immediate-mode -l -e -n -i br0 'icmp6 and ip6[40] == 135' >"$lab/asked" 2>"$lab/asked.err" &
wait_until 10 grep -q "listening on" "$lab/asked.err"
check "the service starts" usher_start || lab_end

# Asked for
check "a pool's address that somebody has is found before anybody asks" \
	wait_until 20 timeline_has "in-use +2001:db8:66::a42:64 on br0 is in use by 02:00:00:00:00:01"
check "it is set aside" lease 2001:db8:66::a42:64 02:00:00:00:00:01 in-use
asks 2 02:00:00:00:00:02
check "a stranger gets the next" wait_until 20 holds 2 2001:db8:66::a42:65
asks 4 52:54:0a:42:00:07
check "a computed address that a neighbour has is not given" wait_until 20 holds 4 2001:db8:66::a42:66
check "with an event" timeline_has "in-use +2001:db8:66::a42:7 on br0 is in use by 02:00:00:00:00:0a"
asks 5 52:54:0a:42:00:09
check "one that nobody has is given" wait_until 20 holds 5 2001:db8:66::a42:9
questions() { grep -c "52:54:00:66:00:01 > .* who has $1," "$lab/asked"; }
check "after it was asked for, once" test "$(questions 2001:db8:66::a42:9)" = 1
check "by its own group" grep "52:54:00:66:00:01 > 33:33:ff:42:00:09, .* > ff02::1:ff42:9: ICMP6, neighbor solicitation, who has 2001:db8:66::a42:9," "$lab/asked"

# Declined: the neighbour comes after the question, and only the client sees it.
inside 10 ip -6 address add 2001:db8:66::a42:67/64 dev c10 nodad
asks 6 02:00:00:00:00:06
check "a client that finds its address in use declines it, and gets the next" wait_until 30 holds 6 2001:db8:66::a42:68
check "it is set aside" lease 2001:db8:66::a42:67 02:00:00:00:00:0a in-use
check "with an event" timeline_has "declined +2001:db8:66::a42:67 declined by 02:00:00:00:00:06 on br0: in use by 02:00:00:00:00:0a"

# A machine's own
enroll own 02:00:00:00:00:07 10.66.0.20
asks 7 02:00:00:00:00:07 liar6
check "one that declines its own address, which nobody has, gets it again" wait_until 30 holds 7 2001:db8:66::a42:14
check "it is told" timeline_has "own +declined +2001:db8:66::a42:14 declined by 02:00:00:00:00:07 on br0: the client keeps the address"
check "and asked for" test "$(questions 2001:db8:66::a42:14)" -ge 1
enroll taken 02:00:00:00:00:08 10.66.0.21
inside 10 ip -6 address add 2001:db8:66::a42:15/64 dev c10 nodad
asks 8 02:00:00:00:00:08
check "one whose own address a neighbour has gets one of the pool" wait_until 40 holds 8 2001:db8:66::a42:69
check "its own is set aside" lease 2001:db8:66::a42:15 02:00:00:00:00:0a in-use
check "with an event of the machine's" timeline_has "taken +declined +2001:db8:66::a42:15 declined by 02:00:00:00:00:08 on br0: in use by 02:00:00:00:00:0a"
check "and what it got instead" timeline_has "taken +refused +.*usher offers 2001:db8:66::a42:69 instead"
usher_stop
lab_end
