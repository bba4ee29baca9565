#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Kernel and initrd by URL, from a mirror (nginx) in the lab: fetched once for many machines, gone on with after kill -9,
# errors at create and nothing made, asked for again with a condition, used when the mirror is gone, pruned; and what
# the boot script names is what the mirror has, by HTTP and TFTP. In a network namespace of its own; no guest.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"

MIRROR=127.0.0.1:8090
WEB=$USHER_LAB/web

# profile NAME TREE [KERNEL'S ATTRIBUTES]: TREE below the mirror.
profile() {
	mkdir -p "$USHER_LAB/more/$1"
	cat >"$USHER_LAB/more/$1/profile.xml" <<-END
		<profile name='$1'>
		  <title>$1</title>
		  <media name='$1' url='http://{{set.mirror}}/$2'/>
		  <boot>
		    <kernel ${3:-}>linux</kernel>
		    <initrd>initrd</initrd>
		    <cmdline>repo={{media.url}}</cmdline>
		  </boot>
		  <answers format='shell' template='answers'/>
		  <setting name='mirror' default='$MIRROR'>host and port</setting>
		</profile>
	END
	echo '# {{machine.name}}' >"$USHER_LAB/more/$1/answers"
}

nginx_config() {
	cat <<-END
		user root; worker_processes 1; pid $USHER_LAB/nginx.pid; error_log $USHER_LAB/nginx.err;
		events { }
		http {
		  log_format lab '\$request_uri \$status \$body_bytes_sent';
		  access_log $USHER_LAB/access lab;
		  client_body_temp_path $USHER_LAB/tmp; proxy_temp_path $USHER_LAB/tmp; fastcgi_temp_path $USHER_LAB/tmp;
		  uwsgi_temp_path $USHER_LAB/tmp; scgi_temp_path $USHER_LAB/tmp;
		  server {
		    listen $MIRROR; root $WEB;
		    location /slow { limit_rate 2m; }
		    location /other { limit_rate 10m; }
		    location /moved { rewrite ^/moved/(.*) http://$MIRROR/tree/\$1 redirect; }
		    location /away { return 302 file:///etc/hostname; }
		    location /broken { return 503; }
		  }
		}
	END
}

mirror_start() { nginx -c "$USHER_LAB/nginx.conf" 2>>"$USHER_LAB/nginx.err" && wait_until 10 curl -sf -o /dev/null "http://$MIRROR/tree/linux"; }
mirror_stop() { kill "$(cat "$USHER_LAB/nginx.pid")" && wait_until 10 test ! -e "$USHER_LAB/nginx.pid"; }
# tree NAME BYTES: kernel and initrd, other ones each time.
tree() {
	mkdir -p "$WEB/$1"
	head -c 300000 /dev/urandom >"$WEB/$1/linux"
	head -c "$2" /dev/urandom >"$WEB/$1/initrd"
}
# asked PATH STATUS: how often the mirror answered that
asked() { grep -c "^$1 $2 " "$USHER_LAB/access"; }
is() { test "$("${@:2}")" = "$1"; }
# says TEXT COMMAND…: it fails and says so
says() { local text=$1; shift; ! "$@" >"$USHER_LAB/said" 2>&1 && { grep -e "$text" "$USHER_LAB/said" || { cat "$USHER_LAB/said"; false; }; }; }
# enroll NAME PROFILE [OPTION…], a card made of the name
enroll() {
	"$USHER" enroll "$1" --profile "$2" --no-ssh-key "${@:3}" \
		--mac "$(md5sum <<<"$1" | sed -E 's/(..)(..)(..)(..)(..).*/02:\1:\2:\3:\4:\5/')"
}
# What is known of the cache is fresh for a minute; a service that starts knows nothing.
again() { usher_stop && usher_start; }
state() { "$USHER" show "$1" --json | jq -r .state; }
known() { "$USHER" show "$1"; }
has_part() { test "$(stat -c %s "$USHER_LAB"/state/fetch/*.part 2>/dev/null || echo 0)" -gt 1000000; }
timeline_has() { "$USHER" timeline "$1" | grep -E "$2"; }
# url_of NAME WORD: as the boot script has it
url_of() { "$USHER" render "$1" script | grep -oE "$2"; }
path_of() { url_of "$1" "http://10.67.0.1:8067/boot/cache/[0-9a-f]{32}/$2"; }
cached() { cat "$USHER_LAB/state/cache/"*/"$1" | cmp - "$2"; }
same_by_http() { inside 1 curl -sf --max-time 20 -o "$USHER_LAB/got" "$1" && cmp "$USHER_LAB/got" "$2"; }
same_by_tftp() {
	inside 1 curl -sf --max-time 20 -o "$USHER_LAB/got" "tftp://10.67.0.1/${1#*/boot/}" && cmp "$USHER_LAB/got" "$2"
}

mkdir -p "$USHER_LAB/boot"
cat >"$USHER_LAB/usher.xml" <<END
<usher>
  <user name='root'/>
  <state dir='$USHER_LAB/state'/>
  <cache mib='12' local='yes'/>
  <socket path='$USHER_SOCKET'/>
  <boot dir='$USHER_LAB/boot'/>
  <profiles dir='$USHER_LAB/more'/>
  <segment interface='p1' mode='own'/>
</usher>
END
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
tree tree 2000000
mkdir -p "$WEB/summed"
cp "$WEB/tree/"* "$WEB/summed"
tree slow 8000000
tree other 9000000
sum=$(sha256sum <"$WEB/tree/linux" | cut -d' ' -f1)
profile plain tree
profile slow slow
profile other other
profile summed tree "sha256='$sum'"
profile wrong summed "sha256='${sum//[0-9]/0}'"
profile missing nowhere
profile moved moved
profile away away
profile broken broken
nginx_config >"$USHER_LAB/nginx.conf"
client 1 02:00:00:00:00:01
ip address add 10.67.0.1/24 dev p1
inside 1 ip address add 10.67.0.50/24 dev c1

check "the mirror starts" mirror_start || lab_end
check "the service starts" usher_start || lab_end
: >"$USHER_LAB/access"

# --- errors, and nothing made -------------------------------------------------------------------------------------------

check "a file that is not on the mirror is an error" says "http://$MIRROR/nowhere/linux: HTTP 404" enroll none missing --arm
check "so is a mirror that is not there" says "http://nosuch.invalid/tree/linux: .*resolve" \
	enroll none plain --set mirror=nosuch.invalid --arm
check "one that refuses" says "http://127.0.0.1:1/tree/linux: .*connect" enroll none plain --set mirror=127.0.0.1:1 --arm
check "one that is ill" says "HTTP 503" enroll none broken --arm
check "one that sends elsewhere than to the web" says "redirects to a URL" enroll none away --arm
check "a name that is no URL" says "expected a URL" enroll none plain --set mirror= --arm
check "another sum" says "sha256 differs: expected ${sum//[0-9]/0}, was $sum" enroll none wrong --arm
refute "no machine was made" known none
check "what was not armed needs no mirror" enroll later missing
check "until it is armed" says "HTTP 404" "$USHER" reinstall later
check "and is not" is known state later

# --- once for many ----------------------------------------------------------------------------------------------------------

: >"$USHER_LAB/access"
for n in 1 2 3 4 5 6; do
	enroll "many$n" plain --arm >"$USHER_LAB/many$n" 2>&1 &
	pids[n]=$!
done
ok=yes
for n in 1 2 3 4 5 6; do wait "${pids[n]}" || ok=no; done
check "six machines at a time are armed" test $ok = yes || cat "$USHER_LAB"/many?
check "the kernel was fetched once" is 1 asked /tree/linux 200
check "and the initrd" is 1 asked /tree/initrd 200
check "progress is told in lines" grep -e "^fetching http://$MIRROR/tree/initrd" "$USHER_LAB"/many?
check "to the end" grep -e "^fetched http://$MIRROR/tree/initrd" "$USHER_LAB"/many?

kernel=$(path_of many1 linux) initrd=$(path_of many1 initrd)
check "the boot script names the cache" test -n "$kernel" -a -n "$initrd"
check "the command line names the mirror" url_of many1 "repo=http://$MIRROR/tree"
check "the kernel is the mirror's, by HTTP" same_by_http "$kernel" "$WEB/tree/linux"
check "the initrd too" same_by_http "$initrd" "$WEB/tree/initrd"
check "and by TFTP" same_by_tftp "$initrd" "$WEB/tree/initrd"

# --- again ----------------------------------------------------------------------------------------------------------------

again
check "armed after a restart" enroll again plain --arm
check "it was asked whether it changed" is 1 asked /tree/initrd 304
check "and not sent again" is 1 asked /tree/initrd 200
again
check "with the right sum" enroll summed summed --arm
check "nobody is asked" is 1 asked /tree/linux 304
sleep 1 # nginx makes an ETag of time and size
tree tree 1900000
again
check "what changed on the mirror" enroll changed plain --arm
check "is fetched anew" same_by_http "$initrd" "$WEB/tree/initrd"
check "what was redirected" enroll moved moved --arm
check "comes from there" same_by_http "$(path_of moved initrd)" "$WEB/tree/initrd"

# --- gone -----------------------------------------------------------------------------------------------------------------

mirror_stop
again
check "without the mirror what is there is used" enroll gone plain --arm
check "and it is told" timeline_has gone "fetch +http://$MIRROR/tree/.*; using the copy of .*"
check "what is not there is an error" says "/other/linux: .*connect" enroll none other --arm
check "the mirror comes back" mirror_start

# --- half of it -----------------------------------------------------------------------------------------------------------

: >"$USHER_LAB/access"
enroll slow slow --arm >"$USHER_LAB/slow" 2>&1 &
slow=$!
check "a slow one begins" wait_until 10 has_part
usher_stop KILL
refute "nothing half is served" compgen -G "$USHER_LAB/state/cache/*/initrd.part"
check "killed in the middle the service starts" usher_start
wait $slow
check "who waited gets it" test $? = 0 || cat "$USHER_LAB/slow"
check "from where it was" is 1 asked /slow/initrd 206
check "byte for byte" same_by_http "$(path_of slow initrd)" "$WEB/slow/initrd"

# --- by itself, and pruned ------------------------------------------------------------------------------------------------

for m in moved many1 many2 many3 many4 many5 many6 again summed changed gone; do "$USHER" disarm $m; done >/dev/null
again
check "fetched before a machine needs it" script -qec "'$USHER' fetch other" "$USHER_LAB/screen"
check "with a bar on a terminal" grep -E "^.*initrd +\[#{30}\] 100 % of 9.0 MB" "$USHER_LAB/screen"
check "the mirror is asked for what was not there" is 1 asked /other/initrd 200
check "what no machine needs goes" wait_until 10 test ! -e "$USHER_LAB/state/${initrd#*/boot/}"
check "what an armed machine needs stays" same_by_http "$(path_of slow initrd)" "$WEB/slow/initrd"
check "a machine is armed again" "$USHER" reinstall gone
check "and what went is fetched again" same_by_http "$initrd" "$WEB/tree/initrd"
refute "nothing is left over" compgen -G "$USHER_LAB/state/fetch/*.part"
usher_stop
check "the service ends well" test $? = 0
mirror_stop
[ $LAB_FAILED = 0 ] || sed 's/^/  log: /' "$USHER_LAB/usher.log" | tail -n 60
lab_end
