#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The API's document against what is really answered, judged by Prism (npm) as a proxy before the service: each call and each kind of
# fault is asked once, and no answer may be another than the document says. Members that it does not have are faults here.
# By TLS each call is asked as nobody, with a wrong token, with each role that does not suffice, with another version's tag, an
# argument that it does not have, a name that is not there, a body that is too large, and a key that is taken.
# shellcheck source=/dev/null disable=SC2016,SC2046,SC2086,SC2119
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/net.sh"
. "$(dirname "$0")/profiles.sh"
net_lease_script

peers=$LAB_TOP/build/peers/openapi/node_modules
[ -x "$peers/.bin/prism" ] || { skip "Prism is not there: make lab-deps"; lab_end; }
out=$USHER_LAB/out head=$USHER_LAB/head

lab_profile plain kernel 'echo {{machine.name}}'
lab_profile tool kernel 'echo {{machine.name}}'
sed -i "s|<profile name='tool'>|<profile name='tool' installs='no'>|" "$USHER_LAB/more/tool/profile.xml"
# Two whose kernel comes from one who takes what he is asked and answers nothing.
for name in slow slowtool; do
	lab_profile $name linux 'echo {{machine.name}}'
	sed -i "s|<media .*|<media name='slow' url='http://127.0.0.1:8200/tree'/>|" "$USHER_LAB/more/$name/profile.xml"
done
sed -i "s|<profile name='slowtool'>|<profile name='slowtool' installs='no'>|" "$USHER_LAB/more/slowtool/profile.xml"
socat -u TCP-LISTEN:8200,bind=127.0.0.1,fork,reuseaddr OPEN:/dev/null &
mirror=$!
mkdir -p "$USHER_LAB/power"
printf '#!/bin/sh\nexit 1\n' >"$USHER_LAB/power/fails"
chmod 755 "$USHER_LAB/power/fails"
rules() { echo "<rules><rule name='r'><if fact='system.vendor' equal='$1'/><enroll name='of-rules' profile='plain'/></rule></rules>" >"$USHER_LAB/rules.xml"; }
rules Elsewhere
lab_profiles_config "<segment network='default' discover='yes'><pool start='192.168.122.100' end='192.168.122.199'/></segment>
	<rules file='$USHER_LAB/rules.xml'/><api address='127.0.0.1'/><cache local='yes'/>" >"$USHER_LAB/usher.xml"
usher_start || { fail "the service starts"; lab_end; }

# --- the document --------------------------------------------------------------------------------------------------------

direct() { curl -sS --unix-socket "$USHER_SOCKET" "$@"; }
doc=$USHER_LAB/openapi.json strict=$USHER_LAB/strict.json
direct http://usher/api/v1/openapi.json >"$doc"
check "the document is what is in the tree" test "$(jq -cS . "$doc")" = "$(jq -cS . "$LAB_TOP/service/api/openapi.json")"
check "without /api/v1, too" cmp "$doc" <(direct http://usher/openapi.json)
check "it is OpenAPI 3.1 by its own schema" "$peers/.bin/validate-api" "$doc"
# An answer may have no other members; Prism is told the server by its command line.
jq 'del(.servers) | .components.schemas |= map_values(if .properties and (has("additionalProperties") | not) then .additionalProperties = false
	else . end)' "$doc" >"$strict"

relay=
# Those whose connection Prism keeps, too.
relay_stop() {
	kill $relay $(pgrep -P $relay) 2>/dev/null
	wait $relay 2>/dev/null
}
# relay_to ADDRESS: what Prism asks comes out there.
relay_to() {
	[ -z "$relay" ] || relay_stop
	socat TCP-LISTEN:8100,bind=127.0.0.1,fork,reuseaddr "$1" &
	relay=$!
	wait_until 10 eval '[ -n "$(ss -Hltn "sport = :8100")" ]'
}
relay_to "UNIX-CONNECT:$USHER_SOCKET"
"$peers/.bin/prism" proxy --errors=false -h 127.0.0.1 -p 8101 "$strict" http://127.0.0.1:8100/api/v1 >"$USHER_LAB/prism.log" 2>&1 &
prism=$!
trap 'relay_stop; kill $prism $mirror 2>/dev/null' EXIT
check "Prism is ready" wait_until 60 grep -q "Prism is listening" "$USHER_LAB/prism.log"

