#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command line as a stranger meets it: help, slips, no service, a service; what is read, as text and as JSON; ranges;
# followers that outlive a kill -9 of the service; bare metal that is recorded and given nothing to boot.
# shellcheck source=/dev/null disable=SC2013,SC2016,SC2119,SC2317
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/profiles.sh"

said=$USHER_LAB/said out=$USHER_LAB/out
commands="serve check create enroll discovered up down list show timeline watch wait reinstall disarm delete render profiles lint import media fetch leases mac"
known=$("$USHER" --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
man=$LAB_TOP/usher/usher.1

run() { timeout 120 "$@" >"$out" 2>"$said" </dev/null; }

# ends WHAT STATUS TEXT COMMAND…: it ends with this status; TEXT (an extended regular expression; "" silence) is on
# standard error, and when the status is 1 that is one line.
ends() {
	local what=$1 want=$2 text=$3 status
	shift 3
	run "$@"
	status=$?
	if [ $status != "$want" ]; then fail "$what: exit $status, not $want: $(cat "$said")"
	elif [ -z "$text" ] && [ -s "$said" ]; then fail "$what: not silent: $(cat "$said")"
	elif [ "$want" = 1 ] && [ "$(wc -l <"$said")" != 1 ]; then fail "$what: not one line: $(cat "$said")"
	elif ! grep -qE -- "$text" "$said" && [ -n "$text" ]; then fail "$what: no '$text' in: $(cat "$said")"
	else pass "$what"
	fi
}

# prints WHAT TEXT COMMAND…: done, silent on standard error, TEXT on standard output.
prints() {
	local what=$1 text=$2
	shift 2
	ends "$what: exit 0, no error" 0 "" "$@"
	check "$what: '$text'" grep -qE -- "$text" "$out"
}

# --- help ----------------------------------------------------------------------------------------------------------------

for c in $known; do
	case " $commands " in *" $c "*) ;; *) commands="$commands $c" ;; esac
done
prints "usher --help" "^  create  +make a guest" "$USHER" --help
prints "usher help create" "^usage: usher create" "$USHER" help create
prints "usher --version" "^usher [0-9]+\.[0-9]+" "$USHER" --version
prints "usher -V" "^usher [0-9]+\.[0-9]+" "$USHER" -V
prints "usher list -V" "^usher [0-9]+\.[0-9]+" "$USHER" list -V
prints "usher create -h" "^usage: usher create" "$USHER" create -h
prints "usher -h" "^  create  +make a guest" "$USHER" -h
prints "usher version --json" '^\{"version": "[0-9.]+", "compiler": "cc ' "$USHER" version --json
for c in $commands; do
	prints "usher $c --help" "^usage: usher $c" "$USHER" "$c" --help
	check "usher(1) has $c" grep -qE "^\.(It )?Cm ([a-z]+ [,|] )*$c\b" "$man"
	for option in $(grep -oE -- '^  (-c, )?--[a-z0-9-]+' "$out" | grep -oE -- '--[a-z0-9-]+'); do
		run "$USHER" "$c" "$option" value --no-such-option
		refute "$c takes $option" grep -q "no option $option" "$said"
		check "usher(1) has $option" grep -qE -- "Fl -${option#--}\b" "$man"
	done
done

# --- slips ---------------------------------------------------------------------------------------------------------------

usage() { ends "usage: usher ${*:2}" 2 "$1" "$USHER" "${@:2}"; }
usage "usage: usher COMMAND"
usage "no command 'crate' \(did you mean 'create'\?\); 'usher --help' lists them" crate
usage "no command 'frobnicate'; 'usher --help' lists them" help frobnicate
usage "usher list: no option --bogus" list --bogus
usage "usher list: no option -x" list -xyz
usage "usher list: --json takes no value" list --json=yes
usage "usher leases: takes no argument" leases web01
usage "--state 'sleeping': one of known armed" list --state sleeping
usage "-o takes name, wide or json, not 'yaml'" list -o yaml
usage "usher create: 'x' is named twice" create x x --profile tiny
usage "usher create: 'n2' is named twice" create 'n{1..3}' n2 --profile tiny
usage "usher delete: 'x' is named twice" delete x y x
usage "'n\{3\.\.1\}': a range is written" delete a 'n{3..1}'
for word in shutdown logs rm ps apply reboot describe info destroy undefine edit get; do
	usage "usher: no command '$word'; use: " $word
	usage "usher: no command '$word'; use: " help $word
