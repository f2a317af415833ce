using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Firewall.Planning;

/// <summary>Reads the text format in which earlier versions recorded a <see cref="FirewallSnapshot"/>: one fact per line.</summary>
internal static class FirewallSnapshotText
{
    private const string FirstLine = "smm-agent undo 1";
    private const string AnySource = "any";

    /// <returns>Null when an earlier version did not write it.</returns>
    public static FirewallSnapshot? Read(string text)
    {
        var lines = text.Split('\n');
        if (lines.Length < 2 || lines[0] != FirstLine || lines[^1].Length > 0)
            return null; // without the last line break it was cut off

        var chains = new Dictionary<string, IReadOnlyList<string>>();
        var zones = new Dictionary<string, IReadOnlyList<PortOpening>>();
        List<string> running = [];
        List<string>? rules = null;
        List<PortOpening>? openings = null;
        foreach (var line in lines[1..^1])
        {
            var end = line.IndexOf(' ', StringComparison.Ordinal);
            var value = line[(end + 1)..];
            switch (end < 0 ? "" : line[..end])
            {
                case "chain":
                    (rules, openings) = ([], null);
                    chains.TryAdd(value, rules);
                    break;
                case "zone":
                    (rules, openings) = (null, []);
                    zones.TryAdd(value, openings);
                    break;
                case "rule" when rules is not null:
                    rules.Add(value);
                    break;
                case "open" when openings is not null && Opening(value) is { } opening:
                    openings.Add(opening);
                    break;
                case "running":
                    running.Add(value);
                    break;
                default:
                    return null;
            }
        }

        return new() { Chains = chains, Zones = zones, Running = running };
    }

    // A port and its source: "8080 10.0.0.0/8", or "8080 any".
    private static PortOpening? Opening(string text)
    {
        if (text.Split(' ') is not [var number, var source] || !number.All(char.IsAsciiDigit) || !ushort.TryParse(number, out var port))
            return null;
        if (source == AnySource)
            return new(port, Source: null);
        return Cidr.Parse(source) is { } network ? new(port, network) : null;
    }
}
