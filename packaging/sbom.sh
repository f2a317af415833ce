#!/usr/bin/env bash
# usage: packaging/sbom.sh ARCHITECTURE VERSION
# The bill of materials of the agent's binary for an architecture, in CycloneDX 1.6, to the standard output: each NuGet package of the lock file with its hash, and the parts of .NET that are linked in.
# SOURCE_DATE_EPOCH is the only date in it.
set -euo pipefail
export LC_ALL=C

die() { printf 'sbom.sh: %s\n' "$*" >&2; exit 1; }

[ $# -eq 2 ] || die "usage: packaging/sbom.sh ARCHITECTURE VERSION"
[ -n "${SOURCE_DATE_EPOCH:-}" ] || die "SOURCE_DATE_EPOCH is not set: the date of the document, in seconds since 1970"
case "$1" in
    amd64) rid=linux-x64 ;;
    arm64) rid=linux-arm64 ;;
    *) die "unknown architecture '$1': amd64 or arm64" ;;
esac
lock=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/src/SmmAgent/packages.lock.json
[ -r "$lock" ] || die "there is no $lock"

# A line for each package: name, version, hash (base64), direct or not, names of what it depends on. NuGet writes one member on a line, by depth.
entries() {
    awk -v rid="$rid" '
        function value(line) { sub(/^[^:]*: "/, "", line); sub(/",?$/, "", line); return line }
        function key(line) { sub(/^ *"/, "", line); sub(/".*/, "", line); return line }
        /^    "/ { framework = key($0); isWanted = framework == "net10.0" || framework == "net10.0/" rid }
        !isWanted { next }
        /^      "/ { name = key($0); version = hash = type = needs = "" }
        /^        "type": / { type = value($0) }
        /^        "resolved": / { version = value($0) }
        /^        "contentHash": / { hash = value($0) }
        /^          "/ { needs = needs " " key($0) }
        /^      }/ { print name, version == "" ? "-" : version, hash == "" ? "-" : hash, type needs }
    ' "$lock"
}

hex() { printf '%s' "$1" | base64 -d | od -An -v -tx1 | tr -d ' \n'; }

# What belongs to the build alone: nothing of it is in the binary.
is_tool() {
    case "$1" in
        Microsoft.CodeAnalysis.* | Microsoft.NET.ILLink.Tasks | *Microsoft.DotNet.ILCompiler) return 0 ;;
    esac
    return 1
}

component() {
    local name=$1 version=$2 hash=$3 scope=required
    if is_tool "$name"; then scope=excluded; fi
    printf '    {"type": "library", "bom-ref": "pkg:nuget/%s@%s", "name": "%s", "version": "%s", "scope": "%s", "purl": "pkg:nuget/%s@%s"' \
        "$name" "$version" "$name" "$version" "$scope" "$name" "$version"
    [ "$hash" = - ] || printf ', "hashes": [{"alg": "SHA-512", "content": "%s"}]' "$(hex "$hash")"
    printf '}'
}

declare -A versions needed
direct=()
while read -r name version hash type needs; do
    if [ "$type" = Project ]; then
        for need in $needs; do
            [[ "$need" == SmmAgent.* ]] || direct+=("$need")
        done
        continue
    fi
    [ "$type" != Direct ] || direct+=("$name")
    versions[$name]="$version $hash"
    needed[$name]="${needed[$name]:-} $needs"
done < <(entries)

runtime=${versions[Microsoft.DotNet.ILCompiler]%% *}
[ -n "$runtime" ] || die "$lock does not have the AOT compiler, whose version is that of the runtime"
# Not restored as packages of a project, so the lock file does not have them; the SDK gives them the compiler's version.
for name in "Microsoft.NETCore.App.Runtime.NativeAOT.$rid" "Microsoft.AspNetCore.App.Runtime.$rid"; do
    versions[$name]="$runtime -"
    direct+=("$name")
done

mapfile -t names < <(printf '%s\n' "${!versions[@]}" | sort)
ref() { printf '"pkg:nuget/%s@%s"' "$1" "${versions[$1]%% *}"; }
# The references of those names that are packages here, sorted, each once.
refs() {
    local name separator=''
    while read -r name; do
        if [ -z "$name" ] || [ -z "${versions[$name]:-}" ]; then continue; fi
        printf '%s%s' "$separator" "$(ref "$name")"
        separator=', '
    done < <(printf '%s\n' "$@" | sort -u)
}

printf '{\n  "bomFormat": "CycloneDX",\n  "specVersion": "1.6",\n  "version": 1,\n'
printf '  "metadata": {\n    "timestamp": "%s",\n' "$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)"
printf '    "component": {"type": "application", "bom-ref": "smm-agent", "name": "smm-agent", "version": "%s", "licenses": [{"license": {"id": "Apache-2.0"}}],' "$2"
printf ' "properties": [{"name": "architecture", "value": "%s"}]}\n  },\n  "components": [\n' "$1"
separator=''
for name in "${names[@]}"; do
    read -r version hash <<<"${versions[$name]}"
    printf '%b%s' "$separator" "$(component "$name" "$version" "$hash")"
    separator=',\n'
done
printf '\n  ],\n  "dependencies": [\n    {"ref": "smm-agent", "dependsOn": [%s]}' "$(refs "${direct[@]}")"
for name in "${names[@]}"; do
    read -ra needs <<<"${needed[$name]:-}"
    printf ',\n    {"ref": %s, "dependsOn": [%s]}' "$(ref "$name")" "$(refs "${needs[@]:-}")"
done
printf '\n  ]\n}\n'
