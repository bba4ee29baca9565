# SPDX-License-Identifier: GPL-2.0-or-later
# For the benches that ask usher by HTTP, behind lib.sh and bench_enter: the wire with many clients' addresses, files, a
# service that serves them, an armed machine's boot script, and wrk as the load.
#
#     http_prepare               the wire, the files, what must be compiled
#     start_usher [COMMAND…]     by way of that command
#     arm                        the script's URL is in $script; the script itself is the medium's file "script"
#     load URL CONNECTIONS       wrk's word in $WORK/report: said bytes, said requests, said us, said errors
server=10.64.0.1 client=10.64.0.2 first_client=10.64.2.0

USHER_LAB=$WORK # the profile is made there
. "$BENCH_TOP/tests/lab/profiles.sh"

http_prepare() {
	local tool
	for tool in wrk curl udhcpc xorriso gcc "$@"; do
		command -v "$tool" >/dev/null || die "$tool is missing: contrib/deps bench installs it"
	done
	[ -x "$USHER" ] || die "$USHER is missing: make builds it"
	gcc -O2 -D_GNU_SOURCE -shared -fPIC -o "$WORK/many_sources.so" "$BENCH_TOP/tests/bench/many_sources.c" ||
		die "tests/bench/many_sources.c does not compile"
	: >"$WORK/rounds"
	head -c 40MB /dev/urandom >"$WORK/medium/large"
	head -c 600 /dev/urandom >"$WORK/medium/small"
	xorriso -outdev "$WORK/medium.iso" -volid BENCH -map "$WORK/medium" / -commit >"$WORK/xorriso.log" 2>&1 ||
		die "cannot make an ISO image: $(tail -n 1 "$WORK/xorriso.log")"
	lab_profile plain kernel '# {{machine.name}}'
	chmod -R go+rX "$WORK/medium" "$WORK/medium.iso" "$WORK/more"
	ulimit -n 8192
	wires $server $client 14
	# each connection has its own address, all behind the one neighbour
	clients ip route add local 10.64.2.0/23 dev lo
	ip route add 10.64.2.0/23 via $client dev bench0
}

start_usher() {
	cat >"$WORK/usher.xml" <<-END
		<usher>
		  <user name='nobody'/>
		  <state dir='$WORK/state'/>
		  <socket path='$WORK/run/sock'/>
		  <http port='8067'/>
		  <profiles dir='$WORK/more'/>
		  <media name='image' path='$WORK/medium.iso'/>
		  <segment interface='bench0' mode='own' probe='0'><pool start='10.65.0.0' end='10.66.255.255'/></segment>
		</usher>
	END
	rm -rf "$WORK/state" && mkdir -m 755 "$WORK/state"
	launch usher tcp 8067 "$@" "$USHER" serve -c "$WORK/usher.xml"
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

said() { grep -o "\b$1=[0-9]*" "$WORK/report" | cut -d= -f2; }

# load URL CONNECTIONS: from an address each, but for the script, which is one machine's
load() {
	local source=$first_client
	[ "$1" != "$script" ] || source=
	clients env LD_PRELOAD="$WORK/many_sources.so" SOURCE="$source" timeout -k 1 $((seconds + 60)) wrk -t 1 -c "$2" \
		-d "${seconds}s" --timeout 30s -s "$BENCH_TOP/tests/bench/wrk_report.lua" "$1" >"$WORK/report" 2>&1
}
