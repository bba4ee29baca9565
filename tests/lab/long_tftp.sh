#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What lab_tftp.sh tries, at length: block numbers that wrap with each client, window by window, many patterns of loss.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
. "$(dirname "$0")/tftp.sh"
tftp_lab "$@"

check "the service starts" usher_start || lab_end
check "and sends files" wait_until 10 tftp_answers || lab_end

for block in 8 512 1428 1468 65464; do
	for window in 1 2 3 16 63 64 65 65535; do
		check "atftp, blksize $block, windowsize $window" \
			around $block atftp_get "blksize $block" "windowsize $window" "tsize 0"
	done
done
check "a block number that wraps, atftp" same "$(binary 560003)" atftp_get "blksize 8"
check "curl" same "$(binary 560003)" curl_get --tftp-blksize 8
check "busybox, which wants room for the name in a block" same "$(binary 4200003)" busybox_get -b 64
check "tftp-hpa" same "$(binary 36000001)" hpa_get
check "at a block's end" same "$(binary 524288)" curl_get --tftp-blksize 8
check "one before" same "$(binary 524280)" curl_get --tftp-blksize 8

for seed in {1..20}; do
	check "seed $seed" lossy_start -s "$seed" -l 3 -d 3 -r 3
	check "files arrive, without options" \
		at_once "$(binary 60001)" atftp_get hpa_get "curl_get --tftp-no-options" busybox_get
	lossy_end
	cat "$USHER_LAB/lossy.said"
	check "but for the options" lossy_start -s "$seed" -l 3 -d 3 -r 3 -o
	check "files arrive" at_once "$(binary 60001)" "atftp_get 'blksize 1428' 'windowsize 8'" \
		"atftp_get 'windowsize 16'" "curl_get --connect-timeout 3 --tftp-blksize 1428" "busybox_get -b 1428"
	lossy_end
	cat "$USHER_LAB/lossy.said"
done

lab_end
