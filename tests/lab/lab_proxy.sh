#!/bin/bash
# Beside other DHCP servers. First on libvirt's own `default` network, as libvirt ships it, whose dnsmasq leases: only boot
# information comes from us, and reservations go into the network. Then on segments of interfaces.
# shellcheck source=/dev/null disable=SC2119,SC2154,SC2317
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/guests.sh"

shipped=/usr/share/libvirt/networks/default.xml
[ -e $shipped ] || { skip "libvirt's own default network: there is no $shipped"; lab_end; }
guests_need_tiny
logged() { grep -q -- "$1" "$USHER_LAB/usher.log"; }

# --- libvirt's default network, unchanged --------------------------------------------------------------------------------

virsh -q net-destroy default >/dev/null && virsh -q net-undefine default
virsh -q net-define $shipped >/dev/null && virsh -q net-start default
usher_config "<segment network='default'/>" >"$USHER_LAB/usher.xml"
need "the service starts" usher_start
check "it says that it does not lease, and why" \
	logged "default: libvirt's dnsmasq leases there .*mode proxy"

need "a guest of ours installs there" timeout 300 "$USHER" create web --profile tiny --ssh-key "$key.pub" --wait
"$USHER" timeline web
lab_end
