#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Attacks on bare metal's wire, in the attacker's own words: raw frames in an armed machine's name, and its token where the
# attacker could have come by it. What the machine installs, and what it is told, stays the machine's. On two segments, of
# which one is beside another DHCP server. In a network namespace of its own; nothing of libvirt, no guest.
# shellcheck source=/dev/null disable=SC2317,SC2154
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
lab=$USHER_LAB
command -v python3 >/dev/null || { skip "python3 is not installed"; lab_end; }

lab_profile lab kernel 'answers of {{machine.name}}'
sed -i "s/<boot>/<boot bios='pxelinux' efi-x64='grub'>/" "$lab/more/lab/profile.xml"
mkdir -p "$lab/boot"
echo loader | tee "$lab/boot/snponly.efi" >"$lab/boot/undionly.kpxe"
cat >"$lab/usher.xml" <<-END
	<usher>
	  <user name='root'/>
	  <state dir='$lab/state/own'/>
	  <socket path='$USHER_SOCKET'/>
	  <boot dir='$lab/boot'/>
	  <profiles dir='$lab/more'/>
	  <segment interface='br0' mode='own' probe='0'><pool start='10.66.0.100' end='10.66.0.109'/></segment>
	  <segment interface='br1' mode='proxy'/>
	</usher>
END
server_mac=52:54:00:66:00:01
net_bridge br0 10.66.0.1/24 $server_mac
net_bridge br1 10.72.0.1/24 52:54:00:72:00:01
# 1 and 3 are machines, 2 is their neighbour; 4 is a machine and 5 a neighbour where 6 leases
for n in 1 2 3; do client $n 02:00:00:00:00:0$n br0; inside $n ip address add 10.66.0.1$n/24 dev c$n; done
for n in 4 5 6; do client $n 02:00:00:00:00:0$n br1; inside $n ip address add 10.72.0.1$n/24 dev c$n; done
inside 6 dnsmasq --conf-file=/dev/null --port=0 --interface=c6 --bind-interfaces --user=root --dhcp-range=10.72.0.50,10.72.0.60 \
	--dhcp-leasefile="$lab/rival" --pid-file="$lab/rival.pid"
url=http://10.66.0.1:8067

of() { "$USHER" show "$1" --json | jq -r "$2"; }
is() { [ "$1" = "$2" ] || { echo "'$1', not '$2'"; return 1; }; }
state() { is "$(of "$1" .state)" "$2" || { "$USHER" timeline "$1"; return 1; }; }
boots() { is "$(of "$1" .attempt.boots)" "$2" || { "$USHER" timeline "$1"; return 1; }; }
fetch() { local n=$1; shift; inside "$n" curl -sS --max-time 5 "$@"; }
code() { fetch "$1" -o "$lab/got.$1" -w '%{http_code}' "${@:2}"; }
gives() { local want=$1 got; shift; got=$(code "$@"); is "$got" "$want" || { cat "$lab/got.$1"; return 1; }; }
attacker() { local n=$1; shift; inside "$n" timeout 60 python3 "$LAB_TOP/tests/lab/attacker.py" "c$n" "$@"; }
# tokenless N DHCP…: no answer names a boot script.
tokenless() { local n=$1; shift; attacker "$n" dhcp "$@" >"$lab/heard"; ! grep -aE '/m/[0-9a-f]{32}' "$lab/heard"; }
# scriptless N CURL…: it is not given what a machine boots
scriptless() { fetch "$@" >"$lab/got" 2>&1; ! grep -aE '/m/[0-9a-f]{32}|answers of' "$lab/got"; }
# The machine N's script by its own DISCOVER, with the frame in its own name.
offered() { attacker "$1" dhcp discover user=iPXE hear=0.4 | grep -aoE 'http://[0-9.:]+/m/[0-9a-f]{32}' | head -n 1; }
alias_on() { inside 2 ip address add "$1/24" dev c2; }
alias_off() { inside 2 ip address del "$1/24" dev c2; ip neigh flush dev br0; }
enroll() { "$USHER" enroll "$1" --network "${4:-br0}" --mac "02:00:00:00:00:0$2" --profile lab --no-ssh-key --ip "$3" --arm; }
# again: box's install begins anew, whatever came of the one before; begins: until it has its answers
again() {
	"$USHER" disarm box >/dev/null 2>&1
	"$USHER" reinstall box >/dev/null
	sleep 1.1 # what was sent in its name is forgotten
}
begins() { script=$(offered 1) && gives 200 1 "$script/boot.ipxe" && gives 200 1 "$script/answers"; }
rest() { # of client N's install, by $script
	gives 200 "$1" "$script/boot.ipxe" && gives 200 "$1" "$script/answers" && gives 200 "$1" -d x "$script/done"
}

