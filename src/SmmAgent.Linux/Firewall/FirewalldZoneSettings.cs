using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.Firewall;

/// <summary>The part of a zone's settings that decides which TCP ports it lets in.</summary>
internal sealed record FirewalldZoneSettings(
    string Target,
    IReadOnlyList<string> Services,
    IReadOnlyList<(string Port, string Protocol)> Ports,
    IReadOnlyList<string> RichRules,
    IReadOnlyList<string> Protocols)
{
    /// <summary>The types of the tuple that <see cref="Read"/> reads.</summary>
    public const string Signature = "(sssbsasa(ss)asba(ssss)asasasasa(ss)b)";

    private const int HighestPort = 65535;

    /// <summary>Whether the target or a protocol lets in every port.</summary>
    private bool OpensEveryPort => Target == "ACCEPT" || Protocols.Contains("tcp");

    /// <summary>Reads the tuple of getZoneSettings and getSettings, which every version since 0.6 answers alike.</summary>
    public static FirewalldZoneSettings Read(ref Reader reply)
    {
        reply.AlignStruct();
        reply.ReadString(); // version
        reply.ReadString(); // short name
        reply.ReadString(); // description
        reply.ReadBool();
        var target = reply.ReadString();
        var services = reply.ReadArrayOfString();
        var ports = ReadPorts(ref reply);
        reply.ReadArrayOfString(); // ICMP blocks
        reply.ReadBool(); // masquerade
        SkipArray(ref reply); // forwarded ports
        reply.ReadArrayOfString(); // interfaces
        reply.ReadArrayOfString(); // sources
        var rules = reply.ReadArrayOfString();
        return new(target, services, ports, rules, reply.ReadArrayOfString());
    }

    /// <summary>Reads ports with their protocols.</summary>
    public static IReadOnlyList<(string Port, string Protocol)> ReadPorts(ref Reader reader)
    {
        var ports = new List<(string Port, string Protocol)>();
        var end = reader.ReadArrayStart(DBusType.Struct);
        while (reader.HasNext(end))
        {
            reader.AlignStruct();
            ports.Add((reader.ReadString(), reader.ReadString()));
        }

        return ports;
    }

    /// <summary>The TCP ports that the zone lets in: its own, those of its services, and those of the agent's rules.</summary>
    /// <remarks>Other rich rules are not weighed: they may be bound to sources, limits or denials.</remarks>
    public async Task<IReadOnlySet<int>> OpenPortsAsync(Func<string, Task<IReadOnlyList<(string Port, string Protocol)>>> portsOfService)
    {
        if (OpensEveryPort)
            return Sequences.Range(1, HighestPort).ToHashSet();

        var ports = Ports.ToList();
        foreach (var service in Services)
            ports.AddRange(await portsOfService(service));
        var open = ports.Where(port => port.Protocol == "tcp").SelectMany(port => Expand(port.Port));
        return open.Concat(RichRules.Select(FirewalldRule.Read).OfType<FirewalldRule>().Select(rule => rule.Port)).ToHashSet();
    }

    private static void SkipArray(ref Reader reader) => reader.SkipTo(reader.ReadArrayStart(DBusType.Struct));

    // A port, or a range like 8000-8100.
    private static IEnumerable<int> Expand(string text)
    {
        var parts = text.Split('-');
        if (!int.TryParse(parts[0], out var first) || !int.TryParse(parts[^1], out var last)
            || first < 1 || last > HighestPort || last < first)
            return [];
        return Sequences.Range(first, last - first + 1);
    }
}
