#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by FAI before it does anything, where usher booted it: fetches what the profile `fai` has for this machine. From here on what FAI
# tells its monitor is told to usher, too, and so is what it dies of.
[ -n "$usher_answers" ] || return 0

usher_dir=/tmp/usher
usher_curl() { curl -fsS -m 30 --noproxy '*' "$@"; }

# usher_tell URL TEXT OPTION…
usher_tell() {
	local url=$1 text=$2
	shift 2
	[ -z "$url" ] || printf '%s' "$text" | usher_curl "$@" -o /dev/null --data-binary @- "$url"
}
usher_say() { [ -n "$usher_over" ] || usher_tell "$usher_progress" "$1"; }

# What the first script said that failed: FAI runs all of them.
usher_failed_script() {
	awk '/^=====/ { text = ""; next } { text = text $0 "\n" } /FAILED with exit code/ { printf "%s", text; exit }' "$LOGDIR/scripts.log"
}

# The last lines of the log that the task has of its own, without what FAI says of itself.
usher_last_lines() {
	local log=$LOGDIR/fai.log
	case $usher_task in
	partition) log=$LOGDIR/format.log ;;
	configure) log=$usher_dir/failed && usher_failed_script >"$log" ;;
	updatebase | instsoft) log=$LOGDIR/software.log ;;
	esac
	[ -s "$log" ] || log=$LOGDIR/fai.log
	grep -a -v -e '^Calling ' -e '^Traceback' -e '^ *$' -e 'FATAL ERROR' -e '^====' -e '^Exit code' "$log" | tr -d '\000-\010\013-\037' |
		tail -n 12 | tail -c 180
}

# Once: what FAI does after it may fail as well, and is not of interest.
usher_fail() {
	[ -z "$usher_over" ] || return 0
	usher_over=1
	sleep 1 # FAI's log is written by another process
	usher_tell "$usher_failed" "task $usher_task: ${1/#FATAL ERROR*/error $usher_error}${2-
$(usher_last_lines)}" --retry 10 --retry-all-errors --retry-delay 2
}
# What is wrong is known: no log has more of it.
usher_die() {
	usher_fail "$1" ""
	die "$1"
}

eval "usher_fai_$(declare -f sendmon)"
sendmon() {
	case $1 in
	"HOOK "*) usher_task=${1#* } usher_task=${usher_task%%.*} ;;
	TASKBEGIN*)
		usher_task=${1#* }
		usher_say "task $usher_task"
		;;
	"TASKEND "*" 0") ;;
	TASKEND* | TASKERROR*)
		usher_error=${1##* }
		[ "$usher_error" -gt "$STOP_ON_ERROR" ] || usher_say "error $usher_error in task $usher_task, which is gone on after"
		;;
	esac
	usher_fai_sendmon "$@"
}

eval "usher_fai_$(declare -f die)"
die() {
	usher_fail "$*"
	usher_fai_die "$@"
}

usher_task=setup
mkdir -m 700 $usher_dir
# All of it now: when steps are reported it is not served any more.
for usher_file in answers pre.sh disk.sh system.sh post.sh; do
	usher_curl --retry 30 --retry-all-errors --retry-delay 2 -o "$usher_dir/$usher_file" "${usher_answers%/*}/$usher_file" ||
		usher_die "cannot fetch $usher_file"
done
. $usher_dir/answers
usher_say "answers taken, $(cut -d. -f1 /proc/uptime) s after power on"
sh $usher_dir/pre.sh || die "the script pre failed"
