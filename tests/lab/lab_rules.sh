#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Discovered machines are enrolled by rules: by name patterns and numbers, with settings of facts, armed, rejected, or left
# alone with a line that says why; a rules file that is changed, wrong, away; duplicates and worthless values; twenty at once;
# kill -9 in between. In namespaces, with inventories told by hand; no guest.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"

lab_profile plain kernel '# {{machine.name}} {{#set.disk}}{{set.disk}}{{/set.disk}}' \
	"<setting name='disk' type='disk'>d</setting><setting name='root_password' type='password'>p</setting>"
rules=$USHER_LAB/rules.xml
cat >"$rules" <<END
<rules>
  <defaults profile='plain'>
    <pick-disk size='smallest'><if fact='rotational' equal='no'/></pick-disk>
    <set name='disk'>{disk.by_id}</set>
    <set name='root_password' file='password'/>
  </defaults>
  <rule name='not ours'>
    <if fact='system.vendor' equal='Elsewhere'/>
    <reject>it is not ours</reject>
  </rule>
  <rule name='big'>
    <if fact='memory_mib' from='64G'/>
    <enroll name='big{nn}' power='$USHER_LAB/power/switch' arm='yes'/>
  </rule>
  <rule name='rack'>
    <if fact='interfaces.lldp.system_name' equal='sw-rack7'/>
    <enroll name='rack7-{interfaces.lldp.port_id}'/>
  </rule>
  <rule name='by serial'>
    <if fact='system.serial' known='yes'/>
    <enroll name='node-{system.serial}'/>
  </rule>
</rules>
END
echo s3cret >"$USHER_LAB/password"
cat >"$USHER_LAB/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$USHER_LAB/state'/>
  <socket path='$USHER_SOCKET'/>
  <power dir='$USHER_LAB/power'/>
  <rules file='$rules'/>
  <profiles dir='$USHER_LAB/more'/>
  <segment interface='br0' mode='own' probe='0' discover='yes'><pool start='10.66.0.100' end='10.66.0.250'/></segment>
</usher>
END
mkdir -p "$USHER_LAB/power"
printf '#!/bin/sh\necho "$1 $2" >>"%s/calls"\n' "$USHER_LAB" >"$USHER_LAB/power/switch"
chmod 755 "$USHER_LAB/power/switch"
net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
for ((n = 1; n <= 9; n++)); do client $n 02:00:00:00:00:0$n br0; done
check "the service starts" usher_start || lab_end

says() { local text=$1; shift; "$@" >"$USHER_LAB/said" 2>&1; grep -E -e "$text" "$USHER_LAB/said" || { tail -n 5 "$USHER_LAB/said"; false; }; }
show() { "$USHER" show "$1" --json | jq -er "$2"; }
test_count() { test "$(count)" = "$1"; }
count() { "$USHER" list --json | jq '.machines | length'; }
# inventory MAC SERIAL [JQ]: what is different is said in jq's language
inventory() {
	jq -n --arg mac "$1" --arg serial "$2" '{schema: 1, system: {vendor: "ACME", product: "R1", $serial}, memory_mib: 4096,
		disks: [{name: "sda", size_bytes: 900000000000, rotational: false, wwn: "naa.5000c500a1b2c3d4"},
			{name: "sdb", size_bytes: 480000000000, rotational: false, wwn: "naa.5000c500a1b2c3d5"}],
		interfaces: [{name: "eth0", $mac, booted: true}]} | '"${3:-.}"
}
# tells N SERIAL [JQ]: the machine boots and says what it is
tells() {
	local at
	get "$1" -x 0x4d:69505845 -O bootfile
	at=$(told "$1" boot_file)
	inside "$1" curl -sS --max-time 20 -o /dev/null "$at"
	[ "$(inventory "02:00:00:00:00:0$1" "$2" "${3:-.}" |
		inside "$1" curl -sS --max-time 20 -o /dev/null -w '%{http_code}' --data-binary @- "${at%/boot.ipxe}/inventory")" = 200 ]
}
timeline_has() { "$USHER" timeline | grep -E "$1"; }

