#!/bin/sh
# Left in a system that usher installed. systemd runs it twice in each boot:
#
#   agent identity   early, before the network, sshd, and what reads the machine-id. A copy of another machine gets an identity
#                    of its own; a template gives its up (then it powers off).
#   agent report     with the network there, once: runs the site's script and tells usher that the machine is up.
#   agent failed TEXT  in its place, by who had to do something first.
#
# What the host has to say stands in the SMBIOS OEM strings (type 11), as usher:KEY=VALUE: hostname, domain, up (a URL), and
# seal=1. What is kept here: uuid, the DMI product UUID of the last boot, or "sealed"; hostkeys, the types of sshd's host keys;
# up, the URL to report to; script, ran: the site's script, and that it ended well.
R=${USHER_ROOT-} # tests
own=$R/etc/usher-agent

say() { echo "usher: $*"; }

# What the host says, a KEY=VALUE a line. A string follows the header of its table, five bytes, or another string.
oem=
listen() {
	[ -r "$R/sys/firmware/dmi/tables/DMI" ] || return 0
	oem=$(tr '\0' '\n' <"$R/sys/firmware/dmi/tables/DMI" | LC_ALL=C sed -n 's/^.\{0,5\}usher:\([a-z]*=\)/\1/p' |
		LC_ALL=C tr -cd '][A-Za-z0-9=:/._\n-')
}
told() { # KEY
	while IFS='=' read -r key value; do
		[ "$key" != "$1" ] || { echo "$value"; break; }
	done <<-END
		$oem
	END
}

# --- what makes a machine this one --------------------------------------------------------------------------------------

# Where there is no link to it.
forget_machine_id() {
	: >"$R/etc/machine-id"
	[ -L "$R/var/lib/dbus/machine-id" ] || rm -f "$R/var/lib/dbus/machine-id"
}