check "the service starts" usher_start || lab_end
check "machines are armed" enroll box 1 10.66.0.11 || lab_end
check "two on one wire" enroll other 3 10.66.0.13
check "one beside another's server" enroll beside 4 10.72.0.14 br1

echo "# 1. UEFI HTTP Boot and iPXE at once, in the machine's name"
name="chaddr=02:00:00:00:00:01"
check "HTTP Boot in its name hears of no token" tokenless 2 discover $name class=HTTPClient:Arch:00016 arch=16
check "nor HTTP Boot that says it is iPXE" tokenless 2 discover $name class=HTTPClient:Arch:00016 arch=16 user=iPXE
check "nor by a REQUEST for its address" tokenless 2 request $name user=iPXE asked=10.66.0.11
check "nor to the server alone, from the attacker's address" tokenless 2 request $name user=iPXE ciaddr=10.66.0.11 source=10.66.0.12 "to=10.66.0.1@$server_mac"
check "nor a renewal from the machine's address" tokenless 2 request $name user=iPXE ciaddr=10.66.0.11 source=10.66.0.11 "to=10.66.0.1@$server_mac"

echo "# 2. and 3. names that boot loaders ask for, of another's machine"
inside 1 ip link set c1 down # it is off: the neighbour alone answers for its address
ip neigh flush dev br0
alias_on 10.66.0.11
# shellcheck disable=SC2086
check "a renewal by who answers for its address" tokenless 2 request $name user=iPXE ciaddr=10.66.0.11 source=10.66.0.11 "to=10.66.0.1@$server_mac"
for from in 10.66.0.12 10.66.0.11; do
	check "HTTP Boot's agent from $from: grub.cfg" scriptless 2 --interface $from -A UefiHttpBoot/1.0 "$url/EFI%5cdebian//grub.cfg"
	for name_of in pxelinux.cfg/0A42000B pxelinux.cfg/4c4c4544-0042-3510-8052-b4c04f4d4a31 pxelinux.cfg/0A42 grub/grub.cfg-0A42000B \
		grub.cfg-4c4c4544-0042-3510-8052-b4c04f4d4a31 EFI%5cgrub.cfg; do
		scriptless 2 --interface $from "tftp://10.66.0.1/$name_of" || break
	done
	refute "TFTP from $from: HEX, UUID, and names that are written otherwise" grep -aE '/m/[0-9a-f]{32}' "$lab/got"
done
alias_off 10.66.0.11
inside 1 ip link set c1 up
check "none of it is a boot" boots box 0

echo "# 4. a proxy's port 4011"
beside="chaddr=02:00:00:00:00:04 user=iPXE class=PXEClient:Arch:00000 arch=0"
# shellcheck disable=SC2086
for message in request inform; do
	for source in 10.72.0.15 10.72.0.14; do
		check "$message from $source in the machine's name" tokenless 5 $message $beside ciaddr=$source source=$source to=10.72.0.1@52:54:00:72:00:01 dport=4011
	done
done
# shellcheck disable=SC2086
check "a DISCOVER beside the other's server" tokenless 5 discover $beside
check "the machine itself is told" eval '[[ $(attacker 4 dhcp discover $beside) =~ /m/[0-9a-f]{32} ]]'

