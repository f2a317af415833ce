#!/usr/bin/env bash
# usage: packaging/image/debs.sh ARCHITECTURE FOLDER
# The Debian packages that the image of smm-dashboard consists of beside it, in their newest versions, into FOLDER; nothing else stays there.
# apt fetches them from this host's own mirrors, security updates included, and checks signatures and hashes; nothing is installed. SMM_IMAGE_MIRROR names another mirror.
set -euo pipefail

readonly suite=bookworm
readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
readonly packages=(base-files ca-certificates gcc-12-base libc6 libgcc-s1 libssl3 libstdc++6 tzdata)

die() { printf 'debs.sh: %s\n' "$*" >&2; exit 1; }

[ $# -eq 2 ] || die "usage: packaging/image/debs.sh ARCHITECTURE FOLDER"
[ -r "$keyring" ] || die "$keyring is missing: apt-get install debian-archive-keyring"

# $1: a pattern of the label. The security mirror of a suite has another one.
mirror() {
    # shellcheck disable=SC2016 # apt's fields
    apt-get indextargets --format '$(LABEL) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
        awk -v label="$1" '$1 == label && $2 == "main" { print $3; exit }'
}

main=${SMM_IMAGE_MIRROR:-$(mirror Debian)}
[ -n "$main" ] || die "no apt source of this host is a mirror of Debian: name one in SMM_IMAGE_MIRROR"
security=$(mirror Debian-Security)

readonly new=$2.new
rm -rf "$new"
mkdir -p "$new"/{apt/lists/partial,apt/cache/archives/partial,debs}
apt=$(cd "$new/apt" && pwd)
{
    printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$main" "$suite"
    [ -z "$security" ] || printf 'deb [signed-by=%s] %s %s-security main\n' "$keyring" "$security" "$suite"
} >"$apt/sources.list"
cat >"$apt/apt.conf" <<CONF
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$apt/lists";
Dir::State::status "/dev/null";
Dir::Cache "$apt/cache";
APT::Architecture "$1";
APT::Architectures { "$1"; };
APT::Sandbox::User "";
Acquire::Languages "none";
CONF
export APT_CONFIG="$apt/apt.conf"
apt-get update -qq --error-on=any || die "$main has no $suite for $1: name another mirror in SMM_IMAGE_MIRROR"
(cd "$new/debs" && apt-get download -qq "${packages[@]}")
rm -rf "$2"
mkdir -p "$(dirname "$2")"
mv "$new/debs" "$2"
rm -rf "$new"