# The same types are made again.
forget_host_keys() {
	types=
	for key in "$R"/etc/ssh/ssh_host_*_key; do
		[ -e "$key" ] || continue
		key=${key##*/ssh_host_}
		types="$types ${key%_key}"
		rm -f "$R/etc/ssh/ssh_host_$key" "$R/etc/ssh/ssh_host_$key.pub"
	done
	[ -z "$types" ] || echo "${types# }" >"$own/hostkeys"
}

# By DHCP, on whatever card there is. Left alone is what names neither a card nor an address.
forget_network() {
	rm -rf "$R"/var/lib/dhcp/*.lease* "$R"/var/lib/dhclient/*.lease* "$R"/var/lib/NetworkManager/*.lease* \
		"$R"/var/lib/NetworkManager/internal-* "$R"/var/lib/NetworkManager/*_key "$R"/var/lib/NetworkManager/seen-bssids \
		"$R"/var/lib/NetworkManager/timestamps "$R"/var/lib/dhcpcd/* "$R"/var/lib/wicked/lease-* "$R"/var/lib/wicked/duid.xml \
		"$R"/var/lib/wicked/iaid.xml "$R"/var/lib/systemd/network/* "$R"/etc/udev/rules.d/*-persistent-net.rules
	for f in "$R"/etc/systemd/network/*.link; do
		! grep -qsi '^ *\(Permanent\)*MACAddress *=' "$f" || rm -f "$f"
	done
	rm -f "$R"/etc/systemd/network/*-usher-*.net* # a bond's MAC and cards, and what is below a VLAN
	for f in "$R"/etc/systemd/network/*.network; do
		grep -qsi -e '^ *MACAddress *=' -e '^ *Address *=' -e '^ *Name *= *\(bond0\|vlan[0-9]*\)$' "$f" || continue
		printf '[Match]\nName=en* eth*\n\n[Network]\nDHCP=ipv4\n\n[DHCPv4]\nClientIdentifier=mac\n' >"$f"
	done
	for f in "$R"/etc/NetworkManager/system-connections/*; do
		! grep -qs '^cloned-mac-address=' "$f" || sed -i '/^cloned-mac-address=/d' "$f"
		grep -qs '^type=\(802-3-\)*ethernet' "$f" || continue
		grep -q -e '^mac-address=' -e '^method=manual' "$f" || continue
		printf '[connection]\nid=ethernet\ntype=ethernet\nautoconnect=true\n\n[ipv4]\nmethod=auto\n\n[ipv6]\nmethod=auto\n' >"$f"
	done
	for f in "$R"/etc/sysconfig/network-scripts/ifcfg-* "$R"/etc/sysconfig/network/ifcfg-*; do
		case $f in *'*' | *-lo) continue ;; esac
		sed -i -e '/^\(HWADDR\|MACADDR\|UUID\|IPADDR\|NETMASK\|PREFIX\|PREFIXLEN\|GATEWAY\)[0-9_]*=/d' \
			-e "s/^BOOTPROTO=.*/BOOTPROTO=dhcp/" "$f"
	done
	if grep -qs -e 'inet static' -e hwaddress "$R/etc/network/interfaces"; then
		sed -i -e '/^[ \t]*\(address\|netmask\|network\|broadcast\|gateway\|hwaddress\)[ \t]/d' -e 's/inet static/inet dhcp/' \
			"$R/etc/network/interfaces"
	fi
	for f in "$R"/etc/netplan/*.yaml; do
		grep -qs -e 'macaddress:' -e 'addresses:' "$f" || continue
		printf 'network:\n  version: 2\n  ethernets:\n    usher:\n      match: {name: "e*"}\n      dhcp4: true\n      dhcp-identifier: mac\n' >"$f"
	done
}

make_host_keys() {
	[ -e "$own/hostkeys" ] || return 0
	read -r types <"$own/hostkeys"
	for type in $types; do
		[ -s "$R/etc/ssh/ssh_host_${type}_key" ] ||
			ssh-keygen -q -t "$type" -N '' -C '' -f "$R/etc/ssh/ssh_host_${type}_key"
	done
}

# An old name's lines go from /etc/hosts, but not localhost's.
forget_name() {
	old=$(cat "$R/etc/hostname" 2>/dev/null)
	: >"$R/etc/hostname"
	[ -z "$old" ] || sed -i "/^127.0.0.1[ \t]\|^::1[ \t]/!{/[ \t]${old%%.*}\([. \t]\|\$\)/d}" "$R/etc/hosts"
}

take_name() { # NAME DOMAIN
	forget_name
	echo "$1" >"$R/etc/hostname"
	echo "127.0.1.1 ${2:+$1.$2 }$1" >>"$R/etc/hosts"
	echo "$1" >"$R/proc/sys/kernel/hostname"
}

# systemd has drawn a machine-id for itself when it found none.
become() {
	if [ "$1" != sealed ]; then
		forget_machine_id
		systemd-machine-id-setup
		forget_host_keys
		forget_network
	fi
	name=$(told hostname) up=$(told up)
	[ -z "$name" ] || take_name "$name" "$(told domain)"
	rm -f "$own/up" "$own/script" "$own/ran"
	[ -z "$up" ] || (umask 077 && echo "$up" >"$own/up")
	say "a copy of another machine, and from now on one of its own: ${name:-without a name}"
}

# --- a template ---------------------------------------------------------------------------------------------------------

forget_traces() {
	find "$R/var/log" -type f \( -name '*.gz' -o -name '*.[0-9]' -o -name '*.journal*' \) -exec rm -f {} +
	rm -rf "$R"/var/log/journal/*
	find "$R/var/log" -type f -exec sh -c 'for f; do : >"$f"; done' sh {} +
	for home in "$R/root" "$R"/home/*; do
		rm -f "$home"/.*_history "$home/.ssh/known_hosts"
	done
	rm -f "$R/var/lib/systemd/random-seed" "$R/var/lib/random-seed" "$R/boot/efi/loader/random-seed" "$R/boot/loader/random-seed"
	find "$R/tmp" "$R/var/tmp" -mindepth 1 -xdev -delete 2>/dev/null
}

# In a shell of its own, which ends at the first thing that fails: a template that is none must not seem one.
seal() (
	set -e
	mkdir -p "$own"
	forget_host_keys
	forget_network
	forget_name
	forget_traces || :
	rm -f "$own/up" "$own/script" "$own/ran"
	echo sealed >"$own/uuid"
	forget_machine_id
	sync
	fstrim -a || say "the filesystems cannot give back what is free"
)

# --- the two that systemd runs -----------------------------------------------------------------------------------------

identity() {
	listen
	uuid=none was=
	[ ! -r "$R/sys/class/dmi/id/product_uuid" ] || read -r uuid <"$R/sys/class/dmi/id/product_uuid"
	if [ "$(told seal)" = 1 ]; then
		say "becoming a template"
		seal
		sealed=$? # "seal && …" would have it go on after what fails
		[ $sealed != 0 ] || exec systemctl --force poweroff
		say "this machine could NOT be made a template: see above"
		exit 1
	fi
	[ ! -e "$own/uuid" ] || read -r was <"$own/uuid"
	case $was in
	"$uuid" | "") ;;
	sealed) become sealed ;;
	*) [ -z "$(told hostname)" ] || become other ;; # a mainboard may be replaced: a copy is what usher named
	esac
	make_host_keys
	[ "$was" != "$uuid" ] || return 0
	mkdir -p "$own" && echo "$uuid" >"$own/uuid"
	! command -v restorecon >/dev/null || restorecon -RF /etc/ssh /etc/hostname /etc/hosts /etc/machine-id 2>/dev/null || :
}

# ask URL FILE [TEXT]: GET, or POST with TEXT. What comes back goes to FILE, and the status is printed.
ask() {
	if command -v curl >/dev/null; then
		curl -sS -m 30 --noproxy '*' -o "$2" -w '%{http_code}' ${3+--data-binary "$3"} "$1"
	else
		timeout 30 bash -c "$ask_by_bash" agent "$@"
	fi
}
# shellcheck disable=SC2016 # bash's, not ours
ask_by_bash='
	rest=${1#http://} text=${3-} method=GET
	host=${rest%%/*} port=80 at=${host%:*}
	[ $# -lt 3 ] || method=POST
	case $host in
	\[*]) at=${host#[} at=${at%]} ;;
	\[*) port=${host##*]:} at=${host#[} at=${at%]:*} ;;
	*:*) port=${host##*:} ;;
	esac
	exec 3<>"/dev/tcp/$at/$port" || exit
	printf "%s /%s HTTP/1.0\r\nHost: %s\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" \
		$method "${rest#*/}" "$host" "${#text}" "$text" >&3
	read -r _ status _ <&3 || exit
	while read -r line <&3 && [ -n "${line%?}" ]; do :; done
	cat <&3 >"$2"
	echo "$status"'

pause() {
	tries=$((tries + 1))
	sleep $((tries < 60 ? 1 : 20))
}

# Until usher has it: it may be away for a while, or the network not there yet.
tell() { # URL TEXT
	until status=$(ask "$1" /dev/null "$2") && [ "${status%??}" = 2 ]; do
		pause
	done
}

# What ssh is to find here, before anybody asks. A copy of usher that knows no such thing answers 4xx, and so does one that was
# told before.
tell_host_keys() {
	# cloud-init of some makes a DSA key, too, which ssh has not taken for years
	keys=$(cat "$R"/etc/ssh/ssh_host_*_key.pub 2>/dev/null | grep -v '^ssh-dss ')
	[ -n "$keys" ] || return 0
	until status=$(ask "${up%/up}/host-keys" /dev/null "$keys") && [ "${status%??}" = 2 ]; do
		[ "${status%??}" != 4 ] || return 0
		pause
	done
}

# A copy of usher that knows no such thing answers 4xx: then there is none.
fetch_script() {
	until status=$(ask "$1" "$own/script") && [ "${status%??}" = 2 ]; do
		[ "${status%??}" != 4 ] || { : >"$own/script"; break; }
		pause
	done
	chmod 700 "$own/script"
}

# The site's script, which may restart the machine at its end. Its failure is told in place of "up".
run_script() {
	[ ! -e "$own/ran" ] || return 0
	fetch_script "${up%/up}/first-boot"
	if [ -s "$own/script" ]; then
		say "running the site's script"
		"$own/script" </dev/null >"$R/var/log/usher-first-boot.log" 2>&1
		status=$?
		if [ $status != 0 ]; then
			tell "${up%/up}/failed" "first-boot script: exit status $status: $(tail -n 12 "$R/var/log/usher-first-boot.log" | tail -c 180)"
			rm -f "$own/up" "$own/script"
			say "the site's script failed: /var/log/usher-first-boot.log"
			exit 1
		fi
	fi
	: >"$own/ran"
}

report() {
	umask 077
	tries=0
	read -r up <"$own/up" || exit 0
	run_script
	tell_host_keys
	tell "$up" "$(cat "$R/proc/sys/kernel/hostname") boots $(findmnt -no SOURCE /), Linux $(uname -r)"
	rm -f "$own/up" "$own/script" "$own/ran"
	say "reported the first boot"
}

# In place of the first report: what else this system was made with went wrong.
failed() { # TEXT
	umask 077
	tries=0
	read -r up <"$own/up" || exit 0
	tell "${up%/up}/failed" "$1"
	rm -f "$own/up" "$own/script"
	say "$1"
}

case $1 in
identity | report | failed) "$@" ;;
*) echo "usage: agent identity|report|failed TEXT" >&2; exit 2 ;;
esac
