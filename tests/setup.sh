#!/usr/bin/env bash
# Sets up the peers that the tests hold Jackfield against, at the versions pinned in tests/peers:
#   target/peers/venv   the vendors' Python libraries (target/peers/venv/bin/python runs them)
#   target/peers/node   the vendors' npm packages (target/peers/node/node_modules)
#   mail servers        Postfix, Dovecot with Sieve, and swaks: Debian's packages; never started as services
#
# Does nothing where they are there already. What the machine lacks comes from apt, which needs root.
# Safe to run at once from several places: a lock makes the others wait.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pins=$root/tests/peers
peers=$root/target/peers
oldest_node=18

say() { echo "test peers: $*" >&2; }

mkdir -p "$peers"
exec 9>"$peers/.lock"
flock 9

# Whether PLACE was set up from exactly these FILES: is_fresh PLACE FILE...
is_fresh() {
    local place=$1
    shift
    [ "$(cat "$place/.pins" 2>/dev/null)" = "$(cat "$@" | sha256sum)" ]
}
mark_fresh() {
    local place=$1
    shift
    cat "$@" | sha256sum >"$place/.pins"
}

apt_updated=
install_packages() {
    if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
        say "this machine lacks $*; install them, or run this again as root on Debian."
        exit 1
    fi
    # One source out of reach is no reason to stop: the packages may come from another.
    [ -n "$apt_updated" ] || apt-get -qq update >&2 || true
    apt_updated=yes
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends "$@" >&2
}

set_up_python() {
    local venv=$peers/venv
    is_fresh "$venv" "$pins/requirements.txt" && return
    # Debian's python3 has the venv module, but without python3-venv nothing to put pip there with.
    python3 -c 'import venv, ensurepip' 2>/dev/null || install_packages python3 python3-venv
    say "installing the Python libraries"
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$pins/requirements.txt" >&2
    mark_fresh "$venv" "$pins/requirements.txt"
}

node_is_new_enough() {
    command -v node >/dev/null && command -v npm >/dev/null &&
        [ "$(node --print 'process.versions.node.split(".")[0]')" -ge "$oldest_node" ]
}

set_up_node() {
    local place=$peers/node
    is_fresh "$place" "$pins/package.json" "$pins/package-lock.json" && return
    node_is_new_enough || install_packages nodejs npm
    say "installing the npm packages (about 480 MB)"
    rm -rf "$place"
    mkdir -p "$place"
    cp "$pins/package.json" "$pins/package-lock.json" "$place"
    # No package here needs its install scripts, so none is run.
    (cd "$place" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
    mark_fresh "$place" "$pins/package.json" "$pins/package-lock.json"
}

# Debian starts a service when its package is installed; the tests start their own, with data of their own.
without_services() {
    local policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        "$@"
        return
    fi
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    local ended=0
    "$@" || ended=$?
    rm -f "$policy"
    return "$ended"
}

set_up_mail() {
    local lacking=() package
    for package in postfix swaks dovecot-core dovecot-lmtpd dovecot-imapd dovecot-sieve; do
        dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
            lacking+=("$package")
    done
    [ ${#lacking[@]} -gt 0 ] || return 0
    say "installing the mail servers"
    if command -v debconf-set-selections >/dev/null && [ "$(id -u)" = 0 ]; then
        debconf-set-selections <<<"postfix postfix/main_mailer_type select Local only"
        debconf-set-selections <<<"postfix postfix/mailname string gateway.test"
    fi
    without_services install_packages "${lacking[@]}"
}

set_up_python
set_up_node
set_up_mail
