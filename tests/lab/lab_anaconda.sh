#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The profiles that Anaconda installs, without Anaconda: a machine for each takes its boot script and its kickstart from the
# service, and the kickstart's scripts are run as Anaconda would, with a disk and a system of ours below a folder. What they
# report is on the timeline, as is why one failed; the unit that they leave reports the first boot.
# shellcheck source=/dev/null disable=SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
lab=$USHER_LAB server=10.66.0.1
profiles=(rocky-9 rocky-10 almalinux-9 centos-stream-9 centos-stream-10 rhel-9 fedora centos-7)
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

mkdir -p "$lab/medium/images/pxeboot" "$lab/shims"
echo kernel >"$lab/medium/images/pxeboot/vmlinuz"
echo initrd >"$lab/medium/images/pxeboot/initrd.img"
# The system's own programs, which must not be meant; what the scripts ask of them is written down.
for name in systemctl visudo restorecon; do
	printf '#!/bin/sh\necho "%s $*" >>"%s/asked"\n' $name "$lab" >"$lab/shims/$name"
	chmod 755 "$lab/shims/$name"
done
{
	echo "<usher><user name='root'/><state dir='$lab/state'/><socket path='$USHER_SOCKET'/><profiles dir='$lab/profiles'/>"
	for name in "${profiles[@]/fedora/fedora-43}"; do echo "<media name='$name' path='$lab/medium'/>"; done
	echo "<segment interface='br0' mode='own' probe='0'/></usher>"
} >"$lab/usher.xml"
net_bridge br0 $server/16 52:54:00:66:00:01

# machine N: a folder for what its scripts touch
machine() {
	client "$1" 02:00:00:00:00:0"$1" br0
	inside "$1" ip address add 10.66.0.1"$1"/16 dev "c$1"
	mkdir -p "$lab/m$1/sys/sdb/device" "$lab/m$1/tmp" "$lab/m$1/etc/systemd/system" "$lab/m$1/etc/sudoers.d" \
		"$lab/m$1/etc/yum.repos.d" "$lab/m$1/scripts"
	echo 41943040 >"$lab/m$1/sys/sdb/size"
	echo 0 | tee "$lab/m$1/sys/sdb/removable" >"$lab/m$1/sys/sdb/ro"
	printf 'mirrorlist=http://x\n#baseurl=http://mirror.centos.org/centos/$releasever/os/$basearch/\n' \
		>"$lab/m$1/etc/yum.repos.d/CentOS-Base.repo"
}
# takes N: its boot script and its kickstart; the scripts in it, in order, as KIND.NN
takes() {
	local url
	url=$(inside "$1" curl -sS --max-time 20 -A "GRUB 2.06" "http://$server:8067/grub/grub.cfg" | grep -o "inst.ks=http://[^ ']*" | head -n 1)
	inside "$1" curl -fsS --max-time 20 -o "$lab/m$1/ks" "${url#inst.ks=}" || return
	(cd "$lab/m$1/scripts" && awk '/^%(pre|pre-install|post|onerror|traceback)( |$)/ {
		out = sprintf("%s.%02d", substr($1, 2), ++n); next } /^%end/ { out = "" } out { print > out }' ../ks)
}
# runs N KIND: with the machine's own /sys/block, /tmp, /etc and /usr/local
runs() {
	local script
	for script in "$lab/m$1/scripts/$2".*; do
		sed -i "s|/sys/block|$lab/m$1/sys|g; s|/tmp/|$lab/m$1/tmp/|g; s|/etc/|$lab/m$1/etc/|g; s|/usr/local/|$lab/m$1/usr/local/|g" "$script"
		inside "$1" env PATH="$lab/shims:$PATH" sh "$script" || { cat "$script"; return 1; }
	done
}
first_boot() {
	local line
	line=$(sed -n "s/^ExecStart=//p" "$lab/m$1/etc/systemd/system/usher-up.service")
	[ -n "$line" ] && inside "$1" timeout 30 sh -c "$line"
}
told() { "$USHER" timeline "$1" | grep -E -- "$2" || { "$USHER" timeline "$1"; return 1; }; }
is() { "$USHER" show "$1" --json | jq -e --arg s "$2" '.state == $s'; }

check "the service starts" usher_start || lab_end
n=0
for name in "${profiles[@]}"; do
	n=$((n + 1))
	machine $n
	check "$name: armed" "$USHER" enroll "$name" --mac 02:00:00:00:00:0$n --ip 10.66.0.1$n --profile "$name" --arm \
		--no-ssh-key --set services=chronyd --set pre=true --set post='touch /tmp/post'
	check "$name: its kickstart" takes $n
	check "$name: before the installation" runs $n pre
	check "$name: the disk is found" grep -qx 'clearpart --all --initlabel --drives=sdb' "$lab/m$n/tmp/usher-disk.ks"
	check "$name: which is told" told "$name" 'the largest disk is sdb, 20 GiB: it is wiped'
	check "$name: the answers' being taken too" told "$name" 'answers taken'
	if [ "$name" != centos-7 ]; then
		check "$name: before the packages" runs $n pre-install
		check "$name: which is told" told "$name" 'disk ready, installing packages'
	fi
	check "$name: it installs" is "$name" installing
	check "$name: after the packages" runs $n post
	check "$name: it is installed" is "$name" installed
	check "$name: the site's script was run" test -e "$lab/m$n/tmp/post"
	check "$name: the first boot" first_boot $n
	check "$name: it is up" is "$name" up
done
check "centos-7 finds its packages in the vault" \
	grep -qx 'baseurl=http://vault.centos.org/7.9.2009/os/$basearch/' "$lab/m$n/etc/yum.repos.d/CentOS-Base.repo"
check "services are enabled, the report first" grep -qx 'systemctl enable chronyd' "$lab/asked"

check "again" "$USHER" reinstall rocky-9
check "its kickstart" takes 1
check "it fails" eval "echo '10:00:01,1 ERR packaging: no such package: vmi' >'$lab/m1/tmp/anaconda.log'; runs 1 onerror"
check "it has failed" is rocky-9 failed
check "and says why" told rocky-9 'failed .*ERR packaging: no such package: vmi'
lab_end
