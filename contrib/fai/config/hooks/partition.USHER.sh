#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Sourced by FAI: its disk1 is the disk that the machine names.
. $usher_dir/disk.sh
