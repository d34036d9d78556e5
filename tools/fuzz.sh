#!/usr/bin/env bash
# Runs the fuzzing targets of tests/fuzz under libFuzzer, for some seconds each: tools/fuzz.sh SECONDS [TARGET...]
#
# The compiler's own coverage pass and the crate that includes libFuzzer are enough: no nightly toolchain, clang or cargo-fuzz.
# New inputs are kept in target/fuzz/corpus. Inputs that fail are in target/fuzz/found; add them to tests/fuzz/corpus with the fix.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:?how many seconds each target runs}
shift
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(find tests/fuzz/corpus -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort)

coverage="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters"
coverage+=" -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
# With an explicit target, build scripts and macros have no counters.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="$coverage" cargo build --quiet --release --locked --manifest-path tests/fuzz/libfuzzer/Cargo.toml \
    --target-dir target/fuzz --target "$host"
binary=target/fuzz/$host/release/libfuzzer

mkdir -p target/fuzz/found
failed=()
for target in "${targets[@]}"; do
    corpus=target/fuzz/corpus/$target
    log=target/fuzz/$target.log
    mkdir -p "$corpus"
    # An input of at most 4 KiB should never take 10 s or 1 GiB.
    if PEERWARDEN_TARGET=$target "$binary" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=4096 \
        -print_final_stats=1 -verbosity=1 -artifact_prefix="target/fuzz/found/$target-" \
        "$corpus" "tests/fuzz/corpus/$target" >"$log" 2>&1; then
        sed -n 's/^stat::number_of_executed_units: *//p' "$log" | while read -r runs; do
            echo "$target: $runs inputs, $(find "$corpus" -type f | wc -l) kept for new coverage"
        done
    else
        failed+=("$target")
        echo "$target: FAILED, see $log"
        grep -m 3 -E "panicked at|libFuzzer:|assertion" -A 2 "$log" || true
    fi
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "error: ${failed[*]}: failing inputs are in target/fuzz/found" >&2
    exit 1
fi
