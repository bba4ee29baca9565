# Which disk to install on. `find_disk WANTED` sets `disk`, its name below /dev, and `said`, a line for people. WANTED is
# serial=TEXT, wwn=HEX, size=480G, or smallest or largest, alone or with -ssd (NVMe, too), -hdd or -nvme. It fails where none is
# so, and where serial, WWN or size is that of several: `said` then names the disks that are there. It takes none that is
# removable, read-only, empty or on USB. All is read from /sys; only what that lacks is asked of udev's files, if there are any.
# Who sets `disk_for`, as "to erase", does not look for one to install on.
disk_plain() { LC_ALL=C tr -cd 'A-Za-z0-9_.:/+=#,@ \n-' | sed -e 's/^ *//' -e 's/ *$//' -e 's/  */_/g' | head -n 1; }
disk_hex() { LC_ALL=C tr 'A-FX' 'a-fx' | sed -n -e 's/^0x//p' -e 's/^naa\.//p' -e 's/^eui\.//p' | head -n 1; }
disk_udev() { sed -n "s/^E:$2=//p" "/run/udev/data/b$(cat "$1/dev")" | grep .; }

# Of the disk in /sys/block/NAME. The unit's serial number of SCSI and ATA follows four bytes of a header.
disk_serial() {
	{ cat "$1/serial" || cat "$1/device/serial" || dd if="$1/device/vpd_pg80" bs=1 skip=4 || disk_udev "$1" ID_SCSI_SERIAL ||
		disk_udev "$1" ID_SERIAL_SHORT; } 2>/dev/null | disk_plain
}
disk_wwn() {
	{
		cat "$1/wwid" "$1/device/wwid" || :
		disk_udev "$1" ID_WWN_WITH_EXTENSION || disk_udev "$1" ID_WWN || :
	} 2>/dev/null | disk_hex
}
disk_kind() {
	case ${1##*/} in nvme*) echo NVMe; return ;; esac
	if [ "$(cat "$1/queue/rotational" 2>/dev/null)" = 0 ]; then echo SSD; else echo HDD; fi
}
disk_shown() { # GiB, or MiB of a small one
	if [ "$1" -ge 20971520 ]; then echo "$(($1 / 2097152)) GiB"; else echo "$(($1 / 2048)) MiB"; fi
}

# What is no disk of this machine, and why a disk is left out; "": it may be taken.
disk_is_none() {
	[ ! -e "$1/device" ] || [ "$(cat "$1/hidden" 2>/dev/null)" = 1 ] || [ "$(cat "$1/size")" = 0 ] ||
		case ${1##*/} in sr* | fd* | nbd* | mmcblk*boot* | mmcblk*rpmb) ;; *) false ;; esac
}
disk_left_out() {
	if [ "$(cat "$1/removable")" != 0 ]; then echo removable; return; fi
	if [ "$(cat "$1/ro")" != 0 ]; then echo read-only; return; fi
	case $(readlink -f "$1") in */usb[0-9]*) echo USB ;; esac
}

# Vendors count 480G as 480,000,000,000 bytes and give a little more or less: up to 1 % either way. Those who make virtual disks
# count in powers of two, and give just that.
disk_has_size() { # SECTORS 1.92T
	disk_number=${2%%[MGT]*} disk_unit=${2#"${2%%[MGT]*}"} disk_part=000
	case $disk_number in *.*) disk_part=${disk_number#*.}00 disk_number=${disk_number%.*} ;; esac
	while [ ${#disk_part} -gt 3 ]; do disk_part=${disk_part%?}; done
	disk_milli=$((disk_number * 1000 + 1$disk_part - 1000))
	case $disk_unit in
	M*) disk_ten=1000 disk_two=1048576 ;;
	G*) disk_ten=1000000 disk_two=1073741824 ;;
	*) disk_ten=1000000000 disk_two=1099511627776 ;;
	esac
	case $disk_unit in
	*iB) ;;
	*)
		disk_off=$(($1 * 512 - disk_milli * disk_ten))
		[ $disk_off -ge 0 ] || disk_off=$((-disk_off))
		[ $disk_off -gt $((disk_milli * disk_ten / 100)) ] || return 0 ;;
	esac
	case $disk_unit in *[MGT]B) return 1 ;; esac
	[ $(($1 * 512 * 1000)) = $((disk_milli * disk_two)) ]
}

disk_fits() { # DIR SECTORS KIND SERIAL WANTED
	case $5 in
	serial=*) [ -n "$4" ] && [ "$4" = "$(echo "${5#*=}" | disk_plain)" ] ;;
	wwn=*) [ -n "$(disk_wwn "$1")" ] && [ "$(disk_wwn "$1")" = "$(echo "${5#*=}" | disk_hex)" ] ;;
	size=*) disk_has_size "$2" "${5#*=}" ;;
	*-ssd) [ "$3" != HDD ] ;;
	*-hdd) [ "$3" = HDD ] ;;
	*-nvme) [ "$3" = NVMe ] ;;
	smallest | largest) ;;
	*) false ;;
	esac
}

# Is this one to be taken in place of the one before? Of two alike the first stays.
disk_is_better() { # SECTORS THOSE-BEFORE WANTED
	case $3 in
	smallest*) [ "$1" -lt "$2" ] ;;
	largest*) [ "$1" -gt "$2" ] ;;
	*) false ;;
	esac
}

disk_words() {
	case $1 in
	*=*) echo "the disk $1" ;;
	*-ssd) echo "the ${1%-*} SSD" ;;
	*-hdd) echo "the ${1%-*} HDD" ;;
	*-nvme) echo "the ${1%-*} NVMe disk" ;;
	*) echo "the $1 disk" ;;
	esac
}

find_disk() { # WANTED
	disk='' said='' disk_most=0 disk_also='' disk_there='' disk_others=''
	for disk_dir in /sys/block/*; do
		disk_is_none "$disk_dir" && continue
		disk_name=$(echo "${disk_dir##*/}" | tr '!' /)
		disk_why=$(disk_left_out "$disk_dir")
		if [ -n "$disk_why" ]; then
			disk_others="$disk_others, $disk_name ($disk_why)"
			continue
		fi
		disk_sectors=$(cat "$disk_dir/size") disk_is=$(disk_kind "$disk_dir") disk_number_of=$(disk_serial "$disk_dir")
		disk_text="$(disk_shown "$disk_sectors")${disk_number_of:+, serial $disk_number_of}"
		disk_there="$disk_there, $disk_name ($disk_is $disk_text)"
		disk_fits "$disk_dir" "$disk_sectors" "$disk_is" "$disk_number_of" "$1" || continue
		if [ -z "$disk" ] || disk_is_better "$disk_sectors" "$disk_most" "$1"; then
			disk=$disk_name disk_most=$disk_sectors said="$(disk_words "$1") is $disk_name, $disk_text: it is wiped"
		else
			case $1 in *=*) disk_also="$disk_also and $disk_name" ;; esac
		fi
	done
	disk_others=${disk_others:+; left out: ${disk_others#, }}
	if [ -n "$disk_also" ]; then
		said="$disk$disk_also are $1: say which by serial= or wwn=; there are: ${disk_there#, }$disk_others" disk=''
	elif [ -z "$disk" ]; then
		said="no disk ${disk_for:-to install on} was found: none is $1; there are: ${disk_there#, }$disk_others"
		[ -n "$disk_there" ] || said="no disk ${disk_for:-to install on} was found$disk_others"
	fi
	said=$(printf '%.400s' "$said") # a report has room for some more
	[ -n "$disk" ]
}
