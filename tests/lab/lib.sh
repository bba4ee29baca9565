# SPDX-License-Identifier: GPL-2.0-or-later
# For tests/lab/*.sh, bash:
#
#     . "$(dirname "$0")/lib.sh"
#     lab_enter "$@"                  the script goes on inside a lab (usher-lab) of its own
#     usher_start                     the service, on the network default
#     check "what is claimed" COMMAND…   passes when COMMAND does; its output is shown when it fails
#     lab_end                         the closing line that tests/run reads; the exit status
#
# Each claim is one line: "ok …", "not ok …" or "skip …".
set -u
LAB_PASSED=0 LAB_FAILED=0 LAB_SKIPPED=0 USHER_PID=
LAB_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
case ${B:=build} in /*) ;; *) B=$LAB_TOP/$B ;; esac
USHER=${USHER:-$B/usher}
USHER_TINY=${USHER_TINY:-$LAB_TOP/build/cache/tiny}
export B USHER USHER_TINY

lab_enter() {
	[ -z "${USHER_LAB:-}" ] || return 0
	exec "$LAB_TOP/tests/lab/usher-lab" --cache "$LAB_TOP/build/cache/qemu" -- "$0" "$@"
}

lab_seconds() { echo "${LAB_AT:-$(($(date +%s) - LAB_START))}"; }
LAB_START=$(date +%s)

pass() { LAB_PASSED=$((LAB_PASSED + 1)); echo "ok   $(lab_seconds) s  $*"; }
fail() { LAB_FAILED=$((LAB_FAILED + 1)); echo "not ok $(lab_seconds) s  $*"; }
skip() { LAB_SKIPPED=$((LAB_SKIPPED + 1)); echo "skip $*"; }

# In this shell, not in one below it: usher_start keeps a variable.
check() {
	local what=$1 output=${TMPDIR:-/tmp}/check.$$
	shift
	if "$@" >"$output" 2>&1; then pass "$what"; else
		fail "$what: $*"
		tail -n 20 "$output" | sed 's/^/    /'
		return 1
	fi
}

refute() { local what=$1; shift; if "$@" >/dev/null 2>&1; then fail "$what: $*"; return 1; else pass "$what"; fi; }

# A line of the table of DHCP clients, which tests/run shows. A cell is yes when all that it stands for was checked and held.
row() { printf '| %-18s | %-6s | %-7s | %-7s | %-8s | %-8s | %s\n' "$@"; }
row_head() { row client leased renewed rebound rebooted released address; }
all_held() { if [ $LAB_FAILED = 0 ]; then echo yes; else echo no; fi; }

# wait_until SECONDS COMMAND…: until COMMAND succeeds; its failure when the time is over. SECONDS are a quiet machine's:
# a busy one gets four times as long, and who succeeds waits for nothing.
wait_until() {
	local begin=$EPOCHSECONDS end=$((EPOCHSECONDS + 4 * $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$EPOCHSECONDS" -lt "$end" ] || return 1
		pause_before_next_look $((EPOCHSECONDS - begin))
	done
}
# A look takes a tenth of a second of a core, which guests beside it need: who has waited for SECONDS already looks less often.
pause_before_next_look() { # SECONDS
	if [ "$1" -lt 5 ]; then sleep 0.2; elif [ "$1" -lt 30 ]; then sleep 0.5; else sleep 1.5; fi
}

# A sanitizer speaks in the service's log, of leaks when it has ended.
no_complaint() { ! grep -aE -A 20 'ERROR: [A-Za-z]+Sanitizer|runtime error:' "$USHER_LAB/usher.log"; }

lab_end() {
	[ -z "${USHER_LAB:-}" ] || [ ! -e "$USHER_LAB/usher.log" ] || { usher_stop; check "no sanitizer complains" no_complaint; }
	echo "$LAB_PASSED passed, $LAB_FAILED failed, $LAB_SKIPPED skipped"
	[ $LAB_FAILED = 0 ]
	exit
}

# --- the service -----------------------------------------------------------------------------------------------------

# The user `usher` may not be able to look into the repository: what it reads is bound into the lab.
lab_bind() {
	mkdir -p "$USHER_LAB/$2"
	mountpoint -q "$USHER_LAB/$2" || mount --bind "$1" "$USHER_LAB/$2"
}

# usher_config [SEGMENT]: a configuration for the lab on standard output; other segments instead of `default`.
usher_config() {
	cat <<-END
		<usher>
		  <user name='usher'/>
		  <state dir='/var/lib/usher'/>
		  <socket path='$USHER_SOCKET'/>
		  <profiles dir='$USHER_LAB/profiles'/>
		  <hooks dir='$USHER_LAB/hooks'/>
		  <power dir='$USHER_LAB/power'/>
		  <media name='tiny' path='$USHER_LAB/tiny'/>
		  <guest pool='default' accel='auto'/>
		  ${1:-<segment network='default'><pool start='192.168.122.100' end='192.168.122.199'/></segment>}
		</usher>
	END
}

USHER_SOCKET=/run/usher/usher.sock
export USHER_SOCKET

# usher_start [OPTION…]: waits until the service answers. Its log: $USHER_LAB/usher.log.
usher_start() {
	mkdir -p "$USHER_LAB/hooks"
	lab_bind "$LAB_TOP/kickstart/profiles" profiles
	lab_bind "$LAB_TOP/kickstart/partials" partials
	[ ! -d "$USHER_TINY" ] || lab_bind "$USHER_TINY" tiny
	[ -e "$USHER_LAB/usher.xml" ] || usher_config >"$USHER_LAB/usher.xml"
	"$USHER" serve -c "$USHER_LAB/usher.xml" "$@" >>"$USHER_LAB/usher.log" 2>&1 </dev/null &
	USHER_PID=$!
	# its answer, or its death, ends the waiting
	wait_until 20 usher_answers_or_died && "$USHER" list >/dev/null 2>&1 ||
		{ tail -n 30 "$USHER_LAB/usher.log"; return 1; }
}

# stored FOLDER KEY: what the machines' records in this state folder have as KEY, a line each. From a copy: the store and its
# log are the service's alone while it runs.
stored() {
	local copy
	copy=$(mktemp -d)
	cp "$1"/*.db* "$copy" && sqlite3 "$(echo "$copy"/*.db)" 'SELECT CAST(value AS TEXT) FROM record WHERE kind = 1' |
		jq -r --arg key "$2" '.. | objects | .[$key] // empty'
	rm -r "$copy"
}

usher_answers_or_died() { ! kill -0 "$USHER_PID" || "$USHER" list; }

# usher_stop [SIGNAL]
usher_stop() {
	[ -n "$USHER_PID" ] || return 0
	kill -"${1:-TERM}" "$USHER_PID" 2>/dev/null
	wait "$USHER_PID" 2>/dev/null
}

# --- libvirtd, for the labs that disturb it -----------------------------------------------------------------------------

libvirtd_answers() { virsh -q uri; }
start_libvirtd() {
	libvirtd >>"$USHER_LAB/libvirtd.log" 2>&1 </dev/null &
	wait_until 20 libvirtd_answers
}
libvirtd_freeze() {
	frozen=$(pidof libvirtd)
	kill -STOP "$frozen"
}
# It goes on. libvirtd 9.0 may fall over a client that was killed meanwhile; systemd would start it again.
libvirtd_thaw() {
	kill -CONT "$frozen"
	wait_until 10 libvirtd_answers || start_libvirtd
}
