#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The power of bare metal: controllers that OpenIPMI's simulator plays, asked by the real ipmitool whose command lines are
# written down; Wake on LAN as it is on the wire; controllers that are away, hang, or refuse the password, while DHCP goes on;
# and passwords, which nobody sees. In a network namespace of its own.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/bmc.sh"

says() { local text=$1; shift; ! "$@" >"$USHER_LAB/said" 2>&1 && grep -e "$text" "$USHER_LAB/said"; }
api() { curl -sS --max-time 100 --unix-socket "$USHER_SOCKET" "$@"; }
timeline_has() { "$USHER" timeline "$1" | grep -E "$2"; }
power() { "$USHER" power "$@"; }
last_calls() { tail -n "$1" "$USHER_LAB/sent" | sed 's/.* raw /raw /' | paste -sd ';'; }

# serial_machine PORT: what is on the serial port: it says so once a second, and repeats what is typed.
serial_machine() {
	exec python3 -c '
import select, socket, sys, time
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    port, _ = listening.accept()
    try:
        for n in range(1000):
            port.sendall(b"tick %d\r\n" % n)
            if select.select([port], [], [], 1)[0]:
                typed = port.recv(100)
                if not typed:
                    break
                port.sendall(b"typed " + typed + b"\r\n")
    except OSError:
        pass
' "$1"
}

# The real ipmitool, behind one that writes down how it was called.
mkdir -p "$USHER_LAB/bin"
cp /usr/bin/ipmitool "$USHER_LAB/bin/real"
cat >"$USHER_LAB/bin/ipmitool" <<END
#!/bin/sh
echo "\$*" >>"$USHER_LAB/sent"
case "\$*" in *"raw 0x00 0x02 0x02") [ ! -e "$USHER_LAB/leaves" ] || echo 2 >"$USHER_LAB/away-for" ;;
*) n=\$(cat "$USHER_LAB/away-for" 2>/dev/null || echo 0)
	[ "\$n" = 0 ] || { echo \$((n - 1)) >"$USHER_LAB/away-for"; echo "no response from RAKP 1 message" >&2; exit 1; } ;;
esac
exec "$USHER_LAB/bin/real" "\$@"
END
chmod 755 "$USHER_LAB/bin/ipmitool"
mount --bind "$USHER_LAB/bin/ipmitool" /usr/bin/ipmitool

lab_profile plain kernel '# {{machine.name}}'
net_bridge b1 10.66.0.1/24 02:00:00:00:66:01
client 1 02:00:00:00:00:01 b1
cat >"$USHER_LAB/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$USHER_LAB/state'/>
  <socket path='$USHER_SOCKET'/>
  <boot dir='$USHER_LAB/boot'/>
  <power dir='$USHER_LAB/power'/>
  <profiles dir='$USHER_LAB/more'/>
  <segment interface='b1' mode='own'><pool start='10.66.0.100' end='10.66.0.200'/></segment>
</usher>
END
mkdir -p "$USHER_LAB/boot" "$USHER_LAB/power"
echo vErysEcret >"$USHER_LAB/password"
echo wrOngsEcret >"$USHER_LAB/wrong"
serial_machine 9003 &
bmc rack1 6231 9003
RACK1=$BMC_PID
bmc rack2 6232
RACK2=$BMC_PID
check "the service starts" usher_start || lab_end
enroll() { "$USHER" enroll "$@" --profile plain --no-ssh-key; }

# --- IPMI -----------------------------------------------------------------------------------------------------------------

target='ipmi://admin@127.0.0.1:6231?cipher=3&spacing=0'
check "a machine with a controller is enrolled" enroll rack1 --mac 02:00:00:00:01:01 --power "$target" \
	--power-password-file "$USHER_LAB/password"
check "it is off" test "$(power rack1 status)" = "rack1: off"
check "switched on" power rack1 on
check "it is on" test "$(power rack1 status)" = "rack1: on"
check "and its controller was told so" test "$(cat "$USHER_LAB/rack1/power")" = 1
check "by these bytes: looked, switched, looked" grep -Fx "raw 0x00 0x01;raw 0x00 0x02 0x01;raw 0x00 0x01;raw 0x00 0x01" \
	<(last_calls 4)
