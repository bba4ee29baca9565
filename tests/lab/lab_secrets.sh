#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Secrets: to whom answers are served and until when, and what is refused, each with an event; a flood of refusals that does
# not flood; a password that is nowhere in clear, and a secret that is nowhere shown; what a machine is armed with, and would
# be now; the types of settings. In a network namespace of its own, with curl for installers.
# shellcheck source=/dev/null disable=SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
lab=$USHER_LAB
. "$LAB_TOP/tests/lab/profiles.sh"

clear=Clear-Text-$RANDOM$RANDOM key=Licence-Key-$RANDOM$RANDOM
settings="<setting name='root_password' type='password'>of root</setting>
	<setting name='old_password' type='password' hash='sha512'>of root, for old systems</setting>
	<setting name='activation' secret='yes'>a key</setting>
	<setting name='pin' type='number' secret='yes'>another</setting>
	<setting name='port' type='number' min='1' max='65535' default='22'>of SSH</setting>
	<setting name='gui' type='boolean' default='no'>a desktop</setting>
	<setting name='packages' type='list'>more of them</setting>
	<setting name='swap' type='size'>of swap</setting>
	<setting name='zone' type='timezone' default='Etc/UTC'>time zone</setting>
	<setting name='host' type='hostname'>a mirror</setting>
	<setting name='dns' type='address'>a server</setting>
	<setting name='mirror' type='url'>a tree</setting>
	<setting name='role' values='web|db' default='web'>what for</setting>"
