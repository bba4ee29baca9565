#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Live systems, by a client that fetches as a bare machine does: each boot is served, with a token and answers of its own, over
# kill -9 and a changed profile; what is reported of a boot, a loop, and what is refused; an install in between is begun by
# command alone, and once; left, it is what it was. long_live boots real ones.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"

# says TEXT COMMAND…: it fails and says so
says() { local text=$1; shift; ! "$@" >"$USHER_LAB/said" 2>&1 && grep -e "$text" "$USHER_LAB/said"; }
of() { "$USHER" show kiosk --json | jq -r "$1"; }
is() { [ "$(of "$1")" = "$2" ]; }
timeline_has() { "$USHER" timeline kiosk | grep -E "$1"; }
count() { "$USHER" timeline kiosk --json | jq -r .kind | grep -cx "$1"; }
calls() { grep -c "$1 kiosk" "$USHER_LAB/calls"; }
# What iPXE on its card is told to load.
offered() {
	inside 1 udhcpc -i c1 -f -q -n -t 5 -T 1 -x 0x4d:69505845 -O bootfile -s "$USHER_LAB/note" >"$USHER_LAB/udhcpc" 2>&1
	sed -n 's/^boot_file=//p' "$USHER_LAB/told"
}
fetch() { inside 1 curl -sS --max-time 10 "$@"; }
code() { fetch -o /dev/null -w '%{http_code}' "$@"; }
code_is() { local want=$1 got; shift; got=$(code "$@"); [ "$got" = "$want" ] || { echo "$got"; return 1; }; }
# A boot, as far as its answers: its URLs are in `url`, and what the answers have in $USHER_LAB/answers.
boots() {
	url=$(offered)
	url=${url%/boot.ipxe}
	fetch -f "$url/boot.ipxe" | grep -q "^kernel" && fetch -f "$url/answers" >"$USHER_LAB/answers" || return
	up=$(sed -n 's/^UP=//p' "$USHER_LAB/answers" | tr -d "'")
}
kiosk_profile() {
	lab_profile kiosk kernel "$(printf '%s\n' 'TEXT={{set.text}}' "MORE='$1'" 'UP={{attempt.up_url}}')" \
		"<setting name='text' default='none'>any</setting>"
	sed -i "s|<profile name='kiosk'|& boots='always'|; s|<disk.*</disk>||" "$USHER_LAB/more/kiosk/profile.xml"
}

kiosk_profile first
lab_profile plain kernel '# {{machine.name}}'
lab_profile tool kernel '#'
sed -i "s|<profile name='tool'|& installs='no'|" "$USHER_LAB/more/tool/profile.xml"
lab_profile both kernel '#'
sed -i "s|<profile name='both'|& installs='yes' boots='always'|" "$USHER_LAB/more/both/profile.xml"
cat >"$USHER_LAB/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$USHER_LAB/state'/>
  <socket path='$USHER_SOCKET'/>
  <power dir='$USHER_LAB/power'/>
  <profiles dir='$USHER_LAB/more'/>
  <segment interface='p1' mode='own' probe='0'/>
</usher>
END
mkdir -p "$USHER_LAB/power"
printf '#!/bin/sh\necho "$1 $2" >>"%s/calls"\n' "$USHER_LAB" >"$USHER_LAB/power/switch"
printf '#!/bin/sh\nenv >"%s/told"\n' "$USHER_LAB" >"$USHER_LAB/note"
chmod 755 "$USHER_LAB/power/switch" "$USHER_LAB/note"
client 1 02:00:00:00:00:01
ip address add 10.66.0.1/24 dev p1
inside 1 ip address add 10.66.0.50/24 dev c1

check "the service starts" usher_start || lab_end
check "what installs is not booted always" grep -F "boots='always' and installs='yes' exclude each other" <("$USHER" lint "$USHER_LAB/more/both" 2>&1)

# --- booting ---------------------------------------------------------------------------------------------------------------

enroll() { "$USHER" enroll kiosk --mac 02:00:00:00:00:01 --ip 10.66.0.50 --no-ssh-key --power "$USHER_LAB/power/switch" "$@"; }
check "a machine is enrolled" enroll --profile kiosk --set text=one
check "and gets nothing before it is said" test -z "$(offered)"
check "it is to boot its live system" grep -Fx "kiosk: boots kiosk at every boot" <("$USHER" reinstall kiosk)
check "its power is switched, the network first" wait_until 5 test "$(wait_until 5 grep -q cycle "$USHER_LAB/calls"; cat "$USHER_LAB/calls")" = "$(printf 'netboot kiosk\ncycle kiosk')"
check "nothing has booted" grep -E "kiosk .* live .*waits for its boot" <("$USHER" list)
for n in 1 2 3; do
	check "boot $n is served" boots
	check "its answers are the machine's" grep -x "TEXT='one'" "$USHER_LAB/answers"
	check "it boots" grep -E "kiosk .* live .*boots" <("$USHER" list)
	urls[n]=$url ups[n]=$up
	check "boot $n reports that it is up" code_is 200 -d "for the ${n}th time" "$up"
	check "which is told" timeline_has "up +for the ${n}th time"
	check "and when" is '(.attempt.live.up_at != null|tostring) + (.attempt.boots|tostring)' "true$n"
	check "its controller is asked for the next boot's" wait_until 5 test "$(wait_until 5 eval "[ \$(calls netboot) = $((n + 1)) ]"; calls netboot)" = $((n + 1))
