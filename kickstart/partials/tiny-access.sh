SSH_KEYS=
{{#ssh_keys}}
SSH_KEYS="$SSH_KEYS"{{.}}'
'
{{/ssh_keys}}
