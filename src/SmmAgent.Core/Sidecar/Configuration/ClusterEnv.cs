using System.Globalization;
using System.Text;
using SmmAgent.Contract;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>cluster.env: the variables that istio-start.sh sources as root and hands to the sidecar.</summary>
internal static class ClusterEnv
{
    /// <summary>
    /// The kernel does not start a program with a longer string in its environment, so a longer variable would prevent the start of the
    /// sidecar.
    /// </summary>
    public const int LongestVariable = (128 * 1024) - 1;

    /// <summary>Which backend of iptables Istio's capture uses. Istio before 1.28 ignores it.</summary>
    public const string ForcedBackend = "FORCE_IPTABLES_BINARY";

    /// <summary>Whether Istio captures both address families.</summary>
    public const string DualStack = "ISTIO_DUAL_STACK";

    public static SortedDictionary<string, string> Variables(ProxyConfig proxy, MeshConfig config, SidecarHost host, SidecarOptions options)
    {
        var group = config.WorkloadGroup;
        var ports = group.Ports.Values.Distinct().Order().ToList();
        var variables = new SortedDictionary<string, string>(proxy.Metadata, StringComparer.Ordinal)
        {
            ["ISTIO_INBOUND_PORTS"] = ports.Count > 0 ? List(ports) : "*",
            ["ISTIO_NAMESPACE"] = group.Namespace,
            ["ISTIO_SERVICE"] = $"{group.Name}.{group.Namespace}",
            ["ISTIO_SERVICE_CIDR"] = "*",
            ["ISTIO_LOCAL_EXCLUDE_PORTS"] = List(ExcludedPorts(proxy, options)),
            ["SERVICE_ACCOUNT"] = group.ServiceAccount,
            ["ISTIO_SVC_IP"] = host.Address.ToString(),
        };
        if (!Istiod.IsDefault(config.Mesh))
            variables["CA_ADDR"] = Istiod.Address(config.Mesh);
        if (host.AddressIsExternal)
            variables["REWRITE_PROBE_LEGACY_LOCALHOST_DESTINATION"] = "true";

        // A group name that no longer exists would prevent the start of the sidecar; a number never does.
        if (host.AgentGroup is { } agent && CaptureBypass.UnsupportedReason(proxy, config) is null)
            variables[CaptureBypass.ExcludedGroups] = WithGroup(variables.GetValueOrDefault(CaptureBypass.ExcludedGroups, ""), agent);
        if (host is { HasBothBackends: true, IptablesBackend: { } backend })
            variables.TryAdd(ForcedBackend, backend);
        if (host.NeedsDualStack)
            variables.TryAdd(DualStack, "true");
        return variables;
    }

    public static IEnumerable<InputError> Faults(IReadOnlyDictionary<string, string> variables)
    {
        foreach (var (name, value) in variables)
        {
            if (CaptureVariables.Rule(name, value) is { } reason)
                yield return new(name, reason);
            if (name.Length + 1 + (long)Encoding.UTF8.GetByteCount(value) > LongestVariable)
                yield return new(name, $"is longer than the {LongestVariable} bytes that one environment variable can have");
        }
    }

    /// <summary>Every name is one that <see cref="EnvironmentNames"/> accepts; quoted so that a shell changes nothing in a value.</summary>
    public static string Write(IReadOnlyDictionary<string, string> variables)
    {
        var lines = variables.Select(pair => $"{pair.Key}='{pair.Value.Replace("'", "'\"'\"'", StringComparison.Ordinal)}'\n");
        return string.Concat(lines.Order(StringComparer.Ordinal));
    }

    private static string WithGroup(string groups, uint agent) => string.Join(
        ',',
        groups.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Append(agent.ToString(CultureInfo.InvariantCulture)).Distinct());

    // 22 keeps a VM reachable when its sidecar fails. The other ports are the sidecar's own.
    private static List<int> ExcludedPorts(ProxyConfig proxy, SidecarOptions options)
    {
        var status = proxy.Number("statusPort") is { } port and not 0 ? port : 15020;
        return new[] { 22, 15090, 15021, status }.Concat(options.ExcludedPorts).Distinct().ToList();
    }

    private static string List(IEnumerable<int> ports) =>
        string.Join(',', ports.Select(port => port.ToString(CultureInfo.InvariantCulture)));
}