# --- one by one -------------------------------------------------------------------------------------------------------------

check "one says what it is" tells 1 J5DW7N2
check "and is enrolled by its serial" wait_until 5 show node-j5dw7n2 .name
check "with the card that it booted by" test "$(show node-j5dw7n2 .nics[0].mac)" = 02:00:00:00:00:01
check "on the smaller of its disks" test "$(show node-j5dw7n2 .settings.disk)" = disk/by-id/wwn-0x5000c500a1b2c3d5
check "by which rule is on its timeline" says "rules +enrolled as d1 was discovered, by 'by serial', line 19 of $rules" "$USHER" timeline node-j5dw7n2
check "it is not armed" test "$(show node-j5dw7n2 .state)" = known
refute "and nobody sees the password" grep -r s3cret "$USHER_LAB/state" "$USHER_LAB/usher.log" <(show node-j5dw7n2 .)
check "one at a port of a switch" tells 2 S2 '.interfaces[0].lldp = {system_name: "SW-rack7", port_id: "Gi1/0/12"}'
check "is named by it" wait_until 5 show rack7-gi1-0-12 .name
check "a big one" tells 3 S3 '.memory_mib = 65536'
is_armed() { test "$(show "$1" .state)" = armed; }
check "is numbered, and armed" wait_until 5 is_armed big01
check "and its power is switched" wait_until 5 grep -q big01 "$USHER_LAB/calls"
check "the next has the next number" tells 4 S4 '.memory_mib = 65536'
check "  and is there" wait_until 5 show big02 .name
"$USHER" delete big01
check "one that is not ours" tells 5 S5 '.system.vendor = "Elsewhere"'
check "is rejected, and it is said" wait_until 5 timeline_has "rules +d5 is not enrolled: rule 'not ours', line 7: it is not ours"
check "one without a serial, which no rule matches" tells 6 'To Be Filled By O.E.M.'
check "stays discovered" wait_until 5 timeline_has "rules +d6 is not enrolled: none of 4 rules matches"
check "one without a disk of flash" tells 7 S7 '.disks[].rotational = true'
check "is not enrolled otherwise" wait_until 5 timeline_has "d7 is not enrolled: rule 'by serial', line 19: <pick-disk>: none of the machine's 2 disks is as it says"
check "one with the serial of another" tells 8 S7 '.disks[].rotational = true'
check "is told as a duplicate, and left alone" wait_until 5 timeline_has "rules +d8 is not enrolled: d7 \(02:00:00:00:00:07\) has the same serial"
check "three of them have a record" test "$(count)" = 3

# --- the file -----------------------------------------------------------------------------------------------------------------

sed -i "s/<rule name='by serial'>/<rule name='wrong'><\/rule>&/" "$rules"
check "a wrong file" tells 6 'N/A'
check "  is said with its line" wait_until 5 timeline_has "d6 is not enrolled: $rules:19: <rule> lacks <enroll> or <reject>"
check "usher check says so, too" says "<rules file>: $rules:19: <rule> lacks <enroll> or <reject>" "$USHER" check -c "$USHER_LAB/usher.xml"
sed -i "s/<rule name='wrong'><\/rule>//; s/<if fact='system.serial' known='yes'\/>//; s/node-{system.serial}/left{n}/" "$rules"
check "put right, it counts at once" tells 6 'N/A'
check "and says that nothing but its MAC tells it from others" wait_until 5 timeline_has "d6 is not enrolled: rule 'by serial', line 19: it has neither a UUID nor a serial nor an asset tag of its own, serial is a placeholder of firmware \(N/A\): by-mac='yes'"
sed -i "s/<enroll name='left{n}'/<enroll name='left{n}' by-mac='yes'/" "$rules"
check "where the rule is content with that" tells 6 'N/A'
check "and the machine is enrolled when it says again what it is" wait_until 5 show left1 .name
check "one with a record is asked nothing more" test "$(count)" = 4

# --- by request ---------------------------------------------------------------------------------------------------------------

