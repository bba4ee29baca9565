#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Guests on bridges of the host's own: libvirt's network only names the bridge (<forward mode='bridge'/>). One where nobody
# leases, one where another server does, one whose address changes. Guests boot
# as far as their script.
# shellcheck source=/dev/null disable=SC2119,SC2154,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/net.sh"
. "$LAB_TOP/tests/lab/profiles.sh"
net_lease_script

mode_of() { curl -s --unix-socket "$USHER_SOCKET" http://usher/api/v1/status | jq -r ".segments[] | select(.name == \"$1\").mode"; }
mode_is() { [ "$(mode_of "$1")" = "$2" ]; }
logged() { grep -qF -- "$1" "$USHER_LAB/usher.log"; }
told() { "$USHER" timeline "$1" | grep -qE -- "$2"; }
create() { "$USHER" create --no-ssh-key --profile plain "$@"; }
refused() { local line=$1; shift; "$@" >"$USHER_LAB/out" 2>&1 && return 1; grep -qF -- "$line" "$USHER_LAB/out" || { cat "$USHER_LAB/out"; return 1; }; }
# bridged NAME BRIDGE
bridged() {
	virsh -q net-define /dev/stdin <<-END >/dev/null && virsh -q net-start "$1" >/dev/null
		<network><name>$1</name><forward mode='bridge'/><bridge name='$2'/></network>
	END
}
# its script is all that the guest has to ask for: the kernel is zeroes
boots() { wait_until 120 told "$1" ' script '; }

net_bridge br0 10.75.0.1/24 52:54:00:75:00:01
net_bridge br1 10.76.0.1/24 52:54:00:76:00:01
client 1 02:00:00:00:76:02 br1 # the other server
inside 1 ip address add 10.76.0.2/24 dev c1
inside 1 dnsmasq --conf-file=/dev/null --port=0 --interface=c1 --bind-interfaces --user=root --dhcp-range=10.76.0.50,10.76.0.60 \
	--dhcp-host=52:54:00:00:76:70,10.76.0.70 --dhcp-leasefile="$USHER_LAB/rival" --pid-file="$USHER_LAB/rival.pid"
client 2 02:00:00:00:75:02 br0 # a bridge without ports has no carrier
ip link add up0 type veth peer name up1
ip link set up0 up
ip link set up1 up
ip address add 10.77.0.1/24 dev up1
bridged site br0 || fail "a network over br0"
bridged theirs br1 || fail "a network over br1"
virsh -q net-define /dev/stdin <<END >/dev/null && virsh -q net-start cards >/dev/null || fail "a network of cards"
<network><name>cards</name><forward mode='bridge'><interface dev='up1'/></forward></network>
END

lab_profile plain kernel '# {{machine.name}}'
lab_profiles_config "<segment network='site'/><segment network='theirs'/><segment network='cards'/>
  <segment interface='up1' mode='own'/>" >"$USHER_LAB/usher.xml"
check "the service starts" usher_start || lab_end
check "a network of cards is not served, and said why" logged "network 'cards' has no bridge, but cards of its own"
check "where nobody leases, usher does" wait_until 30 mode_is site own
check "where another server leases, it does" wait_until 30 mode_is theirs proxy
check "which is named" logged "theirs: 10.76.0.2 (MAC 02:00:00:00:76:02) leases there"

"$USHER" check -c "$USHER_LAB/usher.xml" >"$USHER_LAB/checked" 2>&1
check "usher check says so, too" grep -qF "'site' has 10.75.0.1/24, mode auto" "$USHER_LAB/checked"
check "of both" grep -qF "'cards' has no bridge, but cards of its own" "$USHER_LAB/checked"
check "no guest on an interface; it says what to define" refused \
	"'up1' is no libvirt network, and guests need one: if up1 is a bridge, define a network with <forward mode='bridge'/>" \
	create no --network up1
check "a guest on the host's bridge" create web --network site
check "boots" boots web
check "with the address of its record" test "$("$USHER" show web --json | jq -r '.nics[0].addresses[0]')" = 10.75.0.2
check "its card is on the bridge" sh -c "ip -o link show master br0 | grep -q vnet"
check "behind its packet filter" grep -q "<filterref filter='usher" <(virsh dumpxml web)
check "libvirt was asked for no name and no reservation" test "$(grep -c 'network site' "$USHER_LAB/usher.log")" = 0

check "where another server leases, an address has to be reserved there" refused \
	"another server leases on 'theirs', and the guest may use the address of its record alone: choose a MAC and an address" \
	create no --network theirs
check "with one that is" create db --network theirs,mac=52:54:00:00:76:70,ip=10.76.0.70
check "it boots" boots db
check "by that server's lease" grep -q ' 10.76.0.70 ' "$USHER_LAB/rival"
check "delete" "$USHER" delete db

ip address add 10.78.0.1/24 dev br0
ip address del 10.75.0.1/24 dev br0
check "another address of the bridge is followed" wait_until 10 told "" 'site is served on br0, 10.78.0.1/24'
ip link set br0 down
ip link del br0
check "a bridge that is gone is said, with no word of libvirt" wait_until 10 logged "site: br0 is gone; waiting for it"
check "nothing of this is a mistake in the log" sh -c "! grep -E 'runtime error|Sanitizer' '$USHER_LAB/usher.log'"
lab_end
