#!/usr/bin/env bash
# usage: packaging/dashboard/package.sh OUT ARCHITECTURE PUBLISHED
# Makes the deb of smm-dashboard for the embedded mode from its self-contained publish folder, in OUT. The same input gives the same bytes
# in any folder, for any user, on any day: SOURCE_DATE_EPOCH is the only date in it.
set -euo pipefail
export LC_ALL=C
umask 022

die() { printf 'package.sh: %s\n' "$*" >&2; exit 1; }

[ -n "${SOURCE_DATE_EPOCH:-}" ] || die "SOURCE_DATE_EPOCH is not set: the date of the package, in seconds since 1970"
[ $# -eq 3 ] || die "usage: packaging/dashboard/package.sh OUT ARCHITECTURE PUBLISHED"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$here/../../Directory.Build.props")
readonly here version out=$1 architecture=$2 published=$3 maintainer='The smm-agent authors <smm-agent@example.org>'
[ -x "$published/smm-dashboard" ] || die "$published has no smm-dashboard: publish it self-contained first"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
readonly root=$work/root
readonly doc=$root/usr/share/doc/smm-dashboard

put() { install -D -m "$1" "$2" "$3"; }
put_gz() { install -d "$(dirname "$2")" && gzip -9nc "$1" >"$2" && chmod 0644 "$2"; }

install -d "$root/usr/lib/smm-dashboard" "$root/usr/bin" "$root/DEBIAN"
cp -r "$published"/. "$root/usr/lib/smm-dashboard/"
find "$root/usr/lib/smm-dashboard" -type f -exec chmod 0644 {} +
chmod 0755 "$root/usr/lib/smm-dashboard/smm-dashboard"
# These are for debuggers, tracers and crash dumps.
rm -f "$root"/usr/lib/smm-dashboard/{createdump,libcoreclrtraceptprovider.so,*.pdb,*.xml}
ln -s ../lib/smm-dashboard/smm-dashboard "$root/usr/bin/smm-dashboard"
put 0644 "$here/smm-dashboard.service" "$root/usr/lib/systemd/system/smm-dashboard.service"
put 0644 "$here/smm-dashboard.sysusers" "$root/usr/lib/sysusers.d/smm-dashboard.conf"
put 0644 "$here/default" "$root/etc/default/smm-dashboard"
put 0644 "$here/mesh.yaml.example" "$doc/mesh.yaml.example"
put 0644 "$here/../deb/copyright" "$doc/copyright"
put_gz "$here/smm-dashboard.8" "$root/usr/share/man/man8/smm-dashboard.8.gz"
install -d -m 0750 "$root/etc/smm-dashboard"

printf '/etc/default/smm-dashboard\n' >"$root/DEBIAN/conffiles"
# As dpkg-gencontrol counts: files in whole KiB, one KiB for everything else.
size=$(find "$root" -path "$root/DEBIAN" -prune -o -type f -printf '%s\n' -o -printf '1\n' | awk '{ sum += int(($1 + 1023) / 1024) } END { print sum }')
sed -e "s/@VERSION@/$version/; s/@ARCHITECTURE@/$architecture/; s/@INSTALLED_SIZE@/$size/; s/@MAINTAINER@/$maintainer/" \
    "$here/control" >"$root/DEBIAN/control"
for script in postinst prerm postrm; do
    put 0755 "$here/$script" "$root/DEBIAN/$script"
done
(cd "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
mkdir -p "$out"
# One thread, because the output of xz depends on the number of threads, and a fast level, because the runtime is large.
dpkg-deb --root-owner-group -Zxz -z2 --threads-max=1 --build "$root" "$out" >/dev/null
