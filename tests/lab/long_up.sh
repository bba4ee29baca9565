#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usher up and down: what a lab file lacks is made, what it has no more goes, what is changed is changed, and all else stays as it
# is; what is wrong, or another's, is refused before anything happens; who is killed in the middle is gone on with. Guests that
# boot nothing first, then two that install for real.
# shellcheck source=tests/lab/lib.sh disable=SC2119,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
# shellcheck source=tests/lab/guests.sh
. "$LAB_TOP/tests/lab/guests.sh"
# shellcheck source=tests/lab/profiles.sh
. "$LAB_TOP/tests/lab/profiles.sh"
said=$USHER_LAB/said
lab=$USHER_LAB/lab.xml

# Without its card's ROM a guest finds nothing to boot, and halts.
halts="<guest><domain><devices><interface><rom enabled='no'/></interface></devices></domain></guest>"
lab_profile plain kernel '# {{machine.name}}' "$halts"
lab_profile other kernel '# {{machine.name}}' "$halts"
lab_profiles_config >"$USHER_LAB/usher.xml"
need "the service starts" usher_start

# lab_file INSIDE…: a lab file of that, each argument a line.
lab_file() { { echo "<lab name='one'>"; printf '%s\n' "$@"; echo "</lab>"; } >"$lab"; }
up() { "$USHER" up "$lab" "$@" >"$said" 2>&1 </dev/null; }
down() { "$USHER" down "$lab" "$@" >"$said" 2>&1 </dev/null; }
says() { grep -qF -- "$1" "$said" || { cat "$said"; false; }; }
# What is there, less what time alone changes.
everything() {
	"$USHER" list --json | jq -c '.machines[] | [.name, .uuid, .state, .lab]'
	virsh -q list --all --uuid --name
	virsh -q vol-list default
	virsh -q net-list --all --name
}
same() { everything >"$USHER_LAB/now"; diff "$USHER_LAB/before" "$USHER_LAB/now"; }
remember() { everything >"$USHER_LAB/before"; }
# refused WHAT TEXT: up fails, says it, and nothing happens; a dry run says the same.
refused() {
	remember
	if up --dry-run; then fail "$1: not refused by a dry run"; else check "$1, in a dry run" says "$2"; fi
	if up --no-wait; then fail "$1: not refused"; else check "$1" says "$2"; fi
	check "... and nothing is done" same
}
names() { "$USHER" list --json | jq -r '[.machines[].name] | join(" ")'; }
domains() { virsh -q list --all --name | grep . | sort | xargs; }
have() { [ "$(names)" = "$1" ] && [ "$(domains)" = "$1" ]; }
uuid() { "$USHER" show "$1" --json | jq -r .uuid; }
memory() { virsh -q dumpxml --inactive "$1" | sed -n "s:.*<memory unit='KiB'>\(.*\)</memory>:\1:p"; }

# --- what is missing is made -----------------------------------------------------------------------------------------------

plain="<defaults profile='plain' memory='128' network='default'/>"
lab_file "$plain" "<machine name='n{1..2}' ip='192.168.122.21'/>"
remember
check "a dry run" up --dry-run
check "... says what it would make" says "+ n2               profile plain"
check "... and makes nothing" same
check "up makes them" up --no-wait
check "both are there" have "n1 n2"
check "each on its own address" test "$(address n1) $(address n2)" = "192.168.122.21 192.168.122.22"
check "of the lab" test "$("$USHER" show n1 --json | jq -r .lab)" = one
remember
check "again" up --no-wait
check "... they are on their way" says "n1               armed already"
check "... and nothing is made" same

# --- what is another's, and what only a new install could change ------------------------------------------------------------

check "somebody makes a machine by hand" "$USHER" create hers --profile plain --memory 128 --no-ssh-key
lab_file "$plain" "<machine name='n{1..2}' ip='192.168.122.21'/>" "<machine name='m'/>" "<machine name='hers'/>"
refused "a machine that is not the lab's" "lab.xml:5: machine 'hers' is there, and not of this lab (no lab's)"
lab_file "$plain" "<machine name='n1' profile='other'/>" "<machine name='n2' ip='192.168.122.29'/>"
refused "another profile" "lab.xml:3: machine 'n1': its profile is 'plain', not 'other': only making it anew changes that"
check "another address too, in the same breath" says \
	"lab.xml:4: machine 'n2': its address is '192.168.122.22', not '192.168.122.29'"
