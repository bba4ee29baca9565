#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by FAI before it restarts the machine. This report is repeated until it is taken.
sync
usher_over=1
usher_tell "$usher_done" "installed in $(cut -d. -f1 /proc/uptime) s" --retry 60 --retry-all-errors --retry-delay 3
