namespace SmmAgent.Core.Firewall;

/// <summary>In what a filter table differs from what it should be.</summary>
public static class ChainDrift
{
    /// <summary>The differences in words; empty when all is in place.</summary>
    public static IReadOnlyList<string> Find(FilterTable table, IReadOnlyList<FilterRule> wanted)
    {
        if (table.Chain(ChainRules.Chain) is not { } chain)
            return [$"chain {ChainRules.Chain} is missing"];

        var drift = new List<string>();
        var extra = chain.Rules.ToLookup(rule => rule.Canonical).ToDictionary(group => group.Key, group => group.ToList());
        var missing = new List<string>();
        foreach (var rule in wanted)
        {
            if (extra.TryGetValue(rule.Canonical, out var same) && same.Count > 0)
                same.RemoveAt(same.Count - 1);
            else
                missing.Add(Name(rule));
        }

        if (missing.Count > 0)
            drift.Add($"missing: {string.Join(", ", missing)}");
        if (extra.Values.SelectMany(rules => rules).Select(Name).ToList() is { Count: > 0 } tooMany)
            drift.Add($"not wanted: {string.Join(", ", tooMany)}");
        return [.. drift, .. Jump(table)];
    }

    private static IEnumerable<string> Jump(FilterTable table)
    {
        var input = table.Chain("INPUT")?.Rules ?? [];
        var jumps = input.Count(rule => rule.Target == ChainRules.Chain);
        if (jumps == 0)
            yield return "the jump in INPUT is missing";
        else if (jumps > 1)
            yield return $"INPUT has {jumps} jumps";
        else if (input[0].Target != ChainRules.Chain)
            yield return "the jump is not the first rule of INPUT";
        else if (input[0].Canonical != FilterRule.Parse(ChainRules.Jump).Canonical)
            yield return "the jump in INPUT was changed";
    }

    private static string Name(FilterRule rule) =>
        rule.Comment is { } comment && comment.StartsWith(ChainRules.CommentPrefix, StringComparison.Ordinal)
            ? comment[ChainRules.CommentPrefix.Length..]
            : rule.Text;
}
