#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Faults that no table of causes was made for, on bare machines: what `usher show` says when it does not know. It names no wrong
# cause: only one of those that are given for each fault, or none. Ends with a table: fault, cause, seconds. No guest; five minutes,
# as that is how long a kernel may take to start.
# shellcheck source=/dev/null disable=SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"

lab_profile plain kernel 'done={{attempt.done_url}}
progress={{attempt.progress_url}}
failed={{attempt.failed_url}}'
head -c 30000000 /dev/urandom >"$USHER_LAB/medium/kernel"
mkdir "$USHER_LAB/boot" && head -c 300000 /dev/zero >"$USHER_LAB/boot/undionly.kpxe"
cat >"$USHER_LAB/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$USHER_LAB/state'/>
  <socket path='$USHER_SOCKET'/>
  <boot dir='$USHER_LAB/boot'/>
  <profiles dir='$USHER_LAB/more'/>
  <segment interface='br0' mode='own' probe='0'><pool start='10.66.0.100' end='10.66.0.150'/></segment>
</usher>
END
net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
mac() { printf '02:00:00:00:00:%02x' "$1"; }
check "the service starts" usher_start || lab_end

show() { "$USHER" show "$1" --json | jq -r "$2"; }
as_ipxe() { get "$@" -x 0x4d:69505845 -O bootfile; }
script() { told "$1" boot_file; }
fetch() { local n=$1; shift; inside "$n" curl -sS -f --max-time 20 "$@"; }
url_of() { grep -o "http://[^ ]*/$2" "$USHER_LAB/script$1" | head -n 1; }
answer() { sed -n "s/^$2='\{0,1\}\([^']*\)'\{0,1\}$/\1/p" "$USHER_LAB/answers$1"; }
# machine N NAME: armed
machine() {
	client "$1" "$(mac "$1")" br0
	check "$2 is armed" "$USHER" enroll "$2" --mac "$(mac "$1")" --network br0 --profile plain --no-ssh-key --arm --ip "10.66.0.$1"
}
# As far as the answers, step by step
to_lease() { check "  it is told its script" as_ipxe "$1"; }
to_script() { to_lease "$1"; check "  it fetches it" fetch "$1" -o "$USHER_LAB/script$1" "$(script "$1")"; }
to_files() {
	to_script "$1"
	check "  and its kernel" fetch "$1" -o /dev/null "$(url_of "$1" kernel)"
	check "  and its initrd" fetch "$1" -o /dev/null "$(url_of "$1" initrd)"
}
to_answers() {
	local url
	to_files "$1"
	url=$(grep -o 'answers=[^ ]*' "$USHER_LAB/script$1" | head -n 1)
	check "  and its answers" fetch "$1" -o "$USHER_LAB/answers$1" "${url#answers=}"
}
fails() { check "  and says that it failed" fetch "$1" --data "$2" "$(answer "$1" failed)"; }

names=() faults=() may=() at=()
# fault NAME ALLOWED… -- WHAT: kinds of causes that are not wrong; none at all never is
fault() {
	local kinds=null
	names+=("$1") at+=("$(date +%s)")
	shift
	while [ "$1" != -- ]; do kinds="$kinds $1"; shift; done
	may+=("$kinds") faults+=("$2")
}

# --- the service is away while a machine asks, which gives up -----------------------------------------------------------------

machine 27 away
to_script 27
usher_stop KILL
refute "  and no kernel" fetch 27 -o /dev/null "$(url_of 27 kernel)"
check "the service starts again" usher_start
fault away away -- "the service is away while it boots, and it gives up"

# --- ten and more faults ---------------------------------------------------------------------------------------------------------

machine 11 truncated
head -c 1000000 "$USHER_LAB/medium/kernel" >"$USHER_LAB/half"
cp "$USHER_LAB/medium/kernel" "$USHER_LAB/whole"
cp "$USHER_LAB/half" "$USHER_LAB/medium/kernel"
to_files 11
cp "$USHER_LAB/whole" "$USHER_LAB/medium/kernel"
fault truncated silent -- "its kernel's file was cut in half"

machine 12 mtu
to_script 12
inside 12 nft -f - <<-'END'
	table netdev lab {
		chain in { type filter hook ingress device "c12" priority 0; meta length > 1000 drop; }
	}
END
inside 12 ethtool -K c12 gro off 2>/dev/null
inside 12 curl -sS --max-time 300 -o /dev/null "$(url_of 12 kernel)" >/dev/null 2>&1 &
fault mtu stalled aborted -- "large frames are swallowed on their way to it"

machine 13 other
to_script 13
check "  and its kernel, which is for another machine" fetch 13 -o /dev/null "$(url_of 13 kernel)"
fault other silent no-kernel -- "its kernel is for another machine: it stops there"

