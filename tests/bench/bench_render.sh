#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Answers rendered in one thread, by CPU time: a kickstart with 30 variables and more beside other template engines, all of which
# must come to the same text; and the shipped profiles' answers as a machine is served them. `make bench-render` installs the peers.
. "$(dirname "$0")/lib.sh"
bench_enter "$@"

here=$BENCH_TOP/tests/bench
rounds=5 seconds=2
[ -z "$QUICK" ] || rounds=1 seconds=0.5
engines="mstch jinja2-once jinja2 cheetah-once cheetah pystache-once pystache"
profiles="tiny debian-12 rocky-9"

python=/usr/bin/python3 # the packages' own
command -v g++ >/dev/null && $python -c 'import jinja2, Cheetah, pystache' 2>"$WORK/python" ||
	die "a peer is missing: contrib/deps bench installs it: $(tail -n 1 "$WORK/python")"
g++ -O2 -o "$WORK/peer" "$here/render/peer.cc" -lmstch -ljansson || die "tests/bench/render/peer.cc does not compile"
: >"$WORK/rounds"

# The same template in the engines' own languages; lists are those of the context.
lists=$(sed -n 's/^\t"\([a-z_]*\)": \[$/\1/p' "$here/render/context.json" | xargs)
to_jinja2() {
	sed -E "s/^\{\{#(${lists// /|})\}\}\$/{% for item in \1 %}/; s/^\{\{\/(${lists// /|})\}\}\$/{% endfor %}/
		s/^\{\{#([a-z_]*)\}\}\$/{% if \1 %}/; s/^\{\{\/[a-z_]*\}\}\$/{% endif %}/; s/\{\{\{\.\}\}\}/{{ item }}/g
		s/\{\{\{([a-z_]*)\}\}\}/{{ \1 }}/g"
}
# Its own signs come in the text as well.
to_cheetah() {
	sed -E "s/^#/\\\\#/; s/^\{\{#(${lists// /|})\}\}\$/#for \$item in \$\1/; s/^\{\{\/(${lists// /|})\}\}\$/#end for/
		s/^\{\{#([a-z_]*)\}\}\$/#if \$\1/; s/^\{\{\/[a-z_]*\}\}\$/#end if/; s/\{\{\{\.\}\}\}/\${item}/g
		s/\{\{\{([a-z_]*)\}\}\}/\${\1}/g"
}
cp "$here/render/kickstart.mustache" "$WORK/template"
to_jinja2 <"$WORK/template" >"$WORK/template.jinja2"
to_cheetah <"$WORK/template" >"$WORK/template.cheetah"
cp "$WORK/template" "$WORK/template.pystache"

run() { # ENGINE
	local context=$here/render/context.json
	case $1 in
	usher) "$B/tests/bench/bench_render" text "$WORK/template" "$context" $seconds "$WORK/out.$1" ;;
	mstch) "$WORK/peer" "$WORK/template" "$context" $seconds "$WORK/out.$1" ;;
	*) $python "$here/render/peer.py" "$1" "$WORK/template.${1%-once}" "$context" $seconds "$WORK/out.$1" ;;
	esac
}

# measure JOB SUBJECT COMMAND…
measure() {
	local job=$1 subject=$2 renders ns
	shift 2
	"$@" >"$WORK/report" 2>"$WORK/$subject.log" || { why_dead "$subject" "failed"; return 1; }
	renders=$(sed -n 's/.*renders=\([0-9]*\).*/\1/p' "$WORK/report") ns=$(sed -n 's/.*cpu_ns=\([0-9]*\).*/\1/p' "$WORK/report")
	record "$job" "$subject" rate "$(calculate "$renders / $ns * 1e9" %.0f)" 1/s
	record "$job" "$subject" cpu_us "$(calculate "$ns / $renders / 1e3" %.2f)" us
}

table() {
	local subject ours
	ours=$(median render-30 usher rate)
	printf '%-10s %-14s %10s %10s %14s\n' job subject 1/s "CPU us" "usher's times"
	for subject in usher $engines; do
		printf '%-10s %-14s %10s %10s %14s\n' render-30 "$subject" "$(median render-30 "$subject" rate)" \
			"$(median render-30 "$subject" cpu_us)" "$(calculate "$ours / ($(median render-30 "$subject" rate) + 1e-9)" %.1f)"
	done
	for subject in $profiles; do
		printf '%-10s %-14s %10s %10s %14s   %s\n' profile "$subject" "$(median "render-$subject" usher rate)" \
			"$(median "render-$subject" usher cpu_us)" - "$(stat -c %s "$WORK/out.$subject") bytes"
	done
}

variables=$(grep -oE '\{\{\{[a-z_]+\}\}\}' "$WORK/template" | sort -u | wc -l)
echo "$(nproc) processors ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)), $rounds rounds of $seconds s of CPU time; $variables variables in $(wc -c <"$WORK/template") bytes; NAME-once: compiled before the clock runs"
for ((round = 0; round < rounds; round++)); do
	for subject in usher $engines; do measure render-30 "$subject" run "$subject"; done
	for subject in $profiles; do
		measure "render-$subject" usher "$B/tests/bench/bench_render" profile "$BENCH_TOP/kickstart/profiles/$subject" $seconds \
			"$WORK/out.$subject"
	done
done
for subject in $engines; do
	cmp -s "$WORK/out.usher" "$WORK/out.$subject" ||
		fault "$subject renders another text: $(diff "$WORK/out.usher" "$WORK/out.$subject" | head -n 3 | xargs)"
done
echo
table
bench_end render-
