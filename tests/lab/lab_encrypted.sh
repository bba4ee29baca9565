#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Credentials at rest: the passwords of controllers (IPMI and Redfish), a secret setting and the hash of a password are nowhere
# in clear: not in the store, its log and its free pages, not in the service's log, its answers, the arguments and environments
# of any process, nor a core file. The key that opens them: kept over restarts, too open, of the wrong size, another one,
# missing, elsewhere. And the store of an usher that did not encrypt. In a network namespace of its own.
# shellcheck source=/dev/null disable=SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/bmc.sh"
lab=$USHER_LAB state=$USHER_LAB/state keyfile=$USHER_LAB/state/usher.key
export PYTHONDONTWRITEBYTECODE=1

ipmi="Bmc-$RANDOM$RANDOM" redfish="Fish-$RANDOM$RANDOM$RANDOM" licence="Licence-$RANDOM$RANDOM" clear="Root-$RANDOM$RANDOM"
printf '%s\n' "$ipmi" "$redfish" "$licence" "$clear" >"$lab/secrets"
echo "$ipmi" >"$lab/ipmi"
echo "$redfish" >"$lab/redfish"
echo "$licence" >"$lab/licence"
echo "$clear" >"$lab/clear"

says() { local text=$1; shift; ! "$@" >"$lab/said" 2>&1 && grep -F -e "$text" "$lab/said" || { cat "$lab/said"; return 1; }; }
api() { curl -sS --max-time 60 --unix-socket "$USHER_SOCKET" "$@"; }
power() { "$USHER" power "$@"; }
can_tell() { power "$1" status >"$lab/told" 2>&1 && grep -E "^$1: (on|off)\$" "$lab/told" || { cat "$lab/told"; return 1; }; }
# hidden FILE…: none of the secrets is in them; a pattern on the command line would be found in /proc
hidden() { ! grep -ralF -f "$lab/secrets" "$@"; }
shows() { grep -raqF -f "$lab/secrets" "$@"; }
refused() { # TEXT: the service does not start, and says why
	"$USHER" serve -c "$lab/usher.xml" >"$lab/refusal" 2>&1 </dev/null
	[ $? = 1 ] && grep -F -e "$1" "$lab/refusal" || { cat "$lab/refusal"; return 1; }
}

# --- two controllers ---------------------------------------------------------------------------------------------------------

mkdir -p "$lab/boot" "$lab/power" "$lab/fish" "$lab/bin" "$lab/cores"
bmc rack1 6231 9999 "$ipmi"
RACK1=$BMC_PID
printf '#!/bin/sh\n' >"$lab/fish/machine"
chmod 755 "$lab/fish/machine"
"$LAB_TOP/tests/lab/redfish_sim.py" --dir "$lab/fish" --port 8443 --password-file "$lab/redfish" --switch "$lab/fish/machine" \
	--power on >"$lab/fish/ready" 2>"$lab/fish/err" &
FISH=$!
# An ipmitool that takes its time, so that it can be looked at.
cp /usr/bin/ipmitool "$lab/bin/real"
cat >"$lab/bin/ipmitool" <<END
#!/bin/sh
[ ! -e "$lab/slow" ] || sleep 5
exec "$lab/bin/real" "\$@"
END
chmod 755 "$lab/bin/ipmitool"
mount --bind "$lab/bin/ipmitool" /usr/bin/ipmitool
wait_until 10 test -s "$lab/fish/ready"

lab_profile licensed kernel 'key={{set.activation}} pw={{set.root_password}}' \
	"<setting name='activation' secret='yes'>a key</setting><setting name='root_password' type='password'>of root</setting>"
net_bridge b1 10.66.0.1/24 02:00:00:00:66:01
cat >"$lab/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$state'/>
  <socket path='$USHER_SOCKET'/>
  <log level='debug'/>
  <boot dir='$lab/boot'/>
  <power dir='$lab/power'/>
  <profiles dir='$lab/more'/>
  <segment interface='b1' mode='own'><pool start='10.66.0.100' end='10.66.0.200'/></segment>
</usher>
END
target1='ipmi://admin@127.0.0.1:6231?cipher=3&spacing=0' target2='redfish://admin@127.0.0.1:8443'
check "the service starts" usher_start || lab_end
check "with a key of 32 bytes that only its user may read" test "$(stat -c '%s %a' "$keyfile")" = "32 600"
enroll() { "$USHER" enroll "$1" --mac "02:00:00:00:01:0$2" --profile licensed --no-ssh-key "${@:3}"; }
check "a machine with an IPMI controller" enroll rack1 1 --power "$target1" --power-password-file "$lab/ipmi" \
	--set "activation=@$lab/licence" --set "root_password=@$lab/clear"
check "and one with a Redfish controller" enroll fish1 2 --power "$target2" --power-password-file "$lab/redfish" \
	--set "activation=@$lab/licence" --set "root_password=@$lab/clear"
