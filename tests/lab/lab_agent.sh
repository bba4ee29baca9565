#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The first-boot agent (kickstart/partials/usher-agent.sh), in a root of its own with an SMBIOS table made by hand: it leaves a
# machine alone that is what it was, gives a copy an identity, takes a template's, and runs the site's script once.
# shellcheck source=tests/lab/lib.sh disable=SC2016,SC2059,SC2317
. "$(dirname "$0")/lib.sh"
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
agent=$LAB_TOP/kickstart/partials/usher-agent.sh
root=$top/root asked=$top/asked
export USHER_ROOT=$root ASKED=$asked
mkdir -p "$top/bin"

# --- what it would do to this host ---------------------------------------------------------------------------------------
stub() { printf '#!/bin/sh\n%s\n' "$2" >"$top/bin/$1"; chmod 755 "$top/bin/$1"; }
stub systemctl 'echo "systemctl $*" >>"$ASKED"'
stub fstrim 'echo "fstrim $*" >>"$ASKED"'
stub systemd-machine-id-setup 'echo new-id >"$USHER_ROOT/etc/machine-id"'
stub restorecon :
stub sync :
stub sleep :
stub findmnt 'echo /dev/vda1'
# curl … -o FILE … [--data-binary TEXT] URL: first-boot is $SCRIPT; the first call of each kind finds nobody
stub curl 'for last; do :; done
while [ $# -gt 0 ]; do case $1 in -o) file=$2; shift ;; --data-binary) text=$2; shift ;; esac; shift; done
echo "${last##*/} ${text-}" >>"$ASKED"
[ "$(grep -c "^${last##*/} " "$ASKED")" -gt 1 ] || exit 7
case $last in
*/first-boot) printf %s "${SCRIPT-}" >"$file"; printf %s "${STATUS-200}" ;;
*/host-keys) printf %s "${KNOWN-200}" ;;
*) printf 200 ;;
esac'
PATH=$top/bin:$PATH

# dmi STRING…: a table before, type 11 with these strings, a table after (SMBIOS 3.6, 6.1.3)
dmi() {
	local dir=$root/sys/firmware/dmi/tables s
	mkdir -p "$dir"
	{
		printf '\x01\x05\x00\x01\x01QEMU\0\0'
		printf "\\x0b\\x05\\x00\\x0e\\x$(printf %02x $#)"
		for s in "$@"; do printf '%s\0' "$s"; done
		printf '\0\x7f\x04\x00\x7f\0\0'
	} >"$dir/DMI"
}
uuid() { mkdir -p "$root/sys/class/dmi/id"; echo "$1" >"$root/sys/class/dmi/id/product_uuid"; }
# An installed system: gold.
system() {
	rm -rf "$root" "$asked"
	mkdir -p "$root"/etc/{ssh,usher-agent,systemd/network,NetworkManager/system-connections,netplan,udev/rules.d,network} \
		"$root"/etc/sysconfig/network-scripts "$root"/var/{log/journal/x,lib/dhcp,lib/systemd/network,lib/dbus,tmp} \
		"$root"/{root,home/ann,tmp,proc/sys/kernel}
	echo old-id >"$root/etc/machine-id"
	echo old-id >"$root/var/lib/dbus/machine-id"
	echo gold >"$root/etc/hostname"
	printf '127.0.0.1 localhost\n127.0.1.1 gold.lab gold\n192.168.122.2 gold\n10.0.0.1 golden other\n::1 localhost\n' >"$root/etc/hosts"
	ssh-keygen -q -t ed25519 -N '' -f "$root/etc/ssh/ssh_host_ed25519_key"
	ssh-keygen -q -t ecdsa -N '' -f "$root/etc/ssh/ssh_host_ecdsa_key"
	printf '[Match]\nMACAddress=52:54:c0:a8:7a:02\n[Network]\nAddress=192.168.122.2/24\n' >"$root/etc/systemd/network/10-usher.network"
	printf '[NetDev]\nName=bond0\nKind=bond\nMACAddress=52:54:c0:a8:7a:02\n' >"$root/etc/systemd/network/10-usher-bond.netdev"
	printf '[Match]\nPermanentMACAddress=52:54:c0:a8:7a:02\n' >"$root/etc/systemd/network/10-usher-cards.network"
	printf '[Match]\nName=vlan7\n[Network]\nDHCP=yes\n' >"$root/etc/systemd/network/11-usher.network"
	printf '[connection]\ntype=bond\n[ethernet]\ncloned-mac-address=52:54:c0:a8:7a:02\n' \
		>"$root/etc/NetworkManager/system-connections/c.nmconnection"
	printf '[Match]\nName=br0\n[Network]\nDHCP=yes\n' >"$root/etc/systemd/network/20-site.network"
	printf '[Match]\nMACAddress=52:54:c0:a8:7a:02\n[Link]\nName=lan0\n' >"$root/etc/systemd/network/10-lan.link"
	printf '[connection]\ntype=ethernet\n[ethernet]\nmac-address=52:54:C0:A8:7A:02\n[ipv4]\nmethod=manual\n' \
		>"$root/etc/NetworkManager/system-connections/a.nmconnection"
	printf '[connection]\ntype=bridge\n[ipv4]\nmethod=manual\n' >"$root/etc/NetworkManager/system-connections/b.nmconnection"
	printf 'DEVICE=eth0\nHWADDR=52:54:c0:a8:7a:02\nUUID=x\nBOOTPROTO=static\nIPADDR=192.168.122.2\nONBOOT=yes\n' \
		>"$root/etc/sysconfig/network-scripts/ifcfg-eth0"
	printf 'iface eth0 inet static\n\taddress 192.168.122.2/24\n\tgateway 192.168.122.1\n' >"$root/etc/network/interfaces"
	printf 'network:\n  ethernets:\n    a:\n      match: {macaddress: "52:54:c0:a8:7a:02"}\n' >"$root/etc/netplan/50.yaml"
	touch "$root/etc/udev/rules.d/70-persistent-net.rules" "$root/var/lib/dhcp/dhclient.leases" "$root/var/lib/systemd/random-seed" \
		"$root/var/log/journal/x/system.journal" "$root/var/log/messages.1" "$root/tmp/left"
	echo secret | tee "$root/var/log/messages" "$root/root"/.bash_history >"$root/home/ann/.bash_history"
	uuid old-uuid
	dmi 'of another'
}
agent() { sh "$agent" "$@" >"$top/output" 2>&1; }
holds() { grep -qxF -- "$2" "$root/$1"; }
lacks_mac() { ! grep -rqi '52:54:c0:a8:7a:02\|192\.168\.122\.2' "$root/etc"; }
key() { cat "$root/etc/ssh/ssh_host_$1_key.pub" 2>/dev/null; }
all_of() { (cd "$root" && find . -type f -not -path './sys/*' -not -path './proc/*' -not -path './etc/usher-agent/*' -exec sha256sum {} + | sort | sha256sum); }

