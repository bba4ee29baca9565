#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usher, Kea and dnsmasq lease addresses to the same clients, one after the other in the same run, beside a responder
# that stores nothing. Load: perfdhcp -g single, a client of its own for each exchange; each figure from a server that
# was started for it with an empty store. `make bench-dhcp` installs what this needs; lib.sh says what can be set.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/leases.sh"
bench_enter "$@"

kind=dhcp proto=udp port=67
server=10.64.0.1 prefix=14 first=10.64.1.0 last=10.67.254.255
rates="250 500 5000 8000 15000 20000 30000" seconds=4 rounds=3
[ -z "$QUICK" ] || { rates="5000 15000 30000" seconds=3 rounds=1; }
rates=${BENCH_RATES:-$rates} rounds=${BENCH_ROUNDS:-$rounds}
top=${rates##* }
declare -A gave_up # by subject: the rate at which it collapsed
syncs=$WORK/syncs

# --- the subjects: start_NAME puts its pid into PID -------------------------------------------------------------------

# As the service runs, no longer root; like its peers here it does not probe. Its own files are all in $WORK/state.
start_usher() {
	cat >"$WORK/usher.xml" <<-END
		<usher>
		  <user name='nobody'/>
		  <state dir='$WORK/state'/>
		  <socket path='$WORK/run/sock'/>
		  <segment interface='bench0' mode='own' probe='0'><pool start='$first' end='$last'/></segment>
		</usher>
	END
	serve usher "$USHER" serve -c "$WORK/usher.xml"
}

# Debian's AppArmor profile, where there is one, goes by the program's path and lets it write to few: hence the copy.
start_kea() {
	[ -e "$WORK/kea-dhcp4" ] || cp "$(command -v kea-dhcp4)" "$WORK/kea-dhcp4"
	cat >"$WORK/kea.json" <<-END
		{"Dhcp4": {
		  "interfaces-config": {"interfaces": ["bench0"], "dhcp-socket-type": "udp"},
		  "lease-database": {"type": "memfile", "persist": true, "name": "$WORK/state/leases.csv", "lfc-interval": 0},
		  "multi-threading": {"enable-multi-threading": true},
		  "valid-lifetime": 3600,
		  "subnet4": [{"id": 1, "subnet": "10.64.0.0/$prefix", "pools": [{"pool": "$first - $last"}]}],
		  "loggers": [{"name": "kea-dhcp4", "severity": "WARN", "output_options": [{"output": "stdout"}]}]
		}}
	END
	KEA_PIDFILE_DIR=$WORK/state KEA_LOCKFILE_DIR=$WORK/state serve kea "$WORK/kea-dhcp4" -c "$WORK/kea.json"
}

# --no-ping: else it waits 3 s before each address, and nobody else here probes.
start_dnsmasq() {
	serve dnsmasq dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --user=root --interface=bench0 --no-ping \
		--dhcp-range="$first,$last,1h" --dhcp-lease-max=300000 --dhcp-leasefile="$WORK/state/leases" \
		--dhcp-authoritative --quiet-dhcp --pid-file="$WORK/state/pid" --log-facility=-
}

start_responder() { serve responder "$WORK/responder" "$server"; }

# serve SUBJECT COMMAND…: with its syncs told to a file.
serve() {
	local subject=$1
	shift
	launch "$subject" udp 67 env LD_PRELOAD="$WORK/slow_disk.so" SLOW_DISK_LOG="$syncs" SLOW_DISK_MS="${disk_ms:-0}" "$@"
}

fresh() { rm -rf "$WORK/state" && mkdir -m 755 "$WORK/state"; }

# --- the load ------------------------------------------------------------------------------------------------------

# load RATE CLIENTS: perfdhcp's report in $WORK/report. -W: late answers are waited for; its own rate is wrong then, so
# ACKs are counted.
load() {
	LD_PRELOAD=$WORK/wide_socket.so timeout -k 1 $((seconds + 20)) nsenter -t "$CLIENTS" -n perfdhcp -4 -g single -l bench1 -r "$1" -R "$2" \
		-p $seconds -W 300000 "$server" >"$WORK/report" 2>"$WORK/report.err"
}

due() {
	! given_up "$1" "$2" || [ "$2" = "$top" ] || return 1
	case $1 in
	dnsmasq) ;;
	responder) [ "$2" -ge 15000 ] ;;
	*) [ "$2" -ge 500 ] ;;
	esac
}

# --- other jobs of ours ----------------------------------------------------------------------------------------------

# The same load on a table of few and of many leases, all clients known; how long the start takes, and how much memory.
resident() { awk '/^VmRSS/ {printf "%.1f\n", $2 / 1024}' /proc/$PID/status; }
kept() { "$USHER" leases --socket "$WORK/run/sock" --json | grep -o '"mac"' | wc -l; }

