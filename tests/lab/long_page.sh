#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# lab: boots guests
# The web page with a real guest: made by its form, watched while it installs, its console read and typed into, its installer's
# log, stopped, started, installed again and deleted; each judged by the API and by libvirt.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
lab_enter "$@"
. "$LAB_TOP/tests/lab/guests.sh"
. "$LAB_TOP/tests/lab/page.sh"
guests_need_tiny

usher_config | sed "s|<hooks |<api address='127.0.0.1' port='$PAGE_PORT'/><hooks |" >"$USHER_LAB/usher.xml"
page_begin usher_start
page_check guest_made,guest_console,guest_up,guest_log,guest_actions,guest_deleted
lab_end
