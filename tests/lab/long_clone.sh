#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A template of an installed guest, and clones of it: linked ones and a copy. The template's disk has nothing left that made it
# one machine; its clones come up in seconds with a name, an address, a MAC, a machine-id and host keys of their own; what
# would take the disk away beneath them is refused. The site's script runs in the installed system, and in clones, before they
# are up; one that fails is told. CLONES: how many, two at least (5).
# shellcheck source=tests/lab/lib.sh disable=SC2016,SC2119,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
# shellcheck source=tests/lab/guests.sh
. "$LAB_TOP/tests/lab/guests.sh"
guests_need_tiny
clones=${CLONES:-5}
images=/var/lib/libvirt/images
show_all() { "$USHER" list; "$USHER" timeline; }
refused() { # WHAT WORDS COMMAND…
	local what=$1 words=$2
	shift 2
	refute "$what" sh -c '"$@" 2>"$0"' "$USHER_LAB/said" "$@"
	check "which is said" grep -q -- "$words" "$USHER_LAB/said" || cat "$USHER_LAB/said"
}

need "the service starts" usher_start
cat >"$USHER_LAB/script" <<'END'
#!/bin/bash
echo "of $(hostname), as $(id -un)" >/var/lib/ran
echo "the site's script spoke"
END
need "a guest is created, with a first-boot script" create gold --profile tiny --first-boot "$USHER_LAB/script"
refused "no template of one that is being installed" "gold is not installed" "$USHER" template gold
check "it comes up" timeout 600 "$USHER" wait gold || { show_all; lab_end; }
check "when the script has run" on_is "of gold, as root" 192.168.122.2 cat /var/lib/ran
check "once, with its output in a file" on_is "the site's script spoke" 192.168.122.2 cat /var/log/usher-first-boot.log
check "and left nothing behind" on_is "hostkeys uuid" 192.168.122.2 "cd /etc/usher-agent && echo *"
refused "no template of one that runs" "--shutdown" "$USHER" template gold
refused "no clone of what is no template" "gold is not a template" "$USHER" clone gold c1
identity() { on "$1" "cat /etc/machine-id; cut -d' ' -f2 /etc/ssh/ssh_host_*_key.pub; cat /sys/class/net/e*/address; hostname; cat /etc/hostname"; }
identity 192.168.122.2 >"$USHER_LAB/identities"

on 192.168.122.2 systemctl poweroff 2>/dev/null
check "it is shut off" wait_until 60 domain_is gold "shut off"
sealed=$(date +%s)
timeout 900 "$USHER" template gold --json >"$USHER_LAB/template" || { fail "it becomes a template"; show_all; lab_end; }
pass "it becomes a template"
echo "    in $(($(date +%s) - sealed)) s; its disk took $(jq .bytes_before "$USHER_LAB/template") bytes and takes $(jq .bytes_after "$USHER_LAB/template")"
check "its disk is smaller" jq -e '.bytes_after > 0 and .bytes_after < .bytes_before' "$USHER_LAB/template"
check "it does not run" domain_is gold "shut off"
check "the record says so" sh -c "'$USHER' show gold --json | jq -e .template"

# --- what is on its disk -----------------------------------------------------------------------------------------------------
disk=$(virsh domblklist gold | awk '$1 == "vda" { print $2 }')
qemu-img convert -O raw "$disk" $images/raw
mkdir "$USHER_LAB/disk"
need "its disk is mounted" mount -o ro,loop,noload,offset=$((2048 * 512)) $images/raw "$USHER_LAB/disk"
on_disk=$USHER_LAB/disk
check "its machine-id is empty" test -e "$on_disk/etc/machine-id" -a ! -s "$on_disk/etc/machine-id"
check "it has no host keys" test -z "$(ls "$on_disk"/etc/ssh/ssh_host* 2>/dev/null)"
check "no name" test ! -s "$on_disk/etc/hostname"
refute "no MAC" grep -rqi 52:54:c0 "$on_disk/etc"
check "no journal" test -z "$(ls "$on_disk/var/log/journal")"
refute "no random seed" test -e "$on_disk/var/lib/systemd/random-seed"
umount "$on_disk"
rm $images/raw

# --- its clones ---------------------------------------------------------------------------------------------------------------
cat >"$USHER_LAB/clone-script" <<'END'
echo "of $(hostname)" >/var/lib/ran
END
names=() addresses=()
for n in $(seq "$clones"); do
	names+=("c$n") addresses+=("192.168.122.$((n + 2))")
