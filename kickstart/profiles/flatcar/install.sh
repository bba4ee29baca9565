#!/bin/bash
# In Flatcar as it was booted from the network: the image goes to the disk. ALL THAT IS ON THE DISK IS LOST.
{{>ignition-install.sh}}

write() {
	{{#set.proxy}}
	export http_proxy={{set.proxy}} https_proxy={{set.proxy}}
	{{/set.proxy}}
	flatcar-install -d "/dev/$disk" -b {{cached.mirror}} -V {{set.version}} -i /opt/usher/installed.ign
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

run
