#!/usr/bin/env bash
# usage: packaging/sign-repository.sh KEY DIR
# Signs a folder of packages for apt, dnf and zypper with the GPG key KEY (its fingerprint), which is in the keyring of the user: each rpm
# itself, and an index of the debs (Packages, Release, Release.gpg, InRelease). This changes the bytes of the rpms, so SHA256SUMS is made
# again; run smm-dashboard sign-packages afterwards.
set -euo pipefail
export LC_ALL=C
umask 022

die() { printf 'sign-repository.sh: %s\n' "$*" >&2; exit 1; }

[ $# -eq 2 ] || die "usage: packaging/sign-repository.sh KEY DIR"
key=$1
cd "$2"
gpg --batch --list-secret-keys "$key" >/dev/null 2>&1 || die "the keyring has no secret key '$key'"
for program in apt-ftparchive rpmsign; do
    command -v "$program" >/dev/null || die "needs $program (Debian: apt-utils, rpm)"
done
shopt -s nullglob
rpms=(*.rpm) debs=(*.deb)
[ ${#rpms[@]} -gt 0 ] || [ ${#debs[@]} -gt 0 ] || die "$2 has no packages"

[ ${#rpms[@]} -eq 0 ] || rpmsign --define "_gpg_name $key" --define "__gpg $(command -v gpg)" --addsign "${rpms[@]}" >/dev/null
if [ ${#debs[@]} -gt 0 ]; then
    rm -f Release Release.gpg InRelease
    apt-ftparchive packages . >Packages
    apt-ftparchive release . >Release.new
    mv Release.new Release
    gpg --batch --yes --local-user "$key" --armor --detach-sign --output Release.gpg Release
    gpg --batch --yes --local-user "$key" --clearsign --output InRelease Release
fi
boms=(*.cdx.json)
sha256sum -- "${debs[@]}" "${rpms[@]}" "${boms[@]}" >SHA256SUMS