check "on again does nothing" grep "rack1: on: it was on" <(power rack1 on)
check "a cycle" power rack1 cycle
check "is a cycle" grep -F "raw 0x00 0x02 0x02" <(last_calls 2)
is_on() { [ "$(power "$1" status)" = "$1: on" ]; }
check "after which it is on" wait_until 10 is_on rack1
touch "$USHER_LAB/leaves"
check "one whose controller is away for a while after it" power rack1 cycle
check "is asked until it is back" grep -Fx "raw 0x00 0x02 0x02;raw 0x00 0x01;raw 0x00 0x01;raw 0x00 0x01" <(last_calls 4)
rm "$USHER_LAB/leaves"
check "the network once" power rack1 netboot
check "by these bytes: keep the flag, set it, read it back" grep -Fx \
	"raw 0x00 0x08 0x03 0x08;raw 0x00 0x08 0x05 0x80 0x04 0x00 0x00 0x00;raw 0x00 0x09 0x05 0x00 0x00" <(last_calls 3)
check "its controller has it" test "$(cat "$USHER_LAB/rack1/boot")" = pxe
check "by UEFI where the target says so" power rack1 set "$target&boot=uefi" --power-password-file "$USHER_LAB/password"
check "the network once" power rack1 netboot
check "with the flag of UEFI" grep -F "0x05 0xa0 0x04" <(last_calls 2)
check "what the controller tells back differently is said" timeline_has rack1 "netboot.*a0 04.*tells back 00 04.*BIOS"
check "off" power rack1 off
check "it is off" test "$(cat "$USHER_LAB/rack1/power")" = 0
check "a cycle of one that is off switches it on" power rack1 cycle
check "without a cycle" grep -Fx "raw 0x00 0x01;raw 0x00 0x02 0x01;raw 0x00 0x01" <(last_calls 3)
check "armed, it is told to boot from the network, and cycled" "$USHER" reinstall rack1
check "which the timeline tells" wait_until 20 timeline_has rack1 "power +power cycle"
check "both" timeline_has rack1 "told to boot from the network: once"
console() { api "http://usher/api/v1/machines/$1/console?last=65536" | jq -r '.data' | base64 -d; }
console_has() { console "$1" | grep -aE "$2"; }
check "while it is installed its console is recorded" wait_until 30 console_has rack1 "tick [0-9]"
check "with where that begins" console_has rack1 "rack1 is recorded from here on"
"$USHER" disarm rack1 >/dev/null

: >"$USHER_LAB/rack1/stuck"
power rack1 set "$target" --power-password-file "$USHER_LAB/password" >/dev/null
echo none >"$USHER_LAB/rack1/boot"
check "a boot flag that does not take is said" says "is not first at the next boot" power rack1 netboot
rm "$USHER_LAB/rack1/stuck"

# --- the console, by serial over LAN ---------------------------------------------------------------------------------

