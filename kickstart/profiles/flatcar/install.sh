#!/bin/bash
# In Flatcar as it was booted from the network: the image goes to the disk. ALL THAT IS ON THE DISK IS LOST: it is the one that
# is named, or the largest that is neither removable nor read-only.
report() { curl -fsS -m 10 --retry 10 --retry-all-errors --retry-delay 3 --noproxy '*' -o /dev/null --data-binary @- "$1"; }
say() { echo "$*" | report {{attempt.progress_url}}; }

largest() {
	for d in /sys/block/*; do
		[ -e "$d/device" ] && [ "$(cat "$d/removable")$(cat "$d/ro")" = 00 ] && echo "$(cat "$d/size") ${d##*/}"
	done | sort -k 1,1nr -k 2 | head -n 1 | cut -d ' ' -f 2
}

install() {
	set -e
	{{#set.pre}}
	sh -c {{set.pre}}
	{{/set.pre}}
	{{#set.proxy}}
	export http_proxy={{set.proxy}} https_proxy={{set.proxy}}
	{{/set.proxy}}
	flatcar-install -d "/dev/$disk" -b {{set.mirror}} -V {{set.version}} -i /opt/usher/installed.ign
	udevadm settle
	mkdir -p /tmp/usher-root
	mount "$(part ROOT)" /tmp/usher-root
	mkdir -p /tmp/usher-root/opt/usher
	cp /opt/usher/first-boot /tmp/usher-root/opt/usher/first-boot
	umount /tmp/usher-root
	{{#set.console}}
	mount "$(part OEM)" /tmp/usher-root
	echo 'set linux_append="$linux_append console=tty0 console='{{set.console}}'"' >>/tmp/usher-root/grub.cfg
	umount /tmp/usher-root
	{{/set.console}}
}
part() { lsblk -nrpo NAME,PARTLABEL "/dev/$disk" | awk -v label="$1" '$2 == label { print $1 }'; }

say 'answers taken'
disk={{machine.disk}}
[ -n "$disk" ] || disk=$(largest)
say "writing the image to $disk, which is wiped"
(install) >/tmp/usher.log 2>&1
status=$?
if [ $status = 0 ]; then
	# The done report goes last, and is repeated until it is taken.
	echo 'done' | report {{attempt.done_url}}
	systemctl reboot
else
	{ echo "the installation failed with status $status"; tail -n 12 /tmp/usher.log; } | tail -c 500 | report {{attempt.failed_url}}
fi
