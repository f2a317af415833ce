namespace SmmAgent.Contract;

/// <summary>
/// Which keys proxyMetadata may have: each becomes a variable in a file that istio-start.sh, a bash of root's, sources and exports.
/// </summary>
/// <remarks>Whoever may write a WorkloadGroup's annotation writes some of them, and must not become root on the VM by it.</remarks>
public static class EnvironmentNames
{
    // Obeyed by the shell itself, or set by it so that a value would be lost or end the script.
    private static readonly string[] Shell =
    [
        "PATH", "IFS", "ENV", "SHELLOPTS", "POSIXLY_CORRECT", "PS4", "PROMPT_COMMAND", "CDPATH", "GLOBIGNORE", "EXECIGNORE", "FUNCNEST",
            "TMOUT",
        "HOME", "SHELL", "LANG", "LANGUAGE", "USER", "LOGNAME", "PWD", "OLDPWD", "SHLVL", "UID", "EUID", "PPID", "GROUPS", "LINENO",
            "RANDOM", "SRANDOM", "SECONDS",
        "EPOCHSECONDS", "EPOCHREALTIME", "FUNCNAME", "DIRSTACK", "HISTCMD", "PIPESTATUS", "COPROC", "COMP_WORDBREAKS", "OPTIND", "OPTERR",
            "_",
    ];

    // What istio-start.sh makes commands of, some of them through a second shell, or what has it run the sidecar as root (TPROXY).
    private static readonly string[] StartScript =
        ["ISTIO_BIN_BASE", "ISTIO_LOG_DIR", "ISTIO_AGENT_FLAGS", "EXEC_USER", "POD_NAME", "ISTIO_INBOUND_INTERCEPTION_MODE",
            "ISTIO_SIDECAR_CONFIG", "ISTIO_CLUSTER_CONFIG"];

    // What the C library and iptables load code and files by; the C library itself ignores its own for programs with more rights than
    // their caller.
    private static readonly string[] Loading =
    [
        "GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES", "HOSTALIASES", "LOCALDOMAIN", "LOCPATH", "MALLOC_TRACE", "NIS_PATH", "NLSPATH",
        "RESOLV_HOST_CONF", "RES_OPTIONS", "TMPDIR", "TZDIR", "IPTABLES_LIB_DIR", "IP6TABLES_LIB_DIR",
    ];

    // Flags of Istio's own iptables, which root runs, that variables set, too: a file to write the rules to, a network namespace to enter.
    private static readonly string[] Iptables = ["OUTPUT_PATH", "OUTPUT_PATHS", "NETWORK_NAMESPACE", "CNI_MODE", "HOST_NSENTER_EXEC"];

    private static readonly string[] Prefixes = ["BASH", "LC_", "LD_", "XTABLES_"];

    private static readonly HashSet<string> Refused = [.. Shell, .. StartScript, .. Loading, .. Iptables];

    /// <summary>Null, or why the key is refused.</summary>
    public static string? Rule(string key)
    {
        if (key.Length is 0 or > 256 || char.IsAsciiDigit(key[0]) || !key.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            return $"'{NameRules.Shown(key)}' is not the name of an environment variable ([A-Za-z_][A-Za-z0-9_]*, at most 256 characters)";

        return Refused.Contains(key) || Prefixes.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal))
            ? $"'{key}' would change what the shell that sources it runs as root"
            : null;
    }
}
