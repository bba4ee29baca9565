# SPDX-License-Identifier: GPL-2.0-or-later
# GRUB for a BIOS, without a loop device; sourced, after common.sh.

put() { # FILE OFFSET BYTES VALUE: little-endian
	at=$2 n=$3 value=$4
	while [ "$n" -gt 0 ]; do
		printf "\\$(printf %03o $((value % 256)))" | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
		at=$((at + 1)) n=$((n - 1)) value=$((value / 256))
	done
}

# What grub-bios-setup does: the boot sector knows where the core begins, and its first sector where the rest is.
# grub_bios MODULES IMAGE SECTOR PARTITION: the core goes to this sector, and finds /boot/grub in this partition.
grub_bios() {
	grub-mkimage -O i386-pc -d "$1" -o "$work/core.img" -p "(hd0,gpt$4)/boot/grub" biosdisk part_gpt ext2 ||
		die "grub-mkimage failed"
	put "$work/core.img" 500 8 $(($3 + 1))
	head -c 440 "$1/boot.img" >"$work/boot.img"
	put "$work/boot.img" 92 8 "$3"
	put "$work/boot.img" 100 1 255
	put "$work/boot.img" 102 2 37008 # two bytes that do nothing: the disk's number is the BIOS's own
	dd if="$work/boot.img" of="$2" conv=notrunc status=none
	dd if="$work/core.img" of="$2" bs=512 seek="$3" conv=notrunc status=none
}
