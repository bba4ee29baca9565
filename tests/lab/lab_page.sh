#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The web page in Chromium: signing in, each view, each action judged by the API, the keyboard, names and texts that try to be
# HTML; no console error, no violation of its policy, no request to another host. Accessibility: lab_page_looks.sh.
# Bare machines are played by one client with real packets; long_page.sh has guests.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/page.sh"

page_begin

evil='<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
page_scene
player=38 page_report db2 progress "$evil" 60
inside 38 bash -c 'printf "<13>partman: %s" "$1" >/dev/udp/10.66.0.1/514' log "$evil"
page_discover "$evil"
page_machine walk 90 debian-12 '{"arm": true}'
(wait_until 100 test -e "$USHER_LAB/go" && page_walk walk 90 progress 50 && sleep 1 && page_report walk "done" "" && page_report walk up "") &

page_check signing_in,table,live,actions,machine,terminal,create,others,faults,markup,lesser
lab_end
