#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The web page's accessibility: axe-core finds nothing serious or critical in any view and dialog, dark and light; nothing is
# wider than a narrow screen.
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/net.sh"
net_enter "$@"
. "$(dirname "$0")/profiles.sh"
. "$(dirname "$0")/page.sh"

page_begin
page_scene
page_discover "Dell Inc."
page_check looks
lab_end
