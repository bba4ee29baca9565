#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's Ignition takes the answers of flatcar and fedora-coreos, from usher, over HTTP, in a system that contrib/ignition/build
# makes: the profiles are those that are shipped, their mirror is this lab's, and what it has are Debian's kernel, dracut and
# Ignition under the names of those systems' files. It runs from memory, writes its image to a disk, and is set up by Ignition once
# more when it starts from there: a guest, and a bare machine that names its disk by serial. Answers that Ignition would refuse
# are refused before a machine is armed.
# shellcheck source=/dev/null disable=SC2016,SC2119
#
# lab: boots guests
top=$(cd "$(dirname "$0")/../.." && pwd)
systems=$top/build/cache/ignition
[ -n "${USHER_LAB:-}" ] || "$top/contrib/ignition/build" "$systems" || exit 1
. "$top/tests/lab/lib.sh"
lab_enter "$@"
. "$top/tests/lab/guests.sh"
ssh-keygen -q -t ed25519 -N '' -f "$key"
. "$top/tests/lab/profiles.sh"
export images=/var/lib/libvirt/images
PATH=$top/build/peers/ignition/usr/bin:$PATH
lab_bind "$top/contrib" contrib
install -D -m 755 "$top/contrib/power-libvirt" "$USHER_LAB/power/power-libvirt"

# --- the mirror ------------------------------------------------------------------------------------------------------------

mirror=http://192.168.122.1:8090 web=$USHER_LAB/web
mkdir -p "$web/flatcar" "$web/coreos/1.0" "$web/half/2.0.0"
ln -s "$systems" "$web/flatcar/current"
ln -s "$systems" "$web/flatcar/1.0.0"
ln -s "$systems" "$web/coreos/1.0/x86_64"
ln -s "$systems"/flatcar_production_pxe* "$web/half/2.0.0/" # a release without its image
cat >"$USHER_LAB/nginx.conf" <<END
user root; worker_processes 1; pid $USHER_LAB/nginx.pid; error_log $USHER_LAB/nginx.err;
events { }
http {
  log_format lab '\$request_uri \$status'; access_log $USHER_LAB/access lab;
  client_body_temp_path $USHER_LAB/tmp; proxy_temp_path $USHER_LAB/tmp; fastcgi_temp_path $USHER_LAB/tmp;
  uwsgi_temp_path $USHER_LAB/tmp; scgi_temp_path $USHER_LAB/tmp;
  server { listen 192.168.122.1:8090; root $web; }
}
END
need "the mirror starts" nginx -c "$USHER_LAB/nginx.conf"
lab_profiles_config >"$USHER_LAB/usher.xml"

# --- wrong answers ---------------------------------------------------------------------------------------------------------

