# `clear_disk NAME` takes from the disk /dev/NAME what RAID, LVM and file systems know their own by: the first and the last MiB of
# each partition and of the whole. An installer that finds them takes down the whole array or volume group, and with it what other
# disks have of it; those keep it this way. An array that runs by then is stopped first.
clear_ends() { # NAME: as in /sys/class/block
	clear_at=/dev/$(echo "$1" | tr '!' /)
	clear_size=$(cat "/sys/class/block/$1/size")
	for clear_md in /sys/class/block/"$1"/holders/md*; do
		[ ! -e "$clear_md" ] || mdadm --stop "/dev/${clear_md##*/}" || :
	done
	if [ "$clear_size" -gt 4096 ]; then
		dd if=/dev/zero of="$clear_at" bs=512 count=2048 conv=notrunc
		dd if=/dev/zero of="$clear_at" bs=512 seek=$((clear_size - 2048)) count=2048 conv=notrunc
	else
		dd if=/dev/zero of="$clear_at" bs=512 count="$clear_size" conv=notrunc
	fi
}
clear_disk() {
	clear_name=$(readlink -f "/dev/$1")
	clear_name=$(echo "${clear_name#/dev/}" | tr / '!')
	for clear_part in /sys/class/block/"$clear_name"/"$clear_name"*; do
		[ ! -e "$clear_part/partition" ] || clear_ends "${clear_part##*/}"
	done
	clear_ends "$clear_name"
}
