# Which disk to install on. `find_disk WANTED` sets `disk`, its name below /dev, and `said`, a line for people. WANTED is
# serial=TEXT, wwn=HEX, size=480G, or smallest or largest, alone or with -ssd (NVMe, too), -hdd or -nvme. It fails where none is
# so, and where serial, WWN or size is that of several: `said` then names the disks that are there. Of the paths to one disk, with
# the same WWN and serial number, it takes the first. It takes none that is removable, read-only, empty or on USB. All is read from
# /sys; only what that lacks is asked of udev's files, if there are any.
# Who sets `disk_for`, as "to erase", does not look for one to install on.
disk_read() { disk_value=''; [ ! -r "$1" ] || read -r disk_value <"$1" || :; } # FILE, of one line
disk_says() { # FILE TEXT
	disk_read "$1"
	[ "$disk_value" = "$2" ]
}
disk_plain() { LC_ALL=C tr -cd 'A-Za-z0-9_.:/+=#,@ \n-' | sed -e 's/^ *//' -e 's/ *$//' -e 's/  */_/g' -e q; }
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
disk_kind() { # sets disk_is
	disk_is=HDD
	case ${1##*/} in
	nvme*) disk_is=NVMe ;;
	*) ! disk_says "$1/queue/rotational" 0 || disk_is=SSD ;;
	esac
}
disk_shown() { # GiB, or MiB of a small one
	if [ "$1" -ge 20971520 ]; then echo "$(($1 / 2097152)) GiB"; else echo "$(($1 / 2048)) MiB"; fi
}

# What is no disk of this machine.
disk_is_none() {
	[ ! -e "$1/device" ] || disk_says "$1/hidden" 1 || disk_says "$1/size" 0 ||
		case ${1##*/} in sr* | fd* | nbd* | mmcblk*boot* | mmcblk*rpmb) ;; *) false ;; esac
}
disk_left_out() { # sets disk_why: why it is not taken, or ""
	disk_why=''
	if ! disk_says "$1/removable" 0; then
		disk_why=removable
	elif ! disk_says "$1/ro" 0; then
		disk_why=read-only
	else
		case $(cd -P "$1" && pwd) in */usb[0-9]*) disk_why=USB ;; esac
	fi
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
	wwn=*) disk_id=$(disk_wwn "$1") && [ -n "$disk_id" ] && [ "$disk_id" = "$(echo "${5#*=}" | disk_hex)" ] ;;
	size=*) disk_has_size "$2" "${5#*=}" ;;
	*-ssd) [ "$3" != HDD ] ;;
	*-hdd) [ "$3" = HDD ] ;;
	*-nvme) [ "$3" = NVMe ] ;;
	smallest | largest) ;;
	*) false ;;
	esac
}

# Are these two paths to one disk?
disk_is_same() { # DIR DIR
	disk_id=$(disk_wwn "$1")
	[ -n "$disk_id" ] && [ "$disk_id" = "$(disk_wwn "$2")" ] && [ "$(disk_serial "$1")" = "$(disk_serial "$2")" ]
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
		disk_name=${disk_dir##*/}
		case $disk_name in *!*) disk_name=$(echo "$disk_name" | tr '!' /) ;; esac
		disk_left_out "$disk_dir"
		if [ -n "$disk_why" ]; then
			disk_others="$disk_others, $disk_name ($disk_why)"
			continue
		fi
		disk_read "$disk_dir/size"
		disk_sectors=$disk_value disk_number_of=$(disk_serial "$disk_dir")
		disk_kind "$disk_dir"
		disk_text="$(disk_shown "$disk_sectors")${disk_number_of:+, serial $disk_number_of}"
		disk_there="$disk_there, $disk_name ($disk_is $disk_text)"
		disk_fits "$disk_dir" "$disk_sectors" "$disk_is" "$disk_number_of" "$1" || continue
		if [ -z "$disk" ] || disk_is_better "$disk_sectors" "$disk_most" "$1"; then
			disk=$disk_name disk_taken=$disk_dir disk_most=$disk_sectors said="$(disk_words "$1") is $disk_name, $disk_text: it is wiped"
		else
			case $1 in *=*) disk_is_same "$disk_dir" "$disk_taken" || disk_also="$disk_also and $disk_name" ;; esac
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
