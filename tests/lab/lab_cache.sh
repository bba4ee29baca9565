#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The package cache: twenty machines fetch one repository through it at once, each with an apt of its own, and the mirror, in a
# network of its own, sends it about once. What changed there is seen, package files under the same name too. Nobody fetches what is
# no machine's mirror, and nobody from elsewhere fetches at all; it stays within its limit; its nginx comes back when it dies; a
# service without nginx says what to do. In a network namespace; no guest.
# shellcheck source=/dev/null disable=SC2016,SC2317
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$LAB_TOP/tests/lab/profiles.sh"
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
MACHINES=20 PACKAGES=8
WEB=$USHER_LAB/web ORIGIN=10.77.0.2:8090 CACHE=http://10.66.0.1:8068

# --- the mirror, and a machine that is armed for it ------------------------------------------------------------------------

nginx_config() {
	cat <<-END
		user root; worker_processes 1; pid $USHER_LAB/origin.pid; error_log $USHER_LAB/origin.err;
		events { }
		http {
		  log_format lab '\$request_uri \$status \$bytes_sent';
		  access_log $USHER_LAB/access lab;
		  client_body_temp_path $USHER_LAB/tmp; proxy_temp_path $USHER_LAB/tmp; fastcgi_temp_path $USHER_LAB/tmp;
		  uwsgi_temp_path $USHER_LAB/tmp; scgi_temp_path $USHER_LAB/tmp;
		  server {
		    listen 10.77.0.2:8090; root $WEB;
		    location /debian/slow { limit_rate 1m; }
		    location /debian/away { return 302 http://10.77.0.2:8091/secret; }
		    location /debian/accel { add_header X-Accel-Redirect /http/10.77.0.2:8090/debian/dists/lab/Release; return 200 'as it is'; }
		    location /debian/said { return 200 "\$http_x_forwarded_host|\$http_user_agent"; }
		    location /debian/whose { add_header X-Whose "\$http_host"; return 200 "\$http_host"; }
		  }
		  server { listen 10.77.0.2:8443 ssl; root $WEB; server_name mirror.lab;
		    ssl_certificate $USHER_LAB/mirror.pem; ssl_certificate_key $USHER_LAB/mirror.key; }
		  server { listen 10.77.0.2:8444 ssl; root $WEB; server_name mirror.lab;
		    ssl_certificate $USHER_LAB/false.pem; ssl_certificate_key $USHER_LAB/false.key; }
		}
	END
}
# certificate NAME: a certificate of mirror.lab that signs itself
certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=mirror.lab \
		-addext subjectAltName=DNS:mirror.lab -keyout "$USHER_LAB/$1.key" -out "$USHER_LAB/$1.pem" 2>/dev/null
}
origin_start() { inside 9 nginx -c "$USHER_LAB/nginx.conf" 2>>"$USHER_LAB/origin.err" && wait_until 10 inside 9 curl -sf -o /dev/null "http://$ORIGIN/debian/dists/lab/Release"; }
origin_stop() { inside 9 sh -c "kill \$(cat $USHER_LAB/origin.pid)" && wait_until 10 test ! -e "$USHER_LAB/origin.pid"; }

# deb NUMBER VERSION: a package of 300 kB that does not get smaller
deb() {
	local tree=$USHER_LAB/deb
	rm -rf "$tree"
	mkdir -p "$tree/DEBIAN" "$tree/usr/share/lab" "$WEB/debian/pool"
	head -c 300000 /dev/urandom >"$tree/usr/share/lab/$1"
	printf 'Package: lab%s\nVersion: %s\nArchitecture: all\nMaintainer: Lab <lab@example.org>\nDescription: lab\n' "$1" "$2" >"$tree/DEBIAN/control"
	dpkg-deb -Znone -b "$tree" "$WEB/debian/pool/lab${1}_all.deb" >/dev/null
}
# The repository's lists, made of what is there.
index() {
	local at=$WEB/debian/dists/lab lists=main/binary-amd64/Packages f sum
	mkdir -p "$at/main/binary-amd64/by-hash/SHA256"
	for f in "$WEB"/debian/pool/*.deb; do
		dpkg-deb -f "$f"
		printf 'Filename: pool/%s\nSize: %s\nSHA256: %s\n\n' "${f##*/}" "$(stat -c %s "$f")" "$(sha256sum <"$f" | cut -d' ' -f1)"
	done >"$at/$lists"
	sum=$(sha256sum <"$at/$lists" | cut -d' ' -f1)
	cp "$at/$lists" "$at/main/binary-amd64/by-hash/SHA256/$sum"
	printf 'Suite: lab\nCodename: lab\nDate: %s\nArchitectures: amd64\nComponents: main\nAcquire-By-Hash: yes\nSHA256:\n %s %s %s\n' \
		"$(date -Ru)" "$sum" "$(stat -c %s "$at/$lists")" $lists >"$at/Release"
}

