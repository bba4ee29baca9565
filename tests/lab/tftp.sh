# SPDX-License-Identifier: GPL-2.0-or-later
# For the labs of TFTP, bash, after lib.sh and net.sh: four clients, and files of any size to fetch.
#
#     tftp_lab "$@"              net_enter; the service's link is p1, client 1 is behind it
#     CLIENT_get NAME [OPTION…]  fetches NAME from $server into $got; atftp, hpa, curl, busybox
#     same NAME GET [OPTION…]    it arrives as it is, byte for byte
#     around BLOCK GET [OPTION…]  so do files of all sizes where something may go wrong by one
#     binary SIZE, text SIZE     makes such a file, once; prints its name
#     same_text GET [OPTION…]    so do texts in netascii, some of which a block's end cuts in the middle of a line's end
#     at_once NAME 'GET [OPTION…]'…  it arrives with all of them, who ask at the same time
#     lossy_start [OPTION…]      a bad network: $server is then on the clients' own address (lossy.c)
#     lossy_end                  the good one again; lossy_did WORD: how many

tftp_lab() {
	net_enter "$@"
	server=10.66.0.1 got=$USHER_LAB/got files=$USHER_LAB/boot
	mkdir -p "$files"
	client 1 02:00:00:00:00:01
	ip address add 10.66.0.1/24 dev p1
	inside 1 ip address add 10.66.0.50/24 dev c1
	cat >"$USHER_LAB/usher.xml" <<-END
		<usher>
		  <user name='root'/>
		  <state dir='$USHER_LAB/state'/>
		  <socket path='$USHER_SOCKET'/>
		  <boot dir='$files'/>
		  <profiles dir='$USHER_LAB/profiles'/>
		  <segment interface='p1' mode='own'/>
		</usher>
	END
	head -c 40M /dev/urandom >"$USHER_LAB/bytes"
	tr -dc 'a-d\r\n' <"$USHER_LAB/bytes" >"$USHER_LAB/letters"
}

# The service's TFTP thread may come a moment after its first answer.
tftp_answers() { rm -f "$got"; hpa_get "$(binary 1)" && [ -s "$got" ]; }

binary() {
	[ -e "$files/b$1" ] || head -c "$1" "$USHER_LAB/bytes" >"$files/b$1"
	echo "b$1"
}
# Lines, empty ones, CR before LF and alone: what netascii writes otherwise.
text() {
	[ -e "$files/t$1" ] || head -c "$1" "$USHER_LAB/letters" >"$files/t$1"
	echo "t$1"
}

# A client that hangs is a failure; so long because the machine may be slow.
# atftp answers a repeated block once only, and then when its own time is over.
fetched() { (cd "$USHER_LAB/tmp" && exec timeout 60 nsenter -t "${CLIENT_PID[1]}" -n "$@"); }
atftp_get() {
	local name=$1 option options=()
	shift
	for option in "$@"; do options+=(--option "$option"); done
	fetched atftp --tftp-timeout 1 "${options[@]}" -g -r "$name" -l "$got" "$server"
}
hpa_get() { fetched tftp -m "${2:-binary}" "$server" -c get "$1" "$got"; }
# It may leave no file where there are no bytes.
curl_get() { local name=$1; shift; : >"$got"; fetched curl -sS "$@" -o "$got" "tftp://$server/$name"; }
# It waits 50 ms first, and gives up after 12 times: on a busy host once more.
busybox_get() {
	local name=$1
	shift
	fetched busybox tftp "$@" -g -r "$name" -l "$got" "$server" || fetched busybox tftp "$@" -g -r "$name" -l "$got" "$server"
}

same() {
	local name=$1 get=$2
	shift 2
	rm -f "$got"
	"$get" "$name" "$@" && cmp "$files/$name" "$got" || { echo "$name with $get $*"; return 1; }
}

at_once() {
	local name=$1 get pids=() failed=0
	shift
	for get in "$@"; do
		(got=$got.${#pids[@]} && eval "same $name $get") & pids+=($!)
	done
	for get in "${pids[@]}"; do wait "$get" || failed=1; done
	return $failed
}

around() {
	local block=$1 size
	shift
	for size in 0 1 $((block - 1)) "$block" $((block + 1)) $((2 * block)); do
		same "$(binary "$size")" "$@" || return
	done
}

# curl writes what it gets and converts nothing: what was on the wire is what is compared.
on_the_wire() { perl -0777 -pe 's/\r/\r\0/g; s/\n/\r\n/g' "$files/$1"; }
same_text() {
	local get=$1 size name
	shift
	for size in 0 1 {380..400} 5000; do
		name=$(text "$size")
		if [ "$get" = curl_get ]; then
			curl_get "$name;mode=netascii" "$@" && cmp <(on_the_wire "$name") "$got"
		else
			same "$name" "$get" "$@"
		fi || { echo "$size bytes of text with $get $*"; return 1; }
	done
}

lossy_start() {
	[ -x "$USHER_LAB/lossy" ] || ${CC:-gcc} -O2 -o "$USHER_LAB/lossy" "$LAB_TOP/tests/lab/lossy.c" || return
	nsenter -t "${CLIENT_PID[1]}" -n "$USHER_LAB/lossy" "$@" 10.66.0.1 >"$USHER_LAB/lossy.said" 2>&1 &
	lossy=$! server=127.0.0.1
	wait_until 10 lossy_listens
}
lossy_listens() { inside 1 ss -Hlun 'sport = 69' | grep -q :69; }
lossy_end() {
	kill "$lossy"
	wait "$lossy"
	server=10.66.0.1
}
lossy_did() { sed "s/.*\b$1 \([0-9]*\).*/\1/" "$USHER_LAB/lossy.said"; }
