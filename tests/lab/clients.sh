# SPDX-License-Identifier: GPL-2.0-or-later
# For labs that hold DHCP clients against the service, bash, after net.sh and profiles.sh: a machine that is firmware first
# and one system after another then, with one MAC; what it said on the wire, what the store says; the table of all that.
#
#     clients_start                   the service on br0, 10.66.0.1/24, and who listens there
#     lane_begin KIND N MAC ADDRESS   in a subshell of its own: $kind, $n, $mac, $address; ADDRESS "" is learned
#     soft NAME CLASS                 one of udhcpc, dhclient, dhcpcd, networkd goes through all that it can do; the timeline
#                                     names it by what its vendor class begins with
#     vm_bios, vm_plain_pxe, vm_uefi, vm_uefi_http, vm_secure, vm_reset, vm_off    the same machine's firmware; what it
#                                     says on its serial console: $USHER_LAB/serial.N
#     try COLUMN WHAT COMMAND…        a cell of $who's row, and a claim
#     lanes_end                       the claims, and the table

patience=30 # seconds that a client has for what it should do

clients_start() {
	lab_profile plain kernel '# {{machine.name}}'
	lab_profiles_config "<segment interface='br0' mode='own' lease='60'>
		<pool start='10.66.0.100' end='10.66.0.199'/><router address='10.66.0.1'/><dns address='10.66.0.53'/>
		</segment>" | sed "s|<user .*|<user name='root'/>|; s|/var/lib/usher'|$USHER_LAB/state'|" >"$USHER_LAB/usher.xml"
	net_bridge br0 10.66.0.1/24 52:54:00:66:00:01
	deaf_setup
	check "the service starts" usher_start || lab_end
	wire_start
}

# enroll NAME MAC ADDRESS [PROFILE]
enroll() {
	check "$1 is recorded" "$USHER" enroll "$1" --mac "$2" --ip "$3" --network br0 --profile "${4:-plain}" \
		--no-ssh-key
}

# --- the wire: "MAC MESSAGE ADDRESS MORE", a REQUEST by the client's state (RFC 2131 4.3.2); MORE is a client's id, or the
# boot file that it is told -------------------------------------------------------------------------------------------

wire_lines() {
	local word rest to what has given mac asked server file id
	while read -r word rest; do
		case "$word $rest" in
		[0-9][0-9]:*) to=${rest#*> } to=${to%%,*} what='' has='' given='' asked='' server='' file='' id='' ;;
		Client-IP*) has=$rest ;;
		Your-IP*) given=$rest ;;
		Client-Ethernet-Address*) mac=$rest ;;
		file\ \"* | "BF (67), length"*) file=${rest%\"*} file=${file#*\"} file=${file%^@} ;; # option 67 has a NUL
		"Client-ID (61), length"*) id=${rest#*: } id=${id// /} ;;
		"DHCP-Message (53), length"*) what=${rest##*: } what=${what,,} ;;
		"Requested-IP (50), length"*) asked=${rest##* } ;;
		"Server-ID (54), length"*) server=${rest##* } ;;
		"END (255), length"*)
			case $what in
			offer | ack | nack) id=$file ;;
			request) what=$(wire_state "$server" "$has" "$to") ;;
			esac
			echo "$mac $what ${given:-${asked:-${has:--}}} ${id:--}" ;;
		esac
	done
}

wire_state() {
	case "$1|$2|$3" in
	[0-9]*) echo selecting ;;
	"||"*) echo rebooting ;;
	*ff:ff:ff:ff:ff:ff) echo rebinding ;;
	*) echo renewing ;;
	esac
}

wire_start() {
	tcpdump --immediate-mode -l -e -n -vvv -i br0 port 67 2>"$USHER_LAB/tcpdump" | wire_lines >"$USHER_LAB/wire" &
	wait_until 10 grep -q "listening on" "$USHER_LAB/tcpdump"
}

# --- a lane: one machine ------------------------------------------------------------------------------------------------

lane_begin() {
	kind=$1 n=$2 mac=$3 address=$4 who='' since=1 said_before=0
	disk=$USHER_LAB/disk.$n
	exec >"$USHER_LAB/lane.$n" 2>&1
}

try() {
	local column=$1 what=$2 verdict=yes
	shift 2
	"$@" || { verdict=no; echo "no: $who $what: $*; on the wire since then:"; heard; }
	printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$n" "$who" "$column" "$verdict" "$kind: $who $what" "${address:-none}" "$(lab_seconds)" >>"$USHER_LAB/results"
	[ $verdict = yes ]
}

