namespace SmmAgent.Core.Firewall.Rules;

/// <summary>One chain of a filter table.</summary>
/// <param name="Policy">The action for packets that no rule decided; null for a chain that is only a target of jumps.</param>
public sealed record FilterChain(string Name, string? Policy, IReadOnlyList<FilterRule> Rules);

/// <summary>A table as <c>iptables-save</c> shows it: filter, or another one where noted.</summary>
public sealed record FilterTable(IReadOnlyDictionary<string, FilterChain> Chains)
{
    /// <summary>The table of a new network namespace.</summary>
    public static FilterTable Empty { get; } = new(new Dictionary<string, FilterChain>());

    public FilterChain? Chain(string name) => Chains.GetValueOrDefault(name);

    /// <summary>Every rule that leads into a chain, with its own chain.</summary>
    public IEnumerable<(string Chain, FilterRule Rule)> ReferencesTo(string target) =>
        from chain in Chains.Values
        from rule in chain.Rules
        where rule.Target == target
        select (chain.Name, rule);

    /// <summary>Reads the table; other tables in the text are skipped.</summary>
    /// <returns>
    /// Null when iptables-save does not write such a line, the text ends within the table, or iptables-save cannot show the table.
    /// </returns>
    public static FilterTable? Parse(string saved, string name = "filter") => SavedTables.Parse(saved)?.Table(name);
}
