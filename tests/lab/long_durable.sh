#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab_durable.sh, fifty times over.
ROUNDS=50 exec "$(dirname "$0")/lab_durable.sh"
