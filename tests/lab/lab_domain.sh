#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whole libvirt reach. Each row of domains.table is a feature of libvirt's domains in a profile's <domain>, from which a guest is
# made, and what of it is then in the persistent definition (domains.c, which prints the table; long_domain.sh starts them, too).
# Then the options of `usher create`: what each of them puts there, and what wrong ones are told.
# shellcheck source=/dev/null disable=SC2119,SC2317
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/profiles.sh"

truncate -s 1M /var/lib/libvirt/images/other.img # a disk that a row has beside the guest's own
if "$B/tests/lab/domains" qemu:///system "$LAB_TOP/tests/lab/domains.table" 2>"$USHER_LAB/domains.err"; then
	pass "all features of the table go through the merge as they should"
else
	fail "features of the table are lost, or not refused"
	cat "$USHER_LAB/domains.err"
fi
empty() { [ -z "$(ls -A "$1" 2>/dev/null)" ] || { ls "$1"; false; }; }
check "and no firmware variables are left of those guests" empty /var/lib/libvirt/qemu/nvram
check "nor TPM states" empty /var/lib/libvirt/swtpm

# --- the options ----------------------------------------------------------------------------------------------------------

# Nothing boots in its guests: they have no bootable disk, and their boot script's kernel is zeroes. Each is deleted at once.
lab_profile plain kernel '# {{machine.name}}' "<guest><domain><vcpu current='1'>4</vcpu>
    <os firmware='efi'/><devices><watchdog model='i6300esb'/><graphics type='vnc'/>
    <interface/><interface><model type='e1000e'/></interface><disk><target bus='sata'/></disk></devices></domain></guest>"
lab_profile bare kernel '# {{machine.name}}'
virsh -q net-define /dev/stdin <<'END' >/dev/null && virsh -q net-start back >/dev/null || fail "the network back"
<network><name>back</name><bridge name='virbr9' stp='off' delay='0'/></network>
END
lab_profiles_config >"$USHER_LAB/usher.xml"
usher_start || { fail "the service starts"; lab_end; }

create() { "$USHER" create --no-ssh-key --profile bare "$@"; }
xml() { virsh dumpxml --inactive "$1" >"$USHER_LAB/$1.xml"; }
# holds WHAT NAME XPATH…: each of these is in the definition of NAME
holds() {
	local what=$1 name=$2 x
	shift 2
	for x in "$@"; do
		[ "$(xmllint --xpath "boolean($x)" "$USHER_LAB/$name.xml")" = true ] ||
			{ fail "$what: no $x"; cat "$USHER_LAB/$name.xml"; return; }
	done
	pass "$what"
}
# wrong TEXT COMMAND…: it fails, with one line that has TEXT (an extended regular expression)
wrong() {
	local text=$1
	shift
	if "$@" >"$USHER_LAB/out" 2>&1; then fail "not refused: $*"; return; fi
	if head -n 1 "$USHER_LAB/out" | grep -qE -e "$text"; then pass "$(head -n 1 "$USHER_LAB/out")"
	else fail "no '$text' is said of: $*"; cat "$USHER_LAB/out"; fi
}

check "a guest with all options is made" create all --network default,ip=192.168.122.50 --network back,mac=52:54:00:00:00:99 \
	--disk 64M --disk 32M --disk 16M,pool=default --cpu Nehalem --firmware efi --graphics vnc --autostart --description 'for <people>' --os-variant debian11
xml all
check "and has autostart" grep -q "Autostart: *enable" <(virsh dominfo all)
check "its record knows it" test "$("$USHER" show all --json | jq -c '[.guest.cpu, .guest.firmware, .guest.autostart, .nics[1].mac]')" = \
	'["Nehalem","efi",true,"52:54:00:00:00:99"]'
check "it has firmware variables of its own" test -s /var/lib/libvirt/qemu/nvram/all_VARS.fd
check "it goes, with them" "$USHER" delete all
check "which are none of the next" empty /var/lib/libvirt/qemu/nvram
holds "--disk, three of them: it boots from the first" all "/domain/devices/disk[1][target/@dev='vda'][boot/@order='1']" \
	"/domain/devices/disk[2][target/@dev='vdb'][not(boot)]" "/domain/devices/disk[3]/target[@dev='vdc']"
