#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usher check, on a host that is broken on purpose: a network stopped, not autostarted or with STP, a pool stopped, ports held,
# a second DHCP server on the bridge, groups; with and without a service. Each lack is a line with its fix.
# shellcheck source=/dev/null disable=SC2119,SC2154,SC2317
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/net.sh"
net_lease_script

# look [OPTION…]: one check; its lines
look() { "$USHER" check -c "$USHER_LAB/usher.xml" "$@" >"$USHER_LAB/lines" 2>&1; }
tells() { grep -qE -- "^$1 +$2" "$USHER_LAB/lines" || { cat "$USHER_LAB/lines"; return 1; }; }
silent_on() { ! grep -E -- "$1" "$USHER_LAB/lines"; }
# server BRIDGE-ADDRESS OPTION…: dnsmasq, for what it can hold
server() {
	dnsmasq --no-daemon --conf-file=/dev/null --no-resolv --no-hosts --pid-file= --leasefile-ro "$@" >>"$USHER_LAB/dnsmasq.log" 2>&1 &
	SERVERS+=($!)
}
SERVERS=()
servers_stop() {
	kill "${SERVERS[@]}"
	wait "${SERVERS[@]}" 2>/dev/null
	SERVERS=()
}
holds() { ss -Hlnp "$1" "sport = :$2" | grep -q dnsmasq; }
network() { # NAME BRIDGE ADDRESS STP
	echo "<network><name>$1</name><bridge name='$2' $4/><ip address='$3' netmask='255.255.255.0'/></network>" >"$USHER_LAB/$1.xml"
	virsh -q net-define "$USHER_LAB/$1.xml"
}

lab_bind "$LAB_TOP/kickstart/profiles" profiles
lab_bind "$LAB_TOP/kickstart/partials" partials
usher_config "<segment network='default'/><segment interface='far0' mode='own'/>" >"$USHER_LAB/usher.xml"
virsh -q net-autostart default
virsh -q pool-autostart default
net_bridge far0 10.72.0.1/24 02:00:00:72:00:01
client 1 02:00:00:00:00:01 virbr0
client 2 02:00:00:00:00:02 far0
wait_until 10 grep -q up /sys/class/net/far0/operstate

check "a whole host has nothing that lacks" look || grep LACKS "$USHER_LAB/lines"
check "user" tells ok "user +'usher' is there"
check "group" tells ok "group +'usher' may talk to libvirt \(group 'libvirt'\)"
check "pool" tells ok "pool +'default' has [0-9.]+ GiB free"
check "network" tells ok "network +'default' on virbr0, 192.168.122.1/24, mode own: usher leases"
check "interface" tells ok "interface +'far0' has 10.72.0.1/24, mode own: usher leases"
check "nobody else leases" tells ok "leases +no other DHCP server answered on virbr0"
check "nowhere" tells ok "leases +no other DHCP server answered on far0"
check "firmware is told of" tells "(ok|note)" "firmware +guests "
check "no port is held" silent_on "^LACKS +port"

virsh -q net-autostart default --disable
virsh -q pool-autostart default --disable
ip link set virbr0 type bridge stp_state 1
server --port=0 --enable-tftp --tftp-root=/run --listen-address=192.168.122.1 --bind-interfaces
server --port=8067 --listen-address=10.72.0.1 --bind-interfaces
server --port=0 --interface=lo --dhcp-range=10.9.9.10,10.9.9.20
inside 2 ip address add 10.72.0.2/24 dev c2
inside 2 dnsmasq --no-daemon --conf-file=/dev/null --port=0 --pid-file= --leasefile-ro --no-ping --interface=c2 \
	--dhcp-range=10.72.0.100,10.72.0.110 >>"$USHER_LAB/dnsmasq.log" 2>&1 &
