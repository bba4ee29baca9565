# In Debian's installer, before it divides a disk.
{{>clear-disk.sh}}
{{#machine.find_disk}}
url={{attempt.url}}
tell() { wget -q -O /dev/null "$url/$1?text=$(echo "$2" | tr -cs 'A-Za-z0-9_./:;,()=-' +)"; }
{{>find-disk.sh}}
if find_disk {{machine.find_disk}}; then
	debconf-set partman-auto/disk "/dev/$disk"
	debconf-set grub-installer/bootdev "/dev/$disk"
	clear_disk "$disk"
	tell progress "$said"
else
	tell failed "$said"
	echo "usher: $said" >/dev/console
	while sleep 60; do :; done # without a disk that is named the installer takes the only one that is there
fi
{{/machine.find_disk}}
{{^machine.find_disk}}
clear_disk {{{machine.disk}}} # which the answers name
{{/machine.find_disk}}
