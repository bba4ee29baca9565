#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The commands of every day, with bare machines that curl plays: `usher ssh` to a real sshd whose host key the first boot reported,
# and to one with another key; status, well and not; start, stop, restart; lists as names, wide, sorted; what a stranger types.
# In a network namespace of its own, nothing of libvirt.
# shellcheck source=/dev/null disable=SC2016,SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
lab=$USHER_LAB
. "$LAB_TOP/tests/lab/profiles.sh"

answers='done={{attempt.done_url}} progress={{attempt.progress_url}} up={{attempt.up_url}} failed={{attempt.failed_url}}'
lab_profile plain kernel "$answers" "<setting name='colour'>its colour</setting>"
lab_profile coreos kernel "$answers" "<setting name='user' type='user' default='core'>whose keys they are</setting>"
mkdir -p "$lab/power" "$lab/home/.ssh"
printf '#!/bin/sh\necho "$1 $2" >>"%s/powered"\n[ "$1" != status ] || echo on\n' "$lab" >"$lab/power/switch"
printf '#!/bin/sh\nenv >"%s/told"\n' "$lab" >"$lab/note"
chmod 755 "$lab/power/switch" "$lab/note"
cat >"$lab/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$lab/state/own'/>
  <socket path='$USHER_SOCKET'/>
  <power dir='$lab/power'/>
  <profiles dir='$lab/more'/>
  <segment interface='br0' mode='own' probe='0'><pool start='10.66.9.1' end='10.66.9.2'/><ipv6/></segment>
</usher>
END
net_bridge br0 10.66.0.1/16 52:54:00:66:00:01
ip address add fd00:66::1/64 dev br0 nodad
for n in 1 2 3; do client $n 02:00:00:00:00:0$n br0; done
inside 1 ip address add 10.66.0.11/16 dev c1
inside 2 ip address add 10.66.0.12/16 dev c2

run() { timeout 60 "$@" >"$lab/out" 2>"$lab/said" </dev/null; }
# ends WHAT STATUS TEXT COMMAND…: it ends so, and TEXT is in what it printed
ends() {
	local what=$1 want=$2 text=$3 status
	shift 3
	run "$@"
	status=$?
	if [ $status != "$want" ]; then fail "$what: exit $status, not $want"; tail "$lab/out" "$lab/said"
	elif ! cat "$lab/out" "$lab/said" | grep -qE -- "$text"; then fail "$what: no '$text'"; tail "$lab/out" "$lab/said"
	else pass "$what"
	fi
}
state() { [ "$("$USHER" show "$1" --json | jq -r .state)" = "$2" ] || { "$USHER" show "$1"; return 1; }; }
fetch() { inside "$1" curl -sSf --max-time 20 -o "$lab/got" "${@:2}"; }
url() { sed -n "s/.*$1='*\(http[^ ']*\).*/\1/p" "$lab/got.$2"; }
# What iPXE on that machine's card is told to load, and what its installer does next.
boot() {
	inside "$1" udhcpc -i "c$1" -f -q -n -t 5 -T 1 -x 0x4d:69505845 -O bootfile -s "$lab/note" >"$lab/udhcpc" 2>&1
	fetch "$1" "$(sed -n 's/^boot_file=//p' "$lab/told")" || return 1
	fetch "$1" "$(grep -o 'http://[^ ]*/answers' "$lab/got" | head -1)" && cp "$lab/got" "$lab/got.$1"
}
# installs N NAME: until it is up; its host key is $lab/key.N
installs() {
	[ -e "$lab/key.$1" ] || ssh-keygen -q -t ed25519 -N '' -C "root@$2" -f "$lab/key.$1"
	boot "$1" && fetch "$1" -d "" "$(url "done" "$1")" && fetch "$1" --data-binary "@$lab/key.$1.pub" "$(url up "$1" | sed 's/up$/host-keys/')" &&
		fetch "$1" -d "" "$(url up "$1")" && state "$2" up
}

enrolled6() { # its firmware and installer speak IPv4, by the address that its record gets
	[ -e "$lab/key.3" ] || ssh-keygen -q -t ed25519 -N '' -C root@six -f "$lab/key.3"
	"$USHER" reinstall six && get 3 -x 0x4d:69505845 -O bootfile && inside 3 ip address add fd00:66::13/64 dev c3 nodad && fetch 3 "$(told 3 boot_file)" || return 1
	fetch 3 "$(grep -o 'http://[^ ]*/answers' "$lab/got" | head -1)" && cp "$lab/got" "$lab/got.3" && fetch 3 -d "" "$(url "done" 3)" &&
		fetch 3 --data-binary "@$lab/key.3.pub" "$(url up 3 | sed 's/up$/host-keys/')" && fetch 3 -d "" "$(url up 3)" && state six up
}
silent() { "$USHER" reinstall web01 --yes && boot 1 && fetch 1 -d "" "$(url "done" 1)" && fetch 1 -d "" "$(url up 1)" && state web01 up; }

