#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Live systems: a guest and a bare machine boot one from the network three times each, by their own reset, by a power cycle and by
# a plain start, and say so each time; their disks are the same to the byte. A changed profile is booted after a command, a
# restart of the service changes nothing, a loop is told, and disarmed they are off and boot their disks.
# shellcheck source=tests/lab/lib.sh disable=SC2119,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
# shellcheck source=tests/lab/guests.sh
. "$LAB_TOP/tests/lab/guests.sh"
guests_need_tiny
# shellcheck source=tests/lab/live.sh
. "$LAB_TOP/tests/lab/live.sh"

live_medium
live_profile 3
bare rack 2
head -c 16M /dev/urandom >"$USHER_LAB/rack.disk"
sum=$(sha256sum <"$USHER_LAB/rack.disk")

usher_config | sed "s|<user .*|<user name='root'/>|; s|/var/lib/usher'|$USHER_LAB/state'|; s|<profiles |<profiles dir='$USHER_LAB/more'/><profiles |" >"$USHER_LAB/usher.xml"
need "the service starts" usher_start

# --- the first boot ----------------------------------------------------------------------------------------------------------

need "a guest is created" "$USHER" create kiosk --profile kiosk --no-ssh-key
need "a bare machine is enrolled" "$USHER" enroll rack --mac 02:00:00:00:00:02 --profile kiosk --no-ssh-key --power "$USHER_LAB/power/loop" --arm
volume=$(virsh -q domblklist kiosk | awk '{print $2}')
guest_sum() { qemu-img convert -U -O raw "$volume" "$USHER_LAB/guest.raw" && sha256sum <"$USHER_LAB/guest.raw"; }
guest_was=$(guest_sum)
check "it is live at once" state_is rack live
check "its definition boots the network first" grep -q "order='1'" <(virsh dumpxml --inactive kiosk | sed -n '/<interface/,/<\/interface/p')
check "and restarts on a reset" grep -q "<on_reboot>restart<" <(virsh dumpxml --inactive kiosk)
refute "a tool does not run beside it" "$USHER" run rack --profile memtest86
check "waiting for it ends when it is up" timeout 100 "$USHER" wait kiosk --timeout 90
check "its first boot was one" up_after kiosk 1
check "the bare machine is up too" wait_until 30 up_after rack 1 || "$USHER" timeline rack
check "its disk was read, and is what it was" told rack up "first text, disk $(cksum <"$USHER_LAB/rack.disk" | cut -d ' ' -f 1)"
check "it is told to ask the network the next time too" wait_until 5 told rack power "the next time too"

# --- the second, by their own reset -------------------------------------------------------------------------------------------

live_profile 3 "second text"
usher_stop KILL
need "the service is killed, and starts again" usher_start
check "that starts no machine anew" up_after kiosk 1
live_word "reboot kiosk 1"
sleep 2.5
live_word "reboot rack 1"
check "the guest boots again" wait_until 40 up_after kiosk 2 || "$USHER" timeline kiosk
check "so does the bare machine" wait_until 40 up_after rack 2 || "$USHER" timeline rack
check "from the network, for it was told so" test "$(cat "$USHER_LAB/rack.starts")" = "$(printf 'boot from the network\n%.0s' 1 2)"
check "with the profile as it was" test "$(told rack up "second text"; echo $?)" = 1

# --- the third: power, and the profile as it is by now -----------------------------------------------------------------------

check "the guest is stopped" "$USHER" stop kiosk --force
check "the list says that" grep -E "kiosk .* live .*its guest is off" <("$USHER" list)
check "the bare machine's power is switched" "$USHER" power rack cycle
check "a changed profile is booted by command" "$USHER" reinstall kiosk
check "its guest has it" wait_until 40 told kiosk up "second text"
check "the bare machine has booted three times" wait_until 40 up_after rack 3 || "$USHER" timeline rack
check "with the profile as it was" test "$(told rack up "second text"; echo $?)" = 1
check "each of them a boot of its own" test "$(count rack booting)" = 3
check "each up" test "$(count rack up)" = 3
check "no loop so far" test "$(live rack looping)" = false
check "show says it" shows rack 'live  *since .*, 3 boots'

# --- a loop, and the end ------------------------------------------------------------------------------------------------------

live_word "reboot rack 2"
check "a fourth boot within ten minutes is told" wait_until 30 told rack looping "4 boots within"
check "the list says that" grep -E "rack .* live .*boots again and again" <("$USHER" list)
check "and still it is served" wait_until 30 up_after rack 4
check "disarmed" "$USHER" disarm rack kiosk
check "it is known" state_is rack known
check "the guest is off" wait_until 10 domain_is kiosk "shut off"
check "and boots its disk from now on" grep -q "order='1'" <(virsh dumpxml --inactive kiosk | sed -n '/<disk/,/<\/disk/p')
check "the bare machine is off" wait_until 10 grep -qx off <("$USHER_LAB/power/loop" status rack)
check "its disk is the same to the byte" test "$(sha256sum <"$USHER_LAB/rack.disk")" = "$sum"
check "so is the guest's" test "$(guest_sum)" = "$guest_was"
check "deleted" "$USHER" delete rack kiosk
bare_off rack
[ $LAB_FAILED = 0 ] || { for f in calls starts qemu; do sed "s/^/  $f: /" "$USHER_LAB/rack.$f"; done; }
[ $LAB_FAILED = 0 ] || sed 's/^/  log: /' "$USHER_LAB/usher.log" | tail -n 40
lab_end
