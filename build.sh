#!/usr/bin/env bash
# Every task of the project is a verb of this script; ./build.sh help lists them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
readonly artifacts="$PWD/artifacts"
readonly agent="$artifacts/publish/SmmAgent/release/smm-agent"
export SMM_AGENT="$agent"

architecture=$(dpkg --print-architecture 2>/dev/null || echo amd64)
readonly architecture
readonly link_packages=(gcc libc6-dev debian-archive-keyring)
readonly package_packages=(rpm xz-utils)
readonly bed_packages=(iproute2 iptables nftables socat)
readonly test_packages=(firewalld dbus-daemon curl util-linux bsdutils groff-base mandoc zsh fish debootstrap apt-utils systemd-container
    dpkg-dev patch ansible-core ansible-lint python3-jsonschema yamllint shellcheck busybox wget rpm dnf zypper lintian rpmlint
    qemu-user-static logrotate openssl gpg gpg-agent)
readonly browser_packages=(chromium chromium-driver)
readonly bench_packages=(prometheus-node-exporter)

say() { printf '\033[1m==> %s\033[0m\n' "$*" >&2; }
die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

# Installs missing Debian packages, and prints their names. Services in them are masked first: running the tests must not start a
# firewall on the machine of a developer.
need() {
    local missing=() package service
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    command -v apt-get >/dev/null || die "needs ${missing[*]} (Debian's names); install them and run this again"
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "needs ${missing[*]}: run as root once, or install them"
        as_root=(sudo)
    fi
    say "installing Debian packages: ${missing[*]}"
    for service in firewalld prometheus-node-exporter; do
        [[ " ${missing[*]} " == *" $service "* ]] || continue
        [ -e "/etc/systemd/system/$service.service" ] && continue
        say "masking $service.service, so that the installation does not start it (undo: systemctl unmask $service)"
        "${as_root[@]}" mkdir -p /etc/systemd/system
        "${as_root[@]}" ln -s /dev/null "/etc/systemd/system/$service.service"
    done
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

need_root() {
    [ "$(id -u)" -eq 0 ] || die "$1 makes network namespaces or root file systems: run it as root (sudo ./build.sh $1)"
}

build() {
    say "building"
    dotnet build SmmAgent.sln -c Release -v quiet --nologo
}

publish() {
    need "${link_packages[@]}"
    say "publishing the agent (NativeAOT)"
    publish_for "$architecture" "${agent%/*}"
    [ -x "$agent" ] || die "the publish left no $agent"
}

# publish_for ARCHITECTURE FOLDER. All architectures are linked in the same way, so that the tested binary is the shipped one.
publish_for() {
    local triple rid
    case "$1" in
        amd64) triple=x86_64-linux-gnu rid=linux-x64 ;;
        arm64) triple=aarch64-linux-gnu rid=linux-arm64 ;;
        *) die "the agent is built for amd64 and arm64, not for $1" ;;
    esac
    packaging/link/sysroot.sh "$1"
    dotnet publish src/SmmAgent -c Release -v quiet --nologo -r "$rid" -p:NativeTriple="$triple" -p:SysRoot="$artifacts/sysroot/$1" -p:PublishDir="$2/"
}

# Makes the packages of both architectures in artifacts/packages.
package() {
    local other=arm64 cross=gcc-aarch64-linux-gnu published="$artifacts/publish/SmmAgent/other"
    [ "$architecture" = amd64 ] || other=amd64 cross=gcc-x86-64-linux-gnu
    need "${link_packages[@]}" "${package_packages[@]}" "$cross"
    say "publishing the agent for $other (NativeAOT)"
    publish_for "$other" "$published"
    publish
    say "making packages"
    # The date of the last commit: every build of the commit has it, and the changelog has no date before a release.
    SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)} \
        packaging/package.sh "$artifacts/packages" "$architecture=${agent%/*}" "$other=$published"
    symbols "$architecture" "${agent%/*}"
    symbols "$other" "$published"
}

# Makes the debug symbols of a published binary, beside the packages: no VM needs them.
symbols() {
    local version
    version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
    mkdir -p "$artifacts/symbols"
    xz -3 --threads=1 --stdout "$2/smm-agent.dbg" >"$artifacts/symbols/smm-agent_${version}_$1.debug.xz"
}

