#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What grows with the number of machines: how many are enrolled a second over one connection, one by one and by lists, what a list of all takes,
# memory, how long a start takes, and how long an OFFER takes while lists are asked for without a break. usher alone: its
# peers have no such calls. `make bench-scale` installs what this needs; BENCH_MACHINES="1000 10000" asks for other numbers.
. "$(dirname "$0")/lib.sh"
bench_enter "$@"

. "$BENCH_TOP/tests/bench/http.sh"

numbers=${BENCH_MACHINES:-1000 10000 50000}
[ -z "$QUICK" ] || numbers=${BENCH_MACHINES:-1000 10000}
seconds=4 rate=200 rounds=3
tunables=$(sed -n 's/^Environment=\(GLIBC_TUNABLES=\)/\1/p' "$BENCH_TOP/contrib/usher.service")
[ -z "$QUICK" ] || rounds=1

# Without sources of load, clients and addresses enough for all: addresses below the pool are the records'.
serve_scale() {
	cat >"$WORK/usher.xml" <<-END
		<usher>
		  <user name='nobody'/>
		  <state dir='$WORK/state'/>
		  <socket path='$WORK/run/sock'/>
		  <http port='8067'/>
		  <profiles dir='$WORK/more'/>
		  <segment interface='bench0' mode='own' probe='0'><pool start='10.66.0.0' end='10.66.255.255'/></segment>
		</usher>
	END
	launch usher tcp 8067 env $tunables "$USHER" serve -c "$WORK/usher.xml" && wait_for 60 ready
}
ready() { grep -q 'ready after' "$WORK/usher.log"; }
start_ms() { sed -n 's/.*ready after \([0-9]*\) ms.*/\1/p' "$WORK/usher.log"; }
rss_mb() { awk '/^VmRSS/ {printf "%.1f\n", $2 / 1024}' /proc/$PID/status; }

client() { python3 "$BENCH_TOP/tests/bench/scale_client.py" "$WORK/run/sock" "$@"; }
word() { grep -o "\b$1=[0-9.]*" "$2" | cut -d= -f2; }

# What the disk itself takes to keep 4 KiB: each enrolment waits for one such sync, so one client cannot be faster than that.
disk_sync_us() {
	local n=300 start
	start=$(date +%s%N)
	dd if=/dev/zero of="$WORK/state/sync" bs=4k count=$n oflag=dsync 2>"$WORK/sync.err" || { fault "dd: $(tail -n 1 "$WORK/sync.err")"; return 1; }
	record "scale-$1" disk sync_us "$((($(date +%s%N) - start) / 1000 / n))" us
	rm -f "$WORK/state/sync"
}

enrol() {
	disk_sync_us "$1"
	client enrol bench0 $((enrolled + 1)) $(($1 - enrolled)) >"$WORK/enrol" 2>"$WORK/enrol.err" ||
		{ fault "enrol: $(tail -n 1 "$WORK/enrol.err")"; return 1; }
	record "scale-$1" usher enrol_rate "$(calculate "$(word n "$WORK/enrol") * 1000000 / $(word us "$WORK/enrol")" %.0f)" 1/s
	enrolled=$1
}

# In a store of their own, which goes again.
enrol_by_lists() {
	mv "$WORK/state" "$WORK/aside" && mkdir -m 755 "$WORK/state"
	stop tcp 8067
	serve_scale && client enrol-lists bench0 1 "$1" >"$WORK/enrol" 2>"$WORK/enrol.err" ||
		fault "enrol by lists: $(tail -n 1 "$WORK/enrol.err")"
	record "scale-$1" usher list_rate "$(calculate "$(word n "$WORK/enrol") * 1000000 / $(word us "$WORK/enrol")" %.0f)" 1/s
	stop tcp 8067
	rm -rf "$WORK/state" && mv "$WORK/aside" "$WORK/state"
	serve_scale
}

lists() {
	client list 2 >"$WORK/list" 2>"$WORK/list.err" || { fault "list: $(tail -n 1 "$WORK/list.err")"; return 1; }
	record "scale-$1" usher list_ms "$(calculate "$(word us "$WORK/list") / 1000 / $(word n "$WORK/list")" %.1f)" ms
}

# NAME: offers are recorded as NAME_p99_us and NAME_most_us
offers() {
	clients "$WORK/dhcp_load" -i bench1 -n $((rate * seconds)) -f $((first += 100000)) -r $rate -t $((seconds + 5)) \
		>"$WORK/report" 2>"$WORK/report.err"
	[ -s "$WORK/report" ] || { fault "dhcp_load: $(tail -n 1 "$WORK/report.err")"; return 1; }
	record "scale-$1" usher "$2_p99_us" "$(calculate "$(word offer_99_ms "$WORK/report") * 1000" %.0f)" us
	record "scale-$1" usher "$2_most_us" "$(calculate "$(word offer_most_ms "$WORK/report") * 1000" %.0f)" us
}

offers_while_listing() {
	local lists
	client list $((seconds + 1)) >"$WORK/list" 2>&1 &
	lists=$!
	sleep 0.5
	offers "$1" offer
	wait $lists
}

restart() {
	stop tcp 8067
	serve_scale || return 1
	record "scale-$1" usher start_ms "$(start_ms)" ms
	record "scale-$1" usher rss_mb "$(rss_mb)" MB
}

table() {
	local n metric
	printf '%-14s %10s %10s %10s %9s %8s %8s %12s %12s %12s\n' job "sync us" enrolled/s "by lists" "list ms" "RSS MB" "start ms" "99% idle us" "99% us" "most us"
	for n in $numbers; do
		printf '%-14s %10s' "scale-$n" "$(median "scale-$n" disk sync_us | grep . || echo -)"
		for metric in enrol_rate:10 list_rate:10 list_ms:9 rss_mb:8 start_ms:8 idle_p99_us:12 offer_p99_us:12 offer_most_us:12; do
			printf " %${metric#*:}s" "$(median "scale-$n" usher ${metric%:*} | grep . || echo -)"
		done
		echo
	done
	echo "sync: what the disk takes to keep 4 KiB, which each enrolment waits for"
	echo "by lists: enrolled a second by requests of 1,000 each, as usher enroll LIST makes them"
	echo "99 %, most: an OFFER's time while lists are asked for without a break; idle: without"
}

http_prepare python3
gcc -O2 -o "$WORK/dhcp_load" "$BENCH_TOP/tests/lab/dhcp_load.c" || die "the load client does not compile"
lab_profile plain kernel '# {{machine.name}}'
rm -rf "$WORK/state" && mkdir -m 755 "$WORK/state"
first=0 enrolled=0
serve_scale || die "usher does not start"
echo "$(nproc) processors ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)), $rounds rounds; $rate clients a second"
for n in $numbers; do
	enrol_by_lists "$n" && enrol "$n" || break
	for ((round = 0; round < rounds; round++)); do
		restart "$n" && lists "$n" && offers "$n" idle && offers_while_listing "$n"
	done
done
echo
table
bench_end scale-
