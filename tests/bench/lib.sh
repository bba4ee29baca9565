# SPDX-License-Identifier: GPL-2.0-or-later
# For tests/bench/bench_*.sh, bash:
#
#     . "$(dirname "$0")/lib.sh"
#     bench_enter "$@"           the script goes on as root of namespaces that vanish with it, processes and all
#     wires 10.64.0.1 10.64.0.2 14    the server's end of a wire here (bench0), the clients' in a namespace behind it
#     clients COMMAND…           runs there
#     launch SUBJECT udp 69 COMMAND…  starts a server; stop udp 69 ends it
#     record JOB SUBJECT METRIC VALUE UNIT    one round's figure
#     bench_end PREFIX           medians to build/bench.tsv; the exit status
#
# BENCH_OLD=PROGRAM: an older usher is the only peer, as subject `old` (dhcp, dhcp6, tftp, http): what changed, in one run.
# BENCH_QUICK=1: one round of few figures. BENCH_ROUNDS: of these benches, another number; BENCH_RATES: of dhcp and dhcp6.
# BENCH_DIR: where the subjects keep their files (/var/tmp), a real disk.
set -u
BENCH_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
case ${B:=build} in /*) ;; *) B=$BENCH_TOP/$B ;; esac
USHER=${USHER:-$B/usher}
QUICK=${BENCH_QUICK:-}
OLD=${BENCH_OLD:-}
export LC_ALL=C

die() { echo "bench: $*" >&2; exit 1; }

# Each line is told once, at once; the run goes on with the others and fails at its end.
BENCH_FAULTS=0
fault() { BENCH_FAULTS=$((BENCH_FAULTS + 1)); echo "bench: $*" >&2; }

bench_enter() {
	[ "$(id -u)" = 0 ] || die "needs root, for namespaces"
	[ -n "${BENCH_INSIDE:-}" ] ||
		exec unshare -n -m -p --fork --kill-child=KILL --mount-proc env BENCH_INSIDE=1 "$0" "$@"
	WORK=$(mktemp -d "${BENCH_DIR:-/var/tmp}/usher-bench.XXXXXX") || die "cannot make a folder in ${BENCH_DIR:-/var/tmp}"
	chmod 755 "$WORK"
	trap 'unhurry; rm -rf "$WORK"' EXIT
	trap 'exit 130' INT TERM HUP
	case $(stat -f -c %T "$WORK") in
	tmpfs | ramfs | overlayfs) echo "note: $WORK is on $(stat -f -c %T "$WORK"): BENCH_DIR=… names a real disk" ;;
	esac
	ip link set lo up
	hurry
}

# What else runs on the machine shall cost the subjects and the load generator little. Niceness counts within a session
# only where the kernel groups tasks by session; then the session has one too.
hurry() {
	renice -n -20 $$ >/dev/null 2>&1
	SESSION_NICE=$(sed -n 's/.* nice //p' /proc/self/autogroup 2>/dev/null)
	[ -z "$SESSION_NICE" ] || echo -20 >/proc/self/autogroup
}
unhurry() { [ -z "${SESSION_NICE:-}" ] || echo "$SESSION_NICE" >/proc/self/autogroup; }

# wait_for SECONDS COMMAND…
wait_for() {
	local end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -le "$end" ] || return 1
		sleep 0.05
	done
}

# --- the wire --------------------------------------------------------------------------------------------------------

wires() {
	unshare -n sleep 7200 &
	CLIENTS=$!
	ip link add bench0 type veth peer name bench1 || die "cannot make a veth pair"
	wait_for 5 ip link set bench1 netns /proc/$CLIENTS/ns/net
	ip address add "$1/$3" dev bench0
	ip link set bench0 up
	clients ip link set lo up
	clients ip address add "$2/$3" dev bench1
	clients ip link set bench1 up
	# no ARP: it can lose the first packets of a flood
	ip neighbour replace "$2" lladdr "$(clients ip -o link show bench1 | link_address)" dev bench0 nud permanent
	clients ip neighbour replace "$1" lladdr "$(ip -o link show bench0 | link_address)" dev bench1 nud permanent
}

link_address() { sed 's|.*link/ether ||; s| .*||'; }

clients() { nsenter -t "$CLIENTS" -n "$@"; }

# --- processes -------------------------------------------------------------------------------------------------------

# User and system time of all threads, in ns: the scheduler's own count, exact where clock ticks are not.
cpu_ns() { cat /proc/"$1"/task/*/schedstat 2>/dev/null | awk '{sum += $1} END {printf "%.0f\n", sum}'; }

