#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Templates and clones as the service sees them, with a guest whose whole system is a boot sector that powers it off, which is how
# one says that it has given its identity up: what is refused, cut short, killed in the middle, linked, copied and deleted. How a
# real system does that: lab_agent; and both together: long_clone.
# shellcheck source=tests/lab/lib.sh disable=SC2016,SC2059,SC2119,SC2317
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
# shellcheck source=tests/lab/net.sh
. "$LAB_TOP/tests/lab/net.sh"
# shellcheck source=tests/lab/guests.sh
. "$LAB_TOP/tests/lab/guests.sh"
# shellcheck source=tests/lab/profiles.sh
. "$LAB_TOP/tests/lab/profiles.sh"
# speaks_for N NAME: client N stands in for a guest that has no system, at a port that looks like its own.
speaks_for() {
	local mac
	mac=$("$USHER" show "$2" --json | jq -r ".nics[0].mac")
	client "$1" "$mac" virbr0
	ip link set "p$1" address "fe${mac#??}"
	inside "$1" ip address add "$(address "$2")/24" dev "c$1"
	wait_until 15 inside "$1" curl -sS --max-time 2 -o /dev/null http://192.168.122.1:8067/
}
images=/var/lib/libvirt/images
show_all() { "$USHER" list; "$USHER" timeline | tail -n 30; }
refused() { # WHAT WORDS COMMAND…
	local what=$1 words=$2
	shift 2
	if "$@" >/dev/null 2>"$USHER_LAB/said"; then fail "$what: $*"; else pass "$what"; fi
	check "which is said" grep -q -- "$words" "$USHER_LAB/said" || cat "$USHER_LAB/said"
}

# mov dx, 0x604; mov ax, 0x2000; out dx, ax; hlt: QEMU's q35 has its power there, as SeaBIOS puts it. Or it only halts.
disk_of() { # VOLUME BYTES
	printf "$2" >"$USHER_LAB/sector"
	truncate -s 510 "$USHER_LAB/sector"
	printf '\x55\xaa' >>"$USHER_LAB/sector"
	truncate -s 64M "$USHER_LAB/sector"
	qemu-img convert -f raw -O qcow2 "$USHER_LAB/sector" "$images/$1"
}
powers_off='\xba\x04\x06\xb8\x00\x20\xef\xf4' halts='\xfa\xf4\xeb\xfd'
# An installation would take minutes: the record is told that it has been.
installed() {
	usher_stop
	sqlite3 /var/lib/usher/usher.db "UPDATE record SET value = CAST(replace(CAST(value AS TEXT), '\"state\":\"failed\"',
		'\"state\":\"up\"') AS BLOB) WHERE CAST(value AS TEXT) LIKE '%guest_spec%'"
	usher_start
}

curl_api() { curl -sS --fail-with-body --unix-socket "$USHER_SOCKET" -X "$1" "http://usher/api/v1/$2" -d "$3" >&2; }
lab_profile plain kernel '# {{machine.name}}'
lab_profiles_config >"$USHER_LAB/usher.xml"
need "the service starts" usher_start
need "a guest is created" "$USHER" create gold --profile plain --no-ssh-key --memory 128 --disk 1G
refused "no template of one that is being installed" "gold is not installed" "$USHER" template gold
virsh -q destroy gold
check "it is over" wait_until 20 state_is gold failed
disk_of gold.qcow2 "$halts"
need "it is installed" installed
need "in the record" state_is gold up

# --- a template ------------------------------------------------------------------------------------------------------------
refused "no clone of what is no template" "gold is not a template" "$USHER" clone gold c1
virsh -q start gold
refused "no template of one that runs" "--shutdown" "$USHER" template gold
virsh -q destroy gold
"$USHER" template gold >"$USHER_LAB/out" 2>"$USHER_LAB/said" &
sealing=$!
check "it is started to give up its identity" wait_until 20 domain_is gold running
check "told so by SMBIOS" sh -c "virsh dumpxml gold | grep -q 'usher:seal=1'"
refute "its definition says nothing of it" sh -c "virsh dumpxml --inactive gold | grep -q usher:seal"
refused "not twice at once" "just now" "$USHER" template gold
refused "not deleted meanwhile" "just now" "$USHER" delete gold
refused "not installed meanwhile" "just now" "$USHER" reinstall gold
virsh -q destroy gold
refute "stopped from outside it is none" wait $sealing
check "which is said" grep -q "stopped from outside" "$USHER_LAB/said" || cat "$USHER_LAB/said"
check "and it is what it was" sh -c "'$USHER' show gold --json | jq -e '.template == false and .state == \"up\"'"

disk_of gold.qcow2 "$powers_off"
need "a system that powers off is sealed" "$USHER" template gold || show_all
check "it does not run" domain_is gold "shut off"
check "it is listed as what it is" sh -c "'$USHER' list | grep -q '^gold .* template '"
check "with both sizes on the timeline" told gold template 'its disk takes .* MB, before'
refused "it is not installed again" "gold is a template" "$USHER" reinstall gold
refused "nor made one again" "gold is a template" "$USHER" template gold
refused "nor replaced" "gold' is a template" "$USHER" create gold --profile plain --replace --no-ssh-key
refused "there is no silver" "no template 'silver'" "$USHER" clone silver c9
virsh -q start gold >/dev/null 2>&1
check "started by hand: an event" wait_until 20 told gold template 'started from outside'
virsh -q destroy gold >/dev/null 2>&1

