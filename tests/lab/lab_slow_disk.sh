#!/bin/bash
# A disk whose fdatasync takes 50 ms more: OFFERs do not wait for it, and no ACK leaves before a sync that began after
# its REQUEST had come is over. Sixty clients from perfdhcp, seen by tcpdump, the syncs told by a preloaded library.
. "$(dirname "$0")/lib.sh"
lab_enter "$@"

clients=60 rate=40
slow=$USHER_LAB/slow_disk.so
export SLOW_DISK_MS=50 SLOW_DISK_LOG=$USHER_LAB/syncs
# a preloaded library comes before the sanitizer's own, which does not like that
export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0

gcc -shared -fPIC -O1 -o "$slow" "$LAB_TOP/tests/lab/slow_disk.c" || { fail "slow_disk.c compiles"; lab_end; }
: >"$SLOW_DISK_LOG"
chmod 666 "$SLOW_DISK_LOG"

unshare -n sleep 600 &
client=$!
ip link add lab0 type veth peer name lab1
ip link set lab0 master virbr0 up
wait_until 5 ip link set lab1 netns /proc/$client/ns/net
inside() { nsenter -t $client -n "$@"; }
inside ip link set lab1 up
inside ip address add 192.168.122.50/24 dev lab1

if LD_PRELOAD=$slow usher_start; then pass "the service starts on a slow disk"; else fail "the service starts"; lab_end; fi
tcpdump -i lab0 -n -l -tt -v udp port 67 >"$USHER_LAB/packets" 2>/dev/null &
dump=$!
sleep 1
timeout 30 nsenter -t $client -n perfdhcp -4 -l lab1 -r $rate -R $clients -n $clients -W 1 192.168.122.1 \
	>"$USHER_LAB/perfdhcp" 2>&1
sleep 1
kill $dump
wait $dump 2>/dev/null

# One line a packet: time, kind, xid.
awk '/^[0-9]+\.[0-9]+ IP/ {at = $1; xid = "0x0"} # tcpdump leaves out an xid of zero
	/xid 0x/ {match($0, /xid 0x[0-9a-f]+/); xid = substr($0, RSTART + 4, RLENGTH - 4)}
	/DHCP-Message/ {print at, $NF, xid}' "$USHER_LAB/packets" >"$USHER_LAB/kinds"

# The longest wait for an OFFER, in ms, and how many came.
read -r offers slowest < <(awk '$2 == "Discover" {d[$3] = $1}
	$2 == "Offer" && $3 in d {n++; ms = ($1 - d[$3]) * 1000; if (ms > max) max = ms}
	END {printf "%d %.2f\n", n, max}' "$USHER_LAB/kinds")
# An ACK is early when no sync lies wholly between its REQUEST and it.
read -r acks early fastest < <(awk 'NR == FNR {begin[++k] = $1; end[k] = $2; next}
	$2 == "Request" {r[$3] = $1}
	$2 == "ACK" && $3 in r {
		n++; ms = ($1 - r[$3]) * 1000; if (!min || ms < min) min = ms; good = 0
		for (i = 1; i <= k; i++) if (begin[i] >= r[$3] && end[i] <= $1) good = 1
		bad += !good
	}
	END {printf "%d %d %.2f\n", n, bad, min}' "$SLOW_DISK_LOG" "$USHER_LAB/kinds")

echo "OFFERs: $offers, the slowest after $slowest ms; ACKs: $acks, the fastest after $fastest ms; syncs: $(
	wc -l <"$SLOW_DISK_LOG")"
kinds() { awk -v kind="$1" '$2 == kind && !seen[$3]++' "$USHER_LAB/kinds" | wc -l; }
check "clients asked" test "$(kinds Request)" -ge $((clients / 2)) # perfdhcp does not ask again, and stops at its time
check "all of $(kinds Discover) clients were offered an address" test "$offers" = "$(kinds Discover)"
check "all of $(kinds Request) leases were acknowledged" test "$acks" = "$(kinds Request)"
check "the slowest OFFER left within 5 ms ($slowest ms)" awk "BEGIN {exit !($slowest < 5)}"
check "no ACK before its commit ($early were)" test "$early" = 0
check "commits gather: fewer syncs than leases" test "$(wc -l <"$SLOW_DISK_LOG")" -lt "$clients"
usher_stop
lab_end
