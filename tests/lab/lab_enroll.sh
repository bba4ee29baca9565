#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Lists of bare machines against the service: all of a list or none of it, whatever is wrong with one; 1,000 from one list;
# kill -9 while they are made. In a network namespace of its own; nothing of libvirt, no guest.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"

list=$USHER_LAB/list.csv
enroll() { "$USHER" enroll --list "$list" --no-ssh-key "$@"; }
# says TEXT COMMAND…: it fails and says so
says() { local text=$1; shift; ! "$@" >"$USHER_LAB/said" 2>&1 && { grep -e "$text" "$USHER_LAB/said" || { cat "$USHER_LAB/said"; false; }; }; }
says_now() { local text=$1; shift; "$@" >"$USHER_LAB/said" 2>&1 && grep -E -e "$text" "$USHER_LAB/said"; }
count() { "$USHER" list --json | jq '.machines | length'; }
show() { "$USHER" show "$1" --json | jq -r "$2"; }
# wrong WHAT TEXT [OPTION…]: the list on standard input is refused with TEXT, and nothing of it is there
wrong() {
	local what=$1 text=$2 before
	shift 2
	cat >"$list"
	before=$(count)
	check "$what is refused" says "$text" enroll --profile plain "$@"
	check "  and nothing is made" test "$(count)" = "$before"
}

lab_profile plain kernel '# {{machine.name}} {{#set.disk}}{{set.disk}}{{/set.disk}}' \
	"<setting name='disk' type='disk'>d</setting><setting name='root_password' type='password'>p</setting>"
lab_profile other kernel '# {{machine.name}}'
cat >"$USHER_LAB/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$USHER_LAB/state'/>
  <socket path='$USHER_SOCKET'/>
  <power dir='$USHER_LAB/power'/>
  <profiles dir='$USHER_LAB/more'/>
  <segment interface='p1' mode='own'/>
  <segment interface='p2' mode='own'/>
</usher>
END
mkdir -p "$USHER_LAB/power"
printf '#!/bin/sh\necho "$1 $2" >>"%s/calls"\n' "$USHER_LAB" >"$USHER_LAB/power/switch"
chmod 755 "$USHER_LAB/power/switch"
client 1 02:00:00:00:00:01
client 2 02:00:00:00:00:02
ip address add 10.66.0.1/16 dev p1
ip address add 10.67.0.1/24 dev p2
check "the service starts" usher_start || lab_end

# --- good ones ------------------------------------------------------------------------------------------------------------

printf '\xef\xbb\xbfname,mac,address,profile,segment,power,arm,sealed,set.disk\r\n' >"$list"
printf '\r\nfirst,02-00-00-00-01-00,10.66.0.50,plain,p1,,,,"sda"\r\n' >>"$list"
printf 'second,02:00:00:00:01:01,,other,p2,wol:,no,yes,\r\n' >>"$list"
printf 'third,02:00:00:00:01:02,,,,%s,yes,,sdb\r\n' "$USHER_LAB/power/switch" >>"$list"
check "a list with a byte order mark, CRLF and an empty line is enrolled" says_now "^third: armed, 10.66" enroll --profile plain --network p1
check "each machine is said once" test "$(cut -d: -f1 "$USHER_LAB/said" | sort | xargs)" = "first second third"
check "all of it" test "$(count)" = 3
check "as it says" test "$(show first '"\(.profile) \(.nics[0].segment) \(.nics[0].mac) \(.nics[0].addresses[0]) \(.settings.disk)"')" = \
	"plain p1 02:00:00:00:01:00 10.66.0.50 sda"
check "and where it says something else, so" test "$(show second '"\(.profile) \(.nics[0].segment) \(.power)"')" = "other p2 wol:"
check "what it leaves out is the command line's" test "$(show third '"\(.profile) \(.nics[0].segment) \(.settings.disk)"')" = "plain p1 sdb"
check "who is to be armed is" wait_until 5 test "$(show third .state)" = armed
check "and its power is switched" wait_until 5 grep -q third "$USHER_LAB/calls"
check "the others are not" test "$(show first .state) $(show second .state)" = "known known"