check "rack1 is off" test "$(power rack1 status)" = "rack1: off"
check "switched on" power rack1 on
check "fish1 tells its power" can_tell fish1

# --- nowhere -----------------------------------------------------------------------------------------------------------------

touch "$lab/slow"
power rack1 status >"$lab/slowly" 2>&1 &
asking=$!
tool() { pgrep -f "/bin/sh /usr/bin/ipmitool .*6231" | grep -m 1 .; }
check "ipmitool runs" wait_until 5 tool
TOOL=$(tool)
check "no process has a secret in its arguments" hidden /proc/[0-9]*/cmdline
check "nor in its environment" hidden /proc/[0-9]*/environ
SEEN=$ipmi sleep 60 &
seen=$!
wait_until 5 grep -q sleep "/proc/$seen/comm"
check "the search finds one that has" shows "/proc/$seen/environ"
kill $seen
check "ipmitool cannot leave a core file" grep -E '^Max core file size +0 ' "/proc/$TOOL/limits"
rm "$lab/slow"
check "it does its work" wait $asking
check "armed, a snapshot of the profile is in the record" "$USHER" reinstall rack1
wait_until 10 eval '"$USHER" timeline rack1 | grep "told to boot"'
{
	"$USHER" show rack1 --json
	"$USHER" show fish1
	"$USHER" list --json
	"$USHER" timeline --json
	"$USHER" render rack1 answers
	api "http://usher/api/v1/machines?full=1"
	api http://usher/api/v1/machines/rack1
	api http://usher/api/v1/machines/fish1
	api http://usher/api/v1/events
} >"$lab/answers" 2>&1
check "the API and the commands say much" grep -q '"unreadable": *\[\]' "$lab/answers"
check "and no secret" hidden "$lab/answers"
check "nor does the log" hidden "$lab/usher.log"
dumped() {
	rm -rf "$lab/copy" && cp -a "$state" "$lab/copy" && sqlite3 "$lab/copy/usher.db" .dump >"$lab/dump"
}
check "the store can be dumped" dumped
check "it has the machines" grep -q rack1 "$lab/dump"
check "and no secret" hidden "$lab/dump"
# shellcheck disable=SC2016
check "nor the hash of a password" eval '! grep -alF "\$y\$" "$lab/dump"'
check "nor has any file of the state folder, its log too" hidden "$state"
check "which is its user's alone" test "$(stat -c %a "$state")" = 700

# --- over a restart -----------------------------------------------------------------------------------------------------------

sum=$(sha256sum <"$keyfile")
usher_stop
check "stopped: nor is a secret left in the store" hidden "$state"
check "it starts again" usher_start
check "the key is the same" test "$(sha256sum <"$keyfile")" = "$sum"
check "rack1 can be switched" can_tell rack1
check "fish1 too" can_tell fish1
usher_stop KILL
check "killed: nor is one left" hidden "$state"
check "it starts" usher_start
check "and rack1 can be switched" can_tell rack1

# --- the key ------------------------------------------------------------------------------------------------------------------

usher_stop
cp -p "$keyfile" "$lab/kept.key"
chmod 640 "$keyfile"
check "a key that others may read is refused" refused "'chmod 600 $keyfile'"
chmod 600 "$keyfile"
head -c 16 /dev/urandom >"$keyfile"
check "so is half a key" refused "expected a file of 32 bytes"
rm "$keyfile"
check "a missing one is named" refused "$keyfile is missing, the key of the store's secrets"
check "with what to do" grep -F "put it back from a backup. If it is lost, make another" "$lab/refusal"
check "and no key was made" test ! -e "$keyfile"
(umask 077; head -c 32 /dev/urandom >"$keyfile")
check "with another key it starts" usher_start
check "and says so, once" test "$(grep -c 'secrets of 2 machines cannot be read' "$lab/usher.log")" = 1
check "show has one clear line" grep -F "unreadable its controller's password: set it again: usher power rack1 set" <("$USHER" show rack1)
check "and the JSON which" test "$("$USHER" show fish1 --json | jq -c .unreadable)" = \
	'["power_password","settings/activation","settings/root_password"]'
check "rack1 is not asked without its password" says \
	"its controller's password cannot be read (it was encrypted with another key than the one that is there now): set it again" \
	power rack1 status
check "nor is fish1" says "usher power fish1 set TARGET" power fish1 status
check "an install whose licence cannot be read is refused" says "the secret setting 'activation' cannot be read" \
	"$USHER" reinstall fish1
check "nothing is shown of rack1's, which is armed" says "the secret setting 'activation' that it was armed with cannot be read" \
	"$USHER" render rack1 answers
