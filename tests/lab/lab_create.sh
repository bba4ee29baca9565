#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What create must refuse: exit 1, one clear line, and nothing new anywhere: no machine, no domain, no volume, no name in
# the network's DNS, nothing in the store. And what it must undo, replace, or do once only. No guest here gets far.
# shellcheck source=/dev/null disable=SC2119,SC2317
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$(dirname "$0")/profiles.sh"

said=$USHER_LAB/said

lab_profile plain kernel '# {{machine.name}}'
lab_profile undefined kernel 'one line
echo {{machine.nmae}}'
lab_profile nokernel vmlinux-that-is-not-there '# {{machine.name}}'
lab_profile demanding kernel '# {{set.owner}}' "<setting name='owner' required='yes'>whose it is</setting>
  <setting name='colour' default='red' values='red|blue'>its colour</setting>"
lab_profile late kernel '# {{machine.name}}' "<guest><domain><devices>
    <disk type='file' device='cdrom'><source file='/nowhere/at/all.iso'/><target dev='sdz' bus='sata'/></disk>
  </devices></domain></guest>"
lab_profile web kernel '# {{machine.name}}' "<setting name='mirror' default='http://192.168.122.1:8090'>where it is</setting>"
sed -i "s|name='lab' path='.*'|name='web' url='{{set.mirror}}'|" "$USHER_LAB/more/web/profile.xml"
busybox httpd -f -p 8090 -h "$USHER_LAB/medium" &
mirror=$!
mkdir "$USHER_LAB/more/broken"
printf '<profile name="broken">\n  <boot>\n    <kernle>x</kernle>\n  </boot>\n</profile>\n' \
	>"$USHER_LAB/more/broken/profile.xml"

lab_profiles_config >"$USHER_LAB/usher.xml"
usher_start || { fail "the service starts"; lab_end; }
pass "the service starts"

# --- what there is ------------------------------------------------------------------------------------------------------

# The store is the service's alone: its files are copied and the copy is read, again where it was being written.
store() {
	local tries
	for tries in 1 2 3; do
		rm -rf "$USHER_LAB/copy"
		cp -a /var/lib/usher "$USHER_LAB/copy"
		sqlite3 "$USHER_LAB/copy/usher.db" .dump >"$USHER_LAB/dump" 2>&1 && break
		sleep 0.$tries
	done
	sort -u "$USHER_LAB/dump"
}

everything() {
	echo "machines:"; "$USHER" list --json | jq -c '.machines[] | [.name, .uuid, .state]'
	echo "timeline:"; "$USHER" timeline --json | jq -r .seq | tail -n 1
	echo "leases:"; "$USHER" leases --json | jq -c '.leases[] | [.address, .mac]'
	echo "domains, volumes, network:" # by one virsh, which takes its time to start
	virsh -q "list --all --uuid --name; pool-refresh default; vol-list default; net-dumpxml default"
	echo "files:"; ls /var/lib/libvirt/images
	echo "store:"; store
}

one_line() { [ "$(wc -l <"$said")" = 1 ] || { cat "$said"; false; }; }

# refused WHAT TEXT COMMAND…: as the head of this file says; TEXT is an extended regular expression.
refused() {
	local what=$1 text=$2 status
	shift 2
	everything >"$USHER_LAB/before"
	"$@" 2>"$said" >"$USHER_LAB/out" </dev/null
	status=$?
	everything >"$USHER_LAB/after"
	if [ $status != "${WANT:-1}" ]; then fail "$what: exit $status, not ${WANT:-1}: $(cat "$said")"
	elif [ $status = 1 ] && ! one_line; then fail "$what: not one line"
	elif [ -s "$USHER_LAB/out" ]; then fail "$what: standard output is not empty: $(cat "$USHER_LAB/out")"
	elif ! grep -qE "$text" "$said"; then fail "$what: no '$text' in: $(cat "$said")"
	elif ! diff "$USHER_LAB/before" "$USHER_LAB/after" >"$USHER_LAB/diff"; then
		fail "$what: something is left"; cat "$USHER_LAB/diff"
	else pass "$what: $(cat "$said")"
	fi
}

create() { "$USHER" create --no-ssh-key "$@"; }
said() { "$@" 2>"$said" >/dev/null </dev/null; }

# --- names and profiles --------------------------------------------------------------------------------------------------

