#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The service follows the network while it serves: libvirt's network is destroyed and started again, with another address,
# with a <dhcp> of its own; an interface comes late, changes its address, goes down and up; a network that was not active at
# the start is. Each time udhcpc leases again, and the time until it could is told.
# shellcheck source=/dev/null disable=SC2119,SC2154,SC2317
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/net.sh"
. "$LAB_TOP/tests/lab/profiles.sh"
net_lease_script

logged() { grep -q -- "$1" "$USHER_LAB/usher.log"; }
now_ms() { echo $(($(date +%s%N) / 1000000)); }
serves() {
	curl -sf --unix-socket "$USHER_SOCKET" http://usher/api/v1/status |
		jq -e --arg n "$1" --arg a "$2" '.segments[] | select(.name == $n and .serving and .server == $a)'
}

# back WHAT NAME ADDRESS: it is served within some seconds; how long it took since `begun`.
back() {
	local end=$(($(now_ms) + 5000))
	until serves "$2" "$3" >/dev/null || [ "$(now_ms)" -gt $end ]; do sleep 0.05; done
	check "$1, after $(($(now_ms) - begun)) ms" serves "$2" "$3"
}

leases_as() { get "$1" "${@:3}" && is "$1" ip "$2"; }

# network NAME BRIDGE ADDRESS [DHCP]: defined anew
network() {
	cat >"$USHER_LAB/$1.xml" <<-END
		<network>
		  <name>$1</name>
		  <forward mode='nat'/>
		  <bridge name='$2' stp='off' delay='0'/>
		  <ip address='$3' netmask='255.255.255.0'>${4:-}</ip>
		</network>
	END
	virsh -q net-undefine "$1" 2>/dev/null
	virsh -q net-define "$USHER_LAB/$1.xml"
}
named_wrongly() {
	timeout 10 "$USHER" serve --interface nowhere0 --state "$USHER_LAB/tmp/s" --socket "$USHER_LAB/tmp/s/sock" >"$USHER_LAB/named" 2>&1
}
attach() { ip link set "$1" master "$2"; }

network sleepy virbr7 192.168.77.1
lab_profile plain kernel '# {{machine.name}}'
lab_profiles_config | sed "/<segment/,/<\/segment>/d; /<\/usher>/d" >"$USHER_LAB/usher.xml"
cat >>"$USHER_LAB/usher.xml" <<'END'
  <segment network='default'><pool start='192.168.122.100' end='192.168.122.109'/></segment>
  <segment network='sleepy'/>
  <segment interface='late0' mode='own'/>
  <segment interface='moved0' mode='own'><pool start='10.66.0.100' end='10.66.0.140'/></segment>
</usher>
END
client 1 02:00:00:00:00:01 virbr0
client 2 52:54:c0:a8:8c:07 virbr0 # computed from 192.168.140.7
client 3 52:54:0a:4d:00:07        # from 10.77.0.7, 10.78.0.7 below
client 4 52:54:c0:a8:4d:07        # from 192.168.77.7

ip link add moved0 address 02:66:00:00:00:01 type bridge
ip address add 10.67.0.1/24 dev moved0
ip link set moved0 up
client 5 02:00:00:00:00:05 moved0

libvirt_knows 52:54:c0:a8:8c:07 default
libvirt_knows 52:54:c0:a8:4d:07 sleepy
check "the service starts though one network is not active and one interface is not there" usher_start || lab_end
check "it waits for the interface, and says so" logged "late0: interface 'late0': no such interface; waiting"
check "for the network too" wait_until 10 logged "sleepy: network 'sleepy' is not active: .*; waiting"
check "an interface whose address lies outside its pool is waited for, and stops nobody else" \
	logged "moved0: interface 'moved0' has 10.67.0.1/24, but its pool, 10.66.0.100 to 10.66.0.140, is in another subnet: .*; waiting"