lab_file "$plain" "<machine name='n1' vcpu='2'/>" "<machine name='n{5..3}'/>" "<disk/>"
refused "a lab file that is wrong" "lab.xml:3: <machine> has no attribute 'vcpu': did you mean 'vcpus'?"
check "... with all that is wrong" says "lab.xml:5: <lab> has no element <disk>; it has network, defaults, machine"
lab_file "$plain" "<machine name='n1'><set name='x' file='nowhere'/></machine>"
refused "a file that is not there" "lab.xml:3: <set file='nowhere'>: No such file or directory"
lab_file "$plain" "<machine name='n3'/>" "<machine name='n{4..9}' profile='pliant'/>"
refused "a profile that there is not" "lab.xml:4: n4 and 5 others: no profile 'pliant'"
refute "... before anything is made" "$USHER" show n3
lab_file "$plain" "<machine name='n{3..5}' ip='192.168.122.254'/>"
refused "a range that leaves its subnet" "lab.xml:3: n4: address 192.168.122.255 cannot be used in segment 'default'"
lab_file "$plain" "<machine name='n3'/>" "<machine name='n4' network='zz'/>"
refused "a network that is not served" "lab.xml:4: n4: network 'zz' is not served here; 'default' is"
lab_file "$plain" "<machine name='n3'/>" "<machine name='n4' pool='attic'/>" "<machine name='n5' memory='9T'/>"
refused "a pool that there is not" "lab.xml:4: n4: there is no storage pool attic"
check "more memory than the host has, in the same breath" says "lab.xml:5: n5: memory: 9437184 MiB asked"
lab_file "<network name='lan' subnet='10.99.1.0/24'/>" "<network name='wan' subnet='10.99.0.0/16'/>" \
	"<defaults profile='plain' memory='128' network='lan'/>" "<machine name='n{3..4}' ip='10.99.2.{3..4}'/>"
refused "networks of one file that overlap" "lab.xml:3: wan: its subnet overlaps that of network 'lan'"
check "an address outside one that is not made yet" says "lab.xml:5: n3: address 10.99.2.3 cannot be used in segment 'lan'"
lab_file "<network name='lan' subnet='192.168.122.0/25'/>" "<defaults profile='plain' memory='128'/>" "<machine name='n3'/>"
refused "a subnet that is taken" "lab.xml:2: lan: subnet 192.168.122.0/25 overlaps 192.168.122.0/24"
lab_file "$plain" "<machine name='n3' mac='52:54:00:00:00:33'/>" "<machine name='n4' mac='52:54:00:00:00:33'/>"
refused "one MAC for two" "lab.xml:4: n4: machine 'n3' of the same request has that MAC"
rm "$lab"
refused "no lab file" "lab.xml: No such file or directory"

# --- the difference ----------------------------------------------------------------------------------------------------------

was=$(uuid n2)
lab_file "$plain" "<machine name='n2' ip='192.168.122.22' memory='256' description='the second'/>" "<machine name='n3'/>"
check "a dry run of a change" up --dry-run --no-wait
check "... n1 goes" says "- n1               deleted, with its disk: no longer in the lab"
check "... n3 comes" says "+ n3               profile plain"
check "up does it" up --no-wait
check "just that" have "hers n2 n3"
check "n2 is the same" test "$(uuid n2)" = "$was"
check "its next start has the memory" test "$(memory n2)" = 262144
check "its record too" test "$("$USHER" show n2 --json | jq -r '.guest.memory')" = 268435456
check "it says what was changed" told n2 changed 'memory 256, was 128'
check "the description is in the domain" grep -q 'the second' <(virsh -q dumpxml --inactive n2)
check "disarmed by hand" "$USHER" disarm n2
check "up arms it again" up --no-wait n2
check "... armed" wait_until 20 state_is n2 armed
check "--replace makes it anew" up --no-wait --replace n2
refute "with another UUID" test "$(uuid n2)" = "$was"

# --- what happens behind our back --------------------------------------------------------------------------------------------

guest_is() { [ "$("$USHER" show "$1" --json | jq -r .guest_state)" = "$2" ]; }
virsh -q suspend n2
check "n2 is paused by somebody" wait_until 20 guest_is n2 paused
check "up" up --no-wait n2
check "... lets it go on" says "> n2               resumed, it was paused"
check "... and it does" domain_is n2 running
virsh -q destroy n2
check "n2 is destroyed by somebody" wait_until 20 state_is n2 failed
check "up again" up --no-wait n2
check "... repairs that" says "> n2               installed again, it failed: stopped from outside"
was=$(uuid n3) at=$(address n3)
virsh -q destroy n3
wait_until 20 state_is n3 failed # and its console is closed: libvirtd 9.0 may lock up else
virsh -q undefine n3
check "n3 is undefined by somebody" wait_until 20 guest_is n3 gone
check "up once more" up --no-wait
check "... makes it again" says "+ n3               made again, its guest is gone: profile plain"
check "... where it was" test "$(address n3)" = "$at"
check "it is there" domain_is n3 running
refute "with another UUID" test "$(uuid n3)" = "$was"

