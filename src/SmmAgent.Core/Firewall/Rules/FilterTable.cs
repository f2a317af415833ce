namespace SmmAgent.Core.Firewall.Rules;

/// <summary>One chain of a filter table.</summary>
/// <param name="Policy">What happens to what no rule decided; null for a chain that is only jumped to.</param>
public sealed record FilterChain(string Name, string? Policy, IReadOnlyList<FilterRule> Rules);

/// <summary>A table as <c>iptables-save</c> shows it: filter, or another one where that is said.</summary>
public sealed record FilterTable(IReadOnlyDictionary<string, FilterChain> Chains)
{
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
    /// <returns>Null when a line is none that iptables-save writes, the text ends before the table does, or iptables-save cannot show the table.</returns>
    public static FilterTable? Parse(string saved, string name = "filter") => SavedTables.Parse(saved)?.Table(name);
}
