# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For the labs whose guests really install, bash; after lib.sh.
#
# A guest's address and state are always the service's own word; ssh goes in with a key that the lab made.
key=$TMPDIR/key

# Without the small Debian there is nothing to install.
guests_need_tiny() {
	if [ ! -s "$USHER_TINY/root.tar.zst" ]; then
		skip "a real install: there is no $USHER_TINY (contrib/tiny/build makes it)"
		lab_end
	fi
	ssh-keygen -q -t ed25519 -N '' -f "$key"
}

# As check; the lab ends when it does not hold, since all that follows would fail as well.
need() { check "$@" || lab_end; }

create() { "$USHER" create "$@" --ssh-key "$key.pub"; }
state() { "$USHER" show "$1" --json | jq -r .state; }
state_is() { [ "$(state "$1")" = "$2" ]; }
reason() { "$USHER" show "$1" --json | jq -r .attempt.reason; }
boots() { "$USHER" show "$1" --json | jq -r .attempt.boots; }
address() { "$USHER" show "$1" --json | jq -r '.nics[0].addresses[0]'; }
kinds() { "$USHER" timeline "$1" --json | jq -r .kind; }
count() { kinds "$1" | grep -cx "$2"; }
domain_is() { [ "$(virsh -q domstate "$1" 2>/dev/null)" = "$2" ]; }
# Is this text in what the timeline says of this kind?
told() { "$USHER" timeline "$1" --json | jq -r "select(.kind == \"$2\").text" | grep -q -- "$3"; }
shows() { "$USHER" show "$1" | grep -q -- "$2"; }

# as USER ADDRESS COMMAND…
as() {
	local user=$1 at=$2
	shift 2
	# a machine that restarts meanwhile would leave it waiting
	ssh -q -i "$key" -o BatchMode=yes -o ConnectTimeout=5 -o ServerAliveInterval=5 -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null "$user@$at" "$@" </dev/null
}
as_is() { local want=$1; shift; [ "$(as "$@")" = "$want" ]; }
inside_is() { # WHAT WANT USER ADDRESS COMMAND…
	local what=$1 want=$2
	shift 2
	check "$what" wait_until 10 as_is "$want" "$@"
}
# console_has NAME TEXT: what was recorded of it
console_has() { "$USHER" console "$1" --log | grep -aq -- "$2"; }
# on ADDRESS COMMAND…
on() { as root "$@"; }
on_is() { local want=$1; shift; [ "$(on "$@")" = "$want" ]; }
# The disk that its root filesystem is on is the one that was installed.
runs_from_disk() { on_is /dev/vda1 "$1" findmnt -no SOURCE /; }

# Each of these kinds, once at least and in this order.
timeline_has() {
	local name=$1 kind
	shift
	kinds "$name" >"$USHER_LAB/kinds"
	for kind in "$@"; do
		if ! grep -qx "$kind" "$USHER_LAB/kinds"; then
			echo "no '$kind' where it is due in:"
			kinds "$name" | tr '\n' ' '
			return 1
		fi
		sed -i "0,/^$kind\$/d" "$USHER_LAB/kinds"
	done
}
