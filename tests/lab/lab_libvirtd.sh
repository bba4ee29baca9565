#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# libvirtd dies and comes back while the service runs: guests go on, what happened meanwhile is found out, and what is
# asked for meanwhile is done or refused, never half. And a service that starts without libvirtd at all.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$LAB_TOP/tests/lab/profiles.sh"

said=$USHER_LAB/said
# What libvirt's client had read when it was left with a libvirtd that stands still.
echo leak:xdr_string >"$USHER_LAB/leaks" && export LSAN_OPTIONS=suppressions=$USHER_LAB/leaks:print_suppressions=0
state() { "$USHER" show "$1" --json | jq -r .state; }
state_is() { [ "$(state "$1")" = "$2" ]; }
domain_is() { [ "$(virsh -q domstate "$1" 2>/dev/null)" = "$2" ]; }
nothing_of() {
	! virsh -q dominfo "$1" && [ ! -e "/var/lib/libvirt/images/$1.qcow2" ] && ! "$USHER" show "$1"
}
kill_libvirtd() { kill -9 "$(cat /run/libvirtd.pid)"; wait_until 5 refuse_libvirtd; }
refuse_libvirtd() { ! virsh -q uri; }

# Nothing that it boots is real: it stays in the firmware.
lab_profile plain kernel '# {{machine.name}}'
lab_profiles_config >"$USHER_LAB/usher.xml"
check "the service starts" usher_start || lab_end
check "a guest is created" "$USHER" create web01 --profile plain --no-ssh-key || lab_end
check "and runs" domain_is web01 running

check "libvirtd is killed" kill_libvirtd
check "the service answers still" "$USHER" list
refute "creating is refused" timeout 60 "$USHER" create web02 --profile plain --no-ssh-key
"$USHER" create web02 --profile plain --no-ssh-key >"$said" 2>&1
check "with libvirt's reason, in one line" \
	sh -c "grep -q 'libvirt.*does not answer' '$said' && [ \$(wc -l <'$said') = 1 ]"
check "libvirtd is back" start_libvirtd
check "nothing is left of the refused one" nothing_of web02
check "the first guest went on" domain_is web01 running
check "the service finds libvirt again" wait_until 15 timeout 30 "$USHER" create web02 --profile plain --no-ssh-key
check "delete works" "$USHER" delete web02

check "events are heard again" virsh -q destroy web01
check "a stop from outside is one" wait_until 10 state_is web01 failed

# The moment at which it dies is anywhere between the first look and the start.
for tenth in 0 1 2 3; do
	"$USHER" create "mid0$tenth" --profile plain --no-ssh-key >"$said" 2>&1 &
	creation=$!
	sleep "0.$tenth"
	kill_libvirtd
	start_libvirtd
	if wait "$creation"; then
		check "killed after 0.$tenth s: created, and it runs" domain_is "mid0$tenth" running
		"$USHER" delete "mid0$tenth" >"$said" 2>&1
	fi
	check "killed after 0.$tenth s: nothing half-made is left" nothing_of "mid0$tenth"
done

# Several at once: each is there and runs, or is refused with the reason and nothing of it is left.
creations=()
for i in 1 2 3 4; do
	"$USHER" create "many0$i" --profile plain --no-ssh-key >"$said.$i" 2>&1 &
	creations+=($!)
done
sleep 0.5
kill_libvirtd
start_libvirtd
for i in 1 2 3 4; do
	if wait "${creations[$((i - 1))]}"; then
		check "killed while four are created: many0$i is created, and runs" wait_until 5 domain_is "many0$i" running
		"$USHER" delete "many0$i" >"$said" 2>&1
	else
		check "killed while four are created: many0$i is refused in one line" [ "$(wc -l <"$said.$i")" = 1 ]
	fi
	check "and nothing half-made is left" nothing_of "many0$i"
done

# QEMU dies while nobody watches.
check "another guest is created" "$USHER" create web03 --profile plain --no-ssh-key
kill_libvirtd
kill -9 "$(pgrep -f guest=web03)"
start_libvirtd
found_out() { state_is web03 failed || domain_is web03 running; }
check "that it died meanwhile is found out: it is started again, or has failed" wait_until 20 found_out
check "and deleted" "$USHER" delete web03

# libvirtd stands still: what is asked of it waits, nothing else does, nor does the end of the service for ever.
libvirtd_freeze
"$USHER" create web04 --profile plain --no-ssh-key >"$said" 2>&1 &
creation=$!
sleep 1
check "libvirtd stands still: the service answers at once" timeout 5 "$USHER" list
usher_gone() { ! kill -0 "$USHER_PID"; }
kill "$USHER_PID"
check "and can be stopped" wait_until 30 usher_gone
usher_stop
wait $creation
libvirtd_thaw

# Where only an interface is served libvirtd need not run.
kill_libvirtd
ip link add lab0 type bridge && ip address add 10.99.0.1/24 dev lab0 && ip link set lab0 up
usher_config "<segment interface='lab0' mode='own'/>" >"$USHER_LAB/usher.xml"
check "without libvirtd, an interface is served" usher_start
check "and bare metal enrolled" "$USHER" enroll bare01 --mac 52:54:00:00:00:01 --profile debian-12 \
	--ip 10.99.0.9 --no-ssh-key
usher_stop
lab_end
