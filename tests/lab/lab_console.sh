#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# Guests' serial consoles: recorded from the firmware's first line on, typed into, watched by two at once; through a service that
# is killed, a libvirtd that is, somebody else who takes the console, a guest that prints without end. The terminal is as it
# was afterwards, and nothing is left of a deleted machine.
# shellcheck source=/dev/null disable=SC2016
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$LAB_TOP/tests/lab/profiles.sh"

said=$USHER_LAB/said log=/var/lib/usher/console/web01.log
need() { check "$@" || lab_end; }
console() { "$USHER" console web01 --log "$@"; }
recorded() { console | grep -qE -- "$1"; }
times() { console | grep -cE -- "$1"; }
types() { printf '%s' "$1" | timeout 30 "$USHER" console web01 >"$said" 2>&1; }
echoes() { types "$1" && wait_until 10 recorded "$1"; }
console_is() { curl -s --unix-socket "$USHER_SOCKET" "http://usher/api/v1/machines/web01/console?last=1" | jq -e ".state == \"$1\""; }
mark() { recorded "^\[usher [-0-9]* [0-9:]*Z\] $1"; }

# Speaks, and echoes what it is typed: iPXE takes any file for a boot program of old.
as --32 "$LAB_TOP/tests/lab/echo.S" -o "$TMPDIR/echo.o" &&
	ld -m elf_i386 -Ttext 0x7c00 --oformat binary "$TMPDIR/echo.o" -o "$USHER_LAB/medium/echo" || lab_end
lab_profile talks echo '# {{machine.name}}'
lab_profiles_config >"$USHER_LAB/usher.xml"
need "the service starts" usher_start
need "a guest is created" "$USHER" create web01 --profile talks --no-ssh-key

# --- recorded --------------------------------------------------------------------------------------------------------------

need "its boot program speaks" wait_until 30 recorded '^READY$'
check "its start is marked" mark 'web01 starts$'
check "the firmware was heard from its first line on" recorded '^SeaBIOS \(version'
check "so was iPXE" recorded '^Next server: 192.168.122.1'
check "what moves the cursor is not printed" sh -c "! '$USHER' console web01 --log | grep -q '[[:cntrl:]]'"
check "but with --raw" sh -c "'$USHER' console web01 --log --raw | grep -q '[[:cntrl:]]'"
check "the record is its owner's only" test "$(stat -c '%a %U' $log)" = "600 usher"
check "nor may others look into its folder" test "$(stat -c %a /var/lib/usher/console)" = 700

# --- attached --------------------------------------------------------------------------------------------------------------

"$USHER" console web01 --log --follow >"$USHER_LAB/one" &
one=$!
"$USHER" console web01 --log --follow >"$USHER_LAB/two" &
two=$!
need "what is typed is echoed" echoes hello-1
# A terminal: script(1) makes one.
terminal() { # WHAT-IS-TYPED
	rm -f "$USHER_LAB/pid"
	(wait_until 10 test -s "$USHER_LAB/pid"; sleep 1; printf '%b' "$1"; wait_until 10 test -s "$USHER_LAB/after") |
		script -qec "stty -a >$USHER_LAB/before; sh -c 'echo \$\$ >$USHER_LAB/pid; exec $USHER console web01'
			stty -a >$USHER_LAB/after" /dev/null >"$said" 2>&1
}
same_terminal() { cmp "$USHER_LAB/before" "$USHER_LAB/after"; }
rm -f "$USHER_LAB/after"
timeout 60 bash -c "$(declare -f terminal wait_until); USHER_LAB=$USHER_LAB USHER=$USHER said=$said; terminal 'hello-2\035never'"
check "from a terminal too" wait_until 10 recorded hello-2
check "^] leaves, and what comes after it is not typed" test "$(times never)" = 0
check "the lines before were shown" grep -q READY "$said"
check "the terminal is as it was" same_terminal
rm -f "$USHER_LAB/after" "$USHER_LAB/pid"
timeout 60 bash -c "$(declare -f terminal wait_until); USHER_LAB=$USHER_LAB USHER=$USHER said=$said; terminal 'hello-3'" &
attached=$!
wait_until 10 recorded hello-3
kill "$(cat "$USHER_LAB/pid")"
wait $attached
check "killed, it leaves the terminal as it was" same_terminal
both_saw() { grep -q hello-1 "$USHER_LAB/one" && grep -q 'hello-2.*hello-3' "$USHER_LAB/one" && grep -q 'hello-2.*hello-3' "$USHER_LAB/two"; }
# the line has no end yet
types $'\n'
check "two who watch saw all of it" wait_until 10 both_saw