done
usage "usher list: no option -c" list -c file
usage "usher show: takes one name" show
usage "usher show: takes one name" show a b
usage "which name" create --profile tiny
usage "which --profile\? 'usher profiles' lists them" create web
usage "--profile needs a value" create web --profile
usage "--set takes KEY=VALUE, not 'colour'" create web --profile tiny --set colour
usage "--memory takes a size like 2048M or 2G, not '2Q'" create web --profile tiny --memory 2Q
usage "--memory takes a size" create web --profile tiny --memory nan
usage "--disk takes a size" create web --profile tiny --disk -1
usage "--vcpus takes a number from 1, not '2x'" create web --profile tiny --vcpus 2x
usage "'n\{3\.\.1\}': a range is written node\{01\.\.50\}" create 'n{3..1}' --profile tiny
usage "--ip and --mac are for one machine" create 'n{1..2}' --profile tiny --ip 192.168.122.9
usage "which lab file" up
usage "--parallel takes a number from 1 to 64, not 'many'" up lab.xml --parallel many
usage "'n\{3\.\.1\}': a range is written" up lab.xml --replace 'n{3..1}'
usage "no option --restart" down lab.xml --restart
usage "no option --power" create web --profile tiny --power /bin/true
usage "which --mac" enroll metal --profile tiny
usage "--wait goes with --arm" enroll metal --mac 02:00:00:00:00:01 --profile tiny --wait
usage "takes at least one name" delete
usage "takes at least one name" wait
usage "--for 'sleeping': one of known armed" wait web --for sleeping
usage "--timeout takes seconds, not 'soon'" wait web --timeout soon
usage "takes a name and one of script, answers, cmdline" render web
usage "usher network: takes list, create NAME or delete NAME" network make lab0
usage "usher network: takes list, create NAME or delete NAME" network create
usage "--subnet, --ipv6, --ipv6-only, --forward, --domain and --mtu go with create NAME" network list --forward nat
usage "--mtu takes bytes, not 'big'" network create lab0 --mtu big
usage "takes one address or one MAC" mac
check "an IPv6 address has a computed MAC too" test "$("$USHER" mac 2001:db8:7a::c0a8:7a03)" = 52:54:c0:a8:7a:03
check "and such a MAC an IPv6 address" test "$("$USHER" mac --prefix 2001:db8:7a::/64 52:54:c0:a8:7a:03)" = 2001:db8:7a::c0a8:7a03
usage "--prefix takes an IPv6 prefix of 64 to 96 bits" mac --prefix 10.0.0.0/8 52:54:c0:a8:7a:03
usage "'web' is neither an address nor a MAC" mac web
usage "'extra' is no option" serve extra
usage "--http-port takes a port, not '80x'" serve --http-port 80x
usage "--state takes an absolute path, not 'here'" serve --state here

# --- without a service ---------------------------------------------------------------------------------------------------

prints "the MAC of an address" "^52:54:c0:a8:7a:03$" "$USHER" mac 192.168.122.3
prints "and back" "^192.168.122.3$" "$USHER" mac 52:54:c0:a8:7a:03
prints "as JSON" '"mac": *"52:54:c0:a8:7a:03"' "$USHER" mac 192.168.122.3 --json
check "which is JSON" jq -e . "$out"
ends "no computed MAC" 1 "52:55:c0:a8:7a:03 is not computed from an address: it does not begin with 52:54" \
	"$USHER" mac 52:55:c0:a8:7a:03