check "set again" power fish1 set "$target2" --power-password-file "$lab/redfish"
check "fish1 can be switched" can_tell fish1
check "in the clear it is nowhere" hidden "$state" "$lab/usher.log"
usher_stop
cp -p "$lab/kept.key" "$keyfile"
check "the old key comes back" usher_start
check "rack1 can be switched" can_tell rack1
check "nothing of it is unreadable" test "$("$USHER" show rack1 --json | jq -c .unreadable)" = '[]'
check "it shows the snapshot" grep -F "key='(secret)'" <("$USHER" render rack1 answers)
check "what was set meanwhile is to be set again" says "usher power fish1 set TARGET" power fish1 status
check "it is" power fish1 set "$target2" --power-password-file "$lab/redfish"
usher_stop
mkdir -m 700 "$lab/keys"
mv "$keyfile" "$lab/keys/store.key"
sed -i "s|<state dir='$state'/>|<state dir='$state' key='$lab/keys/store.key'/>|" "$lab/usher.xml"
check "the key may lie elsewhere" usher_start
check "and opens" can_tell fish1
check "none is made in the state folder" test ! -e "$keyfile"
usher_stop

# --- a store of before ----------------------------------------------------------------------------------------------------------

# As an usher before wrote it, and carelessly: what was replaced stays in free pages, too.
cat >"$lab/older.py" <<'END'
import json, sqlite3, sys
path, ipmi, redfish, licence = sys.argv[1], *(open(f).read().strip() for f in sys.argv[2:5])
db = sqlite3.connect(path, isolation_level=None)
db.execute("PRAGMA secure_delete = OFF")
for name, value in db.execute("SELECT key, value FROM record WHERE kind = 1").fetchall():
    r = json.loads(value)
    r["v"] = 1
    r["power_password"] = ipmi if r["name"] == "rack1" else redfish
    hashed = "$y$j9T$aaaaaaaaaaaaaaaaaaaaa0$bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
    r["settings"].update(activation={"secret": licence}, root_password={"secret": hashed})
    if "snapshot" in r["attempt"]:
        r["attempt"]["snapshot"]["settings"].update(activation=licence, root_password=hashed)
    now = json.dumps(r).encode()
    for n in range(900):
        db.execute("REPLACE INTO record VALUES(1, ?, ?)", (b"junk%d" % n, now * 3))
    for n in range(900):
        db.execute("DELETE FROM record WHERE kind = 1 AND key = ?", (b"junk%d" % n,))
    db.execute("REPLACE INTO record VALUES(1, ?, ?)", (name, now))
db.close()
END
check "a store of before is made" python3 "$lab/older.py" "$state/usher.db" "$lab/ipmi" "$lab/redfish" "$lab/licence"
size=$(stat -c %s "$state/usher.db")
check "of $size bytes, more than is rewritten while it serves" test "$size" -gt $((4 << 20))
check "it has secrets in clear, and the search finds them" shows "$state"
check "it is served" usher_start
check "its secrets are encrypted" grep -F "the secrets of 2 machines were in clear in the store, and are encrypted now" "$lab/usher.log"
check "none is left in clear, before it is stopped" hidden "$state"
# shellcheck disable=SC2016
check "no hash either" eval '! grep -ralF "\$y\$" "$state"'
check "nor was a copy of it kept" test -z "$(ls "$state"/usher.db.v* 2>/dev/null)"
check "rack1 can be switched" can_tell rack1
check "fish1 too" can_tell fish1
check "what it was armed with is there" grep -F "key='(secret)'" <("$USHER" render rack1 answers)
check "an usher of before would refuse them" test "$(stored "$state" v | sort -u | head -1)" = 3
usher_stop
check "stopped: none is left" hidden "$state" "$lab/usher.log"
check "it starts again" usher_start
check "with nothing left to encrypt" test "$(grep -c 'are encrypted now' "$lab/usher.log")" = 1
check "rack1 is deleted" "$USHER" delete rack1
check "fish1 goes on" can_tell fish1
usher_stop

# --- core files ------------------------------------------------------------------------------------------------------------------

case ${SANITIZE:-}$(cat /proc/sys/kernel/core_pattern) in
*address* | /* | *\|*) skip "no core file: a sanitizer, or the kernel puts them where this lab has no say" ;;
*)
	(cd "$lab/cores" && ulimit -c unlimited && exec "$USHER" serve -c "$lab/usher.xml" >>"$lab/usher.log" 2>&1 </dev/null) &
	USHER_PID=$!
	wait_until 20 "$USHER" list
	check "fish1 was switched" can_tell fish1
	kill -ABRT "$USHER_PID"
	wait "$USHER_PID" 2>/dev/null
	check "the service, aborted, leaves no core file" test -z "$(ls "$lab/cores")"
	(cd "$lab/cores" && ulimit -c unlimited && exec sleep 100) &
	sleeper=$!
	wait_until 5 grep -q sleep "/proc/$sleeper/comm"
	kill -ABRT $sleeper
	wait $sleeper 2>/dev/null
	check "another program does, in the same place" test -n "$(ls "$lab/cores")"
	;;
esac
kill "$RACK1" "$FISH"
[ $LAB_FAILED = 0 ] || sed 's/^/  log: /' "$lab/usher.log" | tail -n 40
lab_end
