#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A neighbour that plays the DHCP server, in our name and faster than we are: under libvirt's clean-traffic, without any
# filter, and as a guest of ours. The guest that installs boots what we say; nothing of it reaches its card, while it
# installs and afterwards; and whoever tries is on the timeline, where it can.
# shellcheck source=/dev/null disable=SC2154
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/net.sh"
. "$(dirname "$0")/profiles.sh"
lab=$USHER_LAB server=192.168.122.1
web=192.168.122.2 web_mac=52:54:c0:a8:7a:02
evil=http://192.168.122.51/evil.ipxe

lab_profile lab kernel '# x'
lab_profiles_config >"$lab/usher.xml"
check "rogue.c compiles" ${CC:-gcc} -O2 -o "$lab/rogue" "$LAB_TOP/tests/lab/rogue.c" || lab_end

# filtered N MAC FILTERREF: the neighbour N's port gets it.
filtered() {
	cat >"$lab/binding.xml" <<-END
		<filterbinding><owner><name>n$1</name><uuid>d54df46f-1ab5-4a22-8618-4560ef5fac0$1</uuid></owner>
		<portdev name='p$1'/><mac address='$2'/>$3</filterbinding>
	END
	virsh -q nwfilter-binding-create "$lab/binding.xml"
}
mac_of() { echo "52:54:00:aa:bb:0$1"; }
ip_of() { echo "192.168.122.5$1"; }
filterref() { virsh dumpxml "$@" --xpath //interface/filterref; }
# The card of the guest that runs.
tap() { virsh -q domiflist web | awk '{print $1; exit}'; }
# uses FILTER GUEST [OPTION…]; parameter NAME VALUE
uses() { filterref "${@:2}" | grep -q "filter=['\"]$1['\"]"; }
parameter() { filterref web --inactive | grep -q "name=['\"]$1['\"] value=['\"]$2['\"]"; }
told() { "$USHER" timeline web --json | jq -r "select(.kind == \"$1\").text" | grep -- "$2"; }
booted() { told booting "boot script fetched by $web"; }
heard() { grep -v ready "$lab/heard"; }

# listen COMMAND…: `rogue hear` there, in the background; over: what it heard
listen() {
	"$@" >"$lab/heard" &
	listener=$!
	wait_until 5 grep -q ready "$lab/heard"
}
# send N PORTS…: to the guest, and to all
send() {
	local n=$1
	shift
	inside "$n" "$lab/rogue" send "c$n" "$(mac_of "$n")" "$(ip_of "$n")" $web_mac $web "$@"
	inside "$n" "$lab/rogue" send "c$n" "$(mac_of "$n")" "$(ip_of "$n")" ff:ff:ff:ff:ff:ff 255.255.255.255 "$@"
}
# What a client or a firmware would take for a server's. 9999:9999 is not that.
server_ports="67:68 67:9999 4011:68 4011:4011 9999:68 9999:4011"
reaches_guest() {
	listen "$lab/rogue" hear "$(tap)" 2
	# shellcheck disable=SC2086
	for n in 1 2; do send $n $server_ports 9999:9999; done
	wait $listener
	sort -u "$lab/heard" | grep -v ready
}
only_harmless() { [ "$(reaches_guest)" = 9999:9999 ] || { reaches_guest; return 1; }; }

for n in 1 2 3 4 5 6; do
	client $n "$(mac_of $n)" virbr0
	inside $n ip address add "$(ip_of $n)/24" dev c$n
done
check "a neighbour of somebody else's, with clean-traffic" filtered 1 "$(mac_of 1)" \
	"<filterref filter='clean-traffic'><parameter name='IP' value='$(ip_of 1)'/></filterref>"

# --- as an older usher left it ------------------------------------------------------------------------------------------

# Its guests have clean-traffic alone; and there is the filter of its installing runs.
older() {
	cat >"$lab/old.xml" <<-'END'
		<filter name='usher-install' chain='root'><uuid>7568e572-0000-4000-8000-6e6470666c74</uuid>
		<filterref filter='clean-traffic'/></filter>
	END
	virsh -q nwfilter-define "$lab/old.xml"
	virsh -q destroy old
	virsh dumpxml old --inactive >"$lab/old.xml"
	sed -i "s|<source network=.*|&<filterref filter='clean-traffic'><parameter name='IP' value='192.168.122.3'/></filterref>|" \
		"$lab/old.xml"
	virsh -q define "$lab/old.xml" && virsh -q start old && uses clean-traffic old
}
sed -i "s|<guest |<guest filter='no' |" "$lab/usher.xml"
check "the service starts" usher_start || lab_end
check "a guest, without a filter as configured" "$USHER" create old --profile lab --no-ssh-key --ip 192.168.122.3 || lab_end
refute "has none" uses . old
says() { "$USHER" check -c "$lab/usher.xml" | grep -- "$1"; }
check "which usher check says" says "filter='no'"
check "and names it" says "'default': 1 running guest there without a packet filter (old)"
check "and gets an older usher's" older
usher_stop

sed -i "s| filter='no'||" "$lab/usher.xml"
check "the service starts" usher_start || lab_end
check "that guest gets ours, in its definition" wait_until 20 uses usher-guest old --inactive
check "and where it runs" wait_until 20 uses usher-guest old
check "the older usher's other filter is gone" sh -c '! virsh nwfilter-dumpxml usher-install'
virsh -q destroy old

# --- a guest that installs ----------------------------------------------------------------------------------------------

for n in 1 2; do
	inside $n "$lab/rogue" answer c$n "$(mac_of $n)" "$(ip_of $n)" $web_mac $web $server $evil 67 4011 9999 >"$lab/answers.$n" &
	rogues[n]=$!
	wait_until 5 grep -q ready "$lab/answers.$n"
done
check "a guest is created" "$USHER" create web --profile lab --no-ssh-key --ip $web || lab_end
asked() { grep -q answered "$lab/answers.$1"; }
check "the neighbour with clean-traffic answers in our name" wait_until 60 asked 1
check "so does the one without a filter" asked 2
check "the guest boots from us" wait_until 30 booted
refute "and has never heard of another script" sh -c "$USHER console web --log | grep -a evil"
check "its timeline says that somebody answers in our name" \
	told forged "in usher's name on default: $(ip_of 1), MAC $(mac_of 1) (port p1), leased $web to $web_mac"
check "for each of them" \
	told forged "in usher's name on default: $(ip_of 2), MAC $(mac_of 2) (port p2), leased $web to $web_mac"
check "nothing of a server's reaches the guest" only_harmless
kill "${rogues[@]}"

# --- a guest of ours ----------------------------------------------------------------------------------------------------

check "a neighbour with the filter that guests of ours have" filtered 3 "$(mac_of 3)" \
	"$(filterref web --inactive | sed "s/$web/$(ip_of 3)/")"
listen inside 2 "$lab/rogue" hear c2 2
send 3 67:68 67:9999 69:9999 4011:68 4011:4011 4011:9999 9999:68 547:546 547:9999 9999:9999
wait $listener
check "nothing of a server's leaves it" test "$(heard | sort -u)" = 9999:9999

# The same in other clothes: in fragments, of which the first of IPv6 tells no ports, and with a tag of VLAN 0, which who
# hears it takes off. Of a guest of both families, one of IPv6 alone, and one whose address is not known.
six() { echo "<parameter name='IPV6' value='2001:db8::5$1'/><parameter name='IPV6_LEN' value='128'/>"; }
dressed="67/68 547/546 67^68 547^546 67~68 547~546 9999:546 9999/546"
hears() { # WHAT N: a neighbour without a filter hears nothing but this
	listen inside 2 "$lab/rogue" hear c2 2
	# shellcheck disable=SC2086
	send "$2" $dressed 9999:9999 9999/9999
	wait $listener
	[ "$(heard | sort -u | xargs)" = "$1" ] || { heard | sort | uniq -c; return 1; }
}
pings() { inside "$1" busybox ping -6 -c 1 -W 2 2001:db8::52; }
for n in 2 4 5; do
	inside $n sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.c$n.disable_ipv6=0
	inside $n ip -6 address add 2001:db8::5$n/64 dev c$n nodad
done
check "a neighbour with the filter for both families" filtered 4 "$(mac_of 4)" \
	"$(filterref web --inactive | sed "s/$web/$(ip_of 4)/; s/usher-guest/&-ipv6/; s|</filterref>|$(six 4)&|")"
check "one with that for IPv6 alone" filtered 5 "$(mac_of 5)" "<filterref filter='usher-guest-ipv6-only'>$(six 5)</filterref>"
check "one with that for a guest whose address is not known" filtered 6 "$(mac_of 6)" \
	"<filterref filter='usher-dhcp'>$(filterref web --inactive | grep -E "USHER|DHCPSERVER")</filterref>"
check "nothing of a server's leaves the first, whole or in pieces" hears "9999/9999 9999:9999" 3
check "nor that of both families" hears "9999/9999 9999:9999" 4
check "which speaks IPv6 all the same" pings 4
check "nor that of IPv6 alone, and nothing of IPv4" hears "" 5
check "which speaks IPv6 all the same" pings 5
check "nor that whose address is not known" hears "9999/9999 9999:9999" 6

# --- afterwards ---------------------------------------------------------------------------------------------------------

virsh -q destroy web
check "with its own definition" virsh -q start web
check "nothing of a server's reaches it either" only_harmless

# A filter of ours that somebody has changed, and a network that has another address.
usher_stop
virsh nwfilter-dumpxml usher-dhcp | sed '/<rule/,/<.rule/d' >"$lab/edited.xml"
virsh -q nwfilter-define "$lab/edited.xml" >/dev/null
check "the service starts anew" usher_start
virsh net-dumpxml default --inactive | sed "s/'$server'/'192.168.122.254'/" >"$lab/net.xml"
virsh -q net-destroy default
virsh -q net-define "$lab/net.xml"
virsh -q net-start default
check "a network that has another address: its guests listen to that one" wait_until 20 parameter USHER 192.168.122.254
check "alone" parameter DHCPSERVER 192.168.122.254
check "and a filter of ours that somebody has changed is ours again" sh -c 'virsh nwfilter-dumpxml usher-dhcp | grep -q 4011'

lab_end
