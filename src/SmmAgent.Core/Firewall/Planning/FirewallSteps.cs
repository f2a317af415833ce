using System.Net;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;

namespace SmmAgent.Core.Firewall.Planning;

/// <summary>Writes the agent's chain anew, and its one jump unless that is as it should be.</summary>
/// <param name="Rules">The rules of the chain, without <c>-A CHAIN</c>.</param>
/// <param name="Jumps">The jumps in INPUT that go.</param>
/// <param name="Drift">What differs now, in words.</param>
public sealed record RewriteChain(FilterTool Tool, IReadOnlyList<FilterRule> Rules, IReadOnlyList<FilterRule> Jumps, IReadOnlyList<string> Drift)
    : PlanStep(StepOwner.Daemon)
{
    /// <summary>Whether the jump that is there stays where it is: what others put above it stays above it.</summary>
    public bool KeepsJump { get; init; }

    /// <summary>Whether nft does it, because iptables cannot show the table.</summary>
    public bool IsNative { get; init; }

    public override string ToString() => $"{Tool}{(IsNative ? " (by nft)" : "")}: write chain {AgentChain.Name} ({string.Join("; ", Drift)})";
}

/// <summary>Removes the agent's chain and what leads into it, and the table if the agent made it and nobody else uses it.</summary>
/// <param name="Empty">Where the table comes from, if nothing is in it then; null while others use it.</param>
public sealed record RemoveChain(FilterTool Tool, IReadOnlyList<(string Chain, FilterRule Rule)> References, bool ChainExists, TableOrigin? Empty)
    : PlanStep(StepOwner.Daemon)
{
    /// <summary>Whether nft does it, because iptables cannot show the table.</summary>
    public bool IsNative { get; init; }

    public bool RemovesTable => Empty == TableOrigin.Agent;

    public override string ToString()
    {
        var parts = References.Select(reference => $"the jump in {reference.Chain}").ToList();
        if (ChainExists)
            parts.Add($"chain {AgentChain.Name}");
        if (RemovesTable)
            parts.Add("the empty table filter, which the agent made");
        var stays = Empty == TableOrigin.Module ? " (the empty table filter stays: the legacy backend keeps it until a restart)" : "";
        return parts.Count == 0 ? $"{Tool}: the table filter stays, because others use it now" : $"{Tool}{(IsNative ? " (by nft)" : "")}: remove {string.Join(", ", parts)}{stays}";
    }
}

/// <summary>Makes what is the agent's in a zone of firewalld exactly these ports, now and permanently.</summary>
/// <param name="Sources">Where the cluster's traffic comes from; empty means anywhere.</param>
/// <param name="Closed">The ports that are shut there now, or after the next reload.</param>
public sealed record OpenInFirewalld(string Zone, IReadOnlyList<int> Ports, IReadOnlyList<IPNetwork> Sources, IReadOnlyList<int> Closed)
    : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"firewalld: open {string.Join(", ", Closed)} in zone {Zone}";
}

/// <summary>Closes in a zone of firewalld what the agent opened there and is no longer wanted, now and permanently.</summary>
/// <param name="Ports">The ports that stay the agent's in this zone.</param>
/// <param name="Stale">What is closed, in words.</param>
public sealed record CloseInFirewalld(string Zone, IReadOnlyList<int> Ports, IReadOnlyList<IPNetwork> Sources, IReadOnlyList<PortOpening> Stale)
    : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"firewalld: close {string.Join(", ", Stale)} in zone {Zone}";
}
