#!/usr/bin/env bash
# Runs the tests that tests/reliability/faults.yaml names on a real Envoy, on each version: tools/reliability.sh [VERSION...]
#
# Which passed is written to tests/reliability/shown.txt, and docs/reliability.md is made anew from it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

versions=("$@")
[ ${#versions[@]} -gt 0 ] || versions=(1.36 1.37 1.38 1.39 1.40)
shown=tests/reliability/shown.txt
failed=0
for version in "${versions[@]}"; do
    envoy=$(tools/envoy.sh "$version")
    lines=
    for binary in envoy soak; do
        mapfile -t tests < <(awk -v version="$version" -v binary="$binary::" '
            /^- fault:/ { since = "" }
            $1 == "since:" { since = $2 }
            $1 == "test:" && index($2, binary) == 1 && since <= version { print substr($2, length(binary) + 1) }
        ' <(tr -d '"' <tests/reliability/faults.yaml))
        [ ${#tests[@]} -gt 0 ] || continue
        echo "Envoy $version: ${#tests[@]} tests of $binary"
        output=$(PEERWARDEN_ENVOY=$envoy cargo test -p peerwarden-tests --test "$binary" -- --exact "${tests[@]}" 2>&1) ||
            { failed=1; echo "$output" | tail -n 60; }
        lines+=$(sed -n "s/^test \([^ ]*\) \.\.\. \(ok\|FAILED\)$/$version $binary::\1 \2/p" <<<"$output")$'\n'
    done
    { grep -v "^$version " "$shown" || true; printf '%s' "$lines"; } | sort >"$shown.new"
    mv "$shown.new" "$shown"
done
PEERWARDEN_BLESS=1 cargo test --quiet -p peerwarden-tests --test reliability
exit $failed