for c in list leases network "network create lab0" "network delete lab0" profiles "show web" timeline "watch" "wait web" \
	"reinstall web" "disarm web" "delete web" \
	"render web script" "create web --profile tiny" "enroll m --mac 02:00:00:00:00:01 --profile tiny"; do
	# shellcheck disable=SC2086
	ends "no service: usher $c" 1 "no service answers on $USHER_SOCKET: start one with 'usher serve'" "$USHER" $c
done
ends "a socket of another name" 1 "no service answers on /nowhere" "$USHER" list --socket /nowhere

# --- check ---------------------------------------------------------------------------------------------------------------

cat >"$USHER_LAB/poor.xml" <<-END
	<usher>
	  <user name='nobodyofthatname'/>
	  <guest pool='attic'/>
	  <segment network='idle'/>
	  <segment network='nowhere'/>
	  <segment interface='nowhere0'/>
	</usher>
END
echo "<network><name>idle</name><bridge name='virbr8'/><ip address='192.168.98.1' netmask='255.255.255.0'/></network>" \
	>"$USHER_LAB/idle.xml"
virsh -q net-define "$USHER_LAB/idle.xml" >/dev/null
[ ! -d /usr/lib/ipxe ] || mount -t tmpfs none /usr/lib/ipxe
run "$USHER" check -c "$USHER_LAB/poor.xml"
check "check fails when something is missing" test $? = 1
cat "$out"
for line in "LACKS +user +no user 'nobodyofthatname': useradd" \
	"LACKS +pool +there is no storage pool attic: virsh pool-define-as" \
	"LACKS +network .*'idle' is not active: virsh net-start idle" "LACKS +network .*nowhere" \
	"LACKS +interface +there is no 'nowhere0'" "LACKS +boot file +no undionly.kpxe.*: apt-get install ipxe" \
	"(note|LACKS) +service +no service answers on .*: start one with"; do
	check "check: $line" grep -qE "^$line" "$out"
done
run "$USHER" check -c "$USHER_LAB/poor.xml" --json
check "check --json fails too" test $? = 1
check "and is JSON" jq -e '.[] | select(.verdict == "LACKS") | .text' "$out"
umount /usr/lib/ipxe 2>/dev/null
sed -e 's/nobodyofthatname/usher/; s/attic/default/; /segment/d' "$USHER_LAB/poor.xml" >"$USHER_LAB/rich.xml"
ends "check is content with this lab" 0 "" "$USHER" check -c "$USHER_LAB/rich.xml" --network default
sed -e "s|<guest .*|<guest uri='qemu+unix:///system?socket=/nowhere'/>|" "$USHER_LAB/rich.xml" >"$USHER_LAB/dead.xml"
run "$USHER" check -c "$USHER_LAB/dead.xml"
check "check fails without libvirt" test $? = 1
check "and says what to do" grep -E "^LACKS +libvirt .*(systemctl|libvirtd)" "$out"

# --- with a service --------------------------------------------------------------------------------------------------------

lab_profile plain kernel 'echo {{machine.name}} {{set.colour}} {{set.word}}' "<setting name='colour' default='red'>its colour</setting>
<setting name='word' type='password'>a secret</setting>"
lab_profiles_config >"$USHER_LAB/usher.xml"
usher_start || { fail "the service starts"; lab_end; }

json() { # WHAT FILTER COMMAND…
	local what=$1 filter=$2
	shift 2
	ends "$what --json" 0 "" "$@" --json
	check "$what --json: $filter" jq -e "$filter" "$out"
}
prints "list of nothing" "no machines; 'usher create NAME --profile P' makes one" "$USHER" list
json list '.machines == []' "$USHER" list
json leases '.leases == []' "$USHER" leases
json profiles '.profiles | map(.name) | contains(["debian-12", "plain", "tiny"])' "$USHER" profiles
json "profiles NAME" '.settings | map(.name) == ["colour", "word"]' "$USHER" profiles plain
prints "a profile's settings" "--set colour=red +its colour" "$USHER" profiles plain
ends "an unknown profile" 1 "no profile 'plian'" "$USHER" profiles plian
for c in show timeline wait reinstall disarm delete; do
	ends "$c of nobody" 1 "'nobody'" "$USHER" $c nobody
