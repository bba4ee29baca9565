#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# No false alarm: machines that install as they should, of several profiles and firmwares, fast and slow, many at once, with a
# slow disk under the service, a host that is busy for seconds, its clock set back and forward, the service killed and started
# again; and none of them is ever said to be stuck. In namespaces, no guest; guests are long_causes.sh's.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"

reports='progress={{attempt.progress_url}}
done={{attempt.done_url}}'
lab_profile plain kernel "$reports"
lab_profile five kernel "$reports" "<timeout minutes='5'/>"
lab_profile tells kernel "$reports
up={{attempt.up_url}}"
head -c 3000000 /dev/urandom >"$USHER_LAB/medium/kernel"
mkdir "$USHER_LAB/boot" && head -c 300000 /dev/zero >"$USHER_LAB/boot/undionly.kpxe"
cp "$USHER_LAB/boot/undionly.kpxe" "$USHER_LAB/boot/snponly.efi"
cat >"$USHER_LAB/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$USHER_LAB/state'/>
  <socket path='$USHER_SOCKET'/>
  <boot dir='$USHER_LAB/boot'/>
  <profiles dir='$USHER_LAB/more'/>
  <segment interface='br0' mode='own'><pool start='10.66.0.200' end='10.66.0.250'/></segment>
</usher>
END
net_bridge br0 10.66.0.1/16 52:54:00:66:00:01
for name in slow_disk step_clock; do
	${CC:-gcc} -shared -fPIC -O2 -o "$USHER_LAB/$name.so" "$LAB_TOP/tests/lab/$name.c" || { fail "$name.c compiles"; lab_end; }
done
export ASAN_OPTIONS=verify_asan_link_order=0:detect_leaks=0
start() {
	LD_PRELOAD="$USHER_LAB/slow_disk.so $USHER_LAB/step_clock.so" SLOW_DISK_MS=30 STEP_CLOCK=$USHER_LAB/clock usher_start
}
check "the service starts on a slow disk" start || lab_end

mac() { printf '02:00:00:00:00:%02x' "$1"; }
fetch() { local n=$1; shift; inside "$n" curl -sS -f --max-time 40 --retry 30 --retry-delay 1 --retry-all-errors "$@"; }
state_of() { "$USHER" show "$1" --json | jq -r .state; }
# walk N FIRMWARE PAUSE RATE: its whole way, with this many seconds between two steps, and bytes a second
walk() {
	local n=$1 pause=$3 rate=$4 script answers url name
	case $2 in
	bios) get "$n" -t 15 -x 0x5d:0000 -V PXEClient:Arch:00000:UNDI:002001 -O bootfile &&
		fetch "$n" --limit-rate "$rate" -o /dev/null tftp://10.66.0.1/undionly.kpxe || return ;;
	uefi) get "$n" -t 15 -x 0x5d:0007 -V PXEClient:Arch:00007:UNDI:003016 -O bootfile &&
		fetch "$n" --limit-rate "$rate" -o /dev/null tftp://10.66.0.1/snponly.efi || return ;;
	esac
	sleep "$pause"
	get "$n" -t 15 -x 0x4d:69505845 -O bootfile || return
	sleep "$pause"
	script=$(told "$n" boot_file)
	fetch "$n" -o "$USHER_LAB/script$n" "$script" || return
	for name in kernel initrd; do
		sleep "$pause"
		url=$(grep -o "http://[^ ]*/$name" "$USHER_LAB/script$n" | head -n 1)
		fetch "$n" --limit-rate "$rate" -o /dev/null "$url" || return
	done
	sleep "$pause"
	answers=$(grep -o 'answers=[^ ]*' "$USHER_LAB/script$n" | head -n 1)
	fetch "$n" -o "$USHER_LAB/answers$n" "${answers#answers=}" || return
	for name in progress progress done up; do
		sleep "$pause"
		url=$(sed -n "s/^$name='\{0,1\}\([^']*\)'\{0,1\}$/\1/p" "$USHER_LAB/answers$n")
		[ -z "$url" ] || fetch "$n" -o /dev/null --data 50 "$url" || return
	done
}

WALKS=12
profiles=(plain five tells) firmwares=(bios uefi ipxe) pauses=(0 1 2 3) rates=(100M 1M 600k)
for ((n = 1; n <= WALKS; n++)); do
	client $n "$(mac $n)" br0
done
{
	echo name,mac,address,profile,segment,arm
	for ((n = 1; n <= WALKS; n++)); do echo "m$n,$(mac $n),10.66.0.$((10 + n)),${profiles[n % 3]},br0,yes"; done
	for ((i = 0; i < 100; i++)); do printf 'crowd%d,02:00:00:99:00:%02x,,plain,br0,yes\n' $i $i; done
} >"$USHER_LAB/list"
check "all are armed" "$USHER" enroll --list "$USHER_LAB/list" --no-ssh-key

walks=()
for ((n = 1; n <= WALKS; n++)); do
	walk $n "${firmwares[n % 3]}" "${pauses[n % 4]}" "${rates[n % 3]}" >"$USHER_LAB/walk$n" 2>&1 &
	walks[n]=$!
done
check "a hundred at once meanwhile" "$USHER" probe --on br0 --storm 100 --install --mac 02:00:00:99:00:00 --over 2s

# A busy host: nobody is served for some seconds.
for _ in 1 2 3; do
	kill -STOP "$USHER_PID"
	sleep 2
	kill -CONT "$USHER_PID"
	sleep 1
done
echo -3600 >"$USHER_LAB/clock" # an hour back
sleep 3
echo 360 >"$USHER_LAB/clock" # six minutes forward
sleep 3
usher_stop KILL
check "killed, it starts again" start

for ((n = 1; n <= WALKS; n++)); do
	if wait "${walks[n]}"; then pass "m$n comes through"; else
		fail "m$n comes through: $(tail -n 1 "$USHER_LAB/walk$n")"
		"$USHER" show m$n
		"$USHER" timeline m$n
	fi
	case $(state_of m$n) in installed | up) ;; *) fail "m$n is $(state_of m$n)" ;; esac
done
count() { "$USHER" list --json | jq "[.machines[] | select(.state == \"installed\" or .state == \"up\")] | length"; }
check "all are installed" test "$(count)" = $((100 + WALKS))
check "the clock was set meanwhile" test "$("$USHER" timeline --json | jq -rs '[.[].at | sub("[.][0-9]+"; "") | fromdate] | max - min > 3600')" = true
refute "and none was ever said to be stuck" sh -c "'$USHER' timeline | grep ' stuck '"
"$USHER" timeline | grep ' stuck '
lab_end
