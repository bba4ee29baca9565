#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usher and nginx (one worker, sendfile) send the same bytes by HTTP to wrk, by turns in the same run: a large file, a small
# one, the large one out of an ISO image, which nginx has as a file, and the boot script that usher renders for a machine
# each time, which nginx has as a file too. `make bench-http` installs what this needs; lib.sh says what can be set.
. "$(dirname "$0")/lib.sh"
bench_enter "$@"

. "$BENCH_TOP/tests/bench/http.sh"

rounds=5 seconds=2
[ -z "$QUICK" ] || rounds=1 seconds=1
rounds=${BENCH_ROUNDS:-$rounds}
# file, connections, how it is counted: by the megabyte, or by the request
jobs="large 1 MB
large 16 MB
large 256 MB
iso-large 1 MB
iso-large 16 MB
iso-large 256 MB
small 256 1
script 16 1
script 64 1"

# --- the subjects: nginx runs all the time, and is asked by turns with usher; an older usher comes after it -----------------------------------------------------------

start_nginx() {
	mkdir -m 755 "$WORK/nginx"
	cat >"$WORK/nginx.conf" <<-END
		daemon off;
		master_process off;
		worker_processes 1;
		pid $WORK/nginx/pid;
		error_log stderr;
		events { worker_connections 1024; }
		http {
		  access_log off;
		  sendfile on;
		  keepalive_requests 1000000000;
		  client_body_temp_path $WORK/nginx/body;
		  proxy_temp_path $WORK/nginx/proxy;
		  fastcgi_temp_path $WORK/nginx/fastcgi;
		  uwsgi_temp_path $WORK/nginx/uwsgi;
		  scgi_temp_path $WORK/nginx/scgi;
		  server { listen $server:80; location /boot/lab/ { alias $WORK/medium/; } }
		}
	END
	launch nginx tcp 80 nginx -c "$WORK/nginx.conf" -e stderr
}

url() {
	case $1:$2 in
	nginx:*) echo "http://$server:80/boot/lab/${2#iso-}" ;;
	*:script) echo "$script" ;;
	*:iso-*) echo "http://$server:8067/boot/image/${2#iso-}" ;;
	*) echo "http://$server:8067/boot/lab/$2" ;;
	esac
}

# --- one figure ------------------------------------------------------------------------------------------------------

# measure FILE CONNECTIONS UNIT SUBJECT PID
measure() {
	local job=http-$1-c$2 subject=$4 before after n unit=1/s
	before=$(cpu_ns "$5")
	load "$(url "$4" "$1")" "$2"
	after=$(cpu_ns "$5")
	kill -0 "$5" 2>/dev/null || { why_dead "$subject" "died in $job"; return 1; }
	n=$(said requests)
	[ "$3" != MB ] || n=$(calculate "$(said bytes) / 1000000" %.3f) unit=MB/s
	holds "${n:-0} > 0" || { fault "$job: $subject: wrk: $(tail -n 1 "$WORK/report")"; return 1; }
	record "$job" "$subject" rate "$(calculate "$n / ($(said us) / 1000000)" %.0f)" $unit
	record "$job" "$subject" cpu_us "$(calculate "($after - $before) / 1000 / $n" %.1f)" us
	record "$job" "$subject" errors "$(said errors)" 1
	[ "$(said errors)" = 0 ] || fault "$job: $subject: $(said errors) errors"
}

# Whoever serves something else would be fast: what is measured is compared first.
same() {
	local subject file
	for subject in "$@"; do
		for file in large iso-large small script; do
			clients curl -sS -f --max-time 20 "$(url $subject $file)" | cmp -s - "$WORK/medium/${file#iso-}" ||
				die "$subject does not serve $file as it is"
		done
	done
}

# --- the table -------------------------------------------------------------------------------------------------------

table() {
	local file connections unit subject job
	printf '%-20s %-7s %10s %6s %9s %9s %7s\n' job subject rate unit "CPU us" "of $peer" errors
	while read -r file connections unit; do
		job=http-$file-c$connections
		for subject in $(subjects nginx); do
			[ -n "$(median "$job" $subject rate)" ] || continue
			printf '%-20s %-7s %10.0f %6s %9.1f %9s %7s\n' "$job" $subject "$(median "$job" $subject rate)" \
				"$unit/s" "$(median "$job" $subject cpu_us)" "$(of_peer "$job" $subject rate)" \
				"$(median "$job" $subject errors)"
		done
	done <<<"$jobs"
}

of_peer() {
	local other
	other=$(median "$1" $peer "$3")
	[ -n "$other" ] && calculate "$(median "$1" "$2" "$3") / $other" || echo -
}

# Of the peer's rate at least, of its CPU at most (-: as it comes).
target() {
	case ${OLD:+old}$1 in
	old*) echo 0.97 1.03 ;;
	large | iso-large) echo 0.95 1.3 ;;
	script) echo 0.6 - ;;
	*) echo - - ;;
	esac
}

summary() {
	local file connections unit job rate cpu least most verdict
	printf '%-20s %12s %6s %12s %6s\n' "job" "x its rate" least "x its CPU" most
	while read -r file connections unit; do
		job=http-$file-c$connections rate=$(of_peer "$job" usher rate) cpu=$(of_peer "$job" usher cpu_us)
		[ "$rate" != - ] || continue
		read -r least most <<<"$(target "$file")"
		verdict=
		[ "$least" = - ] || holds "$rate >= $least" || verdict=" too slow"
		[ "$most" = - ] || holds "$cpu <= $most" || verdict="$verdict too dear"
		printf '%-20s %12s %6s %12s %6s%s\n' "$job" "$rate" "$least" "$cpu" "$most" "$verdict"
	done <<<"$jobs"
}

# --- the run ---------------------------------------------------------------------------------------------------------

# jobs_by_turns SUBJECT PID [SUBJECT PID]: a round of them, the two by turns
jobs_by_turns() {
	local file connections unit i
	while read -r file connections unit; do
		for ((i = 1; i < $#; i += 2)); do measure "$file" "$connections" "$unit" "${@:i:2}"; done
	done <<<"$jobs"
}

# with_usher SUBJECT [PEER PID]: a round of its jobs, by turns with the peer's
with_usher() {
	local subject=$1
	shift
	"start_$subject" || die "$subject does not start"
	arm && same "$subject" ${1:-} || die "nothing can be compared"
	jobs_by_turns "$subject" $PID "$@"
	stop tcp 8067
}

http_prepare nginx
peer=nginx
[ -z "$OLD" ] || peer=old

start_nginx || die "nginx does not start"
nginx=$PID

echo "$(nproc) processors ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)), $rounds rounds of $seconds s; $(
	nginx -v 2>&1 | sed 's/.*: //'), one worker, as usher has one thread for it; large is 40 MB, small 600 bytes"
for ((round = 0; round < rounds; round++)); do
	if [ -n "$OLD" ]; then
		with_usher usher
		with_usher old
	else
		with_usher usher nginx $nginx
	fi
done
echo
table
echo
summary
bench_end http-
