# In Debian's installer, when the new system is in /target: access to it, its first report, and the setting `post`.
set -e
{{#set.user}}
user={{set.user}} home=/home/{{set.user}}
{{#set.sudo}}
echo "$user ALL=(ALL) NOPASSWD: ALL" >/target/etc/sudoers.d/90-usher
chmod 440 /target/etc/sudoers.d/90-usher
{{/set.sudo}}
{{/set.user}}
{{^set.user}}
user=root home=/root
{{/set.user}}
mkdir -p "/target$home/.ssh"
chmod 700 "/target$home/.ssh"
{{#ssh_keys}}
echo {{.}} >>"/target$home/.ssh/authorized_keys"
{{/ssh_keys}}
in-target chown -R "$user:" "$home/.ssh"

cat >/target/etc/systemd/system/usher-up.service <<'END'
{{>usher-up.service}}
END
in-target systemctl enable usher-up.service
{{#set.post}}
in-target sh -c {{set.post}}
{{/set.post}}
