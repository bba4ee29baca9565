# SPDX-License-Identifier: GPL-2.0-or-later
# For the labs that load the service with many clients, bash: after lib.sh and net.sh,
#
#     load_enter "$@"        net_enter; the service's link is p1, and the clients are behind it; $load_more goes into its segment
#     load NAME [OPTION…]    dhcp_load: its ACKs go on in $acks, its last word in $USHER_LAB/NAME
#     load6 NAME [OPTION…]   the same clients by DHCPv6: in $acks6
#     said NAME WORD         a number of that last word
#     compare WHAT [ACKS]    a check: every ACK in $acks is among the service's leases, and no address at two clients
#
# $USHER_LAB and the state folder in it are in memory; slow_disk.so, preloaded, makes a disk of that.

load_enter() {
	net_enter "$@"
	acks=$USHER_LAB/acks acks6=$USHER_LAB/acks6
	: >"$acks"
	: >"$acks6"
	sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
	load_build
	client 1 02:ff:00:00:00:01
	ip address add 10.66.0.1/16 dev p1
	ip -6 address add 2001:db8:66::1/64 dev p1 nodad
	inside 1 ip address add 10.66.1.1/16 dev c1
	load_config >"$USHER_LAB/usher.xml"
	# a preloaded library comes before the sanitizer's own, which does not like that
	export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
}

load_build() {
	${CC:-gcc} -O2 -o "$USHER_LAB/dhcp_load" "$LAB_TOP/tests/lab/dhcp_load.c" &&
		${CC:-gcc} -shared -fPIC -O2 -o "$USHER_LAB/slow_disk.so" "$LAB_TOP/tests/lab/slow_disk.c" ||
		{ fail "dhcp_load.c and slow_disk.c compile"; lab_end; }
}

load_config() {
	cat <<-END
		<usher>
		  <user name='root'/>
		  <state dir='$USHER_LAB/state'/>
		  <socket path='$USHER_SOCKET'/>
		  <profiles dir='$USHER_LAB/profiles'/>
		  <segment interface='p1' mode='own' lease='7200' probe='0'>
		    <pool start='10.66.128.0' end='10.66.255.254'/>${load_more:-}
		  </segment>
		</usher>
	END
}

load() {
	local name=$1
	shift
	inside 1 "$USHER_LAB/dhcp_load" -i c1 -o "$acks" "$@" >"$USHER_LAB/$name" 2>&1
}

load6() {
	local name=$1
	shift
	inside 1 "$USHER_LAB/dhcp_load" -6 -i c1 -o "$acks6" "$@" >"$USHER_LAB/$name" 2>&1
}

said() { grep -o "\b$2=[0-9.]*" "$USHER_LAB/$1" | cut -d= -f2; }

# Whom the service knows: MAC ADDRESS STATE EXPIRES, a line each.
leases() { "$USHER" leases --json | jq -r '.leases[] | "\(.mac) \(.address) \(.state) \(.expires | (sub("[.][0-9]+"; "") | fromdate) + ((capture("[.](?<ms>[0-9]+)").ms // "0" | "0." + .) | tonumber))"'; }

# Of each client that did not give its address back the last ACK counts: the service must hold that address for it, for
# as long as it was told (but for 10 ms: the service counts whole milliseconds). An address that two clients were given, or a client that was given two, is wrong whatever the
# service says.
compare() {
	if compare_acks "${2:-$acks}" >"$USHER_LAB/compared"; then pass "$1: $(tail -n 1 "$USHER_LAB/compared")"; else
		fail "$1"
		tail -n 8 "$USHER_LAB/compared" | sed 's/^/    /'
	fi
}
compare_acks() {
	leases >"$USHER_LAB/leases" || return 1
	awk 'NR == FNR {state[$1, $2] = $3; until[$1, $2] = $4; leases++; next}
		$3 == 0 {delete holder[$2]; delete address[$1]; next}
		($2 in holder) && holder[$2] != $1 {print $2, "at two clients:", holder[$2], $1; bad++}
		($1 in address) && address[$1] != $2 {print $1, "was moved from", address[$1], "to", $2; bad++}
		{holder[$2] = $1; address[$1] = $2; ends[$1] = $6 + $3; acks++}
		END {
			for (mac in address) {
				clients++
				if (state[mac, address[mac]] != "bound") {print mac, address[mac], "is lost"; bad++}
				else if (until[mac, address[mac]] < ends[mac] - 0.01) {print mac, "is to end too soon"; bad++}
			}
			printf "%d ACKs of %d clients, %d leases stored, %d wrong\n", acks, clients, leases, bad
			exit bad != 0
		}' "$USHER_LAB/leases" "$1"
}
