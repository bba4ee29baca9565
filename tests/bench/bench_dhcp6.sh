#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usher, Kea and dnsmasq lease IPv6 addresses to the same clients, one after the other in the same run. Load: perfdhcp -6 -g
# single, a client of its own for each exchange; each figure from a server that was started for it with an empty store.
#
# perfdhcp sends the messages of all its clients from one Ethernet card, and usher knows a client on its own link by its card.
# So the messages come as through a relay (-A1), to each of the servers. The relay's peer-address is not made of a MAC, so
# usher takes the MAC that is in the client's DUID (dhcpd/dhcp6_who.h).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/leases.sh"
bench_enter "$@"

kind=dhcp6 proto=udp6 port=547
server=2001:db8:64::1 relay=2001:db8:64::2 first=2001:db8:64::a40:100 last=2001:db8:64::a43:feff
rates="100 250 500 1000 2000 5000 8000 15000 20000" seconds=4 rounds=3
[ -z "$QUICK" ] || { rates="500 2000 8000 15000" seconds=3 rounds=1; }
rates=${BENCH_RATES:-$rates} rounds=${BENCH_ROUNDS:-$rounds}
top=${rates##* }
declare -A gave_up # by subject: the rate at which it collapsed
syncs=$WORK/syncs

# --- the subjects: start_NAME puts its pid into PID -------------------------------------------------------------------

start_usher() {
	cat >"$WORK/usher.xml" <<-END
		<usher>
		  <user name='nobody'/>
		  <state dir='$WORK/state'/>
		  <socket path='$WORK/run/sock'/>
		  <segment interface='bench0' mode='own' probe='0'><ipv6 address='$server'><pool start='$first' end='$last'/></ipv6></segment>
		</usher>
	END
	serve usher "$USHER" serve -c "$WORK/usher.xml"
}

# Debian's AppArmor profile, where there is one, goes by the program's path and lets it write to few: hence the copy.
start_kea() {
	[ -e "$WORK/kea-dhcp6" ] || cp "$(command -v kea-dhcp6)" "$WORK/kea-dhcp6"
	cat >"$WORK/kea.json" <<-END
		{"Dhcp6": {
		  "interfaces-config": {"interfaces": ["bench0", "bench0/$server"]},
		  "lease-database": {"type": "memfile", "persist": true, "name": "$WORK/state/leases.csv", "lfc-interval": 0},
		  "multi-threading": {"enable-multi-threading": true},
		  "server-id": {"type": "LL", "persist": false},
		  "preferred-lifetime": 3600, "valid-lifetime": 3600,
		  "subnet6": [{"id": 1, "subnet": "2001:db8:64::/64", "pools": [{"pool": "$first - $last"}]}],
		  "loggers": [{"name": "kea-dhcp6", "severity": "WARN", "output_options": [{"output": "stdout"}]}]
		}}
	END
	KEA_PIDFILE_DIR=$WORK/state KEA_LOCKFILE_DIR=$WORK/state serve kea "$WORK/kea-dhcp6" -c "$WORK/kea.json"
}

start_dnsmasq() {
	serve dnsmasq dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --user=root --interface=bench0 \
		--dhcp-range="$first,$last,64,1h" --dhcp-lease-max=300000 --dhcp-leasefile="$WORK/state/leases" \
		--quiet-dhcp6 --pid-file="$WORK/state/pid" --log-facility=-
}

# serve SUBJECT COMMAND…: with its syncs told to a file.
serve() {
	local subject=$1
	shift
	launch "$subject" udp6 547 env LD_PRELOAD="$WORK/slow_disk.so" SLOW_DISK_LOG="$syncs" SLOW_DISK_MS=0 "$@"
}

fresh() { rm -rf "$WORK/state" && mkdir -m 755 "$WORK/state"; }

# --- the load --------------------------------------------------------------------------------------------------------

# load RATE CLIENTS: perfdhcp's report in $WORK/report. -W: late answers are waited for.
load() {
	LD_PRELOAD=$WORK/wide_socket.so timeout -k 1 $((seconds + 20)) nsenter -t "$CLIENTS" -n perfdhcp -6 -A1 -g single -l $relay -r "$1" \
		-R "$2" -p $seconds -W 300000 $server >"$WORK/report" 2>"$WORK/report.err"
}

due() {
	! given_up "$1" "$2" || [ "$2" = "$top" ] || return 1
	case $1 in
	dnsmasq) ;;
	*) [ "$2" -ge 500 ] ;;
	esac
}

