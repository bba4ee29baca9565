#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Networks that usher makes: isolated, NAT, routed; leased on at once and after a restart that does not name them; what is
# wrong with a request, to the letter; a network that vanishes behind our back and is made again; deleting.
# shellcheck source=/dev/null disable=SC2119,SC2154,SC2317
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/net.sh"
. "$LAB_TOP/tests/lab/profiles.sh"
net_lease_script

says() { local what=$1 line=$2; shift 2; check "$what" said "$line" "$@"; }
said() {
	local line=$1 output
	shift
	output=$("$@" 2>&1)
	[ "$output" = "$line" ] || { echo "'$output', not '$line'"; return 1; }
}
refused() { local line=$1; shift; said "usher: $line" "$USHER" network "$@"; }
# What is wrong in the words themselves is a usage error.
misworded() {
	local line=$1 status
	shift
	"$USHER" network "$@" >"$USHER_LAB/reply" 2>&1
	status=$?
	[ $status = 2 ] && [ "$(head -1 "$USHER_LAB/reply")" = "usher network: $line" ] || { cat "$USHER_LAB/reply"; return 1; }
}
one() { "$USHER" network list --json | jq -r --arg n "$1" ".networks[] | select(.name == \$n) | $2"; }
one_is() { [ "$(one "$1" "$2")" = "$3" ] || { echo "$1 $2: '$(one "$1" "$2")', not '$3'"; return 1; }; }
logged() { grep -q -- "$1" "$USHER_LAB/usher.log"; }
event() { "$USHER" timeline | grep -q -- "$1"; }
xml_has() { virsh net-dumpxml "$1" | grep -q -- "$2"; }
xml_lacks() { ! xml_has "$@"; }
card_on() { ip link set "p$1" master "$(one "$2" .bridge)"; }
leases_as() { get "$1" "${@:3}" && is "$1" ip "$2"; }
post() { curl -s -o "$USHER_LAB/reply" -w '%{http_code}' --unix-socket "$USHER_SOCKET" -d "$1" http://usher/api/v1/networks; }
posts() { [ "$(post "$2")" = "$1" ] || { cat "$USHER_LAB/reply"; return 1; }; }

lab_profile plain kernel '# {{machine.name}}'
lab_profiles_config | grep -v '<segment' >"$USHER_LAB/usher.xml"
client 1 52:54:0a:4d:00:07 # computed from 10.77.0.7
client 2 52:54:0a:4e:00:07
client 3 52:54:0a:4f:00:07

check "the service starts with nothing to serve" usher_start || lab_end
check "and says how to begin" logged "nothing to serve yet: make a network (usher network create NAME)"
says "nothing can be enrolled" "usher: no network is served: 'usher network create NAME' makes one" \
	"$USHER" enroll early --mac 02:00:00:00:00:99 --profile plain --no-ssh-key
says "a network by NAT, of the first free subnet" "lab0: 10.77.0.0/24, forward nat, on virbr1: usher leases there" \
	"$USHER" network create lab0
libvirt_knows 52:54:0a:4d:00:07 lab0
card_on 1 lab0
check "leases at once" leases_as 1 10.77.0.7
check "with a router" is 1 router 10.77.0.1
check "its ports forward at once" xml_has lab0 "stp='off' delay='0'"
check "no dnsmasq leases there" xml_lacks lab0 '<dhcp'
check "it comes with the host" one_is lab0 .autostart true
check "usher leases, one machine does" one_is lab0 '"\(.leases_by) \(.leases) \(.serving)"' "usher 1 true"
says "an isolated one" "lab1: 10.78.0.0/24, forward none, on virbr2: usher leases there" \
	"$USHER" network create lab1 --subnet 10.78.0.0/24 --forward none --domain lab1.test --mtu 1400
libvirt_knows 52:54:0a:4e:00:07 lab1
card_on 2 lab1
check "leases" leases_as 2 10.78.0.7 -O mtu
check "no router" is 2 router ""
check "its domain" is 2 domain lab1.test
check "its MTU" is 2 mtu 1400
says "a routed one" "lab2: 10.79.0.0/24, forward route, on virbr3: usher leases there" \
	"$USHER" network create lab2 --subnet 10.79.0.0/24 --forward route
libvirt_knows 52:54:0a:4f:00:07 lab2
card_on 3 lab2
check "leases" leases_as 3 10.79.0.7

check "the same again changes nothing" posts 200 '{"name": "lab1", "subnet": "10.78.0.0/24", "forward": "none", "mtu": 1400}'
check "so do only some of its values" posts 200 '{"name": "lab1"}'
check "others are a conflict" posts 409 '{"name": "lab1", "forward": "nat"}'
says "which says so" "usher: network 'lab1' exists with forward none, not nat: choose another name, or run 'usher network delete lab1' first" \
	"$USHER" network create lab1 --forward nat
check "libvirt's own is not ours" refused \
	"network 'default' exists, but usher did not create it: choose another name, or serve it as it is (usher serve --network default)" \
	create default
check "an overlap with another network" refused \
	"subnet 10.64.0.0/10 overlaps 10.77.0.0/24, used by network 'lab0': choose another, or omit it to get a free one" \
	create lab3 --subnet 10.64.0.0/10
net_bridge far0 10.77.1.1/25 02:00:00:4d:01:01
check "an overlap with a route" refused \
	"subnet 10.77.1.0/24 overlaps 10.77.1.0/25, used by far0 of this host: choose another, or omit it to get a free one" \
	create lab3 --subnet 10.77.1.0/24
check "a bad subnet" misworded "'10.77.3.5/24' is no subnet for machines: that address lies in 10.77.3.0/24" \
	create lab3 --subnet 10.77.3.5/24
check "a bad forward" misworded "forward 'bridge': expected none, nat or route" create lab3 --forward bridge
check "a bad domain" misworded "domain 'a..b': expected a DNS domain, as lab.example" create lab3 --domain a..b
check "a bad MTU" misworded "mtu '100': expected bytes from 576 to 65535" create lab3 --mtu 100
check "a bad name" misworded \
	"network '../x': expected at most 63 letters, digits, '.', '_' and '-', with a letter or digit first" create ../x
check "an unknown key" posts 400 '{"name": "lab3", "bridge": "br7"}'
check "nothing was made by those" refused "no network 'lab3'; 'usher network list' shows those there are" delete lab3
says "the next free subnet" "lab3: 10.77.2.0/24, forward nat, on virbr4: usher leases there" "$USHER" network create lab3

check "a machine on the new network" "$USHER" enroll metal --mac 02:00:00:00:00:01 --profile plain --network lab3 --no-ssh-key --arm
check "its network is not deleted" refused \
	"network 'lab3' is in use: machine metal has a network card there; 'usher delete metal' first" delete lab3
check "nor one of others" refused \
	"network 'default' was not made by usher: virsh net-destroy default; virsh net-undefine default" delete default

usher_stop
check "after a restart" usher_start
check "all are served" wait_until 10 one_is lab2 .serving true
check "the lease is the same" leases_as 1 10.77.0.7
check "and counted" one_is lab0 .leases 1

virsh -q net-destroy lab3
check "a network that is stopped is no longer served" wait_until 5 event "lab3 is no longer served: virbr4 is gone: usher network create lab3"
check "the machine that is installed there is told" sh -c "$USHER timeline metal | grep 'lab3: virbr4 is gone'"
check "the list says so" one_is lab3 .problem "not active: virsh net-start lab3"
virsh -q net-start lab3
check "started again it is served" wait_until 5 one_is lab3 .serving true
virsh -q net-undefine lab0
virsh -q net-destroy lab0
check "one that is undefined and gone is in the list" one_is lab0 '"\(.active) \(.subnet) \(.problem)"' \
	"false 10.77.0.0/24 libvirt has no such network: usher network create lab0"
check "other values are a conflict still" posts 409 '{"name": "lab0", "subnet": "10.80.0.0/24"}'
usher_stop
check "without it the service starts" usher_start
check "made again by its name" posts 201 '{"name": "lab0"}'
check "it is as it was" one_is lab0 '"\(.subnet) \(.forward) \(.serving) \(.autostart)"' "10.77.0.0/24 nat true true"
card_on 1 lab0
check "leases as before" leases_as 1 10.77.0.7
ip link del "$(one lab2 .bridge)"
check "a bridge that is deleted under libvirt" wait_until 5 one_is lab2 .serving false
check "is made again" posts 201 '{"name": "lab2"}'
check "and served" one_is lab2 .serving true
virsh -q net-autostart lab2 --disable
check "what is not autostarted is told" one_is lab2 .problem "not started with the host: virsh net-autostart lab2"


check "a guest that is being installed there" "$USHER" create guest --profile plain --network lab2 --memory 128 --no-ssh-key
first=$(virsh domid guest)
virsh -q net-destroy lab2
check "is told when its network goes" wait_until 5 sh -c "$USHER timeline guest | grep -q 'lab2: virbr3 is gone'"
check "made again" posts 201 '{"name": "lab2"}'
check "the guest is started again" wait_until 10 sh -c "virsh domid guest | grep -vx -e '$first' -e - -e ''"
check "for its card" sh -c "$USHER timeline guest | grep 'lab2 has a new bridge: restarted to connect to it'"
check "which is on the bridge" wait_until 5 sh -c "ls /sys/class/net/$(one lab2 .bridge)/brif | grep vnet"

"$USHER" delete metal guest >/dev/null
check "a guest without --network" "$USHER" create first --profile plain --memory 128 --no-ssh-key
check "goes to the first that was made, also after restarts" said lab0 \
	sh -c "$USHER show first --json | jq -r '.nics[0].segment'"
"$USHER" delete first >/dev/null
for n in 4d 4e 4f; do libvirt_forgets 52:54:0a:$n:00:07; done
for n in lab0 lab1 lab2 lab3; do says "$n goes" "$n: deleted" "$USHER" network delete $n; done
check "libvirt has only its own" said default virsh net-list --all --name
check "nothing is leased" said 0 sh -c "$USHER leases --json | jq '.leases | length'"
says "the name may come again" "lab0: 10.81.0.0/24, forward nat, on virbr1: usher leases there" \
	"$USHER" network create lab0 --subnet 10.81.0.0/24
inside 1 ip link set c1 address 52:54:0a:51:00:07
libvirt_knows 52:54:0a:51:00:07 lab0
card_on 1 lab0
check "and is leased on" leases_as 1 10.81.0.7
libvirt_forgets 52:54:0a:51:00:07
sed 's/<network>/<domain type="qemu">/' >"$USHER_LAB/d.xml" <<-'END'
	<network><name>foreign</name><memory>65536</memory><os><type>hvm</type></os>
	<devices><interface type='network'><source network='lab0'/></interface></devices></domain>
END
virsh -q define "$USHER_LAB/d.xml"
check "a foreign guest's network is not deleted" refused \
	"network 'lab0' is in use: the guest 'foreign' has a network card on it" delete lab0
check "it is served on" wait_until 5 leases_as 1 10.81.0.7
usher_stop
lab_end