machine 14 gateway
to_answers 14
fails 14 "wget: can't connect to remote host (203.0.113.9): Connection timed out"
fault gateway mirror -- "the gateway answers ARP and does not route"

machine 15 proxied
machine 16 twice
to_lease 15
to_lease 16
inside 16 curl -sS --max-time 5 -o /dev/null "$(script 15)"
fault proxied withheld gone -- "a proxy gives another machine its URL"
fault twice astray -- "it was given another's URL by a proxy, and fetches that"

machine 17 empty
to_answers 17
fault empty silent -- "its answers came as an empty file, and it waits"

machine 18 options
check "  it is told its boot program" get 18 -x 0x5d:0000 -V PXEClient:Arch:00000:UNDI:002001 -O bootfile
# RFC 2347: the client does not take what the server makes of its options: ERROR 8
inside 18 python3 - <<-'END'
	import socket
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.settimeout(5)
	for i in range(2):
	    s.sendto(b"\0\1undionly.kpxe\0octet\0blksize\0001468\0tsize\0000\0", ("10.66.0.1", 69))
	    data, server = s.recvfrom(2000)
	    s.sendto(b"\0\5\0\10no\0", server)
END
fault options no-loader aborted -- "it refuses TFTP's options"

machine 19 cut
to_script 19
inside 19 sh -c "curl -sS --limit-rate 200k -o /dev/null '$(url_of 19 kernel)' 2>/dev/null & sleep 2; kill -9 \$!"
fault cut aborted -- "its connection ends in the middle of the kernel"

machine 20 wrongdns
to_answers 20
fails 20 "wget: server returned error: HTTP/1.1 404 Not Found"
fault wrongdns installer -- "DNS gives a wrong address for its mirror"

machine 21 off
to_files 21
power_cut 21
fault off silent -- "it is switched off when it has its kernel"

machine 22 deaf
client 52 02:00:00:00:00:34 br0
ip link set p22 nomaster
nft -f - <<-'END'
	table netdev lab {
		chain in22 { type filter hook ingress device "p22" priority 0; udp dport 67 @th,2000,8 3 drop; }
	}
END
ip link set p22 master br0
get 22 -x 0x4d:69505845 -O bootfile
fault deaf no-lease -- "its REQUESTs are lost, its DISCOVERs are not"

machine 23 tagged
inside 23 ip link add link c23 name v5 type vlan id 5 2>/dev/null &&
	inside 23 ip link set v5 up && inside 23 udhcpc -i v5 -f -q -n -t 3 -T 1 -s /bin/true >/dev/null 2>&1
fault tagged -- "its frames are tagged with a VLAN that nobody has"

machine 24 disk
to_answers 24
check "  and reports" fetch 24 --data "partitioning" "$(answer 24 progress)"
fails 24 "mount: /target: can't read superblock on /dev/sda1."
fault disk installer -- "its disk is pulled while it installs"

machine 25 loop
for ((i = 0; i < 4; i++)); do to_script 25; done
fault loop unknown -- "it resets when it has its script, again and again"

machine 26 link
to_script 26
ip link set p26 down
fault link gone -- "its cable is pulled when it has its script"

begun=$(date +%s)

# --- what is said ------------------------------------------------------------------------------------------------------------------

# What was ever said counts: each cause on its timeline, and the newest.
kinds_of() { show "$1" .attempt.cause.kind; }
stuck_of() { "$USHER" timeline "$1" --json | jq -r 'select(.kind == "stuck").text'; }
seen=()
look() {
	local i kind
	for i in "${!names[@]}"; do
		kind=$(kinds_of "${names[i]}")
		case " ${seen[i]:-} " in *" $kind@"*) ;; *) seen[i]="${seen[i]:-} $kind@$(($(date +%s) - at[i]))" ;; esac
	done
}
while [ $(($(date +%s) - begun)) -lt ${LAB_WAITS:-320} ]; do look; sleep 2; done
printf '%-10s %-50s %-30s %s\n' name fault "cause@seconds" text
for i in "${!names[@]}"; do
	name=${names[i]}
	for kind in ${seen[i]}; do
		check "$name: ${kind%@*} is not wrong" grep -qw -e "${kind%@*}" <<<"${may[i]}"
	done
	printf '%-10s %-50s %-30s %s %s\n' "$name" "${faults[i]}" "${seen[i]}" "$(show "$name" .state)" \
		"$(show "$name" 'if .attempt.cause then (if .attempt.cause.certain then "" else "probably " end) + .attempt.cause.text + " (" + (.attempt.cause.seen // "") + "): " + .attempt.cause.fix else "waits for " + (.attempt.waits_for // "nothing") end')" >>"$USHER_LAB/table"
done
check "away: it is named" grep -q "away@" <<<"${seen[0]}"
echo "--- what was said of each:"
cat "$USHER_LAB/table"
lab_end
