# Answers for a live system: assignments of the POSIX shell. Each value is one quoted word.
HOSTNAME={{machine.name}}
FQDN={{machine.fqdn}}
RUN={{set.run}}
SSH_KEYS=
{{#ssh_keys}}
SSH_KEYS="$SSH_KEYS"{{.}}'
'
{{/ssh_keys}}
PROGRESS_URL={{attempt.progress_url}}
FAILED_URL={{attempt.failed_url}}
UP_URL={{attempt.up_url}}