done
ends "render of nobody" 1 "'nobody'" "$USHER" render nobody script
mkdir -m 700 "$USHER_LAB/tmp/nobody" && chown nobody "$USHER_LAB/tmp/nobody"
cp "$USHER" "$USHER_LAB/tmp/usher"
ends "another user" 1 "$USHER_SOCKET: this user may not talk to the service" \
	setpriv --reuid nobody --regid nogroup --clear-groups "$USHER_LAB/tmp/usher" list

# --- words, and files, that are wrong -----------------------------------------------------------------------------------------

ssh-keygen -q -t ed25519 -N '' -f "$USHER_LAB/key"
create=("$USHER" create w --profile plain)
ends "a private key" 1 "--ssh-key .*: line 1: a private key, which is not to leave its machine" "${create[@]}" --ssh-key "$USHER_LAB/key"
ends "prose as a key" 1 "--ssh-key /etc/passwd: line 1: no public SSH key" "${create[@]}" --ssh-key /etc/passwd
ends "a folder as a key" 1 "--ssh-key /etc: Is a directory" "${create[@]}" --ssh-key /etc
ends "a folder as a script" 1 "--first-boot /etc: Is a directory" "${create[@]}" --first-boot /etc
ends "a folder as a domain" 1 "--domain /etc: Is a directory" "${create[@]}" --domain /etc
ends "a folder as configuration" 1 "/etc: a folder, and no configuration file" "$USHER" serve -c /etc
usage "'A_b' cannot be a machine's name" create A_b --profile plain
usage "'999.1.1.1' is not an IPv4 or IPv6 address" create w --profile plain --ip 999.1.1.1
usage "'zz' is not a MAC" create w --profile plain --mac zz
usage "firmware 'uefi': it is bios, efi or efi-secure" create w --profile plain --firmware uefi
usage "forward 'bridge': expected none, nat or route" network create lan --forward bridge
usage "--name 'Bad Name'" import /srv --name 'Bad Name'
mkdir -p "$USHER_LAB/empty"
run "$USHER" lint "$USHER_LAB/empty"
check "a folder that is no profile" grep -q "a folder without a profile.xml" "$out"
ends "a profile that only the service knows" 0 "1 looked at: 0 errors" "$USHER" lint plain

# --- bare metal: recorded, given an address, and nothing to boot --------------------------------------------------------------

mac=52:54:00:00:00:07
prints "enroll" "^metal: known, 192.168.122.50, $mac$" "$USHER" enroll metal --no-ssh-key --mac $mac --profile plain \
	--ip 192.168.122.50 --set colour=blue --set word=sesame
json show '.state == "known" and .kind == "bare-metal" and .settings.colour == "blue"' "$USHER" show metal
refute "a secret is not shown" grep -q sesame "$out"
prints "list" "^metal +bare-metal +known +192.168.122.50 +plain" "$USHER" list
prints "render answers" "^echo 'metal' 'blue' " "$USHER" render metal answers
ends "render of a file it has not" 1 "profile 'plain' has no answer file 'nocloud/x'" "$USHER" render metal nocloud/x
json "render script" '.text | startswith("#!ipxe")' "$USHER" render metal script
ends "a power executable that is none" 1 "--power /etc/passwd: it is not executable" \
	"$USHER" enroll other --mac 02:00:00:00:00:01 --profile plain --power /etc/passwd
prints "render cmdline" "^answers=http://192.168.122.1:8067/m/.*/answers" "$USHER" render metal cmdline

