#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Boot scripts by fixed names: GRUB's and PXELINUX's, over TFTP and HTTP, for the machine that has the source address. One
# that is armed gets its installer and one boot more on its account; one that is not gets the reason; a stranger gets what to
# do about it.
# shellcheck source=/dev/null disable=SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
lab=$USHER_LAB server=10.66.0.1 web=http://10.66.0.1:8067
. "$LAB_TOP/tests/lab/profiles.sh"
lab_profile lab kernel '# none'
sed -i "s/<boot>/<boot bios='pxelinux' efi-x64='grub'>/" "$lab/more/lab/profile.xml"
sed -i "s|template='answers'/>|template='answers'><file name='nocloud/meta-data' format='yaml' template='meta'/></answers>|" \
	"$lab/more/lab/profile.xml"
echo 'instance-id: {{machine.name}}' >"$lab/more/lab/meta"
mkdir -p "$lab/medium/boot/grub"
echo "of the medium" >"$lab/medium/boot/grub/grub.cfg"
mkdir -p "$lab/boot"
echo b >"$lab/boot/b.kpxe"
cat >"$lab/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$lab/state'/>
  <socket path='$USHER_SOCKET'/>
  <boot dir='$lab/boot'/>
  <profiles dir='$lab/more'/>
  <segment interface='br0' mode='own' probe='0'><pool start='10.66.9.1' end='10.66.9.99'/></segment>
</usher>
END
net_bridge br0 $server/16 52:54:00:66:00:01
for n in 1 2 3; do client $n 02:00:00:00:00:0$n br0; inside $n ip address add 10.66.0.1$n/16 dev c$n; done

# tftp N NAME: by atftp; tftp_error N NAME: the ERROR's text
tftp() { rm -f "$lab/got"; inside "$1" timeout 30 atftp -g -r "$2" -l "$lab/got" $server && cat "$lab/got"; }
tftp_error() {
	inside "$1" timeout 30 busybox tftp -g -r "$2" -l "$lab/got" $server >"$lab/said" 2>&1 && return 1
	grep -a 'server error' "$lab/said"
}
http() { inside "$1" curl -sS --max-time 20 -A "${3:-GRUB 2.06}" "$web$2"; }
has() { local want=$1; shift; "$@" | tee "$lab/has" | grep -qF -- "$want" || { cat "$lab/has"; return 1; }; }
hasnt() { local want=$1; shift; "$@" >"$lab/has" && ! grep -F -- "$want" "$lab/has"; }
state_is() { "$USHER" list --json | jq -e --arg n "$1" --arg s "$2" '.machines[] | select(.name == $n and .state == $s)'; }
boots_are() { [ "$("$USHER" timeline "$1" | grep -cE ' booting ')" = "$2" ] || { "$USHER" timeline "$1"; return 1; }; }
told() { "$USHER" timeline "$1" | grep -E -- "$2" || { "$USHER" timeline "$1"; return 1; }; }
loads() { inside "$1" timeout 30 atftp -g -r lab/kernel -l "$lab/got" $server && cmp "$lab/got" "$lab/medium/kernel"; }

check "the service starts" usher_start || lab_end
check "web01 is enrolled" "$USHER" enroll web01 --mac 02:00:00:00:00:01 --ip 10.66.0.11 --profile lab
check "and web02" "$USHER" enroll web02 --mac 02:00:00:00:00:02 --ip 10.66.0.12 --profile lab

# --- not armed -----------------------------------------------------------------------------------------------------------
check "not armed: GRUB is told so" has "echo 'usher: web01 is known'" tftp 1 grub/grub.cfg
check "and goes on to the disk" has "exit 1" tftp 1 grub/grub.cfg
check "so is pxelinux" has "SAY To install it: usher reinstall web01" tftp 1 pxelinux.cfg/01-02-00-00-00-00-01
check "and goes on to the disk" has "LOCALBOOT 0" tftp 1 pxelinux.cfg/default
check "GRUB by HTTP too" has "echo 'To install it: usher reinstall web01'" http 1 /grub/grub.cfg
check "a boot program is not for it" has "this machine is not armed: usher reinstall web01" tftp_error 1 b.kpxe
check "it is on the timeline" told web01 'refused .*boot script for 10.66.0.11: not armed'
check "no boot was counted" boots_are web01 0

# --- strangers -----------------------------------------------------------------------------------------------------------
check "a stranger's pxelinux is told what to do" \
	has "usher knows no machine with address 10.66.0.13. To install it: usher enroll NAME --mac 02:00:00:00:00:03" \
	tftp_error 3 pxelinux.cfg/01-02-00-00-00-00-03
