#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A disk image onto a disk, in one virtual machine by turns: write-image, which also checks the sum, zeroes what the image leaves
# empty and moves the partition table; `qemu-img convert` of a qcow2, as published (zlib) and packed with zstd; and `zstd -d | dd`,
# which writes all of it, or with conv=sparse leaves what was on the disk where the image has zeros. Rate: bytes of the image's
# disk in a second; CPU: of the whole machine, for it. The source is in memory. The machine is emulated: only the ratios say something.
# shellcheck source=/dev/null
here=$(cd "$(dirname "$0")" && pwd)
files=${B:-build}/bench-image

# --- in the machine --------------------------------------------------------------------------------------------------

busy() { awk '/^cpu /{print ($2 + $3 + $4 + $7 + $8) * 10}' /proc/stat; } # ms; a tick has 10
now_ms() { awk '{printf "%.0f\n", $1 * 1000}' /proc/uptime; }

ours() { "$files/write-image" /dev/vda "$size" "$sum" <"$RAM/image.zst" >"$RAM/said"; }
qemu_img() { qemu-img convert -n -f qcow2 -O raw -t none "$RAM/image.qcow2" /dev/vda; }
qemu_img_zstd() { qemu-img convert -n -f qcow2 -O raw -t none "$RAM/image-zstd.qcow2" /dev/vda; }
zstd_dd() { zstd -q -dc "$RAM/image.zst" | dd of=/dev/vda bs=4M iflag=fullblock oflag=direct conv=fsync status=none; }
zstd_dd_sparse() { zstd -q -dc "$RAM/image.zst" | dd of=/dev/vda bs=4M iflag=fullblock oflag=direct conv=sparse,fsync status=none; }

measure_one() { # ROUND WAY
	local start cpu rc
	blkdiscard -f /dev/vda
	sync
	start=$(now_ms) cpu=$(busy)
	"$2"
	rc=$?
	sync
	echo "figure $1 $2 $rc $(($(now_ms) - start)) $(($(busy) - cpu))"
}

if [ -n "${USHER_IN_VM:-}" ]; then
	files=$B/bench-image
	. "$files/what"
	RAM=/tmp
	cp "$files"/image* $RAM/
	for ((round = 1; round <= rounds; round++)); do
		for way in ours qemu_img qemu_img_zstd zstd_dd zstd_dd_sparse; do measure_one $round $way; done
	done
	exit
fi

# --- here ------------------------------------------------------------------------------------------------------------

. "$here/lib.sh"
bench_enter "$@"
. "$BENCH_TOP/tests/lab/vm.sh"
wait_until() { wait_for "$@"; }
files=$B/bench-image rounds=3
[ -z "$QUICK" ] || rounds=1
USHER_TINY=${USHER_TINY:-$BENCH_TOP/build/cache/tiny} cloud=$BENCH_TOP/build/cache/cloud-image
[ -s "$USHER_TINY/root.tar.zst" ] && [ -s "$cloud/image.qcow2" ] ||
	die "no image: contrib/tiny/build build/cache/tiny; contrib/cloud-image build/cache/cloud-image"
rm -rf "$files"
mkdir -p "$files"
trap 'rm -rf "$files"; unhurry; rm -rf "$WORK"' EXIT
"$BENCH_TOP/contrib/write-image/compile" "$files" || die "write-image does not compile"
cp "$cloud/image.qcow2" "$files/"
qemu-img convert -O raw "$cloud/image.qcow2" "$WORK/image.raw" &&
	qemu-img convert -c -o compression_type=zstd -O qcow2 "$WORK/image.raw" "$files/image-zstd.qcow2" &&
	zstd -q -T0 --stream-size="$(stat -c %s "$WORK/image.raw")" <"$WORK/image.raw" >"$files/image.zst" || die "cannot convert the image"
cat >"$files/what" <<-END
	rounds=$rounds size=$(stat -c %s "$WORK/image.raw") sum=$(sha256sum "$files/image.zst" | cut -d' ' -f1)
END
. "$files/what"
rm "$WORK/image.raw"
truncate -s 4G "$WORK/disk"
VM_MEMORY=1800 VM_LIMIT=1800 VM_DISK=$WORK/disk vm_run "virtio_blk" "$(realpath "$0")" | tee "$WORK/vm.log" | sed -n 's/^figure /    round /p'

while read -r _ _ way rc ms cpu; do
	[ "$rc" = 0 ] || { fault "$way: exit status $rc"; continue; }
	record image "$way" rate "$(calculate "$size / 1e6 / $ms * 1000" %.1f)" MB/s
	record image "$way" cpu_ms_per_mb "$(calculate "$cpu / ($size / 1e6)" %.3f)" ms
done < <(grep '^figure ' "$WORK/vm.log")
[ -n "$(median image ours rate)" ] || { tail -n 20 "$WORK/vm.log"; fault "ours: no figure"; }

echo
printf '%-16s %10s %14s %12s %12s\n' way MB/s 'CPU ms per MB' "rate, ours/" "CPU, ours/"
for way in ours qemu_img qemu_img_zstd zstd_dd zstd_dd_sparse; do
	rate=$(median image $way rate) cpu=$(median image $way cpu_ms_per_mb)
	[ -z "$rate" ] || printf '%-16s %10s %14s %12s %12s\n' $way "$rate" "$cpu" \
		"$(calculate "$(median image ours rate) / $rate")" "$(calculate "$(median image ours cpu_ms_per_mb) / $cpu")"
done
bench_end image
