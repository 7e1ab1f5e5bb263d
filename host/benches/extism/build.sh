#!/usr/bin/env bash
# Builds the same work through Extism, for `make bench`, in a target folder of its own: target/extism.
#
# Both halves are built by the compiler that drivers/toolchain.sh finds: Extism asks for a newer Rust than this project
# does, and Debian's compiler, where that is the one, is new enough. Where none is, this fails and says so, and the
# measurement says that it wasn't made.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
out=$root/target/extism

environment=$("$root/drivers/toolchain.sh")
mapfile -t environment < <(printf '%s' "$environment")
env "${environment[@]}" cargo build --profile plugin --locked --target wasm32-unknown-unknown --target-dir "$out" \
    --manifest-path "$here/Cargo.toml" --package extism-plugin

# The compiler comes with the host's standard library, so this isn't built for the program.
host=()
for variable in "${environment[@]}"; do
    case $variable in CARGO_UNSTABLE_BUILD_STD=*) ;; *) host+=("$variable") ;; esac
done
env "${host[@]}" cargo build --release --locked --target-dir "$out" --manifest-path "$here/Cargo.toml" \
    --package extism-measure
