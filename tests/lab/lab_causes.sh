#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Why a machine is stuck: faults of the wire and of the service that bare machines run into, each with a client that does what
# firmware would. `usher show` names the cause, says what was seen and what to do; a machine that comes through has none. Ends
# with a table: fault, seconds from its begin to the line on the timeline, cause, fix.
# In namespaces, no guest; guests' faults are long_causes.sh's.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"

lab_profile plain kernel 'done={{attempt.done_url}}'
lab_profile gone kernel '# {{machine.name}}'
mkdir "$USHER_LAB/goes" && cp "$USHER_LAB/medium/kernel" "$USHER_LAB/medium/initrd" "$USHER_LAB/goes/"
sed -i "s|$USHER_LAB/medium'|$USHER_LAB/goes'|; s|name='lab'|name='goes'|" "$USHER_LAB/more/gone/profile.xml"
mkdir "$USHER_LAB/boot" && head -c 300000 /dev/zero >"$USHER_LAB/boot/undionly.kpxe"
cp "$USHER_LAB/boot/undionly.kpxe" "$USHER_LAB/boot/snponly.efi"
cat >"$USHER_LAB/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$USHER_LAB/state'/>
  <socket path='$USHER_SOCKET'/>
  <boot dir='$USHER_LAB/boot'/>
  <profiles dir='$USHER_LAB/more'/>
  <segment interface='br0' mode='own' probe='0'><pool start='10.66.0.100' end='10.66.0.150'/></segment>
  <segment interface='br1' mode='own' probe='0'><pool start='10.67.0.100' end='10.67.0.150'/></segment>
  <segment interface='br2' mode='own' probe='100'><pool start='10.68.0.100' end='10.68.0.150'/></segment>
  <segment interface='br3' mode='own' probe='0'><pool start='10.69.0.2' end='10.69.0.6'/></segment>
</usher>
END
net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
net_bridge br1 10.67.0.1/24 52:54:00:67:00:01
net_bridge br3 10.69.0.1/29 52:54:00:69:00:01
net_bridge br2 10.68.0.1/24 52:54:00:68:00:01
mac() { printf '02:00:00:00:00:%02x' "$1"; }
for n in 1 2 3 4 5 6 7 8; do client $n "$(mac $n)" br0; done
for n in 23 24; do client $n "$(mac $n)" br1; done
for n in 31 32 34 35; do client $n "$(mac $n)" br2; done
client 9 "$(mac 9)" br0
client 10 "$(mac 9)" br0
client 11 "$(mac 11)" br0
mount -t tmpfs -o size=8m,mode=700 lab "$USHER_LAB/state"
check "the service starts" usher_start || lab_end

# enroll NAME N SEGMENT [PROFILE [ADDRESS]]
enroll() {
	check "$1 is armed" "$USHER" enroll "$1" --mac "$(mac "$2")" --network "$3" --profile "${4:-plain}" --no-ssh-key \
		--arm ${5:+--ip "$5"}
}
cause() { "$USHER" show "$1" --json | jq -r ".attempt.cause.$2"; }
is_cause() { [ "$(cause "$1" kind)" = "$2" ]; }
no_cause() { [ "$(cause "$1" kind)" = null ]; }
waits_for() { [ "$("$USHER" show "$1" --json | jq -r .attempt.waits_for)" = "$2" ]; }
# When its cause was put onto its timeline.
stuck_at() { date -d "$("$USHER" timeline "$1" --json | jq -r 'select(.kind == "stuck").at' | tail -n 1)" +%s; }
# named NAME KIND SECONDS CERTAIN: within that time, counted from `begun`
named() {
	check "$1: $2, within $3 s" wait_until "$3" is_cause "$1" "$2" || { "$USHER" show "$1"; "$USHER" timeline "$1"; }
	printf '%-8s %3d s  %-14s %-8s  %s\n                       fix: %s\n' "$1" $(($(stuck_at "$1") - begun)) "$(cause "$1" kind)" \
		"$([ "$(cause "$1" certain)" = true ] && echo certain || echo probably)" "$(cause "$1" text)" "$(cause "$1" fix)" \
		>>"$USHER_LAB/table"
	check "$1: with a fix" test -n "$(cause "$1" fix)"
	check "$1: $([ "$4" = true ] || echo not) certain" test "$(cause "$1" certain)" = "$4"
	check "$1: on its timeline" sh -c "'$USHER' timeline '$1' | grep stuck"
}
says() { "$USHER" show "$1" | grep -E -e "$2"; }
# iPXE's user class; a PXE firmware of this architecture (RFC 4578)
as_ipxe() { get "$@" -x 0x4d:69505845 -O bootfile; }
as_pxe() { get "$1" -x "0x5d:$2" -V "PXEClient:Arch:000${2#000}:UNDI:002001" -O bootfile; }
# uuid N: as option 97
uuid() { printf '0x61:004c4c454400351044%02x57b7c04f4e44aa' "$1"; }
script() { told "$1" boot_file; }
fetch() { local n=$1; shift; inside "$n" curl -sS --max-time 5 "$@"; }

