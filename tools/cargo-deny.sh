#!/usr/bin/env bash
# Installs the cargo-deny that `make check` runs, and prints its path on stdout.
#
#   "$(tools/cargo-deny.sh)" check bans licenses sources
#
# A fixed version, so that results are the same everywhere; raise it by hand.
set -euo pipefail

exec "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/cargo-install.sh" cargo-deny 0.20.2 cargo-deny
