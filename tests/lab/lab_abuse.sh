#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What nobody should ask of TFTP and HTTP: names that lead out, methods and headers that are too much, a thousand clients
# that begin and go no further. Each is refused by its status, files and leases go on being served, and afterwards the
# service has the file descriptors and the memory that it had.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
lab=$USHER_LAB server=10.66.0.1 web=http://10.66.0.1:8067

mkdir -p "$lab/boot" "$lab/medium/sub"
echo b >"$lab/boot/b1"
echo SECRET >"$lab/secret"
cp "$lab/boot/b1" "$lab/medium/file"
ln -s ../secret "$lab/medium/out"
ln -s "$lab/secret" "$lab/medium/absolute"
ln -s ../.. "$lab/medium/sub/up"
ln -s loop "$lab/medium/loop"
ln -s ../secret "$lab/boot/out"
mkfifo "$lab/medium/fifo"
cat >"$lab/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$lab/state'/>
  <socket path='$USHER_SOCKET'/>
  <boot dir='$lab/boot'/>
  <media name='m' path='$lab/medium'/>
  <profiles dir='$lab/profiles'/>
  <segment interface='br0' mode='own' probe='0'><pool start='10.66.9.1' end='10.66.9.99'/></segment>
</usher>
END

net_bridge br0 $server/16 52:54:00:66:00:01
client 1 02:00:00:00:00:01 br0
client 2 02:00:00:00:00:02 br0
inside 1 ip address add 10.66.0.50/16 dev c1
for n in {1..125}; do echo "address add 10.66.2.$n/16 dev c1"; done | inside 1 ip -batch -
# a closed port says so as often as it is asked
inside 1 sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit'

# answers STATUS PATH [OPTION…]: and nothing of the secret
answers() {
	local status=$1 path=$2 got
	shift 2
	got=$(inside 1 curl -sS --max-time 20 --path-as-is -o "$lab/body" -w '%{http_code}' "$@" "$web$path" 2>&1)
	[ "$got" = "$status" ] && ! grep -a SECRET "$lab/body" || { echo "$path: $got, not $status"; return 1; }
}
# says STATUS BYTES: the first line of the answer to them
says() { inside 1 timeout 20 bash -c "exec 3<>/dev/tcp/$server/8067; printf '%b' '$2' >&3; head -n 1 <&3" | grep -a " $1 "; }
# refused CODE NAME [OPTION…], by an ERROR
refused() {
	local code=$1 name=$2
	shift 2
	! inside 1 timeout 20 busybox tftp "${@:--g}" -r "$name" -l "$lab/body" $server >"$lab/said" 2>&1 &&
		grep -aF "server error: ($code)" "$lab/said" || { echo "$name:"; cat "$lab/said"; return 1; }
}
many() { printf "%$1s" '' | tr ' ' "$2"; }
served() { answers 200 /boot/b1 && cmp "$lab/boot/b1" "$lab/body"; }
sent() {
	rm -f "$lab/body"
	inside 1 timeout 20 busybox tftp -g -r b1 -l "$lab/body" $server && cmp "$lab/boot/b1" "$lab/body"
}

# One heap: each thread's own would fill in its own time, and a leak is not to be told from that.
export MALLOC_ARENA_MAX=1
check "the service starts" usher_start || lab_end
check "it serves" wait_until 10 served || lab_end
check "and sends" wait_until 10 sent || lab_end

# --- HTTP ----------------------------------------------------------------------------------------------------------------

head -c 2M /dev/zero >"$lab/large"
abuse_http() {
	local list path
	for path in /../secret /boot/../secret /boot/m/../../secret /boot/%2e%2e/secret /boot/m/%2E./..%2fsecret \
		'/boot/..\secret' '/boot/m/..%5c..%5csecret' /boot/m/..%00/secret /boot/b1%00 /boot/%c0%ae%c0%ae/secret \
		/boot/%u002e /boot/%2 /boot/%0d%0aX; do
		check "HTTP $path" answers 400 "$path"
	done
	for path in /etc/passwd //etc/passwd /boot//etc/passwd /boot/%252e%252e/secret /boot/m/%252e%252e/secret "/boot$lab/secret" \
		/boot/out /boot/m /boot/m/ /boot/m/sub /boot/m/fifo /api/v1/machines "/boot/$(many 300 a)" "/m/$(many 32 0)/answers"; do
		check "HTTP ${path:0:60}" answers 404 "$path"
	done
	for path in out absolute sub/up/secret loop; do check "HTTP link $path" answers 403 "/boot/m/$path"; done
	check "HTTP path of 2,000 bytes" answers 414 "/boot/$(many 2000 a)"
	check "HTTP header of 20,000 bytes" answers 431 /boot/b1 -H "X: $(many 20000 a)"
	for path in POST PUT DELETE PATCH OPTIONS TRACE PROPFIND; do check "HTTP $path" answers 405 /boot/b1 -X $path; done
	check "HTTP body of 2 MB" answers 413 "/m/$(many 32 0)/done" -H Expect: --data-binary "@$lab/large"
	list=$(for n in {0..1200}; do printf '%s' "$n-$n,"; done)
	check "HTTP a thousand ranges are no range" answers 200 /boot/b1 -H "Range: bytes=${list}0-0"
	check "HTTP a range past the end" answers 416 /boot/b1 -H "Range: bytes=99-"
	check "HTTP a NUL in the path" says 400 'GET /boot/none\0/../b1 HTTP/1.1\r\nHost: x\r\n\r\n'
}
abuse_http