refused "unknown profile" "no profile 'plian' \(did you mean 'plain'\?" create web --profile plian
refused "a profile that cannot be read" "broken/profile.xml:3: .*kernle" create web --profile broken
refused "undefined variable" "undefined/answers:2:.*'machine.nmae' \(did you mean 'machine.name'\?" create web --profile undefined
refused "kernel that is not there" "vmlinux-that-is-not-there" create web --profile nokernel
refused "too little memory" "requires 128 MiB of memory, not 64" create web --profile plain --memory 64
refused "more memory than the host has" "host has [0-9]+ MiB" create web --profile plain --memory 16T
refused "too small a disk" "requires a disk of .*, not " create web --profile plain --disk 10M
refused "undeclared setting" "no setting 'ownr' \(did you mean 'owner'\?\)" create web --profile demanding --set ownr=me
refused "required setting is missing" "requires the setting 'owner'" create web --profile demanding
refused "a value that is not one of them" "'green', expected one of red\|blue" \
	create web --profile demanding --set owner=me --set colour=green
WANT=2 refused "bad name" "'Web_1' cannot be a machine's name: " create Web_1 --profile plain
WANT=2 refused "name with a slash" "'../web' cannot be a machine's name: " create ../web --profile plain
WANT=2 refused "name that is too long" "cannot be a machine's name: " create "$(printf 'x%.0s' {1..80})" --profile plain

# --- kernel and initrd by URL ----------------------------------------------------------------------------------------------

everything >"$USHER_LAB/before"
said create web --profile web --set mirror=http://192.168.122.1:8090/nowhere
check "a kernel that is not on its mirror is refused" grep -e "^usher: http://192.168.122.1:8090/nowhere/kernel: HTTP 404" "$said"
said create web --profile web --set mirror=http://127.0.0.1:8090
check "nor is one taken that only this host reaches" grep -e "^usher: http://127.0.0.1:8090/kernel: usher does not fetch from 127.0.0.1" "$said"
everything >"$USHER_LAB/after"
check "and nothing is left" diff "$USHER_LAB/before" "$USHER_LAB/after"
check "one that is there makes a guest" create fetched --profile web
check "which is told to load it from here" grep -E "^kernel http://192.168.122.1:8067/boot/cache/[0-9a-f]{32}/kernel " \
	<("$USHER" render fetched script)
check "it goes" "$USHER" delete fetched
kill $mirror

# --- networks, addresses, storage ------------------------------------------------------------------------------------------

refused "network that is not served" "'nowhere' is not served here; 'default' is" \
	create web --profile plain --network nowhere
refused "address outside the segment" "10.1.2.3 cannot be used in segment 'default'" \
	create web --profile plain --ip 10.1.2.3
refused "the server's address" "192.168.122.1 cannot be used" create web --profile plain --ip 192.168.122.1
refused "the network's address" "192.168.122.0 cannot be used" create web --profile plain --ip 192.168.122.0
refused "the broadcast address" "192.168.122.255 cannot be used" create web --profile plain --ip 192.168.122.255
WANT=2 refused "no address at all" "'192.168.122' is not an IPv4 or IPv6 address" create web --profile plain --ip 192.168.122
refused "pool that does not exist" "there is no storage pool attic" create web --profile plain --pool attic

# A client of ours that is no machine holds a lease.
ip netns add client
ip link add lab0 type veth peer name eth0 netns client
ip link set lab0 master virbr0 up
ip -n client link set eth0 up
check "a client gets a lease" ip netns exec client udhcpc -i eth0 -n -q -f -s /bin/true
leased=$("$USHER" leases --json | jq -r '.leases[0].address')
mac=$(ip -n client -j link show eth0 | jq -r '.[0].address')
refused "address under a live lease" "$leased is in use by a lease of $mac" create web --profile plain --ip "$leased"

qemu-img create -q -f qcow2 /var/lib/libvirt/images/web.qcow2 64M
refused "volume of that name, made behind libvirt's back" "a volume web.qcow2 exists already in pool default" \
	create web --profile plain
rm /var/lib/libvirt/images/web.qcow2
virsh -q pool-refresh default >/dev/null

# --- another's domain ------------------------------------------------------------------------------------------------------

foreign() { # NAME MAC
	cat <<-END
		<domain type='qemu'>
		  <name>$1</name>
		  <memory unit='MiB'>64</memory>
		  <os><type arch='x86_64'>hvm</type><boot dev='hd'/></os>
		  <devices><interface type='network'><mac address='$2'/><source network='default'/></interface></devices>
		</domain>
	END
}
foreign theirs 52:54:c0:a8:7a:4d >"$USHER_LAB/theirs.xml"
virsh -q define "$USHER_LAB/theirs.xml" >/dev/null
refused "a domain of that name" "a domain theirs exists already and is not usher's" create theirs --profile plain
refused "a computed MAC that a domain has" "52:54:c0:a8:7a:4d belongs to domain theirs" \
	create web --profile plain --ip 192.168.122.77
