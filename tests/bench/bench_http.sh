#!/bin/bash
# usher and nginx (one worker, sendfile) send the same bytes by HTTP to wrk, by turns in the same run: a large file, a small
# one, and the boot script that usher renders for a machine, which nginx has as a file. `make bench-http` installs what
# this needs; lib.sh says what can be set.
. "$(dirname "$0")/lib.sh"
bench_enter "$@"

server=10.64.0.1 client=10.64.0.2 first_client=10.64.2.0 rounds=7 seconds=3
[ -z "$QUICK" ] || rounds=1 seconds=1
# file, connections, how it is counted: by the megabyte, or by the request
jobs="large 1 MB
large 16 MB
large 256 MB
small 16 1
small 256 1
script 16 1
script 64 1"

# --- the subjects: both run all the time, only one is asked -----------------------------------------------------------

USHER_LAB=$WORK # the profile is made there
. "$BENCH_TOP/tests/lab/profiles.sh"

start_usher() {
	cat >"$WORK/usher.xml" <<-END
		<usher>
		  <user name='nobody'/>
		  <state dir='$WORK/state'/>
		  <socket path='$WORK/run/sock'/>
		  <http port='8067'/>
		  <profiles dir='$WORK/more'/>
		  <segment interface='bench0' mode='own' probe='0'><pool start='10.64.1.0' end='10.64.1.255'/></segment>
		</usher>
	END
	mkdir -m 755 "$WORK/state"
	launch usher tcp 8067 "$USHER" serve -c "$WORK/usher.xml"
}

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

# A machine that is armed and has fetched its script once: what it asks for then, it gets again.
arm() {
	local mac
	mac=$(clients ip -o link show bench1 | link_address)
	printf '#!/bin/sh\nenv >"%s/told"\n' "$WORK" >"$WORK/note" && chmod 755 "$WORK/note"
	lab_profile plain kernel '# {{machine.name}}'
	"$USHER" enroll rack7 --socket "$WORK/run/sock" --mac "$mac" --ip $client --network bench0 --profile plain \
		--no-ssh-key --arm >"$WORK/enroll.log" 2>&1 || { fault "enroll: $(tail -n 1 "$WORK/enroll.log")"; return 1; }
	# as iPXE: user class "iPXE"
	clients udhcpc -i bench1 -f -q -n -t 5 -T 1 -x 0x4d:69505845 -O bootfile -s "$WORK/note" >"$WORK/udhcpc.log" 2>&1
	script=$(sed -n 's/^boot_file=//p' "$WORK/told" 2>/dev/null)
	clients curl -sS -f --max-time 10 -o "$WORK/medium/script" "$script" && grep -q '^#!ipxe' "$WORK/medium/script" ||
		{ fault "the machine is not given its boot script (${script:-$(tail -n 1 "$WORK/udhcpc.log")})"; return 1; }
	chmod 644 "$WORK/medium/script"
}

url() {
	case $1:$2 in
	usher:script) echo "$script" ;;
	usher:*) echo "http://$server:8067/boot/lab/$2" ;;
	nginx:*) echo "http://$server:80/boot/lab/$2" ;;
	esac
}

# --- one figure ------------------------------------------------------------------------------------------------------

said() { grep -o "\b$1=[0-9]*" "$WORK/report" | cut -d= -f2; }

# load URL CONNECTIONS: from an address each, but for the script, which is one machine's
load() {
	local source=$first_client
	[ "$1" != "$script" ] || source=
	clients env LD_PRELOAD="$WORK/many_sources.so" SOURCE="$source" timeout -k 1 $((seconds + 60)) wrk -t 1 -c "$2" \
		-d "${seconds}s" --timeout 30s -s "$BENCH_TOP/tests/bench/wrk_report.lua" "$1" >"$WORK/report" 2>&1
}

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
	for subject in usher nginx; do
		for file in large small script; do
			clients curl -sS -f --max-time 20 "$(url $subject $file)" | cmp -s - "$WORK/medium/$file" ||
				die "$subject does not serve $file as it is"
		done
	done
}

# --- the table -------------------------------------------------------------------------------------------------------

table() {
	local file connections unit subject job
	printf '%-18s %-7s %10s %6s %9s %9s %7s\n' job subject rate unit "CPU us" "of nginx" errors
	while read -r file connections unit; do
		job=http-$file-c$connections
		for subject in usher nginx; do
			[ -n "$(median "$job" $subject rate)" ] || continue
			printf '%-18s %-7s %10.0f %6s %9.1f %9s %7s\n' "$job" $subject "$(median "$job" $subject rate)" \
				"$unit/s" "$(median "$job" $subject cpu_us)" "$(of_nginx "$job" $subject rate)" \
				"$(median "$job" $subject errors)"
		done
	done <<<"$jobs"
}

of_nginx() {
	local nginx
	nginx=$(median "$1" nginx "$3")
	[ -n "$nginx" ] && calculate "$(median "$1" "$2" "$3") / $nginx" || echo -
}

summary() {
	local file connections unit job
	while read -r file connections unit; do
		job=http-$file-c$connections
		[ -z "$(median "$job" usher rate)" ] || echo "$job: usher has $(of_nginx "$job" usher rate) times nginx's rate, at $(
			of_nginx "$job" usher cpu_us) times its CPU"
	done <<<"$jobs"
}

# --- the run ---------------------------------------------------------------------------------------------------------

for tool in nginx wrk curl udhcpc gcc; do
	command -v $tool >/dev/null || die "$tool is missing: contrib/deps bench installs it"
done
[ -x "$USHER" ] || die "$USHER is missing: make builds it"
gcc -O2 -D_GNU_SOURCE -shared -fPIC -o "$WORK/many_sources.so" "$BENCH_TOP/tests/bench/many_sources.c" ||
	die "tests/bench/many_sources.c does not compile"
: >"$WORK/rounds"
head -c 40MB /dev/urandom >"$WORK/medium/large"
head -c 600 /dev/urandom >"$WORK/medium/small"
lab_profile plain kernel '# {{machine.name}}'
chmod -R go+rX "$WORK/medium" "$WORK/more"
ulimit -n 8192
wires $server $client 14
# each connection has its own address, all behind the one neighbour
clients ip route add local 10.64.2.0/23 dev lo
ip route add 10.64.2.0/23 via $client dev bench0

start_usher || die "usher does not start"
usher=$PID
start_nginx || die "nginx does not start"
nginx=$PID
arm && same || die "nothing can be compared"

echo "$(nproc) processors ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)), $rounds rounds of $seconds s; $(
	nginx -v 2>&1 | sed 's/.*: //'), one worker; large is 40 MB, small 600 bytes, script $(wc -c <"$WORK/medium/script") bytes"
for ((round = 0; round < rounds; round++)); do
	while read -r file connections unit; do
		measure "$file" "$connections" "$unit" usher $usher
		measure "$file" "$connections" "$unit" nginx $nginx
	done <<<"$jobs"
done
echo
table
echo
summary
bench_end http-
