#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Which machine is it? Several cards are one machine, whichever boots; machines that say the same UUID or serial are refused by
# name, the one before rules enrolled its twin and after; one that came back with another card is adopted when somebody says so,
# with its address. In namespaces, with inventories told by hand; no guest.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"

lab_profile plain kernel '# {{machine.name}}' "<setting name='bond' type='cards'>b</setting>"
cat >"$USHER_LAB/rules.xml" <<END
<rules>
  <rule name='arm'>
    <if fact='memory_mib' from='64G'/>
    <enroll name='auto{n}' profile='plain' arm='yes'/>
  </rule>
  <rule name='all'>
    <enroll name='node{n}' profile='plain'/>
  </rule>
</rules>
END
cat >"$USHER_LAB/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$USHER_LAB/state'/>
  <socket path='$USHER_SOCKET'/>
  <rules file='$USHER_LAB/rules.xml'/>
  <profiles dir='$USHER_LAB/more'/>
  <segment interface='br0' mode='own' probe='0' discover='yes'><pool start='10.66.0.100' end='10.66.0.250'/></segment>
</usher>
END
net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
card() { printf '02:00:00:00:00:%02x' "$1"; }
for ((n = 1; n <= 24; n++)); do client $n "$(card $n)" br0; done
check "the service starts" usher_start || lab_end

says() { local text=$1; shift; "$@" >"$USHER_LAB/said" 2>&1; grep -E -e "$text" "$USHER_LAB/said" || { tail -n 5 "$USHER_LAB/said"; false; }; }
show() { "$USHER" show "$1" --json | jq -r "$2"; }
is_there() { "$USHER" show "$1"; }
state_is() { [ "$(show "$1" .state)" = "$2" ]; }
timeline_has() { "$USHER" timeline | grep -E "$1"; }
of_timeline() { "$USHER" timeline "$1" | grep -E "$2"; }
count() { "$USHER" list --json | jq '.machines | length'; }
uuid() { printf '4c4c4544-0035-4410-8057-b7c04f4e44%02x' "$1"; }
turned() { printf '44454c4c350010448057b7c04f4e44%02x' "$1"; } # as SMBIOS stores it, and some firmware sends it
# boots N [UUID]: its iPXE asks; the URL of its script, without the last word, is in `url`.
boots() {
	local said=()
	[ -z "${2:-}" ] || said=(-x "0x61:00${2//-/}")
	get "$1" -x 0x4d:69505845 "${said[@]}" -O bootfile
	url=$(told "$1" boot_file)
	[ -n "$url" ] && url=${url%/boot.ipxe}
}
fetch() { local n=$1; shift; inside "$n" curl -sS --max-time 20 "$@"; }
# inventory UUID SERIAL CARD… [-- JQ]: it booted by the first
inventory() {
	local uuid=$1 serial=$2 cards=()
	shift 2
	while [ $# -gt 0 ] && [ "$1" != -- ]; do cards+=("$(card "$1")"); shift; done
	jq -n --arg uuid "$uuid" --arg serial "$serial" '{schema: 1, system: {vendor: "ACME", product: "R1", $uuid, $serial}, memory_mib: 4096,
		disks: [{name: "sda", size_bytes: 900000000000, holds: ""}],
		interfaces: ($ARGS.positional | to_entries | map({name: "eth\(.key)", mac: .value, booted: (.key == 0)}))} | '"${2:-.}" --args "${cards[@]}"
}
big='.memory_mib = 131072'
# tells UUID SERIAL CARD… [-- JQ]: it boots by the first card and says what it is
tells() {
	local uuid=$1 n=$3
	boots "$n" "$uuid" || return
	fetch "$n" -o "$USHER_LAB/script" "$url/boot.ipxe"
	inventory "$@" >"$USHER_LAB/inventory"
	[ "$(fetch "$n" -o /dev/null -w '%{http_code}' --data-binary "@$USHER_LAB/inventory" "$url/inventory")" = 200 ]
}

# --- several cards --------------------------------------------------------------------------------------------------------------