# --- asking --------------------------------------------------------------------------------------------------------------

asked=
# Of an answer that Prism says too much about, the end is cut off.
is_wrong() { [[ $1 == *'"location":["response"'* || $1 == *'Too many'* ]]; }
# ask OPERATION STATUS PATH [OPTION…]: by that call; what Prism says of the answer is nothing.
ask() {
	local id=$1 want=$2 path=$3 method status wrong
	shift 3
	method=$(jq -r --arg id "$id" '.paths[] | to_entries[] | select(.value.operationId? == $id) | .key | ascii_upcase' "$doc")
	status=$(curl -sS -m 60 -o "$out" -D "$head" -w '%{http_code}' -X "$method" "$@" "http://127.0.0.1:8101$path")
	wrong=$(sed -n 's/^sl-violations: //Ip' "$head" | tr -d '\r')
	asked="$asked $id:$status"
	if [ "$status" != "$want" ]; then fail "$id $path: $status, not $want: $(head -c 300 "$out")"
	elif is_wrong "$wrong"; then fail "$id $path: $status is not what the document says: $wrong: $(head -c 2000 "$out")"
	else pass "$id $path: $status"
	fi
}
json=(-H 'Content-Type: application/json' -d)
console_is_open() { direct "http://usher/api/v1/machines/$1/console?last=1" | jq -e '.state == "on"'; }

metal='{"kind":"bare-metal","name":"metal","profile":"plain","mac":"02:00:00:00:00:01","labels":{"rack":"12"},"note":"a note","request_id":"r1"}'
ask createMachine 201 /machines "${json[@]}" "$metal"
ask createMachine 201 /machines "${json[@]}" "$metal"
ask createMachine 422 /machines "${json[@]}" "${metal/02:00:00:00:00:01/02:00:00:00:00:02}"
ask createMachine 409 /machines "${json[@]}" "${metal/r1/r2}"
ask createMachine 400 /machines "${json[@]}" '{"nam":"x"}'
ask createMachine 404 /machines "${json[@]}" '{"kind":"bare-metal","name":"x","profile":"none-such","mac":"02:00:00:00:00:03"}'
ask createMachine 422 /machines "${json[@]}" '{"kind":"bare-metal","name":"A B","profile":"plain"}'
ask createMachine 412 /machines -H 'If-Match: "a"' "${json[@]}" "$metal"
ask createMachine 201 /machines "${json[@]}" '{"kind":"guest","name":"g1","profile":"plain","memory":134217728,"description":"d","autostart":true,"disks":[{"size":1048576}]}'
ask createMachine 201 /machines "${json[@]}" '{"kind":"guest","name":"g2","profile":"plain","memory":134217728}'
ask createMachine 202 /machines "${json[@]}" '{"kind":"bare-metal","name":"s1","profile":"slow","mac":"02:00:00:00:00:04","arm":true}'
ask judge 200 /judge "${json[@]}" '{"machines":[{"kind":"guest","name":"A","profile":"plain"}],"networks":[{"name":"default"}]}'
ask judge 400 /judge "${json[@]}" '{"machine":[]}'
ask enroll 201 /enrolments -H 'Idempotency-Key: e1' "${json[@]}" '{"machines":[{"kind":"bare-metal","name":"e1","profile":"plain","mac":"02:00:00:00:00:11"}]}'
ask enroll 200 /enrolments "${json[@]}" '{"machines":[{"kind":"bare-metal","name":"e1","profile":"plain","mac":"02:00:00:00:00:11"}]}'

