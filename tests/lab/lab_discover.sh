#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# Machines without a record where a segment discovers them. First by hand, from namespaces: who gets a token, and what it is
# good for, from where, how often; what survives kill -9; duplicates; a crowd. Then two in QEMU, BIOS and UEFI, with disks of
# all kinds, two cards and a switch at each, one with a management controller: what they say, that nothing on their disks has
# changed, and that one which is wanted meanwhile restarts into its installer. A third where another server leases.
# shellcheck source=/dev/null disable=SC2034
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
# The system for discovery is made once, outside the lab, which has no network.
discover=${USHER_DISCOVER:-$LAB_TOP/build/cache/discover}
[ -n "${USHER_LAB:-}" ] || "$LAB_TOP/contrib/discover/build" "$discover" >"${TMPDIR:-/tmp}/discover.build" 2>&1 || cat "${TMPDIR:-/tmp}/discover.build"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/clients.sh"
. "$(dirname "$0")/installer.sh"

lab_profile plain kernel '# {{machine.name}}'
[ ! -s "$USHER_TINY/vmlinuz" ] || installer_profile waits
config() {
	lab_profiles_config "<segment interface='br0' mode='own' probe='0' discover='yes'>
		<pool start='10.66.0.100' end='10.66.3.250'/></segment>
		<segment interface='br1' mode='own' probe='0'><pool start='10.67.0.100' end='10.67.0.199'/></segment>
		<segment interface='br2' mode='proxy' discover='yes'/>
		<segment interface='br3' mode='own' probe='0' discover='yes'>
			<ipv6><pool start='2001:db8:69::a:100' end='2001:db8:69::a:1ff'/></ipv6></segment>
		<media name='discover' path='$discover'/>" |
		sed "s|<user .*|<user name='root'/>|; s|/var/lib/usher'|$USHER_LAB/state'|" >"$USHER_LAB/usher.xml"
}
config
net_bridge br0 10.66.0.1/22 52:54:00:66:00:01
net_bridge br1 10.67.0.1/24 52:54:00:67:00:01
net_bridge br2 10.68.0.1/24 52:54:00:68:00:01
# no IPv4 there
sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
ip link add br3 type bridge
ip link set br3 address 52:54:00:69:00:01 up
ip -6 address add 2001:db8:69::1/64 dev br3 nodad
client 1 02:00:00:00:00:01 br0
client 2 02:00:00:00:00:02 br0
client 3 02:00:00:00:00:03 br1
check "the service starts" usher_start || lab_end

# --- tokens -----------------------------------------------------------------------------------------------------------------

# What iPXE on the card of this client is told to load; its address is set.
asks() {
	get "$1" -x 0x4d:69505845 -O bootfile
	told "$1" boot_file
}
# fetch N [OPTION…] URL
fetch() { local n=$1; shift; inside "$n" curl -sS --max-time 20 "$@"; }
code() { fetch "$@" -o /dev/null -w '%{http_code}'; }
answers() { local expected=$1; shift; is=$(code "$@"); [ "$is" = "$expected" ] || { echo "$is"; return 1; }; }
discovered() { "$USHER" discovered "$@"; }
count() { discovered --json | jq '.discovered | length'; }
says() { local text=$1; shift; "$@" 2>&1 | grep -E -e "$text"; }
timeline_has() { "$USHER" timeline | grep -E "$1"; }
inventory() { # MAC UUID SERIAL
	jq -n --arg mac "$1" --arg uuid "$2" --arg serial "$3" '{schema: 1, system: {vendor: "ACME", product: "R1", $uuid, $serial},
		memory_mib: 4096, disks: [{name: "sda", size_bytes: 1000000000, holds: "ext4"}], interfaces: [{name: "eth0", $mac, booted: true}]}'
}
uuid=4c4c4544-0035-4410-8057-b7c04f4e4432
other=4c4c4544-0035-4410-8057-b7c04f4e4433

