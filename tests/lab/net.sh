# SPDX-License-Identifier: GPL-2.0-or-later
# For labs on plain interfaces, bash, after lib.sh: clients in namespaces of their own, nothing of libvirt.
#
#     net_enter "$@"             the script goes on in a network, mounts and processes of its own; all vanish with it
#     net_bridge NAME ADDRESS/LEN MAC
#     client N MAC [BRIDGE]      a machine with the interface cN; the other end, pN, is in BRIDGE
#     inside N COMMAND…          runs there
#     power_cut N                kills all that runs there, and takes the machine away
#     get N [OPTION…]            one exchange by its udhcpc; told N WORD, is N WORD VALUE: what it was told
#
# $USHER_LAB/leased is a script for udhcpc and dhclient: it sets the address and writes what it was told into $OUT.

net_enter() {
	[ -n "${USHER_LAB:-}" ] ||
		exec unshare -n -m -p --fork --kill-child=KILL --mount-proc env USHER_LAB=/run/usher-lab "$0" "$@"
	mount -t tmpfs -o mode=755 lab /run
	mkdir -p -m 755 "$USHER_LAB" "$USHER_LAB/state"
	mkdir -p -m 1777 "$USHER_LAB/tmp"
	export USHER_SOCKET=$USHER_LAB/run/sock TMPDIR=$USHER_LAB/tmp
	ip link set lo up
	net_lease_script
}

net_lease_script() {
	cat >"$USHER_LAB/leased" <<-'END'
		#!/bin/sh
		case ${1:-$reason} in
		bound | renew) address=$ip/$mask ;;
		BOUND | RENEW | REBIND | REBOOT) address=$new_ip_address/$new_subnet_mask ;;
		PREINIT) exec ip link set "$interface" up ;;
		deconfig | EXPIRE | FAIL | RELEASE | STOP) exec ip address flush dev "$interface" ;;
		*) exit 0 ;;
		esac
		ip address flush dev "$interface"
		ip address add "$address" dev "$interface"
		env >"$OUT"
	END
	chmod 755 "$USHER_LAB/leased"
}

net_bridge() {
	ip link add "$1" type bridge
	ip link set "$1" address "$3" up
	ip address add "$2" dev "$1"
}

CLIENT_HOLDER=() CLIENT_PID=()

client() {
	local n=$1 mac=$2 bridge=${3:-}
	unshare -n -m -p --fork --kill-child=KILL --mount-proc sleep infinity &
	CLIENT_HOLDER[n]=$!
	wait_until 10 pgrep -P "${CLIENT_HOLDER[n]}"
	CLIENT_PID[n]=$(pgrep -P "${CLIENT_HOLDER[n]}")
	ip link add "p$n" type veth peer name "c$n" address "$mac" netns "/proc/${CLIENT_PID[n]}/ns/net"
	ip link set "p$n" ${bridge:+master "$bridge"} up
	inside "$n" ip link set lo up
	inside "$n" ip link set "c$n" up
}

inside() { local n=$1; shift; nsenter -t "${CLIENT_PID[n]}" -n -m -p "$@"; }

power_cut() {
	kill -KILL "${CLIENT_HOLDER[$1]}"
	wait "${CLIENT_HOLDER[$1]}" 2>/dev/null
	wait_until 10 test ! -d "/proc/${CLIENT_PID[$1]}"
	# the kernel takes it with the namespace, in its own time
	ip link del "p$1" 2>/dev/null
}

get() {
	local n=$1
	shift
	rm -f "$USHER_LAB/$n"
	inside "$n" env OUT="$USHER_LAB/$n" udhcpc -i "c$n" -f -q -n -t 5 -T 1 -s "$USHER_LAB/leased" "$@" \
		>"$USHER_LAB/udhcpc.$n" 2>&1
}
told() { sed -n "s/^$2=//p" "$USHER_LAB/$1"; }
is() { [ "$(told "$1" "$2")" = "$3" ] || { echo "$2 is '$(told "$1" "$2")', not '$3'"; return 1; }; }

# libvirt_knows MAC NETWORK: a guest of somebody's is defined there, as one whose card this client plays.
libvirt_knows() {
	cat >"$USHER_LAB/stub.xml" <<-END
		<domain type='qemu'><name>of-${1//:/}</name><memory>65536</memory><os><type>hvm</type></os><devices>
		<interface type='network'><mac address='$1'/><source network='$2'/></interface></devices></domain>
	END
	virsh -q define "$USHER_LAB/stub.xml"
}
libvirt_forgets() { virsh -q undefine "of-${1//:/}"; }