done
answers_all() { local at; for at in "${addresses[@]}"; do on_is "root" "$at" whoami || return 1; done; }
asked=$(date +%s%N)
need "linked clones are made" "$USHER" clone gold "c{1..$((clones - 1))}" --first-boot "$USHER_LAB/clone-script"
made=$(date +%s%N)
printf 'echo "mirror.example: no such host"\nexit 4\n' >"$USHER_LAB/bad"
need "and a copy, whose script fails" "$USHER" clone gold "c$clones" --copy --memory 768 --first-boot "$USHER_LAB/bad"
check "all answer" wait_until 150 answers_all || show_all
echo "    $clones clones: made in $(((made - asked) / 1000000)) ms but for the copy, all answer after $((($(date +%s%N) - asked) / 1000000)) ms"
check "the linked ones are up" timeout 300 "$USHER" wait "${names[@]:0:$((clones - 1))}" || show_all
check "the copy has failed" timeout 300 "$USHER" wait "c$clones" --for failed || show_all
check "with what its script said" sh -c "'$USHER' show c$clones | grep -q 'first-boot script: exit status 4: mirror.example: no such host'"
for n in $(seq "$clones"); do
	at=${addresses[n - 1]}
	identity "$at" >"$USHER_LAB/one"
	cat "$USHER_LAB/one" >>"$USHER_LAB/identities"
	check "c$n has its name" test "$(sort "$USHER_LAB/one" | uniq -d)" = "c$n"
	check "c$n has its address" test "$(address "c$n")" = "$at"
	check "c$n has its MAC" grep -qx "$(printf '52:54:c0:a8:7a:%02x' $((n + 2)))" "$USHER_LAB/one"
	check "c$n runs from its own disk" runs_from_disk "$at"
	check "c$n was never armed" test "$(count "c$n" armed) $(count "c$n" booting)" = "0 0"
done
# machine-id, key, MAC, name
check "no two have one thing in common" test -z "$(awk 'NF && !/^(gold|c[0-9]+)$/' "$USHER_LAB/identities" | sort | uniq -d)"
check "$((clones + 1)) of each" test "$(grep -cx '[0-9a-f]\{32\}' "$USHER_LAB/identities") $(grep -c ^AAAA "$USHER_LAB/identities") $(grep -c : "$USHER_LAB/identities")" = \
	"$((clones + 1)) $((clones + 1)) $((clones + 1))"
check "c1's script has run" on_is "of c1" "${addresses[0]}" cat /var/lib/ran
check "the copy has what the template had" on_is "of gold, as root" "${addresses[clones - 1]}" cat /var/lib/ran
beneath() { qemu-img info -U "$(virsh domblklist "$1" | awk '$1 == "vda" { print $2 }')" | grep -q "^backing file: $disk"; }
check "c1 lies upon the template's disk" beneath c1
refute "the copy does not" beneath "c$clones"
check "its memory is what was asked for" sh -c "virsh dominfo c$clones | grep -q 'Max memory: *786432 KiB'"

# --- what is not done to a template ---------------------------------------------------------------------------------------------
refused "it is not installed again" "gold is a template" "$USHER" reinstall gold
refused "nor deleted" "the disks of c1.* are linked" "$USHER" delete gold
refused "nor replaced" "gold' is a template" "$USHER" create gold --profile tiny --replace --no-ssh-key
refused "nor made one again" "gold is a template" "$USHER" template gold
refused "a clone has no other profile's settings" "no template 'silver'" "$USHER" clone silver c9
virsh -q start gold >/dev/null 2>&1 # libvirt may refuse that itself: its disk is read-only, and in use
virsh -q destroy gold >/dev/null 2>&1
check "it is not started by us" test "$(count gold power)" = 1
check "nor is it anything else than it was" state_is gold up

# --- nothing stays -----------------------------------------------------------------------------------------------------------
check "a clone is deleted" "$USHER" delete c1
refute "and its disk" test -e $images/c1.qcow2
check "its name is free: a clone without a script" "$USHER" clone gold c1
check "all of them go" "$USHER" delete "${names[@]}"
check "then the template may" "$USHER" delete gold
check "nothing is left" test -z "$(ls $images)" || ls $images
lab_end
