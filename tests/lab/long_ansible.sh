#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# Ansible, over contrib/usher-inventory, reaches two guests the moment that `usher wait --for up` returns: a ping, and a play that
# looks at who they are. They have python3, which the other labs' guests do without.
# shellcheck source=/dev/null disable=SC2016
top=$(cd "$(dirname "$0")/../.." && pwd)
export USHER_TINY=$top/build/cache/tiny-python
[ -n "${USHER_LAB:-}" ] || TINY_PACKAGES=python3 "$top/contrib/tiny/build" "$USHER_TINY" || exit 1
. "$top/tests/lab/lib.sh"
lab_enter "$@"
. "$top/tests/lab/guests.sh"
guests_need_tiny

inventory=$top/contrib/usher-inventory
# Nothing of Ansible's or ssh's goes to the host's /root.
export ANSIBLE_HOME=$USHER_LAB/ansible ANSIBLE_SSH_CONTROL_PATH_DIR=$USHER_LAB/cp ANSIBLE_INVENTORY_UNPARSED_FAILED=True
export ANSIBLE_SSH_ARGS="-o UserKnownHostsFile=$USHER_LAB/known_hosts" ANSIBLE_PRIVATE_KEY_FILE=$key
ansible_does() { (cd "$USHER_LAB" && timeout 300 "$@"); }

need "the service starts" usher_start
check "no machine, no host" sh -c "[ \"\$('$inventory' --list | jq -c .usher.hosts)\" = '[]' ]"
need "two guests are created" create 'web{01..02}' --profile tiny
check "while they install they are not in the inventory" sh -c "[ \"\$('$inventory' --list | jq -c .usher.hosts)\" = '[]' ]"
need "they are up" timeout 900 "$USHER" wait 'web{01..02}' --for up
start=$(date +%s%N)
ansible_does ansible -i "$inventory" usher -m ping >"$USHER_LAB/ping" 2>&1
took=$((($(date +%s%N) - start) / 1000000))
pongs() { [ "$(grep -c '"ping": "pong"' "$USHER_LAB/ping")" = 2 ] && ! grep -qE 'UNREACHABLE|FAILED|WARNING' "$USHER_LAB/ping"; }
check "Ansible's ping, at once: both answer, after $took ms" pongs
cat "$USHER_LAB/ping"
check "each by the keys that it reported: no other was taken" test ! -e "$USHER_LAB/known_hosts"
answered() { (cd "$USHER_LAB" && timeout 300 ansible -i "$inventory" web01 -e "ansible_host=$1" -m ping >"$USHER_LAB/ping" 2>&1); }
other=$("$inventory" --host web02 | jq -r .ansible_host)
refute "another that answers for it is sent nothing" answered "$other"
check "for it has another key" grep -q 'Host key verification failed' "$USHER_LAB/ping"

cat >"$USHER_LAB/site.yml" <<'END'
- hosts: profile_tiny:&segment_default:&state_up
  tasks:
    - ansible.builtin.assert:
        that:
          - ansible_hostname == inventory_hostname
          - ansible_default_ipv4.macaddress == usher_mac
          - ansible_default_ipv4.address == ansible_host
END
check "a play finds each where the inventory has it" ansible_does ansible-playbook -i "$inventory" "$USHER_LAB/site.yml"
check "delete" "$USHER" delete 'web{01..02}'
check "and they are in it no more" sh -c "[ \"\$('$inventory' --list | jq -c .usher.hosts)\" = '[]' ]"
lab_end