ask listMachines 200 /machines
ask listMachines 200 '/machines?full=1'
ask listMachines 200 '/machines?state=known,armed&label=rack:12&limit=1&from=a&segment=default&profile=plain&lab='
ask listMachines 400 '/machines?state=nonsense'
ask listMachines 400 '/machines?colour=red'
ask listMachines 412 /machines -H 'If-Match: "a"'
ask getMachine 200 /machines/metal
tag=$(sed -n 's/^etag: //Ip' "$head" | tr -d '\r')
ask getMachine 200 /machines/g1
ask getMachine 404 /machines/nobody
ask changeMachine 200 /machines/metal -H "If-Match: $tag" "${json[@]}" '{"labels":{"rack":null,"row":"3"},"note":null}'
ask changeMachine 412 /machines/metal -H "If-Match: $tag" "${json[@]}" '{"note":"x"}'
ask changeMachine 422 /machines/metal "${json[@]}" '{"labels":{"Rack":"x"}}'
ask changeMachine 400 /machines/metal "${json[@]}" '{"lables":{}}'
ask changeMachine 200 /machines/metal "${json[@]}" '{"power":"wol:"}'
ask changeMachine 200 /machines/g1 "${json[@]}" '{"vcpus":2,"note":"both"}'

ask bulk 200 /bulk "${json[@]}" '{"do":"label","machines":["metal","nobody"],"with":{"note":"bulk"}}'
ask bulk 422 /bulk "${json[@]}" '{"do":"label","machines":["metal","metal"],"with":{"note":"bulk"}}'
ask bulk 400 /bulk "${json[@]}" '{"do":1}'

# --- installing ----------------------------------------------------------------------------------------------------------

ask renderFile 200 /machines/metal/render/answers
ask renderFile 200 '/machines/metal/render/script?for=grub&now=1'
ask renderFile 422 /machines/metal/render/none-such
ask renderFile 404 /machines/nobody/render/script
ask reinstallMachine 200 /machines/metal/reinstall
ask reinstallMachine 409 /machines/metal/reinstall
ask reinstallMachine 400 /machines/metal/reinstall "${json[@]}" '{"sealed":1}'
ask disarmMachine 200 /machines/metal/disarm
ask disarmMachine 409 /machines/metal/disarm
ask reinstallMachine 200 /machines/metal/reinstall "${json[@]}" '{"profile":"plain","settings":{},"sealed":true}'
ask confirmBoot 409 /machines/metal/confirm "${json[@]}" '{"code":"123456"}'
# The machine boots by iPXE, and is shown a code.
script_of() { get "$1" -x 0x4d:69505845 -O bootfile && inside "$1" curl -sS -m 20 "$(told "$1" boot_file)"; }
client 1 02:00:00:00:00:01 virbr0
code=$(script_of 1 | sed -n 's/^echo usher: usher confirm metal //p')
ask confirmBoot 403 /machines/metal/confirm "${json[@]}" "{\"code\":\"${code}0\"}"
ask confirmBoot 200 /machines/metal/confirm "${json[@]}" "{\"code\":\"$code\"}"
ask disarmMachine 200 /machines/metal/disarm
ask runTool 200 /machines/metal/run "${json[@]}" '{"profile":"tool"}'
ask disarmMachine 200 /machines/metal/disarm
ask reinstallMachine 202 /machines/metal/reinstall "${json[@]}" '{"profile":"slow"}'
ask runTool 202 /machines/metal/run "${json[@]}" '{"profile":"slowtool"}'
ask runTool 409 /machines/g1/run "${json[@]}" '{"profile":"tool"}'
ask startMachine 409 /machines/g1/start
ask stopMachine 409 /machines/g1/stop "${json[@]}" '{"force":true}'
check "the console of a guest is open" wait_until 20 console_is_open g1
ask typeOnConsole 200 /machines/g1/console "${json[@]}" '{"data":"YQ=="}'
ask typeOnConsole 400 /machines/g1/console "${json[@]}" '{"data":"?"}'
ask typeOnConsole 429 /machines/g1/console "${json[@]}" "{\"data\":\"$(head -c 4097 /dev/zero | base64 -w 0)\"}"
for guest in g1 g2; do
	ask disarmMachine 200 /machines/$guest/disarm
	ask stopMachine 200 /machines/$guest/stop "${json[@]}" '{"force":true}'