enroll fine 1 br0 plain 10.66.0.11
enroll web 2 br0 plain 10.66.0.12
enroll tftp 3 br0 plain 10.66.0.13
enroll file 4 br0 gone 10.66.0.14
enroll arch 5 br0 plain 10.66.0.15
enroll refused 6 br0 plain 10.66.0.16
enroll signed 7 br0 plain 10.66.0.17
enroll twin 9 br0 plain 10.66.0.19
enroll off 31 br2 plain 10.68.0.31
enroll late 32 br2 plain 10.68.0.32
enroll inuse 34 br2 plain 10.68.0.34
enroll disk 11 br0 plain 10.66.0.21
check "one that nobody switches on waits for that" waits_for fine power-on

begun=$(date +%s)
check "web is told its script" as_ipxe 2
check "tftp is told its boot program" as_pxe 3 0000
check "signed is told its boot program" as_pxe 7 0007
check "signed fetches it" inside 7 curl -sS --max-time 20 -o /dev/null "tftp://10.66.0.1/snponly.efi"
check "file is told its script" as_ipxe 4
check "file fetches it" fetch 4 -f -o "$USHER_LAB/script" "$(script 4)"
rm "$USHER_LAB/goes/initrd"
kernel=$(grep -o 'http://[^ ]*/kernel' "$USHER_LAB/script" | head -n 1)
check "and its kernel" fetch 4 -f -o /dev/null "$kernel"
check "but not its initrd" test "$(fetch 4 -o /dev/null -w '%{http_code}' "${kernel%kernel}initrd")" = 404
check "arch asks as a U-Boot" as_pxe 5 0016
check "refused is told its script" as_ipxe 6
inside 8 ip address add 10.66.0.16/24 dev c8
inside 6 ip address flush dev c6
check "another asks for it" test "$(fetch 8 -o /dev/null -w '%{http_code}' "$(script 6)")" = 403

check "twin asks" as_ipxe 9 -x "$(uuid 1)"
check "and again" as_ipxe 9 -x "$(uuid 1)"
check "another with its MAC asks" as_ipxe 10 -x "$(uuid 2)"
# the other answers ARP first, as a host that is awake does
inside 35 ip address add 10.68.0.34/24 dev c35
inside 34 sysctl -q -w net.ipv4.conf.all.arp_ignore=8
check "inuse is told its script" as_ipxe 34
# powered off when it has its address, which the kernel remembers another to have had; and when it has its script
ip neighbour replace 10.68.0.31 lladdr 02:00:00:00:00:63 nud stale dev br2
check "off is told its script" as_ipxe 31
power_cut 31
check "late is told its script" as_ipxe 32
check "late fetches it" fetch 32 -f -o /dev/null "$(script 32)"
power_cut 32
full() { ! "$USHER" enroll full --mac "$(mac 33)" --network br3 --profile plain --no-ssh-key 2>&1 | tee "$USHER_LAB/full" | grep -q known; }
check "a segment without a free address" full
check "is named" grep -q "segment 'br3' has no free address outside its pool" "$USHER_LAB/full"

