#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Strangers who take all of HTTP's places: half requests, connections that say nothing, files that nobody takes, by the
# thousand and from many addresses; and the room for what is reported. Machines are answered at once, and so is the command
# line. And what outsiders put into names, paths and reports: none of it drives a terminal from the log or a command, and no
# token stands there.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$LAB_TOP/tests/lab/profiles.sh"
lab=$USHER_LAB server=10.66.0.1 web=http://10.66.0.1:8067
mkdir -p "$lab/boot"
echo b >"$lab/boot/b1"
head -c 16M /dev/zero >"$lab/boot/big"
lab_profile lab kernel 'done={{attempt.done_url}}'
cat >"$lab/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$lab/state/own'/>
  <socket path='$USHER_SOCKET'/>
  <boot dir='$lab/boot'/>
  <profiles dir='$lab/more'/>
  <segment interface='br0' mode='own' probe='0'><pool start='10.66.9.1' end='10.66.9.99'/></segment>
</usher>
END
net_bridge br0 $server/16 52:54:00:66:00:01
client 1 02:00:00:00:00:01 br0
client 2 02:00:00:00:00:02 br0
for n in {1..200}; do echo "address add 10.66.2.$n/16 dev c2"; done | inside 2 ip -batch -
cat >"$lab/note" <<END
#!/bin/sh
[ "\$1" = bound ] || exit 0
ip address replace "\$ip/\$mask" dev "\$interface"
env >"$lab/told"
END
chmod 755 "$lab/note"

crowd() {
	nsenter -t "${CLIENT_PID[2]}" -n "$lab/crowd" "$1" $server 8067 "${2:-1500}" 10.66.2.1 >"$lab/$1" 2>&1 &
	eval "$1=$!"
	wait_until 20 grep -q ready "$lab/$1"
}
gone() { kill "${!1}"; wait "${!1}" 2>/dev/null; }
# Each has a second, which is a thousand times what it takes; a busy machine may make one of ten late.
answered() {
	local n=0 _
	for _ in {1..10}; do inside 1 curl -sS -m 1 -o "$lab/body" $web/boot/b1 && cmp "$lab/body" "$lab/boot/b1" && n=$((n + 1)); done
	echo "$n of 10 were answered within a second"
	[ $n -ge 9 ]
}
memory() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$USHER_PID/status"; }
logged() { grep -aE "$1" "$lab/usher.log"; }

export MALLOC_ARENA_MAX=1
check "crowd.c compiles" ${CC:-gcc} -O2 -o "$lab/crowd" "$LAB_TOP/tests/lab/crowd.c" || lab_end
check "the service starts" usher_start || lab_end
check "a machine is enrolled" "$USHER" enroll web01 --mac 02:00:00:00:00:01 --profile lab --no-ssh-key --ip 10.66.0.11 --arm
check "it has its lease" inside 1 udhcpc -i c1 -f -q -n -t 5 -T 1 -x 0x4d:69505845 -O bootfile -s "$lab/note"
url=$(sed -n 's/^boot_file=//p' "$lab/told") token=${url#*/m/} token=${token%%/*}
check "and a token" grep -E '^[0-9a-f]{32}$' <<<"$token"
check "it is answered" answered
before=$(memory)

# --- crowds --------------------------------------------------------------------------------------------------------------

# A byte now and then is not silence, but no request either.
drip() {
	local from=$SECONDS
	exec 3<>/dev/tcp/$1/8067
	printf 'GET / HTTP/1.1\r\nX: ' >&3
	while printf a >&3; do
		read -rt 1 -u 3
		[ $? -gt 128 ] || break
	done
	echo $((SECONDS - from)) >"$2"
}
export -f drip
inside 2 timeout 60 bash -c "drip $server $lab/dripped" >/dev/null 2>&1 &
drip=$!
for kind in http idle take; do
	case $kind in
	http) what="fifteen hundred half requests" ;;
	idle) what="as many connections that say nothing" ;;
	take) what="as many who ask for a file and do not take it" ;;
	esac
	check "$what" crowd $kind
	check "a machine is answered" answered
	check "and who asks by the socket" timeout 5 "$USHER" list
	gone $kind
done
check "the machine boots" inside 1 curl -fsS -o "$lab/body" "$url"
head -c 200000 /dev/zero >"$lab/report"
check "four hundred who send half a report" crowd body 400
check "a machine reports" inside 1 curl -fsS -m 5 -o "$lab/body" --data-binary "@$lab/report" "$web/m/$token/progress?text=half"
check "and is answered" answered
gone body
check "the log counts them" logged 'http: [0-9]+ incomplete requests? dropped, the last from 10\.66\.2\.'
check "in few lines" test "$(logged 'incomplete request' | wc -l)" -lt 20
check "the timeline says so" grep -F "HTTP on br0" <("$USHER" timeline)
small() { echo "$(memory) kB, $before kB before"; [ "$(memory)" -lt $((before + 60000)) ]; }
[ -n "${SANITIZE:-}" ] || check "memory is bounded" small
wait $drip
check "who sends a byte a second is hung up on" test -s "$lab/dripped"

# --- texts ---------------------------------------------------------------------------------------------------------------

bad='%1b%5b31mRED%07%c2%9b2J%e2%80%ae%e2%81%a6%e2%80%8b%7f'
for path in "/m//$token/x" "/m/$token/../x" "/%6d/$token/boot.ipxe?a=%zz" "/m%2f$token/x%zz" "/x/m/a/m/$token/y" "/boot/$token" \
	"/m/%3$token/x" "/boot/$(printf '%0500d' 0)/$token" "/boot/$bad" "//boot//$bad"; do
	inside 1 curl -sS --path-as-is -o /dev/null -A "$token" -e "$web/m/$token/x" "$web$path"
done
inside 1 bash -c "exec 3<>/dev/tcp/$server/8067
	printf 'GET /boot/\x9b31mRED\xc2\x9b2J\xe2\x80\xae HTTP/1.1\r\nHost: x\r\n\r\n' >&3; timeout 5 head -n 1 <&3"
inside 1 timeout 5 busybox tftp -g -r "m/$token/x" -l "$lab/body" $server
inside 1 curl -sS -o /dev/null "$url"
check "a report" inside 1 curl -fsS -o /dev/null "$web/m/$token/progress?text=one+$bad"
check "and a failure" inside 1 curl -fsS -o /dev/null --data-binary $'two \e]0;x\a \x9b2J \xe2\x80\xae' "$web/m/$token/failed"
inside 1 curl -sS -o /dev/null "$web/m/$token/nothing/$token"
wait_until 5 logged 'web01 failed'
"$USHER" timeline >"$lab/timeline"
"$USHER" timeline --json >"$lab/timeline.json"
"$USHER" show web01 >"$lab/show"
"$USHER" list >"$lab/list"
curl -sS --unix-socket "$USHER_SOCKET" http://x/api/v1/machines/web01 >"$lab/api"
harmless() {
	! LC_ALL=C grep -aP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]' "$1" &&
		iconv -f UTF-8 -t UTF-8 "$1" >/dev/null
}
check "the report is on the timeline, written out" grep -F 'one \u001b[31mRED\u0007\u009b2J\u202e\u2066\u200b\u007f' "$lab/timeline"
for file in usher.log timeline timeline.json show list api; do
	check "$file drives no terminal" harmless "$lab/$file"
	refute "$file has no token" grep -ai "$token" "$lab/$file"
done
lab_end
