using System.Globalization;
using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Firewall.State;

/// <summary>Who else keeps rules in this host's firewall, as far as the names of their chains tell.</summary>
public static class OtherManagers
{
    private const string DockerChain = "DOCKER";

    /// <summary>Whether ufw has rules in the tool's filter table.</summary>
    public static bool HasUfw(this ObservedFirewall observed, FilterTool tool) =>
        observed.Tables().Any(filter => filter.Tool == tool && Chains(filter).Any(chain => chain.StartsWith("ufw-", StringComparison.Ordinal)));

    /// <summary>Whatever may keep a packet from this host, by the names that people know.</summary>
    public static IReadOnlyList<string> FirewallsInForce(this ObservedFirewall observed) =>
    [
        .. from filter in observed.Tables()
           where filter.State.Value?.Table.ForeignRules() > 0
           select observed.HasUfw(filter.Tool) ? $"{filter.Tool} with ufw" : $"{filter.Tool}",
        .. observed.Firewalld switch
        {
            FirewalldObservation.Seen => ["firewalld"],
            FirewalldObservation.NotSeen { Reason: var why } => [$"firewalld, as far as can be seen ({why})"],
            _ => (string[])[],
        },
        .. observed.Nft?.Value?.InputChains.Select(chain => $"nftables table {chain.Table}").Distinct() ?? [],
    ];

    /// <summary>Docker's chains in the filter tables and in nat: <c>DOCKER</c>, <c>DOCKER-USER</c> and the like.</summary>
    public static IReadOnlyList<string> DockerChains(this ObservedFirewall observed) =>
    [
        .. observed.Tables().SelectMany(Chains).Concat(observed.Nat.Chains.Keys)
            .Where(chain => chain == DockerChain || chain.StartsWith(DockerChain + "-", StringComparison.Ordinal))
            .Distinct().Order(StringComparer.Ordinal),
    ];

    /// <summary>The ports of this host that Docker sends to a container: INPUT never sees them.</summary>
    public static IReadOnlySet<int> PublishedByDocker(this ObservedFirewall observed) =>
        (from rule in observed.Nat.Chain(DockerChain)?.Rules ?? []
         where rule.Target == "DNAT" && !rule.Options.Any(IsForThisHostOnly)
         from option in rule.Options
         where option is { Name: "--dport", Negated: false }
         select int.TryParse(option.Value, CultureInfo.InvariantCulture, out var port) ? port : 0).ToHashSet();

    /// <summary>How many rules a filter table has that are not the agent's, its policies of DROP counted.</summary>
    public static int ForeignRules(this FilterTable table) =>
        table.Chains.Values.Where(chain => chain.Name != AgentChain.Name).Sum(chain =>
            chain.Rules.Count(rule => rule.Target != AgentChain.Name) + (chain.Policy == "DROP" ? 1 : 0));

    // Published on 127.0.0.1 alone: the cluster's connections pass it by.
    private static bool IsForThisHostOnly(RuleOption option) =>
        option is { Name: "-d", Negated: false } && option.Value.StartsWith("127.", StringComparison.Ordinal);

    private static IEnumerable<ObservedFilter> Tables(this ObservedFirewall observed) => observed.Filters.Concat(observed.OtherBackend);

    private static IEnumerable<string> Chains(ObservedFilter filter) => filter.State.Value?.Table.Chains.Keys ?? [];
}