echo "# 7. its address announced between offer and fetch"
sleep 1
script=$(offered 1)
check "the machine is offered its script" test -n "$script" || lab_end
gives 200 1 "$url/boot/snponly.efi" >/dev/null # its address is known by now
attacker 2 arp 10.66.0.11 02:00:00:00:00:02 20 &
alias_on 10.66.0.11
inside 2 sh -c 'echo 8 >/proc/sys/net/ipv4/conf/c2/arp_ignore'
sleep 0.4
check "who announces it is not given the script" eval '! gives 200 2 --interface 10.66.0.11 "$script/boot.ipxe"'
wait $!
inside 2 sh -c 'echo 0 >/proc/sys/net/ipv4/conf/c2/arp_ignore'
alias_off 10.66.0.11
check "nothing of it is a boot" boots box 0
check "the machine is given it" wait_until 10 gives 200 1 "$script/boot.ipxe"

echo "# 10. and 12. its boot's token, in a wrong place"
for report in progress failed "done"; do
	check "$report by another machine" gives 403 3 -d x "$script/$report"
	check "$report by a neighbour" gives 403 2 -H "X-Forwarded-For: 10.66.0.11" -H "Forwarded: for=10.66.0.11" -d x "$script/$report"
done
check "/m/self by who is no clone" gives 404 1 -d x "$url/m/self/up"
check "nor by a neighbour" gives 404 2 -d x "$url/m/self/up"
secret=${script##*/}
encoded=$(sed 's/./\n&/g' <<<"$secret" | sed 's/./%3&/;s/%3\([a-f]\)/\1/' | tr -d '\n')
for path in "http://10.66.0.1:8067/m/$secret/answers" "//m/$secret/answers" "/m//$secret/answers" "/boot/../m/$secret/answers" \
	"/m/$encoded/answers" "/%6d/$secret/%61nswers" "/m/$secret/./answers" "/boot/m/$secret/answers" "*" "/m/$secret"; do
	scriptless 2 --path-as-is --request-target "$path" -H "Host: 10.66.0.11" -H "Referer: $script/answers" "$url" || break
done
refute "paths that are written otherwise give nothing" grep -a 'answers of' "$lab/got"
scriptless 2 "tftp://10.66.0.1/m/$secret/answers"
refute "nor does TFTP" grep -a 'answers of' "$lab/got"
check "nor by a name of GRUB's" scriptless 2 "tftp://10.66.0.1/usher/$secret/grub.cfg"
check "the token is in no log" eval '! { cat "$lab/usher.log"; "$USHER" timeline; } | grep -n "$secret"'
check "the machine's install goes on" gives 200 1 "$script/answers"
check "it installs" state box installing

echo "# 11. RELEASE, INFORM, REQUEST and DECLINE in its name, while it installs"
again
check "it begins" begins
attacker 1 dhcp request user=iPXE asked=10.66.0.11 server=10.66.0.1 hear=0.3 >"$lab/heard" # its lease
for message in "release ciaddr=10.66.0.11" "release ciaddr=10.66.0.11 source=10.66.0.11 ether=02:00:00:00:00:01" "inform ciaddr=10.66.0.12 source=10.66.0.12" \
	"request asked=10.66.0.105" "decline asked=10.66.0.11 server=10.66.0.1"; do
	# shellcheck disable=SC2086
	attacker 2 dhcp $message chaddr=02:00:00:00:00:01 hear=0.2 >"$lab/heard"
done
attacker 2 dhcp request asked=10.66.0.11 server=10.66.0.1 >"$lab/heard"
check "its address is not given to the attacker" eval '! grep "gives 10.66.0.11" "$lab/heard"'
check "it fetches" gives 200 1 "$script/answers"
check "it reports" gives 200 1 -d x "$script/progress?text=half"
check "it is done" gives 200 1 -d x "$script/done"
check "it is installed" state box installed

echo "# 5. installed anew, under a flood in its name"
again
is_offered() { script=$(offered 1) && [ -n "$script" ]; }
# offered_under ATTACK…, which goes on as it ends: on a busy host the offer may come when the attack is over, and comes again then.
offered_under() {
	local tries
	for tries in 1 2 3; do
		attacker 2 "$@" $((3 + 2 * tries)) &
		flood=$!
		sleep 1
		wait_until 1 is_offered && kill -0 $flood && return
		wait $flood
	done
	false
}
check "it is offered its script meanwhile" offered_under flood 10.66.0.11 02:00:00:00:00:01 "10.66.0.1@$server_mac"
check "it is given it, its answers, and reports" rest 1
wait $flood
check "it is installed" state box installed
check "by one boot" boots box 1

again
check "under a flood of RELEASEs in its name it is offered its script" offered_under releases 02:00:00:00:00:01
wait $flood
check "it installs" rest 1

echo "# 6. a card whose MAC flaps between its own and the machine's"
again
check "the machine is offered its script" wait_until 5 is_offered
inside 2 sh -c 'n=0; while [ $n -lt 25 ]; do n=$((n + 1)); for m in 1 2; do ip link set c2 address 02:00:00:00:00:0$m; sleep 0.04; done; done' &
flaps=$!
(while kill -0 $flaps 2>/dev/null; do code 1 --max-time 1 "$script/boot.ipxe" 2>/dev/null; echo; sleep 0.05; done) >"$lab/flapped"
wait $flaps
sort "$lab/flapped" | uniq -c | sed 's/^/#   the machine, meanwhile: /'
ip neigh flush dev br0
check "the machine is not failed" eval 'state box armed || state box booting'
check "it is given its script, its answers, and reports" wait_until 10 rest 1
check "it is installed" state box installed

echo "# 8. an address that it held, taken over"
again
inside 2 ip address add 10.66.0.100/24 dev c2
wait_until 5 is_offered
lease() { attacker 2 dhcp "$1" chaddr=02:00:00:00:00:09 ether=02:00:00:00:00:09 "${@:2}" hear=0.3 >"$lab/heard"; }
inside 2 ip link set c2 address 02:00:00:00:00:09
lease discover
lease request asked=10.66.0.100 server=10.66.0.1
check "a card without a record is leased an address" grep "gives 10.66.0.100" "$lab/heard"
check "becomes a machine, with another address" enroll moved 9 10.66.0.19
lease discover user=iPXE
moved=$(grep -aoE 'http://[0-9.:]+/m/[0-9a-f]{32}' "$lab/heard" | head -n 1)
check "and is told its script" test -n "$moved"
lease release ciaddr=10.66.0.100 server=10.66.0.1
inside 2 ip link set c2 address 02:00:00:00:00:02
ip neigh flush dev br0
lease_own() { attacker 2 dhcp "$@" hear=0.3 >"$lab/heard"; }
lease_own discover asked=10.66.0.100
lease_own request asked=10.66.0.100 server=10.66.0.1
check "its first address is another's now" grep "gives 10.66.0.100" "$lab/heard"
check "who is given nothing by its token" gives 403 2 --interface 10.66.0.100 "$moved/boot.ipxe"
inside 2 ip address del 10.66.0.100/24 dev c2

echo "# 9. two armed machines with each other's addresses and tokens"
first=$script
second=$(offered 3)
swap() {
	for n in 1 3; do inside $n ip address flush dev c$n; inside $n ip neigh flush dev c$n; done
	inside 1 ip address add "$1/24" dev c1
	inside 3 ip address add "$2/24" dev c3
	ip neigh flush dev br0
}
check "both are offered theirs" test -n "$first" -a -n "$second"
check "another's, from its own address" gives 403 3 "$first/boot.ipxe"
swap 10.66.0.13 10.66.0.11
check "another's, from the other's address" gives 403 3 "$first/boot.ipxe"
check "and so the first one" gives 403 1 "$second/boot.ipxe"
check "its own, from the other's address" gives 403 1 "$first/boot.ipxe"
check "by name neither" scriptless 1 -A 'GRUB 2.06' "$url/grub.cfg"
swap 10.66.0.11 10.66.0.13
check "at home it is given it" gives 200 1 "$first/boot.ipxe"
check "and the second one" gives 200 3 "$second/boot.ipxe"
[ $LAB_FAILED = 0 ] || { "$USHER" timeline; sed 's/^/  log: /' "$lab/usher.log" | tail -n 40; }
lab_end
