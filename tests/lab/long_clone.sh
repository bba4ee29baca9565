#!/bin/bash
# lab_clone.sh with five clones.
#
# lab: boots guests
CLONES=5 exec "$(dirname "$0")/lab_clone.sh" "$@"
