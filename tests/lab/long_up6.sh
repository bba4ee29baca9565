#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# The whole way by IPv6: a guest in a network of IPv6 alone, and one in a network of both families, are created, install Debian
# (profile tiny), boot their own disk, say so, and answer ssh at their IPv6 address. Their packet filters hold them to it: a
# guest that says to be a router, a DHCP server or its neighbour is heard by nobody. And a guest with Secure Boot there, whose
# firmware does not ask for IPv4 first. Clones of the first have IPv6 alone, too.
# shellcheck source=tests/lab/lib.sh disable=SC2119,SC2317
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
# shellcheck source=tests/lab/guests.sh
. "$LAB_TOP/tests/lab/guests.sh"
. "$LAB_TOP/tests/lab/installer.sh"
guests_need_tiny
sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
show_all() { "$USHER" list; "$USHER" timeline; tail -n 30 "$USHER_LAB/usher.log"; }

network() {
	printf "<network><name>%s</name><bridge name='%s' stp='off' delay='0'/><dns enable='no'/>%s</network>" "$@" >"$USHER_LAB/net.xml"
	virsh -q net-define "$USHER_LAB/net.xml" && virsh -q net-start "$1"
}
need "a network of IPv6 alone" network only virbr9 "<ip family='ipv6' address='2001:db8:79::1' prefix='64'/>"
installer_profile signed "efi-x64='bootnetx64.efi'"
chmod -R a+rX "$USHER_LAB/chain" "$USHER_LAB/more"
usher_config "<segment network='only'><ipv6/></segment><profiles dir='$USHER_LAB/more'/>" >"$USHER_LAB/usher.xml"
need "the service starts" usher_start
need "a network of both families is made" "$USHER" network create both --subnet 10.78.0.0/24 --ipv6 2001:db8:78::/64 --forward none

"$USHER" create six --profile tiny --network only --ip 2001:db8:79::50 --ssh-key "$key.pub" --wait >"$USHER_LAB/six" 2>&1 &
six=$!
"$USHER" create dual --profile tiny --network both --ip 10.78.0.50 --ssh-key "$key.pub" --wait >"$USHER_LAB/dual" 2>&1 &
dual=$!
wait $six || { fail "create --wait in a network of IPv6 alone: exit $?"; cat "$USHER_LAB/six"; show_all; }
wait $dual || { fail "create --wait in a network of both: exit $?"; cat "$USHER_LAB/dual"; show_all; }
check "the one with IPv6 alone is up" state_is six up
check "by these steps" timeline_has six created armed leased booting installing installed up
check "all that it loaded came by IPv6" told six booting 2001:db8:79::50
check "it has one address" on_is 1 2001:db8:79::50 "ip -6 -o address show scope global | grep -c 2001:db8:79::50/"
check "and none of IPv4" on_is 0 2001:db8:79::50 "ip -4 -o address show scope global | wc -l"
check "it runs from its own disk" runs_from_disk 2001:db8:79::50
check "the one with both is up" state_is dual up
check "it answers by IPv4" runs_from_disk 10.78.0.50
check "and by IPv6, at the address with the same number" runs_from_disk 2001:db8:78::a4e:32
[ $LAB_FAILED = 0 ] || on 10.78.0.50 'cat /etc/systemd/network/*; ip -6 address; journalctl -b -u systemd-networkd | tail -n 20'
lease_of() { "$USHER" leases --json | jq -r --arg n "$1" '.leases[] | select(.hostname == $n or .machine == $n) | .address' | sort -u | xargs; }
check "its leases are one of each family" test "$(lease_of dual)" = "10.78.0.50 2001:db8:78::a4e:32"

# --- Secure Boot ---------------------------------------------------------------------------------------------------------
tcpdump -n -l -e -i virbr9 --immediate-mode "ether src 52:54:00:00:00:51 and udp dst port 67" >"$USHER_LAB/asked4" 2>/dev/null &
sniffer=$!
began=$(date +%s)
check "a guest with Secure Boot is created" "$USHER" create secured --profile signed --firmware efi-secure --network only \
	--ip 2001:db8:79::51 --mac 52:54:00:00:00:51 --memory 1G --no-ssh-key
leased_at() { "$USHER" timeline secured --json | jq -e 'select(.kind == "leased")'; }
check "its firmware asks for IPv6" wait_until 200 leased_at
kill $sniffer
wait $sniffer
is_unasked() { ! grep BOOTP "$USHER_LAB/asked4"; }
check "and did not ask for IPv4 before" is_unasked
echo "| OVMF, Secure Boot, in a network of IPv6 alone: $(($(date +%s) - began)) s from the command to its first lease"
booted() { "$USHER" timeline secured | grep "Linux by UEFI, Secure boot enabled"; }
booted_or_failed() { booted || state_is secured failed; }
wait_until 600 booted_or_failed
check "it comes to an installer with its answers" booted
"$USHER" delete secured --yes >/dev/null 2>&1

# --- what the filters hold ----------------------------------------------------------------------------------------------
filter_of() { virsh -q dumpxml "$1" | grep -o "filterref filter='[^']*'" | cut -d "'" -f 2; }
check "the filter of IPv6 alone" test "$(filter_of six)" = usher-guest-ipv6-only
check "of both" test "$(filter_of dual)" = usher-guest-ipv6
# what it says from an address that is not its own is heard by nobody
# says ADDRESS: the guest sends a datagram from there; is it heard?
says() {
	tcpdump -n -l -i virbr9 --immediate-mode "udp and src $1" >"$USHER_LAB/heard" 2>/dev/null &
	local sniffer=$!
	sleep 1
	# shellcheck disable=SC2016
	on 2001:db8:79::50 'd=$(ls /sys/class/net | grep -v "^lo$"); ip -6 address add '"$1"'/128 dev $d nodad
		ip -6 route add 2001:db8:79::1 dev $d src '"$1"'; bash -c "echo here >/dev/udp/2001:db8:79::1/9999"
		ip -6 route del 2001:db8:79::1; [ '"$1"' = 2001:db8:79::50 ] || ip -6 address del '"$1"'/128 dev $d'
	sleep 2
	kill $sniffer
	wait $sniffer
	grep 'UDP' "$USHER_LAB/heard"
}
is_silent() { ! says "$1"; }
check "it is heard from its own address" says 2001:db8:79::50
check "and not from another's" is_silent 2001:db8:79::66

# --- clones --------------------------------------------------------------------------------------------------------------
on 2001:db8:79::50 systemctl poweroff 2>/dev/null
check "the one with IPv6 alone is shut off" wait_until 60 domain_is six "shut off"
check "and becomes a template" timeout 600 "$USHER" template six
check "clones of it are made" "$USHER" clone six "c{1..2}"
check "and are up" timeout 300 "$USHER" wait c1 c2 || show_all
clone_at() { on_is "$1" "$("$USHER" show "$1" --json | jq -r '.nics[0].addresses[0]')" hostname; }
check "one answers at its own IPv6 address, by its name" clone_at c1
check "so does the other" clone_at c2
lab_end
