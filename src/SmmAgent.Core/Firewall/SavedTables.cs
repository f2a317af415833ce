namespace SmmAgent.Core.Firewall;

/// <summary>All tables as <c>iptables-save</c> shows them.</summary>
/// <param name="Tables">By name; null for one that has a line that iptables-save never writes.</param>
/// <param name="Hidden">The tables that it cannot show at all, because somebody wrote into them with nft: it says so, and ends with success.</param>
/// <param name="Partial">The tables of which it does not show all base chains.</param>
public sealed record SavedTables(IReadOnlyDictionary<string, FilterTable?> Tables, IReadOnlySet<string> Hidden, IReadOnlySet<string> Partial)
{
    private const string Remark = "# Table `";

    private static readonly string[] Policies = ["-", "ACCEPT", "DROP", "QUEUE", "RETURN"];

    /// <returns>The table, an empty one where there is none; null where it is not known.</returns>
    public FilterTable? Of(string name) => Hidden.Contains(name) ? null : Tables.GetValueOrDefault(name, FilterTable.Empty);

    /// <returns>Null when the text ends before a table does.</returns>
    public static SavedTables? Parse(string saved) => Parse(Lines(saved));

    /// <returns>Null when the text ends before a table does.</returns>
    public static SavedTables? Parse(IEnumerable<string> lines)
    {
        var tables = new Dictionary<string, FilterTable?>(StringComparer.Ordinal);
        var (hidden, part) = (new HashSet<string>(), new HashSet<string>());
        Dictionary<string, (string? Policy, List<FilterRule> Rules)>? chains = null;
        var table = "";
        var tokens = new List<IptablesToken>();
        foreach (var line in lines.Select(line => line.TrimEnd('\r')))
        {
            if (line.Length == 0)
                continue;

            if (line[0] == '#')
            {
                if (Incompatible(line) is { } name)
                    (line.Contains("base-chain", StringComparison.Ordinal) ? part : hidden).Add(name);
            }
            else if (line[0] == '*')
            {
                (table, chains) = (line[1..].Trim(), new(StringComparer.Ordinal));
            }
            else if (line.TrimEnd() == "COMMIT")
            {
                // Twice, it is no table but a text that looks like one.
                tables[table] = chains is null || tables.ContainsKey(table) ? null : Table(chains);
                (table, chains) = ("", null);
            }
            else if (chains is not null && !AddLine(chains, line, tokens))
            {
                tables[table] = null;
            }
        }

        return table.Length > 0 ? null : new(tables, hidden, part);
    }

    // One at a time: a table of 20,000 rules is in memory often enough.
    private static IEnumerable<string> Lines(string text)
    {
        for (var at = 0; at < text.Length;)
        {
            var end = text.IndexOf('\n', at);
            yield return end < 0 ? text[at..] : text[at..end];
            at = end < 0 ? text.Length : end + 1;
        }
    }

    private static FilterTable Table(Dictionary<string, (string? Policy, List<FilterRule> Rules)> chains) => new(
        chains.ToDictionary(chain => chain.Key, chain => new FilterChain(chain.Key, chain.Value.Policy, chain.Value.Rules), StringComparer.Ordinal));

    // # Table `filter' is incompatible, use 'nft' tool.
    // # Table `filter' contains incompatible base-chains, use 'nft' tool to list them.
    private static string? Incompatible(string line) =>
        line.StartsWith(Remark, StringComparison.Ordinal) && line.IndexOf('\'', StringComparison.Ordinal) is var end && end > Remark.Length
            && line.Contains("incompatible", StringComparison.Ordinal)
            ? line[Remark.Length..end]
            : null;

    private static bool AddLine(Dictionary<string, (string? Policy, List<FilterRule> Rules)> chains, string line, List<IptablesToken> tokens)
    {
        if (line[0] == ':')
        {
            var words = line[1..].Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length is < 2 or > 3 || !Policies.Contains(words[1]))
                return false;
            chains[words[0]] = (words[1] == "-" ? null : words[1], []);
            return true;
        }

        // With -c there are counters before the rule.
        var rule = line[0] == '[' ? line[(line.IndexOf(']', StringComparison.Ordinal) + 1)..].TrimStart() : line;
        var isClosed = IptablesTokens.Read(rule, tokens);
        if (tokens is not [{ Text: "-A" }, var name, ..] || !chains.TryGetValue(name.Text, out var chain) || !FilterRule.IsWhole(tokens, 2, isClosed))
            return false;

        chain.Rules.Add(FilterRule.Read(tokens.Count > 2 ? rule[tokens[2].Start..] : "", tokens, 2));
        return true;
    }
}
