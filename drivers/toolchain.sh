#!/usr/bin/env bash
# Finds a Rust compiler that can build Wasm guests, sets one up where there is none, and prints the
# environment that cargo needs to use it, one NAME=VALUE a line (nothing where the usual compiler can).
#
# Three ways, in this order:
#   1. the machine's own compiler has the target;
#   2. Debian's compiler for its web packages, unpacked privately into target/wasm-toolchain. It brings
#      the standard library as source, so cargo builds that for the target. Needs apt, but no root;
#   3. rustup downloads the target.
#
# Safe to run at once from several places: a lock makes the others wait.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=wasm32-unknown-unknown
toolchain=$root/target/wasm-toolchain

say() { echo "wasm toolchain: $*" >&2; }

own_compiler_has_target() {
    [ -d "$(rustc --print target-libdir --target "$target" 2>/dev/null)" ]
}

# apt with lists and a cache of our own: no root, and the machine's lists may be old or missing.
private_apt() {
    local tool=$1 private=$root/target/wasm-apt
    shift
    mkdir -p "$private/lists/partial" "$private/cache/archives/partial"
    "$tool" -qq \
        -o Dir::State::Lists="$private/lists" \
        -o Dir::Cache="$private/cache" \
        -o APT::Sandbox::User="$(id -un)" \
        "$@"
}

# The packages that the compiler is made of: itself, the standard library's source, and every library
# under it that the machine does not have.
debian_packages() {
    local package
    echo rustc-web
    echo rust-web-src
    private_apt apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
        --no-replaces --no-enhances libstd-rust-web-dev | grep '^[a-z]' | sort -u |
        while read -r package; do
            case $package in
            libstd-rust-web-*) echo "$package" ;;
            *) dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || echo "$package" ;;
            esac
        done
}

set_up_debian() {
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1

    # An unreachable source among several is no reason to stop: what counts is whether the compiler is there.
    private_apt apt-get update >&2 || true
    local wanted version
    wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' "$root/Cargo.toml")
    version=$(private_apt apt-cache policy rustc-web | sed -n 's/^ *Candidate: //p')
    [ -n "$version" ] && [ "$version" != "(none)" ] && dpkg --compare-versions "$version" ge "$wanted" || return 1

    say "unpacking Debian's compiler $version into target/wasm-toolchain (once, about 150 MB)"
    local new=$toolchain.new packages deb
    rm -rf "$new" "$toolchain"
    mkdir -p "$new/debs"
    mapfile -t packages < <(debian_packages)
    (cd "$new/debs" && private_apt apt-get download "${packages[@]}" >&2) || return 1
    for deb in "$new"/debs/*.deb; do
        dpkg-deb -x "$deb" "$new" || return 1
    done
    rm -rf "$new/debs" "$root/target/wasm-apt"

    # Debian's compiler finds its libraries only where Debian would have put them.
    cat >"$new/rustc" <<'WRAPPER'
#!/bin/sh
here=$(dirname "$0")
for libraries in "$here"/usr/lib/*-linux-gnu*; do
    LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
done
export LD_LIBRARY_PATH
exec "$here/usr/bin/rustc" "$@"
WRAPPER
    chmod +x "$new/rustc"
    "$new/rustc" -vV >/dev/null || return 1
    mv "$new" "$toolchain"
}

set_up_rustup() {
    command -v rustup >/dev/null || return 1
    say "adding the target $target with rustup"
    rustup target add "$target" >&2
}

print_debian_environment() {
    local host linker
    host=$(rustc -vV | sed -n 's/^host: //p')
    linker=$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld
    echo "RUSTC=$toolchain/rustc"
    # Building the standard library is an unstable feature of cargo, so it must be let.
    echo "RUSTC_BOOTSTRAP=1"
    echo "CARGO_UNSTABLE_BUILD_STD=std,panic_abort"
    # Debian's compiler comes without the linker for Wasm; the machine's own compiler has one.
    [ ! -x "$linker" ] || echo "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$linker"
}

if ! command -v rustc >/dev/null || ! command -v cargo >/dev/null; then
    say "no Rust here: rustc and cargo must be in the PATH. Install Rust, then run this again."
    exit 1
fi
own_compiler_has_target && exit 0

mkdir -p "$root/target"
exec 9>"$root/target/.wasm-toolchain.lock"
flock 9

if [ ! -x "$toolchain/rustc" ] && ! set_up_debian; then
    rm -rf "$toolchain.new"
    if set_up_rustup && own_compiler_has_target; then
        exit 0
    fi
    say "this Rust has no target $target, apt offers no rustc-web that is new enough, and rustup could not add the target."
    say "Run 'rustup target add $target' where rustup reaches its server, or install a Rust that has the target; then run this again."
    exit 1
fi
print_debian_environment
