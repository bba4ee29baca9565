#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usher, atftpd, tftpd-hpa and dnsmasq send the same file by TFTP to the same clients (tftp_load.c), one after the other
# in the same run, each figure from a server that was started for it; crowds of over 64 in every third round. Windows
# (RFC 7440) are usher's and atftpd's only.
# `make bench-tftp` installs what this needs; lib.sh says what can be set, and BENCH_CLIENTS="1 64 500" and
# BENCH_MB=40 other numbers of clients at once, and another size of all files.
. "$(dirname "$0")/lib.sh"
bench_enter "$@"

server=10.64.0.1 first_client=10.64.2.0 blksize=1468 rounds=${BENCH_ROUNDS:-7}
crowds=${BENCH_CLIENTS:-1 64 500}
[ -z "$QUICK" ] || rounds=1
# kilobytes that each of so many clients takes
size() {
	local kb=40000
	[ "$1" = 1 ] || kb=$((200000 / $1))
	[ -z "${BENCH_MB:-}" ] || kb=${BENCH_MB}000
	echo "$kb"
}
files=$WORK/files

# --- the subjects -----------------------------------------------------------------------------------------------------

start_usher() {
	cat >"$WORK/usher.xml" <<-END
		<usher>
		  <user name='nobody'/>
		  <state dir='$WORK/state'/>
		  <socket path='$WORK/run/sock'/>
		  <boot dir='$files'/>
		  <segment interface='bench0' mode='own' probe='0'><pool start='10.64.1.0' end='10.64.1.255'/></segment>
		</usher>
	END
	rm -rf "$WORK/state" && mkdir -m 755 "$WORK/state"
	launch usher udp 69 "$USHER" serve -c "$WORK/usher.xml"
}

start_atftpd() {
	launch atftpd udp 69 atftpd --daemon --no-fork --user nobody.nogroup --maxthread 1000 --bind-address $server \
		--verbose=3 --logfile - "$files"
}

start_tftpd-hpa() {
	launch tftpd-hpa udp 69 env LD_PRELOAD="$WORK/keep_children.so" "$hpa" --foreground --address $server:69 \
		--user nobody --secure "$files"
}

start_dnsmasq() {
	launch dnsmasq udp 69 dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --user=root --interface=bench0 \
		--bind-interfaces --enable-tftp --tftp-root="$files" --tftp-max=1000 --quiet-tftp --pid-file= --log-facility=-
}

with_window() { subjects atftpd $([ "$1" != 1 ] || echo tftpd-hpa dnsmasq); }

# --- one figure ------------------------------------------------------------------------------------------------------

# load CLIENTS WINDOW [OPTION…]: what it says is in $WORK/report
load() {
	local n=$1 window=$2 file
	file=file-$(size "$1")
	shift 2
	clients "$WORK/tftp_load" -n "$n" -w "$window" -b $blksize -s $first_client -t 120 -p $PID "$@" \
		$server "$file" "$files/$file" >"$WORK/report" 2>"$WORK/report.err"
}
# A server that forks is a new one for each figure: all its children are this one's.
children_ns() { pgrep -P $PID | sed 's|.*|/proc/&/schedstat|' | xargs -r cat | awk '{sum += $1} END {printf "%.0f\n", sum}'; }
said() { grep -o "\b$1=[0-9]*" "$WORK/report" | cut -d= -f2; }

measure() {
	local job=$1 subject=$2 n=$3 window=$4 bytes
	shift 4
	load "$n" "$window" "$@"
	kill -0 $PID 2>/dev/null || { why_dead "$subject" "died in $job"; return 1; }
	[ -n "$(said "done")" ] || { fault "$job: tftp_load: $(tail -n 1 "$WORK/report.err")"; return 1; }
	bytes=$(said bytes)
	record "$job" "$subject" failed "$(said failed)" 1
	record "$job" "$subject" again "$(said again)" 1
	record "$job" "$subject" gaps "$(said gaps)" 1
	[ "$(said failed)" = 0 ] || echo "$job: $subject: $(said failed) of $n failed: $(head -n 1 "$WORK/report.err")"
	[ "$(said failed)" = 0 ] || [ "$subject" != usher ] || fault "$job: transfers of usher's failed"
	[ "$bytes" != 0 ] || return 1
	record "$job" "$subject" rate "$(calculate "$bytes / $(said us)" %.1f)" MB/s
	record "$job" "$subject" cpu_us "$(calculate "($(said cpu_ns) + $(children_ns)) / 1000 / ($bytes / 1000000)" %.0f)" us
}

