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
{{#is.partitions.lvm}}
# A disk that stays may have a volume group of that name, too: the installer would ask for another one, and wait.
group=system n=1
while vgs "$group" >/dev/null 2>&1; do
	n=$((n + 1)) group=system$n
done
debconf-set partman-auto-lvm/new_vg_name "$group"
{{/is.partitions.lvm}}