# --- without a service ------------------------------------------------------------------------------------------------------

ends "status without a service says so, and how to start it" 1 "the service is not running .*: usher serve" "$USHER" status
run "$USHER" status --json
check "in JSON, too" jq -e '.running == false and .problems[0].fix != ""' "$lab/out"
check "the service starts" usher_start || lab_end

# --- status -------------------------------------------------------------------------------------------------------------------

ends "status of a service that is well" 0 "^all is well" "$USHER" status
check "says which, since when, its process and socket" grep -E "^usher [0-9.]+ since 20.*, pid $USHER_PID, $USHER_SOCKET$" "$lab/out"
check "and who serves" grep -E "^br0 +br0 +10.66.0.0/16 +.* +0 used, 2 free +usher leases$" "$lab/out"
enroll() { "$USHER" enroll "$@" --no-ssh-key; }
check "machines are enrolled" enroll web01 --mac 02:00:00:00:00:01 --profile plain --ip 10.66.0.11 --power "$lab/power/switch"
check "one more" enroll web02 --mac 02:00:00:00:00:02 --profile coreos --ip 10.66.0.12
check "one with an IPv6 address" enroll six --mac 02:00:00:00:00:03 --profile plain --ip fd00:66::13
ends "status counts them" 0 "^machines +3: 3 known$" "$USHER" status

# --- ssh ----------------------------------------------------------------------------------------------------------------------

ends "nobody of that name" 1 "no machine 'web09'" "$USHER" ssh web09
ends "which machine" 2 "usher ssh: which machine" "$USHER" ssh
ends "an option of ssh's" 2 "usher ssh: no option -v" "$USHER" ssh -v web01
ends "one that nothing was installed on" 1 "web01 is known, and usher has installed nothing on it.*usher reinstall web01" "$USHER" ssh web01
check "they are armed" "$USHER" reinstall web01 web02
ends "one that is armed" 1 "web01 is armed, and can be logged in to when it is up: 'usher wait web01'" "$USHER" ssh web01
check "it boots" boot 1
check "its installer says how far it is" fetch 1 -d "unpacking" "$(url progress 1)?percent=45"
ends "status tells of it" 0 "^web01 +installing +[0-9]+s +45 % +unpacking$" "$USHER" status
check "and how many are so" grep -E "^machines +3: .*1 installing" "$lab/out"
"$USHER" disarm web01 >/dev/null
"$USHER" reinstall web01 >/dev/null
check "it is installed, and up" installs 1 web01
check "another, too" installs 2 web02
check "and one with an IPv6 address, too" enrolled6

sshd=$B/peers/openssh-server/usr/sbin/sshd
mkdir -p /run/sshd
sed '/^sshd:\|^core:/d' /etc/passwd >"$lab/passwd"
printf 'sshd:x:105:65534::/run/sshd:/usr/sbin/nologin\ncore:x:1042:1042::%s:/bin/sh\n' "$lab/home" >>"$lab/passwd"
ssh-keygen -q -t ed25519 -N '' -f "$lab/mine"
ssh-keygen -q -t ed25519 -N '' -f "$lab/forged"
cp "$lab/mine.pub" "$lab/authorized"
chmod 644 "$lab/authorized"
# answers N KEY: sshd on that machine, with this host key
answers() {
	[ -z "${SSHD_PID:-}" ] || { kill "$SSHD_PID"; wait "$SSHD_PID" 2>/dev/null; }
	nsenter -t "${CLIENT_PID[$1]}" -n -m sh -c 'mount --bind "$1" /etc/passwd; exec "${@:2}"' - "$lab/passwd" true 2>/dev/null
	nsenter -t "${CLIENT_PID[$1]}" -n -m "$sshd" -D -e -f /dev/null -h "$2" -o UsePAM=no -o StrictModes=no -o PidFile=none \
		-o AuthorizedKeysFile="$lab/authorized" >>"$lab/sshd" 2>&1 &
	SSHD_PID=$!
	wait_until 10 inside "$1" bash -c 'exec 3<>/dev/tcp/127.0.0.1/22'
}
export HOME=$lab/home
if [ ! -x "$sshd" ]; then
	skip "ssh: no openssh-server in build/peers: make lab-deps"