# machine_apt N URL: update and download, as machine N, which has nothing yet
machine_apt() {
	local root=$USHER_LAB/apt/$1
	rm -rf "$root"
	mkdir -p "$root"/{lists/partial,archives/partial,parts} "$root/sources"
	echo "deb [trusted=yes arch=amd64] $2/debian lab main" >"$root/sources.list"
	: >"$root/status"
	set -- -qq -o Dir::Etc::SourceList="$root/sources.list" -o Dir::Etc::SourceParts="$root/sources" -o Dir::State::Lists="$root/lists" \
		-o Dir::State::Status="$root/status" -o Dir::Cache="$root" -o Dir::Cache::Archives="$root/archives" -o Dir::Etc::Parts="$root/parts" \
		-o APT::Sandbox::User=root -o Acquire::Languages=none -o APT::Architecture=amd64 -o Acquire::Retries=0 -o Debug::NoLocking=1
	apt-get "$@" update && apt-get "$@" -y --download-only install $(seq -f 'lab%g' $PACKAGES)
}
export -f machine_apt
export USHER_LAB PACKAGES
# apts NUMBER URL: so many machines at once; each has all packages, as the mirror has them
apts() {
	inside 1 bash -c 'for n in $(seq '"$1"'); do machine_apt $n '"$2"' >$USHER_LAB/apt.$n 2>&1 & done; wait'
	for n in $(seq "$1"); do
		(cd "$USHER_LAB/apt/$n/archives" && cat $(ls ./*.deb | LC_ALL=C sort) | cmp - <(cat $(ls "$WEB"/debian/pool/*.deb | LC_ALL=C sort))) ||
			{ echo "machine $n:"; cat "$USHER_LAB/apt.$n"; return 1; }
	done
}
# What the mirror's wire carried to us, in bytes.
carried() { ip -s -j link show p9 | jq '.[0].stats64.rx.bytes'; }
packages() { "$USHER" packages --json | jq -r "$1"; }
# counted FILTER: of what nginx tells once a second
counted() { sleep 2; packages ".counts.$1"; }
# gets STATUS URL [OPTION…], from machine FROM
gets() {
	local code
	code=$(inside "${FROM:-1}" curl -s -g --path-as-is --max-time 20 -o "$USHER_LAB/got" -w '%{http_code}' "${@:2}")
	[ "$code" = "$1" ] || { echo "$code, not $1"; return 1; }
}
same() { gets 200 "$1" && cmp "$USHER_LAB/got" "$2"; }
runs() { [ "$(packages .running)" = true ]; }
cached() { "$USHER" packages --json | jq -e --arg u "$1" '.mirrors[] | select(.url == $u and .cached)'; }
answers_are() { "$USHER" render "$1" answers | grep -qx -- "$2" || { "$USHER" render "$1" answers; return 1; }; }
enroll() { # NAME NUMBER MIRROR [OPTION…]
	"$USHER" enroll "$1" --profile apt --no-ssh-key --mac "02:00:00:00:01:0$2" --set mirror="$3" --arm "${@:4}"
}

lab_profile apt kernel 'mirror={{set.mirror}}
through={{cached.mirror}}' "<setting name='mirror' type='url' mirror='yes'/><setting name='package_cache' type='boolean' default='yes'/><setting name='proxy' type='url'/>"
config() {
	cat <<-END
		<usher>
		  <user name='nobody'/>
		  <state dir='$USHER_LAB/state'/>
		  <socket path='$USHER_SOCKET'/>
		  <profiles dir='$USHER_LAB/more'/>
		  <segment interface='br0' mode='own'><ipv6/></segment>
		  <package-cache $*/>
		</usher>
	END
}
again() { usher_stop; usher_start; }

sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0
net_bridge br0 10.66.0.1/24 02:00:00:00:00:f0
ip address add 2001:db8:66::1/64 dev br0 nodad
net_bridge br9 10.99.0.1/24 02:00:00:00:00:f9
client 1 02:00:00:00:00:01 br0
client 2 02:00:00:00:00:02 br9
client 9 02:00:00:00:00:09
ip address add 10.77.0.1/24 dev p9
inside 1 ip address add 10.66.0.50/24 dev c1
inside 1 ip address add 2001:db8:66::50/64 dev c1 nodad
inside 2 ip address add 10.99.0.50/24 dev c2
inside 9 ip address add 10.77.0.2/24 dev c9
inside 1 ip route add default via 10.66.0.1
inside 2 ip route add default via 10.99.0.1
inside 9 ip route add default via 10.77.0.1
for n in $(seq $PACKAGES); do deb "$n" 1; done
index
mkdir -p "$WEB/private" "$WEB/debian/rpm"
echo secret >"$WEB/private/secret"
certificate mirror && certificate false
cp /etc/hosts "$USHER_LAB/hosts" && echo 10.77.0.2 mirror.lab >>"$USHER_LAB/hosts" && mount --bind "$USHER_LAB/hosts" /etc/hosts
export SSL_CERT_FILE=$USHER_LAB/mirror.pem
nginx_config >"$USHER_LAB/nginx.conf"
config "mib='64'" >"$USHER_LAB/usher.xml"

check "the mirror starts" origin_start || lab_end
check "the service starts" usher_start || lab_end
check "the package cache runs" wait_until 5 runs || lab_end
master() { pgrep -f "^nginx: master process .*$USHER_LAB/state/packages"; }
check "without root" test "$(ps -o user= -p "$(master)")" = nobody

# --- who may fetch what ----------------------------------------------------------------------------------------------------

check "nothing is fetched before a machine is to install from it" gets 403 "$CACHE/http/$ORIGIN/debian/dists/lab/Release"
check "a machine is armed" enroll web1 1 "http://$ORIGIN/debian" || lab_end
check "its mirror is known to the cache" wait_until 5 cached "http://$ORIGIN/debian/"
check "its answers name the cache" answers_are web1 "through='$CACHE/http/$ORIGIN/debian'"
check "and the mirror itself" answers_are web1 "mirror='http://$ORIGIN/debian'"
MIRROR=$CACHE/http/$ORIGIN
check "a mirror that only this host reaches" enroll loop 9 http://127.0.0.1:8067/boot
check "is no mirror for all machines" gets 403 "$CACHE/http/127.0.0.1:8067/boot/x"
check "and is said to be none" grep "packages: http://127.0.0.1:8067/boot/: its name is not known, or has no address that machines reach" \
	"$USHER_LAB/usher.log"
check "the mirror is not told what a client says" test "$(gets 200 "$MIRROR/debian/said" -H 'X-Forwarded-Host: else' -A me && cat "$USHER_LAB/got" | sed "s,/.*,,")" = "|usher"
check "what the mirror has comes through it" same "$MIRROR/debian/dists/lab/Release" "$WEB/debian/dists/lab/Release"
check "by IPv6 too" same "http://[2001:db8:66::1]:8068/http/$ORIGIN/debian/dists/lab/Release" "$WEB/debian/dists/lab/Release"
for url in "$CACHE/http/10.77.0.2:8091/debian/x" "$CACHE/http/127.0.0.1:8067/" "$MIRROR/private/secret" "$MIRROR/debian/../private/secret" \
	"$MIRROR/debian/%2e%2e/private/secret" "$MIRROR/debian/dists/lab/Release?x=1" "$CACHE/https/$ORIGIN/debian/dists/lab/Release" "$CACHE/"; do
	check "refused: ${url#"$CACHE"}" gets 403 "$url"
done
check "refused: a request to change something" gets 405 "$MIRROR/debian/dists/lab/Release" -X POST
FROM=2 check "who is on another network gets nothing" gets 403 "http://10.66.0.1:8068/http/$ORIGIN/debian/dists/lab/Release"
FROM=2 check "nor by that network's own address" gets 403 "http://10.99.0.1:8068/http/$ORIGIN/debian/dists/lab/Release"
check "a redirect to another server is not followed" gets 302 "$MIRROR/debian/away"
check "a mirror's X-Accel-Redirect moves nothing" test "$(gets 200 "$MIRROR/debian/accel" && cat "$USHER_LAB/got")" = "as it is"
check "the mirror is asked by its own name" test "$(gets 200 "$MIRROR/debian/whose" -H 'Host: else' && cat "$USHER_LAB/got")" = "$ORIGIN"
check "a machine that is not to use it" enroll web2 2 "http://$ORIGIN/debian" --set package_cache=no
check "has the mirror" answers_are web2 "through='http://$ORIGIN/debian'"
check "one that takes a proxy" enroll web3 3 "http://$ORIGIN/debian" --set proxy=http://10.66.0.9:3128/
check "has the mirror too" answers_are web3 "through='http://$ORIGIN/debian'"
check "a mirror by https" enroll web4 4 https://mirror.lab:8443/debian
check "is fetched, and its certificate checked" wait_until 5 same "$CACHE/https/mirror.lab:8443/debian/dists/lab/Release" "$WEB/debian/dists/lab/Release"
check "one with a false certificate" enroll web5 5 https://mirror.lab:8444/debian
check "is not fetched" wait_until 5 gets 502 "$CACHE/https/mirror.lab:8444/debian/dists/lab/Release"
check "a mirror whose name nobody knows" enroll web6 6 http://no.such.lab/debian
check "is left to the installer" answers_are web6 "through='http://no.such.lab/debian'"

# --- twenty at once --------------------------------------------------------------------------------------------------------

before=$(carried)
check "one machine installs without the cache" apts 1 "http://$ORIGIN" || lab_end
alone=$(($(carried) - before))
before=$(carried)
begun=$(date +%s%N)
check "$MACHINES machines install through it at once, and all have what the mirror has" apts $MACHINES "$MIRROR"
took=$((($(date +%s%N) - begun) / 1000000))
through=$(($(carried) - before))
hits=$(counted hits) misses=$(packages .counts.misses)
told="$((through * 100 / alone)) % of one install's bytes"
echo "$MACHINES installs in $took ms: the mirror sent $through bytes, to one alone $alone: $told; $hits from the cache, $misses fetched"
check "the mirror sends less than two installs' bytes ($told)" test $through -lt $((2 * alone))
check "most came from the cache ($((100 * hits / (hits + misses))) %)" test $((100 * hits / (hits + misses))) -ge 85
sent() { grep -c "^$1 200 " "$USHER_LAB/access"; }
check "a package was sent once for all, and once for the one alone" test "$(sent /debian/pool/lab3_all.deb)" = 2
mkdir "$WEB/debian/slow" && head -c 1500000 /dev/urandom >"$WEB/debian/slow/one"
all_of_one() {
	inside 1 bash -c 'for n in $(seq 20); do curl -sf --max-time 60 -o $USHER_LAB/one.$n '"$MIRROR"'/debian/slow/one & done; wait'
	for n in $(seq 20); do cmp "$USHER_LAB/one.$n" "$WEB/debian/slow/one" || return; done
}
check "twenty ask for a file that is still being fetched, and have it" all_of_one
check "which the mirror sent once" test "$(sent /debian/slow/one)" = 1
"$USHER" packages
check "bytes are counted" test "$(packages .counts.from_origin)" -lt "$(packages .counts.to_machines)"

# --- what changes is seen --------------------------------------------------------------------------------------------------

sleep 2 # nginx makes an ETag of time and size
deb 3 1
index
check "a package that changed under its name, and the lists" same "$MIRROR/debian/pool/lab3_all.deb" "$WEB/debian/pool/lab3_all.deb"
check "a list" same "$MIRROR/debian/dists/lab/Release" "$WEB/debian/dists/lab/Release"
check "a machine installs what is there now" apts 1 "$MIRROR"
head -c 100000 /dev/urandom >"$WEB/debian/rpm/repomd.xml"
check "metadata of rpm" same "$MIRROR/debian/rpm/repomd.xml" "$WEB/debian/rpm/repomd.xml"
head -c 100000 /dev/urandom >"$WEB/debian/rpm/repomd.xml"
touch -d '+2 seconds' "$WEB/debian/rpm/repomd.xml"
sleep 2 # so long it may be taken to be the same
check "a newer one" same "$MIRROR/debian/rpm/repomd.xml" "$WEB/debian/rpm/repomd.xml"
check "a part of a file" test "$(gets 206 "$MIRROR/debian/pool/lab5_all.deb" -r 1000-1999 && stat -c %s "$USHER_LAB/got")" = 1000

# --- nobody answers; it dies; it is killed with us ------------------------------------------------------------------------------

origin_stop
check "without the mirror a package comes from the cache" same "$MIRROR/debian/pool/lab5_all.deb" "$WEB/debian/pool/lab5_all.deb"
check "what names packages does not" gets 502 "$MIRROR/debian/dists/lab/Release"
origin_start
check "the mirror is there again" wait_until 15 gets 200 "$MIRROR/debian/dists/lab/Release"
first=$(master)
kill -KILL "$first"
check "nginx is killed: machines that boot now have the mirror" wait_until 5 answers_are web1 "through='http://$ORIGIN/debian'"
check "it is told" wait_until 5 sh -c "'$USHER' timeline | grep -F 'package cache stands still'"
check "it is started again" wait_until 5 runs
check "as another" test "$(master)" != "$first"
check "machines have it again" answers_are web1 "through='$MIRROR/debian'"
before=$(carried)
check "it kept what it had" same "$MIRROR/debian/pool/lab5_all.deb" "$WEB/debian/pool/lab5_all.deb"
check "and fetched it not again" test $(($(carried) - before)) -lt 5000
usher_stop KILL
first=$(master)
check "the service is killed: one that starts finds its machines' mirrors" usher_start
check "and takes over from the nginx that was left" wait_until 5 runs
check "which has gone" test "$(master)" != "$first"
check "and its cache" wait_until 5 same "$MIRROR/debian/pool/lab5_all.deb" "$WEB/debian/pool/lab5_all.deb"

# --- the limit, and no nginx -------------------------------------------------------------------------------------------------

config "mib='2' dir='$USHER_LAB/small'" >"$USHER_LAB/usher.xml" # one that was full before is counted a minute after the start
check "with a limit of 2 MiB, elsewhere" again
check "it runs" wait_until 5 runs
check "a machine installs more than that" wait_until 5 apts 1 "$MIRROR"
small() { [ "$(packages .bytes)" -le $((2 << 20)) ]; }
check "and it gets smaller" wait_until 15 small
config "nginx='/usr/sbin/no-nginx'" >"$USHER_LAB/usher.xml"
check "without nginx the service starts" again
check "says so" grep -F "<package-cache nginx='/usr/sbin/no-nginx'>: there is no such file" "$USHER_LAB/usher.log"
check "and machines fetch from their mirror" answers_are web1 "through='http://$ORIGIN/debian'"
config >"$USHER_LAB/usher.xml"
mount -t tmpfs none /mnt
for f in /usr/sbin/nginx /usr/bin/nginx; do [ ! -e $f ] || mount --bind /mnt $f 2>/dev/null || mount --bind /dev/null $f; done
lacks() { ! "$USHER" check -c "$USHER_LAB/usher.xml" >"$USHER_LAB/said" 2>&1; grep -E '^LACKS +packages +nginx is not installed: apt install nginx-light' "$USHER_LAB/said" || { cat "$USHER_LAB/said"; false; }; }
check "where it is not installed, the fix" lacks
lab_end
