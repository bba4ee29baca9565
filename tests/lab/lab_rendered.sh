#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# 200 machines fetch their boot scripts and answers at once, from 200 addresses, in three rounds of new tokens, while TFTP and
# HTTP carry all they can: each gets its own name, address, secret and key, to the byte, and is refused its neighbour's.
# shellcheck source=/dev/null disable=SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
lab=$USHER_LAB server=10.66.0.1 count=200
. "$LAB_TOP/tests/lab/profiles.sh"

lab_profile lab kernel "name={{machine.name}} fqdn={{machine.fqdn}}
address={{machine.address}} mac={{machine.mac}}
secret={{set.secret}}
{{#ssh_keys}}
key={{.}}
{{/ssh_keys}}
url={{attempt.answers_url}}" "<setting name='secret' secret='yes' required='yes'>its own</setting>"
sed -i "s/<boot>/<boot bios='pxelinux' efi-x64='grub'>/" "$lab/more/lab/profile.xml"
head -c 8M /dev/urandom >"$lab/medium/large"
cat >"$lab/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$lab/state'/>
  <socket path='$USHER_SOCKET'/>
  <profiles dir='$lab/more'/>
  <segment interface='p1' mode='own' probe='0' domain='lab'><pool start='10.66.9.1' end='10.66.9.99'/></segment>
</usher>
END
for program in lab/rendered bench/tftp_load; do
	check "$program is built" ${CC:-gcc} -O2 -pthread -o "$lab/${program#*/}" "$LAB_TOP/tests/$program.c" || lab_end
done
client 1 02:ff:00:00:00:01
ip address add $server/16 dev p1
# Each machine's address is at its own card, which alone answers for it by ARP.
inside 1 sh -c 'cd /proc/sys/net/ipv4/conf; echo 1 >all/arp_ignore; echo 2 >all/arp_announce; echo 0 >all/rp_filter; echo 0 >default/rp_filter'
for ((n = 1; n <= count; n++)); do
	printf 'link add link c1 name m%d address 02:00:00:00:01:%02x type macvlan mode bridge\n' $n $n
	echo "address add 10.66.1.$n/16 dev m$n"
	echo "link set m$n up"
done >"$lab/addresses"
check "$count addresses are there" inside 1 ip -b "$lab/addresses" || lab_end
check "the service starts" usher_start || lab_end

mac() { printf '02:00:00:00:01:%02x' "$1"; }
key() { echo "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA$(printf '%042d' "$1") admin$1@lab"; }
enroll_all() {
	local n
	for ((n = 1; n <= count; n++)); do
		key $n >"$lab/key"
		"$USHER" enroll "m$n" --mac "$(mac $n)" --ip "10.66.1.$n" --profile lab --ssh-key "$lab/key" \
			--set secret="it's m$n's \$own" || return
	done
}
check "$count machines are enrolled, each with its own" enroll_all || lab_end

# What carries on until it is killed: 16 by TFTP, four by HTTP.
inside 1 sh -c "while :; do '$lab/tftp_load' -n 16 -b 1428 -w 8 -s 10.66.1.1 -t 60 $server lab/large '$lab/medium/large'; done" \
	>"$lab/tftp" 2>&1 &
loads=$!
inside 1 sh -c "while :; do curl -sS -Z $(printf -- "-o /dev/null http://$server:8067/boot/lab/large %.0s" 1 2 3 4); echo four; done" \
	>"$lab/http" 2>&1 &
loads="$loads $!"

# The files of a machine are read scripts first. Nothing but its own: the answers' whole text is known once its token is.
its_own() {
	local n
	for ((n = 1; n <= count; n++)); do
		echo "= $n"
		cat "$lab/got/$n.grub" "$lab/got/$n.ipxe"
		echo "- $(mac $n) $(key $n)"
		cat "$lab/got/$n.answers"
	done | awk -v tokens="$lab/tokens" '
		function wrong(what) {print "m" n ": " what; bad++}
		function over(i) {
			if (!named) wrong("its name is not in its script")
			if (answers != whole whole whole) wrong("answers\n" answers "instead of three times\n" whole)
			if (token in of) wrong("the token of m" of[token])
			of[token] = n
			print token >tokens
		}
		$1 == "=" {if (n) over(); n = $2; token = answers = ""; named = part = 0; next}
		!part && match($0, /\/m\/[0-9a-f]*/) {
			if (token && token != substr($0, RSTART, RLENGTH)) wrong("two tokens")
			token = substr($0, RSTART, RLENGTH)
		}
		!part && /answers=/ {url = $0; sub(/.*answers=/, "", url); sub(/[^0-9a-z:.\/].*/, "", url)}
		!part {
			rest = $0
			while (match(rest, /m[0-9]+/)) {
				if (substr(rest, RSTART, RLENGTH) == "m" n) named = 1
				rest = substr(rest, RSTART + RLENGTH)
			}
		}
		$1 == "-" {
			part = 1
			mac = $2; key = $3 " " $4 " " $5
			q = "\047"
			whole = sprintf("name=%sm%d%s fqdn=%sm%d.lab%s\naddress=%s10.66.1.%d%s mac=%s%s%s\n", q, n, q, q, n, q, q, n, q, q, mac, q) \
				sprintf("secret=%sit%s\\%s%ss m%d%s\\%s%ss $own%s\nkey=%s%s%s\nurl=%s%s%s\n", q, q, q, q, n, q, q, q, q, q, key, q, q, url, q)
			next
		}
		part {answers = answers $0 "\n"}
		END {over(); exit bad != 0}'
}
refused() {
	[ "$(cat "$lab/got"/*.other | grep -cx 403)" = $count ] || { cat "$lab/got"/*.other | sort | uniq -c | head; return 1; }
	! grep -l 'secret=' "$lab/got"/*.other
}
all_installing() { [ "$("$USHER" list --json | jq '[.machines[] | select(.state == "installing")] | length')" = $count ]; }

names=$(printf 'm%d ' $(seq $count))
# shellcheck disable=SC2086
for round in 1 2 3; do
	[ $round = 1 ] || "$USHER" disarm $names >/dev/null
	check "round $round: all are armed" "$USHER" reinstall $names
	rm -rf "$lab/got" && mkdir "$lab/got"
	check "all get scripts and answers" inside 1 timeout 300 "$lab/rendered" $server 8067 10.66.1.1 $count "$lab/got" || break
	check "each its own, to the byte, every time" its_own
	check "with a token of its own" test "$(sort -u "$lab/tokens" | wc -l)" = $count
	check "none its neighbour's" refused
	check "all are installing" all_installing
	[ ! -e "$lab/before" ] || check "no token is an old one" test -z "$(sort -u "$lab/tokens" | comm -12 - "$lab/before")"
	sort -u "$lab/tokens" >"$lab/before"
done
check "meanwhile TFTP carried" grep -q ' failed=0 ' "$lab/tftp"
check "and HTTP" grep -q four "$lab/http"
# shellcheck disable=SC2086
kill $loads
usher_stop
check "the service ends in peace" test $? = 0
lab_end
