# Answers for the tiny installer: assignments of the POSIX shell. Each value is one quoted word.
{{>tiny-network.sh}}
BOND={{machine.bond_cards}}
BOND_MODE={{machine.bond_mode}}
VLAN={{machine.vlan}}
{{#machine.find_disk}}
DISK={{machine.find_disk}}
{{/machine.find_disk}}
{{^machine.find_disk}}
DISK={{machine.disk}}
{{/machine.find_disk}}
CONSOLE={{set.console}}
ROOTFS_URL={{media.url}}/root.tar.zst
ROOT_PASSWORD_HASH={{set.root_password}}
{{>tiny-access.sh}}
EXTRA={{set.extra}}
{{>tiny-reports.sh}}
UP_URL={{attempt.up_url}}
