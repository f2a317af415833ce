using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Planning;

namespace SmmAgent.Core.Firewall.State;

/// <summary>Whether there is a filter table to work with.</summary>
public enum FilterPresence
{
    Present,

    /// <summary>The command is not installed.</summary>
    CommandMissing,

    /// <summary>The kernel does not support this family: nothing comes in by it.</summary>
    FamilyOff,
}

/// <summary>The state of the filter table of one tool.</summary>
/// <param name="Table">Empty unless present.</param>
public sealed record FilterState(FilterPresence Presence, FilterTable Table)
{
    /// <summary>The same table as nft shows it, where iptables cannot show it; nft changes it as well. Otherwise null.</summary>
    public Nft.NftRuleset? Native { get; init; }

    public static FilterState Present(FilterTable table) => new(FilterPresence.Present, table);

    public static FilterState Absent(FilterPresence presence) => new(presence, FilterTable.Empty);
}

/// <summary>The origin of a filter table, which decides whether it may be removed.</summary>
public enum TableOrigin
{
    /// <summary>It existed before the agent, or its origin is unknown.</summary>
    Others,

    /// <summary>The agent made it.</summary>
    Agent,

    /// <summary>The legacy backend's: it comes and goes with a module of the kernel.</summary>
    Module,
}

/// <summary>One tool and its tables.</summary>
/// <param name="NotPermitted">Whether it is unknown because a capability is missing.</param>
public sealed record ObservedFilter(FilterTool Tool, Observation<FilterState> State, bool NotPermitted = false)
{
    /// <summary>Known only for a removal.</summary>
    public TableOrigin Origin { get; init; }

    /// <summary>The tables that it cannot show, because another program wrote into them with nft.</summary>
    public IReadOnlySet<string> Hidden { get; init; } = new HashSet<string>();

    /// <summary>The tool's other tables that exist and could be shown, by name: nat, mangle, raw, security.</summary>
    public IReadOnlyDictionary<string, FilterTable> Others { get; init; } = new Dictionary<string, FilterTable>();
}

/// <summary>Everything on the host that decides whether a port is open.</summary>
/// <param name="Filters">The host's iptables and ip6tables: where the agent's chain belongs.</param>
public sealed record ObservedFirewall(IReadOnlyList<ObservedFilter> Filters, FirewalldObservation Firewalld)
{
    /// <summary>The filter tables of the backend that the host's iptables is not, where it has any.</summary>
    public IReadOnlyList<ObservedFilter> OtherBackend { get; init; } = [];

    /// <summary>The nftables ruleset; null when the host has no nft command.</summary>
    public Observation<Nft.NftRuleset>? Nft { get; init; }

    /// <summary>
    /// Whether firewalld may block what iptables accepts: it has a table of its own in nftables, or may have one. With its iptables
    /// backend its rules come after the agent's jump.
    /// </summary>
    public bool IsFirewalldInForce =>
        Firewalld is not FirewalldObservation.NotRunning && Nft?.Value?.Chains.Any(chain => chain.Table.IsFirewallds) != false;

    /// <summary>The number of rules that were read.</summary>
    public int Rules =>
        Filters.Concat(OtherBackend).SelectMany(filter => filter.Others.Values.Append(filter.State.Value?.Table ?? FilterTable.Empty))
            .Sum(table => table.Chains.Values.Sum(chain => chain.Rules.Count))
        + (Nft?.Value?.WholeRules.Sum(rules => rules.Count()) ?? 0);

    /// <summary>The nat table of the host's iptables, which redirects connections before INPUT; empty where it is unknown.</summary>
    public FilterTable Nat { get; init; } = FilterTable.Empty;

    /// <summary>Whether the sidecar's capture redirects inbound connections.</summary>
    public bool Captured { get; init; }
}
