#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Thousands of armed bare machines are switched on within 5 s (`usher probe --storm`): each asks DHCP as firmware and as iPXE,
# fetches its boot script, 5 MB of kernel and initrd and its answers, and reports that it is done. From usher, which renders a
# script and answers for each and keeps what it said on disk; and from dnsmasq and nginx with one static script for all.
# `make bench-storm` installs what this needs; BENCH_STORMS="1000" asks for other numbers; lib.sh says what else can be set.
. "$(dirname "$0")/lib.sh"
bench_enter "$@"

USHER_LAB=$WORK # the profile is made there
. "$BENCH_TOP/tests/lab/profiles.sh"

server=10.66.0.1 first_mac=02:00:00:10:00:00
storms=${BENCH_STORMS:-1000 5000}
rounds=3
[ -z "$QUICK" ] || rounds=1
rounds=${BENCH_ROUNDS:-$rounds}
socket=$WORK/run/sock

# --- the machines ----------------------------------------------------------------------------------------------------

# mac I: the Ith of the crowd, as --mac counts them
mac() { printf '02:00:00:%02x:%02x:%02x' $((16 + $1 / 65536)) $(($1 / 256 % 256)) $(($1 % 256)); }
# address I: its record's, and its reservation
address() { echo "10.66.$((1 + $1 / 250)).$((1 + $1 % 250))"; }

# A list has at most 1,000.
enroll() {
	local n=$1 i
	for ((i = 0; i < n; i++)); do
		[ $((i % 1000)) != 0 ] || echo name,mac,address,segment,arm >"$WORK/list.$((i / 1000))"
		echo "n$i,$(mac $i),$(address $i),br0,yes" >>"$WORK/list.$((i / 1000))"
	done
	for ((i = 0; i * 1000 < n; i++)); do
		"$USHER" enroll --socket "$socket" --list "$WORK/list.$i" --profile plain --no-ssh-key >"$WORK/enroll.log" 2>&1 ||
			{ fault "enroll: $(tail -n 1 "$WORK/enroll.log")"; return 1; }
	done
}

# The kernel keeps 1,024 neighbours at once, for all namespaces: more than that have to be told to it, for either subject.
neighbours() {
	local i
	for ((i = 0; i < $1; i++)); do echo "neighbour replace $(address $i) lladdr $(mac $i) nud permanent dev br0"; done |
		ip -batch - || die "cannot set neighbours"
}

# --- the subjects ----------------------------------------------------------------------------------------------------

# start_usher N
start_usher() {
	cat >"$WORK/usher.xml" <<-END
		<usher>
		  <user name='nobody'/>
		  <state dir='$WORK/state'/>
		  <socket path='$socket'/>
		  <http port='8067'/>
		  <profiles dir='$WORK/more'/>
		  <segment interface='br0' mode='own' probe='0'><pool start='10.66.128.0' end='10.66.255.254'/></segment>
		</usher>
	END
	rm -rf "$WORK/state" && mkdir -m 755 "$WORK/state"
	launch usher tcp 8067 "$USHER" serve -c "$WORK/usher.xml" && pids=$PID && enroll "$1"
}

start_peers() {
	local i
	rm -rf "$WORK/nginx" && mkdir -m 755 "$WORK/nginx"
	for ((i = 0; i < $1; i++)); do echo "$(mac $i),$(address $i)"; done >"$WORK/hosts"
	printf '#!ipxe\nkernel http://%s:8080/boot/kernel answers=http://%s:8080/m/answers\ninitrd http://%s:8080/boot/initrd\nboot\n' \
		$server $server $server >"$WORK/www/boot.ipxe"
	cp "$WORK/more/plain/answers" "$WORK/www/answers"
	cat >"$WORK/nginx.conf" <<-END
		daemon off;
		master_process off;
		worker_processes 1;
		worker_rlimit_nofile 65536;
		pid $WORK/nginx/pid;
		error_log stderr;
		events { worker_connections 16384; }
		http {
		  access_log off;
		  sendfile on;
		  client_body_temp_path $WORK/nginx/body;
		  proxy_temp_path $WORK/nginx/proxy;
		  fastcgi_temp_path $WORK/nginx/fastcgi;
		  uwsgi_temp_path $WORK/nginx/uwsgi;
		  scgi_temp_path $WORK/nginx/scgi;
		  server {
		    listen $server:8080 backlog=4096;
		    location /boot/ { alias $WORK/medium/; }
		    location /m/ { alias $WORK/www/; }
		    location = /m/done { return 200 "thank you\n"; }
		  }
		}
	END
	launch nginx tcp 8080 nginx -c "$WORK/nginx.conf" -e stderr || return 1
	pids=$PID
	launch dnsmasq udp 67 dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --user=root --interface=br0 --no-ping \
		--dhcp-range=10.66.128.0,10.66.255.254,255.255.0.0,1h --dhcp-hostsfile="$WORK/hosts" --dhcp-lease-max=100000 \
		--dhcp-leasefile="$WORK/nginx/leases" --dhcp-authoritative --quiet-dhcp --pid-file="$WORK/nginx/dnsmasq" \
		--dhcp-userclass=set:ipxe,iPXE --dhcp-boot=tag:!ipxe,undionly.kpxe --log-facility=- \
		--dhcp-boot="tag:ipxe,http://$server:8080/m/boot.ipxe" || return 1
	pids="$pids $PID"
}

