#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What Flatcar's and Fedora CoreOS's initrds do around Ignition.
check() { return 255; }
depends() { echo ignition; }
install() {
	inst_hook cmdline 30 "$moddir/no-root.sh"
	inst_script "$moddir/find-config" /usr/bin/usher-find-config
	for unit in usher-find-config usher-first-boot-done; do
		inst_simple "$moddir/$unit.service" "$systemdsystemunitdir/$unit.service"
		mkdir -p "$initdir/$systemdsystemunitdir/ignition-complete.target.requires"
		ln_r "../$unit.service" "$systemdsystemunitdir/ignition-complete.target.requires/$unit.service"
	done
}
