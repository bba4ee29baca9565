#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The table of domain features (lab_domain.sh), and the installing run of each that can start on any host: QEMU takes what libvirt
# made of it. Paused, so nothing runs in them.
# shellcheck source=/dev/null disable=SC2119
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
truncate -s 1M /var/lib/libvirt/images/other.img
if "$B/tests/lab/domains" --start qemu:///system "$LAB_TOP/tests/lab/domains.table" 2>"$USHER_LAB/domains.err"; then
	pass "all features of the table go through the merge, and start"
else
	fail "features of the table are lost, not refused, or do not start"
	cat "$USHER_LAB/domains.err"
fi
lab_end
