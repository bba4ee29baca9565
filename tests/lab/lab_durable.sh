#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What was acknowledged is kept, in both families: many clients ask by DHCP and DHCPv6, the service is killed in the middle of it, or the power is cut (the
# disk then has what was synced, and nothing else), and starts again while they go on asking. Then every ACK that they
# ever got is compared with the store, and they come back to their addresses. ROUNDS times; SEED=N repeats a run.
# shellcheck source=tests/lab/lib.sh disable=SC2119,SC2120
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lab/net.sh
. "$LAB_TOP/tests/lab/net.sh"
# shellcheck source=tests/lab/load.sh
. "$LAB_TOP/tests/lab/load.sh"
load_more='<ipv6/>'
load_enter "$@"

rounds=${ROUNDS:-5}
seed=${SEED:-$(($(date +%s) % 32768))}
clients=600 former=100 # new ones in each round, and how many of the round before ask beside them
platter=$USHER_LAB/platter
RANDOM=$seed
echo "seed $seed, $rounds rounds of $clients clients"

start() { LD_PRELOAD=$USHER_LAB/slow_disk.so SLOW_DISK_MS=5 SLOW_DISK_PLATTER=$platter usher_start; }

# Returns when there are $1 more ACKs than $2, or the load is over.
wait_acks() { tail -n "+$(($2 + 1))" -f --pid="$loading" "$acks" | sed -n "$1q"; }

lose_unsynced() {
	rm -rf "$USHER_LAB"/state/* "$platter"/.usher*
	cp "$platter"/* "$USHER_LAB/state"
}

mkdir -p "$platter"
if start; then pass "the service starts"; else fail "the service starts"; lab_end; fi
for ((round = 1; round <= rounds; round++)); do
	first=$((round == 1 ? 0 : (round - 1) * clients - former)) n=$((round == 1 ? clients : clients + former))
	before=$(wc -l <"$acks") moment=$((1 + RANDOM % (n * 9 / 10))) how=killed
	load "load.$round" -n $n -f $first -r 1500 -t 60 &
	loading=$!
	load6 "load6.$round" -n $n -f $first -r 1500 -t 60 &
	loading6=$!
	wait_acks $moment "$before"
	sleep "$(printf 0.%03d $((RANDOM % 20)))"
	usher_stop KILL
	at=$(($(wc -l <"$acks") - before))
	((round % 2 == 0)) || { lose_unsynced; how="cut off"; }
	if start; then :; else fail "round $round: the service starts again, $how after $at ACKs"; lab_end; fi
	wait $loading
	check "round $round, $how after $at ACKs: all $n clients get one" test $? = 0
	wait $loading6
	check "and one by DHCPv6" test $? = 0
	compare "none is lost"
	compare "by DHCPv6 neither" "$acks6"
	check "the clients come back" load "again.$round" -m reboot -n $n -f $first -t 60
	check "by DHCPv6 too" load6 "again6.$round" -m reboot -n $n -f $first -t 60
	check "none is refused" test "$(said "again.$round" naks)$(said "again6.$round" naks)" = 00
done
check "the clients of all rounds come back" load again -m reboot -n $((rounds * clients)) -r 3000 -t 100
check "by DHCPv6 too" load6 again6 -m reboot -n $((rounds * clients)) -r 3000 -t 100
check "none is refused" test "$(said again naks)$(said again6 naks)" = 00
# Answers to renewals arrive where every address of the pool is local. Not before: it would answer to ARP for all.
inside 1 ip route add local 10.66.128.0/17 dev lo
check "the last ones renew" load renew -m renew -n $n -f $first -t 60
check "by DHCPv6 too" load6 renew6 -m renew -n $n -f $first -t 60
compare "all keep what they were told"
compare "by DHCPv6 too" "$acks6"
# New clients that have their IPv4 address when they first ask by DHCPv6: each has its number there too, unless that was
# another's.
first_new=$((rounds * clients)) new=200
check "new clients get an address" load new -n $new -f $first_new -t 60
check "then one by DHCPv6, the later half" load6 new6 -n $((new / 2)) -f $((first_new + new / 2)) -t 60
check "then the earlier half" load6 new6 -n $((new / 2)) -f $first_new -t 60
same_number() {
	awk -v new=$new 'function hex(s, i, n) {for (i = 1; i <= length(s); i++) n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1; return n}
		NR == FNR {split($2, b, "."); if (!($1 in four)) order[++n] = $1; four[$1] = b[3] * 256 + b[4]; next}
		{split($2, b, ":"); six[$1] = hex(b[6]); holder[hex(b[6])] = $1}
		END {for (i = n - new + 1; i <= n; i++) {m = order[i]; if (six[m] == four[m]) same++; else if (!(four[m] in holder)) other++}
			print same + 0 " of " new; exit other > 0 || same == 0}' "$acks" "$acks6"
}
check "each has the same number in both, where it was free" same_number
load back -m release -n 100 -f $first
load6 back6 -m release -n 50 -f $first
released() { [ "$(leases | grep -c released)" = 150 ]; }
check "what is given back is free" wait_until 20 released
compare "the others keep theirs"
compare "by DHCPv6 too" "$acks6"
lab_end
