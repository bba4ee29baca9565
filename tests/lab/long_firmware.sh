#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# The profile debian-12 as it is shipped, under firmware: Debian's own signed shim, GRUB, kernel and installer under enforced
# Secure Boot by TFTP, and the same profile by UEFI HTTP Boot, through iPXE; both until the answers' early command runs. And
# a GRUB of Debian's modules that takes its script by HTTP, on usher's port, until the kernel runs: with names that have a
# blank and a percent sign, by HTTP, and by TFTP where HTTP is shut behind the script.
# shellcheck source=/dev/null disable=SC2034
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/clients.sh"
. "$(dirname "$0")/installer.sh"

clients_start
patience=240 vm_memory=1024
early='report=$(sed "s/.*url=\([^ ]*\)answers.*/\1progress/" /proc/cmdline)'
early="$early; "'wget -q -O /dev/null "$report?text=early+command,+$(dmesg | grep -io "secure boot [a-z]*" | head -n 1 | tr " " +)"'
# NAME MAC ADDRESS
debian() {
	check "$1 is recorded" "$USHER" enroll "$1" --mac "$2" --ip "$3" --network br0 --profile debian-12 --no-ssh-key \
		--set pre="$early"
	check "$1 is armed" "$USHER" reinstall "$1"
}
debian secure 02:00:00:00:00:12 10.66.0.32
debian http 02:00:00:00:00:13 10.66.0.33

# NAME MAC ADDRESS: its GRUB has one word, where the script is, which the rescue parser can read
by_http() {
	local from=/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64 medium=$USHER_LAB/$1.medium
	mkdir -p "$USHER_LAB/more/$1" "$medium"
	cp $from/linux "$medium/li nux%41"
	cp $from/initrd.gz "$medium/initrd.gz"
	echo "configfile (http,10.66.0.1:8067)/boot/$1/grub.cfg" >"$USHER_LAB/$1.cfg"
	grub-mkimage -O x86_64-efi -o "$medium/grub.efi" -p '(tftp,10.66.0.1)/grub' -c "$USHER_LAB/$1.cfg" \
		normal configfile echo sleep reboot test linux boot efinet net http tftp || return
	cat >"$USHER_LAB/more/$1/profile.xml" <<-END
		<profile name='$1'>
		  <title>$1</title>
		  <media name='$1' path='$medium'/>
		  <boot efi-x64='grub.efi'>
		    <kernel>li nux%41</kernel>
		    <initrd>initrd.gz</initrd>
		    <cmdline>console=ttyS0,115200 name={{machine.name}}</cmdline>
		  </boot>
		  <answers format='none' template='answers'/>
		</profile>
	END
	echo none >"$USHER_LAB/more/$1/answers"
	enroll "$1" "$2" "$3" "$1"
	"$USHER" reinstall "$1"
}
check "GRUB by HTTP is armed" by_http grub-http 02:00:00:00:00:14 10.66.0.34
check "so is one that has the script alone so" by_http grub-tftp 02:00:00:00:00:15 10.66.0.35

di=debian-12/debian-installer/amd64
rest=("booting +boot 1 of 3" "transfer .*$di/linux, " "transfer .*$di/initrd.gz, " "installing +answers fetched by "
	"progress +early command, Secure boot")
secure() {
	lane_begin "$@"
	who='OVMF, Secure Boot'
	vm_secure OVMF_VARS_4M.ms.fd
	try leased "comes to Debian's installer with its answers" went "transfer +TFTP $di/bootnetx64.efi, " \
		"transfer +TFTP $di/grubx64.efi, " "${rest[@]} enabled"
	vm_off
}
http() {
	lane_begin "$@"
	who='OVMF, HTTP Boot'
	vm_uefi_http
	try leased "comes to Debian's installer with its answers" went "transfer +/boot/snponly.efi, " "leased .*\(iPXE" \
		"${rest[@]} disabled"
	vm_off
}

# The kernel says what it was told.
runs() { wait_until $((4 * patience)) said "Command line: .*name=$kind"; }
grub_by() { # WHO BY NAME…
	lane_begin "${@:3}"
	who=$1
	vm_uefi
	try leased "is sent its script" went "booting +boot 1 of 3, boot script fetched by $address"
	try leased "loads by $2, and runs its kernel" runs
	try leased "loaded by it" fetched_by "$2"
	vm_off
}
fetched_by() {
	local -A by=([HTTP]="transfer +/boot/$kind/" [TFTP]="transfer +TFTP $kind/")
	[ "$("$USHER" timeline "$kind" | grep -cE "${by[$1]}(li nux%41|initrd.gz), ")" = 2 ]
}
# The script is its first connection by HTTP, which has no other.
check "HTTP is shut behind the script" nft -f - <<-END
	table ip shut {
		chain in {
			type filter hook input priority 0
			ip saddr 10.66.0.35 tcp dport 8067 tcp flags & (syn | ack) == syn limit rate over 1/day burst 1 packets \
				reject with tcp reset
		}
	}
END

secure secure 2 02:00:00:00:00:12 10.66.0.32 &
lanes=$!
http http 3 02:00:00:00:00:13 10.66.0.33 &
lanes="$lanes $!"
grub_by "GRUB, HTTP" HTTP grub-http 4 02:00:00:00:00:14 10.66.0.34 &
lanes="$lanes $!"
grub_by "GRUB, script by HTTP" TFTP grub-tftp 5 02:00:00:00:00:15 10.66.0.35 &
lanes="$lanes $!"
# shellcheck disable=SC2086
wait $lanes
lanes_end
lab_end
