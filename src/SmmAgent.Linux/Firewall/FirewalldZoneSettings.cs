using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Firewall;

/// <summary>The part of a zone's settings that decides which TCP ports it lets in.</summary>
internal sealed record FirewalldZoneSettings(
    string Target,
    IReadOnlyList<string> Services,
    IReadOnlyList<(string Port, string Protocol)> Ports,
    IReadOnlyList<string> RichRules,
    IReadOnlyList<string> Protocols)
{
    private const int HighestPort = 65535;

    /// <summary>Reads the tuple of getZoneSettings and getSettings, which every version since 0.6 answers alike.</summary>
    public static FirewalldZoneSettings Read(BusMessage reply) => reply.ReadStruct("sssbsasa(ss)asba(ssss)asasasasa(ss)b", zone =>
    {
        var target = zone.Skip("sssb").ReadString();
        var services = zone.ReadStrings();
        var ports = ReadPorts(zone);
        var rules = zone.Skip("as").Skip("b").Skip("a(ssss)").Skip("as").Skip("as").ReadStrings();
        var protocols = zone.ReadStrings();
        zone.Skip("a(ss)").Skip("b");
        return new FirewalldZoneSettings(target, services, ports, rules, protocols);
    });

    /// <summary>Reads ports with their protocols.</summary>
    public static IReadOnlyList<(string Port, string Protocol)> ReadPorts(BusMessage message) =>
        message.ReadArray("(ss)", port => port.ReadStruct("ss", pair => (pair.ReadString(), pair.ReadString())));

    /// <summary>The TCP ports that the zone lets in: its own, its services', and those of our rules.</summary>
    /// <remarks>Other rich rules are not weighed: they may be bound to sources, limits or denials.</remarks>
    public IReadOnlySet<int> OpenPorts(Func<string, IEnumerable<(string Port, string Protocol)>> portsOfService)
    {
        if (Target == "ACCEPT" || Protocols.Contains("tcp"))
            return Enumerable.Range(1, HighestPort).ToHashSet();

        var open = Ports.Concat(Services.SelectMany(portsOfService)).Where(port => port.Protocol == "tcp").SelectMany(port => Expand(port.Port));
        return open.Concat(RichRules.Select(FirewalldRule.Read).OfType<FirewalldRule>().Select(rule => rule.Port)).ToHashSet();
    }

    // A port, or a range like 8000-8100.
    private static IEnumerable<int> Expand(string text)
    {
        var parts = text.Split('-');
        if (!int.TryParse(parts[0], out var first) || !int.TryParse(parts[^1], out var last) || first < 1 || last > HighestPort || last < first)
            return [];
        return Enumerable.Range(first, last - first + 1);
    }
}
