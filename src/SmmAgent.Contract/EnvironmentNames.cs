namespace SmmAgent.Contract;

/// <summary>
/// Validates the keys of proxyMetadata. Each key becomes a variable in a file that istio-start.sh, a bash script run by root, sources.
/// </summary>
/// <remarks>Anyone who may edit an annotation of a WorkloadGroup sets some of these keys, and must not gain root on the VM.</remarks>
public static class EnvironmentNames
{
    // Variables that control the shell, or that the shell sets, so that a value is lost or ends the script.
    private static readonly string[] Shell =
    [
        "PATH", "IFS", "ENV", "SHELLOPTS", "POSIXLY_CORRECT", "PS4", "PROMPT_COMMAND", "CDPATH", "GLOBIGNORE", "EXECIGNORE", "FUNCNEST",
            "TMOUT",
        "HOME", "SHELL", "LANG", "LANGUAGE", "USER", "LOGNAME", "PWD", "OLDPWD", "SHLVL", "UID", "EUID", "PPID", "GROUPS", "LINENO",
            "RANDOM", "SRANDOM", "SECONDS",
        "EPOCHSECONDS", "EPOCHREALTIME", "FUNCNAME", "DIRSTACK", "HISTCMD", "PIPESTATUS", "COPROC", "COMP_WORDBREAKS", "OPTIND", "OPTERR",
            "_",
    ];

    // Variables that istio-start.sh runs as commands, some of them in a second shell, or that make it run the sidecar as root (TPROXY).
    private static readonly string[] StartScript =
        ["ISTIO_BIN_BASE", "ISTIO_LOG_DIR", "ISTIO_AGENT_FLAGS", "EXEC_USER", "POD_NAME", "ISTIO_INBOUND_INTERCEPTION_MODE",
            "ISTIO_SIDECAR_CONFIG", "ISTIO_CLUSTER_CONFIG"];

    // Variables that make the C library and iptables load code and files. The C library ignores its own only in programs that have more
    // rights than their caller.
    private static readonly string[] Loading =
    [
        "GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES", "HOSTALIASES", "LOCALDOMAIN", "LOCPATH", "MALLOC_TRACE", "NIS_PATH", "NLSPATH",
        "RESOLV_HOST_CONF", "RES_OPTIONS", "TMPDIR", "TZDIR", "IPTABLES_LIB_DIR", "IP6TABLES_LIB_DIR",
    ];

    // Variables that set flags of istio-iptables, which runs as root: a file to write the rules to, a network namespace to enter.
    private static readonly string[] Iptables = ["OUTPUT_PATH", "OUTPUT_PATHS", "NETWORK_NAMESPACE", "CNI_MODE", "HOST_NSENTER_EXEC"];

    private static readonly string[] Prefixes = ["BASH", "LC_", "LD_", "XTABLES_"];

    private static readonly HashSet<string> Refused = [.. Shell, .. StartScript, .. Loading, .. Iptables];

    /// <summary>Validates a key.</summary>
    /// <returns>Null for a valid key; otherwise the reason.</returns>
    public static string? Rule(string key)
    {
        if (key.Length is 0 or > 256 || char.IsAsciiDigit(key[0]) || !key.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
            return $"'{NameRules.Shown(key)}' is not the name of an environment variable ([A-Za-z_][A-Za-z0-9_]*, at most 256 characters)";

        return Refused.Contains(key) || Prefixes.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal))
            ? $"'{key}' would change what the shell that sources it runs as root"
            : null;
    }
}
