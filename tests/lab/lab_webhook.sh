#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Webhooks, posted to a real receiver over TLS by a CA of the lab: their form and their signature, by openssl and by Python; one that
# answers 500 twice, refuses, redirects, hangs, is down and comes back, has a certificate for another name, changes its secret; a
# flood is bounded, and the service answers meanwhile. In namespaces, no guest.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
lab=$USHER_LAB

lab_profile plain kernel '# x'
certificates() {
	cd "$lab" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=lab-ca \
		-keyout ca.key -out ca.crt &&
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=receiver -keyout server.key -out server.csr &&
		printf 'subjectAltName=IP:127.0.0.1\n' >san &&
		openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -days 2 -extfile san -out server.crt
}
check "certificates are made" certificates
secret() { echo "whsec_$(head -c 32 /dev/urandom | base64)"; }
secret >"$lab/secret"
chmod 600 "$lab/secret"
config() {
	cat <<-END
		<usher>
		  <user name='root'/>
		  <state dir='$lab/state'/>
		  <socket path='$USHER_SOCKET'/>
		  <profiles dir='$lab/more'/>
		  $1
		  <segment interface='br0' mode='own' probe='0'/>
		</usher>
	END
}
net_bridge br0 10.66.0.1/16 52:54:00:66:00:01

# --- what is wrong is said, with its line ---
wrong() {
	local what=$1 text=$2
	config "$3" >"$lab/wrong.xml"
	"$USHER" serve -c "$lab/wrong.xml" >"$lab/wrong.out" 2>&1
	check "$what is refused" grep -E "wrong.xml:6: .*$text" "$lab/wrong.out" || cat "$lab/wrong.out"
}
wrong "a URL without TLS" "https://" "<webhook url='http://127.0.0.1/x' secret-file='$lab/secret'/>"
wrong "a user in it" "it has a user" "<webhook url='https://u:p@127.0.0.1/x' secret-file='$lab/secret'/>"
wrong "a webhook without a secret" "secret-file" "<webhook url='https://127.0.0.1/x'/>"
wrong "an unknown event" "'fail'.*did you mean 'failed'" "<webhook url='https://127.0.0.1/x' secret-file='$lab/secret' events='fail,up'/>"
wrong "a relative path" "absolute path" "<webhook url='https://127.0.0.1/x' secret-file='secret'/>"

# --- the service: one receiver as it should be, one whose certificate is for another name, one for two kinds ---
config "<webhook url='https://127.0.0.1:8443/all' secret-file='$lab/secret' ca='$lab/ca.crt'/>
	<webhook url='https://localhost:8443/name' secret-file='$lab/secret' ca='$lab/ca.crt' retry='2' events='created'/>
	<webhook url='https://127.0.0.1:8443/some' secret-file='$lab/secret2' ca='$lab/ca.crt' retry='60' events='failed, deleted'/>" \
	>"$lab/usher.xml"
echo ok >"$lab/mode"
: >"$lab/posts"
secret >"$lab/secret2"
chmod 644 "$lab/secret2"
receiver_start() {
	"$LAB_TOP/tests/lab/webhook_receiver.py" 8443 "$lab/server.crt" "$lab/server.key" "$lab/secret" "$lab/posts" "$lab/mode" \
		>"$lab/receiver.out" 2>>"$lab/receiver.log" &
	receiver=$!
	wait_until 10 grep -q ready "$lab/receiver.out"
}
receiver_stop() { kill -KILL $receiver; wait $receiver 2>/dev/null; }
mode() { echo "$*" >"$lab/mode.new" && mv "$lab/mode.new" "$lab/mode"; }
check "the receiver starts" receiver_start
check "usher check says that a secret may be used by others" sh -c \
	"'$USHER' check -c '$lab/usher.xml' | grep -F 'chmod o-rwx $lab/secret2'"