cat >"$USHER_LAB/list.xml" <<END
<machines>
  <defaults profile='plain' segment='p1'><set name='root_password' file='password'/></defaults>
  <machine name='x1' mac='02:00:00:00:02:00'><set name='disk'>sdc</set></machine>
  <machine name='x2' mac='02:00:00:00:02:01' address='10.66.0.60'/>
</machines>
END
echo s3cret >"$USHER_LAB/password"
list=$USHER_LAB/list.xml
check "a list in XML, with a password from a file" enroll
check "is enrolled" test "$(show x1 .settings.disk) $(show x2 '.nics[0].addresses[0]')" = "sdc 10.66.0.60"
refute "and nobody sees the password" grep -r s3cret "$USHER_LAB/state" "$USHER_LAB/usher.log" <(show x1 .)
check "the same again is refused, with its lines" says "list.xml:3: machine 'x1' exists already" enroll
check "all of them" grep "list.xml:4: machine 'x2' exists already" "$USHER_LAB/said"
sed -i "s/name='x1'/name='x3'/; s/root_password/root_pasword/" "$USHER_LAB/list.xml"
check "a setting that does not exist is refused" says "list.xml:[34].*root_pasword" enroll
list=$USHER_LAB/list.csv

# --- wrong ones -----------------------------------------------------------------------------------------------------------

good='good,02:00:00:00:03:00'
wrong "a name that is none" "list.csv:2: 'no_name' cannot be a machine's name: only a-z, 0-9 and - may be in it" --network p1 <<END
name,mac
no_name,02:00:00:00:03:01
END
wrong "a second machine of a name" "list.csv:4: the name 'good' is taken on line 3" --network p1 <<END
name,mac