gpasswd -d usher libvirt >/dev/null
wait_until 10 holds -u 69
wait_until 10 holds -t 8067
wait_until 10 holds -u 67
refute "a broken one lacks" look
check "autostart of the network" tells note "network +'default' is not started with the host: virsh net-autostart default"
check "autostart of the pool" tells note "pool +'default' is not started with the host: virsh pool-autostart default"
check "STP" tells note "bridge +virbr0 has STP on: for [0-9]+ s a new port forwards nothing, a guest's first DISCOVERs are lost: <bridge stp='off' delay='0'/> with virsh net-edit default, and for now ip link set virbr0 type bridge stp_state 0"
check "TFTP's port" tells LACKS "port +TFTP: 69/udp on virbr0, 192.168.122.1 is held by dnsmasq \(process ${SERVERS[0]}\): stop it, or keep it off this link"
check "HTTP's port" tells LACKS "port +HTTP: 8067/tcp on far0, 10.72.0.1 is held by dnsmasq \(process ${SERVERS[1]}\): stop it, or give usher another \(<http port=''/> in usher.xml\)"
check "DHCP's port" tells LACKS "port +DHCP: 67/udp on far0 is held by dnsmasq \(process ${SERVERS[2]}\): stop it"
check "the other DHCP server" tells LACKS "leases +another DHCP server leases on far0: 10.72.0.2, MAC 02:00:00:00:00:02: stop it, or let it lease \(mode='proxy'\)"
check "and none on the other link" tells ok "leases +no other DHCP server answered on virbr0"
check "the group" tells LACKS "group +'usher' is not in group 'libvirt', which may talk to libvirt: usermod -aG libvirt usher"
servers_stop
power_cut 2
usermod -aG libvirt usher
virsh -q net-autostart default

virsh -q net-destroy default
virsh -q pool-destroy default
ip link set far0 down
refute "stopped things lack" look
check "the network" tells LACKS "network +'default' is not active: virsh net-start default"
check "the pool" tells LACKS "pool +storage pool default is not active: virsh pool-start default"
check "the interface" tells LACKS "interface +'far0' is down: ip link set far0 up"
virsh -q net-start default
virsh -q pool-start default
ip link set far0 up
ip link set p1 master virbr0

client 3 02:00:00:00:00:03 virbr0
wait_until 10 grep -q up /sys/class/net/virbr0/operstate
sed -i "s|<segment .*||" "$USHER_LAB/usher.xml"
check "the service starts" usher_start --network default
"$USHER" network create lab0 >/dev/null
check "it is content with its own" look
check "and says that it answers" tells ok "service +version .* answers on $USHER_SOCKET"
check "what usher made is looked at" tells ok "network +'lab0' on virbr1, 10.77.0.1/24, mode own: usher leases"
check "so is what its command line names" tells ok "network +'default' on virbr0, 192.168.122.1/24, mode own: usher leases"
check "ports are its own" silent_on "^LACKS +port"
virsh -q net-undefine lab0
virsh -q net-destroy lab0
network slow virbr9 10.79.0.1 "stp='on' delay='2'"
inside 3 ip address add 192.168.122.66/24 dev c3
inside 3 dnsmasq --no-daemon --conf-file=/dev/null --port=0 --pid-file= --leasefile-ro --no-ping --interface=c3 \
	--dhcp-range=192.168.122.200,192.168.122.210 >>"$USHER_LAB/dnsmasq.log" 2>&1 &
heard() { get 1; "$USHER" timeline | grep 'another DHCP server on default: 192.168.122.66'; }
check "the service hears the other server" wait_until 10 heard
refute "something lacks now" look --network slow
check "what usher made and is gone" tells LACKS "network +'lab0' was made by usher, and libvirt has it no more: usher network create lab0"
check "who was heard" tells LACKS "leases +another DHCP server was heard on 'default': 192.168.122.66, MAC 02:00:00:00:00:03: stop it"
check "a network that was never started" tells LACKS "network +'slow' is not active: virsh net-start slow"
refute "another user is told that he may not ask" setpriv --reuid nobody --regid nogroup --clear-groups \
	sh -c "cp $USHER $TMPDIR/usher; $TMPDIR/usher check -c $USHER_LAB/usher.xml >$TMPDIR/theirs"
check "libvirt too, and what to do" grep -E "^LACKS +libvirt .*[Dd]enied.*: look as root, or as a member of group libvirt" "$TMPDIR/theirs"
check "with the reason" grep -E "^LACKS +service +.*this user may not talk to the service" "$TMPDIR/theirs"
power_cut 3
usher_stop
lab_end
