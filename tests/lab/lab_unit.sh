#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The service as its unit runs it: what `make install` puts on a host, started by a real systemd, process 1 of its own part of the
# lab. No root at any moment, two capabilities, and in that cage all of the work: networks that are made anew, hooks, power, a
# guest's console, and an installation that the service is killed in the middle of.
# shellcheck source=tests/lab/lib.sh disable=SC2119,SC2317
#
# lab: boots guests
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
# shellcheck source=tests/lab/guests.sh
. "$LAB_TOP/tests/lab/guests.sh"
installed=$USHER_LAB/installed units=$USHER_LAB/units log=$USHER_LAB/usher.log

[ -z "${SANITIZE:-}" ] || { skip "the unit: a sanitizer does not work in its cage"; lab_end; }
[ -x /lib/systemd/systemd ] || { skip "the unit: there is no systemd"; lab_end; }

# --- a systemd of our own ---------------------------------------------------------------------------------------------------

# A part of the control groups for it, below ours. One that an earlier lab left is empty, so that it goes.
groups=$USHER_LAB/groups
no_group() { [ ! -d "${group:-}" ] || find "$group" -depth -type d -exec rmdir {} + ; }
own_group() {
	local here
	mkdir -p "$groups"
	mountpoint -q "$groups" || mount -t cgroup2 lab "$groups" || return
	here=$groups$(sed -n 's/^0:://p' /proc/self/cgroup)
	for group in "$here"/usher-unit-*; do no_group; done 2>/dev/null
	group=$here/usher-unit-$(od -An -N4 -tx4 /dev/urandom | tr -d ' ')
	mkdir "$group"
}

# It knows usher.service and the targets that each service comes after, of which none wants anything here.
units() {
	local target
	mkdir -p "$units/usher.service.d"
	cp "$installed/lib/systemd/system/usher.service" "$units" || return
	for target in sysinit basic shutdown multi-user network-online; do
		printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' $target >"$units/$target.target"
	done
	# its log is ours to read; there is no journal
	printf '[Service]\nStandardOutput=append:%s\nStandardError=append:%s\n' "$log" "$log" >"$units/usher.service.d/log.conf"
}

# It hears only who is among its own processes.
systemctl() { nsenter -t "$(pgrep -P $systemd)" -p -m systemctl --no-pager "$@"; }
systemd_is_there() { systemctl list-units; }
start_systemd() {
	own_group && units || return
	: >"$log"
	(
		echo "$BASHPID" >"$group/cgroup.procs" &&
			exec unshare --pid --fork --kill-child=KILL --mount --propagation private --cgroup --mount-proc sh -c "
				mount -t cgroup2 lab /sys/fs/cgroup && mount --bind '$installed/usr/local' /usr/local &&
				exec env -i PATH='$PATH' container=lab SYSTEMD_UNIT_PATH='$units' /lib/systemd/systemd --system \
					--unit=multi-user.target --log-target=console --show-status=no"
	) >"$USHER_LAB/systemd.log" 2>&1 </dev/null &
	systemd=$!
	wait_until 20 systemd_is_there
}
stop_systemd() {
	kill -KILL $systemd
	wait $systemd 2>/dev/null
	wait_until 10 no_group
}

unit() { systemctl show usher -P "$1"; }
unit_is() { [ "$(unit "$1")" = "$2" ] || { systemctl status usher; unit "$1"; tail -n 20 "$log"; return 1; }; }

# --- installed --------------------------------------------------------------------------------------------------------------

# By an administrator whose files are nobody else's, as the service's user has to read them.
make_install() (
	umask 077
	env -u MAKEFLAGS "${MAKE:-make}" --no-print-directory -C "$LAB_TOP" B="${B#"$LAB_TOP"/}" DESTDIR="$installed" install
)
need "make install" make_install
check "everybody can read it" test -z "$(find "$installed" -mindepth 1 ! -type l ! -perm -044)"
check "and run and enter what can be" test -z "$(find "$installed" -mindepth 1 -perm -100 ! -perm -111)"
USHER=$installed/usr/local/bin/usher
userdel usher
need "the users are made" systemd-sysusers "$installed/usr/lib/sysusers.d/usher.conf"
check "usher is in the groups of libvirt and KVM" test "$(id -nG usher | tr ' ' '\n' | sort | xargs)" = "kvm libvirt usher"
mount -t tmpfs lab /srv # the host has its own
mkdir -p /etc/usher/hooks
usher_config | sed "/<profiles/d; /<hooks/d; /<user/d; /<power/d; s|<usher>|<usher><package-cache mib='100'/>|" >/etc/usher/usher.xml
guests_need_tiny
lab_bind "$USHER_TINY" tiny

