namespace SmmAgent.Core.Firewall.Evaluation;

/// <summary>The ports that a rule is limited to: the destination port, and the one that the client dialled before a redirect.</summary>
/// <param name="Port">Null for a rule that other ports may match as well.</param>
internal readonly record struct RulePort(int? Port, int? OriginalPort);

/// <summary>The rules of one chain by their port: finds those that may match a packet, in the order of the chain.</summary>
/// <remarks>
/// A WorkloadGroup may have a thousand ports with two rules each. A walk through all rules for each port would be quadratic.
/// </remarks>
internal sealed class PortIndex<T>
{
    // Below this number a walk is cheaper than an index.
    private const int MinimumRules = 64;

    private readonly IReadOnlyList<T> _rules;
    private readonly List<int> _others = [];
    private readonly Dictionary<int, List<int>> _byPort = [];
    private readonly Dictionary<int, List<int>> _byOriginalPort = [];

    private PortIndex(IReadOnlyList<T> rules) => _rules = rules;

    /// <returns>Null where an index is not worth its memory.</returns>
    public static PortIndex<T>? Create(IReadOnlyList<T> rules, Func<T, RulePort> portOf)
    {
        if (rules.Count < MinimumRules)
            return null;

        var index = new PortIndex<T>(rules);
        for (var at = 0; at < rules.Count; at++)
        {
            var (port, original) = portOf(rules[at]);
            if (original is { } dialled)
                Add(index._byOriginalPort, dialled, at);
            else if (port is { } one)
                Add(index._byPort, one, at);
            else if (index._others.Count < rules.Count / 2)
                index._others.Add(at);
            else
                return null; // a ban list
        }

        return index;
    }

    /// <summary>The rules that may match the packet: the others have a port that the packet does not have.</summary>
    public IEnumerable<T> For(Packet packet)
    {
        if (packet.Port.First != packet.Port.Last)
            return _rules;

        List<int> found = _others.ToList();
        found.AddRange(_byPort.GetValueOrDefault(packet.Port.First, []));
        found.AddRange(_byOriginalPort.GetValueOrDefault(packet.OriginalPort, []));
        found.Sort();
        return found.Select(at => _rules[at]);
    }

    private static void Add(Dictionary<int, List<int>> index, int port, int at)
    {
        if (index.TryGetValue(port, out var rules))
            rules.Add(at);
        else
            index.Add(port, [at]);
    }
}