types() { api -d "{\"data\":\"$(printf "$2" | base64)\"}" "http://usher/api/v1/machines/$1/console"; }
check "somebody looks: it is open" wait_until 10 eval 'types rack1 "" | grep typed'
check "what is typed arrives" wait_until 10 eval 'types rack1 "~.hello\\r" | grep typed && sleep 1 && console_has rack1 "typed ~.hello"'
check "usher console shows it" grep -a "tick" <(timeout 3 "$USHER" console rack1 </dev/null)
session() { echo vErysEcret | "$USHER_LAB/bin/real" -I lanplus -C 3 -f /dev/stdin -H 127.0.0.1 -p 6231 -U admin sol "$@"; }
check "another session is not let in meanwhile" grep "already active" <(session activate 2>&1 </dev/null)
check "a machine without one is told how" grep "whose console comes from an IPMI controller" <(
	enroll quiet --mac 02:00:00:00:01:09 >/dev/null
	api http://usher/api/v1/machines/quiet/console)

# --- controllers that do not do well ------------------------------------------------------------------------------------

offer() { inside 1 udhcpc -i c1 -f -q -n -t 2 -T 1 -s /bin/true; }
other='ipmi://admin@127.0.0.1:6232?cipher=3&spacing=0'
enroll wrong --mac 02:00:00:00:01:02 --power "$other" --power-password-file "$USHER_LAB/wrong" >/dev/null
check "a wrong password is one clear line" says "IPMI controller 127.0.0.1, asked to tell its power: it refuses the password" \
	power wrong status
enroll stranger --mac 02:00:00:00:01:03 --power "${other/admin/nobody}" --power-password-file "$USHER_LAB/password" >/dev/null
check "an unknown user" says "it does not know this user" power stranger status
enroll away --mac 02:00:00:00:01:04 --power "ipmi://admin@127.0.0.1:6239?cipher=3" \
	--power-password-file "$USHER_LAB/password" >/dev/null
enroll hangs --mac 02:00:00:00:01:05 --power "$other" --power-password-file "$USHER_LAB/password" >/dev/null
check "a good one" power hangs status
kill -STOP "$RACK2"
(power away status >"$USHER_LAB/away" 2>&1) &
(power hangs on >"$USHER_LAB/hangs" 2>&1) &
sleep 1
begin=$(date +%s%N)
for _ in 1 2 3 4 5; do offer >"$USHER_LAB/udhcpc" 2>&1 || echo failed; done >"$USHER_LAB/offers"
took=$((($(date +%s%N) - begin) / 1000000))
check "meanwhile five leases are had, in $took ms" test ! -s "$USHER_LAB/offers"
check "and the service answers" timeout 5 "$USHER" list
check "nothing there: one clear line" wait_until 40 grep "nothing answers there by IPMI" "$USHER_LAB/away"
check "one that hangs: the same" wait_until 40 grep "nothing answers there by IPMI" "$USHER_LAB/hangs"
kill -CONT "$RACK2"
(power hangs cycle >"$USHER_LAB/dies" 2>&1) &
dying=$!
kill -KILL "$RACK2"
wait "$dying"
check "one that dies in the middle" grep "hangs: cycle: IPMI controller" "$USHER_LAB/dies"

# --- what is refused ------------------------------------------------------------------------------------------------------

check "a password in the target is refused" says "would be seen by everyone" enroll open --mac 02:00:00:00:01:06 \
	--power ipmi://admin:vErysEcret@127.0.0.1
check "a target without password" says "the password of admin at 127.0.0.1 is missing" enroll bare --mac 02:00:00:00:01:06 \
	--power ipmi://admin@127.0.0.1 </dev/null
check "by the API, too" grep "the password of user admin of its controller is missing" <(api http://usher/api/v1/machines -d \
	'{"kind":"bare-metal","name":"bare","profile":"plain","segment":"b1","mac":"02:00:00:00:01:06","power":"ipmi://admin@h"}')
check "an unknown scheme" says "is neither ipmi" enroll odd --mac 02:00:00:00:01:06 --power snmp://host
check "an unknown option" says "it has no option 'chipher'" enroll odd --mac 02:00:00:00:01:06 --power 'ipmi://h?chipher=3'
check "no machine of these was made" says "no machine 'odd'" "$USHER" show odd
check "a machine without power is told how" says "usher power bare set TARGET" eval \
	'enroll bare --mac 02:00:00:00:01:07 >/dev/null; power bare on'

# --- Wake on LAN ----------------------------------------------------------------------------------------------------------

check "a machine that is woken" enroll sleeper --mac 02:00:00:00:01:08 --power wol:
nsenter -t "${CLIENT_PID[1]}" -n tcpdump -i c1 -n -c 1 -x ether proto 0x0842 >"$USHER_LAB/magic" 2>&1 &
wait_until 5 grep -q listening "$USHER_LAB/magic"
check "is woken" grep "sent 02:00:00:00:01:08 a packet to wake it on b1" <(power sleeper on)
magic() { sed -n 's/^\t0x[0-9a-f]*: *//p' "$USHER_LAB/magic" | tr -d ' \n'; }
six=020000000108
check "by a packet with its MAC sixteen times" wait_until 5 eval \
	'[ "$(magic | cut -c 1-204)" = "ffffffffffff$(for _ in $(seq 16); do printf $six; done)" ]'
check "and cannot be switched off" says "can switch on only" power sleeper off

# --- passwords ----------------------------------------------------------------------------------------------------------

check "no call of ipmitool has the password" test "$(grep -c vErysEcret "$USHER_LAB/sent")" = 0
check "nor does the log" test "$(grep -c vErysEcret "$USHER_LAB/usher.log")" = 0
check "nor does the API" test "$(api "http://usher/api/v1/machines?full=1" | grep -c vErysEcret)" = 0
check "deleted" "$USHER" delete rack1 hangs stranger away
usher_stop
check "the store forgets it" test "$(grep -c vErysEcret "$USHER_LAB"/state/*.db* | grep -cv ':0$')" = 0
kill "$RACK1"
[ $LAB_FAILED = 0 ] || sed 's/^/  log: /' "$USHER_LAB/usher.log" | tail -n 40
lab_end