family() { echo "$1"; pgrep -P "$1"; }

# port_open udp|udp6|tcp PORT: somebody waits there.
port_open() {
	case $1 in
	udp) grep -qi ":$(printf %04X "$2") " /proc/net/udp ;;
	udp6) grep -qi ":$(printf %04X "$2") " /proc/net/udp6 ;;
	tcp) grep -qi ":$(printf %04X "$2") 00000000:0000 0A" /proc/net/tcp ;;
	esac
}
port_closed() { ! port_open "$@"; }
port_open_or_dead() { port_open "$@" || ! kill -0 "$PID"; }

# launch SUBJECT udp|udp6|tcp PORT COMMAND…: its pid in PID, its words in $WORK/SUBJECT.log; ready when it returns.
launch() {
	local subject=$1 kind=$2 port=$3
	shift 3
	"$@" >"$WORK/$subject.log" 2>&1 </dev/null &
	PID=$!
	wait_for 20 port_open_or_dead "$kind" "$port" && kill -0 $PID 2>/dev/null || { why_dead "$subject" "did not start"; return 1; }
}

why_dead() { fault "$1: $2: $(grep -v '^ *$' "$WORK/$1.log" | tail -n 1 | cut -c 1-300)"; }

# stop udp|udp6|tcp PORT
stop() {
	kill $PID 2>/dev/null
	wait $PID 2>/dev/null
	wait_for 5 port_closed "$@"
}

# subjects NAME…: usher and these, or usher and an older one.
subjects() { echo usher ${OLD:+old} $([ -n "$OLD" ] || echo "$@"); }
start_old() { USHER=$OLD start_usher; }

# --- figures ---------------------------------------------------------------------------------------------------------

record() { printf '%s\t%s\t%s\t%s\t%s\n' "$@" >>"$WORK/rounds"; }

# median JOB SUBJECT METRIC: of the rounds so far; nothing when there are none.
median() {
	awk -F '\t' -v j="$1" -v s="$2" -v m="$3" '$1 == j && $2 == s && $3 == m {print $4}' "$WORK/rounds" | sort -g |
		awk '{v[NR] = $1} END {if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'
}

# calculate EXPRESSION [FORMAT]
calculate() { awk "BEGIN {printf \"${2:-%.2f}\", $1}"; }
holds() { awk "BEGIN {exit !($1)}"; }

# The medians of this script's jobs take the place of what build/bench.tsv had of jobs beginning with $1.
write_tsv() {
	local tsv=$B/bench.tsv job subject metric unit
	{
		printf 'job\tmetric\tsubject\tvalue\tunit\n'
		[ ! -e "$tsv" ] || awk -F '\t' -v p="$1" 'NR > 1 && index($1, p) != 1' "$tsv"
		awk -F '\t' '!seen[$1, $2, $3]++ {print $1, $2, $3, $5}' "$WORK/rounds" |
			while read -r job subject metric unit; do
				printf '%s\t%s\t%s\t%s\t%s\n' "$job" "$metric" "$subject" "$(median "$job" "$subject" "$metric")" "$unit"
			done
	} >"$tsv.part" && mv "$tsv.part" "$tsv"
}

# bench_end PREFIX
bench_end() {
	write_tsv "$1"
	echo
	echo "in $SECONDS s; all figures: ${B#"$BENCH_TOP"/}/bench.tsv"
	[ "$BENCH_FAULTS" = 0 ]
	exit
}