check "and shows it in the end" has "SAY usher: usher knows no machine with address 10.66.0.13" tftp 3 pxelinux.cfg/default
check "a stranger's GRUB shows it" has "echo 'usher: usher knows no machine with address 10.66.0.13'" tftp 3 grub.cfg
check "by HTTP too" has "usher enroll NAME" http 3 /boot/grub.cfg-0A42000D
check "files are files to it" has b tftp 3 b.kpxe

# --- armed ---------------------------------------------------------------------------------------------------------------
check "web01 is armed" "$USHER" reinstall web01
check "a boot program is for it now" has b tftp 1 b.kpxe
check "GRUB gets its kernel" has "if linux '(tftp,$server)/lab/kernel' 'answers=http" tftp 1 grub/grub.cfg-01-02-00-00-00-00-01
answers=$(grep -o "http://[^']*" "$lab/got")
check "and its initrd" grep -F "if initrd '(tftp,$server)/lab/initrd'" "$lab/got"
check "it boots" state_is web01 booting
check "GRUB looks, then reads: that is one boot" has "$answers" tftp 1 grub/grub.cfg-01-02-00-00-00-00-01
check "by HTTP it would be the same" has "if linux '/boot/lab/kernel' 'answers=$answers'" http 1 /grub/grub.cfg
file=${answers%/answers}/nocloud/meta-data
status() { [ "$(inside "$1" curl -sS -o /dev/null -w '%{http_code}' "$2")" = "$3" ]; }
check "a file beside the answers is served" has 'instance-id: "web01"' inside 1 curl -sS "$file"
check "and can be looked at" has 'instance-id: "web01"' "$USHER" render web01 nocloud/meta-data
check "as what it is" has "Content-Type: application/yaml" inside 1 curl -sSD - -o /dev/null "$file"
check "which is told" told web01 'answers .*nocloud/meta-data fetched by 10.66.0.11'
check "and is not yet installing" state_is web01 booting
check "another address does not get it" status 2 "$file" 403
check "which is told too" told web01 'refused .*nocloud/meta-data for 10.66.0.12: that address belongs to another client'
check "nor is what the profile has not" status 1 "${file%meta-data}user-data" 403
check "one boot was counted" boots_are web01 1
check "who asks first is on the timeline" told web01 'booting .*boot 1 of 3, boot script fetched by 10.66.0.11'
check "another's MAC is refused" has "address 10.66.0.12 belongs to web02, MAC 02:00:00:00:00:01 to web01" \
	tftp_error 2 pxelinux.cfg/01-02-00-00-00-00-01
check "which web01 is told" told web01 "refused .*10.66.0.12 belongs to web02"
check "and a stranger with web01's MAC" has "address 10.66.0.13 belongs to no machine, MAC 02:00:00:00:00:01 to web01" \
	tftp_error 3 pxelinux.cfg/01-02-00-00-00-00-01
sleep 0.4 # what is loaded as soon as that is the boot loader itself
check "the kernel loads" loads 1
check "after that it is a new boot" hasnt "$answers" tftp 1 grub/grub.cfg-01-02-00-00-00-00-01
check "counted as such" boots_are web01 2
answers=$(grep -o "http://[^']*" "$lab/got")
check "its answers are there" inside 1 curl -sSf --max-time 20 "$answers"
check "it is installing" state_is web01 installing
check "a reset while it installs is a boot" has "KERNEL ::lab/kernel" tftp 1 sub//pxelinux.cfg/0A42000B
check "the third" boots_are web01 3
sleep 0.4
check "the kernel loads" loads 1
check "one boot too many" has "usher: web01 is failed: too many boots" tftp 1 pxelinux.cfg/default
check "it has failed" state_is web01 failed

check "what GRUB would be served can be seen" has "if linux '(tftp,$server)/lab/kernel'" "$USHER" render web02 script --for grub
check "and pxelinux" has "KERNEL ::lab/kernel" "$USHER" render web02 script --for pxelinux
refute "and no other" "$USHER" render web02 script --for lilo

# --- what is a file ------------------------------------------------------------------------------------------------------
check "a medium's grub.cfg is a file to those that are no boot loader" has "of the medium" http 1 /boot/lab/boot/grub/grub.cfg curl
check "and a script to GRUB" has "web01 is failed" http 1 /boot/lab/boot/grub/grub.cfg
check "what no boot loader asks for is not there" has "No such file" tftp_error 1 grub/grub.cfg-site

# --- an ask that comes a hundred times -------------------------------------------------------------------------------------
check "web02 is armed" "$USHER" reinstall web02
check "many at once" inside 2 bash -c "for n in {1..40}; do (timeout 60 atftp -g -r grub.cfg -l $lab/many.\$n $server) & done; wait"
check "are one boot" boots_are web02 1
usher_stop
check "the service ends in peace" test $? = 0
lab_end
