#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Why a guest is stuck: faults injected into real guests one after the other, and what `usher show` says of each: which cause,
# after how many seconds, whether it is certain, what to do. Then guests that install as they should, which have none.
# (Faults of the wire that need no guest: lab_causes.sh.) LAB_ONLY="NAME…": only these guests; LAB_HEALTHY: so many that install
# as they should (20), three at once.
# shellcheck source=tests/lab/lib.sh disable=SC2119,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
# shellcheck source=tests/lab/guests.sh
. "$LAB_TOP/tests/lab/guests.sh"
guests_need_tiny

# profile NAME KERNEL INITRD CMDLINE [ANSWERS]: INITRD may be ""
profile() {
	local initrd=
	[ -z "$3" ] || initrd="<initrd>$3</initrd>"
	mkdir -p "$USHER_LAB/more/$1"
	cat >"$USHER_LAB/more/$1/profile.xml" <<-END
		<profile name='$1'>
		  <title>$1</title>
		  <media name='faulty' path='$USHER_LAB/faulty'/>
		  <boot><kernel>$2</kernel>$initrd<cmdline>console=ttyS0 $4</cmdline></boot>
		  <answers format='shell' template='answers'/>
		  <guest><memory unit='MiB'>384</memory><disk unit='GiB'>1</disk></guest>
		</profile>
	END
	echo "${5:-# none}" >"$USHER_LAB/more/$1/answers"
}
mkdir "$USHER_LAB/faulty" && cp "$USHER_TINY/vmlinuz" "$USHER_TINY/initrd.img" "$USHER_LAB/faulty/"
head -c 300000 /dev/urandom >"$USHER_LAB/faulty/noise"
head -c 3000000 "$USHER_TINY/initrd.img" >"$USHER_LAB/faulty/half.img"
cp "$USHER_TINY/initrd.img" "$USHER_LAB/faulty/goes.img"
say='usher.answers={{attempt.answers_url}}'
profile no-root vmlinuz '' ''
profile dies vmlinuz '' 'panic=-1'
profile dead-init vmlinuz initrd.img 'rdinit=/bin/false'
profile half vmlinuz half.img "$say"
profile little vmlinuz initrd.img "$say"
profile noise noise initrd.img "$say"
profile gone vmlinuz goes.img "$say"
cp "$USHER_TINY/vmlinuz" "$USHER_LAB/faulty/changed"
printf x | dd of="$USHER_LAB/faulty/changed" bs=1 seek=100000 conv=notrunc status=none
profile changed changed initrd.img "$say"
profile sleeps vmlinuz initrd.img 'rdinit=/bin/sleep -- 1000'
profile fills vmlinuz initrd.img "$say" 'wget -q -O /dev/null --post-data "here" {{attempt.progress_url}}; sleep 20; dd if=/dev/zero of=/dev/vda bs=1M; sleep 1000'
profile speaks vmlinuz initrd.img "$say" 'wget -q -O /dev/null --post-data "here" {{attempt.progress_url}}; sleep 1000'
profile shell vmlinuz initrd.img "$say" 'echo "Entering emergency mode. Exit the shell to continue." >/dev/console; sleep 1000'
profile crash vmlinuz initrd.img "$say" 'wget -q -O /dev/null --post-data "Traceback (most recent call last): KeyError" {{attempt.failed_url}}; sleep 1000'
profile nodns vmlinuz initrd.img "$say" 'wget -O /dev/null http://deb.example/ 2>/tmp/why; wget -q -O /dev/null --post-file /tmp/why {{attempt.failed_url}}; sleep 1000'
profile noroute vmlinuz initrd.img "$say" 'ip route del default; wget -O /dev/null http://203.0.113.9/ 2>/tmp/why; wget -q -O /dev/null --post-file /tmp/why {{attempt.failed_url}}; sleep 1000'
profile mirror vmlinuz initrd.img "$say" 'wget -O /dev/null http://192.168.122.1:9/ 2>/tmp/why; wget -q -O /dev/null --post-file /tmp/why {{attempt.failed_url}}; sleep 1000'

usher_config | sed "s|<profiles |<profiles dir='$USHER_LAB/more'/><profiles |" >"$USHER_LAB/usher.xml"
need "the service starts" usher_start

cause() { "$USHER" show "$1" --json | jq -r ".attempt.cause.$2"; }
is_cause() { [ "$(cause "$1" kind)" = "$2" ]; }
begun() { date +%s; }
table=$USHER_LAB/table
# fault NAME WANT SECONDS CERTAIN: the cause of the guest that was begun at $at; a line of the table
fault() {
	if wait_until $((($3 + 3) / 4)) is_cause "$1" "$2"; then pass "$1: $2"; else
		fail "$1: not $2 within $3 s"
		"$USHER" show "$1"
		"$USHER" timeline "$1" | tail -n 12
		"$USHER" console "$1" --log | tail -n 12
	fi
	printf '%-12s %4d s  %-14s %-9s %s\n             fix: %s\n' "$1" $(($(begun) - at)) "$(cause "$1" kind)" \
		"$([ "$(cause "$1" certain)" = true ] && echo certain || echo probably)" "$(cause "$1" text)" \
		"$(cause "$1" fix)" | tee -a "$table"
	[ "$4" = any ] || check "$1: certain is $4" test "$(cause "$1" certain)" = "$4"
	check "$1: with a fix" sh -c "'$USHER' show '$1' | grep -E '^  fix +.'"
	"$USHER" delete "$1" >/dev/null 2>&1
}
wanted() { [ -z "${LAB_ONLY:-}" ] || grep -qw -e "$1" <<<"$LAB_ONLY"; }
# one NAME WANT SECONDS CERTAIN OPTION…: a guest of the profile that is called as it
one() {
	local name=$1 want=$2 s=$3 certain=$4
	wanted "$1" || return 0
	shift 4
	at=$(begun)
	check "$name is created" create "$name" --profile "$name" "$@" && fault "$name" "$want" "$s" "$certain"
}
on_step() { [ "$("$USHER" show "$1" --json | jq -r .attempt.waits_for)" = "$2" ]; }

