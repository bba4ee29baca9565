#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The commands of every day, with bare machines that curl plays: `usher ssh` to a real sshd whose host key the first boot reported,
# and to one with another key; status, well and not; start, stop, restart; lists as names, wide, sorted; what a stranger types.
# In a network namespace of its own, nothing of libvirt.
# shellcheck source=/dev/null disable=SC2016,SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
lab=$USHER_LAB
. "$LAB_TOP/tests/lab/profiles.sh"

answers='done={{attempt.done_url}} progress={{attempt.progress_url}} up={{attempt.up_url}} failed={{attempt.failed_url}}'
lab_profile plain kernel "$answers" "<setting name='colour'>its colour</setting>"
lab_profile coreos kernel "$answers" "<setting name='user' type='user' default='core'>whose keys they are</setting>"
mkdir -p "$lab/power" "$lab/home/.ssh"
printf '#!/bin/sh\necho "$1 $2" >>"%s/powered"\n[ "$1" != status ] || echo on\n' "$lab" >"$lab/power/switch"
printf '#!/bin/sh\nenv >"%s/told"\n' "$lab" >"$lab/note"
chmod 755 "$lab/power/switch" "$lab/note"
cat >"$lab/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$lab/state/own'/>
  <socket path='$USHER_SOCKET'/>
  <power dir='$lab/power'/>
  <profiles dir='$lab/more'/>
  <segment interface='br0' mode='own' probe='0'><pool start='10.66.9.1' end='10.66.9.2'/><ipv6/></segment>
</usher>
END
net_bridge br0 10.66.0.1/16 52:54:00:66:00:01
ip address add fd00:66::1/64 dev br0 nodad
for n in 1 2 3; do client $n 02:00:00:00:00:0$n br0; done
inside 1 ip address add 10.66.0.11/16 dev c1
inside 2 ip address add 10.66.0.12/16 dev c2
inside 3 ip address add fd00:66::13/64 dev c3 nodad

run() { timeout 60 "$@" >"$lab/out" 2>"$lab/said" </dev/null; }
# ends WHAT STATUS TEXT COMMAND…: it ends so, and TEXT is in what it printed
ends() {
	local what=$1 want=$2 text=$3 status
	shift 3
	run "$@"
	status=$?
	if [ $status != "$want" ]; then fail "$what: exit $status, not $want"; tail "$lab/out" "$lab/said"
	elif ! cat "$lab/out" "$lab/said" | grep -qE -- "$text"; then fail "$what: no '$text'"; tail "$lab/out" "$lab/said"
	else pass "$what"
	fi
}
state() { [ "$("$USHER" show "$1" --json | jq -r .state)" = "$2" ] || { "$USHER" show "$1"; return 1; }; }
fetch() { inside "$1" curl -sSf --max-time 20 -o "$lab/got" "${@:2}"; }
url() { sed -n "s/.*$1='*\(http[^ ']*\).*/\1/p" "$lab/got.$2"; }
# What iPXE on that machine's card is told to load, and what its installer does next.
boot() {
	inside "$1" udhcpc -i "c$1" -f -q -n -t 5 -T 1 -x 0x4d:69505845 -O bootfile -s "$lab/note" >"$lab/udhcpc" 2>&1
	fetch "$1" "$(sed -n 's/^boot_file=//p' "$lab/told")" || return 1
	fetch "$1" "$(grep -o 'http://[^ ]*/answers' "$lab/got" | head -1)" && cp "$lab/got" "$lab/got.$1"
}
# installs N NAME: until it is up; its host key is $lab/key.N
installs() {
	[ -e "$lab/key.$1" ] || ssh-keygen -q -t ed25519 -N '' -C "root@$2" -f "$lab/key.$1"
	boot "$1" && fetch "$1" -d "" "$(url "done" "$1")" && fetch "$1" --data-binary "@$lab/key.$1.pub" "$(url up "$1" | sed 's/up$/host-keys/')" &&
		fetch "$1" -d "" "$(url up "$1")" && state "$2" up
}

# --- without a service ------------------------------------------------------------------------------------------------------

ends "status without a service says so, and how to start it" 1 "the service is not running .*: usher serve" "$USHER" status
run "$USHER" status --json
check "in JSON, too" jq -e '.running == false and .problems[0].fix != ""' "$lab/out"
check "the service starts" usher_start || lab_end

