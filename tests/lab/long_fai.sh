#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# FAI, Debian's fully automatic installation, from the first packet to the first boot from the disk: the profile that is shipped, the
# packages of Debian (contrib/fai/build puts them together), and a site's own class in its config space. A disk that cannot be divided as a
# class says, a disk that is not there and a script that fails end in `failed` with what FAI said.
# FAI_RUNS=N: one install more, N times in all, and how many were up.
# shellcheck source=/dev/null disable=SC2016,SC2119
#
# lab: boots guests
top=$(cd "$(dirname "$0")/../.." && pwd)
fai=$top/build/cache/fai
[ -n "${USHER_LAB:-}" ] || "$top/contrib/fai/build" "$fai" || exit 1
. "$top/tests/lab/lib.sh"
lab_enter "$@"
. "$top/tests/lab/guests.sh"
ssh-keygen -q -t ed25519 -N '' -f "$key"

# --- the medium, with a site's own config space --------------------------------------------------------------------------------

medium=$USHER_LAB/fai site=$USHER_LAB/site
mkdir -p "$medium" "$site/disk_config" "$site/scripts/SITE"
for file in vmlinuz initrd.img squash.img base.tar.zst; do
	: >"$medium/$file"
	mount --bind "$fai/$file" "$medium/$file"
done
cat >"$site/disk_config/HUGE" <<'END'
disk_config disk1 disklabel:msdos fstabkey:uuid
primary / 100G- ext4 rw
END
printf '#!/bin/sh\necho $classes >"$target/var/tmp/site"\n' >"$site/scripts/SITE/10-site"
chmod 755 "$site/scripts/SITE/10-site"
need "a config space is packed, with a site's classes" "$top/contrib/fai/pack-config" "$medium/config.tar.zst" "$site"
usher_config | sed "s|<media name='tiny'|<media name='fai' path='$medium'/><media name='tiny'|" >"$USHER_LAB/usher.xml"
need "the service starts" usher_start

look_at() { # NAME
	"$USHER" timeline "$1" | tail -n 40
	"$USHER" console "$1" --log | tail -n 60
}
# --- what goes well ------------------------------------------------------------------------------------------------------------

at=192.168.122.80
post='echo "made by $(id -un): it'"'"'s \$5" >/var/tmp/done'
need "web is created" create web --profile fai --ip $at --set network=static --set user=anna --set user_password='open Sesame 1' \
	--set root_password='open Sesame 2' --set timezone=Europe/Berlin --set classes='SMALL SITE' --set post="$post"
check "web is up" timeout 2400 "$USHER" wait web || { look_at web; lab_end; }
"$USHER" timeline web | sed 's/^/    /'
check "its life is on the timeline" timeline_has web created armed leased booting transfer installing progress installed up
for task in defclass partition mountdisks configure savelog; do
	check "FAI's task $task is on it" told web progress "task $task"
done
check "and the disk that it took" told web progress 'vda is wiped'
check "and the base file" told web progress 'unpacking the base file'
address_of='ip -4 -o address show scope global | awk "{print \$4}"'
inside_is "the user that was named gets in by key" anna anna $at id -un
inside_is "and becomes root" root anna $at sudo id -un
inside_is "its password is there, hashed" '$y$' anna $at 'sudo getent shadow anna | cut -d: -f2 | head -c 3'
inside_is "root's, too" '$y$' anna $at 'sudo getent shadow root | cut -d: -f2 | head -c 3'
inside_is "it has its name" web anna $at hostname
inside_is "its static address, and no other" $at/24 anna $at "$address_of"
inside_is "its router" 192.168.122.1 anna $at 'ip route show default | cut -d" " -f3'
inside_is "its time zone" Europe/Berlin anna $at 'readlink /etc/localtime | sed "s,.*zoneinfo/,,"'
inside_is "the script was run" "made by root: it's \$5" anna $at sudo cat /var/tmp/done
inside_is "the site's class was installed, with usher's" yes anna $at \
	'grep -q " SMALL SITE USHER " /var/tmp/site && echo yes || cat /var/tmp/site'
inside_is "its root is a filesystem of the disk" yes anna $at 'findmnt -no SOURCE / | grep -q "^/dev/vda" && echo yes'
inside_is "over the whole disk" yes anna $at '[ $(df --output=size -BM / | tail -n 1 | tr -dc 0-9) -gt 5000 ] && echo yes || df -h /'
inside_is "FAI's log is in it" yes anna $at \
	'sudo sh -c "grep -q \"Calling task_configure\" /var/log/fai/*/last/fai.log" && echo yes || sudo find /var/log/fai'
inside_is "no hash of a password is in that" no anna $at 'sudo grep -rqF "\$y\$" /var/log/fai && echo yes || echo no'
inside_is "systemd found nothing to complain of" 0 anna $at 'systemctl --failed --no-legend | wc -l'
check "a login is on its console" wait_until 60 console_has web 'web login:'
known() { "$USHER" known-hosts web; }
check "usher knows its host keys" test "$(known | grep -c ssh-)" -ge 1
keys() { as anna $at 'cat /etc/ssh/ssh_host_*_key.pub' | sha256sum; }
boot_id() { as anna $at cat /proc/sys/kernel/random/boot_id; }
had=$(keys) was=$(boot_id)
new_boot() { local now; now=$(boot_id) && [ -n "$now" ] && [ "$now" != "$was" ]; }
as anna $at sudo systemctl reboot 2>/dev/null
need "it boots again" wait_until 180 new_boot
check "with the same SSH host keys" test "$(keys)" = "$had"
check "it was installed once" test "$(boots web) $(count web up)" = "1 1"
check "web is deleted" "$USHER" delete web

# --- what fails ----------------------------------------------------------------------------------------------------------------

fails() { # NAME TASK TEXT OPTION…
	local name=$1 task=$2 text=$3
	shift 3
	need "$name is created" create "$name" --profile fai "$@"
	check "$name fails" timeout 1500 "$USHER" wait "$name" --for failed || { look_at "$name"; lab_end; }
	reason "$name" | sed 's/^/    /'
	check "$name names FAI's task" shows "$name" "task $task: "
	check "and what went wrong: $text" shows "$name" "$text"
	check "$name has no system that says it is up" test "$(count "$name" installed) $(count "$name" up)" = "0 0"
	check "$name is deleted" "$USHER" delete "$name"
}
fails huge partition 'on a disk of .* check your config' --set classes='SMALL HUGE'
fails nodisk partition 'there are: vda' --set disk=serial=NONE
fails script configure 'no-such-command' --set post='echo before; no-such-command --now; true'

# --- again and again -------------------------------------------------------------------------------------------------------------

runs=${FAI_RUNS:-0} n=1 were_up=1
while [ $n -lt "$runs" ]; do
	n=$((n + 1))
	need "run$n is created" create run$n --profile fai
	if check "run$n is up" timeout 2400 "$USHER" wait run$n; then
		were_up=$((were_up + 1))
		"$USHER" timeline run$n | grep -e armed -e installing -e installed -e ' up ' | sed 's/^/    /'
	else
		look_at run$n
	fi
	check "run$n is deleted" "$USHER" delete run$n
done
[ "$runs" = 0 ] || echo "    $were_up of $n runs were up"
lab_end