# image [ARCHITECTURE]: makes the container image of the dashboard in artifacts/image, by default for the architecture of this host.
# The image contains the packages, so they must exist.
image() {
    local target=${1:-$architecture} rid published
    case "$target" in
        amd64) rid=linux-x64 ;;
        arm64) rid=linux-arm64 ;;
        *) die "the image is made for amd64 and arm64, not for $target" ;;
    esac
    published="$artifacts/publish/SmmDashboard/$target"
    say "making the image of the dashboard ($target)"
    dotnet publish src/SmmDashboard -c Release -v quiet --nologo -r "$rid" --self-contained -p:PublishDir="$published/"
    packaging/image/debs.sh "$target" "$artifacts/image/debs/$target"
    SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)} \
        packaging/image/image.sh "$artifacts/image" "$target" "$published" "$artifacts/packages" "$artifacts/image/debs/$target"
}

# Makes the deb of the dashboard for this architecture in artifacts/dashboard, from the publish folder that image also uses.
package_dashboard() {
    local published="$artifacts/publish/SmmDashboard/$architecture" rid=linux-x64
    [ "$architecture" = amd64 ] || rid=linux-arm64
    if [ "${1:-}" != published ]; then
        say "publishing the dashboard ($architecture)"
        dotnet publish src/SmmDashboard -c Release -v quiet --nologo -r "$rid" --self-contained -p:PublishDir="$published/"
    fi
    say "making the deb of the dashboard"
    SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)} \
        packaging/dashboard/package.sh "$artifacts/dashboard" "$architecture" "$published"
}

# Makes the root file systems of the VM tests once: Debian 12 and 11, and the suites in SMM_VM_SUITE.
vm_roots() {
    # One argument for each suite.
    # shellcheck disable=SC2086
    tests/SmmAgent.VmTests/roots.sh "$artifacts/roots" bookworm bullseye ${SMM_VM_SUITE:-}
}

# Makes the Kubernetes API server of the tests of the dashboard once.
kube_assets() { nice -n 10 tests/kube/assets.sh "$artifacts/kube"; }

# Fetches the promtool that checks metrics and alert rules (19 MB of download), once.
promtool() { [ -x /usr/bin/promtool ] || tests/from-deb.sh "$artifacts/promtool" prometheus usr/bin/promtool; }

# Fetches the schema of cloud-init user data, once. The package would become active on the machine of a developer.
cloud_init_schema() {
    tests/from-deb.sh "$artifacts/cloud-init" cloud-init \
        usr/lib/python3/dist-packages/cloudinit/config/schemas/schema-cloud-config-v1.json
}

