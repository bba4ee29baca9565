#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The host is safe from whoever may use the API's socket, and from whoever has become the user usher: what import refuses,
# whose power executables are run, that root's commands write nothing into the service's folders, who may have written
# into its state folder, and that a deleted secret is gone from the disk.
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$LAB_TOP/tests/lab/net.sh"
. "$LAB_TOP/tests/lab/profiles.sh"

lab_profile lab kernel 'key={{set.activation}}' "<setting name='activation' secret='yes'>a key</setting>"
groupadd -r ops; useradd -r -M -G ops op; usermod -aG ops usher
lab_profiles_config | sed "s|<socket path='\([^']*\)'|<socket path='\1' group='ops'|" >"$USHER_LAB/usher.xml"
grep -q '<power' "$USHER_LAB/usher.xml" ||
	sed -i "s|</usher>|<power dir='$USHER_LAB/power'/></usher>|" "$USHER_LAB/usher.xml"
mkdir -p "$USHER_LAB/power" "$USHER_LAB/tmp"
check "the service starts" usher_start || lab_end
as() { setpriv --reuid "$1" --regid "$(id -g "$1")" --init-groups "${@:2}"; }
# says TEXT COMMAND…: it fails, and says so
says() { ! "${@:2}" >"$USHER_LAB/said" 2>&1 && grep -F -e "$1" "$USHER_LAB/said"; }

mount -t tmpfs lab /srv; mount -t tmpfs lab /home # the host has its own

# --- import ----------------------------------------------------------------------------------------------------------

mkdir -p /srv/random /srv/tree/.ssh /srv/tree/.disk /home/op
echo 'Debian GNU/Linux 12.5.0 "Bookworm" - Official amd64 NETINST' >/srv/tree/.disk/info
mkdir -p /srv/tree/install.amd; : >/srv/tree/install.amd/vmlinuz; : >/srv/tree/install.amd/initrd.gz
echo key >/srv/tree/.ssh/id; echo a >/srv/tree/file; ln -s /etc/passwd /srv/tree/out; ln -s /etc /srv/etc
for folder in /var/lib/usher /var/lib /var / /etc /proc/self /sys /dev /run /root /var/lib/libvirt /home /home/op /srv/etc /srv/etc/usher; do
	mkdir -p "$folder" 2>/dev/null
	check "$folder is not imported, --force or not" says "is not served" as op "$USHER" import --force --name no "$folder"
