#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Machines that do not get installed are stopped, and say why: an installer that dies at once, one that never comes to an
# end, one that reports failure, one that is stopped from outside, one that is disarmed.
# shellcheck source=tests/lab/lib.sh disable=SC2119,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
# shellcheck source=tests/lab/guests.sh
. "$LAB_TOP/tests/lab/guests.sh"
guests_need_tiny

# profile NAME INITRD CMDLINE MORE: the kernel is a real one.
profile() {
	mkdir -p "$USHER_LAB/more/$1"
	cat >"$USHER_LAB/more/$1/profile.xml" <<-END
		<profile name='$1'>
		  <title>$1</title>
		  <media name='tiny' path='$USHER_LAB/tiny'/>
		  <boot><kernel>vmlinuz</kernel>$2<cmdline>console=ttyS0 $3</cmdline></boot>
		  <answers format='shell' template='answers'/>
		  $4
		  <guest><memory unit='MiB'>256</memory><disk unit='GiB'>1</disk></guest>
		</profile>
	END
	echo '# none' >"$USHER_LAB/more/$1/answers"
}
profile dies '' 'panic=-1' ''                        # no root filesystem: a panic, and a reset at once
profile hangs '<initrd>initrd.img</initrd>' 'rdinit=/bin/sleep -- 1000' "<timeout minutes='1'/>"

usher_config | sed "s|<profiles |<profiles dir='$USHER_LAB/more'/><profiles |" >"$USHER_LAB/usher.xml"
need "the service starts" usher_start

started=$(date +%s)
need "one that hangs is created" create hangs --profile hangs
need "one whose installer dies is created" create dies --profile dies
need "one with a disk that is not there is created" create wrong --profile tiny --set disk=vdz
need "one to be stopped is created" create stopped --profile tiny
need "one to be disarmed is created" create early --profile hangs

check "disarmed before it booted" "$USHER" disarm early
check "it is known, and no more" wait_until 5 state_is early known
check "and switched off" wait_until 10 domain_is early "shut off"

check "the installer's own failure ends it" wait_until 60 state_is wrong failed
check "with the installer's reason" shows wrong 'reason .*no disk /dev/vdz'
check "and it is off" wait_until 10 domain_is wrong "shut off"

check "another one installs" wait_until 60 state_is stopped installing
virsh -q destroy stopped
check "stopped from outside, it has failed" wait_until 10 state_is stopped failed
check "and says so" shows stopped 'reason .*stopped from outside'

check "the one that dies is stopped" wait_until 90 state_is dies failed
check "for its many boots" shows dies 'reason .*too many boots'
check "after three of them" test "$(boots dies)" = 3
check "and it is off" wait_until 10 domain_is dies "shut off"

check "the one that hangs has a minute" wait_until 75 state_is hangs failed
took=$(($(date +%s) - started))
check "and no less ($took s)" test $took -ge 58
check "its time is over, it says" shows hangs 'reason .*timed out'
check "and it is off" wait_until 10 domain_is hangs "shut off"

need "one that is disarmed while it boots is created" create late --profile hangs
check "it boots" wait_until 30 state_is late booting
check "it is disarmed" "$USHER" disarm late
check "which its installer will not have survived" wait_until 5 state_is late failed
check "the reason is the user" shows late 'reason .*disarmed by the user'
check "and it is off" wait_until 10 domain_is late "shut off"

for name in dies hangs wrong stopped late; do
	check "$name stays off" domain_is "$name" "shut off"
	check "$name would boot its disk" test "$(virsh dumpxml --inactive "$name" | grep -c "on_reboot>restart<")" = 1
	refute "$name cannot be disarmed any more" "$USHER" disarm "$name"
done
refute "waiting for one that has failed fails" "$USHER" wait dies
for name in dies hangs wrong stopped late early; do check "$name is deleted" "$USHER" delete "$name"; done
check "nothing is left" test -z "$(virsh -q list --all --name)$(ls /var/lib/libvirt/images)"
usher_stop
check "the service ends in peace" test $? = 0
lab_end
