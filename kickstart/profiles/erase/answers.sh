# Answers for tiny's initrd, to erase disks: assignments of the POSIX shell. Each value is one quoted word.
WORK=erase
HOSTNAME={{machine.name}}
DISKS=
{{#set.disks}}
DISKS="${DISKS:+$DISKS }"{{.}}
{{/set.disks}}
METHOD={{set.method}}
THEN={{set.then}}
{{>tiny-reports.sh}}
