#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A disk that is full: no ACK leaves, everything else goes on, the log says where it lacks and is not flooded, and when
# there is room again the clients get their ACKs. Twice; the second time it is killed while the disk is full, and starts.
# shellcheck source=tests/lab/lib.sh disable=SC2119,SC2120
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/net.sh
. "$LAB_TOP/tests/lab/net.sh"
# shellcheck source=tests/lab/load.sh
. "$LAB_TOP/tests/lab/load.sh"
load_enter "$@"

clients=3000
state=$USHER_LAB/state
mount -t tmpfs -o size=8m,mode=700 lab "$state"

fill() { head -c 8M /dev/zero >"$state/ballast" 2>/dev/null; sync; }
log_since() { tail -n "+$((log_lines + 1))" "$USHER_LAB/usher.log"; }
log_says() { log_since | grep -E "$1"; }
mark_log() { log_lines=$(wc -l <"$USHER_LAB/usher.log"); }

# The clients from $2 on, until the disk is full; they keep asking.
load_until_full() {
	fill
	mark_log
	load "$1" -n $clients -f "$2" -r 1000 -w $clients -t 100 &
	loading=$!
	check "$1: the log says that the disk is full, where, and what to do" \
		wait_until 40 log_says "$state.*make room"
	sleep 4 # all have begun, and asked several times
	stopped_at=$(wc -l <"$acks")
	sleep 2
}

if usher_start; then pass "the service starts"; else fail "the service starts"; lab_end; fi
check "clients are served" load early -n 300 -t 60

load_until_full first 1000
check "ACKs have stopped" test "$(wc -l <"$acks")" = "$stopped_at"
check "before all had one" test "$stopped_at" -lt $((300 + clients))
check "the service is there" "$USHER" list
load new -n 20 -f 90000 -t 4
check "new clients are offered addresses, and get no ACK" test "$(said new offers) $(said new acks)" = "20 0"
refused() { ! "$USHER" token create late --role view >"$USHER_LAB/said" 2>&1 && grep "was not made" "$USHER_LAB/said"; }
tokens() { "$USHER" token list --json | jq -c '[.tokens[].name]'; }
check "no token is made that cannot be stored" refused
check "there is none of that name" test "$(tokens)" = "[]"
check "the log is not flooded ($(log_since | wc -l) lines)" test "$(log_since | wc -l)" -lt 20
rm "$state/ballast"
wait $loading
check "with room again all clients get their ACKs" test $? = 0
check "and the log says so" log_says "writing again"
check "the token can be made now" "$USHER" token create late --role view
echo "meanwhile $(said first again) repetitions; 99 of 100 OFFERs within $(said first offer_99_ms) ms"

load_until_full second 5000
usher_stop KILL
if usher_start; then pass "killed, it starts on the full disk"; else fail "killed, it starts on the full disk"; lab_end; fi
compare "every ACK is there"
rm "$state/ballast"
wait $loading
check "with room again all clients get their ACKs" test $? = 0
compare "every ACK is there"
usher_stop
check "the service ends in peace" test $? = 0
usher_start
compare "every ACK is there after a restart"
lab_end