refused "--replace of a foreign domain" "theirs .*not usher's" create theirs --profile plain --replace
virsh -q start --paused theirs >/dev/null # its firmware would take a lease meanwhile
running=$(virsh -q domid theirs)
refused "--replace of a foreign domain that runs" "theirs .*not usher's" create theirs --profile plain --replace
check "it still runs, the same run" test "$(virsh -q domid theirs)" = "$running"
qemu-img create -q -f qcow2 /var/lib/libvirt/images/web.qcow2 64M
virsh -q attach-disk theirs /var/lib/libvirt/images/web.qcow2 sdb --config --subdriver qcow2 >/dev/null
refused "--replace of a volume that is a foreign domain's disk" "volume web.qcow2 belongs to domain theirs" \
	create web --profile plain --replace
virsh -q destroy theirs >/dev/null
virsh -q undefine theirs >/dev/null
rm /var/lib/libvirt/images/web.qcow2
virsh -q pool-refresh default >/dev/null

# --- undone ------------------------------------------------------------------------------------------------------------------

# What is undone stays on the timeline, which is never rewritten: so all but that and the store is compared.
outside() { everything | sed '/^timeline:/,/^leases:/d; /^store:/,$d'; }
outside >"$USHER_LAB/before"
refute "a guest that libvirt defines but cannot start" said create late --profile late
check "one line says why" one_line
check "it is libvirt's reason" grep -q "late was not created: .*/nowhere/at/all.iso" "$said"
nothing_left() { outside >"$USHER_LAB/after" && diff "$USHER_LAB/before" "$USHER_LAB/after"; }
wait_until 10 nothing_left
check "nothing of it is left" nothing_left
check "the timeline tells" test "$("$USHER" timeline late --json | jq -r .kind | tail -n 1)" = deleted
no_record() {
	usher_stop KILL 2>/dev/null
	usher_start || return
	"$USHER" list --json | jq -e '.machines == []'
}
check "nor is its record, after a kill -9" no_record

# --- a guest that is there ---------------------------------------------------------------------------------------------------

check "a guest is made" create web --profile plain --ip 192.168.122.20
uuid=$("$USHER" show web --json | jq -r .uuid)
check "its domain has the record's UUID" test "$(virsh -q domuuid web | tr -d '\n')" = "$uuid"
check "its MAC is computed from its address" \
	test "$("$USHER" show web --json | jq -r '.nics[0].mac')" = 52:54:c0:a8:7a:14
virsh -q suspend web # what it does itself, booting, would change the store between two looks at it
check "that it is paused is on its timeline" wait_until 10 sh -c "'$USHER' timeline web | grep paused"
check "its name is in the network's DNS" grep -q '<hostname>web</hostname>' <(virsh net-dumpxml default)
refused "a name that is taken" "machine 'web' exists already: 'usher delete web' first, or --replace" \
	create web --profile plain
refused "an address that a machine has" "192.168.122.20 is in use by machine 'web'" \
	create other --profile plain --ip 192.168.122.20
refused "a name that is taken, for bare metal" "machine 'web' exists already" \
	"$USHER" enroll web --no-ssh-key --mac 02:00:00:00:00:09 --profile plain
refused "bare metal with a guest's MAC" "machine 'web' has that MAC" \
	"$USHER" enroll metal --no-ssh-key --mac 52:54:c0:a8:7a:14 --profile plain
refused "--replace by something impossible leaves the old one" "requires 128 MiB" \
	create web --profile plain --replace --memory 64
check "the old one is as it was" test "$(virsh -q domuuid web | tr -d '\n')" = "$uuid"

check "--replace makes it anew" create web --profile plain --replace
new=$("$USHER" show web --json | jq -r .uuid)
refute "with another UUID" test "$new" = "$uuid"
check "one domain" test "$(virsh -q list --all --uuid | xargs)" = "$new"
check "one volume" test "$(virsh -q vol-list default | wc -l)" = 1
check "one machine" test "$("$USHER" list --json | jq '.machines | length')" = 1
check "delete takes all of it away" "$USHER" delete web
check "no domain" test -z "$(virsh -q list --all --name)"
check "no volume" test -z "$(virsh -q vol-list default)"
refute "no name in the DNS" grep -q '<hostname>web</hostname>' <(virsh net-dumpxml default)
refute "a second delete fails" "$USHER" delete web