check "one with a duplicate is enrolled by no rule, asked for neither" says "d8 is not enrolled: d7 \(02:00:00:00:00:07\) has the same serial" "$USHER" rules --apply d8
check "nor by a serial that two have" says "is not one machine, but these: d7, d8" "$USHER" enroll s7 --from s7 --profile plain
"$USHER" discovered d8 --forget >"$USHER_LAB/said"
check "one that waits is told why not" says "d7 is not enrolled: rule 'by serial', line 19: <pick-disk>: none of the machine's 2 disks" "$USHER" rules --apply d7
sed -i "s/<pick-disk size='smallest'><if fact='rotational' equal='no'\/><\/pick-disk>/<pick-disk size='smallest'\/>/" "$rules"
check "and enrolled when the rules are another" says "^d7: enrolled as left2, known" "$USHER" rules --apply d7
check "once" says "d7 is machine 'left2' already" "$USHER" rules --apply d7
check "who is not ours stays so" says "d5 is not enrolled: rule 'not ours', line 7: it is not ours" "$USHER" rules --apply d5
check "but may be enrolled by hand" says "^mine: known, 10.66.0" "$USHER" enroll mine --from S5 --profile plain --no-ssh-key
check "with its card" test "$(show mine .nics[0].mac)" = 02:00:00:00:00:05
check "once, too" says "machine 'mine' has that MAC" "$USHER" enroll other --from 02:00:00:00:00:05 --profile plain
check "one at a port of a switch tells where it is" tells 9 S9 '.interfaces[0].lldp = {system_name: "sw-rack8", port_id: "Gi1/0/7"} | .system.vendor = "Elsewhere"'
check "  and can be named by that" wait_until 5 says "^at-port: known, 10.66.0" "$USHER" enroll at-port --from SW-rack8:gi1/0/7 --profile plain --no-ssh-key
check "  in the list of discovered ones, too" says "^d9: " "$USHER" discovered sw-rack8:Gi1/0/7
check "one that nobody knows" says "no discovered machine 'd99'" "$USHER" enroll other --from d99 --profile plain

# --- many at once, and kill -9 --------------------------------------------------------------------------------------------------

for ((n = 10; n < 30; n++)); do client $n "02:00:00:00:01:$n" br0; done
many() {
	local at
	get "$1" -x 0x4d:69505845 -O bootfile
	at=$(told "$1" boot_file)
	inside "$1" curl -sS --max-time 20 -o /dev/null "$at"
	inventory "02:00:00:00:01:$1" "M$1" '.memory_mib = 131072' >"$USHER_LAB/inventory$1"
	inside "$1" curl -sS --max-time 20 -o /dev/null --data-binary "@$USHER_LAB/inventory$1" "${at%/boot.ipxe}/inventory"
}
for ((n = 10; n < 30; n++)); do many $n & pids[n]=$!; done
wait "${pids[@]}"
check "twenty at once are all enrolled" wait_until 10 test_count 27
check "each with a number of its own" test "$("$USHER" list --json | jq -r '[.machines[].name | select(startswith("big"))] | length')" = 21
# the first one, by its second card
client 30 02:00:00:00:01:30 br0
get 30 -x 0x4d:69505845 -O bootfile
at=$(told 30 boot_file)
inside 30 curl -sS --max-time 20 -o /dev/null "$at"
inventory 02:00:00:00:01:30 J5DW7N2 '.interfaces += [{name: "eth1", mac: "02:00:00:00:00:01"}]' >"$USHER_LAB/second"
check "a machine with a record says what it is, by another card" test "$(inside 30 curl -sS --max-time 20 -o /dev/null -w '%{http_code}' \
	--data-binary "@$USHER_LAB/second" "${at%/boot.ipxe}/inventory")" = 200
sleep 2
check "it is the same machine" says "machine +node-j5dw7n2" "$USHER" discovered 02:00:00:00:01:30
check "and no second record" test "$(count)" = 27
usher_stop KILL
check "after kill -9 the service starts" usher_start
check "and has them all" test "$(count)" = 27
usher_stop
check "the service ends well" test $? = 0
[ $LAB_FAILED = 0 ] || sed 's/^/  log: /' "$USHER_LAB/usher.log" | tail -n 40
lab_end
