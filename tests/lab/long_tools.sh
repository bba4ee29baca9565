#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# Tools that install nothing, on machines with real firmware: erase makes the chosen disks blank, reads them back and leaves all
# others as they are, to the byte; a disk that fails is named, and the others are erased all the same; without a choice nothing
# is armed. rescue is a system in memory that takes the record's key, and touches no disk. Afterwards each machine is what it was.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"

if [ ! -s "$USHER_TINY/tools.img" ]; then
	skip "tools: there is no $USHER_TINY (contrib/tiny/build makes it)"
	lab_end
fi
images=$USHER_LAB/images key=$USHER_LAB/key
mkdir -p "$images" "$USHER_LAB/power"

# --- machines ------------------------------------------------------------------------------------------------------------

# image NAME SIZE: something is on all of it.
image() {
	head -c "$2" /dev/urandom >"$images/$1"
	sha256sum <"$images/$1" >"$images/$1.sum"
}
untouched() { sha256sum <"$images/$1" | cmp -s - "$images/$1.sum"; }
blank() { cmp -n "$(stat -c %s "$images/$1")" "$images/$1" /dev/zero; }

drive() { echo "-drive if=none,id=$1,format=raw,file=$images/$1${2:+,$2}"; }
scsi() { echo "$(drive "$1" "${3:-}") -device scsi-hd,drive=$1,serial=$2"; }
nvme() { echo "$(drive "$1") -device nvme,drive=$1,serial=$2"; }

# machine NAME NUMBER QEMU'S ARGUMENTS: what switches it is a file of its name.
machine() {
	local name=$1 n=$2 at=$USHER_LAB/$1
	shift 2
	ip tuntap add "tap$n" mode tap
	ip link set "tap$n" master br0 up
	cat >"$at" <<-END
		qemu-system-x86_64 -daemonize -pidfile $at.pid -accel tcg -cpu max,erms=off -m 1536 -display none -vga none \\
			-serial file:$at.serial -device virtio-scsi-pci \\
			-netdev tap,id=net,ifname=tap$n,script=no,downscript=no \\
			-device virtio-net-pci,netdev=net,mac=02:00:00:00:00:0$n,bootindex=0 $* </dev/null >>$at.qemu 2>&1
	END
	"$USHER" enroll "$name" --mac "02:00:00:00:00:0$n" --ip "10.66.0.5$n" --profile tiny --ssh-key "$key.pub" \
		--power "$USHER_LAB/power/qemu"
}
cat >"$USHER_LAB/power/qemu" <<END
#!/bin/sh
at=$USHER_LAB/\$2
on() { [ -s \$at.pid ] && kill -0 \$(cat \$at.pid) 2>/dev/null; }
off() { ! on || kill -KILL \$(cat \$at.pid); while on; do sleep 0.1; done; }
case \$1 in
on) on || . \$at ;;
off) off ;;
cycle) off; . \$at ;;
status) if on; then echo on; else echo off; fi ;;
netboot) ;;
esac
END
chmod 755 "$USHER_LAB/power/qemu"
off() { [ ! -s "$USHER_LAB/$1.pid" ] || ! kill -0 "$(cat "$USHER_LAB/$1.pid")" 2>/dev/null; }
switch_off() { off "$1" || kill -KILL "$(cat "$USHER_LAB/$1.pid")"; wait_until 10 off "$1"; }

# --- the service ---------------------------------------------------------------------------------------------------------

run() { "$USHER" run "$@"; }
says() { "$USHER" timeline "$1" --json | jq -r "select(.kind == \"$2\").text" | grep -E -- "$3"; }
state_is() { [ "$("$USHER" show "$1" --json | jq -r .state)" = "$2" ]; }
# What went before is of no matter to the next.
attempts() { "$USHER" show "$1" --json | jq -r '.attempt.number // 0'; }
show() { "$USHER" timeline "$1" | tail -n 25; tr -d '\r' <"$USHER_LAB/$1.serial" | tail -n 15; }

# --- what no emulated drive can do -----------------------------------------------------------------------------------------

# The script's functions, by the shell of tiny's initrd, on a file: way COMMAND.
sed 's|^\. /.*||' "$LAB_TOP/contrib/tiny/tasks/erase" >"$USHER_LAB/erase"
way() {
	(
		cd "$USHER_LAB/ata" && PATH=$USHER_LAB/ata:$PATH busybox sh -c ". $USHER_LAB/erase
			say() { :; }
			name=drive dev=./drive dir=. log=./log sectors=\$((\$(stat -c %s ./drive) / 512)); mkdir -p /tmp; $1"
	)
}
# The real hdparm tells what a drive says of itself, whose 128th word is its security; the orders are written down. A drive that
# is given a password has it until it is erased, or the password is taken back.
mkdir -p "$USHER_LAB/ata"
cat >"$USHER_LAB/ata/hdparm" <<END
#!/bin/sh
cd $USHER_LAB/ata
security=\$(cat security)
case \$* in
-I*) for n in \$(seq 0 255); do
	case \$n in 0) echo 0040 ;; 80) echo 01f0 ;; 82) echo 4002 ;; 83 | 84 | 85 | 87) echo 4000 ;; 128) echo \$security ;; *) echo 0000 ;; esac