run_tests() {
    need "${link_packages[@]}" "${bed_packages[@]}" "${test_packages[@]}" "${browser_packages[@]}"
    [ $# -gt 0 ] || format --verify
    promtool
    cloud_init_schema
    # The assets from package mirrors mostly wait for the network: make them during the build.
    local roots="" kube
    kube_assets &
    kube=$!
    if [ "$(id -u)" -eq 0 ]; then
        vm_roots &
        roots=$!
    fi
    # shellcheck disable=SC2064 # the numbers of now
    trap "kill $kube $roots 2>/dev/null || true" EXIT
    build
    package
    image
    package_dashboard published
    if [ -n "$roots" ]; then
        wait "$roots" || die "the roots of the VM tests could not be made: see above"
    fi
    wait "$kube" || die "the API server of the Kubernetes tests could not be made: see above"
    trap - EXIT
    say "testing"
    mkdir -p "$artifacts"
    local log="$artifacts/test.log" status=0 project
    : >"$log"
    if [ $# -gt 0 ]; then
        env --default-signal=HUP,INT,QUIT,TERM dotnet test --solution SmmAgent.sln -c Release --no-build --max-parallel-test-modules 1 "$@" 2>&1 | tee "$log" || status=$?
    else
        # The VM tests mostly wait, and take longer than all other projects together: they run beside them.
        local vm_log="$artifacts/test-vm.log" vms
        test_project tests/SmmAgent.VmTests >"$vm_log" 2>&1 &
        vms=$!
        for project in tests/*Tests; do
            [ "$project" = tests/SmmAgent.VmTests ] || test_project "$project" 2>&1 | tee -a "$log" || status=$?
        done
        say "waiting for the tests on VMs"
        wait "$vms" || status=$?
        tee -a "$log" <"$vm_log"
    fi
    summarise "$log" "$status"
}

# White space only: the build enforces the rules of style, and a unit test the length of lines and the Markdown.
format() {
    local folder options=()
    case "${1:-}" in
        "") ;;
        --verify) options=(--verify-no-changes) ;;
        *) die "format takes --verify or nothing" ;;
    esac
    for folder in src tests; do
        dotnet format whitespace --folder "$folder" "${options[@]}"
    done
}

# The suites that need neither root nor a published program.
readonly fast_suites=(SmmAgent.Contract.Tests SmmAgent.Core.Tests SmmAgent.Tests SmmDashboard.Tests SmmAgent.FuzzTests)

# Runs these suites only, two at a time.
test_fast() {
    local log="$artifacts/test-fast.log" status=0 suite
    mkdir -p "$artifacts"
    say "building"
    for suite in "${fast_suites[@]}"; do
        dotnet build "tests/$suite" -c Release -v quiet --nologo
    done
    say "testing"
    printf '%s\0' "${fast_suites[@]}" | xargs -0 -P 2 -I SUITE env --default-signal=HUP,INT,QUIT,TERM \
        dotnet test --project tests/SUITE -c Release --no-build >"$log" 2>&1 || status=$?
    [ "$status" -eq 0 ] || cat "$log"
    summarise "$log" "$status"
}

# Writes the order file of the compiler from what the published agent runs. The file that the agent was published with does not matter.
order() {
    need "${link_packages[@]}" "${bed_packages[@]}"
    publish
    say "building the testbed"
    dotnet build tests/SmmAgent.Bench -c Release -v quiet --nologo
    dotnet build tests/MeshStandIn -c Release -v quiet --nologo
    say "recording the functions of the start and of the idle agent: three minutes"
    dotnet run --project tests/SmmAgent.Bench -c Release --no-build -- order "$PWD/src/SmmAgent/methods.order"
}

# Prints the share of lines of each project in src that the fast suites and the tests of SmmAgent.Linux run. A line counts once.
coverage() {
    local folder="$artifacts/coverage" suite
    rm -rf "$folder"
    say "building"
    dotnet build SmmAgent.sln -c Release -v quiet --nologo
    say "testing with coverage"
    for suite in "${fast_suites[@]}" SmmAgent.Linux.Tests; do
        env --default-signal=HUP,INT,QUIT,TERM dotnet test --project "tests/$suite" -c Release --no-build \
            --coverlet --coverlet-output-format cobertura --coverlet-include '[SmmAgent*]*' --coverlet-include '[SmmDashboard*]*' \
            --results-directory "$folder/$suite" >"$folder.log" 2>&1 || { cat "$folder.log"; die "the tests of $suite failed"; }
    done
    # shellcheck disable=SC2016 # awk's variables
    find "$folder" -name '*.xml' -print0 | xargs -0 awk '
        match($0, /filename="src\/[^"]*"/) { file = substr($0, RSTART + 10, RLENGTH - 11); split(file, part, "/"); project = part[2] }
        /<line number=/ && file != "" {
            match($0, /number="[0-9]+"/); line = file ":" substr($0, RSTART + 8, RLENGTH - 9)
            match($0, /hits="[0-9]+"/); hits = substr($0, RSTART + 6, RLENGTH - 7)
            if (!(line in seen)) { seen[line] = 0; total[project]++ }
            if (hits > 0 && !seen[line]) { seen[line] = 1; covered[project]++ }
        }
        /<\/class>/ { file = "" }
        END { for (project in total) printf "%-20s %5.1f %% of %d lines\n", project, 100 * covered[project] / total[project], total[project] }' | sort
}

# Fuzzes copies of the assemblies that contain branch counters.
fuzz() {
    local program="$artifacts/bin/SmmAgent.Fuzz/release" folder="$artifacts/fuzz" arguments=() word
    for word in "$@"; do
        if [[ "$word" =~ ^[0-9]+[smh]$ ]]; then arguments+=(--duration "$word"); else arguments+=("$word"); fi
    done
    say "building"
    dotnet build tests/SmmAgent.Fuzz -c Release -v quiet --nologo
    rm -rf "$folder/instrumented"
    mkdir -p "$folder"
    cp -r "$program" "$folder/instrumented"
    dotnet "$program/SmmAgent.Fuzz.dll" --instrument "$folder/instrumented" >/dev/null
    say "fuzzing; inputs that cause a fault are stored in artifacts/fuzz/findings"
    dotnet "$folder/instrumented/SmmAgent.Fuzz.dll" --findings "$folder/findings" "${arguments[@]}"
}

# With default signals: a background process of a shell ignores SIGINT, and the programs under test would inherit that.
test_project() { env --default-signal=HUP,INT,QUIT,TERM dotnet test --project "$1" -c Release --no-build; }

# Prints the last line, and fails after a failed test, a run without tests, and with CI=true a skipped test.
summarise() {
    local total passed failed skipped
    total=$(count total "$1") passed=$(count succeeded "$1") failed=$(count failed "$1") skipped=$(count skipped "$1")
    printf '\n%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
    [ "$total" -gt 0 ] || die "no test ran"
    [ "$2" -eq 0 ] && [ "$failed" -eq 0 ] || exit 1
    if [ "${CI:-}" = true ] && [ "$skipped" -gt 0 ]; then die "with CI=true a skipped test is a failure"; fi
}

count() { awk -v what="$1:" '$1 == what && NF == 2 { sum += $2 } END { print sum + 0 }' "$2"; }

case "${1:-help}" in
    build) build ;;
    publish) publish ;;
    package) package ;;
    package-dashboard) need xz-utils; package_dashboard ;;
    image)
        shift
        package
        image "$@"
        ;;
    vm-roots) need_root vm-roots; need "${test_packages[@]}"; vm_roots ;;
    promtool) promtool ;;
    kube-assets) need dpkg-dev patch; kube_assets ;;
    demo)
        shift
        need_root demo
        need "${link_packages[@]}" "${bed_packages[@]}"
        if [[ " $* " == *" kubernetes "* ]]; then
            need curl dpkg-dev patch
            kube_assets
        fi
        build
        publish
        dotnet run --project tests/SmmAgent.Demo -c Release --no-build -- "$@"
        ;;
    test)
        shift
        if [ "${1:-}" = fast ]; then test_fast; else run_tests "$@"; fi
        ;;
    coverage) coverage ;;
    bench)
        shift
        need_root bench
        need "${link_packages[@]}" "${bed_packages[@]}" "${bench_packages[@]}"
        if [[ " $* " == *" machines "* || " $* " == *" kubernetes "* ]]; then
            need curl dpkg-dev patch
            kube_assets
        fi
        build
        publish
        dotnet run --project tests/SmmAgent.Bench -c Release --no-build -- "$@"
        ;;
    order) need_root order; order ;;
    fuzz) shift; fuzz "$@" ;;
    format) shift; format "$@" ;;
    clean) rm -rf "$artifacts" ;;
    help | --help | -h)
        cat <<'HELP'
usage: ./build.sh VERB

  demo      attach a VM to a mesh, break things, and watch the agent repair them (root; about a minute after the build);
            with the word kubernetes: the same with a real API server and two replicas of the dashboard;
            with --keep: the VM stays attached, with the pages of the dashboard for a browser, until Ctrl+C
  test      build, publish and run every test (those for root and namespaces need root)
            test fast: only the suites that need neither root nor a published program
  coverage  the share of lines in src that the suites of test fast and of SmmAgent.Linux run
  bench     measure the agent and the dashboard beside prometheus-node-exporter (root); names select parts:
            dashboard, lookups, scale, pages, agent, ports, firewall, check, machines, kubernetes; idle is a part of agent
  order     regenerate src/SmmAgent/methods.order: the functions that the compiler places side by side, so that the idle agent needs
            less memory (root; three minutes after the build; RELEASING.md)
  fuzz      mutated input for every parser of foreign input: fuzz [TARGET...] [DURATION], for example fuzz nft-json 10m;
            each target runs for the duration (1m); docs/fuzzing.md
  build     compile everything
  vm-roots  the root file systems that the VM tests boot (root; test also makes them)
  kube-assets
            the Kubernetes API server of the tests of the dashboard (test also makes it)
  promtool  the promtool of Prometheus, which checks metrics and alert rules (test also fetches it)
  publish   the agent's native binary, in artifacts/publish/SmmAgent/release/
  package   the deb and the rpm for amd64 and arm64 with their bills of materials, in artifacts/packages/; debug symbols in artifacts/symbols/
  package-dashboard
            the deb of the dashboard in its embedded mode, in artifacts/dashboard/
  image     the container image of the dashboard, an OCI archive in artifacts/image/: image [amd64|arm64]
  format    apply .editorconfig; format --verify fails if it would change a file
  clean     remove artifacts/
HELP
        ;;
    *) die "unknown verb '$1'; ./build.sh help lists all verbs" ;;
esac
