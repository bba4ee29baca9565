#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What Flatcar's and Fedora CoreOS's initrds do around Ignition.
check() { return 255; }
depends() { echo ignition; }
install() {
	# Ignition runs when Flatcar's word says so, too; that is all that is changed of Debian's.
	local generator=$initdir$systemdutildir/system-generators/ignition-generator
	sed -i "s/'ignition.firstboot' 0/'ignition.firstboot' \"\$(cmdline_arg flatcar.first_boot 0)\"/
		s/cmdline_arg ignition.platform.id)/cmdline_arg ignition.platform.id metal)/" "$generator"
	grep -q flatcar.first_boot "$generator" && grep -q 'id metal' "$generator" || exit 1
	ln -s /bin/true "$initdir/usr/sbin/setfiles" # there is no SELinux to label files for
	inst_simple /etc/systemd/network/90-usher-test.network # DHCP, where no ip= says else
	inst_hook cmdline 30 "$moddir/no-root.sh"
	inst_script "$moddir/find-config" /usr/bin/usher-find-config
	for unit in usher-find-config usher-first-boot-done; do
		inst_simple "$moddir/$unit.service" "$systemdsystemunitdir/$unit.service"
		mkdir -p "$initdir/$systemdsystemunitdir/ignition-complete.target.requires"
		ln_r "../$unit.service" "$systemdsystemunitdir/ignition-complete.target.requires/$unit.service"
	done
}
