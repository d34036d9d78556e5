#!/usr/bin/env bash
# Packs the module, the command, its manual pages, completions and schemas, and the policies: `make dist` calls it when all is built.
#
#   tools/pack.sh FOLDER    makes FOLDER, FOLDER.tar.gz and FOLDER.tar.gz.sha256
#
# What is packed depends on what was built and on the commit alone: order, dates, owners and permissions are fixed. SOURCE_DATE_EPOCH
# is the date of the files, in seconds since 1970; without it the date of the commit is.
set -euo pipefail
export LC_ALL=C
umask 022

[ $# -eq 1 ] || {
    sed -n '2,7s/^# \{0,1\}//p' "$0" >&2
    exit 2
}
folder=$1 name=${1##*/}
tools=$(dirname "${BASH_SOURCE[0]}")
root=$(cd "$tools/.." && pwd)
module=$root/target/peerwarden.wasm command=$root/target/release/peerwarden

# Not in a clone, as where a packager has unpacked a snapshot, there is no commit to name.
commit="no commit" epoch=315532800
if [ -e "$root/.git" ]; then
    commit="commit $(git -C "$root" rev-parse HEAD)"
    [ -z "$(git -C "$root" status --porcelain)" ] || commit+=", with changes that are not committed"
    epoch=$(git -C "$root" log -1 --format=%ct)
fi
epoch=${SOURCE_DATE_EPOCH:-$epoch}

# What anybody needs to build the same again. The command links C code: the C compiler and the linker shape its bytes too.
build() {
    local compiler wanted
    compiler=$("$tools/release-compiler.sh") wanted=$("$tools/release-compiler.sh" --wanted)
    echo "$("$command" --version), $commit"
    echo "module: sha256 $(sha256sum <"$module" | cut -d ' ' -f 1)"
    echo "compiler: $compiler"
    [ "$compiler" = "$wanted" ] || echo "NOT the compiler of releases, which is $wanted: the module has other bytes"
    echo "for the command also: $(cc --version | head -n 1); $(ld --version | head -n 1)"
}

rm -rf "$folder" "$folder.tar.gz" "$folder.tar.gz.sha256"
mkdir -p "$folder/completions"
cp "$module" "$command" "$root"/{LICENSE,README.md,SECURITY.md,CHANGELOG.md} "$folder/"
cp -r "$root/policies" "$root/docs" "$folder/"
cp -r "$root/harness/cli/schema" "$folder/schema"
"$command" man --out "$folder/man/man1"
for shell in bash zsh fish powershell; do "$command" completions "$shell" >"$folder/completions/peerwarden.$shell"; done
build >"$folder/BUILD"

tar --directory "$(dirname "$folder")" --create --format=gnu --sort=name --mtime="@$epoch" --owner=0 --group=0 --numeric-owner \
    --mode=u=rwX,go=rX "$name" | gzip --no-name --best >"$folder.tar.gz"
cd "$(dirname "$folder")"
sha256sum "$name.tar.gz" | tee "$name.tar.gz.sha256"