done
check "each has a token of its own" test "$(printf '%s\n' "${urls[@]}" "${ups[@]}" | sort -u | wc -l)" = 6
check "an old boot's answers are not served" code_is 403 "${urls[1]}/answers"
check "nor is its report taken" code_is 403 -d again "${ups[1]}"
check "power was cycled once" test "$(calls cycle)" = 1
check "no loop" is .attempt.live.looping false

# --- restarts, changes -------------------------------------------------------------------------------------------------------

usher_stop KILL
kiosk_profile second
check "the service is killed, and starts again" usher_start
check "its boot is what it was" is .attempt.boots 3
check "it boots a fourth time" boots
check "by the profile as it was" grep -x "MORE='first'" "$USHER_LAB/answers"
check "power was not cycled for it" test "$(calls cycle)" = 1
check "four boots in short time are told" timeline_has "looping +4 boots within [0-9]+ s"
check "and listed" grep -E "kiosk .* live .*boots again and again" <("$USHER" list)
check "show says so" grep -E "looping +it boots again and again" <("$USHER" show kiosk)
check "it reports that it fails" code_is 200 -d "no squashfs" "$url/failed"
check "which is told" timeline_has "failed +no squashfs"
check "and who waits for it hears it" says "kiosk: no squashfs" "$USHER" wait kiosk --timeout 20
check "and it is live" is .state live
check "done is no report of it" code_is 409 -d x "$url/done"
check "it tries again" boots
check "then nothing is wrong with it" is .attempt.reason null
check "the loop is told once" test "$(count looping)" = 1
check "a command has it boot the profile as it is by now" "$USHER" reinstall kiosk
check "it boots" boots
check "that" grep -x "MORE='second'" "$USHER_LAB/answers"
check "its boots are counted anew" is .attempt.boots 1
check "a tool does not run beside it" says "it boots a live system; 'usher disarm' ends that" "$USHER" run kiosk --profile tool
check "nor is it a tool" says "is booted at every boot, which 'usher run' does not do" "$USHER" run kiosk --profile kiosk

# --- an install ----------------------------------------------------------------------------------------------------------------

check "settings are of a profile" says "goes with --profile" "$USHER" reinstall kiosk --set text=two
check "what the other profile does not know is refused" says "no setting 'text'" "$USHER" reinstall kiosk --profile plain --set text=two
check "and changed nothing" is '.profile + .state + .settings.text' kioskliveone
check "another profile is installed by command" grep -Fx "kiosk: armed" <("$USHER" reinstall kiosk --yes --profile plain)
check "that is its own now" is '.profile + .state' plainarmed
live_url=$url
check "what was live has no answers any more" code_is 403 "$live_url/answers"
check "nor reports" code_is 403 -d x "$up"
check "it boots into its install" boots
check "and does it" is .state installing
check "it is done" code_is 200 -d x "$url/done"
check "installed" is .state installed
check "it gets nothing to boot any more" test -z "$(offered)"
check "its first boot is to come" says "its first boot is to come" "$USHER" reinstall kiosk --profile kiosk
"$USHER" show kiosk --json >"$USHER_LAB/before"
check "and it stays what it was" is '.profile + .state' plaininstalled
up=$(stored "$USHER_LAB/state" up_token | head -n 1)
check "it has booted" code_is 200 -d x "http://10.66.0.1:8067/m/$up/up"
check "it is up" is .state up

# --- live again, and left ------------------------------------------------------------------------------------------------------

check "it boots the live system, and nobody is asked about disks" "$USHER" reinstall kiosk --profile kiosk --set text=three
check "with other settings" boots
check "it has them" grep -x "TEXT='three'" "$USHER_LAB/answers"
check "left, it is what it was" "$USHER" disarm kiosk
check "up" is .state up
check "and off" wait_until 5 grep -q "off kiosk" "$USHER_LAB/calls"
check "that is told" timeline_has "live +no longer: disarmed by the user"
check "it gets nothing to boot" test -z "$(offered)"
check "its tokens are void" code_is 403 "$url/answers"
check "live once more" "$USHER" reinstall kiosk
check "it is deleted" "$USHER" delete kiosk
check "and gets nothing to boot" test -z "$(offered)"
check "enrolled and armed in one" enroll --profile kiosk --arm
check "it is live" is .state live
check "and boots" boots
[ $LAB_FAILED = 0 ] || { "$USHER" timeline kiosk; cat "$USHER_LAB/calls"; }
lab_end
