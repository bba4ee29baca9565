#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The web page in Chromium: signing in, each view, each action judged by the API, the keyboard, names and texts that try to be
# HTML, accessibility by axe-core, a narrow screen; no console error, no violation of its policy, no request to another host.
# Bare machines are played by one client with real packets; long_page.sh has guests.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/page.sh"

for part in /usr/bin/chromium /usr/bin/chromedriver "$LAB_TOP/build/peers/axe-core"; do
	[ -e "$part" ] || { skip "no $part: contrib/deps lab"; lab_end; }
done
check "the service starts" page_serve || lab_end
tokens=$(page_tokens) || { fail "tokens are made"; lab_end; }

evil='<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
page_scene
PAGE_SAYS=$evil page_walk db2 38 progress 60
inside 1 bash -c 'printf "<13>partman: %s" "$1" >/dev/udp/10.66.0.1/514' log "$evil"
page_discover 153 "$evil"
page_machine walk 90 debian-12 '{"arm": true}'
(wait_until 100 test -e "$USHER_LAB/go" && page_walk walk 90 progress 50 && sleep 1 && page_report walk "done" "" && page_report walk up "") &

# shellcheck disable=SC2086
page_check "$(dirname "$0")/page_check.py" "$LAB_TOP" "$PAGE" "$USHER_LAB" $tokens
lab_end