ip netns add metal
ip link add lab0 type veth peer name eth0 netns metal
ip link set lab0 master virbr0 up
ip -n metal link set eth0 address $mac up
printf '#!/bin/sh\nenv >"$TMPDIR/lease.$1"\n' >"$USHER_LAB/tmp/note"
chmod +x "$USHER_LAB/tmp/note"
firmware() { # OPTION…: what a PXE firmware of a BIOS is given
	rm -f "$TMPDIR/lease.bound"
	ip netns exec metal udhcpc -i eth0 -n -q -f -t 5 -T 1 -s "$USHER_LAB/tmp/note" \
		-V PXEClient:Arch:00000:UNDI:002001 -x 0x5d:0000 "$@" && [ -s "$TMPDIR/lease.bound" ]
}
given() { grep -q "^$1=" "$TMPDIR/lease.bound"; }
check "its firmware gets a lease" firmware
check "of its address" grep -qx ip=192.168.122.50 "$TMPDIR/lease.bound"
refute "and no file to boot" given boot_file
prints "leases" "^192.168.122.50 +$mac +default .*metal$" "$USHER" leases
json leases '.leases[0] | .machine == "metal" and .address == "192.168.122.50"' "$USHER" leases
prints "reinstall" "^metal: armed$" "$USHER" reinstall metal
check "now its firmware gets a lease" firmware
check "and a file to boot" grep -q '^boot_file=undionly' "$TMPDIR/lease.bound"
check "iPXE gets a lease" firmware -x 0x4d:69505845
check "and a URL" grep -qE '^boot_file=http://192.168.122.1:8067/m/[0-9a-f]+/boot.ipxe' "$TMPDIR/lease.bound"
prints "disarm" "^metal: disarmed$" "$USHER" disarm metal
check "its firmware gets a lease again" firmware
refute "and no file any more" given boot_file
ends "a second disarm" 1 "metal is known: there is nothing to disarm" "$USHER" disarm metal
ends "wait gives up" 1 "metal is not up after 1 s: 'usher show metal' says where it is" \
	"$USHER" wait metal --timeout 1
ends "wait for what is" 0 "" "$USHER" wait metal --for known
prints "timeline" "^[0-9:]{8}  leased +192.168.122.50 to $mac" "$USHER" timeline metal
check "timeline --json: an object a line" jq -se 'map(.kind) | contains(["created", "leased", "armed"])' <("$USHER" timeline metal --json)

# --- followers outlive the service ----------------------------------------------------------------------------------------------

"$USHER" timeline --follow --json >"$USHER_LAB/followed" 2>"$USHER_LAB/follower" &
follower=$!
ends "watch of nobody" 1 "no machine 'nope'" "$USHER" watch metal nope
"$USHER" enroll second --no-ssh-key --mac 02:00:00:00:00:04 --profile plain >/dev/null
"$USHER" enroll third --no-ssh-key --mac 02:00:00:00:00:03 --profile plain >/dev/null
"$USHER" watch second third >"$USHER_LAB/watched" 2>&1 &
watcher=$!
sleep 2 # it has looked for both
"$USHER" delete second third >/dev/null
"$USHER" wait other --for armed >"$USHER_LAB/waited" 2>&1 &
early=$!
"$USHER" wait third --for deleted >>"$USHER_LAB/waited" 2>&1 &
deleted=$!
ended() { ! kill -0 "$1"; }
check "wait for a machine that is not there is an error" wait_until 10 ended $early
wait $early
"$USHER" enroll other --no-ssh-key --mac 02:00:00:00:00:02 --profile plain >/dev/null
followed() { jq -r .machine "$USHER_LAB/followed" | grep -cx "$1"; }
check "a follower sees it" wait_until 5 followed other
usher_stop KILL
ends "killed: no service" 1 "no service answers" "$USHER" list
sleep 1
usher_start
check "nothing is lost" test "$("$USHER" list --json | jq -r '.machines[].name' | xargs)" = "metal other"
"$USHER" enroll third --no-ssh-key --mac 02:00:00:00:00:03 --profile plain >/dev/null
check "the follower goes on" wait_until 10 followed third
check "the watcher too" wait_until 10 grep -q "third .*created" "$USHER_LAB/watched"
check "every event came once, in order" jq -se 'map(.seq) == (map(.seq) | unique)' "$USHER_LAB/followed"
"$USHER" timeline --json >"$USHER_LAB/all"
check "none is missing" diff "$USHER_LAB/all" "$USHER_LAB/followed"
refute "a watcher of two names is told of no third" grep -q "  metal " "$USHER_LAB/watched"
"$USHER" delete metal other third >"$out"
check "delete says what it did" diff - "$out" <<<$'metal: deleted\nother: deleted\nthird: deleted'
kill $follower $watcher
wait $follower $watcher 2>/dev/null
check "no follower complains" test ! -s "$USHER_LAB/follower"
kill $deleted 2>/dev/null
wait $deleted 2>/dev/null

