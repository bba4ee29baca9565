#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# contrib/usher-inventory, as Ansible reads it: machines that are only recorded, and a list that is made up for those that are up.
# shellcheck source=/dev/null disable=SC2016
. "$(dirname "$0")/lib.sh"
lab_enter "$@"

inventory=$LAB_TOP/contrib/usher-inventory said=$USHER_LAB/said out=$USHER_LAB/out
export ANSIBLE_HOME=$USHER_LAB/ansible ANSIBLE_LOCALHOST_WARNING=False ANSIBLE_INVENTORY_UNPARSED_FAILED=True
read_by_ansible() { (cd "$USHER_LAB" && ansible-inventory -i "$inventory" "${1:---list}" >"$out" 2>"$said") && [ ! -s "$said" ]; }
lists() { "$inventory" --list >"$out"; }
is() { [ "$(jq -cr "$1" "$out")" = "$2" ] || { jq -c "$1" "$out"; false; }; }
fails() { # WHAT TEXT COMMAND…
	local what=$1 text=$2
	shift 2
	refute "$what" "$@" && { "$@" >/dev/null 2>"$said"; check "and says so in one line" test "$(grep -cE "^usher-inventory: .*$text" "$said")/$(wc -l <"$said")" = 1/1; }
}

# --- a service's records -----------------------------------------------------------------------------------------------------

ip link add lab0 type bridge && ip address add 10.99.0.1/24 dev lab0 && ip link set lab0 up
usher_config "<segment interface='lab0' mode='own'/>" >"$USHER_LAB/usher.xml"
check "the service starts" usher_start || lab_end
check "no machine at all" read_by_ansible
check "is no host, and no complaint" is '._meta.hostvars' '{}'
for n in 1 2; do
	"$USHER" enroll "bare0$n" --mac "52:54:00:00:00:0$n" --profile debian-12 --ip "10.99.0.$((n + 8))" --no-ssh-key >"$said" 2>&1 ||
		cat "$said"
done
check "none is up" lists
check "is no host" is '._meta.hostvars' '{}'
export USHER_INVENTORY=all
check "all machines" read_by_ansible
check "are both" is '.usher.hosts' '["bare01","bare02"]'
check "at their addresses" is '[._meta.hostvars[].ansible_host]' '["10.99.0.9","10.99.0.10"]'
check "with what is known of them" is '._meta.hostvars.bare01 | [.usher_state, .usher_profile, .usher_kind, .usher_mac, .usher_segment]' \
	'["known","debian-12","bare-metal","52:54:00:00:00:01","lab0"]'
check "as root" is '.usher.vars.ansible_user // ._meta.hostvars.bare01.ansible_user' root
check "in groups" is '[.profile_debian_12.hosts, .segment_lab0.hosts, .state_known.hosts] | unique' '[["bare01","bare02"]]'
one_host() { "$inventory" --host bare02 >"$out"; }
check "one host" one_host
check "is itself" is .ansible_host 10.99.0.10
USHER_INVENTORY=armed,known check "states by name" lists
check "are all of these" is '.usher.hosts | length' 2
export USHER_INVENTORY=failed
check "none of another state" lists
check "is there" is '._meta.hostvars' '{}'
export USHER_INVENTORY=running
fails "a state that is none is refused" "'running' is none of" "$inventory" --list
unset USHER_INVENTORY
mkdir "$USHER_LAB/site" "$USHER_LAB/site/group_vars"
ln -s "$inventory" "$USHER_LAB/site/usher-inventory"
echo 'ansible_user: admin' >"$USHER_LAB/site/group_vars/all.yml"
site_vars() { (cd "$USHER_LAB/site" && USHER_INVENTORY=all ansible-inventory -i usher-inventory --host bare01 >"$out"); }
check "the site's group_vars" site_vars
check "go first" is .ansible_user admin
usher_stop
fails "no service is told" "no service answers" "$inventory" --list
USHER=/nowhere/usher fails "no usher is told" "put usher into PATH" "$inventory" --list

# --- machines that are up -----------------------------------------------------------------------------------------------------

cat >"$USHER_LAB/usher" <<'END'
#!/bin/sh
case $1 in
list) cat <<-'JSON'
	{"machines": [
	{"name": "web01", "uuid": "1", "kind": "guest", "state": "up", "template": false, "profile": "tiny", "lab": "shop",
	 "nics": [{"segment": "default", "mac": "52:54:c0:a8:7a:05", "addresses": ["192.168.122.5"]}]},
	{"name": "off01", "uuid": "2", "kind": "guest", "state": "up", "guest_state": "off", "profile": "tiny", "nics": []},
	{"name": "golden", "uuid": "3", "kind": "guest", "state": "up", "template": true, "profile": "tiny", "nics": []},
	{"name": "rack1", "uuid": "4", "lab": "{{ 6 * 7 }}", "kind": "bare-metal", "state": "up", "profile": "rocky-9",
	 "nics": [{"segment": "eth1", "mac": "52:54:00:00:00:07", "addresses": []}]},
	{"name": "new", "uuid": "5", "kind": "guest", "state": "installing", "profile": "tiny", "nics": []}]}
JSON
	;;
known-hosts) echo '{"machines": [{"machine": "web01", "names": ["web01"], "host_keys": []}]}' ;;
leases) cat <<-'JSON'
	{"leases": [{"machine": "rack1", "address": "10.0.0.6", "state": "expired"},
	{"machine": "rack1", "address": "10.0.0.7", "state": "bound"}]}
JSON
	;;
esac
END
chmod +x "$USHER_LAB/usher"
export USHER=$USHER_LAB/usher
check "machines that are up" lists
check "are those that are up and run" is '.usher.hosts' '["rack1","web01"]'
check "by the lab that made them" is '.lab_shop.hosts' '["web01"]'
check "one without an address of its own is where its lease is" is '._meta.hostvars.rack1.ansible_host' 10.0.0.7
check "those whose keys nobody knows" is '.usher_keyless.hosts' '["rack1"]'
said_of() { (cd "$USHER_LAB" && ansible -i "$inventory" "$1" -c local -m debug -a "msg='$2'" >"$out" 2>&1); }
check "ssh's options for one whose keys are known" said_of web01 '{{ ansible_ssh_common_args }}'
check "are as usher ssh has them" grep -q "StrictHostKeyChecking=yes .*$USHER.* known-hosts web01' .*HostKeyAlias=web01" "$out"
check "and for one whose keys are not" said_of rack1 '{{ ansible_ssh_common_args }}'
check "take the first" grep -q '"-o StrictHostKeyChecking=accept-new"' "$out"
check "what people wrote" said_of rack1 '{{ usher_lab }}'
check "is no template" grep -qF '"{{ 6 * 7 }}"' "$out"
lab_end