done
# An installation would take minutes: the record is told that it has been.
usher_stop
sqlite3 /var/lib/usher/usher.db "UPDATE record SET value = CAST(replace(CAST(value AS TEXT), '\"state\":\"failed\"',
	'\"state\":\"up\"') AS BLOB) WHERE CAST(value AS TEXT) LIKE '%guest_spec%'"
usher_start || { fail "the service starts again"; lab_end; }
ask startMachine 200 /machines/g2/start
ask makeTemplate 409 /machines/g2/template
ask stopMachine 200 /machines/g2/stop "${json[@]}" '{"force":true}'
# A boot sector that powers it off, as one does that has given its identity up (lab_template).
printf '\xba\x04\x06\xb8\x00\x20\xef\xf4' >"$USHER_LAB/sector"
truncate -s 510 "$USHER_LAB/sector"
printf '\x55\xaa' >>"$USHER_LAB/sector"
truncate -s 64M "$USHER_LAB/sector"
qemu-img convert -f raw -O qcow2 "$USHER_LAB/sector" /var/lib/libvirt/images/g2.qcow2
ask makeTemplate 200 /machines/g2/template
ask makeTemplate 409 /machines/g2/template
ask makeTemplate 409 /machines/metal/template
ask switchPower 200 /machines/metal/power "${json[@]}" '{"do":"on"}'
ask changeMachine 200 /machines/metal "${json[@]}" "{\"power\":\"$USHER_LAB/power/fails\"}"
ask switchPower 502 /machines/metal/power "${json[@]}" '{"do":"on"}'
ask switchPower 422 /machines/metal/power "${json[@]}" '{"do":"dance"}'
ask switchPower 200 /machines/g1/power "${json[@]}" '{"do":"status"}'
ask switchPower 409 /machines/e1/power "${json[@]}" '{"do":"on"}'
ask adoptCard 200 /machines/metal/adopt "${json[@]}" '{"mac":"02:00:00:00:00:21","instead_of":"02:00:00:00:00:01"}'
ask adoptCard 422 /machines/metal/adopt "${json[@]}" '{"mac":"nonsense"}'
ask adoptCard 409 /machines/metal/adopt "${json[@]}" '{"mac":"02:00:00:00:00:11"}'

# --- watching ------------------------------------------------------------------------------------------------------------

ask readConsole 200 '/machines/g1/console?last=100'
ask readConsole 409 /machines/metal/console
ask typeOnConsole 409 /machines/g1/console "${json[@]}" '{"data":"YQ=="}'
ask readLog 200 '/machines/metal/log?after=0'
ask readEvents 200 '/events?after=0'
ask readEvents 200 '/events?after=0&machine=metal&wait=1'
ask readEvents 404 "/events?machine=$(printf %0200d 0)"
ask getStatus 200 /status
ask listHostKeys 200 /host-keys
ask listLeases 200 /leases
ask whoami 200 /whoami
ask getDocument 200 /openapi.json
ask getPackages 200 /packages

# --- profiles, media, networks -------------------------------------------------------------------------------------------