# one CLIENTS WINDOW [SUFFIX [OPTION…]]: a round of it
one() {
	local n=$1 window=$2 job=tftp-ws$2-c$1${3:-} subject
	shift $(($# < 3 ? 2 : 3))
	for subject in $(with_window "$window"); do
		"start_$subject" && measure "$job" "$subject" "$n" "$window" "$@"
		stop udp 69
	done
}
one_round() {
	local n window
	for n in $crowds; do
		[ "$n" -le 64 ] || [ $((round % 3)) = 0 ] || continue
		for window in 1 16 64; do one "$n" $window; done
	done
	for window in 16 64; do one 1 $window -nogro -g; done
	segmentation off && for n in $crowds; do
		[ "$n" -gt 64 ] || for window in 16 64; do one "$n" $window -nogso; done
	done
	segmentation on
}

segmentation() {
	ethtool -K bench0 tx-udp-segmentation "$1" >/dev/null 2>&1
	ethtool -k bench0 | grep -q "^tx-udp-segmentation: $1" || { fault "bench0: tx-udp-segmentation cannot be switched $1"; return 1; }
}

# What 500 transfers take that are all under way: in kB, what processes share counted once, without mapped files (other
# processes that map them make them smaller) and the kernel's own.
memory_kb() {
	family $PID | sed 's|.*|/proc/&/smaps_rollup|' | xargs cat 2>/dev/null | awk '/^Pss_Anon:/ {sum += $2} END {print sum + 0}'
}
memory() {
	local subject before held
	for subject in $(with_window 1); do
		"start_$subject" || continue
		before=$(memory_kb)
		load 500 1 -h 4 &
		held=$!
		sleep 3
		record tftp-memory-c500 "$subject" memory_kb "$(calculate "($(memory_kb) - $before) / 500" %.1f)" kB
		wait $held
		record tftp-memory-c500 "$subject" failed "$(said failed)" 1
		stop udp 69
	done
}

# --- the table -------------------------------------------------------------------------------------------------------

# ratio JOB SUBJECT METRIC: usher's, as so many times this one's
ratio() {
	local own other
	own=$(median "$1" usher "$3") other=$(median "$1" "$2" "$3")
	[ -n "$own" ] && [ -n "$other" ] && holds "$other > 0" && calculate "$own / $other" || echo -
}

table() {
	local job subject
	printf '%-22s %-10s %9s %9s %9s %9s %7s %7s %7s\n' job subject MB/s "usher's" "ms/MB" "usher's" failed again gaps
	cut -f 1,2 "$WORK/rounds" | grep -v memory | sort -u -t "$(printf '\t')" -k 1,1V -k 2,2r | while read -r job subject; do
		printf '%-22s %-10s %9s %9s %9s %9s %7s %7s %7s\n' "$job" "$subject" "$(median "$job" "$subject" rate)" \
			"$(ratio "$job" "$subject" rate)" "$(calculate "$(median "$job" "$subject" cpu_us) / 1000")" \
			"$(ratio "$job" "$subject" cpu_us)" "$(median "$job" "$subject" failed)" \
			"$(median "$job" "$subject" again)" "$(median "$job" "$subject" gaps)"
	done
}

summary() {
	local subject
	echo "usher's: usher's figure as so many times the subject's; ms/MB: the server's time on processors; again: requests"
	echo "and ACKs that clients repeated, gaps: ACKs that asked for lost blocks; nogso: without segmentation offload on"
	echo "the link; nogro: the clients' kernel hands over each block by itself, not windows whole"
	for subject in $(with_window 1); do
		[ -z "$(median tftp-memory-c500 "$subject" memory_kb)" ] ||
			echo "500 transfers under way: $subject takes $(median tftp-memory-c500 "$subject" memory_kb) kB for each, $(
				median tftp-memory-c500 "$subject" failed) failed"
	done
}

# --- the run ---------------------------------------------------------------------------------------------------------

hpa=$BENCH_TOP/build/peers/tftpd-hpa/usr/sbin/in.tftpd
for tool in "$hpa" atftpd dnsmasq ethtool gcc; do
	command -v "$tool" >/dev/null || die "$tool is missing: contrib/deps bench installs it"
done
[ -x "$USHER" ] || die "$USHER is missing: make builds it"
gcc -O2 -o "$WORK/tftp_load" "$BENCH_TOP/tests/bench/tftp_load.c" &&
	gcc -O2 -D_GNU_SOURCE -shared -fPIC -o "$WORK/keep_children.so" "$BENCH_TOP/tests/bench/keep_children.c" ||
	die "the bench's own programs do not compile"
: >"$WORK/rounds"
mkdir -m 755 "$files"
for n in $crowds 500; do head -c "$(size "$n")kB" /dev/urandom >"$files/file-$(size "$n")"; done
chmod 644 "$files"/*
ulimit -n 8192
wires $server 10.64.0.2 14
# each client has its own address, all behind the one neighbour
clients ip route add local 10.64.2.0/23 dev lo
ip route add 10.64.2.0/23 via 10.64.0.2 dev bench0

echo "$(nproc) processors ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)), $rounds rounds, blksize $blksize; each client takes $(
	for n in $crowds; do echo -n "$(size "$n") kB where there are $n, "; done)$(atftpd --version 2>&1 | head -n 1), $(
	"$hpa" --version | cut -d, -f1), $(dnsmasq --version | sed -n 's/^Dnsmasq version \([^ ]*\).*/dnsmasq \1/p')"
for ((round = 0; round < rounds; round++)); do one_round; done
memory
echo
table
echo
summary
bench_end tftp-
