# SSH keys for $user, whose home is $home, in /target.
mkdir -p "/target$home/.ssh"
chmod 700 "/target$home/.ssh"
{{#ssh_keys}}
echo {{.}} >>"/target$home/.ssh/authorized_keys"
{{/ssh_keys}}
$in chown -R "$user:" "$home/.ssh"