# What Ignition would refuse, in copies of the shipped profile.
wrong() { # NAME SED
	local dir=$USHER_LAB/more/$1
	mkdir -p "$dir"
	cp "$top/kickstart/profiles/flatcar"/* "$dir/"
	sed -i "s/<profile name='flatcar'>/<profile name='$1'>/" "$dir/profile.xml"
	sed -i "$2" "$dir/installed.ign"
	refute "$1: the copy is another one" cmp "$top/kickstart/profiles/flatcar/installed.ign" "$dir/installed.ign"
}
wrong relative 's|"/etc/hostname"|"etc/hostname"|'
wrong octal 's|"/etc/hostname", "mode": 420|"/etc/hostname", "mode": 644|'
wrong twice 's|"/etc/sudoers.d/90-usher"|"/etc/hostname"|'
wrong unpaired 's|"/etc/localtime", "overwrite": true|"/etc/localtime", "overwrite": tru|'
need "the service starts" usher_start
refused() { # PROFILE TEXT
	local line
	line=$(grep -n "$3" "$USHER_LAB/more/$1/installed.ign" | cut -d: -f1)
	if create lost --profile "$1" --set "mirror=$mirror/flatcar" >"$USHER_LAB/said" 2>&1; then
		fail "$1 is refused: it was not"
	else
		check "$1 is refused, with its line: $2" grep -q "$1/installed.ign:$line:.*$2" "$USHER_LAB/said"
	fi
	"$USHER" lint "$1" >"$USHER_LAB/said" 2>&1
	check "Ignition's own checker says so, too" grep -q "$1/installed.ign:$line.*\[ignition-validate\]" "$USHER_LAB/said"
	grep ignition-validate "$USHER_LAB/said" | sed "s|$USHER_LAB/more/||; s/^/    /" | head -n 3
}
refused relative "expected an absolute path" '"etc/hostname"'
refused twice "is there already in line" '"/etc/hostname", "mode": 420'
refused unpaired "no JSON" 'overwrite": tru,'
if create lost --profile octal --set "mirror=$mirror/flatcar" >"$USHER_LAB/said" 2>&1; then
	fail "octal is refused: it was not"
else
	check "octal, which only usher sees, is refused" grep -q "0644 is 420" "$USHER_LAB/said"
fi
check "nothing was made" test "$("$USHER" list --json | jq -c .machines)$(virsh -q list --all --name)" = "[]"

# --- a guest: flatcar --------------------------------------------------------------------------------------------------------

give_up() { # NAME
	"$USHER" timeline "$1" | tail -n 40
	"$USHER" console "$1" --log | tail -n 100
	lab_end
}

at=192.168.122.70
post='echo "made by $(id -un): it'"'"'s \$5" >/var/tmp/done'
need "flat is created" create flat --vcpus 1 --profile flatcar --ip $at --set "mirror=$mirror/flatcar" --set network=static --set user=anna \
	--set user_password='open Sesame 1' --set timezone=Europe/Berlin --set post="$post"
check "flat is up" timeout 2400 "$USHER" wait flat || give_up flat
"$USHER" timeline flat | sed 's/^/    /'
check "its life is on the timeline" timeline_has flat created armed booting installing answers progress installed up
check "the answers were Ignition's to fetch, in memory" told flat answers 'installed.ign fetched by'
check "a login is on its console" wait_until 60 console_has flat 'flat login:'
address_of='ip -4 -o address show scope global | awk "{print \$4}"'
inside_is "the user that was named gets in by key" anna anna $at id -un
inside_is "in the groups that were named" "docker sudo" anna $at 'id -Gn | tr " " "\n" | grep -x "docker\|sudo" | sort | xargs'
inside_is "and becomes root" root anna $at sudo id -un
inside_is "its password is there, hashed" '$y$' anna $at 'sudo getent shadow anna | cut -d: -f2 | head -c 3'
inside_is "it has its name" flat anna $at hostname
inside_is "its static address, and no other" $at/24 anna $at "$address_of"
inside_is "its router" 192.168.122.1 anna $at 'ip route show default | cut -d" " -f3'
inside_is "its time zone" Europe/Berlin anna $at 'readlink /etc/localtime | sed "s,.*zoneinfo/,,"'
inside_is "the script was run" "made by root: it's \$5" anna $at sudo cat /var/tmp/done
inside_is "it runs from its disk" /dev/vda9 anna $at findmnt -no SOURCE /
inside_is "where Ignition set it up" yes anna $at 'sudo journalctl -b -t ignition | grep -q "files: .*finished.* writing file" && echo yes'
inside_is "and its unit was enabled by preset" enabled anna $at systemctl is-enabled usher-up.service
inside_is "the console is as the profile says" yes anna $at 'grep -q "console=tty0 console=ttyS0,115200n8" /proc/cmdline && echo yes'
inside_is "nothing of usher is left to run" no anna $at 'test -e /opt/usher/first-boot && echo yes || echo no'
known() { "$USHER" known-hosts flat; }
check "usher knows its host keys" test "$(known | grep -c ssh-)" -ge 1
keys() { as anna $at 'cat /etc/ssh/ssh_host_*_key.pub' | sha256sum; }
boot_id() { as anna $at cat /proc/sys/kernel/random/boot_id; }
had=$(keys) was=$(boot_id)
new_boot() { local now; now=$(boot_id) && [ -n "$now" ] && [ "$now" != "$was" ]; }
as anna $at sudo systemctl reboot 2>/dev/null
need "it boots again" wait_until 180 new_boot
check "with the same SSH host keys" test "$(keys)" = "$had"
inside_is "and Ignition does not run again" 0 anna $at 'sudo journalctl -q -b -t ignition -o cat | wc -l'
check "it was installed once" test "$(boots flat) $(count flat up)" = "1 1"

# --- an installer that fails ---------------------------------------------------------------------------------------------------

need "half is created, of a release without its image" create half --vcpus 1 --profile flatcar --ip 192.168.122.71 \
	--set "mirror=$mirror/half" --set version=2.0.0
need "half fails" timeout 1200 "$USHER" wait half --for failed
"$USHER" show half | grep reason | sed 's/^/    /'
check "with what flatcar-install said last" shows half 'the installation failed.*\|curl: (22)'
check "flat and half are deleted" "$USHER" delete flat half

# --- a bare machine: fedora-coreos -----------------------------------------------------------------------------------------------

bare_mac=52:54:00:ba:4e:03 bare_at=192.168.122.72
truncate -s 3G $images/bare.wrong
qemu-img create -q -f qcow2 $images/bare.right 11G
cat >"$USHER_LAB/bare.xml" <<END
<domain type='qemu'>
  <name>bare</name>
  <memory unit='MiB'>3072</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <features><acpi/></features>
  <cpu mode='maximum'><feature policy='disable' name='erms'/></cpu>
  <devices>
    <disk type='file'><driver name='qemu' type='raw'/><source file='$images/bare.wrong'/><target dev='vda' bus='virtio'/>
      <serial>WRONG</serial></disk>
    <disk type='file'><driver name='qemu' type='qcow2'/><source file='$images/bare.right'/><target dev='vdb' bus='virtio'/>
      <serial>RIGHT</serial><boot order='2'/></disk>
    <interface type='network'><mac address='$bare_mac'/><source network='default'/><model type='virtio'/><boot order='1'/></interface>
    <serial type='file'><source path='$USHER_LAB/bare.console'/></serial>
  </devices>
</domain>
END
need "a bare machine is there" virsh -q define "$USHER_LAB/bare.xml"
need "it is enrolled" "$USHER" enroll bare --mac $bare_mac --ip $bare_at --profile fedora-coreos --ssh-key "$key.pub" \
	--power "$USHER_LAB/power/power-libvirt" --set "mirror=$mirror/coreos" --set version=1.0 --set network=static \
	--set disk=serial=RIGHT --set post="$post"
check "it is armed" "$USHER" reinstall bare
if ! check "bare is up" timeout 2400 "$USHER" wait bare; then
	"$USHER" timeline bare | tail -n 40
	tail -n 100 "$USHER_LAB/bare.console"
	lab_end
fi
"$USHER" timeline bare | tail -n 30 | sed 's/^/    /'
check "its root filesystem was fetched from the mirror" grep -q 'live-rootfs.x86_64.img 200' "$USHER_LAB/access"
check "a login is on its console" wait_until 60 grep -aq 'bare login:' "$USHER_LAB/bare.console"
inside_is "core gets in by key" core core $bare_at id -un
inside_is "and becomes root" root core $bare_at sudo id -un
inside_is "it has its name" bare core $bare_at hostname
inside_is "its static address, and no other" $bare_at/24 core $bare_at "$address_of"
inside_is "by NetworkManager, from the file that was written" usher core $bare_at 'nmcli -g NAME connection show --active | grep -x usher'
inside_is "the script was run" "made by root: it's \$5" core $bare_at sudo cat /var/tmp/done
inside_is "it runs from the disk that was named" RIGHT core $bare_at \
	'lsblk -ndo SERIAL "/dev/$(lsblk -ndo PKNAME "$(findmnt -no SOURCE /)")"'
inside_is "nothing of usher is left to run" no core $bare_at 'test -e /opt/usher/first-boot && echo yes || echo no'
check "the other disk is untouched" cmp -n $((3 << 30)) $images/bare.wrong /dev/zero

kill "$(cat "$USHER_LAB/nginx.pid")"
lab_end
