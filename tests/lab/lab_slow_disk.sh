#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A disk whose fdatasync takes 50 ms more: OFFERs do not wait for it, and no ACK leaves before a sync that began after its
# REQUEST is over. And one that hangs for seconds, with more REQUESTs than there is room for: the OFFERs go on.
# shellcheck source=tests/lab/lib.sh disable=SC2119,SC2120
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/net.sh
. "$LAB_TOP/tests/lab/net.sh"
# shellcheck source=tests/lab/load.sh
. "$LAB_TOP/tests/lab/load.sh"
load_enter "$@"
export SLOW_DISK_LOG=$USHER_LAB/syncs
: >"$SLOW_DISK_LOG"

start() { LD_PRELOAD=$USHER_LAB/slow_disk.so SLOW_DISK_MS=$1 usher_start; }
at_most() { awk "BEGIN {exit !($1 <= $2)}"; }
syncs() { wc -l <"$SLOW_DISK_LOG"; }

# An ACK is early when no sync lies wholly between its REQUEST and it: of those that began after the REQUEST, the first
# is over too late. Syncs come one after another.
early() {
	sort -n "$SLOW_DISK_LOG" >"$USHER_LAB/sorted"
	sort -n -k 6 "$acks" | awk 'NR == FNR {begin[NR] = $1; end[NR] = $2; n = NR; next}
		{
			while (at < n && begin[at] < $6) at++
			if (begin[at] < $6 || end[at] > $7) {early++; print > "/dev/stderr"}
			if (!least || $7 - $6 < least) least = $7 - $6
		}
		END {printf "%d %.1f\n", early, least * 1000}' "$USHER_LAB/sorted" - 2>"$USHER_LAB/early"
}

if start 50; then pass "the service starts on a slow disk"; else fail "the service starts"; lab_end; fi
check "all clients get an address" load first -n 300 -r 300 -t 60
check "and ask for one again" load gentle -n 300 -r 100 -t 60
check "the OFFERs left at once" test "$(said gentle at_once)" -ge 297
# The half, since what else runs here may keep the service from its core: waiting for the disk would delay all of them.
check "and soon: half of them within 5 ms ($(said gentle offer_ms) ms; 99 of 100: $(said gentle offer_99_ms) ms)" \
	at_most "$(said gentle offer_ms)" 5
before=$(syncs)
check "a crowd gets its addresses" load crowd -f 10000 -n 6000 -r 10000 -w 6000 -t 60
echo "completed: $(said crowd rate)/s with $(($(syncs) - before)) syncs; 99 of 100 OFFERs within $(said crowd offer_99_ms) ms"
read -r early least < <(early)
check "none of $(wc -l <"$acks") ACKs came before its commit" test "$early" = 0
echo "the fastest ACK after $least ms"
check "commits gather: fewer syncs than leases" test $(($(syncs) * 4)) -lt 6600
usher_stop

if start 2000; then pass "the service starts on a disk that hangs"; else fail "the service starts"; lab_end; fi
check "all clients of a crowd get an address in the end" load hanging -f 20000 -n 9000 -r 6000 -w 9000 -t 60
check "nearly all OFFERs left at once" test "$(said hanging at_once)" -gt 8900
echo "$(said hanging at_once) of 9000; repetitions: $(said hanging again)"
read -r early least < <(early)
check "no ACK came before its commit" test "$early" = 0
compare "every ACK is there"
usher_stop
lab_end