holds "--cpu" all "/domain/cpu[@mode='custom']/model[.='Nehalem']"
holds "--firmware efi" all "/domain/os[@firmware='efi']/firmware/feature[@name='secure-boot'][@enabled='no']"
holds "--graphics vnc" all "/domain/devices/graphics[@type='vnc']"
holds "--description" all "/domain/description[.='for <people>']"
holds "--os-variant" all "/domain/metadata/*[local-name()='libosinfo']/*[@id='http://debian.org/debian/11']"
holds "--network, --ip: the first boots, its MAC is computed" all \
	"/domain/devices/interface[1][source/@network='default'][mac/@address='52:54:c0:a8:7a:32'][boot/@order='2']"
holds "--network, the second: on a network that is not served" all \
	"/domain/devices/interface[2][source/@network='back'][mac/@address='52:54:00:00:00:99'][not(boot)]"

check "a profile's <domain> under other options" create over --profile plain --network default --network back --vcpus 2 \
	--firmware bios --graphics none --mac 52:54:00:00:00:77
xml over
"$USHER" delete over >/dev/null
holds "--firmware bios takes UEFI away" over "/domain/os[not(@firmware)][not(loader)]"
holds "--graphics none the screen" over "/domain/devices[not(graphics)]"
holds "--vcpus are those that are there at first" over "/domain/vcpu[.='4'][@current='2']"
holds "--mac" over "/domain/devices/interface[1]/mac[@address='52:54:00:00:00:77']"
holds "the second pattern is the second NIC's" over "/domain/devices/interface[2][source/@network='back']/model[@type='e1000e']"
holds "what no option speaks of stays" over "/domain/devices/watchdog[@model='i6300esb']"

cat >"$USHER_LAB/own.xml" <<'END'
<domain><devices><rng model='virtio'><backend model='random'>/dev/random</backend></rng>
  <sound model='ich9'/></devices></domain>
END
check "--domain, Secure Boot and SPICE" create own --profile plain --domain "$USHER_LAB/own.xml" --firmware efi-secure \
	--graphics spice --cpu host-passthrough
xml own
"$USHER" delete own >/dev/null
holds "--domain stands in place of the profile's" own "/domain/devices[not(watchdog)]/rng/backend[.='/dev/random']"
holds "--firmware efi-secure" own "/domain/os/firmware/feature[@name='secure-boot'][@enabled='yes']"
holds "--graphics spice" own "/domain/devices/graphics[@type='spice']"
holds "--cpu host-passthrough, under emulation" own "/domain/cpu[@mode='maximum']"

wrong "cpu 'Frobnicator': libvirt knows no such model" create no --cpu Frobnicator
wrong "cpu 'a b': expected host-passthrough" create no --cpu 'a b'
wrong "firmware 'uefi': it is bios, efi or efi-secure" create no --firmware uefi
wrong "graphics 'x11': expected none, vnc or spice" create no --graphics x11
wrong "os_variant 'debain': there is no such name in osinfo-db" create no --os-variant debain
wrong "connect .*: expected a libvirt URI" create no --connect 'a b'
wrong "network nowhere" create no --network default --network nowhere
wrong "'nowhere' is not served here" create no --network nowhere --network default
wrong "takes NETWORK\[,ip=A\]\[,mac=M\], not 'default,adress=1'" create no --network default,adress=1
wrong "'1.2.3' is not an IPv4 or IPv6 address" create no --network default --network back,ip=1.2.3
wrong "two NICs of one machine" create no --network default,mac=52:54:00:00:00:01 --network back,mac=52:54:00:00:00:01
wrong "--ip was said twice" create no --network default,ip=192.168.122.51 --ip 192.168.122.52
wrong "--ip and --mac are for one machine" create no1 no2 --network default,ip=192.168.122.51
wrong "--disk takes a size like 20G, or 20G,pool=P, not 'big'" create no --disk big
wrong "--domain .*: No such file" create no --domain /nowhere/at/all
printf '<domain>\n<os><kernel>/x</kernel></os></domain>' >"$USHER_LAB/bad.xml"
wrong "<domain> of the machine, line 2: <kernel>" create no --domain "$USHER_LAB/bad.xml"
check "of all that nothing is there" test "$("$USHER" list --json | jq '.machines | length')$(virsh -q list --all)" = 0
lab_end