check "a machine with two cards, and a controller's at USB, says what it is" tells "$(uuid 1)" S1 1 2 3 -- '.interfaces[2].driver = "cdc_ether"'
check "it is enrolled" wait_until 5 is_there node1
check "with both cards, the one that it booted by first" test "$(show node1 '[.nics[].mac] | join(" ")')" = "$(card 1) $(card 2)"
check "and an address for each" test "$(show node1 '[.nics[].addresses[0]] | unique | length')" = 2
check "it is shown with its inventory" test "$(show node1 '[.discovered, .inventory.system.serial, (.inventory.interfaces | length | tostring)] | join(" ")')" = "d1 S1 3"
check "the list has the inventory of each, too" test "$("$USHER" discovered --json | jq -r '.discovered[0].inventory.system.serial')" = S1
check "it is armed" "$USHER" reinstall node1 --yes
check "its second card boots" boots 2 "$(uuid 1)"
check "into its own install" says "^initrd|^kernel" fetch 2 "$url/boot.ipxe"
check "  and gets its answers" says "# 'node1'" fetch 2 "$url/answers"
check "which is the machine" state_is node1 installing
check "and the address is the second card's" test "$(told 2 ip)" = "$(show node1 .nics[1].addresses[0])"
check "it ends" fetch 2 -f -d ok "$url/done"
check "enrolled by hand, a machine has all its cards, too" tells 00000000-0000-0000-0000-000000000000 S4 4 5
check "  which rules do not, since its UUID is worthless" wait_until 5 timeline_has "d2 is not enrolled: rule 'all', line [0-9]+: UUID is all zero .*by-mac='yes'"
check "  but a user may" says "^hand: known" "$USHER" enroll hand --from d2 --profile plain --no-ssh-key
check "  the second is its, too" test "$(show hand .nics[1].mac)" = "$(card 5)"
check "  once" says "d2 is machine 'hand' already: machine 'hand' has that MAC, $(card 4)" "$USHER" enroll other --from d2 --profile plain
check "a card of another's is refused by name" tells "$(uuid 2)" S2 6 2
check "  it is that machine's, as far as rules go" test "$(count)" = 2
check "  nor is it enrolled by hand" says "d3 is machine 'node1' already: machine 'node1' has that MAC, $(card 2)" "$USHER" enroll other --from "$(card 6)" --profile plain
"$USHER" discovered "$(card 6)" --forget >/dev/null
check "and another all-zero one is refused by name" tells 00000000-0000-0000-0000-000000000000 S7 7
check "  neither is installed" wait_until 5 timeline_has "d4 is not enrolled: .*UUID is all zero"

# --- twins ------------------------------------------------------------------------------------------------------------------------

check "one boots, and its firmware says its UUID" boots 8 "$(turned 8)"
check "another says first that it has that UUID" tells "$(uuid 8)" S9 9 -- "$big"
check "which is refused, and named" wait_until 5 timeline_has "d5 is not enrolled: $(card 8), which boots there too, has the same UUID"
check "by hand, too" says "d5: $(card 8), which boots there too, has the same UUID, so neither is enrolled by it" \
	"$USHER" enroll twin --from d5 --profile plain --no-ssh-key
check "and asked for" says "d5 is not enrolled: $(card 8), which boots" "$USHER" rules --apply d5
check "the list shows it" says "duplicate of $(card 8) \(UUID\)" "$USHER" discovered
check "its twin says it as well" tells "$(uuid 8)" S8 8 -- "$big"
check "and is refused" wait_until 5 timeline_has "d6 is not enrolled: d5 \($(card 9)\) has the same UUID"
check "neither is there" test "$(count)" = 2
usher_stop KILL
check "after kill -9 the service starts" usher_start
check "and knows them apart" says "d6 is not enrolled: d5 \($(card 9)\) has the same UUID" "$USHER" rules --apply d6
check "the one is gone: it is forgotten" "$USHER" discovered d5 --forget
check "and the other is who it says" says "^d6: enrolled as auto1, armed" "$USHER" rules --apply d6
"$USHER" delete auto1 >/dev/null
check "a card that has said no more than its UUID" boots 19 "$(uuid 8)"
check "is a twin, too" says "d6 is not enrolled: $(card 19), which boots" "$USHER" rules --apply d6
check "until it is forgotten" says "^$(card 19) is forgotten" "$USHER" discovered "$(card 19)" --forget
check "  which it is" says "no discovered machine '$(card 19)'" "$USHER" discovered "$(card 19)" --forget
check "then there is none" says "^d6: enrolled as auto1, armed" "$USHER" rules --apply d6
"$USHER" delete auto1 >/dev/null
"$USHER" discovered d6 --forget >/dev/null

check "one is enrolled and armed by rules" tells "$(uuid 10)" S10 10 -- "$big"
check "  and waits for its boot" wait_until 5 state_is auto1 armed
check "only then its twin boots" boots 11 "$(uuid 10)"
check "  which disarms it" wait_until 5 state_is auto1 known
check "  and says why" of_timeline auto1 "known +$(card 11) on br0 has the same UUID, and is refused; nobody knows which of them was meant. If this one: usher reinstall auto1"
fetch 11 "$url/boot.ipxe" >"$USHER_LAB/script"
check "  the twin's screen says what it may be" grep -e "usher adopt auto1 --mac $(card 11)" "$USHER_LAB/script"
check "  it says what it is" tells "$(uuid 10)" S11 11 -- "$big"
check "  and is refused by name" wait_until 5 timeline_has "d8 is not enrolled: d7 \($(card 10)\) has the same UUID"
check "  the list says what it may be" says "if it is auto1 with another card: usher adopt auto1 --mac $(card 11)" "$USHER" discovered
check "a user arms the first" "$USHER" reinstall auto1 --yes
check "  its twin boots again" tells "$(uuid 10)" S11 11 -- "$big"
check "  and takes nothing back, as a user was asked" state_is auto1 armed

