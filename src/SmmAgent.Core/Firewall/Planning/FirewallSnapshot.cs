using System.Globalization;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;

namespace SmmAgent.Core.Firewall.Planning;

/// <summary>What a rollback brings back: how the host was before a reconcile that nobody confirmed.</summary>
/// <remarks>It is its own text, one fact a line, so that a person can read what would come back.</remarks>
public sealed class FirewallSnapshot
{
    /// <summary>Where everyone may come from.</summary>
    public const string AnySource = "any";

    private const string FirstLine = "smm-agent undo 1";
    private const string Chain = "chain ";
    private const string Rule = "rule ";
    private const string Zone = "zone ";
    private const string Open = "open ";
    private const string Unit = "running ";

    private readonly List<string> _lines;

    private FirewallSnapshot(List<string> lines) => _lines = lines;

    /// <summary>The agent's units that ran.</summary>
    public IReadOnlyList<string> Running => [.. _lines.Where(line => line.StartsWith(Unit, StringComparison.Ordinal)).Select(line => line[Unit.Length..])];

    /// <summary>Takes what is needed.</summary>
    /// <returns>Null and why, when something cannot be seen: it could not be brought back.</returns>
    public static (FirewallSnapshot? Undo, string? Why) Create(ObservedFirewall observed, IReadOnlyList<string> running)
    {
        List<string> lines = [FirstLine];
        foreach (var filter in observed.Filters)
        {
            if (filter.State.Value is not { } state)
                return (null, $"{filter.Tool} cannot be seen: {filter.State.UnknownReason}");
            if (RulesIn(state.Table) is { } rules)
                lines.AddRange(rules.Select(rule => Rule + rule).Prepend($"{Chain}{filter.Tool}"));
        }

        if (observed.Firewalld is FirewalldObservation.NotSeen { Reason: var why })
            return (null, $"firewalld cannot be seen: {why}");
        if (observed.Firewalld is FirewalldObservation.Seen seen)
        {
            foreach (var zone in seen.State.Zones)
                lines.AddRange(OpenIn(zone).Select(open => Open + open).Prepend(Zone + zone.Name));
        }

        lines.AddRange(running.Select(unit => Unit + unit));
        return (new(lines), null);
    }

    /// <summary>The rules of the agent's chain; null where nothing leads into it: then it does nothing.</summary>
    public static IReadOnlyList<string>? RulesIn(FilterTable table) =>
        table.Chain(AgentChain.Name) is { } chain && table.ReferencesTo(AgentChain.Name).Any()
            ? [.. chain.Rules.Where(rule => !rule.IsHandle).Select(rule => rule.Text)]
            : null;

    /// <summary>What is the agent's in a zone, one text for each rule: <c>8080 10.0.0.0/8</c>, or <c>8080 any</c>.</summary>
    public static IReadOnlyList<string> OpenIn(FirewalldZone zone)
    {
        List<string> open = [];
        foreach (var (port, source) in zone.OwnRules)
            open.Add($"{port} {(source is { } network ? network.ToString() : AnySource)}");
        return [.. open.Order(StringComparer.Ordinal)];
    }

    public static int PortOf(string open) => int.Parse(open.Split(' ')[0], CultureInfo.InvariantCulture);

    public static string SourceOf(string open) => open.Split(' ')[1];

    /// <summary>What <see cref="RulesIn"/> said then.</summary>
    public IReadOnlyList<string>? RulesBefore(FilterTool tool) => Below($"{Chain}{tool}", Rule);

    /// <summary>What <see cref="OpenIn"/> said then; null where there was no such zone, or no firewalld.</summary>
    public IReadOnlyList<string>? OpenBefore(string zone) => Below(Zone + zone, Open);

    public string Write() => string.Join('\n', _lines) + "\n";

    /// <returns>Null when it is not what <see cref="Write"/> wrote.</returns>
    public static FirewallSnapshot? Read(string text)
    {
        List<string> lines = [.. text.Split('\n')];
        if (lines.Count < 2 || lines[0] != FirstLine || lines[^1].Length > 0)
            return null; // the last line break is missing: it was cut off

        lines.RemoveAt(lines.Count - 1);
        var section = "";
        foreach (var line in lines.Skip(1))
        {
            var kind = line[..(line.IndexOf(' ', StringComparison.Ordinal) + 1)];
            var isWhole = kind switch
            {
                Chain or Zone => true,
                Rule => section == Chain,
                Open => section == Zone && IsOpening(line[Open.Length..]),
                Unit => true,
                _ => false,
            };
            if (!isWhole)
                return null;
            if (kind is Chain or Zone)
                section = kind;
        }

        return new(lines);
    }

    private List<string>? Below(string header, string kind)
    {
        var at = _lines.IndexOf(header);
        return at < 0 ? null : [.. _lines.Skip(at + 1).TakeWhile(line => line.StartsWith(kind, StringComparison.Ordinal)).Select(line => line[kind.Length..])];
    }

    private static bool IsOpening(string text)
    {
        var words = text.Split(' ');
        return words.Length == 2 && words[0].All(char.IsAsciiDigit) && ushort.TryParse(words[0], out _) && (words[1] == AnySource || SourceNetworks.Parse(words[1]) is not null);
    }
}
