# SPDX-License-Identifier: GPL-2.0-or-later
# For labs that hold DHCPv6 clients against the service, bash, after net.sh, profiles.sh and clients.sh (whose lanes, cells and
# table it uses): a machine with IPv6, what it said on the wire, and the systems.
#
#     clients6_start SEGMENTS         prepares the service on br0, 10.66.0.1/24 and 2001:db8:66::1/64
#     wire6_start LINK                who listens there
#     client6 N MAC [BRIDGE]          as client, with IPv6
#     try6 NAME                       one of dhclient, dhcpcd, networkd, wide, networkmanager goes through all that it can do
#     lease6 NAME                     it only takes a lease
#     rack6                           a wire behind a router of ours, br2 with 2001:db8:2::/64, where it advertises itself
#     relay6                          its relay, ISC's, which says of a client only its link-local address

peers=$LAB_TOP/build/peers

clients6_start() {
	sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
	lab_profile plain kernel '# {{machine.name}}'
	lab_profiles_config "$1" | sed "s|<user .*|<user name='root'/>|; s|/var/lib/usher'|$USHER_LAB/state'|" >"$USHER_LAB/usher.xml"
	net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
	ip -6 address add 2001:db8:66::1/64 dev br0
	leased6_script
}

rack6() {
	ip link add br2 type bridge
	sysctl -qw net.ipv6.conf.br2.disable_ipv6=1 # we are not on it
	ip link set br2 up
	client6 90 02:00:00:00:00:90 br0 # the relay and router
	ip link add p90r type veth peer name c90r address 02:00:00:00:02:90 netns "/proc/${CLIENT_PID[90]}/ns/net"
	ip link set p90r master br2 up
	inside 90 sysctl -qw net.ipv6.conf.c90r.disable_ipv6=0 net.ipv6.conf.c90r.accept_dad=0 net.ipv6.conf.all.forwarding=1
	inside 90 ip -6 address add 2001:db8:66::2/64 dev c90 nodad
	inside 90 ip -6 address add 2001:db8:2::1/64 dev c90r nodad
	inside 90 ip link set c90r up
	ip -6 route add 2001:db8:2::/64 via 2001:db8:66::2
	# without a router's word dhcpcd and networkd do not ask
	inside 90 python3 "$LAB_TOP/tests/lab/ra.py" c90r 2001:db8:2:: MO 1800 >"$USHER_LAB/ra.log" 2>&1 &
}
relay6() {
	inside 90 sh -c 'echo $$ >"$0/relay.pid"; exec dhcrelay -6 -d -l c90r -u 2001:db8:66::1%c90' "$USHER_LAB" >"$USHER_LAB/relay.log" 2>&1 &
	wait_until 10 grep -q "Sending on" "$USHER_LAB/relay.log"
}

client6() {
	local n=$1
	client "$@"
	# what a real link shows first is not what is tested: a client would wait a second for its own link-local address
	inside "$n" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 "net.ipv6.conf.c$n.accept_dad=0" "net.ipv6.conf.c$n.disable_ipv6=0"
	wait_until 10 link_local "$n"
}
link_local() { inside "$1" ip -6 -o address show dev "c$1" scope link | grep -v tentative | grep -q fe80; }

# A script for dhclient -6.
leased6_script() {
	cat >"$USHER_LAB/leased6" <<-'END'
		#!/bin/sh
		case $reason in
		BOUND6 | RENEW6 | REBIND6)
			[ "${old_ip6_address:-$new_ip6_address}" = "$new_ip6_address" ] || ip -6 address del "$old_ip6_address/128" dev "$interface"
			ip -6 address replace "$new_ip6_address/128" dev "$interface" valid_lft "$new_max_life" preferred_lft "$new_preferred_life" ;;
		DEPREF6) ip -6 address change "$cur_ip6_address/128" dev "$interface" preferred_lft 0 ;;
		EXPIRE6 | RELEASE6 | STOP6) ip -6 address flush dev "$interface" scope global ;;
		esac
		env >"$OUT"
	END
	chmod 755 "$USHER_LAB/leased6"
}

# --- the wire: "MAC MESSAGE ADDRESS DUID", of the client whose MAC it is; ADDRESS is the first that lives ------------------

