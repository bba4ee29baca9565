#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Live systems: a guest and a bare machine boot one from the network three times each, by a command, by their own reset and by a
# power cycle, and say so each time; their disks are the same to the byte. A changed profile is booted after a command, kill -9 of
# the service changes nothing, a loop is told. Then tiny is installed on both in its place, once, and they boot their disks.
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
live_profile 2
bare rack 2 virbr0 512
head -c 16M /dev/urandom >"$USHER_LAB/rack.disk"
words=$(sha256sum <"$USHER_LAB/rack.disk" | cut -c 1-8)
truncate -s 2200M "$USHER_LAB/rack.disk"
sum=$(sha256sum <"$USHER_LAB/rack.disk")

usher_config | sed "s|<user .*|<user name='root'/>|; s|/var/lib/usher'|$USHER_LAB/state'|
	s|<profiles |<profiles dir='$USHER_LAB/more'/><profiles |" >"$USHER_LAB/usher.xml"
need "the service starts" usher_start
first_boot() { virsh dumpxml --inactive "$1" | sed -n "/<$2[ >]/,/<\\/$2>/p" | grep "order='1'"; }
volume_of() { virsh -q domblklist "$1" | awk '{ print $2 }'; }
# All that a guest's volume has, as its machine sees it.
guest_sum() { qemu-img convert -U -O raw "$(volume_of "$1")" "$USHER_LAB/guest.raw" && sha256sum <"$USHER_LAB/guest.raw"; }

# --- the first boot ----------------------------------------------------------------------------------------------------------

need "a bare machine is enrolled" "$USHER" enroll rack --mac 02:00:00:00:00:02 --profile kiosk --ssh-key "$key.pub" \
	--power "$USHER_LAB/power/loop" --arm
need "a guest is created" create kiosk --profile kiosk --disk 2200M --memory 512
check "it is live at once" state_is rack live
check "its definition boots the network first" first_boot kiosk interface
check "and restarts on a reset" grep -q "<on_reboot>restart<" <(virsh dumpxml --inactive kiosk)
check "it is stopped" "$USHER" stop kiosk --force
qemu-io -c 'write -q -P 0x5a 0 16M' -c 'write -q -P 0xa5 2G 1M' "$(volume_of kiosk)"
guest_was=$(guest_sum kiosk)
check "something is on its disk, and it is started" "$USHER" reinstall kiosk
refute "a tool does not run beside it" "$USHER" run rack --profile memtest86
check "the bare machine is up" wait_until 100 up_after rack 1 || "$USHER" timeline rack
check "its disk was read, and is what it was" told rack up "first text, disk $words" || "$USHER" timeline rack
check "it is told to ask the network the next time too" told rack power "the next time too"
check "waiting for the guest ends when it is up" timeout 400 "$USHER" wait kiosk --timeout 390
check "its first boot was one" up_after kiosk 1

# --- the second, by their own reset -------------------------------------------------------------------------------------------

live_profile 2 "second text"
usher_stop KILL
need "the service is killed, and starts again" usher_start
check "that starts no machine anew" up_after kiosk 1
live_word "reboot rack 1"
sleep 5
live_word "reboot kiosk 1"
check "the bare machine boots again" wait_until 100 up_after rack 2 || "$USHER" timeline rack
check "from the network, for it was told so" test "$(cat "$USHER_LAB/rack.starts")" = "$(printf 'boot from the network\n%.0s' 1 2)"
check "the guest boots again" wait_until 100 up_after kiosk 2 || "$USHER" timeline kiosk
refute "with the profile as it was" told rack up "second text"

# --- the third: power ----------------------------------------------------------------------------------------------------------

check "the guest is stopped" "$USHER" stop kiosk --force
check "the list says that" grep -E "kiosk .* live .*its guest is off" <("$USHER" list)
check "and started by virsh" virsh -q start kiosk
check "the bare machine's power is switched" "$USHER" power rack cycle
check "the guest has booted three times" wait_until 100 up_after kiosk 3 || "$USHER" timeline kiosk
check "the bare machine has booted three times" wait_until 100 up_after rack 3 || "$USHER" timeline rack
for name in kiosk rack; do
	refute "$name has the profile as it was" told $name up "second text"
	check "show tells its boots" shows $name 'live  *since .*, 3 boots'
	check "each of them up" test "$(count $name up)" = 3
done
check "the bare machine's disk is the same to the byte" test "$(sha256sum <"$USHER_LAB/rack.disk")" = "$sum"
check "so is the guest's" test "$(guest_sum kiosk)" = "$guest_was"
check "the timeline has it all" timeline_has rack created live power booting up booting up booting up

# --- another boot: by command, and a loop -------------------------------------------------------------------------------------

check "a changed profile is booted by command" "$USHER" reinstall kiosk
live_word "reboot rack 2"
check "and still it is served" wait_until 100 up_after rack 4
check "more than two boots within ten minutes were told" told rack looping "3 boots within"
check "the guest has the profile as it is by now" wait_until 100 told kiosk up "second text"

# --- an install in its place --------------------------------------------------------------------------------------------------

check "disarmed, the guest is off" "$USHER" disarm kiosk
check "it is known" state_is kiosk known
check "it is off" wait_until 10 domain_is kiosk "shut off"
check "and boots its disk from now on" first_boot kiosk disk
check "its disk is the same" test "$(guest_sum kiosk)" = "$guest_was"
check "tiny is installed on the bare machine" "$USHER" reinstall rack --profile tiny
check "and on the guest" "$USHER" reinstall kiosk --profile tiny
check "the bare machine is up" timeout 900 "$USHER" wait rack --timeout 890 || "$USHER" timeline rack
check "the guest is up" timeout 900 "$USHER" wait kiosk --timeout 890 || "$USHER" timeline kiosk
for name in kiosk rack; do check "$name was installed once" test "$(count $name installed)" = 1; done
check "the bare machine boots its disk" test "$(tail -n 1 "$USHER_LAB/rack.starts")" = boot
check "so does the guest" first_boot kiosk disk
check "the bare machine is deleted" "$USHER" delete rack
bare_off rack
check "and the guest" "$USHER" delete kiosk

[ $LAB_FAILED = 0 ] || {
	for f in calls starts qemu; do sed "s/^/  $f: /" "$USHER_LAB/rack.$f"; done
	sed 's/^/  log: /' "$USHER_LAB/usher.log" | tail -n 60
}
lab_end
