#!/usr/bin/env bash
# The roots that the VM tests boot, made once, and again when this file changes: roots.sh FOLDER SUITE...
# Each is a minimal Debian with systemd; what a test installs there comes from /srv/apt inside it, for a VM has no way out. The
# root `rpm` is the first one with Debian's dnf. SMM_VM_MIRROR names the mirror; else it is the one of this host's own apt sources.
set -euo pipefail

readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# What is there before the agent: what an operator's commands need.
readonly present=systemd-sysv,dbus,sudo,curl,ca-certificates,iproute2
# What comes with the agent's package, or with a test.
readonly later=(hostname iptables nftables ufw firewalld adduser)

die() { printf 'roots.sh: %s\n' "$*" >&2; exit 1; }

mirror() {
    local own
    # The suite's own entry, else any: Debian's mirrors carry all suites.
    # shellcheck disable=SC2016 # apt's fields
    own=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
        awk -v suite="$1" '$2 == "main" && $1 !~ /-/ && ($1 == suite || found == "") { found = $3 } END { print found }')
    printf '%s' "${SMM_VM_MIRROR:-$own}"
}

inside() { chroot "$1" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "${@:2}"; }

# Replaces the mirror by a folder of the root itself.
keep_packages() {
    local root=$1
    shift
    inside "$root" apt-get update -q
    mkdir -p "$root/srv/apt/partial"
    inside "$root" apt-get install -q -y --no-install-recommends --download-only -o Dir::Cache::archives=/srv/apt "$@"
    (cd "$root/srv/apt" && apt-ftparchive packages . >Packages)
    echo 'deb [trusted=yes] file:/srv/apt ./' >"$root/etc/apt/sources.list"
    rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
    inside "$root" apt-get update -q
}

debian() {
    local suite=$1 root=$2 from
    from=$(mirror "$suite")
    [ -n "$from" ] || die "this host has no apt source of Debian: name a mirror in SMM_VM_MIRROR"
    debootstrap --variant=minbase --force-check-gpg --keyring="$keyring" --include="$present" "$suite" "$root" "$from"
    keep_packages "$root" "${later[@]}"
    echo vm >"$root/etc/hostname"
    printf '127.0.0.1 localhost\n127.0.1.1 vm\n::1 localhost\n' >"$root/etc/hosts"
    # Each VM makes its own.
    : >"$root/etc/machine-id"
}

make() {
    local name=$1 root="$folder/$1"
    if [ -d "$root" ] && [ "$(cat "$folder/$name.recipe" 2>/dev/null)" = "$recipe" ]; then return; fi
    printf '==> making the root %s\n' "$name" >&2
    rm -rf "$root" "$root.new"
    "${@:2}" "$root.new" >"$folder/$name.log" 2>&1 || die "it failed: $folder/$name.log"
    mv "$root.new" "$root"
    echo "$recipe" >"$folder/$name.recipe"
}

with_dnf() {
    cp -a "$folder/$1" "$2"
    echo "deb $(mirror "$1") $1 main" >"$2/etc/apt/sources.list"
    inside "$2" apt-get update -q
    inside "$2" apt-get install -q -y --no-install-recommends dnf rpm createrepo-c iptables hostname
    rm -rf "$2"/srv/apt "$2"/var/lib/apt/lists/* "$2"/var/cache/apt/*
}

folder=$1
shift
recipe=$(sha256sum <"${BASH_SOURCE[0]}")
readonly folder recipe
mkdir -p "$folder"
for suite in "$@"; do
    make "$suite" debian "$suite"
done
make rpm with_dnf "$1"
