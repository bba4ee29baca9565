#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sealed machines: bare metal whose boots wait until the user types the code that is on the machine's own screen. Who takes its
# MAC and address is shown another code; a code is good for the boot that showed it and for no other; and kill -9 opens no
# seal. In a network namespace of its own; nothing of libvirt, no guest.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"

address=10.66.0.31 mac=02:00:00:00:00:31
# machine N MAC ADDRESS: on the same wire as all others
machine() {
	client "$1" "$2" br0
	inside "$1" ip address add "$3/24" dev "c$1"
}
api() { curl -sS --max-time 20 --unix-socket "$USHER_SOCKET" "$@"; }
of() { "$USHER" show "$1" --json | jq -r "$2"; }
timeline_has() { "$USHER" timeline "$1" | grep -E "$2"; }
# says TEXT COMMAND…: it fails and says so
says() { local text=$1; shift; ! "$@" >"$USHER_LAB/said" 2>&1 && grep -e "$text" "$USHER_LAB/said"; }
# What iPXE on the card of client N is told to load.
offered() {
	inside "$1" udhcpc -i "c$1" -f -q -n -t 5 -T 1 -x 0x4d:69505845 -O bootfile -s "$USHER_LAB/note" >"$USHER_LAB/udhcpc" 2>&1
	sed -n 's/^boot_file=//p' "$USHER_LAB/told"
}
fetch() { local n=$1; shift; inside "$n" curl -sS --max-time 10 "$@"; }
status() { fetch "$@" -o /dev/null -w '%{http_code}'; }
is() { [ "$1" = "$2" ] || { echo "'$1', not '$2'"; return 1; }; }
# boots N: client N boots by iPXE, and is shown $code under $url, both in $USHER_LAB/screen.N
boots() {
	fetch "$1" "$(offered "$1")" >"$USHER_LAB/screen.$1"
	url=$(sed -n 's,^chain .*\(http:.*\)/boot.ipxe.*,\1,p' "$USHER_LAB/screen.$1" | uniq)
	code=$(sed -n 's/^echo usher: usher confirm web01 //p' "$USHER_LAB/screen.$1")
	[[ $code =~ ^[0-9]{6}$ && $url =~ /m/[0-9a-f]{32}$ ]] || { cat "$USHER_LAB/screen.$1"; return 1; }
}
other_code() { if [ "$1" = 000000 ]; then echo 000001; else echo 000000; fi; }
# What GRUB and PXELINUX ask for by TFTP.
by_tftp() { (cd "$USHER_LAB" && rm -f got && inside "$1" tftp -m binary 10.66.0.1 -c get "$2" "$USHER_LAB/got" && cat got); }

lab_profile plain kernel '# secret of {{machine.name}}'
sed -i "s/<boot>/<boot bios='pxelinux' efi-x64='grub'>/" "$USHER_LAB/more/plain/profile.xml"
cat >"$USHER_LAB/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$USHER_LAB/state'/>
  <socket path='$USHER_SOCKET'/>
  <boot dir='$USHER_LAB/boot'/>
  <profiles dir='$USHER_LAB/more'/>
  <segment interface='br0' mode='own' sealed='yes'><pool start='10.66.0.100' end='10.66.0.101'/></segment>
</usher>
END
mkdir -p "$USHER_LAB/boot"
printf '#!/bin/sh\nenv >"%s/told"\n' "$USHER_LAB" >"$USHER_LAB/note"
chmod 755 "$USHER_LAB/note"
net_bridge br0 10.66.0.1/24 02:00:00:00:00:01
machine 1 $mac $address
check "the service starts" usher_start || lab_end
enroll() { "$USHER" enroll "$@" --network br0 --no-ssh-key; }

