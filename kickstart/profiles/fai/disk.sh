# Sourced by FAI before it divides a disk. ALL THAT IS ON IT IS LOST.
{{#machine.find_disk}}
{{>find-disk.sh}}
find_disk {{machine.find_disk}} || usher_die "$said"
{{/machine.find_disk}}
{{^machine.find_disk}}
disk={{machine.disk}}
[ -b "/dev/$disk" ] || usher_die "no disk /dev/$disk; there are: $disklist"
said="$disk is wiped"
{{/machine.find_disk}}
disklist=$disk
usher_say "$said"
