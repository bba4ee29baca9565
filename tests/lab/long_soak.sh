#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Ten minutes (SOAK_SECONDS) of mutated packets on the wire while five clients use the API: nothing crashes, no sanitizer complains, the
# service answers all the while and serves machines as before. Meant for SANITIZE=address,undefined.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
lab=$USHER_LAB seconds=${SOAK_SECONDS:-600} seed=${SOAK_SEED:-$RANDOM}
. "$LAB_TOP/tests/lab/profiles.sh"
lab_profile lab kernel 'done={{attempt.done_url}}'
mkdir -p "$lab/boot"
head -c 200000 /dev/zero >"$lab/boot/file"
cat >"$lab/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$lab/state/own'/>
  <socket path='$USHER_SOCKET'/>
  <boot dir='$lab/boot'/>
  <hooks dir='$lab/hooks'/>
  <profiles dir='$lab/more'/>
  <segment interface='br0' mode='own'><pool start='10.66.9.1' end='10.66.10.254'/></segment>
</usher>
END
net_bridge br0 10.66.0.1/16 52:54:00:66:00:01
for n in 1 2; do client $n 02:00:00:00:00:0$n br0; done
inside 1 ip address add 10.66.0.11/16 dev c1
inside 2 ip address add 10.66.0.12/16 dev c2
check "mutate.c compiles" ${CC:-gcc} -O2 -o "$lab/mutate" "$LAB_TOP/tests/lab/mutate.c" || lab_end
check "the service starts" usher_start || lab_end
for n in {10..59}; do
	"$USHER" enroll "m$n" --mac "02:00:00:00:09:$n" --profile lab --no-ssh-key --arm >/dev/null
done
check "fifty machines are armed" test "$("$USHER" list --json | jq '.machines | length')" = 50

# --- five clients: each goes round in its own way until it is told to stop ------------------------------------------------
running() { [ ! -e "$lab/stop" ]; }
turn() { # N: an error of the API is fine, no answer is not
	local n=$1 i=$RANDOM
	local m=m$((10 + i % 50))
	case $n in
	1) "$USHER" list --json; "$USHER" show $m; "$USHER" timeline $m; "$USHER" leases --json ;;
	2) "$USHER" reinstall $m; "$USHER" disarm $m; "$USHER" reinstall $m ;;
	3) "$USHER" enroll "x$i" --mac "$(printf 02:00:00:00:%02x:%02x $((i / 256 % 200 + 20)) $((i % 256)))" --profile lab --no-ssh-key --arm
		"$USHER" render "x$i" script; "$USHER" delete "x$i" ;;
	4) "$USHER" timeline --json; "$USHER" profiles; "$USHER" media; "$USHER" check ;;
	5) timeout 5 curl -sS --unix-socket "$USHER_SOCKET" "http://usher/api/v1/events?wait=2" -o /dev/null
		head -c $((i % 3000)) /dev/urandom | timeout 5 curl -sS --unix-socket "$USHER_SOCKET" --data-binary @- -o /dev/null \
			"http://usher/api/v1/machines" ;;
	esac >/dev/null 2>&1
}
api_client() { while running; do turn "$1"; echo >>"$lab/turns.$1"; done; }
for n in 1 2 3 4 5; do api_client $n & clients[n]=$!; done

echo "seed $seed"
inside 2 "$lab/mutate" c2 10.66.0.1 52:54:00:66:00:01 "$seconds" "$seed" "$LAB_TOP/tests/fuzz/corpus" >"$lab/sent" &
mutator=$!
late=0 rounds=0
while kill -0 $mutator 2>/dev/null; do
	timeout 20 "$USHER" list >/dev/null 2>&1 || late=$((late + 1))
	rounds=$((rounds + 1))
	sleep 2
done
touch "$lab/stop"
wait "${clients[@]}" $mutator
cat "$lab/sent"
wc -l "$lab"/turns.* | sed 's/^/    /'
check "packets were sent" grep -q 'sent: dhcp_wire [1-9]' "$lab/sent"
check "all five clients went round" test "$(cat "$lab"/turns.* | wc -l)" -ge $((seconds / 10))
check "the API answered each of $rounds times" test $late = 0
check "the service is there" kill -0 "$USHER_PID"
check "a machine gets its address" get 1
inside 1 ip address replace 10.66.0.11/16 dev c1
check "and a file" inside 1 curl -sSf --max-time 20 -o "$lab/got" http://10.66.0.1:8067/boot/file
check "by TFTP too" inside 1 busybox tftp -g -r file -l "$lab/got" 10.66.0.1
resident() { awk '/^VmRSS/ {print $2}' "/proc/$USHER_PID/status"; }
echo "    resident: $(resident) kB"
[ -n "${SANITIZE:-}" ] || check "in less than 200 MB" test "$(resident)" -lt 200000
lab_end
