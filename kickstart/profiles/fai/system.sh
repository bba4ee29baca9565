# In FAI's task configure: the name, the network and the boot loader of a system of the class SMALL, which is in /target.
set -e
in="chroot /target"
for fs in proc sys dev; do
	mountpoint -q /target/$fs || mount --bind /$fs /target/$fs
done
echo {{machine.name}} >/target/etc/hostname
{
	echo '127.0.0.1 localhost'
	echo '127.0.1.1' {{#machine.domain}}{{machine.fqdn}} {{/machine.domain}}{{machine.name}}
	echo '::1 localhost ip6-localhost ip6-loopback'
} >/target/etc/hosts
{{>debian-network.sh}}
rm -f /target/etc/resolv.conf
{{#is.network.static}}
{{#machine.dns}}
echo nameserver {{.}} >>/target/etc/resolv.conf
{{/machine.dns}}
{{#machine.dns6}}
echo nameserver {{.}} >>/target/etc/resolv.conf
{{/machine.dns6}}
{{/is.network.static}}
$in ssh-keygen -A

cat >/target/etc/default/grub <<'USHER-END'
GRUB_DEFAULT=0
GRUB_TIMEOUT=2
GRUB_DISTRIBUTOR=Debian
GRUB_TERMINAL=console # its graphics hang in a guest without video whose BIOS uses the serial console
GRUB_CMDLINE_LINUX_DEFAULT=""
USHER-END
{{#set.console}}
echo 'GRUB_CMDLINE_LINUX="console=tty0 console='{{set.console}}'"' >>/target/etc/default/grub
{{/set.console}}
# Of a package that is for one kind of firmware only.
if [ ! -e /target/etc/kernel/postinst.d/zz-update-grub ]; then
	printf '#!/bin/sh\nexec update-grub\n' >/target/etc/kernel/postinst.d/zz-update-grub
	cp /target/etc/kernel/postinst.d/zz-update-grub /target/etc/kernel/postrm.d/zz-update-grub
	chmod 755 /target/etc/kernel/post*.d/zz-update-grub
fi
if [ -d /sys/firmware/efi ]; then
	$in grub-install --target=x86_64-efi --uefi-secure-boot --no-nvram --force-extra-removable
else
	$in grub-install --target=i386-pc "/dev/$disklist"
fi
$in update-grub
