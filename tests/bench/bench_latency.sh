#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How long an OFFER takes while usher's TFTP and HTTP are saturated: clients begin at a gentle rate (dhcp_load.c) and
# measure from their DISCOVER on. Once with the priority that usher claims for its main thread, once without any
# privilege for it (no CAP_SYS_NICE, RLIMIT_NICE 0). usher and what loads it have a niceness of 0; the clients that
# measure go before them, as it is the server that is measured. `make bench-latency` installs what this needs.
. "$(dirname "$0")/lib.sh"
bench_enter "$@"

. "$BENCH_TOP/tests/bench/http.sh"

rounds=5 seconds=4 rate=200
[ -z "$QUICK" ] || rounds=1 seconds=3
subjects="usher usher-unprivileged"
jobs="idle files scripts" # scripts: and as many boot scripts as the main thread renders

start_as() {
	case $1 in
	usher) start_usher nice -n 20 ;;
	*) start_usher nice -n 20 setpriv --bounding-set -sys_nice --inh-caps -sys_nice ;;
	esac
}

# A load for the time that is measured and a second before; its word is in $WORK/JOB.PART
tftp_on() {
	local until=$((SECONDS + seconds + 2))
	while [ $SECONDS -lt $until ]; do
		clients nice -n 20 "$WORK/tftp_load" -n 32 -b 1468 -w 16 -s $first_client -t 60 $server lab/large "$WORK/medium/large"
	done >"$WORK/$1.tftp" 2>&1
}
http_on() {
	clients env LD_PRELOAD="$WORK/many_sources.so" SOURCE="$3" nice -n 20 wrk -t 1 -c "$4" -d $((seconds + 2))s \
		--timeout 30s -s "$BENCH_TOP/tests/bench/wrk_report.lua" "$5" >"$WORK/$1.$2" 2>&1
}

load_on() {
	LOADS=()
	[ "$1" != idle ] || return 0
	tftp_on "$1" &
	LOADS+=($!)
	http_on "$1" http $first_client 64 "http://$server:8067/boot/lab/large" &
	LOADS+=($!)
	[ "$1" != scripts ] || { http_on "$1" script "" 32 "$script" & LOADS+=($!); }
	sleep 1
}

word() { grep -o "\b$1=[0-9.]*" "$2" | cut -d= -f2 | awk '{sum += $1} END {print sum + 0}'; }

measure() {
	local job=latency-$1 subject=$2 metric name
	load_on "$1"
	clients "$WORK/dhcp_load" -i bench1 -n $((rate * seconds)) -f $((first += 100000)) -r $rate -t $((seconds + 5)) \
		>"$WORK/report" 2>"$WORK/report.err"
	[ ${#LOADS[@]} = 0 ] || wait "${LOADS[@]}"
	kill -0 $PID 2>/dev/null || { why_dead usher "died in $job"; return 1; }
	[ -s "$WORK/report" ] || { fault "$job: dhcp_load: $(tail -n 1 "$WORK/report.err")"; return 1; }
	for metric in offer_ms:offer_50_us offer_99_ms:offer_99_us offer_most_ms:offer_most_us; do
		record "$job" "$subject" ${metric#*:} "$(calculate "$(word ${metric%:*} "$WORK/report") * 1000" %.0f)" us
	done
	record "$job" "$subject" again "$(word again "$WORK/report")" 1
	[ "$1" != idle ] || return 0
	record "$job" "$subject" tftp "$(calculate "$(word bytes "$WORK/$1.tftp") / ($(word us "$WORK/$1.tftp") + 1)" %.0f)" MB/s
	record "$job" "$subject" http "$(calculate "$(word bytes "$WORK/$1.http") / ($(word us "$WORK/$1.http") + 1)" %.0f)" MB/s
	[ "$1" != scripts ] || record "$job" "$subject" scripts \
		"$(calculate "$(word requests "$WORK/$1.script") / ($seconds + 2)" %.0f)" 1/s
}

table() {
	local job subject metric
	printf '%-16s %-19s %7s %7s %8s %6s %6s %6s %9s   %s\n' job subject "50% us" "99% us" "most us" again "TFTP" "HTTP" scripts/s "asked for"
	for job in $jobs; do
		for subject in $subjects; do
			printf '%-16s %-19s' "latency-$job" "$subject"
			for metric in offer_50_us:7 offer_99_us:7 offer_most_us:8 again:6 tftp:6 http:6 scripts:9; do
				printf " %${metric#*:}s" "$(median "latency-$job" "$subject" ${metric%:*} | grep . || echo -)"
			done
			case $job:$subject in
			files:usher) echo "   99 % within 1000 us" ;;
			files:*) echo "   99 % within 3000 us" ;;
			*) echo ;;
			esac
		done
	done
}

http_prepare setpriv
gcc -O2 -o "$WORK/tftp_load" "$BENCH_TOP/tests/bench/tftp_load.c" && gcc -O2 -o "$WORK/dhcp_load" "$BENCH_TOP/tests/lab/dhcp_load.c" ||
	die "the load clients do not compile"
echo "$(nproc) processors ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)), $rounds rounds of $seconds s; $rate clients a second; TFTP: 32 at once, windowsize 16; HTTP: 64 at once; MB/s"
first=0
for ((round = 0; round < rounds; round++)); do
	for subject in $subjects; do
		start_as "$subject" && arm || die "usher does not start"
		for job in $jobs; do measure "$job" "$subject"; done
		stop tcp 8067
	done
done
echo
table
bench_end latency-
