#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Machines with two cards on one bridge, installed with tiny by one of them: the new system of the first has its address, by
# DHCP, on a bond of both, and keeps it when either is unplugged; that of the second has a static one, of a VLAN on a bond of
# all its cards, and answers only what is tagged so; that of the third on a VLAN on its card.
# shellcheck source=tests/lab/lib.sh disable=SC2016,SC2119,SC2154,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
# shellcheck source=tests/lab/guests.sh
. "$LAB_TOP/tests/lab/guests.sh"
guests_need_tiny
images=/var/lib/libvirt/images
lab_bind "$LAB_TOP/contrib" contrib
install -D -m 755 "$LAB_TOP/contrib/power-libvirt" "$USHER_LAB/power/power-libvirt"

mac() { echo "52:54:00:b0:0d:$1"; }
# Their packets carry whole checksums: vlan.py hands them on as they are.
card() { # NUMBER [ORDER]
	echo "<interface type='network'><mac address='$(mac "$1")'/><source network='default'/><model type='virtio'/>
		<driver><host csum='off' gso='off' tso4='off' tso6='off' ecn='off' ufo='off'/></driver>
		${2:+<boot order='$2'/>}</interface>"
}
# machine NAME NUMBER SETTING…: its first card is NUMBER1, its second NUMBER2.
machine() {
	local name=$1 n=$2
	shift 2
	qemu-img create -q -f qcow2 "$images/$name" 3G
	cat >"$USHER_LAB/$name.xml" <<-END
		<domain type='qemu'>
		  <name>$name</name>
		  <memory unit='MiB'>640</memory><vcpu>1</vcpu>
		  <os><type arch='x86_64' machine='q35'>hvm</type></os>
		  <features><acpi/></features>
		  <cpu mode='maximum'><feature policy='disable' name='erms'/></cpu>
		  <devices>
		    <disk type='file'><driver name='qemu' type='qcow2'/><source file='$images/$name'/><target dev='vda' bus='virtio'/>
		      <boot order='2'/></disk>
		    $(card "${n}1" 1)$(card "${n}2")
		    <serial type='pty'/>
		  </devices>
		</domain>
	END
	virsh -q define "$USHER_LAB/$name.xml" &&
		"$USHER" enroll "$name" --mac "$(mac "${n}1")" --ip "192.168.122.7$n" --profile tiny --ssh-key "$key.pub" \
			--power "$USHER_LAB/power/power-libvirt" "$@"
}
bridge=virbr0 vid=100
usher_config >"$USHER_LAB/usher.xml"
need "the service starts" usher_start
need "one is there to have a bond" machine bonded 1 --set bond="$(mac 12),$(mac 11)"
need "one to have a VLAN on a bond" machine tagged 2 --set bond=all --set bond_mode=balance-xor --set vlan=$vid --set network=static
need "one to have a VLAN on its card" machine single 3 --set vlan=$vid --set network=static
says() { local text=$1; shift; ! "$@" >"$USHER_LAB/said" 2>&1 && grep -e "$text" "$USHER_LAB/said"; }
other() { "$USHER" enroll other --mac 52:54:00:b0:0d:99 --profile tiny --set "$@"; }
check "a bond without the card that boots is refused" says "lacks 52:54:00:b0:0d:99, the card that other boots from" \
	other bond="$(mac 12),$(mac 11)"
check "a bond of one card is refused" says "the MAC addresses of 2 to 8 network cards" other bond=52:54:00:b0:0d:99
check "VLAN 4095 is refused" says "from 1 to 4094" other vlan=4095
for name in bonded tagged single; do need "$name is armed" "$USHER" reinstall $name; done

inside_is() { local at=$1 what=$2 want=$3; shift 3; check "$what" wait_until 10 on_is "$want" "$at" "$@" || on "$at" networkctl; }
address_of='ip -4 -o address show scope global | awk "{print \$2, \$4}" | xargs'
members_of='for c in /sys/class/net/*/master; do c=${c%/master}; cat /sys/class/net/$(basename $c)/bonding_slave/perm_hwaddr; done | sort | xargs'

# --- a bond ----------------------------------------------------------------------------------------------------------------

need "bonded is up" timeout 900 "$USHER" wait bonded
at=192.168.122.71
inside_is $at "its address is the bond's, and no other is" "bond0 $at/24" "$address_of"
inside_is $at "the bond has both cards" "$(mac 11) $(mac 12)" "$members_of"
inside_is $at "and the MAC that DHCP knows" "$(mac 11)" cat /sys/class/net/bond0/address
inside_is $at "in the mode that was not set" "active-backup 1" cat /sys/class/net/bond0/bonding/mode
for n in 1 2; do
	card=$(mac 1$n)
	check "card $n is unplugged" virsh -q domif-setlink bonded "$card" down
	inside_is $at "it answers without card $n" 1 'grep -c "MII Status: down" /proc/net/bonding/bond0'
	check "card $n is plugged in" virsh -q domif-setlink bonded "$card" up
	inside_is $at "and sees it again" 0 'grep -c "MII Status: down" /proc/net/bonding/bond0 || :'
done

# --- VLANs -----------------------------------------------------------------------------------------------------------------

for name in tagged single; do need "$name is installed" timeout 900 "$USHER" wait $name --for installed; done
python3 "$LAB_TOP/tests/lab/vlan.py" $bridge $vid v$vid &
vlan=$!
need "the VLAN is there" wait_until 10 ip link set v$vid up
check "its addresses are in the VLAN" ip route add 192.168.122.72/32 dev v$vid src 192.168.122.1
check "both" ip route add 192.168.122.73/32 dev v$vid src 192.168.122.1
answers() { on "$1" true; }
for at in 192.168.122.72 192.168.122.73; do check "$at answers in it" wait_until 60 answers $at; done
at=192.168.122.72
inside_is $at "tagged's address is the VLAN's, and no other is" "vlan$vid $at/24" "$address_of"
inside_is $at "which is on the bond" "vlan$vid@bond0" "ip -o link show vlan$vid | cut -d: -f2 | xargs"
inside_is $at "of all cards" "$(mac 21) $(mac 22)" "$members_of"
inside_is $at "in the mode that was set" "balance-xor 2" cat /sys/class/net/bond0/bonding/mode
at=192.168.122.73
inside_is $at "single's address is the VLAN's, and no other is" "vlan$vid $at/24" "$address_of"
inside_is $at "on the card that boots" "$(mac 31)" "cat /sys/class/net/\$(ip -o link show vlan$vid | sed 's/.*@\\([^:]*\\):.*/\\1/')/address"
kill $vlan
check "the VLAN is gone" wait_until 10 test ! -e /sys/class/net/v$vid
untagged() { timeout 5 bash -c "</dev/tcp/$1/22"; }
check "bonded answers what is not tagged" untagged 192.168.122.71
for at in 192.168.122.72 192.168.122.73; do refute "$at does not answer what is not tagged" untagged $at; done
lab_end
