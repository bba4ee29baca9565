# SPDX-License-Identifier: GPL-2.0-or-later
# For what looks at the web page, bash, after lib.sh, net.sh and profiles.sh: a service with bare machines in all states, none
# of them a mock: one client plays them one after another, with real packets.
#
#     page_serve                 the service, on br0, its API on TLS at $PAGE
#     page_machine NAME N PROFILE [MORE]   enrolled with the N-th MAC and address; MORE: an object of POST /machines
#     page_walk NAME N STEP [PERCENT]   goes on with it until STEP: leased, booting, installing, progress, done, up, failed
#     page_scene                 the machines of the screenshots

PAGE_PORT=8443 PAGE=https://localhost:8443/

page_mac() { printf '02:00:00:00:%02x:%02x' $(($1 / 256)) $(($1 % 256)); }
page_address() { echo "10.66.$(($1 / 250 + 1)).$(($1 % 250 + 1))"; }

page_profiles() {
	local more="<setting name='domain' type='hostname' default='example.org'>the domain of its name</setting>
		<setting name='disk' type='disk' default='vda'>the disk that is installed on</setting>
		<setting name='timezone' type='timezone' default='Europe/Berlin'>of the new system</setting>
		<setting name='root_password' type='password' hash='sha512' secret='yes'>of root; without one nobody logs in by it</setting>
		<setting name='swap' type='size' default='2G'>of the swap partition</setting>
		<setting name='packages' type='list'>installed beside the standard ones</setting>
		<setting name='encrypt' type='boolean' default='no'>whether the disk is encrypted</setting>
		<setting name='retries' type='number' default='3' min='1' max='9'>how often a mirror is asked</setting>"
	# shellcheck disable=SC2016
	local answers="# {{machine.name}}
# done={{attempt.done_url}}
# progress={{attempt.progress_url}}
# failed={{attempt.failed_url}}
# up={{attempt.up_url}}"
	for name in debian-12 ubuntu-24.04; do lab_profile $name kernel "$answers" "$more"; done
	lab_profile rocky-9 kernel "$answers
url --url=http://mirror.example.org/rocky/9
lang en_US.UTF-8
keyboard us
timezone {{set.timezone}} --utc
auth --enableshadow
rootpw --lock
sshkey --username=root \"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDb1n7JQ9G0R0mXwJ6Zp2bXyZ1cXnq0z1q9qZ1q2q3q4 ops\"
clearpart --all --initlabel
autopart
reboot
%packages
@core
{{#set.packages}}{{.}}
{{/set.packages}}
%end" "$more"
	sed -i "s/format='shell'/format='kickstart'/" "$USHER_LAB/more/rocky-9/profile.xml"
}

page_serve() {
	page_profiles
	net_bridge br0 10.66.0.1/16 52:54:00:66:00:01
	client 1 "$(page_mac 1)" br0
	cat >"$USHER_LAB/usher.xml" <<-END
		<usher>
		  <user name='root'/>
		  <state dir='$USHER_LAB/state'/>
		  <socket path='$USHER_SOCKET'/>
		  ${page_api-<api address='127.0.0.1' port='$PAGE_PORT'/>}
		  <power dir='$USHER_LAB/power'/>
		  <profiles dir='$USHER_LAB/more'/>
		  <segment interface='br0' mode='own' probe='0' discover='yes'><pool start='10.66.200.0' end='10.66.200.250'/></segment>
		</usher>
	END
	mkdir -p "$USHER_LAB/power"
	printf '#!/bin/sh\necho "$1 $2" >>"%s/switched"\n' "$USHER_LAB" >"$USHER_LAB/power/switch"
	chmod 755 "$USHER_LAB/power/switch"
	usher_start
}

page_machine() {
	jq -n --arg name "$1" --arg mac "$(page_mac "$2")" --arg address "$(page_address "$2")" --arg profile "$3" --argjson more "${4:-{\}}" \
		'{kind: "bare-metal", segment: "br0", $name, $mac, $address, $profile} + $more' |
		curl -fsS --max-time 20 --unix-socket "$USHER_SOCKET" -o "$USHER_LAB/made" --data-binary @- http://usher/api/v1/machines
}

# What is up, or has failed, has nobody to play it any more; who is in the middle stays there and answers.
page_player() {
	player=1
	case $2 in
	up | failed)
		inside 1 ip link set c1 down
		inside 1 ip link set c1 address "$(page_mac "$1")" up
		;;
	*)
		player=$1
		[ -n "${CLIENT_PID[$1]:-}" ] || client "$1" "$(page_mac "$1")" br0
		;;
	esac
}
page_pause() { [ -z "${PAGE_PAUSE:-}" ] || sleep "$PAGE_PAUSE"; }
page_get() { inside "$player" curl -fsS --max-time 10 -o "$USHER_LAB/got.$player" "$@"; }
page_word() { sed -n "s/^# $1='\{0,1\}\([^']*\)'\{0,1\}$/\1/p" "$USHER_LAB/answers.$2"; }

