#!/usr/bin/env bash
# Runs the tests that tests/reliability/faults.yaml names on a real Envoy, on each version: tools/reliability.sh [VERSION...]
#
# The results are written to tests/reliability/shown.txt, from which docs/reliability.md is generated. PEERWARDEN_ONLY=TEXT runs only tests
# whose names contain the text, and keeps the results of the others.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

versions=("$@")
[ ${#versions[@]} -gt 0 ] || mapfile -t versions < <(tools/envoy.sh --versions)
only=${PEERWARDEN_ONLY:-}
shown=tests/reliability/shown.txt
# The same build as `make test`: with other packages, dependencies would get other features and be built again.
cargo_test=(cargo test --workspace --exclude peerwarden-filter --exclude peerwarden-sdk-filter)
failed=0
for version in "${versions[@]}"; do
    envoy=$(tools/envoy.sh "$version")
    lines=
    for binary in envoy soak; do
        mapfile -t tests < <(awk -v version="$version" -v binary="$binary::" -v only="$only" '
            function wanted(name) { return only == "" || index(name, only) }
            /^- fault:/ { since = "" }
            $1 == "since:" { since = $2 }
            $1 == "test:" && index($2, binary) == 1 && wanted($2) && since <= version { print substr($2, length(binary) + 1) }
        ' <(tr -d '"' <tests/reliability/faults.yaml))
        [ ${#tests[@]} -gt 0 ] || continue
        echo "Envoy $version: ${#tests[@]} tests of $binary"
        output=$(PEERWARDEN_ENVOY=$envoy "${cargo_test[@]}" --test "$binary" -- --exact "${tests[@]}" 2>&1) ||
            { failed=1; echo "$output" | tail -n 60; }
        lines+=$(sed -n "s/^test \([^ ]*\) \.\.\. \(ok\|FAILED\)$/$version $binary::\1 \2/p" <<<"$output")$'\n'
    done
    # Without PEERWARDEN_ONLY, every line of the version is replaced, because every test has run.
    { awk -v version="$version" -v only="$only" '$1 != version || (only != "" && !index($2, only))' "$shown"; echo "$lines"; } |
        awk NF | sort >"$shown.new"
    mv "$shown.new" "$shown"
done
PEERWARDEN_BLESS=1 "${cargo_test[@]}" --quiet --test reliability
exit $failed
