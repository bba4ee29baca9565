#!/bin/bash
# lab_durable.sh, fifty times over.
ROUNDS=50 exec "$(dirname "$0")/lab_durable.sh"
