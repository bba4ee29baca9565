#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usher probe against usher as each firmware, against dnsmasq and nginx that are wrong in many ways, a libvirt network's own
# dnsmasq, two servers and none: what it says of each, and what it leaves behind. Each server has a bridge of its own, so that
# all are probed at once. Without guests.
# shellcheck source=/dev/null disable=SC2119
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/net.sh"
. "$(dirname "$0")/profiles.sh"

ipxe=/usr/lib/ipxe
files=$USHER_LAB/files
mkdir -p "$files" "$USHER_LAB/www" "$USHER_LAB/boot"
cp $ipxe/undionly.kpxe $ipxe/snponly.efi "$files"
cp $ipxe/undionly.kpxe $ipxe/snponly.efi "$USHER_LAB/boot"
cp $ipxe/snponly.efi "$USHER_LAB/medium/kernel" "$USHER_LAB/medium/initrd" "$USHER_LAB/www"
echo '#!ipxe' >"$USHER_LAB/www/right.ipxe"
printf 'kernel kernel quiet inst.ks=http://10.84.0.1:8080/ks\ninitrd initrd\nboot\n' >>"$USHER_LAB/www/right.ipxe"
echo '<!doctype html>' >"$USHER_LAB/www/page.ipxe"
printf '#!ipxe\nkernel kernel\ninitrd empty\nboot\n' >"$USHER_LAB/www/empty.ipxe"
: >"$USHER_LAB/www/empty"
echo text >"$USHER_LAB/www/ks"
chmod -R go+rX "$USHER_LAB/www" "$files"

# serves N OPTION…: a dnsmasq on a bridge of its own, bN, 10.80+N.0.1
serves() {
	local n=$1
	shift
	net_bridge "b$n" "10.$((80 + n)).0.1/24" "52:54:00:00:00:0$n"
	dnsmasq --conf-file=/dev/null --port=0 --interface="b$n" --bind-interfaces --user=root --no-ping \
		--dhcp-range="10.$((80 + n)).0.50,10.$((80 + n)).0.60" --dhcp-leasefile="$USHER_LAB/leases.$n" \
		--pid-file="$USHER_LAB/dnsmasq.$n" "$@"
}
tftp() { echo --enable-tftp --tftp-root="$files"; }

