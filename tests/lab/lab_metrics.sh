#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Metrics: promtool accepts them and the rules of contrib/prometheus, rules and dashboard ask for nothing that is not there, and a
# Prometheus that scrapes the running service sees its alerts fire when something is wrong, and end when it is mended: a pool
# nearly full, a machine stuck, an install that failed, a store that cannot write, a service that is away. In namespaces, no guest.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"

promtool=$LAB_TOP/build/peers/prometheus/usr/bin/promtool prometheus=$LAB_TOP/build/peers/prometheus/usr/bin/prometheus
contrib=$LAB_TOP/contrib/prometheus
[ -x "$prometheus" ] || { fail "prometheus is there: make lab-deps"; lab_end; }

lab_profile plain kernel '# x'
mkdir -p "$USHER_LAB/state"
mount -t tmpfs -o size=8m,mode=700 lab "$USHER_LAB/state"
cat >"$USHER_LAB/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$USHER_LAB/state'/>
  <socket path='$USHER_SOCKET'/>
  <profiles dir='$USHER_LAB/more'/>
  <api address='10.66.0.1' port='8443'/>
  <segment interface='br0' mode='own' probe='0'><pool start='10.66.0.100' end='10.66.0.109'/></segment>
</usher>
END
net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
mac() { printf '02:00:00:00:00:%02x' "$1"; }
for ((n = 1; n <= 11; n++)); do client $n "$(mac $n)" br0; done
check "the service starts" usher_start || lab_end

