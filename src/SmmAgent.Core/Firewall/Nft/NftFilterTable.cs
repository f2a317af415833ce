using System.Text;
using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Firewall.Nft;

/// <summary>
/// A table <c>ip filter</c> or <c>ip6 filter</c> that iptables cannot show, because another program wrote into it with nft: nft shows and
/// changes it.
/// </summary>
public static class NftFilterTable
{
    private const string Input = "INPUT";

    public static NftTable ForFamily(IpFamily family) => new(family == IpFamily.IPv4 ? "ip" : "ip6", "filter");

    /// <summary>The table in the notation of iptables. A rule that iptables cannot express is a handle.</summary>
    public static FilterTable Read(NftRuleset ruleset, NftTable table) => new(
        ruleset.Chains.Where(chain => chain.Table == table).DistinctBy(chain => chain.Name).ToDictionary(
            chain => chain.Name,
            chain => new FilterChain(
                chain.Name,
                chain.Hook is null ? null : chain.PolicyAccepts ? "ACCEPT" : "DROP",
                ruleset.WholeRules[(table, chain.Name)].Select(NftRule.Read).ToArray()),
            StringComparer.Ordinal));

    /// <summary>
    /// A script for <c>nft -f -</c>, one transaction: writes the agent's chain, and its jump first in INPUT unless the jump stays.
    /// </summary>
    /// <param name="jumps">The jumps to remove, as handles.</param>
    public static string Rewrite(NftTable table, IEnumerable<FilterRule> rules, IEnumerable<FilterRule> jumps, bool keepsJump)
    {
        var script = Lines([$"add chain {table} {AgentChain.Name}", $"flush chain {table} {AgentChain.Name}"]);
        foreach (var rule in rules.Select(NftRule.Write).OfType<string>())
            script.Append(Line($"add rule {table} {AgentChain.Name} {rule}"));
        foreach (var jump in jumps)
            script.Append(Line($"delete rule {table} {Input} {jump.Text}"));
        if (!keepsJump)
            script.Append(Line($"insert rule {table} {Input} {NftRule.Write(AgentChain.Jump)}"));
        return script.ToString();
    }

    /// <summary>A script for <c>nft -f -</c>, one transaction: removes the agent's chain and the rules that lead into it.</summary>
    public static string Remove(NftTable table, IEnumerable<(string Chain, FilterRule Rule)> references, bool chainExists)
    {
        var script = Lines(references.Select(reference => $"delete rule {table} {reference.Chain} {reference.Rule.Text}"));
        return chainExists
            ? script.Append(Line($"flush chain {table} {AgentChain.Name}"))
                .Append(Line($"delete chain {table} {AgentChain.Name}")).ToString()
            : script.ToString();
    }

    private static StringBuilder Lines(IEnumerable<string> lines) => new(string.Concat(lines.Select(Line)));

    private static string Line(string text) => text + "\n";
}
