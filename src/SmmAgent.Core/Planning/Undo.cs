using SmmAgent.Core.Firewall;

namespace SmmAgent.Core.Planning;

/// <summary>The agent's chain as it was: attached, with these rules.</summary>
public sealed record ChainBefore(FilterTool Tool, IReadOnlyList<string> Rules)
{
    /// <returns>Null where nothing leads into the chain: then it did nothing.</returns>
    public static ChainBefore? Of(FilterTool tool, FilterTable table) =>
        table.Chain(ChainRules.Chain) is { } chain && table.ReferencesTo(ChainRules.Chain).Any()
            ? new(tool, [.. chain.Rules.Select(rule => rule.Text)])
            : null;
}

/// <summary>What was the agent's in a zone of firewalld.</summary>
/// <param name="Open">One text for each rule: <c>8080 10.0.0.0/8</c>, with <c>any</c> where everyone may come.</param>
public sealed record ZoneBefore(string Name, IReadOnlyList<string> Open)
{
    public const string AnySource = "any";

    public static ZoneBefore Of(FirewalldZone zone)
    {
        var open = new List<string>();
        foreach (var (port, source) in zone.Ours)
            open.Add($"{port} {(source is { } network ? network.ToString() : AnySource)}");
        open.Sort(StringComparer.Ordinal);
        return new(zone.Name, open);
    }

    public static int PortOf(string open) => int.Parse(open.AsSpan(0, open.IndexOf(' ', StringComparison.Ordinal)), System.Globalization.CultureInfo.InvariantCulture);

    public static string SourceOf(string open) => open[(open.IndexOf(' ', StringComparison.Ordinal) + 1)..];
}

/// <summary>What a rollback brings back: how the host was before a reconcile that nobody confirmed.</summary>
/// <param name="Chains">One for each table that the agent's chain was attached in; the others had none.</param>
/// <param name="Zones">All that firewalld had; none where it did not run.</param>
/// <param name="Running">The agent's units that ran.</param>
public sealed record Undo(IReadOnlyList<ChainBefore> Chains, IReadOnlyList<ZoneBefore> Zones, IReadOnlyList<string> Running)
{
    // One fact a line, so that a person can read what would come back.
    private const string FirstLine = "smm-agent undo 1";

    /// <summary>Takes what is needed.</summary>
    /// <returns>Null and why, when something cannot be seen: it could not be brought back.</returns>
    public static (Undo? Undo, string? Why) Of(ObservedFirewall observed, IReadOnlyList<string> running)
    {
        if (observed.Filters.FirstOrDefault(filter => filter.State.WhyUnknown is not null) is { } unseen)
            return (null, $"{unseen.Tool} cannot be seen: {unseen.State.WhyUnknown}");
        if (observed.Firewalld is FirewalldObservation.NotSeen { Why: var why })
            return (null, $"firewalld cannot be seen: {why}");

        var chains = observed.Filters.Select(filter => filter.State.Value is { } state ? ChainBefore.Of(filter.Tool, state.Table) : null);
        var zones = observed.Firewalld is FirewalldObservation.Seen seen ? seen.State.Zones : [];
        return (new([.. chains.OfType<ChainBefore>()], [.. zones.Select(ZoneBefore.Of)], running), null);
    }

    public string Write()
    {
        List<string> lines = [FirstLine];
        foreach (var chain in Chains)
        {
            lines.Add($"chain {chain.Tool}");
            lines.AddRange(chain.Rules.Select(rule => $"rule {rule}"));
        }

        foreach (var zone in Zones)
        {
            lines.Add($"zone {zone.Name}");
            lines.AddRange(zone.Open.Select(open => $"open {open}"));
        }

        lines.AddRange(Running.Select(unit => $"running {unit}"));
        return string.Join('\n', lines) + "\n";
    }

    /// <returns>Null when it is not what <see cref="Write"/> wrote.</returns>
    public static Undo? Read(string text)
    {
        var lines = text.Split('\n');
        if (lines.Length < 2 || lines[0] != FirstLine || lines[^1].Length > 0)
            return null; // the last line break is missing: it was cut off

        List<ChainBefore> chains = [];
        List<ZoneBefore> zones = [];
        List<string> running = [];
        List<string>? rules = null;
        List<string>? open = null;
        for (var i = 1; i < lines.Length - 1; i++)
        {
            var space = lines[i].IndexOf(' ', StringComparison.Ordinal);
            var value = lines[i][(space + 1)..];
            switch (space < 0 ? "" : lines[i][..space])
            {
                case "chain" when ToolOf(value) is { } tool:
                    chains.Add(new(tool, rules = []));
                    break;
                case "rule" when rules is not null:
                    rules.Add(value);
                    break;
                case "zone":
                    zones.Add(new(value, open = []));
                    break;
                case "open" when open is not null && IsOpening(value):
                    open.Add(value);
                    break;
                case "running":
                    running.Add(value);
                    break;
                default:
                    return null;
            }
        }

        return new(chains, zones, running);
    }

    private static FilterTool? ToolOf(string command)
    {
        var (ipv4, ipv6) = (new FilterTool(IpFamily.IPv4), new FilterTool(IpFamily.IPv6));
        return command == ipv4.Command ? ipv4 : command == ipv6.Command ? ipv6 : null;
    }

    private static bool IsOpening(string text)
    {
        var words = text.Split(' ');
        return words.Length == 2 && ushort.TryParse(words[0], out _) && (words[1] == ZoneBefore.AnySource || SourceNetworks.Parse(words[1]) is not null);
    }
}
