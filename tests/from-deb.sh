#!/usr/bin/env bash
# One file of a Debian package for the tests, without an installation of the package: from-deb.sh FOLDER PACKAGE PATH
# The file is FOLDER/NAME afterwards. An existing one is kept.
set -euo pipefail

die() { printf 'from-deb.sh: %s\n' "$*" >&2; exit 1; }

[ $# -eq 3 ] || die "usage: from-deb.sh FOLDER PACKAGE PATH"
[ -e "$1/${3##*/}" ] && exit
command -v apt-get >/dev/null || die "needs apt-get, or ${3##*/} in $1"

printf '==> fetching %s from the package %s for the tests\n' "${3##*/}" "$2" >&2
mkdir -p "$1"
folder=$(cd "$1" && pwd)
work=$(mktemp -d "$folder/work.XXXXXX")
readonly folder work
trap 'rm -rf "$work"' EXIT
cd "$work"
# As the user who runs this: apt's own user cannot write here.
download() { apt-get -q -o APT::Sandbox::User= download "$1" >log 2>&1; }
# A fresh machine may have no list of packages yet.
download "$2" || { [ "$(id -u)" -eq 0 ] && apt-get -q update >log 2>&1 && download "$2"; } || die "apt-get download $2 failed: $(cat log)"
dpkg -x "$2"_*.deb root
mv "root/$3" "$folder/${3##*/}"