# --- guests, many at once ---------------------------------------------------------------------------------------------------------

prints "a range of guests" "^n2: armed, 192.168.122.3, 52:54:c0:a8:7a:03$" \
	"$USHER" create 'n{1..3}' --profile plain --no-ssh-key --memory 128
check "three lines" test "$(wc -l <"$out")" = 3
check "three domains" test "$(virsh -q list --name | xargs)" = "n1 n2 n3"
ends "one of them exists already" 1 "machine 'n3' exists already" \
	"$USHER" create 'n{3..3}' --profile plain --no-ssh-key
ends "wait for all of them" 0 "" "$USHER" wait 'n{1..3}' --for armed
prints "disarm of a guest" "^n1: disarmed$" "$USHER" disarm n1
check "it is known, or failed when it had fetched its boot script" \
	grep -qE 'known|failed' <("$USHER" show n1 --json | jq .state)
check "its install is stopped" wait_until 10 sh -c 'test "$(virsh -q domstate n1)" = "shut off"'
prints "reinstall of a guest" "^n1: armed$" "$USHER" reinstall n1
check "it runs again" wait_until 10 sh -c 'test "$(virsh -q domstate n1)" = running'
ends "reinstall of one that is armed" 1 "n1 is armed" "$USHER" reinstall n1
ends "one of several that is wrong: nothing is made" 1 "machine 'n3' exists already" \
	"$USHER" create 'n{3..6}' --profile plain --no-ssh-key --memory 128
ends "what is wrong with all is said once" 1 "^usher: m1 and 199 others: no profile 'plian'" \
	"$USHER" create 'm{1..200}' --profile plian --no-ssh-key
ends "addresses for all, or for none" 1 "^usher: m[0-9]+ and [0-9]+ others: segment 'default' has no free address" \
	"$USHER" create 'm{1..200}' --profile plain --no-ssh-key --memory 128
ends "a name that is taken hides nothing" 1 "no storage pool attic" "$USHER" create n3 --profile plain --pool attic --no-ssh-key
check "nothing was made by those" test "$("$USHER" list --json | jq -r '[.machines[].name] | join(" ")')" = "n1 n2 n3"
ends "one of several is not there: nothing goes" 1 "no machine 'n4'" "$USHER" delete 'n{2..4}'
check "they are all there" test "$("$USHER" list --json | jq '.machines | length')" = 3
prints "list of one" "^n2 " "$USHER" list n2
check "and no other" test "$(wc -l <"$out")" = 2
prints "list by profile" "^n2 " "$USHER" list 'n{1..2}' --profile plain
prints "list by lab" "no such machines" "$USHER" list --lab nobodys
ends "list of nobody" 1 "no machine 'nope'" "$USHER" list nope n1

# on_terminal TYPED COMMAND…: its output, on a terminal where that is typed.
on_terminal() { printf '%b' "$1" | timeout 60 script -qec "${*:2}" /dev/null >"$out" 2>&1; }
if command -v script >/dev/null; then
	refute "delete of a guest that runs asks; no is no" on_terminal 'n\n' "$USHER" delete n1 n2
	check "the question names it" grep -q "n1 and 1 other: each runs: delete them, and lose what is on their disks? \[y/N\]" "$out"
	check "both are there" "$USHER" show n2
	check "a dry run does not ask" on_terminal '' "$USHER" delete n1 --dry-run
	check "... and says what it would do" grep -q "n1: would be deleted (it runs)" "$out"
	check "it is there" "$USHER" show n1
	check "watch: q leaves" on_terminal q "$USHER" watch n1
	check "... and it says so" grep -q "q leaves, ? helps" "$out"
	check "watch: ? explains" on_terminal '?q' "$USHER" watch
	check "yes is yes" on_terminal 'y\n' "$USHER" delete n1
	refute "it is gone" "$USHER" show n1
	check "--yes does not ask" on_terminal '' "$USHER" delete n2 --yes
	refute "it is gone too" "$USHER" show n2
	"$USHER" create 'n{1..2}' --profile plain --no-ssh-key --memory 128 >/dev/null