# --- disturbed ---------------------------------------------------------------------------------------------------------------

usher_stop KILL
need "the service is killed, and starts again" usher_start
check "recording goes on" wait_until 15 console_is on
check "what is typed is echoed again" echoes hello-4
check "nothing was recorded twice" test "$(times hello-1)" = 1
types $'\n'
check "and who watched watches on" wait_until 10 grep -q hello-4 "$USHER_LAB/one"
check "having missed nothing and seen nothing twice" test "$(grep -c hello-1 "$USHER_LAB/one")" = 1
kill $one $two

kill -9 "$(cat /run/libvirtd.pid)"
check "libvirtd is killed: that is marked" wait_until 15 mark 'libvirt does not answer'
refute "nothing can be typed" types x
check "which is said with the reason" grep -q 'usher: the console of web01 is not open.*libvirt' "$said"
start_libvirtd
check "libvirtd is back, and so is the console" wait_until 20 console_is on
check "what is typed is echoed again, libvirtd anew" echoes hello-5

# With a terminal of its own.
(wait_until 30 test -e "$USHER_LAB/leave"; printf '\035') |
	script -qec "virsh console --force web01" /dev/null >"$USHER_LAB/virsh" 2>&1 &
check "virsh takes the console by force" wait_until 15 console_is taken
check "which is marked" mark 'another client has the console of web01 open'
touch "$USHER_LAB/leave"
check "when it lets go, it is ours again" wait_until 20 console_is on
check "what is typed is echoed again, after virsh" echoes hello-6

# --- without end --------------------------------------------------------------------------------------------------------------

ticks() { sed 's/.*) //' "/proc/$USHER_PID/stat" | awk '{print $12 + $13}'; }
resident() { awk '/VmRSS/ {print int($2 / 1024)}' "/proc/$USHER_PID/status"; }
before=$(ticks)
types s
check "a guest prints without end: that is marked" wait_until 20 mark 'web01 prints without end: nothing is recorded for 5 s'
sleep 5
total=$(du -cb $log $log.1 2>/dev/null | awk 'END {print $1}')
pass "meanwhile the service took $((($(ticks) - before) * 10)) ms of CPU, $(resident) MiB of memory; the record has $total bytes"
check "the record is bounded" test "$total" -le $((2 << 20))
check "the service answers" timeout 10 "$USHER" list

# --- off, on, gone --------------------------------------------------------------------------------------------------------------

virsh -q destroy web01
check "it is off: that is marked" wait_until 15 mark 'web01 is off'
check "what it said last stands with the reason why it failed" \
	sh -c "'$USHER' show web01 | grep -A 9 'reason .*stopped from outside' | grep -q '^  console    xxxx'"
refute "nothing can be typed" types x
check "since it is off" grep -q 'web01.*is off' "$said"
virsh -q start web01
started_twice() { [ "$(times 'Z\] web01 starts$')" = 2 ]; }
check "started again, that is marked" wait_until 20 started_twice
check "and it runs" wait_until 15 console_is on
"$USHER" console web01 --log --follow >/dev/null 2>"$said" &
one=$!
check "delete" "$USHER" delete web01
wait $one
check "who watches is told" grep -q '^usher: .*web01.* deleted\|no machine' "$said"
check "nothing is left of the record" wait_until 5 test -z "$(ls /var/lib/usher/console)"

check "bare metal is enrolled" "$USHER" enroll bare01 --mac 52:54:00:00:00:01 --profile debian-12 --no-ssh-key
"$USHER" console bare01 --log 2>"$said"
check "which has no console without a controller" grep -q "bare01 is bare metal, whose console comes from" "$said"
lab_end
