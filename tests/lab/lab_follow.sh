#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is done to guests behind the service's back, by virsh, is found in their records and on their timelines; and guests
# of several libvirts in one service. Beside QEMU there is libvirt's test driver inside the same libvirtd.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$LAB_TOP/tests/lab/guests.sh"
. "$LAB_TOP/tests/lab/profiles.sh"

far='test+unix:///default?socket=/run/libvirt/libvirt-sock'
virsh_far() { virsh -q -c "$far" "$@"; }
guest_state() { "$USHER" show "$1" --json | jq -r .guest_state; }
guest_is() { [ "$(guest_state "$1")" = "$2" ]; }
says() { wait_until 5 told "$1" guest "$2"; }
lists() { "$USHER" list | grep -q "^$1 .*$2"; }
unknown() { ! "$USHER" show "$1"; }
# make_at NAME URI POOL
make_at() {
	curl -s --max-time 60 --unix-socket "$USHER_SOCKET" http://u/api/v1/machines -d "$(jq -n \
		--arg n "$1" --arg u "$2" --arg p "$3" '{kind: "guest", name: $n, profile: "plain", connect: $u, pool: $p}')" |
		tee "$USHER_LAB/said" && ! jq -e .error "$USHER_LAB/said"
}
make_one() { "$USHER" create "$1" --profile plain --no-ssh-key "${@:2}"; }
# How often the timeline says so.
times() { "$USHER" timeline "$1" --json | jq -r 'select(.kind == "guest").text' | grep -c -- "$2"; }

lab_profile plain kernel '# {{machine.name}}'
lab_profiles_config >"$USHER_LAB/usher.xml"
need "the service starts" usher_start
need "a guest is created" make_one web01
check "libvirt says that it runs" wait_until 5 guest_is web01 running
check "which is nothing that was done behind our back" [ "$(count web01 guest)" = 0 ]

virsh -q suspend web01
check "paused by virsh, it is paused" wait_until 5 guest_is web01 paused
check "and the timeline says so" says web01 'paused from outside'
check "and the list" lists web01 'its guest is paused'
virsh -q resume web01
check "resumed, it runs" wait_until 5 guest_is web01 running
virsh -q destroy web01
check "destroyed in the middle of its installation, it has failed" wait_until 5 state_is web01 failed
check "with the reason" shows web01 'reason .*stopped from outside (virsh destroy)'
check "and is off" guest_is web01 off
virsh -q start web01
check "started by virsh, it runs" wait_until 5 guest_is web01 running
check "and the timeline says who did that" says web01 'started from outside'
kill -9 "$(pgrep -f guest=web01,)"
check "QEMU died: it has crashed" wait_until 10 guest_is web01 crashed
check "which is said once" [ "$(times web01 'its QEMU died')" = 1 ]

virsh -q domrename web01 shop01
check "renamed, its record has the new name" wait_until 5 guest_is shop01 crashed
check "and not the old one" unknown web01
check "both timelines say so" says web01 'renamed to shop01'
check "the new one too" says shop01 'it was web01'
check "the network's DNS knows it by that name" \
	wait_until 5 sh -c "virsh -q net-dumpxml default | grep -q '<hostname>shop01<'"
refute "and by no other" sh -c "virsh -q net-dumpxml default | grep -q '<hostname>web01<'"
virsh -q domrename shop01 'no such_name'
check "a name that is none is told" says shop01 'its record cannot be renamed'
virsh -q domrename 'no such_name' shop01

disk() { virsh -q domblklist shop01 | grep -q '/web01\.qcow2$'; }
check "its disk has the name that it had" disk

virsh -q start shop01
check "it runs again" wait_until 5 guest_is shop01 running
virsh -q undefine shop01
check "undefined while it runs, that is said" says shop01 'lost when it stops'
virsh -q destroy shop01
check "then it is gone" wait_until 5 guest_is shop01 gone
check "and the way back is named" says shop01 "'usher reinstall shop01' to create the guest again"
check "which works" "$USHER" reinstall shop01
check "its domain is there again" wait_until 20 domain_is shop01 running
check "with its disk" disk
refute "and no second one" virsh -q vol-info shop01.qcow2 default
check "a guest's events are no flood" [ "$(count shop01 guest)" -lt 12 ]

# --- while libvirtd is away ------------------------------------------------------------------------------------------------

check "two more guests" make_one web02
check "and the second" make_one web03
usher_stop
virsh -q destroy web02
virsh -q undefine web02
virsh -q suspend web03
check "the service starts again" usher_start
check "who was undefined meanwhile, and is being installed, is made again" wait_until 20 domain_is web02 running
check "who was paused meanwhile is paused" wait_until 5 guest_is web03 paused

# --- several libvirts ------------------------------------------------------------------------------------------------------

virsh_far event --all --loop >/dev/null & # its domains last while somebody is connected
watcher=$!
far_network_off() { virsh_far net-destroy default; virsh_far net-info default | grep -q 'Active: *no'; }
check "the network there is stopped" wait_until 5 far_network_off
make_at far01 "$far" default-pool >/dev/null
check "a guest on another libvirt is refused where its network is not" grep -q 'network default is not active' "$USHER_LAB/said"
virsh_far net-start default
check "it is created there" make_at far01 "$far" default-pool
check "runs there" sh -c "virsh -q -c '$far' domstate far01 | grep -q running"
refute "and not here" virsh -q dominfo far01
check "its network here knows its name" \
	wait_until 5 sh -c "virsh -q net-dumpxml default | grep -q '<hostname>far01<'"
virsh_far suspend far01
check "its events are heard" wait_until 5 guest_is far01 paused
check "disarmed, it stops" "$USHER" disarm far01
virsh_far start far01
check "restarted, it shuts down and starts" "$USHER" restart far01
check "and the timeline says for whom" [ "$("$USHER" timeline far01 --json | jq -r 'select(.text == "started from its disk").by')" = root ]
check "the service knows of both libvirts" sh -c "curl -s --unix-socket '$USHER_SOCKET' http://u/api/v1/status |
	jq -e '[.libvirts[].connected] == [true, true]'"

# Its domain turns up at the other libvirt.
cat >"$USHER_LAB/far01.xml" <<-END
	<domain type='qemu'><name>far01</name><uuid>$("$USHER" show far01 --json | jq -r .uuid)</uuid>
	<memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>
END
virsh_far destroy far01
check "its domain is defined here" virsh -q define "$USHER_LAB/far01.xml"
virsh_far undefine far01
check "who is found at another libvirt is followed there" says far01 "moved to qemu:///system"
check "and is deleted there" "$USHER" delete far01
refute "nothing is left of it" virsh -q dominfo far01

# One that is away.
away='qemu+unix:///system?socket=/run/nobody'
make_at far02 "$away" default >/dev/null &
creation=$!
check "one that waits for a libvirt that is away holds up nobody" timeout 60 "$USHER" create web04 --profile plain --no-ssh-key
wait $creation
check "and is told which one is away" grep -q "libvirt at qemu+unix:///system?socket=/run/nobody does not answer" "$USHER_LAB/said"
check "nothing is left of it" unknown far02
kill $watcher
for name in shop01 web02 web03 web04; do check "$name is deleted" "$USHER" delete $name; done
check "no volume is left, of the renamed one neither" [ -z "$(virsh -q vol-list default)" ]
lab_end
