#!/usr/bin/env bash
# Builds the guests of a workspace as components: build.sh WORKSPACE OUT [PACKAGE...]
#
# A guest is a folder of the workspace whose Cargo.toml says `cdylib`. With packages named, only those are
# built. Each becomes OUT/PACKAGE.wasm, written only when it changed, so that a server watching OUT
# reloads nothing else.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [ $# -lt 2 ]; then
    echo "usage: build.sh WORKSPACE OUT [PACKAGE...]" >&2
    exit 2
fi
workspace=$(cd "$1" && pwd)
mkdir -p "$2"
out=$(cd "$2" && pwd)
shift 2

packages=("$@")
if [ ${#packages[@]} -eq 0 ]; then
    while read -r manifest; do
        packages+=("$(sed -n 's/^name = "\(.*\)"$/\1/p' "$manifest" | head -n 1)")
    done < <(grep -l '^crate-type = .*"cdylib"' "$workspace"/*/Cargo.toml)
fi
if [ ${#packages[@]} -eq 0 ]; then
    echo "build.sh: no folder of $workspace has a Cargo.toml with crate-type \"cdylib\", so there is nothing to build" >&2
    exit 1
fi

environment=$("$root/drivers/toolchain.sh")
mapfile -t environment < <(printf '%s' "$environment")
# Panics name source files; these names say nothing of the builder's machine. The folders of crates are known once fetched.
env "${environment[@]}" cargo fetch --quiet --manifest-path "$workspace/Cargo.toml"
cargo_home=${CARGO_HOME:-$HOME/.cargo}
remapped=("$root=." "$root/target/wasm-toolchain/usr/lib/rustlib/src/rust=rust")
for registry in "$cargo_home"/registry/src/*/; do
    remapped+=("${registry%/}=crates")
done
rustflags=$(printf -- '--remap-path-prefix=%s\x1f' "${remapped[@]}")
# A target folder of their own: guests have another compiler and another profile than the server.
guests=$root/target/guest-build
env "${environment[@]}" CARGO_ENCODED_RUSTFLAGS="${rustflags%$'\x1f'}" \
    cargo build --release --target wasm32-unknown-unknown --target-dir "$guests" \
    --manifest-path "$workspace/Cargo.toml" "${packages[@]/#/--package=}"

host_target=${CARGO_TARGET_DIR:-$root/target}
cargo build --release --quiet --manifest-path "$root/Cargo.toml" --target-dir "$host_target" --package jackfield-componentize

for package in "${packages[@]}"; do
    "$host_target/release/jackfield-componentize" \
        "$guests/wasm32-unknown-unknown/release/${package//-/_}.wasm" "$out/$package.wasm"
done
echo "in ${out#"$root"/}: ${packages[*]}"
