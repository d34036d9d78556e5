#!/usr/bin/env bash
# Installs the runner for tests on wasm32 under Node, and prints its path on stdout.
#
#   CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=$(tools/wasm-bindgen.sh) \
#       cargo test --target wasm32-unknown-unknown -p peerwarden-engine
#
# The runner and the library must have exactly the same version, which is in Cargo.lock.
set -euo pipefail

die() {
    printf 'error: %s\n  help: %s\n' "$1" "$2" >&2
    exit 1
}

case "${1:-}" in
    -h | --help)
        sed -n '2,7s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
esac

command -v node >/dev/null 2>&1 ||
    die "node is not installed, but runs the engine's tests on wasm32" \
        "install Node.js 18 or newer (Debian, Ubuntu: apt-get install nodejs)"

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$(sed -n '/^name = "wasm-bindgen"$/{n;s/^version = "\(.*\)"$/\1/p;}' "$tools/../Cargo.lock")
[ -n "$version" ] ||
    die "Cargo.lock has no version of wasm-bindgen" "restore Cargo.lock from git"

exec "$tools/cargo-install.sh" wasm-bindgen-cli "$version" wasm-bindgen-test-runner
