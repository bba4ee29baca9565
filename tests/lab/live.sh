# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For the labs of live systems, bash, after guests.sh: a profile `kiosk`, which tiny's kernel and initrd boot in memory, and a
# bare machine with a controller that knows only "the network, once".
#
#     live_profile [BOOTS [TEXT]]   writes the profile; what it reports when it is up begins with TEXT
#     live_word TEXT                what its systems read once a second: "reboot NAME ID" restarts that one
#     bare NAME NUMBER              makes its scripts; its disk is $USHER_LAB/NAME.disk

mkdir -p "$USHER_LAB/kiosk" "$USHER_LAB/more/kiosk" "$USHER_LAB/power"

live_word() { echo "$1" >"$USHER_LAB/kiosk/word.new" && mv "$USHER_LAB/kiosk/word.new" "$USHER_LAB/kiosk/word"; }

live_profile() {
	cat >"$USHER_LAB/more/kiosk/profile.xml" <<-END
		<profile name='kiosk' boots='always'>
		  <title>A kiosk in memory</title>
		  <media name='kiosk' path='$USHER_LAB/kiosk'/>
		  <boot>
		    <kernel>vmlinuz</kernel>
		    <initrd>initrd.img</initrd>
		    <initrd>live.img</initrd>
		    <cmdline>usher.answers={{attempt.answers_url}} usher.failed={{attempt.failed_url}} console=ttyS0,115200 panic=5</cmdline>
		    <boots>${1:-6}</boots>
		  </boot>
		  <answers format='shell' template='answers.sh'/>
		  <timeout minutes='2'/>
		  <guest><memory unit='MiB'>256</memory><disk unit='MiB'>64</disk></guest>
		</profile>
	END
	cat >"$USHER_LAB/more/kiosk/answers.sh" <<-END
		WORK=live
		HOSTNAME={{machine.name}}
		MEDIA_URL={{media.url}}
		SAYS='${2:-first text}'
		UP_URL={{attempt.up_url}}
		PROGRESS_URL={{attempt.progress_url}}
		FAILED_URL={{attempt.failed_url}}
	END
}

# What it says is what it was told by, and what it finds on its disk, which it only reads.
live_medium() {
	local tree=$USHER_LAB/tree
	mkdir -p "$tree/tasks"
	cat >"$tree/tasks/live" <<-'END'
		work() {
			step=live
			was=$(wget -q -O - "$MEDIA_URL/word")
			sum=none
			# no more of it: what looks like a token the timeline does not show
			for disk in /dev/[sv]da; do [ ! -b $disk ] || sum=$(head -c 16777216 $disk | sha256sum | cut -c 1-8); done
			tell "$UP_URL" "$SAYS, disk $sum is read" || fail "cannot say that it is up"
			while sleep 1; do
				word=$(wget -q -O - "$MEDIA_URL/word") || continue
				[ "$word" != "$was" ] || continue
				was=$word
				case $word in "reboot $HOSTNAME "*) reboot -f ;; esac
			done
		}
	END
	(cd "$tree" && find tasks | cpio -o -H newc --quiet) >"$USHER_LAB/kiosk/live.img"
	cp "$USHER_TINY/vmlinuz" "$USHER_TINY/initrd.img" "$USHER_LAB/kiosk/"
	live_word none
}

# It is a QEMU that starts again after a reset, and asks the network first only when that was asked for since it last started.
bare() {
	local at=$USHER_LAB/$1 n=$2
	ip tuntap add "tap$n" mode tap
	ip link set "tap$n" master "${3:-virbr0}" up
	cat >"$at" <<-END
		#!/bin/bash
		touch $at.began # in a session of its own: what ends with the executable is not this
		while [ ! -e $at.off ]; do
			net= disk=,bootindex=0
			[ ! -e $at.network ] || { net=,bootindex=0 disk=; rm -f $at.network; }
			echo "boot\${net:+ from the network}" >>$at.starts
			qemu-system-x86_64 -pidfile $at.pid -accel tcg -cpu max,erms=off -m ${4:-384} -display none -vga none -no-reboot -boot strict=on \\
				-serial file:$at.serial -drive if=none,id=disk,format=raw,file=$at.disk -device virtio-blk-pci,drive=disk\$disk \\
				-netdev tap,id=net,ifname=tap$n,script=no,downscript=no \\
				-device virtio-net-pci,netdev=net,mac=02:00:00:00:00:0$n\$net </dev/null >>$at.qemu 2>&1
		done
	END
	cat >"$USHER_LAB/power/loop" <<-END
		#!/bin/sh
		at=$USHER_LAB/\$2
		echo "\$1" >>\$at.calls
		on() { [ -s \$at.loop ] && kill -0 \$(cat \$at.loop) 2>/dev/null; }
		off() {
			touch \$at.off
			while on; do kill -KILL \$(cat \$at.pid) 2>/dev/null; sleep 0.2; done
			rm -f \$at.off
		}
		start() {
			rm -f \$at.began
			setsid bash \$at </dev/null >/dev/null 2>&1 &
			echo \$! >\$at.loop
			until [ -e \$at.began ]; do sleep 0.1; done
		}
		case \$1 in
		on) on || start ;;
		off) off ;;
		cycle) off; start ;;
		status) if on; then echo on; else echo off; fi ;;
		netboot) touch \$at.network ;;
		esac
	END
	chmod 755 "$USHER_LAB/power/loop"
}
bare_off() { "$USHER_LAB/power/loop" off "$1"; }

# live NAME MEMBER: of what its attempt says of its live system.
live() { "$USHER" show "$1" --json | jq -r ".attempt.live.$2"; }
# up_after NAME BOOTS: that boot of it has reported that it is up.
up_after() { "$USHER" show "$1" --json | jq -e ".state == \"live\" and .attempt.boots == $2 and .attempt.live.up_at != null"; }