else
	answers 1 "$lab/key.1"
	log_in=("$USHER" ssh -i "$lab/mine")
	ends "ssh by the key that was reported, a command behind it" 0 "^root at 10.66.0.11$" \
		"${log_in[@]}" web01 'echo $(id -un) at $(echo $SSH_CONNECTION | cut -d" " -f3)'
	check "nothing is left of it" test -z "$(ls "$lab/home/.ssh")"
	ends "options may come behind the name, as with ssh, and ssh's own behind --" 0 "debug1: Sending command: true" \
		"$USHER" ssh web01 -i "$lab/mine" -- -v true
	ends "as USER@NAME" 0 "^core$" "${log_in[@]}" core@web01 id -un
	ends "as -l USER" 0 "^core$" "${log_in[@]}" -l core web01 id -un
	ends "the command's exit status is that of usher ssh" 7 "^$" "${log_in[@]}" web01 'echo; exit 7'
	ends "standard input goes there" 0 "^2$" sh -c 'printf "a\nb\n" | "$@"' - "${log_in[@]}" web01 wc -l
	ends "without a key of one's own ssh says no" 255 "Permission denied" "$USHER" ssh web01 -- -o BatchMode=yes true
	ends "an address that it has not" 1 "web01 has no address 10.66.0.99; it has 10.66.0.11" "${log_in[@]}" --address 10.66.0.99 web01 true
	ends "one that it has" 0 "^in$" "${log_in[@]}" --address 10.66.0.11 web01 echo in

	# whoever answers for the address is not therefore the machine, whatever the user's own files say
	answers 1 "$lab/forged"
	printf '10.66.0.11,web01 %s\n' "$(cut -d' ' -f1,2 "$lab/forged.pub")" >"$lab/home/.ssh/known_hosts"
	printf 'Host *\n StrictHostKeyChecking no\n UserKnownHostsFile %s\n' "$lab/home/.ssh/known_hosts" >"$lab/home/.ssh/config"
	ends "another host key is refused" 255 "Host key verification failed" "${log_in[@]}" web01 echo in
	refute "and nothing was run there" grep -x in "$lab/out"
	refute "nor by an option to ssh that would take it" "${log_in[@]}" web01 -- -o StrictHostKeyChecking=no echo in
	rm "$lab/home/.ssh/known_hosts" "$lab/home/.ssh/config"

	answers 2 "$lab/key.2"
	ends "the user is whom the profile took the keys for" 0 "^core$" "${log_in[@]}" web02 id -un
	answers 3 "$lab/key.3"
	ends "one with two addresses: by the first" 0 "^10.66.0.2$" "${log_in[@]}" six 'echo $SSH_CONNECTION | cut -d" " -f3'
	ends "or the other" 0 "^fd00:66::13$" "${log_in[@]}" six --address fd00:66::13 'echo $SSH_CONNECTION | cut -d" " -f3'
	kill "$SSHD_PID"
fi
check "one reports no host keys" silent
ends "which is said, and what to do" 1 "web01 reported no SSH host keys.*usher console web01.*ssh root@10.66.0.11" "$USHER" ssh web01

# --- start, stop, restart -----------------------------------------------------------------------------------------------------

: >"$lab/powered"
ends "bare metal starts" 0 "^web01: started$" "$USHER" start web01
ends "its power is not cut unasked" 1 "web01 is bare metal, whose power can only be cut.*usher stop --force web01" "$USHER" stop web01
ends "nor to restart it" 1 "usher restart --force web01" "$USHER" restart web01
ends "but by force" 0 "^web01: stopped$" "$USHER" stop --force web01
ends "both" 0 "^web01: restarted$" "$USHER" restart --force web01
check "the controller was told so" test "$(xargs <"$lab/powered")" = "on web01 off web01 cycle web01"
ends "who has no controller cannot be started" 1 "usher cannot switch the power of web02" "$USHER" start web02
ends "one of several that is not there: none is" 1 "no machine 'web09'" "$USHER" restart --force web01 web09
check "so" test "$(wc -l <"$lab/powered")" = 3
check "it is armed" "$USHER" reinstall web01 --yes
check "and boots" boot 1
ends "one that is being installed is not stopped" 1 "web01 is installing: run 'usher disarm web01' to cancel its install" "$USHER" stop --force web01

# --- status of what is wrong --------------------------------------------------------------------------------------------------

check "its install fails" fetch 1 -d "disk is dead" "$(url failed 1)"
ends "status says so, and the fix" 3 "^  machine web01: failed for [0-9]+s: it reported that it failed" "$USHER" status
check "with what to do" grep -E "^    fix: .*web01" "$lab/out"
run "$USHER" status --json
check "in JSON: what is wrong" jq -e '.running and .problems[0].what == "machine" and .problems[0].name == "web01" and .status.states.failed == 1' "$lab/out"
for n in 1 2; do ip netns add "pool$n" && ip link add "q$n" type veth peer name eth0 netns "pool$n" && ip link set "q$n" master br0 up &&
	ip -n "pool$n" link set eth0 up && ip netns exec "pool$n" udhcpc -i eth0 -n -q -f -t 5 -T 1 -s "$lab/note" >>"$lab/udhcpc" 2>&1; done
