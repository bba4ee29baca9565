#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The web page in Chromium: its weight, the time to a live table, the longest frame while the table is scrolled through, and how
# long an OFFER takes while the page is loaded anew without a break. BENCH_MACHINES="1000 10000" asks for other numbers.
. "$(dirname "$0")/lib.sh"
bench_enter "$@"

. "$BENCH_TOP/tests/bench/http.sh"

numbers=${BENCH_MACHINES:-1000 10000}
seconds=8 rate=200 rounds=3 first=0 enrolled=0
[ -z "$QUICK" ] || rounds=1

serve_page() {
	cat >"$WORK/usher.xml" <<-END
		<usher>
		  <user name='nobody'/>
		  <state dir='$WORK/state'/>
		  <socket path='$WORK/run/sock'/>
		  <http port='8067'/>
		  <api address='127.0.0.1' port='8443'/>
		  <profiles dir='$WORK/more'/>
		  <segment interface='bench0' mode='own' probe='0'><pool start='10.66.0.0' end='10.66.255.255'/></segment>
		</usher>
	END
	launch usher tcp 8067 "$USHER" serve -c "$WORK/usher.xml"
}

word() { grep -o "\b$1=[0-9.]*" "$2" | cut -d= -f2; }
browse() { HOME=$WORK TMPDIR=$WORK PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$BENCH_TOP/tests/bench/page_load.py" https://localhost:8443/ "$token" "$1" >"$WORK/page" 2>"$WORK/page.err"; }

loads() {
	local metric
	browse 4 || { fault "page_load: $(tail -n 1 "$WORK/page.err")"; return 1; }
	for metric in bytes:B files:files rows_ms:ms all_ms:ms frame_ms:ms; do
		record "page-$1" usher ${metric%:*} "$(word ${metric%:*} "$WORK/page")" ${metric#*:}
	done
}

# NAME: offers are recorded as NAME_p99_us
offers() {
	clients "$WORK/dhcp_load" -i bench1 -n $((rate * seconds)) -f $((first += 100000)) -r $rate -t $((seconds + 5)) \
		>"$WORK/report" 2>"$WORK/report.err"
	[ -s "$WORK/report" ] || { fault "dhcp_load: $(tail -n 1 "$WORK/report.err")"; return 1; }
	record "page-$1" usher "$2_p99_us" "$(calculate "$(word offer_99_ms "$WORK/report") * 1000" %.0f)" us
}

offers_while_browsing() {
	local browser
	browse $((seconds + 6)) &
	browser=$!
	sleep 3
	offers "$1" offer
	wait $browser
}

enrol() {
	python3 "$BENCH_TOP/tests/bench/scale_client.py" "$WORK/run/sock" enrol bench0 $((enrolled + 1)) $(($1 - enrolled)) >"$WORK/enrol" 2>"$WORK/enrol.err" ||
		{ fault "enrol: $(tail -n 1 "$WORK/enrol.err")"; return 1; }
	enrolled=$1
}

table() {
	local n metric
	printf '%-12s %9s %7s %9s %8s %9s %12s %12s\n' job "bytes" files "rows ms" "all ms" "frame ms" "99% idle us" "99% us"
	for n in $numbers; do
		printf '%-12s' "page-$n"
		for metric in bytes:9 files:7 rows_ms:9 all_ms:8 frame_ms:9 idle_p99_us:12 offer_p99_us:12; do
			printf " %${metric#*:}s" "$(median "page-$n" usher ${metric%:*} | grep . || echo -)"
		done
		echo
	done
	echo "rows: until the first rows are there; all: all machines; frame: the longest of 100 while all are scrolled through"
	echo "99 %: an OFFER's time while the page is loaded anew without a break; idle: without. The browser takes the same processors"
}

http_prepare python3 chromium chromedriver
gcc -O2 -o "$WORK/dhcp_load" "$BENCH_TOP/tests/lab/dhcp_load.c" || die "the load client does not compile"
lab_profile plain kernel '# {{machine.name}}'
rm -rf "$WORK/state" && mkdir -m 755 "$WORK/state"
serve_page || die "usher does not start"
token=$("$USHER" token create bench --role view --socket "$WORK/run/sock" --json | jq -r .token)
for n in $numbers; do
	enrol "$n" || break
	for ((round = 0; round < rounds; round++)); do
		loads "$n" && offers "$n" idle && offers_while_browsing "$n"
	done
done
echo
table
bench_end page-
