# SPDX-License-Identifier: GPL-2.0-or-later
# For labs whose firmware really comes to an installer, bash, after clients.sh: the kernel and initrd of `tiny`, and answers
# that have it say where it is and then wait, so that its machine stays `installing`.
#
#     installer_profile NAME [BOOT]   a profile for it; BOOT: attributes of <boot>, as "efi-x64='bootnetx64.efi'", of a medium
#                                     on which the boot programs of Debian's installer lie too
#     went PATTERN…                   waits until $kind's timeline has lines that match these, in this order
#     said PATTERN                    is there such a line on the machine's serial console?

installer_need_tiny() {
	[ ! -s "$USHER_TINY/vmlinuz" ] || return 0
	skip "an installer: there is no $USHER_TINY (contrib/tiny/build makes it)"
	lab_end
}

chain_medium() {
	local di=/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64
	[ ! -d "$USHER_LAB/chain" ] || return 0
	mkdir "$USHER_LAB/chain"
	cp "$USHER_TINY/vmlinuz" "$USHER_TINY/initrd.img" $di/bootnetx64.efi $di/grubx64.efi $di/pxelinux.0 \
		$di/boot-screens/ldlinux.c32 "$USHER_LAB/chain/"
}

installer_profile() {
	local medium=tiny
	[ -z "${2:-}" ] || { chain_medium; medium=chain; }
	mkdir -p "$USHER_LAB/more/$1"
	cat >"$USHER_LAB/more/$1/profile.xml" <<-END
		<profile name='$1'>
		  <title>$1</title>
		  <media name='$medium' path='$USHER_LAB/$medium'/>
		  <boot ${2:-}>
		    <kernel>vmlinuz</kernel>
		    <initrd>initrd.img</initrd>
		    <cmdline>usher.answers={{attempt.answers_url}} console=ttyS0,115200 quiet no_timer_check
		      {{#machine.mac}}usher.mac={{machine.mac}}{{/machine.mac}} {{#server.ipv6}}usher.address6={{machine.address6}}/{{machine.prefix6}}{{/server.ipv6}}
		    </cmdline>
		  </boot>
		  <answers format='shell' template='answers'/>
		  <requires>
		    <memory unit='MiB'>384</memory>
		    <disk unit='MiB'>64</disk>
		  </requires>
		</profile>
	END
	cat >"$USHER_LAB/more/$1/answers" <<-'END'
		efi=BIOS
		[ ! -d /sys/firmware/efi ] || efi=UEFI
		wget -q -O /dev/null --post-data "Linux by $efi, $(dmesg | grep -io 'secure boot [a-z]*' | head -n 1)" {{attempt.progress_url}}
		sleep 1000
	END
}

went() {
	local begin=$EPOCHSECONDS end=$((EPOCHSECONDS + 4 * patience)) missing
	while missing=$(went_not "$@"); do
		[ "$EPOCHSECONDS" -lt "$end" ] || { went_wrong "$missing"; return 1; }
		pause_before_next_look $((EPOCHSECONDS - begin))
	done
}
# The first of the patterns that the timeline lacks; fails when it lacks none.
went_not() {
	local line
	while read -r line; do
		[[ ! $line =~ $1 ]] || shift
		[ $# -gt 0 ] || return 1
	done < <("$USHER" timeline "$kind")
	echo "$1"
}
went_wrong() {
	echo "nothing like '$1' in:"
	"$USHER" timeline "$kind"
	echo "the console:"
	console | tail -n 30
}

# Without what moves the cursor and paints.
console() { tr -d '\r' <"$USHER_LAB/serial.$n" | sed 's/\x1b\[[0-9;=?]*[a-zA-Z]//g' | grep -av '^ *$'; }
said() { console | grep -qaE "$1"; }
