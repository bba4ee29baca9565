#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Strangers cannot silence us: an OFFER that nobody asked for, or that is not given twice, makes no proxy of mode auto; who
# leased goes on leasing; a DECLINE in a machine's name takes no address from it, be it off or on, unless a neighbour answers
# for it; computed MACs of strangers take no machine's address, and on a libvirt network none at all.
# shellcheck source=/dev/null disable=SC2119,SC2154
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/net.sh"
. "$LAB_TOP/tests/lab/profiles.sh"
net_lease_script
lab=$USHER_LAB

command -v python3 >/dev/null || { skip "python3 is not installed"; lab_end; }
stranger() { inside 2 timeout 60 python3 "$LAB_TOP/tests/lab/stranger.py" c2 "$@"; }
# In the background, as $other; it hears by now.
packet_sockets() { inside 2 cat /proc/net/packet | wc -l; }
hears_more_than() { [ "$(packet_sockets)" -gt "$1" ]; }
answering() {
	local had
	had=$(packet_sockets)
	stranger answer-offer "$@" &
	other=$!
	wait_until 5 hears_more_than "$had"
}
timeline_has() { "$USHER" timeline | grep -E -- "$1"; }
logged() { grep -E -- "$1" "$lab/usher.log"; }
leases_as() { get "$1" "${@:3}" && is "$1" ip "$2"; }
leases_of_pool() { get "$1" -t 5 && told "$1" ip | grep -qE '^10\.66\.0\.1[01][0-9]$'; }
lease() { "$USHER" leases --json | jq -e --arg s "$1" --arg a "$2" --arg m "$3" '.leases[] | select(.segment == $s and .address == $a and .mac == $m and .state == "bound")'; }
claims() { "$USHER" leases --json | jq --arg s "$1" '[.leases[] | select(.segment == $s and .state == "bound" and (.mac | startswith("52:54:")) and (.address | test("10.66.0.1..$") | not))] | length'; }
enroll() { "$USHER" enroll "$@" --profile plain --no-ssh-key; }
mode() { : >"$lab/usher.log"; usher_start && wait_until 15 logged "^usher: br0: .*\(mode $1\)"; }
again() { usher_stop; rm -rf /var/lib/usher/*; }
# who restarts it, and in which mode it is then
config() {
	lab_profiles_config | sed "/<segment/,/<\/segment>/d; /<\/usher>/d" >"$lab/usher.xml"
	cat >>"$lab/usher.xml" <<-END
		  <segment network='default'/>
		  <segment interface='br0' lease='600'><pool start='10.66.0.100' end='10.66.0.119'/></segment>
		</usher>
	END
}

lab_profile plain kernel '# {{machine.name}}'
config
net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
for n in 1 2; do client $n 02:00:00:00:00:0$n br0; done
client 3 52:54:c0:a8:7a:21 virbr0 # computed from 192.168.122.33
client 4 52:54:c0:a8:7a:22 virbr0

# --- who leases here ------------------------------------------------------------------------------------------------------

stranger forge-offer 7 &
other=$!
check "while somebody throws in OFFERs, usher decides to lease" mode own || lab_end
check "and tells of them" timeline_has "foreign +br0: 10.66.0.66 \(MAC 02:00:00:00:00:02\) acts as a DHCP server, but did not answer usher's requests"
wait $other
check "an armed machine is given its address" enroll web01 --network br0 --mac 02:00:00:00:00:01 --ip 10.66.0.11 --arm
check "it has it" leases_as 1 10.66.0.11
usher_stop
answering ALWAYS 9
check "at the next start somebody answers as a server does: usher leased there, and goes on" mode own
check "and says that there are two" logged "10.66.0.66 \(MAC 02:00:00:00:00:02\) answers as a DHCP server where usher leased until now"
check "the machine is given its address" leases_as 1 10.66.0.11
wait $other

# --- DECLINE --------------------------------------------------------------------------------------------------------------

check "a DECLINE in the machine's name, which is on" stranger decline 02:00:00:00:00:01 10.66.0.11 10.66.0.1
check "is told of" wait_until 5 timeline_has "declined +web01 +10.66.0.11 declined by 02:00:00:00:00:01 on br0: no other host answers ARP for it; the client keeps the address|web01 +declined +10.66.0.11 declined by .*no other host answers ARP for it; the client keeps"
check "it is given its address" leases_as 1 10.66.0.11
inside 1 ip link set c1 down
check "the same, while it is off" stranger decline 02:00:00:00:00:01 10.66.0.11 10.66.0.1
sleep 0.5
inside 1 ip link set c1 up
check "when it is switched on, it is given its address" leases_as 1 10.66.0.11
inside 1 ip address flush dev c1
inside 2 ip address add 10.66.0.11/24 dev c2
sleep 10 # asked for once in this time
check "a DECLINE, and a neighbour has the address" stranger decline 02:00:00:00:00:01 10.66.0.11 10.66.0.1
check "it is set aside" wait_until 5 timeline_has "10.66.0.11 declined by 02:00:00:00:00:01 on br0: in use by 02:00:00:00:00:02; set aside"
check "the machine is given one of the pool instead" leases_of_pool 1
check "which is told" timeline_has "02:00:00:00:00:01 on br0: the machine's address is .* in use by a neighbour: usher offers 10.66.0.1[01][0-9] instead"
inside 2 ip address flush dev c2
check "until the neighbour is gone" wait_until 20 leases_as 1 10.66.0.11

# --- computed MACs ----------------------------------------------------------------------------------------------------------

check "strangers take addresses by computed MACs" stranger computed 10.66.0 20 39 10.66.0.1
check "which they have" wait_until 5 lease br0 10.66.0.25 52:54:0a:42:00:19
inside 2 ip address add 10.66.0.26/24 dev c2
client 5 02:00:00:00:00:05 br0
client 6 02:00:00:00:00:06 br0
check "a machine may be given one of these" enroll web02 --network br0 --mac 02:00:00:00:00:05 --ip 10.66.0.25
check "which is told" timeline_has "10.66.0.25 is leased to an unknown client, 52:54:0a:42:00:19"
check "it has it: nobody answers for it" leases_as 5 10.66.0.25
check "another, whose stranger is there" enroll web03 --network br0 --mac 02:00:00:00:00:06 --ip 10.66.0.26
check "is given one of the pool instead" leases_of_pool 6
check "and its timeline says who has it" timeline_has "10.66.0.26 on br0 is in use by 02:00:00:00:00:02"
stranger computed 10.66.0 40 99 10.66.0.1
check "all together they have no more than their share" test "$(claims br0)" -le 63

# --- where guests are libvirt's ---------------------------------------------------------------------------------------------

check "a guest of somebody's is defined" libvirt_knows 52:54:c0:a8:7a:21 default
check "it is given its computed address" wait_until 10 leases_as 3 192.168.122.33
refute "a stranger with such a MAC is not" get 4 -t 3
check "and that is told" timeline_has "52:54:c0:a8:7a:22 on default: no guest of libvirt's has this computed MAC"
check "once libvirt knows it" libvirt_knows 52:54:c0:a8:7a:22 default
check "it is" wait_until 10 leases_as 4 192.168.122.34

# --- an answer as true as a server's ------------------------------------------------------------------------------------------

again
answering ALWAYS 9
check "who answers each time is a server to us" mode proxy
check "the log says who" logged "br0: 10.66.0.66 \(MAC 02:00:00:00:00:02\) leases there: it answered usher's DHCPDISCOVER twice"
wait $other
check "a machine is armed" enroll web01 --network br0 --mac 02:00:00:00:00:01 --ip 10.66.0.11 --arm
refute "and gets no address" get 1 -t 7
check "its timeline says why" timeline_has "web01.*its request for an address on br0, where 10.66.0.66 \(MAC 02:00:00:00:00:02\) should lease"
usher_stop
lab_end