# --- the table -------------------------------------------------------------------------------------------------------

table() {
	local rate subject
	printf '%-22s %-10s %8s %8s %8s %9s %7s %9s %9s %7s %8s\n' job subject sent/s done/s lost% "CPU us" ratio "ADVERT us" \
		"4-way us" syncs/s "worst ms"
	for rate in $rates; do
		for subject in $(subjects kea dnsmasq); do
			row "dhcp6-$rate" "$subject" || ! given_up "$subject" "$rate" ||
				printf '%-22s %-10s %8s  (collapsed at %s/s)\n' "dhcp6-$rate" "$subject" - "${gave_up[$subject]}"
		done
	done
}

summary() {
	local rate kea clean
	for rate in 500 1000 2000; do
		kea=$(median dhcp6-$rate kea cpu_us)
		[ -z "$kea" ] || [ -z "$(median dhcp6-$rate usher cpu_us)" ] ||
			echo "CPU per exchange at $rate/s: Kea takes $(calculate "$kea / $(median dhcp6-$rate usher cpu_us)" %.1f) times usher's"
	done
	clean=$(best kea 0.1)
	echo "best rate with at most 0.1 % lost: usher $(best usher 0.1)/s, Kea $clean/s, dnsmasq $(best dnsmasq 0.1)/s"
	[ "$clean" = 0 ] || echo "usher's is $(calculate "$(best usher 0.1) / $clean" %.1f) times Kea's"
}

# --- the run ---------------------------------------------------------------------------------------------------------

for tool in perfdhcp kea-dhcp6 dnsmasq gcc; do
	command -v $tool >/dev/null || die "$tool is missing: contrib/deps bench installs it"
done
[ -x "$USHER" ] || die "$USHER is missing: make builds it"
gcc -O2 -D_GNU_SOURCE -shared -fPIC -o "$WORK/wide_socket.so" "$BENCH_TOP/tests/bench/wide_socket.c" &&
	gcc -O2 -shared -fPIC -o "$WORK/slow_disk.so" "$BENCH_TOP/tests/lab/slow_disk.c" || die "the bench's own programs do not compile"
: >"$WORK/rounds" >"$syncs"
chmod 666 "$syncs"
sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
wires 10.64.0.1 10.64.0.2 14
clients sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.bench1.disable_ipv6=0
# no neighbour discovery either: it can lose the first packets of a flood
ip -6 address add $server/64 dev bench0 nodad
clients ip -6 address add $relay/64 dev bench1 nodad
ip -6 neighbour replace $relay lladdr "$(clients ip -o link show bench1 | link_address)" dev bench0 nud permanent
clients ip -6 neighbour replace $server lladdr "$(ip -o link show bench0 | link_address)" dev bench1 nud permanent
link_local() { ip -6 -o address show dev bench0 scope link | grep -v tentative | grep -q fe80; }
wait_for 10 link_local || die "bench0 has no link-local address"

echo "$(nproc) processors ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)), $rounds rounds of $seconds s; Kea $(
	kea-dhcp6 -v), $(dnsmasq --version | sed -n 's/^Dnsmasq version \([^ ]*\).*/dnsmasq \1/p')"
for ((round = 0; round < rounds; round++)); do
	for rate in $rates; do
		for subject in $(subjects kea dnsmasq); do one $subject "$rate"; done
	done
done
echo
table
echo
summary
bench_end dhcp6-
