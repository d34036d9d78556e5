#!/usr/bin/env bash
# Checks that the compiler is the one that releases are built with, and prints its version.
#
#   tools/release-compiler.sh
#
# The bytes of the module depend on the compiler, Cargo.lock and the source, and on nothing else: who builds a release again with this
# compiler gets the same module. PEERWARDEN_RUSTC=any builds with another one on purpose, and the archive then says so.
set -euo pipefail

# What `rustc --version` prints. Raise it by hand, in a commit of its own.
readonly WANTED="rustc 1.95.0 (59807616e 2026-04-14)"

say() { printf '%s\n' "$*" >&2; }

case "${1:-}" in
    --wanted)
        printf '%s\n' "$WANTED"
        exit 0
        ;;
    '') ;;
    *)
        sed -n '2,7s/^# \{0,1\}//p' "$0"
        [ "$1" = --help ] && exit 0
        exit 2
        ;;
esac

read -r _ version _ <<<"$WANTED"
found=$(rustc --version 2>/dev/null) || found=
if [ "$found" != "$WANTED" ] && [ "${PEERWARDEN_RUSTC:-}" != any ]; then
    say "error: a release is built with one compiler, and this is another"
    say "  wanted: $WANTED"
    say "  found:  ${found:-no rustc that runs}"
    say "  help: rustup toolchain install $version --profile minimal --target wasm32-unknown-unknown"
    say "        RUSTUP_TOOLCHAIN=$version make dist"
    say "  help: PEERWARDEN_RUSTC=any make dist builds with this one; the archive says so"
    exit 1
fi
[ -n "$found" ] || {
    say "error: there is no rustc that runs"
    say "  help: install Rust with rustup: https://rustup.rs"
    exit 1
}
printf '%s\n' "$found"