get 1
check "a system that asks for an address is told nothing to boot" test -z "$(told 1 boot_file)"
get 3 -x 0x4d:69505845 -O bootfile
check "nor is iPXE, on a segment that does not discover" test -z "$(told 3 boot_file)"
url=$(asks 1)
check "where it discovers, iPXE is told a script with a token" grep -E "^http://10.66.0.1:8067/m/[0-9a-f]{32}/boot.ipxe\$" <<<"$url"
url=${url%/boot.ipxe}
check "asked once more, the same" test "$(asks 1)" = "$url/boot.ipxe"
inventory 02:00:00:00:00:01 $uuid J5DW7N2 >"$USHER_LAB/first"
check "before it boots, nothing can be told" answers 404 1 --data-binary "@$USHER_LAB/first" "$url/inventory"
asks 2 >"$USHER_LAB/url2"
check "another machine does not get its script" answers 403 2 "$url/boot.ipxe"
check "which is on the timeline" timeline_has "refused +boot.ipxe of 02:00:00:00:00:01, which is not known here, for 10\.66\..*another client|refused +boot.ipxe of 02:00:00:00:00:01.*MAC"
fetch 1 "$url/boot.ipxe" >"$USHER_LAB/script"
check "it gets it: a kernel" grep -E "^kernel http://10.66.0.1:8067/boot/discover/vmlinuz .*usher.discover=$url/inventory usher.mac=02:00:00:00:00:01 usher.wait=15" "$USHER_LAB/script"
check "and again" grep -q "^initrd .*http://10.66.0.1:8067/boot/discover/initrd.img" <(fetch 1 "$url/boot.ipxe")
check "the files are there" answers 200 1 http://10.66.0.1:8067/boot/discover/vmlinuz

check "who has no token tells nothing" answers 404 1 --data-binary "@$USHER_LAB/first" \
	"http://10.66.0.1:8067/m/00000000000000000000000000000000/inventory"
check "nor another machine, with its token" answers 403 2 --data-binary "@$USHER_LAB/first" "$url/inventory"
head -c 300000 /dev/zero | tr '\0' ' ' >"$USHER_LAB/long"
check "nor too much" answers 413 1 --data-binary "@$USHER_LAB/long" "$url/inventory"
check "nor what is no JSON" answers 422 1 -d '{"schema":1' "$url/inventory"
check "nor anything of another's card" answers 422 1 -d "$(inventory 02:00:00:00:00:09 $uuid X)" "$url/inventory"
check "which is told why" timeline_has "refused +the inventory of 02:00:00:00:00:01 on br0: the card that it booted by is not in it"
check "nothing is discovered yet" test "$(count)" = 0
check "it waits" grep -x wait <(fetch 1 "$url/inventory")
usher_stop KILL
check "after kill -9 the service starts" usher_start
check "its token is as good as before" answers 200 1 --data-binary "@$USHER_LAB/first" "$url/inventory"
check "once" answers 409 1 --data-binary "@$USHER_LAB/first" "$url/inventory"
check "it is discovered" says "^d1 +02:00:00:00:00:01 +br0 +J5DW7N2 +4096 +1, 1000 MB" discovered
check "and on the timeline" timeline_has "discovered +d1: ACME R1, serial J5DW7N2, 02:00:00:00:00:01 on br0 at 10.66"
usher_stop KILL
check "after kill -9 the service starts" usher_start
check "and knows it" says "uuid +$uuid" discovered d1
check "by its UUID, too" says "^d1: ACME R1" discovered "${uuid^^}"
check "by its serial" says "^d1: ACME R1" discovered j5dw7n2
check "by its MAC" says "^d1: ACME R1" discovered 02-00-00-00-00-01

# --- duplicates, worthless ones -------------------------------------------------------------------------------------------

# tells N JSON: it boots and says so
tells() {
	local at
	at=$(asks "$1")
	fetch "$1" "$at" >/dev/null && answers 200 "$1" -d "$2" "${at%/boot.ipxe}/inventory"
}
check "another with the same UUID" tells 2 "$(inventory 02:00:00:00:00:02 $uuid OTHER)"
check "is another machine" test "$(count)" = 2
check "and each is named as the other's duplicate" test "$(discovered --json | jq -r '[.discovered[].duplicates[] | .id + " " + .shares] | join(", ")')" \
	= "d2 UUID, d1 UUID"