leases() {
	local n=$1 job=dhcp-leases-$1 rate=12000 i
	fresh
	start_usher || return
	for ((i = 0; i < 5 && $(kept) < n; i++)); do
		clients timeout 60 perfdhcp -4 -g single -l bench1 -r $rate -R "$n" -n "$n" "$server" >/dev/null 2>&1
	done
	record "$job" usher leases "$(kept)" 1
	for ((i = 0; i < rounds; i++)); do
		stop udp 67
		start_usher || return
		wait_for 20 grep -q 'ready after' "$WORK/usher.log"
		record "$job" usher start_ms "$(sed -n 's/.*ready after \([0-9]*\) ms.*/\1/p' "$WORK/usher.log")" ms
		record "$job" usher memory_mb "$(resident)" MB
		measure "$job" usher $rate "$n"
	done
	stop udp 67
}

# 50 ms more for each fdatasync.
slow_disk() {
	local rate i
	for rate in 5000 15000; do
		for ((i = 0; i < rounds; i++)); do
			fresh
			disk_ms=50 start_usher && measure "dhcp-$rate-disk-50ms" usher $rate $((rate * seconds))
			stop udp 67
		done
	done
}

# --- the table -------------------------------------------------------------------------------------------------------

table() {
	local rate subject n
	printf '%-22s %-10s %8s %8s %8s %9s %7s %9s %9s %7s %8s\n' job subject sent/s done/s lost% "CPU us" ratio "OFFER us" \
		"4-way us" syncs/s "worst ms"
	for rate in $rates; do
		for subject in $(subjects kea dnsmasq responder); do
			row "dhcp-$rate" "$subject" || [ "$subject" = responder ] || ! given_up "$subject" "$rate" ||
				printf '%-22s %-10s %8s  (collapsed at %s/s)\n' "dhcp-$rate" "$subject" - "${gave_up[$subject]}"
		done
	done
	for n in 1000 100000; do row "dhcp-leases-$n" usher; done
	for rate in 5000 15000; do row "dhcp-$rate-disk-50ms" usher; done
}

summary() {
	local rate kea n
	for rate in 5000 8000; do
		kea=$(median dhcp-$rate kea cpu_us)
		[ -z "$kea" ] || [ -z "$(median dhcp-$rate usher cpu_us)" ] ||
			echo "CPU per exchange at $rate/s: Kea takes $(calculate "$kea / $(median dhcp-$rate usher cpu_us)" %.1f) times usher's"
	done
	echo "best rate with at most 0.1 % lost: usher $(best usher 0.1)/s, responder $(best responder 0.1)/s, Kea $(
		best kea 0.1)/s, dnsmasq $(best dnsmasq 0.1)/s"
	[ "$(best dnsmasq 0.1)" = 0 ] ||
		echo "usher's is $(calculate "$(best usher 0.1) / $(best dnsmasq 0.1)" %.0f) times dnsmasq's"
	[ "$(best dnsmasq)" = 0 ] ||
		echo "best rate whatever is lost: usher $(best usher)/s, $(calculate "$(best usher) / $(best dnsmasq)" %.0f) times dnsmasq's $(best dnsmasq)/s"
	[ "$(best usher)" = 0 ] || [ -z "$(median dhcp-$top usher rate)" ] ||
		echo "at $top/s offered: usher completes $(calculate "100 * $(median dhcp-$top usher rate) / $(best usher)" %.0f) % of its best rate, Kea $(
			calculate "100 * $(median dhcp-$top kea rate | grep . || echo 0) / ($(best kea) + 0.001)" %.0f) % of its own"
	for n in 1000 100000; do
		[ -z "$(median dhcp-leases-$n usher memory_mb)" ] ||
			echo "$(median dhcp-leases-$n usher leases) leases: $(median dhcp-leases-$n usher memory_mb) MB, ready after $(
				median dhcp-leases-$n usher start_ms) ms, $(median dhcp-leases-$n usher rate)/s at $(
				median dhcp-leases-$n usher cpu_us) us"
	done
}

# --- the run ---------------------------------------------------------------------------------------------------------

for tool in perfdhcp kea-dhcp4 dnsmasq gcc; do
	command -v $tool >/dev/null || die "$tool is missing: contrib/deps bench installs it"
done
[ -x "$USHER" ] || die "$USHER is missing: make builds it"
gcc -O2 -D_GNU_SOURCE -o "$WORK/responder" "$BENCH_TOP/tests/bench/responder.c" &&
	gcc -O2 -D_GNU_SOURCE -shared -fPIC -o "$WORK/wide_socket.so" "$BENCH_TOP/tests/bench/wide_socket.c" &&
	gcc -O2 -shared -fPIC -o "$WORK/slow_disk.so" "$BENCH_TOP/tests/lab/slow_disk.c" || die "the bench's own programs do not compile"
: >"$WORK/rounds" >"$syncs"
chmod 666 "$syncs"
wires $server 10.64.0.2 $prefix

echo "$(nproc) processors ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)), $rounds rounds of $seconds s; Kea $(
	kea-dhcp4 -v), $(dnsmasq --version | sed -n 's/^Dnsmasq version \([^ ]*\).*/dnsmasq \1/p') --no-ping"
for ((round = 0; round < rounds; round++)); do
	for rate in $rates; do
		for subject in $(subjects kea dnsmasq responder); do one $subject "$rate"; done
	done
done
leases 1000
[ -n "$QUICK" ] || leases 100000
slow_disk
echo
table
echo
summary
bench_end dhcp-
