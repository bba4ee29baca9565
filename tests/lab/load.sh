# For the labs that load the service with many clients, bash: after lib.sh,
#
#     load_enter "$@"        the script goes on in namespaces of its own: the service's link is `served`, nothing of libvirt
#     load NAME [OPTION…]    dhcp_load behind that link: its ACKs go on in $acks, its last word in $USHER_LAB/NAME
#     said NAME WORD         a number of that last word
#     compare WHAT           a check: every ACK in $acks is among the service's leases, and no address at two clients
#
# $USHER_LAB and the state folder in it are in memory; slow_disk.so, preloaded, makes a disk of that.

load_enter() {
	[ -n "${USHER_LAB:-}" ] || exec unshare -n -m -p --propagation private --fork --kill-child=KILL --mount-proc \
		env USHER_LAB=/run/usher-load TMPDIR=/run/usher-load USHER_SOCKET=/run/usher-load/sock "$0" "$@"
	mount -t tmpfs -o mode=755 lab /run || exit 1
	mkdir -p "$USHER_LAB/state"
	acks=$USHER_LAB/acks
	: >"$acks"
	load_build
	load_network
	load_config >"$USHER_LAB/usher.xml"
	# a preloaded library comes before the sanitizer's own, which does not like that
	export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
}

load_build() {
	"${CC:-gcc}" -O2 -o "$USHER_LAB/dhcp_load" "$LAB_TOP/tests/lab/dhcp_load.c" &&
		"${CC:-gcc}" -shared -fPIC -O2 -o "$USHER_LAB/slow_disk.so" "$LAB_TOP/tests/lab/slow_disk.c" ||
		{ fail "dhcp_load.c and slow_disk.c compile"; lab_end; }
}

# The clients are in a namespace where every address of the pool is local: an answer to a renewal arrives. It would
# answer a probe too.
load_network() {
	unshare -n sleep 3600 &
	clients_ns=$!
	ip link set lo up
	ip link add served type veth peer name clients
	ip address add 10.66.0.1/16 dev served
	ip link set served up
	wait_until 10 ip link set clients netns /proc/$clients_ns/ns/net
	behind ip link set lo up
	behind ip address add 10.66.1.1/16 dev clients
	behind ip link set clients up
	behind ip route add local 10.66.128.0/17 dev lo
}
behind() { nsenter -t "$clients_ns" -n "$@"; }

load_config() {
	cat <<-END
		<usher>
		  <user name='root'/>
		  <state dir='$USHER_LAB/state'/>
		  <socket path='$USHER_SOCKET'/>
		  <profiles dir='$USHER_LAB/profiles'/>
		  <segment interface='served' mode='own' lease='7200' probe='0'>
		    <pool start='10.66.128.0' end='10.66.255.254'/>
		  </segment>
		</usher>
	END
}

# Its messages are the service's fault, or the lab's: a client that cannot send says so.
load() {
	local name=$1
	shift
	behind "$USHER_LAB/dhcp_load" -i clients -o "$acks" "$@" >"$USHER_LAB/$name" 2>&1
}

said() { grep -o "\b$2=[0-9.]*" "$USHER_LAB/$1" | cut -d= -f2; }

# Whom the service knows: MAC ADDRESS STATE EXPIRES, a line each.
leases() { "$USHER" leases --json | jq -r '.leases[] | "\(.mac) \(.address) \(.state) \(.expires | fromdate)"'; }

# Of each client the last ACK counts: the service must hold that address for it, for as long as it was told. An address
# that two clients were given, or a client that was given two, is wrong whatever the service says.
compare() {
	if compare_acks >"$USHER_LAB/compared"; then pass "$1: $(tail -n 1 "$USHER_LAB/compared")"; else
		fail "$1"
		tail -n 8 "$USHER_LAB/compared" | sed 's/^/    /'
	fi
}
compare_acks() {
	leases >"$USHER_LAB/leases" || return 1
	awk 'NR == FNR {state[$1, $2] = $3; until[$1, $2] = $4; leases++; next}
		($2 in holder) && holder[$2] != $1 {print $2, "at two clients:", holder[$2], $1; bad++}
		($1 in address) && address[$1] != $2 {print $1, "was moved from", address[$1], "to", $2; bad++}
		{holder[$2] = $1; address[$1] = $2; ends[$1] = $6 + $3; acks++}
		END {
			for (mac in address) {
				clients++
				if (state[mac, address[mac]] != "bound") {print mac, address[mac], "is lost"; bad++}
				else if (until[mac, address[mac]] < int(ends[mac])) {print mac, "is to end too soon"; bad++}
			}
			printf "%d ACKs of %d clients, %d leases stored, %d wrong\n", acks, clients, leases, bad
			exit bad != 0
		}' "$USHER_LAB/leases" "$acks"
}
