#!/bin/bash
# In Flatcar as it was booted from the network: the image goes to the disk. ALL THAT IS ON THE DISK IS LOST.
report() { curl -fsS -m 10 --retry 10 --retry-all-errors --retry-delay 3 --noproxy '*' -o /dev/null --data-binary @- "$1"; }
say() { echo "$*" | report {{attempt.progress_url}}; }

{{#machine.find_disk}}
{{>find-disk.sh}}
choose() { find_disk {{machine.find_disk}}; }
{{/machine.find_disk}}
{{^machine.find_disk}}
choose() { disk={{machine.disk}} said="writing the image to $disk, which is wiped"; }
{{/machine.find_disk}}

install() {
	set -e
	{{#set.pre}}
	sh -c {{set.pre}}
	{{/set.pre}}
	choose || { echo "$said"; exit 1; }
	say "$said"
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

say 'answers taken'
(install) >/tmp/usher.log 2>&1
status=$?
if [ $status = 0 ]; then
	# The done report goes last, and is repeated until it is taken.
	echo 'done' | report {{attempt.done_url}}
	systemctl reboot
else
	{ echo "the installation failed with status $status"; tail -n 12 /tmp/usher.log; } | tail -c 500 | report {{attempt.failed_url}}
fi
