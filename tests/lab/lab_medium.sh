#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# usher import and usher media: an image is recognised, served where it lies, told, summed up, missed, removed; it survives a
# restart; what the service may not read is refused with the fix, or copied.
# shellcheck source=/dev/null disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
. "$(dirname "$0")/tftp.sh"
tftp_lab "$@"
. "$(dirname "$0")/profiles.sh"

out=$USHER_LAB/out said=$USHER_LAB/said
disc=$USHER_LAB/disc iso=$USHER_LAB/Rocky-9.3-x86_64-dvd.iso
mkdir -p "$disc/images/pxeboot" "$disc/EFI/BOOT" "$USHER_LAB/sums"
head -c 3M "$USHER_LAB/bytes" >"$disc/images/pxeboot/vmlinuz"
tail -c 5M "$USHER_LAB/bytes" >"$disc/images/pxeboot/initrd.img"
echo shim >"$disc/EFI/BOOT/BOOTX64.EFI"
cat >"$disc/.treeinfo" <<-END
	[general]
	arch = x86_64
	family = Rocky Linux
	version = 9.3
	[images-x86_64]
	kernel = images/pxeboot/vmlinuz
	initrd = images/pxeboot/initrd.img
END
make_iso() { xorriso -as mkisofs -quiet -r -J -V "Rocky-9-3" -o "$1" "$disc"; }
check "an image is made" make_iso "$iso" || lab_end
mount -t tmpfs lab /srv && cp -a "$disc" /srv/disc # a folder in /run is not served

lab_profile by-name '{{media.kernel}}' 'x'
sed -i "s|<media .*|<media name='rocky-9'/>|; s|<initrd>.*|<initrd>{{media.initrd}}</initrd>|" "$USHER_LAB/more/by-name/profile.xml"
# the service as somebody who may not read everything, and is on every host
sed -i "s|name='root'|name='nobody'|; s|<profiles |<profiles dir='$USHER_LAB/more'/><profiles |" "$USHER_LAB/usher.xml"
check "the service starts" usher_start || lab_end

run() { timeout 60 "$USHER" "$@" >"$out" 2>"$said" </dev/null; }
says() { grep -qE -- "$2" "$1" || { cat "$out" "$said"; false; }; } # FILE PATTERN
fails() { run "${@:2}"; [ $? = 1 ] && says "$said" "$1" && [ "$(wc -l <"$said")" = 1 ]; }
usher() { "$USHER" "$@"; }
gives() { run "${@:2}" && says "$out" "$1"; }
enroll() { run enroll "$1" --mac "$2" --profile by-name --ip "$3" --arm; }
url=http://$server:8067/boot/rocky-9
check_tells() { "$USHER" check -c "$USHER_LAB/usher.xml" | grep 'LACKS.*media.*rocky-9.*has changed since it was imported'; }
arrives() { fetched curl -sS --fail -o "$got" "$url/$1" && cmp "$disc/$1" "$got"; }

check "a profile names a medium that is not there: refused, with the fix" fails "medium 'rocky-9' is not available: run 'usher import" \
	enroll one --mac 02:00:00:00:01:01 --profile by-name --ip 10.66.0.61 --arm
check "import recognises it" gives "^rocky-9: Rocky Linux 9.3" import "$iso"
check "its kernel" says "$out" 'kernel +images/pxeboot/vmlinuz'
check "its shim" says "$out" 'shim +EFI/BOOT/BOOTX64.EFI'
check "who would use it" says "$out" 'profiles +by-name rocky-9'
check "it is served" arrives images/pxeboot/vmlinuz
whole() { fetched curl -sS --fail -o "$got" "$url.iso" && cmp "$iso" "$got"; }
check "so is the image as a whole" whole
check "and listed" gives "^rocky-9 +Rocky Linux 9.3 .*ready +imported +$iso +by-name rocky-9" media
check "as JSON too" test "$(usher media rocky-9 --json | jq -r '.distribution + .version + .arch + .files.kernel')" = \
	rocky9.3x86_64images/pxeboot/vmlinuz
check "importing it again is fine" gives "^rocky-9: " import "$iso"
check "another of its name is not" fails "medium 'rocky-9' already exists as $iso: use --replace" import /srv/disc
check "a folder under another name" gives "^mine: Rocky" import /srv/disc --name mine
truncate -s 8M "$USHER_LAB/disk.raw" && echo 'start=2048, type=L' | sfdisk -q --label gpt "$USHER_LAB/disk.raw"
mkdir "$USHER_LAB/disk2" && (head -c 4M "$USHER_LAB/disk.raw"; head -c 4M "$USHER_LAB/bytes") >"$USHER_LAB/disk2/disk.raw"
check "the image of a disk" gives '^disk: Disk image' import "$USHER_LAB/disk.raw"
check "and that again" gives '^disk: Disk image' import "$USHER_LAB/disk.raw"
refuses() { run "${@:2}"; [ $? = 1 ] && says "$said" "$1"; } # after lines of progress
check "another of its name is not taken for it" refuses "medium 'disk' already exists" import "$USHER_LAB/disk2/disk.raw"
check "it is removed again" run media remove disk
check "by a URL with a long query, which is not told" gives '^signed: Rocky' import "$url.iso?signature=$(printf %0300d 0)" --name signed
refute "anywhere" grep 0000000000 "$out" "$said"
check "its copy is removed" run media remove signed
check "what is no medium" fails "not an ISO image" import "$USHER_LAB/bytes"
check "the shipped profile takes its files from it" test "$(usher profiles rocky-9 --json | jq -r .media.path)" = "$iso"
check "a machine is enrolled by its name" enroll one 02:00:00:00:01:01 10.66.0.61
check "the templates know its files" test "$(usher render one script | grep -c "^\(kernel\|initrd\) .*/boot/rocky-9/images/pxeboot/")" = 2
check "it is not removed under it" fails "in use: one is being installed" media remove rocky-9
check "who installs is told" gives "installing +one" media rocky-9