mark() {
	since=$(($(wc -l <"$USHER_LAB/wire") + 1))
	said_before=$(stat -c %s "$USHER_LAB/lane.$n")
}
heard() { tail -n "+$since" "$USHER_LAB/wire" | grep "^$mac "; }

# answered FIRST: since the mark it began so, and at last had an ACK for its address, which it took, and never a NAK.
answered() {
	wait_until $patience answered_now "$1" || return 1
	wait_until 5 took || return 1
	! heard | grep -q ' nack '
}
answered_now() { heard | sed -n "/ $1 /,\$p" | grep -q " ack ${address:-10\.66\.0\.1[0-9][0-9]} "; }
declare -A SAYS=([udhcpc]="lease of " [dhclient]="bound to " [dhcpcd]="leased " [networkd]="client: ACK")
took() { tail -c "+$((said_before + 1))" "$USHER_LAB/lane.$n" | grep -qF "${SAYS[$who]:-}"; }
refused_first() { wait_until $patience refused_now; }
refused_now() { heard | sed -n "/ rebooting 10.66.0.9 /,\$p" | sed -n '/ nack /,$p' | grep -q " ack $address "; }
offered() { wait_until $patience offered_now "$1"; }
offered_now() { heard | grep -q " offer $address $1\$"; }
given_back() { wait_until 10 given_back_now && wait_until 10 leased released; }
given_back_now() { heard | grep -q " release $address "; }

# What the store says of the machine's leases, by jq.
lease() { "$USHER" leases --json | jq -r --arg mac "$mac" '.leases[] | select(.mac == $mac) | '"$1"; }
leased() { [ "$(lease '.address + " " + .state')" = "$address $1" ]; }
expires_after() { [[ $(lease .expires) > $1 ]]; }
has_address() { [ "$(inside "$n" ip -4 -o address show dev "c$n" | awk '{print $4}')" = "$address/24" ]; }
on_timeline() { "$USHER" timeline --json | jq -r 'select(.kind == "leased").text' | grep -F "$address to $mac ($1"; }

# --- systems ------------------------------------------------------------------------------------------------------------

# Drops what it says to our address; broadcasts pass: it has to rebind.
deaf() { nft "$1" element ip lab deaf "{ $address }"; }
deaf_setup() {
	nft -f - <<-END
		table ip lab {
			set deaf { type ipv4_addr; }
			chain in { type filter hook input priority 0; udp dport 67 ip daddr 10.66.0.1 ip saddr @deaf drop; }
		}
	END
}

# In the background, on the machine. Its pid there is kept for poke.
run() {
	inside "$n" sh -c 'echo $$ >"$0"; exec "$@"' "$USHER_LAB/pid.$n" "$@" &
}
here() { inside "$n" "$@"; }
poke() { inside "$n" kill "-$1" "$(cat "$USHER_LAB/pid.$n")"; }

udhcpc_start() {
	run env OUT="$USHER_LAB/told.$n" udhcpc -i "c$n" -f -t 20 -T 1 -s "$USHER_LAB/leased"
}
udhcpc_renew() { poke USR1; }
udhcpc_rebind() { poke USR1; }
udhcpc_release() { poke USR2; }

# It renews by itself, when its configuration says so.
dhclient_run() {
	local run=$1
	shift
	cat >"$USHER_LAB/dhclient.conf.$n" <<-END
		timeout 30;
		initial-interval 1;
		reboot 10;
		request subnet-mask, routers, domain-name-servers, host-name;
		send dhcp-client-identifier "a dhclient's own";
		supersede dhcp-renewal-time 2;
		supersede dhcp-rebinding-time 3;
	END
	"$run" dhclient -4 -d "$@" -cf "$USHER_LAB/dhclient.conf.$n" -sf "$USHER_LAB/leased" -pf "$USHER_LAB/dhclient.pid.$n" \
		-lf "$disk/dhclient.leases" -e OUT="$USHER_LAB/told.$n" "c$n"
}
dhclient_start() { dhclient_run run; }
dhclient_renew() { :; }
dhclient_rebind() { :; }
dhclient_release() { dhclient_run here -r; }

