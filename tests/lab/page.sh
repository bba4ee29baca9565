# SPDX-License-Identifier: GPL-2.0-or-later
# For what looks at the web page, bash, after lib.sh, net.sh and profiles.sh: a service with bare machines in all states, none
# of them a mock: one client plays them one after another, with real packets.
#
#     page_serve                 the service, on br0, its API on TLS at $PAGE
#     page_machine NAME N PROFILE [OPTION…]   enrolled with the N-th MAC and address
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
	local answers="done={{attempt.done_url}}
progress={{attempt.progress_url}}
failed={{attempt.failed_url}}
up={{attempt.up_url}}
# {{machine.name}}"
	for name in debian-12 rocky-9 ubuntu-24.04; do lab_profile $name kernel "$answers" "$more"; done
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
	local name=$1 n=$2 profile=$3
	shift 3
	"$USHER" enroll "$name" --mac "$(page_mac "$n")" --ip "$(page_address "$n")" --network br0 --profile "$profile" --no-ssh-key "$@" >/dev/null
}

page_get() { inside 1 curl -fsS --max-time 10 -o "$USHER_LAB/got" "$@"; }
page_word() { sed -n "s/^$1='\{0,1\}\([^']*\)'\{0,1\}$/\1/p" "$USHER_LAB/answers.$2"; }

page_walk() {
	local name=$1 n=$2 step=$3 percent=${4:-40} script kernel
	inside 1 ip link set c1 down
	inside 1 ip link set c1 address "$(page_mac "$n")"
	inside 1 ip link set c1 up
	get 1 -x 0x4d:69505845 -O bootfile || return
	[ "$step" != leased ] || return 0
	script=$(told 1 boot_file)
	page_get "$script" || return
	[ "$step" != booting ] || return 0
	kernel=$(grep -o 'http://[^ ]*/kernel' "$USHER_LAB/got" | head -n 1)
	local answers
	answers=$(grep -o 'answers=[^ ]*' "$USHER_LAB/got" | head -n 1)
	page_get "$kernel" && page_get "${kernel%kernel}initrd" && page_get "${answers#answers=}" || return
	cp "$USHER_LAB/got" "$USHER_LAB/answers.$name"
	[ "$step" != installing ] || return 0
	page_report "$name" progress "${PAGE_SAYS:-unpacking the base system}" "$percent" || return
	case $step in
	done | up) page_report "$name" "done" "" && { [ "$step" = "done" ] || page_report "$name" up ""; } ;;
	failed) page_report "$name" failed "no disk like serial=S1XY: vda has serial 0001" ;;
	esac
}

# page_report NAME WORD TEXT [PERCENT]: by the card that was last the client's
page_report() { page_get --data-binary "$3" "$(page_word "$2" "$1")${4:+?percent=$4}"; }