done | $(command -v hdparm) --Istdin; exit ;;
esac
echo "\$*" >>orders
case \$* in
*--security-set-pass*) echo 0023 >security ;;
*--security-erase*) [ ! -e broken ] || { echo "it broke" >&2; exit 5; }; : >drive; echo 0021 >security ;;
*--security-disable*) echo 0021 >security ;;
esac
END
chmod 755 "$USHER_LAB/ata/hdparm"
# drive SECURITY: what it comes to, as "STATUS ORDERS SECURITY LOG".
drive_is() {
	echo "$1" >"$USHER_LAB/ata/security"
	echo data >"$USHER_LAB/ata/drive"
	: >"$USHER_LAB/ata/orders"
	: >"$USHER_LAB/ata/log"
	way 'by_ata; echo $?'
	sed 's/.*--security-\([a-z-]*\) .*/\1/' "$USHER_LAB/ata/orders"
	cat "$USHER_LAB/ata/security" "$USHER_LAB/ata/log"
}
# gives WANTED COMMAND…: with blanks for line breaks.
gives() { local want=$1 got; shift; got=$("$@" 2>&1 | tr '\n' ' '); [ "$got" = "$want " ] || { echo "$got"; return 1; }; }
check "a drive that can erase itself does" gives "0 set-pass erase 0021" drive_is 0021
check "nothing is left on it" test ! -s "$USHER_LAB/ata/drive"
check "one that knows no such thing is not asked" gives "2 0000" drive_is 0000
check "nor one that the firmware has frozen" gives "2 0029 the firmware has frozen the drive's security" drive_is 0029
check "nor one with somebody's password" gives "2 0023 the drive has a password already" drive_is 0023
touch "$USHER_LAB/ata/broken"
check "one that breaks keeps no password" gives "1 set-pass erase disable 0021 it broke" drive_is 0021

# Of a large one samples are read.
samples() {
	rm -f "$USHER_LAB/ata/drive"
	truncate -s 5G "$USHER_LAB/ata/drive"
	[ -z "$1" ] || printf x | dd of="$USHER_LAB/ata/drive" bs=1 seek="$1" conv=notrunc status=none
	way 'is_blank; echo $?'
}
check "a large one that is blank" gives 0 samples ""
for at in 0 67108863 $((5 * 1024 * 1048576 - 1)) $((5 * 1024 * 1048576 / 256 * 200 + 1000)); do
	check "one that is not, at byte $at" gives 1 samples "$at"
done
: >"$USHER_LAB/ata/drive"