check "the service starts" usher_start || lab_end
check "and warns of it" grep -F "chmod o-rwx $lab/secret2" "$lab/usher.log"
chmod 600 "$lab/secret2"

enroll() { "$USHER" enroll "$1" --mac "$(printf '02:00:00:00:%02x:%02x' $((${2} / 256)) $((${2} % 256)))" --profile plain --no-ssh-key "${@:3}"; }
posts() { jq -c "select($1)" "$lab/posts"; }
count() { posts "$1" | wc -l; }
has() { [ "$(count "$2")" -ge "$1" ]; }
metric() { curl -sS --unix-socket "$USHER_SOCKET" http://usher/metrics | sed -n "s/^usher_webhook_$1{webhook=\"$2\",.*} //p"; }
metric_is() { [ "$(metric "$1" "$2")" = "$3" ]; }
told() { "$USHER" timeline --json | jq -r 'select(.kind == "webhook").text' | grep -E -e "$1"; }
of() { printf '.path == "%s" and (.body | fromjson | .data.machine == "%s")' "$1" "$2"; }

# --- the form ---
check "web1 is enrolled and armed" enroll web1 1 --arm
check "its two events come" wait_until 10 has 2 "$(of /all web1)"
check "in order" test "$(posts "$(of /all web1)" | jq -r '.body | fromjson | .type' | tr '\n' ' ')" = "created armed "
first=$(posts "$(of /all web1)" | head -n 1)
body=$(jq -r .body <<<"$first")
check "with the record" test "$(jq -r .data.record.name <<<"$body") $(jq -r .data.record.profile <<<"$body")" = "web1 plain"
check "who asked for it" test "$(jq -r .data.by <<<"$body")" = root
check "a time" sh -c 'echo "$1" | grep -E "^20[0-9-]+T[0-9:.]+Z$"' - "$(jq -r .timestamp <<<"$body")"
check "a number of the timeline" test "$(jq -r .data.seq <<<"$body")" = \
	"$("$USHER" timeline web1 --json | jq -r 'select(.kind == "created").seq')"
check "as JSON" test "$(jq -r .type <<<"$first")" = application/json
check "Python finds its signature right" test "$(jq -c .signed_by <<<"$first")" = '[1]'
# The recipe of usher.xml(5).
by_openssl() {
	local key
	key=$(sed 's/^whsec_//' "$lab/secret" | base64 -d | od -An -v -tx1 | tr -d ' \n')
	[ "v1,$(printf '%s' "$(jq -r .id <<<"$1").$(jq -r .timestamp <<<"$1").$(jq -r .body <<<"$1")" |
		openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64)" = "$(jq -r .signature <<<"$1")" ]
}
check "so does openssl" by_openssl "$first"
refute "and not with another body" by_openssl "$(jq -c '.body |= . + " "' <<<"$first")"
check "no token is told" sh -c '! grep -E "token|password" "$1"' - "$lab/posts"

# --- TLS is verified ---
check "a receiver with a certificate for another name gets nothing" test "$(count '.path == "/name"')" = 0
check "which is dropped" wait_until 20 told 'webhook 2 \(localhost:8443\) .*dropped: .*(certificate|SSL|name)'
check "and counted" metric_is dropped_events_total 2 1

# --- 500 twice, then 200 ---
mode fail 2 a
check "web2 is enrolled" enroll web2 2
check "it is posted three times" wait_until 15 has 3 "$(of /all web2)"
check "with one id" test "$(posts "$(of /all web2)" | jq -r .id | sort -u | wc -l)" = 1
check "signed each time" test "$(posts "$(of /all web2)" | jq -c .signed_by | sort -u)" = '[1]'
check "after growing pauses" jq -es '(.[1].at - .[0].at > 0.9) and (.[2].at - .[1].at > 1.9)' <<<"$(posts "$(of /all web2)")"
check "then it is delivered" wait_until 5 metric_is delivered_events_total 1 3
check "and nothing of the first was dropped" metric_is dropped_events_total 1 0
sleep 1
check "it is not posted again" test "$(count "$(of /all web2)")" = 3

# --- refused, moved ---
mode refuse
enroll web3 3 >/dev/null
check "what it refuses is dropped at once" wait_until 5 told 'webhook 1 .*HTTP 400'
check "it was posted once" test "$(count "$(of /all web3)")" = 1
mode moved
enroll web4 4 >/dev/null
check "what is redirected is dropped" wait_until 5 metric_is dropped_events_total 1 2
check "and told, not too often" wait_until 15 told 'webhook 1 .*HTTP 302: it redirects to https://127.0.0.1:8443/elsewhere, which is not'
check "it is not followed" test "$(count '.path == "/elsewhere"')" = 0

# --- a secret takes another's place; kinds ---
mode ok
secret | cat - "$lab/secret" >"$lab/both" && chmod 600 "$lab/both" && mv "$lab/both" "$lab/secret"
check "web4 is deleted" "$USHER" delete web4 --yes
check "with two secrets there are two signatures" wait_until 5 has 1 "$(of /all web4) and .signed_by == [1,2]"
check "another webhook gets it too" wait_until 5 has 1 "$(of /some web4)"
check "and nothing that it does not want" test "$(count '.path == "/some"')" = 1

# --- hangs, is down, comes back ---
mode hang
enroll web5 5 --arm >/dev/null
check "it hangs" wait_until 5 has 1 "$(of /all web5)"
check "meanwhile the service answers" timeout 5 "$USHER" list
check "two wait" test "$(metric waiting_events 1)" = 2
receiver_stop
check "web6 is enrolled while it is down" enroll web6 6
check "the log says so" wait_until 5 grep -E 'webhook 1 .*tried again' "$lab/usher.log"
mode ok
check "the receiver comes back" receiver_start
check "what waited is delivered" wait_until 15 has 2 "$(of /all web5) and .status == 200"
check "in order" test "$(posts "$(of /all web5) and .status == 200" | jq -r '.body | fromjson | .type' | tr '\n' ' ')" = "created armed "
check "of web6 too" wait_until 15 has 1 "$(of /all web6)"
check "and none waits" wait_until 5 metric_is waiting_events 1 0

# --- a flood ---
receiver_stop
dropped=$(metric dropped_events_total 1)
{ echo name,mac,profile; for ((n = 1; n <= 600; n++)); do printf 'flood%d,02:01:00:00:%02x:%02x,plain\n' $n $((n / 256)) $((n % 256)); done; } >"$lab/list.csv"
check "600 machines are enrolled and armed while it is down" "$USHER" enroll --list "$lab/list.csv" --no-ssh-key --arm
check "the service answers" timeout 10 "$USHER" list
waiting=$(metric waiting_events 1)
check "some 1,000 events wait" test "$waiting" -ge 1000 -a "$waiting" -le 1004
check "the others were dropped" test "$(($(metric dropped_events_total 1) - dropped))" -ge 196
check "which is told" wait_until 15 told 'events for webhook 1 .*were dropped: too many are waiting' || { told .; grep webhook "$lab/usher.log" | tail -5; }
before=$(metric delivered_events_total 1)
check "the receiver comes back" receiver_start
came() { [ $(($(metric delivered_events_total 1) - before)) = "$waiting" ]; }
began=$(date +%s)
check "what waited comes" wait_until 30 came
echo "    $waiting events in $(($(date +%s) - began)) s"

# --- the end ---
mode hang
enroll web7 7 >/dev/null
wait_until 5 has 1 "$(of /all web7)"
began=$(date +%s%N)
usher_stop
check "the service ends at once, though one hangs" test $((($(date +%s%N) - began) / 1000000)) -lt 8000
check "and says what it drops" grep -E 'webhook 1 .*stopping, 1 event' "$lab/usher.log"
receiver_stop
lab_end