$good
good,02:00:00:00:03:01
END
wrong "a second machine of a MAC" "list.csv:3: MAC 02:00:00:00:03:00 is taken on line 2" --network p1 <<END
name,mac
$good
bad,02-00-00-00-03-00
END
wrong "a MAC of a machine that is there" "list.csv:3: bad: machine 'first' has that MAC" --network p1 <<END
name,mac
$good
bad,02:00:00:00:01:00
END
wrong "an address of a machine that is there" "list.csv:3: .*address 10.66.0.50 is in use by machine 'first'" --network p1 <<END
name,mac,address
$good,
bad,02:00:00:00:03:01,10.66.0.50
END
wrong "an address of another network" "list.csv:3: .*address 10.1.0.1 cannot be used in segment 'p1'" --network p1 <<END
name,mac,address
$good,
bad,02:00:00:00:03:01,10.1.0.1
END
wrong "a profile that does not exist" "list.csv:3: .*nowhere" --network p1 <<END
name,mac,profile
$good,
bad,02:00:00:00:03:01,nowhere
END
wrong "a segment that is not served" "list.csv:3: .*network 'p9' is not served here" <<END
name,mac,segment
$good,p1
bad,02:00:00:00:03:01,p9
END
wrong "one without a segment, where two are served" "list.csv:3: .*several networks are served" <<END
name,mac,segment
$good,p1
bad,02:00:00:00:03:01,
END
wrong "a power executable that is not there" "list.csv:3: .*switch2" --network p1 <<END
name,mac,power
$good,
bad,02:00:00:00:03:01,$USHER_LAB/power/switch2
END
wrong "a controller without its password" "list.csv:3: its controller needs a password: --power-password-file FILE" --network p1 <<END
name,mac,power
$good,
bad,02:00:00:00:03:01,ipmi://admin@10.66.9.9
END
wrong "a setting of the wrong kind" "list.csv:3: .*disk" --network p1 <<END
name,mac,set.disk
$good,sda
bad,02:00:00:00:03:01,/dev/sda
END
wrong "a setting that the profile does not have" "list.csv:2: .*disc" --network p1 <<END
name,mac,set.disc
$good,sda
END
wrong "a wrong number of columns" "list.csv:2: 3 columns; the header line has 2" --network p1 <<END
name,mac
bad,02:00:00:00:03:01,p1
$good
END
check "  with its line, and each other one" test "$(wc -l <"$USHER_LAB/said")" = 1
wrong "a column that does not exist" "list.csv:1: no column is called 'adress': did you mean 'address'?" --network p1 <<END
name,mac,adress
$good,
END
wrong "a list without MACs" "list.csv:1: the header line lacks column 'mac'" --network p1 <<END
name,profile
good,plain
END
wrong "a list of semicolons" "list.csv:1: the columns are separated by semicolons: expected commas" --network p1 <<END
name;mac
good;02:00:00:00:03:00
END
wrong "quotes in the middle" "list.csv:3: a quote stands in a field" --network p1 <<END
name,mac
$good
b"ad",02:00:00:00:03:01
END
wrong "a header alone" "list.csv:1: no machine is in it" --network p1 <<END
name,mac
END
wrong "an empty file" "list.csv:1: the file is empty" --network p1 </dev/null
printf 'name,mac\ng\xff,x\n' >"$USHER_LAB/bytes"
wrong "what is not UTF-8" "list.csv:2: it is not UTF-8 text" --network p1 <"$USHER_LAB/bytes"
wrong "all that is wrong, at once" "list.csv:4: mac '02:00': expected a MAC like" --network p1 <<END
name,mac,arm
BAD,02:00:00:00:03:01,
$good,maybe
bad,02:00,
END
check "  with a line for each" test "$(grep -c "list.csv:[234]: " "$USHER_LAB/said")" = 3
printf 'name,mac\n%s\n' "$good" >"$list"
check "nobody waits for machines that are not armed" says "--wait goes with --arm, or arm=yes in the list" enroll --profile plain --network p1 --wait
check "  and nothing is made" says "no machine 'good'" "$USHER" show good
check "a list that is not there" says "No such file" "$USHER" enroll --list "$USHER_LAB/away.csv"
check "a name beside a list" says "'web' is too much" "$USHER" enroll web --list "$list"
check "a MAC beside a list" says "with --list they are columns" "$USHER" enroll --mac 02:00:00:00:00:09 --list "$list"
api() { curl -sS --max-time 20 --unix-socket "$USHER_SOCKET" "$@"; }
enrolment() { api http://usher/api/v1/enrolments -d "{\"request_id\":\"$1\",\"machines\":[$2]}"; }
guest='{"kind":"guest","name":"g","profile":"plain"}'
check "a guest is not enrolled" grep -e "only a machine of kind bare-metal" <(enrolment a "$guest")
check "nor is one armed by the way" grep -e "it is enrolled first, and armed then" \
	<(enrolment a '{"kind":"bare-metal","name":"g","profile":"plain","arm":true,"segment":"p1","mac":"02:00:00:00:04:00"}')
one='{"kind":"bare-metal","name":"again","profile":"plain","segment":"p1","mac":"02:00:00:00:04:00"}'
enrolment b "$one" >"$USHER_LAB/once"
enrolment b "$one" >"$USHER_LAB/twice"
check "the same request twice is one enrolment" test "$(jq -c .machines[0].uuid "$USHER_LAB/once")" = \
	"$(jq -c .machines[0].uuid "$USHER_LAB/twice")"
check "another one of that name is not" grep -e "exists already" <(enrolment c "$one")

# --- rules: they need no service ---------------------------------------------------------------------------------------------

rules() { USHER_SOCKET=/nowhere "$USHER" rules "$@"; }
cat >"$USHER_LAB/inventory" <<END
{"schema": 1, "inventory": {"schema": 1, "system": {"vendor": "Dell Inc.", "serial": "J5DW7N2"}, "memory_mib": 4096,
 "disks": [{"name": "sda", "size_bytes": 480103981056, "rotational": false, "wwn": "naa.5000c500a1b2c3d4"}],
 "interfaces": [{"name": "eth0", "mac": "02:00:00:00:05:00", "booted": true}]}}
END
check "the example is right" says_now "rules.xml: 5 rules" rules --check "$LAB_TOP/contrib/rules.xml"
check "it is tried on an inventory" says_now "^enrolled by others:" rules --test "$LAB_TOP/contrib/rules.xml" --inventory "$USHER_LAB/inventory"
check "which says why the earlier ones did not match" grep -E "^  no  line [0-9]+ +memory_mib from='250G' \(found: 4096\)" "$USHER_LAB/said"
check "in JSON, too" test "$(rules --test "$LAB_TOP/contrib/rules.xml" --inventory - --json <"$USHER_LAB/inventory" |
	jq -r '[.verdict, .machine.name, .machine.settings.disk, (.trace | length | tostring)] | join(" ")')" = \
	"enroll node-j5dw7n2 wwn=naa.5000c500a1b2c3d4 5"
