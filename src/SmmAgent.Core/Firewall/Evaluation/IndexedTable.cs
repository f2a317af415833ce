using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Firewall.Evaluation;

/// <summary>A table of iptables that is evaluated for many packets.</summary>
internal sealed class IndexedTable(FilterTable table)
{
    private readonly Dictionary<string, PortIndex<FilterRule>?> _indexes = [];

    public FilterTable Table => table;

    /// <summary>The rules of a chain, without those whose port the packet does not have.</summary>
    public IEnumerable<FilterRule> Rules(FilterChain chain, Packet packet)
    {
        if (!_indexes.TryGetValue(chain.Name, out var index))
            _indexes[chain.Name] = index = PortIndex<FilterRule>.Create(chain.Rules, PortOf);
        return index?.For(packet) ?? chain.Rules;
    }

    private static RulePort PortOf(FilterRule rule)
    {
        int? port = null, original = null;
        for (var at = 0; at < rule.Options.Count; at++)
        {
            var option = rule.Options[at];
            if (!option.Negated && option.Name == "--dport" && int.TryParse(option.Value, out var number))
                port = number;
            else if (!option.Negated && option.Name == "--ctorigdstport" && int.TryParse(option.Value, out number))
                original = number;
        }

        return new(port, original);
    }
}
