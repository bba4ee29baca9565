#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Installers' logs: what real senders say (logger, busybox, rsyslog; UDP and TCP; RFC 3164 and 5424; IPv4 and IPv6) is kept with the
# machine while it is installed; a flood is bounded and counted, and DHCP answers meanwhile; what strangers say is not kept; a
# service that is killed loses nothing of it; and it goes with the machine.
# shellcheck source=/dev/null disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$LAB_TOP/tests/lab/profiles.sh"

state=$USHER_LAB/state four=10.66.0.1 six=2001:db8:66::1
need() { check "$@" || lab_end; }
log() { "$USHER" log "$@" 2>/dev/null; }
logged() { log web01 | grep -qE -- "$1"; }
has() { check "$1" wait_until 5 logged "$2"; }
events() { "$USHER" timeline --json | jq -r '.kind + " " + .text'; }
event() { events | grep -qE -- "$1"; }
counts() { curl -s --unix-socket "$USHER_SOCKET" http://usher/api/v1/status | jq ".syslog.$1"; }
lines() { log web01 --json | jq -s "map(select($1)) | length"; }

config() { # MORE
	usher_config "<segment interface='br0' mode='own' lease='600' probe='0'><pool start='10.66.0.100' end='10.66.0.199'/><ipv6/></segment>${1:-}" |
		sed "s|<user .*|<user name='root'/>|; s|/var/lib/usher'|$state'|; s|<profiles |<profiles dir='$USHER_LAB/more'/><profiles |; /<guest/d"
}

sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
lab_profile plain kernel '# {{{server.log}}} {{{server.log_host}}} {{{server.log_port}}}'
net_bridge br0 $four/24 52:54:00:66:00:01
ip -6 address add $six/64 dev br0 nodad
for n in 1 2 3; do client $n 02:00:00:00:00:0$n br0; done
for n in 1 2; do
	inside $n ip address add 10.66.0.1$n/24 dev c$n
	inside $n ip -6 address add 2001:db8:66::a42:1$((n - 1))/64 dev c$n nodad
done
inside 1 ip address replace 10.66.0.11/24 dev c1
inside 1 ip -6 address flush dev c1 scope global
inside 1 ip -6 address add 2001:db8:66::a42:b/64 dev c1 nodad
config >"$USHER_LAB/usher.xml"
need "the service starts" usher_start
need "a machine is armed" "$USHER" enroll web01 --mac 02:00:00:00:00:01 --ip 10.66.0.11 --network br0 --profile plain --no-ssh-key --arm
check "templates know where logs are taken" sh -c "'$USHER' render web01 answers | grep -qx '# $four:514 $four 514'"
check "another is recorded" "$USHER" enroll web03 --mac 02:00:00:00:00:03 --ip 10.66.0.13 --network br0 --profile debian-12 --no-ssh-key
check "Debian's installer is told" sh -c "'$USHER' render web03 cmdline --now | grep -q ' log_host=$four log_port=514 '"
check "nothing is kept yet" test -z "$(log web01)"

# --- what is sent -----------------------------------------------------------------------------------------------------------------

"$USHER" log web01 --follow >"$USHER_LAB/followed" 2>&1 &
follower=$!
for how in "-d --rfc3164" "-d --rfc5424" "-T --rfc3164" "-T --rfc5424" "-T --rfc5424 --octet-count"; do
	for to in $four $six; do
		what="by-$(echo "$how-$to" | tr -c 'a-zA-Z0-9\n' -)"
		# shellcheck disable=SC2086
		inside 1 logger -n "$to" -P 514 $how -p daemon.err -t installer "$what said it"
		has "logger $how to $to" "^[0-9:]{8}  err      installer: $what said it$"
	done
done
# run COMMAND…: in the background, on the machine, until `end`
run() {
	inside 1 sh -c 'echo $$ >"$0"; exec "$@"' "$USHER_LAB/pid" "$@" >"$USHER_LAB/runs" 2>&1 &
	running=$!
}
end() {
	inside 1 kill "$(cat "$USHER_LAB/pid")"
	wait $running
	inside 1 rm -f /dev/log
}
inside 1 sh -c 'mount -t tmpfs dev /dev && mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/urandom c 1 9'
for to in "$four:514" "[$six]:514"; do
	run busybox syslogd -n -R "$to"
	wait_until 5 inside 1 test -S /dev/log
	inside 1 busybox logger -p local1.warning -t main-menu "busybox to $to"
	has "busybox syslogd -R $to" "warning  main-menu: busybox to ${to//[\[\]]/.}"
	end
done
# as Anaconda has it: *.* @@HOST:PORT
peers=$LAB_TOP/build/peers lib=usr/lib/x86_64-linux-gnu
cat >"$USHER_LAB/rsyslog.conf" <<-END
	module(load="imuxsock")
	*.* @@$four:514
	*.* @@[$six]:514
	*.* @$four:514
	*.* action(type="omfwd" target="$four" port="514" protocol="tcp" TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format")
END
run env LD_LIBRARY_PATH="$peers/libestr0/$lib:$peers/libfastjson4/$lib:$peers/liblognorm5/$lib" "$peers/rsyslog/usr/sbin/rsyslogd" \
	-n -f "$USHER_LAB/rsyslog.conf" -i "$USHER_LAB/rsyslog.pid" -M "$peers/rsyslog/$lib/rsyslog"
wait_until 10 inside 1 test -S /dev/log
inside 1 logger -p local1.info -t anaconda "from rsyslog"
four_times() { [ "$(lines '.program == "anaconda" and .text == "from rsyslog" and .severity == "info" and .facility == "local1"')" = 4 ]; }
check "rsyslog: TCP, IPv6, UDP and RFC 5424" wait_until 10 four_times || { cat "$USHER_LAB/runs"; log web01 | tail -n 5; }
end

inside 1 logger -n $four -d -t fetch "http://$four:8067/m/0123456789abcdef0123456789abcdef/answers"
has "tokens are hidden" 'fetch: http://10.66.0.1:8067/m/\*/answers'
inside 1 bash -c 'printf "<13>evil: \033[2J\xff\xe2\x80\xae\tx" >/dev/udp/10.66.0.1/514'
has "what drives a terminal is escaped" 'evil: \\u001b\[2J\\xff\\u202e x'
head -c 3000 /dev/zero | tr '\0' x >"$USHER_LAB/long"
inside 1 logger -n $four -d -t long --size 3100 -f "$USHER_LAB/long"
has "a long line is cut" 'long: x{2047}$'
shape='[.[0] | to_entries[] | .key + " " + (.value | type)] | join(", ")'
is="at string, attempt number, facility string, severity string, program string, pid null, text string"
check "--json has its shape" test "$(log web01 --json | jq -rs "$shape")" = "$is"
check "each line has its attempt" test "$(lines '.attempt != 1')" = 0
check "--attempt takes no other" test -z "$(log web01 --attempt 2)"
check "its file is its owner's only" test "$(stat -c %a "$state/log/web01.log")" = 600
followed() { grep -q "$1" "$USHER_LAB/followed"; }
check "who follows sees it" wait_until 5 followed 'long: xxx'

# --- who may not ----------------------------------------------------------------------------------------------------------------------

before=$(counts kept)
inside 2 logger -n $four -d -t stranger hello
inside 2 logger -n $six -d -t stranger hello
inside 2 timeout 5 logger -n $four -P 514 -T -t stranger hello
check "what a stranger says is refused" wait_until 5 sh -c "[ \$(curl -s --unix-socket '$USHER_SOCKET' http://usher/api/v1/status | jq .syslog.refused) -ge 3 ]"
check "and not kept" test "$(counts kept)" = "$before"
check "nor are its connections" test -z "$(ss -Htn state established 'sport = :514' dst 10.66.0.12)"
check "one event tells it" test "$(events | grep -c '^refused syslog on br0: what .* sends is not kept: no machine has that address')" = 1
check "a machine that is not being installed" "$USHER" enroll web02 --mac 02:00:00:00:00:02 --ip 10.66.0.12 --network br0 --profile plain --no-ssh-key
inside 2 logger -n $four -d -t web02 hello
sleep 1.2 # whose an address is, is remembered for a second
inside 2 logger -n $four -d -t web02 hello
sleep 0.3
check "is not heard either" test -z "$(log web02)"
inside 1 bash -c "for n in 3 4 5 6 7 8 9; do eval \"exec \$n<>/dev/tcp/$four/514\"; done; sleep 3" &
holder=$!
few() { [ "$(ss -Htn state established 'sport = :514' dst 10.66.0.11 | wc -l)" = 4 ]; }
check "of one machine there are four connections" wait_until 5 few
wait $holder

# --- a flood ----------------------------------------------------------------------------------------------------------------------------

cpu() { sed 's/.*) //' "/proc/$USHER_PID/stat" | awk '{print ($12 + $13) * 10}'; }
sum() { echo $(($(counts kept) + $(counts left_out) + $(counts unread) + $(counts refused))); }
yes '<13>flood: all work and no play' | head -n 40000 >"$USHER_LAB/flood"
was=$(sum) busy=$(cpu)
inside 1 sh -c "busybox nc $four 514 <$USHER_LAB/flood" &
inside 1 logger -n $four -P 514 -d --rfc3164 -t flood -f "$USHER_LAB/flood" &
flood=$!
check "DHCP answers meanwhile" get 3 -t 2
wait $flood
all_counted() { [ "$(sum)" = $((was + 80000)) ]; }
check "each line is kept, or counted" wait_until 20 all_counted
pass "80000 lines took $(($(cpu) - busy)) ms of CPU; kept $(counts kept), left out $(counts left_out), unread $(counts unread)"
check "no more are kept than may be" test "$(lines '.program == "flood"')" -le 10000 # of two times at most
said='map(select(.facility == "usher").text | capture("^(?<n>[0-9]+) lines are left out here").n | tonumber) | add'
said_so() { [ "$(log web01 --json | jq -s "$said")" = "$(counts left_out)" ]; }
check "how many were left out, the log says" wait_until 15 said_so
check "the log is bounded" test "$(du -cb "$state"/log/web01.log* | awk 'END {print $1}')" -le $((2 << 20))

# --- killed ---------------------------------------------------------------------------------------------------------------------------------

inside 1 logger -n $four -d -t last "before the end"
has "a line is kept" 'last: before the end$'
kept=$(lines true)
usher_stop KILL
need "the service is killed, and starts again" usher_start
check "nothing of it is lost" test "$(lines true)" = "$kept"
inside 1 logger -n $four -d -t next "a new life"
check "who followed follows on" wait_until 15 followed 'next: a new life'
check "and saw nothing twice" test "$(grep -c 'last: before the end' "$USHER_LAB/followed")" = 1

# --- it fails, and goes ---------------------------------------------------------------------------------------------------------------------

usher_token() { stored "$state" "$1" | grep -xE '[0-9a-f]{32}' | head -n 1; }
inside 1 curl -fsS -o /dev/null "http://$four:8067/m/$(usher_token next_token)/boot.ipxe"
sleep 0.5
check "it fails" inside 1 curl -fsS -o /dev/null "http://$four:8067/m/$(usher_token token)/failed?text=no+disk"
for n in 1 2 3 4 5; do inside 1 logger -n $four -d -t cause "reason $n"; done
shown() { [ "$("$USHER" show web01 | grep '^  log ' | tr -s ' ' | tr '\n' ,)" = " log cause: reason 2, log cause: reason 3, log cause: reason 4, log cause: reason 5," ]; }
check "show has the last lines, also of just after" wait_until 5 shown
check "delete" "$USHER" delete web01
wait $follower
check "who follows is told" followed 'web01.* deleted\|no machine'
check "nothing is left of the log" wait_until 5 sh -c "! ls $state/log | grep -q web01"

# --- elsewhere, and off ------------------------------------------------------------------------------------------------------------------------

usher_stop
config "<syslog port='1514'/>" >"$USHER_LAB/usher.xml"
need "with another port" usher_start
check "machines are told that" sh -c "'$USHER' render web02 --now answers | grep -q ' 1514$'"
usher_stop
config "<syslog serve='no'/>" >"$USHER_LAB/usher.xml"
need "without" usher_start
check "machines are told none" sh -c "'$USHER' render web02 --now answers | grep -qx '#  *'"
check "and no port is open" test -z "$(ss -Htuln 'sport = :514')"
usher_stop
busybox httpd -f -p $four:514 &
taken=$!
config >"$USHER_LAB/usher.xml"
wait_until 5 sh -c "ss -Htln 'sport = :514' | grep -q ."
need "where somebody else has the port" usher_start
check "the segment is served, and the log says what is missing" grep -q "br0: syslog: cannot listen on $four port 514/tcp of br0: .*: logs of installers are not taken there" "$USHER_LAB/usher.log"
kill $taken
lab_end
