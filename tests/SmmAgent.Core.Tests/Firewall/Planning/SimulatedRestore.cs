using System.Text;
using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Tests.Firewall.Planning;

/// <summary>What <c>iptables-restore --noflush</c> does with the script: the commands that the agent uses, and their refusals.</summary>
internal static class SimulatedRestore
{
    public static FilterTable Run(FilterTable table, string script)
    {
        var chains = table.Chains.ToDictionary(chain => chain.Key, chain => (chain.Value.Policy, Rules: chain.Value.Rules.ToList()));
        foreach (var builtin in new[] { "INPUT", "FORWARD", "OUTPUT" })
            chains.TryAdd(builtin, ("ACCEPT", []));

        var lines = script.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("*filter", lines[0]);
        Assert.Equal("COMMIT", lines[^1]);
        foreach (var words in lines[1..^1].Select(line => line.Split(' ', 3)))
        {
            if (words[0][0] == ':')
                chains[words[0][1..]] = (null, []);
            else if (words[0] == "-A")
                chains[words[1]].Rules.Add(FilterRule.Parse(words[2]));
            else if (words[0] == "-I")
                chains[words[1]].Rules.Insert(0, FilterRule.Parse(words[2][2..]));
            else if (words[0] == "-D")
                Assert.True(chains[words[1]].Rules.Remove(
                    chains[words[1]].Rules.First(rule => rule.Canonical == FilterRule.Parse(words[2]).Canonical)));
            else if (words[0] == "-F")
                chains[words[1]].Rules.Clear();
            else
                Remove(words[1]);
        }

        return new(chains.ToDictionary(chain => chain.Key, chain => new FilterChain(chain.Key, chain.Value.Policy, chain.Value.Rules)));

        void Remove(string name)
        {
            Assert.Empty(chains[name].Rules);
            Assert.DoesNotContain(chains.Values, chain => chain.Rules.Any(rule => rule.Target == name));
            chains.Remove(name);
        }
    }

    /// <summary>The table as text, for comparison.</summary>
    public static string Print(FilterTable table)
    {
        var text = new StringBuilder();
        foreach (var chain in table.Chains.Values.OrderBy(chain => chain.Name, StringComparer.Ordinal))
        {
            text.Append(':').Append(chain.Name).Append(' ').AppendLine(chain.Policy);
            foreach (var rule in chain.Rules)
                text.AppendLine(rule.Canonical);
        }

        return text.ToString();
    }
}