# --- the same machine ----------------------------------------------------------------------------------------------------
system
before=$(all_of)
check "the first boot of an installation" agent identity
check "changes nothing" test "$(all_of)" = "$before"
check "and is noted" holds etc/usher-agent/uuid old-uuid
check "nor does the next" agent identity
check "change anything" test "$(all_of)" = "$before"
uuid new-board
check "nor a new mainboard" agent identity
check "change anything" test "$(all_of)" = "$before"
system
before=$(all_of)
rm -r "$root/sys"
check "where there is no SMBIOS" agent identity
check "nothing changes either" test "$(all_of)" = "$before"
check "and nothing is complained of" test ! -s "$top/output"

# --- a copy, made while it had an identity ---------------------------------------------------------------------------------
copy() { dmi "$@" usher:hostname=web7 usher:domain=lab.example usher:up=http://192.168.122.1:8067/m/beef/up; }
system
agent identity
ed=$(key ed25519) ec=$(key ecdsa)
uuid other-uuid
copy "first" "usher's"
check "a copy" agent identity
check "has a machine-id of its own" holds etc/machine-id new-id
refute "and no other for D-Bus" test -e "$root/var/lib/dbus/machine-id"
check "host keys of its own" test "$(key ed25519 | wc -l) $(key ecdsa | wc -l)" = "1 1" -a "$(key ed25519)" != "$ed" -a "$(key ecdsa)" != "$ec"
check "its name" holds etc/hostname web7
check "which the kernel knows" holds proc/sys/kernel/hostname web7
check "and its hosts" holds etc/hosts "127.0.1.1 web7.lab.example web7"
refute "but not the old one" grep -qw gold "$root/etc/hosts"
check "others stay there" holds etc/hosts "10.0.0.1 golden other"
check "nothing of its network is another's" lacks_mac
check "it will report" holds etc/usher-agent/up http://192.168.122.1:8067/m/beef/up
check "it is noted" holds etc/usher-agent/uuid other-uuid
ed=$(key ed25519)
rm "$root/etc/usher-agent/up"
before=$(all_of)
check "the next boot" agent identity
check "changes nothing" test "$(all_of)" = "$before"
refute "and reports nothing" test -e "$root/etc/usher-agent/up"

# --- a template ------------------------------------------------------------------------------------------------------------
system
agent identity
dmi usher:seal=1
check "sealing" agent identity
check "ends with the power off" test "$(tail -n 1 "$asked")" = "systemctl --force poweroff"
check "and free blocks given back" grep -q '^fstrim' "$asked"
check "no machine-id" test -e "$root/etc/machine-id" -a ! -s "$root/etc/machine-id"
check "no host keys" test -z "$(ls "$root/etc/ssh")"
check "no name" test ! -s "$root/etc/hostname"
check "no address, no MAC" lacks_mac
check "a network by DHCP: systemd-networkd" holds etc/systemd/network/10-usher.network DHCP=ipv4
check "no bond of another's cards" test ! -e "$root/etc/systemd/network/10-usher-bond.netdev"
check "nor a VLAN on one" grep -q 'Name=en\* eth\*' "$root/etc/systemd/network/11-usher.network"
check "NetworkManager" holds etc/NetworkManager/system-connections/a.nmconnection method=auto
check "ifcfg" test "$(xargs <"$root/etc/sysconfig/network-scripts/ifcfg-eth0")" = "DEVICE=eth0 BOOTPROTO=dhcp ONBOOT=yes"
check "ifupdown" test "$(xargs <"$root/etc/network/interfaces")" = "iface eth0 inet dhcp"
check "netplan" grep -q 'dhcp4: true' "$root/etc/netplan/50.yaml"
check "what names no card stays: a bridge" holds etc/systemd/network/20-site.network Name=br0
check "another" holds etc/NetworkManager/system-connections/b.nmconnection type=bridge
for gone in etc/udev/rules.d/70-persistent-net.rules etc/systemd/network/10-lan.link var/lib/dhcp/dhclient.leases \
	var/lib/systemd/random-seed root/.bash_history home/ann/.bash_history var/log/journal/x var/log/messages.1 tmp/left; do
	refute "no $gone" test -e "$root/$gone"
done
check "empty logs" test -e "$root/var/log/messages" -a ! -s "$root/var/log/messages"
check "sealing once more" agent identity

uuid clone-uuid
copy
check "its clone" agent identity
check "has host keys of the same types" test "$(cd "$root/etc/ssh" && echo *)" = \
	"ssh_host_ecdsa_key ssh_host_ecdsa_key.pub ssh_host_ed25519_key ssh_host_ed25519_key.pub"
check "its name" holds etc/hostname web7
check "the machine-id that systemd drew" test ! -s "$root/etc/machine-id"

# A template that could not give its keys up is none.
system
agent identity
dmi usher:seal=1
rm "$root/etc/machine-id"
mkdir "$root/etc/machine-id"
refute "sealing that fails" agent identity
refute "does not power off" grep -q poweroff "$asked"

# --- the first boot --------------------------------------------------------------------------------------------------------
first_boot() { # SCRIPT [STATUS]
	system
	echo "$1" >"$top/script"
	echo http://192.168.122.1:8067/m/beef/up >"$root/etc/usher-agent/up"
	echo web7 >"$root/proc/sys/kernel/hostname"
	SCRIPT=$1 STATUS=${2-200} KNOWN=${2-200} agent report
}
check "without a script" first_boot ""
check "it is up, told until it is heard" test "$(grep -c '^up web7 boots /dev/vda1' "$asked")" = 2
check "once" test -z "$(ls "$root/etc/usher-agent")"
check "with one" first_boot 'echo "ran $0" >>$USHER_ROOT/ran'
check "it ran once" test "$(wc -l <"$root/ran")" = 1
check "and before that was told" test "$(grep -oE '^(first-boot|host-keys|up)\b' "$asked" | uniq | xargs)" = "first-boot host-keys up"
check "with its host keys, public ones" test "$(grep -cE '^(host-keys )?(ssh-ed25519|ecdsa-sha2-nistp256) AAAA' "$asked")" = 4 # twice: the first time nobody hears
refute "not the private ones" grep -q PRIVATE "$asked"
check "one of another language" first_boot "#!/usr/bin/env python3
import os; open(os.environ['USHER_ROOT'] + '/ran', 'w').write('python\n')"
check "ran" holds ran python
refute "one that fails" first_boot 'echo "line 1"; echo "no such package" >&2; exit 3'
check "is told with its last lines" grep -q '^failed first-boot script: exit status 3: line 1$' "$asked"
check "all of them" grep -qx 'no such package' "$asked"
refute "and not as up" grep -q '^up ' "$asked"
check "nor later" test -z "$(ls "$root/etc/usher-agent")"
check "an usher that knows no scripts" first_boot "" 404
lab_end
