#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# Bare metal, from a cable to an installed system, no key pressed: machines that nobody recorded are switched on by their
# controllers (OpenIPMI's simulator, which switches QEMU), boot from the network, say what they are, are enrolled by rules,
# switched and installed by what they said of their own controllers, onto the disk that the rule picks, and are up. Then two of
# them test their memory. BIOS and UEFI by turns; BARE=2 is a smaller lab.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
machines=${BARE:-6}
export BARE
discover=${USHER_DISCOVER:-$LAB_TOP/build/cache/discover}
[ -n "${USHER_LAB:-}" ] || "$LAB_TOP/contrib/discover/build" "$discover" >"${TMPDIR:-/tmp}/discover.build" 2>&1 || cat "${TMPDIR:-/tmp}/discover.build"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"

if [ ! -s "$discover/initrd.img" ] || [ ! -s "$USHER_TINY/root.tar.zst" ]; then
	skip "bare metal: contrib/discover/build or contrib/tiny/build could not make their systems"
	lab_end
fi

# --- machines ------------------------------------------------------------------------------------------------------------

# What its controller's chassis does: a QEMU, with the network first when the boot flag says so.
chassis_script() {
	local n=$1 dir=$USHER_LAB/m$1 mac1 mac2 firmware=(-vga none)
	mac1=02:00:00:00:0$n:01 mac2=02:00:00:00:0$n:02
	if [ $((n % 2)) = 0 ]; then
		cp /usr/share/OVMF/OVMF_VARS_4M.fd "$dir/vars"
		# Memtest86+ wants a screen there
		firmware=(-vga std -drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd
			-drive "if=pflash,format=raw,file=$dir/vars")
	fi
	for card in a b; do
		ip tuntap add "m$n$card" mode tap
		ip link set "m$n$card" master br0 up
	done
	cat >"$dir/chassis" <<-END
		#!/bin/sh
		echo "\$*" >>$dir/calls
		on() { [ -s $dir/pid ] && kill -0 \$(cat $dir/pid) 2>/dev/null; }
		off() { on && kill -KILL \$(cat $dir/pid); while on; do sleep 0.1; done; }
		start() {
			on && return
			disk=1 net=3
			[ "\$(cat $dir/boot)" != pxe ] || net=0
			echo none >$dir/boot
			qemu-system-x86_64 -daemonize -pidfile $dir/pid -accel tcg -cpu max,erms=off -m 1024 -display none ${firmware[*]} \\
				-serial tcp:127.0.0.1:90$n,server=on,wait=off \\
				-smbios type=1,manufacturer=ACME,product=R1,serial=SER$n,uuid=4c4c4544-0035-4410-8057-b7c04f4e440$n \\
				-smbios type=3,serial=CH$n,asset=ASSET$n \\
				-device virtio-scsi-pci \\
				-drive if=none,id=large,format=raw,file=$dir/large -device scsi-hd,drive=large,serial=LARGE$n,rotation_rate=7200,bootindex=2 \\
				-drive if=none,id=small,format=raw,file=$dir/small -device scsi-hd,drive=small,serial=SMALL$n,rotation_rate=1,bootindex=1 \\
				-netdev tap,id=net1,ifname=m${n}a,script=no,downscript=no -device virtio-net-pci,netdev=net1,mac=$mac1,bootindex=\$net \\
				-netdev tap,id=net2,ifname=m${n}b,script=no,downscript=no -device virtio-net-pci,netdev=net2,mac=$mac2,romfile= \\
				-chardev socket,id=ipmi,host=127.0.0.1,port=91$n,reconnect=5 -device ipmi-bmc-extern,id=bmc,chardev=ipmi \\
				-device isa-ipmi-kcs,bmc=bmc </dev/null >>$dir/qemu 2>&1
		}
		case "\$2 \$3" in
		"get power") if on; then echo power:1; else echo power:0; fi ;;
		"get boot") echo boot:\$(cat $dir/boot) ;;
		"set boot") echo \$4 >$dir/boot ;;
		"set power") if [ \$4 = 1 ]; then start; else off; fi ;;
		"set reset") off; start ;;
		"set shutdown") off ;;
		esac
	END
	chmod 755 "$dir/chassis"
}

bmc() {
	local n=$1 dir=$USHER_LAB/m$1
	mkdir -p "$dir/state"
	truncate -s 4G "$dir/large"
	truncate -s 3G "$dir/small"
	echo none >"$dir/boot"
	chassis_script "$n"
	ip address add "10.66.0.20$n/32" dev br0
	printf '#!/bin/sh\nfor key; do case $key in ip_addr) echo ip_addr:10.66.0.20%s ;; mac_addr) echo mac_addr:02:00:00:00:09:0%s ;; esac; done\n' \
		"$n" "$n" >"$dir/address"
	chmod 755 "$dir/address"
	cat >"$dir/lan.conf" <<-END
		name "m$n"
		set_working_mc 0x20
		  startlan 1
		    addr 10.66.0.20$n 623
		    priv_limit admin
		    allowed_auths_callback none md2 md5 straight
		    allowed_auths_user none md2 md5 straight
		    allowed_auths_operator none md2 md5 straight
		    allowed_auths_admin none md2 md5 straight
		    guid a123456789abcdefa123456789abcde$n
		    lan_config_program "$dir/address m$n"
		  endlan
		  chassis_control "$dir/chassis m$n"
		  serial 15 127.0.0.1 91$n codec VM
		  sol "tcp:127.0.0.1:90$n" 115200
		  user 2 true "admin" "vErysEcret" admin 10 none md2 md5 straight
	END
	printf '%s\n' 'mc_setbmc 0x20' 'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr' \
		'sel_enable 0x20 1000 0x0a' 'mc_enable 0x20' >"$dir/emu"
	ipmi_sim -c "$dir/lan.conf" -f "$dir/emu" -s "$dir/state" -n >"$dir/log" 2>&1 &
	BMCS="${BMCS:-} $!"
}
ipmi() { local n=$1; shift; ipmitool -I lanplus -C 3 -H "10.66.0.20$n" -U admin -P vErysEcret "$@"; }
timeline_has() { "$USHER" timeline "$1" | grep -E "$2"; }
state() { "$USHER" show "$1" --json | jq -r .state; }
is() { [ "$(state "$1")" = "$2" ]; }
show_all() { "$USHER" discovered; "$USHER" list; for n in $(seq "$machines"); do "$USHER" timeline "rack$n" | tail -n 12; done; }

