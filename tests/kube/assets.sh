#!/usr/bin/env bash
# A kube-apiserver, an etcd and a kubectl for the tests, made once, and again when this file changes: assets.sh FOLDER
# Where KUBEBUILDER_ASSETS names a folder that has them, that one is used, and nothing is made. Else kube-apiserver is built from the source package
# of Debian 12; etcd and the Go compiler come from its binary packages, which are unpacked and not installed. kubectl is Debian 13's: the one of Debian 12
# knows no components of kustomize.
# SMM_KUBE_MIRROR names the mirror; else it is the one of this host's own apt sources. About 4 minutes of processor time, 160 MB of downloads and 2 GB of disk on the way.
set -euo pipefail

readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
readonly suite=bookworm kubectl_suite=trixie
readonly programs=(kube-apiserver etcd kubectl)
# The second number is upstream's version, which /version reports.
readonly source_version=1.20.5+really1.20.2-1.1+deb12u1 version=v1.20.2

die() { printf 'assets.sh: %s\n' "$*" >&2; exit 1; }

has_all() {
    local program
    for program in "${programs[@]}"; do
        [ -x "$1/$program" ] || return 1
    done
}

mirror() {
    # shellcheck disable=SC2016 # apt's fields
    apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' |
        awk -v suite="$suite" '$2 == "main" && $1 !~ /-/ && ($1 == suite || found == "") { found = $3 } END { print found }'
}

# apt with sources, lists and caches of its own: the host's are left alone.
private_apt() {
    apt-get -q -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State::lists="$work/lists" \
        -o Dir::Cache="$work/cache" -o APT::Sandbox::User= -o Acquire::Languages=none "$@"
}

fetch() {
    local from=${SMM_KUBE_MIRROR:-$(mirror)} package
    [ -n "$from" ] || die "this host has no apt source of Debian: name a mirror in SMM_KUBE_MIRROR, or a folder with ${programs[*]} in KUBEBUILDER_ASSETS"
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/packages"
    printf "%s [signed-by=$keyring] $from %s main\n" deb "$suite" deb-src "$suite" deb "$kubectl_suite" >"$work/sources.list"
    private_apt update
    cd "$work/packages"
    private_apt source --download-only "kubernetes=$source_version"
    private_apt download {golang-1.19-go,golang-1.19-src,golang-github-modern-go-reflect2-dev,etcd-server}/"$suite" kubectl/"$kubectl_suite"
    dpkg-source --no-check -x kubernetes_*.dsc "$work/kubernetes"
    for package in *.deb; do
        dpkg -x "$package" "$work/root"
    done
}

build() {
    local tree="$work/kubernetes" root="$work/root" gopath="$work/go" number=${version#v}
    export GOROOT="$root/usr/lib/go-1.19" GOPATH="$gopath" GOCACHE="$work/go-cache" GO111MODULE=off GOPROXY=off CGO_ENABLED=0 GOFLAGS=''
    local go="$GOROOT/bin/go"
    mkdir -p "$gopath/src/k8s.io"
    ln -s "$tree" "$gopath/src/k8s.io/kubernetes"
    # Version 1.0.1, which is vendored, crashes with Go 1.18 and newer at the first map of a custom object.
    rm -rf "$tree/vendor/github.com/modern-go/reflect2"
    cp -r "$root/usr/share/gocode/src/github.com/modern-go/reflect2" "$tree/vendor/github.com/modern-go/reflect2"

    # It takes a string for null where the string's pointer is that of reflect's zero value: since Go 1.18 each empty string of a custom object.
    local validate="$tree/vendor/k8s.io/kube-openapi/pkg/validation/validate/type.go" zero='data == nil || reflect.DeepEqual(reflect.Zero(reflect.TypeOf(data)), reflect.ValueOf(data))'
    grep -qF "$zero" "$validate" || die "$validate is another one than was expected"
    sed -i "s/$zero/data == nil/" "$validate"

    cd "$gopath/src/k8s.io/kubernetes"
    # The source package lacks the one generated file. Folders of vendor/k8s.io may be links.
    local inputs
    inputs=$(grep -RlE --include='*.go' '^// *\+k8s:openapi-gen=' pkg vendor/k8s.io/ |
        grep -vE '^vendor/k8s.io/(code-generator|sample-apiserver|gengo|kube-openapi)/' | xargs -n1 dirname | sort -u | sed 's,^vendor/,,; s,^pkg/,k8s.io/kubernetes/pkg/,' | paste -sd,)
    "$go" build -o "$work/openapi-gen" k8s.io/kubernetes/vendor/k8s.io/kube-openapi/cmd/openapi-gen
    mkdir -p pkg/generated/openapi
    "$work/openapi-gen" --logtostderr --output-base "$gopath/src" --go-header-file hack/boilerplate/boilerplate.generatego.txt \
        --output-file-base zz_generated.openapi --output-package k8s.io/kubernetes/pkg/generated/openapi \
        --input-dirs "$inputs" --report-filename "$work/openapi-violations"

    # Without the models of the kinds that it serves, the server would build and not start.
    grep -q 'apiextensions_v1_CustomResourceDefinition(' pkg/generated/openapi/zz_generated.openapi.go || die "openapi-gen has left out kinds"

    local flags="-s -w" package name
    for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
        for name in "gitVersion=$version" "gitMajor=${number%%.*}" "gitMinor=$(cut -d. -f2 <<<"$number")"; do
            flags+=" -X k8s.io/kubernetes/vendor/$package.$name"
        done
    done
    "$go" build -tags providerless -trimpath -ldflags "$flags" -o "$new/kube-apiserver" k8s.io/kubernetes/cmd/kube-apiserver
}

make() {
    fetch
    cp "$work/root/usr/bin/etcd" "$work/root/usr/bin/kubectl" "$new/"
    build
}

[ $# -eq 1 ] || die "usage: assets.sh FOLDER"
if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
    has_all "$KUBEBUILDER_ASSETS" || die "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS lacks one of: ${programs[*]}"
    exit 0
fi

mkdir -p "$1"
folder=$(cd "$1" && pwd)
recipe=$(sha256sum <"${BASH_SOURCE[0]}")
readonly folder recipe work="$folder/work" new="$folder/new"
if has_all "$folder" && [ "$(cat "$folder/recipe" 2>/dev/null)" = "$recipe" ]; then exit 0; fi
for tool in apt-get dpkg-source patch; do
    command -v "$tool" >/dev/null || die "needs $tool (Debian's packages dpkg-dev and patch), or a folder with ${programs[*]} in KUBEBUILDER_ASSETS"
done

printf '==> building kube-apiserver %s for the tests\n' "$version" >&2
# Go's files are read-only.
chmod -R u+w "$work" 2>/dev/null || true
rm -rf "$work" "$new"
mkdir -p "$work" "$new"
(make) >"$folder/log" 2>&1 || die "it failed: $folder/log"
mv -f "$new"/* "$folder/"
chmod -R u+w "$work"
rm -rf "$work" "$new"
echo "$recipe" >"$folder/recipe"