# What a hook sees of the cage, from inside.
told_by=/var/lib/usher/cage
cat >/etc/usher/hooks/10-cage <<'END'
#!/bin/bash
# says WHAT COMMAND…: does it work?
says() { local what=$1; shift; if "$@" 2>/dev/null; then echo "$what: yes"; else echo "$what: no"; fi; }
[ "$USHER_EVENT" = created ] || exit 0
{
	echo "user: $(id -un)"
	sed -n 's/^Cap\(Prm\|Eff\|Bnd\|Amb\):\t0*/cap\1: /p' /proc/self/status
	says "writes /var/lib/usher" touch /var/lib/usher/touched
	says "writes /run/usher" touch /run/usher/touched
	# by what the mount is, not by what the folder's owner may
	for at in /etc /usr /usr/local /run /srv /boot /var/log /var/lib/libvirt; do
		says "has $at to write" sh -c "findmnt -no VFS-OPTIONS -T $at | tail -n 1 | grep -qE '^rw'"
	done
	says "sees /home" ls /home/*
	says "sees process 1" test -d /proc/1
	says "has a namespace" unshare -U true
	cp /bin/true /tmp/true
	says "runs what it wrote" /tmp/true
	says "sets the kernel" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	says "asks libvirt" virsh -q -c qemu:///system uri
} >/var/lib/usher/cage.new
mv /var/lib/usher/cage.new /var/lib/usher/cage
END
chmod 755 /etc/usher/hooks/10-cage
hook_said() { grep -qx "$1" $told_by || { cat $told_by; false; }; }

# --- started ----------------------------------------------------------------------------------------------------------------

if ! start_systemd; then
	skip "the unit: systemd cannot be process 1 here: $(tail -n 1 "$USHER_LAB/systemd.log")"
	[ -z "${group:-}" ] || stop_systemd
	lab_end
fi
trap stop_systemd EXIT
start() { systemctl start usher || { systemctl status usher; tail -n 20 "$log" "$USHER_LAB/systemd.log"; false; }; }
need "systemd starts the service, which says that it is ready" start
check "it is usher's unit alone, without a change" unit_is FragmentPath "$units/usher.service"
pid() { pgrep -u usher -x usher; }
of_process() { awk -v key="$1:" '$1 == key { print $2 }' "/proc/$(pid)/status"; }
is_process() { [ "$(of_process "$1")" = "$2" ] || { of_process "$1"; return 1; }; }
for caps in CapEff CapPrm CapBnd; do
	check "$caps: ports below 1024 and packet sockets" is_process $caps 0000000000002400
done
check "children inherit none" is_process CapAmb 0000000000000000
check "no new privileges" is_process NoNewPrivs 1
check "its system calls are filtered" is_process Seccomp 2
nices() { local t; for t in "/proc/$(pid)/task"/*; do cut -d ' ' -f 19 "$t/stat"; done | sort -n | uniq -c | xargs; }
check "the main thread is the most urgent" sh -c "[ \"\$(cut -d ' ' -f 19 /proc/$(pid)/task/$(pid)/stat)\" = -10 ]"
check "and it alone: $(nices)" test "$(nices | cut -d ' ' -f 1,2)" = "1 -10"
modes() { stat -c '%a %U %G' "$@" | xargs; }
check "its folders are its own" test "$(modes /var/lib/usher /run/usher /run/usher/usher.sock)" = \
	"700 usher usher 755 usher usher 660 usher usher"
check "its state is nobody else's" test -z "$(find /var/lib/usher -mindepth 1 -perm /077)"

# --- at work ----------------------------------------------------------------------------------------------------------------

cache_runs() { "$USHER" packages --json | jq -e .running; }
cache_pid() { pgrep -u usher -f "^nginx: master process .*/var/lib/usher/packages"; }
check "its package cache runs" wait_until 10 cache_runs || "$USHER" packages
check "without capabilities" test "$(awk '/^Cap(Eff|Prm|Amb):/ { print $2 }' "/proc/$(cache_pid)/status" | sort -u)" = 0000000000000000
cache_answers() { [ "$(curl -s -o /dev/null -w '%{http_code}' http://192.168.122.1:8068/)" = 403 ]; }
check "and answers" cache_answers

# Its sockets went with the bridge: it opens new ones without ever having been root.
virsh -q net-destroy default
virsh -q net-start default
listens() { ss -Huln 'sport = :67' | grep -q .; }
check "a network that is made anew is served again" wait_until 20 listens

create web --profile tiny --ip 192.168.122.30 >"$USHER_LAB/web" 2>&1
check "a guest is created" domain_is web running || cat "$USHER_LAB/web"
check "a hook runs" wait_until 20 test -e $told_by
for caps in Prm Eff Amb; do check "without capabilities: $caps" hook_said "cap$caps: "; done
check "nor can it get more than two" hook_said "capBnd: 2400"
check "as the service's user" hook_said "user: usher"
for what in "writes /var/lib/usher" "writes /run/usher" "asks libvirt"; do check "it $what" hook_said "$what: yes"; done
for what in "has /"{etc,usr,usr/local,run,srv,boot,var/log,var/lib/libvirt}" to write" "sees /home" "sees process 1" "has a namespace" \
	"runs what it wrote" "sets the kernel"; do
	check "it never $what" hook_said "$what: no"
done

mac=52:54:00:ba:4e:01
check "a power executable is root's, and where it belongs" install -D -m 755 "$installed/usr/local/share/usher/power-libvirt" /etc/usher/power/libvirt
check "a bare machine is enrolled, with a power executable" "$USHER" enroll bare --mac $mac --profile tiny --ssh-key "$key.pub" \
	--power /etc/usher/power/libvirt
sed -e "s/BARE/bare/; s/MAC/$mac/" >"$USHER_LAB/bare.xml" <<'END'
<domain type='qemu'><name>BARE</name><memory unit='MiB'>256</memory><os><type arch='x86_64'>hvm</type><boot dev='network'/></os>
<devices><interface type='network'><mac address='MAC'/><source network='default'/></interface></devices></domain>
END
virsh -q define "$USHER_LAB/bare.xml"
check "it is armed" "$USHER" reinstall bare
check "which switches it on" wait_until 30 domain_is bare running || "$USHER" timeline bare
virsh -q destroy bare # it would be in the guest's way

installing() { kinds web | grep -qx installing; }
check "the guest is being installed" wait_until 60 installing
was=$(pid)
kill -KILL "$was"
again() { [ -n "$(pid)" ] && [ "$(pid)" != "$was" ] && "$USHER" list; }
check "the service is killed, and systemd starts it again" wait_until 20 again
check "once" unit_is NRestarts 1
check "under the same rules" is_process CapEff 0000000000002400
check "the guest comes up" timeout 700 "$USHER" wait web || "$USHER" timeline web
check "and lets its owner in" wait_until 20 on_is web 192.168.122.30 hostname
check "it runs from its own disk" runs_from_disk 192.168.122.30
check "its timeline is complete" timeline_has web created armed leased booting installing installed leased up
check "its console was recorded" sh -c "'$USHER' console web --log | grep -q ."

said_in_log() { grep -q -- "$1" "$log"; }
check "it reads profiles again when it is told to" systemctl reload usher
check "and says so" wait_until 10 said_in_log "were read again"
check "it stops" systemctl stop usher
check "in peace" unit_is Result success
check "its run folder goes with it" test ! -e /run/usher

# --- what a site changes -----------------------------------------------------------------------------------------------------

sed -i "s|<usher>|<usher><state dir='/srv/usher'/>|; s|<state dir='/var/lib/usher'/>||" /etc/usher/usher.xml
refute "a state folder that the unit does not allow" systemctl start usher
systemctl stop usher
check "is refused with what to do" said_in_log "/srv/usher is on a read-only file system.*ReadWritePaths=/srv/usher"
chmod 600 /etc/usher/usher.xml
refute "a configuration that the user may not read" systemctl start usher
systemctl stop usher
check "is refused, and not taken for none" said_in_log "/etc/usher/usher.xml: Permission denied"
lab_end
