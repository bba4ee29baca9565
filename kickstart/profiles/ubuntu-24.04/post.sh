# At the end of Ubuntu's installer. What fails is reported here, with its output: the installer's logs have none of it.
finish() {
	set -e
	in='curtin in-target --target=/target --'
	{{#set.root_password}}
	$in usermod -p {{set.root_password}} root
	{{/set.root_password}}
	{{#set.console}}
	echo 'GRUB_CMDLINE_LINUX="console=tty0 console='{{set.console}}'"' >/target/etc/default/grub.d/90-usher.cfg
	$in update-grub
	{{/set.console}}
{{>apt-mirror.sh}}
	{{#machine.link}}
	# Not by cloud-init, which would write the installer's network anew.
	rm -f /target/etc/netplan/*.yaml /target/etc/cloud/cloud.cfg.d/90-installer-network.cfg
	echo 'network: {config: disabled}' >/target/etc/cloud/cloud.cfg.d/99-usher-network.cfg
	install -m 600 /run/usher-network.yaml /target/etc/netplan/90-usher.yaml
	{{/machine.link}}
	{{^set.user}}
	# A user is made by the new system itself when it starts for the first time, with its keys.
	user=root home=/root
{{>installed-keys.sh}}
	{{/set.user}}
{{>installed.sh}}
}

(finish) >/run/usher-post.log 2>&1
status=$?
[ $status = 0 ] || {
	echo 'the end failed with status' $status
	tail -n 10 /run/usher-post.log
} | tail -c 500 | curl -fsS -m 10 --retry 5 --noproxy '*' -o /dev/null --data-binary @- {{attempt.failed_url}}
exit $status