# --- TFTP ----------------------------------------------------------------------------------------------------------------

abuse_tftp() {
	local name
	for name in m/../../secret m/out m/absolute m/sub/up/secret m/loop; do check "TFTP $name" refused 2 "$name"; done
	for name in ../secret /etc/passwd %2e%2e/secret m/%2e%2e/secret '..\secret' out m m/ m/sub m/fifo; do
		check "TFTP $name" refused 1 "$name"
	done
	check "TFTP name of 300 bytes" refused 4 "$(many 300 a)"
	check "TFTP bytes that are no name" refused 4 $'b1\x01'
	touch "$lab/body"
	check "TFTP upload" refused 2 b1 -p
}
abuse_tftp

# --- crowds --------------------------------------------------------------------------------------------------------------

# crowd NAME tftp|http PORT COUNT; gone NAME
crowd() {
	local name=$1
	shift
	nsenter -t "${CLIENT_PID[1]}" -n "$lab/crowd" "$1" $server "$2" "$3" 10.66.2.1 >"$lab/$name" 2>&1 &
	eval "$name=$!"
	wait_until 10 grep -q ready "$lab/$name"
}
gone() { kill "-${2:-TERM}" "${!1}"; wait "${!1}"; }
alive() { kill -0 "$USHER_PID" 2>/dev/null || { echo "the service is dead"; return 1; }; }
fds() { find "/proc/$USHER_PID/fd" -mindepth 1 | wc -l; }
memory() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$USHER_PID/status"; }
has_fds() { alive && echo "$(fds) descriptors, $1 before" && [ "$(fds)" -le "$1" ]; }
# What is still open then is not waited for again: the lab ends.
settled() { wait_until 10 has_fds "$before"; has_fds "$before"; }
has_memory() { alive && echo "$(memory) kB, $1 kB before" && [ "$(memory)" -lt $(($1 + 4096)) ]; }

http_crowd() { crowd slow http 8067 1000; gone slow; settled; }
tftp_crowd() { crowd silent tftp 69 1000; gone silent "$1"; settled; }

check "crowd.c compiles" ${CC:-gcc} -O2 -o "$lab/crowd" "$LAB_TOP/tests/lab/crowd.c" || lab_end
before=$(fds) start=$(memory)
check "a thousand TFTP clients ask and are silent" crowd silent tftp 69 1000
check "a thousand HTTP clients send half a request" crowd slow http 8067 1000
# strangers have 768 connections
check "they are there" test "$(fds)" -gt 2700
check "DHCP goes on" get 2
check "HTTP goes on" served
check "TFTP too: one of the silent makes room" wait_until 20 sent
gone silent
gone slow
check "they leave nothing open" settled || lab_end
# libmicrohttpd's threads come to what they need in some rounds; TFTP's in one.
for round in 1 2 3 4; do check "and an HTTP crowd once more" http_crowd || lab_end; done
check "TFTP's too" tftp_crowd TERM || lab_end
first=$(memory)
for how in TERM KILL; do
	check "crowds again" http_crowd || lab_end
	check "and of TFTP, ended by $how" tftp_crowd $how || lab_end
done
abuse_http >"$lab/again"
abuse_tftp >>"$lab/again"
check "after all of it again nothing is open" settled || lab_end
# Less than a kilobyte for each that came and went. A sanitizer keeps what was freed.
case $B in *-san) ;; *) check "and the memory is what it was" has_memory "$first" ;; esac
echo "$start kB and $before descriptors at the start, $first kB after the first crowds, $(memory) kB and $(fds) at the end"
check "DHCP goes on" get 2

lab_end
