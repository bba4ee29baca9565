#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's own installer, from Debian's package, as `usher create --profile debian-12` starts it: it gets its address, kernel,
# initrd and answers from us, asks nothing, and runs the early command that the answers hold. Its mirror is a folder of ours with
# nothing in it, where it asks for its release; that it cannot go on then is told.
# shellcheck source=/dev/null disable=SC2016,SC2119,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"

images=/usr/lib/debian-installer/images/12/amd64/text
if [ ! -d $images ]; then
	skip "Debian's installer: package debian-installer-12-netboot-amd64 is not installed"
	lab_end
fi

# In the installer: what it is, by the report of its own that the command line leads to.
early='report=$(sed "s/.*url=\([^ ]*\)answers.*/\1progress/" /proc/cmdline); . /etc/lsb-release'
early="$early; "'wget -q -O /dev/null "$report?text=early+command+of+$(hostname)+on+Linux+$(uname -r)+by+$DISTRIB_ID"'

check "the service starts" usher_start || lab_end
check "the profile is complete" test -z "$("$USHER" profiles debian-12 --json | jq -r '.missing // empty')"
check "create" "$USHER" create deb --profile debian-12 --no-ssh-key --ip 192.168.122.60 --set pre="$early" \
	--set mirror=http://192.168.122.1:8067/boot/debian || lab_end

# The console is a witness, if only for a failure.
console() { "$USHER" console deb --log --raw; }

kinds() { "$USHER" timeline deb --json | jq -r '.kind + " " + .text'; }
told() { kinds | grep -qE "$1"; }
over() { told "$1" || told '^(failed|power) '; }
step() { # WHAT SECONDS PATTERN
	wait_until "$2" over "$3"
	if told "$3"; then pass "$1: $(kinds | grep -E "$3" | head -n 1)"; else
		fail "$1: no '$3' after $2 s"
		"$USHER" timeline deb
		echo "the console:"; console | tail -c 3000
		"$USHER" delete deb
		lab_end
	fi
}
asks_nothing() { console >"$USHER_LAB/console" && ! grep -qaE 'Prompt:|Go Back|Press enter' "$USHER_LAB/console"; }
step "iPXE takes its lease" 60 '^leased 192.168.122.60 to 52:54:c0:a8:7a:3c \(iPXE'
step "it takes its boot script" 60 '^booting boot 1 of '
step "the package's kernel goes out" 60 '^transfer .*/linux,'
step "the package's initrd goes out" 60 '^transfer .*/initrd.gz,'
step "the installer takes its lease" 240 '^leased 192.168.122.60 to 52:54:c0:a8:7a:3c \((d-i|udhcp)'
step "it fetches its answers" 60 '^installing answers fetched by 192.168.122.60'
step "the answers' own report comes" 60 '^progress answers taken'
step "the early command runs" 60 '^progress early command of deb on Linux [0-9.]+-.* by Debian'
check "no question is on its console" asks_nothing
step "it asks its mirror for its release" 60 '^transfer HTTP 404: /boot/debian/dists/bookworm/Release'
step "which that does not have: failed" 60 '^failed .*mirror does not support the specified release bookworm'
check "usher show says why" sh -c "'$USHER' show deb | grep -E '^ +reason +.*mirror does not support'"
check "and what to do" test "$("$USHER" show deb --json | jq -r '.attempt.cause | "\(.kind) \(.certain)"')" = "mirror true"
check "its log is ours" sh -c "'$USHER' log deb | grep -q \"main-menu\\[[0-9]*\\]: INFO: Menu item 'choose-mirror' selected\""
check "and what it said last stands with the reason" sh -c "'$USHER' show deb | grep '^  log  '"
size() { stat -L -c %s "$images/debian-installer/amd64/$1"; }
for file in linux initrd.gz; do
	mb=$(awk "BEGIN {printf \"%.1f\", $(size $file) / 1e6}")
	check "all of $file: $mb MB" told "^transfer .*/$file, $mb MB"
done
check "firmware and installer had the one address" test \
	"$(kinds | sed -n 's/^leased \([^ ]*\) .*/\1/p' | uniq -c | xargs)" = "2 192.168.122.60"
check "it booted once" test "$(kinds | grep -c '^booting ')" = 1
check "its answers were fetched once" test "$(kinds | grep -c '^installing ')" = 1
"$USHER" timeline deb
[ "$LAB_FAILED" = 0 ] || { echo "the console:"; console | tail -c 3000; }
check "delete" "$USHER" delete deb
check "no domain is left" test -z "$(virsh -q list --all --name)"
row_head
row "Debian installer" "$(all_held)" - - - - 192.168.122.60
usher_stop
lab_end