ask listProfiles 200 /profiles
ask getProfile 200 /profiles/plain
ask getProfile 200 /profiles/debian-12
ask getProfile 404 /profiles/none-such
ask fetch 202 /fetches "${json[@]}" '{"profile":"slow"}'
ask listFetches 200 /fetches
check "which has what is under way" jq -e '.fetching | length > 0' "$out"
ask fetch 200 /fetches "${json[@]}" '{"profile":"plain"}'
ask fetch 422 /fetches "${json[@]}" '{"profile":"none-such"}'
ask listNetworks 200 /networks
ask createNetwork 201 /networks "${json[@]}" '{"name":"lan2","subnet":"10.98.0.0/24"}'
ask createNetwork 200 /networks "${json[@]}" '{"name":"lan2","subnet":"10.98.0.0/24"}'
ask createNetwork 409 /networks "${json[@]}" '{"name":"lan2","subnet":"10.97.0.0/24"}'
ask createNetwork 422 /networks "${json[@]}" '{"name":"lan3","subnet":"nonsense"}'
ask deleteNetwork 409 /networks/default
ask deleteNetwork 200 /networks/lan2
ask deleteNetwork 404 /networks/lan2
mount -t tmpfs none /srv && mkdir -p /srv/medium && cp "$USHER_LAB"/medium/* /srv/medium
ask importMedium 201 /media "${json[@]}" '{"path":"/srv/medium","name":"m1","force":true}'
ask importMedium 422 /media "${json[@]}" '{"path":"relative","name":"m2"}'
ask importMedium 409 /media "${json[@]}" '{"path":"/srv","name":"m1","force":true}'
# a disk with one partition
truncate -s 1M /srv/disk.img
printf '\0\0\0\0\203\0\0\0\1\0\0\0\120\0\0\0' | dd of=/srv/disk.img bs=1 seek=446 conv=notrunc status=none
printf '\125\252' | dd of=/srv/disk.img bs=1 seek=510 conv=notrunc status=none
ask importMedium 201 /media "${json[@]}" '{"path":"/srv/disk.img","name":"m2","force":true}'
ask verifyMedium 202 /media/m2/verify
ask listMedia 200 /media
ask getMedium 200 /media/m1
ask getMedium 404 /media/none-such
ask verifyMedium 422 /media/m1/verify
ask verifyMedium 404 /media/none-such/verify
ask removeMedium 200 /media/m1
ask removeMedium 404 /media/m1
ask beginCopy 422 /copies "${json[@]}" '{"name":"up.iso"}'
ask beginCopy 201 /copies "${json[@]}" '{"name":"up.iso","size":4}'
id=$(jq -r .id "$out")
ask putPiece 200 "/copies/$id?at=0" -H 'Content-Type: application/octet-stream' --data-binary abcd
ask putPiece 409 "/copies/$id?at=2" -H 'Content-Type: application/octet-stream' --data-binary abcd
ask dropCopy 200 "/copies/$id"
ask dropCopy 404 "/copies/$id"

# --- discovered, tokens --------------------------------------------------------------------------------------------------

ask listDiscovered 200 /discovered
ask getDiscovered 404 /discovered/d1
ask forgetDiscovered 404 /discovered/d1
ask applyRules 404 /discovered/d1/rules
# A machine without a record boots, and says what it is.
tells() {
	local at
	client "$1" "02:00:00:00:01:0$1" virbr0
	get "$1" -x 0x4d:69505845 -O bootfile
	at=$(told "$1" boot_file)
	inside "$1" curl -sS -m 20 -o /dev/null "$at" &&
		jq -n --arg mac "02:00:00:00:01:0$1" --arg serial "$2" '{schema: 1, system: {vendor: "ACME", product: "R1", $serial},
			memory_mib: 4096, disks: [{name: "sda", size_bytes: 1000000000, holds: "ext4"}],
			interfaces: [{name: "eth0", $mac, booted: true, lldp: {system_name: "sw1", port_id: "ge-0"}}]}' |
		inside "$1" curl -sS -m 20 --fail-with-body --data-binary @- "${at%/boot.ipxe}/inventory"
}
for n in 2 3; do check "a machine says what it is" tells $n SAME; done
check "another does" tells 4 OTHER
ask listDiscovered 200 '/discovered?full=1'
ask getDiscovered 200 /discovered/d1
ask getDiscovered 409 /discovered/SAME
ask applyRules 409 /discovered/d1/rules
ask applyRules 422 /discovered/d3/rules
rules ACME
ask applyRules 201 /discovered/d3/rules
ask applyRules 409 /discovered/d3/rules
ask getDiscovered 200 /discovered/d3
ask getMachine 200 /machines/of-rules
ask forgetDiscovered 409 /discovered/SAME
ask forgetDiscovered 200 /discovered/d1
ask createMachine 409 /machines "${json[@]}" '{"kind":"bare-metal","name":"from","profile":"plain","from":"d3"}'
ask createToken 201 /tokens "${json[@]}" '{"name":"ci","role":"view","expires_s":60}'
ask createToken 409 /tokens "${json[@]}" '{"name":"ci","role":"view"}'
ask createToken 400 /tokens "${json[@]}" '{"name":"ci","role":"king"}'
ask listTokens 200 /tokens
ask deleteToken 200 /tokens/ci
ask deleteToken 404 /tokens/ci
ask deleteMachine 412 /machines/metal -H 'If-Match: "a"'
ask deleteMachine 400 '/machines/metal?keep_disks=yes'
ask deleteMachine 200 /machines/metal
ask deleteMachine 200 '/machines/g1?keep_disks=1'
ask deleteMachine 404 /machines/g1

# --- a stream -------------------------------------------------------------------------------------------------------------

# It has no end, and Prism waits for one: what it has is judged by the document's word for an event.
direct -N -m 2 -H 'Accept: text/event-stream' 'http://usher/api/v1/events?after=0' >"$out" 2>/dev/null
sed -n 's/^data: //p' "$out" >"$USHER_LAB/data"
judge() { NODE_PATH=$peers node "$LAB_TOP/tests/lab/openapi/judge.js" "$strict" Event; }
check "each event of a stream is as the document says" judge <"$USHER_LAB/data"
tail -n 1 "$TMPDIR/check.$$"
check "it is the events that are listed" diff <(jq -cS . "$USHER_LAB/data") <(direct 'http://usher/api/v1/events?after=0' | jq -cS '.events[]')
refute "another event is not" judge < <(jq -c '.kind = 1' "$USHER_LAB/data")

# --- every call ------------------------------------------------------------------------------------------------------------

# every STATUS WORDS CALLS [NAME=VALUE…]: as ask, for all of CALLS, a filter of jq's over the document's calls, by one curl. Each
# is told, and WORDS are in what it says. Names: token; key and version (headers); query; name (in the path); body (a file).
printf '{}' >"$USHER_LAB/body"
every() {
	local want=$1 words=$2 calls=$3 token='' key='' version='' query='' name=metal body=$USHER_LAB/body id status wrong n=0 bad=0
	shift 3
	local "$@"
	rm -rf "$USHER_LAB/every" && mkdir "$USHER_LAB/every"
	jq -r --arg token "$token" --arg key "$key" --arg version "$version" --arg query "$query" --arg name "$name" --arg body "$body" \
		--arg dir "$USHER_LAB/every" '[.paths | to_entries[] | .key as $path | .value | to_entries[] | select(.value.operationId?) |
		.value + {method: .key, $path}] | '"$calls"' | map(. as $c | [
			"url = \"http://127.0.0.1:8101\($c.path | gsub("{[a-z]+}"; $name))\($query)\"",
			"request = \($c.method | ascii_upcase)", "silent", "max-time = 60", "output = \"\($dir)/\($c.operationId)\"",
			"write-out = \"\($c.operationId) %{http_code} %header{sl-violations}\\n\"",
			if $token != "" then "header = \"Authorization: Bearer \($token)\"" else empty end,
			if $key != "" then "header = \"Idempotency-Key: \($key)\"" else empty end,
			if $version != "" then "header = \"If-Match: \\\"\($version)\\\"\"" else empty end,
			"header = \"Expect:\"", if $c.requestBody then "header = \"Content-Type: \($c.requestBody.content | keys[0])\"", "data-binary = \"@\($body)\""
				else empty end] | join("\n")) | join("\nnext\n")' "$doc" >"$USHER_LAB/calls"
	while read -r id status wrong; do
		n=$((n + 1)) asked="$asked $id:$status"
		[ "$status" = "$want" ] && ! is_wrong "$wrong" && jq -e --arg words "$words" '.error | test($words)' "$USHER_LAB/every/$id" >/dev/null &&
			continue
		bad=$((bad + 1))
		echo "$id: $status, not $want: $(head -c 300 "$USHER_LAB/every/$id") $wrong"
	done < <(curl -K "$USHER_LAB/calls")
	echo "$n calls, $bad wrong"
	[ $bad = 0 ] && [ $n -gt 0 ] && [ $n = "$(grep -c ^url "$USHER_LAB/calls")" ]
}
tell() { tail -n 1 "$TMPDIR/check.$$"; }
token() { "$USHER" token create "$@" 2>/dev/null; }
# by_tls N: from the address 127.0.0.N
by_tls() { relay_to "OPENSSL:127.0.0.1:8443,verify=0,bind=127.0.0.$1"; }
view=$(token eve --role view) operate=$(token olga --role operate) admin=$(token adam --role admin)
ask createMachine 201 /machines "${json[@]}" "${metal/r1/r3}"

by_tls 2
check "without a token: 401" every 401 'a token is needed' .
tell
# 20 wrong ones of an address are told so
check "with a wrong one: 401" every 401 'the token is wrong' '.[:20]' token=usher_x
check "with more of them: 429" every 429 'too many wrong tokens' . token=usher_x
tell
by_tls 3
check "with a wrong one, the next: 401" every 401 'the token is wrong' '.[20:40]' token=usher_x
by_tls 4
check "with a wrong one, the rest: 401" every 401 'the token is wrong' '.[40:]' token=usher_x
check "with a token that may look: 403" every 403 'takes the role (operate|admin), and yours is view' 'map(select(."x-role" != "view"))' token="$view"
tell
check "with one that may operate: 403" every 403 'takes the role admin, and yours is operate' 'map(select(."x-role" == "admin"))' token="$operate"
tell
check "with another version's tag: 412" every 412 'If-Match' . token="$admin" version=a
tell
check "with an argument that it does not have: 400" every 400 "unknown argument 'colour'" . token="$admin" query='?colour=red'
tell
check "with a name that is not there: 404" every 404 'none-such|no such copy' 'map(select(.path | contains("{")))' token="$admin" name=none-such
tell
{ printf '{"a":"'; head -c 1100000 /dev/zero | tr '\0' a; printf '"}'; } >"$USHER_LAB/large"
check "with a body that is too large: 413" every 413 'body too large' 'map(select(.requestBody))' token="$admin" body="$USHER_LAB/large"
tell
ask judge 200 /judge -H "Authorization: Bearer $admin" -H 'Idempotency-Key: k' "${json[@]}" '{"machines":[]}'
keyed='map(select(.parameters // [] | any(."$ref"? // "" | endswith("/IdempotencyKey"))))'
check "with a key that is taken: 422" every 422 'another request came with this key' "$keyed" token="$admin" key=k
tell
ask whoami 200 /whoami -H "Authorization: Bearer $view"
ask deleteMachine 200 /machines/metal -H "Authorization: Bearer $operate"

# --- all of it -----------------------------------------------------------------------------------------------------------

for id in $(jq -r '.paths[][] | .operationId? // empty' "$doc" 2>/dev/null); do
	check "$id was asked" grep -q " $id:" <<<"$asked "
done
pairs() { jq -r '.paths[][] | objects | select(.operationId?) | .operationId as $id | .responses | keys[] | "\($id):\(.)"' "$doc" | sort; }
echo "asked: $(comm -12 <(pairs) <(tr ' ' '\n' <<<"$asked" | sort -u) | wc -l) of the $(pairs | wc -l) pairs of a call and a status that the document has"
[ -z "${LAB_PAIRS:-}" ] || comm -23 <(pairs) <(tr ' ' '\n' <<<"$asked" | sort -u) | xargs
# What Prism refuses itself.
fault() { jq -e '.error | type == "string"' <(direct "$@"); }
check "405 is told as every fault" fault -X PUT http://usher/api/v1/machines
check "so is 404" fault http://usher/api/v1/nonsense
usher_stop
check "the service ends in peace" test $? = 0
check "no sanitizer complained" no_complaint
lab_end