printf '<rules>\n<rule>\n<enroll name="a{x}"/></rule><rul/></rules>' >"$USHER_LAB/wrong.xml"
check "a wrong one is refused with its lines" says "wrong.xml:3: <enroll name=>: there is no fact {x}" rules --check "$USHER_LAB/wrong.xml"
check "all of them" grep "wrong.xml:3: <rules> has no element <rul>: did you mean <rule>?" "$USHER_LAB/said"
printf '<rules><rule><enroll name="{board.serial}" profile="p"/></rule></rules>' >"$USHER_LAB/cannot.xml"
check "one that cannot be carried out fails, and says why" says "rule 1 matches, but its name: {board.serial} is not known" \
	rules --test "$USHER_LAB/cannot.xml" --inventory "$USHER_LAB/inventory"
check "no file: a usage error" says "one of --check FILE, --test FILE with --inventory FILE, and --apply ID" rules
check "no inventory, too" says "which --inventory" rules --test "$LAB_TOP/contrib/rules.xml"
check "an inventory that is none" says "is not an object" rules --test "$LAB_TOP/contrib/rules.xml" --inventory - <<<'[1]'
check "a file that is away" says "No such file" rules --check /nowhere/rules.xml

# --- a thousand -----------------------------------------------------------------------------------------------------------

rows() {
	echo name,mac,segment,set.disk
	for ((i = 0; i < $2; i++)); do
		printf '%s%d,02:00:00:%02x:%02x:%02x,p1,sd%d\n' "$1" "$i" "$3" $((i / 256)) $((i % 256)) $((i % 7))
	done
}
before=$(count)
rows m 1000 16 >"$list"
# how long others wait meanwhile: one thread does both
(while :; do curl -sS -o /dev/null -w '%{time_total}\n' --unix-socket "$USHER_SOCKET" http://usher/api/v1/status; done) >"$USHER_LAB/waits" &
polling=$!
start=$(date +%s%N)
check "1,000 machines from one list" enroll --profile plain
echo "     in $((($(date +%s%N) - start) / 1000000)) ms; meanwhile $(wc -l <"$USHER_LAB/waits") other requests, the longest $(sort -n "$USHER_LAB/waits" | tail -n 1) s"
kill $polling
wait $polling 2>/dev/null
check "are all there" test "$(count)" = $((before + 1000))
check "each with an address of its own" test "$("$USHER" list --json | jq -r '.machines[].nics[0].addresses[0]' | sort -u | wc -l)" = $((before + 1000))
check "one more is too many" says "list.csv:1002: a list has at most 1000 machines" \
	eval 'rows q 1001 17 >"$list"; enroll --profile plain'
rows k 999 18 >"$list"
echo 'm500,02:00:00:99:00:00,p1,sda' >>"$list"
check "999 good ones and a bad one are refused" says "list.csv:1001: machine 'm500' exists already" enroll --profile plain
check "  and nothing is made" test "$(count)" = $((before + 1000))

# killed at any moment there are all of a list or none
partly=0 all=0 none=0
for ms in 10 20 30 40 50 60 70 80 90 100 120 150 200; do
	before=$(count)
	rows "r$ms-" 300 $((32 + ms)) >"$list"
	enroll --profile plain >/dev/null 2>&1 &
	waiting=$!
	sleep "0.$(printf %03d $ms)"
	usher_stop KILL
	kill $waiting 2>/dev/null
	wait $waiting 2>/dev/null
	usher_start >/dev/null 2>&1
	case $(($(count) - before)) in 0) none=$((none + 1)) ;; 300) all=$((all + 1)) ;; *) partly=$((partly + 1)) ;; esac
done
echo "     killed while 300 were enrolled: $none times none, $all times all"
check "killed at any moment, there are all of a list or none" test "$partly" = 0

usher_stop
check "the service ends well" test $? = 0
[ $LAB_FAILED = 0 ] || sed 's/^/  log: /' "$USHER_LAB/usher.log" | tail -n 40
lab_end
