#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A lab of twelve (LAB_MACHINES) that install for real, a few at a time, on a network of its own. In the middle of it libvirtd
# is killed and started again, and one guest is destroyed: up says which failed and why, and up again repairs it. Then again:
# nothing. Then one more, one less, one with more memory: just those. Then down: nothing is left.
# shellcheck source=tests/lab/lib.sh disable=SC2119,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
# shellcheck source=tests/lab/guests.sh
. "$LAB_TOP/tests/lab/guests.sh"
guests_need_tiny
n=${LAB_MACHINES:-12} parallel=${LAB_PARALLEL:-3}
lab=$USHER_LAB/lab.xml said=$USHER_LAB/said
need "the service starts" usher_start

# So small a system has nobody that listens to its power button.
cat >"$USHER_LAB/button" <<'END'
cat >/usr/local/sbin/button <<'SCRIPT'
#!/bin/sh
for e in /dev/input/event*; do
	(dd if=$e of=/dev/null bs=24 count=1 && systemctl poweroff) &
done
wait
SCRIPT
chmod 755 /usr/local/sbin/button
printf '%s\n' '[Service]' ExecStart=/usr/local/sbin/button '[Install]' WantedBy=multi-user.target \
	>/etc/systemd/system/button.service
systemctl enable button
END

# lab_file MACHINES…
lab_file() {
	cat >"$lab" <<-END
		<lab name='twelve'>
		  <network name='lab0' subnet='10.77.0.0/24' forward='none'/>
		  <defaults profile='tiny' network='lab0' memory='512'><ssh-key file='$key.pub'/>
		    <set name='extra' file='button'/></defaults>
		  $*
		</lab>
	END
}
name() { printf 'm%02d' "$1"; }
up() { timeout 3000 "$USHER" up "$lab" --parallel "$parallel" "$@" >"$said" 2>&1 </dev/null; }
says() { grep -qF -- "$1" "$said" || { tail -n 30 "$said"; false; }; }
all_up() { [ "$("$USHER" list --json | jq '[.machines[] | select(.state == "up")] | length')" = "$1" ]; }
# What must not change of those that nobody touches: which domain, which run of it, and all that ever happened to it.
trace() {
	local m
	for m in "$@"; do
		echo "$m $("$USHER" show "$m" --json | jq -r .uuid) $(virsh -q domid "$m") $("$USHER" timeline "$m" --json | wc -l)"
	done
}
leases_differ() { [ -z "$("$USHER" list --json | jq -r '.machines[].nics[0].addresses[0]' | sort | uniq -d)" ]; }

# --- twelve, disturbed ------------------------------------------------------------------------------------------------------

lab_file "<machine name='m{01..$(printf '%02d' "$n")}' ip='10.77.0.11'/>"
up &
pid=$!
check "the first installs" wait_until 200 state_is m01 installing
virsh -q destroy m01
check "destroyed by somebody, it has failed" wait_until 20 state_is m01 failed
check "the second installs" wait_until 200 eval 'state_is m02 installing || state_is m02 installed || state_is m02 up'
kill -9 "$(pidof libvirtd)"
sleep 2
check "libvirtd is killed, and started again" start_libvirtd
wait $pid
check "up fails" test $? = 1
check "... and says which and why" says "failed: m01: stopped from outside"
grep '^failed' "$said" | sed 's/^/    /'
sed -n '/^seconds/,$s/^/| /p' "$said"
check "up again repairs" up || { cat "$said"; "$USHER" list; }
check "... m01 too" says "> m01              installed again, it failed: stopped from outside"
check "all are up" all_up "$n"
check "each has its own address" leases_differ
check "one answers" on_is m02 "$(address m02)" hostname
sed -n '/^seconds/,$s/^/| /p' "$said"

# --- again, and the difference ----------------------------------------------------------------------------------------------

everyone=$(for i in $(seq 1 "$n"); do name "$i"; echo; done)
# shellcheck disable=SC2086
trace $everyone >"$USHER_LAB/before"
check "again" up
check "... there is nothing to do" says "nothing to do: lab twelve is as it should be ($n machines)"
# shellcheck disable=SC2086
trace $everyone >"$USHER_LAB/after"
check "... and nothing was touched" diff "$USHER_LAB/before" "$USHER_LAB/after"

others=$(for i in $(seq 3 "$n"); do name "$i"; echo; done)
# shellcheck disable=SC2086
trace $others >"$USHER_LAB/before"
lab_file "<machine name='m02' ip='10.77.0.12' memory='640'/>
	<machine name='m{03..$(printf '%02d' "$n")}' ip='10.77.0.13'/> <machine name='more' ip='10.77.0.99'/>"
check "a dry run" up --dry-run
check "... of three steps" test "$(wc -l <"$said")" = 3
boot=$(on 10.77.0.12 cat /proc/sys/kernel/random/boot_id)
check "one less, one more, one with more memory" up --restart || cat "$said"
check "... m01 is gone" says "- m01              deleted, with its disk: no longer in the lab"
check "... more is up" state_is more up
check "... m02 has it at once" wait_until 90 eval '[ "$(on 10.77.0.12 "sed -n s/MemTotal:.//p /proc/meminfo | tr -dc 0-9")" -gt 560000 ]'
refute "... since it was restarted" test "$(on 10.77.0.12 cat /proc/sys/kernel/random/boot_id)" = "$boot"
# shellcheck disable=SC2086
trace $others >"$USHER_LAB/after"
check "nobody else was touched" diff "$USHER_LAB/before" "$USHER_LAB/after"
check "again: nothing" up
check "... to do" says "nothing to do"

# --- down -------------------------------------------------------------------------------------------------------------------

check "down" timeout 600 "$USHER" down "$lab" --parallel 4
check "no machine is left" test "$("$USHER" list --json | jq '.machines | length')" = 0
check "no domain" test -z "$(virsh -q list --all --name)"
check "no volume" test -z "$(virsh -q vol-list default)"
check "no network of its" test "$(virsh -q net-list --all --name | xargs)" = default
lab_end
