#!/usr/bin/env bash
# Builds drivers in other languages than Rust: build.sh LANGUAGE FOLDER OUT.wasm [LANGUAGE FOLDER OUT.wasm]...
#
# LANGUAGE is `javascript` (FOLDER/driver.js, with FOLDER/build.mjs) or `python` (FOLDER/driver.py). All are built at
# once, each only if something that it is made of is newer. The tools are those in target/peers (`make peers`); what
# an author does is in docs/drivers/in-javascript.md and in-python.md.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
peers=$root/target/peers

is_fresh() {
    [ -e "$2" ] && [ -z "$(find "$1" "$root/wit" "$root/drivers/examples" -newer "$2" -print -quit)" ]
}

# A module finds packages from its own folder on, so it is built where they are.
javascript() {
    ln -s "$peers/node/node_modules" node_modules
    node build.mjs driver.js "$root/wit" "$1"
}

# Beside a driver without a helper module of its own lies the example's.
python() {
    [ -e jackfield.py ] || cp "$root/drivers/examples/python/jackfield.py" .
    "$peers/venv/bin/componentize-py" --quiet -d "$root/wit" -w webhook-driver componentize -o "$1" driver
}

# In a copy of its folder, since tools leave things behind; and under another name first: what is there is whole.
build() {
    local language=$1 folder=$2 out=$3 stage
    stage=$(mktemp -d "$root/target/example.XXXXXX")
    cp -R "$folder/." "$stage"
    (cd "$stage" && "$language" "$out.new")
    rm -rf "$stage"
    mv "$out.new" "$out"
    echo "built ${out#"$root"/}"
}

builds=()
while [ $# -ge 3 ]; do
    language=$1 folder=$(cd "$2" && pwd)
    mkdir -p "$(dirname "$3")"
    out=$(cd "$(dirname "$3")" && pwd)/$(basename "$3")
    shift 3
    is_fresh "$folder" "$out" && continue
    build "$language" "$folder" "$out" &
    builds+=($!)
done
for build in "${builds[@]}"; do
    wait "$build"
done
