#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Files from inside an ISO image, over HTTP and TFTP: each one byte for byte, ranges at random, and nothing from outside.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
. "$(dirname "$0")/tftp.sh"
tftp_lab "$@"

disc=$USHER_LAB/disc iso=$USHER_LAB/disc.iso
mkdir -p "$disc/dists/stable/a/b/c/d/e/f/g/h" "$disc/install" "$disc/.disk"
head -c 7M "$USHER_LAB/bytes" >"$disc/install/initrd.gz"
tail -c 3000001 "$USHER_LAB/bytes" >"$disc/vmlinuz"
for size in 0 1 2047 2048 2049; do head -c $size "$USHER_LAB/letters" >"$disc/.disk/info_$size"; done
echo deep >"$disc/dists/stable/a/b/c/d/e/f/g/h/a rather long name-1.0+2~3.deb"
ln -s . "$disc/debian"
ln -s ../../usher.xml "$disc/out"
check "an image is made" xorriso -as mkisofs -quiet -r -J -o "$iso" "$disc" || lab_end

sed -i "s|<segment|<media name='cd' path='$iso'/>&|" "$USHER_LAB/usher.xml"
check "the service starts" usher_start || lab_end

url=http://$server:8067/boot/cd
get() { fetched curl -sS --fail -g "$@"; }
get_all() {
	local file
	cd "$disc" || return
	find . -type f | while read -r file; do
		get -o "$got" "$url/$(jq -rn --arg f "${file#./}" '$f | split("/") | map(@uri) | join("/")')" &&
			cmp "$file" "$got" || exit 1
	done
}
ranges() {
	local i first length
	for i in $(seq 20); do
		first=$((RANDOM * 90)) length=$((RANDOM + 1))
		get -r $first-$((first + length - 1)) -o "$got" "$url/vmlinuz" &&
			tail -c +$((first + 1)) "$disc/vmlinuz" | head -c $length | cmp - "$got" || return
	done
}
header() { get -I "$2" | tr -d '\r' | sed -n "s/^$1: //p"; }
status() { [ "$(fetched curl -sS --path-as-is -o "$got" -w '%{http_code}' "${@:2}")" = "$1" ]; }

check "it answers" wait_until 10 get -o "$got" "$url/vmlinuz" || lab_end
check "every file arrives as it is" get_all
check "ranges as well" ranges
check "through a symbolic link too" get -o "$got" "$url/debian/debian/vmlinuz"
check "the length is the file's" test "$(header Content-Length "$url/vmlinuz")" = 3000001
refute "each has its own ETag" test "$(header ETag "$url/vmlinuz")" = "$(header ETag "$url/install/initrd.gz")"
check "it need not come twice" status 304 -H "If-None-Match: $(header ETag "$url/vmlinuz")" "$url/vmlinuz"
check "past its end there is nothing" status 416 -r 3000001- "$url/vmlinuz"
check "what is not there is said" status 404 "$url/gone"
check "a link does not lead out" status 403 "$url/out"
check "and says why" grep -q 'leads out of its directory' "$got"

fetch_inside() { cp "$disc/$2" "$got.is"; "$1" "cd/$2" && cmp "$got.is" "$got"; }
check "over TFTP: atftp" fetch_inside atftp_get vmlinuz
check "tftp-hpa" fetch_inside hpa_get .disk/info_2049
check "curl" fetch_inside curl_get .disk/info_0

echo changed >"$disc/vmlinuz"
check "another image takes its place" xorriso -as mkisofs -quiet -r -o "$iso" "$disc"
check "and is served" get -o "$got" "$url/vmlinuz"
check "as it is now" grep -qx changed "$got"
lab_end
