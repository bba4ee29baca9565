#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The API by TLS: every call of its table as every role, tokens that are missing, wrong, expired and revoked; who asked, on the
# timeline; streams of events; the page's files; a page of another site; and crowds that take its places, while machines
# are leased to and those with a token are answered.
# shellcheck source=/dev/null disable=SC2015,SC2016
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$LAB_TOP/tests/lab/profiles.sh"
lab=$USHER_LAB server=10.66.0.1 port=8443 url=https://10.66.0.1:8443
lab_profile lab kernel 'done={{attempt.done_url}}'
config() {
	cat <<-END
		<usher>
		  <user name='root'/>
		  <state dir='$lab/state/own'/>
		  <socket path='$USHER_SOCKET'/>
		  <profiles dir='$lab/more'/>
		  $1
		  <segment interface='br0' mode='own' probe='0'><pool start='10.66.128.0' end='10.66.160.0'/></segment>
		</usher>
	END
}
config '' >"$lab/usher.xml"
net_bridge br0 $server/16 52:54:00:66:00:01
client 1 02:ff:00:00:00:01 br0
client 2 02:00:00:00:00:02 br0
inside 1 ip address add 10.66.1.1/16 dev c1
for n in {1..100}; do echo "address add 10.66.2.$n/16 dev c2"; done | inside 2 ip -batch -

# ask TOKEN METHOD PATH [OPTION…]: from another host. The body goes to $lab/body, the headers to $lab/head; says the status.
ask() {
	local token=$1 method=$2 path=$3
	shift 3
	inside 1 curl -sS -m 20 --cacert "$lab/state/own/api-certificate.pem" -X "$method" -D "$lab/head" -o "$lab/body" -w '%{http_code}' \
		${token:+-H "Authorization: Bearer $token"} "$@" "$url$path" 2>"$lab/curl"
}
# gives STATUS TOKEN METHOD PATH [OPTION…]
gives() {
	local want=$1 status
	shift
	status=$(ask "$@")
	[ "$status" = "$want" ] || { echo "${*:2}: $status, not $want: $(head -c 300 "$lab/body" "$lab/curl")"; return 1; }
}
has_header() { grep -qiE "^$1" "$lab/head" || { cat "$lab/head"; return 1; }; }
token() { "$USHER" token create "$@" 2>"$lab/said"; }

# --- off, and on -----------------------------------------------------------------------------------------------------------

check "the service starts" usher_start || lab_end
refute "without <api> nobody listens" inside 1 curl -skm 3 $url/
check "a token can be made all the same, and says so" eval 'token early --role view >/dev/null; grep -q "takes <api/> in usher.xml" "$lab/said"'
usher_stop
config "<api address='$server' certificate='$lab/none.pem'/>" >"$lab/usher.xml"
refute "a certificate without its key is refused" usher_start
check "with file and line" grep -q "usher.xml:6: <api> takes certificate= and key= together" "$lab/usher.log"
config "<api address='10.66.77.77'/>" >"$lab/usher.xml"
check "an address that no interface has is no reason not to start" usher_start
check "but is warned of" grep -q "no interface of this host has the address 10.66.77.77" "$lab/usher.log"
usher_stop
config "<api address='$server'/>" >"$lab/usher.xml"
check "the service starts with <api>" usher_start || lab_end
said() { grep -c "$1" "$lab/usher.log"; }
check "that is warned of no more" test "$(said "no interface of this host")" = 1
check "but its certificate is: it was made for the other address" grep -q "api-certificate.pem was made for another address than $server" "$lab/usher.log"
usher_stop
rm "$lab"/state/own/api-*.pem
check "without it, another is made" usher_start
check "which is right" test "$(said "made for another address")" = 1
check "a token's name is taken once" eval '"$USHER" token create early --role view 2>&1 | grep -q "there is a token .early. already"'
view=$(token eve --role view) operate=$(token olga --role operate --expires 30d) admin=$(token adam --role admin)
pin=$(sed -n 's/^port 8443, certificate SHA-256 //p' "$lab/said")
check "the certificate has the sum that 'usher token create' says" eval '[ "$(openssl x509 -in "$lab/state/own/api-certificate.pem" -noout -fingerprint -sha256 | tr -d : | sed "s/.*=//" | tr A-F a-f)" = "$pin" ]'
check "clients that know the certificate believe it, by address" gives 200 "$view" GET /api/v1/whoami
check "whoami" eval '[ "$(jq -c . "$lab/body")" = "{\"name\":\"eve\",\"role\":\"view\",\"expires\":null,\"by\":\"token\"}" ]'
check "by the socket, too" eval 'curl -s --unix-socket "$USHER_SOCKET" http://x/api/v1/whoami | jq -e ".name == \"root\" and .role == \"admin\" and .by == \"socket\""'
check "TLS 1.2 is spoken" gives 200 "$view" GET /api/v1/whoami --tls-max 1.2
refute "TLS 1.1 is not" inside 1 openssl s_client -connect $server:$port -tls1_1 -cipher ALL:@SECLEVEL=0