else
	skip "asking on a terminal: there is no script(1)"
fi
ends "stop of one that is being installed" 1 "run 'usher disarm n3' to cancel its install" "$USHER" stop n3
ends "start of one that has nothing installed" 1 "no installed system to start" "$USHER" start n3
api() { curl -s -o "$out" -w '%{http_code}' --unix-socket "$USHER_SOCKET" "${@:2}" "http://u/api/v1$1"; }
check "a wrong method is 405" test "$(api /machines -X PUT)" = 405
check "and the answer says which are right" grep -qxF "Allow: GET, HEAD, POST" <(curl -s -D - -o "$out" --unix-socket "$USHER_SOCKET" -X PUT http://usher/api/v1/machines | tr -d '\r')
check "... and says which are right" grep -q "allowed methods: GET, POST" "$out"
check "an unknown key is 400" test "$(api /machines -d '{"kind": "guest", "memry": 5}')" = 400
check "... and names the nearest" grep -q "did you mean 'memory'" "$out"
check "an unknown argument is 400" test "$(api '/machines/n3?keep_disk=1' -X DELETE)" = 400
check "... and nothing is deleted" "$USHER" show n3
prints "delete of a range" "^n3: deleted" "$USHER" delete 'n{1..3}'
check "no domain is left" test -z "$(virsh -q list --all --name)"
check "no volume is left" test -z "$(virsh -q vol-list default)"
prints "create --json" "" "$USHER" create 'j{1..2}' --profile plain --no-ssh-key --memory 128 --json
check "an object a line" jq -se 'map(.name) == ["j1", "j2"]' "$out"
ends "delete --json" 0 "" "$USHER" delete 'j{1..2}' --json
check "an object a line" jq -se 'map(.deleted) == ["j1", "j2"]' "$out"
# --- the shape of each command's JSON ------------------------------------------------------------------------------------------------

# What there is under which key, and of what kind: scripts rely on it. A list is told by its first. Lines of json_shapes:
# COMMAND, a tab, the shape. LAB_SHAPES=FILE writes them as they are.
shape='def kind: if type == "object" then with_entries(if .key | IN("guest_state", "reason", "ended_at", "hostname", "cause", "waits_for", "waits_since", "by")
		then .value = "text, time or null" else .value |= kind end)
	elif type == "array" then (if length == 0 then [] else [.[0] | kind] end)
	elif type == "string" then (if test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.][0-9]{3}Z$") then "time" else "text" end)
	elif type == "null" then null else type end; kind'
# One form of time, null and not "" for none, and nothing that only the service needs.
even='[.. | objects | to_entries[] | select(.value == "" and (.key | IN("default", "text", "data", "help") | not)) // select(.key |
	test("_ms$|_mib$|^request_id$|token")) // select((.value | type) == "string" and (.value | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T")) and
	(.value | test("[.][0-9]{3}Z$") | not))] == []'
