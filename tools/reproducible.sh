#!/usr/bin/env bash
# Builds one source in two folders and compares the bytes.
#
#   tools/reproducible.sh module     the module in target/, and one built from a copy of this folder
#   tools/reproducible.sh archive    what `make dist` packs in two clones of the last commit
#
# The two folders differ as machines do: in the length of their paths, and in where Cargo keeps its crates. What differs is left in
# target/reproducible.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cargo_home=${CARGO_HOME:-$HOME/.cargo}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
here=$scratch/a
there=$scratch/somewhere/else/with-a-much-longer-name
mkdir -p "$here" "$there"
ln -s "$cargo_home" "$scratch/somewhere/crates"

# In a folder and with a place for crates: what a make target builds. What is set for this build does not count for those.
build() {
    env --unset=CARGO_TARGET_DIR --unset=MAKEFLAGS --unset=MAKELEVEL CARGO_HOME="$2" make --directory "$1" "$3" >"$scratch/log" 2>&1 || {
        tail -n 40 "$scratch/log" >&2
        echo "error: \`make $3\` failed in $1" >&2
        exit 1
    }
}

# Two files that must have the same bytes.
compare() {
    local first=$1 second=$2 left=$root/target/reproducible
    if cmp --silent "$first" "$second"; then
        sha256sum <"$first" | sed "s/ .*/ ${first##*/}/"
        return
    fi
    rm -rf "$left"
    mkdir -p "$left/first" "$left/second"
    cp "$first" "$left/first/"
    cp "$second" "$left/second/"
    echo "error: two builds of ${first##*/} differ: they are in $left" >&2
    exit 1
}

case "${1:-}" in
    module)
        tar --directory "$root" --create --exclude=./target --exclude=./.tools --exclude=./.git . | tar --directory "$there" --extract
        build "$there" "$scratch/somewhere/crates" wasm
        compare "$root/target/peerwarden.wasm" "$there/target/peerwarden.wasm"
        ;;
    archive)
        for clone in "$here" "$there"; do git clone --quiet "file://$root" "$clone"; done
        build "$here" "$cargo_home" dist
        # Also for others than the owner, the time zone and the language count for nothing.
        (umask 077 && TZ=Pacific/Kiritimati LC_ALL=C.UTF-8 build "$there" "$scratch/somewhere/crates" dist)
        compare "$here/target/peerwarden.wasm" "$there/target/peerwarden.wasm"
        compare "$here/target/release/peerwarden" "$there/target/release/peerwarden"
        for archive in "$here"/target/dist/*.tar.gz; do compare "$archive" "$there/target/dist/${archive##*/}"; done
        ;;
    *)
        sed -n '2,8s/^# \{0,1\}//p' "$0"
        [ "${1:-}" = --help ] && exit 0
        exit 2
        ;;
esac