check "on the timeline, too" timeline_has "discovered +d2: .*; a duplicate of d1 \(UUID\)"
check "for people, too" says "duplicate of d1 \(UUID\)" discovered
check "such a UUID names nobody" says "is not one machine, but these: d1, d2" discovered $uuid
check "it boots again, with one that is worthless" tells 2 "$(inventory 02:00:00:00:00:02 03000200-0400-0500-0006-000700080009 'To Be Filled By O.E.M.')"
check "it is the same machine" test "$(count)" = 2
check "which has none" test "$(discovered d2 --json | jq -r '[.uuid, .serial] | tostring')" = '[null,null]'
check "and it is said why" says "UUID is a constant of AMI's firmware.*serial is a placeholder of firmware \(To Be Filled By O.E.M.\)" discovered d2
refute "it cannot be found by it" discovered 'To Be Filled By O.E.M.'
check "it says control characters" tells 2 "$(inventory 02:00:00:00:00:02 $other $'a"\e[31m\u202eb')"
check "which are shown as such" says 'a"\\u001b\[31m\\u202eb' discovered d2
check "it is forgotten" says "d2 is forgotten" discovered d2 --forget
check "and gone" says "no discovered machine 'd2'" discovered d2
check "discovered anew it is another" tells 2 "$(inventory 02:00:00:00:00:02 $other B)"
check "with a number of its own" says "^d3: " discovered 02:00:00:00:00:02

# --- it is wanted ------------------------------------------------------------------------------------------------------------

check "a machine that has been discovered is recorded" "$USHER" enroll web01 --mac 02:00:00:00:00:01 --network br0 --profile plain --no-ssh-key
check "the list has its name" test "$(discovered d1 --json | jq -r .machine)" = web01
check "it is shown with its hardware" says "^  disk +sda, 1000 MB" "$USHER" show web01
check "in JSON, too" test "$("$USHER" show web01 --json | jq -r '.discovered + " " + .inventory.disks[0].name')" = "d1 sda"
check "so is the list" test "$(discovered --json | jq -r '[.discovered[].inventory.system.serial] | join(" ")')" = "J5DW7N2 B"
check "who would install it is told what is on its disk" says "it has sda \(1000 MB\): ext4" "$USHER" reinstall web01 --dry-run
check "it still waits" grep -x wait <(fetch 1 "$url/inventory")
check "it is armed" "$USHER" reinstall web01
check "it is told to restart" grep -x restart <(fetch 1 "$url/inventory")
check "and gets its own script then" grep -v "^$url" <(asks 1)
"$USHER" delete web01 >/dev/null

# --- a crowd -----------------------------------------------------------------------------------------------------------------

tokens() {
	local copy
	copy=$(mktemp -d)
	cp "$USHER_LAB/state"/*.db* "$copy" && sqlite3 "$(echo "$copy"/*.db)" 'SELECT count(*) FROM record WHERE kind = 7'
	rm -r "$copy"
}
at=$(asks 2)
check "one boots" answers 200 2 "$at"
check "600 others ask for scripts" inside 1 timeout 120 python3 "$LAB_TOP/tests/lab/stranger.py" c1 ipxe 600
sleep 1
check "tokens are bounded" test "$(tokens)" -le 128
check "who boots is none of them" answers 200 2 -d "$(inventory 02:00:00:00:00:02 $other B)" "${at%/boot.ipxe}/inventory"
check "and another comes through" tells 1 "$(inventory 02:00:00:00:00:01 $uuid J5DW7N2)"
check "nothing was discovered by it" test "$(count)" = 2

# --- machines ----------------------------------------------------------------------------------------------------------------

[ -s "$discover/initrd.img" ] || { skip "machines: there is no $discover (contrib/discover/build makes it)"; lab_end; }
wire_start
patience=60
python3 "$LAB_TOP/tests/lab/lldp.py" br0 sw1 ge-0/0/1 100 500 &
python3 "$LAB_TOP/tests/lab/lldp.py" br1 sw2 ge-0/0/2 200 500 &

client 7 02:00:00:00:00:07 br2
inside 7 ip address add 10.68.0.2/24 dev c7
inside 7 dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --interface=c7 --bind-interfaces --dhcp-authoritative \
	--dhcp-range=10.68.0.100,10.68.0.199,10m --dhcp-leasefile="$USHER_LAB/other.leases" --user=root --pid-file= 2>"$USHER_LAB/dnsmasq.log" &

# A management controller, as OpenIPMI's simulator plays it; the machine asks it by its keyboard controller.
controller() {
	local dir=$USHER_LAB/bmc
	mkdir -p "$dir/state"
	cat >"$dir/address" <<-'END'
		#!/bin/sh
		for key; do
			case $key in
			ip_addr) echo ip_addr:10.9.0.9 ;;
			mac_addr) echo mac_addr:02:00:00:00:09:09 ;;
			esac
		done
	END
	chmod 755 "$dir/address"
	cat >"$dir/lan.conf" <<-END
		name "bmc"
		set_working_mc 0x20
		  startlan 1
		    addr 127.0.0.1 9623
		    priv_limit admin
		    allowed_auths_admin none md2 md5 straight
		    guid a123456789abcdefa123456789abcdef
		    lan_config_program "$dir/address bmc"
		  endlan
		  serial 15 127.0.0.1 9002 codec VM
		  user 2 true "admin" "x" admin 10 none md2 md5 straight
	END
	printf '%s\n' 'mc_setbmc 0x20' 'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr' 'mc_enable 0x20' >"$dir/emu"
	ipmi_sim -c "$dir/lan.conf" -f "$dir/emu" -s "$dir/state" -n >"$dir/log" 2>&1 &
}

image() { qemu-img create -q -f raw "$USHER_LAB/$1.$n" "$2"; }
drive() { echo -drive "if=none,id=$1,format=raw,file=$USHER_LAB/$1.$n"; }
# Disks of four kinds, one of them with a file system, one with partitions; two cards.
machine_parts() {
	local name
	for name in ata scsi nvme virtio; do image $name 64M; done
	mkfs.ext4 -q -F "$USHER_LAB/virtio.$n"
	# an MBR: from sector 2048, 20480 of them
	printf '\0\0\0\0\203\0\0\0\0\10\0\0\0\120\0\0' | dd of="$USHER_LAB/scsi.$n" bs=1 seek=446 conv=notrunc status=none
	printf '\125\252' | dd of="$USHER_LAB/scsi.$n" bs=1 seek=510 conv=notrunc status=none
	sha256sum "$USHER_LAB"/{ata,scsi,nvme,virtio}."$n" >"$USHER_LAB/sums.$n"
	ip tuntap add "u$n" mode tap
	ip link set "u$n" master br1 up
	parts=(-netdev "tap,id=net2,ifname=u$n,script=no,downscript=no" -device "e1000,netdev=net2,mac=02:00:00:00:01:0$n,romfile="
		-smbios "type=1,manufacturer=ACME,product=R$n,serial=SER$n,uuid=4c4c4544-0035-4410-8057-b7c04f4e440$n,sku=SKU"
		-smbios "type=2,asset=B$n" -smbios "type=3,serial=CH$n,asset=A$n"
		$(drive ata) -device "ide-hd,drive=ata,serial=ATA$n,wwn=0x5000c500a1b2c3d$n" -device virtio-scsi-pci
		$(drive scsi) -device "scsi-hd,drive=scsi,serial=SCSI$n,rotation_rate=1"
		$(drive nvme) -device "nvme,drive=nvme,serial=NVME$n" $(drive virtio) -device "virtio-blk-pci,drive=virtio,serial=VIRTIO$n")
}
of() { discovered "SER$n" --json | jq -r "$1"; }
eq() { [ "$(of "$1")" = "$2" ] || { of "$1"; return 1; }; }
is_discovered() { wait_until $patience discovered "SER$n" || { console | tail -n 30; return 1; }; }
disk_of() { echo ".inventory.disks[] | select(.name == \"$1\") | [.serial, .bus, .rotational, .holds] | tostring"; }

# NAME FIRMWARE VM…
machine() {
	who=$1
	machine_parts
	"${@:3}" "${parts[@]}"
	try leased "says what it is" is_discovered || return
	try leased "its firmware" eq .inventory.firmware.mode "$2"
	try leased "its makers' words" eq '[.vendor, .product, .serial, .uuid, .asset_tag, .refused] | tostring' \
		"[\"ACME\",\"R$n\",\"SER$n\",\"4c4c4544-0035-4410-8057-b7c04f4e440$n\",\"A$n\",null]"
	try leased "its memory" eq "[.memory, .inventory.memory_mib] | tostring" "[768,768]"
	try leased "an ATA disk" eq "$(disk_of sda)" "[\"ATA$n\",\"ata\",true,\"\"]"
	try leased "a SCSI disk with partitions" eq "$(disk_of sdb)" "[\"SCSI$n\",\"scsi\",false,\"mbr; 1: unknown, 10 MiB\"]"
	try leased "an NVMe disk" eq "$(disk_of nvme0n1)" "[\"NVME$n\",\"nvme\",false,\"\"]"
	try leased "a virtio disk with a file system" eq "$(disk_of vda)" "[\"VIRTIO$n\",\"virtio\",true,\"ext4\"]"
	try leased "a world wide name" eq '.inventory.disks[] | select(.name == "sda").wwn' "naa.5000c500a1b2c3d$n"
	try leased "its cards, and the one that it booted by" eq '[.inventory.interfaces[] | [.mac, .booted, .carrier, .driver]] | sort | tostring' \
		"[[\"$mac\",true,true,\"virtio_net\"],[\"02:00:00:00:01:0$n\",false,true,\"e1000\"]]"
	try leased "the switch at each" eq '[.inventory.interfaces[] | [.mac, .lldp.system_name, .lldp.port_id, .lldp.vlan]] | sort | tostring' \
		"[[\"$mac\",\"sw1\",\"ge-0/0/1\",100],[\"02:00:00:00:01:0$n\",\"sw2\",\"ge-0/0/2\",200]]"
	try leased "the disks are as they were" sha256sum --quiet -c "$USHER_LAB/sums.$n"
}
wanted() {
	try leased "is enrolled while it waits" "$USHER" enroll "$kind" --mac "$mac" --network br0 --profile waits --no-ssh-key
	try leased "is armed" "$USHER" reinstall "$kind"
	try leased "restarts into its installer" went "booting +boot 1 of 3" "transfer +/boot/tiny/vmlinuz, " "progress +Linux by BIOS"
}
vm_metal() {
	vm -machine pc -boot n -device "virtio-net-pci,netdev=net,mac=$mac" -chardev socket,id=ipmi,host=127.0.0.1,port=9002,reconnect=1 \
		-device ipmi-bmc-extern,id=bmc,chardev=ipmi -device isa-ipmi-kcs,bmc=bmc "$@"
}
vm_metal_uefi() {
	cp /usr/share/OVMF/OVMF_VARS_4M.fd "$USHER_LAB/vars.$n"
	vm -machine q35 -drive "if=pflash,unit=0,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd" \
		-drive "if=pflash,unit=1,format=raw,file=$USHER_LAB/vars.$n" \
		-device "virtio-net-pci,netdev=net,mac=$mac,bootindex=1" -device virtio-rng-pci "$@"
}
bios() {
	lane_begin bios 4 02:00:00:00:00:04 ""
	controller
	machine "discovery, BIOS" bios vm_metal
	try leased "its controller" eq '.inventory.controller | [.kind, .address, .mac] | tostring' '["ipmi","10.9.0.9","02:00:00:00:09:09"]'
	[ ! -s "$USHER_TINY/vmlinuz" ] || ! discovered "SER$n" >/dev/null || wanted
	vm_off
}
uefi() {
	lane_begin uefi 5 02:00:00:00:00:05 ""
	machine "discovery, UEFI" uefi vm_metal_uefi
	vm_off
}
# Where another server leases.
proxy() {
	local bridge=br2
	lane_begin proxy 6 02:00:00:00:00:06 ""
	who="discovery, proxy"
	vm -machine pc -boot n -device "virtio-net-pci,netdev=net,mac=$mac" -smbios "type=1,serial=SER$n"
	try leased "says what it is" is_discovered
	try leased "at the address that the other gave" eq '[.segment, (.address | startswith("10.68.0.1"))] | tostring' '["br2",true]'
	vm_off
}
# Where there is IPv6 alone.
six() {
	local bridge=br3 patience=240 # iPXE asks for IPv4 first
	lane_begin six 8 02:00:00:00:00:08 ""
	who="discovery, IPv6"
	vm -machine pc -boot n -device "virtio-net-pci,netdev=net,mac=$mac" -smbios "type=1,serial=SER$n,uuid=4c4c4544-0035-4410-8057-b7c04f4e440$n"
	try leased "says what it is" is_discovered
	try leased "at the address that it was leased" eq '[.segment, (.address | startswith("2001:db8:69:"))] | tostring' '["br3",true]'
	try leased "the whole of it" eq '[.uuid, .inventory.interfaces[0].mac, .inventory.memory_mib] | tostring' \
		"[\"4c4c4544-0035-4410-8057-b7c04f4e440$n\",\"$mac\",768]"
	vm_off
}
bios &
lanes=$!
uefi &
# shellcheck disable=SC2086
wait $lanes $!
proxy &
lanes=$!
six &
# shellcheck disable=SC2086
wait $lanes $!
lanes_end
check "both are listed, with their switch" test "$(discovered --json | jq -r '[.discovered[] | select(.switch == "sw1").serial] | sort | join(" ")')" = "SER4 SER5"
check "one is shown for people" says 'disk +sdb, 67 MB, scsi, solid state, QEMU HARDDISK, serial SCSI4' discovered SER4
discovered
discovered SER5
lab_end
