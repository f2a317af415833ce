#!/usr/bin/env bash
# The promtool of Debian's package prometheus for the tests, unpacked and not installed: promtool.sh FOLDER
# A promtool that is installed is not replaced by it. 19 MB of download.
set -euo pipefail

die() { printf 'promtool.sh: %s\n' "$*" >&2; exit 1; }

[ $# -eq 1 ] || die "usage: promtool.sh FOLDER"
if [ -x "$1/promtool" ] || [ -x /usr/bin/promtool ]; then exit 0; fi
command -v apt-get >/dev/null || die "needs apt-get, or promtool in /usr/bin"

printf '==> fetching promtool for the tests\n' >&2
mkdir -p "$1"
folder=$(cd "$1" && pwd)
work=$(mktemp -d "$folder/work.XXXXXX")
readonly folder work
trap 'rm -rf "$work"' EXIT
cd "$work"
# As the user who runs this: apt's own user cannot write here.
download() { apt-get -q -o APT::Sandbox::User= download prometheus >log 2>&1; }
# A fresh machine may have no list of packages yet.
download || { [ "$(id -u)" -eq 0 ] && apt-get -q update >log 2>&1 && download; } || die "apt-get download prometheus failed: $(cat log)"
dpkg -x prometheus_*.deb root
mv root/usr/bin/promtool "$folder/promtool"