check "one is armed by rules" tells "$(uuid 12)" S12 12 -- "$big"
check "  and begins" wait_until 5 state_is auto2 armed
check "  with its script" eval 'boots 12 "$(uuid 12)" && says "^kernel" fetch 12 "$url/boot.ipxe"'
own=$url
check "another says the same serial" tells "$(uuid 13)" S12 13 -- "$big"
check "  what was begun goes on" state_is auto2 booting
check "  the other is refused by name" wait_until 5 timeline_has "d10 is not enrolled: d9 \($(card 12)\) has the same serial"
check "  and both timelines say so" of_timeline auto2 "duplicate +d10 \($(card 13)\) has the same serial, and is refused"
check "the other is no machine" test "$(count)" = 4

# --- a card that was replaced ---------------------------------------------------------------------------------------------------

adopt() { "$USHER" adopt "$@"; }
check "while it boots into its install, its card stays" says "auto2 is booting: wait until it is installed, or end that with 'usher disarm auto2'" \
	adopt auto2 --mac "$(card 14)"
check "  it goes on" says "# 'auto2'" fetch 12 "$own/answers"
check "one has a bond of its cards" eval 'tells "$(uuid 15)" S15 15 16 && wait_until 5 is_there node2 && "$USHER" delete node2 --yes'
check "  of which its record knows" says "^rack7: known" "$USHER" enroll rack7 --from S15 --profile plain --no-ssh-key --set "bond=$(card 15),$(card 16)"
second=$(show rack7 .nics[1].addresses[0])
check "it comes back with another card" tells "$(uuid 15)" S15 17 15
check "  it is the same machine, by the card that stayed" test "$("$USHER" discovered "$(card 17)" --json | jq -r .machine)" = rack7
check "  no other is made" test "$(count)" = 5
check "a card of another machine is refused" says "machine 'auto1' has that MAC, $(card 10)" adopt rack7 --mac "$(card 10)" --instead-of "$(card 16)"
check "so is one that it has" says "rack7 has the card $(card 15) already" adopt rack7 --mac "$(card 15)" --instead-of "$(card 16)"
check "one that it does not have" says "rack7 has no card $(card 18); it has $(card 15), $(card 16)" adopt rack7 --mac "$(card 17)" --instead-of "$(card 18)"
check "instead of which is asked where nothing says it" says "rack7 has several cards: instead of which, of $(card 15), $(card 16)?" adopt rack7 --mac "$(card 18)"
check "no MAC" says "'x' is not a MAC like" adopt rack7 --mac x --instead-of "$(card 16)"
check "what many have is none" says "is not the MAC of a single card" adopt rack7 --mac 01:00:5e:00:00:01 --instead-of "$(card 16)"
check "a machine that is not there" says "no machine 'rack8'" adopt rack8 --mac "$(card 18)"
check "a command without its MAC" says "which --mac" adopt rack7
check "the card is adopted, and the inventory says instead of which" says "^rack7: $(card 15), 10.66.0.[0-9]+; $(card 17), $second" adopt rack7 --mac "$(card 17)"
check "  its timeline says so" of_timeline rack7 "adopted +card $(card 17) instead of $(card 16), by request: the addresses stay"
check "  the bond has it, too" test "$(show rack7 .settings.bond)" = "$(card 15),$(card 17)"
usher_stop KILL
check "after kill -9 the service starts" usher_start
check "  and it is so" test "$(show rack7 '.nics[1] | .mac + " " + .addresses[0]')" = "$(card 17) $second"
get 17
check "the new card is given the address" test "$(told 17 ip)" = "$second"
get 16
check "the old one is nobody's" test "$(told 16 ip)" != "$second"

check "one with a single card" tells "$(uuid 20)" S20 20
check "  is enrolled" wait_until 5 is_there node2
address=$(show node2 .nics[0].addresses[0])
check "  comes back with another" tells "$(uuid 20)" S20 21
check "  is not taken for it" wait_until 5 timeline_has "is not enrolled: d[0-9]+ \($(card 20)\) has the same UUID"
check "  it is said which it may be" says "02:00:00:00:00:15 on br0 boots with the UUID of node2, which has no such card. If a card of node2 was replaced: usher adopt node2 --mac $(card 21)" "$USHER" timeline
check "  in JSON, too" test "$("$USHER" discovered "$(card 21)" --json | jq -r .resembles)" = node2
check "  it is adopted" says "^node2: $(card 21), $address" adopt node2 --mac "$(card 21)"
check "  it is that machine now, and has no twin" test "$("$USHER" discovered S20 --json | jq -r '[.machine, (.duplicates | length | tostring)] | join(" ")')" = "node2 0"
check "  armed, it boots by the new card" eval '"$USHER" reinstall node2 --yes && boots 21 "$(uuid 20)" && says "^kernel" fetch 21 "$url/boot.ipxe"'
check "  to its answers" says "# 'node2'" fetch 21 "$url/answers"

usher_stop
check "the service ends well" test $? = 0
[ $LAB_FAILED = 0 ] || sed 's/^/  log: /' "$USHER_LAB/usher.log" | tail -n 120
lab_end
