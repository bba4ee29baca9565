#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The whole way, for real: two guests and a bare machine are created, boot from the network, install Debian (profile tiny),
# boot their own disks and say so; none is installed again by its own reboot, also where the network comes first in its
# boot order; hooks hear of all of it; and nothing of a deleted guest is left.
# shellcheck source=tests/lab/lib.sh disable=SC2119,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
# shellcheck source=tests/lab/guests.sh
. "$LAB_TOP/tests/lab/guests.sh"
guests_need_tiny
show_all() { "$USHER" list; "$USHER" timeline; }

# --- hooks: one tells what it got, one hangs --------------------------------------------------------------------------------

heard=$USHER_LAB/heard
mkdir -p "$USHER_LAB/hooks" "$heard"
chmod 777 "$heard"
cat >"$USHER_LAB/hooks/10-hear" <<END
#!/bin/sh
cat >"$heard/\$USHER_SEQ-\$USHER_MACHINE-\$USHER_EVENT"
echo "heard of \$USHER_EVENT"
END
cat >"$USHER_LAB/hooks/20-hang" <<'END'
#!/bin/sh
[ "$USHER_MACHINE-$USHER_EVENT" != web2-armed ] || sleep 600
END
chmod 755 "$USHER_LAB/hooks"/*
# Each event of this kind of this machine came once, with the machine as JSON.
heard_of() {
	local file files=("$heard"/*-"$1-$2")
	for file in "${files[@]}"; do
		jq -e ".name == \"$1\" and (.nics[0].mac | length) == 17 and (.settings | type) == \"object\"" "$file" ||
			return 1
	done
}
stands_as() { jq -e ".state == \"$3\"" "$heard"/*-"$1-$2"; }

# --- a bare machine: a domain that is none of ours, which boots the network first, always -------------------------------------

lab_bind "$LAB_TOP/contrib" contrib
install -D -m 755 "$LAB_TOP/contrib/power-libvirt" "$USHER_LAB/power/power-libvirt"
bare_mac=52:54:00:ba:4e:01
qemu-img create -q -f qcow2 /var/lib/libvirt/images/elsewhere.img 4G
cat >"$USHER_LAB/bare.xml" <<END
<domain type='qemu'>
  <name>bare</name>
  <memory unit='MiB'>768</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/></features>
  <cpu mode='maximum'><feature policy='disable' name='erms'/></cpu>
  <on_reboot>restart</on_reboot>
  <devices>
    <disk type='file'><driver name='qemu' type='qcow2'/><source file='/var/lib/libvirt/images/elsewhere.img'/>
      <target dev='vda' bus='virtio'/><boot order='2'/></disk>
    <!-- its first card is in another network, which leases too -->
    <interface type='user'><mac address='52:54:00:ba:4e:02'/><model type='virtio'/><rom enabled='no'/></interface>
    <interface type='network'><mac address='$bare_mac'/><source network='default'/><model type='virtio'/>
      <boot order='1'/></interface>
    <serial type='pty'/>
  </devices>
</domain>
END
need "a bare machine is there" virsh -q define "$USHER_LAB/bare.xml"

# --- three at once ---------------------------------------------------------------------------------------------------------

need "the service starts" usher_start
"$USHER" create web1 --profile tiny --ip 192.168.122.30 --ssh-key "$key.pub" --wait >"$USHER_LAB/web1" 2>&1 &
web1=$!
"$USHER" create web2 --profile tiny --ssh-key "$key.pub" --wait >"$USHER_LAB/web2" 2>&1 &
web2=$!
# with an address: the lowest free one is web2's, whoever of them is quicker
check "the bare machine is enrolled" "$USHER" enroll bare --mac $bare_mac --ip 192.168.122.40 --profile tiny --ssh-key "$key.pub" \
	--power "$USHER_LAB/power/power-libvirt"
check "which installs nothing" state_is bare known
check "nor switches it on" domain_is bare "shut off"
check "it is armed" "$USHER" reinstall bare
wait $web1 || { fail "create --wait of web1: exit $?"; cat "$USHER_LAB/web1"; show_all; lab_end; }
wait $web2 || { fail "create --wait of web2: exit $?"; cat "$USHER_LAB/web2"; show_all; lab_end; }
pass "create --wait ended well for both"
check "and the bare machine" timeout 400 "$USHER" wait bare || { show_all; lab_end; }

# seat NAME ADDRESS MAC
seat() {
	check "$1 is up" state_is "$1" up
	check "$1 has the address $2" test "$(address "$1")" = "$2"
	check "$1 has the MAC $3" sh -c "virsh dumpxml $1 | grep -q \"mac address='$3'\""
	check "$1 lets its owner in, with its name" wait_until 20 on_is "$1" "$2" hostname
	check "$1 runs from its own disk" runs_from_disk "$2"
	check "$1 has its address from us" on_is "$2/24" "$2" "ip -4 -o address show scope global | awk '{print \$4}'"
	check "$1 was installed once" test "$(boots "$1") $(count "$1" booting) $(count "$1" up)" = "1 1 1"
	check "$1's timeline is complete" timeline_has "$1" created armed leased booting installing progress installed \
		leased up
}
seat web1 192.168.122.30 52:54:c0:a8:7a:1e
seat web2 192.168.122.2 52:54:c0:a8:7a:02
seat bare "$(address bare)" $bare_mac
for name in web1 web2; do
	check "$name boots its disk first and restarts" sh -c "virsh dumpxml --inactive $name >'$USHER_LAB/xml' &&
		grep -q '<on_reboot>restart' '$USHER_LAB/xml' &&
		[ \"\$(xmllint --xpath 'string(//disk/boot/@order)' '$USHER_LAB/xml')\" = 1 ]"
done
logged() { "$USHER" log "$1" | grep -qE -- "$2"; }
check "web1's installer logged to us what it said" logged web1 'tiny: making it boot$'
check "the bare machine's too, and its kernel" logged bare 'kernel: .*Linux version'
check "guests may say only what is theirs" sh -c "virsh dumpxml web1 | grep -q \"filterref filter='usher-guest'\""

# --- reboots ---------------------------------------------------------------------------------------------------------------

boot_id() { on "$1" cat /proc/sys/kernel/random/boot_id; }
new_boot() { local now; now=$(boot_id "$1") && [ -n "$now" ] && [ "$now" != "$2" ]; }
reboot() {
	local was
	was=$(boot_id "$1")
	on "$1" systemctl reboot 2>/dev/null
	check "$2" wait_until 90 new_boot "$1" "$was"
}
bare_at=$(address bare)
leased=$(count bare leased)
reboot "$bare_at" "a bare machine that boots from the network again comes back"
check "from its disk" runs_from_disk "$bare_at"
check "it stays up" state_is bare up
check "no installer was served" test "$(count bare booting) $(count bare installing)" = "1 1"
check "its timeline has leases more" test "$(count bare leased)" -gt "$leased"
check "and nothing else" test "$("$USHER" timeline bare --json | jq -r .kind | sed '1,/^up$/d' | grep -vx hook | sort -u)" = leased
check "its firmware asked: iPXE" sh -c "'$USHER' timeline bare --json |
	jq -r 'select(.kind == \"leased\").text' | tail -n 2 | grep -q iPXE"

# --- once more, on purpose ---------------------------------------------------------------------------------------------------

was=$(on 192.168.122.2 cat /etc/machine-id)
on 192.168.122.2 touch /was-here
check "web2 is to be installed again" "$USHER" reinstall web2
check "it is armed, and its boots count from nothing" sh -c "'$USHER' show web2 --json |
	jq -e '.state == \"armed\" and .attempt.boots == 0 and .attempt.number == 2'"
check "meanwhile web1 is deleted" "$USHER" delete web1
refute "its domain is gone" virsh dominfo web1
check "its volume is gone" test ! -e /var/lib/libvirt/images/web1.qcow2
no_name() { ! virsh net-dumpxml default | grep -q web1; } # a job of its own, behind those of other guests
check "its name is gone from the DNS" wait_until 15 no_name
check "web2 is up again" timeout 400 "$USHER" wait web2 || show_all
refute "it is another system" on_is "$was" 192.168.122.2 cat /etc/machine-id
refute "and nothing is left of the old one" on 192.168.122.2 ls /was-here
check "attempt 2, one boot" test "$("$USHER" show web2 --json | jq -r '"\(.attempt.number) \(.attempt.boots)"')" = "2 1"

# --- what the hooks heard ----------------------------------------------------------------------------------------------------

for event in created leased armed booting installing installed up deleted; do
	check "a hook heard of $event, with web1 as it was" wait_until 10 heard_of web1 $event
done
check "the record is that of the moment" stands_as web1 booting booting
check "a hook that hangs delays nothing but its own" wait_until 40 heard_of web2 up
check "it is killed, and that is told" told web2 hook '20-hang.*timed out'
check "what a hook says is told" told web1 hook '10-hear exit 0: heard of up'

check "the bare machine's record goes" "$USHER" delete bare
check "but not the machine" domain_is bare running
check "nor its disk" test -e /var/lib/libvirt/images/elsewhere.img
usher_stop
check "the service ends in peace" test $? = 0
lab_end
