#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# IPv6 in libvirt's networks: served beside IPv4, and alone, where no dnsmasq advertises; where one does, IPv4 is served and one
# line says why and what to do. It is served once the network is changed as that line says, while the service runs.
# shellcheck source=/dev/null disable=SC2119,SC2154,SC2317
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/net.sh"
. "$LAB_TOP/tests/lab/profiles.sh"
sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0

# network NAME BRIDGE XML…: defined and started anew
network() {
	cat >"$USHER_LAB/$1.xml" <<-END
		<network>
		  <name>$1</name>
		  <bridge name='$2' stp='off' delay='0'/>
		  ${*:3}
		</network>
	END
	virsh -q net-destroy "$1" 2>/dev/null
	virsh -q net-undefine "$1" 2>/dev/null
	virsh -q net-define "$USHER_LAB/$1.xml" && virsh -q net-start "$1"
}
segment() { curl -s --unix-socket "$USHER_SOCKET" http://usher/api/v1/status | jq -e --arg n "$1" ".segments[] | select(.name == \$n) | $2"; }
has_event() { "$USHER" timeline --json | jq -es --arg k "$1" --arg t "$2" 'any(.[]; .kind == $k and (.text | contains($t)))'; }
warnings() { grep -c "warning: loud: IPv6 is not served" "$USHER_LAB/usher.log"; }
gets() { [ "$(inside "$1" curl -gsS --max-time 5 -o /dev/null -w '%{http_code}' "$2/boot/lab/kernel")" = 200 ]; }

quiet="<dns enable='no'/><ip address='10.81.0.1' prefix='24'/><ip family='ipv6' address='fd00:81::1' prefix='64'/>"
check "a network of both families, without dnsmasq" network both virbr8 "$quiet"
check "one of IPv6 alone" network only virbr9 "<forward mode='route'/><dns enable='no'/><ip family='ipv6' address='fd00:82::1' prefix='64'/>"
check "one whose dnsmasq advertises" network loud virbr10 "<ip address='10.83.0.1' prefix='24'/><ip family='ipv6' address='fd00:83::1' prefix='64'/>"
lab_profile lab kernel '# {{machine.name}}'
lab_profiles_config | sed "/<segment/,/<\/segment>/d; /<\/usher>/d" >"$USHER_LAB/usher.xml"
cat >>"$USHER_LAB/usher.xml" <<END
  <media name='lab' path='$USHER_LAB/medium'/>
  <segment network='both'><ipv6/></segment>
  <segment network='only'><ipv6/></segment>
  <segment network='loud'><ipv6/></segment>
</usher>
END
chmod -R a+rX "$USHER_LAB/medium"
for n in 8 9 10; do client $n 02:00:00:00:00:$(printf %02x $n) virbr$n; inside $n sysctl -qw net.ipv6.conf.c$n.disable_ipv6=0; done
inside 8 ip -6 address add fd00:81::8/64 dev c8 nodad
inside 9 ip -6 address add fd00:82::9/64 dev c9 nodad
inside 10 ip -6 address add fd00:83::10/64 dev c10 nodad

check "the service starts" usher_start || lab_end
check "both families are served" wait_until 10 segment both '.serving and .server == "10.81.0.1" and .ipv6.server == "fd00:81::1" and (.ipv6.router | not)'
check "files come by IPv6" wait_until 10 gets 8 'http://[fd00:81::1]:8067'
check "IPv6 is served alone, where this host routes" segment only '.serving and .server == null and .ipv6.server == "fd00:82::1" and .ipv6.router'
check "files come" wait_until 10 gets 9 'http://[fd00:82::1]:8067'
check "where dnsmasq advertises, IPv4 is served" segment loud '.serving and .server == "10.83.0.1"'
check "and IPv6 is not" wait_until 10 segment loud '.ipv6.problem | contains("sends router advertisements in network '"'loud'"'")'
check "which an event says, and what to do" has_event network "loud: IPv6 is not served: libvirt's dnsmasq sends router advertisements in network 'loud', and guests would follow those: add <dns enable='no'/>"
ip link add extra type veth peer name other && ip link set extra master virbr10 up && ip link del extra
sleep 1
check "once" test "$(warnings)" = 1
check "the network is changed as the line says" network loud virbr10 "<dns enable='no'/><ip address='10.83.0.1' prefix='24'/><ip family='ipv6' address='fd00:83::1' prefix='64'/>"
ip link set p10 master virbr10
check "IPv6 is served then" wait_until 10 segment loud '.ipv6.server == "fd00:83::1"'
check "files come there too" wait_until 10 gets 10 'http://[fd00:83::1]:8067'
virsh -q net-destroy only
check "a network of IPv6 alone that stops is told of" wait_until 10 has_event network "only is no longer served"
virsh -q net-start only
ip link set p9 master virbr9
check "and served again" wait_until 10 gets 9 'http://[fd00:82::1]:8067'
# one of ours, of IPv6 alone
refute "IPv6 alone takes a prefix" "$USHER" network create six --ipv6-only
check "usher makes one" eval '"$USHER" network create six --ipv6 fd00:84::/64 --ipv6-only --forward none | grep -E "^six: fd00:84::/64, forward none, on virbr[0-9]+"'
check "without IPv4" eval '! virsh -q net-dumpxml six | grep -E "netmask|<dhcp|dns enable=.yes"'
check "and serves it" wait_until 10 segment six '.serving and .server == null and .ipv6.server == "fd00:84::1"'
bridge6=$("$USHER" network list --json | jq -r '.networks[] | select(.name == "six").bridge')
client 11 02:00:00:00:00:11 "$bridge6"
check "and leases there, once its bridge has a port" wait_until 15 grep -F "six: DHCPv6 is served" "$USHER_LAB/usher.log"
power_cut 11
check "the same again changes nothing" "$USHER" network create six --ipv6 fd00:84::/64 --ipv6-only
refute "but with a subnet it is another" "$USHER" network create six --ipv6 fd00:84::/64 --subnet 10.84.0.0/24
check "the list has its prefix" eval '"$USHER" network | grep -E "^six +virbr[0-9]+ +fd00:84::/64 +none"'
check "a machine there gets an address of it" eval '"$USHER" enroll bare6 --mac 02:00:00:00:00:77 --network six --profile lab --no-ssh-key && "$USHER" show bare6 --json | grep -F "\"fd00:84::"'
"$USHER" delete bare6 --yes
check "it goes" "$USHER" network delete six
[ $LAB_FAILED = 0 ] || { "$USHER" timeline; sed 's/^/  log: /' "$USHER_LAB/usher.log" | tail -n 40; }
lab_end
