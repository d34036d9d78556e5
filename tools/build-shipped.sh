#!/usr/bin/env bash
# Builds what is shipped without the folders of this machine in it: two builds of one source are the same, wherever they are made.
#
#   tools/build-shipped.sh --release -p peerwarden     `cargo build --locked` with these arguments
#
# A panic names the file that it comes from. For crates and the standard library that would be a path in somebody's home.
set -euo pipefail

[ $# -gt 0 ] || {
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$root"

# Where the component rust-src is installed, the compiler names its files; elsewhere, a folder named after the compiler's commit.
library=$(rustc --print sysroot)/lib/rustlib/src/rust
commit=$(rustc --version --verbose | sed -n 's/^commit-hash: //p')
flags=(
    # The compiler's messages still name files where they are.
    --remap-path-scope=object
    "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
    "--remap-path-prefix=$library=/rustc/$commit"
    "--remap-path-prefix=$root=/peerwarden"
)
# Takes precedence over RUSTFLAGS and over what Cargo's configuration says, which would change the bytes.
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && printf '%s' "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS
exec cargo build --locked "$@"