# --- a machine that comes through meanwhile ---
check "fine is told its script" as_ipxe 1
check "it waits for that" waits_for fine boot-script
check "it fetches it" fetch 1 -f -o "$USHER_LAB/script1" "$(script 1)"
kernel=$(grep -o 'http://[^ ]*/kernel' "$USHER_LAB/script1" | head -n 1)
for name in kernel initrd; do check "it fetches its $name" fetch 1 -f -o /dev/null "${kernel%kernel}$name"; done
check "it waits for the answers" waits_for fine answers
answers=$(grep -o 'answers=[^ ]*' "$USHER_LAB/script1" | head -n 1)
check "it installs" fetch 1 -f -o "$USHER_LAB/answers1" "${answers#answers=}"
check "it waits for its installer" waits_for fine installer
check "it is done" fetch 1 -f --data "" "$(sed -n "s/^done='\(.*\)'/\1/p" "$USHER_LAB/answers1")"

# --- another server, faster than ours ---
inside 24 ip address add 10.67.0.66/24 dev c24
enroll rogue 23 br1 plain 10.67.0.23
inside 24 dnsmasq --no-daemon --conf-file=/dev/null --port=0 --pid-file= --leasefile-ro --no-ping --interface=c24 \
	--dhcp-authoritative --dhcp-range=10.67.0.200,10.67.0.210 >"$USHER_LAB/dnsmasq.log" 2>&1 &
check "the other answers" wait_until 10 grep -q 'DHCP, IP range' "$USHER_LAB/dnsmasq.log"
# as if ours were the slower one
kill -STOP "$USHER_PID"
check "rogue takes its address" get 23 -x 0x4d:69505845 -O bootfile
kill -CONT "$USHER_PID"
check "which is not its own" test "$(told 23 ip)" != 10.67.0.23

named file missing 20 true
check "file: it says which" says file 'seen .*404: .*initrd'
named arch firmware 20 true
named refused withheld 20 true
named rogue foreign-dhcp 20 true
check "rogue: it says who" says rogue 'seen .*10\.67\.0\.66'
named twin twin 20 true
check "twin: it says which" says twin 'seen .*UUIDs .*0157.* and .*0257'
named off gone 30 false
named late gone 30 false
named inuse address-in-use 20 true
check "inuse: it says who" says inuse "seen .*$(mac 35)"
named tftp tftp-filtered 30 false
named web http-filtered 30 false
check "web: it says what it waits for, and what to do" says web 'waits for +boot-script, for [0-9]+'
check "web: it is not certain" says web 'cause +probably '
refute "web: no rule of this host is named" says web '^ +rule'
nft add table inet lab
nft add chain inet lab in '{ type filter hook input priority 0; }'
nft add rule inet lab in iifname br0 tcp dport 8067 drop
check "web: a rule that drops its requests is, and how to let them in" says web 'rule +this host drops 8067/tcp from br0: nft insert rule inet lab in iifname br0 tcp dport 8067 accept'
refute "tftp: it is not that rule" says tftp '^ +rule'
nft delete table inet lab
named signed boot-program 45 false

check "fine has no cause" no_cause fine
refute "and never had one" sh -c "'$USHER' timeline fine | grep stuck"

# --- what goes on has none any more; what fails keeps it ---
check "web fetches its script" fetch 2 -f -o /dev/null "$(script 2)"
check "and is no longer stuck" wait_until 5 no_cause web
check "file is taken back" "$USHER" disarm file
check "and says why it was stuck" is_cause file missing
check "over a restart of the service too" usher_stop
check "which starts again" usher_start
check "file: it is there" is_cause file missing
check "rogue: it is stuck as before" is_cause rogue foreign-dhcp
check "a hook would have been told" sh -c "'$USHER' timeline file | grep -c stuck"

# --- its state's disk is full ---
begun=$(date +%s)
# What the store's log has room for already, or gives back when it is cut, can still be kept.
fill() { head -c 8M /dev/zero >>"$USHER_LAB/state/ballast" 2>/dev/null; }
given_nothing() { fill; ! as_ipxe 11; }
check "disk is given nothing that cannot be kept" wait_until 10 given_nothing
named disk storage 20 true
check "disk: it says what to do" says disk 'seen .*No space left'
rm "$USHER_LAB/state/ballast"
check "with room again it is told its script" as_ipxe 11
check "and is no longer stuck" wait_until 5 no_cause disk
echo "--- what was said of each:"
cat "$USHER_LAB/table"
lab_end