answers='pw={{set.root_password}} old={{set.old_password}} key={{set.activation}} swap={{set.swap}}
{{#set.gui}}gui{{/set.gui}}{{^set.gui}}text{{/set.gui}}{{#set.packages}} +{{.}}{{/set.packages}}
done={{attempt.done_url}} progress={{attempt.progress_url}} up={{attempt.up_url}}'
lab_profile lab kernel "$answers" "$settings"
lab_profile strict kernel '# {{set.key}}' "<setting name='key' required='yes'>a key</setting>"

mkdir -p "$lab/boot" "$lab/power" "$lab/hooks" "$lab/cores"
cat >"$lab/hooks/dump" <<END
#!/bin/sh
{ env; cat; } >>"$lab/hooked"
END
cat >"$lab/power/switch" <<END
#!/bin/sh
{ env; echo "\$@"; cat; } >>"$lab/powered"
END
printf '#!/bin/sh\nenv >"%s/told"\n' "$lab" >"$lab/note"
chmod 755 "$lab/hooks/dump" "$lab/power/switch" "$lab/note"
cat >"$lab/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$lab/state/own'/>
  <socket path='$USHER_SOCKET'/>
  <boot dir='$lab/boot'/>
  <hooks dir='$lab/hooks'/>
  <power dir='$lab/power'/>
  <profiles dir='$lab/more'/>
  <segment interface='br0' mode='own' probe='0'><pool start='10.66.9.1' end='10.66.9.99'/></segment>
</usher>
END
net_bridge br0 10.66.0.1/16 52:54:00:66:00:01
for n in 1 2; do client $n 02:00:00:00:00:0$n br0; inside $n ip address add 10.66.0.1$n/16 dev c$n; done

enroll() { "$USHER" enroll "$1" --mac "02:00:00:00:00:0$2" --profile lab --no-ssh-key "${@:3}"; }
says() { local text=$1; shift; ! "$@" >"$lab/said" 2>&1 && { grep -qF -e "$text" "$lab/said" || { cat "$lab/said"; return 1; }; }; }
has() { local want=$1; shift; "$@" >"$lab/has" 2>&1; grep -qF -e "$want" "$lab/has" || { cat "$lab/has"; return 1; }; }
api() { curl -sS --max-time 20 --unix-socket "$USHER_SOCKET" "$@"; }
state() { [ "$("$USHER" show "$1" --json | jq -r .state)" = "$2" ] || { "$USHER" show "$1"; return 1; }; }
# What iPXE on the machine's card is told to load.
offered() {
	inside 1 udhcpc -i c1 -f -q -n -t 5 -T 1 -x 0x4d:69505845 -O bootfile -s "$lab/note" >"$lab/udhcpc" 2>&1
	sed -n 's/^boot_file=//p' "$lab/told"
}
# fetch N URL: its text into $lab/got; refused N URL [CODE]
fetch() { inside "$1" curl -sSf --max-time 20 -o "$lab/got" "${@:2}"; }
refused() {
	local code
	code=$(inside "$1" curl -sS --max-time 20 -o "$lab/got" -w '%{http_code}' "$2")
	[ "$code" = "${3:-403}" ] && ! grep -e "$key" "$lab/got" || { echo "HTTP $code"; cat "$lab/got"; return 1; }
}
# refusals NAME: how many there are; told NAME TEXT: the newest says so
refusals() { "$USHER" timeline "$1" --json | jq -s '[.[] | (.events? // [.])[] | select(.kind == "refused")] | length'; }
told() { "$USHER" timeline "$1" | grep ' refused ' | tail -1 | grep -F -e "$2" || { "$USHER" timeline "$1"; return 1; }; }
one_more() { # NAME BEFORE TEXT
	[ "$(refusals "$1")" = $(($2 + 1)) ] && told "$1" "$3"
}
# a boot: sets script, got and the URLs that the installer knows
boot() {
	script=$(offered)
	fetch 1 "$script" || return 1
	answers_url=$(grep -o 'answers=http://[^ ]*' "$lab/got" | head -1)
	answers_url=${answers_url#answers=}
}
url() { sed -n "s/.*$1='*\(http[^ ']*\).*/\1/p" "$lab/answers"; }

# memory NAME TEXT: how often the service's memory has it, in any mapping that can be read
memory() {
	perl -e 'my ($pid, $text) = @ARGV; my $n = 0; open(my $maps, "<", "/proc/$pid/maps") or die $!;
		open(my $mem, "<:raw", "/proc/$pid/mem") or die $!;
		while (<$maps>) {
			my ($a, $b, $how) = /^([0-9a-f]+)-([0-9a-f]+) (....)/ or next; next unless $how =~ /^r/ && !/vsyscall|vvar/;
			my ($at, $size, $bytes) = (hex $a, hex($b) - hex($a));
			sysseek($mem, $at, 0) or next; my $all = "";
			while ($size > 0 && (my $got = sysread($mem, $bytes, $size < 1048576 ? $size : 1048576))) { $all .= $bytes; $size -= $got; }
			$n += () = $all =~ /\Q$text\E/g;
		} print $n' "$USHER_PID" "$1"
}

check "the service starts" usher_start || lab_end

# --- passwords -----------------------------------------------------------------------------------------------------------
echo "$clear" >"$lab/password"
check "a machine is enrolled, its password from a file" \
	enroll web01 1 --ip 10.66.0.11 --set "root_password=@$lab/password" --set "activation=$key" --power "$lab/power/switch"
# A sanitizer keeps what is freed, maps terabytes, and takes SIGSEGV for a fault of ours.
searchable() { [ -z "${SANITIZE:-}" ]; }
searchable || skip "no search in memory, no core file: the build has sanitizers"
is_nowhere() { [ "$(memory "$1")" = 0 ] || { echo "$(memory "$1") times"; return 1; }; }
! searchable || check "the clear password is not in the service's memory" is_nowhere "$clear"
! searchable || check "the key, which is served in clear, is: so the search finds what is there" test "$(memory "$key")" -gt 0
check "another's password comes from standard input" eval "printf %s '$clear' | enroll web02 2 --set root_password=@-"
check "and one for an old system" enroll web03 3 --set "old_password=$clear" --set "root_password=@@$clear"
! searchable || check "the clear password is not in the service's memory" is_nowhere "$clear"
check "a file that is not there is an error" says "root_password=@/nowhere: No such file" enroll x 4 --set root_password=@/nowhere
check "so is one that is no text" says "not a text of at most 64 KiB" enroll x 4 --set root_password=@/dev/zero
"$USHER" enroll web04 --mac 02:00:00:00:00:04 --profile lab --no-ssh-key --set "root_password=$clear" --arm --wait \
	>"$lab/waits" 2>&1 &
waits=$!
wait_until 10 grep -q armed "$lab/waits"
check "does not show what was given on the command line" has "root_password=***" tr '\0' ' ' <"/proc/$waits/cmdline"
refute "not in another place either" grep -aq "$clear" "/proc/$waits/cmdline"
kill $waits
wait $waits 2>/dev/null

# --- to whom answers are served, and until when --------------------------------------------------------------------------
check "web01 is armed" "$USHER" reinstall web01
next=$(offered)
check "a boot's answers are not there before its script was fetched" refused 1 "${next%/boot.ipxe}/answers"
check "which is on the timeline" told web01 "answers for 10.66.0.11: this boot's script was not fetched"
check "it boots" boot
check "its installer gets them" fetch 1 "$answers_url"
cp "$lab/got" "$lab/answers"
check "with the key in clear" grep -F "key='$key'" "$lab/answers"
check "and the password as a hash" grep -F "pw='\$y\$" "$lab/answers"
check "an installer that retries is served" fetch 1 "$answers_url"
check "the same" cmp "$lab/got" "$lab/answers"
n=$(refusals web01)
check "1: from another address they are refused" refused 2 "$answers_url"
check "an event" one_more web01 "$n" "answers for 10.66.0.12: the machine does not hold that address"
check "the machine is still served" fetch 1 "$answers_url"
check "it reports progress" fetch 1 -d wiping "$(url progress)"
n=$(refusals web01)
check "2: after the next stage was reported they are refused" refused 1 "$answers_url"
check "an event" one_more web01 "$n" "answers for 10.66.0.11: the installer has gone on since"
old=$answers_url
check "it boots again" boot
check "and is served by its new token" fetch 1 "$answers_url"
n=$(refusals web01)
check "3: with the token of the boot before they are refused" refused 1 "$old"
check "an event" one_more web01 "$n" "answers for 10.66.0.11: the request had an old token"
cp "$lab/got" "$lab/said"
check "it is answered" fetch 1 "$answers_url"
cp "$lab/got" "$lab/answers"
check "it is done" fetch 1 -d "" "$(url done)"
n=$(refusals web01)
check "4: after done they are refused" refused 1 "$answers_url"
check "an event" one_more web01 "$n" "answers for 10.66.0.11: the installer has already reported done"

# --- the first boot's report ---------------------------------------------------------------------------------------------
up=$(url up)
for what in answers boot.ipxe done progress lab/kernel ""; do
	check "with the first boot's token: no '$what'" refused 1 "${up%up}$what"
done
check "an event" told web01 "the request had the token of the first boot's report"
check "with the boot's token: no report of the first boot" refused 1 "${answers_url%answers}up"
check "it is installed as before" state web01 installed
ssh-keygen -q -t ed25519 -N '' -C root@web01 -f "$lab/hostkey"
keys=${up%up}host-keys
check "no host keys under another token" refused 1 "${answers_url%answers}host-keys"
check "what is no key is refused" eval '! fetch 1 -d "ssh-ed25519 AAAA" "$keys"'
check "it tells its SSH host keys" fetch 1 --data-binary "@$lab/hostkey.pub" "$keys"
check "again is fine" fetch 1 --data-binary "@$lab/hostkey.pub" "$keys"
ssh-keygen -q -t ed25519 -N '' -f "$lab/forged"
check "others are refused" eval '! fetch 1 --data-binary "@$lab/forged.pub" "$keys"'
check "an event" told web01 "web01 reported other host keys before"
check "show has the fingerprint" has "$(ssh-keygen -lf "$lab/hostkey.pub" | cut -d' ' -f2)" "$USHER" show web01
"$USHER" known-hosts >"$lab/known"
check "ssh finds them by name" ssh-keygen -F web01 -f "$lab/known"
check "and by address" ssh-keygen -F 10.66.0.11 -f "$lab/known"
check "as they are" test "$(cut -d' ' -f2,3 "$lab/known")" = "$(cut -d' ' -f1,2 "$lab/hostkey.pub")"
check "asked for one" test "$("$USHER" known-hosts 10.66.0.11)" = "$(cat "$lab/known")"
check "who told none has none" test -z "$("$USHER" known-hosts web02)"
check "the first boot reports with its own" fetch 1 -d "" "$up"
check "it is up" state web01 up
old=$answers_url
check "it is armed again" "$USHER" reinstall web01
check "what comes then has no host keys yet" test -z "$("$USHER" known-hosts)"
n=$(refusals web01)
check "with a token of the attempt before nothing is served" refused 1 "$old"
check "an event" one_more web01 "$n" "answers for 10.66.0.11: the request had an old token"
check "nor is the first boot's report taken" refused 1 "$up"
check "it is still armed" state web01 armed
check "with an unknown token is none of a machine's" refused 1 "http://10.66.0.1:8067/m/0123456789abcdef0123456789abcdef/answers" 404

# --- snapshots ------------------------------------------------------------------------------------------------------------
check "it boots" boot
check "and asks" fetch 1 "$answers_url"
cp "$lab/got" "$lab/answers"
quiet() { "$@" 2>"$lab/said" >/dev/null && ! grep . "$lab/said"; }
check "what it is armed with" has "pw='(secret)' old='' key='(secret)'" "$USHER" render web01 answers
check "is what it would be armed with" quiet "$USHER" render web01 answers
sed -i 's/^pw=/edited pw=/' "$lab/more/lab/answers"
check "the profile is edited: it is served what it was armed with" fetch 1 "$answers_url"
refute "not the edited one" grep edited "$lab/got"
check "and shown that" has "pw='(secret)'" "$USHER" render web01 answers
refute "not the edited one" grep '^edited' "$lab/has"
check "with a note" grep -F "its profile has changed since (--now shows it)" "$lab/has"
check "--now is the edited one" has "edited pw='(secret)'" "$USHER" render web01 answers --now
echo '{{nothing}}' >>"$lab/more/lab/answers"
check "a broken profile: what it was armed with is shown" has "pw='(secret)'" "$USHER" render web01 answers
check "and that it would be refused" grep -F "its profile as it is now would be refused: $lab/more/lab/answers:4:" "$lab/has"
check "--now says so" says "answers:4:" "$USHER" render web01 answers --now
sed -i 's/^edited //; $d' "$lab/more/lab/answers"
check "mended: no note" quiet "$USHER" render web01 answers

# --- floods ---------------------------------------------------------------------------------------------------------------
before=$("$USHER" timeline web01 | wc -l)
check "a token's holder reports a thousand times" inside 1 curl -sS --max-time 60 -o /dev/null "$(url progress)?text=[1-1000]"
check "asks for what is not there" inside 1 curl -sS --max-time 60 -o /dev/null "http://10.66.0.1:8067/boot/lab/no[1-1000]"
check "and with a wrong token" inside 1 curl -sS --max-time 60 -o /dev/null "${old%answers}[1-1000]"
check "or none" inside 1 curl -sS --max-time 60 -o /dev/null "http://10.66.0.1:8067/m/[1-1000]/answers"
bounded() { after=$("$USHER" timeline web01 | wc -l); echo "$before, then $after"; [ $((after - before)) -le 310 ] && [ $((after - before)) -ge 200 ]; }
check "which comes to a hundred events each" bounded
check "the log has some of the guesses" test "$(grep -c 'with an unknown token' "$lab/usher.log")" -le 11

# --- nowhere --------------------------------------------------------------------------------------------------------------
hidden() { ! grep -aF -e "$clear" -e "$key" "$@"; }
"$USHER" show web01 --json >"$lab/shown"
"$USHER" show web01 >>"$lab/shown"
"$USHER" list --json >>"$lab/shown"
for what in answers script cmdline; do "$USHER" render web01 $what >>"$lab/shown"; done
"$USHER" timeline >"$lab/events"
"$USHER" timeline --json >>"$lab/events"
check "show has a stand-in" grep -F '"activation": "(secret)"' "$lab/shown"
check "show, list and render hide them" hidden "$lab/shown"
check "so does the timeline" hidden "$lab/events"
check "and the log" hidden "$lab/usher.log"
check "hooks saw the machine" grep -F '"activation":"(secret)"' "$lab/hooked"
check "and no secret" hidden "$lab/hooked"
check "the power executable saw it" grep -F '"activation":"(secret)"' "$lab/powered"
check "and no secret" hidden "$lab/powered"
check "no hash is shown either" eval "! grep -aF '\$y\$' $lab/shown $lab/events $lab/usher.log $lab/hooked $lab/powered"
nowhere_stored() { ! grep -raF -e "$clear" "$lab/state/own" && ! sqlite3 "$(echo "$lab"/state/own/*.db)" .dump | grep -aF "$clear"; }
check "the store, its WAL too, has no clear password" nowhere_stored
check "nor the key, which is served" eval "! grep -raF -e \"\$key\" \"\$lab/state/own\""
check "only its user may read it" test "$(stat -c %a "$lab/state/own")" = 700
check "no error says what it got for a secret" says "setting 'pin' is (secret), expected a number" \
	enroll x 5 --set "pin=$clear"
check "in any part of it" hidden "$lab/said"

# --- types -----------------------------------------------------------------------------------------------------------------
wrong() { check "$1 is refused" says "$2" enroll x 5 --set "$1"; }
wrong port=0 "setting 'port' is '0', expected a number from 1 to 65535"
wrong port= "setting 'port' is '', expected a number from 1 to 65535"
wrong gui=true "setting 'gui' is 'true', expected yes or no"
wrong swap=1.5G "setting 'swap' is '1.5G', expected a size like 512M or 20G"
wrong zone=berlin "setting 'zone' is 'berlin', expected a time zone like Europe/Berlin"
wrong host=a_b "setting 'host' is 'a_b', expected a host's name like mirror.example.org"
wrong dns=10.0.0 "setting 'dns' is '10.0.0', expected an IP address"
wrong mirror=ftp.example "setting 'mirror' is 'ftp.example', expected a URL like http://HOST/PATH"
wrong role=mail "setting 'role' is 'mail', expected one of web|db"
wrong prot=22 "profile 'lab' has no setting 'prot' (did you mean 'port'?)"
check "a required one that is missing is refused" says "profile 'strict' requires the setting 'key' (a key): --set key=…" \
	"$USHER" enroll x --mac 02:00:00:00:00:05 --profile strict --no-ssh-key
check "nothing was made" says "no machine 'x'" "$USHER" show x
check "good ones are taken" enroll good 5 --set port=443 --set gui=yes --set 'packages=vim  htop' --set swap=2G
check "and come to the template" has "swap='2048'" "$USHER" render good answers
check "as what they are" grep -F "gui +'vim' +'htop'" "$lab/has"
check "a profile tells its settings" has "--set port=22" "$USHER" profiles lab
check "their types" grep -F "of SSH (number from 1 to 65535)" "$lab/has"
check "what is required" has "a key (text; required)" "$USHER" profiles strict
check "and all of it as JSON" test "$("$USHER" profiles lab --json | jq -r '.settings[] | select(.name == "port") | .type, .max')" = $'number\n65535'

# --- core files ------------------------------------------------------------------------------------------------------------
searchable || lab_end
case $(cat /proc/sys/kernel/core_pattern) in
/* | \|*) ;; # they would go where this lab has no say
*)
	(cd "$lab/cores" && ulimit -c unlimited && exec sleep 100) &
	sleeper=$!
	wait_until 5 grep -q sleep "/proc/$sleeper/comm"
	kill -SEGV $sleeper
	wait $sleeper 2>/dev/null
	check "a process that crashes leaves a core file" test -n "$(ls "$lab/cores")"
	rm -f "$lab/cores/"*
	;;
esac
usher_stop
(cd "$lab/cores" && ulimit -c unlimited && exec "$USHER" serve -c "$lab/usher.xml" >>"$lab/usher.log" 2>&1 </dev/null) &
USHER_PID=$!
wait_until 20 "$USHER" list
check "usher has it in memory" test "$(memory "$key")" -gt 0
kill -SEGV "$USHER_PID"
wait "$USHER_PID" 2>/dev/null
check "usher, killed, leaves none" test -z "$(ls "$lab/cores")"
lab_end