# --- who may what ----------------------------------------------------------------------------------------------------------

# A body of no use: what may be asked is refused as wrong (400), or finds nothing (404); only 401 and 403 are of who asks.
rank() { case $1 in view) echo 1 ;; operate) echo 2 ;; admin) echo 3 ;; esac; }
# All calls of one who asks, by one curl: METHOD PATH ROLE STATUS, a line each.
calls_of() {
	local method path role most
	{
		echo "cacert = $lab/state/own/api-certificate.pem"
		while read -r method path role; do
			[ "$method $path" = "GET /machines" ] || echo next
			# these wait for libvirt, which is not here: who may is not told in a second
			case $path in /networks*) most=1 ;; *) most=20 ;; esac
			printf '%s\n' "cacert = $lab/state/own/api-certificate.pem" "url = $url/api/v1$path" "request = $method" silent \
				'data = "{\"no\":1}"' "output = $lab/body" "write-out = \"$method $path $role %{http_code}\\n\"" max-time=$most
			[ -z "$1" ] || echo "header = \"Authorization: Bearer $1\""
		done <"$lab/routes"
	} >"$lab/calls"
	inside 1 curl -K "$lab/calls"
}
calls() {
	local method path role who status wrong=0 n=0
	"$B/tests/lab/routes" >"$lab/routes" || return 1
	for who in view:$view operate:$operate admin:$admin none:; do
		while read -r method path role status; do
			n=$((n + 1))
			case $who in
			none:) [ "$status" = 401 ] ;;
			*) if [ "$(rank "${who%%:*}")" -ge "$(rank "$role")" ]; then [[ $path$status =~ ^/networks.*000$|(20.|400|404|409)$ ]]; else [ "$status" = 403 ]; fi ;;
			esac || { wrong=$((wrong + 1)); echo "$method $path ($role) as ${who%%:*}: $status"; }
		done < <(calls_of "${who#*:}")
	done
	echo "$n calls of $(wc -l <"$lab/routes") routes, $wrong wrong"
	[ $wrong = 0 ] && [ $n = $((4 * $(wc -l <"$lab/routes"))) ] && [ $n -gt 150 ]
}
check "each call of the table, as each role and as nobody: 403 and 401 where they are due" calls
tail -n 1 "$TMPDIR/check.$$"
check "a role says which it takes" eval 'gives 403 "$view" POST /api/v1/machines/x/disarm; grep -q "takes the role operate, and yours is view" "$lab/body"'
check "metrics are for those with a token" gives 401 "" GET /metrics
check "metrics, by role view" gives 200 "$view" GET /metrics
check "who operates may not reach into the host: domain" gives 403 "$operate" POST /api/v1/machines --data '{"kind":"guest","name":"g","domain":"<domain/>"}'
check "nor by a list of machines: connect" gives 403 "$operate" POST /api/v1/judge --data '{"machines":[{"kind":"guest","name":"g","connect":"qemu:///session"}]}'
check "admin comes further" gives 404 "$admin" POST /api/v1/machines --data '{"kind":"guest","name":"g","domain":"<domain/>"}'

# --- tokens that are no good -------------------------------------------------------------------------------------------------

