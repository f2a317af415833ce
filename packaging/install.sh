#!/bin/sh
# Installs smm-agent, or upgrades it, from the dashboard that serves this script:
#
#     curl -fsSL https://DASHBOARD/get/smm-agent | sudo sh
#
# In packaging/ it is the template: the dashboard writes its own URL, and the checksums of its packages, into it.
#
# The script is one group, so that a shell that received only a part finds no end and runs nothing.
{

url='@PUBLIC_URL@'

# Of each package: SHA-256, size in bytes, file name.
packages='@PACKAGES@'

# The public half of the key that signs the packages; empty where they are not signed.
package_key='@PACKAGE_KEY@'

# The signed list of packages.
list=package-list.json

done_with() { printf '✓ %s\n' "$*"; }
warn() { printf '! %s\n' "$*" >&2; }

# fail EXIT-CODE MESSAGE
fail() {
    printf '✗ %s\n' "$2" >&2
    exit "$1"
}

usage() {
    cat <<TEXT
usage: curl -fsSL $url/get/smm-agent | sudo sh -s -- [OPTION]…

Installs smm-agent from the dashboard, or upgrades it, and sets the URL of the dashboard.

  --ca-file FILE     trust the certificate authority in FILE (PEM), for the download and in /etc/smm
  --ca-sha256 HEX    fetch the authority from the dashboard, and trust it if the SHA-256 of its certificate in DER is HEX
  --allow-plaintext  accept a dashboard that uses plain http
  --proxy PROXY      http://[USER:PASSWORD@]HOST:PORT, environment or none (the default), for the download and for the agent
  --help             this text

To configure the agent as well, and to attach this VM with --reconcile:

  --workload-group NAMESPACE/NAME --token-file FILE [--node-ip auto|ADDRESS] [--replace] [--reconcile]

Exit codes: 0 done, 1 a step failed, 2 wrong usage, 3 needs root; with --workload-group those of smm-agent join.
TEXT
}

main() {
    set -eu
    umask 022
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
    # For programs whose output is read. smm-agent gets C.UTF-8: in the C locale it prints other marks than this script.
    LC_ALL=C
    export PATH LC_ALL
    environment_proxy=${https_proxy:-${HTTPS_PROXY:-}}
    work=''
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    trap '[ -z "$work" ] || rm -rf "$work"' EXIT

    case $url in
        @*) fail 2 "this is the template of the install script: the dashboard has the finished one at /get/smm-agent" ;;
    esac
    read_options "$@"
    check_plaintext
    [ "$(id -u)" -eq 0 ] || fail 3 "installing a package needs root: $(again)"
    find_system
    find_package
    find_installed
    [ -z "$ca_sha256" ] || pin_authority
    was=$installed
    if [ "$installed" = "$offered" ]; then
        done_with "smm-agent $installed is already installed"
    elif [ -n "$installed" ] && is_newer "$installed" "$offered"; then
        warn "smm-agent $installed stays installed: version $offered of the dashboard is older"
    else
        install_package
    fi
    if [ -n "$workload_group" ]; then
        [ -n "$was" ] || set_trusted_key
        join
    else
        set_dashboard_url
        [ -n "$was" ] || set_trusted_key
        print_next_steps
    fi
}

read_options() {
    allow_plaintext='' ca_file='' ca_sha256='' proxy='' workload_group='' token_file='' node_ip='' replace='' reconcile=''
    while [ $# -gt 0 ]; do
        option=${1%%=*}
        case $1 in
            --allow-plaintext) allow_plaintext=--allow-plaintext ;;
            --replace) replace=--replace ;;
            --reconcile) reconcile=--reconcile ;;
            --ca-file | --ca-file=* | --ca-sha256 | --ca-sha256=* | --proxy | --proxy=* | --workload-group | --workload-group=* | \
                --token-file | --token-file=* | --node-ip | --node-ip=*)
                case $1 in
                    *=*) value=${1#*=} ;;
                    *)
                        value=${2-}
                        [ $# -eq 1 ] || shift
                        ;;
                esac
                set_option
                ;;
            --help | -h)
                usage
                exit 0
                ;;
            *) fail 2 "'$1' is not an option of this script; it has --ca-file FILE, --allow-plaintext and others: --help" ;;
        esac
        shift
    done
    check_options
}