stop_all() {
	local pid
	for pid in $pids; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	wait_for 5 port_closed udp 67
}

# --- one figure ------------------------------------------------------------------------------------------------------

cpu_all() { local pid sum=0; for pid in $pids; do sum=$((sum + $(cpu_ns "$pid"))); done; echo $sum; }
word() { sed -n "s/.*\"$1\": \([0-9.]*\).*/\1/p" "$WORK/report"; }

# measure N SUBJECT
measure() {
	local job=storm-$1 n=$1 subject=$2 before after
	before=$(cpu_all)
	timeout -k 1 400 "$USHER" probe --storm "$n" --over 5s --install --on br0 --mac $first_mac --json --socket "$socket" \
		>"$WORK/report" 2>"$WORK/report.err"
	after=$(cpu_all)
	[ -s "$WORK/report" ] || { fault "$job: $subject: $(tail -n 1 "$WORK/report.err")"; return 1; }
	record "$job" "$subject" machines_failed $((n - $(word through))) 1
	record "$job" "$subject" seconds "$(calculate "$(word seconds)" %.1f)" s
	[ "$(word through)" = 0 ] || record "$job" "$subject" cpu_us "$(calculate "($after - $before) / 1000 / $(word through)" %.0f)" us
	record "$job" "$subject" offer_p99_us "$(calculate "$(word offer_p99_us)" %.0f)" us
	[ "$(word through)" = "$n" ] || sed -n "s/.*\"step\": \"\(.*\)\".*/note: $job: $subject: some failed at: \1/p; s/.*\"last\": /  the last: /p" "$WORK/report"
}

storm() {
	"start_$2" "$1" && measure "$1" "$2"
	stop_all
}

# --- the table -------------------------------------------------------------------------------------------------------

of() { median "storm-$1" "$2" "$3" | grep . || echo -; }

table() {
	local n subject
	printf '%-12s %-8s %10s %10s %14s %14s\n' job subject failed seconds "CPU us/machine" "OFFER 99 % us"
	for n in $storms; do
		for subject in usher peers; do
			printf '%-12s %-8s %10s %10s %14s %14s\n' "storm-$n" $subject "$(of "$n" $subject machines_failed)" \
				"$(of "$n" $subject seconds)" "$(of "$n" $subject cpu_us)" "$(of "$n" $subject offer_p99_us)"
		done
		[ "$(of "$n" peers cpu_us)" = - ] ||
			echo "  usher's CPU for a machine is $(calculate "$(of "$n" usher cpu_us) / $(of "$n" peers cpu_us)") of dnsmasq's and nginx's"
	done
	echo "CPU: of the server, for each machine that came through"
}

# --- the run ---------------------------------------------------------------------------------------------------------

for tool in dnsmasq nginx nft; do command -v $tool >/dev/null || die "$tool is missing: contrib/deps bench installs it"; done
[ -x "$USHER" ] || die "$USHER is missing: make builds it"
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -H -n)"
: >"$WORK/rounds"
mkdir -m 755 "$WORK/www"
head -c 1MB /dev/urandom >"$WORK/medium/kernel"
head -c 4MB /dev/urandom >"$WORK/medium/initrd"
lab_profile plain kernel '# {{machine.name}}'
chmod -R go+rX "$WORK/medium" "$WORK/more" "$WORK/www"
ip link add br0 address 52:54:00:66:00:01 type bridge
ip address add $server/16 dev br0
ip link set br0 up
ip link add up0 type veth peer name up1 # a bridge without ports has no carrier
ip link set up0 master br0 up
ip link set up1 up
neighbours "$(printf '%s\n' $storms | sort -n | tail -n 1)"

echo "$(nproc) processors ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)), $rounds rounds; peers: $(
	dnsmasq --version | sed -n 's/^Dnsmasq version \([^ ]*\).*/dnsmasq \1/p') and $(nginx -v 2>&1 | sed 's/.*: //'), one worker"
for ((round = 0; round < rounds; round++)); do
	for n in $storms; do
		storm "$n" usher
		storm "$n" peers
	done
done
echo
table
bench_end storm-
