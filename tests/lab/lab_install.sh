#!/bin/bash
# The whole way, for real: a guest is created, boots from the network, installs Debian (profile tiny), boots its own disk
# and says so; it is not installed again by its own reboot; an install that fails says why; and nothing of a deleted
# guest is left.
. "$(dirname "$0")/lib.sh"
lab_enter "$@"

if [ ! -s "$USHER_TINY/root.tar.zst" ]; then
	skip "a real install: there is no $USHER_TINY (contrib/tiny/build makes it)"
	lab_end
fi

key=$TMPDIR/key
on_guest() {
	ssh -q -i "$key" -o BatchMode=yes -o ConnectTimeout=5 -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null "root@$address" "$@"
}
kinds() { "$USHER" timeline "$1" --json | jq -r .kind; }
count() { kinds "$1" | grep -cx "$2"; }
state() { "$USHER" show "$1" --json | jq -r .state; }
boot_id() { on_guest cat /proc/sys/kernel/random/boot_id; }
new_boot() { local now; now=$(boot_id) && [ -n "$now" ] && [ "$now" != "$first_boot" ]; }

ssh-keygen -q -t ed25519 -N '' -f "$key"
check "the service starts" usher_start || lab_end

check "create --wait ends with a guest that is up" \
	timeout 300 "$USHER" create web01 --profile tiny --ip 192.168.122.30 --ssh-key "$key.pub" --wait
"$USHER" timeline web01
address=192.168.122.30
check "it is up" test "$(state web01)" = up
for kind in created armed leased booting installing installed up; do
	check "its timeline has: $kind" test "$(count web01 $kind)" -ge 1
done
check "its MAC is computed from its address" \
	sh -c "virsh dumpxml web01 | grep -q \"mac address='52:54:c0:a8:7a:1e'\""
check "ssh lets its owner in" wait_until 30 on_guest true
check "it has its name" test "$(on_guest hostname)" = web01
check "it runs from its own disk" test "$(on_guest findmnt -no SOURCE /)" = /dev/vda1
check "its definition boots the disk first" \
	sh -c "virsh dumpxml --inactive web01 | grep -q '<on_reboot>restart</on_reboot>'"

first_boot=$(boot_id)
on_guest systemctl reboot 2>/dev/null
check "its own reboot brings it back" wait_until 90 new_boot
check "from its disk, not into an installer" test "$(count web01 booting)" = 1
check "delete removes it" "$USHER" delete web01
refute "no domain is left" virsh dominfo web01
check "no volume is left" test -z "$(ls /var/lib/libvirt/images)"

refute "an install that cannot work fails" \
	timeout 120 "$USHER" create bad01 --profile tiny --set disk=nosuch --no-ssh-key --wait
check "it is recorded as failed" test "$(state bad01)" = failed
check "with the installer's own reason" sh -c "'$USHER' show bad01 | grep -q 'no disk /dev/nosuch'"
check "and deleted" "$USHER" delete bad01

usher_stop
lab_end