# The option $option with the value $value.
set_option() {
    case $option in
        --ca-file) example='FILE, for example --ca-file /root/ca.pem' ;;
        --ca-sha256) example='HEX, the SHA-256 of a certificate' ;;
        --proxy) example='PROXY, for example --proxy http://proxy.example.com:3128' ;;
        --workload-group) example='NAMESPACE/NAME' ;;
        --token-file) example='FILE' ;;
        --node-ip) example='auto or ADDRESS' ;;
    esac
    [ -n "$value" ] || fail 2 "$option needs $example"
    case $option in
        --ca-file) ca_file=$value ;;
        --ca-sha256) ca_sha256=$(printf '%s' "$value" | tr -d : | tr A-F a-f) ;;
        --proxy) proxy=$value ;;
        --workload-group) workload_group=$value ;;
        --token-file) token_file=$value ;;
        --node-ip) node_ip=$value ;;
    esac
}

check_options() {
    [ -z "$ca_file" ] || [ -z "$ca_sha256" ] || fail 2 "--ca-file and --ca-sha256 cannot be combined"
    [ -z "$ca_file" ] || check_ca_file
    if [ -n "$ca_sha256" ]; then
        case $ca_sha256 in
            *[!0-9a-f]*) fail 2 "--ca-sha256 '$ca_sha256' has other characters than hexadecimal digits" ;;
        esac
        [ ${#ca_sha256} -eq 64 ] || fail 2 "--ca-sha256 has ${#ca_sha256} instead of 64 hexadecimal digits"
    fi
    case ${proxy:-none} in
        none | environment) ;;
        http://*:[0-9]* | http://*:[0-9]*/) ;;
        *) fail 2 "--proxy needs http://HOST:PORT, environment or none" ;;
    esac
    case $workload_group in
        '')
            [ -z "$token_file$node_ip$replace$reconcile" ] ||
                fail 2 "--token-file, --node-ip, --replace and --reconcile need --workload-group NAMESPACE/NAME"
            ;;
        */*/* | /* | */) fail 2 "--workload-group '$workload_group' is not NAMESPACE/NAME" ;;
        */*)
            [ -n "$token_file" ] || fail 2 "--workload-group needs --token-file FILE"
            if ! [ -r "$token_file" ] || [ -d "$token_file" ]; then
                fail 2 "--token-file '$token_file': the file does not exist or cannot be read"
            fi
            ;;
        *) fail 2 "--workload-group '$workload_group' is not NAMESPACE/NAME" ;;
    esac
}

check_ca_file() {
    if ! [ -f "$ca_file" ] || ! [ -r "$ca_file" ]; then
        fail 2 "--ca-file '$ca_file': the file does not exist or cannot be read"
    fi
    # The copy is readable by every user.
    ! grep -q 'PRIVATE KEY' <"$ca_file" || fail 2 "--ca-file '$ca_file' contains a private key: use a file with the certificate only"
    grep -Eq 'BEGIN (X509 )?CERTIFICATE' <"$ca_file" || fail 2 "--ca-file '$ca_file' contains no certificate in PEM (-----BEGIN CERTIFICATE-----)"
}

# The command that runs this script again, with the given options and the present ones.
again() {
    # With a pin, the file of the authority is a temporary one. Each caller runs this in a subshell.
    [ -z "$ca_sha256" ] || ca_file=''
    set -- "$@" ${allow_plaintext:+"$allow_plaintext"} ${ca_file:+--ca-file "$ca_file"} ${ca_sha256:+--ca-sha256 "$ca_sha256"} \
        ${proxy:+--proxy "$(without_password)"} ${workload_group:+--workload-group "$workload_group"} \
        ${token_file:+--token-file "$token_file"} ${node_ip:+--node-ip "$node_ip"} ${replace:+"$replace"} ${reconcile:+"$reconcile"}
    printf 'curl -fsSL %s%s/get/smm-agent | sudo sh' "${ca_file:+--cacert $(quoted "$ca_file") }" "$url"
    [ $# -eq 0 ] || printf ' -s --'
    for word in "$@"; do printf ' %s' "$(quoted "$word")"; done
}

# A word of a command, as the shell reads it.
quoted() {
    case $1 in
        *[!A-Za-z0-9_./:@%+=,-]*) printf "'%s'" "$(printf '%s\n' "$1" | sed "s/'/'\\\\''/g")" ;;
        *) printf '%s' "$1" ;;
    esac
}

without_password() {
    case $proxy in
        *@*) printf 'http://USER:PASSWORD@%s' "${proxy##*@}" ;;
        *) printf '%s' "$proxy" ;;
    esac
}

check_plaintext() {
    case $url in
        https://*)
            [ -z "$allow_plaintext" ] || warn "--allow-plaintext has no effect: $url is https"
            allow_plaintext=''
            scheme=https
            ;;
        *)
            [ -n "$allow_plaintext" ] || fail 2 "$url is plain http: everyone on the network path can change what root installs here, and read the bearer token
  use https for the dashboard; to accept plain http on purpose:
    $(again --allow-plaintext)"
            [ -z "$ca_file$ca_sha256" ] || warn "--ca-file and --ca-sha256 have no effect: $url is http"
            ca_file='' ca_sha256=''
            scheme=http
            ;;
    esac
}

# The packages of this system: format, manager, architecture.
find_system() {
    release=/etc/os-release
    [ -r "$release" ] || release=/usr/lib/os-release
    [ -r "$release" ] || fail 1 "this system has no /etc/os-release, so smm-agent has no package for it"
    # shellcheck disable=SC1090 # the system's own file
    system=$(. "$release" && printf '%s' "${PRETTY_NAME:-${ID-}}")
    # shellcheck disable=SC1090
    case $(. "$release" && printf ' %s %s ' "${ID-}" "${ID_LIKE-}") in
        *' debian '* | *' ubuntu '*) use_debs apt-get ;;
        *' rhel '* | *' fedora '* | *' centos '*) use_rpms dnf tdnf yum ;;
        *' suse '* | *' opensuse '* | *' sles '*) use_rpms zypper ;;
        *) find_system_by_its_programs ;;
    esac
    case $architecture in
        amd64 | arm64 | x86_64 | aarch64) ;;
        *) fail 1 "the architecture '$architecture' is not supported: smm-agent runs on 64-bit x86 and ARM only" ;;
    esac
}

# A system with an unknown name is identified as in the agent itself: by its package manager.
find_system_by_its_programs() {
    command -v systemctl >/dev/null || fail 1 "'$system' is not supported: it has no systemd"
    # A system with rpm may also have the programs of Debian, to build packages.
    if command -v apt-get >/dev/null && command -v dpkg >/dev/null && [ -s /var/lib/dpkg/status ]; then
        use_debs apt-get
    elif command -v rpm >/dev/null && { command -v dnf || command -v tdnf || command -v yum || command -v zypper; } >/dev/null; then
        use_rpms dnf tdnf yum zypper
    else
        fail 1 "'$system' is not supported: it has neither dpkg with apt-get nor rpm with dnf, tdnf, yum or zypper"
    fi
    warn "'$system' is not one of the systems that smm-agent is tested on; its $format packages should work"
}

use_debs() {
    format=deb
    find_manager "$@"
    architecture=$(dpkg --print-architecture)
}

use_rpms() {
    format=rpm
    find_manager "$@"
    architecture=$(rpm --eval '%{_arch}')
}

find_manager() {
    for manager in "$@"; do
        if command -v "$manager" >/dev/null; then return; fi
    done
    known=$1
    shift
    while [ $# -gt 1 ]; do
        known="$known, $1"
        shift
    done
    fail 1 "'$system' has no $known${1:+ or $1}, which is needed to install packages"
}

# The package for this system: sha256, size, file, offered (its version).
find_package() {
    case $format in
        deb) name=smm-agent_ suffix=_$architecture.deb ;;
        rpm) name=smm-agent- suffix=.$architecture.rpm ;;
    esac
    while read -r sha256 size file; do
        case $file in
            "$name"*"$suffix")
                offered=${file#"$name"}
                offered=${offered%"$suffix"}
                return
                ;;
        esac
    done <<TABLE
$packages
TABLE
    fail 1 "the dashboard has no ${name}VERSION$suffix: add it to the folder of --packages, and run this again"
}

# The installed version; empty if none or only a partially installed one is found.
find_installed() {
    installed=''
    case $format in
        deb)
            # shellcheck disable=SC2016 # dpkg's fields
            state=$(dpkg-query -W -f '${db:Status-Status} ${Version}' smm-agent 2>/dev/null) || state=''
            case $state in
                'installed '*) installed=${state#* } ;;
            esac
            ;;
        rpm) installed=$(rpm -q --queryformat '%{VERSION}-%{RELEASE}' smm-agent 2>/dev/null) || installed='' ;;
    esac
}

is_newer() {
    case $format in
        deb) dpkg --compare-versions "$1" gt "$2" ;;
        rpm) [ "$(rpm --eval "%{lua:print(rpm.vercmp('$1', '$2'))}")" = 1 ] ;;
    esac
}

# A private directory, which is always removed.
make_work() {
    [ -n "$work" ] || work=$(mktemp -d) || fail 1 "cannot create a temporary directory in ${TMPDIR:-/tmp}"
}

# Fetches the authorities of the dashboard without verifying the connection, and trusts the one with the given SHA-256: ca_file.
pin_authority() {
    for program in sha256sum base64 tr; do
        command -v "$program" >/dev/null || fail 1 "$program is not installed, so the authority cannot be verified: install coreutils"
    done
    find_downloader
    make_work
    package_size=$size size=262144 from=$url/get/ca.pem
    if [ "$downloader" = curl ]; then
        limited curl -q -g -fsSk --proto =https --connect-timeout 15 --max-time 60 \
            -o "$work/authorities" "$from" 2>"$work/why" || authority_failed
    else
        limited timeout --foreground 60 wget --no-config -nv --no-check-certificate --max-redirect=0 \
            -O "$work/authorities" "$from" 2>"$work/why" || authority_failed
    fi
    size=$package_size
    # Only the bytes with the SHA-256 are trusted: the text around a certificate may contain another one.
    number=0
    tr -d '\r' <"$work/authorities" >"$work/lines"
    while IFS= read -r line; do
        case $line in
            -----BEGIN*)
                [ "$number" -lt 50 ] || break
                number=$((number + 1))
                ;;
        esac
        printf '%s\n' "$line" >>"$work/authority-$number"
    done <"$work/lines"
    while [ "$number" -gt 0 ]; do
        sed -n '/^-----BEGIN/,/^-----END/{/^-----/!p;}' "$work/authority-$number" | base64 -d >"$work/der" 2>/dev/null || :
        found=$(sha256sum <"$work/der")
        if [ "${found%% *}" = "$ca_sha256" ]; then
            ca_file=$work/authority
            { echo '-----BEGIN CERTIFICATE-----' && base64 "$work/der" && echo '-----END CERTIFICATE-----'; } >"$ca_file"
            done_with "the certificate authority of $url has the SHA-256 $ca_sha256"
            return
        fi
        number=$((number - 1))
    done
    fail 1 "no certificate at $from has the SHA-256 $ca_sha256: check the value, or another server answers there; nothing was changed"
}

authority_failed() {
    why=$(tail -n 1 "$work/why")
    fail 1 "$from could not be fetched ($why): use --ca-file FILE if the dashboard has no authority there; nothing was changed"
}

install_package() {
    command -v sha256sum >/dev/null || fail 1 "sha256sum is not installed, so the package cannot be verified: install coreutils"
    find_downloader
    printf '❯ smm-agent %s for %s, %s: %s\n' "$offered" "$system" "$architecture" "$url/packages/$file"
    make_work
    # Not every downloader ignores a byte order mark.
    [ -z "$ca_file" ] || sed "1s/^$(printf '\357\273\277')//" <"$ca_file" >"$work/ca.pem"
    download "$file"
    verify
    [ -z "$installed" ] || verify_signature
    case $manager in
        apt-get) with_apt ;;
        dnf | tdnf | yum) "$manager" install -y "$work/$file" </dev/null || not_installed ;;
        # Codes from 100 on report something else, such as a repository that was not refreshed.
        zypper) zypper --non-interactive install --allow-unsigned-rpm "$work/$file" </dev/null || [ $? -ge 100 ] || not_installed ;;
    esac
    find_installed
    [ "$installed" = "$offered" ] || not_installed
    done_with "smm-agent $installed is installed${was:+, instead of $was}"
}

not_installed() {
    fail 1 "$manager did not install $file; its messages are above. Fix the problem, and run this again: $(again)"
}

# Package lists are fetched only if the dependencies cannot be resolved without them.
with_apt() {
    if ! apt_get --simulate install "$work/$file" >/dev/null 2>&1; then
        apt_get update || warn "apt-get update failed; continuing with the existing lists"
    fi
    apt_get install "$work/$file" || not_installed
}

# The installation is not interactive: configuration files that the operator changed stay.
apt_get() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o APT::Sandbox::User=root -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" </dev/null
}

find_downloader() {
    for downloader in curl wget; do
        if command -v "$downloader" >/dev/null; then return; fi
    done
    fail 1 "neither curl nor wget is installed: $manager install curl"
}

# Fetches the file $1 of the packages of the dashboard into $work. $2: the fix if the dashboard refuses it.
download() {
    from=$url/packages/$1
    exit_code=0
    status=200
    if [ "$downloader" = curl ]; then
        status=$(limited curl -q -g -fsS --proto "=$scheme" --connect-timeout 15 --max-time 900 --retry 3 \
            ${ca_file:+--cacert "$work/ca.pem"} -w '%{http_code}' -o "$work/$1" "$from" 2>"$work/why") || exit_code=$?
        untrusted=60 refused=22
    else
        limited timeout --foreground 900 wget --no-config -nv --max-redirect=0 --timeout=30 --tries=3 \
            ${ca_file:+--ca-certificate="$work/ca.pem"} -O "$work/$1" "$from" 2>"$work/why" || exit_code=$?
        untrusted=5 refused=8
    fi

    # curl and wget print more than one line.
    why=$(grep -e '^curl: (' -e ERROR "$work/why" | tail -n 1)
    [ -n "$why" ] || why=$(tail -n 1 "$work/why")
    case $exit_code in
        0) [ "$status" = 200 ] || fail 1 "$from answered $status: the server is not the dashboard; nothing was changed" ;;
        "$untrusted") fail 1 "$from is not trusted ($why): with a private certificate authority use --ca-file FILE; nothing was changed" ;;
        "$refused") fail 1 "$from was refused ($why): ${2-the dashboard may have newer packages now, run this again}; nothing was changed" ;;
        *) fail 1 "$from could not be downloaded ($why): check that this host reaches the dashboard$(proxy_note); nothing was changed" ;;
    esac
}

proxy_note() {
    case ${proxy:-none}/$environment_proxy in
        none/?*) printf '; the proxy in the environment is not used without --proxy environment' ;;
    esac
}

# Runs a download that writes at most the size of the package, plus or minus a block (of 1024 bytes in some shells). The URL of the
# proxy is not an argument, because other users could read it.
limited() {
    (
        case $proxy in
            environment) ;;
            *) unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY ;;
        esac
        case $proxy in
            http:*)
                https_proxy=$proxy http_proxy=$proxy
                export https_proxy http_proxy
                ;;
        esac
        ulimit -f $((size / 512 + 1))
        trap '' XFSZ
        exec "$@"
    )
}

verify() {
    length=$(wc -c <"$work/$file")
    [ "$length" -eq "$size" ] ||
        fail 1 "$from has $length bytes instead of $size: it was truncated, or replaced meanwhile; run this again; nothing was changed"
    found=$(sha256sum <"$work/$file")
    found=${found%% *}
    [ "$found" = "$sha256" ] ||
        fail 1 "$from has the SHA-256 $found instead of $sha256: it was changed on the way, or replaced meanwhile; run this again; nothing was changed"
}

# The installed agent decides about the next one: a trusted key must have signed it. An agent without support for signatures decides nothing.
verify_signature() {
    if ! smm-agent verify-package --help >/dev/null 2>&1 </dev/null; then
        warn "smm-agent $installed verifies no signatures, so this upgrade trusts the certificate of the dashboard alone, as a first installation does"
        return
    fi
    size=1048576
    download "$list" "an upgrade needs a signed package list, which smm-dashboard sign-packages makes"
    LC_ALL=C.UTF-8 smm-agent verify-package --list "$work/$list" "$work/$file" </dev/null ||
        fail 1 "$file was not installed: the reason is above; nothing was changed"
}

# One setting of the agent; '-' if it is not set.
setting() {
    printf '%s\n' "$settings" | sed -n "s/^ *$1  *\([^ ]*\).*/\1/p"
}

