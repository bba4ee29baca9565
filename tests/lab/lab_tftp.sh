#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# TFTP to four clients, each file compared byte for byte: option by option, sizes around the block's, more blocks than their
# numbers count; then through a network that loses, repeats and reorders. (More of each: long_tftp.sh.)
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
. "$(dirname "$0")/tftp.sh"
tftp_lab "$@"

check "the service starts" usher_start || lab_end
check "and sends files" wait_until 10 tftp_answers || lab_end

# --- options and sizes ---------------------------------------------------------------------------------------------------

check "atftp, no options" around 512 atftp_get
check "tftp-hpa, which knows none" around 512 hpa_get
check "curl, no options" around 512 curl_get --tftp-no-options
check "busybox" around 512 busybox_get
for block in 8 512 1428 1468 65464; do
	check "atftp, blksize $block" around $block atftp_get "blksize $block"
	check "atftp, blksize $block, windowsize 4" around $block atftp_get "blksize $block" "windowsize 4"
	check "curl, blksize $block, with tsize and timeout" around $block curl_get --tftp-blksize $block
	# 24 is the smallest that busybox asks for
	[ $block = 8 ] || check "busybox, blksize $block" around $block busybox_get -b $block
done
check "atftp, tsize" around 512 atftp_get "tsize 0"
check "atftp, timeout" around 512 atftp_get "timeout 2"
check "atftp, all of them" around 1428 atftp_get "tsize 0" "timeout 2" "blksize 1428" "windowsize 64"
check "atftp, a block number that wraps" same "$(binary 560003)" atftp_get "blksize 8" "windowsize 64"

check "tftp-hpa, netascii" same_text hpa_get netascii
check "atftp, netascii" same_text atftp_get "mode netascii"
check "curl, netascii" same_text curl_get

# --- a bad network -------------------------------------------------------------------------------------------------------

check "the network repeats every packet to the server" lossy_start -u -d 100
check "files arrive" same "$(binary 100000)" hpa_get
check "so they do at a windowsize" same "$(binary 100000)" atftp_get "windowsize 8"
lossy_end
cat "$USHER_LAB/lossy.said"
check "and nothing was sent twice for that" test "$(lossy_did data)" -lt $((2 * 196 * 3 / 2))
check "nor by two transfers" test "$(lossy_did strangers)" = 0

check "the network loses, repeats and reorders" lossy_start -s 1 -l 2 -d 2 -r 2
check "files arrive, without options" at_once "$(binary 60001)" atftp_get hpa_get "curl_get --tftp-no-options" busybox_get
lossy_end
cat "$USHER_LAB/lossy.said"
# curl has the server wait a whole second before it sends again, at the least
check "it does, but for the options" lossy_start -s 2 -l 2 -d 2 -r 2 -o
check "files arrive" at_once "$(binary 60001)" "atftp_get 'blksize 1428' 'windowsize 8'" "atftp_get 'windowsize 16'" \
	"curl_get --connect-timeout 3 --tftp-blksize 1428" "busybox_get -b 1428"
lossy_end
cat "$USHER_LAB/lossy.said"

lab_end
