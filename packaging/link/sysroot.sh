#!/usr/bin/env bash
# usage: packaging/link/sysroot.sh amd64|arm64
# What the agent is linked against: the C library of Debian 11, so that one binary starts on every distribution that is
# supported, RHEL 8 (glibc 2.28) and Ubuntu 20.04 (2.31) included. Made once, in artifacts/sysroot/ARCHITECTURE.
# apt fetches the packages from this host's own mirror, and checks signatures and hashes; SMM_VM_MIRROR names another mirror.
set -euo pipefail

readonly suite=bullseye
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
readonly packages=(libc6 libc6-dev libgcc-s1 libgcc-10-dev linux-libc-dev libcrypt1)

die() { printf 'sysroot.sh: %s\n' "$*" >&2; exit 1; }

case "${1:-}" in
    amd64) triple=x86_64-linux-gnu ;;
    arm64) triple=aarch64-linux-gnu ;;
    *) die "unknown architecture '${1:-}': amd64 or arm64" ;;
esac
architecture=$1
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly architecture triple here
readonly root="$here/../../artifacts/sysroot/$architecture"
readonly new="$root.new"

# Newer than what makes it: nothing to do.
[ "$root/oldglibc.o" -nt "$here/oldglibc.c" ] && [ "$root/oldglibc.o" -nt "${BASH_SOURCE[0]}" ] && exit 0

# shellcheck disable=SC2016 # apt's fields
mirror=${SMM_VM_MIRROR:-$(apt-get indextargets --format '$(ORIGIN) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 == "main" && $3 !~ /security/ { print $3; exit }')}
[ -n "$mirror" ] || die "no apt source of this host is a mirror of Debian: name one in SMM_VM_MIRROR"
[ -r "$keyring" ] || die "$keyring is missing: apt-get install debian-archive-keyring"

rm -rf "$new"
mkdir -p "$new"/apt/{lists/partial,cache/archives/partial,debs}
cat >"$new/apt/apt.conf" <<CONF
Dir::Etc::SourceList "$new/apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$new/apt/lists";
Dir::State::status "/dev/null";
Dir::Cache "$new/apt/cache";
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Sandbox::User "";
Acquire::Languages "none";
CONF
echo "deb [signed-by=$keyring] $mirror $suite main" >"$new/apt/sources.list"
export APT_CONFIG="$new/apt/apt.conf"
apt-get update -qq --error-on=any || die "$mirror has no $suite for $architecture: name another mirror in SMM_VM_MIRROR"
(cd "$new/apt/debs" && apt-get download -qq "${packages[@]}")
for package in "$new"/apt/debs/*.deb; do
    dpkg-deb -x "$package" "$new"
done

rm -rf "$new/apt"

# The linker would follow an absolute link to the host's library.
find "$new" -type l -lname '/*' | while read -r link; do
    ln -sfnr "$new$(readlink "$link")" "$link"
done
"$triple-gcc" --sysroot="$new" -O2 -c "$here/oldglibc.c" -o "$new/oldglibc.o"
rm -rf "$root"
mv "$new" "$root"
