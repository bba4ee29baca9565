# SPDX-License-Identifier: GPL-2.0-or-later
# For bench_dhcp.sh and bench_dhcp6.sh, bash, after lib.sh. They set `kind` (what their jobs' names begin with), `proto` and
# `port`, `rates`, `top`, `seconds`, `syncs` and gave_up, and have load, due, fresh and start_SUBJECT.
#
#     measure JOB SUBJECT RATE CLIENTS    of the server that runs
#     one SUBJECT RATE                    the same of one that is started for it
#     row JOB SUBJECT                     a line of the table
#     best SUBJECT [MOST]                 its highest rate, of jobs that lost at most MOST %

# Of perfdhcp: sent, acknowledged, mean ms from DISCOVER (SOLICIT) to OFFER (ADVERTISE), and from REQUEST to ACK (REPLY)
read_report() {
	awk '/Statistics for: /{x = /DISCOVER|SOLICIT/ ? 1 : 2}
		/^sent packets/ {sent[x] = $3} /^received packets/ {got[x] = $3} /^avg delay/ {ms[x] = $3}
		END {print sent[1] + 0, got[2] + 0, ms[1] + 0, ms[2] + 0}' "$WORK/report"
}

measure() {
	local job=$1 subject=$2 before after sent acks offer_ms ack_ms n
	: >"$syncs"
	before=$(cpu_ns $PID)
	load "$3" "$4"
	after=$(cpu_ns $PID)
	n=$(wc -l <"$syncs")
	kill -0 $PID 2>/dev/null || { why_dead "$subject" "died at $3/s"; return 1; }
	read -r sent acks offer_ms ack_ms < <(read_report)
	[ "$sent" -gt 0 ] || { fault "perfdhcp: $(tail -n 1 "$WORK/report.err")"; return 1; }
	[ "$acks" -gt 0 ] || { why_dead "$subject" "answered nobody at $3/s"; return 1; }
	record "$job" "$subject" rate "$(calculate "$acks / $seconds" %.0f)" 1/s
	record "$job" "$subject" offered "$(calculate "$sent / $seconds" %.0f)" 1/s
	record "$job" "$subject" cpu_us "$(calculate "($after - $before) / 1000 / $acks")" us
	record "$job" "$subject" drops_pct "$(calculate "100 * ($sent - $acks) / $sent" %.3f)" %
	record "$job" "$subject" latency_us "$(calculate "1000 * ($offer_ms + $ack_ms)" %.0f)" us
	record "$job" "$subject" offer_us "$(calculate "1000 * $offer_ms" %.0f)" us
	record "$job" "$subject" syncs "$(calculate "$n / $seconds" %.0f)" 1/s
	record "$job" "$subject" slowest_sync_ms "$(awk '{ms = ($2 - $1) * 1000; if (ms > most) most = ms} END {
		printf "%.1f", most}' "$syncs")" ms
}

# collapsed JOB SUBJECT RATE: less than nine in ten are done
collapsed() { holds "$(median "$1" "$2" drops_pct) > 10"; }

# What others cannot is not asked of them again and again, but for the highest rate, which is shown beside.
given_up() { [ -n "${gave_up[$1]:-}" ] && [ "$2" -gt "${gave_up[$1]}" ]; }
one() {
	local subject=$1 rate=$2
	due "$subject" "$rate" || return 0
	fresh
	if "start_$subject" && measure "$kind-$rate" "$subject" "$rate" $((rate * seconds)); then
		[ "$subject" = usher ] || [ "$subject" = responder ] || [ -n "${gave_up[$subject]:-}" ] ||
			! collapsed "$kind-$rate" "$subject" || gave_up[$subject]=$rate
	fi
	stop "$proto" "$port"
}

row() {
	local job=$1 subject=$2 own cpu ratio=-
	[ -n "$(median "$job" "$subject" rate)" ] || return 1
	own=$(median "$job" usher cpu_us) cpu=$(median "$job" "$subject" cpu_us)
	[ -z "$own" ] || ratio=$(calculate "$cpu / $own" %.1f)
	printf '%-22s %-10s %8.0f %8.0f %8.2f %9.1f %7s %9.0f %9.0f %7.0f %8.1f\n' "$job" "$subject" "$(median "$job" "$subject" offered)" \
		"$(median "$job" "$subject" rate)" "$(median "$job" "$subject" drops_pct)" "$cpu" "$ratio" \
		"$(median "$job" "$subject" offer_us)" "$(median "$job" "$subject" latency_us)" "$(median "$job" "$subject" syncs)" \
		"$(median "$job" "$subject" slowest_sync_ms)"
}

best() {
	local rate most=0 r
	for rate in $rates; do
		r=$(median "$kind-$rate" "$1" rate)
		[ -n "$r" ] && holds "$(median "$kind-$rate" "$1" drops_pct) <= ${2:-100} && $r > $most" && most=$r
	done
	echo "$most"
}