# --- the text ---
metrics=$USHER_LAB/metrics
scrape() { curl -sS -f --unix-socket "$USHER_SOCKET" -o "$metrics" http://usher/metrics; }
value() { awk -v of="$1" '$1 == of {print $2}' "$metrics"; }
is_now() { scrape && [ "$(value "$1")" = "$2" ] || { grep "^${1%%\{*}" "$metrics"; false; }; }
unused() { comm -23 <(grep -oE '\b(usher|process)_[a-z0-9_]+' "$1" | sed -E 's/_(bucket|sum|count)$//' | sort -u) \
	<(sed -n 's/^# TYPE \([^ ]*\) .*/\1/p' "$metrics" | sort -u); }
known_all() { [ -z "$(unused "$1")" ] || { unused "$1"; false; }; }

check "a machine gets an address" get 1
check "metrics are there" scrape
check "as text of Prometheus" sh -c "curl -sSI --unix-socket '$USHER_SOCKET' http://usher/metrics |
	grep -i '^content-type: text/plain; version=0.0.4'"
check "promtool accepts them" "$promtool" check metrics <"$metrics"
check "and has nothing to say" test -z "$("$promtool" check metrics <"$metrics" 2>&1)"
check "each is explained" test "$(grep -c '^# HELP .*\.$' "$metrics")" = "$(grep -c '^# TYPE ' "$metrics")"
starts() { grep -E '^(usher|process)_start_time_seconds ' "$metrics"; }
started=$(starts)
same_start() { for _ in 1 2 3 4 5; do scrape && [ "$(starts)" = "$started" ] || { starts; return 1; }; done; }
check "when it started does not change" same_start
check "one request by DHCP" is_now 'usher_dhcp_messages_total{family="4",type="REQUEST"}' 1
check "one ACK" is_now 'usher_dhcp_answers_total{family="4",type="ACK"}' 1
check "which was timed" is_now 'usher_dhcp_answer_seconds_count{waits_for="store"}' 1
check "one address of the pool is used" is_now 'usher_pool_used_addresses{segment="br0",family="4"}' 1
check "of ten" is_now 'usher_pool_addresses{segment="br0",family="4"}' 10
check "promtool accepts the rules" "$promtool" check rules "$contrib/usher.rules.yml"
check "and what is tested of them holds" "$promtool" test rules "$contrib/usher.rules.test.yml"
check "and the example" "$promtool" check config --syntax-only "$contrib/prometheus.yml"
check "the rules ask for nothing that is not there" known_all "$contrib/usher.rules.yml"
check "nor does the dashboard" known_all "$contrib/dashboard.json"
check "the dashboard is JSON" jq -e '.panels | length > 8' "$contrib/dashboard.json"

# --- a Prometheus ---
# By TLS with usher's own certificate, as one who may look.
certificate=$USHER_LAB/state/api-certificate.pem
"$USHER" token create prometheus --role view --json | jq -r .token >"$USHER_LAB/token"
status() { curl -sS -o /dev/null -w '%{http_code}' --cacert "$certificate" "$@"; }
check "without a token nobody sees them" test "$(status https://10.66.0.1:8443/metrics)" = 401
check "with it they do" test "$(status -H "Authorization: Bearer $(cat "$USHER_LAB/token")" https://10.66.0.1:8443/metrics)" = 200
sed '/^ *for: /d' "$contrib/usher.rules.yml" >"$USHER_LAB/usher.rules.yml"
cat >"$USHER_LAB/prometheus.yml" <<END
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [$USHER_LAB/usher.rules.yml]
scrape_configs:
  - job_name: usher
    scheme: https
    authorization: {credentials_file: $USHER_LAB/token}
    tls_config: {ca_file: $certificate}
    static_configs: [{targets: ['10.66.0.1:8443']}]
END
"$prometheus" --config.file="$USHER_LAB/prometheus.yml" --storage.tsdb.path="$USHER_LAB/tsdb" \
	--web.listen-address=127.0.0.1:9090 >"$USHER_LAB/prometheus.log" 2>&1 &
prom() { curl -sS -G "http://127.0.0.1:9090/api/v1/$1" "${@:2}"; }
result() { prom query --data-urlencode "query=$1" | jq -r '.data.result[0].value[1]'; }
is_result() { [ "$(result "$1")" = "$2" ]; }
firing() { prom alerts | jq -e --arg name "$1" '[.data.alerts[] | select(.labels.alertname == $name and .state == "firing")] | length > 0'; }
silent() { ! firing "$1"; }
none_fire() { [ "$(prom alerts | jq '.data.alerts | length')" = 0 ] || { prom alerts | jq -c '.data.alerts[].labels'; false; }; }
fires() { local begun; begun=$(date +%s); check "$1 fires" wait_until 20 firing "$1" && echo "    after $(($(date +%s) - begun)) s"; }
ends() { check "$1 ends" wait_until 20 silent "$1"; }

check "Prometheus scrapes it" wait_until 20 is_result 'up{job="usher"}' 1 || tail -n 20 "$USHER_LAB/prometheus.log"
check "it has the machine's address" wait_until 5 is_result usher_pool_used_addresses 1
answers_all() {
	jq -r '.panels[].targets[].expr' "$contrib/dashboard.json" | sed 's/\$instance/.*/g' | while read -r query; do
		[ "$(prom query --data-urlencode "query=$query" | jq -r .status)" = success ] || { echo "$query"; return 1; }
	done
}
check "it understands what the dashboard asks" answers_all
sleep 2
check "no alert fires" none_fire

# --- a pool nearly full ---
for ((n = 2; n <= 10; n++)); do get $n & getting[n]=$!; done
for ((n = 2; n <= 10; n++)); do check "machine $n gets an address" wait "${getting[n]}"; done
# --- and a machine stuck, a disk full: at a time ---
check "a machine is armed" "$USHER" enroll web --mac "$(mac 11)" --profile plain --no-ssh-key --arm
check "no boot program is for its firmware" get 11 -x 0x5d:0016 -V "PXEClient:Arch:00016:UNDI:002001" -O bootfile
fires UsherPoolNearlyFull
fires UsherMachineStuck
check "by its cause" is_result 'ALERTS{alertname="UsherMachineStuck"}' 1
check "which is counted" is_now 'usher_stuck_machines{cause="firmware"}' 1
head -c 8M /dev/zero >"$USHER_LAB/state/ballast" 2>/dev/null
inside 1 udhcpc -i c1 -f -q -n -t 1 -T 1 -s /bin/true >/dev/null 2>&1
fires UsherStoreCannotWrite
check "UsherAway does not" silent UsherAway

rm "$USHER_LAB/state/ballast"
ends UsherStoreCannotWrite
check "another firmware has one" get 11 -x 0x4d:69505845 -O bootfile
check "and fetches its script" inside 11 curl -sS -f --max-time 5 -o /dev/null "$(told 11 boot_file)"
ends UsherMachineStuck
check "its install is cancelled" "$USHER" disarm web
fires UsherMachineFailed
check "it is deleted" "$USHER" delete web
ends UsherMachineFailed
# each takes its address again, and gives it back when it is ended
for ((n = 1; n <= 9; n++)); do
	inside $n env OUT="$USHER_LAB/$n" timeout 2 udhcpc -i c$n -f -n -R -s "$USHER_LAB/leased" >"$USHER_LAB/udhcpc.$n" 2>&1 &
done
ends UsherPoolNearlyFull
check "the stages of its boot were timed" is_now 'usher_boot_stage_seconds_count{stage="script"}' 1

# --- away ---
usher_stop KILL
fires UsherAway
check "it starts again" usher_start
ends UsherAway
check "no alert is left" wait_until 10 none_fire || none_fire
check "and what was counted went on from 0" is_result 'resets(usher_dhcp_sent_packets_total[5m])' 1

lab_end