check "no token: 401" gives 401 "" GET /api/v1/machines
check "and how to ask" has_header 'www-authenticate: Bearer realm="usher"'
check "a wrong one: 401" gives 401 "${view%?}x" GET /api/v1/machines
check "another's way to ask: 401" gives 401 "" GET /api/v1/machines -H "Authorization: Basic ${view#usher_}"
check "as an argument it is none: 401" gives 401 "" GET "/api/v1/machines?token=$view"
short=$(token short --role admin --expires 2s)
check "a short one works" gives 200 "$short" GET /api/v1/machines
sleep 2
check "and expires: 401" gives 401 "$short" GET /api/v1/machines
check "saying so" grep -q "the token 'short' has expired" "$lab/body"
gone=$(token gone --role admin --json | jq -r .token)
check "one works" gives 200 "$gone" GET /api/v1/machines
check "usher token list --json" eval '"$USHER" token list --json | jq -e ".tokens | length == 6 and all(keys == [\"by\", \"created\", \"expires\", \"last_used\", \"name\", \"role\"])"'
check "it is revoked" eval '"$USHER" token delete gone --json | jq -e ".deleted == \"gone\""'
check "and is void: 401" gives 401 "$gone" GET /api/v1/machines
many() { local n; for n in {1..25}; do ask "usher_$n" GET /api/v1/machines; echo; done | sort | uniq -c | tr -s ' \n' ' '; }
check "many wrong ones: 429" eval 'many | tee /dev/stderr | grep -q "429"'
check "a right one of the same address is answered" gives 200 "$view" GET /api/v1/machines
check "the list has all but the tokens" eval '"$USHER" token list | tee "$lab/list" | grep -qE "^olga +operate .* root$" && ! grep -q usher_ "$lab/list"'

# --- who did it ---------------------------------------------------------------------------------------------------------------

check "a machine is enrolled by the socket" "$USHER" enroll web01 --mac 02:00:00:00:01:01 --profile lab --no-ssh-key
check "and armed by a token" gives 200 "$operate" POST /api/v1/machines/web01/reinstall
check "and disarmed by another" gives 200 "$admin" POST /api/v1/machines/web01/disarm
"$USHER" timeline web01 >"$lab/timeline"
check "created by root" grep -qE "created .*, by root$" "$lab/timeline"
check "armed by olga" grep -qE "armed .*, by olga$" "$lab/timeline"
check "failed by adam" grep -qE "(failed|known|disarmed) .*, by adam$" "$lab/timeline"
check "usher show says by whom" eval '"$USHER" show web01 | grep -qE "^  last .*, by adam$"'
check "in the log, too" grep -qaE "web01 armed: .*, by olga" "$lab/usher.log"

# --- the page ------------------------------------------------------------------------------------------------------------------

check "the page is for everybody" gives 200 "" GET /
check "it may load nothing but its own" has_header "content-security-policy: default-src 'none'; script-src 'self';"
check "and is in no frame" has_header "x-frame-options: DENY"
etag=$(sed -n 's/^etag: *\("[^"]*"\).*/\1/Ip' "$lab/head")
check "it is not sent again" gives 304 "" GET / -H "If-None-Match: $etag"
check "another version is" gives 200 "" GET / -H 'If-None-Match: "0"'
check "what is not there: 404" gives 404 "" GET /web/no.js
for path in /web/../usher.xml /web/%2e%2e/%2e%2e/etc/passwd /web//etc/passwd '/web/..%5c..'; do
	check "none but its own files: $path" eval '[[ $(ask "" GET "'"$path"'" --path-as-is) =~ ^40[04]$ ]]'
done
check "it cannot be written" gives 405 "" POST /web/x.js
check "a page of another site" gives 200 "$view" GET /api/v1/machines -H "Origin: https://evil.example"
refute "is told nothing that lets it read" has_header "access-control-"
check "and what it asks before is refused" gives 405 "" OPTIONS /api/v1/machines -H "Origin: https://evil.example" -H "Access-Control-Request-Method: GET"
refute "nor is it told so" has_header "access-control-"

# --- streams ---------------------------------------------------------------------------------------------------------------------