dhcpcd_start() {
	printf '%s\n' duid nodelay noipv6 noipv4ll noarp 'option subnet_mask, routers, domain_name_servers' \
		'script /bin/true' >"$USHER_LAB/dhcpcd.conf.$n"
	mkdir -p /run/dhcpcd
	inside "$n" mount -t tmpfs machine /run/dhcpcd
	inside "$n" mount --bind "$disk" /var/lib/dhcpcd
	run dhcpcd -4 -B -d -f "$USHER_LAB/dhcpcd.conf.$n" "c$n"
}
dhcpcd_renew() { poke USR1; }
dhcpcd_rebind() { poke HUP; }
dhcpcd_release() { poke ALRM; }

# It waits for udev unless /sys cannot be written; a bus is there for networkctl.
networkd_start() {
	inside "$n" ip link set "c$n" down
	# shellcheck disable=SC2016
	run bash -c '
		mount -t tmpfs machine /run && mount -t sysfs -o ro machine /sys && mount -t tmpfs machine /etc/systemd/network || exit
		mkdir -p /run/dbus
		install -d -o systemd-network -g systemd-network /run/systemd/netif /run/systemd/netif/{links,leases,lldp}
		printf "%s\n" "[Match]" "Name=$1" "[Network]" DHCP=ipv4 LinkLocalAddressing=no IPv6AcceptRA=no \
			>/etc/systemd/network/lab.network
		dbus-daemon --system --nofork --nopidfile --nosyslog &
		until [ -S /run/dbus/system_bus_socket ]; do sleep 0.1; done
		SYSTEMD_LOG_LEVEL=debug exec /lib/systemd/systemd-networkd' networkd "c$n"
}
networkd_renew() { inside "$n" networkctl renew "c$n"; }
networkd_release() { poke TERM; }

# The power goes and comes back; the disk stays.
reboot() {
	power_cut "$n"
	mkdir -p "$disk"
	client "$n" "$mac" br0
	mark
	"${who}_start"
}

# A new disk: nothing is remembered but by us.
soft_lease() {
	rm -rf "$disk"
	reboot
	try "$1" "$2" answered discover || return
	address=${address:-$(lease .address)}
	try "$1" "sets the address" wait_until 10 has_address
	try "$1" "has a lease in the store" leased bound
}

soft_renew() {
	local before
	before=$(lease .expires)
	sleep 1 # the store's times are seconds
	mark
	[ "$1" = renewing ] || deaf add
	"$2"
	try "$3" "asks for more" answered "$1"
	[ "$1" = renewing ] || deaf delete
	try "$3" "has more" wait_until 5 expires_after "$before"
}

soft_reboot() {
	reboot
	try rebooted "asks for the address on its disk" answered rebooting
	try rebooted "sets it again" wait_until 10 has_address
}

soft() {
	who=$1
	mkdir -p "$disk"
	client "$n" "$mac" br0
	if ! soft_lease leased "takes a lease"; then
		power_cut "$n"
		return
	fi
	[ "$kind" != own ] || try leased "is on the timeline" wait_until 5 on_timeline "$2"
	soft_renew renewing "${who}_renew" renewed
	[ "$(type -t "${who}_rebind")" != function ] || soft_renew rebinding "${who}_rebind" rebound
	"${who}_more"
	soft_lease rebooted "with nothing on its disk has the same again"
	mark
	"${who}_release"
	try released "gives it back" given_back
	soft_lease released "has it again after that"
	try address "had no other address" leased bound
	power_cut "$n"
}

udhcpc_more() { :; }
dhclient_more() {
	soft_reboot
	sed -i "s/$address;/10.66.0.9;/" "$disk/dhclient.leases"
	reboot
	try rebooted "is refused a wrong address, and has its own" refused_first
}
dhcpcd_more() { soft_reboot; }
networkd_more() {
	mark
	ip link set "p$n" down
	wait_until 10 eval '! has_address'
	ip link set "p$n" up
	try rebooted "asks for its address when the cable is in again" answered rebooting
	try rebooted "sets it again" wait_until 10 has_address
}

client_ids() { awk -v mac="$mac" '$1 == mac && $2 ~ /ing$|discover/ && $4 != "-" {print $4}' "$USHER_LAB/wire" | sort -u; }
many_client_ids() { [ "$(client_ids | wc -l)" -ge "$1" ]; }

# --- firmware -----------------------------------------------------------------------------------------------------------

