#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/lab/archive.sh OUTDIR PACKAGE…: a part of this host's own Debian archive, for labs, which have no network: the signed
# indexes, and these packages alone. OUTDIR/debian and OUTDIR/debian-security, or whatever the archive's folders are called; a file
# `suites` in it says where what is: SUITE FOLDER. Cloud images also list backports and source packages, and ask for descriptions;
# their apt fails where a mirror has no index of one of them. Nothing is done when it is there, and less than a day old.
set -eu
[ $# -gt 1 ] || { echo "usage: tests/lab/archive.sh OUTDIR PACKAGE..." >&2; exit 2; }
out=$1
shift
[ ! -e "$out/suites" ] || [ -z "$(find "$out/suites" -mmin -1440)" ] || exit 0
work=$out.work
rm -rf "$work"
mkdir -p "$work"
# an index that is older than what it is compared with does not fit its signature
apt-get -q update >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
fetch() { mkdir -p "$(dirname "$2")" && /usr/lib/apt/apt-helper download-file "$1" "$2" >"$work/log" 2>&1 || { cat "$work/log" >&2; return 1; }; }

apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Identifier: Packages' 'Architecture: amd64' |
	sed -n 's/^Debian //; T; p; s/^\([^ ]*\) \([^ -]*\) main$/\1 \2-backports main/p' | sort -u >"$work/sources"
[ -s "$work/sources" ] || { echo "apt knows no Debian archive" >&2; exit 1; }
while read -r uri suite component; do
	folder=$(basename "$uri")
	echo "$suite $folder"
	for file in InRelease "$component/binary-amd64/Packages.xz" "$component/source/Sources.xz" "$component/i18n/Translation-en.xz"; do
		fetch "${uri%/}/dists/$suite/$file" "$work/$folder/dists/$suite/$file"
	done
done <"$work/sources" | sort -u >"$work/suites"
for package in "$@"; do
	uri=$(apt-get -q download --print-uris "$package" | cut -d"'" -f2)
	while read -r base suite component; do
		case $uri in "${base%/}"/*) fetch "$uri" "$work/$(basename "$base")/${uri#"${base%/}"/}" ;; esac
	done <"$work/sources"
done
rm -rf "$out" "$work/log" "$work/sources"
mv "$work" "$out"