body='{"kind":"bare-metal","name":"odd","profile":"plain","segment":"br0","mac":"02:00:00:00:01:00","sealed":"no"}'
check "a seal is true or false" grep -q "'sealed' is true or false" <(api -d "$body" http://usher/api/v1/machines)
refute "... and nothing is recorded" "$USHER" show odd

# --- asking -------------------------------------------------------------------------------------------------------------

check "a machine of a sealed segment is armed" enroll web01 --mac $mac --ip $address --profile plain --arm
check "it says that it is sealed" is "$(of web01 .attempt.sealed)" true
check "a request to confirm has a code" grep -q "'code' is a text" <(api -d '{"code":7}' http://usher/api/v1/machines/web01/confirm)
check "nothing waits yet" says "no boot of web01 waits" "$USHER" confirm web01 123456
check "it boots, and is shown a code" boots 1
first=$code
check "its screen says what to type" grep -qx "echo usher: usher confirm web01 $code" "$USHER_LAB/screen.1"
refute "nothing that it is to load" grep -e kernel -e answers "$USHER_LAB/screen.1"
check "its answers are kept" is "$(status 1 "$url/answers")" 403
check "... and it is told why" grep -q "waits to be confirmed" <(fetch 1 "$url/answers")
check "it may not report" is "$(status 1 -d x "$url/done")" 403
check "... nor fail" is "$(status 1 -d x "$url/failed")" 403
check "it is armed still" is "$(of web01 .state)" armed
check "show says what is to be done" grep -q "waits for confirmation: usher confirm web01 CODE" <("$USHER" show web01)
check "the timeline too" timeline_has web01 "waiting +boot requested by $address, number 1 .*usher confirm web01 CODE"
for i in 1 2 3 4 5; do fetch 1 "$url/boot.ipxe" >"$USHER_LAB/again"; done
check "asked again it is the same" cmp "$USHER_LAB/screen.1" "$USHER_LAB/again"
check "that is no boot" is "$(of web01 .attempt.boots)" 0
refute "the code is nowhere but on its screen" grep -e "$code" <("$USHER" show web01 --json; "$USHER" timeline web01 \
	--json; api http://usher/api/v1/machines?full=1; cat "$USHER_LAB/usher.log")

# --- codes ----------------------------------------------------------------------------------------------------------------

check "another code is refused" says "wrong code .*(4 tries are left)" "$USHER" confirm web01 "$(other_code "$code")"
check "so is half a code" says "3 tries are left" "$USHER" confirm web01 "${code:0:5}"
check "and more than a code" says "2 tries are left" "$USHER" confirm web01 "${code}0"
usher_stop KILL
check "after kill -9 the service starts" usher_start
check "the tries count on" says "1 tries are left" "$USHER" confirm web01 "$(other_code "$code")"
check "the fifth is the last" says "can no longer be confirmed" "$USHER" confirm web01 "$(other_code "$code")"
check "then the right one is too late" says "no boot of web01 waits" "$USHER" confirm web01 "$code"
check "that boot is told nothing more" is "$(status 1 "$url/boot.ipxe")" 403
check "the wrong tries are on the timeline" timeline_has web01 "refused +confirm: wrong code \(5 of 5\)"

# --- a thief --------------------------------------------------------------------------------------------------------------

machine 2 $mac $address
machine 3 02:00:00:00:00:33 10.66.0.33
check "it boots again" boots 1
mine=$code mine_url=$url
check "it is another code" test "$mine" != "$first"
check "somebody with its MAC and its address boots" boots 2
thief=$code thief_url=$url
refute "who is shown another code" test "$mine" = "$thief"
refute "... under another token" test "$mine_url" = "$thief_url"
check "two boots are told of" timeline_has web01 "waiting +boot requested .*number 3 "
check "the code on the machine's screen opens nothing for the other" says "wrong code for the latest boot of web01" \
	"$USHER" confirm web01 "$mine"
check "the thief has no answers" is "$(status 2 "$thief_url/answers")" 403
check "the machine asks again in vain, and restarts" is "$(status 1 "$mine_url/boot.ipxe")" 403
check "it boots" boots 1
check "nor has the thief any from now on" is "$(status 2 "$thief_url/boot.ipxe")" 403

# --- confirmed ------------------------------------------------------------------------------------------------------------

usher_stop KILL
check "after kill -9 the service starts" usher_start
check "it is sealed" is "$(status 1 "$url/answers")" 403
check "the same code is on its screen" grep -q "confirm web01 $code" <(fetch 1 "$url/boot.ipxe")
check "the user types it" "$USHER" confirm web01 "$code"
check "that is a boot" timeline_has web01 "booting +boot 1 of 3, confirmed for $address"
check "a code is good once" says "no boot of web01 waits" "$USHER" confirm web01 "$code"
usher_stop KILL
check "after kill -9 the service starts" usher_start
check "not for who asks from elsewhere" is "$(status 3 "$url/answers")" 403
check "it gets its script" grep -q "^kernel .*answers=$url/answers" <(fetch 1 "$url/boot.ipxe")
check "and its answers" grep -q "secret of" <(fetch 1 "$url/answers")
mine=$code mine_url=$url
check "a boot that asks in the middle" boots 2
check "... takes nothing away" fetch 1 -f -d '50 %' "$mine_url/progress"
check "... and has nothing" is "$(status 2 "$url/answers")" 403
check "the code of the boot before is not its" says "wrong code" "$USHER" confirm web01 "$mine"
check "the installer is done" fetch 1 -f -d x "$mine_url/done"
check "then nothing waits" says "the machine is installed" "$USHER" confirm web01 "$code"
check "and who waited is sent to its disk" grep -q "web01 is installed" <(fetch 2 "$url/boot.ipxe")

# --- every boot, every attempt ----------------------------------------------------------------------------------------------

check "a reinstall says yes or no to a seal" grep -q "'sealed' is true or false" <(api -d '{"sealed":1}' \
	http://usher/api/v1/machines/web01/reinstall)
check "... and nothing else" grep -q "unknown key 'seal': did you mean 'sealed'" <(api -d '{"seal":true}' \
	http://usher/api/v1/machines/web01/reinstall)
check "installed again" "$USHER" reinstall web01
check "it is sealed again" boots 1
check "its answers too" is "$(status 1 "$url/answers")" 403
for i in 1 2 3; do
	check "boot $i is confirmed" "$USHER" confirm web01 "$code"
	check "... by its code only" grep -q "secret" <(fetch 1 "$url/answers")
	check "it comes back, and has to ask" boots 1
done
check "to ask ends nothing" is "$(of web01 .state)" installing
check "one boot more than its profile allows does, once it is confirmed" says "web01 is failed: too many boots" \
	"$USHER" confirm web01 "$code"
check "then its screen says so" grep -q "web01 is failed: too many boots" <(fetch 1 "$url/boot.ipxe")
check "unsealed by the user" "$USHER" reinstall web01 --unsealed
check "it is installed at once" grep -q "^kernel " <(fetch 1 "$(offered 1)")
"$USHER" disarm web01
check "sealed once more" "$USHER" reinstall web01 --sealed
check "it is" is "$(of web01 .sealed,.attempt.sealed | xargs)" "true true"

# --- boot loaders that ask by name ------------------------------------------------------------------------------------------

check "GRUB is shown a code" grep -q "usher confirm web01 [0-9]\{6\}'\$" <(by_tftp 1 grub/grub.cfg)
cp "$USHER_LAB/got" "$USHER_LAB/grub"
check "in GRUB's own words" grub-script-check "$USHER_LAB/grub"
script=$(sed -n "s/^set usher_script='(tftp,10.66.0.1).\(.*\)'/\1/p" "$USHER_LAB/grub")
check "it asks again under its token" cmp "$USHER_LAB/grub" <(by_tftp 1 "$script")
check "another GRUB of that address is shown another" by_tftp 2 grub/grub.cfg
refute "..." cmp "$USHER_LAB/grub" "$USHER_LAB/got"
code=$(sed -n "s/.*usher confirm web01 \([0-9]*\).*/\1/p" "$USHER_LAB/grub")
check "the first one's code is no good then" says "wrong code" "$USHER" confirm web01 "$code"
by_tftp 1 "$script" >"$USHER_LAB/grub"
code=$(sed -n "s/.*usher confirm web01 \([0-9]*\).*/\1/p" "$USHER_LAB/grub")
script=$(sed -n "s/^set usher_script='(tftp,10.66.0.1).\(.*\)'/\1/p" "$USHER_LAB/grub")
check "it comes to a new one by itself, which is" "$USHER" confirm web01 "$code"
check "then it loads the kernel" grep -q "^if linux " <(by_tftp 1 "$script")
"$USHER" disarm web01
"$USHER" reinstall web01
check "PXELINUX is shown a code" grep -q "^SAY usher: usher confirm web01" <(by_tftp 1 pxelinux.cfg/default)
code=$(sed -n "s/^SAY usher: usher confirm web01 //p" "$USHER_LAB/got")
script=$(sed -n "s/^CONFIG :://p" "$USHER_LAB/got")
check "which is confirmed" "$USHER" confirm web01 "$code"
check "then it loads the kernel, too" grep -q "^KERNEL ::" <(by_tftp 1 "$script")

usher_stop
check "the service ends well" test $? = 0
[ $LAB_FAILED = 0 ] || sed 's/^/  log: /' "$USHER_LAB/usher.log" | tail -n 60
lab_end
