#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An image of 5 GB with a file over 4 GiB: imported in under a second, every file byte for byte over HTTP, and ranges at random,
# also across 4 GiB. The image is real, on the disk of $B; what it is made of is holes with random bytes between them.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
. "$(dirname "$0")/tftp.sh"
tftp_lab "$@"

home=$B/long_media disc=$B/long_media/disc iso=$B/long_media/Rocky-9.3-x86_64-dvd.iso
rm -rf "$home"
trap 'rm -rf "$home"' EXIT
mkdir -p "$disc/images/pxeboot" "$disc/EFI/BOOT" "$disc/Packages"

# big FILE BYTES: random bytes all over it, so that no stretch is like another, and on both sides of 4 GiB.
big() {
	local at file=$1 size=$2
	truncate -s "$size" "$file"
	for ((at = 0; at < size; at += 24 << 20)); do put_at "$at"; done
	[ "$size" -le $((1 << 32)) ] || put_at $(((1 << 32) - 65536))
	put_at $((size - 131072))
}
put_at() {
	dd if="$USHER_LAB/bytes" of="$file" bs=64K count=2 skip=$((RANDOM % 600)) seek="$1" oflag=seek_bytes conv=notrunc status=none
}
big "$disc/images/install.img" 4700000001
big "$disc/Packages/large.rpm" 300000000
for i in $(seq 200); do head -c $((i * 997)) "$USHER_LAB/bytes" >"$disc/Packages/package-$i.rpm"; done
head -c 12M "$USHER_LAB/bytes" >"$disc/images/pxeboot/vmlinuz"
tail -c 30M "$USHER_LAB/bytes" >"$disc/images/pxeboot/initrd.img"
echo shim >"$disc/EFI/BOOT/BOOTX64.EFI"
echo grub >"$disc/EFI/BOOT/grubx64.efi"
printf '[general]\narch = x86_64\nfamily = Rocky Linux\nversion = 9.3\n' >"$disc/.treeinfo"
printf '[images-x86_64]\nkernel = images/pxeboot/vmlinuz\ninitrd = images/pxeboot/initrd.img\n' >>"$disc/.treeinfo"
check "an image of 5 GB is made" xorriso -as mkisofs -quiet -iso-level 3 -r -J -V Rocky-9-3 -o "$iso" "$disc" || lab_end
check "the service starts" usher_start || lab_end

url=http://$server:8067/boot/rocky-9
# A long while to answer is a failure of the machine, not of the service: 60 s of `fetched` are not enough for 5 GB.
get() { (cd "$USHER_LAB/tmp" && exec timeout 900 nsenter -t "${CLIENT_PID[1]}" -n curl -sS --fail -g "$@"); }
import() {
	local before after
	before=$(date +%s%N)
	"$USHER" import "$iso" >"$USHER_LAB/imported" || return
	after=$(date +%s%N)
	import_ms=$(((after - before) / 1000000))
	[ $import_ms -lt 1000 ]
}
compare_all() {
	local file n=0
	cd "$disc" || return
	while read -r file; do
		get "$url/${file#./}" | cmp - "$file" || return
		n=$((n + 1))
	done < <(find . -type f)
	[ $n = 207 ]
}
random() { echo $(((RANDOM << 30 | RANDOM << 15 | RANDOM) % $1)); }
range() { # FIRST LENGTH
	get -r "$1-$(($1 + $2 - 1))" -o "$got" "$url/images/install.img" &&
		cmp -n "$2" -i "$1:0" "$disc/images/install.img" "$got" && [ "$(stat -c %s "$got")" = "$2" ]
}
ranges() {
	local i
	for i in $(seq 150); do range "$(random 4699000000)" $((RANDOM * 30 + 1)) || return; done
	for i in $(seq 50); do range $(((1 << 32) - $(random 200000) - 1)) $((200001 + RANDOM)) || return; done
}

sync
echo 3 >/proc/sys/vm/drop_caches 2>/dev/null
check "it is imported in under a second" import
echo "     imported in ${import_ms} ms, an image of $(stat -c %s "$iso") bytes"
sed 's/^/     /' "$USHER_LAB/imported"
check "it is recognised" grep -q "^rocky-9: Rocky Linux 9.3" "$USHER_LAB/imported"
check "it answers" wait_until 10 get -o "$got" "$url/.treeinfo"
check "every file arrives as it is" compare_all
check "200 ranges at random" ranges
check "its sum" test "$("$USHER" media verify rocky-9 --json 2>"$USHER_LAB/progress" | jq -r .sha256)" = "$(sha256sum <"$iso" | cut -d' ' -f1)"
check "told as it goes on" grep -q "summing up 50 %" "$USHER_LAB/progress"
lab_end