# probe NAME OPTION…: its JSON, in the background
probes=()
probe() {
	local name=$1
	shift
	"$USHER" probe --json "$@" >"$USHER_LAB/probe.$name" 2>"$USHER_LAB/said.$name" &
	probes+=($!)
}
probed() { wait "${probes[@]}"; probes=(); }
# says NAME FIRMWARE WHAT [TEXT]: that verdict; TEXT is in it, or in its fix
says() {
	jq -e --arg firmware "$2" --arg what "$3" --arg text "${4:-}" '.walks[] | select(.as == $firmware) | .verdict |
		select(.what == $what and .right == (.fix == null) and ((.text + " " + (.fix // "")) | contains($text)))' \
		"$USHER_LAB/probe.$1" || { cat "$USHER_LAB/probe.$1" "$USHER_LAB/said.$1"; return 1; }
}
released() { ! grep -q . "$USHER_LAB/leases.$1"; }
no_links() { ! ip -o link | grep -q ': probe[0-9]'; }

# --- the wires ------------------------------------------------------------------------------------------------------------

serves 1
serves 2 $(tftp) --dhcp-match=set:efi,option:client-arch,7 --dhcp-boot=snponly.efi --dhcp-boot=tag:efi,undionly.kpxe
serves 3 $(tftp) --dhcp-boot=Undionly.kpxe
serves 4 --dhcp-match=set:http,option:client-arch,16 --dhcp-userclass=set:ipxe,iPXE --dhcp-match=set:efi,option:client-arch,7 \
	--dhcp-option-force=tag:http,60,HTTPClient --dhcp-boot=tag:http,http://10.84.0.1:8080/nothing.efi \
	--dhcp-boot=tag:ipxe,http://10.84.0.1:8080/right.ipxe --dhcp-boot=tag:efi,http://10.84.0.1:8080/snponly.efi \
	--dhcp-boot=undionly.kpxe
serves 5 $(tftp) --dhcp-boot=undionly.kpxe
nft -f - <<-'END'
	table inet lab {
		chain in {
			type filter hook input priority 0;
			iifname "b5" udp dport 69 drop;
		}
	}
END
serves 6 $(tftp) --dhcp-boot=undionly.kpxe
client 1 02:00:00:00:86:02 b6
inside 1 ip address add 10.86.0.2/24 dev c1
inside 1 dnsmasq --conf-file=/dev/null --port=0 --interface=c1 --bind-interfaces --user=root --no-ping \
	--dhcp-range=10.86.0.70,10.86.0.80 --dhcp-leasefile="$USHER_LAB/leases.second" --pid-file="$USHER_LAB/dnsmasq.second"
net_bridge b7 10.87.0.1/24 52:54:00:00:00:07
net_bridge b8 10.88.0.1/24 52:54:00:00:00:08
serves 9 --dhcp-match=set:http,option:client-arch,16 --dhcp-userclass=set:ipxe,iPXE \
	--dhcp-boot=tag:http,http://10.89.0.1:81/snponly.efi --dhcp-boot=tag:ipxe,http://10.89.0.1:8080/page.ipxe \
	--dhcp-boot=undionly.kpxe,,10.89.0.1
cat >"$USHER_LAB/nginx.conf" <<-END
	pid $USHER_LAB/nginx.pid; error_log $USHER_LAB/nginx.log;
	events {}
	http { access_log off; server { listen 8080; root $USHER_LAB/www; } }
END
nginx -c "$USHER_LAB/nginx.conf" -e "$USHER_LAB/nginx.log"
virsh -q net-define /dev/stdin <<-'END'
	<network><name>theirs</name><bridge name='virbr7' stp='on' delay='0'/><ip address='10.79.0.1' netmask='255.255.255.0'>
	<dhcp><range start='10.79.0.50' end='10.79.0.60'/></dhcp></ip></network>
END
virsh -q net-start theirs

lab_profile plain kernel '# {{machine.name}}'
lab_profiles_config "<segment interface='b8' mode='own'><pool start='10.88.0.100' end='10.88.0.109'/></segment>" |
	sed "s|<profiles |<boot dir='$USHER_LAB/boot'/><profiles |" >"$USHER_LAB/usher.xml"
check "the service starts" usher_start || lab_end
"$USHER" enroll rack1 --mac 02:00:00:00:88:01 --profile plain --network b8 --no-ssh-key --arm >"$USHER_LAB/said" 2>&1
"$USHER" enroll rack2 --mac 02:00:00:00:88:02 --profile plain --network b8 --no-ssh-key >>"$USHER_LAB/said" 2>&1
"$USHER" enroll rack3 --mac 02:00:00:00:88:03 --profile plain --network b8 --no-ssh-key --arm >>"$USHER_LAB/said" 2>&1
state() { "$USHER" show "$1" --json | jq -r .state; }

# --- all at once ------------------------------------------------------------------------------------------------------------

probe made-up --on b8
probe armed --machine rack1
probe known --on b8 --machine rack2 --as bios
probe no-file --on b1
probe architecture --on b2
probe missing --on b3 --as bios
probe http --on b4
probe firewall --on b5 --as bios
probe two --on b6 --as bios
probe none --on b7 --as bios
probe wrong9 --on b9
probe libvirt --on virbr7 --as bios
probed

for as in bios uefi http ipxe; do
	check "usher, $as, a card without a record: an address and nothing to boot, as it should be" says made-up $as nothing-to-boot
done
for as in bios uefi http; do check "usher, $as, an armed record: right" says armed $as right; done
check "usher, ipxe: it stops before the boot script" says armed ipxe right "rack1 is still armed"
check "so the record is still armed" test "$(state rack1)" = armed
check "a record that is not armed gets nothing, as it should be" says known bios nothing-to-boot "rack2 is known"
check "1: no boot file" says no-file bios no-file "dhcp-boot=undionly.kpxe"
check "   nor for HTTP Boot" says no-file http no-file "HTTPClient"
check "2: a program of UEFI for BIOS" says architecture bios wrong-architecture "a program for UEFI x86-64"
check "   and one of BIOS for UEFI" says architecture uefi wrong-architecture "as BIOS starts it"
check "   iPXE is given itself" says architecture ipxe loop
check "3: a file that TFTP does not have" says missing bios tftp-missing "Undionly.kpxe"
check "4: HTTP Boot's file is 404" says http http http-missing "http://10.84.0.1:8080/nothing.efi: HTTP 404"
check "   a URL for PXE" says http uefi url-for-pxe
check "   no TFTP server" says http bios tftp-refused "enable-tftp"
check "   but iPXE's script, kernel, initrd and answers are right" says http ipxe right "a boot script, and the kernel and initrd"
check "   the answers were looked at" jq -e '[.walks[].steps[] | select(.step == "answers")] | length == 1' "$USHER_LAB/probe.http"
check "5: a firewall drops TFTP" says firewall bios tftp-silent "probably a packet filter drops UDP port 69"
check "6: HTTP Boot without option 60" says wrong9 http no-option-60
check "7: no script of iPXE" says wrong9 ipxe no-script "a page of HTML"
check "two servers are named, address and MAC" says two bios two-servers "10.86.0.2 (MAC 02:00:00:00:86:02)"
check "  the other too" says two bios two-servers "10.86.0.1 (MAC 52:54:00:00:00:06)"
check "nobody" says none bios no-server "no DHCP server answered on b7"
check "libvirt's own dnsmasq leases, and names no boot file" says libvirt bios no-file "usher serve --network"
check "each step has its time" jq -e '[.walks[].steps[] | select(.step == "program") | .ms > 0] | all' "$USHER_LAB/probe.armed"
check "what dnsmasq leased is given back" released 2
check "what usher leased, too" test -z "$("$USHER" leases --json | jq -r '.leases[] | select(.state == "bound").mac')"
check "no link is left" wait_until 5 no_links

# --- to the end --------------------------------------------------------------------------------------------------------------

ends() { local want=$1; shift; "$@" >"$USHER_LAB/out" 2>&1; [ $? = "$want" ] || { cat "$USHER_LAB/out"; return 1; }; }
said() { grep -e "$1" "$USHER_LAB/out" || { cat "$USHER_LAB/out"; return 1; }; }
check "--install walks an armed record to its end" ends 0 "$USHER" probe --machine rack1 --install --as uefi
check "  by its script, kernel, initrd, answers and report" test "$(awk '{print $2}' "$USHER_LAB/out" | xargs)" = \
	"offer lease program right offer lease script kernel initrd lease answers done right"
check "  and says so" said "'done' reported"
check "it is installed" test "$(state rack1)" = installed
check "one that is not armed is refused" ends 1 "$USHER" probe --machine rack2 --install
check "  with the fix" said "usher reinstall rack2"
check "so is no record at all" ends 1 "$USHER" probe --on b8 --install

rm "$USHER_LAB/medium/initrd"
check "an initrd that is gone" ends 1 "$USHER" probe --machine rack3 --install --as ipxe
check "  is named" said "WRONG.*the initrd is missing"

# --- what it does not do -------------------------------------------------------------------------------------------------------

client 2 02:00:00:00:88:02 b8
inside 2 ip address add "$("$USHER" show rack2 --json | jq -r '.nics[0].addresses[0]')/24" dev c2
check "a machine that runs is not disturbed" ends 1 "$USHER" probe --machine rack2
check "  it says that it runs" said "rack2 runs: it answers ARP on b8; switch it off"

"$USHER" probe --on b7 >"$USHER_LAB/out" 2>&1 &
probing=$!
wait_until 5 eval '! no_links'
kill -KILL $probing
wait $probing 2>/dev/null
check "killed, it leaves no link behind" wait_until 5 no_links
"$USHER" probe --on b7 >"$USHER_LAB/out" 2>&1 &
probing=$!
wait_until 5 eval '! no_links'
kill -TERM $probing
wait $probing
check "interrupted, it ends at once and says so" said interrupted

# A bridge that was given no MAC has that of its lowest port.
ip link add b0 type bridge
ip link add u0 address fa:00:00:00:00:01 type veth peer name u1
ip link set u0 master b0 up
ip link set u1 up
ip link set b0 up
mac_of() { cat "/sys/class/net/$1/address" 2>/dev/null || ip -o link show "$1" | sed 's|.*link/ether ||; s| .*||'; }
before=$(mac_of b0)
"$USHER" probe --on b0 --as bios >"$USHER_LAB/out" 2>&1 &
probing=$!
wait_until 5 eval '! no_links'
sleep 0.3
check "the bridge keeps its own MAC while it is probed" test "$(mac_of b0)" = "$before"
kill -TERM $probing
wait $probing

# --- a crowd --------------------------------------------------------------------------------------------------------------------

{
	echo name,mac,segment,arm
	for ((i = 0; i < 40; i++)); do printf 'crowd%d,02:00:00:99:00:%02x,b8,yes\n' $i $i; done
} >"$USHER_LAB/list"
echo again >"$USHER_LAB/medium/initrd"
"$USHER" enroll --list "$USHER_LAB/list" --profile plain --no-ssh-key >"$USHER_LAB/said" 2>&1
crowd_is() { [ "$("$USHER" list --json | jq "[.machines[] | select((.name | startswith(\"crowd\")) and .state == \"$1\")] | length")" = "$2" ]; }
no_more_bound() { [ "$(bound | wc -l)" = 0 ]; }
bound() { "$USHER" leases --json | jq -r '.leases[] | select(.state == "bound").mac'; }
check "a storm of 30 that is not told to install leases alone" ends 0 "$USHER" probe --on b8 --storm 30 --over 1s
check "  and all come through" said "30 came through, 0 failed"
check "  and gives its leases back" test -z "$(bound)"
check "  and no record was touched" crowd_is armed 40
check "more than there are armed: refused" ends 1 "$USHER" probe --on b8 --storm 42 --install
check "  with how many there are" said "40 armed bare records are on b8, not 42"
check "a storm of 40 armed records, from their first card on" ends 0 "$USHER" probe --on b8 --storm 40 --install \
	--mac 02:00:00:99:00:00 --over 0.5s
check "  all come through" said "40 came through, 0 failed"
check "  and are installed" crowd_is installed 40
check "once more: they are armed no longer, and fail at the script that nobody names" ends 1 "$USHER" probe --on b8 --storm 40 --install \
	--mac 02:00:00:99:00:00
check "  it says at which step, and why" said "40 failed at: script (the last: DHCP named no boot script)"
check "  and their leases are given back" wait_until 2 no_more_bound
check "a storm needs a bridge" ends 1 "$USHER" probe --on u1 --storm 2
check "  and says so" said "a storm needs a bridge"

check "without root it says what it lacks" ends 1 setpriv --reuid usher --regid usher --clear-groups "$USHER" probe --on b8
check "  and which capability" said "CAP_SYS_ADMIN"
check "  and asks TFTP and HTTP from here" test "$(grep -c 'right .*answers by' "$USHER_LAB/out")" = 2
check "a bridge's port" ends 1 "$USHER" probe --on u0
check "  is told from its bridge" said "u0 belongs to a bridge or a bond: name that one"
check "no such link" ends 1 "$USHER" probe --on nowhere
check "two links, and none is named: a usage error" ends 2 env USHER_SOCKET=/nowhere "$USHER" probe
check "a firmware that is none" ends 2 "$USHER" probe --as floppy
check "a MAC that is none" ends 2 "$USHER" probe --mac 01:00:00:00:00:01
lab_end
