# bash completion for smm-agent. Made from the command tree: CompletionTests says how.
_smm_agent() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} context="" words="" i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "$context ${COMP_WORDS[i]}" in
            " join" | " set" | " set dashboard-url" | " set workload-group" | " set node-ip" | " set bearer-token" | " set trusted-key" | " set proxy" | " set sidecar-mode" | " set firewall-mode" | " set self-upgrade" | " unset" | " check" | " reconcile" | " confirm" | " status" | " explain" | " detach" | " prepare-image" | " config" | " config show" | " support-bundle" | " run" | " version" | " help") context="$context ${COMP_WORDS[i]}" ;;
        esac
    done
    case "$previous" in
        --token-file | --ca-file | --proxy-file | --file | --config) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        --workload-group) mapfile -t COMPREPLY < <(compgen -W "" -- "$current"); return ;;
        --node-ip) mapfile -t COMPREPLY < <(compgen -W "auto" -- "$current"); return ;;
        --ca-sha256) mapfile -t COMPREPLY < <(compgen -W "" -- "$current"); return ;;
        --proxy) mapfile -t COMPREPLY < <(compgen -W "environment none" -- "$current"); return ;;
        --output) mapfile -t COMPREPLY < <(compgen -W "text json yaml" -- "$current"); return ;;
        --fail-on) mapfile -t COMPREPLY < <(compgen -W "warn fail" -- "$current"); return ;;
        --confirm-within) mapfile -t COMPREPLY < <(compgen -W "" -- "$current"); return ;;
        --wait) mapfile -t COMPREPLY < <(compgen -W "" -- "$current"); return ;;
        --timeout) mapfile -t COMPREPLY < <(compgen -W "" -- "$current"); return ;;
    esac
    case "$context" in
        "") words="join set unset check reconcile confirm status explain detach prepare-image config support-bundle run version help --help" ;;
        " join") words="--workload-group --token-file --node-ip --ca-file --ca-sha256 --proxy --proxy-file --allow-plaintext --replace --reconcile" ;;
        " set") words="dashboard-url workload-group node-ip bearer-token trusted-key proxy sidecar-mode firewall-mode self-upgrade" ;;
        " set dashboard-url") words="--allow-plaintext --ca-file" ;;
        " set workload-group") words="" ;;
        " set node-ip") words="auto" ;;
        " set bearer-token") words="--stdin --file" ;;
        " set trusted-key") words="" ;;
        " set proxy") words="environment none" ;;
        " set sidecar-mode") words="manage check off" ;;
        " set firewall-mode") words="manage check off" ;;
        " set self-upgrade") words="on off" ;;
        " unset") words="" ;;
        " check") words="--output --verbose --failed --fail-on --config" ;;
        " reconcile") words="--dry-run --confirm-within --output --config" ;;
        " confirm") words="" ;;
        " status") words="--output --watch --verbose --wait --timeout" ;;
        " explain") words="--output" ;;
        " detach") words="--dry-run --output" ;;
        " prepare-image") words="--dry-run --keep-token" ;;
        " config") words="show" ;;
        " config show") words="--output --config" ;;
        " support-bundle") words="--file --output" ;;
        " run") words="" ;;
        " version") words="--output" ;;
        " help") words="" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _smm_agent smm-agent