# The URL of another dashboard stays: this VM may be attached through it.
set_dashboard_url() {
    # The command fails if a setting is invalid, and still shows the others.
    settings=$(smm-agent config show </dev/null) || :
    current=$(setting 'dashboard\.url')
    case ${current%/} in
        '' | - | invalid | refused | "$url") ;; # refused: earlier versions
        *)
            warn "the dashboard's URL is $current and stays; to change it: sudo smm-agent set dashboard-url $url${allow_plaintext:+ $allow_plaintext}"
            return
            ;;
    esac
    set -- "$url" ${allow_plaintext:+"$allow_plaintext"}
    if [ -n "$ca_file" ]; then
        keep_ca_file
        set -- "$@" --ca-file /etc/smm/dashboard-ca.pem
    fi
    [ -z "$proxy" ] || warn "--proxy is for the download only; for the agent, set dashboard.proxy in /etc/smm/agent.yaml"
    set_quietly dashboard-url "$@" || fail 1 "the dashboard's URL was not set: sudo smm-agent set dashboard-url $*"
}

# smm-agent prints the next step after each setting; this script prints it once, at the end.
set_quietly() {
    set_output=$(LC_ALL=C.UTF-8 smm-agent set "$@" </dev/null) || return 1
    printf '%s\n' "$set_output" | sed '/^❯ /,$d'
}

