#!/usr/bin/env bash
# Ensures that the compiler has a standard library for wasm32-unknown-unknown.
set -euo pipefail

readonly TARGET=wasm32-unknown-unknown

die() {
    printf 'error: %s\n  help: %s\n' "$1" "$2" >&2
    exit 1
}

command -v cargo >/dev/null 2>&1 ||
    die "cargo is not installed" "install Rust 1.95 or newer with rustup: https://rustup.rs"

# It may exist without rustup, from a distribution.
compgen -G "$(rustc --print target-libdir --target "$TARGET")/libstd-*.rlib" >/dev/null && exit 0

command -v rustup >/dev/null 2>&1 ||
    die "this compiler cannot build for $TARGET" "install Rust with rustup (https://rustup.rs), or your distribution's library for $TARGET"
printf 'adding the target %s\n' "$TARGET" >&2
rustup target add "$TARGET"
