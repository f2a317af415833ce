namespace SmmAgent.Contract;

/// <summary>
/// Limits lists that are multiplied with each other, because a small configuration could expand to a large one on the VM.
/// </summary>
internal static class MeshConfigSize
{
    /// <summary>The maximum number of pairs of a WorkloadGroup port and a source; each becomes two firewall rules.</summary>
    public const int MaximumRules = 4096;

    /// <summary>The maximum number of pairs of a gateway address and a port; each is probed.</summary>
    public const int MaximumGatewayPorts = 4096;

    public static IEnumerable<InputError> FindErrors(MeshConfig config)
    {
        var (ports, sources) = (config.WorkloadGroup.Ports.Count, config.ClusterSources.Count);
        if ((long)ports * Math.Max(1, sources) > MaximumRules)
            yield return new("clusterSources",
                $"{ports} ports for {sources} sources are more than {MaximumRules} pairs: name larger networks");

        var gatewayPorts = config.MeshExpansionGateways.Sum(gateway => (long)gateway.Addresses.Count * gateway.Ports.Count);
        if (gatewayPorts > MaximumGatewayPorts)
            yield return new("meshExpansionGateways",
                $"have {gatewayPorts} pairs of an address and a port, more than {MaximumGatewayPorts}");
    }
}
