namespace SmmAgent.Core.Firewall;

/// <summary>One chain of a filter table.</summary>
/// <param name="Policy">What happens to what no rule decided; null for a chain that is only jumped to.</param>
public sealed record FilterChain(string Name, string? Policy, IReadOnlyList<FilterRule> Rules);

/// <summary>A table as <c>iptables-save</c> shows it: filter, or another one where that is said.</summary>
public sealed record FilterTable(IReadOnlyDictionary<string, FilterChain> Chains)
{
    private static readonly string[] Policies = ["-", "ACCEPT", "DROP", "QUEUE", "RETURN"];

    /// <summary>What a network namespace has before anyone touched it.</summary>
    public static FilterTable Empty { get; } = new(new Dictionary<string, FilterChain>());

    public FilterChain? Chain(string name) => Chains.GetValueOrDefault(name);

    /// <summary>Every rule that leads into a chain, with the chain that it stands in.</summary>
    public IEnumerable<(string Chain, FilterRule Rule)> ReferencesTo(string target) =>
        from chain in Chains.Values
        from rule in chain.Rules
        where rule.Target == target
        select (chain.Name, rule);

    /// <summary>Reads the table; other tables in the text are passed over.</summary>
    /// <returns>Null when a line is none that iptables-save writes, or the text ends before the table does.</returns>
    public static FilterTable? Parse(string saved, string name = "filter")
    {
        var chains = new Dictionary<string, (string? Policy, List<FilterRule> Rules)>(StringComparer.Ordinal);
        var table = "";
        foreach (var line in saved.Split('\n').Select(line => line.TrimEnd('\r')))
        {
            if (line.Length == 0 || line[0] == '#')
                continue;

            if (line[0] == '*')
                table = line[1..];
            else if (line == "COMMIT")
                table = "";
            else if (table == name && !AddLine(chains, line))
                return null;
        }

        return table.Length > 0
            ? null
            : new(chains.ToDictionary(
                chain => chain.Key, chain => new FilterChain(chain.Key, chain.Value.Policy, chain.Value.Rules), StringComparer.Ordinal));
    }

    private static bool AddLine(Dictionary<string, (string? Policy, List<FilterRule> Rules)> chains, string line)
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
        var tokens = IptablesTokens.Read(rule).Tokens;
        if (tokens is not [{ Text: "-A" }, var name, ..] || !chains.TryGetValue(name.Text, out var chain))
            return false;

        var text = tokens.Count > 2 ? rule[tokens[2].Start..] : "";
        if (!FilterRule.IsWhole(text))
            return false;

        chain.Rules.Add(FilterRule.Parse(text));
        return true;
    }
}
