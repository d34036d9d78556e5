#!/usr/bin/env bash
# Builds one version of a tool from its published crate below .tools/CRATE-VERSION and prints the path of its executable on stdout.
#
#   tools/cargo-install.sh CRATE VERSION EXECUTABLE
#
# Installed in the workspace, not in ~/.cargo/bin: two checkouts may need two versions, and your own tools do not change.
# Idempotent: an installed tool that runs is kept. Progress goes to stderr.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }

[ $# -eq 3 ] || {
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
crate=$1 version=$2 name=$3

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
home=$root/.tools/$crate-$version
executable=$home/bin/$name

if ! { [ -x "$executable" ] && "$executable" --version >/dev/null 2>&1; }; then
    say "building $crate $version once, which takes minutes"
    # Away from the workspace, whose lock file, profiles and target directory are not the tool's. `--locked`: the
    # versions of its dependencies that its authors tested, and the same ones on each machine. Hardly optimised: it
    # runs for seconds, and its build is most of what a new machine waits for.
    (cd / && CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        CARGO_PROFILE_RELEASE_DEBUG=0 cargo install --quiet --locked --force --version "=$version" --root "$home" \
        --target-dir "$home/build" "$crate" --bin "$name") >&2 || {
        say "error: could not build $crate $version"
        say "  help: see cargo's message above; the build needs the package registry and a C compiler (Debian: apt-get install gcc)"
        exit 1
    }
    rm -rf "$home/build"
fi
printf '%s\n' "$executable"
