#!/usr/bin/env bash
# usage: packaging/package.sh OUT ARCHITECTURE=PUBLISHED ...
# Makes the deb and the rpm of each architecture (amd64, arm64) from its publish folder, its bill of materials, and SHA256SUMS, in OUT;
# every other file there is removed. The same input gives the same bytes in any folder, for any user, on any day: SOURCE_DATE_EPOCH is
# the only date in them.
set -euo pipefail
export LC_ALL=C
umask 022

die() { printf 'package.sh: %s\n' "$*" >&2; exit 1; }

[ -n "${SOURCE_DATE_EPOCH:-}" ] || die "SOURCE_DATE_EPOCH is not set: the date of the packages, in seconds since 1970"
[ $# -ge 2 ] || die "usage: packaging/package.sh OUT ARCHITECTURE=PUBLISHED ..."
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$here/../Directory.Build.props")
readonly here version maintainer='The smm-agent authors <smm-agent@example.org>'
[[ "$version" =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || die "<Version> in Directory.Build.props is '$version': a deb and an rpm need N.N.N"

put() { install -D -p -m "$1" "$2" "$3"; }
put_gz() { install -d "$(dirname "$2")" && gzip -9nc "$1" >"$2" && chmod 0644 "$2"; }

# The files of both formats.
stage() {
    local published=$1 root=$2 doc=$2/usr/share/doc/smm-agent unit
    put 0755 "$published/smm-agent" "$root/usr/bin/smm-agent"
    for unit in "$here"/systemd/*.{service,path,timer}; do
        put 0644 "$unit" "$root/usr/lib/systemd/system/${unit##*/}"
    done
    put 0644 "$here/systemd/smm-agent.sysusers" "$root/usr/lib/sysusers.d/smm-agent.conf"
    put 0644 "$here/systemd/smm-agent.tmpfiles" "$root/usr/lib/tmpfiles.d/smm-agent.conf"
    put 0644 "$here/dbus/io.smm_agent.Agent.conf" "$root/usr/share/dbus-1/system.d/io.smm_agent.Agent.conf"
    put 0755 "$here/sidecar-logs/rotate-sidecar-logs" "$root/usr/libexec/smm-agent/rotate-sidecar-logs"
    put 0644 "$here/sidecar-logs/istio.logrotate" "$root/usr/share/smm-agent/istio.logrotate"
    put_gz "$here/man/smm-agent.8" "$root/usr/share/man/man8/smm-agent.8.gz"
    put_gz "$here/man/smm-agent.yaml.5" "$root/usr/share/man/man5/smm-agent.yaml.5.gz"
    put 0644 "$here/completion/smm-agent.bash" "$root/usr/share/bash-completion/completions/smm-agent"
    put 0644 "$here/completion/smm-agent.fish" "$root/usr/share/fish/vendor_completions.d/smm-agent.fish"
    put 0644 "$here/completion/_smm-agent" "$root/$3/_smm-agent"
    put 0644 "$here/../docs/agent.yaml.example" "$doc/agent.yaml.example"
    put 0644 "$here/deb/copyright" "$doc/copyright"
    put_gz "$published/THIRD-PARTY-NOTICES.TXT" "$doc/THIRD-PARTY-NOTICES.gz"
    install -d -m 0750 "$root/etc/smm"
}

# The newest section of CHANGELOG.md as the entries of a package's changelog: each begins with $1 and continues after $2.
changes() {
    awk '/^## / { if (++sections > 1) exit } sections && /^- / { printf "\n%s", $0 } sections && /^  [^ ]/ { printf "%s", substr($0, 2) } END { print "" }' \
        "$here/../CHANGELOG.md" | tr -d '`' | while IFS= read -r entry; do
        [ -z "$entry" ] || printf '%s\n' "${entry#- }" | fold -s -w 74 | sed "1s/^/$1/; 2,\$s/^/$2/; s/ *\$//"
    done
}

deb() {
    local architecture=$1 published=$2 root=$work/deb-$1 size
    stage "$published" "$root" usr/share/zsh/vendor-completions
    {
        printf 'smm-agent (%s) stable; urgency=medium\n\n' "$version"
        changes '  * ' '    '
        printf '\n -- %s  %s\n' "$maintainer" "$(date -u -R -d "@$SOURCE_DATE_EPOCH")"
    } >"$work/changelog"
    put_gz "$work/changelog" "$root/usr/share/doc/smm-agent/changelog.gz"
    put 0644 "$here/deb/lintian-overrides" "$root/usr/share/lintian/overrides/smm-agent"

    install -d "$root/DEBIAN"
    # As dpkg-gencontrol counts: files in whole KiB, one KiB for everything else.
    size=$(find "$root" -path "$root/DEBIAN" -prune -o -type f -printf '%s\n' -o -printf '1\n' | awk '{ sum += int(($1 + 1023) / 1024) } END { print sum }')
    sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@INSTALLED_SIZE@/$size/; s/@MAINTAINER@/$maintainer/" "$here/deb/control" >"$root/DEBIAN/control"
    put 0755 "$here/deb/postinst" "$root/DEBIAN/postinst"
    put 0755 "$here/deb/prerm" "$root/DEBIAN/prerm"
    put 0755 "$here/deb/postrm" "$root/DEBIAN/postrm"
    (cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
    # One thread: the output of xz depends on the number of threads.
    dpkg-deb --root-owner-group -Zxz --threads-max=1 --build "$root" "$work/out" >/dev/null
}

rpm() {
    local target=$1 published=$2 root=$work/rpm-$1
    stage "$published" "$root" usr/share/zsh/site-functions
    {
        cat "$here/rpm/smm-agent.spec"
        printf '\n%%changelog\n* %s %s - %s-1\n' "$(date -u -d "@$SOURCE_DATE_EPOCH" '+%a %b %d %Y')" "$maintainer" "$version"
        changes '- ' '  ' | sed 's/%/%%/g'
    } >"$work/smm-agent.spec"
    rpmbuild -bb --quiet --target "$target" --define "_topdir $work/rpmbuild" --define "_rpmdir $work/out" --define '_rpmfilename %{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm' \
        --define "package_version $version" --define "staged $root" "$work/smm-agent.spec" >/dev/null
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/out"
out=$1
shift
for pair in "$@"; do
    case "${pair%%=*}" in
        amd64) target=x86_64 ;;
        arm64) target=aarch64 ;;
        *) die "unknown architecture '${pair%%=*}' in '$pair': amd64 or arm64" ;;
    esac
    deb "${pair%%=*}" "${pair#*=}" &
    rpm "$target" "${pair#*=}"
    "$here/sbom.sh" "${pair%%=*}" "$version" >"$work/out/smm-agent_${version}_${pair%%=*}.cdx.json"
    wait $!
done
(cd "$work/out" && sha256sum -- *.deb *.rpm *.cdx.json >SHA256SUMS)
rm -rf "$out"
mkdir -p "$(dirname "$out")"
cp -r "$work/out" "$out"
