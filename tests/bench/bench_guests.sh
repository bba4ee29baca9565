#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How fast guests are created, by one client with several requests at once, and what DHCP clients notice of it. Against libvirt's
# test driver inside a real libvirtd, reached by its socket: all of usher's work and libvirt's RPC is in it, but no QEMU and no
# image. virt-install, one guest after the other, is its peer. `make bench-guests` installs what this needs.
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[ -n "${USHER_LAB:-}" ] || exec "$top/tests/lab/usher-lab" -- "$0" "$@" # a libvirtd of its own
. "$(dirname "$0")/lib.sh"
bench_enter "$@"

uri='test+unix:///default?socket=/run/libvirt/libvirt-sock'
export HOME=$WORK LIBVIRT_DEFAULT_URI=$uri
server=10.64.0.1 client=10.64.0.2 at_once=16 rate=200 seconds=5
jobs="200:1 200:8 1000:8" # guests : workers
peers=10
[ -z "$QUICK" ] || jobs="50:1 50:8 200:8" peers=3 seconds=3

USHER_LAB=$WORK
. "$BENCH_TOP/tests/lab/profiles.sh"

# Its domains last while somebody is connected; this network is the wire's.
libvirt_anew() {
	kill "${HOLDER:-}" 2>/dev/null && wait "$HOLDER"
	virsh -q event --all --loop >/dev/null 2>&1 &
	HOLDER=$!
	wait_for 10 has_network || die "libvirt's test driver does not answer"
	virsh -q undefine test 2>/dev/null
}
has_network() {
	virsh -q net-info lab || {
		virsh -q net-define "$WORK/net.xml"
		virsh -q net-start lab
		sleep 0.2 # lasts it?
	}
	virsh -q net-info lab
}

start_usher() { # WORKERS
	cat >"$WORK/usher.xml" <<-END
		<usher>
		  <user name='usher'/>
		  <state dir='$WORK/state'/>
		  <socket path='$WORK/run/sock'/>
		  <profiles dir='$WORK/more'/>
		  <hooks dir='$WORK/hooks'/>
		  <guest uri='$uri' pool='default-pool' workers='$1'/>
		  <segment network='lab' mode='own' probe='0'><pool start='10.65.0.0' end='10.66.255.255'/></segment>
		</usher>
	END
	rm -rf "$WORK/state" && mkdir -m 755 "$WORK/state"
	launch usher tcp 8067 nice -n 20 "$USHER" serve -c "$WORK/usher.xml"
}

requests() { # NUMBER: curl's configuration, one client's
	local i
	for ((i = 1; i <= $1; i++)); do
		cat <<-END
			unix-socket = "$WORK/run/sock"
			url = "http://usher/api/v1/machines"
			data = "{\"kind\": \"guest\", \"name\": \"node$i\", \"profile\": \"plain\"}"
			output = "/dev/null"
			write-out = "%{http_code} %{time_total}\n"
			next
		END
	done | sed '$d'
}

ms() { date +%s%3N; }
word() { grep -o "\b$1=[0-9.]*" "$2" | cut -d= -f2; }
latency() { # JOB SUBJECT SECONDS
	clients "$WORK/dhcp_load" -i bench1 -n $((rate * $3)) -f $((first += 100000)) -r $rate -t $(($3 + 5)) \
		>"$WORK/report" 2>"$WORK/report.err" || fault "$1: dhcp_load: $(tail -n 1 "$WORK/report.err")"
	record "$1" "$2" offer_50_us "$(calculate "$(word offer_ms "$WORK/report") * 1000" %.0f)" us
	record "$1" "$2" offer_99_us "$(calculate "$(word offer_99_ms "$WORK/report") * 1000" %.0f)" us
}

measure() { # GUESTS:WORKERS
	local n=${1%:*} job=guests-${1%:*}-w${1#*:} began took cpu made
	requests "$n" >"$WORK/requests"
	latency "$job" idle $seconds
	cpu=$(cpu_ns $PID) began=$(ms)
	nice -n 20 curl -sS -Z --parallel-immediate --parallel-max $at_once --config "$WORK/requests" >"$WORK/replies" 2>"$WORK/curl.err" &
	local load=$!
	latency "$job" usher $seconds &
	local clients=$!
	wait $load
	took=$(($(ms) - began))
	wait $clients
	cpu=$(($(cpu_ns $PID) - cpu))
	made=$(grep -c '^201 ' "$WORK/replies")
	[ "$made" = "$n" ] || fault "$job: $made of $n were created: $(tail -n 1 "$WORK/curl.err") $(tail -n 2 "$WORK/usher.log")"
	[ "$(virsh -q list --all --name | grep -c '^node')" = "$n" ] || fault "$job: virsh list does not agree"
	[ "$(virsh -q list --name | grep -c '^node')" = "$n" ] || fault "$job: they do not all run"
	record "$job" usher rate "$(calculate "$n * 1000 / $took")" 1/s
	record "$job" usher cpu_ms "$(calculate "$cpu / $n / 1e6")" ms
	record "$job" usher wait_ms "$(sed -n 's/^201 //p' "$WORK/replies" | sort -g | awk '{v[NR] = $1 * 1000} END {print v[int((NR + 1) / 2)]}')" ms
}

virt_installs() {
	local began i
	began=$(ms)
	for ((i = 1; i <= peers; i++)); do
		virt-install --connect "$uri" --name "peer$i" --memory 128 --vcpus 1 --disk pool=default-pool,size=1 \
			--network network=lab --osinfo generic --pxe --noautoconsole >"$WORK/virt-install.log" 2>&1 ||
			{ fault "virt-install: $(tail -n 1 "$WORK/virt-install.log")"; return 1; }
	done
	record guests-peer virt-install rate "$(calculate "$peers * 1000 / ($(ms) - $began)")" 1/s
}

for tool in virsh virt-install curl gcc; do
	command -v $tool >/dev/null || die "$tool is missing: contrib/deps bench lab installs it"
done
gcc -O2 -o "$WORK/dhcp_load" "$BENCH_TOP/tests/lab/dhcp_load.c" || die "tests/lab/dhcp_load.c does not compile"
cat >"$WORK/net.xml" <<-END
	<network><name>lab</name><bridge name='bench0' stp='off' delay='0'/><ip address='$server' netmask='255.252.0.0'/></network>
END
: >"$WORK/rounds"
first=0
lab_profile plain kernel '# {{machine.name}}'
chmod -R go+rX "$WORK/medium" "$WORK/more"
wires $server $client 14
echo "$(nproc) processors ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)); $at_once requests at once; DHCP: $rate clients a second"
for job in $jobs; do
	libvirt_anew
	start_usher "${job#*:}" || die "usher does not start"
	measure "$job"
	stop tcp 8067
done
libvirt_anew
virt_installs
kill $HOLDER
echo
printf '%-18s %9s %9s %9s %18s %18s\n' job guests/s "CPU ms" "wait ms" "OFFER 50%, 99% us" "the same, at rest"
for job in $jobs; do
	j=guests-${job%:*}-w${job#*:}
	printf '%-18s %9s %9s %9s %18s %18s\n' "$j" "$(median $j usher rate)" "$(median $j usher cpu_ms)" "$(median $j usher wait_ms)" \
		"$(median $j usher offer_50_us), $(median $j usher offer_99_us)" "$(median $j idle offer_50_us), $(median $j idle offer_99_us)"
done
printf '%-18s %9s\n' virt-install "$(median guests-peer virt-install rate)"
bench_end guests-
