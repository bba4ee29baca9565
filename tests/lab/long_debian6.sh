#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's own installer in a libvirt network of IPv6 alone, as `usher create --profile debian-12` starts it: firmware and
# installer have the computed address, the installer asks nothing, writes that address into its `interfaces`, and comes to where it
# asks its mirror, a folder of ours with nothing in it.
# shellcheck source=/dev/null disable=SC2016,SC2119,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
images=/usr/lib/debian-installer/images/12/amd64/text
if [ ! -d $images ]; then
	skip "Debian's installer: package debian-installer-12-netboot-amd64 is not installed"
	lab_end
fi
# In the installer: the network that it set up, by the report of its own that the command line leads to.
early='report=$(sed "s/.*url=\([^ ]*\)answers.*/\1progress/" /proc/cmdline)'
early="$early; "'wget -q -O /dev/null --post-data "interfaces: $(grep -v "^#" /etc/network/interfaces | tr -s "\n\t " " ")" "$report"'

check "the service starts" usher_start || lab_end
check "a network of IPv6 alone" "$USHER" network create six --ipv6 2001:db8:79::/64 --ipv6-only --forward none || lab_end
check "create" "$USHER" create deb --profile debian-12 --network six --no-ssh-key --set pre="$early" \
	--set "mirror=http://[2001:db8:79::1]:8067/boot/debian" || lab_end
address=$("$USHER" show deb --json | jq -r '.nics[0].addresses[]? // empty' | grep : | head -n 1)
[ -n "$address" ] || address=$("$USHER" show deb --json | grep -oE '2001:db8:79::[0-9a-f:]+' | head -n 1)
console() { "$USHER" console deb --log --raw; }
kinds() { "$USHER" timeline deb --json | jq -r '.kind + " " + .text'; }
told() { kinds | grep -qE "$1"; }
over() { told "$1" || told '^(failed|power) '; }
step() { # WHAT SECONDS PATTERN
	wait_until "$2" over "$3"
	if told "$3"; then pass "$1: $(kinds | grep -E "$3" | head -n 1)"; else
		fail "$1: no '$3' after $2 s"
		"$USHER" timeline deb
		echo "the console:"; console | tail -c 3000
		"$USHER" delete deb --yes
		lab_end
	fi
}
asks_nothing() { console >"$USHER_LAB/console" && ! grep -qaE 'Prompt:|Go Back|Press enter' "$USHER_LAB/console"; }
step "iPXE takes its lease" 120 "^leased $address to .*iPXE, DHCPv6"
step "it takes its boot script" 60 '^booting boot 1 of '
step "the package's initrd goes out" 90 '^transfer .*/initrd.gz,'
step "it fetches its answers from its computed address" 300 "^installing answers fetched by $address\$"
step "its interfaces have that address" 60 "^progress interfaces: .*inet6 static address $address(/64)? "
check "no question is on its console" asks_nothing
step "it asks its mirror for its release" 120 '^transfer HTTP 404: /boot/debian/dists/bookworm/Release'
check "no IPv4 was leased" test "$(kinds | grep '^leased ' | grep -vc "$address")" = 0
check "it booted once" test "$(kinds | grep -c '^booting ')" = 1
"$USHER" timeline deb
check "delete" "$USHER" delete deb --yes
usher_stop
lab_end