# --- status -------------------------------------------------------------------------------------------------------------------

ends "status of a service that is well" 0 "^all is well" "$USHER" status
check "says which, since when, its process and socket" grep -E "^usher [0-9.]+ since 20.*, pid $USHER_PID, $USHER_SOCKET$" "$lab/out"
check "and who serves" grep -E "^br0 +br0 +10.66.0.0/16 +.* +0 used, 2 free +usher leases$" "$lab/out"; cat "$lab/out"
enroll() { "$USHER" enroll "$@" --no-ssh-key; }
check "machines are enrolled" enroll web01 --mac 02:00:00:00:00:01 --profile plain --ip 10.66.0.11 --power "$lab/power/switch"
check "one more" enroll web02 --mac 02:00:00:00:00:02 --profile coreos --ip 10.66.0.12
check "one has IPv6 alone" enroll six --mac 02:00:00:00:00:03 --profile plain --ip fd00:66::13
ends "status counts them" 0 "^machines +3: 3 known$" "$USHER" status

# --- ssh ----------------------------------------------------------------------------------------------------------------------

ends "nobody of that name" 1 "no machine 'web09'" "$USHER" ssh web09
ends "which machine" 2 "usher ssh: which machine" "$USHER" ssh
ends "an option of ssh's" 2 "usher ssh: no option -v" "$USHER" ssh -v web01
ends "one that nothing was installed on" 1 "web01 is known, and usher has installed nothing on it.*usher reinstall web01" "$USHER" ssh web01
check "they are armed" "$USHER" reinstall web01 web02
ends "one that is armed" 1 "web01 is armed, and can be logged in to when it is up: 'usher wait web01'" "$USHER" ssh web01
check "it boots" boot 1
check "its installer says how far it is" fetch 1 -d "unpacking 45 %" "$(url progress 1)"
ends "status tells of it" 0 "^  web01 +installing +[0-9]+s +(45 %)? +unpacking" "$USHER" status
check "and how many are so" grep -E "^machines +3: .*1 installing" "$lab/out"; cat "$lab/out"
"$USHER" disarm web01 >/dev/null
"$USHER" reinstall web01 >/dev/null
check "it is installed, and up" installs 1 web01
check "another, too" installs 2 web02

sshd=$B/peers/openssh-server/usr/sbin/sshd
mkdir -p /run/sshd
sed '/^sshd:\|^core:/d' /etc/passwd >"$lab/passwd"
printf 'sshd:x:105:65534::/run/sshd:/usr/sbin/nologin\ncore:x:1042:1042::%s:/bin/sh\n' "$lab/home" >>"$lab/passwd"
ssh-keygen -q -t ed25519 -N '' -f "$lab/mine"
ssh-keygen -q -t ed25519 -N '' -f "$lab/forged"
cp "$lab/mine.pub" "$lab/authorized"
chmod 644 "$lab/authorized"
# answers N KEY: sshd on that machine, with this host key
answers() {
	[ -z "${SSHD_PID:-}" ] || { kill "$SSHD_PID"; wait "$SSHD_PID" 2>/dev/null; }
	nsenter -t "${CLIENT_PID[$1]}" -n -m sh -c 'mount --bind "$1" /etc/passwd; exec "${@:2}"' - "$lab/passwd" true 2>/dev/null
	nsenter -t "${CLIENT_PID[$1]}" -n -m "$sshd" -D -e -f /dev/null -h "$2" -o UsePAM=no -o StrictModes=no -o PidFile=none \
		-o AuthorizedKeysFile="$lab/authorized" >>"$lab/sshd" 2>&1 &
	SSHD_PID=$!
	wait_until 10 inside "$1" bash -c 'exec 3<>/dev/tcp/127.0.0.1/22'
}
export HOME=$lab/home
if [ ! -x "$sshd" ]; then
	skip "ssh: no openssh-server in build/peers: make lab-deps"
else
	answers 1 "$lab/key.1"
	ends "ssh by the key that was reported" 0 "^linux-is-there$" "$USHER" ssh web01 -i "$lab/mine" echo linux-is-there
	tail "$lab/sshd"
fi
usher_stop
lab_end
