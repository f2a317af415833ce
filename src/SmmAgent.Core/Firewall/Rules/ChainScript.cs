using System.Text;

namespace SmmAgent.Core.Firewall.Rules;

/// <summary>Scripts for <c>iptables-restore --noflush</c>. One transaction leaves the old rules or the new ones, never a part.</summary>
public static class ChainScript
{
    /// <summary>
    /// Declares the chain (which empties it), fills it, and inserts the jump first in INPUT unless the existing jump stays.
    /// </summary>
    /// <param name="jumps">The jumps to remove, as iptables-save shows them.</param>
    public static string Rewrite(IEnumerable<FilterRule> rules, IEnumerable<FilterRule> jumps, bool keepsJump = false)
    {
        var script = new StringBuilder("*filter\n").Append(Line($":{AgentChain.Name} - [0:0]"));
        foreach (var rule in rules)
            script.Append(Line($"-A {AgentChain.Name} {rule.Text}"));
        foreach (var jump in jumps)
            script.Append(Line($"-D INPUT {jump.Text}"));
        if (!keepsJump)
            script.Append(Line($"-I INPUT 1 {AgentChain.Jump.Text}"));
        return script.Append("COMMIT\n").ToString();
    }

    /// <summary>Removes the chain and every rule that leads into it.</summary>
    public static string Remove(IEnumerable<(string Chain, FilterRule Rule)> references, bool chainExists)
    {
        var script = new StringBuilder("*filter\n");
        foreach (var (chain, rule) in references)
            script.Append(Line($"-D {chain} {rule.Text}"));
        if (chainExists)
            script.Append(Line($"-F {AgentChain.Name}")).Append(Line($"-X {AgentChain.Name}"));
        return script.Append("COMMIT\n").ToString();
    }

    private static string Line(string text) => text + "\n";
}