net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
for n in $(seq "$machines"); do bmc "$n"; done

# --- the service and its rules -----------------------------------------------------------------------------------------------

echo vErysEcret >"$USHER_LAB/bmc-password"
cat >"$USHER_LAB/rules.xml" <<END
<rules>
  <rule name='racks'>
    <if fact='system.vendor' equal='ACME'/>
    <if fact='controller.address' in='10.66.0.0/24'/>
    <enroll name='rack{n}' profile='tiny' power='ipmi://admin@{controller.address}?cipher=3&amp;spacing=0' power-password-file='bmc-password' arm='yes'>
      <pick-disk size='smallest'><if fact='rotational' equal='no'/></pick-disk>
      <set name='disk'>serial={disk.serial}</set>
      <ssh-key file='key.pub'/>
    </enroll>
  </rule>
</rules>
END
ssh-keygen -q -t ed25519 -N '' -f "$USHER_LAB/key"
lab_profiles_config "<segment interface='br0' mode='own' probe='0' discover='yes'><pool start='10.66.0.100' end='10.66.0.199'/></segment>
	<rules file='$USHER_LAB/rules.xml'/>
	<media name='discover' path='$discover'/><media name='memtest86' path='$LAB_TOP/build/peers/memtest86+/boot'/>" |
	sed "s|<user .*|<user name='root'/>|; s|/var/lib/usher'|$USHER_LAB/state'|" >"$USHER_LAB/usher.xml"
check "the service starts" usher_start || lab_end

# --- from the cable on -------------------------------------------------------------------------------------------------------

for n in $(seq "$machines"); do
	check "machine $n is told to boot from the network" ipmi "$n" chassis bootdev pxe
	check "and switched on" ipmi "$n" power on
done
all_up() { for n in $(seq "$machines"); do is "rack$n" up || return 1; done; }
check "all are up, and nobody did anything" wait_until $((150 + 90 * machines)) all_up || show_all
for n in $(seq "$machines"); do
	name=$("$USHER" list --json | jq -r ".machines[] | select(.nics[0].mac == \"02:00:00:00:0$n:01\").name")
	row=$("$USHER" discovered --json | jq -c ".discovered[] | select(.serial == \"SER$n\") | [.machine, .asset_tag, .controller]")
	check "machine $n is known by what it said ($row)" grep -F "\"$name\",\"ASSET$n\"" <<<"$row"
	check "its controller was told the network once, by usher after us" test "$(grep -cx "m$n set boot pxe" "$USHER_LAB/m$n/calls")" = 2
	check "its small disk has the system" grep -q . <(dd if="$USHER_LAB/m$n/small" bs=512 count=1 status=none | tr -d '\0')
	check "its large disk is untouched" cmp -n $((16 << 20)) "$USHER_LAB/m$n/large" /dev/zero
	address=$("$USHER" show "$name" --json | jq -r '.nics[0].addresses[0]')
	"$USHER" known-hosts "$name" >"$USHER_LAB/known"
	check "it takes the key by ssh" timeout 60 ssh -o "UserKnownHostsFile=$USHER_LAB/known" -o StrictHostKeyChecking=yes -o BatchMode=yes \
		-i "$USHER_LAB/key" "root@$address" true
	check "its console was recorded" grep -aq "tiny:" <("$USHER" console "$name" --log)
	check "nobody sees the password" test "$("$USHER" show "$name" --json | grep -c vErysEcret)" = 0
done
check "each controller's kind of boot is known" test "$("$USHER" timeline | grep -cE 'once, by|boot flag is [8a]0')" -ge "$machines"

# --- one of each firmware tests its memory ----------------------------------------------------------------------------------

memory_tested() { "$USHER" console "$tested" --log | grep -aE "Status: Testing|Pass: .*Errors: 0"; }
tests_memory() {
	check "$1 runs a memory test ($2)" "$USHER" run "$1" --profile memtest86
	check "it loads it from the network" wait_until 180 timeline_has "$1" "done .*memtest86"
	check "and is what it was" is "$1" up
	tested=$1
	check "the test is on its console, with its result so far" wait_until 120 memory_tested
}
tests_memory "$("$USHER" list --json | jq -r '.machines[] | select(.nics[0].mac == "02:00:00:00:01:01").name')" BIOS
tests_memory "$("$USHER" list --json | jq -r '.machines[] | select(.nics[0].mac == "02:00:00:00:02:01").name')" UEFI

check "switched off by usher" "$USHER" power "$name" off
check "the last one is off" grep "is off" <(ipmi "$machines" power status)
for pid in $BMCS; do kill "$pid"; done
for n in $(seq "$machines"); do [ ! -s "$USHER_LAB/m$n/pid" ] || kill "$(cat "$USHER_LAB/m$n/pid")"; done
[ $LAB_FAILED = 0 ] || { show_all; sed 's/^/  log: /' "$USHER_LAB/usher.log" | tail -n 60; tail -n 5 "$USHER_LAB"/m*/qemu; }
lab_end
