#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kill -9 of the service, at the worst moments: while an installer unpacks, between its "done" and the start from the
# disk, and anywhere in a creation. What was promised holds, and the next start goes on where the last one was.
# shellcheck source=tests/lab/lib.sh disable=SC2119,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
# shellcheck source=tests/lab/guests.sh
. "$LAB_TOP/tests/lab/guests.sh"
guests_need_tiny

# ms into a creation: the record is there after some 10, the guest runs after a second or so
moments=(0 2 4 8 16 60 200 450 700 1000)

# wait_told NAME KIND TEXT: returns at once when it is on the timeline, which the follower reads as it happens.
wait_told() {
	grep -q -m 1 -- "$3" < <(timeout 400 "$USHER" timeline "$1" --follow --json |
		jq --unbuffered -r "select(.kind == \"$2\").text") || { "$USHER" timeline "$1"; false; }
}

# --- while it unpacks, and right after it is done ------------------------------------------------------------------------

need "the service starts" usher_start
# Its own address, so that it can be reached when nobody leases; and some seconds between "done" and its restart.
need "a guest is created" create worker --profile tiny --set network=static
at=$(address worker)
need "it unpacks" wait_told worker progress unpacking
usher_stop KILL
sleep 3
check "the service starts again after kill -9" usher_start
check "the machine is still installing" state_is worker installing
check "its boots are still counted" test "$(boots worker)" = 1

need "the installation comes to its end" wait_told worker installed .
usher_stop KILL
check "killed before it started the disk" sh -c "! '$USHER' list"
check "the guest's reset stops it" wait_until 20 domain_is worker "shut off"
sleep 2
check "and nobody starts it" domain_is worker "shut off"
check "without the service, a plain start" virsh -q start worker
check "boots its disk" wait_until 60 runs_from_disk "$at"
check "with its own name" on_is worker "$at" hostname
virsh -q destroy worker

check "the service starts again" usher_start
check "of its own accord it starts the guest" wait_until 20 domain_is worker running
check "from its disk" told worker power 'started from its disk'
check "and the guest is up" timeout 400 "$USHER" wait worker
check "once installed, once done" test "$(count worker booting) $(count worker installed) $(count worker up)" = "1 1 1"
check "its timeline is complete" timeline_has worker created armed leased booting installing progress installed power up
check "and its numbers rise" sh -c "'$USHER' timeline worker --json | jq .seq | sort -nuc"
check "it is deleted" "$USHER" delete worker

# --- anywhere in a creation ------------------------------------------------------------------------------------------------

# Completely there and on its way, or completely absent.
here() {
	domain_is "$1" running && virsh -q vol-info "$1.qcow2" default >/dev/null &&
		case $(state "$1") in armed | booting | installing) ;; *) false ;; esac
}
gone() {
	! "$USHER" show "$1" >/dev/null 2>&1 && ! virsh dominfo "$1" >/dev/null 2>&1 &&
		[ ! -e "/var/lib/libvirt/images/$1.qcow2" ]
}
here_or_gone() { here "$1" || gone "$1"; }
# What was answered with success is there.
here_if_promised() { if [ "$2" = 0 ]; then here "$1"; else here_or_gone "$1"; fi; }

there=0 absent=0
for moment in "${moments[@]}"; do
	name=cut$moment
	create "$name" --profile tiny >"$USHER_LAB/said" 2>&1 &
	creating=$!
	ms=$((moment + RANDOM % (moment / 3 + 1)))
	sleep "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))"
	usher_stop KILL
	wait $creating
	promised=$?
	if ! usher_start; then fail "the service starts after kill -9 at $ms ms"; lab_end; fi
	if wait_until 20 here_if_promised "$name" $promised; then
		if here "$name"; then there=$((there + 1)) is=there; else absent=$((absent + 1)) is=absent; fi
		pass "killed after $ms ms (create: exit $promised): all of it is $is"
	else
		fail "killed after $ms ms (create: exit $promised): $(cat "$USHER_LAB/said")"
		"$USHER" show "$name"
		"$USHER" timeline "$name"
		virsh -q list --all
		ls /var/lib/libvirt/images
	fi
	"$USHER" show "$name" >/dev/null 2>&1 && check "it is deleted" "$USHER" delete "$name"
	gone "$name" || { fail "something of it is left"; virsh -q undefine "$name"; virsh -q vol-delete "$name.qcow2" default; }
done
echo "of ${#moments[@]} creations $there are there, $absent absent"
usher_stop
check "the service ends in peace" test $? = 0
lab_end