# Whatever became of the process: who has not said that a disk is blank has not made it so.
ends() { way 'reports=./good faults=./bad chosen=" a b" DONE_URL="" me=lab; mkdir -p good bad; echo "a by magic" >good/a
	fail() { echo "fail $*"; exit; }; tell() { echo "done $2"; exit; }; '"$1; finish"; }
check "one that ended without a word is not erased" gives "fail b: its erasing ended without a word; erased: 1 others" ends :
check "two that did not are" gives "done all that was chosen is erased and reads back blank: a by magic, b by magic" \
	ends 'rm bad/*; echo "b by magic" >good/b'
check "an empty one is not" gives "fail nothing is empty, or gone; erased: 2 others" ends 'rm -f bad/*; erase nothing 2>/dev/null'

net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
ssh-keygen -q -t ed25519 -N '' -f "$key"
lab_profiles_config "<segment interface='br0' mode='own' probe='0'><pool start='10.66.0.100' end='10.66.0.199'/></segment>" |
	sed "s|<user .*|<user name='root'/>|; s|/var/lib/usher'|$USHER_LAB/state'|" >"$USHER_LAB/usher.xml"
check "the service starts" usher_start || lab_end

for disk in plain:96M odd:50331136 one:64M two:64M bad:32M first:64M second:64M; do image "${disk%:*}" "${disk#*:}"; done
printf '[inject-error]\nevent = "write_aio"\nerrno = "5"\n\n[inject-error]\nevent = "pwritev"\nerrno = "5"\n' >"$USHER_LAB/faults"
check "a machine has virtio, SCSI and NVMe disks" machine many 1 "$(drive plain) -device virtio-blk-pci,drive=plain" \
	"$(drive odd discard=unmap) -device virtio-blk-pci,drive=odd,serial=ODD" "$(scsi one ONE) $(scsi two TWO discard=unmap)" \
	"$(nvme first NVME-1) $(nvme second NVME-2)"

# --- erase ---------------------------------------------------------------------------------------------------------------

refute "no disk is said: nothing is armed" run many --profile erase
check "and why is said" grep -F "requires the setting 'disks'" <(run many --profile erase 2>&1)
refute "what is no disk is refused" run many --profile erase --set disks='all vda'
check "nothing was armed" test "$(attempts many)" = 0

tcpdump -i br0 -l -n -vv udp dst port 67 and ether src 02:00:00:00:00:01 >"$USHER_LAB/wire" 2>/dev/null &
watch=$!
check "two of its disks are erased" timeout 400 "$USHER" run many --wait --profile erase --set disks='serial=ONE serial=NVME-1' || show many
check "one was overwritten, since discard did nothing" says many progress \
	'erased sd. \(serial ONE, 64 MiB\) by overwrite in [0-9]+ s: reads back blank \(all of it\); discard left it not blank'
check "the other by its own format" says many progress 'erased nvme.n1 \(serial NVME-1, 64 MiB\) by NVMe format in [0-9]+ s: reads back blank'
kill $watch
check "udhcpc took the lease once more, to stay and keep it" test "$(grep -c 'udhcp 1' "$USHER_LAB/wire")" -ge 4
check "the end is told" says many "done" 'erase: all that was chosen is erased and reads back blank: (sd.|nvme.n1) by '
check "the machine is what it was" state_is many known
check "and off" wait_until 30 off many
for disk in one first; do check "$disk is blank" blank $disk; done
for disk in plain odd two second; do check "$disk is as it was" untouched $disk; done

# A disk that cannot be written, among others.
sed -i "s| </dev/null| -drive if=none,id=bad,format=raw,file=blkdebug:$USHER_LAB/faults:$images/bad -device scsi-hd,drive=bad,serial=BAD&|" \
	"$USHER_LAB/many"
refute "all are erased but for one" timeout 400 "$USHER" run many --wait --profile erase --set disks=all
check "which is named, with what went wrong" says many failed 'erase: not erased: sd. \(serial BAD, 32 MiB\): overwrite failed: [^;]*; erased: 6 others *$' || show many
check "one was discarded" says many progress 'erased sd. \(serial TWO, 64 MiB\) by discard in [0-9]+ s: reads back blank'
check "the machine is what it was" state_is many known
for disk in plain odd one two first second; do check "$disk is blank" blank $disk; done
switch_off many

# --- rescue --------------------------------------------------------------------------------------------------------------

check "one without a key is there" "$USHER" enroll keyless --mac 02:00:00:00:00:09 --profile tiny --no-ssh-key
refute "nobody could log in there: it is not started" run keyless --profile rescue
check "and why is said" grep -F "requires an SSH key, and the record of keyless has none" <(run keyless --profile rescue 2>&1)

# Its partitions are such as systemd would mount and swap to.
image disk 200M
printf 'label: gpt\nsize=64M, type=U\nsize=64M, type=S\ntype=933AC7E1-2EB4-4F13-B844-0E14E2AEF915\n' | sfdisk -q "$images/disk"
sha256sum <"$images/disk" >"$images/disk.sum"
cp /usr/share/OVMF/OVMF_VARS_4M.fd "$USHER_LAB/vars"
check "a machine has UEFI" machine sick 2 "$(scsi disk DISK)" \
	"-drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd -drive if=pflash,format=raw,file=$USHER_LAB/vars"
check "it is up" timeout 600 "$USHER" run sick --wait --profile rescue || show sick
check "it says how to come in" says sick "done" 'rescue: up: ssh root@10.66.0.52, host key SHA256:[^ ]+ \(ED25519\)'
fingerprint=$(says sick "done" 'rescue: up' | grep -o 'SHA256:[^ ]*')
ssh-keyscan -t ed25519 10.66.0.52 >"$USHER_LAB/known" 2>/dev/null
check "by the host key that it shows" grep -F "$fingerprint" <(ssh-keygen -lf "$USHER_LAB/known")
on() {
	timeout 120 ssh -o "UserKnownHostsFile=$USHER_LAB/known" -o StrictHostKeyChecking=yes -o BatchMode=yes -i "$1" root@10.66.0.52 "$2" </dev/null
}
ssh-keygen -q -t ed25519 -N '' -f "$USHER_LAB/other"
refute "another key does not get in" on "$USHER_LAB/other" true
check "the record's does, and root is in memory" test "$(on "$key" "findmnt -no FSTYPE /")" = tmpfs
check "no disk is mounted, nor swapped to" on "$key" "! grep ^/dev/ /proc/mounts && test \$(wc -l </proc/swaps) = 1"
check "nor may a password get in" test "$(on "$key" "grep ^root: /etc/shadow | cut -d: -f2")" = '!'
check "it has what repairs" on "$key" "command -v fsck.ext4 parted nvme hdparm sfdisk && hostname | grep -x sick"
check "the machine is what it was" state_is sick known
switch_off sick
check "its disk is as it was" untouched disk
[ $LAB_FAILED = 0 ] || { show many; show sick; sed 's/^/  log: /' "$USHER_LAB/usher.log" | tail -n 40; tail -n 5 "$USHER_LAB"/*.qemu; }
lab_end