# --- what its console says ---
one no-root initrd 60 true
one dead-init panic 60 true
one half initrd 90 true
one little memory 90 true --memory 96M
one noise format 90 true --firmware efi
one shell emergency-shell 90 true

if wanted dies; then
	check "dies is created" create dies --profile dies
	at=$(begun)
	check "it has failed" wait_until 60 state_is dies failed
	fault dies initrd 20 true # and not only: too many boots
fi

# --- Secure Boot: its shim refuses a kernel that was changed ---
one changed secure-boot 300 true --firmware efi-secure

# --- its storage is full when it has begun; then so that usher is away meanwhile ---
if wanted full || wanted fills; then
	mkdir "$USHER_LAB/small" && mount -t tmpfs -o size=2g small "$USHER_LAB/small"
	virsh -q pool-define-as small dir --target "$USHER_LAB/small" && virsh -q pool-start small
fi
small() { mount -o "remount,size=$1" "$USHER_LAB/small"; }
if wanted full; then
	at=$(begun)
	check "full is created" create full --profile tiny --pool small && small 30m && fault full paused 150 true
	small 2g
fi
if wanted fills; then
	check "fills is created" create fills --profile fills --pool small
	check "it installs" wait_until 60 state_is fills installing
	usher_stop
	small 30m
	failed() { virsh domstate fills --reason | grep -q 'paused (I/O error)'; }
	check "usher is away, and its storage gets full" wait_until 60 failed
	at=$(begun)
	need "usher is back" usher_start
	fault fills paused 20 true
	check "fills: it is said why" grep -q '^fills .*its storage is full' "$table"
fi

# --- what it reports itself ---
one crash traceback 90 true
one nodns dns 120 true
one noroute route 90 true
one mirror mirror 90 true
if wanted wrong; then
	at=$(begun)
	check "wrong is created" create wrong --profile tiny --set disk=vdz && fault wrong disk 90 true
fi

# --- what it fetches ---
if wanted gone; then
	check "gone is created" create gone --profile gone
	rm "$USHER_LAB/faulty/goes.img"
	at=$(begun)
	fault gone missing 60 true
fi

# --- this host's packet filter ---
if wanted http; then
	nft add table inet lab
	nft add chain inet lab in '{ type filter hook input priority 0; }'
	nft add rule inet lab in iifname virbr0 tcp dport 8067 drop
	at=$(begun)
	check "http is created" create http --profile speaks && fault http http-filtered 60 any # until its iPXE says that it got no answer
	nft delete table inet lab
fi

# --- the bridge ---
if wanted stp; then
	check "its bridge waits, as spanning tree does" ip link set virbr0 type bridge stp_state 1 forward_delay 3000
	at=$(begun)
	check "stp is created" create stp --profile speaks && fault stp port-closed 60 true
	ip link set virbr0 type bridge stp_state 0
fi

# --- what is done to it from outside ---
if wanted speaks; then
	check "speaks is created" create speaks --profile speaks
	check "it installs" wait_until 60 state_is speaks installing
	at=$(begun)
	virsh -q suspend speaks
	check "paused" wait_until 10 is_cause speaks paused
	virsh -q resume speaks
	check "resumed, it is not" wait_until 10 is_cause speaks null
	at=$(begun)
	virsh -q destroy speaks
	fault speaks killed 20 true
fi

# --- one that says nothing: its kernel has three minutes ---
one sleeps silent 260 false

# --- and those that install: by BIOS and UEFI, with less and more memory, one alone and three at once ---
ways=("tiny" "tiny --firmware efi" "tiny --memory 512M --vcpus 2" "tiny --memory 1G" "tiny --firmware efi --vcpus 2" "tiny --disk 6G")
healthy() {
	local n
	for n in "$@"; do check "ok$n is created: ${ways[n % 6]}" create ok$n --profile ${ways[n % 6]}; done
	for n in "$@"; do
		check "ok$n comes through" wait_until 225 state_is ok$n up
		check "ok$n never had a cause" test "$(count ok$n stuck)" = 0
		check "ok$n has none" is_cause ok$n null
		"$USHER" delete ok$n >/dev/null 2>&1
	done
}
if wanted healthy; then
	most=${LAB_HEALTHY:-20}
	for ((n = 1; n <= most; n += 3)); do healthy $(seq $n $((n + 2 < most ? n + 2 : most))); done
fi
echo "--- what was said of each:"
cat "$table"
lab_end
