# In FAI's task configure, the last of its scripts: what the machine's settings say of the new system, which is in /target.
set -e
in="chroot /target"
for fs in proc sys dev; do
	mountpoint -q /target/$fs || mount --bind /$fs /target/$fs
done
$in ln -sf /usr/share/zoneinfo/{{set.timezone}} /etc/localtime
echo {{set.timezone}} >/target/etc/timezone
{{#set.root_password}}
$in usermod -p {{set.root_password}} root
{{/set.root_password}}
{{#set.user}}
user={{set.user}} home=/home/{{set.user}}
$in id -u "$user" >/dev/null 2>&1 || $in useradd -m -s /bin/bash "$user"
{{#set.user_password}}
$in usermod -p {{set.user_password}} "$user"
{{/set.user_password}}
{{/set.user}}
{{^set.user}}
user=root home=/root
{{/set.user}}
{{>installed-keys.sh}}
{{>installed.sh}}