vm() {
	ip tuntap add "t$n" mode tap
	ip link set "t$n" master "${bridge:-br0}" up
	mkfifo "$USHER_LAB/monitor.$n"
	exec 7<>"$USHER_LAB/monitor.$n"
	mark
	qemu-system-x86_64 -nodefaults -no-user-config -display none -accel tcg -cpu max,erms=off -m "${vm_memory:-768}" -monitor stdio \
		-netdev "${vm_netdev:-tap,id=net,ifname=t$n,script=no,downscript=no}" -serial "file:$USHER_LAB/serial.$n" \
		"$@" <&7 &
	vm_pid=$!
}
# QEMU's own ROM, which is iPXE.
vm_bios() { vm -machine pc -boot n -device "virtio-net-pci,netdev=net,mac=$mac"; }
# The same, on a cable that takes out what iPXE says of itself (plain_pxe.c); to be built before the lanes begin.
plain_pxe_build() { ${CC:-gcc} -O2 -o "$USHER_LAB/plain_pxe" "$LAB_TOP/tests/lab/plain_pxe.c"; }
vm_plain_pxe() {
	local ours=$USHER_LAB/cable.$n qemu=$USHER_LAB/qemu.$n vm_netdev
	vm_netdev="dgram,id=net,local.type=unix,local.path=$qemu,remote.type=unix,remote.path=$ours"
	vm_bios
	"$USHER_LAB/plain_pxe" "t$n" "$ours" "$qemu" &
	cable_pid=$!
}
cable_off() {
	kill $cable_pid
	wait $cable_pid
}
# OVMF's own stack, without QEMU's ROM; it has no PXE when told so, and then does HTTP Boot.
no_pxe="-fw_cfg name=opt/org.tianocore/IPv4PXESupport,string=n -fw_cfg name=opt/org.tianocore/IPv6PXESupport,string=n"
vm_uefi() { vm_ovmf OVMF_CODE_4M.fd OVMF_VARS_4M.fd -machine q35 "$@"; }
# shellcheck disable=SC2086
vm_uefi_http() { vm_uefi $no_pxe; }
# With Secure Boot built in and its variables out of the guest's reach; it is enforced when VARS has keys enrolled, as
# OVMF_VARS_4M.ms.fd has Microsoft's.
vm_secure() { # VARS…
	local vars=$1
	shift
	vm_ovmf OVMF_CODE_4M.secboot.fd "$vars" -machine q35,smm=on -global driver=cfi.pflash01,property=secure,value=on "$@"
}
vm_ovmf() { # CODE VARS…
	local code=/usr/share/OVMF/$1 vars=$USHER_LAB/vars.$n
	cp "/usr/share/OVMF/$2" "$vars"
	shift 2
	vm -drive "if=pflash,unit=0,format=raw,readonly=on,file=$code" -drive "if=pflash,unit=1,format=raw,file=$vars" \
		-device "virtio-net-pci,netdev=net,mac=$mac,romfile=" -device virtio-rng-pci "$@"
}
vm_reset() {
	mark
	echo system_reset >&7
}
vm_off() {
	kill -KILL $vm_pid
	wait $vm_pid
	exec 7>&-
	rm "$USHER_LAB/monitor.$n"
	ip link del "t$n"
}

# --- the outcome --------------------------------------------------------------------------------------------------------

cell() { # ROW COLUMN
	local verdicts
	verdicts=$(awk -F'\t' -v who="$1" -v column="$2" '$2 == who && $3 == column {print $4}' "$USHER_LAB/results" | sort -u)
	case $verdicts in
	"") echo - ;;
	yes) echo yes ;;
	*) echo no ;;
	esac
}
addresses() { awk -F'\t' -v who="$1" '$2 == who && $6 != "none" {print $6}' "$USHER_LAB/results" | sort -u | xargs | sed 's/ /, /g'; }

lanes_end() {
	local who verdict claim lane LAB_AT failed=''
	while IFS=$'\t' read -r lane who _ verdict claim _ LAB_AT; do
		if [ "$verdict" = yes ]; then pass "$claim"; else fail "$claim" && failed="$failed $lane"; fi
	done <"$USHER_LAB/results"
	LAB_AT=
	for lane in $(xargs -n 1 <<<"$failed" | sort -u); do
		grep -B 25 -A 12 "^no: " "$USHER_LAB/lane.$lane" | sed "s/^/  lane $lane: /"
	done
	row_head
	cut -f 2 "$USHER_LAB/results" | awk '!seen[$0]++' | while read -r who; do
		row "$who" "$(cell "$who" leased)" "$(cell "$who" renewed)" "$(cell "$who" rebound)" "$(cell "$who" rebooted)" \
			"$(cell "$who" released)" "$(addresses "$who")"
	done
}