ends "a pool that is used up" 3 "^  segment br0: its pool of 2 IPv4 addresses is used up" "$USHER" status
ip link del br0
check "its bridge goes" wait_until 10 sh -c '"$USHER" status | grep -q "not served"'
ends "a segment that is not served" 3 "^  segment br0: it is not served" "$USHER" status

# --- lists ---------------------------------------------------------------------------------------------------------------------

ends "names only" 0 "^web02$" "$USHER" list -o name
check "nothing else" test "$(xargs <"$lab/out")" = "six web01 web02"
ends "sorted by state, the other way round" 0 "web" "$USHER" list -o name --sort -state
check "so: those that are equal by name" test "$(xargs <"$lab/out")" = "six web02 web01"
ends "sorted by address" 0 "web" "$USHER" list -o json --sort address
check "in JSON, too" test "$(jq -r '[.machines[].name] | join(" ")' "$lab/out")" = "six web01 web02"
ends "wide" 0 "^web02 +bare-metal +up +10.66.0.12 +coreos +02:00:00:00:00:02 +br0 " "$USHER" list -o wide
ends "leases as names" 0 "^10.66.9.1$" "$USHER" leases -o name
ends "profiles as names" 0 "^coreos$" "$USHER" profiles -o name
ends "media as names" 0 "^lab$" "$USHER" media -o name
ends "of nobody" 0 "^$" sh -c '"$@"; echo' - "$USHER" list --lab none -o name
long=a-name-that-is-as-long-as-a-dns-label-may-be-which-is-63-bytes
check "a long name" enroll "${long:0:63}" --mac 02:00:00:00:00:99 --profile plain --ip 10.66.0.99
"$USHER" list >"$lab/list"
check "every column begins where its head does" awk 'NR == 1 { at = index($0, "STATE"); next } substr($0, at - 2, 2) != "  " || substr($0, at, 1) !~ /[a-z]/ { exit 1 }' "$lab/list"
refute "no blanks at the end" grep -q ' $' "$lab/list"
ends "a column that is none" 2 "--sort 'colour': one of name kind state address profile" "$USHER" list --sort colour
ends "an output that is none" 2 "-o takes name, wide or json, not 'yaml'" "$USHER" list -o yaml
ends "of what lists nothing" 2 "-o takes json, not 'wide'" "$USHER" show web01 -o wide

# --- completion ------------------------------------------------------------------------------------------------------------------

# Each in its own shell: what `usher TYPED` goes on with.
mkdir -p "$lab/bin" "$lab/zsh"
ln -s "$USHER" "$lab/bin/usher"
cp "$LAB_TOP/contrib/usher.zsh-completion" "$lab/zsh/_usher"
export PATH=$lab/bin:$PATH
in_bash() {
	bash -c 'words=(usher $2); [[ $2 != *\  && -n $2 ]] || words+=(""); . "$1"; COMP_WORDS=("${words[@]}"); COMP_CWORD=$((${#words[@]} - 1))
		_usher; printf "%s\n" "${COMPREPLY[@]}"' - "$LAB_TOP/contrib/usher.bash-completion" "$1"
}
in_zsh() { timeout 30 zsh -f "$LAB_TOP/tests/lab/zpty.zsh" "$lab/zsh" "usher $1" | tr -d '\a' | tr '\r ' '\n\n'; }
in_fish() { timeout 30 fish -N -c 'source $argv[1]; complete -C "usher $argv[2]"' "$LAB_TOP/contrib/usher.fish" "$1" | cut -f 1; }
# completes TYPED WANTED…: begins to, in all of them at once; completed looks at what they said
asked=0
completes() {
	local shell
	for shell in bash zsh fish; do
		if command -v $shell >/dev/null; then
			(cd "$lab" && "in_$shell" "$1" >"$lab/said.$shell.$asked" 2>&1 </dev/null) &
			asking+=($!)
		else
			skip "completion of $shell: it is not installed"
		fi
	done
	asked_for[asked++]=$(printf '%s\n' "$@")
}
completed() {
	local i shell typed want
	wait "${asking[@]}"
	for ((i = 0; i < asked; i++)); do
		{ read -r typed; mapfile -t want; } <<<"${asked_for[i]}"
		for shell in bash zsh fish; do
			[ ! -e "$lab/said.$shell.$i" ] || for w in "${want[@]}"; do
				check "$shell: usher $typed: $w" grep -qxF -- "$w" "$lab/said.$shell.$i" || cat -v "$lab/said.$shell.$i"
			done
		done
	done
}
touch "$lab/file.xml"
completes st status start stop
completes "ssh web" web01 web02
completes "list --state u" up
completes "show w" web01 web02
completes "reinstall web01 --set col" colour=
completes "create x --profile c" coreos
completes "up file.x" file.xml
completed
usher_stop
lab_end
