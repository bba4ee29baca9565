#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Bare machines with several disks: tiny installs on the one with a WWN, on the smallest SSD though there is smaller of other
# kinds, and on an NVMe disk by its serial number. All others stay as they are, to the byte. Where no disk is as it was said,
# nothing is written, and the machine says which there are.
# shellcheck source=tests/lab/lib.sh disable=SC2119,SC2317
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

# What is written to it, and where; holes are not read.
sum() { tar -C $images -cS --hole-detection=seek --owner=0 --group=0 --mode=0 --mtime=@0 "$1" | sha256sum; }
# image NAME SIZE: something is on it, at both ends and in its middle, but nothing that boots.
image() {
	truncate -s "$2" "$images/$1"
	local n
	for n in 0 700 $(($(stat -c %s "$images/$1") / 1048576 - 1)); do
		head -c 1M /dev/urandom | dd of="$images/$1" bs=1M seek="$n" conv=notrunc status=none
	done
	printf '\0\0' | dd of="$images/$1" bs=1 seek=510 conv=notrunc status=none
	sum "$1" >"$USHER_LAB/$1.sum"
}
untouched() { [ "$(sum "$1")" = "$(cat "$USHER_LAB/$1.sum")" ]; }
written() { ! untouched "$1"; }

# A BIOS boots the first of its disks alone: that is the one that is to be installed on.
boot() { [ "$1" = - ] || echo "<boot order='$1'/>"; }
# scsi IMAGE TARGET ORDER RPM SERIAL WWN [MORE]: 1 RPM is an SSD.
scsi() {
	echo "<disk type='file'><driver name='qemu' type='raw'/><source file='$images/$1'/>
		<target dev='$2' bus='scsi' rotation_rate='$4'/><serial>$5</serial><wwn>$6</wwn>$(boot "$3")${7:-}</disk>"
}
plain() { # IMAGE TARGET BUS ORDER [MORE]
	echo "<disk type='file'><driver name='qemu' type='raw'/><source file='$images/$1'/>
		<target dev='$2' bus='$3' ${6:-}/>$(boot "$4")${5:-}</disk>"
}
# machine NAME NUMBER DISKS [QEMU'S ARGUMENTS]
machine() {
	cat >"$USHER_LAB/$1.xml" <<-END
		<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
		  <name>$1</name>
		  <memory unit='MiB'>640</memory><vcpu>1</vcpu>
		  <os><type arch='x86_64' machine='q35'>hvm</type></os>
		  <features><acpi/></features>
		  <cpu mode='maximum'><feature policy='disable' name='erms'/></cpu>
		  <devices>
		    <controller type='scsi' model='virtio-scsi'/>
		    $3
		    <interface type='network'><mac address='52:54:00:d1:5c:0$2'/><source network='default'/><model type='virtio'/>
		      <boot order='1'/></interface>
		    <serial type='pty'/>
		  </devices>
		  ${4:+<qemu:commandline>$4</qemu:commandline>}
		</domain>
	END
	virsh -q define "$USHER_LAB/$1.xml" &&
		"$USHER" enroll "$1" --mac "52:54:00:d1:5c:0$2" --ip "192.168.122.6$2" --profile tiny --ssh-key "$key.pub" \
			--power "$USHER_LAB/power/power-libvirt" --set disk="$5"
}

for disk in wwn.a:3G wwn.b:2G wwn.c:2G ssd.small-hdd:1G ssd.small-ro:1G ssd.small-usb:1G ssd.one:3G ssd.two:2G ssd.virt:4G \
	nvme.a:3G nvme.b:2G nvme.c:4G none.a:2G none.b:3G; do
	image "${disk%:*}" "${disk#*:}"
done
usher_config >"$USHER_LAB/usher.xml"
need "the service starts" usher_start

arg() { echo "<qemu:arg value='$1'/><qemu:arg value='$2'/>"; }
need "one is there to be installed by WWN" machine wwn 1 "$(scsi wwn.a sda - 7200 AAA 5000c500a1b2c301)
	$(scsi wwn.b sdb 2 7200 BBB 5000c500a1b2c302)$(scsi wwn.c sdc - 1 CCC 5000c500a1b2c303)" "" wwn=0x5000C500A1B2C302
need "one on its smallest SSD" machine ssd 2 "$(scsi ssd.small-hdd sda - 5400 HDD 5000c500a1b2c304)
	$(scsi ssd.one sdb - 1 ONE 5000c500a1b2c305)$(scsi ssd.two sdc 2 1 TWO 5000c500a1b2c306)
	$(scsi ssd.small-ro sdd - 1 RO 5000c500a1b2c307 '<readonly/>')$(plain ssd.virt vda virtio -)
	$(plain ssd.small-usb sde usb - '' "removable='on'")" "" smallest-ssd
# libvirt has no NVMe disks of a file's, so QEMU opens them by itself.
chmod 666 $images/nvme.b $images/nvme.c
need "one on an NVMe disk" machine nvme 3 "$(scsi nvme.a sda - 1 NVME-A 5000c500a1b2c308)" \
	"$(arg -drive "file=$images/nvme.b,format=raw,if=none,id=nb")$(arg -device nvme,serial=NVME-B,drive=nb,bootindex=2,addr=0x1a)
	$(arg -drive "file=$images/nvme.c,format=raw,if=none,id=nc")$(arg -device nvme,serial=NVME-C,drive=nc,addr=0x1b)" \
	serial=NVME-B
need "one that has not what is wanted" machine none 4 "$(scsi none.a sda - 1 N-A 5000c500a1b2c30a)
	$(plain none.b vda virtio - '<serial>N-B</serial>')" "" size=480G

refute "a disk that is like nothing is refused" "$USHER" enroll other --mac 52:54:00:d1:5c:99 --profile tiny --set disk=serial=
for name in none wwn ssd nvme; do need "$name is armed" "$USHER" reinstall $name; done

check "none fails" timeout 900 "$USHER" wait none --for failed
check "and says what it wanted, and which disks there are" shows none \
	'none is size=480G; there are: sda (SSD 2048 MiB, serial N-A), vda (HDD 3072 MiB, serial N-B)'
virsh -q destroy none >/dev/null 2>&1
check "nothing was written to them" untouched none.a
check "nor to the other" untouched none.b
up() { check "$1 is up" timeout 900 "$USHER" wait "$1" || { "$USHER" timeline "$1"; lab_end; }; }
root_is() { wait_until 10 on_is "$2" "$1" "findmnt -no SOURCE / | xargs lsblk -dnro PKNAME | xargs -I{} lsblk -dnro SERIAL /dev/{}"; }
for name in wwn ssd nvme; do up $name; done
check "wwn said which" told wwn progress 'the disk wwn=0x5000C500A1B2C302 is sd., 2048 MiB, serial BBB: it is wiped'
check "ssd said which" told ssd progress 'the smallest SSD is sd., 2048 MiB, serial TWO: it is wiped'
check "nvme said which" told nvme progress 'the disk serial=NVME-B is nvme.n1, 2048 MiB, serial NVME-B: it is wiped'
check "wwn runs from it" root_is 192.168.122.61 BBB
check "ssd runs from it" root_is 192.168.122.62 TWO
check "nvme runs from it" root_is 192.168.122.63 NVME-B
for name in wwn ssd nvme; do virsh -q destroy $name >/dev/null; done
for disk in wwn.b ssd.two nvme.b; do check "$disk was installed on" written $disk; done
for disk in wwn.a wwn.c ssd.small-hdd ssd.small-ro ssd.small-usb ssd.one ssd.virt nvme.a nvme.c; do
	check "$disk is as it was" untouched $disk
done
lab_end
