#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# A guest of ours is known by the bridge's port that it sits on: a neighbour on the same bridge that takes the guest's
# address and MAC is told nothing to boot by DHCP, and is given neither boot script nor answers with the guest's own tokens,
# nor may it report; nor one that takes the address alone, nor one that has an address of its own, also when it lets nobody
# know its MAC. The guest boots until its kernel, which is none.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$LAB_TOP/tests/lab/net.sh"
. "$LAB_TOP/tests/lab/profiles.sh"

lab_profile lab kernel '# of {{machine.name}}'
lab_profiles_config >"$USHER_LAB/usher.xml"
net_lease_script
printf '#!/bin/sh\nenv >"%s/told"\n' "$USHER_LAB" >"$USHER_LAB/note"
chmod 755 "$USHER_LAB/note"

has_event() { "$USHER" timeline web01 --json | jq -e --arg k "$1" --arg t "$2" 'select(.kind == $k and (.text | contains($t)))'; }
code() { inside "$1" curl -sS --max-time 10 -o "$USHER_LAB/got" -w '%{http_code}' "$2"; }
refused() { local got; got=$(code "$@"); [ "$got" = 403 ] || { echo "HTTP $got"; cat "$USHER_LAB/got"; return 1; }; }
reaches() { inside "$1" curl -sS --max-time 2 -o /dev/null http://192.168.122.1:8067/; }
tokens() { grep -rhaoE "\"$1\":\"[0-9a-f]{32}\"" /var/lib/usher | grep -oE '[0-9a-f]{32}' | sort -u; }
boots() { "$USHER" show web01 --json | jq -r .attempt.boots; }

check "the service starts" usher_start || lab_end
check "a guest is created" "$USHER" create web01 --profile lab --no-ssh-key --ip 192.168.122.2 || lab_end
check "it is given its boot script, from its own port" wait_until 30 has_event booting "boot 1 of 3" || lab_end
check "it stands still" virsh -q suspend web01
check "nothing was refused" test "$("$USHER" timeline web01 --json | jq -r 'select(.kind == "refused").text')" = ""
boots=$(boots)
answers=http://192.168.122.1:8067/m/$(tokens token)/answers

# --- a neighbour with the guest's MAC and address ---------------------------------------------------------------------------
client 1 52:54:c0:a8:7a:02 virbr0
inside 1 ip address add 192.168.122.2/24 dev c1
check "a neighbour takes the guest's MAC and address" wait_until 15 reaches 1
inside 1 udhcpc -i c1 -f -q -n -t 5 -T 1 -x 0x4d:69505845 -O bootfile -s "$USHER_LAB/note" >"$USHER_LAB/udhcpc" 2>&1
refute "DHCP tells it nothing to boot" grep -q '^boot_file=' "$USHER_LAB/told"
check "an event" has_event refused "DISCOVER from 52:54:c0:a8:7a:02 on default gets no boot script: 52:54:c0:a8:7a:02 is at bridge port p1"
script=http://192.168.122.1:8067/m/$(tokens next_token | grep -vx "$(tokens token)")/boot.ipxe
check "it is not given the boot script" refused 1 "$script"
check "an event" has_event refused "boot.ipxe for 192.168.122.2: 52:54:c0:a8:7a:02 is at bridge port p1, which is not the guest's"
check "nor the answers with the guest's own token" refused 1 "$answers"
check "an event" has_event refused "answers for 192.168.122.2: 52:54:c0:a8:7a:02 is at bridge port p1"
check "it cannot say that the install is done" refused 1 "${answers%answers}done"
check "by a fixed name neither" inside 1 curl -sS --max-time 10 -A 'GRUB 2.06' -o "$USHER_LAB/got" http://192.168.122.1:8067/grub/grub.cfg
check "but told why" grep "this request did not come from the machine itself" "$USHER_LAB/got"
check "no boot was counted" test "$(boots)" = "$boots"
power_cut 1

# --- one with its address alone -------------------------------------------------------------------------------------------------
client 2 02:00:00:00:00:02 virbr0
inside 2 ip address add 192.168.122.2/24 dev c2
check "another takes the address alone" wait_until 15 reaches 2
check "it is not given the answers" refused 2 "$answers"
check "an event" has_event refused "answers for 192.168.122.2: the request came from MAC 02:00:00:00:00:02, the machine's MAC is 52:54:c0:a8:7a:02"
power_cut 2

# --- one with addresses of its own, which hides its MAC ---------------------------------------------------------------------------
client 3 02:00:00:00:00:03 virbr0
inside 3 ip address add 192.168.122.50/24 dev c3
check "another has an address of its own" wait_until 15 reaches 3
check "it is not given the answers" refused 3 "$answers"
check "an event" has_event refused "answers for 192.168.122.50: the machine does not hold that address"
# It takes the guest's instead, says half of its request, and answers ARP no more until some time after the rest.
inside 3 ip address flush dev c3
inside 3 ip address add 192.168.122.2/24 dev c3
inside 3 ip neigh replace 192.168.122.1 lladdr "$(cat /sys/class/net/virbr0/address)" nud permanent dev c3
ip neigh flush to 192.168.122.2 dev virbr0
inside 3 bash -c 'exec 5<>/dev/tcp/192.168.122.1/8067 && printf "GET %s HTTP/1.1\r\nHost: x\r\n" "$0" >&5
	echo 8 >/proc/sys/net/ipv4/conf/c3/arp_ignore
	touch "$1/half"
	until [ -e "$1/go" ]; do sleep 0.1; done
	printf "Connection: close\r\n\r\n" >&5
	sleep 5
	echo 0 >/proc/sys/net/ipv4/conf/c3/arp_ignore
	timeout 20 cat <&5' "${answers#http://192.168.122.1:8067}" "$USHER_LAB" >"$USHER_LAB/got" 2>&1 &
hidden=$!
check "it takes the guest's and hides its MAC" wait_until 10 test -e "$USHER_LAB/half"
ip neigh flush to 192.168.122.2 dev virbr0
touch "$USHER_LAB/go"
wait $hidden
check "it is not given the answers" grep -a "^HTTP/1.1 403" "$USHER_LAB/got"
check "an event" has_event refused "answers for 192.168.122.2: no host answers ARP for that address"
power_cut 3

# --- the guest itself -------------------------------------------------------------------------------------------------------------
check "the guest goes on" virsh -q resume web01
virsh -q reset web01 >/dev/null 2>&1 # which ends QEMU, perhaps before it can say so
check "and, reset, is given its script again, from its own port" wait_until 30 has_event booting "boot 2 of 3"
check "it is deleted" "$USHER" delete web01
lab_end
