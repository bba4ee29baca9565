# Answers for the tiny installer: assignments of the POSIX shell. Each value is one quoted word.
HOSTNAME={{machine.name}}
FQDN={{machine.fqdn}}
MAC={{machine.mac}}
NETWORK={{set.network}}
ADDRESS={{machine.address}}
PREFIX={{machine.prefix}}
GATEWAY={{machine.gateway}}
ADDRESS6={{machine.address6}}
PREFIX6={{machine.prefix6}}
DNS=
{{#machine.dns}}
DNS="${DNS:+$DNS }"{{.}}
{{/machine.dns}}
{{#machine.dns6}}
DNS="${DNS:+$DNS }"{{.}}
{{/machine.dns6}}
DISK={{machine.disk}}
CONSOLE={{set.console}}
ROOTFS_URL={{media.url}}/root.tar.zst
ROOT_PASSWORD_HASH={{set.root_password}}
SSH_KEYS=
{{#ssh_keys}}
SSH_KEYS="$SSH_KEYS"{{.}}'
'
{{/ssh_keys}}
EXTRA={{set.extra}}
PROGRESS_URL={{attempt.progress_url}}
DONE_URL={{attempt.done_url}}
FAILED_URL={{attempt.failed_url}}
UP_URL={{attempt.up_url}}
