# fish completion for smm-agent. Made from the command tree: CompletionTests says how.
complete -c smm-agent -f
complete -c smm-agent -n 'not __fish_seen_subcommand_from join set check reconcile confirm status explain detach prepare-image config support-bundle run version' -a join -d 'Configure this VM, and attach it on request.'
complete -c smm-agent -n 'not __fish_seen_subcommand_from join set check reconcile confirm status explain detach prepare-image config support-bundle run version' -a set -d 'Change one setting in /etc/smm.'
complete -c smm-agent -n 'not __fish_seen_subcommand_from join set check reconcile confirm status explain detach prepare-image config support-bundle run version' -a check -d 'Check every prerequisite and suggest fixes.'
complete -c smm-agent -n 'not __fish_seen_subcommand_from join set check reconcile confirm status explain detach prepare-image config support-bundle run version' -a reconcile -d 'Apply the desired state once, then start the daemon.'
complete -c smm-agent -n 'not __fish_seen_subcommand_from join set check reconcile confirm status explain detach prepare-image config support-bundle run version' -a confirm -d 'Keep the changes of reconcile --confirm-within.'
complete -c smm-agent -n 'not __fish_seen_subcommand_from join set check reconcile confirm status explain detach prepare-image config support-bundle run version' -a status -d 'Show whether this VM is attached, and what to do if not.'
complete -c smm-agent -n 'not __fish_seen_subcommand_from join set check reconcile confirm status explain detach prepare-image config support-bundle run version' -a explain -d 'Explain a condition or a reason, and what to do about it.'
complete -c smm-agent -n 'not __fish_seen_subcommand_from join set check reconcile confirm status explain detach prepare-image config support-bundle run version' -a detach -d 'Leave the mesh and undo every change to this host.'
complete -c smm-agent -n 'not __fish_seen_subcommand_from join set check reconcile confirm status explain detach prepare-image config support-bundle run version' -a prepare-image -d 'Remove the identity of this VM from its image.'
complete -c smm-agent -n 'not __fish_seen_subcommand_from join set check reconcile confirm status explain detach prepare-image config support-bundle run version' -a config -d 'Show the configuration in force.'
complete -c smm-agent -n 'not __fish_seen_subcommand_from join set check reconcile confirm status explain detach prepare-image config support-bundle run version' -a support-bundle -d 'Collect a tar.gz for a bug report, secrets redacted.'
complete -c smm-agent -n 'not __fish_seen_subcommand_from join set check reconcile confirm status explain detach prepare-image config support-bundle run version' -a run -d 'Run the daemon (what smm-agent.service starts).'
complete -c smm-agent -n 'not __fish_seen_subcommand_from join set check reconcile confirm status explain detach prepare-image config support-bundle run version' -a version -d 'Print the version.'
complete -c smm-agent -n 'not __fish_seen_subcommand_from join set check reconcile confirm status explain detach prepare-image config support-bundle run version' -l help -d 'Show help and usage information'
complete -c smm-agent -n 'not __fish_seen_subcommand_from join set check reconcile confirm status explain detach prepare-image config support-bundle run version' -l version -d 'Show version information'
complete -c smm-agent -n '__fish_seen_subcommand_from join' -l workload-group -x -a '' -d 'the WorkloadGroup'
complete -c smm-agent -n '__fish_seen_subcommand_from join' -l token-file -r -F -d 'the file of the bearer token'
complete -c smm-agent -n '__fish_seen_subcommand_from join' -l node-ip -x -a 'auto' -d 'the address of this VM'
complete -c smm-agent -n '__fish_seen_subcommand_from join' -l ca-file -r -F -d 'the only authorities to trust'
complete -c smm-agent -n '__fish_seen_subcommand_from join' -l ca-sha256 -x -a '' -d 'pin the authority by SHA-256'
complete -c smm-agent -n '__fish_seen_subcommand_from join' -l proxy -x -a 'environment none' -d 'the proxy to the dashboard'
complete -c smm-agent -n '__fish_seen_subcommand_from join' -l allow-plaintext -d 'accept http (no encryption)'
complete -c smm-agent -n '__fish_seen_subcommand_from join' -l replace -d 'replace the present settings'
complete -c smm-agent -n '__fish_seen_subcommand_from join' -l reconcile -d 'attach this VM now'
complete -c smm-agent -n '__fish_seen_subcommand_from set; and not __fish_seen_subcommand_from dashboard-url workload-group node-ip bearer-token trusted-key proxy sidecar-mode firewall-mode self-upgrade' -a dashboard-url -d 'Set the URL of the exposed dashboard.'
complete -c smm-agent -n '__fish_seen_subcommand_from set; and not __fish_seen_subcommand_from dashboard-url workload-group node-ip bearer-token trusted-key proxy sidecar-mode firewall-mode self-upgrade' -a workload-group -d 'Set the WorkloadGroup to be a member of.'
complete -c smm-agent -n '__fish_seen_subcommand_from set; and not __fish_seen_subcommand_from dashboard-url workload-group node-ip bearer-token trusted-key proxy sidecar-mode firewall-mode self-upgrade' -a node-ip -d 'Set the address of this VM.'
complete -c smm-agent -n '__fish_seen_subcommand_from set; and not __fish_seen_subcommand_from dashboard-url workload-group node-ip bearer-token trusted-key proxy sidecar-mode firewall-mode self-upgrade' -a bearer-token -d 'Set the bearer token for the dashboard.'
complete -c smm-agent -n '__fish_seen_subcommand_from set; and not __fish_seen_subcommand_from dashboard-url workload-group node-ip bearer-token trusted-key proxy sidecar-mode firewall-mode self-upgrade' -a trusted-key -d 'Set the key that signs the packages.'
complete -c smm-agent -n '__fish_seen_subcommand_from set; and not __fish_seen_subcommand_from dashboard-url workload-group node-ip bearer-token trusted-key proxy sidecar-mode firewall-mode self-upgrade' -a proxy -d 'Set the proxy to the dashboard.'
complete -c smm-agent -n '__fish_seen_subcommand_from set; and not __fish_seen_subcommand_from dashboard-url workload-group node-ip bearer-token trusted-key proxy sidecar-mode firewall-mode self-upgrade' -a sidecar-mode -d 'Set how the sidecar is managed.'
complete -c smm-agent -n '__fish_seen_subcommand_from set; and not __fish_seen_subcommand_from dashboard-url workload-group node-ip bearer-token trusted-key proxy sidecar-mode firewall-mode self-upgrade' -a firewall-mode -d 'Set how the firewall is managed.'
complete -c smm-agent -n '__fish_seen_subcommand_from set; and not __fish_seen_subcommand_from dashboard-url workload-group node-ip bearer-token trusted-key proxy sidecar-mode firewall-mode self-upgrade' -a self-upgrade -d 'Set whether the agent upgrades itself.'
complete -c smm-agent -n '__fish_seen_subcommand_from set; and __fish_seen_subcommand_from dashboard-url' -l allow-plaintext -d 'accept http, which sends the token in clear text'
complete -c smm-agent -n '__fish_seen_subcommand_from set; and __fish_seen_subcommand_from dashboard-url' -l ca-file -r -F -d 'trust only the certificate authorities in this PEM file'
complete -c smm-agent -n '__fish_seen_subcommand_from set; and __fish_seen_subcommand_from node-ip' -a auto
complete -c smm-agent -n '__fish_seen_subcommand_from set; and __fish_seen_subcommand_from bearer-token' -l stdin -d 'read the token from standard input'
complete -c smm-agent -n '__fish_seen_subcommand_from set; and __fish_seen_subcommand_from bearer-token' -l file -r -F -d 'read the token from a file'
complete -c smm-agent -n '__fish_seen_subcommand_from set; and __fish_seen_subcommand_from proxy' -a environment
complete -c smm-agent -n '__fish_seen_subcommand_from set; and __fish_seen_subcommand_from proxy' -a none
complete -c smm-agent -n '__fish_seen_subcommand_from set; and __fish_seen_subcommand_from sidecar-mode' -a manage
complete -c smm-agent -n '__fish_seen_subcommand_from set; and __fish_seen_subcommand_from sidecar-mode' -a check
complete -c smm-agent -n '__fish_seen_subcommand_from set; and __fish_seen_subcommand_from sidecar-mode' -a off
complete -c smm-agent -n '__fish_seen_subcommand_from set; and __fish_seen_subcommand_from firewall-mode' -a manage
complete -c smm-agent -n '__fish_seen_subcommand_from set; and __fish_seen_subcommand_from firewall-mode' -a check
complete -c smm-agent -n '__fish_seen_subcommand_from set; and __fish_seen_subcommand_from firewall-mode' -a off
complete -c smm-agent -n '__fish_seen_subcommand_from set; and __fish_seen_subcommand_from self-upgrade' -a on
complete -c smm-agent -n '__fish_seen_subcommand_from set; and __fish_seen_subcommand_from self-upgrade' -a off
complete -c smm-agent -n '__fish_seen_subcommand_from check' -l output -x -a 'text json yaml' -d 'output format'
complete -c smm-agent -n '__fish_seen_subcommand_from check' -l verbose -d 'show every result, also of passed checks'
complete -c smm-agent -n '__fish_seen_subcommand_from check' -l failed -d 'show only failures'
complete -c smm-agent -n '__fish_seen_subcommand_from check' -l fail-on -x -a 'warn fail' -d 'the result with exit code 1'
complete -c smm-agent -n '__fish_seen_subcommand_from reconcile' -l dry-run -d 'print the plan and change nothing'
complete -c smm-agent -n '__fish_seen_subcommand_from reconcile' -l confirm-within -x -a '' -d 'undo all unless confirmed in time, such as 120s'
complete -c smm-agent -n '__fish_seen_subcommand_from status' -l output -x -a 'text json yaml' -d 'output format'
complete -c smm-agent -n '__fish_seen_subcommand_from status' -l watch -d 'show every change until Ctrl+C'
complete -c smm-agent -n '__fish_seen_subcommand_from status' -l verbose -d 'show every condition, also healthy ones'
complete -c smm-agent -n '__fish_seen_subcommand_from status' -l wait -x -a '' -d 'wait for ATTACHED, or for a condition'
complete -c smm-agent -n '__fish_seen_subcommand_from status' -l timeout -x -a '' -d 'how long to wait'
complete -c smm-agent -n '__fish_seen_subcommand_from explain' -l output -x -a 'text json yaml' -d 'output format'
complete -c smm-agent -n '__fish_seen_subcommand_from detach' -l dry-run -d 'print what would be removed and change nothing'
complete -c smm-agent -n '__fish_seen_subcommand_from prepare-image' -l dry-run -d 'print what would be removed and change nothing'
complete -c smm-agent -n '__fish_seen_subcommand_from prepare-image' -l keep-token -d 'leave the bearer token in the image'
complete -c smm-agent -n '__fish_seen_subcommand_from config; and not __fish_seen_subcommand_from show' -a show -d 'Show each value and where it came from.'
complete -c smm-agent -n '__fish_seen_subcommand_from config; and __fish_seen_subcommand_from show' -l output -x -a 'text json yaml' -d 'output format'
complete -c smm-agent -n '__fish_seen_subcommand_from support-bundle' -l file -r -F -d 'output file; default: named after host and time'
complete -c smm-agent -n '__fish_seen_subcommand_from version' -l output -x -a 'text json yaml' -d 'output format'
