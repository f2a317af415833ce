using System.Globalization;
using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Firewall.State;

/// <summary>Finds other managers of the host's firewall by the names of their chains.</summary>
public static class OtherManagers
{
    private const string DockerChain = "DOCKER";

    /// <summary>Whether ufw has rules in the tool's filter table.</summary>
    public static bool HasUfw(this ObservedFirewall observed, FilterTool tool) =>
        observed.Tables().Any(
            filter => filter.Tool == tool && Chains(filter).Any(chain => chain.StartsWith("ufw-", StringComparison.Ordinal)));

    /// <summary>Every firewall that may block a packet to this host, by its usual name.</summary>
    public static IReadOnlyList<string> FirewallsInForce(this ObservedFirewall observed) =>
    [
        .. from filter in observed.Tables()
           where filter.State.Value?.Table.ForeignRules() > 0
           select observed.HasUfw(filter.Tool) ? $"{filter.Tool} with ufw" : $"{filter.Tool}",
        .. observed.Firewalld switch
        {
            FirewalldObservation.Seen => ["firewalld"],
            FirewalldObservation.NotSeen { Reason: var reason } => [$"firewalld, which cannot be read ({reason})"],
            _ => (string[])[],
        },
        .. observed.Nft?.Value?.InputChains.Select(chain => $"nftables table {chain.Table}").Distinct() ?? [],
    ];

    /// <summary>Docker's chains in the filter tables and in nat: <c>DOCKER</c>, <c>DOCKER-USER</c> and the like.</summary>
    public static IReadOnlyList<string> DockerChains(this ObservedFirewall observed) =>
        observed.Tables().SelectMany(Chains).Concat(observed.Nat.Chains.Keys)
            .Where(chain => chain == DockerChain || chain.StartsWith(DockerChain + "-", StringComparison.Ordinal))
            .Distinct().Order(StringComparer.Ordinal).ToArray();

    /// <summary>The ports of this host that Docker sends to a container: INPUT never sees them.</summary>
    public static IReadOnlySet<int> PublishedByDocker(this ObservedFirewall observed) =>
        (from rule in observed.Nat.Chain(DockerChain)?.Rules ?? []
         where rule.Target == "DNAT" && !rule.Options.Any(IsForThisHostOnly)
         from option in rule.Options
         where option is { Name: "--dport", Negated: false }
         select int.TryParse(option.Value, CultureInfo.InvariantCulture, out var port) ? port : 0).ToHashSet();

    /// <summary>The number of rules of other programs in a filter table, including its policies of DROP.</summary>
    public static int ForeignRules(this FilterTable table) =>
        table.Chains.Values.Where(chain => chain.Name != AgentChain.Name).Sum(chain =>
            chain.Rules.Count(rule => rule.Target != AgentChain.Name) + (chain.Policy == "DROP" ? 1 : 0));

    // A rule for 127.0.0.1 alone does not match connections of the cluster.
    private static bool IsForThisHostOnly(RuleOption option) =>
        option is { Name: "-d", Negated: false } && option.Value.StartsWith("127.", StringComparison.Ordinal);

    private static IEnumerable<ObservedFilter> Tables(this ObservedFirewall observed) => observed.Filters.Concat(observed.OtherBackend);

    private static IEnumerable<string> Chains(ObservedFilter filter) => filter.State.Value?.Table.Chains.Keys ?? [];
}