# --- killed in the middle ----------------------------------------------------------------------------------------------------

lab_file "$plain" "<machine name='n2' ip='192.168.122.22' memory='256'/>" "<machine name='n3'/>" "<machine name='k{1..4}'/>"
"$USHER" up "$lab" --parallel 3 >"$said" 2>&1 </dev/null &
pid=$!
check "one is on its way" wait_until 20 virsh -q domstate k1
kill -9 $pid
wait $pid 2>/dev/null
check "who goes on makes the others" up --no-wait --parallel 4
check "all are there" have "hers k1 k2 k3 k4 n2 n3"

# --- down --------------------------------------------------------------------------------------------------------------------

check "down of one" down k1
check "just that" have "hers k2 k3 k4 n2 n3"
lab_file ""
remember
check "a dry run of down" down --dry-run
check "... deletes nothing" same
check "down, also of what the file has no more" down
check "only hers is left" have hers
check "and its volume" test "$(virsh -q vol-list default | awk '{print $1}')" = hers.qcow2
check "down again" down
check "... has nothing to do" says "nothing to do"
check "hers goes" "$USHER" delete hers

# --- a pool that is full --------------------------------------------------------------------------------------------------------

mkdir -p /var/lib/libvirt/small
mount -t tmpfs -o size=16m small /var/lib/libvirt/small
cat /dev/zero >/var/lib/libvirt/small/hers 2>/dev/null
virsh -q pool-create-as small dir --target /var/lib/libvirt/small
lab_file "$plain" "<machine name='f{1..2}'/>" "<machine name='full'><disk size='64M' pool='small'/></machine>"
refused "a machine whose pool is full" "lab.xml:4: full: storage pool small is full"
rm /var/lib/libvirt/small/hers
check "with room, up makes it" up --no-wait
check "... and the others" have "f1 f2 full"
check "down" down
virsh -q pool-destroy small
umount /var/lib/libvirt/small

# --- networks ----------------------------------------------------------------------------------------------------------------

network="<network name='lab0' subnet='10.77.0.0/24' forward='none'/>"
active() { virsh -q net-list --name | grep -qx "$1"; }
check "a network made by hand" "$USHER" network create byhand --subnet 10.79.0.0/24
lab_file "$network" "<network name='byhand' subnet='10.79.0.0/24'/>" \
	"<machine name='x' profile='plain' memory='128' network='lab0'><nic network='byhand'/></machine>"
check "a lab with a network" up --no-wait
check "it is there" active lab0
check "its machine is on it" test "$(address x)" = 10.77.0.2
check "and on the other" test "$("$USHER" show x --json | jq -r '.nics[1].segment')" = byhand
lab_file "<network name='lab0' subnet='10.78.0.0/24'/>"
refused "another subnet" "lab.xml:2: network 'lab0' is there, and its subnet is '10.77.0.0/24', not '10.78.0.0/24'"
lab_file "$network"
virsh -q net-destroy lab0
virsh -q net-undefine lab0
check "a network that vanished" up --no-wait
check "... is said so" says "+ lab0             network, which is not active: started"
check "... and made again" active lab0
check "down" down
check "no machine is left" have ""
check "the network by hand is, and no other" test \
	"$(virsh -q net-list --all --name | grep . | sort | xargs)" = "byhand default"
check "that goes too" "$USHER" network delete byhand

# --- for real ------------------------------------------------------------------------------------------------------------------

guests_need_tiny
lab_file "<defaults profile='tiny' memory='512'><ssh-key file='$key.pub'/></defaults>" "<machine name='web{1..2}'/>"
if ! check "two machines come up" timeout 900 "$USHER" up "$lab"; then "$USHER" timeline; lab_end; fi
check "both are" test "$(state web1) $(state web2)" = "up up"
check "they answer" on_is web1 "$(address web1)" hostname
remember
check "again" up
check "... there is nothing to do" says "nothing to do: lab one is as it should be (2 machines)"
check "... and nothing is done" same
check "stop --force" "$USHER" stop web1 --force
check "... it is off" guest_is web1 off
check "stop of what is off" "$USHER" stop web1
check "start" "$USHER" start web1
check "... it runs" wait_until 10 guest_is web1 running
check "down" down
check "nothing is left" have ""
check "no volume" test -z "$(virsh -q vol-list default)"
lab_end
