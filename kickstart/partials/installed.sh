# The new system is in /target, and $in runs a command in it: sudo, the first report, and the setting `post`.
{{#set.user}}
{{#set.sudo}}
printf '%s ALL=(ALL) NOPASSWD: ALL\n' {{set.user}} >/target/etc/sudoers.d/90-usher
chmod 440 /target/etc/sudoers.d/90-usher
{{/set.sudo}}
{{/set.user}}
root=/target
{{>usher-agent-install.sh}}
$in systemctl enable usher-agent.service usher-up.service
{{#set.post}}
$in sh -c {{set.post}}
{{/set.post}}
