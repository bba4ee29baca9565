#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Requests in a machine's name by somebody else on its wire: TFTP with the machine's address as source. What cannot acknowledge
# changes nothing: no boot is counted, no token is void, whatever it asks for and however often. The machine itself, which
# can, boots as ever.
# shellcheck source=/dev/null disable=SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
lab=$USHER_LAB server=10.66.0.1
. "$LAB_TOP/tests/lab/profiles.sh"
lab_profile lab kernel '# none'
sed -i "s/<boot>/<boot bios='pxelinux' efi-x64='grub'>/" "$lab/more/lab/profile.xml"
lab_profile plain kernel '# none'
cat >"$lab/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$lab/state'/>
  <socket path='$USHER_SOCKET'/>
  <profiles dir='$lab/more'/>
  <segment interface='br0' mode='own' probe='0'/>
  <segment interface='br1' mode='own' probe='0'/>
</usher>
END
net_bridge br0 $server/16 52:54:00:66:00:01
net_bridge br1 10.67.0.1/16 52:54:00:67:00:01
client 3 02:00:00:00:00:03 br1
inside 3 ip address add 10.67.0.11/16 dev c3
for n in 1 2; do client $n 02:00:00:00:00:0$n br0; inside $n ip address add 10.66.0.1$n/16 dev c$n; done
# The second sends with the first one's address, and says nothing when it is asked for by ARP.
inside 2 sh -c 'echo 8 >/proc/sys/net/ipv4/conf/c2/arp_ignore'
inside 2 ip address add 10.66.0.11/32 dev c2
inside 2 ip neigh replace $server lladdr 52:54:00:66:00:01 nud permanent dev c2
inside 2 ip route add $server/32 dev c2 src 10.66.0.11

# ask N NAME: by atftp, with options; spoof NAME [OPTIONS]: a request, and nobody to answer to
ask() { rm -f "$lab/got"; inside "$1" timeout 30 atftp -g -r "$2" -l "$lab/got" --option "blksize 1024" $server && cat "$lab/got"; }
spoof() { inside 2 bash -c 'printf "\0\1$1\0octet\0$2" >/dev/udp/'$server/69 spoof "$@"; }
state_is() { [ "$("$USHER" list --json | jq -r --arg n "$1" '.machines[] | select(.name == $n).state')" = "$2" ] || { "$USHER" timeline "$1"; return 1; }; }
boots_are() { [ "$("$USHER" show "$1" --json | jq .attempt.boots)" = "$2" ] || { "$USHER" timeline "$1"; return 1; }; }
boot() {
	ask 1 grub/grub.cfg-01-02-00-00-00-00-01 >/dev/null || return 1
	url=$(grep -o "http://[^']*/answers" "$lab/got" | head -1)
	url=${url%/answers}
	[ -n "$url" ]
}
says() { inside 1 curl -sSf --max-time 20 -o /dev/null "$url/$1"; }

check "the service starts" usher_start || lab_end
check "a machine is armed" "$USHER" enroll web01 --network br0 --mac 02:00:00:00:00:01 --ip 10.66.0.11 --profile lab --arm
for n in 1 2 3 4; do spoof grub/grub.cfg; done
sleep 1
check "armed: requests in its name are no boot" boots_are web01 0
check "it boots" boot
check "that is one" boots_are web01 1
check "it fetches its answers" says answers
check "and reports" says "progress?text=unpacking"
check "it is installing" state_is web01 installing
for name in grub/grub.cfg grub.cfg-0A42000B pxelinux.cfg/default pxelinux.cfg/01-02-00-00-00-00-01; do
	for options in '' 'tsize\0000\0' 'blksize\01024\0tsize\0000\0windowsize\064\0'; do spoof $name "$options"; done
done
sleep 1
check "twelve requests in its name change nothing" state_is web01 installing
check "no boot is counted" boots_are web01 1
check "its token is good" says "progress?text=unpacking+50"
for n in {1..200}; do spoof grub/grub.cfg; done
sleep 1
check "nor do two hundred" state_is web01 installing
check "its token is good" says "progress?text=unpacking+90"
check "it really starts again" boot
check "that is a boot" boots_are web01 2
check "and its installer's token is new" says answers
check "it is done" says done
check "it is installed" state_is web01 installed

check "another profile names no loader that reads scripts" "$USHER" enroll web02 --network br0 --mac 02:00:00:00:00:02 --ip 10.66.0.12 --profile plain --arm
inside 2 sh -c 'echo 0 >/proc/sys/net/ipv4/conf/c2/arp_ignore; ip route del 10.66.0.1/32 dev c2; ip address del 10.66.0.11/32 dev c2'
check "its machine is told so" eval 'ask 2 grub/grub.cfg | grep "names no boot loader that reads grub.cfg"'
check "that is no boot" boots_are web02 0

# --- requests of many that are not there ------------------------------------------------------------------------------------
inside 2 timeout 60 python3 "$LAB_TOP/tests/lab/stranger.py" c2 tftp 10.66.7 $server 52:54:00:66:00:01 20 >"$lab/flood" 2>&1 &
flood=$!
check "a neighbour asks by 125 made-up addresses" wait_until 10 grep -q ready "$lab/flood"
load() { inside "$1" timeout 4 curl -sS -o "$lab/got" "tftp://$2/lab/kernel" && cmp "$lab/got" "$lab/medium/kernel"; }
check "a machine beside it loads by TFTP" load 1 $server
check "again" load 1 $server
check "so does one of another segment" load 3 10.67.0.1
check "they go on asking all the while" kill -0 $flood
wait $flood
lab_end