done
check "what is not recognised wants --force" says "--force" as op "$USHER" import /srv/random
check "and is imported with it" as op "$USHER" import --force /srv/random
as op "$USHER" import --name tree /srv/tree >"$USHER_LAB/said" 2>&1
check "who can read a medium is said" grep "served to.*everybody on the segments .*default" "$USHER_LAB/said"
client 1 02:00:00:00:00:01 virbr0; inside 1 ip address add 192.168.122.77/24 dev c1
gets() { [ "$(inside 1 curl -s -o /dev/null -w '%{http_code}' "http://192.168.122.1:8067/boot/$1")" = "$2" ]; }
check "its files are served" gets tree/file 200
check "those of distributions that begin with a dot too" gets tree/.disk/info 200
check "hidden ones are not" gets tree/.ssh/id 404
refute "nor what a link leads out to" gets tree/out 200
mv /srv/tree /srv/was; ln -s /etc /srv/tree
refute "nor a folder that became a link" gets tree/passwd 200
rm /srv/tree; mv /srv/was /srv/tree

# --- power -----------------------------------------------------------------------------------------------------------

printf '#!/bin/sh\ntouch %s/pwned\n' "$USHER_LAB/tmp" >"$USHER_LAB/tmp/evil"
chmod 1777 "$USHER_LAB/tmp"; chmod 755 "$USHER_LAB/tmp/evil"
cp "$USHER_LAB/tmp/evil" "$USHER_LAB/power/loose"; cp "$USHER_LAB/tmp/evil" "$USHER_LAB/power/ops"
ln -s "$USHER_LAB/tmp/evil" "$USHER_LAB/power/link"; cp /bin/true "$USHER_LAB/power/fine"
chown op "$USHER_LAB/tmp/evil" "$USHER_LAB/power/ops"; chmod 775 "$USHER_LAB/power/loose"
enroll() { as op "$USHER" enroll "$1" --mac 02:00:00:00:09:0$2 --profile lab --no-ssh-key --arm --power "$3" --set activation=SECRET-KEY-77 \
	--first-boot "$USHER_LAB/tmp/first-boot"; }
printf '#!/bin/sh\n# FIRST-BOOT-77\n' >"$USHER_LAB/tmp/first-boot"
check "a power executable of an operator's own is refused" says "is not in the folder" enroll m1 1 "$USHER_LAB/tmp/evil"
check "and any that root did not put into the folder" says "is not in the folder" enroll m1 1 /usr/bin/env
check "one that others may write to" says "users other than its owner may write" enroll m1 1 "$USHER_LAB/power/loose"
check "one that is not root's" says "belongs to neither root" enroll m1 1 "$USHER_LAB/power/ops"
check "a link to one that is not" says "belongs to neither root" enroll m1 1 "$USHER_LAB/power/link"
check "root's is taken" enroll m1 1 "$USHER_LAB/power/fine"
chown op "$USHER_LAB/power/fine"
"$USHER" disarm m1 >/dev/null 2>&1; "$USHER" reinstall m1 >"$USHER_LAB/said" 2>&1
check "and judged again before it is run" wait_until 3 sh -c "'$USHER' timeline m1 | grep 'belongs to neither root'" || { cat "$USHER_LAB/said"; "$USHER" timeline m1; }
refute "nothing of the operator's was run" test -e "$USHER_LAB/tmp/pwned"

# --- a machine that is deleted ---------------------------------------------------------------------------------------

on_disk() { cat /var/lib/usher/usher.db* | grep -aq "$1"; }
off_disk() { ! on_disk "$1"; }
refute "a secret is not on the disk in clear" on_disk SECRET-KEY-77
check "what else a machine was given is, while it is there" on_disk FIRST-BOOT-77
as op "$USHER" delete m1 >/dev/null
check "and neither in the store nor in its log once it is deleted" wait_until 5 off_disk FIRST-BOOT-77

# --- root's commands write nothing where usher may lay links ------------------------------------------------------------

echo precious >/run/precious; chmod 600 /run/precious
mkdir -p "$USHER_LAB/disc/.disk"; cp /srv/tree/.disk/info "$USHER_LAB/disc/.disk"
xorriso -as mkisofs -quiet -V DISC -o "$USHER_LAB/x.iso" "$USHER_LAB/disc" >/dev/null 2>&1
chmod 600 "$USHER_LAB/x.iso"
as usher mkdir -p /var/lib/usher/media
as usher ln -s /run/precious /var/lib/usher/media/x.iso.part
check "root's import --copy of an image that only root may read" "$USHER" import --copy --name copy "$USHER_LAB/x.iso"
check "touches no file of root's" test "$(cat /run/precious) $(stat -c %U:%a /run/precious)" = "precious root:600"
check "the copy is the image, and the service's" sh -c "cmp $USHER_LAB/x.iso /var/lib/usher/media/x.iso && [ \$(stat -c %U /var/lib/usher/media/x.iso) = usher ]"
as usher ln -s /run/precious /var/lib/usher/media/y.iso
cp "$USHER_LAB/x.iso" "$USHER_LAB/y.iso"
refute "a link in the copy's place is not followed" "$USHER" import --copy --name other "$USHER_LAB/y.iso"
check "and nothing is written there" grep -qx precious /run/precious

# --- the start -------------------------------------------------------------------------------------------------------

usher_stop
refute "and a stopped service leaves nothing of it" on_disk FIRST-BOOT-77
refused() { says "$1" timeout 10 "$USHER" serve -c "$USHER_LAB/usher.xml"; }
chmod 777 /var/lib/usher
check "a state folder that others may write to: no start" refused "others may write to /var/lib/usher"
chmod 700 /var/lib/usher; chown op /var/lib/usher
check "one that is another user's: no start" refused "chown -R usher"
chown usher /var/lib/usher; chmod 666 "$USHER_LAB/usher.xml"
check "a configuration that others may write to: no start" refused "users other than its owner may write to it"
chmod 644 "$USHER_LAB/usher.xml"; chmod 755 /var/lib/usher
check "a state folder that others could read" usher_start
check "is closed" test "$(stat -c %a /var/lib/usher)" = 700
lab_end
