#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The API's document against what is really answered, judged by Prism (npm) as a proxy before the service: each call and each kind of
# fault is asked once, and no answer may be another than the document says. Members that it does not have are faults here.
# shellcheck source=/dev/null disable=SC2016,SC2119
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/profiles.sh"

peers=$LAB_TOP/build/peers/openapi/node_modules
[ -x "$peers/.bin/prism" ] || { skip "Prism is not there: make lab-deps"; lab_end; }
out=$USHER_LAB/out head=$USHER_LAB/head

lab_profile plain kernel 'echo {{machine.name}}'
lab_profile tool kernel 'echo {{machine.name}}'
sed -i "s|<profile name='tool'>|<profile name='tool' installs='no'>|" "$USHER_LAB/more/tool/profile.xml"
lab_profiles_config >"$USHER_LAB/usher.xml"
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

socat TCP-LISTEN:8100,bind=127.0.0.1,fork,reuseaddr "UNIX-CONNECT:$USHER_SOCKET" &
relay=$!
"$peers/.bin/prism" proxy --errors=false -h 127.0.0.1 -p 8101 "$strict" http://127.0.0.1:8100/api/v1 >"$USHER_LAB/prism.log" 2>&1 &
prism=$!
trap 'kill $relay $prism 2>/dev/null' EXIT
check "Prism is ready" wait_until 60 grep -q "Prism is listening" "$USHER_LAB/prism.log"

# --- asking --------------------------------------------------------------------------------------------------------------

asked=
# ask OPERATION STATUS PATH [OPTION…]: by that call; what Prism says of the answer is nothing.
ask() {
	local id=$1 want=$2 path=$3 method status wrong
	shift 3
	method=$(jq -r --arg id "$id" '.paths[] | to_entries[] | select(.value.operationId? == $id) | .key | ascii_upcase' "$doc")
	status=$(curl -sS -m 60 -o "$out" -D "$head" -w '%{http_code}' -X "$method" "$@" "http://127.0.0.1:8101$path")
	wrong=$(sed -n 's/^sl-violations: //Ip' "$head" | tr -d '\r' | jq -c '.[] | select(.location[0] == "response")')
	asked="$asked $id:$status"
	if [ "$status" != "$want" ]; then fail "$id $path: $status, not $want: $(head -c 300 "$out")"
	elif [ -n "$wrong" ]; then fail "$id $path: $status is not what the document says: $wrong: $(head -c 2000 "$out")"
	else pass "$id $path: $status"
	fi
}
json=(-H 'Content-Type: application/json' -d)

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
ask disarmMachine 200 /machines/metal/disarm
ask runTool 200 /machines/metal/run "${json[@]}" '{"profile":"tool"}'
ask runTool 409 /machines/g1/run "${json[@]}" '{"profile":"tool"}'
ask disarmMachine 200 /machines/metal/disarm
ask startMachine 409 /machines/g1/start
ask stopMachine 409 /machines/g1/stop "${json[@]}" '{"force":true}'
ask disarmMachine 200 /machines/g1/disarm
ask stopMachine 200 /machines/g1/stop "${json[@]}" '{"force":true}'
ask makeTemplate 409 /machines/metal/template
ask switchPower 200 /machines/metal/power "${json[@]}" '{"do":"on"}'
ask switchPower 422 /machines/metal/power "${json[@]}" '{"do":"dance"}'
ask switchPower 200 /machines/g1/power "${json[@]}" '{"do":"status"}'
ask switchPower 409 /machines/e1/power "${json[@]}" '{"do":"on"}'
ask adoptCard 200 /machines/metal/adopt "${json[@]}" '{"mac":"02:00:00:00:00:21","instead_of":"02:00:00:00:00:01"}'
ask adoptCard 409 /machines/metal/adopt "${json[@]}" '{"mac":"02:00:00:00:00:11"}'

# --- watching ------------------------------------------------------------------------------------------------------------

ask readConsole 200 '/machines/g1/console?last=100'
ask readConsole 409 /machines/metal/console
ask typeOnConsole 409 /machines/g1/console "${json[@]}" '{"data":"YQ=="}'
ask readLog 200 '/machines/metal/log?after=0'
ask readEvents 200 '/events?after=0'
ask readEvents 200 '/events?after=0&machine=metal&wait=1'
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
ask listFetches 200 /fetches
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
ask listMedia 200 /media
ask getMedium 200 /media/m1
ask getMedium 404 /media/none-such
ask verifyMedium 422 /media/m1/verify
ask verifyMedium 404 /media/none-such/verify
ask removeMedium 200 /media/m1
ask removeMedium 404 /media/m1
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

# --- all of it -----------------------------------------------------------------------------------------------------------

for id in $(jq -r '.paths[][] | .operationId? // empty' "$doc" 2>/dev/null); do
	check "$id was asked" grep -q " $id:" <<<"$asked "
done
# What Prism refuses itself.
fault() { jq -e '.error | type == "string"' <(direct "$@"); }
check "405 is told as every fault" fault -X PUT http://usher/api/v1/machines
check "so is 404" fault http://usher/api/v1/nonsense
usher_stop
check "the service ends in peace" test $? = 0
check "no sanitizer complained" no_complaint
lab_end