disk_of gold.base "$halts" # what powers off would be started again and again
# --- clones ----------------------------------------------------------------------------------------------------------------
need "linked ones" "$USHER" clone gold 'c{1..2}'
need "a copy" "$USHER" clone gold c3 --copy --memory 192 --ip 192.168.122.77
disk() { virsh domblklist "$1" | awk '$1 == "vda" { print $2 }'; }
gold=$(disk gold)
beneath() { qemu-img info -U "$(disk "$1")" | grep -q "^backing file: $gold"; }
check "c1 lies upon the template's disk" beneath c1
check "c2 too" beneath c2
refute "the copy does not" beneath c3
strings_of() { virsh dumpxml --inactive "$1" | grep -o 'usher:[^<]*'; }
check "c1 is told its name" sh -c "virsh dumpxml --inactive c1 | grep -q '<entry>usher:hostname=c1</entry>'"
check "and where to report" sh -c "virsh dumpxml --inactive c1 | grep -q '<entry>usher:up=http://192.168.122.1:8067/m/self/up</entry>'"
up_of() { strings_of "$1" | sed -n 's/^usher:up=//p'; }
tokens_told() { virsh dumpxml --inactive c1 | grep -E '/m/[0-9a-f]{32}' || grep -aE '/m/[0-9a-f]{32}' /proc/[0-9]*/cmdline; }
refute "no token is where every user of this host can read it" tokens_told
check "addresses as create gives them" test "$(address c1) $(address c2) $(address c3)" = "192.168.122.3 192.168.122.4 192.168.122.77"
check "and computed MACs" sh -c "virsh dumpxml c3 | grep -q '52:54:c0:a8:7a:4d'"
check "memory as asked for" sh -c "virsh dominfo c3 | grep -q 'Max memory: *196608 KiB'"
check "else the template's" sh -c "virsh dominfo c1 | grep -q 'Max memory: *131072 KiB'"
refused "no profile" "profile: a clone takes this from its template" curl_api POST machines '{"name":"c9","template":"gold","profile":"plain"}'
check "a name that is taken" sh -c "! '$USHER' clone gold c1"

# --- the first boot -----------------------------------------------------------------------------------------------------------
printf 'echo hello\n' >"$USHER_LAB/script"
check "with a script of the site's" "$USHER" clone gold c4 --first-boot "$USHER_LAB/script"
up=$(up_of c4)
for c in 1 4; do check "c$c speaks" speaks_for $c c$c; done
check "it is fetched with the first boot's token" test "$(inside 4 curl -fsS "${up%/up}/first-boot")" = "echo hello"
check "others have an empty one" test -z "$(inside 1 curl -fsS "$(up_of c1 | sed 's,/up$,/first-boot,')")"
check "who is no clone speaks for none" test "$(curl -sS -o /dev/null -w "%{http_code}" -d "" "$(up_of c1)")" = 404
inside 4 ip address add "$(address c2)/24" dev c4
code_as() { inside 4 curl -sS -o /dev/null -w "%{http_code}" --max-time 20 --interface "$1" -d "" "$up"; }
check "nor does a clone with another's address" test "$(code_as "$(address c2)")" = 403
check "which stays as it is" state_is c2 installed
inside 4 ip address del "$(address c2)/24" dev c4
check "c4's failure is told" inside 4 curl -fsS -o /dev/null --data-binary 'first-boot script: exit status 4: no such host' "${up%/up}/failed"
check "it has failed" state_is c4 failed
check "for that reason" sh -c "'$USHER' show c4 | grep -q 'first-boot script: exit status 4: no such host'"
check "c1 is up" inside 1 curl -fsS -o /dev/null -d '' "$(up_of c1)"
check "so it is recorded" state_is c1 up
refute "then the script is for nobody" inside 1 curl -fsS "$(up_of c1 | sed 's,/up$,/first-boot,')"
refute "nor is it shown" sh -c "'$USHER' show c4 --json | grep -q hello"

# --- killed in the middle --------------------------------------------------------------------------------------------------------
"$USHER" clone gold c5 >/dev/null 2>&1 &
asking=$!
check "a clone is recorded" wait_until 20 state_is c5 installed
usher_stop KILL
wait $asking
need "the service starts again" usher_start
check "its guest runs after all" wait_until 30 domain_is c5 running
check "upon the template's disk" beneath c5

# --- deletion --------------------------------------------------------------------------------------------------------------------
refused "the template stays while it is needed" "the disks of c1, c2, c4, c5 are linked" "$USHER" delete gold
for c in c1 c2 c4 c5; do check "$c goes" "$USHER" delete $c; done
check "then the template may" "$USHER" delete gold
check "the copy needs none" virsh -q dominfo c3
check "it goes, too" "$USHER" delete c3
check "nothing is left" test -z "$(ls $images)" || ls $images
lab_end
