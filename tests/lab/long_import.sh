#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guest that is not ours, made by `virt-install --import` from a disk that is installed already: its computed MAC alone
# gets it its address, and it boots its own disk, also when it is told to try the network first.
# shellcheck source=/dev/null disable=SC2119,SC2154,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/guests.sh"

guests_need_tiny
command -v virt-install >/dev/null || { skip "virt-install is not installed"; lab_end; }

# --- the disk: an installation of ours, copied, and everything of ours forgotten --------------------------------------------

images=/var/lib/libvirt/images
need "the service starts" usher_start
need "a guest installs itself" timeout 400 "$USHER" create first --profile tiny --ip 192.168.122.30 --ssh-key "$key.pub" --wait
# Its network is bound to its MAC: a copy is to take any.
generalise() { on 192.168.122.30 sed -i "s/^MACAddress=.*/Name=e*/" /etc/systemd/network/10-usher.network; }
need "its disk is made fit for copies" wait_until 60 generalise
on 192.168.122.30 poweroff 2>/dev/null
wait_until 60 domain_is first "shut off" || virsh -q destroy first
cp --sparse=always $images/first.qcow2 "$USHER_LAB/disk.qcow2"
check "it is deleted" "$USHER" delete first
usher_stop
rm -rf /var/lib/usher/*
need "a service that knows nothing" usher_start
check "no machine, no lease" test "$("$USHER" list --json | jq -c .machines)$("$USHER" leases --json | jq -c .leases)" = "[][]"

# --- theirs ------------------------------------------------------------------------------------------------------------------

import() { # NAME MAC BOOT
	cp --sparse=always "$USHER_LAB/disk.qcow2" "$images/$1.qcow2"
	virt-install --name "$1" --import --memory 512 --vcpus 1 --virt-type qemu --osinfo require=off \
		--disk "path=$images/$1.qcow2,format=qcow2,bus=virtio" --network "network=default,mac=$2,model=virtio" \
		--boot "$3" --graphics none --noautoconsole
}
lease_of() { "$USHER" leases --json | jq -r ".leases[] | select(.mac == \"$1\").address"; }
has_lease() { [ "$(lease_of "$1")" = "$2" ]; }
remove() { virsh -q destroy "$1"; virsh -q undefine "$1" --remove-all-storage; } >/dev/null

boots() { # NAME MAC ADDRESS BOOT
	check "$1: virt-install --import --boot $4" import "$1" "$2" "$4" || return
	check "$1: it is given $3, computed from $2" wait_until 120 has_lease "$2" "$3"
	check "$1: its system answers there" wait_until 180 on "$3" true
	check "$1: which runs from its own disk" runs_from_disk "$3"
	check "$1: with that MAC" on_is "$2" "$3" "cat /sys/class/net/[!l]*/address"
	check "$1: no record of it is made" test "$("$USHER" list --json | jq -c .machines)" = "[]"
	refute "$1: it was given nothing to boot" grep -qE 'booting|transfer' <("$USHER" timeline --json | jq -r .kind)
	remove "$1"
}
boots disk 52:54:c0:a8:7a:47 192.168.122.71 hd
boots network 52:54:c0:a8:7a:48 192.168.122.72 network,hd
check "its firmware had asked us first" grep -q "192.168.122.72 .*iPXE" "$USHER_LAB/usher.log"
check "another guest of theirs, whose MAC says nothing, gets one of the pool" import plain 52:54:00:12:34:56 network,hd
check "plain: from the pool" wait_until 120 has_lease 52:54:00:12:34:56 192.168.122.100
remove plain
usher_stop
lab_end