wire6_lines() {
	local line what mac address rest duid
	while read -r line; do
		[[ $line =~ \ ([0-9a-f:]{17})\ \>\ ([0-9a-f:]{17}),.*\ dhcp6\ ([a-z-]+)\ \( ]] || continue
		mac=${BASH_REMATCH[1]} what=${BASH_REMATCH[3]} address='' duid='' rest=$line
		[[ $what != advertise && $what != reply ]] || mac=${BASH_REMATCH[2]}
		[[ ! $line =~ \(client-ID\ ([^\)]*)\) ]] || duid=${BASH_REMATCH[1]// /}
		while [[ -z $address && $rest =~ \(IA_ADDR\ ([0-9a-f:]+)\ pltime:[0-9]+\ vltime:([0-9]+)(.*) ]]; do
			address=${BASH_REMATCH[1]} rest=${BASH_REMATCH[3]}
			[[ $what != reply || ${BASH_REMATCH[2]} != 0 ]] || address=''
		done
		echo "$mac $what ${address:--} $duid"
	done
}

wire6_start() {
	tcpdump --immediate-mode -l -e -n -vvv -i "$1" udp port 547 2>"$USHER_LAB/tcpdump" |
		wire6_lines >"$USHER_LAB/wire" &
	wait_until 10 grep -q "listening on" "$USHER_LAB/tcpdump"
}

# Replaces clients.sh's: since the mark it said FIRST, and then a REPLY gave it its address.
answered_now() { heard | sed -n "/^$mac $1 /,\$p" | grep -q "^$mac reply ${address:-2001:db8:[0-9a-f:]*} "; }
answered() { wait_until $patience answered_now "$1"; }
at_once() { ! heard | grep -qE " (advertise|request) "; }
has_address() { inside "$n" ip -6 -o address show dev "c$n" scope global | grep -qF " $address/"; }
set_it() { wait_until 10 has_address; }
leases6() { "$USHER" leases --json | jq -r --arg mac "$mac" '.leases[] | select(.mac == $mac and (.address | contains(":"))) | '"$1"; }
leased() { [ "$(leases6 '.address + " " + .state')" = "$address $1" ]; }
expires_after() { [[ $(leases6 .expires) > $1 ]]; }
on_timeline() { "$USHER" timeline --json | jq -r 'select(.kind == "leased").text' | grep -F "$address to $mac ("; }
given_back_now() { heard | grep -q "^$mac release $address "; }
# What is a machine's by its record, or by its MAC, it keeps; that of the pool is free.
given_back() {
	wait_until 10 given_back_now || return 1
	case $kind in
	pool) wait_until 10 leased released ;;
	own) wait_until 10 release_told && leased bound ;;
	*) leased bound ;;
	esac
}
release_told() { "$USHER" timeline --json | jq -r 'select(.kind == "released").text' | grep -F "$address released by $mac"; }
duids() { awk -v mac="$mac" '$1 == mac && $4 != "" {print $4}' "$USHER_LAB/wire" | sort -u; }
many_duids() { [ "$(duids | wc -l)" -ge "$1" ]; }

# --- systems ------------------------------------------------------------------------------------------------------------

# Drops its RENEWs before we see them: it has to rebind. A DHCPv6 message's type is its first byte.
deaf6() { nft "$1" element bridge lab deaf "{ $mac }"; }
deaf6_setup() {
	nft -f - <<-END
		table bridge lab {
			set deaf { type ether_addr; }
			chain in { type filter hook input priority 0; ether saddr @deaf ether type ip6 udp dport 547 @th,64,8 5 drop; }
		}
	END
}

# With what was only unpacked, as if it was installed.
unpacked() {
	local name lower=''
	for name; do lower=$lower$peers/$name/usr:; done
	inside "$n" mount -t overlay -o "lowerdir=$lower/usr" overlay /usr
}

dhclient6_run() {
	local run=$1
	shift
	printf '%s\n' 'timeout 30;' 'initial-interval 1;' >"$USHER_LAB/dhclient.conf.$n"
	"$run" dhclient -6 -d "$@" -cf "$USHER_LAB/dhclient.conf.$n" -sf "$USHER_LAB/leased6" -pf "$USHER_LAB/dhclient.pid.$n" \
		-lf "$disk/dhclient.leases" -e OUT="$USHER_LAB/told.$n" "c$n"
}
dhclient_6() { dhclient6_run run; }
dhclient_renew6() { :; }
dhclient_release6() { dhclient6_run here -r; }

dhcpcd_6() {
	printf '%s\n' duid ipv6only 'script /bin/true' 'option rapid_commit' >"$USHER_LAB/dhcpcd.conf.$n"
	mkdir -p /run/dhcpcd
	inside "$n" mount -t tmpfs machine /run/dhcpcd
	inside "$n" mount --bind "$disk" /var/lib/dhcpcd
	run dhcpcd -6 -B -d -f "$USHER_LAB/dhcpcd.conf.$n" "c$n"
}
dhcpcd_renew6() { poke USR1; }
dhcpcd_release6() { poke ALRM; }

