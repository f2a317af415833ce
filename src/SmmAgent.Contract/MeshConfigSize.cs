namespace SmmAgent.Contract;

/// <summary>What a configuration of a few bytes could blow up to on the VM: lists that are multiplied with each other.</summary>
internal static class MeshConfigSize
{
    /// <summary>The most pairs of a port of the WorkloadGroup and a source: each becomes two rules of the firewall.</summary>
    public const int MaximumRules = 4096;

    /// <summary>The most pairs of an address and a port of all gateways: each is tried.</summary>
    public const int MaximumGatewayPorts = 4096;

    public static IEnumerable<Fault> Faults(MeshConfig config)
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