stream() { inside 1 curl -sNm 30 --cacert "$lab/state/own/api-certificate.pem" -H "Authorization: Bearer $view" -H "Accept: text/event-stream" "$@"; }
stream "$url/api/v1/events?machine=web01" >"$lab/stream" &
check "a stream has what there is" wait_until 5 grep -q '^event: created' "$lab/stream"
ask "$operate" POST /api/v1/machines/web01/reinstall >/dev/null
check "and what comes" wait_until 5 eval '[ "$(grep -c "^event: armed" "$lab/stream")" = 2 ]'
check "each with its number and its JSON" eval '[ "$(sed -n "s/^id: //p" "$lab/stream" | tail -n 1)" = "$(sed -n "s/^data: //p" "$lab/stream" | tail -n 1 | jq .seq)" ]'
check "by whom, too" eval 'sed -n "s/^data: //p" "$lab/stream" | tail -n 1 | jq -e ".by == \"olga\""'
last=$(sed -n "s/^id: //p" "$lab/stream" | tail -n 1)
stream -m 2 -H "Last-Event-ID: $((last - 1))" "$url/api/v1/events?machine=web01" >"$lab/resumed"
check "it is resumed by the last number" eval '[ "$(grep -c ^data: "$lab/resumed")" = 1 ]'
check "by the socket, too" eval 'curl -sNm 1 --unix-socket "$USHER_SOCKET" -H "Accept: text/event-stream" http://x/api/v1/events | grep -q "^event: created"'

# --- not in clear ------------------------------------------------------------------------------------------------------------------

clear() { grep -rlaF -e "${view#usher_}" -e "${operate#usher_}" -e "${admin#usher_}" "$lab/state" "$lab/usher.log"; }
refute "no token is in the store, the state folder or the log" clear

# --- crowds -------------------------------------------------------------------------------------------------------------------------

${CC:-gcc} -O2 -o "$lab/dhcp_load" "$LAB_TOP/tests/lab/dhcp_load.c"
offers() { inside 1 "$lab/dhcp_load" -i c1 -o /dev/null -n 1000 -f "$2" -r 250 -t 20 >"$lab/$1" 2>&1; }
p99() { grep -o 'offer_99_ms=[0-9.]*' "$lab/$1" | cut -d= -f2; }
check "1,000 clients are leased to" offers quiet 1
for kind in tcp half body; do
	# another host would pay for its own side of it
	inside 2 nice -n 19 python3 "$LAB_TOP/tests/lab/tls_crowd.py" $kind $server $port 60 10.66.2.1 >"$lab/$kind" 2>&1 &
done
check "crowds have come" wait_until 20 eval 'cat "$lab"/{tcp,half,body} | grep -c ready | grep -q 3'
check "1,000 more clients are leased to meanwhile" offers crowded 2000
check "who has a token is answered" gives 200 "$view" GET /api/v1/machines
check "a body that is too large: 413" eval 'head -c 2M /dev/zero | gives 413 "$admin" POST /api/v1/machines --data-binary @-'
check "headers that are too large: 431" gives 431 "$view" GET /api/v1/machines -H "X: $(head -c 20000 /dev/zero | tr '\0' a)"
check "no TLS: nothing is said" eval '! inside 1 curl -sm 5 http://$server:$port/api/v1/machines | grep -q .'
check "the socket is answered" "$USHER" list
power_cut 2
check "1,000 more when they have gone" offers after 4000
echo "| OFFER, 99 of 100: $(p99 quiet) ms before, $(p99 after) ms after; beside 180 connections to the API that say half of something: $(p99 crowded) ms"
# On a busy host the crowd and the clients wait for processors, too: what this finds is a loop that waits for somebody.
check "nobody's OFFER waits for them" awk -v a="$(p99 quiet)" -v b="$(p99 crowded)" -v c="$(p99 after)" 'BEGIN {exit !(b < 100 || b < 10 * a || b < 10 * c)}'
check "the stream is still there" eval '[ "$(grep -c "^data:" "$lab/stream")" -ge 4 ]'
"$USHER" token delete eve >/dev/null
check "and ends with its token" wait_until 5 eval '! pgrep -f "Accept: text/event-stream"'
lab_end