sum=$(sha256sum <"$iso" | cut -d' ' -f1)
check "its sum" gives "SHA-256 $sum\$" media verify rocky-9
check "as expected" gives "as expected" media verify rocky-9 "$sum"
refute "another than expected" run media verify rocky-9 "${sum//?/0}"
check "is said" says "$said" "expected 0{64}: fetch it again"
printf 'SHA256 (other.iso) = %s\nSHA256 (%s) = %s\n' "${sum//?/0}" "${iso##*/}" "$sum" >"$USHER_LAB/sums/CHECKSUM"
check "from the file beside it" gives "as expected" media verify rocky-9 --sums "$USHER_LAB/sums/CHECKSUM"
echo "$sum *${iso##*/}" >"$USHER_LAB/sums/SHA256SUMS"
check "of either kind" gives "as expected" media verify rocky-9 --sums "$USHER_LAB/sums/SHA256SUMS"
check "whose sums they are is not known" says "$said" "whose sums they are was not checked"
key() { gpg --homedir "$USHER_LAB/keys" --batch --quiet --pinentry-mode loopback --passphrase '' "$@"; }
mkdir -m 700 "$USHER_LAB/keys"
check "two keys are made" eval 'key --quick-gen-key "Rocky <r@example>" rsa2048 && key --quick-gen-key "Mallory <m@example>" rsa2048'
key --export Rocky >"$USHER_LAB/sums/rocky.gpg"
sums=(media verify rocky-9 --keyring "$USHER_LAB/sums/rocky.gpg" --sums)
check "sums that are to be signed and are not" fails "is not signed" "${sums[@]}" "$USHER_LAB/sums/SHA256SUMS"
key -u Rocky --detach-sign -o "$USHER_LAB/sums/SHA256SUMS.gpg" "$USHER_LAB/sums/SHA256SUMS"
check "a signature beside them" gives "as expected, signed by Rocky <r@example>" "${sums[@]}" "$USHER_LAB/sums/SHA256SUMS"
key -u Rocky --clear-sign -o "$USHER_LAB/sums/clear" "$USHER_LAB/sums/SHA256SUMS"
check "one in clear" gives "as expected, signed by Rocky" "${sums[@]}" "$USHER_LAB/sums/clear"
{ echo "${sum//?/0} *${iso##*/}"; cat "$USHER_LAB/sums/clear"; } >"$USHER_LAB/sums/before"
check "what stands outside of it does not count" gives "as expected, signed by Rocky" "${sums[@]}" "$USHER_LAB/sums/before"
echo "${sum//?/0} *other.iso" >>"$USHER_LAB/sums/SHA256SUMS"
check "sums that were changed" fails "no good signature" "${sums[@]}" "$USHER_LAB/sums/SHA256SUMS"
key -u Mallory --yes --detach-sign -o "$USHER_LAB/sums/SHA256SUMS.gpg" "$USHER_LAB/sums/SHA256SUMS"
check "sums that another signed" fails "no good signature" "${sums[@]}" "$USHER_LAB/sums/SHA256SUMS"
check "the sum is kept" gives "sha256 +$sum" media rocky-9

usher_stop KILL
check "after kill -9 it starts again" usher_start || lab_end
check "and knows it" gives "sha256 +$sum" media rocky-9
check "and serves it" wait_until 10 arrives images/pxeboot/initrd.img

touch "$iso"
check "a touched image is the same" gives "^rocky-9 .* ready" media
sleep 1 # the time of its making has hundredths, but xorriso writes seconds
check "another image comes in its place" make_iso "$iso"
check "which is told" gives "^rocky-9 .* changed" media
check "usher check tells it" check_tells
run disarm one
check "and nothing is installed from it" fails "has changed since it was imported: run 'usher import --replace" reinstall one
check "until it is imported again" gives "^rocky-9: " import "$iso" --replace
check "then it is" run reinstall one
mv "$iso" "$iso.away"
check "an image that went is told" gives "^rocky-9 .* gone" media
check "and has no sum" fails "No such file" media verify rocky-9
run disarm one
check "and missed" fails "$iso: No such file" reinstall one

home=$USHER_LAB/home/deep
mkdir -p "$home"
chmod 700 "$USHER_LAB/home"
mv "$iso.away" "$home/own.iso"
check "what the service may not read is refused, with the fix" fails \
	"user 'nobody' may not enter $USHER_LAB/home: setfacl -m u:nobody:x $USHER_LAB/home, or import it with --copy" \
	import "$home/own.iso" --name copied
check "--copy copies it" gives "image +$USHER_LAB/state/media/own.iso" import --copy "$home/own.iso" --name copied
check "for the service" test "$(stat -c %U:%a "$USHER_LAB/state/media/own.iso")" = nobody:600
check "byte for byte" cmp "$home/own.iso" "$USHER_LAB/state/media/own.iso"
check "it is removed" gives "copied: removed" media remove copied
refute "with the copy" test -e "$USHER_LAB/state/media/own.iso"
check "the other is kept" test -s "$home/own.iso"
check "a medium that is gone can be removed" gives removed media remove rocky-9
check "and is listed no more" test "$(usher media --json | jq -r '.media[] | select(.source == "imported").name')" = mine
check "nor is it there" fails "no medium 'rocky-9'" media remove rocky-9
run import /srv/disc --name 'a b'
check "a name that none may have is a usage error" test $? = 2
check "... and says what one has" says "$said" "small letters, digits"
lab_end
