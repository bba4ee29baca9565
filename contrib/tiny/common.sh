#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What contrib/tiny/build, contrib/tiny/initrd and contrib/discover/build share; sourced. Each sets `me`, its name in
# messages, and a build also `out`, the folder that it makes, and `want`, a sum over its inputs.

die() { echo "$me: $*" >&2; exit 1; }
step() { step_name=$1; step_start=$(date +%s); echo "$me: $1 …"; }
step_done() { echo "$me: $step_name: $(($(date +%s) - step_start)) s${1:+, $1}"; }

# One line for each of this host's own Debian sources, in sources.list's format.
sources() {
	apt-get indextargets --format \
		'$(ORIGIN)|$(COMPONENT)|$(REPO_URI)|$(RELEASE)|$(SIGNED_BY)|$(TRUSTED)' \
		'Identifier: Packages' 'Architecture: amd64' | while IFS='|' read -r origin comp uri suite key trusted; do
		case $origin in Debian) ;; *) continue ;; esac
		opts=
		case $key in /*) opts="signed-by=$key" ;; esac
		case $trusted in yes) opts="$opts trusted=yes" ;; esac
		echo "deb ${opts:+[$opts] }$uri $suite $comp"
	done | sort -u
}

# What of the host's apt configuration decides whether its sources can be read at all: proxies and date checks.
apt_options() {
	apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries|ForceIPv)' | grep -v '""' || true
}

need_archive() {
	[ -n "$(sources)" ] || apt-get -q update || die "apt-get update failed"
	[ -n "$(sources)" ] || die "apt knows no Debian archive: see apt-get indextargets"
}

need_tools() {
	for tool in "$@"; do
		command -v "$tool" >/dev/null || die "$tool is missing; contrib/deps lab installs it"
	done
}

# current FILE…: all of them were made from these inputs.
current() {
	[ -f "$out/STAMP" ] && [ "$(cat "$out/STAMP")" = "$want" ] || return 1
	for file in "$@"; do [ -s "$out/$file" ] || return 1; done
}

# mmdebstrap without what this process inherited (make -j's job server, the lock): it hands its own descriptors to dash by
# number, and dash takes no number above 9.
bootstrap() { mmdebstrap "$@" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-; }

# An interrupt must not leave mmdebstrap's mounts or half a root filesystem.
pid=
cleanup() {
	[ -z "$pid" ] || { kill "$pid" && wait "$pid"; } 2>/dev/null || :
	rm -rf --one-file-system "$work"
}

# begin FILE…: a fresh $work in $out, which is locked. Ends here when another build has just made the files.
begin() {
	mkdir -p "$out" || die "cannot make $out"
	out=$(cd "$out" && pwd)
	exec 9>"$out/.lock"
	flock -n 9 || { echo "$me: waiting for another build of $out"; flock 9; }
	if current "$@"; then
		echo "$me: $out is up to date"
		exit 0
	fi
	work=$out/.work
	cleanup
	mkdir -p "$work"
	trap cleanup EXIT
	trap 'exit 130' INT TERM HUP
}

# publish FILE…: out of $work. The stamp goes first and comes last: in between nobody takes a mixture for whole.
publish() {
	rm -f "$out/STAMP"
	for file in "$@"; do mv -f "$work/$file" "$out/$file"; done
	echo "$want" >"$work/STAMP" && mv "$work/STAMP" "$out/STAMP"
	echo "$me: made $out in $(($(date +%s) - started)) s"
}

# plant TREE UNPACKED INIT: an initrd's folders, busybox with all its names from the unpacked package, the init and what
# inits share.
plant() {
	mkdir -p "$1/bin" "$1/lib" "$1/etc" "$1/proc" "$1/sys" "$1/dev" "$1/tmp" "$1/run"
	cp "$2/bin/busybox" "$1/bin/busybox" 2>/dev/null || cp "$2/usr/bin/busybox" "$1/bin/busybox"
	for applet in $("$1/bin/busybox" --list | grep -vx busybox); do ln -sf busybox "$1/bin/$applet"; done
	ln -s bin "$1/sbin"
	cp "$3" "$1/init"
	cp "$common/init-common" "$1/common"
	chmod 755 "$1/init"
}

# pack TREE OUT. A light compression: unpacking it costs the guest more than fetching it.
pack() {
	(cd "$1" && find . | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0) | zstd -q -6 -T0 -f -o "$2"
}