refute "nobody is given an address there" get 5 -t 2
ip address add 10.66.0.1/24 dev moved0
begun=$(now_ms)
back "of its two addresses the one that fits is taken" moved0 10.66.0.1
check "and its pool leased from" leases_as 5 10.66.0.100
ip address del 10.67.0.1/24 dev moved0
check "without the other it is served as before" leases_as 5 10.66.0.100
refute "what the command line names must be there" named_wrongly
check "it says so" grep -q "interface 'nowhere0': no such interface" "$USHER_LAB/named"
refute "a machine cannot be made where no address is known yet" \
	"$USHER" enroll early --mac 02:00:00:00:00:99 --profile plain --network late0 --no-ssh-key
check "a stranger leases from the pool" leases_as 1 192.168.122.100

virsh -q net-destroy default
check "a network that is destroyed is no longer served" wait_until 5 logged "default: virbr0 is gone"
virsh -q net-start default
begun=$(now_ms)
back "started again it is served" default 192.168.122.1
attach p1 virbr0
check "the stranger has its address again" leases_as 1 192.168.122.100

virsh -q net-destroy default
network default virbr0 192.168.140.1
virsh -q net-start default
begun=$(now_ms)
back "with another address it is served" default 192.168.140.1
attach p1 virbr0
attach p2 virbr0
check "it says that the pool lies elsewhere" logged "segment 'default': pool .* not usable by clients in its subnet, 192.168.140.0/24"
check "who computes its address has it" leases_as 2 192.168.140.7
check "from the new address" is 2 serverid 192.168.140.1
check "by the new router" is 2 router 192.168.140.1
check "and name server" is 2 dns 192.168.140.1
refute "an old lease is not granted" get 1 -r 192.168.122.100
check "a machine is enrolled there" "$USHER" enroll metal --mac 02:00:00:00:00:01 --profile plain --network default \
	--ip 192.168.140.9 --arm --no-ssh-key
check "it has its address" leases_as 1 192.168.140.9 -x 0x4d:69505845
url=$(told 1 boot_file)
check "and boots from the new one ($url)" \
	inside 1 curl -sf --max-time 5 "$url" -o /dev/null
check "whose name begins so" test "${url#http://192.168.140.1:8067/m/}" != "$url"
"$USHER" delete metal >/dev/null

virsh -q net-destroy default
network default virbr0 192.168.122.1 "<dhcp><range start='192.168.122.10' end='192.168.122.20'/></dhcp>"
virsh -q net-start default
begun=$(now_ms)
back "with a <dhcp> of its own it is served" default 192.168.122.1
check "beside libvirt's dnsmasq" logged "default: libvirt's dnsmasq leases there"
virsh -q net-destroy default
network default virbr9 192.168.122.1
virsh -q net-start default
begun=$(now_ms)
back "without it, and on another bridge" default 192.168.122.1
attach p1 virbr9
check "the stranger has its first address again" leases_as 1 192.168.122.100

virsh -q net-start sleepy
begun=$(now_ms)
back "a network that was not active at the start" sleepy 192.168.77.1
attach p4 virbr7
check "leases" leases_as 4 192.168.77.7

ip link add late0 type bridge
ip link set late0 up
check "an interface without an address is waited for" wait_until 5 logged "late0: interface 'late0' has no IPv4 address"
ip address add 10.77.0.1/24 dev late0
begun=$(now_ms)
back "an interface that came late" late0 10.77.0.1
attach p3 late0
check "leases" leases_as 3 10.77.0.7
ip address add 10.78.0.1/24 dev late0
ip address del 10.77.0.1/24 dev late0
begun=$(now_ms)
back "its address changed" late0 10.78.0.1
inside 3 ip link set c3 address 52:54:0a:4e:00:07
check "it leases the new subnet's" leases_as 3 10.78.0.7
ip link set late0 down
ip link set late0 up
begun=$(now_ms)
back "down and up" late0 10.78.0.1
check "it leases as before" leases_as 3 10.78.0.7
ip link del late0
check "and gone it is waited for" wait_until 5 logged "late0: late0 is gone"
net_bridge late0 10.78.0.1/24 52:54:00:78:00:01
begun=$(now_ms)
back "made again" late0 10.78.0.1
attach p3 late0
check "it leases as before" leases_as 3 10.78.0.7
usher_stop
lab_end
