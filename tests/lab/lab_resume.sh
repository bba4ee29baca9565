#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Killed between a promise and libvirt's part of it: the next start goes on. A reinstall over a running system, a stop, a
# delete, and a --replace at any moment; a delete that crosses a look; and what a user must not do to a machine that is just
# being created.
# shellcheck source=/dev/null
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/profiles.sh"

lab_profile plain kernel '# {{machine.name}}'
lab_profiles_config >"$USHER_LAB/usher.xml"
usher_start || { fail "the service starts"; lab_end; }
pass "the service starts"

create() { "$USHER" create "$@" --profile plain --no-ssh-key; }
domain_is() { [ "$(virsh -q domstate "$1" 2>/dev/null)" = "$2" ]; }
uuid() { "$USHER" show "$1" --json | jq -r .uuid; }
domain_is_its_own() { domain_is "$1" running && [ "$(virsh -q domuuid "$1")" = "$(uuid "$1")" ]; }
installs() { virsh -q dumpxml "$1" | grep -q "on_reboot>destroy"; }
told() { "$USHER" timeline "$1" --json | jq -r "select(.kind == \"$2\").text" | grep -q -- "$3"; }
times() { "$USHER" timeline "$1" --json | jq -r .text | grep -c -- "$2"; }

# --- libvirt did not hear of it -----------------------------------------------------------------------------------------

check "a guest is created" create web
check "it installs" installs web
check "it is disarmed" "$USHER" disarm web
check "and stopped" wait_until 10 domain_is web "shut off"
virsh -q start web
refute "it runs from its disk" installs web

libvirtd_freeze
check "a reinstall is promised" "$USHER" reinstall web
usher_stop KILL
libvirtd_thaw
sleep 1
refute "and did not come about" installs web
check "the service starts again after kill -9" usher_start
check "and starts the install" wait_until 20 installs web
check "and says so" wait_until 20 told web power "started from the network"
check "once" test "$(times web "started from the network")" = 1

libvirtd_freeze
check "a disarm is promised" "$USHER" disarm web
usher_stop KILL
libvirtd_thaw
sleep 1
check "and the guest runs on" domain_is web running
check "the service starts again after kill -9" usher_start
check "and stops it" wait_until 20 domain_is web "shut off"

# --- anywhere in a --replace --------------------------------------------------------------------------------------------

for moment in 0.02 0.06 0.1 0.15 0.25 0.5; do
	before=$(uuid web)
	create web --replace >"$USHER_LAB/said" 2>&1 &
	creating=$!
	sleep $moment
	usher_stop KILL
	wait $creating
	promised=$?
	usher_start || { fail "the service starts"; lab_end; }
	if [ "$(uuid web)" = "$before" ]; then
		check "killed after $moment s (exit $promised): the old one is there" test "$promised" != 0
		check "with its domain" test "$(virsh -q domuuid web)" = "$before"
	else
		check "killed after $moment s (exit $promised): the new one runs" wait_until 20 domain_is_its_own web
	fi
done

# --- in the middle of a delete ------------------------------------------------------------------------------------------

is_deleting() { [ "$("$USHER" show "$1" --json | jq -r .deleting)" = true ]; }
gone() { ! "$USHER" show "$1" >/dev/null 2>&1 && ! domain_is "$1" running; }
check "it installs" wait_until 20 installs web
libvirtd_freeze
"$USHER" delete web >"$USHER_LAB/said" 2>&1 &
deleting=$!
check "a delete is begun" wait_until 10 is_deleting web
usher_stop KILL
wait $deleting
libvirtd_thaw
check "the service starts again after kill -9" usher_start
check "the delete went on" wait_until 20 gone web
refute "its domain is gone" virsh -q dominfo web
refute "its volume is gone" virsh -q vol-info web.qcow2 default

# --- a delete crosses a look ----------------------------------------------------------------------------------------------

# The service finds that a guest which is to be installed has no domain any more, and is about to make it again; in between
# it is told to delete it.
${CC:-gcc} -shared -fPIC -O2 -o "$USHER_LAB/slow_libvirt.so" "$LAB_TOP/tests/lab/slow_libvirt.c" -lvirt ||
	{ fail "slow_libvirt.c compiles"; lab_end; }
check "a guest is created" create cross
usher_stop
virsh -q destroy cross
virsh -q undefine cross
# a sanitizer wants to be loaded first, and need not be
ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0 LD_PRELOAD=$USHER_LAB/slow_libvirt.so SLOW_LIBVIRT_MS=2000 usher_start || { fail "the service starts"; lab_end; }
sleep 0.5
check "it is deleted while the service looks at it" timeout 60 "$USHER" delete cross
sleep 5 # the making again would take two look-ups
refute "and is not made again behind that" virsh -q dominfo cross
check "the service ends" usher_stop
check "and starts again" usher_start

# --- while it is created ------------------------------------------------------------------------------------------------

id='{"kind":"guest","name":"slow","profile":"plain","request_id":"the-same"}'
ask() { curl -sS --max-time 60 --unix-socket "$USHER_SOCKET" -d "$id" http://usher/api/v1/machines; }
libvirtd_freeze
ask >"$USHER_LAB/first" &
asking=$!
sleep 1
ask >"$USHER_LAB/second" &
again=$!
sleep 1
libvirtd_thaw
wait $asking $again
check "asked again meanwhile, both connections get the machine" cmp "$USHER_LAB/first" "$USHER_LAB/second"
check "which is that one" test "$(jq -r .uuid "$USHER_LAB/second")" = "$(uuid slow)"
check "asked once more it is the same" test "$(ask | jq -r .uuid)" = "$(uuid slow)"
check "it was created once" test "$(times slow 'guest, profile plain')" = 1
usher_stop
check "the service ends in peace" test $? = 0
refute "no sanitizer complained" grep -E "ERROR: |runtime error" "$USHER_LAB/usher.log"
[ $LAB_FAILED = 0 ] || sed 's/^/  log: /' "$USHER_LAB/usher.log" | tail -n 60
lab_end
