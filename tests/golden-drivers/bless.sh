#!/usr/bin/env bash
# Keeps a compiled driver for ever: bless.sh DRIVER.wasm
#
# It is copied to this folder as NAME-VERSION.wasm, VERSION being that of the specification that it was built
# against, and written into `manifest`: file, version, SHA-256. Every build loads and runs what is kept here
# (tests/tests/e2e/golden.rs). Before 1.0 a kept driver may be replaced, when the specification changed; from 1.0 on
# never: what was released goes on running.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
driver=${1:?usage: bless.sh DRIVER.wasm}
version=$(grep --text --only-matching 'jackfield:channel/driver@[0-9][0-9.]*' "$driver" | head -n 1 | cut -d @ -f 2 || true)
if [ -z "$version" ]; then
    echo "bless.sh: $driver exports no jackfield:channel/driver; it is no driver's component" >&2
    exit 1
fi
file=$(basename "$driver" .wasm)-$version.wasm
if [ -e "$here/$file" ] && [ "${version%%.*}" != 0 ]; then
    echo "bless.sh: $file is kept already, and from 1.0 on none is replaced; make this server run it" >&2
    exit 1
fi
cp "$driver" "$here/$file"
digest=$(sha256sum "$here/$file" | cut -d ' ' -f 1)
touch "$here/manifest"
{
    grep --invert-match "^$file " "$here/manifest" || true
    echo "$file $version sha256-$digest"
} | LC_ALL=C sort >"$here/manifest.new"
mv "$here/manifest.new" "$here/manifest"
echo "kept as $file"