# Configures the agent, and attaches this VM if that was requested. smm-agent prints the reason of a failure.
join() {
    smm-agent join --help >/dev/null 2>&1 </dev/null ||
        fail 1 "smm-agent $installed has no command join: use smm-agent set, or upgrade the packages of the dashboard"
    # Other users can read arguments.
    case $proxy in
        http:*)
            make_work
            printf '%s\n' "$proxy" >"$work/proxy"
            set -- --proxy-file "$work/proxy"
            ;;
        *) set -- ${proxy:+--proxy "$proxy"} ;;
    esac
    LC_ALL=C.UTF-8 smm-agent join "$url" --workload-group "$workload_group" --token-file "$token_file" ${node_ip:+--node-ip "$node_ip"} \
        ${ca_file:+--ca-file "$ca_file"} "$@" ${allow_plaintext:+"$allow_plaintext"} ${replace:+"$replace"} \
        ${reconcile:+"$reconcile"} </dev/null || exit $?
}

# An operator who trusts this script for the agent itself also trusts it for the key. Later the dashboard cannot change the key.
set_trusted_key() {
    [ -n "$package_key" ] || return 0
    settings=$(smm-agent config show </dev/null) || :
    case $(setting 'packages\.trustedKeys') in
        '' | -) set_quietly trusted-key "$package_key" || warn "the key of the packages was not set: sudo smm-agent set trusted-key $package_key" ;;
    esac
}

# In a folder that the daemon may read, and never a partial file.
keep_ca_file() {
    kept=/etc/smm/dashboard-ca.pem
    if cmp -s "$ca_file" "$kept"; then return; fi
    if ! { cat <"$ca_file" >"$kept.new" && chmod 0644 "$kept.new" && mv -f "$kept.new" "$kept"; }; then
        fail 1 "the file of the authority was not copied to $kept: copy it, and run: sudo smm-agent set dashboard-url $url --ca-file $kept"
    fi
}

print_next_steps() {
    case $(setting 'workloadGroup\.name') in
        '' | -)
            cat <<TEXT
next:
    sudo smm-agent set workload-group NAMESPACE/NAME
    sudo smm-agent set bearer-token --stdin
    sudo smm-agent reconcile
TEXT
            ;;
        *) printf 'next:\n    smm-agent status\n' ;;
    esac
}

main "$@"
exit 0
}
