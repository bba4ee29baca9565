#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Who gets on with us: real DHCP clients, each on a machine of its own, one after another with the same MAC, as firmware,
# installer and system of one machine are. For a machine with a record, for one with a computed MAC and none, and for a
# stranger with an address from the pool. Each takes a lease, renews it, rebinds when we are deaf to it, comes back from a
# power cut with and without its lease file, and releases. All get the machine's one address, whatever their client-id.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/clients.sh"

clients_start
enroll own 02:00:00:00:00:01 10.66.0.20

lane() {
	lane_begin "$@"
	soft udhcpc "udhcp "
	soft dhclient ""
	soft dhcpcd "dhcpcd-"
	soft networkd ""
	try address "is the fourth to give a client-id of its own" many_client_ids 4
}

lane own 1 02:00:00:00:00:01 10.66.0.20 &
lanes=$!
lane computed 2 52:54:0a:42:00:07 10.66.0.7 &
lanes="$lanes $!"
lane pool 3 02:00:00:00:00:03 "" &
lanes="$lanes $!"
# shellcheck disable=SC2086
wait $lanes
lanes_end
lab_end