shapes=$LAB_TOP/tests/lab/json_shapes
shaped() { # NAME COMMAND…
	local name=$1 is
	shift
	run "$@" --json
	[ -s "$out" ] || { fail "$name --json says nothing: $(cat "$said")"; return; }
	check "$name --json is even" jq -se "map($even) | all" "$out"
	is=$(jq -sc -S ".[${SHAPED:-0}] | $shape" "$out")
	[ -z "${LAB_SHAPES:-}" ] || printf '%s\t%s\n' "$name" "$is" >>"$LAB_SHAPES"
	check "$name --json has its shape" test "$(sed -n "s/^$name\t//p" "$shapes")" = "$is"
}
mount -t tmpfs none /srv && mkdir -p /srv/medium && cp "$USHER_LAB"/medium/* /srv/medium
cat >"$USHER_LAB/lab.xml" <<-END
	<lab name='one'><network name='lan' subnet='10.99.0.0/24'/>
	<machine name='l1' profile='plain' memory='128' network='lan'/></lab>
END
shaped version "$USHER" version
shaped status "$USHER" status
shaped mac "$USHER" mac 192.168.122.3
shaped check "$USHER" check -c "$USHER_LAB/usher.xml"
shaped "profiles NAME" "$USHER" profiles plain
shaped lint "$USHER" lint -c "$USHER_LAB/usher.xml" plain
shaped fetch "$USHER" fetch plain
shaped packages "$USHER" packages
shaped network "$USHER" network
shaped "network create" "$USHER" network create lan2 --subnet 10.98.0.0/24
shaped "network delete" "$USHER" network delete lan2
shaped enroll "$USHER" enroll metal --no-ssh-key --mac $mac --profile plain --ip 192.168.122.50
shaped probe "$USHER" probe --on virbr0 --as bios
shaped discovered "$USHER" discovered
shaped create "$USHER" create n1 --profile plain --no-ssh-key --memory 128 --description "for the test"
shaped list "$USHER" list
shaped show "$USHER" show n1
shaped "show metal" "$USHER" show metal
shaped adopt "$USHER" adopt metal --mac 02:00:00:00:00:99
check "and back" "$USHER" adopt metal --mac $mac
shaped timeline "$USHER" timeline n1
shaped wait "$USHER" wait n1 --for armed
shaped render "$USHER" render n1 script
shaped known-hosts "$USHER" known-hosts
shaped media "$USHER" media
shaped import "$USHER" import /srv/medium --name shaped --force
shaped "media NAME" "$USHER" media shaped
shaped "media remove" "$USHER" media remove shaped
shaped reinstall "$USHER" reinstall metal
shaped disarm "$USHER" disarm n1
shaped "up --dry-run" "$USHER" up "$USHER_LAB/lab.xml" --dry-run
SHAPED=-1 shaped "up's end" "$USHER" up "$USHER_LAB/lab.xml" --no-wait
shaped "down --dry-run" "$USHER" down "$USHER_LAB/lab.xml" --dry-run
SHAPED=-1 shaped "down's end" "$USHER" down "$USHER_LAB/lab.xml"
firmware >/dev/null
shaped leases "$USHER" leases
shaped "delete --dry-run" "$USHER" delete n1 --dry-run
shaped delete "$USHER" delete n1
"$USHER" delete metal >/dev/null

usher_stop

# --- a state folder that is full -------------------------------------------------------------------------------------------------------

mount -t tmpfs -o size=4m,mode=700 none /var/lib/usher && chown usher /var/lib/usher
usher_start
head -c 8M /dev/zero >/var/lib/usher/ballast 2>/dev/null
"$USHER" create late --profile plain --no-ssh-key --memory 128 >"$USHER_LAB/late" 2>&1 &
late=$!
check "a create that waits says for what, and what to do" wait_until 5 grep -q \
	"this waits for the service's state folder: cannot write to /var/lib/usher/usher.db: No space left on device: make room there" \
	"$USHER_LAB/late"
rm /var/lib/usher/ballast
check "with room it goes on" wait $late
usher_stop

# --- completion --------------------------------------------------------------------------------------------------------------------

# Every command is completed; the shells and the service's names: lab_habits.
for c in $known; do
	check "completion: $c" grep -qx "$c" <("$USHER" complete -- "$c" | cut -f 1)
done

# --- manual pages -----------------------------------------------------------------------------------------------------------------

if command -v mandoc >/dev/null; then
	for page in "$LAB_TOP"/usher/*.[1-8] "$LAB_TOP"/kickstart/*.[1-8]; do
		# what is not installed here is no fault of the page's, nor are lines of its source that are long
		[ ! -e "$page" ] || check "mandoc: ${page##*/}" test -z "$(mandoc -Tlint "$page" 2>&1 |
			grep -vE 'referenced manual not found|outdated mandoc.db|longer than 80 bytes')"
	done
else
	skip "manual pages: mandoc is not installed"
fi
lab_end