# --- the same request twice --------------------------------------------------------------------------------------------------

post() { # NAME REQUEST-ID
	curl -s -o "$USHER_LAB/reply$3" -w '%{http_code}' --unix-socket "$USHER_SOCKET" http://usher/api/v1/machines \
		-H 'Content-Type: application/json' \
		-d "{\"name\": \"$1\", \"kind\": \"guest\", \"profile\": \"plain\", \"request_id\": \"$2\"}"
}
check "a request" test "$(post twice abc 1)" = 201
check "the same request again is answered as before" test "$(post twice abc 2)" = 201
check "with the same machine" test "$(jq -r .uuid "$USHER_LAB/reply1")" = "$(jq -r .uuid "$USHER_LAB/reply2")"
check "the same name in another request is refused" test "$(post twice abd 3)" = 409
check "one machine, one domain, one volume" test "$("$USHER" list --json | jq '.machines | length') $(
	virsh -q list --all --name | grep -c .) $(virsh -q vol-list default | wc -l)" = "1 1 1"
check "it was armed once" test "$("$USHER" timeline twice --json | jq -r .kind | grep -c armed)" = 1
"$USHER" delete twice >/dev/null
post thrice xyz 4 >"$USHER_LAB/status4" &
one=$!
post thrice xyz 5 >"$USHER_LAB/status5"
wait $one
check "at the same time: one is created, the other hears so or waits its turn" \
	grep -qE '^201(201|409)$|^409201$' <(cat "$USHER_LAB/status4" "$USHER_LAB/status5")
check "one machine, one domain" test "$("$USHER" list --json | jq '.machines | length') $(
	virsh -q list --all --name | grep -c .)" = "1 1"
check "the loser's next try is the same creation" test "$(post thrice xyz 6)" = 201
"$USHER" delete thrice >/dev/null

# --- serve's own refusals ----------------------------------------------------------------------------------------------------

refused_serve() { # WHAT TEXT OPTION…
	local what=$1 text=$2 status
	shift 2
	timeout 10 "$USHER" serve "$@" 2>&1 </dev/null | grep -v '^usher: warning:' >"$said"
	status=${PIPESTATUS[0]}
	if [ "$status" != 1 ]; then fail "$what: exit $status: $(cat "$said")"
	elif ! one_line; then fail "$what: not one line"
	elif grep -qE "$text" "$said"; then pass "$what: $(cat "$said")"
	else fail "$what: no '$text' in: $(cat "$said")"
	fi
}
refused_serve "a second service on one state" "another .*(usher|process)" -c "$USHER_LAB/usher.xml"
cat >"$USHER_LAB/dhcp.xml" <<-END
	<network><name>leasing</name><bridge name='virbr9' stp='off'/>
	<ip address='192.168.99.1' netmask='255.255.255.0'><dhcp><range start='192.168.99.2' end='192.168.99.9'/></dhcp></ip>
	</network>
END
virsh -q net-define "$USHER_LAB/dhcp.xml" >/dev/null
usher_stop
usher_config "<segment network='leasing'/>" >"$USHER_LAB/leasing.xml"
refused_serve "a network that is not active" "'leasing' is not active: virsh net-start leasing" \
	-c "$USHER_LAB/leasing.xml" --network leasing # what only the file names is waited for: lab_network
virsh -q net-start leasing >/dev/null
usher_config "<segment network='leasing' mode='own'/>" >"$USHER_LAB/leasing.xml"
refused_serve "a network with <dhcp>, to be our own" "'leasing' has its own <dhcp>.*virsh net-edit leasing" \
	-c "$USHER_LAB/leasing.xml" --network leasing
usher_config "<segment network='nowhere'/>" >"$USHER_LAB/leasing.xml"
refused_serve "a network that is not there" "nowhere" -c "$USHER_LAB/leasing.xml" --network nowhere
usher_config "<segment interface='nowhere0'/>" >"$USHER_LAB/leasing.xml"
refused_serve "an interface that is not there" "interface 'nowhere0': no such interface" \
	-c "$USHER_LAB/leasing.xml" --interface nowhere0
printf "<usher>\n  <sgement network='default'/>\n</usher>\n" >"$USHER_LAB/leasing.xml"
refused_serve "a configuration with a slip" "leasing.xml:2: .*sgement" -c "$USHER_LAB/leasing.xml"
check "after all that it starts again" usher_start
usher_stop
lab_end
