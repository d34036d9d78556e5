#!/usr/bin/env bash
# Runs the engine's own tests on wasm32 under Node, with the limits of the module: 32-bit sizes, no threads, no clock.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=$(tools/wasm-bindgen.sh)
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Without `--doc`: documentation tests run natively.
cargo test --target wasm32-unknown-unknown -p peerwarden-engine --lib --tests "$@" | tee "$log"

# The runner succeeds if it finds no test, which happens if `#[test]` is not wasm-bindgen's.
ran=$(sed -n 's/^test result: ok\. \([0-9]*\) passed.*/\1/p' "$log" | awk '{ sum += $1 } END { print sum + 0 }')
if [ "$ran" -eq 0 ] && [ $# -eq 0 ]; then
    printf 'error: no test ran on wasm32\n  help: import `wasm_bindgen_test as test` in test modules on wasm32\n' >&2
    exit 1
fi
printf '%s tests ran on wasm32\n' "$ran"