page_walk() {
	local name=$1 n=$2 step=$3 percent=${4:-40} script kernel answers
	page_player "$n" "$step"
	get "$player" -x 0x4d:69505845 -O bootfile || return
	[ "$step" != leased ] || return 0
	page_pause
	script=$(told "$player" boot_file)
	page_get "$script" || return
	[ "$step" != booting ] || return 0
	page_pause
	kernel=$(grep -o 'http://[^ ]*/kernel' "$USHER_LAB/got.$player" | head -n 1)
	answers=$(grep -o 'answers=[^ ]*' "$USHER_LAB/got.$player" | head -n 1)
	page_get "$kernel" && page_get "${kernel%kernel}initrd" && page_get "${answers#answers=}" || return
	cp "$USHER_LAB/got.$player" "$USHER_LAB/answers.$name"
	[ "$step" != installing ] || return 0
	page_report "$name" progress "${PAGE_SAYS:-unpacking the base system}" "$percent" || return
	case $step in
	done | up) page_report "$name" "done" "" && { [ "$step" = "done" ] || page_report "$name" up ""; } ;;
	failed) page_report "$name" failed "no disk like serial=S1XY: vda has serial 0001" ;;
	esac
}

# page_report NAME WORD TEXT [PERCENT]: by the player of the last walk
page_report() { page_get --data-binary "$3" "$(page_word "$2" "$1")${4:+?percent=$4}"; }

# "NAME=TOKEN…" of a token for each role
page_tokens() {
	local role
	for role in view operate admin; do
		echo "$role=$("$USHER" token create $role --role $role --json | jq -r .token)"
	done
}

# page_begin [HOW]: with what the page's tests need, or not at all. HOW starts the service.
page_begin() {
	local part
	for part in /usr/bin/chromium /usr/bin/chromedriver "$LAB_TOP/build/peers/axe-core"; do
		[ -e "$part" ] || { skip "no $part: contrib/deps lab"; lab_end; }
	done
	check "the service starts" "${1:-page_serve}" || lab_end
	tokens=$(page_tokens) || { fail "tokens are made"; lab_end; }
}

page_python() {
	HOME=$USHER_LAB/tmp PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$LAB_TOP/tests/lab/$1" "$LAB_TOP" "$PAGE" "$USHER_LAB" "${@:2}" 2>&1
}

# page_check PART,…: each line of page_check.py is a claim of the lab
page_check() {
	local verdict text
	while read -r verdict text; do
		case $verdict in
		pass) pass "$text" ;;
		fail) fail "$text" ;;
		*) echo "     $verdict $text" ;;
		esac
	done < <(page_python page_check.py "$1" $tokens)
}

# page_discover VENDOR: an unknown machine reports what it is
page_discover() {
	local mac=02:00:00:00:99:99 url player=1
	inside 1 ip link set c1 down
	inside 1 ip link set c1 address $mac up
	get 1 -x 0x4d:69505845 -O bootfile || return
	url=$(told 1 boot_file)
	page_get "$url" || return
	jq -n --arg mac $mac --arg vendor "$1" '{schema: 1, system: {$vendor, product: "R640", uuid: "4c4c4544-0035-4410-8057-b7c04f4e4432", serial: "J5DW7N2"},
		memory_mib: 65536, cpu: {model: "Xeon Silver 4210", threads: 40}, disks: [{name: "sda", size_bytes: 480103981056}], interfaces: [{name: "eth0", $mac, booted: true}]}' |
		inside 1 curl -fsS --max-time 10 -o "$USHER_LAB/thanks" --data-binary @- "${url%/boot.ipxe}/inventory"
}

page_scene() {
	local n=20 i
	for i in 01 02 03 04 05; do
		page_machine "rack7-$i" $n debian-12 "{\"arm\": true, \"lab\": \"rack7\", \"labels\": {\"rack\": \"7\", \"row\": \"$((n % 2 + 1))\"}}"
		page_walk "rack7-$i" $n up
		n=$((n + 1))
	done
	for i in 01 02 03 04; do page_machine "build-$i" $((32 + 10#$i)) ubuntu-24.04 '{"lab": "ci", "labels": {"owner": "ci"}}'; done
	for i in 1 2 3; do
		page_machine "db$i" $((36 + i)) rocky-9 '{"arm": true, "labels": {"role": "database"}, "note": "Part of the cluster: ask the database team before you touch it."}'
		page_walk "db$i" $((36 + i)) progress $((30 * i))
	done
	page_machine web1 40 rocky-9 '{"arm": true, "labels": {"role": "web"}}'
	page_walk web1 40 leased
	page_machine web2 41 rocky-9 '{"arm": true, "labels": {"role": "web"}}'
	page_walk web2 41 booting
	page_machine web3 42 rocky-9 "{\"power\": \"$USHER_LAB/power/switch\"}"
	page_machine web4 43 rocky-9 '{"arm": true, "labels": {"role": "web"}}'
	page_walk web4 43 failed
	page_machine web5 44 rocky-9 '{"arm": true}'
	page_walk web5 44 "done"
}
