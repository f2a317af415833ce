#!/usr/bin/env bash
# usage: packaging/image/image.sh OUT ARCHITECTURE PUBLISHED PACKAGES DEBS
# Makes the container image of smm-dashboard as an OCI archive, OUT/smm-dashboard-VERSION-ARCHITECTURE.tar, without a container engine.
# It is one layer: the dashboard in PUBLISHED (self-contained), the Debian packages in the folder DEBS, and the packages of the agent in
# PACKAGES for the install script. The same input gives the same bytes in any folder, for any user, on any day: SOURCE_DATE_EPOCH is the
# only date in it.
set -euo pipefail
export LC_ALL=C
umask 022

die() { printf 'image.sh: %s\n' "$*" >&2; exit 1; }

[ -n "${SOURCE_DATE_EPOCH:-}" ] || die "SOURCE_DATE_EPOCH is not set: the date of the image, in seconds since 1970"
[ $# -eq 5 ] || die "usage: packaging/image/image.sh OUT ARCHITECTURE PUBLISHED PACKAGES DEBS"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$here/../../Directory.Build.props")
readonly here version out=$1 architecture=$2 published=$3 packages=$4 debs=$5
readonly user=65532
[ -x "$published/smm-dashboard" ] || die "$published has no smm-dashboard: publish it self-contained first"
compgen -G "$packages/*.deb" >/dev/null || die "$packages has no packages of the agent: ./build.sh package makes them"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
readonly root=$work/root image=$work/image
mkdir -p "$root" "$image/blobs/sha256"

put() { install -D -m "$1" "$2" "$3"; }

# Debian packages: unpacked, not installed. The needed effects of their scripts are made below.
debian() {
    local deb name status=$root/var/lib/dpkg/status.d
    mkdir -p "$status"
    for deb in "$debs"/*.deb; do
        dpkg-deb -x "$deb" "$root"
        # Where scanners look for packages in images without dpkg.
        name=$(dpkg-deb --field "$deb" Package)
        dpkg-deb --field "$deb" >"$status/$name"
    done
    # Removes character sets, documentation and development files. The licences stay.
    find "$root/usr/share/doc" -mindepth 2 ! -type d ! -name copyright -delete
    rm -rf "$root"/usr/share/{lintian,locale,man,base-files} "$root"/usr/lib/*/{gconv,audit} "$root"/usr/share/gdb "$root"/usr/share/gcc
    find "$root" -type d -empty -path "$root/usr/*" -delete
    # As update-ca-certificates does.
    mkdir -p "$root/etc/ssl/certs" "$root/usr/lib/ssl"
    find "$root/usr/share/ca-certificates" -name '*.crt' | sort | xargs cat >"$root/etc/ssl/certs/ca-certificates.crt"
    ln -s /etc/ssl/certs/ca-certificates.crt "$root/usr/lib/ssl/cert.pem"
}

files() {
    mkdir -p "$root/usr/lib/smm-dashboard" "$root/usr/bin" "$root/usr/share/smm-dashboard/packages"
    cp -r "$published"/. "$root/usr/lib/smm-dashboard/"
    find "$root/usr/lib/smm-dashboard" -type f -exec chmod 0644 {} +
    chmod 0755 "$root/usr/lib/smm-dashboard/smm-dashboard"
    # These are for debuggers, tracers and crash dumps, which this image does not support.
    rm -f "$root"/usr/lib/smm-dashboard/{createdump,libcoreclrtraceptprovider.so,*.pdb,*.xml}
    ln -s ../lib/smm-dashboard/smm-dashboard "$root/usr/bin/smm-dashboard"
    for package in "$packages"/*.{deb,rpm}; do
        put 0644 "$package" "$root/usr/share/smm-dashboard/packages/${package##*/}"
    done
    # Where they were signed before.
    for package in "$packages"/package-{list.json,keys}; do
        [ ! -e "$package" ] || put 0644 "$package" "$root/usr/share/smm-dashboard/packages/${package##*/}"
    done
    put 0644 "$here/../../LICENSE" "$root/usr/share/doc/smm-dashboard/copyright"
    printf 'root:x:0:0:root:/root:/usr/sbin/nologin\nsmm-dashboard:x:%s:%s:smm-dashboard:/nonexistent:/usr/sbin/nologin\n' "$user" "$user" >"$root/etc/passwd"
    printf 'root:x:0:\nsmm-dashboard:x:%s:\n' "$user" >"$root/etc/group"
    printf 'hosts: files dns\npasswd: files\ngroup: files\n' >"$root/etc/nsswitch.conf"
    chmod -R ug-s,go-w "$root"
    mkdir -p "$root/tmp"
    chmod 1777 "$root/tmp"
}

# A file becomes a blob under its digest. Prints the members of its descriptor.
blob() {
    local digest
    digest=$(sha256sum "$1" | cut -d' ' -f1)
    printf '"digest":"sha256:%s","size":%s' "$digest" "$(stat -c %s "$1")"
    mv "$1" "$image/blobs/sha256/$digest"
}

# Names in order, no times but SOURCE_DATE_EPOCH, no owner but root.
archive() { tar -C "$1" --sort=name --format=posix --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -cf - .; }

debian
files
archive "$root" >"$work/layer.tar"
diff_id=sha256:$(sha256sum "$work/layer.tar" | cut -d' ' -f1)
gzip -6n "$work/layer.tar"
layer=$(blob "$work/layer.tar.gz")
created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)

cat >"$work/config.json" <<JSON
{"created":"$created","architecture":"$architecture","os":"linux","config":{"User":"$user:$user","ExposedPorts":{"8081/tcp":{},"8443/tcp":{}},
"Env":["PATH=/usr/bin","DOTNET_EnableDiagnostics=0"],"Entrypoint":["/usr/bin/smm-dashboard"],"WorkingDir":"/","Labels":{"org.opencontainers.image.title":"smm-dashboard",
"org.opencontainers.image.description":"The VM-facing API of the dashboard","org.opencontainers.image.version":"$version","org.opencontainers.image.licenses":"Apache-2.0"}},
"rootfs":{"type":"layers","diff_ids":["$diff_id"]},"history":[{"created":"$created","created_by":"packaging/image/image.sh"}]}
JSON
config=$(blob "$work/config.json")
cat >"$work/manifest.json" <<JSON
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json",$config},
"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip",$layer}]}
JSON
manifest=$(blob "$work/manifest.json")
printf '{"imageLayoutVersion":"1.0.0"}' >"$image/oci-layout"
cat >"$image/index.json" <<JSON
{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",$manifest,
"platform":{"architecture":"$architecture","os":"linux"},"annotations":{"org.opencontainers.image.ref.name":"$version"}}]}
JSON
# docker load, before it knew OCI's layout.
path() { sed 's/.*sha256:\([0-9a-f]*\).*/blobs\/sha256\/\1/' <<<"$1"; }
printf '[{"Config":"%s","RepoTags":["smm-dashboard:%s"],"Layers":["%s"]}]' "$(path "$config")" "$version" "$(path "$layer")" >"$image/manifest.json"

mkdir -p "$out"
archive "$image" >"$out/smm-dashboard-$version-$architecture.tar.new"
mv "$out/smm-dashboard-$version-$architecture.tar.new" "$out/smm-dashboard-$version-$architecture.tar"
