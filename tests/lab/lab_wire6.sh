#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What the DHCPv6 and neighbour discovery encoders make, read by another program: tshark finds nothing malformed in any of the
# frames that wire6.c makes, no checksum wrong, nothing to remark, and reads what was to be said.
# shellcheck source=/dev/null disable=SC2317
. "$(dirname "$0")/lib.sh"

at=$(mktemp -d) || exit 1
trap 'rm -rf "$at"' EXIT
command -v tshark >/dev/null || { skip "tshark is missing; contrib/deps lab installs it"; lab_end; }
"$B/tests/lab/wire6" "$at/wire6.pcap" >"$at/names" || { fail "wire6 makes frames"; lab_end; }

read_all() { tshark -n -r "$at/wire6.pcap" -o udp.check_checksum:TRUE "$@" 2>"$at/tshark.err"; }

# What it has to say of each frame, a line of the names beside it.
remarks() {
	read_all -Y '_ws.malformed || _ws.expert || _ws.unreassembled' -T fields -e frame.number \
		-e _ws.col.Protocol -e _ws.expert.message >"$at/remarks"
	local number rest
	while read -r number rest; do echo "$(sed -n "${number}p" "$at/names"): $rest"; done <"$at/remarks"
	[ ! -s "$at/remarks" ]
}
check "tshark remarks on nothing" remarks

# It knows each of them for what it is: no bytes that it takes for something else.
all_known() {
	local known
	known=$(read_all -Y 'dhcpv6 || icmpv6' -T fields -e frame.number | wc -l)
	echo "$known of $(wc -l <"$at/names")"
	[ "$known" -gt 0 ] && [ "$known" = "$(wc -l <"$at/names")" ]
}
check "it knows all of them" all_known

# A broken frame is remarked on: the test can fail.
spoilt() {
	# a byte of the first frame's options, behind the file's and the record's heads
	cp "$at/wire6.pcap" "$at/spoilt.pcap"
	printf '\377' | dd of="$at/spoilt.pcap" bs=1 seek=$((24 + 16 + 14 + 40 + 8 + 4 + 2)) conv=notrunc status=none
	tshark -n -r "$at/spoilt.pcap" -o udp.check_checksum:TRUE -Y '_ws.malformed || _ws.expert' -T fields -e frame.number 2>/dev/null |
		grep -qx 1
}
check "and remarks on one that is spoilt" spoilt

# says NAME FIELD VALUE…: all values of the field in the frame of that name, in their order
says() {
	local name=$1 field=$2 number
	shift 2
	number=$(grep -nxF "$name" "$at/names" | cut -d: -f1)
	read_all -Y "frame.number == $number" -T fields -E aggregator=' ' -e "$field" >"$at/says"
	echo "$name: $field is $(cat "$at/says"), not $*"
	[ "$(cat "$at/says")" = "$*" ]
}
zeroes() { local i; for i in $(seq "$2"); do printf '%s ' "$1"; done; }
check "message type" says "ADVERTISE" dhcpv6.msgtype 2
check "transaction" says "ADVERTISE" dhcpv6.xid 0x1fd12c
check "address" says "ADVERTISE" dhcpv6.iaaddr.ip 2001:db8:7a::c0a8:7a03
check "its lifetimes" says "ADVERTISE" dhcpv6.iaaddr.valid_lifetime 7200
check "preference" says "ADVERTISE" dhcpv6.option_preference 255
check "DNS servers" says "ADVERTISE" dhcpv6.dns_server 2001:db8::53 2001:db8::54
check "search domains" says "ADVERTISE" dhcpv6.search_list_entry lab.example. example.org.
check "vendor class" says "REPLY with an address" dhcpv6.vendorclass.data HTTPClient
check "refusals" says "REPLY without an address" dhcpv6.status_code 2 2 6
check "a client's full name" says "REPLY without an address" dhcpv6.client_domain web01.lab.example.
check "refresh time" says "REPLY to INFORMATION-REQUEST" dhcpv6.lifetime 3600
check "a relay's wrapping" says "REPLY by dhcrelay" dhcpv6.msgtype 13 7
check "its peer" says "REPLY by dhcrelay" dhcpv6.peeraddr fe80::5054:c0ff:fea8:7b05
check "nine wrappings" says "ADVERTISE by nine relays" dhcpv6.msgtype $(zeroes 13 9) 2
check "their hops" says "ADVERTISE by nine relays" dhcpv6.hopcount 8 7 6 5 4 3 2 1 0
ra="router advertisement to all"
check "the router's M" says "$ra" icmpv6.nd.ra.flag.m 1
check "its lifetime" says "$ra" icmpv6.nd.ra.router_lifetime 1800
check "its prefixes" says "$ra" icmpv6.opt.prefix 2001:db8:7a:: fd00:7a::
check "L of both" says "$ra" icmpv6.opt.prefix.flag.l 1 1
check "A of one" says "$ra" icmpv6.opt.prefix.flag.a 0 1
check "its MTU" says "$ra" icmpv6.opt.mtu 1400
check "its DNS servers" says "$ra" icmpv6.opt.rdnss 2001:db8::53 2001:db8::54
check "its search domains" says "$ra" icmpv6.opt.dnssl lab.example example.org
check "no router here: no lifetime" says "no router here" icmpv6.nd.ra.router_lifetime 0
check "no router here: no M" says "no router here" icmpv6.nd.ra.flag.m 0
lab_end