networkd_6() {
	inside "$n" ip link set "c$n" down
	# shellcheck disable=SC2016
	run bash -c '
		mount -t tmpfs machine /run && mount -t sysfs -o ro machine /sys && mount -t tmpfs machine /etc/systemd/network || exit
		mkdir -p /run/dbus
		install -d -o systemd-network -g systemd-network /run/systemd/netif /run/systemd/netif/{links,leases,lldp}
		printf "%s\n" "[Match]" "Name=$1" "[Network]" DHCP=ipv6 LinkLocalAddressing=ipv6 IPv6AcceptRA=yes >/etc/systemd/network/lab.network
		dbus-daemon --system --nofork --nopidfile --nosyslog &
		until [ -S /run/dbus/system_bus_socket ]; do sleep 0.1; done
		SYSTEMD_LOG_LEVEL=debug exec /lib/systemd/systemd-networkd' networkd "c$n"
}
networkd_renew6() { :; } # and gives nothing back; NetworkManager neither

wide_6() {
	unpacked wide-dhcpv6-client
	printf '%s\n' "interface c$n { send ia-na 0; request domain-name-servers; };" 'id-assoc na 0 { };' >"$USHER_LAB/dhcp6c.conf.$n"
	mkdir -p /var/lib/dhcpv6
	inside "$n" mount --bind "$disk" /var/lib/dhcpv6
	run dhcp6c -f -D -c "$USHER_LAB/dhcp6c.conf.$n" -p "$USHER_LAB/dhcp6c.pid.$n" "c$n"
}
wide_renew6() { :; }
wide_release6() { poke TERM; }

networkmanager_6() {
	unpacked network-manager libnm0 libndp0 libteamdctl0 libmm-glib0 libbluetooth3
	# shellcheck disable=SC2016
	run bash -c '
		mount -t tmpfs machine /run && mount -t sysfs -o ro machine /sys || exit
		mkdir -p /run/dbus /run/nm/system-connections
		printf "%s\n" "[connection]" id=lab uuid=01234567-89ab-4def-8123-0000000000$(printf %02x "$2") type=ethernet interface-name=$1 \
			"[ipv4]" method=disabled "[ipv6]" method=dhcp addr-gen-mode=stable-privacy >/run/nm/system-connections/lab.nmconnection
		chmod 600 /run/nm/system-connections/lab.nmconnection
		printf "%s\n" "[main]" plugins=keyfile "dhcp=internal" no-auto-default=* rc-manager=unmanaged "[keyfile]" path=/run/nm/system-connections \
			"[logging]" level=DEBUG domains=DHCP6,IP6,CORE,DEVICE >/run/nm/nm.conf
		dbus-daemon --system --nofork --nopidfile --nosyslog &
		until [ -S /run/dbus/system_bus_socket ]; do sleep 0.1; done
		exec NetworkManager --no-daemon --config=/run/nm/nm.conf --config-dir=/run/nm/none --intern-config=/run/nm/intern --state-file=/run/nm/state \
			--pid-file=/run/nm/pid' nm "c$n" "$n"
}
networkmanager_renew6() { :; }

reboot6() {
	power_cut "$n"
	mkdir -p "$disk"
	client6 "$n" "$mac" "${bridge:-br0}"
	mark
	"${who}_6"
}

take6() { # COLUMN WHAT
	rm -rf "$disk"
	reboot6
	try "$1" "$2" answered solicit || return
	address=${address:-$(leases6 .address)}
	try "$1" "sets the address" set_it || return
	try "$1" "has a lease in the store" leased bound
}

extend6() { # COLUMN MESSAGE
	local before
	before=$(leases6 .expires)
	sleep 1 # the store's times are seconds
	mark
	[ "$2" = renew ] || deaf6 add
	"${who}_renew6"
	patience=70 try "$1" "asks for more" answered "$2"
	[ "$2" = renew ] || deaf6 delete
	try "$1" "has more" wait_until 5 expires_after "$before"
}

try6() {
	who=$1
	mkdir -p "$disk"
	client6 "$n" "$mac" br0
	if take6 leased "takes a lease"; then
		[ "$kind" != own ] || try leased "is on the timeline" wait_until 5 on_timeline
		[[ $2 != *rapid* ]] || try leased "by rapid commit" at_once
		extend6 renewed renew
		extend6 rebound rebind
		if [[ $2 == *confirm* ]]; then
			reboot6
			try rebooted "asks whether its address is of this link" answered_confirm
			try rebooted "sets it again" set_it
		fi
		take6 rebooted "with nothing on its disk has the same again"
		if [[ $2 == *release* ]]; then
			mark
			"${who}_release6"
			try released "gives it back" given_back
			take6 released "has it again after that"
		fi
	fi
	power_cut "$n"
}
answered_confirm() { wait_until $patience confirmed_now; }
confirmed_now() { heard | sed -n "/^$mac confirm $address /,\$p" | grep -q "^$mac reply "; }

lease6() {
	who=$1
	mkdir -p "$disk"
	client6 "$n" "$mac" br0
	take6 leased "takes a lease"
	power_cut "$n"
}
